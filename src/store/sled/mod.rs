//! The embedded store, on sled: one process, one folder, one writer.
//!
//! What it promises, and why one may believe it:
//! - **What is acknowledged survives a kill and a power cut.** A write is answered after its flush, and a
//!   flush is on disk when it returns (`disk.rs`). The kill is tested for real in `tests/store`; the power
//!   cut rests on the attribute that `disk.rs` sets, and the findings say so where it is refused.
//! - **A commit is whole or not there.** Everything lies in one tree, and a group of commits is one sled
//!   batch, which recovery replays entirely or not at all (`writer.rs`).
//! - **Nobody acts on what may vanish.** Readers do not see a batch before its flush, and "stale" or "seen
//!   before" is answered after the flush of what made it so.
//! - **A damaged value is noticed, not believed.** Every row carries its format and a checksum that also
//!   covers its key (`value.rs`).
//! - **A loss is an alarm, not a fresh start.** A marker file beside sled's files knows which store this
//!   is and how far it was when last opened or closed (`state.rs`).
//! - **After a failed write nothing is believed any more**, neither read nor written, until the store is
//!   opened anew; a disk that is nearly full refuses writes before that happens.
//!
//! What grows: rows and logs, for ever, since the rules keep them for ever. All else is bounded: marks
//! and message ids by [`Store::sweep`], a chat by its newest two thousand lines, dead letters by whoever
//! drops them. sled's files settle at about eight times the live data; `backup` and `restore` compact
//! them. Memory is the cache (32 MB) and sled's page table, together below 180 MB at a million rows.
//!
//! The folder holds `sled/` (sled's own), `store.marker`, and `store.lock`.

mod backup;
mod disk;
mod keys;
mod pieces;
mod reading;
mod state;
mod value;
mod verify;
mod writer;
mod writes;

#[cfg(test)]
mod tests;

use std::{
    path::Path,
    sync::{Arc, Mutex, OnceLock},
};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use sled::Batch;
use tokio::sync::RwLock;

use self::{
    disk::{Disk, Held},
    keys::{Kind, STATE},
    reading::{Reading, read_state, survey, understood},
    state::{Marker, State},
    writer::{Shared, Writer},
    writes::{Adopted, ChatRoom, Encoded, Told},
};
use super::{
    About, ChatLine, Commit, CommitError, Committed, DeadLetter, DossierCopy, Entry, Findings, Key, Outgoing,
    ProjectId, RowKey, Settlement, Store, Stored,
};
use crate::chat::MessageId;

pub use backup::restore;
pub use value::examine;

/// How much one step of a sweep forgets, so that commits get in between.
const SWEPT_AT_ONCE: usize = 200;

/// A store in a folder of this machine.
#[derive(Debug)]
pub struct SledStore {
    writer: Writer,
    shared: Arc<Shared>,
    opened: Findings,
}

impl SledStore {
    /// Opens the store in `path`, making it where there never was one.
    ///
    /// Marks that ended by `clock_now` count as forgotten; [`Store::sweep`] moves that time on.
    ///
    /// # Errors
    /// Another process has the folder, the store was written by a newer version of this program, it
    /// lost something, or it was not moved here entirely; the message says how to go on.
    pub fn open(path: &Path, clock_now: Timestamp) -> Result<Self> {
        let store = Self::open_unfinished(path, clock_now)?;
        let state = read_state(&store.shared.disk.db)?;
        ensure!(
            state.is_none_or(|state| state.moving.is_none()),
            "a move into the store in {} was not finished; run `jiuding migrate` again",
            path.display()
        );
        Ok(store)
    }

    /// The same also where a move into it was not finished: for going on with that move.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_unfinished(path: &Path, clock_now: Timestamp) -> Result<Self> {
        Self::open_keeping(path, clock_now, disk::KEEP_FREE)
    }

    fn open_keeping(path: &Path, clock_now: Timestamp, keep_free: u64) -> Result<Self> {
        let held = Held::take(path)?;
        let marker = Marker::read(path)?;
        if let Some(marker) = marker.as_ref().filter(|_| !held.sled().join("db").exists()) {
            // Before sled makes new files in the place of those that are gone.
            marker.compare(path, None)?;
        }
        let mut disk = Disk::open(&held.sled())?;
        disk.keep_free = keep_free;
        let mut warnings = Vec::new();
        let found = read_state(&disk.db)?;
        if let Some(marker) = &marker {
            marker.compare(path, found.as_ref())?;
        } else if found.is_some() {
            warnings.push("the store's marker file was missing and was written anew".to_owned());
        }
        let state = match found {
            Some(state) => state,
            None => make(&disk)?,
        };
        Marker::write(path, &state)?;
        if !disk.synchronous {
            warnings.push(format!(
                "the file system of {} does not take the synchronous-updates attribute; the store syncs \
                 its file after each write instead, which is a little weaker in a power cut",
                path.display()
            ));
        }
        warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        let opened = survey(&disk, warnings)?;
        let shared = Arc::new(Shared {
            disk,
            held,
            gate: Arc::new(RwLock::new(())),
            failed: OnceLock::new(),
            now: Mutex::new(clock_now),
        });
        let writer = Writer::start(shared.clone(), state)?;
        Ok(Self { writer, shared, opened })
    }

    /// What opening found.
    pub fn opened(&self) -> &Findings {
        &self.opened
    }

    /// Whether the file system took the synchronous-updates attribute.
    pub fn synchronous(&self) -> bool {
        self.shared.disk.synchronous
    }

    /// What is on disk, unchanging while this is held.
    async fn reading(&self) -> Result<Reading> {
        ensure!(self.writer.is_alive(), "the store's writer has stopped");
        let guard = self.shared.gate.clone().read_owned().await;
        Reading::new(self.shared.clone(), guard)
    }

    /// Runs what takes long beside the runtime, on what is on disk.
    async fn reading_long<T: Send + 'static>(
        &self,
        work: impl FnOnce(Reading) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let reading = self.reading().await?;
        tokio::task::spawn_blocking(move || work(reading)).await?
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        if self.shared.failed.get().is_some() {
            return;
        }
        // So that a later loss is noticed up to here. The marker may lag behind, so failing is no harm.
        if let Ok(Some(state)) = read_state(&self.shared.disk.db)
            && let Err(error) = Marker::write(&self.shared.held.folder, &state)
        {
            tracing::warn!("the store's marker file could not be written: {error:#}");
        }
    }
}

#[async_trait::async_trait]
impl Store for SledStore {
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let written = async {
            let commit = Encoded::new(commit)?;
            self.writer.write(move |staged| writes::commit(staged, commit)).await
        };
        written.await.unwrap_or_else(|error: anyhow::Error| Err(CommitError::Failed(format!("{error:#}"))))
    }

    async fn settle(&self, id: u64, settlement: Settlement) -> Result<()> {
        self.writer.write(move |staged| writes::settle(staged, id, settlement)).await
    }

    async fn projects(&self) -> Result<Vec<ProjectId>> {
        let reading = self.reading().await?;
        reading.keys(&Kind::Version.key()).map(|key| understood(keys::read_project(&key?))).collect()
    }

    async fn load(&self, project: ProjectId) -> Result<Stored> {
        self.reading_long(move |reading| {
            let version = reading.get(&Kind::Version.key().project(project))?;
            let version = version.map_or(Ok(0), |version| writes::read_u64(&version))?;
            let rows = reading.values(&Kind::Row.key().project(project)).map(|row| {
                let (key, value) = row?;
                Ok((understood(keys::read_row(&key))?.key, value))
            });
            Ok(Stored { version, rows: rows.collect::<Result<_>>()? })
        })
        .await
    }

    async fn due(&self, until: Timestamp, most: usize) -> Result<Vec<(Timestamp, RowKey)>> {
        let reading = self.reading().await?;
        let wakes = reading.keys(&Kind::Wake.key()).map(|key| understood(keys::read_wake(&key?)));
        wakes.take_while(|wake| wake.as_ref().map_or(true, |(at, _)| *at <= until)).take(most).collect()
    }

    async fn next_wake(&self) -> Result<Option<Timestamp>> {
        let reading = self.reading().await?;
        let first = reading.keys(&Kind::Wake.key()).next();
        first.map(|key| Ok(understood(keys::read_wake(&key?))?.0)).transpose()
    }

    async fn log(&self, project: ProjectId, key: Option<Key>, most: usize) -> Result<Vec<Entry>> {
        self.reading_long(move |reading| {
            let prefix = match key {
                Some(key) => Kind::LogOf.key().project(project).record(key),
                None => Kind::Log.key().project(project),
            };
            let entries = reading.keys(&prefix).rev().take(most).map(|key| {
                let number = understood(keys::read_number(&key?))?;
                let entry = reading.get(&Kind::Log.key().project(project).number(number))?;
                value::parse(&entry.context("a log entry is missing")?)
            });
            entries.collect()
        })
        .await
    }

    async fn has_seen(&self, key: &str) -> Result<bool> {
        let key = Kind::Seen.key().name(key);
        // A mark that is not there needs no wait for the flush that may be under way: whoever goes on
        // is refused by the commit if it comes meanwhile.
        if self.shared.failed.get().is_none() && !self.shared.disk.db.contains_key(&key)? {
            return Ok(false);
        }
        let reading = self.reading().await?;
        let until = reading.get(&key)?;
        let until = until.map(|until| writes::time(&until)).transpose()?;
        Ok(until.is_some_and(|until| until > self.shared.now()))
    }

    async fn outgoing(&self) -> Result<Vec<Outgoing>> {
        self.reading_long(|reading| {
            let rows = reading.values(&Kind::Outgoing.key()).map(|row| {
                let (key, value) = row?;
                writes::read_outgoing(understood(keys::read_number(&key))?, &value)
            });
            rows.collect()
        })
        .await
    }

    async fn about(&self, message: &MessageId) -> Result<Option<About>> {
        let reading = self.reading().await?;
        let Some(told) = reading.get(&Kind::About.key().name(&message.0))? else { return Ok(None) };
        let told: Told = value::parse(&told)?;
        Ok((told.until > self.shared.now()).then_some(told.about))
    }

    async fn dead_letters(&self) -> Result<Vec<DeadLetter>> {
        let reading = self.reading().await?;
        let letters = reading.values(&Kind::DeadLetter.key()).map(|row| value::parse(&row?.1));
        let mut letters: Vec<DeadLetter> = letters.collect::<Result<_>>()?;
        letters.sort_by_key(|letter| (letter.at, letter.outgoing.id));
        Ok(letters)
    }

    async fn revive(&self, id: u64) -> Result<Option<Outgoing>> {
        self.writer.write(move |staged| writes::revive(staged, id)).await
    }

    async fn forget(&self, id: u64) -> Result<bool> {
        self.writer.write(move |staged| writes::forget(staged, id)).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<usize> {
        {
            let mut latest = self.shared.now.lock().expect("nothing panics while holding a time");
            *latest = now.max(*latest);
        }
        let mut swept = 0;
        loop {
            let step = self.writer.write(move |staged| writes::sweep(staged, now, SWEPT_AT_ONCE)).await?;
            swept += step;
            // Each step forgets up to so many of either kind: less than that, and neither had more.
            if step < SWEPT_AT_ONCE {
                return Ok(swept);
            }
        }
    }

    async fn chat_append(&self, room: &str, key: &str, value: Vec<u8>) -> Result<u64> {
        let (room, key) = (room.to_owned(), key.to_owned());
        self.writer.write(move |staged| writes::chat_append(staged, &room, &key, &value)).await
    }

    async fn chat_since(&self, room: &str, after: u64, most: usize) -> Result<Vec<ChatLine>> {
        let reading = self.reading().await?;
        let Some(first) = after.checked_add(1) else { return Ok(Vec::new()) };
        let lines = Kind::ChatLine.key().name(room);
        let lines = reading.values_from(lines.clone().number(first), &lines).take(most).map(|row| {
            let (key, line) = row?;
            let (_, value) = keys::split_name(&line).context("a chat line has no name")?;
            Ok(ChatLine { seq: understood(keys::read_number(&key))?, value: value.to_vec() })
        });
        lines.collect()
    }

    async fn chat_rooms(&self) -> Result<Vec<String>> {
        let reading = self.reading().await?;
        let rooms = reading.values(&Kind::ChatRoom.key());
        let rooms = rooms.map(|row| Ok(value::parse::<ChatRoom>(&row?.1)?.name));
        let mut rooms: Vec<String> = rooms.collect::<Result<_>>()?;
        rooms.sort();
        Ok(rooms)
    }

    async fn writable(&self) -> Result<()> {
        drop(self.reading().await?);
        self.shared.disk.has_room()
    }

    async fn verify(&self) -> Result<Findings> {
        let mut findings = self.reading_long(|reading| verify::verify(&reading)).await?;
        findings.warnings.splice(0..0, self.opened.warnings.iter().cloned());
        Ok(findings)
    }

    async fn adopt(&self, copies: Vec<DossierCopy>) -> Result<()> {
        let copies: Vec<Adopted> = copies.into_iter().map(Adopted::new).collect::<Result<_>>()?;
        self.writer.write(move |staged| writes::adopt(staged, &copies)).await?
    }

    async fn backup(&self, to: &Path) -> Result<u64> {
        let to = to.to_owned();
        self.reading_long(move |reading| backup::backup(reading, &to)).await
    }
}

/// Makes an empty sled a store.
fn make(disk: &Disk) -> Result<State> {
    let state = State::fresh()?;
    let mut batch = Batch::default();
    for (key, row) in value::encode(STATE, &serde_json::to_vec(&state)?)? {
        batch.insert(key, row);
    }
    disk.write(batch)?;
    Ok(state)
}
