//! The store: everything that must survive, written one atomic, durable [`Commit`] at a time.
//!
//! The store knows rows, not records: a row is an opaque JSON value under a [`RowKey`]. It knows five
//! things beside rows: what was seen, when a row next wants attention, the log of a project, the
//! messages on their way out, and the playground's chats. One conformance suite holds for every store.

mod copy;
mod file;
mod key;
mod name;
pub mod postgres;
mod shared;
pub mod sled;
mod transfer;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use copy::{Copies, DossierCopy, read_copies};
pub use key::{Key, ProjectId, RowKey};
pub use shared::{Claimed, GENERATION, News, Shared};
pub use transfer::{Bytes, Counters, Move, Page, Piece, Tally, Transfer, move_all, tally};

use crate::chat::{Message, MessageId, ReplyTo, Target};

/// Everything that one decision changes. It is written altogether or not at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Commit {
    /// Marks of what is carried out here. If any is there already, the commit fails as
    /// [`CommitError::SeenBefore`].
    pub seen: Vec<Seen>,
    /// The version each touched dossier had when this was decided. The commit raises each by one.
    /// A dossier that does not exist has version 0.
    pub guards: Vec<(ProjectId, u64)>,
    /// New values; `None` removes the row. A row of a project without its guard fails the commit.
    pub rows: Vec<(RowKey, Option<Vec<u8>>)>,
    /// When rows want attention: before this commit, and after it.
    pub wakes: Vec<WakeChange>,
    /// What to append to logs.
    pub log: Vec<(ProjectId, Entry)>,
    /// What to say. Each gets an id; see [`Committed`].
    pub outgoing: Vec<Outgoing>,
}

/// A mark that something was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its name.
    pub key: String,
    /// From when on the mark may be forgotten, by the bot's clock.
    pub until: Timestamp,
}

/// A move of one row's next wake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WakeChange {
    /// Which row.
    pub row: RowKey,
    /// Its wake before, as the dossier in hand had it.
    pub before: Option<Timestamp>,
    /// Its wake from now on.
    pub after: Option<Timestamp>,
}

/// One line of a project's log: who changed what, with the rows before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When it took effect.
    pub at: Timestamp,
    /// Whose doing; `None` is the bot's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<crate::chat::Person>,
    /// The chat in which it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<crate::chat::RoomId>,
    /// What was said or happened, in words.
    pub what: String,
    /// Why, where a reason was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Where a record came into being: the message that said so, and the one that this quotes and made a record of.
    /// Of a message that was taken back: that one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<crate::chat::MessageId>,
    /// The rows that changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// One row's change; `null` stands for a row that is not there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Which record.
    pub key: Key,
    /// Its value before.
    pub before: serde_json::Value,
    /// Its value after.
    pub after: serde_json::Value,
}

/// A message that is to be delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outgoing {
    /// Given by the store at commit: unique for ever, increasing. 0 before.
    #[serde(default)]
    pub id: u64,
    /// Where to.
    pub to: Target,
    /// What.
    pub message: Message,
    /// What it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<ReplyTo>,
    /// Not to be sent earlier (quiet hours).
    pub not_before: Timestamp,
    /// When it should have been said, quiet hours considered; `None` for answers. A ping that comes late
    /// because the bot was down says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// It calls somebody who must not wait: it goes ahead of what else waits for the same target.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub urgent: bool,
    /// What must still be owed for it to be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// What is said in its place where that is no longer owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Message>,
    /// The record it speaks of, so that a quote of it is understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
    /// The number under which the project of `about` keeps this message, so as to edit it later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<u32>,
    /// How many tries may have been accepted without our knowing: raised before a try, back to 0 when
    /// the platform said no. Kept only for platforms that do not recognise a parcel for ever.
    #[serde(default)]
    pub tries: u32,
    /// When it was first handed to the outbox.
    pub created: Timestamp,
    /// Later messages to the same target that go within this one, in order; see [`Settlement::Bundled`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bundled: Vec<Outgoing>,
}

impl Outgoing {
    /// A message that may go at once, is about nothing, and answers nobody. Its id comes with the commit.
    pub fn new(to: Target, message: Message, now: Timestamp) -> Self {
        Self {
            id: 0,
            to,
            message,
            reply_to: None,
            not_before: now,
            due: None,
            urgent: false,
            condition: None,
            otherwise: None,
            about: None,
            card: None,
            tries: 0,
            created: now,
            bundled: Vec::new(),
        }
    }

    /// The message, and behind it the file that goes with it.
    pub fn apart(mut self) -> impl Iterator<Item = Self> {
        let file = self.message.apart().map(|message| Self { message, ..self.clone() });
        std::iter::once(self).chain(file)
    }
}

/// A record of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct About {
    /// Whose.
    pub project: ProjectId,
    /// Which.
    pub key: Key,
}

/// A ping is said only while the record still owes this step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Whose.
    pub project: ProjectId,
    /// Which.
    pub key: Key,
    /// The step, in the record's own words.
    pub step: String,
}

/// What a commit gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// The ids of the outgoing messages, in order.
    pub outgoing: Vec<u64>,
}

/// Why a commit was not written.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Somebody else wrote one of the dossiers since; decide again.
    #[error("stale: project {} was written by somebody else", .0.0)]
    Stale(ProjectId),
    /// It was carried out before.
    #[error("seen before")]
    SeenBefore,
    /// The disk said no. Nothing was written, or it is unknown whether it was: read again.
    #[error("the store failed: {0}")]
    Failed(String),
}

/// A dossier as it lies in the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// How many commits touched it.
    pub version: u64,
    /// Its rows.
    pub rows: Vec<(Key, Vec<u8>)>,
}

/// What became of a message on its way out.
#[derive(Debug, Clone, PartialEq)]
pub enum Settlement {
    /// The platform has it. Where it told an id, quotes of it lead to `about` until `until`.
    Delivered {
        /// Its id there.
        message: Option<MessageId>,
        /// What it spoke of.
        about: Option<About>,
        /// How long quotes of it are understood.
        until: Timestamp,
    },
    /// It was no longer true.
    Dropped,
    /// These go within it from now on: its [`Outgoing::bundled`] is now this list, and their own rows
    /// leave the messages on their way out, all in one write.
    Bundled(Vec<Outgoing>),
    /// A try is about to be made: `tries` is now this.
    Trying(u32),
    /// It will never be delivered.
    Dead {
        /// Why, without secrets and text.
        why: String,
        /// When it was given up.
        at: Timestamp,
    },
}

/// A message that could not be delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The message; its id is the dead letter's id.
    pub outgoing: Outgoing,
    /// Why it died.
    pub why: String,
    /// When it was given up.
    pub at: Timestamp,
}

/// How many lines of a chat are kept, and the names under which they were appended.
const CHAT_LINES: u64 = 2_000;

/// One message of a playground chat, opaque to the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatLine {
    /// Its place in its room, from 1, increasing.
    pub seq: u64,
    /// JSON.
    pub value: Vec<u8>,
}

/// What opening or verifying a store found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Live rows.
    pub rows: u64,
    /// Projects.
    pub projects: u64,
    /// Messages on their way out.
    pub outgoing: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Sentences about what is wrong or weaker than it should be; empty is well.
    pub warnings: Vec<String>,
}

/// Everything that must survive. Every method that writes returns when it is on disk.
#[async_trait::async_trait]
pub trait Store: Send + Sync {
    /// What there is to it where several processes have it at the same time; `None` where this one alone has it.
    fn shared(&self) -> Option<&dyn Shared> {
        None
    }

    /// Writes a decision.
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError>;

    /// Writes what became of a message on its way out; unknown ids are no error.
    async fn settle(&self, id: u64, settlement: Settlement) -> anyhow::Result<()>;

    /// All dossiers that exist.
    async fn projects(&self) -> anyhow::Result<Vec<ProjectId>>;

    /// One dossier with all its rows; version 0 and no rows where there is none.
    async fn load(&self, project: ProjectId) -> anyhow::Result<Stored>;

    /// The earliest wakes not after `until`, at most `most`, in order of time.
    async fn due(&self, until: Timestamp, most: usize) -> anyhow::Result<Vec<(Timestamp, RowKey)>>;

    /// When the earliest wake is.
    async fn next_wake(&self) -> anyhow::Result<Option<Timestamp>>;

    /// A project's newest log entries, newest first: all of it, or those that changed `key`.
    async fn log(&self, project: ProjectId, key: Option<Key>, most: usize) -> anyhow::Result<Vec<Entry>>;

    /// Whether this mark is there and not yet forgotten.
    async fn has_seen(&self, key: &str) -> anyhow::Result<bool>;

    /// Every message on its way out, in order of id.
    async fn outgoing(&self) -> anyhow::Result<Vec<Outgoing>>;

    /// What a delivered message spoke of.
    async fn about(&self, message: &MessageId) -> anyhow::Result<Option<About>>;

    /// Messages that could not be delivered, oldest first.
    async fn dead_letters(&self) -> anyhow::Result<Vec<DeadLetter>>;

    /// Puts a dead letter back on its way (its tries start again) and returns it; `None` if unknown.
    async fn revive(&self, id: u64) -> anyhow::Result<Option<Outgoing>>;

    /// Forgets a dead letter; false if unknown.
    async fn forget(&self, id: u64) -> anyhow::Result<bool>;

    /// Forgets expired seen marks and message ids, in small batches; returns how many.
    async fn sweep(&self, now: Timestamp) -> anyhow::Result<usize>;

    /// Appends to a playground chat unless `key` was appended before; returns the line's place either way.
    async fn chat_append(&self, room: &str, key: &str, value: Vec<u8>) -> anyhow::Result<u64>;

    /// The lines of a playground chat after `after`, oldest first, at most `most`.
    async fn chat_since(&self, room: &str, after: u64, most: usize) -> anyhow::Result<Vec<ChatLine>>;

    /// The playground's rooms.
    async fn chat_rooms(&self) -> anyhow::Result<Vec<String>>;

    /// Whether a commit could be written now.
    async fn writable(&self) -> anyhow::Result<()>;

    /// Reads everything and checks every checksum.
    async fn verify(&self) -> anyhow::Result<Findings>;

    /// Writes dossiers as they were elsewhere, all or none: their rows, versions and logs. Their wakes are not among
    /// them: whoever opens the store next derives them.
    ///
    /// # Errors
    /// One of them is there already; then nothing is written.
    async fn adopt(&self, copies: Vec<DossierCopy>) -> anyhow::Result<()>;

    /// Writes a consistent copy of everything to a file, also while serving; returns the file's size.
    async fn backup(&self, to: &std::path::Path) -> anyhow::Result<u64>;
}
