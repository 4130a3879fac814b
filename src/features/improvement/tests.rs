use proptest::prelude::*;

use super::*;

fn rules() -> Rules {
    crate::config::Config::default().rules().unwrap()
}

fn average(scores: &[u8]) -> Average {
    Average::of(scores.iter().copied()).unwrap()
}

#[test]
fn four_or_half_a_point_more_is_effective() {
    let rules = rules();
    for (before, after, effective) in [
        (&[3][..], &[4][..], true),
        (&[3], &[3, 4], true),
        (&[3, 3, 4], &[3, 4, 4, 4, 4, 4], true),
        (&[3], &[3, 3, 4], false),
        (&[3], &[3], false),
        (&[3], &[2], false),
        // However little it rose, and from wherever.
        (&[4, 4, 4, 3], &[4], true),
        (&[1], &[1, 2], true),
        (&[4, 4, 4, 3], &[4, 4, 4, 4, 4, 4, 4, 3], false),
    ] {
        assert_eq!(is_effective(average(before), average(after), &rules), effective, "{before:?} {after:?}");
    }
}

proptest! {
    #[test]
    fn what_is_effective_stays_so_with_one_more_good_answer(
        before in prop::collection::vec(1_u8..=5, 1..20),
        mut after in prop::collection::vec(1_u8..=5, 1..20),
    ) {
        let rules = rules();
        let effective = |after: &[u8]| is_effective(average(&before), average(after), &rules);
        let was = effective(&after);
        prop_assert_eq!(was, average(&after).value() >= 4.0 - 1e-9
            || average(&after).value() - average(&before).value() >= 0.5 - 1e-9);
        after.push(5);
        prop_assert!(!was || effective(&after));
    }
}
