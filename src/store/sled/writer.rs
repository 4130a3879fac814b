//! The one writer: it gathers what waits, writes it in one batch, flushes once, and answers all.
//!
//! Being alone, it needs no transactions: it checks guards and marks against the tree and against what
//! earlier steps of the same batch did. A step that refuses or fails leaves nothing in the batch and
//! does not disturb the others. Readers are kept out between the batch and its flush (see
//! [`Shared::gate`]), so that nobody acts on what may not survive.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
    thread::JoinHandle,
};

use anyhow::{Result, anyhow};
use jiff::Timestamp;
use sled::{Batch, Db, IVec};
use tokio::sync::{RwLock, mpsc, oneshot};

use super::{
    disk::{Disk, Held},
    keys::STATE,
    state::State,
    value::{self, rest_key},
};

/// How many steps may wait; whoever comes then waits for a place.
const QUEUE: usize = 1024;
/// A batch takes no further steps after so many,
const MOST_STEPS: usize = 512;
/// or after so many bytes.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What the writer and the readers share.
#[derive(Debug)]
pub(super) struct Shared {
    /// sled. Dropped before the folder is given up.
    pub(super) disk: Disk,
    /// The folder.
    pub(super) held: Held,
    /// Protects the time between a batch and its flush. The writer holds it for writing then; readers
    /// hold it for reading, so what they see is on disk and is not a mixture of two states. An async
    /// lock, so that a reader who waits for the disk does not hold up a thread of the runtime; a fair
    /// one, so that neither side starves.
    pub(super) gate: Arc<RwLock<()>>,
    /// Why nothing can be known any more: a write failed. Set once, until the store is opened anew.
    pub(super) failed: OnceLock<String>,
    /// The latest time that the store was told; marks that end before it are forgotten.
    pub(super) now: std::sync::Mutex<Timestamp>,
}

impl Shared {
    /// The latest time that the store was told.
    pub(super) fn now(&self) -> Timestamp {
        *self.now.lock().expect("nothing panics while holding a time")
    }
}

/// Tells whoever waits how it went; called after the flush.
type Answer = Box<dyn FnOnce(Result<(), &str>) + Send>;
/// One thing to write.
type Step = Box<dyn FnOnce(&mut Staged<'_>) -> Answer + Send>;

/// The writer's end for everybody else. Dropping it lets the writer finish what waits, and waits for that.
#[derive(Debug)]
pub(super) struct Writer {
    steps: Option<mpsc::Sender<Step>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the writer's thread. It blocks on the disk, so it is no task of the runtime.
    pub(super) fn start(shared: Arc<Shared>, state: State) -> Result<Self> {
        let (steps, waiting) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || write_all(&shared, state, waiting))?;
        Ok(Self { steps: Some(steps), thread: Some(thread) })
    }

    /// Carries out a step and returns its result when its effect is on disk. Once begun it is carried
    /// out even if the caller stops waiting.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Staged<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let step: Step = Box::new(move |staged| {
            let result = staged.attempt(step);
            Box::new(move |written| {
                let result = written.map_err(|why| anyhow!("{why}")).and(result);
                // Whoever asked may have gone.
                let _ = answer.send(result);
            })
        });
        let stopped = || anyhow!("the store's writer has stopped");
        let steps = self.steps.as_ref().ok_or_else(stopped)?;
        steps.send(step).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    /// Whether the thread still runs.
    pub(super) fn is_alive(&self) -> bool {
        self.steps.as_ref().is_some_and(|steps| !steps.is_closed())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.steps = None;
        if let Some(thread) = self.thread.take() {
            // It panicked, then; whoever waited was told.
            let _ = thread.join();
        }
    }
}

fn write_all(shared: &Shared, mut state: State, mut waiting: mpsc::Receiver<Step>) {
    while let Some(step) = waiting.blocking_recv() {
        let mut staged = Staged::new(&shared.disk.db, state.clone(), shared.now());
        let mut answers = Vec::new();
        let mut next = Some(step);
        while let Some(step) = next {
            answers.push(step(&mut staged));
            let full = answers.len() >= MOST_STEPS || staged.bytes >= MOST_BYTES;
            next = if full { None } else { waiting.try_recv().ok() };
        }
        let written = flush(shared, staged, &mut state).map_err(|error| format!("{error:#}"));
        // Their ratio is how many writes share one flush.
        metrics::counter!("jiuding_store_flushes_total").increment(1);
        metrics::counter!("jiuding_store_writes_total").increment(answers.len() as u64);
        for answer in answers {
            answer(written.as_ref().map(|_| ()).map_err(String::as_str));
        }
    }
}

fn flush(shared: &Shared, staged: Staged<'_>, state: &mut State) -> Result<()> {
    if let Some(why) = shared.failed.get() {
        return Err(anyhow!("an earlier write failed, the store must be opened anew: {why}"));
    }
    let Some((batch, next)) = staged.finish()? else { return Ok(()) };
    shared.disk.has_room()?;
    let _alone = shared.gate.blocking_write();
    if let Err(error) = shared.disk.write(batch) {
        tracing::error!(
            "writing the store failed, nothing more is written until it is opened anew: {error:#}"
        );
        let _ = shared.failed.set(format!("{error:#}"));
        return Err(error);
    }
    *state = next;
    Ok(())
}

/// The store as it will be after this batch.
pub(super) struct Staged<'a> {
    db: &'a Db,
    /// The batch so far.
    done: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// What the step in hand adds; it joins the batch only if the step succeeds.
    step: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    bytes: usize,
    /// The counters.
    pub(super) state: State,
    /// The latest time that the store was told.
    pub(super) now: Timestamp,
}

impl<'a> Staged<'a> {
    fn new(db: &'a Db, state: State, now: Timestamp) -> Self {
        Self { db, done: BTreeMap::new(), step: BTreeMap::new(), bytes: 0, state, now }
    }

    /// The value under `key`.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        value::read(key, |key| self.raw(key))
    }

    /// Sets the value under `key`, whatever was there.
    pub(super) fn put(&mut self, key: &[u8], payload: &[u8]) -> Result<()> {
        let rows = value::encode(key, payload)?;
        let parts = (rows.len() - 1) as u16;
        self.cut(key, parts)?;
        self.step.extend(rows.into_iter().map(|(key, row)| (key, Some(row))));
        Ok(())
    }

    /// Sets the value under `key` without looking whether an earlier one has further rows to take away: for
    /// keys that are new, and for values that always fit one row.
    pub(super) fn put_blind(&mut self, key: &[u8], payload: &[u8]) -> Result<()> {
        let rows = value::encode(key, payload)?;
        self.step.extend(rows.into_iter().map(|(key, row)| (key, Some(row))));
        Ok(())
    }

    /// Removes the value under `key` if there is one.
    pub(super) fn remove(&mut self, key: &[u8]) -> Result<()> {
        if self.raw(key)?.is_some() {
            self.cut(key, 0)?;
            self.step.insert(key.to_vec(), None);
        }
        Ok(())
    }

    /// Sees to it that the state is written, though nothing else may be.
    pub(super) fn touch(&mut self) -> Result<()> {
        let state = serde_json::to_vec(&self.state)?;
        self.put(STATE, &state)
    }

    /// The first `most` keys of a range as they were before this batch: look each up before use.
    pub(super) fn earlier_keys(&self, range: std::ops::Range<&[u8]>, most: usize) -> Result<Vec<IVec>> {
        Ok(self.db.range(range).keys().take(most).collect::<sled::Result<_>>()?)
    }

    /// Runs a step; what it staged counts only if it succeeds. One that fails may leave a gap in the
    /// counters, which promise to rise and nothing else.
    fn attempt<T>(&mut self, step: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let result = step(self);
        let staged = std::mem::take(&mut self.step);
        if result.is_ok() {
            let size =
                |(key, row): (&Vec<u8>, &Option<Vec<u8>>)| key.len() + row.as_ref().map_or(0, Vec::len);
            self.bytes += staged.iter().map(size).sum::<usize>();
            self.done.extend(staged);
        }
        result
    }

    /// The batch and the state after it; `None` if nothing changes.
    fn finish(mut self) -> Result<Option<(Batch, State)>> {
        if self.done.is_empty() {
            return Ok(None);
        }
        self.state.writes += 1;
        let state = serde_json::to_vec(&self.state)?;
        self.attempt(|staged| staged.put(STATE, &state))?;
        let mut batch = Batch::default();
        for (key, row) in self.done {
            match row {
                Some(row) => batch.insert(key, row),
                None => batch.remove(key),
            }
        }
        Ok(Some((batch, self.state)))
    }

    /// Removes the further rows that the present value under `key` has beyond `parts`.
    fn cut(&mut self, key: &[u8], parts: u16) -> Result<()> {
        let Some(head) = self.raw(key)? else { return Ok(()) };
        for part in parts..value::parts(key, &head)? {
            self.step.insert(rest_key(key, part).0, None);
        }
        Ok(())
    }

    fn raw(&self, key: &[u8]) -> sled::Result<Option<IVec>> {
        match self.step.get(key).or_else(|| self.done.get(key)) {
            Some(row) => Ok(row.as_deref().map(IVec::from)),
            None => self.db.get(key),
        }
    }
}
