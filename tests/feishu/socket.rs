//! The long connection, and all the ways in which it breaks: nothing is lost, doubled or out of order, and each
//! fault is one line in the log.

use std::{sync::Arc, time::Duration};

use jiuding::platform::{
    Platform,
    feishu::{self, Feishu, Settings},
};
use serde_json::json;
use tokio::{sync::watch, task::JoinHandle};
use tracing::subscriber::DefaultGuard;

use super::{GROUP, LI, WANG, said};
use crate::{
    end_to_end::stage::Log,
    fake_feishu::{FakeFeishu, Fault, wishes},
    gated::{Gated, Trouble},
};

/// A pretend Feishu, a bot that holds its line, and what it logs.
struct Held {
    fake: FakeFeishu,
    feishu: Arc<Feishu>,
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

    async fn with(prepare: impl FnOnce(&FakeFeishu, &mut Settings)) -> Self {
        let log = Log::default();
        let logging = tracing::subscriber::set_default(log.subscriber());
        let clock = Arc::new(jiuding::clock::SimulatedClock::new("2026-11-23T01:00:00Z".parse().unwrap()));
        let fake = FakeFeishu::start(clock.clone()).await;
        fake.over_socket().group(GROUP, "远山项目群").person(LI, "李工").person(WANG, "王工");
        let mut settings = fake.settings();
        settings.encrypt_key = None;
        settings.verification_token = String::new();
        settings.pong_within = Duration::from_secs(1);
        prepare(&fake, &mut settings);
        let feishu = Arc::new(Feishu::new(settings, clock));
        let receiver = Arc::new(Gated::default());
        let stop = watch::Sender::new(false);
        let task = tokio::spawn(feishu::listen(feishu.clone(), receiver.clone(), stop.subscribe()));
        Self { fake, feishu, receiver, stop, task, log, _logging: logging }
    }

    fn heard(&self) -> Vec<String> {
        self.receiver.heard().iter().map(|inbound| said(inbound).0).collect()
    }

    async fn stopped(self) -> Vec<String> {
        self.stop.send_replace(true);
        tokio::time::timeout(Duration::from_secs(8), self.task).await.expect("it stops").unwrap();
        self.receiver.heard().iter().map(|inbound| said(inbound).0).collect()
    }
}

#[tokio::test]
async fn a_message_is_heard_and_acknowledged_and_its_repetition_known() {
    let held = Held::new().await;
    let said = held.fake.text(GROUP, LI, "{bot} /工单 登录页打不开");
    for delivery in [&said, &said, &said.under_another_event_id("other")] {
        let answer = held.fake.deliver(delivery).await;
        assert_eq!((answer.status, answer.body), (200, json!(null)));
    }
    assert_eq!(held.heard(), ["/工单 登录页打不开"]);
    assert_eq!(held.fake.opened(), 1);
    assert!(held.feishu.ready().await.is_ok());
    assert_eq!(held.log.faults(), Vec::<String>::new());
    assert!(!held.log.text().contains("access_key="), "the address is a secret");
    held.stopped().await;
}

#[tokio::test]
async fn a_pressed_button_is_answered_in_the_acknowledgement() {
    let held = Held::new().await;
    let press = |line: &str| {
        held.fake.event(
            "card.action.trigger",
            json!({
                "operator": { "open_id": LI }, "action": { "value": { "line": line }, "tag": "button" },
                "context": { "open_message_id": "om_1", "open_chat_id": GROUP },
            }),
        )
    };
    let answer = held.fake.deliver(&press("/T1 响应")).await;
    assert_eq!((answer.status, &answer.body["toast"]["content"]), (200, &json!("已收到")));
    // A button of somebody else's: nothing happens, and the callback still has its answer.
    let other = press("x").with("/event/action/value", json!("x"));
    let answer = held.fake.deliver(&other).await;
    assert_eq!((answer.status, answer.body), (200, json!({})));
    assert_eq!(held.receiver.heard().len(), 1);
}

#[tokio::test]
async fn pieces_make_one_event_and_one_acknowledgement() {
    let held = Held::new().await;
    let said = held.fake.text(GROUP, LI, "{bot} /需求 支付模块支持退款");
    assert_eq!(held.fake.push_pieces(&said, 7).await.status, 200);
    assert_eq!(held.heard(), ["/需求 支付模块支持退款"]);
}

#[tokio::test]
async fn a_line_that_breaks_within_an_event_loses_nothing() {
    let held = Held::new().await;
    let said = held.fake.text(GROUP, LI, "{bot} /需求 支付模块支持退款");
    held.fake.push_in_part(&said, 3).await;
    held.fake.drop_connections();
    held.fake.wait_opened(2).await;
    assert_eq!(held.heard(), Vec::<String>::new());
    assert_eq!(held.fake.push_pieces(&said, 3).await.status, 200);
    assert_eq!(held.heard(), ["/需求 支付模块支持退款"]);
    assert_eq!(held.log.faults().len(), 1, "{:#?}", held.log.faults());
    assert!(
        held.log.faults()[0].contains("the long connection to feishu is lost"),
        "{:#?}",
        held.log.faults()
    );
}

#[tokio::test]
async fn a_half_open_connection_is_noticed() {
    let held = Held::with(|fake, _| {
        fake.wish(Some(wishes(-1, 1, 0, 1)));
    })
    .await;
    held.fake.wait_pings(2).await;
    held.fake.freeze_connections();
    held.fake.wait_opened(2).await;
    assert_eq!(held.fake.deliver_text(GROUP, LI, "{bot} 帮助").await.status, 200);
    assert_eq!(held.log.faults().len(), 1, "{:#?}", held.log.faults());
    assert!(held.log.faults()[0].contains("nothing was heard"), "{:#?}", held.log.faults());
}

#[tokio::test]
async fn a_connection_is_half_open_for_no_longer_than_a_ping_and_its_patience() {
    let held = Held::with(|_, settings| settings.pong_within = Duration::from_secs(30)).await;
    assert_eq!(held.fake.deliver_text(GROUP, LI, "{bot} /需求 一").await.status, 200);
    held.fake.freeze_connections();
    let seconds = held.log.seconds_until_fault().await;
    assert!((120..=151).contains(&seconds), "{seconds}");
    for text in ["{bot} /需求 二", "{bot} /需求 三"] {
        assert_eq!(held.fake.deliver_text(GROUP, LI, text).await.status, 200);
    }
    assert_eq!(held.heard(), ["/需求 一", "/需求 二", "/需求 三"]);
    assert_eq!(held.log.faults().len(), 1, "{:#?}", held.log.faults());
}

#[tokio::test]
async fn a_server_that_answers_no_ping_is_left() {
    let held = Held::with(|fake, _| {
        fake.wish(Some(wishes(-1, 1, 0, 1))).ignore_pings();
    })
    .await;
    held.fake.wait_opened(2).await;
    assert!(held.log.faults()[0].contains("nothing was heard"), "{:#?}", held.log.faults());
}

#[tokio::test]
async fn an_acknowledgement_that_is_lost_brings_the_event_again_without_effect() {
    let held = Held::new().await;
    held.fake.lose_acks(1);
    let said = held.fake.text(GROUP, LI, "{bot} /需求 一");
    let lost = held.fake.push_on(&said).await;
    held.receiver.came(1).await;
    assert_eq!(held.fake.push(&said).await.status, 200);
    assert_eq!(held.heard(), ["/需求 一"]);
    drop(lost);
}

#[tokio::test]
async fn a_server_that_allows_no_reconnection_is_connected_to_again() {
    let held = Held::with(|fake, _| {
        fake.wish(Some(wishes(0, 1, 0, 120)));
    })
    .await;
    for count in 1..=4 {
        held.fake.wait_opened(count).await;
        assert_eq!(held.fake.deliver_text(GROUP, LI, &format!("{{bot}} /需求 {count}")).await.status, 200);
        held.fake.close_connections();
    }
    assert_eq!(held.heard(), ["/需求 1", "/需求 2", "/需求 3", "/需求 4"]);
    // Every try has an address of its own.
    held.fake.wait_opened(5).await;
    assert_eq!(held.fake.calls("endpoint"), 5);
    assert_eq!(held.log.faults().len(), 4, "{:#?}", held.log.faults());
    assert!(held.log.faults()[0].contains("closed with code 1001"), "{:#?}", held.log.faults());
}

#[tokio::test]
async fn wishes_in_a_pong_hold_at_once() {
    let held = Held::with(|fake, _| {
        fake.wish(None);
    })
    .await;
    held.fake.wait_opened(1).await;
    held.fake.wish(Some(wishes(-1, 1, 0, 1)));
    // The first ping may have been answered before; dropping the line brings the next.
    held.fake.drop_connections();
    held.fake.wait_opened(2).await;
    let pings = held.fake.pings();
    held.fake.wait_pings(pings + 2).await;
}

#[tokio::test]
async fn a_refusal_says_what_to_do_and_is_tried_again() {
    let held = Held::with(|fake, _| {
        fake.refuse_connections(Some(1000040350));
    })
    .await;
    held.log.wait_faults(1).await;
    let fault = held.log.faults().remove(0);
    assert!(
        fault.contains("ERROR") && fault.contains("1000040350") && fault.contains("50 connections"),
        "{fault}"
    );
    let unready = held.feishu.ready().await.unwrap_err();
    assert!(unready.contains("50 connections"), "{unready}");
    held.fake.refuse_connections(None);
    assert_eq!(held.fake.deliver_text(GROUP, LI, "{bot} 帮助").await.status, 200);
    assert!(held.feishu.ready().await.is_ok());
}

#[tokio::test]
async fn an_endpoint_or_an_upgrade_that_fails_is_tried_again_with_a_new_address() {
    let held = Held::with(|fake, _| {
        fake.fail_endpoint(Some(Fault::Status(502)));
    })
    .await;
    held.log.wait_faults(1).await;
    held.fake.refuse_upgrades(Some((514, 1000040343))).fail_endpoint(None);
    held.log.wait_faults(2).await;
    held.fake.refuse_upgrades(None);
    assert_eq!(held.fake.deliver_text(GROUP, LI, "{bot} 帮助").await.status, 200);
    let faults = held.log.faults();
    assert!(faults[0].contains("status 502") && faults[1].contains("1000040343"), "{faults:#?}");
    assert_eq!((held.fake.calls("endpoint"), faults.len()), (3, 2), "{faults:#?}");
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_acknowledged() {
    let held = Held::new().await;
    for trouble in [Trouble::Fails, Trouble::Panics] {
        held.receiver.meets(Some(trouble));
        let said = held.fake.text(GROUP, LI, "{bot} /需求 一");
        assert_eq!(held.fake.push(&said).await.status, 500);
        held.receiver.meets(None);
        assert_eq!(held.fake.push(&said).await.status, 200);
    }
    assert_eq!(held.heard().len(), 2);
    assert_eq!((held.log.faults().len(), held.fake.opened()), (2, 1), "{:#?}", held.log.faults());
}

#[tokio::test]
async fn strange_frames_are_passed_over() {
    let held = Held::new().await;
    let said = held.fake.text(GROUP, LI, "{bot} /需求 一");
    // Not set to be delivered as an event yet: the platform gets no acknowledgement of it.
    held.fake.push_card_frame(&said).await;
    held.fake.send_raw(b"\xff\xff garbage");
    held.fake.send_raw(b"");
    // A kind that nobody wants, an app that is not ours, a body that is no event.
    assert_eq!(held.fake.push(&held.fake.event("contact.user.created_v3", json!({}))).await.status, 200);
    assert_eq!(held.fake.push(&said.with("/header/app_id", json!("cli_other"))).await.status, 500);
    assert_eq!(held.fake.push(&said.with("/event/message", json!(null))).await.status, 500);
    assert_eq!(held.fake.push(&said).await.status, 200);
    assert_eq!((held.heard(), held.fake.opened()), (vec!["/需求 一".to_owned()], 1));
}

#[tokio::test]
async fn what_is_said_in_one_room_keeps_its_order_and_rooms_do_not_wait_for_each_other() {
    let held = Held::new().await;
    held.fake.group("oc_other", "别的群");
    assert_eq!(held.fake.deliver_text(GROUP, WANG, "{bot} /需求 零").await.status, 200);
    held.fake.fail_directory(Some(Fault::Slow(Duration::from_millis(400))));
    // Its author's name takes time; those of the others are known.
    let mut acknowledged = vec![held.fake.push_on(&held.fake.text(GROUP, LI, "{bot} /需求 一")).await];
    for text in ["{bot} /需求 二", "{bot} /需求 三"] {
        acknowledged.push(held.fake.push_on(&held.fake.text(GROUP, WANG, text)).await);
    }
    // A picture in between is nothing to wait for, and nothing that lets others overtake.
    let picture = held.fake.text(GROUP, WANG, "x").with("/event/message/message_type", json!("image"));
    acknowledged.push(held.fake.push_on(&picture).await);
    acknowledged.push(held.fake.push_on(&held.fake.text(GROUP, WANG, "{bot} /需求 四")).await);
    for acknowledged in acknowledged {
        assert_eq!(acknowledged.await.unwrap().status, 200);
    }
    assert_eq!(held.heard(), ["/需求 零", "/需求 一", "/需求 二", "/需求 三", "/需求 四"]);

    held.receiver.open(false);
    let waits = held.fake.push_on(&held.fake.text(GROUP, WANG, "{bot} /需求 五")).await;
    held.receiver.came(6).await;
    let other = held.fake.push_on(&held.fake.text("oc_other", WANG, "{bot} /需求 六")).await;
    held.receiver.came(7).await;
    held.receiver.open(true);
    assert_eq!((waits.await.unwrap().status, other.await.unwrap().status), (200, 200));
}

#[tokio::test]
async fn stopping_acknowledges_what_is_in_hand_and_carries_out_what_is_on_its_way() {
    let held = Held::new().await;
    held.receiver.open(false);
    let in_hand = held.fake.push_on(&held.fake.text(GROUP, WANG, "{bot} /需求 一")).await;
    held.receiver.came(1).await;
    held.stop.send_replace(true);
    // Not read any more by a bot that only finishes; the platform does not know that yet.
    let late = held.fake.push_on(&held.fake.text(GROUP, WANG, "{bot} /需求 二")).await;
    held.receiver.open(true);
    assert_eq!(in_hand.await.unwrap().status, 200);
    let (log, opened) = (held.log.clone(), held.fake.opened());
    assert_eq!(held.stopped().await, ["/需求 一", "/需求 二"]);
    assert_eq!(opened, 1);
    drop(late);
    assert!(!log.text().contains("is lost"), "{}", log.text());
}

#[tokio::test]
async fn a_line_that_breaks_while_an_event_is_in_hand_loses_only_the_acknowledgement() {
    let held = Held::new().await;
    held.receiver.open(false);
    let said = held.fake.text(GROUP, WANG, "{bot} /需求 一");
    let _unanswered = held.fake.push_on(&said).await;
    held.receiver.came(1).await;
    held.fake.drop_connections();
    held.fake.wait_opened(2).await;
    // Delivered again while the first is still being worked on.
    let again = held.fake.push_on(&said).await;
    let after = held.fake.push_on(&held.fake.text(GROUP, WANG, "{bot} /需求 二")).await;
    held.receiver.open(true);
    assert_eq!((again.await.unwrap().status, after.await.unwrap().status), (200, 200));
    assert_eq!(held.heard(), ["/需求 一", "/需求 二"]);
}
