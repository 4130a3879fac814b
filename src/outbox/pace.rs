//! Waiting for the platform's limits before it complains.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep, sleep_until};

use super::bucket::Bucket;
use crate::{chat::Target, platform::Limits};

/// From how many buckets on the full ones are thrown away.
const MANY: usize = 1_000;

/// The pace of one platform's app: a bucket for the app and one for each target.
#[derive(Debug)]
pub struct Pace {
    limits: Limits,
    /// Held while waiting, which is what makes the wait first come, first served.
    app: tokio::sync::Mutex<Bucket>,
    /// Until when the platform wants to hear nothing of the app. Held for a look or an entry.
    silent_until: Mutex<Option<Instant>>,
    /// Held only to take a token; each target has one lane, so nobody waits in line for a bucket.
    targets: Mutex<HashMap<Target, Bucket>>,
}

impl Pace {
    /// The pace that `limits` allow.
    pub fn new(limits: Limits) -> Self {
        let app = tokio::sync::Mutex::new(Bucket::new(limits.per_app));
        Self { limits, app, silent_until: Mutex::default(), targets: Mutex::default() }
    }

    /// Lets everybody wait for so long; whether nobody had to before.
    pub fn silence(&self, long: Duration) -> bool {
        let mut until = self.silent_until.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, before) = (Instant::now(), *until);
        *until = before.max(Some(now + long));
        before.is_none_or(|before| before <= now)
    }

    /// Returns when one message may go to `target`. Goes by real time. The app's pace is shared evenly among the processes
    /// that say something; a target has one lane in all of them.
    pub async fn wait(&self, target: &Target, processes: impl Fn() -> u32) {
        while let Err(left) = self.take(target) {
            sleep(left).await;
        }
        let mut app = self.app.lock().await;
        loop {
            let now = Instant::now();
            let silent_until = *self.silent_until.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(until) = silent_until.filter(|until| *until > now) {
                sleep_until(until).await;
                continue;
            }
            match app.take_share(processes(), now.into_std()) {
                Ok(()) => return,
                Err(left) => sleep(left).await,
            }
        }
    }

    fn take(&self, target: &Target) -> Result<(), Duration> {
        let now = Instant::now().into_std();
        let mut buckets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MANY {
            buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        buckets.entry(target.clone()).or_insert_with(|| Bucket::new(self.limits.per_target)).take(now)
    }
}
