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
///
/// Invariant: whoever leaves the reserve ([`Rate::reserve`]) never takes so that less than it would be left.
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

    /// Takes a token and leaves the reserve, or tells how long to wait for one.
    ///
    /// # Errors
    /// There is no such token at `now`; there is one after that long, if nobody takes it before.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        self.take_share(1, now)
    }

    /// The same where so many take from buckets that are one: each has its part of the burst.
    ///
    /// # Errors
    /// As for [`take`](Self::take).
    pub fn take_share(&mut self, of: u32, now: Instant) -> Result<(), Duration> {
        let share = self.share(of);
        // Rounded up, so that each has a reserve where all have one.
        let reserve = self.rate.reserve.div_ceil(of.max(1));
        self.take_of(Rate { burst: share.burst.saturating_sub(reserve).max(1), ..share }, now)
    }

    /// The same without leaving a reserve: it is there for this.
    ///
    /// # Errors
    /// As for [`take`](Self::take).
    pub fn take_last(&mut self, of: u32, now: Instant) -> Result<(), Duration> {
        self.take_of(self.share(of), now)
    }

    /// Of fewer tokens than there are to share them, each has one, the more seldom.
    fn share(&self, of: u32) -> Rate {
        let Rate { burst, per, .. } = self.rate;
        match burst / of.max(1) {
            0 => Rate { burst: 1, per: per * of / burst, ..self.rate },
            burst => Rate { burst, ..self.rate },
        }
    }

    /// Takes one unless so many are taken.
    fn take_of(&mut self, Rate { burst, per, .. }: Rate, now: Instant) -> Result<(), Duration> {
        self.refill(per, now);
        // The one that must come back first: others may have taken more than `burst`.
        match self.taken.len().checked_sub(burst as usize).and_then(|over| self.taken.get(over)) {
            Some(first) => Err(*first + per - now),
            None => {
                self.taken.push_back(now);
                Ok(())
            }
        }
    }

    /// Whether it is as good as new, so that it need not be kept.
    pub fn is_full(&mut self, now: Instant) -> bool {
        self.refill(self.rate.per, now);
        self.taken.is_empty()
    }

    fn refill(&mut self, per: Duration, now: Instant) {
        while self.taken.front().is_some_and(|first| *first + per <= now) {
            self.taken.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_share_that_becomes_smaller_is_kept_to() {
        let mut bucket = Bucket::new(Rate { burst: 6, per: Duration::from_secs(1), reserve: 0 });
        let now = Instant::now();
        let later = |millis| now + Duration::from_millis(millis);
        for taken in 0..6 {
            assert_eq!(bucket.take_share(1, later(taken * 100)), Ok(()));
        }
        // Two of six from here on: the second of the last two has to be back.
        assert_eq!(bucket.take_share(3, later(600)), Err(Duration::from_millis(800)));
        assert_eq!(bucket.take_share(3, later(1400)), Ok(()));
        // Two ninths of a second's six are one in one and a half seconds.
        assert_eq!(bucket.take_share(9, later(1500)), Err(Duration::from_millis(1400)));
    }

    #[test]
    fn each_share_has_its_reserve_and_something_beside_it() {
        let rate = Rate { burst: 8, per: Duration::from_secs(1), reserve: 2 };
        let now = Instant::now();
        for (of, ordinary, urgent) in [(1, 6, 2), (2, 3, 1), (4, 1, 1), (8, 1, 0), (20, 1, 0)] {
            let mut bucket = Bucket::new(rate);
            let count = |taken: &mut dyn FnMut() -> bool| (0..9).take_while(|_| taken()).count();
            assert_eq!(count(&mut || bucket.take_share(of, now).is_ok()), ordinary, "{of}");
            assert_eq!(count(&mut || bucket.take_last(of, now).is_ok()), urgent, "{of}");
        }
    }

    proptest! {
        #[test]
        fn all_who_share_take_no_more_than_one_alone(burst in 1u32..20, of in 1u32..12, seconds in 1u64..40) {
            let rate = Rate { burst, per: Duration::from_secs(1), reserve: 0 };
            let end = Duration::from_secs(seconds);
            let began = Instant::now();
            let mut bucket = Bucket::new(rate);
            let (mut now, mut taken) = (began, 0);
            while now < began + end {
                match bucket.take_share(of, now) {
                    Ok(()) => taken += 1,
                    Err(wait) => now += wait,
                }
            }
            // Beside the first one of each, which is there at the start.
            prop_assert!(u64::from((taken - 1) * of) <= u64::from(burst) * seconds);
        }

        #[test]
        fn no_stretch_holds_more_than_the_burst_and_no_wait_is_longer_than_needed(
            burst in 1u32..8,
            reserve in 0u32..9,
            per in 1u64..5_000,
            pauses in prop::collection::vec((0u64..3_000, any::<bool>()), 1..80),
        ) {
            let rate = Rate { burst, per: Duration::from_millis(per), reserve };
            let mut bucket = Bucket::new(rate);
            let mut now = Instant::now();
            let mut taken: Vec<Instant> = Vec::new();
            for (pause, urgent) in pauses {
                now += Duration::from_millis(pause);
                let take = |bucket: &mut Bucket, now| match urgent {
                    true => bucket.take_last(1, now),
                    false => bucket.take(now),
                };
                if let Err(wait) = take(&mut bucket, now) {
                    prop_assert!(!wait.is_zero() && wait <= rate.per);
                    let just_before = now + wait - Duration::from_nanos(1);
                    prop_assert!(take(&mut bucket.clone(), just_before).is_err());
                    now += wait;
                    prop_assert_eq!(take(&mut bucket, now), Ok(()));
                }
                let held = taken.iter().filter(|t| **t + rate.per > now).count();
                let open = burst.saturating_sub(reserve).max(1) as usize;
                prop_assert!(urgent || held < open, "an ordinary one took of the reserve");
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
