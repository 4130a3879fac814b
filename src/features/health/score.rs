//! The arithmetic of the score. Whole numbers, so that the same records always give the same score.
//!
//! A part is measured in thousandths. One of which there is nothing to measure has no share: it is left out, and the
//! others carry its weight in proportion to their own. It is never counted as full.

/// The whole.
const FULL: u32 = 1_000;

/// The score, from 0 to 100: the weighted mean of the parts that have a share; `None` where none with a weight has.
pub(super) fn score(parts: impl IntoIterator<Item = (u32, Option<u32>)>) -> Option<u32> {
    let measured = parts.into_iter().filter_map(|(weight, share)| Some((u64::from(weight), share?)));
    let (weights, sum) = measured.fold((0, 0), |(weights, sum), (weight, share)| {
        (weights + weight, sum + weight * u64::from(share.min(FULL)))
    });
    // Half a point is rounded up.
    (weights > 0).then(|| u32::try_from((sum + weights * 5) / (weights * 10)).unwrap_or(100))
}

/// The share of what was in order; `None` of nothing.
pub(super) fn share(kept: usize, of: usize) -> Option<u32> {
    (of > 0).then(|| u32::try_from(kept * 1_000 / of).unwrap_or(FULL).min(FULL))
}

/// The share for an average of answers from 1 to 5, in hundredths: 1 is nothing, 5 is all (RULES 12).
pub(super) fn satisfied(average: u32) -> u32 {
    (average.clamp(100, 500) - 100) * FULL / 400
}

/// A share as a score of its own, from 0 to 100.
pub(super) fn points(share: u32) -> u32 {
    (share.min(FULL) + 5) / 10
}

/// How much of the score a weight decides, in percent, where these all have a share.
pub(super) fn percent(weight: u32, measured: impl IntoIterator<Item = u32>) -> u32 {
    let all: u32 = measured.into_iter().sum();
    (weight * 200 + all).checked_div(all * 2).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*};

    use super::*;

    fn parts() -> impl Strategy<Value = Vec<(u32, Option<u32>)>> {
        vec((0_u32..=1_000, option::of(0_u32..=FULL)), 0..8)
    }

    #[test]
    fn the_rules_own_weights() {
        let weights = [35, 20, 15, 10, 10, 10];
        let all = |share| weights.map(|weight| (weight, Some(share)));
        assert_eq!((score(all(FULL)), score(all(0))), (Some(100), Some(0)));
        assert_eq!(score([(35, Some(satisfied(440))), (20, Some(900)), (15, None)]), Some(87));
        assert_eq!((satisfied(100), satisfied(300), satisfied(500)), (0, 500, FULL));
        assert_eq!((share(11, 12), share(0, 0), points(916)), (Some(916), None, 92));
        assert_eq!((percent(20, [35, 20, 10]), percent(20, [20]), percent(0, [])), (31, 100, 0));
    }

    #[test]
    fn nothing_measured_is_no_score() {
        assert_eq!(score([]), None);
        assert_eq!(score([(35, None), (0, Some(FULL))]), None);
    }

    proptest! {
        #[test]
        fn it_stays_between_its_worst_and_its_best_part(parts in parts()) {
            let shares = || parts.iter().filter(|(weight, _)| *weight > 0).filter_map(|(_, share)| *share);
            match (score(parts.clone()), shares().min(), shares().max()) {
                (Some(score), Some(worst), Some(best)) => {
                    prop_assert!(score <= 100);
                    prop_assert!((points(worst)..=points(best)).contains(&score));
                }
                (score, worst, _) => prop_assert_eq!((score, worst), (None, None)),
            }
        }

        #[test]
        fn no_part_that_gets_better_makes_it_worse(mut parts in parts(), at in 0_usize..8, more in 0_u32..=FULL) {
            let before = score(parts.clone());
            if let Some((_, Some(share))) = parts.get_mut(at) {
                *share = (*share + more).min(FULL);
            }
            prop_assert!(score(parts) >= before);
        }

        #[test]
        fn a_missing_part_is_as_if_it_were_not_asked_for_and_never_as_if_it_were_full(
            parts in parts(), weight in 1_u32..=1_000,
        ) {
            let without = score(parts.clone());
            let and = |share| score(parts.iter().copied().chain([(weight, share)]));
            prop_assert_eq!(and(None), without);
            prop_assert!(without.is_none_or(|without| Some(without) <= and(Some(FULL))));
            // Heavy enough, a full part shows; a missing one never does.
            if let Some(without) = without.filter(|without| *without < 90) {
                let heavy = parts.iter().map(|(weight, _)| weight).sum::<u32>() + 1;
                let full = score(parts.iter().copied().chain([(heavy, Some(FULL))]));
                prop_assert!(full > Some(without));
            }
        }

        #[test]
        fn satisfaction_rises_with_the_answers(low in 100_u32..=500, more in 0_u32..=400) {
            let (low, high) = (satisfied(low), satisfied((low + more).min(500)));
            prop_assert!(low <= high && high <= FULL);
        }
    }
}
