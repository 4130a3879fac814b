//! The platforms: each a folder with its wire types, verification, client and rendering.
//!
//! A platform knows nothing of projects or records. Inwards it hands an [`Inbound`] to a [`Receiver`]
//! and answers its caller only when that returned; outwards it implements [`Platform`].

mod calendars;
pub mod dingtalk;
pub mod feishu;
pub mod finding;
pub mod http;
pub mod one_way;
mod picture;
pub mod playground;
pub mod press;
mod resting;
pub mod socket;

use std::time::Duration;

use crate::chat::{Inbound, Message, MessageId, Person, PersonId, ReplyTo, RoomId, Target, Words};

/// Where verified events go; implemented by the engine.
#[async_trait::async_trait]
pub trait Receiver: Send + Sync {
    /// Carries the event out. Returns only when its effect is durable, or there is none to have.
    ///
    /// # Errors
    /// The store could not write. The platform must answer so that it is delivered again.
    async fn receive(&self, inbound: Inbound) -> anyhow::Result<Received>;

    /// The same for a pressed button, with what its presser is told at once where the platform has a way.
    ///
    /// # Errors
    /// As of [`receive`](Self::receive).
    async fn press(&self, inbound: Inbound) -> anyhow::Result<Press> {
        self.receive(inbound).await.map(|received| Press { received, toast: None, fresh: None })
    }
}

/// What became of a pressed button.
#[derive(Debug, Clone, PartialEq)]
pub struct Press {
    /// Of the event.
    pub received: Received,
    /// What is told to whoever pressed; the chat is answered all the same.
    pub toast: Option<Toast>,
    /// What the message with the button says from now on.
    pub fresh: Option<Message>,
}

/// A short word to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// Whether it was done; it was refused otherwise.
    pub done: bool,
    /// One line.
    pub words: String,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It was carried out, or there was nothing to do.
    Done,
    /// It was carried out before; this delivery had no effect.
    SeenBefore,
}

/// A chat platform, outwards.
#[async_trait::async_trait]
pub trait Platform: Send + Sync {
    /// The name that its ids begin with: `feishu`, `dingtalk`, `playground`, `webhook`.
    fn name(&self) -> &'static str;

    /// Sends one message, once. Errors are sorted by whoever understands the platform's answer.
    async fn deliver(&self, parcel: &Parcel) -> Result<Accepted, Undelivered>;

    /// How messages of ours can be edited in place; `None`: not at all.
    fn edits(&self) -> Option<Edits> {
        None
    }

    /// Puts `fresh` in the place of what a message of ours said in `_to`. Nobody is notified. To be tried again it need
    /// not be known whether an earlier try was accepted: the same edit twice is one.
    async fn edit(&self, _message: &MessageId, _to: &Target, _fresh: &Message) -> Result<(), Undelivered> {
        Err(Undelivered::Never { why: "messages here cannot be edited".into() })
    }

    /// Whether a message into `room` that answers nobody can mention people so that they are notified.
    fn notifies_in(&self, room: &RoomId) -> bool;

    /// How fast the platform lets us speak.
    fn limits(&self) -> Limits;

    /// What was used of a monthly allowance; `None` where nothing is metered.
    fn allowance(&self) -> Option<Allowance> {
        None
    }

    /// How long the platform recognises a repeated [`Parcel::id`] and does not say it twice: zero where it
    /// has no idempotency key, [`Duration::MAX`] where it never forgets.
    fn remembers(&self) -> Duration;

    /// For how long the platform may swallow a message to `_to` whose words are those of an earlier one, whatever its
    /// [`Parcel::id`]; zero where it says everything it is given.
    fn swallows(&self, _to: &Target) -> Duration {
        Duration::ZERO
    }

    /// The name of somebody known only by id, from the directory; `None` where it cannot tell.
    async fn name_of(&self, person: &PersonId) -> Option<String>;

    /// What a message of this room says that was quoted without its words; `None` where the platform cannot tell.
    async fn words_of(&self, _room: &RoomId, _message: &MessageId) -> Option<Words> {
        None
    }

    /// Whether the platform would take a message now (its access token can be had).
    ///
    /// # Errors
    /// A reason for people, without secrets.
    async fn ready(&self) -> Result<(), String>;
}

/// How messages can be edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edits {
    /// For how long after a message was sent; [`Duration::MAX`]: for ever.
    pub within: Duration,
    /// One message, at most once in so long a time.
    pub every: Duration,
}

/// Something that can be spoken of, for where a platform lists what a bot understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The word after the `/`.
    pub word: &'static str,
    /// Its English word.
    pub english: &'static str,
    /// What it is for, a line.
    pub summary: &'static str,
}

/// A monthly allowance of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// The year and the month, 1 to 12, in the platform's own zone.
    pub month: (i16, i8),
    /// How many calls this process made in it.
    pub used: u64,
    /// How many there are.
    pub of: u64,
}

/// One message on its way out.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcel {
    /// Unique for ever and the same at every try: the source of the platform's idempotency key.
    pub id: String,
    /// Where it goes.
    pub to: Target,
    /// What it says.
    pub message: Message,
    /// The message it answers, if any.
    pub reply_to: Option<ReplyTo>,
    /// An earlier try may have been accepted, and the platform would no longer notice
    /// ([`Platform::remembers`]): say so.
    pub maybe_repeated: bool,
    /// It is to be edited later: said as something that can be, where not every message is.
    pub lives: bool,
}

/// The platform took the message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Its id there, so that a quote of it can be understood.
    pub message: Option<MessageId>,
}

/// The platform did not take the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// Not now: overload, limits, a network that is down before anything was sent.
    #[error("later: {why}")]
    Later {
        /// The platform's own wait, where it names one.
        after: Option<Duration>,
        /// What it said, without secrets and message text.
        why: String,
    },
    /// Not now, and nothing else of the app either: it called too fast altogether, whatever the room.
    #[error("too fast: {why}")]
    TooFast {
        /// How long the platform wants to hear nothing.
        after: Duration,
        /// What it said, without secrets and message text.
        why: String,
    },
    /// Not ever: this message, room or person is refused.
    #[error("never: {why}")]
    Never {
        /// What it said, without secrets and message text.
        why: String,
    },
    /// Nobody knows whether it arrived: the answer was lost.
    #[error("unknown: {why}")]
    Unknown {
        /// What happened, without secrets and message text.
        why: String,
    },
}

impl Undelivered {
    /// What the platform said, without secrets and message text.
    pub fn why(&self) -> &str {
        match self {
            Self::Later { why, .. }
            | Self::TooFast { why, .. }
            | Self::Never { why }
            | Self::Unknown { why } => why,
        }
    }
}

/// How fast one app may speak: so many messages in so long a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Into one room or to one person.
    pub per_target: Rate,
    /// From the app altogether.
    pub per_app: Rate,
    /// When everybody's bots speak at once, where the platform suffers from it.
    pub peak: Option<Peak>,
}

/// At most `burst` messages in any stretch of `per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub burst: u32,
    /// In how long.
    pub per: Duration,
    /// How many of the burst are left to urgent messages; at least one is for all.
    pub reserve: u32,
}

/// A moment of the day that comes again and again, at which the platform is overloaded. What nobody waits for begins
/// after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peak {
    /// How often it comes, counted from midnight UTC.
    pub every: Duration,
    /// For how long after it nothing begins that can wait.
    pub calm: Duration,
    /// Over how long from then on targets begin, each at its own moment.
    pub spread: Duration,
}

/// Names somebody whom the platform calls only by id.
pub async fn named(platform: &dyn Platform, id: PersonId) -> Person {
    let name = platform.name_of(&id).await.unwrap_or_else(|| id.raw().to_owned());
    Person { id, name }
}
