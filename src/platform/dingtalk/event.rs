//! Organisation events, `POST /dingtalk/event` and the `EVENT` frames of Stream mode.
//!
//! `check_url` comes when the address is saved in the console. Of the others these matter, and the rest is
//! acknowledged and counted:
//!
//! - `meeting_status_change` with `conference_closed` names whoever made the meeting, by union id, but no group, so it
//!   counts for the one project of that person which it fits.
//!   <https://open.dingtalk.com/document/development/video-conference-events>
//! - `user_leave_org`: people left the organisation.
//! - `chat_remove_member`, `chat_quit`, `chat_update_title`, `chat_disband`: DingTalk tells them of groups that were
//!   made by its server API, and of no others.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{DingTalk, answer::Refusal, envelope::EnvelopeError, hear::NAME};
use crate::chat::{Inbound, Person, PersonId, Room, RoomId, What};

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

/// An event that was opened.
pub(super) struct Event {
    event_type: Option<String>,
    body: Value,
    /// When it was sent.
    sent: Option<Timestamp>,
    owner: String,
    /// Its id, where that is not told in its body.
    id: Option<String>,
}

impl Event {
    /// The event of a Stream frame, counted; it names its type beside its body, and wants no sealed answer.
    pub(super) fn streamed(event_type: &str, id: &str, body: Value, sent: Option<Timestamp>) -> Self {
        count(Some(event_type), &body);
        let (event_type, id) = (Some(event_type.to_owned()), Some(id.to_owned()));
        Self { event_type, body, sent, owner: String::new(), id }
    }
}

impl DingTalk {
    /// Opens an event and counts it.
    pub(super) fn open_event(&self, query: &Query, body: &[u8]) -> Result<Event, EventError> {
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
        let body: Value = serde_json::from_str(&opened.text).map_err(|_| EventError::Form)?;
        let event_type = body["EventType"].as_str().map(str::to_owned);
        count(event_type.as_deref(), &body);
        Ok(Event {
            event_type,
            body,
            sent: Timestamp::from_millisecond(sent).ok(),
            owner: opened.owner,
            id: None,
        })
    }

    /// The encrypted answer that the platform waits for.
    pub(super) fn acknowledgement(&self, event: &Event) -> Result<Value, EventError> {
        let envelope = self.envelope.as_ref().ok_or(EventError::Off)?;
        let (mut salt, mut nonce) = ([0; 16], [0; 8]);
        getrandom::fill(&mut salt).expect("the machine has random numbers");
        getrandom::fill(&mut nonce).expect("the machine has random numbers");
        let nonce: String = nonce.iter().map(|byte| format!("{byte:02x}")).collect();
        let timestamp = self.clock.now().as_millisecond().to_string();
        let encrypt = envelope.seal(salt, "success", &event.owner);
        let signature = envelope.signature(&timestamp, &nonce, &encrypt);
        Ok(json!({"msg_signature": signature, "timeStamp": timestamp, "nonce": nonce, "encrypt": encrypt}))
    }

    /// What an event tells; `None` for what does not matter.
    ///
    /// # Errors
    /// The directory does not tell now who made a meeting: the event is wanted again.
    pub(super) async fn happened(&self, event: &Event) -> Result<Option<Inbound>, Refusal> {
        let kind = kind(event.event_type.as_deref(), &event.body);
        if kind == ENDED {
            return self.ended_meeting(event).await;
        }
        let Ok(OfGroup { group, title, users, told_as }) = serde_json::from_value(event.body.clone()) else {
            return Ok(None);
        };
        let what = match kind {
            "user_leave_org" | "chat_remove_member" | "chat_quit" => {
                let mut people = Vec::new();
                for staff in users.into_iter().filter(|id| !id.is_empty()) {
                    // Whoever left may not be in the directory any more: their projects know the name.
                    let name = self.directory.known_name(&staff).unwrap_or_else(|| staff.clone());
                    people.push(Person { id: PersonId::new(NAME, &staff), name });
                }
                What::Left { people }
            }
            "chat_update_title" if !title.is_empty() => What::Renamed,
            "chat_disband" => What::Gone,
            _ => return Ok(None),
        };
        let organisation = kind == "user_leave_org";
        if group.is_empty() && !organisation {
            return Ok(None);
        }
        let name = match told_as.is_empty() {
            // Over Stream the envelope stands in the frame's headers.
            true => event.id.clone().unwrap_or_default(),
            false => told_as,
        };
        if name.is_empty() {
            return Ok(None);
        }
        let group = if organisation { String::new() } else { group };
        Ok(Some(Inbound {
            keys: vec![format!("{NAME}:{}:event:{name}", self.settings.client_id)],
            room: Room {
                id: RoomId::new(NAME, &group),
                name: Some(title).filter(|title| !title.is_empty()),
                direct: false,
            },
            sender: Person { id: PersonId::new(NAME, ""), name: String::new() },
            written_at: event.sent,
            reply_to: None,
            what,
        }))
    }

    /// The end of a meeting that somebody of the organisation made.
    async fn ended_meeting(&self, event: &Event) -> Result<Option<Inbound>, Refusal> {
        let Ok(Closed { meeting }) = serde_json::from_value(event.body.clone()) else { return Ok(None) };
        let moment = |field: &Value| {
            let number = field.as_i64().or_else(|| field.as_str()?.parse().ok())?;
            Timestamp::from_millisecond(number).ok()
        };
        let Some(ended) = moment(&meeting.end_time).or(event.sent) else { return Ok(None) };
        if meeting.creator_id.is_empty() || meeting.conference_id.is_empty() {
            return Ok(None);
        }
        let Some(staff) = self.directory.staff_of(&meeting.creator_id).await? else { return Ok(None) };
        let name = self.directory.name_in_time(&staff).await.unwrap_or_else(|| staff.clone());
        let key = format!("{NAME}:{}:conference_closed:{}", self.settings.client_id, meeting.conference_id);
        Ok(Some(Inbound {
            keys: vec![key],
            // No group is told of it.
            room: Room { id: RoomId::new(NAME, ""), name: None, direct: false },
            sender: Person { id: PersonId::new(NAME, &staff), name },
            written_at: event.sent,
            reply_to: None,
            what: What::MeetingEnded { topic: meeting.title, started: moment(&meeting.start_time), ended },
        }))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OfGroup {
    #[serde(rename = "openConversationId")]
    group: String,
    title: String,
    #[serde(rename = "userId")]
    users: Vec<String>,
    #[serde(rename = "eventId")]
    told_as: String,
}

#[derive(Deserialize)]
struct Closed {
    #[serde(rename = "openConfModel")]
    meeting: Conference,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Conference {
    conference_id: String,
    title: String,
    /// A union id.
    creator_id: String,
    start_time: Value,
    end_time: Value,
}

/// How an ended meeting is counted.
const ENDED: &str = "meeting_ended";

/// Counts an event of this type.
fn count(event_type: Option<&str>, event: &Value) {
    metrics::counter!("jiuding_dingtalk_events_total", "type" => kind(event_type, event)).increment(1);
}

fn kind(event_type: Option<&str>, event: &Value) -> &'static str {
    const KNOWN: [&str; 7] = [
        "check_url",
        "meeting_status_change",
        "user_leave_org",
        "chat_remove_member",
        "chat_quit",
        "chat_update_title",
        "chat_disband",
    ];
    match event_type {
        Some("meeting_status_change") if event["changeScene"] == "conference_closed" => ENDED,
        Some(name) => KNOWN.into_iter().find(|known| *known == name).unwrap_or("other"),
        None => "other",
    }
}
