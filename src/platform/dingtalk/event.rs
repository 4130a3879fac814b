//! Organisation events, `POST /dingtalk/event` and the `EVENT` frames of Stream mode.
//!
//! Nothing is done with them yet. `check_url` comes when the address is saved in the console. Of
//! the others only `meeting_status_change` with `conference_closed` would matter, and it names the calendar
//! event and whoever made the meeting, but no group: no room can be told from it, so it is acknowledged and
//! counted like the rest. <https://open.dingtalk.com/document/development/video-conference-events>

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{DingTalk, envelope::EnvelopeError};

/// What the request's address says beside the path.
pub(super) type Query = HashMap<String, String>;

#[derive(Deserialize)]
struct Letter {
    encrypt: String,
}

/// Why an event was refused; told only to the counters.
#[derive(Debug, thiserror::Error)]
pub(super) enum EventError {
    #[error("events are not configured")]
    Off,
    #[error("not an encrypted event")]
    Form,
    #[error("too old or too far ahead")]
    Time,
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}

impl DingTalk {
    /// Opens an event, counts it, and makes the encrypted answer that the platform waits for.
    pub(super) fn acknowledge(&self, query: &Query, body: &[u8]) -> Result<Value, EventError> {
        let envelope = self.envelope.as_ref().ok_or(EventError::Off)?;
        let field = |names: [&str; 2]| names.iter().find_map(|name| query.get(*name)).ok_or(EventError::Form);
        let signature = field(["msg_signature", "signature"])?;
        let timestamp = field(["timestamp", "timeStamp"])?;
        let nonce = field(["nonce", "nonce"])?;
        let letter: Letter = serde_json::from_slice(body).map_err(|_| EventError::Form)?;

        let mut owners = vec![self.settings.client_id.as_str()];
        owners.extend(self.settings.corp_id.as_deref());
        let opened = envelope.open(signature, timestamp, nonce, &letter.encrypt, &owners)?;
        let sent: i64 = timestamp.parse().map_err(|_| EventError::Time)?;
        // A published sample counts in seconds.
        let sent = if sent < 100_000_000_000 { sent.saturating_mul(1000) } else { sent };
        if !self.is_timely(sent) {
            return Err(EventError::Time);
        }
        let event: Value = serde_json::from_str(&opened.text).map_err(|_| EventError::Form)?;
        count(event["EventType"].as_str(), &event);

        let (mut salt, mut nonce) = ([0; 16], [0; 8]);
        getrandom::fill(&mut salt).expect("the machine has random numbers");
        getrandom::fill(&mut nonce).expect("the machine has random numbers");
        let nonce: String = nonce.iter().map(|byte| format!("{byte:02x}")).collect();
        let timestamp = self.clock.now().as_millisecond().to_string();
        let encrypt = envelope.seal(salt, "success", &opened.owner);
        let signature = envelope.signature(&timestamp, &nonce, &encrypt);
        Ok(json!({"msg_signature": signature, "timeStamp": timestamp, "nonce": nonce, "encrypt": encrypt}))
    }
}

/// Counts an event of this type, the only thing that is done with it.
pub(super) fn count(event_type: Option<&str>, event: &Value) {
    let kind = match event_type {
        Some("check_url") => "check_url",
        Some("meeting_status_change") if event["changeScene"] == "conference_closed" => "meeting_ended",
        Some("meeting_status_change") => "meeting_status_change",
        _ => "other",
    };
    metrics::counter!("jiuding_dingtalk_events_total", "type" => kind).increment(1);
}
