//! A frame of Stream mode: JSON, with more JSON in a string of it.
//!
//! <https://github.com/open-dingtalk/developerpedia>, `docs/learn/stream/protocol.md`

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

/// A frame of the platform's.
#[derive(Debug, Deserialize)]
pub struct Frame {
    /// `SYSTEM`, `EVENT` or `CALLBACK`.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    headers: HashMap<String, Value>,
    #[serde(default)]
    data: Value,
}

impl Frame {
    /// Reads a frame; `None` where it is none.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// A header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// What it carries, as text.
    pub fn data(&self) -> String {
        match &self.data {
            Value::String(data) => data.clone(),
            Value::Null => String::new(),
            data => data.to_string(),
        }
    }

    /// The answer to it.
    pub fn answered(&self, answer: &Answer) -> Value {
        let (code, message, data) = match answer {
            Answer::Same => (200, "OK", self.data()),
            Answer::Heard => (200, "OK", json!({ "response": null }).to_string()),
            Answer::Pressed(card) => (200, "OK", json!({ "response": card }).to_string()),
            Answer::Success => (200, "OK", json!({ "status": "SUCCESS", "message": "success" }).to_string()),
            Answer::Later => (200, "OK", json!({ "status": "LATER", "message": "later" }).to_string()),
            Answer::Unreadable => (400, "bad request", String::new()),
            Answer::Unknown => (404, "not found", String::new()),
            Answer::Failed => (500, "failed", String::new()),
        };
        let headers = json!({ "contentType": "application/json", "messageId": self.header("messageId") });
        json!({ "code": code, "headers": headers, "message": message, "data": data })
    }
}

/// What there is to answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// To `SYSTEM`: the same data.
    Same,
    /// To a robot message: it is recorded. What the bot says goes another way.
    Heard,
    /// To a card's button: what changes of the card.
    Pressed(Value),
    /// To an event: done.
    Success,
    /// To an event: deliver it again.
    Later,
    /// It cannot be read.
    Unreadable,
    /// Nobody here is interested in that topic.
    Unknown,
    /// It could not be recorded.
    Failed,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(id: &str) -> Value {
        let all = include_str!("../../../../tests/vectors/dingtalk-vectors.json");
        let all: Value = serde_json::from_str(all).unwrap();
        all["vectors"].as_array().unwrap().iter().find(|vector| vector["id"] == id).unwrap().clone()
    }

    /// Data is JSON within a string; its spaces do not matter.
    fn told(answer: &Value) -> (Value, Value, Value) {
        let data = answer["data"].as_str().unwrap();
        let data = serde_json::from_str(data).unwrap_or_else(|_| data.into());
        (answer["code"].clone(), answer["headers"].clone(), data)
    }

    #[test]
    fn answers_are_as_the_platform_wants_them() {
        for (id, ack, answer) in [
            ("stream-bot", "ack", Answer::Heard),
            ("stream-duplicate", "ack", Answer::Heard),
            (
                "stream-card",
                "ack",
                Answer::Pressed(json!({ "cardData": { "cardParamMap": { "state": "confirmed" } } })),
            ),
            ("stream-event", "ack", Answer::Success),
            ("stream-event", "ack_later", Answer::Later),
            ("stream-ping", "ack", Answer::Same),
            ("stream-unknown-topic", "ack", Answer::Unknown),
        ] {
            let vector = vector(id);
            let frame = Frame::read(vector["frame_text"].as_str().unwrap()).unwrap();
            let (code, headers, data) = told(&frame.answered(&answer));
            let (wanted_code, wanted_headers, wanted) = told(&vector[ack]);
            assert_eq!((code, headers), (wanted_code, wanted_headers), "{id}");
            match answer {
                Answer::Later => assert_eq!(data["status"], wanted["status"], "{id}"),
                _ => assert_eq!(data, wanted, "{id}"),
            }
        }
    }

    #[test]
    fn frames_may_lack_almost_everything() {
        let frame =
            Frame::read(r#"{"type":"SYSTEM","headers":{"topic":"ping","time":1},"data":{"opaque":"x"}}"#);
        let frame = frame.unwrap();
        assert_eq!(
            (frame.header("topic"), frame.header("messageId"), frame.header("time")),
            ("ping", "", "")
        );
        assert_eq!(frame.answered(&Answer::Same)["data"], r#"{"opaque":"x"}"#);
        assert_eq!(Frame::read(r#"{"type":"SYSTEM"}"#).unwrap().data(), "");
        for text in ["", "{}", "[]", r#"{"type":1}"#, "ping"] {
            assert!(Frame::read(text).is_none(), "{text}");
        }
    }
}
