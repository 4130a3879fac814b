//! Events and card callbacks over a connection that the bot opens, so that Feishu need not reach it.
//!
//! Source of the rules: <https://open.feishu.cn/document/ukTMukTMukTM/uYDNxYjL2QTM24iN0EjN/event-subscription-configure-/request-url-configuration-case>;
//! of the wire format the official SDKs.

pub(super) mod endpoint;
mod frame;
mod pieces;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::http::HeaderMap;
use prost::Message;
use serde::Deserialize;
use serde_json::Value;
use tokio::{sync::watch, time::Instant};
use tracing::warn;

use super::{
    Feishu, NAME,
    door::{self, Door, Failed, Letter},
};
use crate::platform::{
    Receiver,
    socket::{self, Heard, Invitation, Line, Link, Pace, Standing, Unopened, Work},
};
use endpoint::{Endpoint, Wishes};
use frame::{CONTROL, DATA, Frame};
use pieces::{Piece, Pieces};

/// Holds the long connection until `stop`.
pub async fn listen(feishu: Arc<Feishu>, receiver: Arc<dyn Receiver>, stop: watch::Receiver<bool>) {
    let door = Arc::new(Door { feishu, receiver });
    socket::hold(Arc::new(FeishuLine { door, wishes: Arc::default() }), stop).await;
}

struct FeishuLine {
    door: Arc<Door>,
    /// What the server last wanted; `None` before it said anything. Held for no longer than a copy.
    wishes: Arc<Mutex<Option<Wishes>>>,
}

#[async_trait::async_trait]
impl Line for FeishuLine {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn invite(&self) -> Result<Invitation, Unopened> {
        let feishu = &self.door.feishu;
        let answer = feishu.api.endpoint().await.map_err(|fault| endpoint::refused(&fault))?;
        let Endpoint { url, service, wishes } = Endpoint::read(&feishu.settings.base_url, &answer)?;
        if wishes.is_some() {
            *lock(&self.wishes) = wishes;
        }
        let link = FeishuLink {
            door: self.door.clone(),
            wishes: self.wishes.clone(),
            service,
            pieces: Pieces::default(),
        };
        Ok(Invitation { url, link: Box::new(link) })
    }

    fn refused(&self, status: u16, headers: &HeaderMap) -> Unopened {
        endpoint::upgrade_refused(status, headers)
    }

    fn pause(&self, failures: u32, jitter: f64) -> Duration {
        let wishes = *lock(&self.wishes);
        let wished = wishes.unwrap_or_default();
        match (failures, wishes) {
            (0, _) => wished.after_loss().mul_f64(jitter),
            (_, Some(_)) => wished.after_failure(),
            // Nobody asked for patience yet: a network that comes up late is no reason to stay away for long.
            (failures, None) => Duration::from_secs(1 << failures.min(10)).min(wished.after_failure()),
        }
    }

    fn standing(&self) -> &Standing {
        &self.door.feishu.standing
    }
}

fn lock(wishes: &Mutex<Option<Wishes>>) -> std::sync::MutexGuard<'_, Option<Wishes>> {
    wishes.lock().unwrap_or_else(PoisonError::into_inner)
}

struct FeishuLink {
    door: Arc<Door>,
    wishes: Arc<Mutex<Option<Wishes>>>,
    service: i32,
    pieces: Pieces,
}

impl Link for FeishuLink {
    fn pace(&self) -> Pace {
        let every = lock(&self.wishes).unwrap_or_default().ping_every();
        Pace { every, silence: every + self.door.feishu.settings.pong_within }
    }

    fn ping(&self) -> socket::Frame {
        binary(&Frame::ping(self.service))
    }

    fn hear(&mut self, frame: socket::Frame) -> Heard {
        let given_up = self.pieces.give_up(Instant::now());
        if given_up > 0 {
            warn!("{given_up} events of feishu's came in part only; they will be delivered again");
        }
        let socket::Frame::Binary(bytes) = frame else { return Heard::Nothing };
        match Frame::decode(bytes) {
            Ok(frame) => match (frame.method, frame.header("type")) {
                (CONTROL, "pong") => self.adopt(&frame),
                (DATA, "event") => self.event(frame),
                _ => Heard::Nothing,
            },
            Err(error) => {
                warn!("feishu sent a frame that cannot be read: {error}");
                Heard::Nothing
            }
        }
    }
}

impl FeishuLink {
    /// A pong may carry new wishes.
    fn adopt(&self, pong: &Frame) -> Heard {
        let wishes = pong.payload.as_ref().and_then(|payload| serde_json::from_slice::<Value>(payload).ok());
        if let Some(wishes) = wishes.filter(Value::is_object).and_then(|it| Wishes::deserialize(it).ok()) {
            *lock(&self.wishes) = Some(wishes);
        }
        Heard::Nothing
    }

    fn event(&mut self, mut frame: Frame) -> Heard {
        let Some((sum, seq)) = place(&frame) else { return unreadable() };
        let payload = frame.payload.take().unwrap_or_default();
        match self.pieces.add(Instant::now(), frame.header("message_id"), sum, seq, payload) {
            Piece::Whole(payload) => self.whole(frame, &payload),
            Piece::Part => Heard::Nothing,
            Piece::Refused => unreadable(),
        }
    }

    fn whole(&self, frame: Frame, payload: &[u8]) -> Heard {
        let started = Instant::now();
        let ack = move |frame: Frame, code, answer: Option<&Value>| {
            binary(&frame.acknowledged(code, answer, started.elapsed()))
        };
        let Ok(Letter { happened, answer }) = self.door.read(payload) else {
            return Heard::Answer(ack(frame, 500, None));
        };
        let Some(happened) = happened else { return Heard::Answer(ack(frame, 200, answer.as_ref())) };
        let (door, failed) = (self.door.clone(), ack(frame.clone(), 500, None));
        let patience = door.feishu.settings.answer_within;
        let meanwhile = answer.as_ref().map(|_| {
            let frame = frame.clone().acknowledged(200, Some(&door::working_on_it()), patience);
            (patience, binary(&frame))
        });
        Heard::Work(Work {
            lane: happened.chat.id.clone(),
            run: Box::new(move |turn| {
                Box::pin(async move {
                    match door.carry_out(happened, turn.comes()).await {
                        Ok(told) => ack(frame, 200, answer.map(|usual| told.unwrap_or(usual)).as_ref()),
                        Err(Failed) => ack(frame, 500, None),
                    }
                })
            }),
            failed,
            meanwhile,
        })
    }
}

/// Of how many pieces this is which; a frame that does not say so is alone.
fn place(frame: &Frame) -> Option<(usize, usize)> {
    let number = |key, alone| match frame.header(key) {
        "" => Some(alone),
        number => number.parse().ok(),
    };
    Some((number("sum", 1)?, number("seq", 0)?))
}

/// Reads a frame; its payload, where it is a whole event.
pub(super) fn examine(raw: &[u8]) -> Option<Vec<u8>> {
    let mut frame = Frame::decode(raw).ok()?;
    let (sum, seq) = place(&frame)?;
    let payload = frame.payload.take().unwrap_or_default();
    let piece = Pieces::default().add(Instant::now(), frame.header("message_id"), sum, seq, payload);
    match piece {
        Piece::Whole(payload) => Some(payload),
        Piece::Part | Piece::Refused => None,
    }
}

/// Not acknowledged: nobody could say what was taken.
fn unreadable() -> Heard {
    warn!("feishu sent a frame that is no piece of an event");
    Heard::Nothing
}

fn binary(frame: &Frame) -> socket::Frame {
    socket::Frame::Binary(frame.encode_to_vec().into())
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn pieces_are_put_together_as_the_vectors_say() {
        let file: Value =
            serde_json::from_str(include_str!("../../../../tests/vectors/feishu-vectors.json")).unwrap();
        let vectors = file["vectors"].as_array().unwrap().iter();
        for vector in vectors.filter(|vector| vector["kind"] == "ws_reassembly") {
            let frames = vector["input"]["frames_hex_in_arrival_order"].as_array().unwrap();
            let mut pieces = Pieces::default();
            for (index, hex) in frames.iter().enumerate() {
                let hex = hex.as_str().unwrap();
                let bytes =
                    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
                let mut frame = Frame::decode(&bytes.collect::<Vec<_>>()[..]).unwrap();
                let (sum, seq) = place(&frame).unwrap();
                let payload = frame.payload.take().unwrap();
                let piece = pieces.add(Instant::now(), frame.header("message_id"), sum, seq, payload);
                let complete = vector["expect"]["complete_after_frame_index"].as_u64().unwrap() as usize;
                match piece {
                    Piece::Whole(payload) => {
                        assert_eq!(index, complete);
                        let sha: String =
                            Sha256::digest(&payload).iter().map(|b| format!("{b:02x}")).collect();
                        assert_eq!(sha, vector["expect"]["payload_sha256"]);
                    }
                    piece => assert!(piece == Piece::Part && index != complete),
                }
            }
        }
    }
}
