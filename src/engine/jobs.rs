//! The jobs of the schedule: each runs once for its time on every project or customer.

use jiff::{SignedDuration, Timestamp};

use super::{Engine, Task, Turn, draft::Draft, due::together};
use crate::{
    dossier::{Dossier, Outcome, Waking},
    features::Job,
    store::{CommitError, ProjectId},
};

/// How long a job's mark is kept; longer than a pause that is made up for.
const JOB_MARK: SignedDuration = SignedDuration::from_hours(24 * 10);

impl Engine {
    /// When the next job runs. It is looked up once, not at each of the many wakes before it.
    pub(super) fn next_job(&self, turn: &mut Turn) -> Option<Timestamp> {
        let look_up = || {
            let jobs = self.jobs.iter();
            jobs.filter_map(|(_, schedule)| schedule.next_after(turn.jobs_until, &self.rules.calendar)).min()
        };
        *turn.next_job.get_or_insert_with(look_up)
    }

    /// Runs the jobs whose time came since they were last looked at. Of several missed runs of one job
    /// only the last is made up.
    pub(super) async fn run_jobs(&self, turn: &mut Turn, now: Timestamp) -> anyhow::Result<usize> {
        if self.next_job(turn).is_none_or(|next| next > now) {
            return Ok(0);
        }
        let (mut fired, mut others) = (0, false);
        for (task, schedule) in &self.jobs {
            let mut last = None;
            let mut after = turn.jobs_until;
            while let Some(at) = schedule.next_after(after, &self.rules.calendar).filter(|at| *at <= now) {
                last = Some(at);
                after = at;
            }
            if let Some(at) = last {
                let done = match task {
                    Task::Projects(job) => self.once(job.name, at, self.run_job(job, at, now)).await?,
                    Task::Customers(job) => {
                        self.once(job.name, at, self.run_customer_job(job, at, now)).await?
                    }
                    Task::Admins => {
                        self.tell_of_dead_letters(at, now).await?;
                        self.tell_of_allowances(now).await?;
                        Some(0)
                    }
                };
                fired += done.unwrap_or(0);
                others |= done.is_none();
            }
        }
        // What others are at is looked at again: they may die of it.
        match others {
            true => turn.others = true,
            false => *turn = Turn { others: turn.others, ..Turn::from(now) },
        }
        Ok(fired)
    }

    /// Runs a job on all that it works on, once. Whoever it has nothing for gets no mark: the job's own, set when all
    /// are done, keeps them from being looked at again with later eyes. `None` where another process is at it.
    async fn once(
        &self,
        name: &str,
        at: Timestamp,
        run: impl Future<Output = anyhow::Result<usize>>,
    ) -> anyhow::Result<Option<usize>> {
        let mark = format!("job:{name}:all:{at}");
        if self.store.has_seen(&mark).await? {
            return Ok(Some(0));
        }
        if !self.claim_job(&mark).await? {
            return Ok(None);
        }
        let fired = run.await?;
        let mut draft = Draft::default();
        draft.seen(mark.clone(), marked_until(at));
        match self.write(draft, &mut []).await {
            Ok(()) | Err(CommitError::SeenBefore) => self.release_job(mark).await.map(|()| Some(fired)),
            Err(error) => Err(error.into()),
        }
    }

    /// Runs a job on every project, many at the same time.
    async fn run_job(&self, job: &Job, at: Timestamp, now: Timestamp) -> anyhow::Result<usize> {
        let projects = self.directory(|directory| directory.projects());
        together(projects.into_iter().map(|id| self.run_job_on(id, job, at, now))).await
    }

    /// Runs a job on one project, once: one commit.
    async fn run_job_on(
        &self,
        id: ProjectId,
        job: &Job,
        at: Timestamp,
        now: Timestamp,
    ) -> anyhow::Result<usize> {
        let Some(mark) = self.not_done(job.name, id, at).await? else { return Ok(0) };
        let mut dossier = self.take(id).await;
        let Some(project) = dossier.founded() else { return Ok(0) };
        if project.archived || project.created_at > at {
            return Ok(0);
        }
        let cx = Waking { now, due: at, rules: &self.rules };
        let outcome = (job.run)(&dossier, &cx);
        self.job_done(mark, &mut dossier, outcome, &cx).await
    }

    /// The mark of a job on one dossier; `None` where it is set.
    pub(super) async fn not_done(
        &self,
        name: &str,
        id: ProjectId,
        at: Timestamp,
    ) -> anyhow::Result<Option<String>> {
        let mark = format!("job:{name}:{}:{at}", id.0);
        let done = self.store.has_seen(&mark).await?;
        Ok(Some(mark).filter(|_| !done))
    }

    /// Writes what a job decided, once: gives 1 where it spoke.
    pub(super) async fn job_done(
        &self,
        mark: String,
        dossier: &mut Dossier,
        outcome: Outcome,
        cx: &Waking<'_>,
    ) -> anyhow::Result<usize> {
        let spoke = !outcome.say.is_empty();
        let mut draft = Draft::default();
        draft.seen(mark, marked_until(cx.due));
        self.woken(&mut draft, dossier, outcome, cx);
        if draft.is_empty() {
            return Ok(usize::from(spoke));
        }
        match self.write(draft, &mut [dossier]).await {
            Ok(()) => Ok(usize::from(spoke)),
            Err(CommitError::SeenBefore) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }
}

fn marked_until(at: Timestamp) -> Timestamp {
    at.checked_add(JOB_MARK).unwrap_or(Timestamp::MAX)
}
