//! The custom bot of a Feishu group: its signature, its body, its answers.
//! <https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot>

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    chat::Message,
    platform::{Undelivered, feishu},
};

/// Longest body, in bytes; what is left of 20 KB beside signature and frame.
const MOST: usize = 19_000;
/// The pause after it spoke too fast.
const TOO_FAST: Duration = Duration::from_secs(60);

/// Base64 of HMAC-SHA256 over nothing, keyed with `timestamp`, a line feed and `secret`.
pub fn sign(timestamp: &str, secret: &str) -> String {
    let key = format!("{timestamp}\n{secret}");
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    STANDARD.encode(mac.finalize().into_bytes())
}

/// A card; plain text where that would be too long.
pub fn body(message: &Message, secret: &str, now: Timestamp) -> Value {
    let card = feishu::robot_card(message);
    let mut body = match card.to_string().len() <= MOST {
        true => json!({ "msg_type": "interactive", "card": card }),
        false => json!({ "msg_type": "text", "content": { "text": feishu::robot_text(message, MOST) } }),
    };
    if !secret.is_empty() {
        let timestamp = now.as_second().to_string();
        body["sign"] = json!(sign(&timestamp, secret));
        body["timestamp"] = json!(timestamp);
    }
    body
}

/// What an answer means. Anything that is not a success in so many words is none.
pub fn read(status: u16, bytes: &[u8]) -> Result<(), Undelivered> {
    let answer: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
    let code = answer["code"].as_i64().or_else(|| answer["StatusCode"].as_i64());
    let never = |why: &str| Err(Undelivered::Never { why: why.to_owned() });
    match code {
        Some(0) => Ok(()),
        Some(11232) => Err(Undelivered::Later { after: Some(TOO_FAST), why: "code 11232: too fast".into() }),
        Some(9499) => never("code 9499: the body is refused"),
        Some(19021) => never("code 19021: the signature does not match, or the clock is wrong"),
        Some(19022) => never("code 19022: this address is not on the bot's list"),
        Some(19024) => never("code 19024: the bot's keyword is missing"),
        Some(code) => never(&format!("code {code}")),
        None if status == 429 => Err(Undelivered::Later { after: Some(TOO_FAST), why: "HTTP 429".into() }),
        None if (400..500).contains(&status) => never(&format!("HTTP {status}")),
        None => Err(Undelivered::Unknown { why: format!("HTTP {status} without a readable answer") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_sign() {
        let file: Value =
            serde_json::from_str(include_str!("../../../tests/vectors/feishu-vectors.json")).expect("JSON");
        let mut tried = 0;
        for vector in file["vectors"].as_array().expect("a list") {
            if vector["kind"] == "webhook_robot_sign" {
                let text =
                    |at: &str| vector.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
                let signed = sign(&text("/input/timestamp"), &text("/input/secret"));
                assert_eq!(signed, text("/expect/sign"));
                assert_ne!(signed, text("/expect/must_not_equal"));
                tried += 1;
            }
        }
        assert_eq!(tried, 2);
    }

    #[test]
    fn only_a_success_is_one() {
        let read = |body: &str| read(200, body.as_bytes());
        assert_eq!(
            read(r#"{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}"#),
            Ok(())
        );
        assert!(matches!(read(r#"{"code":11232,"msg":"frequency"}"#), Err(Undelivered::Later { .. })));
        assert!(matches!(read(r#"{"code":19021,"msg":"sign"}"#), Err(Undelivered::Never { .. })));
        assert!(matches!(read("<html>"), Err(Undelivered::Unknown { .. })));
    }

    #[test]
    fn what_is_long_for_a_card_is_text_within_the_limit() {
        let message = Message::text("长".repeat(20_000));
        let body = body(&message, "s", Timestamp::UNIX_EPOCH);
        assert_eq!(body["msg_type"], "text");
        assert!(body.to_string().len() <= 20_000, "{}", body.to_string().len());
    }
}
