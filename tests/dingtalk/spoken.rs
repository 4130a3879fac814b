//! Which way messages go, whom they notify, and what is made of refusals.

use std::time::Duration;

use jiff::SignedDuration;
use jiuding::{
    chat::{Line, Message, Person, PersonId, ReplyTo, RoomId, Target},
    clock::Clock,
    platform::{Parcel, Platform, Undelivered},
};

use super::{GROUP, LI, Stage, WANG};
use crate::fake_dingtalk::{Fault, Way, opaque};

fn li() -> Person {
    Person { id: PersonId(format!("dingtalk:{LI}")), name: "李工".into() }
}

fn ping() -> Message {
    Message::default().line(Line::default().people([&li()]).then("请响应 T1"))
}

fn parcel(to: Target, message: Message, reply_to: Option<ReplyTo>) -> Parcel {
    Parcel { id: "parcel-1".into(), to, message, reply_to, maybe_repeated: false, lives: false }
}

fn to_group(message: Message) -> Parcel {
    parcel(Target::Room(RoomId(format!("dingtalk:{GROUP}"))), message, None)
}

fn to_person(id: &str, message: Message) -> Parcel {
    parcel(Target::Person(PersonId(format!("dingtalk:{id}"))), message, None)
}

impl Stage {
    pub fn move_on(&self, by: SignedDuration) {
        self.clock.set(self.clock.now() + by);
    }

    /// The answer to a message that is said in the group now.
    async fn answer(&self, message: Message) -> Parcel {
        let inbound = self.hear(&self.ding.said(GROUP, WANG, "/工单 一")).await;
        parcel(Target::Room(inbound.room.id), message, inbound.reply_to)
    }
}

fn is_later(result: &Result<jiuding::platform::Accepted, Undelivered>) -> bool {
    matches!(result, Err(Undelivered::Later { .. }))
}

#[tokio::test]
async fn an_answer_mentions_through_the_reply_address() {
    let stage = Stage::new().await;
    let parcel = stage.answer(ping()).await;
    stage.bot.deliver(&parcel).await.unwrap();
    let sent = stage.ding.sent();
    assert_eq!((sent[0].way, sent[0].kind.as_str()), (Way::Session, "markdown"));
    assert_eq!(sent[0].notified, [LI]);
    assert_eq!(stage.ding.calls(Way::Token), 0);
}

#[tokio::test]
async fn buttons_say_their_lines() {
    let stage = Stage::new().await;
    let message = ping().button("响应", "/工单 T1 响应").button("转派", "/工单 T1 & 转派+1");
    let answer = stage.answer(message.clone()).await;
    stage.bot.deliver(&answer).await.unwrap();
    stage.bot.deliver(&to_group(message)).await.unwrap();
    for sent in stage.ding.sent() {
        assert_eq!(sent.button_lines(), ["/工单 T1 响应", "/工单 T1 & 转派+1"]);
    }
    assert_eq!(stage.ding.sent()[0].notified, [LI]);
}

#[tokio::test]
async fn a_dead_reply_address_gives_way_to_the_group_and_to_those_mentioned() {
    let stage = Stage::new().await;
    let parcel = stage.answer(ping()).await;
    stage.ding.kill_sessions();
    let accepted = stage.bot.deliver(&parcel).await.unwrap();
    assert!(accepted.message.is_some());
    let sent = stage.ding.sent();
    assert_eq!((sent[0].way, sent[0].text.contains("@李工")), (Way::GroupApi, true));
    assert_eq!((sent[1].way, sent[1].people.as_slice()), (Way::DirectApi, [LI.to_owned()].as_slice()));

    stage.move_on(SignedDuration::from_mins(91));
    stage.bot.deliver(&parcel).await.unwrap();
    assert_eq!(stage.ding.calls(Way::Session), 1);
}

#[tokio::test]
async fn an_answer_in_a_direct_chat_falls_back_to_the_person() {
    let stage = Stage::new().await;
    let inbound = stage.hear(&stage.ding.said_directly(WANG, "/我的")).await;
    let parcel = parcel(Target::Room(inbound.room.id), Message::text("没有"), inbound.reply_to);
    stage.bot.deliver(&parcel).await.unwrap();
    stage.ding.kill_sessions();
    stage.bot.deliver(&parcel).await.unwrap();
    let ways: Vec<Way> = stage.ding.sent_to_person(WANG).iter().map(|sent| sent.way).collect();
    assert_eq!(ways, [Way::Session, Way::DirectApi]);
}

#[tokio::test]
async fn a_ping_notifies_through_the_groups_own_robot_once() {
    let stage = Stage::with(|ding, settings| settings.group_robots.push(ding.own_robot(GROUP))).await;
    let parcel = to_group(ping());
    let Target::Room(room) = &parcel.to else { unreachable!() };
    assert!(stage.bot.notifies_in(room));
    assert!(!stage.bot.notifies_in(&RoomId("dingtalk:cidOther".into())));
    stage.bot.deliver(&parcel).await.unwrap();
    stage.bot.deliver(&Parcel { maybe_repeated: true, ..parcel }).await.unwrap();
    let sent = stage.ding.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].way, sent[0].notified.as_slice()), (Way::GroupRobot, [LI.to_owned()].as_slice()));
}

#[tokio::test]
async fn a_group_robot_that_is_gone_does_not_silence_a_ping() {
    let stage = Stage::with(|ding, settings| settings.group_robots.push(ding.own_robot(GROUP))).await;
    stage.ding.remove_own_robots();
    let parcel = to_group(ping());
    stage.bot.deliver(&parcel).await.unwrap();
    let ways: Vec<Way> = stage.ding.sent().iter().map(|sent| sent.way).collect();
    assert_eq!(ways, [Way::GroupApi, Way::DirectApi]);
    let Target::Room(room) = &parcel.to else { unreachable!() };
    assert!(!stage.bot.notifies_in(room));
}

#[tokio::test]
async fn without_one_the_group_reads_names() {
    let stage = Stage::new().await;
    stage.bot.deliver(&to_group(ping())).await.unwrap();
    let sent = stage.ding.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].way, sent[0].notified.len()), (Way::GroupApi, 0));
    assert!(sent[0].text.contains("@李工"));
    assert_eq!(stage.bot.usage().api, 1);
}

#[tokio::test]
async fn people_who_cannot_be_written_to_are_told_apart() {
    let stage = Stage::new().await;
    stage.bot.deliver(&to_person(LI, ping())).await.unwrap();
    let outsider = stage.bot.deliver(&to_person(&opaque("guest"), ping())).await;
    assert!(matches!(outsider, Err(Undelivered::Never { why }) if why.contains("outside")));
    let nobody = stage.bot.deliver(&to_person("nobody", ping())).await;
    assert!(matches!(nobody, Err(Undelivered::Never { .. })));
    stage.ding.hold_back(LI);
    assert!(is_later(&stage.bot.deliver(&to_person(LI, ping())).await));
}

#[tokio::test]
async fn what_people_typed_is_never_markup_link_or_mention() {
    let stage = Stage::new().await;
    let typed = "[确认](dtmd://dingtalkclient/sendMessage?content=x) ![a](http://a.example) <font> @manager4421\n# 大";
    let parcel = stage.answer(ping().line(typed)).await;
    stage.bot.deliver(&parcel).await.unwrap();
    let sent = &stage.ding.sent()[0];
    assert_eq!(sent.notified, [LI]);
    for bad in ["](", "![", "<font", "dtmd://", "@manager4421", "\n# ", "\n  # "] {
        assert!(!sent.text.contains(bad), "{bad} in {}", sent.text);
    }
    assert!(sent.text.contains("＠manager4421"));
}

#[tokio::test]
async fn a_message_too_long_is_cut_and_still_calls() {
    let stage = Stage::new().await;
    let long = Message::text("长\"".repeat(9_000)).line(Line::default().people([&li()]));
    let answer = stage.answer(long.clone()).await;
    stage.bot.deliver(&answer).await.unwrap();
    stage.bot.deliver(&to_group(long)).await.unwrap();
    let sent = stage.ding.sent();
    assert_eq!(sent[0].notified, [LI]);
    assert!(sent.iter().all(|sent| sent.text.contains("内容过长") && sent.text.len() > 8_000));
}

#[tokio::test]
async fn more_than_five_buttons_stand_as_links() {
    let stage = Stage::new().await;
    let message = (1..=7).fold(ping(), |message, n| message.button(format!("第{n}"), format!("/R{n}")));
    stage.bot.deliver(&to_group(message)).await.unwrap();
    let sent = &stage.ding.sent()[0];
    assert_eq!((sent.kind.as_str(), sent.buttons.len()), ("sampleActionCard5", 5));
    assert!(sent.text.contains("[第7](dtmd://dingtalkclient/sendMessage?content=%2FR7)"));
}

#[tokio::test]
async fn tokens_are_fetched_once_renewed_early_and_when_refused() {
    let stage = Stage::new().await;
    let parcel = to_group(ping());
    let (one, two) = tokio::join!(stage.bot.deliver(&parcel), stage.bot.deliver(&parcel));
    one.and(two).unwrap();
    assert_eq!(stage.ding.calls(Way::Token), 1);
    stage.ding.revoke_tokens();
    stage.bot.deliver(&parcel).await.unwrap();
    assert_eq!(stage.ding.calls(Way::Token), 2);
    stage.move_on(SignedDuration::from_mins(114));
    stage.bot.deliver(&parcel).await.unwrap();
    assert_eq!(stage.ding.calls(Way::Token), 2);
    stage.move_on(SignedDuration::from_mins(2));
    stage.bot.deliver(&parcel).await.unwrap();
    assert_eq!(stage.ding.calls(Way::Token), 3);
    assert_eq!(stage.bot.ready().await, Ok(()));
}

#[tokio::test]
async fn without_a_token_nothing_was_sent() {
    let stage = Stage::with(|_, settings| settings.client_secret = "wrong".into()).await;
    assert!(is_later(&stage.bot.deliver(&to_group(ping())).await));
    let why = stage.bot.ready().await.unwrap_err();
    assert!(why.contains("invalidClientIdOrSecret") && !why.contains("wrong"), "{why}");
}

#[tokio::test]
async fn failures_are_later_never_or_unknown() {
    let stage = Stage::new().await;
    let parcel = to_group(ping());
    let refuse = |status, body: &str| Fault::Refuse(status, body.to_owned());

    for (fault, seconds) in [
        (Fault::Html, 300),
        (refuse(403, r#"{"code":"Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"}"#), 1),
        (refuse(200, r#"{"errcode":90018}"#), 1),
    ] {
        stage.ding.fail_next(Way::GroupApi, fault.clone());
        let after = Duration::from_secs(seconds);
        let delivered = stage.bot.deliver(&parcel).await;
        assert!(
            matches!(delivered, Err(Undelivered::TooFast { after: told, .. }) if told == after),
            "{fault:?} {delivered:?}"
        );
    }
    for fault in [
        refuse(403, r#"{"code":"Forbidden.AccessDenied.QpsLimitForApi"}"#),
        refuse(403, r#"{"code":"Forbidden.AccessDenied.QpmLimitForAppkeyAndApi"}"#),
        refuse(403, r#"{"code":"Forbidden.AccessDenied.ApiCountLimitForOrg"}"#),
        refuse(429, "{}"),
    ] {
        stage.ding.fail_next(Way::GroupApi, fault.clone());
        assert!(is_later(&stage.bot.deliver(&parcel).await), "{fault:?}");
    }
    for fault in
        [refuse(500, ""), refuse(200, "{}"), Fault::DropAfterAccepting, Fault::Slow(Duration::from_secs(60))]
    {
        stage.ding.fail_next(Way::GroupApi, fault.clone());
        let delivered = stage.bot.deliver(&parcel).await;
        assert!(matches!(delivered, Err(Undelivered::Unknown { .. })), "{fault:?} {delivered:?}");
    }
    stage.ding.fail_next(Way::GroupApi, refuse(400, r#"{"code":"group.disbanded"}"#));
    assert!(matches!(stage.bot.deliver(&parcel).await, Err(Undelivered::Never { .. })));
}

#[tokio::test]
async fn an_address_that_is_shut_out_calls_nobody_until_that_is_over() {
    let stage = Stage::new().await;
    let answer = stage.answer(ping()).await;
    stage.ding.fail_next(
        Way::GroupApi,
        Fault::Refuse(200, r#"{"status":1111,"wait":5,"source":"x5","punish":"deny"}"#.into()),
    );
    let too_fast = |delivered| matches!(delivered, Err(Undelivered::TooFast { after, .. }) if after > Duration::from_secs(290));
    assert!(too_fast(stage.bot.deliver(&to_group(ping())).await));
    // Neither by another way, nor for a name.
    let calls = |ways: &[Way]| ways.iter().map(|way| stage.ding.calls(*way)).sum::<usize>();
    let all = [Way::GroupApi, Way::Session, Way::UserGet, Way::Token];
    let before = calls(&all);
    assert!(too_fast(stage.bot.deliver(&answer).await));
    assert_eq!(stage.bot.name_of(&PersonId("dingtalk:nobody".into())).await, None);
    assert_eq!(calls(&all), before);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(300)).await;
    tokio::time::resume();
    stage.bot.deliver(&answer).await.unwrap();
    assert_eq!(stage.ding.sent().len(), 1);
}

/// A proxy, say: the page of one room's address is no reason to be silent in all others.
#[tokio::test]
async fn a_page_in_place_of_an_answer_is_of_the_address_that_gave_it() {
    let stage = Stage::new().await;
    let answer = stage.answer(ping()).await;
    stage.ding.fail_next(Way::Session, Fault::Refuse(403, "<html>no</html>".into()));
    let delivered = stage.bot.deliver(&answer).await;
    assert!(matches!(delivered, Err(Undelivered::Later { .. })), "{delivered:?}");
    stage.bot.deliver(&to_group(ping())).await.unwrap();
    stage.ding.fail_next(Way::GroupApi, Fault::Refuse(403, "<html>no</html>".into()));
    let delivered = stage.bot.deliver(&to_group(ping())).await;
    assert!(matches!(delivered, Err(Undelivered::TooFast { .. })), "{delivered:?}");
}

#[tokio::test]
async fn a_repeat_of_unknown_fate_says_so() {
    let stage = Stage::new().await;
    let parcel = Parcel { maybe_repeated: true, ..to_group(ping()) };
    stage.bot.deliver(&parcel).await.unwrap();
    assert!(stage.ding.sent()[0].text.contains("（可能重复）"));
}

#[tokio::test]
async fn censored_words_give_way_to_a_notice() {
    let stage = Stage::new().await;
    let refused = r#"{"errcode":430102,"errmsg":"text"}"#.to_owned();
    stage.ding.fail_next(Way::Session, Fault::Refuse(200, refused));
    let parcel = stage.answer(ping()).await;
    stage.bot.deliver(&parcel).await.unwrap();
    let sent = stage.ding.sent();
    assert_eq!(sent[0].notified, [LI]);
    assert!(!sent[0].text.contains("T1"));
}

#[tokio::test]
async fn the_twenty_first_message_of_a_minute_waits() {
    let stage = Stage::with(|ding, settings| settings.group_robots.push(ding.own_robot(GROUP))).await;
    for n in 0..20 {
        let parcel = Parcel { id: format!("parcel-{n}"), ..to_group(ping()) };
        stage.bot.deliver(&parcel).await.unwrap();
    }
    let late = stage.bot.deliver(&Parcel { id: "parcel-20".into(), ..to_group(ping()) }).await;
    assert!(
        matches!(late, Err(Undelivered::Later { after: Some(after), .. }) if after >= Duration::from_secs(600))
    );
    let pace = stage.bot.limits().per_target;
    assert!(pace.burst < 20 && pace.per >= Duration::from_secs(60));
}
