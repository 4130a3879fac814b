//! A frame of the long connection: protobuf, proto2, package `pbbp2`.
//!
//! There is no public description; this is what the official SDKs read and write
//! (<https://github.com/larksuite/oapi-sdk-go>, `ws/pbbp2.pb.go`).

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use prost::Message;
use serde_json::{Value, json};

/// `method` of pings and pongs.
pub const CONTROL: i32 = 0;
/// `method` of events.
pub const DATA: i32 = 1;

/// A frame, either way. Required fields stand on the wire even where they are 0.
#[derive(Clone, PartialEq, Message)]
pub struct Frame {
    #[prost(uint64, required, tag = "1")]
    pub seq_id: u64,
    #[prost(uint64, required, tag = "2")]
    pub log_id: u64,
    #[prost(int32, required, tag = "3")]
    pub service: i32,
    #[prost(int32, required, tag = "4")]
    pub method: i32,
    #[prost(message, repeated, tag = "5")]
    pub headers: Vec<Header>,
    #[prost(string, optional, tag = "6")]
    pub payload_encoding: Option<String>,
    #[prost(string, optional, tag = "7")]
    pub payload_type: Option<String>,
    #[prost(bytes = "vec", optional, tag = "8")]
    pub payload: Option<Vec<u8>>,
    #[prost(string, optional, tag = "9")]
    pub log_id_new: Option<String>,
}

/// A header of a frame.
#[derive(Clone, PartialEq, Message)]
pub struct Header {
    #[prost(string, required, tag = "1")]
    pub key: String,
    #[prost(string, required, tag = "2")]
    pub value: String,
}

impl Frame {
    /// What the client asks with whether the server is there.
    pub fn ping(service: i32) -> Self {
        let headers = vec![Header { key: "type".into(), value: "ping".into() }];
        Self { service, method: CONTROL, headers, ..Self::default() }
    }

    /// A header's value; empty where there is none.
    pub fn header(&self, key: &str) -> &str {
        self.headers.iter().find(|header| header.key == key).map_or("", |header| &header.value)
    }

    /// The acknowledgement: the same frame with the time it took, a code, and for a callback the answer to it.
    pub fn acknowledged(mut self, code: u16, answer: Option<&Value>, took: Duration) -> Self {
        self.headers.push(Header { key: "biz_rt".into(), value: took.as_millis().to_string() });
        let mut payload = json!({ "code": code });
        if let Some(answer) = answer {
            payload["data"] = STANDARD.encode(answer.to_string()).into();
        }
        self.payload = Some(payload.to_string().into_bytes());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors(kind: &str) -> Vec<Value> {
        let file = include_str!("../../../../tests/vectors/feishu-vectors.json");
        let file: Value = serde_json::from_str(file).unwrap();
        let vectors = file["vectors"].as_array().unwrap().iter();
        let vectors: Vec<Value> = vectors.filter(|vector| vector["kind"] == kind).cloned().collect();
        assert!(!vectors.is_empty(), "no vector of kind {kind}");
        vectors
    }

    fn bytes(hex: &Value) -> Vec<u8> {
        let hex = hex.as_str().unwrap();
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    fn told(frame: &Frame) -> Value {
        let headers = frame.headers.iter();
        let mut told = json!({
            "SeqID": frame.seq_id.to_string(), "LogID": frame.log_id.to_string(), "service": frame.service,
            "method": frame.method,
            "headers": headers.map(|h| json!({ "key": h.key, "value": h.value })).collect::<Value>(),
        });
        let optional = [
            ("payload_encoding", frame.payload_encoding.clone()),
            ("payload_type", frame.payload_type.clone()),
            ("payload_b64", frame.payload.as_ref().map(|payload| STANDARD.encode(payload))),
            ("LogIDNew", frame.log_id_new.clone()),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                told[name] = value.into();
            }
        }
        told
    }

    #[test]
    fn frames_are_read_and_written_byte_by_byte() {
        for vector in vectors("ws_frame") {
            let frame = Frame::decode(&bytes(&vector["input"]["frame_hex"])[..]).unwrap();
            assert_eq!(told(&frame), vector["expect"]["frame"], "{}", vector["id"]);
            assert_eq!(frame.encode_to_vec(), bytes(&vector["expect"]["reencode_hex"]), "{}", vector["id"]);
        }
        let ping = &vectors("ws_frame")[0];
        assert_eq!(Frame::ping(33554678).encode_to_vec(), bytes(&ping["input"]["frame_hex"]));
    }

    #[test]
    fn an_acknowledgement_is_the_frame_with_code_time_and_answer() {
        for vector in vectors("ws_ack") {
            let frame = Frame::decode(&bytes(&vector["input"]["frame_hex"])[..]).unwrap();
            let input = &vector["input"];
            let answer = Some(&input["handler_result"]).filter(|answer| !answer.is_null());
            let took = Duration::from_millis(input["biz_rt_ms"].as_u64().unwrap());
            let code = u16::try_from(input["code"].as_u64().unwrap()).unwrap();
            let mut ack = frame.acknowledged(code, answer, took);
            let mut payload: Value = serde_json::from_slice(ack.payload.as_ref().unwrap()).unwrap();
            let mut expected = vector["expect"]["ack_payload_json"].clone();
            // The answer is JSON in any order of its keys.
            for payload in [&mut payload, &mut expected] {
                if let Some(data) = payload["data"].as_str() {
                    payload["data"] = serde_json::from_slice(&STANDARD.decode(data).unwrap()).unwrap();
                }
            }
            assert_eq!(payload, expected, "{}", vector["id"]);
            let mut expected = vector["expect"]["ack_frame"].clone();
            ack.payload = None;
            expected.as_object_mut().unwrap().remove("payload_b64");
            assert_eq!(told(&ack), expected, "{}", vector["id"]);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_are_too_strange_to_read(raw in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            if let Ok(frame) = Frame::decode(&raw[..]) {
                let again = Frame::decode(&frame.encode_to_vec()[..]).expect("what was written can be read");
                proptest::prop_assert_eq!(again, frame);
            }
        }
    }
}
