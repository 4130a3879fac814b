//! At the doors of the two platforms.

use std::time::{Duration, Instant};

use jiuding::{clock::Clock, platform::dingtalk::sign::sign};
use serde_json::{Value, json};

use super::{MARK, it_lives, nothing_happened, the_log_tells_nothing};
use crate::{
    end_to_end::stage::{D_WANG, DING, FEISHU, Stage, WANG},
    fake_dingtalk::{self, Said, Way},
    fake_feishu::{self, Answer, Delivery, ENCRYPT_KEY},
    growth::{Growth, TIMES},
};

const MIB: usize = 1024 * 1024;

/// A body whose JSON is nested deeper than any reader should follow.
fn nested() -> Vec<u8> {
    format!("{{\"header\":{}1{},\"{MARK}\":1}}", "[".repeat(100_000), "]".repeat(100_000)).into_bytes()
}

/// Bodies that are no message, whoever signed them.
fn no_messages() -> Vec<Vec<u8>> {
    vec![
        Vec::new(),
        b"{".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"\"".to_vec(),
        format!("{{\"{MARK}\":1}}").into_bytes(),
        [b"{\"text\":\"".as_slice(), &[0xFF, 0xFE, 0xC0], b"\"}"].concat(),
        vec![0; 1000],
        nested(),
        "[".repeat(MIB - 1).into_bytes(),
        br#"{"schema":"2.0","header":{"event_id":"1","event_type":"im.message.receive_v1"},"event":{}}"#
            .to_vec(),
        br#"{"msgId":"1","msgId":"2","conversationId":"a","senderId":1e999}"#.to_vec(),
    ]
}

fn is_refused(answer: &Answer, statuses: &[u16]) {
    assert!(statuses.contains(&answer.status), "{answer:?}");
    assert_eq!(answer.body, json!({ "msg": "refused" }));
}

#[tokio::test]
async fn feishu_takes_nothing_without_its_signature() {
    let stage = Stage::new().await;
    let fake = &stage.feishu;
    let said = fake.text(FEISHU, WANG, &format!("{{bot}} /需求 {MARK}"));
    let sealed = json!({ "encrypt": fake_feishu::encrypt(ENCRYPT_KEY, said.body.to_string().as_bytes()) });
    let sealed = sealed.to_string().into_bytes();
    let now = stage.clock.now().as_second();
    let signed = |at: i64, key: &str, body: &[u8]| {
        let (at, nonce) = (at.to_string(), "nonce".to_owned());
        let signature = fake_feishu::signature(&at, &nonce, key, body);
        [at, nonce, signature]
    };
    let post = async |[at, nonce, signature]: [String; 3], body: &[u8]| {
        let headers = [
            ("X-Lark-Request-Timestamp", at.as_str()),
            ("X-Lark-Request-Nonce", &nonce),
            ("X-Lark-Signature", &signature),
        ];
        fake.post(&headers, body.to_vec()).await
    };
    // Missing, plain, wrong, of other bytes, of another time, empty, not hexadecimal.
    is_refused(&fake.post(&[], sealed.clone()).await, &[401]);
    is_refused(&fake.post(&[], said.body.to_string().into_bytes()).await, &[401]);
    is_refused(&post(signed(now, "another key", &sealed), &sealed).await, &[401]);
    is_refused(&post(signed(now, ENCRYPT_KEY, b"other bytes"), &sealed).await, &[401]);
    is_refused(&post(signed(now - 8 * 3600 - 1, ENCRYPT_KEY, &sealed), &sealed).await, &[401]);
    is_refused(&post(signed(now + 301, ENCRYPT_KEY, &sealed), &sealed).await, &[401]);
    is_refused(&post([now.to_string(), String::new(), String::new()], &sealed).await, &[401]);
    is_refused(
        &post([now.to_string(), "n".into(), "登".into()].map(|s| s.replace('登', "z")), &sealed).await,
        &[401],
    );
    for body in no_messages() {
        is_refused(&fake.post(&[], body).await, &[400, 401]);
    }
    nothing_happened(&stage).await;
    the_log_tells_nothing(&stage);
}

#[tokio::test]
async fn feishu_is_not_believed_everything_that_is_signed() {
    let stage = Stage::new().await;
    let fake = &stage.feishu;
    let seal = |plain: &[u8]| json!({ "encrypt": fake_feishu::encrypt(ENCRYPT_KEY, plain) }).to_string();
    for body in no_messages() {
        is_refused(&fake.deliver_signed(ENCRYPT_KEY, body.clone()).await, &[400, 401]);
        is_refused(&fake.deliver_signed(ENCRYPT_KEY, seal(&body).into_bytes()).await, &[400, 401, 413]);
    }
    // Ciphertext of no length, of half a block, of one block, with padding of another key, no base64.
    let padded = fake_feishu::encrypt("another key", b"{}");
    for sealed in ["", "AAAA", &"A".repeat(24), &"A".repeat(44), &padded, "!!!", "登录"] {
        let body = json!({ "encrypt": sealed }).to_string().into_bytes();
        is_refused(&fake.deliver_signed(ENCRYPT_KEY, body).await, &[400]);
    }
    let said = fake.text(FEISHU, WANG, &format!("{{bot}} /需求 {MARK}"));
    for wrong in [
        said.with("/header/token", "guessed".into()),
        said.with("/header/app_id", "cli_other".into()),
        said.with("/event/message/chat_id", json!({})),
        said.with("/event/sender", json!(null)),
        said.with("/event/message/message_id", json!(7)),
        said.with("/event/message/mentions", json!("x")),
    ] {
        is_refused(&fake.deliver(&wrong).await, &[400, 401]);
    }
    // Of what is no text nothing is made, and it is not asked for again.
    for nothing in [
        said.with("/event/message/content", "{".into()),
        said.with("/event/message/content", json!("[1]")),
        said.with("/event/message/message_type", "image".into()),
        said.with("/event/sender/sender_type", "app".into()),
        said.with("/header/event_type", "vc.meeting.unheard_of_v9".into()),
    ] {
        assert_eq!(fake.deliver(&nothing).await.status, 200);
    }
    nothing_happened(&stage).await;
    it_lives(&stage).await;
    the_log_tells_nothing(&stage);
}

#[tokio::test]
async fn a_mebibyte_is_read_and_not_a_byte_more() {
    let stage = Stage::new().await;
    let fake = &stage.feishu;
    let sized = |bytes: usize| {
        let body = format!("{{\"{MARK}\":\"");
        let fill = bytes - body.len() - 2;
        format!("{body}{}\"}}", "x".repeat(fill)).into_bytes()
    };
    is_refused(&fake.deliver_signed(ENCRYPT_KEY, sized(MIB)).await, &[400, 401]);
    let answer = fake.deliver_signed(ENCRYPT_KEY, sized(MIB + 1)).await;
    assert_eq!(answer.status, 413);

    let answer = stage.ding.deliver_raw(stage.url(), sized(MIB)).await;
    assert_eq!(answer.status, 400);
    let answer = stage.ding.deliver_raw(stage.url(), sized(MIB + 1)).await;
    assert_eq!(answer.status, 413);
    nothing_happened(&stage).await;
    it_lives(&stage).await;
    the_log_tells_nothing(&stage);
}

#[tokio::test]
async fn dingtalk_takes_nothing_without_its_signature_and_not_everything_with_it() {
    let stage = Stage::new().await;
    let (ding, url) = (&stage.ding, stage.url());
    let said = ding.said(DING, D_WANG, &format!("/需求 {MARK}"));
    let body = said.body.to_string();
    let now = stage.clock.now().as_millisecond();
    let good = |at: i64| sign(&at.to_string(), fake_dingtalk::CLIENT_SECRET);
    for (timestamp, signature) in [
        (now.to_string(), String::new()),
        (now.to_string(), "x".repeat(10_000)),
        (now.to_string(), sign(&now.to_string(), "another secret")),
        (now.to_string(), good(now + 1)),
        ((now - 3_600_001).to_string(), good(now - 3_600_001)),
        ((now + 300_001).to_string(), good(now + 300_001)),
        (i64::MAX.to_string(), good(i64::MAX)),
        (i64::MIN.to_string(), good(i64::MIN)),
        ("soon".into(), sign("soon", fake_dingtalk::CLIENT_SECRET)),
    ] {
        let answer = ding.post(url, &timestamp, &signature, body.clone()).await;
        assert_eq!((answer.status, answer.body.as_str()), (401, r#"{"error":"refused"}"#), "{timestamp}");
    }
    let unsigned = stage.http.post(format!("{url}/dingtalk/robot")).body(body).send().await.unwrap();
    assert_eq!(unsigned.status(), 401);
    for body in no_messages() {
        let answer = ding.deliver_raw(url, body).await;
        assert_eq!((answer.status, answer.body.as_str()), (400, r#"{"error":"refused"}"#));
    }
    for (field, value) in [("robotCode", json!("other")), ("chatbotCorpId", json!("other"))] {
        let mut wrong = said.clone();
        wrong.body[field] = value;
        assert_eq!(ding.deliver(url, &wrong).await.status, 401, "{field}");
    }
    for path in ["/dingtalk/event", "/dingtalk/event?signature=x&timestamp=1&nonce=2"] {
        let answer =
            stage.http.post(format!("{url}{path}")).body("{\"encrypt\":\"AAAA\"}").send().await.unwrap();
        assert!([400, 401].contains(&answer.status().as_u16()), "{path}: {answer:?}");
    }
    nothing_happened(&stage).await;
    it_lives(&stage).await;
    the_log_tells_nothing(&stage);
}

#[tokio::test]
async fn a_reply_address_of_somebody_elses_is_not_called() {
    let stage = Stage::new().await;
    let bait = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut said = stage.ding.said(DING, D_WANG, "/帮助");
    let port = bait.local_addr().unwrap().port();
    said.body["sessionWebhook"] = json!(format!("http://127.0.0.1:{port}/robot/sendBySession?session=x"));
    stage.ding_deliver(&said).await;
    let sent = stage.ding.wait_for(1).await;
    assert_eq!(sent[0].way, Way::GroupApi);
    let called = tokio::time::timeout(std::time::Duration::from_millis(50), bait.accept()).await;
    assert!(called.is_err(), "the bait was called");
}

/// A message on DingTalk that mentions so many.
fn ding_mentioning(stage: &Stage, many: usize) -> Said {
    let mut said = stage.ding.said(DING, D_WANG, "/需求 支付模块支持退款");
    let users = (0..many).map(|n| json!({"staffId": format!("staff{n}"), "dingtalkId": format!("$:x{n}")}));
    said.body["atUsers"] = users.collect();
    said
}

/// A message on Feishu that mentions so many.
fn feishu_mentioning(stage: &Stage, many: usize) -> Delivery {
    let said = stage.feishu.text(FEISHU, WANG, "{bot} /需求 支付模块支持退款");
    let mut mentions = said.body["event"]["message"]["mentions"].as_array().unwrap().clone();
    let mut typed = "@_user_1 /需求 支付模块支持退款".to_owned();
    for n in 2..=many {
        typed += &format!(" @_user_{n}");
        mentions.push(json!({
            "key": format!("@_user_{n}"), "id": { "open_id": format!("ou_{n}") },
            "mentioned_type": "user", "name": format!("人{n}"), "tenant_key": "t",
        }));
    }
    said.with("/event/message/mentions", Value::Array(mentions))
        .with("/event/message/content", json!(json!({ "text": typed }).to_string()))
}

/// How long it takes until a message is acknowledged; a platform that waits in vain delivers it again.
async fn until_taken(deliver: impl AsyncFn() -> u16) -> Duration {
    let since = Instant::now();
    loop {
        match deliver().await {
            200 => return since.elapsed(),
            0 => {}
            status => panic!("{status}"),
        }
    }
}

#[tokio::test]
async fn thousands_of_mentions_cost_no_more_than_they_are_many() {
    const MANY: usize = 5_000;
    let stage = Stage::new().await;
    let ding = async |many| {
        let said = ding_mentioning(&stage, many);
        let took = until_taken(async || stage.ding.deliver(stage.url(), &said).await.status).await;
        stage.all_said().await;
        took
    };
    let mut growth = Growth::default();
    while !growth.is_even("on DingTalk", ding(MANY / TIMES).await, ding(MANY).await) {}

    let feishu = async |many| {
        let said = feishu_mentioning(&stage, many);
        let took = until_taken(async || stage.feishu.deliver(&said).await.status).await;
        stage.all_said().await;
        took
    };
    let mut growth = Growth::default();
    while !growth.is_even("on Feishu", feishu(MANY / TIMES).await, feishu(MANY).await) {}
    the_log_tells_nothing(&stage);
}

#[tokio::test]
async fn a_message_with_thousands_of_mentions_looks_up_a_few() {
    let stage = Stage::new().await;
    stage.ding_deliver(&ding_mentioning(&stage, 5_000)).await;
    stage.all_said().await;
    assert!(stage.ding.calls(Way::UserGet) <= 200, "{}", stage.ding.calls(Way::UserGet));
}

#[tokio::test]
async fn where_there_is_nothing_it_is_said_in_so_many_words() {
    let stage = Stage::new().await;
    for (path, status) in
        [("/", 200), ("/feishu/event", 405), ("/dingtalk/robot", 405), ("/../etc/passwd", 404)]
    {
        let answer = stage.http.get(format!("{}{path}", stage.url())).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
    for path in ["/metrics", "/api/admin/dead-letters"] {
        for token in ["", "guessed", "pretend-admin-toke"] {
            let request = stage.http.get(format!("{}{path}", stage.url())).bearer_auth(token);
            assert_eq!(request.send().await.unwrap().status(), 401, "{path} {token}");
        }
    }
    the_log_tells_nothing(&stage);
}
