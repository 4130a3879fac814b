//! How long to wait before trying again.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// The wait after the `failures`-th failure in a row: 1 s, doubled each time, at most 5 min, of which
/// `jitter` (all of it at `u32::MAX`) takes up to half away, so that rooms do not come back in step.
/// The platform's own wait, where it names one, is the least.
pub fn wait(failures: u32, asked: Option<Duration>, jitter: u32) -> Duration {
    let doubled = 1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    let full = FIRST.saturating_mul(doubled).min(LONGEST);
    let less = full.mul_f64(0.5 * f64::from(jitter) / f64::from(u32::MAX));
    (full - less).max(asked.unwrap_or_default())
}

/// A jitter nobody shares; none where the system has no randomness.
pub fn jitter() -> u32 {
    getrandom::u32().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_five_minutes() {
        let waits: Vec<u64> = (1..=11).map(|n| wait(n, None, 0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(wait(u32::MAX, None, 0), LONGEST);
        assert_eq!(wait(3, None, u32::MAX), Duration::from_secs(2));
    }

    #[test]
    fn the_platforms_own_wait_is_the_least() {
        assert_eq!(wait(1, Some(Duration::from_secs(90)), 0), Duration::from_secs(90));
        assert_eq!(wait(9, Some(Duration::from_secs(90)), 0), Duration::from_secs(256));
    }
}
