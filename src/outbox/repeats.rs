//! Which words were said where, for platforms that swallow the same words a second time.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    chat::{Message, Target},
    platform::Parcel,
};

/// From how many on those too old to matter are thrown away.
const MANY: usize = 10_000;

/// What one platform took lately; forgotten with the process.
#[derive(Debug, Default)]
pub struct Repeats {
    /// When, and the how many-th time. Held for a look or an entry.
    said: Mutex<HashMap<(Target, u64), (Instant, u32)>>,
}

impl Repeats {
    /// How often the parcel's words were said to its target within so long a time.
    pub fn before(&self, parcel: &Parcel, within: Duration) -> u32 {
        if within.is_zero() {
            return 0;
        }
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let last = said.get(&(parcel.to.clone(), words(&parcel.message)));
        last.filter(|(at, _)| at.elapsed() < within).map_or(0, |(_, times)| *times)
    }

    /// The platform took the parcel, whose words had been said so often before.
    pub fn note(&self, to: &Target, message: &Message, before: u32, within: Duration) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() >= MANY {
            said.retain(|_, (at, _)| at.elapsed() < within);
        }
        said.insert((to.clone(), words(message)), (Instant::now(), before.saturating_add(1)));
    }
}

fn words(message: &Message) -> u64 {
    let mut hasher = DefaultHasher::new();
    message.plain().hash(&mut hasher);
    hasher.finish()
}
