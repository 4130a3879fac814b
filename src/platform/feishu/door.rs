//! What becomes of a verified event, by whichever way it came.
//!
//! An event is answered when its effect is durable; a press that takes too long for that is answered for meanwhile
//! ([`working_on_it`], [`press::kept`]). `[D:card-cb]`

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    Feishu, NAME,
    delivery::{self, Delivery, Envelope, Refusal},
    event::{self, Happened},
    send,
};
use crate::{
    chat::What,
    platform::{Press, Received, Receiver, Toast, press},
};

/// Takes events in, and knows who carries them out.
pub struct Door {
    /// The app.
    pub feishu: Arc<Feishu>,
    /// The engine.
    pub receiver: Arc<dyn Receiver>,
}

/// An event as it is understood.
pub struct Letter {
    /// What is to be carried out before it is answered; `None` where there is nothing to do.
    pub happened: Option<Happened>,
    /// What is answered to a callback where carrying it out gives nothing better; other events have no answer.
    pub answer: Option<Value>,
}

/// The event could not be carried out or kept; it must be delivered again.
#[derive(Debug)]
pub struct Failed;

impl Door {
    /// Reads a payload of the long connection, which comes decrypted and without a token: the connection is
    /// the proof.
    pub fn read(&self, payload: &[u8]) -> Result<Letter, Refusal> {
        match delivery::open_plain(&self.feishu.settings, payload).inspect_err(|why| count_refused(*why))? {
            Delivery::Challenge(_) => Ok(Letter { happened: None, answer: None }),
            Delivery::Event(envelope) => self.understand(envelope),
        }
    }

    /// Understands a verified event.
    pub fn understand(&self, envelope: Envelope) -> Result<Letter, Refusal> {
        let is_callback = envelope.kind == "card.action.trigger";
        let happened = event::understand(envelope).map_err(|_| Refusal::Body);
        let happened = happened.inspect_err(|why| count_refused(*why))?;
        if happened.is_none() {
            count_accepted("ignored");
        }
        Ok(Letter { happened, answer: is_callback.then(|| json!({})) })
    }

    /// Carries an event out to its end; returns only when its effect is durable, with what is answered to a press.
    /// Names are asked for at once, the effect waits for `turn`.
    pub async fn carry_out(
        &self,
        happened: Happened,
        turn: impl Future<Output = ()>,
    ) -> Result<Option<Value>, Failed> {
        let answer_by = Instant::now() + self.feishu.settings.answer_within;
        let inbound = self.feishu.inbound(happened).await;
        turn.await;
        let received = match inbound {
            Some(inbound) if matches!(inbound.what, What::Pressed { .. } | What::Filled { .. }) => {
                let pressed = press::kept(&*self.receiver, inbound, answer_by).await;
                pressed.map(|press| (Some(press.received), Some(answered(&press))))
            }
            Some(inbound) => self.receiver.receive(inbound).await.map(|received| (Some(received), None)),
            None => Ok((None, None)),
        };
        match received {
            Ok((received, answer)) => {
                count_accepted(match received {
                    Some(Received::Done) => "done",
                    Some(Received::SeenBefore) => "seen",
                    None => "ignored",
                });
                Ok(answer)
            }
            Err(fault) => {
                tracing::error!(
                    "an event of feishu's could not be kept, it will be delivered again: {fault:#}"
                );
                count_failed();
                Err(Failed)
            }
        }
    }
}

/// What is answered to a press that takes longer than the platform waits.
pub fn working_on_it() -> Value {
    json!({ "toast": { "type": "info", "content": "正在处理" } })
}

/// The answer to a press: a toast for whoever pressed, and the card as it is now for everybody. Without the card the
/// client would show the one before until it looks again. `[D:card-cb]`
fn answered(press: &Press) -> Value {
    let (kind, words) = match &press.toast {
        Some(Toast { done: true, words }) => ("success", words.as_str()),
        Some(Toast { done: false, words }) => ("error", words.as_str()),
        None => ("info", "已收到"),
    };
    let mut answer = json!({ "toast": { "type": kind, "content": words } });
    if let Some(card) = press.fresh.as_ref().and_then(send::small_card) {
        answer["card"] = json!({ "type": "raw", "data": card });
    }
    answer
}

/// Counts what was let in.
pub fn count_accepted(outcome: &'static str) {
    metrics::counter!("jiuding_deliveries_accepted_total", "platform" => NAME, "outcome" => outcome)
        .increment(1);
}

/// Counts what could not be carried out.
pub fn count_failed() {
    metrics::counter!("jiuding_deliveries_failed_total", "platform" => NAME).increment(1);
}

/// Counts what was not let in.
pub fn count_refused(why: Refusal) {
    metrics::counter!("jiuding_deliveries_refused_total", "platform" => NAME, "reason" => why.reason())
        .increment(1);
}
