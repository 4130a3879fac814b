//! DING: who is called to an escalation, and what happens where that is not to be had.

use jiff::SignedDuration;
use jiuding::{
    chat::{Line, Message, Person, PersonId, RoomId, Target, Tone},
    platform::{Parcel, Platform},
};

use super::{GROUP, LI, Stage};
use crate::fake_dingtalk::Way;

fn escalation(to: Target) -> Parcel {
    let li = Person { id: PersonId(format!("dingtalk:{LI}")), name: "李工".into() };
    let line = Line::default().people([&li]).then("T1 超时未响应");
    let message = Message::default().line(line).tone(Tone::Alarm).button("响应", "/T1 响应");
    Parcel {
        id: "parcel-1".into(),
        to,
        message: Message { urgent: true, ..message },
        reply_to: None,
        maybe_repeated: false,
        lives: false,
    }
}

fn to_li() -> Parcel {
    escalation(Target::Person(PersonId(format!("dingtalk:{LI}"))))
}

fn ways(stage: &Stage) -> Vec<Way> {
    stage.ding.sent().iter().map(|sent| sent.way).collect()
}

#[tokio::test]
async fn a_person_is_called_in_place_of_being_written_to() {
    let stage = Stage::new().await;
    stage.ding.permit_dings(&[1]);
    stage.bot.deliver(&to_li()).await.unwrap();
    let sent = stage.ding.sent();
    assert_eq!((sent.len(), sent[0].way, sent[0].kind.as_str()), (1, Way::Ding, "ding1"), "{sent:#?}");
    assert_eq!(sent[0].people, [LI]);
    assert_eq!(sent[0].text, "@李工 T1 超时未响应\n响应：/T1 响应");
}

#[tokio::test]
async fn where_the_organisation_may_not_people_are_written_to_and_it_is_not_tried_every_time() {
    let stage = Stage::new().await;
    for _ in 0..3 {
        stage.bot.deliver(&to_li()).await.unwrap();
    }
    assert_eq!(ways(&stage), [Way::DirectApi; 3]);
    assert_eq!(stage.ding.calls(Way::Ding), 1);
    stage.ding.permit_dings(&[1]);
    stage.move_on(SignedDuration::from_mins(61));
    stage.bot.deliver(&to_li()).await.unwrap();
    assert_eq!(ways(&stage)[3], Way::Ding);
}

#[tokio::test]
async fn beside_a_group_message_that_mentions_those_named_are_called() {
    let stage = Stage::with(|ding, settings| settings.group_robots.push(ding.own_robot(GROUP))).await;
    let group = || escalation(Target::Room(RoomId(format!("dingtalk:{GROUP}"))));
    stage.ding.permit_dings(&[1]);
    stage.bot.deliver(&group()).await.unwrap();
    assert_eq!(ways(&stage), [Way::GroupRobot, Way::Ding]);
    // Refused: the mention has to do.
    stage.ding.permit_dings(&[]);
    let again = Parcel { id: "parcel-2".into(), ..group() };
    stage.bot.deliver(&again).await.unwrap();
    assert_eq!(ways(&stage)[2..], [Way::GroupRobot]);
}
