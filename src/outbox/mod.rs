//! Delivers what is to be said: in order per target, at the platform's pace, again and again until the
//! platform has it or it is given up.
//!
//! A target has a [`queue`] (what goes next, a pure value: the plan of its room) and a [`lane`] (the task that sends
//! it). Lanes know nothing of each other beyond the platform's [`pace`], before which they stand in a [`line`]; how many
//! send at once is bounded.
//!
//! Who waits for what is the message's [`haste`]: urgent, an answer, or ordinary. It decides who goes first in a room and
//! in the line, and who may take the last tokens of a [`bucket`]. What nobody waits for also keeps out of a platform's
//! [`peak`]. Words that a platform would swallow, since it said them before, are varied ([`repeats`]); a message that
//! is no longer true when its turn comes is dropped, with a line in the log.
//!
//! What survives a crash at any place:
//!
//! - *Nothing is lost*: a message stays in the store until the platform took it or it is a dead letter.
//! - *Nothing is doubled unseen*: a parcel's id is the same at every try, and a platform that recognises
//!   it says it once. For one that does not, or not for ever, the store is told before a try whose fate
//!   might be lost, and the parcel says that it may be a repetition once the platform has forgotten
//!   ([`Platform::remembers`]).
//! - *No bundle is torn*: a bundle is written as one row that holds all its parts, and they leave the
//!   store with it. A part joins only while surely no try of the bundle was accepted, since the platform
//!   would take the fuller parcel for the first one again and nobody would hear that part. So messages
//!   whose fate an earlier process took with it go alone.
//!
//! Deferral, age and 补发 go by the bot's clock; waiting between tries and pacing by real time.

mod backoff;
mod bucket;
mod clearance;
mod doubt;
mod haste;
mod lane;
mod line;
mod pace;
mod parcel;
mod peak;
mod queue;
mod repeats;
mod together;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};

pub use bucket::Bucket;
use doubt::Doubt;
use pace::Pace;
use queue::{Queue, Waiting};
use repeats::Repeats;
use together::Hold;

use crate::{
    chat::{MessageId, Target},
    clock::SharedClock,
    platform::Platform,
    store::{Condition, Outgoing, ProjectId, Store},
};

/// How long to wait after so many failures in a row, at least as long as was `asked`.
pub fn wait(failures: u32, asked: Option<Duration>) -> Duration {
    backoff::wait(failures, asked, backoff::jitter())
}

/// How long after its commit a message was surely handed over.
const HANDED_OVER: Duration = Duration::from_secs(5);
/// How long stopping waits for the parcels on their way.
const GRACE: Duration = Duration::from_secs(10);

/// Whether a record still owes a step; implemented by the engine over its dossiers.
#[async_trait::async_trait]
pub trait Owed: Send + Sync {
    /// Whether what the ping asks for is still to be done.
    async fn is_owed(&self, condition: &Condition) -> bool;

    /// A message that a project keeps so as to edit it ([`Outgoing::card`]) has been taken by its platform under this
    /// id; `None`: there is no such message to edit.
    async fn posted(&self, _project: ProjectId, _card: u32, _message: Option<&MessageId>) {}
}

/// The outbox.
pub struct Outbox {
    store: Arc<dyn Store>,
    clock: SharedClock,
    /// By name.
    platforms: HashMap<&'static str, Speaker>,
    /// Weak, since the engine holds the outbox.
    owed: OnceLock<Weak<dyn Owed>>,
    started: Timestamp,
    /// Every queue, and which of them have no lane yet. A plain mutex: held for lookups only, never over
    /// an await.
    rooms: Mutex<Rooms>,
    /// There is a queue without a lane.
    lonely: Notify,
    /// There are targets whose lanes are wanted; only where several processes have the store.
    claiming: Notify,
    /// Something moved; for [`Outbox::idle`].
    moved: watch::Sender<()>,
    /// Held while lost messages are looked for, so that two who look do not both find one.
    recovering: tokio::sync::Mutex<()>,
}

/// A platform with its pace.
struct Speaker {
    platform: Arc<dyn Platform>,
    pace: Pace,
    repeats: Repeats,
}

#[derive(Default)]
struct Rooms {
    queues: HashMap<Target, Room>,
    lonely: Vec<Target>,
    /// Targets with messages whose lanes are not ours yet.
    wanted: BTreeSet<Target>,
}

#[derive(Default)]
struct Room {
    queue: Queue,
    /// Tells the lane that something was added.
    added: Arc<Notify>,
    /// Where several processes have the store.
    hold: Hold,
}

impl Outbox {
    /// An outbox that says nothing before [`Outbox::run`]. `started` is when this process did, by the
    /// bot's clock: what was due before and is late is marked 补发.
    pub fn new(
        store: Arc<dyn Store>,
        clock: SharedClock,
        platforms: Vec<Arc<dyn Platform>>,
        started: Timestamp,
    ) -> Arc<Self> {
        let speaker = |platform: Arc<dyn Platform>| {
            let (pace, repeats) = (Pace::new(platform.limits()), Repeats::default());
            (platform.name(), Speaker { platform, pace, repeats })
        };
        Arc::new(Self {
            store,
            clock,
            platforms: platforms.into_iter().map(speaker).collect(),
            owed: OnceLock::new(),
            started,
            rooms: Mutex::default(),
            lonely: Notify::new(),
            claiming: Notify::new(),
            moved: watch::Sender::new(()),
            recovering: tokio::sync::Mutex::new(()),
        })
    }

    /// Names whoever knows what is still owed; once, before [`Outbox::run`]. Without it, everything is.
    pub fn set_owed(&self, owed: Weak<dyn Owed>) {
        // The first one stays.
        let _ = self.owed.set(owed);
    }

    /// Takes up everything the store still has on its way; once, before anything is pushed.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn load(&self) -> anyhow::Result<()> {
        if self.store.shared().is_some() {
            // What is nobody's is found by looking.
            return Ok(());
        }
        let waiting = self.store.outgoing().await?.into_iter().map(|outgoing| self.found(outgoing)).collect();
        self.enqueue(waiting);
        Ok(())
    }

    /// Takes messages whose commit is written; they carry their ids. A message that is waiting already
    /// is not taken twice.
    pub fn push(&self, messages: Vec<Outgoing>) {
        if self.store.shared().is_some() {
            return self.want(messages.into_iter().map(|outgoing| outgoing.to));
        }
        let now = self.clock.now();
        let waiting = messages.into_iter().map(|outgoing| fresh(outgoing, now)).collect();
        self.enqueue(waiting);
    }

    /// Takes up what the store has on its way and nobody here knows of: a commit that seemed to fail may have been
    /// written all the same. What is unknown at two times, some seconds apart, was not handed over in between.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn recover(&self) -> anyhow::Result<()> {
        if self.store.shared().is_some() {
            // It is found by looking.
            return Ok(());
        }
        let _alone = self.recovering.lock().await;
        let unknown = self.unknown().await?;
        if unknown.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(HANDED_OVER).await;
        let lost = self.unknown().await?.into_iter();
        let lost = lost.filter(|outgoing| unknown.iter().any(|earlier| earlier.id == outgoing.id));
        let lost: Vec<Waiting> = lost.map(|outgoing| self.found(outgoing)).collect();
        if !lost.is_empty() {
            tracing::warn!("{} messages of a commit that seemed to fail are taken up", lost.len());
        }
        self.enqueue(lost);
        Ok(())
    }

    /// What the store has on its way and no queue.
    async fn unknown(&self) -> anyhow::Result<Vec<Outgoing>> {
        let mut outgoing = self.store.outgoing().await?;
        let rooms = self.rooms();
        outgoing.retain(|outgoing| {
            rooms.queues.get(&outgoing.to).is_none_or(|room| !room.queue.has(outgoing.id))
        });
        Ok(outgoing)
    }

    /// Puts a dead letter back on its way; false if the store knows none of that id.
    ///
    /// # Errors
    /// The store failed.
    pub async fn revive(&self, id: u64) -> anyhow::Result<bool> {
        let Some(outgoing) = self.store.revive(id).await? else { return Ok(false) };
        if self.store.shared().is_some() {
            self.want([outgoing.to]);
            return Ok(true);
        }
        // Its first life may have been heard, so nothing may join it.
        self.enqueue(vec![Waiting { alone: true, ..fresh(outgoing, self.clock.now()) }]);
        Ok(true)
    }

    /// Delivers until `stop` says so (or its sender is gone), then waits a little for the parcels on
    /// their way. What is left stays in the store.
    pub async fn run(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let claims = tokio::spawn(self.clone().claim_lanes(stop.clone()));
        let mut lanes = JoinSet::new();
        let (mut targets, mut running) = (HashMap::new(), HashSet::new());
        loop {
            for target in std::mem::take(&mut self.rooms().lonely) {
                // One that has not ended yet goes on with the new queue, or is followed by another one.
                if running.insert(target.clone()) {
                    let lane = lane::Lane::new(self.clone(), target.clone(), stop.clone());
                    targets.insert(lanes.spawn(lane.run()).id(), target);
                }
            }
            tokio::select! {
                biased;
                () = lane::stopped(stop.clone()) => break,
                () = self.lonely.notified() => {}
                Some(ended) = lanes.join_next_with_id(), if !lanes.is_empty() => {
                    let id = ended.as_ref().map_or_else(|error| error.id(), |(id, ())| *id);
                    if let Err(error) = ended {
                        // A fault of ours must not silence a room; a pause keeps it from spinning.
                        tracing::error!("a lane of the outbox ended: {error}");
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                    if let Some(target) = targets.remove(&id) {
                        running.remove(&target);
                        let mut rooms = self.rooms();
                        if rooms.queues.contains_key(&target) {
                            rooms.lonely.push(target);
                        }
                    }
                }
            }
        }
        let in_flight = async { while lanes.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(GRACE, in_flight).await;
        lanes.shutdown().await;
        claims.abort();
        let mut rooms = self.rooms();
        rooms.lonely = rooms.queues.keys().cloned().collect();
    }

    /// Waits (real time, at most `limit`) until every message that should have been said by now is with
    /// its platform or waits for another try, itself or the one before it; returns how many are not.
    pub async fn idle(&self, limit: Duration) -> usize {
        if self.store.shared().is_some() {
            return self.idle_together(limit).await;
        }
        let mut moved = self.moved.subscribe();
        let all_said = async { while self.is_speaking() && moved.changed().await.is_ok() {} };
        let _ = tokio::time::timeout(limit, all_said).await;
        self.unsaid()
    }

    /// How many messages wait, deferred ones among them.
    pub fn depth(&self) -> usize {
        self.rooms().queues.values().map(|room| room.queue.len()).sum()
    }

    /// When each message that is deferred, but not beyond `to`, may be said, in order.
    ///
    /// # Errors
    /// The store could not be read; only where several processes have it.
    pub async fn deferred_by(&self, to: Timestamp) -> anyhow::Result<Vec<Timestamp>> {
        let now = self.clock.now();
        let mut times: Vec<Timestamp> = match self.store.shared() {
            Some(_) => {
                let outgoing = self.store.outgoing().await?;
                outgoing.iter().map(|outgoing| outgoing.not_before).filter(|at| *at > now).collect()
            }
            None => self.rooms().queues.values().flat_map(|room| room.queue.deferred(now)).collect(),
        };
        times.retain(|until| *until <= to);
        times.sort();
        Ok(times)
    }

    /// Whether anything is unsaid; asked after each message, so it looks no further than the first.
    fn is_speaking(&self) -> bool {
        let now = self.clock.now();
        self.rooms().queues.values().any(|room| room.queue.unsaid(now) > 0)
    }

    fn unsaid(&self) -> usize {
        let now = self.clock.now();
        self.rooms().queues.values().map(|room| room.queue.unsaid(now)).sum()
    }

    fn enqueue(&self, messages: Vec<Waiting>) {
        let mut rooms = self.rooms();
        let rooms = &mut *rooms;
        for waiting in messages {
            let target = waiting.outgoing.to.clone();
            let room = rooms.queues.entry(target.clone()).or_insert_with(|| {
                rooms.lonely.push(target);
                Room::default()
            });
            room.queue.insert(waiting);
            room.added.notify_one();
        }
        self.lonely.notify_one();
    }

    /// A message that an earlier process left behind.
    fn found(&self, outgoing: Outgoing) -> Waiting {
        let since = outgoing.created.max(outgoing.not_before);
        // Where a platform never forgets, tries are not written down: any may have been accepted.
        let unwritten = self.platforms.get(outgoing.to.platform()).is_some_and(Speaker::never_forgets);
        let age = self.clock.now().duration_since(since);
        let doubt = (outgoing.tries > 0).then(|| Doubt::ago(age.try_into().unwrap_or_default()));
        Waiting { since, doubt, alone: unwritten, failures: 0, said_before: None, outgoing }
    }

    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Speaker {
    fn never_forgets(&self) -> bool {
        self.platform.remembers() == Duration::MAX
    }
}

/// A message that surely was never tried. Its age counts from now, so that a revived one is not dead
/// at once.
fn fresh(outgoing: Outgoing, now: Timestamp) -> Waiting {
    let since = outgoing.created.max(outgoing.not_before).max(now);
    Waiting { since, doubt: None, alone: false, failures: 0, said_before: None, outgoing }
}
