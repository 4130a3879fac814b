//! The shared test vectors that need no server. `stream_*` are tested beside Stream mode; `card_*` wait for
//! cards with callbacks, which this adapter does not use.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{
    answer::{self, Refusal},
    envelope::Envelope,
    markup::saying,
    render::MOST_PARAM,
    session::ReplyHosts,
    sign::{is_signed, sign, webhook_url},
};
use crate::platform::Undelivered;

fn vectors(kind: &str) -> Vec<Value> {
    let all: Value =
        serde_json::from_str(include_str!("../../../tests/vectors/dingtalk-vectors.json")).unwrap();
    let all = all["vectors"].as_array().unwrap().iter();
    let found: Vec<Value> = all.filter(|vector| vector["kind"] == kind).cloned().collect();
    assert!(!found.is_empty(), "no vector of kind {kind}");
    found
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn robot_messages_are_signed_as_documented() {
    for vector in vectors("robot_sign") {
        let (secret, timestamp) = (text(&vector["app_secret"]), text(&vector["timestamp"]));
        assert_eq!(sign(timestamp, secret), text(&vector["sign"]));
        assert!(is_signed(timestamp, secret, text(&vector["sign"])));
        assert!(!is_signed(timestamp, secret, ""));
    }
}

#[test]
fn the_address_of_a_groups_robot_is_signed_and_encoded_once() {
    for vector in vectors("webhook_sign") {
        let secret = text(&vector["secret"]);
        let now = vector["timestamp"].as_i64().unwrap();
        assert_eq!(sign(&now.to_string(), secret), text(&vector["sign"]));
        let bare =
            format!("https://oapi.dingtalk.com/robot/send?access_token={}", text(&vector["access_token"]));
        assert_eq!(webhook_url(&bare, secret, now).unwrap().as_str(), text(&vector["url"]));
    }
}

#[test]
fn event_envelopes_open_and_close() {
    for vector in vectors("event_crypto") {
        let envelope = Envelope::new(text(&vector["token"]), text(&vector["aes_key"])).unwrap();
        let (timestamp, nonce) = (text(&vector["timestamp"]), text(&vector["nonce"]));
        let (encrypt, owner) = (text(&vector["encrypt"]), text(&vector["owner_key"]));
        let signature = text(&vector["msg_signature"]);
        assert_eq!(envelope.signature(timestamp, nonce, encrypt), signature);
        let opened = envelope.open(signature, timestamp, nonce, encrypt, &["somebody", owner]).unwrap();
        assert_eq!(opened.text, text(&vector["plaintext"]));
        assert_eq!(opened.owner, owner);
        assert!(envelope.open(signature, timestamp, nonce, encrypt, &["somebody"]).is_err());
        if let Some(salt) = vector["random16"].as_str() {
            let salt = salt.as_bytes().try_into().unwrap();
            assert_eq!(envelope.seal(salt, text(&vector["plaintext"]), owner), encrypt);
        }
    }
}

#[test]
fn a_letter_that_is_cut_or_bent_anywhere_is_refused() {
    let vector = &vectors("event_crypto")[2];
    let envelope = Envelope::new(text(&vector["token"]), text(&vector["aes_key"])).unwrap();
    let owner = text(&vector["owner_key"]);
    let bytes = STANDARD.decode(text(&vector["encrypt"])).unwrap();
    let opens = |bytes: &[u8]| {
        let encrypt = STANDARD.encode(bytes);
        let signature = envelope.signature("1", "2", &encrypt);
        envelope.open(&signature, "1", "2", &encrypt, &[owner]).is_ok_and(|opened| opened.text == "success")
    };
    assert!(opens(&bytes));
    for length in 0..bytes.len() {
        assert!(!opens(&bytes[..length]));
    }
    for at in 16..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] ^= 1;
        assert!(!opens(&bent));
    }
}

#[test]
fn only_the_platforms_own_reply_addresses_are_taken() {
    let hosts = ReplyHosts::new("https://oapi.dingtalk.com", None);
    for vector in vectors("reply_url") {
        for case in vector["urls"].as_array().unwrap() {
            let admitted = hosts.admit(text(&case["url"])).is_some();
            assert_eq!(admitted, case["allow"].as_bool().unwrap(), "{case}");
        }
    }
}

#[test]
fn a_button_says_its_line() {
    for vector in vectors("dtmd_link") {
        assert_eq!(saying(text(&vector["text"])), text(&vector["url"]));
    }
}

#[test]
fn a_message_param_is_json_within_a_string() {
    for vector in vectors("msg_param") {
        let body: Value = serde_json::from_str(text(&vector["request"]["body"])).unwrap();
        let param = vector["msg_param_decoded"].to_string();
        let read: Value = serde_json::from_str(text(&body["msgParam"])).unwrap();
        assert_eq!(read, vector["msg_param_decoded"]);
        assert_eq!(param.len() as u64, vector["msg_param_bytes"].as_u64().unwrap());
        assert_eq!(MOST_PARAM as u64, vector["limit_bytes"].as_u64().unwrap());
    }
}

#[test]
fn answers_are_sorted() {
    for vector in vectors("api_responses") {
        for case in vector["responses"].as_array().unwrap() {
            let status = case["status"].as_u64().unwrap() as u16;
            let class = match answer::receipt(status, text(&case["body"]).as_bytes()) {
                Ok(_) => "sent",
                Err(Refusal::StaleToken) => "retry_new_token",
                // For a group's own robot whose sign is wrong, "another way" is the API; there is no other
                // try of the same, as the vector wants.
                Err(Refusal::NoSuchWay(why)) if why.starts_with("errcode 310000") => "permanent",
                Err(Refusal::NoSuchWay(_)) => "other_route",
                Err(Refusal::Undelivered(Undelivered::Later { why, .. })) if why.contains("quota") => {
                    "wait_month"
                }
                Err(Refusal::Undelivered(
                    Undelivered::Later { .. } | Undelivered::TooFast { .. } | Undelivered::Unknown { .. },
                )) => "retry",
                Err(
                    Refusal::Censored(_)
                    | Refusal::NotPermitted { .. }
                    | Refusal::Undelivered(Undelivered::Never { .. }),
                ) => "permanent",
            };
            assert_eq!(class, text(&case["class"]), "{case}");
        }
    }
}

#[test]
fn what_is_not_a_success_in_so_many_words_is_none() {
    for body in ["", "{}", "null", "[]", "1", "{\"processQueryKey\":\"\"}", "{\"errcode\":\"x\"}"] {
        assert!(answer::receipt(200, body.as_bytes()).is_err(), "{body}");
    }
    assert!(answer::receipt(200, br#"{"errcode":"0","errmsg":"ok"}"#).is_ok());
    let partly = br#"{"processQueryKey":"a","invalidStaffIdList":["u9"],"flowControlledStaffIdList":["u2"]}"#;
    let receipt = answer::receipt(200, partly).unwrap();
    assert_eq!((receipt.invalid, receipt.held_back), (vec!["u9".to_owned()], vec!["u2".to_owned()]));
}
