//! 加急: who is called to an escalation, and what happens where that is not to be had.

use std::sync::Arc;

use jiuding::{
    chat::{Line, Message, Person, PersonId, RoomId, Target, Tone},
    platform::{
        Parcel, Platform,
        feishu::{Feishu, Urgent},
    },
};

use super::{GROUP, LI, Stage, WANG};

fn person(open_id: &str, name: &str) -> Person {
    Person { id: PersonId::new("feishu", open_id), name: name.into() }
}

fn escalation(id: &str, tone: Tone) -> Parcel {
    let people = [person(LI, "李工"), person(WANG, "王工")];
    let message = Message::default().line(Line::default().people(&people).then("T1 超时未响应")).tone(tone);
    Parcel {
        id: id.into(),
        to: Target::Room(RoomId::new("feishu", GROUP)),
        message: Message { urgent: true, ..message },
        reply_to: None,
        maybe_repeated: false,
        lives: false,
    }
}

fn bot(stage: &Stage, urgent: Urgent) -> Arc<Feishu> {
    let mut settings = stage.fake.settings();
    settings.urgent = urgent;
    Arc::new(Feishu::new(settings, stage.clock.clone()))
}

/// How each person was called.
fn called(stage: &Stage) -> Vec<(&'static str, String)> {
    stage.fake.called().into_iter().map(|called| (called.by, called.open_id)).collect()
}

#[tokio::test]
async fn an_escalation_calls_whom_it_mentions_once_and_says_nothing_twice() {
    let stage = Stage::new().await;
    let both = |by| vec![(by, LI.to_owned()), (by, WANG.to_owned())];
    for (urgent, tone, wanted) in [
        (Urgent::App, Tone::Alarm, both("app")),
        (Urgent::Phone, Tone::Warning, both("app")),
        (Urgent::Phone, Tone::Alarm, both("phone")),
        (Urgent::Off, Tone::Alarm, Vec::new()),
    ] {
        let before = (called(&stage).len(), stage.fake.sent().len());
        let id = format!("{urgent:?}{tone:?}");
        bot(&stage, urgent).deliver(&escalation(&id, tone)).await.unwrap();
        assert_eq!(called(&stage).split_off(before.0), wanted, "{id}");
        assert_eq!(stage.fake.sent().len(), before.1 + 1, "{id}");
    }
    // What is not urgent calls nobody.
    let mut parcel = escalation("p2", Tone::Alarm);
    parcel.message.urgent = false;
    let before = called(&stage).len();
    stage.feishu.deliver(&parcel).await.unwrap();
    assert_eq!(called(&stage).len(), before);
}

#[tokio::test]
async fn where_nobody_is_called_the_mention_has_to_do_and_who_is_not_there_is_written_to_alone() {
    let stage = Stage::new().await;
    // No telephone: the app calls.
    stage.fake.without_scope("im:message.urgent:phone");
    bot(&stage, Urgent::Phone).deliver(&escalation("p1", Tone::Alarm)).await.unwrap();
    assert_eq!(called(&stage).len(), 2);
    // Somebody has left the group.
    stage.fake.not_callable(WANG);
    bot(&stage, Urgent::App).deliver(&escalation("p2", Tone::Alarm)).await.unwrap();
    let sent = stage.fake.sent().split_off(1);
    let to: Vec<Option<&str>> = sent.iter().map(|sent| sent.open_id.as_deref()).collect();
    assert_eq!((to, called(&stage).len()), (vec![None, Some(WANG)], 3), "{sent:#?}");
    // Neither way is to be had: nothing more is said.
    stage.fake.without_scope("im:message.urgent");
    bot(&stage, Urgent::Phone).deliver(&escalation("p3", Tone::Alarm)).await.unwrap();
    assert_eq!((stage.fake.sent().len(), called(&stage).len()), (4, 3));
}
