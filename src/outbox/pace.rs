//! Waiting for the platform's limits before it complains.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::{
    bucket::Bucket,
    haste::Haste,
    line::{Line, Passage},
};
use crate::{chat::Target, platform::Limits};

/// From how many buckets on the full ones are thrown away.
const MANY: usize = 1_000;

/// The pace of one platform's app: a line with a bucket for the app, and a bucket for each target.
#[derive(Debug)]
pub struct Pace {
    limits: Limits,
    line: Line,
    /// Held only to take a token; each target has one lane, so nobody waits in line for a bucket.
    targets: Mutex<HashMap<Target, Bucket>>,
}

impl Pace {
    /// The pace that `limits` allow.
    pub fn new(limits: Limits) -> Self {
        Self { limits, line: Line::new(limits.per_app), targets: Mutex::default() }
    }

    /// What the platform allows.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Lets everybody wait for so long; whether nobody had to before.
    pub fn silence(&self, long: Duration) -> bool {
        self.line.silence(long)
    }

    /// Returns when one message in this haste may go to `target`; where that is broken off, `has_token` says whether the
    /// target's token was taken already. Goes by real time. The app's pace is shared evenly among the processes that say
    /// something; a target has one lane in all of them.
    pub async fn pass(
        &self,
        target: &Target,
        haste: Haste,
        has_token: &mut bool,
        processes: impl Fn() -> u32,
    ) -> Passage<'_> {
        while !*has_token {
            match self.take(target, haste) {
                Ok(()) => *has_token = true,
                Err(left) => sleep(left).await,
            }
        }
        self.line.pass(haste, processes).await
    }

    fn take(&self, target: &Target, haste: Haste) -> Result<(), Duration> {
        let now = Instant::now().into_std();
        let mut buckets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MANY {
            buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        let bucket = buckets.entry(target.clone()).or_insert_with(|| Bucket::new(self.limits.per_target));
        match haste {
            Haste::Urgent => bucket.take_last(1, now),
            Haste::Answer | Haste::Ordinary => bucket.take(now),
        }
    }
}
