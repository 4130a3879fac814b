//! The embedded store, and how late what fell due was durable in it.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use jiff::Timestamp;
use jiuding::store::{Commit, CommitError, Committed, RowKey, Settlement, Store};

use crate::around::Around;

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
impl Around for Watched {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

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
}
