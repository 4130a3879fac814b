//! People's calendars, brought up to what messages say of meetings.
//!
//! The message goes first and never waits long for the calendars; whether they could be brought up to it is no matter
//! of the message's. Nothing of it is stored: an event carries its meeting's [`Invite::uid`], and is found by it after
//! a restart. A meeting is entered once because it is looked for before, and because every try for the same message
//! has the same key. What fails waits in memory for the next message, and comes again with the next about its meeting.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use super::{
    Parcel,
    resting::{AN_HOUR, Resting},
};
use crate::{chat::Invite, clock::SharedClock};

/// How long a message that was accepted waits for the calendars; they go on without it.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long nobody asks again after something that will pass.
const A_MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// How many meetings are remembered, and how many wait; then all are forgotten.
const MOST: usize = 2_000;

/// A platform's calendars.
#[async_trait::async_trait]
pub(super) trait Book: Send + Sync + 'static {
    /// The platform's name, for the log.
    const NAME: &'static str;

    /// The event that carries the invite's uid.
    async fn find(&self, invite: &Invite) -> Result<Option<String>, Trouble>;

    /// Enters it; two tries with the same `once` make one event. `None` where it is in nobody's calendar here.
    async fn enter(&self, invite: &Invite, once: &str) -> Result<Option<String>, Trouble>;

    /// Brings an event up to it.
    async fn change(&self, event: &str, invite: &Invite) -> Result<(), Trouble>;

    /// Takes an event out.
    async fn strike(&self, event: &str, invite: &Invite) -> Result<(), Trouble>;
}

/// Why the calendars are not as they should be, without secrets and anybody's words.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It will pass.
    Passing(String),
    /// The calendars are closed to the app.
    Closed(String),
    /// This one is refused.
    Refused(String),
    /// The event is gone.
    Gone,
}

/// What was brought about, and what waits.
pub(super) struct Calendars<B> {
    book: B,
    clock: SharedClock,
    resting: Resting,
    /// By uid, each with the parcel that brought it. Held only for a look or an entry.
    waiting: Mutex<BTreeMap<String, (String, Invite)>>,
    /// What each meeting's event shows, by uid. Held while the platform is asked, so that no two enter the same.
    known: tokio::sync::Mutex<HashMap<String, Shown>>,
}

struct Shown {
    /// The event, where there is one.
    event: Option<String>,
    invite: Invite,
}

impl<B: Book> Calendars<B> {
    pub(super) fn new(book: B, clock: SharedClock) -> Self {
        let (resting, waiting, known) = (Resting::default(), Mutex::default(), tokio::sync::Mutex::default());
        Self { book, clock, resting, waiting, known }
    }

    /// Brings the calendars up to what an accepted message says.
    pub(super) async fn keep(self: &Arc<Self>, parcel: &Parcel) {
        {
            let mut waiting = self.waiting();
            if waiting.len() >= MOST {
                waiting.clear();
            }
            for invite in &parcel.message.invites {
                waiting.insert(invite.uid.clone(), (parcel.id.clone(), invite.clone()));
            }
            if waiting.is_empty() || self.resting.is_on(self.clock.now()) {
                return;
            }
        }
        let calendars = self.clone();
        let work = tokio::spawn(async move { calendars.catch_up().await });
        // Elapsed or not, the work goes on.
        let _ = tokio::time::timeout(PATIENCE, work).await;
    }

    async fn catch_up(&self) {
        let mut known = self.known.lock().await;
        let todo = std::mem::take(&mut *self.waiting());
        let now = self.clock.now();
        let mut todo = todo.into_iter().filter(|(_, (_, invite))| invite.ends > now);
        while let Some((uid, (parcel, invite))) = todo.next() {
            let (why, rests) = match self.bring_about(&mut known, &parcel, &invite).await {
                Ok(()) | Err(Trouble::Gone) => continue,
                Err(Trouble::Refused(why)) => (why, None),
                Err(Trouble::Passing(why)) => (why, Some(A_MINUTE)),
                Err(Trouble::Closed(why)) => (why, Some(AN_HOUR)),
            };
            tracing::warn!(why, uid, "a meeting is not in the calendars of {}", B::NAME);
            if let Some(rests) = rests {
                self.resting.until(self.clock.now() + rests);
                let mut waiting = self.waiting();
                for (uid, entry) in [(uid, (parcel, invite))].into_iter().chain(todo) {
                    // What came in meanwhile is newer.
                    waiting.entry(uid).or_insert(entry);
                }
                return;
            }
        }
    }

    async fn bring_about(
        &self,
        known: &mut HashMap<String, Shown>,
        parcel: &str,
        invite: &Invite,
    ) -> Result<(), Trouble> {
        let event = match known.get(&invite.uid) {
            Some(shown) if shown.invite == *invite => return Ok(()),
            Some(shown) => shown.event.clone(),
            None => self.book.find(invite).await?,
        };
        let event = match event {
            Some(event) if invite.cancelled => match self.book.strike(&event, invite).await {
                Ok(()) | Err(Trouble::Gone) => None,
                Err(trouble) => return Err(trouble),
            },
            Some(event) => match self.book.change(&event, invite).await {
                Ok(()) => Some(event),
                Err(Trouble::Gone) => self.book.enter(invite, &once(parcel, invite)).await?,
                Err(trouble) => return Err(trouble),
            },
            None if invite.cancelled => None,
            None => self.book.enter(invite, &once(parcel, invite)).await?,
        };
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(invite.uid.clone(), Shown { event, invite: invite.clone() });
        Ok(())
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<String, (String, Invite)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The line of an event's description by which it is found.
pub(super) fn mark(invite: &Invite) -> String {
    format!("[jiuding {}]", invite.uid)
}

/// The key of all tries for one message.
fn once(parcel: &str, invite: &Invite) -> String {
    let digest = Sha256::digest(format!("{}\n{parcel}", invite.uid));
    digest.iter().take(20).map(|byte| format!("{byte:02x}")).collect()
}
