//! Moving everything from one store into another: piece after piece, to be gone on with where it was cut off, and
//! compared at the end.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{DeadLetter, Key, Outgoing, ProjectId, Store};

/// How many pieces are moved together: all of them are in memory, and most are far below a kilobyte.
const PAGE: usize = 500;

/// One thing that a store keeps, as every store can say and take it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[allow(missing_docs, reason = "each field is what its name says")]
pub enum Piece {
    /// How many commits touched a dossier.
    Version { project: ProjectId, version: u64 },
    /// A record.
    Row { project: ProjectId, key: Key, value: Bytes },
    /// When a record wants attention.
    Wake { project: ProjectId, key: Key, at: Timestamp },
    /// A log entry, as it was written. Numbers rise.
    Entry { project: ProjectId, number: u64, entry: Bytes },
    /// A mark, under the short form of its name.
    Seen { mark: Bytes, until: Timestamp },
    /// What a delivered message spoke of, under the short form of its id.
    About { message: Bytes, project: ProjectId, key: Key, until: Timestamp },
    /// A message on its way out.
    Outgoing { outgoing: Outgoing },
    /// One that could not be delivered.
    Dead { letter: DeadLetter },
    /// A chat of the playground, under the short form of its name.
    Room { room: Bytes, name: String, newest: u64 },
    /// A line of it.
    Line { room: Bytes, number: u64, name: Bytes, value: Bytes },
}

impl Piece {
    /// What it is, in the plural, for whoever waits for the move.
    fn kind(&self) -> &'static str {
        match self {
            Self::Version { .. } => "dossiers",
            Self::Row { .. } => "rows",
            Self::Wake { .. } => "wakes",
            Self::Entry { .. } => "log entries",
            Self::Seen { .. } => "marks",
            Self::About { .. } => "quotable messages",
            Self::Outgoing { .. } => "messages on their way out",
            Self::Dead { .. } => "dead letters",
            Self::Room { .. } => "chats",
            Self::Line { .. } => "chat lines",
        }
    }
}

/// Bytes that are text as a rule; in JSON they are text then, and hexadecimal otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Form", into = "Form")]
pub struct Bytes(pub Vec<u8>);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Text(String),
    Hex { hex: Vec<u8> },
}

impl From<Form> for Bytes {
    fn from(form: Form) -> Self {
        match form {
            Form::Text(text) => Self(text.into_bytes()),
            Form::Hex { hex } => Self(hex),
        }
    }
}

impl From<Bytes> for Form {
    fn from(bytes: Bytes) -> Self {
        String::from_utf8(bytes.0).map_or_else(|error| Self::Hex { hex: error.into_bytes() }, Self::Text)
    }
}

/// Pieces, and where the next ones begin.
#[derive(Debug)]
pub struct Page {
    /// The pieces.
    pub pieces: Vec<Piece>,
    /// What to go on after; `None`: that was all.
    pub next: Option<String>,
}

/// What a store counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// The newest id of an outgoing message.
    pub outgoing: u64,
    /// The newest number of a log entry.
    pub log: u64,
}

/// How far a move into a store is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// From which store, as it was then.
    pub from: String,
    /// After what to go on there.
    pub after: Option<String>,
}

/// A store that can be moved from and into. Nobody else uses either meanwhile.
#[async_trait::async_trait]
pub trait Transfer: Store {
    /// Which store this is and how far it was written: two that are equal hold the same.
    async fn fingerprint(&self) -> Result<String>;

    /// The pieces after a place that an earlier page told of, in an order of the store's own.
    async fn pieces(&self, after: Option<String>, most: usize) -> Result<Page>;

    /// What it counts.
    async fn counters(&self) -> Result<Counters>;

    /// The move into this store that was not finished.
    async fn move_under_way(&self) -> Result<Option<Move>>;

    /// Takes everything out and notes the move that begins. Only for what is empty or half moved.
    async fn clear(&self, begins: Move) -> Result<()>;

    /// Takes pieces in, those that are there too, and notes how far the move is; all or nothing.
    async fn take_in(&self, pieces: Vec<Piece>, far: Move) -> Result<()>;

    /// Ends the move. From here on the store counts from these on.
    async fn finish(&self, counters: Counters) -> Result<()>;
}

/// How many pieces there are of each kind, and their checksum whatever their order.
pub type Tally = BTreeMap<&'static str, (u64, u128)>;

/// Moves everything. `tell` hears how much has been moved by this run.
///
/// # Errors
/// The store is not empty, one of them failed, or the two are not equal at the end. Run again, it goes on where it
/// was, or begins anew where what it moves from was written meanwhile.
pub async fn move_all(from: &dyn Transfer, to: &dyn Transfer, mut tell: impl FnMut(u64)) -> Result<Tally> {
    let fingerprint = from.fingerprint().await?;
    let begins = Move { from: fingerprint.clone(), after: None };
    let mut after = match to.move_under_way().await? {
        Some(far) if far.from == fingerprint => far.after,
        Some(_) => {
            to.clear(begins).await?;
            None
        }
        None => {
            let nothing = tally(to).await?.is_empty();
            ensure!(nothing, "the store to move into is not empty");
            to.clear(begins).await?;
            None
        }
    };
    let mut moved = 0;
    loop {
        let Page { pieces, next } = from.pieces(after.clone(), PAGE).await?;
        moved += pieces.len() as u64;
        let far = Move { from: fingerprint.clone(), after: next.clone().or(after) };
        to.take_in(pieces, far).await?;
        tell(moved);
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let (theirs, ours) = (tally(from).await?, tally(to).await?);
    if let Some(kind) = theirs.keys().chain(ours.keys()).find(|kind| theirs.get(*kind) != ours.get(*kind)) {
        // Whatever it was, the next run begins anew.
        to.clear(Move { from: String::new(), after: None }).await?;
        bail!("the {kind} of the two stores differ; run it again");
    }
    to.finish(from.counters().await?).await?;
    Ok(ours)
}

/// Counts everything in a store.
///
/// # Errors
/// It cannot be read.
pub async fn tally(store: &dyn Transfer) -> Result<Tally> {
    let mut tally = Tally::new();
    let mut after = None;
    loop {
        let page = store.pieces(after, PAGE).await?;
        for piece in &page.pieces {
            let digest = Sha256::digest(serde_json::to_vec(piece)?);
            let (first, _) = digest.split_first_chunk().unwrap_or((&[0; 16], &[]));
            let (count, sum) = tally.entry(piece.kind()).or_default();
            *count += 1;
            *sum = sum.wrapping_add(u128::from_be_bytes(*first));
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(tally),
        }
    }
}
