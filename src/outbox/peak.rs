//! Keeping out of the way when everybody's bots speak at once.

use std::time::Duration;

use jiff::Timestamp;

use crate::{chat::Target, platform::Peak};

/// How long what nobody waits for waits at `now`: after each peak a target begins at a moment of its own, always the
/// same one, so that all of them together do not make a peak of their own.
pub fn wait(now: Timestamp, target: &Target, peak: Peak) -> Duration {
    let since = now.as_millisecond().rem_euclid((peak.every.as_millis() as i64).max(1));
    let own = peak.calm + peak.spread.mul_f64(place(target));
    own.saturating_sub(Duration::from_millis(since as u64))
}

/// Where the target stands among all, from 0 to less than 1.
fn place(target: &Target) -> f64 {
    let id = match target {
        Target::Room(room) => &room.0,
        Target::Person(person) => &person.0,
    };
    f64::from(crc32fast::hash(id.as_bytes())) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chat::RoomId;

    const HALF_HOURS: Peak = Peak {
        every: Duration::from_secs(1800),
        calm: Duration::from_secs(5),
        spread: Duration::from_secs(25),
    };

    fn at(text: &str) -> Timestamp {
        format!("2026-11-23T{text}+08:00").parse().unwrap()
    }

    #[test]
    fn only_the_first_moments_of_a_half_hour_are_avoided() {
        let room = Target::Room(RoomId::new("feishu", "oc_1"));
        let own = wait(at("09:30:00"), &room, HALF_HOURS);
        assert_eq!(wait(at("10:00:00"), &room, HALF_HOURS), own);
        assert_eq!(wait(at("09:30:01"), &room, HALF_HOURS), own - Duration::from_secs(1));
        for calm in ["09:29:59.999", "09:30:30", "09:31:00", "09:45:00"] {
            assert!(wait(at(calm), &room, HALF_HOURS).is_zero(), "{calm}");
        }
    }

    #[test]
    fn rooms_begin_one_after_the_other() {
        let mut begun = [0; 25];
        for room in 0..500 {
            let room = Target::Room(RoomId::new("feishu", &format!("oc_{room}")));
            begun[wait(at("09:30:00"), &room, HALF_HOURS).as_secs() as usize - 5] += 1;
        }
        assert!(begun.iter().all(|rooms| (5..50).contains(rooms)), "{begun:?}");
    }

    proptest! {
        #[test]
        fn whoever_waited_need_not_wait_again(second in 0i64..10_000_000, room in ".{0,20}") {
            let target = Target::Room(RoomId::new("feishu", &room));
            let now = Timestamp::from_second(second).unwrap();
            let left = wait(now, &target, HALF_HOURS);
            prop_assert!(left < HALF_HOURS.calm + HALF_HOURS.spread);
            prop_assert!(wait(now + left, &target, HALF_HOURS) < Duration::from_millis(2));
        }
    }
}
