//! Presses that take longer than Feishu waits: answered for in time, carried out all the same, once and in order.

use std::{sync::Arc, time::Duration};

use jiuding::{
    chat::What,
    clock::SimulatedClock,
    platform::feishu::{self, Feishu},
};
use serde_json::{Value, json};
use tokio::sync::watch;
use tracing::subscriber::DefaultGuard;

use super::{GROUP, LI, WANG};
use crate::{
    end_to_end::stage::Log,
    fake_feishu::{Delivery, FakeFeishu},
    gated::{Gated, Trouble},
};

struct Slow {
    fake: FakeFeishu,
    receiver: Arc<Gated>,
    log: Log,
    _stop: watch::Sender<bool>,
    _logging: DefaultGuard,
}

impl Slow {
    /// A bot that is heard by its long connection or its webhook, and behind whose gate everything waits.
    async fn new(socket: bool) -> Self {
        let log = Log::default();
        let logging = tracing::subscriber::set_default(log.subscriber());
        let clock = Arc::new(SimulatedClock::new("2026-11-23T01:00:00Z".parse().unwrap()));
        let fake = FakeFeishu::start(clock.clone()).await;
        fake.group(GROUP, "远山项目群").person(LI, "李工").person(WANG, "王工");
        let mut settings = fake.settings();
        settings.answer_within = Duration::from_millis(200);
        let feishu = Arc::new(Feishu::new(settings, clock));
        let receiver = Arc::new(Gated::default());
        receiver.open(false);
        let stop = watch::Sender::new(false);
        if socket {
            fake.over_socket();
            tokio::spawn(feishu::listen(feishu, receiver.clone(), stop.subscribe()));
        } else {
            fake.serve(feishu::routes(feishu, receiver.clone())).await;
        }
        Self { fake, receiver, log, _stop: stop, _logging: logging }
    }

    fn press(&self) -> Delivery {
        let event = json!({
            "operator": { "open_id": LI }, "action": { "value": { "line": "/T1 响应" }, "tag": "button" },
            "context": { "open_message_id": "om_1", "open_chat_id": GROUP },
        });
        self.fake.event("card.action.trigger", event)
    }

    /// What whoever pressed reads.
    async fn pressed(&self, press: &Delivery) -> Value {
        let answer = self.fake.deliver(press).await;
        assert!(answer.status == 200 && answer.took < Duration::from_secs(3), "{answer:?}");
        assert_eq!(answer.body.get("card"), None);
        answer.body["toast"]["content"].clone()
    }

    /// What was carried out, in order.
    fn heard(&self) -> Vec<String> {
        let said = |what: &What| match what {
            What::Pressed { line } => line.clone(),
            What::Said { text, .. } => text.words(),
            what => panic!("{what:?}"),
        };
        self.receiver.heard().iter().map(|inbound| said(&inbound.what)).collect()
    }
}

#[tokio::test]
async fn a_press_is_answered_in_time_and_carried_out_once_however_often_it_comes() {
    for socket in [true, false] {
        let slow = Slow::new(socket).await;
        let press = slow.press();
        for _ in 0..2 {
            assert_eq!(slow.pressed(&press).await, "正在处理");
        }
        assert!(slow.heard().is_empty());
        slow.receiver.open(true);
        assert_eq!(slow.pressed(&press).await, "已收到");
        assert_eq!(slow.heard(), ["/T1 响应"]);
        assert_eq!(slow.log.text().matches("it is answered for meanwhile").count(), 2);
        assert!(slow.log.faults().is_empty(), "{:#?}", slow.log.faults());
    }
}

#[tokio::test]
async fn what_is_said_after_a_press_waits_for_it() {
    let slow = Slow::new(true).await;
    let press = slow.press();
    assert_eq!(slow.pressed(&press).await, "正在处理");
    let after = slow.fake.push_on(&slow.fake.text(GROUP, WANG, "{bot} /需求 一")).await;
    slow.receiver.open(true);
    assert_eq!(after.await.unwrap().status, 200);
    assert_eq!(slow.heard(), ["/T1 响应", "/需求 一"]);
}

#[tokio::test]
async fn a_press_that_was_answered_for_is_tried_until_it_is_kept() {
    for socket in [true, false] {
        let slow = Slow::new(socket).await;
        slow.receiver.meets(Some(Trouble::Fails));
        let press = slow.press();
        assert_eq!(slow.pressed(&press).await, "正在处理");
        slow.receiver.open(true);
        slow.log.wait_faults(1).await;
        slow.receiver.meets(None);
        // The first, and the one after it.
        slow.receiver.came(2).await;
        assert_eq!(slow.pressed(&press).await, "已收到");
        assert_eq!(slow.heard(), ["/T1 响应"]);
        let faults = slow.log.faults();
        assert!(faults.len() == 1 && faults[0].contains("is not kept yet"), "{faults:#?}");
    }
}

#[tokio::test]
async fn a_press_that_fails_in_time_is_told_so() {
    for socket in [true, false] {
        let slow = Slow::new(socket).await;
        slow.receiver.open(true);
        slow.receiver.meets(Some(Trouble::Fails));
        let press = slow.press();
        let answer = slow.fake.deliver(&press).await;
        assert!([500, 503].contains(&answer.status), "{answer:?}");
        slow.receiver.meets(None);
        assert_eq!(slow.pressed(&press).await, "已收到");
        assert_eq!((slow.heard().len(), slow.log.faults().len()), (1, 1), "{:#?}", slow.log.faults());
    }
}
