//! The only place where messages, wakes and jobs meet the dossiers.
//!
//! Every change goes the same way: take the dossier, decide purely, write one commit, then speak. One
//! project decides one thing at a time (its lock is held until the commit is durable); projects do not
//! wait for each other, and the store gathers their commits.

mod accounts;
mod address;
mod admins;
mod answers;
mod cards;
mod copy;
mod customers;
mod directory;
mod doubt;
mod draft;
mod due;
mod home;
mod jobs;
mod lines;
mod permit;
mod recalled;
mod receive;
mod rooms;
mod share;
mod view;
mod wide;

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, OnceLock, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use tokio::sync::{Mutex, Notify, OwnedMutexGuard};

use crate::{
    calendar::schedule::Schedule,
    chat::{PersonId, RoomId},
    clock::SharedClock,
    dossier::{Dossier, Kind, Project, Rules},
    features::{self, account::Identity, customer::Customer},
    outbox::Outbox,
    platform::Platform,
    search::Index,
    store::{CommitError, Key, Outgoing, ProjectId, RowKey, Store},
};
use directory::Directory;
use doubt::UNKNOWN;
use draft::Draft;

pub use due::{AdvanceError, Advanced};
pub use view::Upcoming;

/// The registry: the dossier of what spans projects.
const REGISTRY: ProjectId = ProjectId::REGISTRY;

/// The engine.
pub struct Engine {
    clock: SharedClock,
    store: Arc<dyn Store>,
    rules: Arc<Rules>,
    jobs: Vec<(Task, Schedule)>,
    admins: HashSet<PersonId>,
    platforms: HashMap<&'static str, Arc<dyn Platform>>,
    /// Set once, after both exist: the outbox asks the engine what is still owed.
    outbox: OnceLock<Arc<Outbox>>,
    /// Every project's dossier behind its own lock. The outer lock is held only to look one up.
    dossiers: RwLock<HashMap<ProjectId, Arc<Mutex<Dossier>>>>,
    /// The version of each up to which the two below know it.
    learned: RwLock<HashMap<ProjectId, u64>>,
    directory: RwLock<Directory>,
    /// What is searched. A plain lock: held for a look, or to take up one commit.
    index: RwLock<Index>,
    /// Held by whatever touches more than one dossier or makes one, so that two such never wait for
    /// each other.
    founding: Mutex<()>,
    /// Held while due things are carried out, so that the scheduler and the hand of a simulated clock
    /// take turns.
    turn: Mutex<Turn>,
    /// Wakes the scheduler when an earlier wake has come in.
    rescheduled: Notify,
    /// Until when the scheduler rests; the end of time while it looks. A plain mutex: held for a look.
    rests_until: std::sync::Mutex<Timestamp>,
    /// How many calls of each allowance the other processes were told of. Held while they are told.
    told_used: Mutex<HashMap<String, u64>>,
    alive: AtomicBool,
    /// What shows a record that has changed.
    cards: cards::Cards,
    /// A commit failed and may have been written all the same.
    in_doubt: AtomicBool,
}

/// What only the scheduler knows.
struct Turn {
    /// Up to when cron jobs were run.
    jobs_until: Timestamp,
    /// When the next runs after that, once looked up.
    next_job: Option<Option<Timestamp>>,
    /// Other processes are at something that is due.
    others: bool,
}

impl Turn {
    /// Jobs were run up to then.
    fn from(jobs_until: Timestamp) -> Self {
        Self { jobs_until, next_job: None, others: false }
    }
}

/// The scheduled job that is no project's.
pub const ADMIN_NOTICE: &str = "admin_notice";

/// What a scheduled job works on.
enum Task {
    /// Every project.
    Projects(&'static features::Job),
    /// Every customer's file.
    Customers(&'static features::CustomerJob),
    /// The administrators are told what they have to know.
    Admins,
}

/// What an engine is made of.
pub struct Parts {
    /// The one clock.
    pub clock: SharedClock,
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// The agreed numbers.
    pub rules: Arc<Rules>,
    /// The cron expression of each job, by name.
    pub jobs: Vec<(String, Schedule)>,
    /// Configured administrators.
    pub admins: Vec<PersonId>,
    /// The platforms that are switched on.
    pub platforms: Vec<Arc<dyn Platform>>,
}

impl Engine {
    /// Loads every project and stands ready.
    ///
    /// # Errors
    /// The store cannot be read, or holds a record that this version cannot read.
    pub async fn open(parts: Parts) -> anyhow::Result<Arc<Self>> {
        let now = parts.clock.now();
        let jobs = parts
            .jobs
            .into_iter()
            .filter_map(|(name, schedule)| {
                let on_projects = features::JOBS.iter().find(|job| job.name == name).map(Task::Projects);
                let mut customers = features::CUSTOMER_JOBS.iter();
                let on_customers = || customers.find(|job| job.name == name).map(Task::Customers);
                let admins = || (name == ADMIN_NOTICE).then_some(Task::Admins);
                Some((on_projects.or_else(on_customers).or_else(admins)?, schedule))
            })
            .collect();
        let engine = Arc::new(Self {
            clock: parts.clock,
            store: parts.store,
            rules: parts.rules,
            jobs,
            admins: parts.admins.into_iter().collect(),
            platforms: parts.platforms.iter().map(|platform| (platform.name(), platform.clone())).collect(),
            outbox: OnceLock::new(),
            dossiers: RwLock::default(),
            learned: RwLock::default(),
            directory: RwLock::default(),
            index: RwLock::default(),
            founding: Mutex::new(()),
            turn: Mutex::new(Turn::from(now)),
            rescheduled: Notify::new(),
            rests_until: std::sync::Mutex::new(Timestamp::MAX),
            told_used: Mutex::default(),
            alive: AtomicBool::new(false),
            cards: cards::Cards::default(),
            in_doubt: AtomicBool::new(false),
        });
        let mut indexed: HashMap<RowKey, Timestamp> = HashMap::new();
        for (at, row) in engine.store.due(Timestamp::MAX, usize::MAX).await.context("reading the wakes")? {
            indexed.insert(row, at);
        }
        for id in engine.store.projects().await.context("reading the list of projects")? {
            let mut dossier = engine.load(id).await?;
            engine.mend_wakes(&mut dossier, &indexed).await?;
            engine.find_cards(&dossier);
            engine.keep(dossier);
        }
        // Others may start at the same moment.
        while let Err(error) = engine.register_all().await {
            ensure!(matches!(error, CommitError::Stale(_)), "opening the customers' files: {error}");
            engine.catch_up().await?;
        }
        engine.merge_accounts_left().await.context("knowing people by their accounts")?;
        Ok(engine)
    }

    /// Lets the engine hand over what it says. Called once, before anything is received.
    pub fn speak_through(&self, outbox: Arc<Outbox>) {
        // A second call would be a mistake in the wiring; the first one stays.
        let _ = self.outbox.set(outbox);
    }

    /// The clock.
    pub fn clock(&self) -> &SharedClock {
        &self.clock
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The outbox.
    pub fn outbox(&self) -> Option<&Arc<Outbox>> {
        self.outbox.get()
    }

    /// The platforms that are switched on.
    pub fn platforms(&self) -> impl Iterator<Item = &Arc<dyn Platform>> {
        self.platforms.values()
    }

    /// Whether the scheduler is running.
    pub fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Relaxed)
    }

    /// Puts a dead letter back on its way; false if there is none of this id.
    ///
    /// # Errors
    /// The store failed.
    pub async fn retry(&self, id: u64) -> anyhow::Result<bool> {
        match self.outbox.get() {
            Some(outbox) => outbox.revive(id).await,
            None => Ok(self.store.revive(id).await?.is_some()),
        }
    }

    /// Reads a dossier from the store.
    async fn load(&self, id: ProjectId) -> anyhow::Result<Dossier> {
        let stored = self.store.load(id).await.with_context(|| format!("reading project {}", id.0))?;
        features::dossier(id, stored).map_err(anyhow::Error::msg)
    }

    /// Takes a dossier into memory, at the start.
    fn keep(&self, dossier: Dossier) {
        self.learn(&dossier);
        self.learn_records(&dossier, dossier.records().map(|(key, _)| key));
        let mut dossiers = self.dossiers.write().expect("no panic while it is held");
        dossiers.insert(dossier.id, Arc::new(Mutex::new(dossier)));
    }

    fn learn(&self, dossier: &Dossier) {
        let mut directory = self.directory.write().expect("no panic while it is held");
        if dossier.id == REGISTRY {
            directory.learn_customers(dossier.all::<Customer>());
            directory.learn_accounts(dossier.all::<Identity>());
        } else if dossier.id.customer().is_none() {
            match dossier.founded() {
                Some(project) => directory.learn(dossier.id, project),
                None => directory.forget(dossier.id),
            }
        }
    }

    /// Lets searches find these records as they are now, and counts the root causes of a file.
    fn learn_records(&self, dossier: &Dossier, keys: impl IntoIterator<Item = Key>) {
        self.learned.write().expect("no panic while it is held").insert(dossier.id, dossier.version);
        if dossier.id.customer().is_some() {
            let causes = features::review::causes(dossier);
            self.directory.write().expect("no panic while it is held").learn_causes(dossier.id, causes);
            return;
        }
        let mut index = self.index.write().expect("no panic while it is held");
        if dossier.id == REGISTRY {
            index.learn_industries(features::customer::industries(dossier));
        } else {
            index.learn(dossier, keys);
        }
    }

    fn cell(&self, id: ProjectId) -> Option<Arc<Mutex<Dossier>>> {
        self.dossiers.read().expect("no panic while it is held").get(&id).cloned()
    }

    /// The lock of a dossier, made where there is none yet. In a customer's file stands its projects as they are
    /// now.
    async fn take(&self, id: ProjectId) -> OwnedMutexGuard<Dossier> {
        let mut dossier = self.lock(id).await;
        if let Some(standing) = self.directory(|directory| directory.standing(id)) {
            dossier.put(Arc::new(standing));
        }
        dossier
    }

    fn directory<T>(&self, ask: impl FnOnce(&Directory) -> T) -> T {
        ask(&self.directory.read().expect("no panic while it is held"))
    }

    /// Whether a message into this room can mention this person so that they notice.
    fn notifies(&self, room: &RoomId, person: &PersonId) -> bool {
        self.is_on(person, room.platform())
            && self.platforms.get(room.platform()).is_some_and(|platform| platform.notifies_in(room))
    }

    /// Writes what was decided on these dossiers and hands the messages over. On any failure the
    /// dossiers are as the store has them.
    async fn write(&self, mut draft: Draft, dossiers: &mut [&mut Dossier]) -> Result<(), CommitError> {
        for dossier in dossiers.iter_mut().filter(|dossier| dossier.version != UNKNOWN) {
            self.keep_cards(&mut draft, dossier);
        }
        let mut commit = draft.commit();
        self.localise(&mut commit.outgoing);
        let mut outgoing = commit.outgoing.clone();
        let touched: Vec<ProjectId> = commit.guards.iter().map(|(id, _)| *id).collect();
        let known_by = |letter| [Project::LETTER, Customer::LETTER, Identity::LETTER].contains(&letter);
        let renamed = commit.rows.iter().any(|(row, _)| known_by(row.key.letter));
        let rows: Vec<RowKey> = commit.rows.iter().map(|(row, _)| *row).collect();
        let wakes_at = commit.wakes.iter().filter_map(|change| change.after).min();
        let unknown = dossiers.iter().find(|dossier| dossier.version == UNKNOWN);
        let written = match unknown {
            Some(dossier) => Err(CommitError::Stale(dossier.id)),
            None => self.store.commit(commit).await,
        };
        match written {
            Ok(committed) => {
                for (message, id) in outgoing.iter_mut().zip(committed.outgoing) {
                    message.id = id;
                }
                for dossier in dossiers.iter_mut().filter(|dossier| touched.contains(&dossier.id)) {
                    dossier.version += 1;
                    if renamed {
                        self.learn(dossier);
                    }
                    let changed = rows.iter().filter(|row| row.project == dossier.id).map(|row| row.key);
                    let changed: Vec<Key> = changed.collect();
                    self.edit_soon(dossier, &changed);
                    self.learn_records(dossier, changed);
                }
                self.hand_over(outgoing);
                if wakes_at.is_some_and(|at| at < *self.rests_until()) {
                    self.rescheduled.notify_one();
                }
                Ok(())
            }
            Err(error) => {
                if matches!(error, CommitError::Failed(_)) {
                    self.in_doubt.store(true, Ordering::Relaxed);
                    self.rescheduled.notify_one();
                }
                let mut fault = None;
                let differs = |dossier: &Dossier| touched.contains(&dossier.id) || dossier.version == UNKNOWN;
                for dossier in dossiers.iter_mut().filter(|dossier| differs(dossier)) {
                    fault = fault.or(self.reload(dossier).await.err());
                }
                match fault {
                    Some(fault) => Err(CommitError::Failed(format!("{error}; {fault:#}"))),
                    None => Err(error),
                }
            }
        }
    }

    fn rests_until(&self) -> std::sync::MutexGuard<'_, Timestamp> {
        self.rests_until.lock().expect("no panic while it is held")
    }

    fn hand_over(&self, outgoing: Vec<Outgoing>) {
        if let Some(outbox) = self.outbox.get()
            && !outgoing.is_empty()
        {
            outbox.push(outgoing);
        }
    }
}
