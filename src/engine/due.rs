//! Time passes: what is due is looked at, in order of its time.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use anyhow::Context;
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::{sync::watch, time::Instant};
use tracing::{debug, error};

use super::{Engine, Turn, draft::Draft, share::MEANWHILE};
use crate::{
    dossier::{Dossier, Outcome, Waking},
    store::{CommitError, Entry, ProjectId, RowKey},
};

/// How many due wakes are looked at in one go.
const AT_ONCE: usize = 2_000;
/// How many projects are worked on at the same time.
const PROJECTS_AT_ONCE: usize = 64;
/// How many clocks of one record can run out at the same moment.
const CLOCKS: usize = 8;
/// How often to look for what is due where other processes may have written it.
const LOOK: Duration = Duration::from_secs(2);
/// How far back a missed job is made up, once.
const JOB_LOOK_BACK: SignedDuration = SignedDuration::from_hours(24 * 3);
/// How long the hand of a simulated clock waits for messages to be accepted (CONTRACT 3).
const SETTLE: Duration = Duration::from_secs(30);

/// What moving the simulated clock did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Advanced {
    /// The time now.
    pub now: Timestamp,
    /// Wakes and jobs carried out on the way, and messages whose deferral to the end of quiet hours ended on
    /// it: each was looked at, also where it was no longer true and so not said.
    pub fired: usize,
    /// Messages neither accepted by their platform nor waiting for another try.
    pub pending: usize,
}

/// Why the clock was not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdvanceError {
    /// Time does not go back.
    #[error("time does not go back")]
    Backwards,
    /// The clock is the machine's own.
    #[error("the clock is not simulated")]
    NotSimulated,
}

impl Engine {
    /// Carries out what falls due until told to stop.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        *self.turn.lock().await = Turn::from(self.missed_from(self.clock.now()));
        self.alive.store(true, Ordering::Relaxed);
        let mut failures = 0;
        while !*stop.borrow() {
            let next = {
                let mut turn = self.turn.lock().await;
                // Before looking, so that a wake which comes in meanwhile is either seen or told of.
                *self.rests_until() = Timestamp::MAX;
                let now = self.clock.now();
                let done = self.run_due(&mut turn, now).await;
                let next = self.next_due(&mut turn).await;
                match (done, next) {
                    (Ok(_), Ok(next)) => (next, turn.others),
                    (Err(error), _) | (_, Err(error)) => {
                        error!("what is due could not be carried out: {error:#}");
                        drop(turn);
                        failures += 1;
                        tokio::select! {
                            () = super::doubt::rest(failures) => {}
                            changed = stop.changed() => if changed.is_err() { break },
                        }
                        continue;
                    }
                }
            };
            failures = 0;
            self.clear_doubt();
            let (next, others) = next;
            let until = next.unwrap_or(Timestamp::MAX);
            *self.rests_until() = until;
            let again = async {
                match (others, self.store.shared().is_some()) {
                    // Not at once: it is due already.
                    (true, _) => tokio::time::sleep(MEANWHILE).await,
                    (false, true) => {
                        tokio::time::timeout(LOOK, self.clock.wait_until(until)).await.unwrap_or(())
                    }
                    (false, false) => self.clock.wait_until(until).await,
                }
            };
            tokio::select! {
                () = again => {}
                () = self.rescheduled.notified() => {}
                // A sender that is gone will never say stop and means the same.
                changed = stop.changed() => if changed.is_err() { break },
            }
        }
        self.alive.store(false, Ordering::Relaxed);
    }

    /// Moves the simulated clock to `to`, running everything due on the way in order of due time.
    ///
    /// # Errors
    /// `to` lies in the past, or the clock is not simulated.
    pub async fn advance(&self, to: Timestamp) -> Result<Advanced, AdvanceError> {
        let hand = self.clock.hand().ok_or(AdvanceError::NotSimulated)?;
        let mut turn = self.turn.lock().await;
        if to < self.clock.now() {
            return Err(AdvanceError::Backwards);
        }
        let deadline = Instant::now() + SETTLE;
        let mut fired = 0;
        loop {
            let next = self.next_due(&mut turn).await.ok().flatten();
            let deferred = match self.outbox.get() {
                Some(outbox) => outbox.deferred_by(to).await.unwrap_or_default(),
                None => Vec::new(),
            };
            let next = next.filter(|at| *at <= to).into_iter().chain(deferred.first().copied()).min();
            let Some(at) = next else { break };
            fired += deferred.iter().take_while(|until| **until <= at).count();
            hand.set(at);
            match self.run_due(&mut turn, self.clock.now()).await {
                Ok(count) => fired += count,
                Err(error) => {
                    error!("what is due could not be carried out: {error:#}");
                    break;
                }
            }
            self.said(deadline.saturating_duration_since(Instant::now())).await;
        }
        hand.set(to);
        if let Ok(count) = self.run_due(&mut turn, to).await {
            fired += count;
        }
        let pending = self.said(deadline.saturating_duration_since(Instant::now())).await;
        Ok(Advanced { now: to, fired, pending })
    }

    /// Waits, at most so long, for the outbox to have nothing to do at this moment, and for what has changed to be
    /// edited; gives how many messages it still has.
    pub async fn said(&self, limit: Duration) -> usize {
        let Some(outbox) = self.outbox.get() else { return 0 };
        let deadline = Instant::now() + limit;
        let left = outbox.idle(limit).await;
        let _ = tokio::time::timeout_at(deadline, self.all_edited()).await;
        left
    }

    /// When something is next due.
    async fn next_due(&self, turn: &mut Turn) -> anyhow::Result<Option<Timestamp>> {
        let wake = self.store.next_wake().await?;
        Ok(self.next_job(turn).into_iter().chain(wake).min())
    }

    /// Sets the index of wakes right where it differs from what the records say: another version of the
    /// program may have kept them by other rules.
    pub(super) async fn mend_wakes(
        &self,
        dossier: &mut Dossier,
        indexed: &HashMap<RowKey, Timestamp>,
    ) -> anyhow::Result<()> {
        let mut draft = Draft::default();
        for (key, record) in dossier.records() {
            let row = RowKey { project: dossier.id, key };
            let wakes = super::draft::wake_of(dossier, record.as_ref(), &self.rules);
            draft.wake(row, indexed.get(&row).copied(), wakes);
        }
        if draft.is_empty() {
            return Ok(());
        }
        // Also where another process moved them while they were read.
        tracing::info!("the wakes of project {} are set right", dossier.id.0);
        draft.guard(dossier);
        match self.write(draft, &mut [dossier]).await {
            // Another process is at work in it, and keeps its wakes.
            Ok(()) | Err(CommitError::Stale(_)) => Ok(()),
            Err(error) => Err(error).context("setting the wakes right"),
        }
    }

    /// Carries out every wake and job that is due at `now`; gives how many.
    async fn run_due(&self, turn: &mut Turn, now: Timestamp) -> anyhow::Result<usize> {
        let mut fired = 0;
        turn.others = false;
        loop {
            let due = self.store.due(now, AT_ONCE).await?;
            if due.is_empty() {
                break;
            }
            let mut projects: BTreeMap<ProjectId, Vec<(Timestamp, RowKey)>> = BTreeMap::new();
            for (at, row) in due {
                projects.entry(row.project).or_default().push((at, row));
            }
            let woken = self.wake_projects(projects, now).await?;
            fired += woken.unwrap_or(0);
            if woken.is_none() {
                turn.others = true;
                break;
            }
        }
        fired += self.run_jobs(turn, now).await?;
        Ok(fired)
    }

    /// Wakes what is due in one project: one commit.
    pub(super) async fn wake_project(
        &self,
        id: ProjectId,
        rows: Vec<(Timestamp, RowKey)>,
        now: Timestamp,
    ) -> anyhow::Result<usize> {
        let mut dossier = self.take(id).await;
        let mut draft = Draft::default();
        draft.guard(&dossier);
        let mut fired = 0;
        for (at, row) in rows {
            let Some(record) = dossier.record(row.key).cloned() else {
                draft.wake(row, Some(at), None);
                continue;
            };
            let wakes = super::draft::wake_of(&dossier, record.as_ref(), &self.rules);
            if wakes != Some(at) {
                draft.wake(row, Some(at), wakes);
                if wakes.is_none_or(|wakes| wakes > now) {
                    continue;
                }
            }
            let cx = Waking { now, due: at, rules: &self.rules };
            let is_due = |dossier: &Dossier| {
                let wakes = dossier.record(row.key).and_then(|record| record.wakes_at(&self.rules));
                wakes.is_some_and(|wakes| wakes <= at)
            };
            // More than once where several clocks of a record run out together.
            for _ in 0..CLOCKS {
                let Some(record) = dossier.record(row.key).cloned() else { break };
                let outcome = record.wake(&dossier, &cx);
                fired += 1;
                self.woken(&mut draft, &mut dossier, outcome, &cx);
                if !is_due(&dossier) {
                    break;
                }
            }
            if is_due(&dossier) {
                // A rule that does not move on would wake for ever. It is silenced, and said so.
                error!("{} of project {} does not move on when it wakes", row.key, id.0);
                draft.wake(row, Some(at), None);
            }
        }
        match self.write(draft, &mut [&mut dossier]).await {
            Ok(()) => Ok(fired),
            Err(CommitError::Stale(_)) => {
                debug!("project {} was written by somebody else while it woke", id.0);
                Ok(0)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What a line made due in the past happens with it, at once (RULES 5: a deadline already past).
    pub(super) fn overtaken(&self, draft: &mut Draft, dossier: &mut Dossier, now: Timestamp) {
        let cx = Waking { now, due: now, rules: &self.rules };
        for key in draft.due(dossier.id, now) {
            for _ in 0..CLOCKS {
                let Some(record) = dossier.record(key).cloned() else { break };
                let wakes = super::draft::wake_of(dossier, record.as_ref(), &self.rules);
                if wakes.is_none_or(|wakes| wakes > now) {
                    break;
                }
                let outcome = record.wake(dossier, &cx);
                self.woken(draft, dossier, outcome, &cx);
            }
        }
    }

    /// Applies what a wake or a job decided.
    pub(super) fn woken(&self, draft: &mut Draft, dossier: &mut Dossier, outcome: Outcome, cx: &Waking) {
        let mut changes = draft.apply(dossier, &outcome, &self.rules);
        changes.retain(|change| dossier.record(change.key).is_none_or(|record| record.wakes_logged()));
        if !changes.is_empty() {
            let entry = Entry {
                at: cx.due,
                by: None,
                room: None,
                what: outcome.what,
                why: outcome.why,
                messages: Vec::new(),
                changes,
            };
            draft.log(dossier, entry);
        }
        self.say(draft, dossier, outcome.say, cx.now, Some(cx.due));
    }

    /// From when on jobs may have been missed: the last run of each before `now` is made up once.
    fn missed_from(&self, now: Timestamp) -> Timestamp {
        now.checked_sub(JOB_LOOK_BACK).unwrap_or(now)
    }

    /// Forgets expired marks once in a while, until told to stop.
    pub async fn sweep(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.store.sweep(self.clock.now()).await {
                error!("expired marks could not be forgotten: {error:#}");
            }
            self.tell_of_use().await;
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(60)) => {}
                changed = stop.changed() => if changed.is_err() { break },
            }
        }
    }
}

/// Works on many projects at the same time, so that the store can gather their commits; gives the sum.
pub(super) async fn together(
    works: impl Iterator<Item = impl Future<Output = anyhow::Result<usize>>>,
) -> anyhow::Result<usize> {
    let mut works = stream::iter(works).buffer_unordered(PROJECTS_AT_ONCE);
    let mut sum = 0;
    while let Some(done) = works.next().await {
        sum += done?;
    }
    Ok(sum)
}
