//! Making the edits: at the platform's pace, again where it says later, and given up where that does not help.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant as StdInstant},
};

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::{sync::watch, time::Instant};

use super::{Engine, REGISTRY, Tries};
use crate::{
    chat::{Message, MessageId},
    dossier::{Dossier, Posted},
    engine::draft::Draft,
    outbox::{Bucket, wait},
    platform::{Platform, Rate, Undelivered},
    store::{About, Outgoing, ProjectId, RowKey},
};

/// When edits are looked at again while this process does not know whether it has the store.
const AFTER_A_WHILE: Duration = Duration::from_secs(1);
/// How many edits are on their way at once.
const AT_ONCE: usize = 8;
/// How often an edit is tried before it is given up: with growing pauses, for about an hour.
const TRIES: u32 = 20;
/// How long before a message can no longer be edited a new card takes its place.
const BEFORE_THE_END: SignedDuration = SignedDuration::from_hours(24);

/// How fast edits go.
#[derive(Default)]
pub(super) struct Pace {
    apps: HashMap<&'static str, Bucket>,
    messages: HashMap<MessageId, Instant>,
}

impl Pace {
    /// Waits until the app may edit once more. An app has as many edits as messages, and so many processes share them.
    async fn app(&mut self, platform: &dyn Platform, processes: u32) {
        let rate = platform.limits().per_app;
        let bucket = self.apps.entry(platform.name()).or_insert_with(|| Bucket::new(Rate { ..rate }));
        while let Err(left) = bucket.take_share(processes, StdInstant::from(Instant::now())) {
            tokio::time::sleep(left).await;
        }
    }

    /// Until when this message rests, if it does; from now on it does for a moment.
    fn message(&mut self, message: &MessageId, every: Duration) -> Option<Instant> {
        let now = Instant::now();
        self.messages.retain(|_, until| *until > now);
        if let Some(until) = self.messages.get(message) {
            return Some(*until);
        }
        self.messages.insert(message.clone(), now + every);
        None
    }
}

/// What is to be edited, and to what.
struct Edit {
    platform: Arc<dyn Platform>,
    every: Duration,
    project: ProjectId,
    posted: Posted,
    message: MessageId,
    fresh: Message,
    last: bool,
}

impl Engine {
    /// Edits what shows a record that has changed, until told to stop.
    pub async fn keep_edited(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let next = self.edit_cards().await;
            let rest = async {
                match next {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = rest => {}
                () = self.cards.added.notified() => {}
                // A sender that is gone will never say stop and means the same.
                changed = stop.changed() => if changed.is_err() { break },
            }
        }
    }

    /// Waits until every edit is made, or waits for another try.
    pub(in crate::engine) async fn all_edited(&self) {
        while let Some(next) = self.edit_cards().await {
            if self.cards.waiting().values().all(|tries| tries.failed > 0) {
                return;
            }
            tokio::time::sleep_until(next).await;
        }
    }

    /// Makes every edit that can be made now; gives when the next one is to be tried.
    pub(in crate::engine) async fn edit_cards(&self) -> Option<Instant> {
        let mut pace = self.cards.turn.lock().await;
        loop {
            let now = Instant::now();
            if self.store.shared().is_some_and(|shared| shared.membership().is_none()) {
                // Somebody else's by now, for all that is known.
                return Some(now + AFTER_A_WHILE);
            }
            let due: Vec<(ProjectId, u32)> = {
                let waiting = self.cards.waiting();
                waiting.iter().filter(|(_, tries)| tries.not_before <= now).map(|(card, _)| *card).collect()
            };
            if due.is_empty() {
                return self.cards.waiting().values().map(|tries| tries.not_before).min();
            }
            let registry = self.take(REGISTRY).await.clone();
            let mut edits = Vec::new();
            for (project, number) in due {
                let Some(edit) = self.prepared(project, number, &registry).await else { continue };
                match pace.message(&edit.message, edit.every) {
                    Some(until) => self.put_off(project, number, until),
                    None => {
                        let processes = self.store.shared().map_or(1, |shared| shared.members());
                        pace.app(edit.platform.as_ref(), processes).await;
                        edits.push(edit);
                    }
                }
            }
            stream::iter(edits).for_each_concurrent(AT_ONCE, |edit| self.make(edit)).await;
        }
    }

    /// What is to be edited; `None` where there is nothing to do now.
    async fn prepared(&self, project: ProjectId, number: u32, registry: &Dossier) -> Option<Edit> {
        let mut dossier = self.take(project).await;
        let posted = dossier.find::<Posted>(number).filter(|posted| posted.waits()).cloned();
        let Some((posted, message)) = posted.and_then(|posted| posted.message.clone().map(|id| (posted, id)))
        else {
            self.cards.waiting().remove(&(project, number));
            return None;
        };
        let platform = self.platforms.get(posted.to.platform()).cloned();
        let Some((platform, edits)) =
            platform.and_then(|platform| platform.edits().map(|edits| (platform, edits)))
        else {
            self.give_up(&mut dossier, &posted, "its platform is gone").await;
            return None;
        };
        let (fresh, last) = match self.shown_now(&dossier, &posted, registry).await {
            Ok(shown) => shown,
            Err(error) => {
                tracing::warn!("a message of project {} cannot be edited yet: {error:#}", project.0);
                self.failed(project, number, None);
                return None;
            }
        };
        if posted.shows == Some(sum(&fresh)) {
            self.settle_card(&mut dossier, &posted, &fresh, last).await;
            return None;
        }
        if self.ends(&posted).is_some_and(|ends| ends <= self.clock.now()) {
            match last || posted.words.is_some() {
                true => self.give_up(&mut dossier, &posted, "it is too old to be edited").await,
                false => self.settle_card(&mut dossier, &posted, &fresh, last).await,
            }
            return None;
        }
        Some(Edit { platform, every: edits.every, project, posted, message, fresh, last })
    }

    /// Makes one edit, and notes what came of it.
    async fn make(&self, edit: Edit) {
        let Edit { platform, project, posted, message, fresh, last, .. } = edit;
        let edited = platform.edit(&message, &posted.to, &fresh).await;
        let registry = self.take(REGISTRY).await.clone();
        let mut dossier = self.take(project).await;
        let Some(posted) = dossier.find::<Posted>(posted.number).cloned() else { return };
        match edited {
            Ok(()) => {
                metrics::counter!("jiuding_cards_edited_total", "platform" => platform.name()).increment(1);
                // What changed meanwhile is edited once more.
                let now = self.shown_now(&dossier, &posted, &registry).await;
                let same = now.is_ok_and(|(now, _)| now == fresh);
                if same {
                    self.settle_card(&mut dossier, &posted, &fresh, last).await;
                }
            }
            Err(Undelivered::Never { why }) => self.give_up(&mut dossier, &posted, &why).await,
            Err(Undelivered::Later { after, why }) => {
                self.tried(&mut dossier, &posted, after, &why).await;
            }
            Err(Undelivered::TooFast { after, why }) => {
                self.tried(&mut dossier, &posted, Some(after), &why).await;
            }
            Err(Undelivered::Unknown { why }) => self.tried(&mut dossier, &posted, None, &why).await,
        }
    }

    /// It shows the record as it is.
    async fn settle_card(&self, dossier: &mut Dossier, posted: &Posted, fresh: &Message, last: bool) {
        let mut draft = Draft::default();
        let nearly_over =
            self.ends(posted).is_some_and(|ends| ends.duration_since(self.clock.now()) <= BEFORE_THE_END);
        if last {
            self.forget_card(&mut draft, dossier, posted.number);
        } else if nearly_over && posted.words.is_none() {
            self.issue_again(&mut draft, dossier, posted, fresh);
        } else {
            let posted = Posted { stale: false, shows: Some(sum(fresh)), ..posted.clone() };
            draft.put(dossier, Arc::new(posted), &self.rules);
        }
        self.note(draft, dossier, posted.number).await;
    }

    /// Not edited any more; whoever presses a button of it that is over is told so.
    async fn give_up(&self, dossier: &mut Dossier, posted: &Posted, why: &str) {
        let platform = posted.to.platform();
        tracing::info!(platform, why, "a message of project {} is not edited any more", dossier.id.0);
        metrics::counter!("jiuding_cards_given_up_total", "platform" => platform.to_owned()).increment(1);
        let mut draft = Draft::default();
        self.forget_card(&mut draft, dossier, posted.number);
        self.note(draft, dossier, posted.number).await;
    }

    /// A new card in the place of one that can soon not be edited any more, where its record still has steps. When it
    /// has been said, the one before loses its own.
    fn issue_again(&self, draft: &mut Draft, dossier: &mut Dossier, posted: &Posted, fresh: &Message) {
        let is_newer = |other: &Posted| {
            other.number > posted.number
                && other.words.is_none()
                && (other.about, &other.to) == (posted.about, &posted.to)
        };
        if fresh.buttons.is_empty() || dossier.all::<Posted>().any(is_newer) {
            return self.forget_card(draft, dossier, posted.number);
        }
        let now = self.clock.now();
        draft.shows(RowKey { project: dossier.id, key: posted.about });
        draft.say([Outgoing {
            about: Some(About { project: dossier.id, key: posted.about }),
            not_before: self.rules.calendar.after_quiet(now),
            ..Outgoing::new(posted.to.clone(), fresh.clone(), now)
        }]);
        let posted = Posted { stale: false, shows: Some(sum(fresh)), ..posted.clone() };
        draft.put(dossier, Arc::new(posted), &self.rules);
    }

    async fn note(&self, draft: Draft, dossier: &mut Dossier, number: u32) {
        let project = dossier.id;
        let written = if draft.is_empty() { Ok(()) } else { self.write(draft, &mut [dossier]).await };
        match written {
            Ok(()) => {
                self.cards.waiting().remove(&(project, number));
            }
            Err(error) => {
                tracing::warn!("that a message of project {} was edited is not written: {error}", project.0);
                self.failed(project, number, None);
            }
        }
    }

    async fn tried(&self, dossier: &mut Dossier, posted: &Posted, after: Option<Duration>, why: &str) {
        if self.failed(dossier.id, posted.number, after) {
            return;
        }
        self.give_up(dossier, posted, why).await;
    }

    /// Once more later; false where it was tried often enough.
    fn failed(&self, project: ProjectId, number: u32, after: Option<Duration>) -> bool {
        let mut waiting = self.cards.waiting();
        let tries =
            waiting.entry((project, number)).or_insert(Tries { failed: 0, not_before: Instant::now() });
        tries.failed += 1;
        tries.not_before = Instant::now() + wait(tries.failed, after);
        tries.failed < TRIES
    }

    fn put_off(&self, project: ProjectId, number: u32, until: Instant) {
        if let Some(tries) = self.cards.waiting().get_mut(&(project, number)) {
            tries.not_before = until;
        }
    }

    /// Until when a message can be edited; `None`: for ever.
    fn ends(&self, posted: &Posted) -> Option<Timestamp> {
        let edits = self.platforms.get(posted.to.platform())?.edits()?;
        let time = SignedDuration::try_from(edits.within).ok()?;
        posted.at.checked_add(time).ok()
    }
}

/// A checksum of what a message says.
pub(super) fn sum(message: &Message) -> u32 {
    let said = serde_json::to_vec(message).expect("a message holds nothing that JSON cannot say");
    crc32fast::hash(&said)
}
