//! Deliveries: what is heard, and what is refused.

use std::time::Duration;

use jiff::SignedDuration;
use jiuding::chat::{MessageId, Quote, RoomId, What};
use serde_json::{Value, json};

use super::{GROUP, LI, Stage, WANG, said};
use crate::fake_feishu::{self, APP_ID, ENCRYPT_KEY, Fault, TOKEN};

#[tokio::test]
async fn a_text_is_heard_with_its_people_named() {
    let stage = Stage::new().await;
    let delivery =
        stage.fake.text(GROUP, LI, "{bot} /工单 登录页打不开 {ou_155184d1e73cbfb8973e5a9e698e74f2} !紧急");
    let answer = stage.fake.deliver(&delivery.answering("om_before")).await;
    assert_eq!(answer.status, 200);
    let heard = stage.recorder.only();
    assert_eq!(said(&heard), ("/工单 登录页打不开 @王工 !紧急".into(), true));
    let What::Said { text, quotes, .. } = &heard.what else { panic!("it was said") };
    assert_eq!(text.people()[0].id.raw(), WANG);
    assert_eq!(quotes, &Some(Quote::of(MessageId::new("feishu", "om_before"))));
    assert_eq!(heard.room.id, RoomId::new("feishu", GROUP));
    assert_eq!((heard.room.name.as_deref(), heard.room.direct), (Some("远山项目群"), false));
    assert_eq!((heard.sender.id.raw(), heard.sender.name.as_str()), (LI, "李工"));
    assert_eq!(heard.written_at, Some(stage.now()));
    assert_eq!(heard.reply_to.unwrap().message.raw(), delivery.message_id());
    assert_eq!(heard.keys, [format!("feishu:{APP_ID}:im.message.receive_v1:{}", delivery.message_id())]);
}

#[tokio::test]
async fn the_same_message_comes_again_under_a_key_that_is_known() {
    let stage = Stage::new().await;
    let delivery = stage.fake.text(GROUP, LI, "{bot} 帮助");
    for delivery in [&delivery, &delivery, &delivery.under_another_event_id("other")] {
        assert_eq!(stage.fake.deliver(delivery).await.status, 200);
    }
    stage.recorder.only();
}

#[tokio::test]
async fn names_are_asked_for_once() {
    let stage = Stage::new().await;
    for _ in 0..3 {
        assert_eq!(stage.fake.deliver_text(GROUP, LI, "{bot} 帮助").await.status, 200);
    }
    assert_eq!(stage.recorder.heard().len(), 3);
    assert_eq!((stage.fake.calls("names"), stage.fake.calls("chat"), stage.fake.calls("bot")), (1, 1, 1));
}

#[tokio::test]
async fn a_slow_directory_does_not_hold_up_the_answer() {
    let stage = Stage::with(|fake| {
        fake.fail_directory(Some(Fault::Slow(Duration::from_secs(2))));
    })
    .await;
    let answer = stage.fake.deliver_text(GROUP, LI, "{bot} 帮助").await;
    assert_eq!(answer.status, 200);
    assert!(answer.took < Duration::from_secs(2), "{:?}", answer.took);
    let heard = stage.recorder.only();
    assert_eq!((heard.sender.name.as_str(), heard.room.name), (LI, None));
    // Not knowing its own id, the bot still knows that it was called.
    assert_eq!(said(&stage.recorder.only()), ("帮助".into(), true));
}

#[tokio::test]
async fn a_directory_that_refuses_leaves_the_id_for_the_name() {
    let stage = Stage::with(|fake| {
        fake.fail_directory(Some(Fault::Code(99991672)));
    })
    .await;
    assert_eq!(stage.fake.deliver_text(GROUP, LI, "/状态").await.status, 200);
    assert_eq!(stage.recorder.only().sender.name, LI);
}

#[tokio::test]
async fn a_customer_outside_the_contacts_is_named_as_a_member_of_the_chat() {
    let stage = Stage::new().await;
    stage.fake.outsider("ou_customer", "客户王工");
    assert_eq!(stage.fake.deliver_text(GROUP, "ou_customer", "/状态").await.status, 200);
    assert_eq!(stage.recorder.only().sender.name, "客户王工");
    // The others of the chat are known from the same answer.
    assert_eq!(stage.fake.deliver_text(GROUP, LI, "/状态").await.status, 200);
    assert_eq!(stage.recorder.heard()[1].sender.name, "李工");
    assert_eq!((stage.fake.calls("names"), stage.fake.calls("members")), (1, 1));
}

#[tokio::test]
async fn a_direct_message_is_direct_and_a_press_there_too() {
    let stage = Stage::new().await;
    let chat = stage.fake.direct(LI);
    assert_eq!(stage.fake.deliver_text(&chat, LI, "状态").await.status, 200);
    let heard = stage.recorder.only();
    assert!(heard.room.direct);
    assert_eq!(said(&heard), ("状态".into(), false));
}

#[tokio::test]
async fn a_post_is_heard_line_by_line() {
    let stage = Stage::new().await;
    let post = stage.fake.text(GROUP, LI, "{bot}{ou_155184d1e73cbfb8973e5a9e698e74f2}").as_post(
        "/纪要 M3",
        json!([
            [{"tag": "at", "user_id": "@_user_1", "user_name": "九鼎"}, {"tag": "text", "text": "决议: 退款走原路"}],
            [{"tag": "text", "text": "待办: 出文档 "}, {"tag": "at", "user_id": "@_user_2", "user_name": "王工"}],
        ]),
    );
    assert_eq!(stage.fake.deliver(&post).await.status, 200);
    let heard = stage.recorder.only();
    assert_eq!(said(&heard), ("/纪要 M3\n决议: 退款走原路\n待办: 出文档 @王工".into(), true));
}

#[tokio::test]
async fn bots_pictures_and_unknown_events_have_no_effect() {
    let stage = Stage::new().await;
    let text = stage.fake.text(GROUP, LI, "{all} x");
    for delivery in [
        text.with("/event/sender/sender_type", json!("bot")),
        text.with("/event/message/message_type", json!("image")),
        text.with("/event/message/content", json!("")),
        stage.fake.event("im.message.reaction.created_v1", json!({ "message_id": "om_1" })),
        stage.fake.event("vc.meeting.all_meeting_ended_v1", json!({ "meeting": { "topic": "例会" } })),
    ] {
        assert_eq!(stage.fake.deliver(&delivery).await.status, 200);
    }
    assert!(stage.recorder.heard().is_empty());
}

#[tokio::test]
async fn a_call_to_everybody_does_not_call_the_bot() {
    let stage = Stage::new().await;
    assert_eq!(stage.fake.deliver_text(GROUP, LI, "{all} 明天开会").await.status, 200);
    assert_eq!(said(&stage.recorder.only()), ("@所有人 明天开会".into(), false));
}

#[tokio::test]
async fn joining_a_group_is_heard_with_its_name() {
    let stage = Stage::new().await;
    let joined = stage.fake.joined(GROUP, LI);
    assert_eq!(stage.fake.deliver(&joined).await.status, 200);
    let heard = stage.recorder.only();
    assert_eq!(heard.what, What::Joined);
    assert_eq!((heard.room.name.as_deref(), heard.sender.name.as_str()), (Some("远山项目群"), "李工"));
}

#[tokio::test]
async fn what_could_not_be_kept_is_delivered_again() {
    let stage = Stage::new().await;
    let delivery = stage.fake.text(GROUP, LI, "{bot} 帮助");
    *stage.recorder.fails.lock().unwrap() = true;
    assert_eq!(stage.fake.deliver(&delivery).await.status, 503);
    *stage.recorder.fails.lock().unwrap() = false;
    assert_eq!(stage.fake.deliver(&delivery).await.status, 200);
    stage.recorder.only();
}

#[tokio::test]
async fn a_delivery_counts_within_its_window() {
    let stage = Stage::new().await;
    let delivery = stage.fake.text(GROUP, LI, "x");
    let sealed =
        json!({ "encrypt": fake_feishu::encrypt(ENCRYPT_KEY, delivery.body.to_string().as_bytes()) });
    let body = sealed.to_string();
    let signed_at = |age: SignedDuration| (stage.now() - age).as_second().to_string();
    for (age, status) in [
        (SignedDuration::from_hours(8), 200),
        (SignedDuration::from_hours(8) + SignedDuration::from_secs(1), 401),
        (SignedDuration::from_mins(-5), 200),
        (SignedDuration::from_secs(-301), 401),
    ] {
        let timestamp = signed_at(age);
        let signature = fake_feishu::signature(&timestamp, "n", ENCRYPT_KEY, body.as_bytes());
        let headers = [
            ("x-lark-request-timestamp", timestamp.as_str()),
            ("x-lark-request-nonce", "n"),
            ("x-lark-signature", &signature),
        ];
        assert_eq!(stage.fake.post(&headers, body.clone().into()).await.status, status, "{age:?}");
    }
}

#[tokio::test]
async fn without_an_encrypt_key_token_and_age_protect() {
    let stage = Stage::with(|fake| {
        fake.without_encryption();
    })
    .await;
    let good = stage.fake.text(GROUP, LI, "x");
    let old = (stage.now() - SignedDuration::from_hours(9)).as_millisecond().to_string();
    for (delivery, status) in [
        (good.clone(), 200),
        (good.with("/header/token", json!("other")), 401),
        (good.with("/header/token", json!("")), 401),
        (good.with("/header/app_id", json!("cli_other")), 401),
        (good.with("/header/create_time", json!(old)), 401),
        (good.with("/event/message/chat_id", json!(7)), 400),
    ] {
        let answer = stage.fake.deliver(&delivery).await;
        assert_eq!(answer.status, status, "{delivery:?}");
        if status != 200 {
            assert_eq!(answer.body, json!({ "msg": "refused" }));
        }
    }
    stage.recorder.only();
}

#[tokio::test]
async fn hostile_bodies_get_one_answer_and_no_more() {
    let stage = Stage::new().await;
    let plain = stage.fake.text(GROUP, LI, "x").body.to_string();
    let sealed = fake_feishu::encrypt(ENCRYPT_KEY, plain.as_bytes());
    let mut cut = sealed.clone();
    cut.truncate(sealed.len() - 24);
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let refused = json!({ "msg": "refused" });
    // Signed by somebody who has the key, and still not sound.
    for body in [
        Vec::new(),
        b"null".to_vec(),
        b"{}".to_vec(),
        deep.clone().into_bytes(),
        b"{\"encrypt\":\"\xff\xfe\"}".to_vec(),
        json!({ "encrypt": cut }).to_string().into_bytes(),
        json!({ "encrypt": "AAAA" }).to_string().into_bytes(),
        json!({ "encrypt": 7 }).to_string().into_bytes(),
        json!({ "encrypt": fake_feishu::encrypt(ENCRYPT_KEY, deep.as_bytes()) }).to_string().into_bytes(),
        json!({ "encrypt": fake_feishu::encrypt(ENCRYPT_KEY, b"\xff\xfe") }).to_string().into_bytes(),
    ] {
        let answer = stage.fake.deliver_signed(ENCRYPT_KEY, body.clone()).await;
        assert!([400, 401].contains(&answer.status), "{}: {body:.60?}", answer.status);
        assert_eq!(answer.body, refused);
    }
    // Unsigned: whatever is wrong looks the same, or padding could be guessed.
    for sealed in [sealed.clone(), cut, "AAAA".into(), fake_feishu::encrypt("other key", plain.as_bytes())] {
        let answer = stage.fake.post(&[], json!({ "encrypt": sealed }).to_string().into()).await;
        assert_eq!((answer.status, &answer.body), (401, &refused));
    }
    // Plain though encryption is on.
    assert_eq!(stage.fake.post(&[], plain.into()).await.status, 401);
    assert!(stage.recorder.heard().is_empty());
}

#[tokio::test]
async fn a_body_of_more_than_one_mebibyte_is_too_large() {
    let stage = Stage::new().await;
    let most = 1024 * 1024;
    let answer = stage.fake.post(&[], vec![b' '; most + 1]).await;
    assert_eq!((answer.status, answer.body), (413, json!({ "msg": "refused" })));
    assert_eq!(stage.fake.post(&[], vec![b' '; most]).await.status, 401);
}

#[tokio::test]
async fn a_challenge_is_given_back_whatever_it_holds() {
    let stage = Stage::new().await;
    let challenge = json!({ "challenge": "a\"\\\n九", "token": TOKEN, "type": "url_verification" });
    let sealed = fake_feishu::encrypt(ENCRYPT_KEY, challenge.to_string().as_bytes());
    let answer =
        stage.fake.post(&[], json!({ "encrypt": sealed, "challenge": "x" }).to_string().into()).await;
    assert_eq!((answer.status, answer.body), (200, json!({ "challenge": "a\"\\\n九" })));
}

#[tokio::test]
async fn a_button_that_is_not_ours_has_no_effect() {
    let stage = Stage::new().await;
    for value in [json!("line"), json!({ "action": "x" }), json!({ "line": 7 }), Value::Null] {
        let event = json!({
            "operator": { "open_id": LI }, "action": { "value": value, "tag": "button" },
            "context": { "open_message_id": "om_1", "open_chat_id": GROUP },
        });
        let pressed = stage.fake.event("card.action.trigger", event);
        assert_eq!(stage.fake.deliver(&pressed).await.status, 200);
    }
    assert!(stage.recorder.heard().is_empty());
}
