//! What a survey asks, and the exact averages of what is answered.

use serde::{Deserialize, Serialize};

/// What is asked for (RULES 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Indicator {
    /// 需求响应速度.
    Response,
    /// 技术方案质量.
    Solution,
    /// 沟通效率.
    Communication,
    /// 问题解决能力.
    ProblemSolving,
}

impl Indicator {
    /// All, in the order in which they are asked.
    pub const ALL: [Self; 4] = [Self::Response, Self::Solution, Self::Communication, Self::ProblemSolving];

    /// What people call it.
    pub fn name(self) -> &'static str {
        self.words()[0]
    }

    /// Its place in the order.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The indicator with whose name the text begins, and what stands behind it.
    pub(super) fn at_start(text: &str) -> Option<(Self, &str)> {
        let words = Self::ALL.into_iter().flat_map(|one| one.words().iter().map(move |word| (one, *word)));
        let found = words
            .filter(|(_, word)| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)));
        let (one, word) = found.max_by_key(|(_, word)| word.len())?;
        Some((one, &text[word.len()..]))
    }

    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Response => &["需求响应速度", "响应速度", "response"],
            Self::Solution => &["技术方案质量", "方案质量", "solution"],
            Self::Communication => &["沟通效率", "communication"],
            Self::ProblemSolving => &["问题解决能力", "问题解决", "problem_solving"],
        }
    }
}

/// A mean of scores, kept as what it was made of: 3.99 is below 4, and never said as 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Average {
    sum: u32,
    count: u32,
}

/// Closer than this, two averages differ by the arithmetic alone.
const EXACT: f64 = 1e-9;

impl Average {
    /// Of these scores; `None` of none.
    pub fn of(scores: impl IntoIterator<Item = u8>) -> Option<Self> {
        let (sum, count) =
            scores.into_iter().fold((0, 0), |(sum, count), score| (sum + u32::from(score), count + 1));
        (count > 0).then_some(Self { sum, count })
    }

    /// As a number.
    pub fn value(self) -> f64 {
        f64::from(self.sum) / f64::from(self.count)
    }

    /// Whether it is so high.
    pub fn reaches(self, bound: f64) -> bool {
        self.value() + EXACT >= bound
    }

    /// Whether it rose by so much.
    pub fn rose_by(self, rise: f64, before: Self) -> bool {
        self.value() - before.value() + EXACT >= rise
    }

    /// `4.0`, `3.66`; never rounded up.
    pub fn words(self) -> String {
        spoken(u64::from(self.sum) * 100 / u64::from(self.count))
    }

    /// `↑0.5`, `↓1.0`, `持平`; never rounded up.
    pub fn change_words(self, before: Self) -> String {
        let [ours, theirs] =
            [(self, before), (before, self)].map(|(one, other)| i64::from(one.sum) * i64::from(other.count));
        let hundredths =
            (ours - theirs).unsigned_abs() * 100 / (u64::from(self.count) * u64::from(before.count));
        match ours.cmp(&theirs) {
            std::cmp::Ordering::Equal => "持平".to_owned(),
            std::cmp::Ordering::Greater => format!("↑{}", spoken(hundredths)),
            std::cmp::Ordering::Less => format!("↓{}", spoken(hundredths)),
        }
    }
}

/// Hundredths with as many digits as say something, at least one.
fn spoken(hundredths: u64) -> String {
    match hundredths % 10 {
        0 => format!("{}.{}", hundredths / 100, hundredths / 10 % 10),
        _ => format!("{}.{:02}", hundredths / 100, hundredths % 100),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// So many scores of 4, and one of 3.
    fn nearly_four(fours: usize) -> Average {
        Average::of(std::iter::repeat_n(4, fours).chain([3])).unwrap()
    }

    #[test]
    fn just_below_four_is_below_four_and_said_so() {
        for (average, words) in
            [(nearly_four(99), "3.99"), (nearly_four(400), "3.99"), (nearly_four(1), "3.5")]
        {
            assert!(!average.reaches(4.0), "{words}");
            assert_eq!(average.words(), words);
        }
        let four = Average::of([3, 5, 4]).unwrap();
        assert!(four.reaches(4.0));
        assert_eq!(four.words(), "4.0");
        assert_eq!(Average::of([]), None);
    }

    #[test]
    fn changes_are_said_as_they_are() {
        let of = |scores: &[u8]| Average::of(scores.iter().copied()).unwrap();
        for (before, after, words) in [
            (of(&[3, 4]), of(&[4]), "↑0.5"),
            (of(&[3, 3, 4]), of(&[3, 4]), "↑0.16"),
            (of(&[5]), of(&[4]), "↓1.0"),
            (of(&[3, 5]), of(&[4]), "持平"),
        ] {
            assert_eq!(after.change_words(before), words);
        }
        assert!(of(&[3, 4, 4, 4, 4, 4]).rose_by(0.5, of(&[3, 3, 4])), "by thirds and sixths, exactly a half");
    }

    proptest! {
        #[test]
        fn an_average_lies_between_its_scores_in_any_order(mut scores in prop::collection::vec(1_u8..=5, 1..50)) {
            let average = Average::of(scores.iter().copied()).unwrap();
            prop_assert!(average.reaches(f64::from(*scores.iter().min().unwrap())));
            prop_assert!(average.value() <= f64::from(*scores.iter().max().unwrap()));
            scores.reverse();
            prop_assert_eq!(Average::of(scores), Some(average));
        }
    }
}
