//! What becomes of a verified event, by whichever way it came.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Feishu, NAME,
    delivery::{self, Delivery, Envelope, Refusal},
    event::{self, Happened},
};
use crate::platform::{Received, Receiver};

/// Takes events in, and knows who carries them out.
pub struct Door {
    /// The app.
    pub feishu: Arc<Feishu>,
    /// The engine.
    pub receiver: Arc<dyn Receiver>,
}

/// An event, and what is answered to it. Only callbacks have an answer.
pub enum Letter {
    /// Nothing to do.
    Nothing {
        /// The answer to the callback.
        answer: Option<Value>,
    },
    /// Something happened that is to be carried out before it is answered.
    Happened {
        /// What.
        happened: Happened,
        /// The answer to the callback, once it is.
        answer: Option<Value>,
    },
}

/// The event could not be carried out or kept; it must be delivered again.
#[derive(Debug)]
pub struct Failed;

impl Door {
    /// Reads a payload of the long connection, which comes decrypted and without a token: the connection is
    /// the proof.
    pub fn read(&self, payload: &[u8]) -> Result<Letter, Refusal> {
        match delivery::open_plain(&self.feishu.settings, payload).inspect_err(|why| count_refused(*why))? {
            Delivery::Challenge(_) => Ok(Letter::Nothing { answer: None }),
            Delivery::Event(envelope) => self.understand(envelope),
        }
    }

    /// Understands a verified event.
    pub fn understand(&self, envelope: Envelope) -> Result<Letter, Refusal> {
        let is_callback = envelope.kind == "card.action.trigger";
        let happened = event::understand(envelope).map_err(|_| Refusal::Body);
        let answer = |answer: Value| is_callback.then_some(answer);
        match happened.inspect_err(|why| count_refused(*why))? {
            Some(happened) => {
                let toast = json!({ "toast": { "type": "info", "content": "已收到" } });
                Ok(Letter::Happened { happened, answer: answer(toast) })
            }
            None => {
                count_accepted("ignored");
                Ok(Letter::Nothing { answer: answer(json!({})) })
            }
        }
    }

    /// Carries an event out to its end; returns only when its effect is durable. Names are asked for at once,
    /// the effect waits for `turn`.
    pub async fn carry_out(&self, happened: Happened, turn: impl Future<Output = ()>) -> Result<(), Failed> {
        let inbound = self.feishu.inbound(happened).await;
        turn.await;
        let received = match inbound {
            Some(inbound) => self.receiver.receive(inbound).await.map(Some),
            None => Ok(None),
        };
        match received {
            Ok(received) => {
                count_accepted(match received {
                    Some(Received::Done) => "done",
                    Some(Received::SeenBefore) => "seen",
                    None => "ignored",
                });
                Ok(())
            }
            Err(fault) => {
                tracing::error!(
                    "an event of feishu's could not be kept, it will be delivered again: {fault:#}"
                );
                metrics::counter!("jiuding_deliveries_failed_total", "platform" => NAME).increment(1);
                Err(Failed)
            }
        }
    }
}

/// Counts what was let in.
pub fn count_accepted(outcome: &'static str) {
    metrics::counter!("jiuding_deliveries_accepted_total", "platform" => NAME, "outcome" => outcome)
        .increment(1);
}

/// Counts what was not.
pub fn count_refused(why: Refusal) {
    metrics::counter!("jiuding_deliveries_refused_total", "platform" => NAME, "reason" => why.reason())
        .increment(1);
}
