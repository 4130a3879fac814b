//! The task that says one target's messages, one after the other.

use std::{borrow::Cow, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::{sync::watch, time::sleep};

use super::{
    Outbox, Room, Speaker, backoff,
    doubt::Doubt,
    haste::Haste,
    parcel::{self, Sending},
    queue::{Next, Queue, Waiting},
    together,
};
use crate::{
    chat::{MessageId, Target},
    platform::{Accepted, Parcel, Platform, Undelivered},
    store::{About, Condition, Outgoing, Settlement},
};

/// How long one try may take; the adapters' own limits are shorter.
const TRY: Duration = Duration::from_secs(60);
/// How long a quote of a delivered message is understood.
const QUOTABLE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// After so many failures to write, a lane that is to stop gives up.
const LAST_WRITES: u32 = 3;

/// One target's lane.
pub struct Lane {
    pub(super) outbox: Arc<Outbox>,
    pub(super) target: Target,
    stop: watch::Receiver<bool>,
}

/// How a turn ended.
enum Turn {
    /// Something was said or given up, or there was nothing to say; look again.
    Done,
    /// Nothing more before this time has passed, or the bot's clock shows `or_at`.
    Rest { wait: Duration, or_at: Option<Timestamp> },
}

/// Returns when it is time to stop.
pub async fn stopped(mut stop: watch::Receiver<bool>) {
    // A sender that is gone will never say stop and means the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

impl Lane {
    pub fn new(outbox: Arc<Outbox>, target: Target, stop: watch::Receiver<bool>) -> Self {
        Self { outbox, target, stop }
    }

    /// Runs until nothing waits for this target, or it is time to stop. A try once begun is finished.
    pub async fn run(self) {
        while self.until_stop(self.work()).await == Some(true) {
            let speaker = self.outbox.platforms.get(self.target.platform());
            let Some(clearance) = self.until_stop(self.clearance(speaker)).await else { return };
            let turn = self.turn(speaker, clearance.haste).await;
            drop(clearance);
            self.outbox.moved.send_replace(());
            if let Turn::Rest { wait, or_at } = turn
                && self.until_stop(self.rest(wait, or_at)).await.is_none()
            {
                return;
            }
        }
    }

    async fn until_stop<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = stopped(self.stop.clone()) => None,
            done = work => Some(done),
        }
    }

    /// Waits until a message may go; false when none waits any more, and this lane is no longer known.
    async fn work(&self) -> bool {
        loop {
            self.outbox.look(&self.target).await;
            let (added, deferred_until) = {
                let mut rooms = self.outbox.rooms();
                let Some(room) = rooms.queues.get(&self.target) else { return false };
                let now = self.outbox.clock.now();
                if room.queue.has_ready(now) {
                    return true;
                }
                let deferred_until = room.queue.deferred(now).min();
                let added = room.added.clone();
                if deferred_until.is_none() && self.outbox.store.shared().is_none() {
                    rooms.queues.remove(&self.target);
                    return false;
                }
                (added, deferred_until)
            };
            let Some(deferred_until) = deferred_until else {
                if self.outbox.keeps(&self.target, &added).await {
                    continue;
                }
                return false;
            };
            tokio::select! {
                () = self.outbox.clock.wait_until(deferred_until) => {}
                () = added.notified() => {}
            }
        }
    }

    async fn rest(&self, wait: Duration, or_at: Option<Timestamp>) {
        let Some(or_at) = or_at else { return sleep(wait).await };
        tokio::select! {
            () = sleep(wait) => {}
            () = self.outbox.clock.wait_until(or_at) => {}
        }
    }

    /// Says the next message that is still true, where it may go in this haste.
    async fn turn(&self, speaker: Option<&Speaker>, cleared: Haste) -> Turn {
        while let Some(next) = self.queue(|queue| queue.next(self.outbox.clock.now())).flatten() {
            let head = match self.bundle(next).await {
                Ok(head) => head,
                Err(turn) => return turn,
            };
            let parts = self.still_owed(&head.outgoing).await;
            if !parts.is_empty() {
                let parts: Vec<&Outgoing> = parts.iter().map(AsRef::as_ref).collect();
                return self.say(speaker, &head, &parts).await;
            }
            if !self.settle(&head.outgoing, Settlement::Dropped).await {
                return Turn::Done;
            }
            self.tell_dropped(&head.outgoing, &[]);
            // A place that is kept for the urgent is not for who is left.
            if self.haste() < Some(cleared) {
                return Turn::Done;
            }
        }
        Turn::Done
    }

    /// Writes down what goes together before it does, so that after a crash the same goes together.
    async fn bundle(&self, Next { mut head, joins }: Next) -> Result<Waiting, Turn> {
        if joins.is_empty() {
            return Ok(head);
        }
        let bundled = [head.outgoing.bundled, joins].concat();
        let written = Settlement::Bundled(bundled.clone());
        self.write(head.outgoing.id, written).await.map_err(|()| self.store_fails(head.outgoing.id))?;
        self.queue(|queue| queue.bundle(head.outgoing.id, bundled.clone()));
        head.outgoing.bundled = bundled;
        Ok(head)
    }

    /// The parts that are still true, and what is said in place of the others.
    async fn still_owed<'a>(&self, head: &'a Outgoing) -> Vec<Cow<'a, Outgoing>> {
        let owed = self.outbox.owed.get().and_then(|owed| owed.upgrade());
        let mut parts = Vec::new();
        for part in std::iter::once(head).chain(&head.bundled) {
            let said = match (&owed, &part.condition) {
                (Some(owed), Some(condition)) => owed.is_owed(condition).await,
                _ => true,
            };
            match &part.otherwise {
                _ if said => parts.push(Cow::Borrowed(part)),
                Some(message) => {
                    parts.push(Cow::Owned(Outgoing { message: message.clone(), ..part.clone() }))
                }
                None => {}
            }
        }
        parts
    }

    /// One try, and what follows from it.
    async fn say(&self, speaker: Option<&Speaker>, head: &Waiting, parts: &[&Outgoing]) -> Turn {
        let outgoing = &head.outgoing;
        if !self.outbox.is_ours(&self.target) {
            return Turn::Rest { wait: together::REST, or_at: None };
        }
        let Some(speaker) = speaker else {
            return self.again(head, None, "this platform is not configured").await;
        };
        let written = head.doubt.is_none() && !speaker.never_forgets();
        if written && self.write(outgoing.id, Settlement::Trying(1)).await.is_err() {
            return self.store_fails(outgoing.id);
        }
        self.queue(|queue| {
            queue.change(outgoing.id, |waiting| waiting.doubt = waiting.doubt.or(Some(Doubt::now())));
        });
        let maybe_repeated = head.doubt.is_some_and(|doubt| doubt.age() >= speaker.platform.remembers());
        let cx = Sending { now: self.outbox.clock.now(), started: self.outbox.started, maybe_repeated };
        let mut parcel = parcel::parcel(outgoing, parts, cx);
        let swallows = speaker.platform.swallows(&self.target);
        // The same at every try of one parcel.
        let before = head.said_before.unwrap_or_else(|| speaker.repeats.before(&parcel, swallows));
        self.queue(|queue| queue.change(outgoing.id, |waiting| waiting.said_before = Some(before)));
        let words = (!swallows.is_zero()).then(|| parcel.message.clone());
        parcel::vary(&mut parcel.message, before);
        match deliver(speaker.platform.clone(), parcel).await {
            Ok(Accepted { message }) => {
                if let Some(words) = words {
                    speaker.repeats.note(&self.target, &words, before, swallows);
                }
                self.tell_dropped(outgoing, parts);
                self.tell_cards(outgoing, parts, message.as_ref()).await;
                self.accepted(outgoing, message, parcel::about(parts)).await
            }
            Err(Undelivered::Never { why }) => self.bury(outgoing, why).await,
            Err(Undelivered::Unknown { why }) => self.again(head, None, &why).await,
            Err(Undelivered::Later { after, why }) => {
                self.surely_not(head, written).await;
                self.again(head, after, &why).await
            }
            Err(Undelivered::TooFast { after, why }) => {
                self.surely_not(head, written).await;
                let platform = self.target.platform();
                if speaker.pace.silence(after) {
                    tracing::warn!(
                        platform,
                        why,
                        "the app is too fast altogether, nothing is sent for {after:?}"
                    );
                }
                self.later(head, Some(after), &why).await
            }
        }
    }

    /// Surely not accepted. Should this write fail, a crash makes us doubt without need.
    async fn surely_not(&self, head: &Waiting, written: bool) {
        if head.doubt.is_none() {
            let id = head.outgoing.id;
            let _ = written && self.write(id, Settlement::Trying(0)).await.is_ok();
            self.queue(|queue| queue.change(id, |waiting| waiting.doubt = None));
        }
    }

    /// Tells whoever edits messages under which id each part is to be found: under none where it stands among others,
    /// or something else was said in its place. Told before it is settled: after a crash it is sent, and told, again.
    async fn tell_cards(&self, head: &Outgoing, said: &[&Outgoing], message: Option<&MessageId>) {
        let Some(owed) = self.outbox.owed.get().and_then(|owed| owed.upgrade()) else { return };
        for part in std::iter::once(head).chain(&head.bundled) {
            if let (Some(card), Some(about)) = (part.card, part.about) {
                let alone = matches!(said, [only] if only.id == part.id && only.message == part.message);
                owed.posted(about.project, card, message.filter(|_| alone)).await;
            }
        }
    }

    /// Logs and counts what is not said since it is no longer true; `said` is the rest of what went with it.
    fn tell_dropped(&self, head: &Outgoing, said: &[&Outgoing]) {
        for part in std::iter::once(head).chain(&head.bundled) {
            if said.iter().any(|said| said.id == part.id) {
                continue;
            }
            let (platform, id) = (self.target.platform(), part.id);
            if let Some(Condition { project, key, step }) = &part.condition {
                tracing::info!(
                    outgoing.id = id,
                    platform,
                    project = project.0,
                    step,
                    "message dropped: {key} no longer owes this step"
                );
            }
            self.count("jiuding_outbox_dropped_total");
        }
    }

    async fn accepted(&self, outgoing: &Outgoing, message: Option<MessageId>, about: Option<About>) -> Turn {
        let until = self.outbox.clock.now().checked_add(QUOTABLE).unwrap_or(Timestamp::MAX);
        self.count("jiuding_outbox_accepted_total");
        self.settle(outgoing, Settlement::Delivered { message, about, until }).await;
        tracing::debug!(outgoing.id, parts = 1 + outgoing.bundled.len(), "message accepted");
        Turn::Done
    }

    /// The same as [`later`](Self::later), and the log says so.
    async fn again(&self, head: &Waiting, after: Option<Duration>, why: &str) -> Turn {
        let turn = self.later(head, after, why).await;
        if let Turn::Rest { wait, .. } = &turn {
            let (platform, failures) = (self.target.platform(), head.failures.saturating_add(1));
            tracing::warn!(
                outgoing.id = head.outgoing.id,
                platform,
                failures,
                ?wait,
                why,
                "message not accepted, will try again"
            );
        }
        turn
    }

    /// Another try later, unless it is too old for one.
    async fn later(&self, head: &Waiting, after: Option<Duration>, why: &str) -> Turn {
        let (id, dies_at) = (head.outgoing.id, head.dies_at());
        if self.outbox.clock.now() >= dies_at {
            return self.bury(&head.outgoing, format!("not accepted within 24 hours: {why}")).await;
        }
        let failures = head.failures.saturating_add(1);
        let wait = super::wait(failures, after);
        self.queue(|queue| {
            queue.change(id, |waiting| waiting.failures = failures);
            queue.rest(dies_at);
        });
        self.count("jiuding_outbox_retried_total");
        Turn::Rest { wait, or_at: Some(dies_at) }
    }

    async fn bury(&self, outgoing: &Outgoing, why: String) -> Turn {
        let platform = self.target.platform();
        tracing::error!(outgoing.id, platform, why, "message given up");
        self.count("jiuding_outbox_dead_total");
        self.settle(outgoing, Settlement::Dead { why, at: self.outbox.clock.now() }).await;
        Turn::Done
    }

    /// Writes what became of a message, as often as it takes: it must not be said again meanwhile. False
    /// if it had to stop before, or another process has the lane: then that one says it again under the same id.
    async fn settle(&self, outgoing: &Outgoing, settlement: Settlement) -> bool {
        let mut failures = 0;
        while self.write(outgoing.id, settlement.clone()).await.is_err() {
            failures += 1;
            let lost = self.queue(|queue| queue.rest(Timestamp::MAX)).is_none();
            if lost || *self.stop.borrow() && failures >= LAST_WRITES {
                return false;
            }
            self.outbox.moved.send_replace(());
            let wait = backoff::wait(failures, None, 0);
            if self.until_stop(sleep(wait)).await.is_none() {
                failures = failures.max(LAST_WRITES - 1);
            }
        }
        self.queue(|queue| queue.remove(outgoing.id));
        true
    }

    async fn write(&self, id: u64, settlement: Settlement) -> Result<(), ()> {
        self.outbox.store.settle(id, settlement).await.map_err(|error| {
            tracing::error!(outgoing.id = id, "the store did not take what became of a message: {error:#}");
        })
    }

    fn store_fails(&self, id: u64) -> Turn {
        let mut wait = Duration::ZERO;
        self.queue(|queue| {
            queue.change(id, |waiting| {
                waiting.failures = waiting.failures.saturating_add(1);
                wait = super::wait(waiting.failures, None);
            });
            queue.rest(Timestamp::MAX);
        });
        Turn::Rest { wait, or_at: None }
    }

    pub(super) fn queue<T>(&self, use_it: impl FnOnce(&mut Queue) -> T) -> Option<T> {
        self.outbox.rooms().queues.get_mut(&self.target).map(|Room { queue, .. }| use_it(queue))
    }

    fn count(&self, name: &'static str) {
        metrics::counter!(name, "platform" => self.target.platform().to_owned()).increment(1);
    }
}

/// One try in a task of its own, so that neither a fault in an adapter nor one that hangs stops a lane.
async fn deliver(platform: Arc<dyn Platform>, parcel: Parcel) -> Result<Accepted, Undelivered> {
    let mut one_try = tokio::spawn(async move { platform.deliver(&parcel).await });
    let why = match tokio::time::timeout(TRY, &mut one_try).await {
        Ok(Ok(result)) => return result,
        Ok(Err(_)) => "the adapter broke off",
        Err(_) => {
            one_try.abort();
            "no answer in time"
        }
    };
    Err(Undelivered::Unknown { why: why.into() })
}
