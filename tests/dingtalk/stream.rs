//! Stream mode, and all the ways in which it breaks: nothing that arrived is lost, doubled or out of order, and
//! each fault is one line in the log.

use std::{sync::Arc, time::Duration};

use jiuding::{
    chat::{Inbound, What},
    clock::SimulatedClock,
    platform::{
        Platform,
        dingtalk::{self, DingTalk, Settings},
    },
};
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinHandle};
use tracing::subscriber::DefaultGuard;

use super::{GROUP, LI, WANG};
use crate::{
    end_to_end::stage::Log,
    fake_dingtalk::{FakeDingTalk, Fault, Way},
    gated::{Gated, Trouble},
};

/// A pretend DingTalk, a bot that holds its line, and what it logs.
struct Held {
    ding: FakeDingTalk,
    bot: Arc<DingTalk>,
    receiver: Arc<Gated>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    log: Log,
    _logging: DefaultGuard,
}

impl Held {
    async fn new() -> Self {
        Self::with(|_, _| {}).await
    }

    async fn with(prepare: impl FnOnce(&FakeDingTalk, &mut Settings)) -> Self {
        let log = Log::default();
        let logging = tracing::subscriber::set_default(log.subscriber());
        let clock = Arc::new(SimulatedClock::new("2026-11-23T01:00:00Z".parse().unwrap()));
        let ding = FakeDingTalk::start(clock.clone()).await;
        ding.by_stream();
        ding.group(GROUP, "支付网关-项目群", &[(WANG, "王芳"), (LI, "李工")]);
        let mut settings = ding.settings();
        (settings.event_token, settings.event_aes_key) = (None, None);
        prepare(&ding, &mut settings);
        let bot = Arc::new(DingTalk::new(settings, clock).unwrap());
        let receiver = Arc::new(Gated::default());
        let stop = watch::Sender::new(false);
        let task = tokio::spawn(dingtalk::listen(bot.clone(), receiver.clone(), stop.subscribe()));
        Self { ding, bot, receiver, stop, task, log, _logging: logging }
    }

    /// 王芳 says this; its answer's code.
    async fn says(&self, text: &str) -> u16 {
        self.ding.deliver_text("", GROUP, WANG, text).await.status
    }

    fn heard(&self) -> Vec<String> {
        self.receiver.heard().iter().map(words).collect()
    }

    async fn stopped(self) -> Vec<String> {
        self.stop.send_replace(true);
        tokio::time::timeout(Duration::from_secs(8), self.task).await.expect("it stops").unwrap();
        self.receiver.heard().iter().map(words).collect()
    }
}

fn words(inbound: &Inbound) -> String {
    match &inbound.what {
        What::Said { text, .. } => text.words(),
        other => panic!("not said: {other:?}"),
    }
}

fn data(answer: &Value) -> Value {
    serde_json::from_str(answer["data"].as_str().unwrap()).unwrap_or_default()
}

#[tokio::test]
async fn a_message_is_heard_and_answered_and_its_repetition_known() {
    let held = Held::new().await;
    let said = held.ding.said(GROUP, WANG, "/需求 支付模块支持退款").mentioning(LI);
    // A repetition bears another frame's id and the same of the message.
    for _ in 0..3 {
        assert_eq!(held.ding.deliver("", &said).await.status, 200);
    }
    assert_eq!(held.heard(), ["/需求 支付模块支持退款"]);
    let heard = held.receiver.heard().remove(0);
    assert_eq!(heard.keys, [format!("dingtalk:dingfakerobotcode001:{}", said.message_id())]);
    assert!(heard.reply_to.unwrap().session.is_some());
    assert_eq!((held.ding.opened(), held.ding.calls(Way::Open)), (1, 1));
    assert!(held.bot.ready().await.is_ok());
    assert_eq!(held.log.faults(), Vec::<String>::new());
    assert!(!held.log.text().contains("tkt%2F"), "the address is a secret");
    held.stopped().await;
}

#[tokio::test]
async fn every_frame_has_its_answer() {
    let held = Held::new().await;
    let ask = async |kind: &str, topic: &str, data: &str| {
        held.ding.push(&held.ding.frame(kind, topic, data)).await.await.unwrap()
    };
    let ping = ask("SYSTEM", "ping", r#"{"opaque":"0d3c"}"#).await;
    assert_eq!((&ping["code"], &ping["data"]), (&json!(200), &json!(r#"{"opaque":"0d3c"}"#)));
    let event = ask("EVENT", "*", r#"{"openConversationId":"cid"}"#).await;
    assert_eq!((&event["code"], &data(&event)["status"]), (&json!(200), &json!("SUCCESS")));
    let card = ask("CALLBACK", "/v1.0/card/instances/callback", r#"{"outTrackId":"x"}"#).await;
    assert_eq!((&card["code"], data(&card)), (&json!(200), json!({ "response": {} })));
    assert_eq!(ask("CALLBACK", "/v1.0/graph/api/invoke", "{}").await["code"], 404);
    assert_eq!(ask("CALLBACK", "/v1.0/im/bot/messages/get", "no message").await["code"], 400);
    let mut other = held.ding.said(GROUP, WANG, "/需求 一");
    other.body["robotCode"] = json!("another");
    assert_eq!(held.ding.push_said(&other).await.await.unwrap()["code"], 404);
    // What a picture says nobody can hear; a message without its text is no command, and both are answered.
    let mut picture = held.ding.said(GROUP, WANG, "");
    picture.body["msgtype"] = json!("picture");
    assert_eq!(held.ding.deliver("", &picture).await.status, 200);
    assert_eq!(held.ding.deliver("", &held.ding.said(GROUP, WANG, "").over_quota()).await.status, 200);
    assert!(matches!(held.receiver.heard()[..], [Inbound { what: What::OverQuota, .. }]));
    for strange in ["", "{}", "ping", r#"{"type":"SYSTEM","headers":{"topic":"KEEPALIVE"}}"#] {
        held.ding.push_raw(strange).await;
    }
    assert_eq!((held.says("/需求 二").await, held.ding.opened()), (200, 1));
}

#[tokio::test]
async fn a_notice_brings_a_new_connection_before_the_old_one_is_left() {
    let held = Held::new().await;
    held.receiver.open(false);
    let in_hand = held.ding.push_said(&held.ding.said(GROUP, WANG, "/需求 一")).await;
    held.receiver.came(1).await;
    held.ding.ask_to_disconnect();
    held.ding.wait_opened(2).await;
    let next = held.ding.push_said(&held.ding.said(GROUP, WANG, "/需求 二")).await;
    held.receiver.open(true);
    // The answer to what came by the old connection goes there.
    assert_eq!(in_hand.await.unwrap()["code"], 200);
    assert_eq!(next.await.unwrap()["code"], 200);
    assert_eq!(held.heard(), ["/需求 一", "/需求 二"]);
    held.ding.wait_closed(1).await;
    assert_eq!((held.ding.opened(), held.log.faults()), (2, Vec::new()));
    assert_eq!(held.says("/需求 三").await, 200);
    held.stopped().await;
}

#[tokio::test]
async fn a_server_that_wants_every_connection_replaced_is_not_called_in_a_tight_loop() {
    let began = std::time::Instant::now();
    let held = Held::with(|ding, _| ding.replace_at_once()).await;
    held.ding.wait_opened(3).await;
    // One second and two, at the least.
    assert!(began.elapsed() >= Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_half_open_connection_is_noticed() {
    let held = Held::with(|_, settings| settings.ping_every = Duration::from_millis(700)).await;
    held.ding.wait_pings(2).await;
    held.ding.freeze_connections();
    held.ding.wait_opened(2).await;
    assert_eq!(held.says("/需求 一").await, 200);
    assert_eq!(held.log.faults().len(), 1, "{:#?}", held.log.faults());
    assert!(held.log.faults()[0].contains("nothing was heard"), "{:#?}", held.log.faults());
}

#[tokio::test]
async fn a_connection_is_half_open_for_no_longer_than_two_pings() {
    let held = Held::new().await;
    assert_eq!(held.says("/需求 一").await, 200);
    held.ding.freeze_connections();
    let seconds = held.log.seconds_until_fault().await;
    assert!((30..=61).contains(&seconds), "{seconds}");
    assert_eq!((held.says("/需求 二").await, held.says("/需求 三").await), (200, 200));
    assert_eq!(held.heard(), ["/需求 一", "/需求 二", "/需求 三"]);
    assert_eq!(held.log.faults().len(), 1, "{:#?}", held.log.faults());
}

#[tokio::test]
async fn an_answer_that_is_lost_brings_the_message_again_without_effect() {
    let held = Held::new().await;
    held.ding.lose_answers(1);
    let said = held.ding.said(GROUP, WANG, "/需求 一");
    let _lost = held.ding.push_said(&said).await;
    held.receiver.came(1).await;
    assert_eq!(held.ding.deliver("", &said).await.status, 200);
    assert_eq!(held.heard(), ["/需求 一"]);
}

#[tokio::test]
async fn a_line_that_breaks_while_a_message_is_in_hand_loses_only_the_answer() {
    let held = Held::new().await;
    held.receiver.open(false);
    let said = held.ding.said(GROUP, WANG, "/需求 一");
    let _unanswered = held.ding.push_said(&said).await;
    held.receiver.came(1).await;
    held.ding.drop_connections();
    held.ding.wait_opened(2).await;
    let again = held.ding.push_said(&said).await;
    let after = held.ding.push_said(&held.ding.said(GROUP, WANG, "/需求 二")).await;
    held.receiver.open(true);
    assert_eq!(
        (again.await.unwrap()["code"].clone(), after.await.unwrap()["code"].clone()),
        (json!(200), json!(200))
    );
    assert_eq!(held.heard(), ["/需求 一", "/需求 二"]);
    assert_eq!(held.log.faults().len(), 1, "{:#?}", held.log.faults());
}

#[tokio::test]
async fn a_ticket_that_ran_out_is_replaced() {
    let held = Held::with(|ding, _| ding.stale_tickets(true)).await;
    held.log.wait_faults(1).await;
    held.ding.stale_tickets(false);
    assert_eq!(held.says("/需求 一").await, 200);
    assert!(held.ding.calls(Way::Open) >= 2);
    assert!(held.log.faults()[0].contains("refused the ticket with status 401"), "{:#?}", held.log.faults());
}

#[tokio::test]
async fn a_refusal_says_what_to_do_and_is_tried_again() {
    let held = Held::with(|ding, _| ding.refuse_connections(Some(400))).await;
    held.log.wait_faults(1).await;
    let fault = held.log.faults().remove(0);
    assert!(fault.contains("ERROR") && fault.contains("Stream mode"), "{fault}");
    assert!(!held.log.text().contains(crate::fake_dingtalk::CLIENT_SECRET));
    assert!(held.bot.ready().await.unwrap_err().contains("Stream mode"));
    held.ding.refuse_connections(None);
    assert_eq!(held.says("/需求 一").await, 200);
    assert!(held.bot.ready().await.is_ok());
}

#[tokio::test]
async fn what_cannot_be_recorded_is_answered_as_failed() {
    let held = Held::new().await;
    for trouble in [Trouble::Fails, Trouble::Panics] {
        held.receiver.meets(Some(trouble));
        let said = held.ding.said(GROUP, WANG, "/需求 一");
        assert_eq!(held.ding.deliver("", &said).await.status, 500);
        held.receiver.meets(None);
        assert_eq!(held.ding.deliver("", &said).await.status, 200);
    }
    assert_eq!((held.heard().len(), held.log.faults().len(), held.ding.opened()), (2, 2, 1));
}

#[tokio::test]
async fn what_is_said_in_one_room_keeps_its_order() {
    let held = Held::new().await;
    held.ding.fail_next(Way::UserGet, Fault::Slow(Duration::from_millis(400)));
    let mut answered = Vec::new();
    // The name of whoever is mentioned takes time; the others mention nobody.
    answered.push(held.ding.push_said(&held.ding.said(GROUP, WANG, "/需求 一").mentioning(LI)).await);
    for text in ["/需求 二", "/需求 三", "/需求 四"] {
        answered.push(held.ding.push_said(&held.ding.said(GROUP, WANG, text)).await);
    }
    for answered in answered {
        assert_eq!(answered.await.unwrap()["code"], 200);
    }
    assert_eq!(
        held.heard().iter().map(|text| text.split(' ').nth(1).unwrap()).collect::<String>(),
        "一二三四"
    );
}

#[tokio::test]
async fn stopping_answers_what_is_in_hand_and_carries_out_what_is_on_its_way() {
    let held = Held::new().await;
    held.receiver.open(false);
    let in_hand = held.ding.push_said(&held.ding.said(GROUP, WANG, "/需求 一")).await;
    held.receiver.came(1).await;
    held.stop.send_replace(true);
    let _late = held.ding.push_said(&held.ding.said(GROUP, WANG, "/需求 二")).await;
    held.receiver.open(true);
    assert_eq!(in_hand.await.unwrap()["code"], 200);
    assert_eq!(held.stopped().await, ["/需求 一", "/需求 二"]);
}
