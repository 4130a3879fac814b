//! The outbox where several processes have the store: each target's lane is in the hand of one of them.
//!
//! Messages are read from the store by the lane itself, between its turns, so that none is read while it is being
//! settled. A commit only says for which targets it wrote some: where the lane is ours it looks, where it is nobody's it
//! is claimed, and otherwise whoever has it is told. All of that may get lost, so everything is looked at once a second.
//!
//! A lane is let go of when it was empty for a while. What a process had that died is taken over; the messages in it may
//! have been said, as after a crash. Whoever was taken for dead itself says nothing until it knows what is still its own.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{
    sync::{broadcast::error::RecvError, watch},
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

use super::{Outbox, Room, fresh, lane};
use crate::{
    chat::Target,
    store::{News, Outgoing, Shared},
};

/// How often everything is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How many lanes are taken in one go, so that others get their share of what a dead process had.
const AT_ONCE: usize = 256;
/// How long an empty lane is kept: in a room where people talk it need not be claimed for each message.
const KEPT: Duration = Duration::from_secs(30);
/// How long to rest where the store does not answer, or nothing may be said.
pub(super) const REST: Duration = Duration::from_millis(200);
/// How often [`Outbox::idle`] looks.
const GLANCE: Duration = Duration::from_millis(10);

/// What a room's lane knows of its lease.
#[derive(Debug, Default)]
pub(super) struct Hold {
    /// There may be messages that are not in the queue.
    look: bool,
    /// Another process had the lane and is gone.
    left_behind: bool,
    /// Our membership when it was last known to be ours.
    membership: u64,
}

impl Outbox {
    /// Says for which targets messages were written.
    pub(super) fn want(&self, targets: impl IntoIterator<Item = Target>) {
        let mut rooms = self.rooms();
        let rooms = &mut *rooms;
        for target in targets {
            match rooms.queues.get_mut(&target) {
                Some(room) => room.look(),
                None => _ = rooms.wanted.insert(target),
            }
        }
        self.claiming.notify_one();
    }

    /// Claims lanes until told to stop.
    pub(super) async fn claim_lanes(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let Some(shared) = self.store.shared() else { return };
        let (mut news, mut look) = (shared.news(), interval(LOOK));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let everything = tokio::select! {
                biased;
                () = lane::stopped(stop.clone()) => return,
                () = self.claiming.notified() => false,
                heard = news.recv() => match heard {
                    Ok(News { targets, anything, .. }) => {
                        self.look_into(&targets);
                        anything
                    }
                    Err(RecvError::Lagged(_)) => true,
                    Err(RecvError::Closed) => return,
                },
                _ = look.tick() => true,
            };
            let done = async {
                if everything {
                    self.look_at_everything(shared).await?;
                }
                self.claim(shared).await
            };
            if let Err(error) = done.await {
                tracing::warn!("lanes of the outbox could not be looked at: {error:#}");
                sleep(REST).await;
            }
        }
    }

    /// Lets those of these lanes that are ours look.
    fn look_into(&self, targets: &[Target]) {
        let mut rooms = self.rooms();
        targets.iter().for_each(|target| {
            if let Some(room) = rooms.queues.get_mut(target) {
                room.look();
            }
        });
    }

    /// Drops the lanes that are no longer ours, and finds those that are nobody's.
    async fn look_at_everything(&self, shared: &dyn Shared) -> anyhow::Result<()> {
        let Some(membership) = shared.membership() else { return Ok(()) };
        let known: Vec<Target> = self.rooms().queues.keys().cloned().collect();
        let ours = shared.still_ours(known.clone()).await?;
        if shared.membership() != Some(membership) {
            return Ok(());
        }
        {
            let mut rooms = self.rooms();
            for target in &known {
                let ours = ours.iter().find(|(ours, _)| ours == target);
                let (Some(room), Some((_, count))) = (rooms.queues.get_mut(target), ours) else {
                    if let Some(room) = rooms.queues.remove(target) {
                        tracing::warn!("another process says what goes to one of our targets now");
                        room.added.notify_one();
                    }
                    continue;
                };
                room.hold.membership = membership;
                if room.queue.len() != *count {
                    room.look();
                }
            }
        }
        let lonely = shared.lonely(known, AT_ONCE).await?;
        if lonely.len() == AT_ONCE {
            self.claiming.notify_one();
        }
        self.want(lonely);
        Ok(())
    }

    /// Claims the lanes that are wanted; who has the others is told.
    async fn claim(&self, shared: &dyn Shared) -> anyhow::Result<()> {
        let wanted = std::mem::take(&mut self.rooms().wanted);
        let Some(membership) = shared.membership().filter(|_| !wanted.is_empty()) else {
            self.rooms().wanted.extend(wanted);
            return Ok(());
        };
        let claimed = shared.claim_lanes(wanted.iter().cloned().collect()).await;
        let claimed = claimed.inspect_err(|_| self.rooms().wanted.extend(wanted.iter().cloned()))?;
        let mut others: BTreeSet<Target> = wanted;
        {
            let mut rooms = self.rooms();
            let rooms = &mut *rooms;
            for claimed in claimed {
                others.remove(&claimed.what);
                let hold = Hold { look: true, left_behind: claimed.left_behind, membership };
                rooms.lonely.push(claimed.what.clone());
                rooms.queues.insert(claimed.what, Room { hold, ..Room::default() });
            }
        }
        self.lonely.notify_one();
        if !others.is_empty() {
            shared.tell(News { targets: others.into_iter().collect(), ..News::default() });
        }
        Ok(())
    }

    /// Puts what a lane does not know of yet into its queue. Only by the lane itself.
    pub(super) async fn look(&self, target: &Target) {
        let Some(shared) = self.store.shared() else { return };
        let hold = self.rooms().queues.get_mut(target).map(|room| std::mem::take(&mut room.hold.look));
        if hold != Some(true) {
            return;
        }
        match shared.lane(target).await {
            Ok(messages) => self.take_up(target, messages),
            Err(error) => {
                tracing::warn!("the messages of a lane could not be read: {error:#}");
                self.look_into(std::slice::from_ref(target));
                sleep(REST).await;
            }
        }
        self.moved.send_replace(());
    }

    fn take_up(&self, target: &Target, messages: Vec<Outgoing>) {
        let now = self.clock.now();
        let mut rooms = self.rooms();
        let Some(room) = rooms.queues.get_mut(target) else { return };
        let left_behind = std::mem::take(&mut room.hold.left_behind);
        for outgoing in messages {
            let tried = left_behind || outgoing.tries > 0;
            room.queue.insert(if tried { self.found(outgoing) } else { fresh(outgoing, now) });
        }
    }

    /// Whether a lane of the store's is surely ours, at this moment.
    pub(super) fn is_ours(&self, target: &Target) -> bool {
        let Some(shared) = self.store.shared() else { return true };
        let membership = self.rooms().queues.get(target).map(|room| room.hold.membership);
        membership.is_some() && shared.membership() == membership
    }

    /// Keeps an empty lane a while; false when it was let go of.
    pub(super) async fn keeps(&self, target: &Target, added: &tokio::sync::Notify) -> bool {
        let Some(shared) = self.store.shared() else { return false };
        if timeout(KEPT, added.notified()).await.is_ok() {
            return true;
        }
        let released = shared.release_lane(target).await;
        let still = match &released {
            Ok(false) => shared.still_ours(vec![target.clone()]).await.is_ok_and(|ours| !ours.is_empty()),
            // Where that is not known it may be somebody else's by now.
            Ok(true) | Err(_) => false,
        };
        let mut rooms = self.rooms();
        if still {
            if let Some(room) = rooms.queues.get_mut(target) {
                room.hold.look = true;
            }
            return true;
        }
        if rooms.queues.remove(target).is_some_and(|room| room.hold.look) {
            rooms.wanted.insert(target.clone());
            self.claiming.notify_one();
        }
        false
    }

    /// How many processes say something.
    pub(super) fn processes(&self) -> u32 {
        self.store.shared().map_or(1, Shared::members)
    }

    /// What the store has on its way, whoever says it; without what waits here for another try.
    pub(super) async fn idle_together(&self, limit: Duration) -> usize {
        let until = Instant::now() + limit;
        loop {
            let now = self.clock.now();
            let unsaid = self.store.outgoing().await.map(|outgoing| {
                let rooms = self.rooms();
                let rests = |outgoing: &Outgoing| {
                    rooms.queues.get(&outgoing.to).is_some_and(|room| room.queue.rests(now))
                };
                outgoing.iter().filter(|outgoing| outgoing.not_before <= now && !rests(outgoing)).count()
            });
            match unsaid {
                Ok(0) => return 0,
                unsaid if Instant::now() >= until => return unsaid.unwrap_or(usize::MAX),
                _ => sleep(GLANCE).await,
            }
        }
    }
}

impl Room {
    fn look(&mut self) {
        self.hold.look = true;
        self.added.notify_one();
    }
}
