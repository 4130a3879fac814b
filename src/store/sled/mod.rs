//! The embedded store, on sled: one process, one folder, one writer.
//!
//! What it promises, and why one may believe it:
//! - **What is acknowledged survives a kill and a power cut.** A write is answered after its flush, and a
//!   flush is on disk when it returns ([`disk`]). The kill is tested for real in `tests/store`.
//! - **A commit is whole or not there.** Everything lies in one tree, and a group of commits is one sled
//!   batch, which recovery replays entirely or not at all ([`writer`]).
//! - **Nobody acts on what may vanish.** Readers do not see a batch before its flush, and "stale" or "seen
//!   before" is answered after the flush of what made it so.
//! - **A damaged value is noticed, not believed.** Every row carries its format and a checksum that also
//!   covers its key ([`value`]).
//! - **A loss is an alarm, not a fresh start.** A marker file beside sled's files knows which store this
//!   is and how far it was when last opened or closed ([`state`]).
//! - **After a failed write nothing is believed any more**, neither read nor written, until the store is
//!   opened anew; a disk that is nearly full refuses writes before that happens.
//!
//! What grows: rows and logs, for ever, since the rules keep them for ever. All else is bounded: marks
//! and message ids by [`Store::sweep`], a chat by its newest two thousand lines, dead letters by whoever
//! drops them. sled's files settle at several times the live data; `backup` and `restore` compact them.
//! Memory is the cache (64 MB) and sled's page table, about a tenth of a KB for each row.
//!
//! The folder holds `sled/` (sled's own), `store.marker`, and `store.lock`.

mod backup;
mod disk;
mod keys;
mod state;
mod value;
mod verify;
mod writer;
mod writes;

use std::{
    path::Path,
    sync::{Arc, Mutex, OnceLock},
};

use anyhow::{Context, Result, anyhow, ensure};
use jiff::Timestamp;
use sled::{Batch, Db, IVec};
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use self::{
    disk::{Disk, Held},
    keys::{KeyBytes, Kind, STATE},
    state::{Marker, State},
    writer::{Shared, Writer},
    writes::{ChatRoom, Told},
};
use super::{
    About, ChatLine, Commit, CommitError, Committed, DeadLetter, Entry, Findings, Key, Outgoing, ProjectId,
    RowKey, Settlement, Store, Stored,
};
use crate::chat::MessageId;

pub use backup::restore;

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
    /// Another process has the folder, the store was written by a newer version of this program, or it
    /// lost something; the message says how to go on.
    pub fn open(path: &Path, clock_now: Timestamp) -> Result<Self> {
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
        let opened = Findings {
            rows: count(&disk.db, Kind::Row)?,
            projects: count(&disk.db, Kind::Version)?,
            outgoing: count(&disk.db, Kind::Outgoing)?,
            bytes: disk.bytes()?,
            warnings,
        };
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
        let written = self.writer.write(|staged| writes::commit(staged, commit)).await;
        written.unwrap_or_else(|error| Err(CommitError::Failed(format!("{error:#}"))))
    }

    async fn settle(&self, id: u64, settlement: Settlement) -> Result<()> {
        self.writer.write(move |staged| writes::settle(staged, id, settlement)).await
    }

    async fn projects(&self) -> Result<Vec<ProjectId>> {
        let reading = self.reading().await?;
        reading.keys(&Kind::Version.key()).map(|key| understood(keys::read_project(&key?))).collect()
    }

    async fn load(&self, project: ProjectId) -> Result<Stored> {
        let reading = self.reading().await?;
        let version = reading.get(&Kind::Version.key().project(project))?;
        let version = version.map_or(Ok(0), |version| writes::read_u64(&version))?;
        let rows = reading.values(&Kind::Row.key().project(project)).map(|row| {
            let (key, value) = row?;
            Ok((understood(keys::read_row(&key))?.key, value))
        });
        Ok(Stored { version, rows: rows.collect::<Result<_>>()? })
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
        let reading = self.reading().await?;
        let prefix = match key {
            Some(key) => Kind::LogOf.key().project(project).record(key),
            None => Kind::Log.key().project(project),
        };
        let entries = reading.keys(&prefix).rev().take(most).map(|key| {
            let number = understood(keys::read_number(&key?))?;
            let entry = reading.get(&Kind::Log.key().project(project).number(number))?;
            Ok(serde_json::from_slice(&entry.context("a log entry is missing")?)?)
        });
        entries.collect()
    }

    async fn has_seen(&self, key: &str) -> Result<bool> {
        let reading = self.reading().await?;
        let until = reading.get(&Kind::Seen.key().name(key))?;
        let until = until.map(|until| writes::time(&until)).transpose()?;
        Ok(until.is_some_and(|until| until > self.shared.now()))
    }

    async fn outgoing(&self) -> Result<Vec<Outgoing>> {
        let reading = self.reading().await?;
        reading.values(&Kind::Outgoing.key()).map(|row| Ok(serde_json::from_slice(&row?.1)?)).collect()
    }

    async fn about(&self, message: &MessageId) -> Result<Option<About>> {
        let reading = self.reading().await?;
        let Some(told) = reading.get(&Kind::About.key().name(&message.0))? else { return Ok(None) };
        let told: Told = serde_json::from_slice(&told)?;
        Ok((told.until > self.shared.now()).then_some(told.about))
    }

    async fn dead_letters(&self) -> Result<Vec<DeadLetter>> {
        let reading = self.reading().await?;
        let letters = reading.values(&Kind::DeadLetter.key()).map(|row| Ok(serde_json::from_slice(&row?.1)?));
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
        let rooms = rooms.map(|row| Ok(serde_json::from_slice::<ChatRoom>(&row?.1)?.name));
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

    async fn backup(&self, to: &Path) -> Result<u64> {
        let to = to.to_owned();
        self.reading_long(move |reading| backup::backup(reading, &to)).await
    }
}

/// What is on disk at one moment: as long as this is held, the writer waits.
struct Reading {
    shared: Arc<Shared>,
    _guard: OwnedRwLockReadGuard<()>,
}

impl Reading {
    fn new(shared: Arc<Shared>, guard: OwnedRwLockReadGuard<()>) -> Result<Self> {
        if let Some(why) = shared.failed.get() {
            return Err(anyhow!("a write failed, the store must be opened anew: {why}"));
        }
        Ok(Self { shared, _guard: guard })
    }

    fn db(&self) -> &Db {
        &self.shared.disk.db
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        value::read(key, |key| self.db().get(key))
    }

    fn keys(&self, prefix: &[u8]) -> impl DoubleEndedIterator<Item = Result<IVec>> + use<> {
        self.db().scan_prefix(prefix).keys().map(|key| Ok(key?))
    }

    fn values<'a>(&'a self, prefix: &KeyBytes) -> impl Iterator<Item = Result<(IVec, Vec<u8>)>> + use<'a> {
        self.values_from(prefix.clone(), prefix)
    }

    /// The keys and values from `first` on, as long as the keys begin with `prefix`.
    fn values_from<'a>(
        &'a self,
        first: KeyBytes,
        prefix: &[u8],
    ) -> impl Iterator<Item = Result<(IVec, Vec<u8>)>> + use<'a> {
        let prefix = prefix.to_vec();
        self.db()
            .range(first.0..)
            .take_while(move |row| row.as_ref().map_or(true, |(key, _)| key.starts_with(&prefix)))
            .map(|row| {
                let (key, head) = row?;
                let value = value::decode(&key, &head, |key| self.db().get(key))?;
                Ok((key, value))
            })
    }
}

fn understood<T>(read: Option<T>) -> Result<T> {
    read.context("a key of the store cannot be read")
}

fn count(db: &Db, kind: Kind) -> Result<u64> {
    let mut count = 0;
    for key in db.scan_prefix(kind.key()).keys() {
        key?;
        count += 1;
    }
    Ok(count)
}

/// The state of the store in this sled; `None` if it is empty.
fn read_state(db: &Db) -> Result<Option<State>> {
    if let Some(state) = value::read(STATE, |key| db.get(key))? {
        return State::parse(&state).map(Some);
    }
    ensure!(db.iter().next().is_none(), "the store's state row is missing; this is no store of this program");
    Ok(None)
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::store::Seen;

    fn mark(name: &str) -> Commit {
        Commit { seen: vec![Seen { key: name.into(), until: Timestamp::MAX }], ..Commit::default() }
    }

    #[tokio::test]
    async fn after_a_failed_write_nothing_is_believed_until_the_store_is_opened_anew() {
        let folder = tempfile::tempdir().unwrap();
        let store = SledStore::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap();
        store.commit(mark("first")).await.unwrap();
        store.shared.disk.broken.store(true, Ordering::SeqCst);
        assert!(matches!(store.commit(mark("lost")).await, Err(CommitError::Failed(_))));
        store.shared.disk.broken.store(false, Ordering::SeqCst);
        assert!(matches!(store.commit(mark("later")).await, Err(CommitError::Failed(_))));
        assert!(store.has_seen("lost").await.is_err());
        assert!(store.writable().await.is_err());
        drop(store);
        let store = SledStore::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap();
        assert!(store.has_seen("first").await.unwrap());
        assert!(!store.has_seen("later").await.unwrap());
        store.commit(mark("later")).await.unwrap();
    }

    #[tokio::test]
    async fn commits_of_one_group_see_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SledStore::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap());
        let project = ProjectId(1);
        let guarded = |version| Commit { guards: vec![(project, version)], ..Commit::default() };
        // The writer takes the first commit and waits for the reader; what comes meanwhile is one group.
        let reading = store.reading().await.unwrap();
        let commits = [
            mark("holds the writer"),
            guarded(0),
            guarded(0),
            mark("event"),
            Commit { guards: vec![(ProjectId(2), 0)], ..mark("event") },
            guarded(1),
        ];
        let mut answers = Vec::new();
        for commit in commits {
            let store = store.clone();
            answers.push(tokio::spawn(async move { store.commit(commit).await }));
            // On this one thread the task runs now, up to its place in the queue.
            tokio::task::yield_now().await;
        }
        assert!(answers.iter().all(|answer| !answer.is_finished()));
        drop(reading);
        let mut results = Vec::new();
        for answer in answers {
            results.push(match answer.await.unwrap() {
                Ok(_) => "written",
                Err(CommitError::Stale(stale)) if stale == project => "stale",
                Err(CommitError::SeenBefore) => "seen",
                Err(error) => panic!("{error}"),
            });
        }
        assert_eq!(results, ["written", "written", "stale", "written", "seen", "written"]);
        assert_eq!(store.load(project).await.unwrap().version, 2);
        assert_eq!(store.load(ProjectId(2)).await.unwrap().version, 0);
        let writes = read_state(&store.shared.disk.db).unwrap().unwrap().writes;
        assert!(writes <= 2, "six commits took {writes} groups");
    }

    #[tokio::test]
    async fn nobody_sees_what_is_not_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SledStore::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap());
        let reading = store.reading().await.unwrap();
        let written = tokio::spawn({
            let store = store.clone();
            async move { store.commit(mark("event")).await }
        });
        // A lock with a writer in its queue lets no further readers in.
        while store.shared.gate.try_read().is_ok() {
            assert!(!written.is_finished(), "the writer did not wait for the reader");
            tokio::task::yield_now().await;
        }
        assert_eq!(reading.get(&Kind::Seen.key().name("event")).unwrap(), None);
        let asked = tokio::spawn({
            let store = store.clone();
            async move { store.has_seen("event").await.unwrap() }
        });
        drop(reading);
        assert!(asked.await.unwrap());
        written.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_full_disk_refuses_writes_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        drop(SledStore::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap());
        let store = SledStore::open_keeping(folder.path(), Timestamp::UNIX_EPOCH, u64::MAX).unwrap();
        assert!(matches!(store.commit(mark("first")).await, Err(CommitError::Failed(_))));
        assert!(store.writable().await.unwrap_err().to_string().contains("disk is full"));
        assert!(!store.has_seen("first").await.unwrap());
    }
}
