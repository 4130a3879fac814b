//! What the adapter makes of deliveries.

use std::time::Duration;

use jiff::SignedDuration;
use jiuding::{
    chat::{PersonId, What},
    platform::Platform,
};
use serde_json::json;

use super::{GROUP, LI, Stage, WANG};
use crate::fake_dingtalk::{Fault, Way, opaque};

fn words(what: &What) -> String {
    match what {
        What::Said { text, .. } => text.words(),
        other => panic!("not said: {other:?}"),
    }
}

fn unplaced(what: &What) -> Vec<(String, String)> {
    match what {
        What::Said { text, .. } => {
            text.unplaced().iter().map(|person| (person.id.0.clone(), person.name.clone())).collect()
        }
        other => panic!("not said: {other:?}"),
    }
}

#[tokio::test]
async fn a_group_message_comes_with_the_names_of_those_mentioned() {
    let stage = Stage::new().await;
    let said =
        stage.ding.said(GROUP, WANG, "/需求 支付模块支持退款 !高").mentioning(LI).mentioning_outsider("客户");
    let inbound = stage.hear(&said).await;
    assert_eq!(inbound.keys, [format!("dingtalk:dingfakerobotcode001:{}", said.message_id())]);
    assert_eq!(inbound.room.id.0, format!("dingtalk:{GROUP}"));
    assert_eq!(inbound.room.name.as_deref(), Some("支付网关-项目群"));
    assert_eq!(
        (inbound.sender.id.0.as_str(), inbound.sender.name.as_str()),
        ("dingtalk:manager4421", "王芳")
    );
    assert_eq!(words(&inbound.what), "/需求 支付模块支持退款 !高");
    let outsider = opaque("客户");
    assert_eq!(
        unplaced(&inbound.what),
        [(format!("dingtalk:{LI}"), "李工".to_owned()), (format!("dingtalk:{outsider}"), outsider.clone()),]
    );
    assert!(matches!(inbound.what, What::Said { addressed: true, .. }));
    assert!(inbound.reply_to.unwrap().session.is_some());
}

#[tokio::test]
async fn a_name_is_asked_for_once() {
    let stage = Stage::new().await;
    for text in ["/工单 一", "/工单 二"] {
        let said = stage.ding.said(GROUP, WANG, text).mentioning(LI);
        stage.hear(&said).await;
    }
    assert_eq!(stage.ding.calls(Way::UserGet), 1);
    assert_eq!(stage.bot.name_of(&PersonId(format!("dingtalk:{LI}"))).await.as_deref(), Some("李工"));
    assert_eq!(stage.bot.name_of(&PersonId("dingtalk:nobody".into())).await, None);
}

#[tokio::test]
async fn a_slow_directory_does_not_hold_a_message_up() {
    let stage = Stage::new().await;
    stage.ding.fail_next(Way::UserGet, Fault::Slow(Duration::from_secs(60)));
    let said = stage.ding.said(GROUP, WANG, "/工单 一").mentioning(LI);
    let inbound = stage.hear(&said).await;
    assert_eq!(unplaced(&inbound.what), [(format!("dingtalk:{LI}"), LI.to_owned())]);
    let said = stage.ding.said(GROUP, WANG, "/工单 二").mentioning(LI);
    assert_eq!(unplaced(&stage.hear(&said).await.what)[0].1, "李工");
}

#[tokio::test]
async fn a_direct_message_is_not_addressed_and_bears_its_person() {
    let stage = Stage::new().await;
    let inbound = stage.hear(&stage.ding.said_directly(WANG, "/我的")).await;
    assert!(inbound.room.direct);
    assert_eq!(inbound.room.id.0, "dingtalk:dm:manager4421");
    assert!(matches!(inbound.what, What::Said { addressed: false, .. }));
}

#[tokio::test]
async fn rich_text_keeps_mentions_in_their_places() {
    let stage = Stage::new().await;
    let said = stage.ding.said(GROUP, WANG, "").mentioning(LI).rich(json!([
        {"text": "@鼎鼎"},
        {"text": "/工单 登录页白屏"},
        {"type": "picture", "downloadCode": "x"},
        {"text": "请 "},
        {"type": "at", "atName": "@李工", "atUserId": LI},
        {"text": " 看 "},
    ]));
    let inbound = stage.hear(&said).await;
    assert_eq!(words(&inbound.what), "/工单 登录页白屏 请 @李工 看");
    let What::Said { text, .. } = &inbound.what else { unreachable!() };
    assert_eq!(text.people()[0].id.0, format!("dingtalk:{LI}"));
    assert!(text.unplaced().is_empty());
}

#[tokio::test]
async fn what_was_typed_stays_even_where_it_looks_like_a_name() {
    let stage = Stage::new().await;
    let inbound = stage.hear(&stage.ding.said(GROUP, WANG, "\u{2005}@types/node 装不上\u{a0}")).await;
    assert_eq!(words(&inbound.what), "@types/node 装不上");
}

#[tokio::test]
async fn somebody_from_outside_is_known_by_the_opaque_id() {
    let stage = Stage::new().await;
    let inbound = stage.hear(&stage.ding.said(GROUP, "guest", "/工单 一").by_outsider()).await;
    assert_eq!(inbound.sender.id, PersonId(format!("dingtalk:{}", opaque("guest"))));

    let mut said = stage.ding.said(GROUP, "guest", "/工单 二").by_outsider();
    said.body["senderId"] = json!(WANG);
    assert_eq!(stage.hear(&said).await.sender.id, PersonId(format!("dingtalk:$:{WANG}")));
}

#[tokio::test]
async fn quotes_and_used_up_quotas_are_understood() {
    let stage = Stage::new().await;
    let quoting = stage.ding.said(GROUP, WANG, "转需求").quoting("msgOld==", "要能退款");
    let What::Said { quotes, .. } = stage.hear(&quoting).await.what else { panic!("not said") };
    let quote = quotes.unwrap();
    assert_eq!(quote.message.raw(), "msgOld==");
    assert_eq!(quote.words.unwrap().text, "要能退款");
    let mut of_a_picture = stage.ding.said(GROUP, WANG, "转需求").quoting("msgPic==", "");
    of_a_picture.body["text"]["repliedMsg"]["content"] = json!("[图片]");
    let What::Said { quotes, .. } = stage.hear(&of_a_picture).await.what else { panic!("not said") };
    assert_eq!(quotes.unwrap().words, None);
    let inbound = stage.hear(&stage.ding.said(GROUP, WANG, "x").over_quota()).await;
    assert_eq!(inbound.what, What::OverQuota);
}

#[tokio::test]
async fn a_message_is_acknowledged_only_when_it_is_kept_and_once() {
    let stage = Stage::new().await;
    let said = stage.ding.said(GROUP, WANG, "/需求 一");
    stage.recorder.fail(true);
    assert_eq!(stage.ding.deliver(&stage.url, &said).await.status, 503);
    stage.recorder.fail(false);
    stage.hear(&said).await;
    assert_eq!(stage.ding.deliver(&stage.url, &said).await.status, 200);
    assert_eq!(stage.recorder.heard().len(), 1);
    assert_eq!(stage.bot.usage().webhook, 3);
}

#[tokio::test]
async fn a_reply_address_elsewhere_is_dropped() {
    let stage = Stage::new().await;
    let mut said = stage.ding.said(GROUP, WANG, "/需求 一");
    said.body["sessionWebhook"] = json!("http://169.254.169.254/robot/sendBySession?session=a");
    let inbound = stage.hear(&said).await;
    assert_eq!(inbound.reply_to.unwrap().session, None);
}

#[tokio::test]
async fn a_picture_is_acknowledged_and_nothing_else() {
    let stage = Stage::new().await;
    let mut said = stage.ding.said_directly(WANG, "");
    said.body["msgtype"] = json!("picture");
    said.body["content"] = json!({"downloadCode": "x"});
    assert_eq!(stage.ding.deliver(&stage.url, &said).await.status, 200);
    assert!(stage.recorder.heard().is_empty());
}

#[tokio::test]
async fn hostile_bodies_get_a_clear_answer() {
    let stage = Stage::new().await;
    let deep = format!("{{\"msgId\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let ignored_deep =
        format!("{{\"msgtype\":\"text\",\"x\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"{}".to_vec(),
        b"null".to_vec(),
        b"[1".to_vec(),
        b"{\"msgId\":\"\xff\xfe\",\"conversationId\":\"a\",\"senderId\":\"b\"}".to_vec(),
        br#"{"msgId":"m","conversationId":"dm:manager4421","senderId":"b"}"#.to_vec(),
        deep.into_bytes(),
        ignored_deep.into_bytes(),
        vec![b'a'; 1 << 20],
    ];
    for body in bodies {
        let answer = stage.ding.deliver_raw(&stage.url, body).await;
        assert_eq!((answer.status, answer.body.as_str()), (400, r#"{"error":"refused"}"#));
    }
    for length in [(1 << 20) + 1, 3 << 20] {
        assert_eq!(stage.ding.deliver_raw(&stage.url, vec![b'a'; length]).await.status, 413);
    }
    assert!(stage.recorder.heard().is_empty());
}

#[tokio::test]
async fn a_delivery_is_refused_outside_its_window_and_for_another_robot() {
    let stage = Stage::new().await;
    let said = stage.ding.said(GROUP, WANG, "/需求 一");
    let then = stage.clock_ms();
    let sign =
        jiuding::platform::dingtalk::sign::sign(&then.to_string(), crate::fake_dingtalk::CLIENT_SECRET);
    stage.move_on(SignedDuration::from_mins(61));
    let answer = stage.ding.post(&stage.url, &then.to_string(), &sign, said.body.to_string()).await;
    assert_eq!((answer.status, answer.body.as_str()), (401, r#"{"error":"refused"}"#));

    let ahead = (stage.clock_ms() + 301_000).to_string();
    let sign = jiuding::platform::dingtalk::sign::sign(&ahead, crate::fake_dingtalk::CLIENT_SECRET);
    assert_eq!(stage.ding.post(&stage.url, &ahead, &sign, said.body.to_string()).await.status, 401);

    let mut other = said.clone();
    other.body["robotCode"] = json!("dingother");
    assert_eq!(stage.ding.deliver(&stage.url, &other).await.status, 401);
    let mut other = said.clone();
    other.body["chatbotCorpId"] = json!("dingothercorp");
    assert_eq!(stage.ding.deliver(&stage.url, &other).await.status, 401);
    assert!(stage.recorder.heard().is_empty());
}

impl Stage {
    fn clock_ms(&self) -> i64 {
        use jiuding::clock::Clock;
        self.clock.now().as_millisecond()
    }
}
