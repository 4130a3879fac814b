//! What the writer does, one function for each kind of step.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    keys::{self, Kind, read_time, time_bytes},
    value,
    writer::Staged,
};
use crate::store::{
    About, CHAT_LINES, Commit, CommitError, Committed, DeadLetter, DossierCopy, Key, Outgoing, ProjectId,
    RowKey, Seen, Settlement, Stored, WakeChange,
};

/// A decision in bytes. Whoever brings it makes it so, since the writer is one for all.
pub(super) struct Encoded {
    seen: Vec<Seen>,
    guards: Vec<(ProjectId, u64)>,
    rows: Vec<(RowKey, Option<Vec<u8>>)>,
    wakes: Vec<WakeChange>,
    /// Whose, which records it changed, and the entry.
    log: Vec<(ProjectId, Vec<Key>, Vec<u8>)>,
    /// Without their ids: those come with their numbers; see [`read_outgoing`].
    outgoing: Vec<Vec<u8>>,
}

impl Encoded {
    /// Encodes a decision.
    pub(super) fn new(commit: Commit) -> Result<Self> {
        let Commit { seen, guards, rows, wakes, log, outgoing } = commit;
        let log = log.iter().map(|(project, entry)| {
            let keys = entry.changes.iter().map(|change| change.key).collect();
            Ok((*project, keys, serde_json::to_vec(entry)?))
        });
        let outgoing = outgoing.iter().map(|outgoing| Ok(serde_json::to_vec(outgoing)?));
        let (log, outgoing) = (log.collect::<Result<_>>()?, outgoing.collect::<Result<_>>()?);
        Ok(Self { seen, guards, rows, wakes, log, outgoing })
    }
}

/// Writes a decision; the inner error is a refusal.
pub(super) fn commit(staged: &mut Staged<'_>, commit: Encoded) -> Result<Result<Committed, CommitError>> {
    // A replay is also stale as a rule; that it was carried out is what its sender needs to know.
    let mut ended = Vec::new();
    for mark in &commit.seen {
        let until = staged.get(&Kind::Seen.key().name(&mark.key))?.map(|until| time(&until)).transpose()?;
        if until.is_some_and(|until| until > staged.now) {
            return Ok(Err(CommitError::SeenBefore));
        }
        ended.push(until);
    }
    for (project, guard) in &commit.guards {
        if version(staged, *project)? != *guard {
            return Ok(Err(CommitError::Stale(*project)));
        }
    }
    let guarded: BTreeSet<ProjectId> = commit.guards.iter().map(|(project, _)| *project).collect();
    for (project, next) in commit.guards.iter().map(|(project, guard)| (*project, guard + 1)) {
        staged.put_blind(&Kind::Version.key().project(project), &next.to_be_bytes())?;
    }
    for (row, value) in &commit.rows {
        ensure!(guarded.contains(&row.project), "a row of project {} is written unguarded", row.project.0);
        let key = Kind::Row.key().row(*row);
        match value {
            Some(value) => staged.put(&key, value)?,
            None => staged.remove(&key)?,
        }
    }
    for (mark, ended) in commit.seen.iter().zip(ended) {
        mark_seen(staged, mark, ended)?;
    }
    for change in &commit.wakes {
        move_wake(staged, change)?;
    }
    for (project, keys, entry) in &commit.log {
        append_to_log(staged, *project, keys, entry)?;
    }
    let mut committed = Committed::default();
    for outgoing in &commit.outgoing {
        staged.state.outgoing += 1;
        staged.put_blind(&Kind::Outgoing.key().number(staged.state.outgoing), outgoing)?;
        committed.outgoing.push(staged.state.outgoing);
    }
    Ok(Ok(committed))
}

fn version(staged: &Staged<'_>, project: ProjectId) -> Result<u64> {
    staged.get(&Kind::Version.key().project(project))?.map_or(Ok(0), |value| read_u64(&value))
}

/// Sets a mark; `ended` is when an earlier one of this name did.
fn mark_seen(staged: &mut Staged<'_>, mark: &Seen, ended: Option<Timestamp>) -> Result<()> {
    if let Some(ended) = ended {
        staged.remove(&Kind::SeenUntil.key().time(ended).name(&mark.key))?;
    }
    staged.put_blind(&Kind::Seen.key().name(&mark.key), &time_bytes(mark.until))?;
    staged.put_blind(&Kind::SeenUntil.key().time(mark.until).name(&mark.key), &[])
}

/// Invariant: a row has at most one wake, whatever its caller believed it had before.
fn move_wake(staged: &mut Staged<'_>, change: &WakeChange) -> Result<()> {
    let key = Kind::WakeOf.key().row(change.row);
    let known = staged.get(&key)?.map(|value| time(&value)).transpose()?;
    for before in known.into_iter().chain(change.before.filter(|before| Some(*before) != known)) {
        staged.remove(&Kind::Wake.key().time(before).row(change.row))?;
    }
    match change.after {
        Some(after) => {
            staged.put_blind(&key, &time_bytes(after))?;
            staged.put_blind(&Kind::Wake.key().time(after).row(change.row), &[])
        }
        None => staged.remove(&key),
    }
}

/// A dossier from elsewhere, in bytes.
pub(super) struct Adopted {
    id: ProjectId,
    stored: Stored,
    log: Vec<(Vec<Key>, Vec<u8>)>,
}

impl Adopted {
    /// Encodes a copy.
    pub(super) fn new(copy: DossierCopy) -> Result<Self> {
        let log = copy.log.iter().map(|entry| {
            let keys = entry.changes.iter().map(|change| change.key).collect();
            Ok((keys, serde_json::to_vec(entry)?))
        });
        Ok(Self { id: copy.id, log: log.collect::<Result<_>>()?, stored: copy.stored() })
    }
}

/// Writes dossiers from elsewhere; the inner error is a refusal.
pub(super) fn adopt(staged: &mut Staged<'_>, copies: &[Adopted]) -> Result<Result<()>> {
    for copy in copies {
        if version(staged, copy.id)? != 0 {
            return Ok(Err(anyhow::anyhow!("project {} is in the store already", copy.id.0)));
        }
    }
    for Adopted { id, stored, log } in copies {
        staged.put_blind(&Kind::Version.key().project(*id), &stored.version.to_be_bytes())?;
        for (key, value) in &stored.rows {
            staged.put(&Kind::Row.key().row(RowKey { project: *id, key: *key }), value)?;
        }
        for (keys, entry) in log {
            append_to_log(staged, *id, keys, entry)?;
        }
    }
    Ok(Ok(()))
}

fn append_to_log(staged: &mut Staged<'_>, project: ProjectId, keys: &[Key], entry: &[u8]) -> Result<()> {
    staged.state.log += 1;
    let number = staged.state.log;
    staged.put_blind(&Kind::Log.key().project(project).number(number), entry)?;
    for key in keys {
        staged.put_blind(&Kind::LogOf.key().project(project).record(*key).number(number), &[])?;
    }
    Ok(())
}

/// The message on its way out under this number, which is its id.
pub(super) fn read_outgoing(id: u64, value: &[u8]) -> Result<Outgoing> {
    Ok(Outgoing { id, ..value::parse(value)? })
}

pub(super) fn put_outgoing(staged: &mut Staged<'_>, outgoing: &Outgoing) -> Result<()> {
    staged.put(&Kind::Outgoing.key().number(outgoing.id), &serde_json::to_vec(outgoing)?)
}

/// What a delivered message spoke of, and how long that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) about: About,
    pub(super) until: Timestamp,
}

/// Writes what became of a message on its way out.
pub(super) fn settle(staged: &mut Staged<'_>, id: u64, settlement: Settlement) -> Result<()> {
    let key = Kind::Outgoing.key().number(id);
    let Some(value) = staged.get(&key)? else { return Ok(()) };
    let mut outgoing = read_outgoing(id, &value)?;
    match settlement {
        Settlement::Trying(tries) => {
            outgoing.tries = tries;
            return put_outgoing(staged, &outgoing);
        }
        Settlement::Bundled(bundled) => {
            for part in &bundled {
                staged.remove(&Kind::Outgoing.key().number(part.id))?;
            }
            outgoing.bundled = bundled;
            return put_outgoing(staged, &outgoing);
        }
        Settlement::Dropped => {}
        Settlement::Delivered { message, about, until } => {
            if let (Some(message), Some(about)) = (message, about) {
                remember(staged, &message.0, &Told { about, until })?;
            }
        }
        Settlement::Dead { why, at } => {
            let letter = serde_json::to_vec(&DeadLetter { outgoing, why, at })?;
            staged.put(&Kind::DeadLetter.key().number(id), &letter)?;
        }
    }
    staged.remove(&key)
}

fn remember(staged: &mut Staged<'_>, message: &str, told: &Told) -> Result<()> {
    let key = Kind::About.key().name(message);
    if let Some(value) = staged.get(&key)? {
        let before: Told = value::parse(&value)?;
        staged.remove(&Kind::AboutUntil.key().time(before.until).name(message))?;
    }
    staged.put(&key, &serde_json::to_vec(told)?)?;
    staged.put(&Kind::AboutUntil.key().time(told.until).name(message), &[])
}

/// Puts a dead letter back on its way.
pub(super) fn revive(staged: &mut Staged<'_>, id: u64) -> Result<Option<Outgoing>> {
    let key = Kind::DeadLetter.key().number(id);
    let Some(value) = staged.get(&key)? else { return Ok(None) };
    let letter: DeadLetter = value::parse(&value)?;
    let outgoing = Outgoing { tries: 0, ..letter.outgoing };
    staged.remove(&key)?;
    put_outgoing(staged, &outgoing)?;
    Ok(Some(outgoing))
}

/// Forgets a dead letter.
pub(super) fn forget(staged: &mut Staged<'_>, id: u64) -> Result<bool> {
    let key = Kind::DeadLetter.key().number(id);
    let known = staged.get(&key)?.is_some();
    staged.remove(&key)?;
    Ok(known)
}

/// Forgets at most `most` marks and at most `most` messages that ended by `now`; returns how many.
pub(super) fn sweep(staged: &mut Staged<'_>, now: Timestamp, most: usize) -> Result<usize> {
    let mut swept = 0;
    for (by_time, by_name) in [(Kind::SeenUntil, Kind::Seen), (Kind::AboutUntil, Kind::About)] {
        let (first, last) = (by_time.key(), by_time.key().time(now).tail(&[0xFF; 34]));
        for key in staged.earlier_keys(&first..&last, most)? {
            // An earlier step of this batch may have given it a longer life.
            if staged.get(&key)?.is_some() {
                staged.remove(&key)?;
                staged.remove(&by_name.key().tail(&key[1 + keys::TIME..]))?;
                swept += 1;
            }
        }
    }
    Ok(swept)
}

/// A chat's name and its newest line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ChatRoom {
    pub(super) name: String,
    pub(super) newest: u64,
}

/// Appends a line to a chat unless it was appended under this name before, and forgets the oldest.
pub(super) fn chat_append(staged: &mut Staged<'_>, room: &str, name: &str, value: &[u8]) -> Result<u64> {
    let key = Kind::ChatKey.key().name(room).name(name);
    if let Some(number) = staged.get(&key)? {
        return read_u64(&number);
    }
    let room_key = Kind::ChatRoom.key().name(room);
    let newest = match staged.get(&room_key)? {
        Some(value) => value::parse::<ChatRoom>(&value)?.newest + 1,
        None => 1,
    };
    staged.put(&room_key, &serde_json::to_vec(&ChatRoom { name: room.to_owned(), newest })?)?;
    staged.put(&key, &newest.to_be_bytes())?;
    // The name in front of the line, so that both are forgotten together.
    let line = [keys::name_bytes(name).as_slice(), value].concat();
    staged.put(&Kind::ChatLine.key().name(room).number(newest), &line)?;
    if let Some(oldest) = newest.checked_sub(CHAT_LINES) {
        forget_chat_line(staged, room, oldest)?;
    }
    Ok(newest)
}

fn forget_chat_line(staged: &mut Staged<'_>, room: &str, number: u64) -> Result<()> {
    let key = Kind::ChatLine.key().name(room).number(number);
    let Some(line) = staged.get(&key)? else { return Ok(()) };
    let (name, _) = keys::split_name(&line).context("a chat line has no name")?;
    staged.remove(&Kind::ChatKey.key().name(room).tail(name))?;
    staged.remove(&key)
}

/// A number that is a whole value.
pub(super) fn read_u64(value: &[u8]) -> Result<u64> {
    Ok(u64::from_be_bytes(value.try_into().context("a stored number is no number")?))
}

/// A moment that is a whole value.
pub(super) fn time(value: &[u8]) -> Result<Timestamp> {
    read_time(value).context("a stored time is no time")
}
