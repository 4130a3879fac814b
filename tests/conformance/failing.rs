//! What goes wrong is later, never or unknown, and nothing is said twice or lost by it.

use jiuding::{
    chat::{Line, Message, PersonId, RoomId, Target},
    platform::{Accepted, Undelivered},
};

use super::{Rig, Trouble, rigs};

/// What a message into the group meets, where there is such trouble.
async fn meeting(rig: &dyn Rig, id: &str, trouble: Trouble) -> Option<Result<Accepted, Undelivered>> {
    if !rig.meets(trouble) {
        return None;
    }
    Some(rig.send(id, Message::text("请响应").button("响应", "/T1 响应")).await)
}

/// Secrets of the pretend platforms, and words of the message.
fn tells_nothing(why: &str) {
    for secret in ["pretend-app-secret", "fake-app-secret", "请响应", "token0", "t-0"] {
        assert!(!why.contains(secret), "{why}");
    }
}

#[tokio::test]
async fn limits_mean_later() {
    for rig in rigs().await {
        let Some(met) = meeting(&*rig, "p1", Trouble::Limit).await else { continue };
        let Err(Undelivered::Later { why, .. } | Undelivered::TooFast { why, .. }) = met else {
            panic!("{}: {met:?}", rig.name())
        };
        tells_nothing(&why);
        rig.send("p1", Message::text("请响应")).await.unwrap();
        assert_eq!(rig.shown().await.len(), 1, "{}", rig.name());
    }
}

#[tokio::test]
async fn nobody_knows_what_a_server_error_or_a_lost_answer_means() {
    for rig in rigs().await {
        for trouble in [Trouble::ServerError, Trouble::LostAnswer] {
            let Some(met) = meeting(&*rig, "p1", trouble).await else { continue };
            // "Later" would say that surely nothing arrived, and more might be put into the next try.
            let Err(Undelivered::Unknown { why }) = met else {
                panic!("{} {trouble:?}: {met:?}", rig.name())
            };
            tells_nothing(&why);
        }
    }
}

#[tokio::test]
async fn a_lost_answer_loses_nothing_and_doubles_nothing_unseen() {
    for rig in rigs().await {
        let Some(_) = meeting(&*rig, "p1", Trouble::LostAnswer).await else { continue };
        let again = jiuding::platform::Parcel {
            id: "p1".into(),
            to: Target::Room(rig.group()),
            message: Message::text("请响应").button("响应", "/T1 响应"),
            reply_to: None,
            maybe_repeated: rig.platform().remembers().is_zero(),
        };
        rig.platform().deliver(&again).await.unwrap();
        let shown = rig.shown().await;
        let marked = shown.iter().filter(|shown| shown.words.contains("可能重复")).count();
        assert_eq!(shown.len() - marked, 1, "{}: {shown:?}", rig.name());
    }
}

#[tokio::test]
async fn a_stale_token_is_renewed_without_anybody_noticing() {
    for rig in rigs().await {
        rig.send("p0", Message::text("先")).await.unwrap();
        let Some(met) = meeting(&*rig, "p1", Trouble::StaleToken).await else { continue };
        met.unwrap();
        assert_eq!(rig.shown().await.len(), 2, "{}", rig.name());
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_sent_and_the_platform_is_not_ready() {
    for rig in rigs().await {
        assert_eq!(rig.platform().ready().await, Ok(()), "{}", rig.name());
        if let Some(met) = meeting(&*rig, "p1", Trouble::NoToken).await {
            let Err(Undelivered::Later { why, .. }) = met else { panic!("{}: {met:?}", rig.name()) };
            tells_nothing(&why);
            tells_nothing(&rig.platform().ready().await.unwrap_err());
        }
        assert!(rig.shown().await.is_empty(), "{}", rig.name());
    }
}

#[tokio::test]
async fn a_refused_card_is_said_as_text_with_its_buttons_to_type() {
    for rig in rigs().await {
        let Some(met) = meeting(&*rig, "p1", Trouble::RefusedCard).await else { continue };
        met.unwrap();
        let shown = rig.shown().await.remove(0);
        assert!(shown.words.contains("请响应") && shown.words.contains("/T1 响应"), "{shown:?}");
    }
}

#[tokio::test]
async fn an_answer_whose_question_is_gone_is_said_all_the_same_and_reaches_whom_it_calls() {
    for rig in rigs().await {
        let reply = rig.asked("/帮助").await;
        if !rig.meets(Trouble::DeadReply) {
            continue;
        }
        let message = Message::default().line(Line::default().people([&rig.li()]).then("请响应 T1"));
        rig.send_to("p1", Target::Room(rig.group()), message, Some(reply)).await.unwrap();
        let in_group = rig.shown_in_group().await;
        assert!(in_group[0].words.contains("请响应 T1"), "{}: {in_group:?}", rig.name());
        let li = rig.li().id.raw().to_owned();
        assert!(rig.shown().await.iter().any(|shown| shown.notified.contains(&li)), "{}", rig.name());
    }
}

#[tokio::test]
async fn what_can_never_arrive_is_given_up_at_once() {
    for rig in rigs().await {
        if let Some(met) = meeting(&*rig, "p1", Trouble::RoomGone).await {
            assert!(matches!(met, Err(Undelivered::Never { .. })), "{}: {met:?}", rig.name());
        }
        let elsewhere = Target::Room(RoomId::new("elsewhere", "x"));
        let met = rig.send_to("p2", elsewhere, Message::text("x"), None).await;
        assert!(matches!(met, Err(Undelivered::Never { .. })), "{}: {met:?}", rig.name());
        let nobody = Target::Person(PersonId::new("elsewhere", "x"));
        let met = rig.send_to("p3", nobody, Message::text("x"), None).await;
        assert!(matches!(met, Err(Undelivered::Never { .. })), "{}: {met:?}", rig.name());
        assert!(rig.shown().await.is_empty(), "{}", rig.name());
    }
}

#[tokio::test]
async fn people_known_by_id_are_named_by_the_directory_or_by_nobody() {
    for rig in rigs().await {
        let name = rig.platform().name_of(&rig.li().id).await;
        // In the playground every message brings the names along.
        let expected = (rig.name() != "playground").then(|| "李工".to_owned());
        assert_eq!(name, expected, "{}", rig.name());
        for stranger in [PersonId::new(rig.name(), "nobody"), PersonId::new("elsewhere", rig.li().id.raw())] {
            assert_eq!(rig.platform().name_of(&stranger).await, None, "{}: {stranger:?}", rig.name());
        }
    }
}
