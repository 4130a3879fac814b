//! Leaving something alone for a while that was refused.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// How long nobody asks again after a refusal that will not pass by itself.
pub const AN_HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Until when something rests. Held only for a look or an entry.
#[derive(Default)]
pub struct Resting(Mutex<Option<Timestamp>>);

impl Resting {
    /// Whether it rests at this moment.
    pub fn is_on(&self, now: Timestamp) -> bool {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) > Some(now)
    }

    /// Lets it rest until then.
    pub fn until(&self, until: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }
}
