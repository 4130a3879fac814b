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
        self.refill(now);
        match self.taken.front() {
            Some(first) if self.taken.len() >= self.rate.burst as usize => Err(self.back_at(*first) - now),
            _ => {
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
