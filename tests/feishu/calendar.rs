//! Meetings in people's calendars: made, moved, taken out, each once, and what happens where that is not to be had.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use jiuding::{
    chat::{Invite, Message, Person, PersonId, RoomId, Target},
    platform::{Parcel, Platform, feishu::Feishu},
};

use super::{GROUP, LI, Stage, WANG};
use crate::fake_feishu::Fault;

fn person(open_id: &str) -> Person {
    Person { id: PersonId::new("feishu", open_id), name: "某人".into() }
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
        online: Some("https://vc.feishu.cn/j/1".into()),
        host: person(WANG),
        people: vec![person(LI), Person { id: PersonId::new("dingtalk", "0123"), name: "钉".into() }],
        since: at("2026-11-23T01:00:00Z"),
        cancelled: false,
    }
}

fn moved(number: u32) -> Invite {
    let (starts, ends) = (at("2026-11-25T02:00:00Z"), at("2026-11-25T03:30:00Z"));
    Invite { starts, ends, ..invite(number) }
}

fn parcel(id: &str, invites: Vec<Invite>) -> Parcel {
    Parcel {
        id: id.into(),
        to: Target::Room(RoomId::new("feishu", GROUP)),
        message: Message { invites, ..Message::text("M1 项目例会") },
        reply_to: None,
        maybe_repeated: false,
        lives: false,
    }
}

fn restarted(stage: &Stage) -> Arc<Feishu> {
    Arc::new(Feishu::new(stage.fake.settings(), stage.clock.clone()))
}

#[tokio::test]
async fn a_meeting_is_entered_once_with_who_is_to_come() {
    let stage = Stage::new().await;
    let said = parcel("p1", vec![invite(1)]);
    stage.feishu.deliver(&said).await.unwrap();
    // The same parcel again, another message about it, and both of a new process.
    stage.feishu.deliver(&said).await.unwrap();
    stage.feishu.deliver(&parcel("p2", vec![invite(1)])).await.unwrap();
    let bot = restarted(&stage);
    bot.deliver(&said).await.unwrap();
    bot.deliver(&parcel("p3", vec![invite(1)])).await.unwrap();
    let events = stage.fake.events();
    assert_eq!(events.len(), 1, "{events:#?}");
    let event = &events[0];
    assert_eq!((event.summary.as_str(), event.place.as_str()), ("项目例会 1", "3 楼会议室"));
    assert_eq!(
        (event.link.as_str(), event.description.as_str()),
        ("https://vc.feishu.cn/j/1", "[jiuding 1-M1-1795395600]")
    );
    assert_eq!((event.starts, event.ends), (invite(1).starts.as_second(), invite(1).ends.as_second()));
    assert_eq!(event.people.iter().map(String::as_str).collect::<Vec<_>>(), [WANG, LI]);
}

#[tokio::test]
async fn a_move_and_a_cancellation_find_the_event_also_after_a_restart() {
    let stage = Stage::new().await;
    stage.feishu.deliver(&parcel("p1", vec![invite(1), invite(2), invite(3)])).await.unwrap();
    stage.feishu.deliver(&parcel("p2", vec![moved(2)])).await.unwrap();
    let bot = restarted(&stage);
    let gone = Invite { cancelled: true, ..invite(1) };
    bot.deliver(&parcel("p3", vec![moved(3), gone.clone()])).await.unwrap();
    let events = stage.fake.events();
    let told: Vec<(&str, i64)> = events.iter().map(|event| (event.summary.as_str(), event.starts)).collect();
    let starts = moved(2).starts.as_second();
    assert_eq!(told, [("项目例会 2", starts), ("项目例会 3", starts)]);
    // Nothing is there to be taken out; and the cancellation is taken back.
    restarted(&stage).deliver(&parcel("p4", vec![gone])).await.unwrap();
    assert_eq!(stage.fake.events().len(), 2);
    bot.deliver(&parcel("p5", vec![invite(1)])).await.unwrap();
    assert_eq!(stage.fake.events().len(), 3);
}

#[tokio::test]
async fn where_the_calendar_is_closed_the_message_goes_and_nobody_asks_for_an_hour() {
    let stage = Stage::with(|fake| {
        fake.per_chat_per_second(1000);
    })
    .await;
    // A server that knows no calendars, and one that does not let the app in.
    for (fault, scope) in [(Some(Fault::Status(404)), ""), (None, "calendar:calendar")] {
        let bot = restarted(&stage);
        stage.fake.fail_calendar(fault).without_scope(scope);
        let (sent, asked) = (stage.fake.sent().len(), stage.fake.calls("calendar"));
        for number in 1..4 {
            bot.deliver(&parcel(&format!("{scope}{number}"), vec![invite(number)])).await.unwrap();
        }
        assert_eq!((stage.fake.sent().len(), stage.fake.calls("calendar")), (sent + 3, asked + 1));
        stage.clock.set(jiuding::clock::Clock::now(&*stage.clock) + SignedDuration::from_mins(61));
        bot.deliver(&parcel(&format!("{scope}4"), vec![])).await.unwrap();
        assert_eq!(stage.fake.calls("calendar"), asked + 2);
    }
    assert!(stage.fake.events().is_empty());
}

#[tokio::test]
async fn what_fails_for_a_moment_is_made_up_and_who_is_of_elsewhere_keeps_nobody_out() {
    let stage = Stage::new().await;
    stage.fake.outsider("ou_elsewhere", "客户");
    stage.fake.fail_calendar(Some(Fault::Gateway(1)));
    let mut invite = invite(1);
    invite.people.push(person("ou_elsewhere"));
    invite.online = Some("<b>腾讯会议</b> 123".into());
    stage.feishu.deliver(&parcel("p1", vec![invite])).await.unwrap();
    stage.fake.fail_calendar(None);
    stage.feishu.deliver(&parcel("p2", vec![])).await.unwrap();
    assert!(stage.fake.events().is_empty(), "a minute has not passed");
    stage.clock.set(jiuding::clock::Clock::now(&*stage.clock) + SignedDuration::from_mins(2));
    stage.feishu.deliver(&parcel("p3", vec![])).await.unwrap();
    let events = stage.fake.events();
    assert_eq!(events[0].people.iter().map(String::as_str).collect::<Vec<_>>(), [WANG, LI]);
    assert_eq!(events[0].description, "&lt;b&gt;腾讯会议&lt;/b&gt; 123<br>[jiuding 1-M1-1795395600]");
    assert_eq!(events[0].link, "");
}

#[tokio::test]
async fn what_is_switched_off_asks_nothing() {
    let stage = Stage::new().await;
    let mut settings = stage.fake.settings();
    settings.calendar = false;
    let bot = Feishu::new(settings, stage.clock.clone());
    bot.deliver(&parcel("p1", vec![invite(1)])).await.unwrap();
    assert_eq!(stage.fake.calls("calendar"), 0);
}
