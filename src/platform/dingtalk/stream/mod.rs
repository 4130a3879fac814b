//! Stream mode: messages and events over a connection that the bot opens, so that DingTalk need not reach it.
//!
//! <https://open.dingtalk.com/document/development/configure-stream-push>. Robot messages are perhaps not
//! delivered again, so there is a connection as much of the time as can be: a new one stands before the old one
//! is left, and a silent one is soon given up.

mod frame;
pub(super) mod open;

use std::{sync::Arc, time::Duration};

use axum::http::HeaderMap;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch;
use tracing::warn;

use super::{DingTalk, card::press, event::Event, hear::NAME, routes::Refused, wire::Delivery};
use crate::platform::{
    Receiver,
    socket::{self, Heard, Invitation, Line, Link, Pace, Standing, Unopened, Work},
};
use frame::{Answer, Frame};

/// The longest wait between tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Holds the connection until `stop`.
pub async fn listen(dingtalk: Arc<DingTalk>, receiver: Arc<dyn Receiver>, stop: watch::Receiver<bool>) {
    socket::hold(Arc::new(DingTalkLine(Door { dingtalk, receiver })), stop).await;
}

/// Reads a frame and answers it. Nothing comes of it: for throwing made-up bytes at.
pub fn examine_frame(raw: &[u8]) -> bool {
    let frame = std::str::from_utf8(raw).ok().and_then(Frame::read);
    frame.is_some_and(|frame| frame.answered(&Answer::Same)["code"] == 200)
}

#[derive(Clone)]
struct Door {
    dingtalk: Arc<DingTalk>,
    receiver: Arc<dyn Receiver>,
}

struct DingTalkLine(Door);

#[async_trait::async_trait]
impl Line for DingTalkLine {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn invite(&self) -> Result<Invitation, Unopened> {
        let settings = &self.0.dingtalk.settings;
        let request = open::request(&settings.client_id, &settings.client_secret);
        let answer = self.0.dingtalk.api.open_stream(&request).await;
        let url = open::address(&settings.base_url, answer)?;
        Ok(Invitation { url, link: Box::new(DingTalkLink(self.0.clone())) })
    }

    /// A ticket serves one connection for 90 s: the next try brings a new one.
    fn refused(&self, status: u16, _headers: &HeaderMap) -> Unopened {
        Unopened::for_now(format!("dingtalk refused the ticket with status {status}"))
    }

    fn pause(&self, failures: u32, jitter: f64) -> Duration {
        let doubled = match failures {
            0 => 0,
            failures => 1 << (failures - 1).min(10),
        };
        (Duration::from_secs(doubled) + Duration::from_secs(1).mul_f64(jitter)).min(LONGEST_PAUSE)
    }

    fn standing(&self) -> &Standing {
        &self.0.dingtalk.standing
    }
}

struct DingTalkLink(Door);

impl Link for DingTalkLink {
    fn pace(&self) -> Pace {
        let every = self.0.dingtalk.settings.ping_every;
        Pace { every, silence: every * 2 }
    }

    fn ping(&self) -> socket::Frame {
        socket::Frame::Ping(Default::default())
    }

    fn hear(&mut self, frame: socket::Frame) -> Heard {
        let socket::Frame::Text(text) = frame else { return Heard::Nothing };
        let Some(frame) = Frame::read(&text) else {
            warn!("dingtalk sent a frame that cannot be read");
            return Heard::Nothing;
        };
        match (frame.kind.as_str(), frame.header("topic")) {
            ("SYSTEM", "ping") => Heard::Answer(answer(&frame, Answer::Same)),
            ("SYSTEM", "disconnect") => Heard::Leave(answer(&frame, Answer::Same)),
            ("CALLBACK", open::ROBOT) => self.message(frame),
            ("CALLBACK", open::CARD) => self.press(frame),
            ("CALLBACK", _) => Heard::Answer(answer(&frame, Answer::Unknown)),
            ("EVENT", _) => self.event(frame),
            _ => Heard::Nothing,
        }
    }
}

impl DingTalkLink {
    fn message(&self, frame: Frame) -> Heard {
        let Some(delivery) = Delivery::read(frame.data().as_bytes()) else {
            Refused::Unreadable.count();
            return Heard::Answer(answer(&frame, Answer::Unreadable));
        };
        if let Err(refused) = self.0.dingtalk.verify_addressee(&delivery) {
            refused.count();
            return Heard::Answer(answer(&frame, Answer::Unknown));
        }
        let (door, failed) = (self.0.clone(), answer(&frame, Answer::Failed));
        Heard::Work(Work {
            lane: delivery.conversation_id.clone(),
            run: Box::new(move |turn| {
                Box::pin(async move {
                    match door.dingtalk.carry_out(&delivery, &*door.receiver, turn.comes()).await {
                        Ok(()) => answer(&frame, Answer::Heard),
                        Err(_) => answer(&frame, Answer::Failed),
                    }
                })
            }),
            failed,
            meanwhile: None,
        })
    }

    /// A button of a card. What is none of ours is answered all the same: there is nothing to do about it.
    fn press(&self, frame: Frame) -> Heard {
        let sent = frame.header("time").parse().ok();
        let pressed = self.0.dingtalk.read_press(frame.data().as_bytes(), frame.header("messageId"), sent);
        let Some(pressed) = pressed else {
            Refused::Unreadable.count();
            return Heard::Answer(answer(&frame, Answer::Pressed(json!({}))));
        };
        let (door, failed) = (self.0.clone(), answer(&frame, Answer::Failed));
        let meanwhile = Some((press::ANSWER_WITHIN, answer(&frame, Answer::Pressed(press::working_on_it()))));
        Heard::Work(Work {
            lane: pressed.room.clone(),
            run: Box::new(move |turn| {
                Box::pin(async move {
                    match door.dingtalk.press(&pressed, &*door.receiver, turn.comes()).await {
                        Ok(card) => answer(&frame, Answer::Pressed(card)),
                        Err(_) => answer(&frame, Answer::Failed),
                    }
                })
            }),
            failed,
            meanwhile,
        })
    }

    /// An event of the organisation. Whatever could go wrong with it, it is asked for again.
    fn event(&self, frame: Frame) -> Heard {
        let (door, failed) = (self.0.clone(), answer(&frame, Answer::Later));
        Heard::Work(Work {
            lane: frame.header("eventId").to_owned(),
            run: Box::new(move |turn| {
                Box::pin(async move {
                    let body = serde_json::from_str(&frame.data()).unwrap_or_default();
                    let sent = frame.header("eventBornTime").parse().ok();
                    let sent = sent.and_then(|sent| Timestamp::from_millisecond(sent).ok());
                    let event =
                        Event::streamed(frame.header("eventType"), frame.header("eventId"), body, sent);
                    let happened = door.dingtalk.happened(&event).await;
                    turn.comes().await;
                    match happened {
                        Ok(None) => answer(&frame, Answer::Success),
                        Ok(Some(inbound)) => match door.receiver.receive(inbound).await {
                            Ok(_) => answer(&frame, Answer::Success),
                            Err(_) => answer(&frame, Answer::Later),
                        },
                        Err(_) => answer(&frame, Answer::Later),
                    }
                })
            }),
            failed,
            meanwhile: None,
        })
    }
}

fn answer(frame: &Frame, answer: Answer) -> socket::Frame {
    socket::Frame::text(frame.answered(&answer).to_string())
}
