//! Meetings in people's calendars: made, moved, taken out, each once, and what happens where that is not to be had.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use jiuding::{
    chat::{Invite, Message, Person, PersonId, RoomId, Target},
    platform::{Parcel, Platform, dingtalk::DingTalk},
};
use serde_json::json;

use super::{GROUP, LI, Stage, WANG};
use crate::fake_dingtalk::Way;

fn person(staff_id: &str) -> Person {
    Person { id: PersonId::new("dingtalk", staff_id), name: "某人".into() }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn invite(number: u32) -> Invite {
    Invite {
        uid: format!("1-M{number}-1795395600"),
        title: format!("项目例会 {number}"),
        starts: at("2026-11-24T02:00:00Z"),
        ends: at("2026-11-24T03:00:00Z"),
        place: Some("3 楼会议室".into()),
        online: Some("https://meeting.example/1".into()),
        host: person(WANG),
        people: vec![person(LI), Person { id: PersonId::new("feishu", "ou_1"), name: "飞".into() }],
        since: at("2026-11-23T01:00:00Z"),
        cancelled: false,
    }
}

fn moved(number: u32) -> Invite {
    Invite { starts: at("2026-11-25T02:00:00Z"), ends: at("2026-11-25T03:30:00Z"), ..invite(number) }
}

fn parcel(id: &str, invites: Vec<Invite>) -> Parcel {
    Parcel {
        id: id.into(),
        to: Target::Room(RoomId::new("dingtalk", GROUP)),
        message: Message { invites, ..Message::text("M1 项目例会") },
        reply_to: None,
        maybe_repeated: false,
        lives: false,
    }
}

async fn stage() -> Stage {
    let stage = Stage::new().await;
    stage.ding.union("unionWang", WANG, false);
    stage.ding.union("unionLi", LI, false);
    stage
}

fn restarted(stage: &Stage) -> Arc<DingTalk> {
    Arc::new(DingTalk::new(stage.ding.settings(), stage.clock.clone()).unwrap())
}

#[tokio::test]
async fn a_meeting_is_entered_once_in_the_calendar_of_whoever_announced_it() {
    let stage = stage().await;
    let said = parcel("p1", vec![invite(1)]);
    stage.bot.deliver(&said).await.unwrap();
    stage.bot.deliver(&said).await.unwrap();
    restarted(&stage).deliver(&parcel("p2", vec![invite(1)])).await.unwrap();
    let events = stage.ding.events();
    assert_eq!((events.len(), events[0].host.as_str()), (1, "unionWang"), "{events:#?}");
    let body = &events[0].body;
    assert_eq!(
        (&body["summary"], &body["location"]["displayName"]),
        (&json!("项目例会 1"), &json!("3 楼会议室"))
    );
    assert_eq!(body["attendees"], json!([{ "id": "unionLi" }]));
    assert_eq!(body["start"], json!({ "dateTime": "2026-11-24T02:00:00Z", "timeZone": "UTC" }));
    assert_eq!(body["description"], "https://meeting.example/1\n[jiuding 1-M1-1795395600]");
}

#[tokio::test]
async fn a_move_and_a_cancellation_find_the_event_also_after_a_restart() {
    let stage = stage().await;
    stage.bot.deliver(&parcel("p1", vec![invite(1), invite(2), invite(3)])).await.unwrap();
    stage.bot.deliver(&parcel("p2", vec![moved(2)])).await.unwrap();
    let gone = Invite { cancelled: true, ..invite(1) };
    restarted(&stage).deliver(&parcel("p3", vec![moved(3), gone.clone()])).await.unwrap();
    let starts = |stage: &Stage| {
        let events = stage.ding.events().into_iter();
        events.map(|event| event.body["start"]["dateTime"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(starts(&stage), ["2026-11-25T02:00:00Z", "2026-11-25T02:00:00Z"]);
    restarted(&stage).deliver(&parcel("p4", vec![gone])).await.unwrap();
    assert_eq!(starts(&stage).len(), 2);
}

#[tokio::test]
async fn where_the_calendars_are_closed_the_message_goes_and_nobody_asks_for_an_hour() {
    let stage = stage().await;
    stage.ding.close_calendars();
    for number in 1..4 {
        stage.bot.deliver(&parcel(&format!("p{number}"), vec![invite(number)])).await.unwrap();
    }
    assert_eq!((stage.ding.sent().len(), stage.ding.calls(Way::Calendar)), (3, 1));
    stage.move_on(SignedDuration::from_mins(61));
    stage.bot.deliver(&parcel("p4", vec![])).await.unwrap();
    assert_eq!((stage.ding.sent().len(), stage.ding.calls(Way::Calendar)), (4, 2));
}

#[tokio::test]
async fn whoever_is_of_no_calendar_here_costs_no_call() {
    let stage = Stage::new().await;
    stage.ding.union("unionWang", WANG, true);
    let elsewhere =
        Invite { host: Person { id: PersonId::new("feishu", "ou_1"), name: "飞".into() }, ..invite(2) };
    stage.bot.deliver(&parcel("p1", vec![elsewhere])).await.unwrap();
    assert_eq!((stage.ding.calls(Way::Calendar), stage.ding.calls(Way::UserGet)), (0, 0));
}
