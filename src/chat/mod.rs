//! What every platform shares: who said what where, and what the bot says back.
//!
//! A platform turns its wire format into an [`Inbound`] and renders a [`Message`]. Nothing here knows
//! HTTP, JSON shapes of a platform, or requirements.

mod file;
mod form;
mod invite;
mod message;
mod typed;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use file::File;
pub use form::{Field, FieldKind, Form, Instead, LONGEST_VALUE, Says};
pub use invite::Invite;
pub use message::{Button, Chart, Line, Message, Span, Tone, short};
pub use typed::{Typed, is_mention};

/// A person's id on a platform, written `platform:id`, for instance `feishu:ou_84aad35d`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonId(pub String);

/// A chat's id on a platform, written `platform:id`. A direct chat is a room too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoomId(pub String);

/// A message's id on a platform, written `platform:id`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub String);

impl PersonId {
    /// The id `raw` of the platform named `platform`.
    pub fn new(platform: &str, raw: &str) -> Self {
        Self(format!("{platform}:{raw}"))
    }

    /// The platform's name, the part before the first colon.
    pub fn platform(&self) -> &str {
        split(&self.0).0
    }

    /// The id as the platform writes it.
    pub fn raw(&self) -> &str {
        split(&self.0).1
    }
}

/// What the ids of rooms begin with that are only spoken into, by a group's own robot.
pub const ONE_WAY: &str = "webhook";

impl RoomId {
    /// The id `raw` of the platform named `platform`.
    pub fn new(platform: &str, raw: &str) -> Self {
        Self(format!("{platform}:{raw}"))
    }

    /// The platform's name, the part before the first colon.
    pub fn platform(&self) -> &str {
        split(&self.0).0
    }

    /// The id as the platform writes it.
    pub fn raw(&self) -> &str {
        split(&self.0).1
    }
}

impl MessageId {
    /// The id `raw` of the platform named `platform`.
    pub fn new(platform: &str, raw: &str) -> Self {
        Self(format!("{platform}:{raw}"))
    }

    /// The platform's name, the part before the first colon.
    pub fn platform(&self) -> &str {
        split(&self.0).0
    }

    /// The id as the platform writes it.
    pub fn raw(&self) -> &str {
        split(&self.0).1
    }
}

fn split(id: &str) -> (&str, &str) {
    id.split_once(':').unwrap_or(("", id))
}

/// Somebody in a chat. The name is for reading; only the id identifies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who it is.
    pub id: PersonId,
    /// What people call them; where nobody knows, the raw id.
    pub name: String,
}

/// A chat as an inbound event describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Which chat.
    pub id: RoomId,
    /// The group's title where the platform tells it.
    pub name: Option<String>,
    /// A chat of one person with the bot.
    pub direct: bool,
}

/// One thing that a platform tells us, verified and decrypted.
#[derive(Debug, Clone, PartialEq)]
pub struct Inbound {
    /// Names under which the platform may deliver this again (event id, message id). Any of them seen
    /// before means: no second effect. Each is prefixed by the platform and app.
    pub keys: Vec<String>,
    /// Where.
    pub room: Room,
    /// Who.
    pub sender: Person,
    /// When it was written by the platform's clock; `None` where the platform does not say.
    pub written_at: Option<Timestamp>,
    /// How to answer it.
    pub reply_to: Option<ReplyTo>,
    /// What happened.
    pub what: What,
}

/// What an [`Inbound`] is about.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A message.
    Said {
        /// The text with its mentions; the bot's own mention is taken out.
        text: Typed,
        /// The bot itself was mentioned.
        addressed: bool,
        /// The message that this one quotes or answers.
        quotes: Option<Quote>,
    },
    /// A button; pressing is saying its line.
    Pressed {
        /// The line that the button carries, as [`Button::line`] gave it.
        line: String,
    },
    /// A form; filling it in is saying the line that it composes.
    Filled {
        /// The form as [`Message::form`] gave it.
        form: Form,
        /// What was filled in, by the names of its fields.
        values: BTreeMap<String, String>,
    },
    /// Whoever said something took it back.
    Recalled {
        /// The message.
        message: MessageId,
        /// Among [`Inbound::keys`] of the message itself, should it come only now.
        heard_as: String,
    },
    /// The bot was added to the room.
    Joined,
    /// The bot was taken out of the room, or the room was dissolved.
    Gone,
    /// The room has another title, which [`Inbound::room`] tells.
    Renamed,
    /// People came into the room.
    Came {
        /// Who.
        people: Vec<Newcomer>,
    },
    /// People left the room; the organisation, where the room's id is empty.
    Left {
        /// Who.
        people: Vec<Person>,
    },
    /// A video meeting ended.
    MeetingEnded {
        /// The meeting's title.
        topic: String,
        /// When it began, where known.
        started: Option<Timestamp>,
        /// When it ended.
        ended: Timestamp,
    },
    /// The recording of a video meeting can be seen.
    Recorded {
        /// The meeting's title.
        topic: String,
        /// When that was so.
        ready: Timestamp,
        /// Where, an address of the platform's own.
        url: String,
    },
    /// A message came without its text because the organisation's quota is used up.
    OverQuota,
}

/// Somebody who came into a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// Who.
    pub person: Person,
    /// Of another organisation than the bot.
    pub outside: bool,
}

/// A message that another one quotes or answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Which one.
    pub message: MessageId,
    /// What it says, where the platform tells of it along with the quote.
    pub words: Option<Words>,
}

/// What somebody said in a message, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The text as a person would read it, mentions as `@name`.
    pub text: String,
    /// Who said it.
    pub by: Author,
    /// When, where known.
    pub at: Option<Timestamp>,
}

/// Who said something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    /// Somebody.
    Person(Person),
    /// This bot.
    Bot,
    /// The platform does not tell.
    Unknown,
}

impl Quote {
    /// A message of which no more than its id is known.
    pub fn of(message: MessageId) -> Self {
        Self { message, words: None }
    }
}

/// What a platform needs to answer one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyTo {
    /// The message to quote.
    pub message: MessageId,
    /// A reply address that expires (DingTalk's `sessionWebhook`). A secret: never logged.
    pub session: Option<Session>,
}

/// A reply address with an end.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The address, already checked against the allow-list.
    pub url: String,
    /// From when on it is dead.
    pub expires: Timestamp,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session {{ expires: {} }}", self.expires)
    }
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Into a chat.
    Room(RoomId),
    /// To one person alone; the platform finds or opens the direct chat.
    Person(PersonId),
}

impl Target {
    /// The platform's name.
    pub fn platform(&self) -> &str {
        match self {
            Target::Room(room) => room.platform(),
            Target::Person(person) => person.platform(),
        }
    }
}
