//! A meeting as it stands in people's calendars.
//!
//! It rides on a message ([`Message::invites`](super::Message::invites)); a platform that has calendars brings
//! theirs up to it after the message was accepted. That is a courtesy: where it fails the message stands all the same,
//! and the next message about the meeting brings the invite again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Person;

/// What the calendars are to show of one meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// The same for this meeting for ever, and no other meeting's.
    pub uid: String,
    /// What it is called.
    pub title: String,
    /// When it begins.
    pub starts: Timestamp,
    /// When it is to end.
    pub ends: Timestamp,
    /// Where people meet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Where it is live, as it was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub online: Option<String>,
    /// Who announced it.
    pub host: Person,
    /// Who is to come.
    pub people: Vec<Person>,
    /// When it was announced: no calendar has it further back.
    pub since: Timestamp,
    /// It is not held: no calendar is to have it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
}

impl Invite {
    /// The address where it is live, where what was typed is one.
    pub fn link(&self) -> Option<&str> {
        let link = self.online.as_deref()?.trim();
        let is_link = (link.starts_with("https://") || link.starts_with("http://"))
            && !link.contains(|c: char| c.is_whitespace() || c.is_control());
        is_link.then_some(link)
    }
}
