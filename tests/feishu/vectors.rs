//! Published and computed vectors of the webhook.
//!
//! `ws_*` are tested beside the long connection. Skipped: `webhook_robot_sign` belongs to group robots, and
//! `card_signature_legacy` to the old card callback, which is not served.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use jiuding::{
    chat::{Line, Message, Span, What},
    clock::SimulatedClock,
    platform::{
        Platform,
        feishu::{self, Feishu, Settings},
    },
};
use serde_json::{Value, json};

use super::{GROUP, LI, Recorder, Stage, into_group, person, said};
use crate::fake_feishu::{self, APP_ID, FakeFeishu};

fn vectors(kind: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../vectors/feishu-vectors.json")).unwrap();
    let vectors = file["vectors"].as_array().unwrap().iter();
    let vectors: Vec<Value> = vectors.filter(|vector| vector["kind"] == kind).cloned().collect();
    assert!(!vectors.is_empty(), "there are vectors of {kind}");
    vectors
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} in {value}"))
}

#[test]
fn the_pretend_platform_signs_and_encrypts_like_the_real_one() {
    for vector in vectors("event_signature") {
        let (input, expected) = (&vector["input"], text(&vector, "/expect/signature"));
        let body = text(input, "/body").as_bytes();
        let signature = fake_feishu::signature(
            text(input, "/timestamp"),
            text(input, "/nonce"),
            text(input, "/encrypt_key"),
            body,
        );
        assert_eq!(signature, expected);
    }
    for vector in vectors("aes_encrypt") {
        let input = &vector["input"];
        let hex = text(input, "/iv_hex").as_bytes().chunks(2);
        let bytes: Vec<u8> =
            hex.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect();
        let vector_bytes: [u8; 16] = bytes.try_into().unwrap();
        let plain = text(input, "/plaintext").as_bytes();
        let sealed = fake_feishu::encrypt_with(vector_bytes, text(input, "/encrypt_key"), plain);
        assert_eq!(sealed, text(&vector, "/expect/encrypt"));
    }
}

#[tokio::test]
async fn every_delivery_is_judged_as_its_vector_says() {
    for vector in vectors("http_delivery") {
        let id = text(&vector, "/id");
        let (input, expect) = (&vector["input"], &vector["expect"]);
        let now = Timestamp::from_second(input["now_unix"].as_i64().unwrap()).unwrap();
        let clock = Arc::new(SimulatedClock::new(now));
        let fake = FakeFeishu::start(clock.clone()).await;
        let skew = SignedDuration::from_secs(input["config"]["max_clock_skew_s"].as_i64().unwrap());
        let settings = Settings {
            encrypt_key: input["config"]["encrypt_key"].as_str().map(str::to_owned),
            verification_token: text(input, "/config/verification_token").into(),
            window_back: skew,
            window_ahead: skew,
            pong_within: std::time::Duration::from_secs(30),
            answer_within: std::time::Duration::from_secs(2),
            urgent: jiuding::platform::feishu::Urgent::App,
            calendar: true,
            ..fake.settings()
        };
        let recorder = Arc::new(Recorder::default());
        fake.serve(feishu::routes(Arc::new(Feishu::new(settings, clock)), recorder.clone())).await;
        let headers: Vec<(&str, &str)> = input["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str().unwrap()))
            .collect();
        let answer = fake.post(&headers, text(input, "/body").into()).await;
        let heard = recorder.heard();
        match text(expect, "/verdict") {
            "refuse" => {
                assert_eq!(answer.status, 401, "{id}");
                assert!(heard.is_empty(), "{id}");
            }
            "challenge" => {
                assert_eq!((answer.status, &answer.body), (200, &expect["response_json"]), "{id}");
            }
            _ => {
                assert_eq!(answer.status, 200, "{id}");
                // Keys are as recommended, with the app before them.
                let key = format!("feishu:{APP_ID}:{}", text(expect, "/dedup_key"));
                assert!(heard.iter().all(|inbound| inbound.keys.contains(&key)), "{id}: {heard:?}");
                match id.split('-').next().unwrap() {
                    "P09" | "P10" => {
                        let (words, addressed) = said(&heard[0]);
                        assert_eq!(words, "please assign FLOW-12 to @Tom");
                        assert!(addressed);
                    }
                    "P13" => {
                        assert_eq!(heard[0].what, What::Joined);
                        assert_eq!(heard[0].room.name.as_deref(), Some("Project group"));
                    }
                    // An approval, and a button that is not ours.
                    _ => assert!(heard.is_empty(), "{id}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn mentions_are_read_as_their_vector_says() {
    for vector in vectors("mention_render") {
        let stage = Stage::new().await;
        let (message, expect) = (&vector["input"]["message"], &vector["expect"]);
        assert_eq!(text(&vector, "/input/bot_open_id"), fake_feishu::BOT);
        let delivery = stage
            .fake
            .text(GROUP, LI, "x")
            .with("/event/message/content", message["content"].clone())
            .with("/event/message/mentions", message["mentions"].clone());
        assert_eq!(stage.fake.deliver(&delivery).await.status, 200);
        let (words, addressed) = said(&stage.recorder.only());
        assert_eq!(words, text(expect, "/command_text"));
        assert_eq!(json!(addressed), expect["mentions_bot"]);
    }
}

#[tokio::test]
async fn typed_text_in_markdown_is_escaped_as_its_vector_says() {
    for vector in vectors("card_markdown_escape") {
        let stage = Stage::new().await;
        let typed = text(&vector, "/input/text");
        // Only a line with a mention or emphasis is markdown; the first one would become the title.
        let line = Line(vec![Span::Person(person(LI, "李工")), Span::Text(typed.into())]);
        stage.feishu.deliver(&into_group("p", Message::text("标题").line(line))).await.unwrap();
        let sent = &stage.fake.sent()[0];
        let content = text(&sent.content, "/body/elements/0/content");
        let escaped = content.split_once("</at>").unwrap().1;
        assert_eq!(escaped, text(&vector, "/expect/escaped_full_table"));
        for forbidden in vector["expect"]["must_not_contain"].as_array().unwrap() {
            assert!(!escaped.contains(forbidden.as_str().unwrap()));
        }
        assert!(sent.words.ends_with(typed));
        assert_eq!(sent.mentions, [LI]);
    }
}
