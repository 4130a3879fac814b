//! The one clock: real, or simulated and moved by hand.
//!
//! Deadlines, wakes, jobs, token expiry and seen marks go by it. Waiting between tries, pacing and HTTP
//! time limits are about the network and go by real time.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

/// What time it is for the rules.
#[async_trait::async_trait]
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Returns when [`Clock::now`] has reached `until`; at once if it already has.
    async fn wait_until(&self, until: Timestamp);

    /// The hand of a simulated clock; `None` for the real one.
    fn hand(&self) -> Option<&SimulatedClock> {
        None
    }
}

/// A clock to share.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's own clock.
#[derive(Debug, Default)]
pub struct SystemClock;

#[async_trait::async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn wait_until(&self, until: Timestamp) {
        // In pieces, so that a machine that slept or was set right is noticed.
        loop {
            let left = until.duration_since(self.now());
            if left.is_zero() || left.is_negative() {
                return;
            }
            let piece = std::time::Duration::try_from(left).unwrap_or_default();
            tokio::time::sleep(piece.min(std::time::Duration::from_secs(30))).await;
        }
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct SimulatedClock {
    now: watch::Sender<Timestamp>,
}

impl SimulatedClock {
    /// A clock that shows `start`.
    pub fn new(start: Timestamp) -> Self {
        Self { now: watch::Sender::new(start) }
    }

    /// Moves to `to`; never backwards.
    pub fn set(&self, to: Timestamp) {
        self.now.send_if_modified(|now| {
            let forward = to > *now;
            if forward {
                *now = to;
            }
            forward
        });
    }
}

#[async_trait::async_trait]
impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    async fn wait_until(&self, until: Timestamp) {
        let mut moved = self.now.subscribe();
        // The sender lives as long as `self`, so the wait cannot fail.
        let _ = moved.wait_for(|now| *now >= until).await;
    }

    fn hand(&self) -> Option<&SimulatedClock> {
        Some(self)
    }
}
