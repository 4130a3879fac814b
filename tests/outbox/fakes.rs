//! A platform that answers by script, a store in memory, and the power that goes off between two steps.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use anyhow::bail;
use jiff::{SignedDuration, Timestamp};
use jiuding::{
    chat::{Message, MessageId, PersonId, ReplyTo, RoomId, Target},
    clock::{Clock, SharedClock, SimulatedClock},
    outbox::{Outbox, Owed},
    platform::{Accepted, Limits, Parcel, Platform, Rate, Undelivered},
    store::*,
};
use tokio::{sync::watch, task::JoinHandle, time::Instant};

/// Lets so many steps pass; at the next one the power goes off and nothing happens any more.
pub struct Power {
    left: AtomicI64,
    off: watch::Sender<bool>,
}

impl Power {
    pub fn for_steps(steps: i64) -> Arc<Self> {
        Arc::new(Self { left: AtomicI64::new(steps), off: watch::Sender::new(false) })
    }

    pub fn on() -> Arc<Self> {
        Self::for_steps(i64::MAX)
    }

    pub async fn goes_off(&self) {
        let _ = self.off.subscribe().wait_for(|off| *off).await;
    }

    async fn step(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            self.off.send_replace(true);
            std::future::pending::<()>().await;
        }
    }
}

/// What lies on the disk.
#[derive(Default)]
pub struct Disk {
    pub outgoing: BTreeMap<u64, Outgoing>,
    pub dead: BTreeMap<u64, DeadLetter>,
    pub delivered: Vec<(u64, Option<About>)>,
    pub last_id: u64,
    pub writes: Vec<&'static str>,
    /// So many writes fail.
    pub broken: usize,
}

pub struct MemoryStore {
    pub disk: Arc<Mutex<Disk>>,
    power: Arc<Power>,
}

#[async_trait::async_trait]
impl Store for MemoryStore {
    async fn settle(&self, id: u64, settlement: Settlement) -> anyhow::Result<()> {
        self.power.step().await;
        self.write(id, settlement)?;
        self.power.step().await;
        Ok(())
    }

    async fn outgoing(&self) -> anyhow::Result<Vec<Outgoing>> {
        Ok(self.disk.lock().unwrap().outgoing.values().cloned().collect())
    }

    async fn revive(&self, id: u64) -> anyhow::Result<Option<Outgoing>> {
        let mut disk = self.disk.lock().unwrap();
        let Some(letter) = disk.dead.remove(&id) else { return Ok(None) };
        let outgoing = Outgoing { tries: 0, ..letter.outgoing };
        disk.outgoing.insert(id, outgoing.clone());
        Ok(Some(outgoing))
    }

    async fn commit(&self, _: Commit) -> Result<Committed, CommitError> {
        Err(CommitError::Failed("not in this store".into()))
    }
    async fn projects(&self) -> anyhow::Result<Vec<ProjectId>> {
        bail!("not in this store")
    }
    async fn load(&self, _: ProjectId) -> anyhow::Result<Stored> {
        bail!("not in this store")
    }
    async fn due(&self, _: Timestamp, _: usize) -> anyhow::Result<Vec<(Timestamp, RowKey)>> {
        bail!("not in this store")
    }
    async fn next_wake(&self) -> anyhow::Result<Option<Timestamp>> {
        bail!("not in this store")
    }
    async fn log(&self, _: ProjectId, _: Option<Key>, _: usize) -> anyhow::Result<Vec<Entry>> {
        bail!("not in this store")
    }
    async fn has_seen(&self, _: &str) -> anyhow::Result<bool> {
        bail!("not in this store")
    }
    async fn about(&self, _: &MessageId) -> anyhow::Result<Option<About>> {
        bail!("not in this store")
    }
    async fn dead_letters(&self) -> anyhow::Result<Vec<DeadLetter>> {
        bail!("not in this store")
    }
    async fn forget(&self, _: u64) -> anyhow::Result<bool> {
        bail!("not in this store")
    }
    async fn sweep(&self, _: Timestamp) -> anyhow::Result<usize> {
        bail!("not in this store")
    }
    async fn chat_append(&self, _: &str, _: &str, _: Vec<u8>) -> anyhow::Result<u64> {
        bail!("not in this store")
    }
    async fn chat_since(&self, _: &str, _: u64, _: usize) -> anyhow::Result<Vec<ChatLine>> {
        bail!("not in this store")
    }
    async fn chat_rooms(&self) -> anyhow::Result<Vec<String>> {
        bail!("not in this store")
    }
    async fn writable(&self) -> anyhow::Result<()> {
        Ok(())
    }
    async fn verify(&self) -> anyhow::Result<Findings> {
        bail!("not in this store")
    }
    async fn adopt(&self, _: Vec<DossierCopy>) -> anyhow::Result<()> {
        bail!("not in this store")
    }
    async fn backup(&self, _: &Path) -> anyhow::Result<u64> {
        bail!("not in this store")
    }
}

impl MemoryStore {
    fn write(&self, id: u64, settlement: Settlement) -> anyhow::Result<()> {
        let mut disk = self.disk.lock().unwrap();
        if disk.broken > 0 {
            disk.broken -= 1;
            bail!("the disk said no");
        }
        let Some(mut outgoing) = disk.outgoing.remove(&id) else { return Ok(()) };
        let kind = match settlement {
            Settlement::Trying(tries) => {
                outgoing.tries = tries;
                disk.outgoing.insert(id, outgoing);
                if tries == 0 { "not tried" } else { "trying" }
            }
            Settlement::Bundled(bundled) => {
                for part in &bundled {
                    disk.outgoing.remove(&part.id);
                }
                outgoing.bundled = bundled;
                disk.outgoing.insert(id, outgoing);
                "bundled"
            }
            Settlement::Dropped => "dropped",
            Settlement::Delivered { about, .. } => {
                disk.delivered.push((id, about));
                "delivered"
            }
            Settlement::Dead { why, at } => {
                disk.dead.insert(id, DeadLetter { outgoing, why, at });
                "dead"
            }
        };
        disk.writes.push(kind);
        Ok(())
    }
}

/// What the platform does with one try.
#[derive(Clone, Copy)]
pub enum Answer {
    Takes,
    TakesButTheAnswerIsLost,
    Later(Option<Duration>),
    TooFast(Duration),
    LosesIt,
    Never,
    BreaksOff,
}

/// What the platform saw and said.
#[derive(Clone, Default)]
pub struct Wire {
    /// Every try: where, when by real time, what.
    pub tries: Vec<(Target, Instant, Parcel)>,
    /// What people see.
    pub said: Vec<Parcel>,
    ids: HashSet<String>,
}

pub struct Scripted {
    wire: Arc<Mutex<Wire>>,
    script: Arc<Mutex<VecDeque<(Target, Answer)>>>,
    remembers: Duration,
    swallows: Duration,
    limits: Limits,
    power: Arc<Power>,
}

#[async_trait::async_trait]
impl Platform for Scripted {
    fn name(&self) -> &'static str {
        "fake"
    }

    async fn deliver(&self, parcel: &Parcel) -> Result<Accepted, Undelivered> {
        self.power.step().await;
        let answer = self.try_once(parcel);
        self.power.step().await;
        let why = String::from("as the script says");
        match answer {
            Answer::Takes => Ok(Accepted { message: Some(MessageId::new("fake", &parcel.id)) }),
            Answer::Later(after) => Err(Undelivered::Later { after, why }),
            Answer::TooFast(after) => Err(Undelivered::TooFast { after, why }),
            Answer::TakesButTheAnswerIsLost | Answer::LosesIt => Err(Undelivered::Unknown { why }),
            Answer::Never => Err(Undelivered::Never { why }),
            Answer::BreaksOff => panic!("as the script says"),
        }
    }

    fn notifies_in(&self, _: &RoomId) -> bool {
        true
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn remembers(&self) -> Duration {
        self.remembers
    }

    fn swallows(&self, _: &Target) -> Duration {
        self.swallows
    }

    async fn name_of(&self, _: &PersonId) -> Option<String> {
        None
    }

    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }
}

impl Scripted {
    fn try_once(&self, parcel: &Parcel) -> Answer {
        let mut script = self.script.lock().unwrap();
        let scripted = script.iter().position(|(target, _)| *target == parcel.to);
        let answer = scripted.and_then(|i| script.remove(i)).map_or(Answer::Takes, |(_, answer)| answer);
        let mut wire = self.wire.lock().unwrap();
        wire.tries.push((parcel.to.clone(), Instant::now(), parcel.clone()));
        if matches!(answer, Answer::Takes | Answer::TakesButTheAnswerIsLost) {
            let known = !wire.ids.insert(parcel.id.clone());
            if !known || self.remembers.is_zero() {
                wire.said.push(parcel.clone());
            }
        }
        answer
    }
}

/// The steps that nobody owes any more.
#[derive(Default)]
pub struct Done(pub Mutex<HashSet<String>>);

#[async_trait::async_trait]
impl Owed for Done {
    async fn is_owed(&self, condition: &Condition) -> bool {
        let fault = self.0.lock().unwrap().remove("fault");
        assert!(!fault, "a fault of ours");
        !self.0.lock().unwrap().contains(&condition.step)
    }
}

/// Everything around an outbox; the outbox itself may crash and start again.
pub struct World {
    pub clock: Arc<SimulatedClock>,
    pub disk: Arc<Mutex<Disk>>,
    wire: Arc<Mutex<Wire>>,
    pub done: Arc<Done>,
    script: Arc<Mutex<VecDeque<(Target, Answer)>>>,
    pub remembers: Duration,
    pub swallows: Duration,
    pub limits: Limits,
    /// In place of the clock that is moved by hand.
    pub wall: Option<Arc<Wall>>,
}

/// A clock that goes by itself, with the runtime's.
pub struct Wall {
    start: Timestamp,
    began: Instant,
}

impl Wall {
    pub fn at(start: &str) -> Option<Arc<Self>> {
        Some(Arc::new(Self { start: start.parse().unwrap(), began: Instant::now() }))
    }
}

#[async_trait::async_trait]
impl Clock for Wall {
    fn now(&self) -> Timestamp {
        self.start + self.began.elapsed()
    }

    async fn wait_until(&self, until: Timestamp) {
        let left = until.duration_since(self.now());
        tokio::time::sleep(left.try_into().unwrap_or_default()).await;
    }
}

/// A running outbox.
pub struct Process {
    pub outbox: Arc<Outbox>,
    stop: watch::Sender<bool>,
    run: JoinHandle<()>,
}

pub const FOREVER: Duration = Duration::MAX;
pub const HOUR: Duration = Duration::from_secs(3600);
const FAST: Rate = Rate { burst: 1000, per: Duration::from_millis(1), reserve: 0 };

impl World {
    pub fn new(remembers: Duration) -> Self {
        Self {
            clock: Arc::new(SimulatedClock::new("2026-11-23T09:00:00+08:00".parse().unwrap())),
            disk: Arc::default(),
            wire: Arc::default(),
            done: Arc::default(),
            script: Arc::default(),
            remembers,
            swallows: Duration::ZERO,
            wall: None,
            limits: Limits { per_target: FAST, per_app: FAST, peak: None },
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock().now()
    }

    fn clock(&self) -> SharedClock {
        match &self.wall {
            Some(wall) => wall.clone(),
            None => self.clock.clone(),
        }
    }

    pub fn forward(&self, by: SignedDuration) {
        self.clock.set(self.now() + by);
    }

    pub fn script(&self, to: &Target, answers: impl IntoIterator<Item = Answer>) {
        self.script.lock().unwrap().extend(answers.into_iter().map(|answer| (to.clone(), answer)));
    }

    /// An outbox that has loaded what is there and runs.
    pub async fn start(&self) -> Process {
        self.start_with(Power::on()).await
    }

    pub async fn start_with(&self, power: Arc<Power>) -> Process {
        let store = MemoryStore { disk: self.disk.clone(), power: power.clone() };
        self.start_on(Arc::new(store), power).await
    }

    pub async fn start_on(&self, store: Arc<dyn Store>, power: Arc<Power>) -> Process {
        let platform = Arc::new(Scripted {
            wire: self.wire.clone(),
            script: self.script.clone(),
            remembers: self.remembers,
            swallows: self.swallows,
            limits: self.limits,
            power,
        });
        let outbox = Outbox::new(store, self.clock(), vec![platform], self.now());
        let done: Arc<dyn Owed> = self.done.clone();
        outbox.set_owed(Arc::downgrade(&done));
        outbox.load().await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let run = tokio::spawn(outbox.clone().run(stopped));
        Process { outbox, stop, run }
    }

    /// Commits a message that says `text`.
    pub fn commit(&self, to: &Target, text: &str) -> Outgoing {
        self.commit_as(to, text, |_| ())
    }

    pub fn commit_as(&self, to: &Target, text: &str, change: impl FnOnce(&mut Outgoing)) -> Outgoing {
        let mut disk = self.disk.lock().unwrap();
        disk.last_id += 1;
        let mut outgoing = Outgoing {
            id: disk.last_id,
            to: to.clone(),
            message: Message::text(text),
            reply_to: None,
            not_before: self.now(),
            due: None,
            condition: None,
            about: None,
            card: None,
            tries: 0,
            created: self.now(),
            otherwise: None,
            urgent: false,
            bundled: Vec::new(),
        };
        change(&mut outgoing);
        disk.outgoing.insert(outgoing.id, outgoing.clone());
        outgoing
    }

    /// What the platform saw up to now.
    pub fn wire(&self) -> Wire {
        self.wire.lock().unwrap().clone()
    }

    /// What people see in `to`.
    pub fn said(&self, to: &Target) -> Vec<String> {
        let wire = self.wire();
        wire.said.iter().filter(|parcel| parcel.to == *to).map(|parcel| parcel.message.plain()).collect()
    }

    pub fn writes(&self) -> Vec<&'static str> {
        self.disk.lock().unwrap().writes.clone()
    }

    /// Returns once `holds`; waits between tries pass at once, since real time is paused.
    pub async fn until(&self, holds: impl Fn(&Self) -> bool) {
        let all = async {
            while !holds(self) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(2 * 24 * 3600), all).await.expect("it never happened");
    }
}

impl Process {
    /// Stops it as SIGTERM does.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.run.await.unwrap();
    }

    /// Ends it as SIGKILL does.
    pub async fn crash(self) {
        self.run.abort();
        let _ = self.run.await;
    }

    /// Everything is said, or waits for another try.
    pub async fn settled(&self) {
        assert_eq!(self.outbox.idle(Duration::from_secs(30)).await, 0);
    }
}

pub fn room(name: &str) -> Target {
    Target::Room(RoomId::new("fake", name))
}

pub fn answer_to(message: &str) -> Option<ReplyTo> {
    Some(ReplyTo { message: MessageId::new("fake", message), session: None })
}

pub fn owes(step: &str) -> Option<Condition> {
    Some(Condition { project: ProjectId(1), key: "T1".parse().unwrap(), step: step.into() })
}
