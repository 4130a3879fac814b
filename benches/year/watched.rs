//! The embedded store, and how late what fell due was durable in it.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Instant,
};

use jiff::Timestamp;
use jiuding::{
    chat::MessageId,
    store::{
        About, ChatLine, Commit, CommitError, Committed, DeadLetter, DossierCopy, Entry, Findings, Key,
        Outgoing, ProjectId, RowKey, Settlement, Store, Stored,
    },
};

/// A store that is watched.
pub struct Watched {
    inner: Arc<dyn Store>,
    seen: Mutex<Seen>,
}

/// What was seen of it.
#[derive(Default)]
pub struct Seen {
    /// Up to which moment the scheduler looks, and since when.
    looks: Option<(Timestamp, Instant)>,
    /// Decisions written.
    pub commits: u64,
    /// Wakes and jobs among them.
    pub wakes: u64,
    /// What became of messages, written.
    pub settled: u64,
    /// The rows of all decisions, in bytes.
    pub bytes: u64,
    /// By how many seconds each wake and job was late: by the simulated clock, and then by the time it took
    /// until it was durable.
    pub late: Vec<f32>,
}

impl Watched {
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, seen: Mutex::default() }
    }

    pub fn seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().expect("nothing panics while it is held"))
    }
}

/// What the scheduler carries out with a commit: the moments that were due. Lines of people have marks.
fn due(commit: &Commit, until: Timestamp) -> Vec<Timestamp> {
    let job = |mark: &str| mark.strip_prefix("job:")?.splitn(3, ':').nth(2)?.parse().ok();
    if !commit.seen.is_empty() {
        return commit.seen.iter().filter_map(|seen| job(&seen.key)).collect();
    }
    commit.wakes.iter().filter_map(|wake| wake.before).filter(|at| *at <= until).collect()
}

#[async_trait::async_trait]
impl Store for Watched {
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let looks = self.seen(|seen| seen.looks);
        let due = looks.map(|(until, _)| due(&commit, until)).unwrap_or_default();
        let bytes: usize = commit.rows.iter().filter_map(|(_, row)| row.as_ref()).map(Vec::len).sum();
        let committed = self.inner.commit(commit).await?;
        self.seen(|seen| {
            seen.commits += 1;
            seen.bytes += bytes as u64;
            seen.wakes += due.len() as u64;
            if let Some((until, since)) = looks {
                let took = since.elapsed().as_secs_f32();
                seen.late.extend(due.iter().map(|at| until.duration_since(*at).as_secs_f32() + took));
            }
        });
        Ok(committed)
    }

    async fn settle(&self, id: u64, settlement: Settlement) -> anyhow::Result<()> {
        self.inner.settle(id, settlement).await?;
        self.seen(|seen| seen.settled += 1);
        Ok(())
    }

    async fn due(&self, until: Timestamp, most: usize) -> anyhow::Result<Vec<(Timestamp, RowKey)>> {
        self.seen(|seen| {
            // Opening reads all of them.
            if until < Timestamp::MAX && seen.looks.is_none_or(|(looks, _)| looks < until) {
                seen.looks = Some((until, Instant::now()));
            }
        });
        self.inner.due(until, most).await
    }

    async fn projects(&self) -> anyhow::Result<Vec<ProjectId>> {
        self.inner.projects().await
    }

    async fn load(&self, project: ProjectId) -> anyhow::Result<Stored> {
        self.inner.load(project).await
    }

    async fn next_wake(&self) -> anyhow::Result<Option<Timestamp>> {
        self.inner.next_wake().await
    }

    async fn log(&self, project: ProjectId, key: Option<Key>, most: usize) -> anyhow::Result<Vec<Entry>> {
        self.inner.log(project, key, most).await
    }

    async fn has_seen(&self, key: &str) -> anyhow::Result<bool> {
        self.inner.has_seen(key).await
    }

    async fn outgoing(&self) -> anyhow::Result<Vec<Outgoing>> {
        self.inner.outgoing().await
    }

    async fn about(&self, message: &MessageId) -> anyhow::Result<Option<About>> {
        self.inner.about(message).await
    }

    async fn dead_letters(&self) -> anyhow::Result<Vec<DeadLetter>> {
        self.inner.dead_letters().await
    }

    async fn revive(&self, id: u64) -> anyhow::Result<Option<Outgoing>> {
        self.inner.revive(id).await
    }

    async fn forget(&self, id: u64) -> anyhow::Result<bool> {
        self.inner.forget(id).await
    }

    async fn sweep(&self, now: Timestamp) -> anyhow::Result<usize> {
        self.inner.sweep(now).await
    }

    async fn chat_append(&self, room: &str, key: &str, value: Vec<u8>) -> anyhow::Result<u64> {
        self.inner.chat_append(room, key, value).await
    }

    async fn chat_since(&self, room: &str, after: u64, most: usize) -> anyhow::Result<Vec<ChatLine>> {
        self.inner.chat_since(room, after, most).await
    }

    async fn chat_rooms(&self) -> anyhow::Result<Vec<String>> {
        self.inner.chat_rooms().await
    }

    async fn writable(&self) -> anyhow::Result<()> {
        self.inner.writable().await
    }

    async fn verify(&self) -> anyhow::Result<Findings> {
        self.inner.verify().await
    }

    async fn adopt(&self, copies: Vec<DossierCopy>) -> anyhow::Result<()> {
        self.inner.adopt(copies).await
    }

    async fn backup(&self, to: &Path) -> anyhow::Result<u64> {
        self.inner.backup(to).await
    }
}
