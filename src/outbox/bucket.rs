//! Pacing as a pure value: how long to wait before the next message may go.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::platform::Rate;

/// A bucket of `burst` tokens, each of which comes back `per` after it was taken.
///
/// Invariant: no stretch of time as long as `per` holds more than `burst` takes. A bucket that is
/// refilled evenly would let nearly twice as many through after a pause, and DingTalk silences a robot
/// for ten minutes at the twenty-first message of a minute.
#[derive(Debug, Clone)]
pub struct Bucket {
    rate: Rate,
    taken: VecDeque<Instant>,
}

impl Bucket {
    /// A full bucket. A rate without any burst is taken for a burst of one.
    pub fn new(rate: Rate) -> Self {
        let rate = Rate { burst: rate.burst.max(1), ..rate };
        Self { rate, taken: VecDeque::new() }
    }

    /// Takes a token, or tells how long to wait for one.
    ///
    /// # Errors
    /// The bucket is empty at `now`; there is a token after that long.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        self.take_share(1, now)
    }

    /// The same where so many take from buckets that are one: each has its part of the burst, and at least one token.
    ///
    /// # Errors
    /// As for [`take`](Self::take).
    pub fn take_share(&mut self, of: u32, now: Instant) -> Result<(), Duration> {
        self.refill(now);
        let share = (self.rate.burst / of.max(1)).max(1) as usize;
        // The one that must come back first: after a share that was larger there may be more of them.
        match self.taken.len().checked_sub(share).and_then(|over| self.taken.get(over)) {
            Some(first) => Err(self.back_at(*first) - now),
            None => {
                self.taken.push_back(now);
                Ok(())
            }
        }
    }

    /// Whether it is as good as new, so that it need not be kept.
    pub fn is_full(&mut self, now: Instant) -> bool {
        self.refill(now);
        self.taken.is_empty()
    }

    fn refill(&mut self, now: Instant) {
        while self.taken.front().is_some_and(|first| self.back_at(*first) <= now) {
            self.taken.pop_front();
        }
    }

    fn back_at(&self, taken: Instant) -> Instant {
        taken + self.rate.per
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_share_that_becomes_smaller_is_kept_to() {
        let mut bucket = Bucket::new(Rate { burst: 6, per: Duration::from_secs(1) });
        let now = Instant::now();
        let later = |millis| now + Duration::from_millis(millis);
        for taken in 0..6 {
            assert_eq!(bucket.take_share(1, later(taken * 100)), Ok(()));
        }
        // Two of six from here on: the second of the last two has to be back.
        assert_eq!(bucket.take_share(3, later(600)), Err(Duration::from_millis(800)));
        assert_eq!(bucket.take_share(3, later(1400)), Ok(()));
        assert_eq!(bucket.take_share(9, later(1500)), Err(Duration::from_millis(900)));
    }

    proptest! {
        #[test]
        fn no_stretch_holds_more_than_the_burst_and_no_wait_is_longer_than_needed(
            burst in 1u32..8,
            per in 1u64..5_000,
            pauses in prop::collection::vec(0u64..3_000, 1..80),
        ) {
            let rate = Rate { burst, per: Duration::from_millis(per) };
            let mut bucket = Bucket::new(rate);
            let mut now = Instant::now();
            let mut taken: Vec<Instant> = Vec::new();
            for pause in pauses {
                now += Duration::from_millis(pause);
                if let Err(wait) = bucket.take(now) {
                    prop_assert!(!wait.is_zero() && wait <= rate.per);
                    let just_before = now + wait - Duration::from_nanos(1);
                    prop_assert!(bucket.clone().take(just_before).is_err());
                    now += wait;
                    prop_assert_eq!(bucket.take(now), Ok(()));
                }
                taken.push(now);
            }
            for (i, first) in taken.iter().enumerate() {
                let within = taken[i..].iter().take_while(|t| **t < *first + rate.per).count();
                prop_assert!(within <= burst as usize);
            }
            prop_assert!(bucket.is_full(now + rate.per));
        }
    }
}
