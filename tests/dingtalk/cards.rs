//! Cards of a template: made once, edited, pressed, and given up for what went before where DingTalk takes none.

use std::time::Duration;

use jiff::SignedDuration;
use jiuding::{
    chat::{Inbound, Line, Message, MessageId, Person, PersonId, RoomId, Target, What},
    clock::Clock,
    platform::{Accepted, Parcel, Platform, Undelivered},
};
use serde_json::json;

use super::{GROUP, LI, Stage, WANG};
use crate::fake_dingtalk::{Fault, Sent, Way};

const ADDRESS: &str = "https://bot.example.com/dingtalk/card";

/// With a template; its buttons call back over HTTP.
async fn stage() -> Stage {
    Stage::with(|ding, settings| {
        settings.card_template = Some(ding.card_template(true).into());
        settings.card_callback = Some(ADDRESS.into());
    })
    .await
}

fn ticket() -> Message {
    let li = Person { id: PersonId(format!("dingtalk:{LI}")), name: "李工".into() };
    Message::default()
        .line(Line::default().people([&li]).then("新紧急工单 T1"))
        .line("登录页打不开")
        .button("响应", "/T1 响应")
}

fn group() -> Target {
    Target::Room(RoomId(format!("dingtalk:{GROUP}")))
}

fn parcel(id: &str, to: Target, message: Message) -> Parcel {
    Parcel { id: id.into(), to, message, reply_to: None, maybe_repeated: false, lives: true }
}

impl Stage {
    async fn card(&self, to: Target) -> (MessageId, Sent) {
        let accepted = self.bot.deliver(&parcel("p1", to, ticket())).await.unwrap();
        let sent = self.ding.sent().pop().unwrap();
        assert_eq!(sent.way, Way::Card);
        (accepted.message.unwrap(), sent)
    }

    fn ways(&self) -> Vec<Way> {
        self.ding.sent().iter().map(|sent| sent.way).collect()
    }
}

#[tokio::test]
async fn a_message_with_buttons_or_to_be_edited_is_a_card_and_nothing_else_is() {
    let stage = stage().await;
    let (_, sent) = stage.card(group()).await;
    assert_eq!((sent.title.as_str(), sent.conversation.as_deref()), ("新紧急工单 T1", Some(GROUP)));
    assert_eq!(sent.button_lines(), ["/T1 响应"]);
    // Whoever is called by name here is told alone.
    assert!(sent.text.contains("@李工") && sent.notified.is_empty(), "{sent:#?}");
    assert_eq!(sent.raw["callbackType"], "HTTP");
    let plain = Message::text("T1 已关闭");
    stage.bot.deliver(&parcel("p2", group(), plain.clone())).await.unwrap();
    stage.bot.deliver(&Parcel { lives: false, ..parcel("p3", group(), plain) }).await.unwrap();
    let long = ticket().line("长".repeat(400));
    stage.bot.deliver(&parcel("p4", group(), long)).await.unwrap();
    assert_eq!(stage.ways(), [Way::Card, Way::Card, Way::GroupApi, Way::GroupApi]);
    // Where to call was told once.
    assert_eq!(stage.ding.calls(Way::CardRoute), 1);
    let (_, direct) = stage_direct(&stage).await;
    assert_eq!(direct.people, [LI]);
}

async fn stage_direct(stage: &Stage) -> (MessageId, Sent) {
    let to = Target::Person(PersonId(format!("dingtalk:{LI}")));
    let accepted = stage.bot.deliver(&parcel("p5", to, ticket())).await.unwrap();
    (accepted.message.unwrap(), stage.ding.sent().pop().unwrap())
}

#[tokio::test]
async fn a_card_calls_whom_the_message_would_call_without_it() {
    let stage = stage().await;
    let inbound = stage.hear(&stage.ding.said(GROUP, WANG, "/工单 一")).await;
    let answer = Parcel { reply_to: inbound.reply_to, ..parcel("p1", group(), ticket()) };
    stage.bot.deliver(&answer).await.unwrap();
    assert_eq!(stage.ding.sent()[0].notified, [LI]);
    assert_eq!(stage.ding.calls(Way::Session), 0);

    let stage = Stage::with(|ding, settings| {
        settings.card_template = Some(ding.card_template(true).into());
        settings.group_robots.push(ding.own_robot(GROUP));
    })
    .await;
    stage.bot.deliver(&parcel("p1", group(), ticket())).await.unwrap();
    let sent = stage.ding.sent();
    assert_eq!(
        (sent.len(), &sent[0].notified[..], &sent[0].raw["callbackType"]),
        (1, &[LI.to_owned()][..], &json!("STREAM"))
    );
}

#[tokio::test]
async fn a_card_whose_answer_was_lost_is_not_made_twice() {
    let stage = stage().await;
    stage.ding.fail_next(Way::Card, Fault::DropAfterAccepting);
    let first = parcel("p1", group(), ticket());
    let lost = stage.bot.deliver(&first).await;
    assert!(matches!(lost, Err(Undelivered::Unknown { .. })), "{lost:?}");
    let again = Parcel { maybe_repeated: true, ..first };
    let accepted = stage.bot.deliver(&again).await.unwrap();
    assert!(accepted.message.is_some());
    assert_eq!(stage.ways(), [Way::Card]);
    stage.bot.edit(&accepted.message.unwrap(), &group(), &Message::text("T1 已响应")).await.unwrap();
}

#[tokio::test]
async fn a_card_that_was_made_and_not_delivered_is_said_another_way_and_never_lost() {
    let stage = stage().await;
    stage.ding.deliver_no_cards(1);
    let busy = r#"{"code":"Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"}"#;
    stage.ding.fail_next(Way::GroupApi, Fault::Refuse(403, busy.into()));
    let first = parcel("p1", group(), ticket());
    assert!(matches!(stage.bot.deliver(&first).await, Err(Undelivered::TooFast { .. })));
    // As after a restart: that the card was not delivered is known only by there being no doubt of it.
    stage.move_on(SignedDuration::from_mins(61));
    stage.bot.deliver(&first).await.unwrap();
    assert_eq!(stage.ways(), [Way::GroupApi]);
    assert_eq!(stage.ding.sent()[0].button_lines(), ["/T1 响应"]);
    stage.bot.deliver(&parcel("p2", group(), ticket())).await.unwrap();
    assert_eq!(stage.ways(), [Way::GroupApi, Way::Card]);
}

#[tokio::test]
async fn without_template_or_permission_messages_have_links_and_the_log_one_line() {
    let denied = r#"{"code":"Forbidden.AccessDenied.AccessTokenPermissionDenied","accessdenieddetail":{"requiredScopes":["Card.Instance.Write"]}}"#;
    let used_up = r#"{"code":"Forbidden.AccessDenied.ApiCountLimitForOrg"}"#;
    for (fault, template) in [(None, false), (Some((403, denied)), true), (Some((403, used_up)), true)] {
        let log = crate::end_to_end::stage::Log::default();
        let _logging = tracing::subscriber::set_default(log.subscriber());
        let stage =
            Stage::with(|ding, settings| settings.card_template = Some(ding.card_template(template).into()))
                .await;
        if let Some((status, body)) = fault {
            stage.ding.fail_next(Way::Card, Fault::Refuse(status, body.into()));
        }
        for n in 0..3 {
            let inbound = stage.hear(&stage.ding.said(GROUP, WANG, "/工单 一")).await;
            let id = format!("p{n}");
            let answer = Parcel { reply_to: inbound.reply_to, ..parcel(&id, group(), ticket()) };
            let accepted = stage.bot.deliver(&answer).await.unwrap();
            assert_eq!(accepted, Accepted::default());
        }
        assert_eq!(stage.ways(), [Way::Session; 3]);
        assert!(stage.ding.sent().iter().all(|sent| sent.button_lines() == ["/T1 响应"]));
        assert_eq!((stage.ding.calls(Way::Card), log.faults().len()), (1, 1), "{:#?}", log.faults());
        stage.ding.card_template(true);
        stage.move_on(SignedDuration::from_hours(7));
        stage.bot.deliver(&parcel("p9", group(), ticket())).await.unwrap();
        assert_eq!(stage.ding.sent()[3].way, Way::Card);
    }
}

#[tokio::test]
async fn an_edit_puts_another_face_on_a_card_and_only_on_one() {
    let stage = stage().await;
    let (id, sent) = stage.card(group()).await;
    let fresh = Message::text("T1 已响应").line("由 李工").button("处理", "/T1 处理");
    stage.bot.edit(&id, &group(), &fresh).await.unwrap();
    let now = stage.ding.shows(&sent);
    assert_eq!((now.title.as_str(), now.button_lines()), ("T1 已响应", vec!["/T1 处理".to_owned()]));
    // Nothing is left of what is gone.
    stage.bot.edit(&id, &group(), &Message::text("T1 已关闭")).await.unwrap();
    let now = stage.ding.shows(&sent);
    assert_eq!((now.text.as_str(), now.buttons.len(), stage.ding.sent().len()), ("T1 已关闭", 0, 1));
    let long = Message::text("题").line("长".repeat(400));
    for (id, fresh) in [("query00000001==", &fresh), ("jiuding-nobody", &fresh), (id.raw(), &long)] {
        let refused = stage.bot.edit(&MessageId::new("dingtalk", id), &group(), fresh).await;
        assert!(matches!(refused, Err(Undelivered::Never { .. })), "{refused:?}");
    }
    assert_eq!(Stage::new().await.bot.edits(), None);
}

/// Who pressed what where.
fn pressed(heard: &[Inbound]) -> Vec<(String, String, String)> {
    let pressed = heard.iter().map(|inbound| match &inbound.what {
        What::Pressed { line } => {
            (inbound.sender.name.clone(), inbound.room.id.raw().to_owned(), line.clone())
        }
        what => panic!("{what:?}"),
    });
    pressed.collect()
}

#[tokio::test]
async fn a_press_says_what_its_card_offered_for_whoever_pressed() {
    let stage = stage().await;
    let (id, sent) = stage.card(group()).await;
    let answer = stage.ding.press(&stage.url, &sent, WANG, "响应").await;
    assert_eq!((answer.status, stage.ding.toasts()), (200, vec![(WANG.into(), "已收到".into())]));
    let heard = stage.recorder.heard();
    assert_eq!(pressed(&heard), [("王芳".into(), GROUP.into(), "/T1 响应".into())]);
    assert_eq!((heard[0].reply_to.as_ref().unwrap().message.clone(), heard[0].room.direct), (id, false));
    // Again: the same delivery is one press, a later one is another.
    stage.ding.press(&stage.url, &sent, WANG, "响应").await;
    assert_eq!(stage.recorder.heard().len(), 1);
    stage.move_on(SignedDuration::from_secs(1));
    stage.ding.press(&stage.url, &sent, WANG, "响应").await;
    assert_eq!(stage.recorder.heard().len(), 2);
    // What cannot be recorded is not acknowledged.
    stage.recorder.fail(true);
    assert_eq!(stage.ding.press(&stage.url, &sent, LI, "响应").await.status, 503);
}

#[tokio::test]
async fn what_no_card_offered_is_pressed_by_nobody() {
    let stage = stage().await;
    let (_, sent) = stage.card(group()).await;
    let (_, direct) = stage_direct(&stage).await;
    let say = sent.buttons[0].1.clone();
    for (card, who, say) in [
        (&sent, WANG, say.replace("响应", "关闭")),
        (&sent, WANG, "/T1 响应".into()),
        (&sent, WANG, String::new()),
        (&direct, LI, say.clone()),
        (&direct, WANG, direct.buttons[0].1.clone()),
        (&sent, "$:LWCP_v1:$x", say.clone()),
    ] {
        let answer = stage.ding.press_saying(&stage.url, card, who, &say).await;
        assert_eq!((answer.status, answer.body), (200, json!({})), "{say}");
    }
    let (now, body) = (stage.clock.now().as_millisecond(), stage.ding.callback(&sent, WANG, &say));
    let mut strange = body.clone();
    strange["corpId"] = json!("another");
    let at = now.to_string();
    assert_eq!(
        stage.ding.post_press(&stage.url, &at, &stage.ding.press_sign(&at), &strange).await.status,
        200
    );
    let (early, late) = ((now - 3_600_001).to_string(), (now + 300_001).to_string());
    for (at, sign) in [(&early, &early), (&late, &late), (&at, &early)] {
        let answer = stage.ding.post_press(&stage.url, at, &stage.ding.press_sign(sign), &body).await;
        assert_eq!(answer.status, 401);
    }
    assert!(stage.recorder.heard().is_empty());
    assert_eq!(stage.ding.post_press(&stage.url, &at, &stage.ding.press_sign(&at), &body).await.status, 200);
    assert_eq!(stage.recorder.heard().len(), 1);
    let answer = stage.ding.press(&stage.url, &direct, LI, "响应").await;
    assert_eq!(answer.status, 200);
    let heard = stage.recorder.heard().pop().unwrap();
    assert_eq!((heard.room.id.raw(), heard.room.direct), (format!("dm:{LI}").as_str(), true));
}

#[tokio::test]
async fn a_card_is_left_alone_while_a_press_of_it_is_answered() {
    let stage = stage().await;
    let (id, sent) = stage.card(group()).await;
    stage.ding.press(&stage.url, &sent, WANG, "响应").await;
    let fresh = Message::text("T1 已响应");
    let Err(Undelivered::Later { after: Some(after), .. }) = stage.bot.edit(&id, &group(), &fresh).await
    else {
        panic!("it is edited at once")
    };
    assert!(after <= Duration::from_secs(1));
    tokio::time::sleep(after).await;
    stage.bot.edit(&id, &group(), &fresh).await.unwrap();
}
