//! For how long it has been unknown whether a message was accepted; by real time, as everything about the
//! network.

use std::time::Duration;

use tokio::time::Instant;

/// How long ago the first try was made that may have been accepted.
#[derive(Debug, Clone, Copy)]
pub struct Doubt {
    since: Instant,
    /// What went by before this process, by the bot's clock.
    before: Duration,
}

impl Doubt {
    /// The try is made now.
    pub fn now() -> Self {
        Self { since: Instant::now(), before: Duration::ZERO }
    }

    /// The try was made by an earlier process, that long ago.
    pub fn ago(before: Duration) -> Self {
        Self { since: Instant::now(), before }
    }

    /// How long ago that is.
    pub fn age(&self) -> Duration {
        self.before + self.since.elapsed()
    }
}
