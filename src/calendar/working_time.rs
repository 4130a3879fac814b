//! Business time: clocks that run only in the work hours of working days.

use jiff::{SignedDuration, Timestamp, ToSpan};

use super::Calendar;

/// A sum of working time is not looked for further ahead than this many days.
const DAYS_AHEAD: usize = 20_000;

impl Calendar {
    /// The instant at which `time` of working time has passed since `from`; `from` itself for none.
    ///
    /// A sum that is full at the end of a window ends there, not at the beginning of the next.
    pub fn add_working_time(&self, from: Timestamp, time: SignedDuration) -> Timestamp {
        if time <= SignedDuration::ZERO {
            return from;
        }
        let mut left = time;
        let mut day = self.date(from);
        for _ in 0..DAYS_AHEAD {
            for (begins, ends) in self.windows(day) {
                let begins = begins.max(from);
                let open = ends.duration_since(begins);
                if open >= left {
                    return begins.checked_add(left).unwrap_or(Timestamp::MAX);
                }
                if open.is_positive() {
                    left -= open;
                }
            }
            let Ok(next) = day.checked_add(1.day()) else { break };
            day = next;
        }
        Timestamp::MAX
    }

    /// How much working time lies between two instants; negative when `to` comes first.
    pub fn working_time_between(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        if to < from {
            return -self.working_time_between(to, from);
        }
        let last = self.date(to);
        let mut sum = SignedDuration::ZERO;
        let mut day = self.date(from);
        while day <= last {
            for (begins, ends) in self.windows(day) {
                let open = ends.min(to).duration_since(begins.max(from));
                if open.is_positive() {
                    sum += open;
                }
            }
            let Ok(next) = day.checked_add(1.day()) else { break };
            day = next;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Calendar::shanghai().zone().to_timestamp(text.parse().unwrap()).unwrap()
    }

    #[test]
    fn business_time_skips_lunch_nights_and_days_off() {
        let calendar = Calendar::shanghai();
        let add = |from: &str, minutes: i64| {
            calendar.add_working_time(at(from), SignedDuration::from_mins(minutes))
        };
        assert_eq!(add("2026-11-24T11:00", 120), at("2026-11-24T14:30"));
        assert_eq!(add("2026-11-24T17:00", 120), at("2026-11-25T10:00"));
        assert_eq!(add("2026-11-27T17:00", 60), at("2026-11-27T18:00"));
        assert_eq!(add("2026-11-27T17:00", 61), at("2026-11-30T09:01"));
        // National Day: Wednesday the 30th, then Thursday the 8th; Saturday the 10th is worked.
        assert_eq!(add("2026-09-30T17:00", 120), at("2026-10-08T10:00"));
        assert_eq!(add("2026-10-09T18:00", 30), at("2026-10-10T09:30"));
    }

    #[test]
    fn half_days_and_company_days_count() {
        let mut calendar = Calendar::shanghai();
        calendar.half_days.insert("2026-11-27".parse().unwrap());
        calendar.company_off.insert("2026-11-30".parse().unwrap());
        let two_hours = SignedDuration::from_hours(2);
        assert_eq!(calendar.add_working_time(at("2026-11-27T11:00"), two_hours), at("2026-12-01T10:00"));
        let whole = calendar.working_time_between(at("2026-11-27T00:00"), at("2026-12-01T00:00"));
        assert_eq!(whole, SignedDuration::from_hours(3));
    }

    fn instant() -> impl Strategy<Value = Timestamp> {
        // From 2025 into 2028, to the second.
        (1_735_660_800_i64..1_830_000_000).prop_map(|second| Timestamp::from_second(second).unwrap())
    }

    proptest! {
        #[test]
        fn what_was_added_is_between(from in instant(), seconds in 0_i64..2_000_000) {
            let calendar = Calendar::shanghai();
            let time = SignedDuration::from_secs(seconds);
            let to = calendar.add_working_time(from, time);
            prop_assert!(to >= from);
            prop_assert_eq!(calendar.working_time_between(from, to), time);
            prop_assert_eq!(calendar.working_time_between(to, from), -time);
        }

        #[test]
        fn working_time_is_monotonic_and_adds_up(a in instant(), b in 0_i64..9_000_000, c in 0_i64..9_000_000) {
            let calendar = Calendar::shanghai();
            let b = a + SignedDuration::from_secs(b);
            let c = b + SignedDuration::from_secs(c);
            let first = calendar.working_time_between(a, b);
            let second = calendar.working_time_between(b, c);
            prop_assert!(first >= SignedDuration::ZERO && first <= b.duration_since(a));
            prop_assert_eq!(first + second, calendar.working_time_between(a, c));
        }

        #[test]
        fn more_working_time_never_ends_earlier(from in instant(), less in 0_i64..900_000, more in 0_i64..900_000) {
            let calendar = Calendar::shanghai();
            let (less, more) = (less.min(more), less.max(more));
            let add = |seconds| calendar.add_working_time(from, SignedDuration::from_secs(seconds));
            prop_assert!(add(less) <= add(more));
        }

        #[test]
        fn quiet_ends_once(at in instant()) {
            let calendar = Calendar::shanghai();
            let after = calendar.after_quiet(at);
            prop_assert!(after >= at);
            prop_assert!(!calendar.is_quiet(after));
            prop_assert_eq!(calendar.after_quiet(after), after);
            prop_assert_eq!(after == at, !calendar.is_quiet(at));
        }
    }
}
