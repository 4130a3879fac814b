//! Where several processes have the store: what others wrote is taken up, and what is due is done by one of them.
//!
//! A dossier is as new as the store's whenever it is taken, which costs one question for its version. What is looked up
//! before that (which project a room belongs to, who is in which, what is searched) follows what the others tell, and a
//! look at all versions once a second; where that decides about making or binding a project, it is looked at anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    sync::{Mutex, OwnedMutexGuard, broadcast::error::RecvError, watch},
    time::{MissedTickBehavior, interval, sleep},
};

use super::{Engine, doubt::UNKNOWN, draft::Draft, due::together};
use crate::{
    dossier::Dossier,
    store::{CommitError, News, ProjectId, RowKey, Shared},
};

/// How often all versions are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long news is gathered: a project that is written often is read once.
const GATHER: Duration = Duration::from_millis(250);
/// How long to wait before looking whether others have done what is due.
pub(super) const MEANWHILE: Duration = Duration::from_millis(200);
/// How many projects one process wakes at a time, so that the others have their part.
const PART: usize = 64;

impl Engine {
    /// Follows what other processes write, until told to stop.
    pub async fn follow(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let Some(shared) = self.store.shared() else { return };
        let (mut news, mut look) = (shared.news(), interval(LOOK));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut written = BTreeSet::new();
        while !*stop.borrow() {
            let everything = tokio::select! {
                changed = stop.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => return,
                },
                _ = look.tick() => true,
                () = sleep(GATHER), if !written.is_empty() => false,
                heard = news.recv() => match heard {
                    Ok(News { projects, wake, anything, .. }) => {
                        if anything || wake.is_some_and(|at| at < *self.rests_until()) {
                            self.rescheduled.notify_one();
                        }
                        written.extend(projects);
                        if anything {
                            // Whoever is gone may have had cards to edit.
                            self.find_all_cards().await;
                        }
                        continue;
                    }
                    Err(RecvError::Lagged(_)) => continue,
                    Err(RecvError::Closed) => return,
                },
            };
            for id in std::mem::take(&mut written) {
                drop(self.take(id).await);
            }
            if everything && let Err(error) = self.catch_up().await {
                tracing::warn!("what other processes wrote could not be read: {error:#}");
            }
        }
    }

    async fn find_all_cards(&self) {
        let cells: Vec<_> =
            self.dossiers.read().expect("no panic while it is held").values().cloned().collect();
        for cell in cells {
            self.find_cards(&*cell.lock().await);
        }
    }

    /// Takes up everything that others have written by now.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn catch_up(&self) -> anyhow::Result<()> {
        let Some(shared) = self.store.shared() else { return Ok(()) };
        for (id, version) in shared.versions().await? {
            if self.learned_version(id) < version {
                let mut dossier = self.cell_of(id).lock_owned().await;
                self.not_older_than(&mut dossier, version).await?;
            }
        }
        Ok(())
    }

    /// The same within a decision.
    pub(super) async fn caught_up(&self) -> Result<(), CommitError> {
        self.catch_up().await.map_err(|error| CommitError::Failed(format!("{error:#}")))
    }

    /// The version up to which a dossier was learned.
    fn learned_version(&self, id: ProjectId) -> u64 {
        self.learned.read().expect("no panic while it is held").get(&id).copied().unwrap_or(0)
    }

    /// The lock of a dossier, made where there is none yet.
    pub(super) fn cell_of(&self, id: ProjectId) -> Arc<Mutex<Dossier>> {
        if let Some(cell) = self.cell(id) {
            return cell;
        }
        let mut dossiers = self.dossiers.write().expect("no panic while it is held");
        dossiers.entry(id).or_insert_with(|| Arc::new(Mutex::new(Dossier::empty(id)))).clone()
    }

    /// The version that the store has of a dossier; 0 where this process alone has the store and knows it anyway.
    async fn version_in_store(&self, id: ProjectId) -> anyhow::Result<u64> {
        match self.store.shared() {
            Some(shared) => shared.version_of(id).await,
            None => Ok(0),
        }
    }

    async fn not_older_than(&self, dossier: &mut Dossier, version: u64) -> anyhow::Result<()> {
        if dossier.version == UNKNOWN || dossier.version < version {
            self.reload(dossier).await
        } else {
            Ok(())
        }
    }

    /// Takes the lock of a dossier and sees to it that the dossier is what the store has. Where that fails it is one of
    /// which it is not known.
    pub(super) async fn lock(&self, id: ProjectId) -> OwnedMutexGuard<Dossier> {
        // Asked before waiting for the lock: whoever has it is not kept longer, and what is written from now on is
        // noticed by the guard.
        let version = self.version_in_store(id).await;
        let mut dossier = self.cell_of(id).lock_owned().await;
        let fresh = match version {
            Ok(version) => self.not_older_than(&mut dossier, version).await,
            Err(error) => {
                dossier.version = UNKNOWN;
                Err(error)
            }
        };
        if let Err(error) = fresh {
            tracing::warn!("project {} could not be read again: {error:#}", id.0);
        }
        dossier
    }

    /// Guards what a line that may touch several projects read, where another process might do the same.
    pub(super) fn guard_registry(&self, draft: &mut Draft, registry: &Dossier) {
        if self.store.shared().is_some() && draft.has_rows() {
            draft.guard(registry);
        }
    }

    /// Wakes these projects, a part at a time where there are other processes; `None` where those are waking all of
    /// them.
    pub(super) async fn wake_projects(
        &self,
        mut projects: BTreeMap<ProjectId, Vec<(Timestamp, RowKey)>>,
        now: Timestamp,
    ) -> anyhow::Result<Option<usize>> {
        let Some(shared) = self.with_others() else {
            let works = projects.into_iter().map(|(id, rows)| self.wake_project(id, rows, now));
            return together(works).await.map(Some);
        };
        let (all, mut woken) = (projects.keys().copied().collect::<Vec<_>>(), None);
        for part in all.chunks(PART) {
            let ours = shared.claim_work(part.iter().map(|id| wake_of(*id)).collect()).await?;
            if ours.is_empty() {
                continue;
            }
            let mine = part.iter().filter(|id| ours.contains(&wake_of(**id)));
            let mine: Vec<_> = mine.filter_map(|id| projects.remove_entry(id)).collect();
            let done = together(mine.into_iter().map(|(id, rows)| self.wake_project(id, rows, now))).await;
            shared.release_work(ours).await?;
            woken = Some(woken.unwrap_or(0) + done?);
        }
        Ok(woken)
    }

    /// Whether a run of a job is ours, and no other process's.
    pub(super) async fn claim_job(&self, run: &str) -> anyhow::Result<bool> {
        match self.store.shared() {
            Some(shared) => Ok(!shared.claim_work(vec![run.to_owned()]).await?.is_empty()),
            None => Ok(true),
        }
    }

    pub(super) async fn release_job(&self, run: String) -> anyhow::Result<()> {
        match self.store.shared() {
            Some(shared) => shared.release_work(vec![run]).await,
            None => Ok(()),
        }
    }

    /// The store, where other processes have it too.
    fn with_others(&self) -> Option<&dyn Shared> {
        self.store.shared().filter(|shared| shared.members() > 1)
    }
}

fn wake_of(id: ProjectId) -> String {
    format!("wake:{}", id.0)
}
