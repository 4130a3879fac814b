//! Waiting for the platform's limits before it complains.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::time::{Instant, sleep};

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
    /// Held only to take a token; each target has one lane, so nobody waits in line for a bucket.
    targets: Mutex<HashMap<Target, Bucket>>,
}

impl Pace {
    /// The pace that `limits` allow.
    pub fn new(limits: Limits) -> Self {
        let app = tokio::sync::Mutex::new(Bucket::new(limits.per_app));
        Self { limits, app, targets: Mutex::default() }
    }

    /// Returns when one message may go to `target`. Goes by real time. The app's pace is shared evenly among the processes
    /// that say something; a target has one lane in all of them.
    pub async fn wait(&self, target: &Target, processes: impl Fn() -> u32) {
        while let Err(left) = self.take(target) {
            sleep(left).await;
        }
        let mut app = self.app.lock().await;
        while let Err(left) = app.take_share(processes(), Instant::now().into_std()) {
            sleep(left).await;
        }
    }

    fn take(&self, target: &Target) -> Result<(), std::time::Duration> {
        let now = Instant::now().into_std();
        let mut buckets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MANY {
            buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        buckets.entry(target.clone()).or_insert_with(|| Bucket::new(self.limits.per_target)).take(now)
    }
}
