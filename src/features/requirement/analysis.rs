//! The three dimensions of an analysis (RULES 2) and the priority that follows from their scores.
//!
//! A priority typed with `!高` always wins: somebody decided it. The computed one stands beside it, and in
//! its place where nobody typed one. It is never 紧急: urgency is a decision, not a score.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{dossier::rules::PriorityRules, grammar::Priority};

/// What we think of a requirement: can it be done, is it worth it, what does it take.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Analysis {
    /// 可行性.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feasibility: Option<Score>,
    /// 说明: new technology? does the architecture carry it?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// 价值.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Score>,
    /// 贡献: what can be measured of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contribution: Option<String>,
    /// 开发.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub development: Option<PersonDays>,
    /// 测试.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub testing: Option<PersonDays>,
    /// 设计.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub design: Option<PersonDays>,
    /// 工期.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// 成本.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<String>,
    /// 分期: a suggestion; nothing waits for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phases: Option<String>,
}

/// A score from 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Score(u8);

impl Score {
    /// Reads `4` or `4分`; nothing below 1 or above 5.
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = text.trim().chars().map(crate::grammar::narrow).collect();
        let score: u8 = text.trim_end_matches('分').trim().parse().ok()?;
        (1..=5).contains(&score).then_some(Self(score))
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// An effort in tenths of a person-day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonDays(u32);

impl PersonDays {
    /// The most that is believed: one person for 27 years.
    const MOST: f64 = 10_000.0;

    /// Reads `3`, `0.5`, `3人天` or `3 天`.
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = text.trim().chars().map(crate::grammar::narrow).collect();
        let units = ["人天", "人日", "天", "日", "pd", "d"];
        let number = units.iter().find_map(|unit| text.strip_suffix(unit)).unwrap_or(&text).trim();
        let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let days: f64 = if plain { number.parse().ok()? } else { return None };
        // In range, so that the cast cuts nothing off.
        (0.0..=Self::MOST).contains(&days).then(|| Self((days * 10.0).round() as u32))
    }
}

impl std::ops::Add for PersonDays {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for PersonDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 10, self.0 % 10) {
            (days, 0) => write!(f, "{days}"),
            (days, tenths) => write!(f, "{days}.{tenths}"),
        }
    }
}

impl From<PersonDays> for String {
    fn from(days: PersonDays) -> Self {
        days.to_string()
    }
}

impl TryFrom<String> for PersonDays {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("no person-days: {text:?}"))
    }
}

/// A priority and the points behind it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// What follows from the points.
    pub priority: Priority,
    /// The weighted mean of the three scores.
    pub points: f64,
    /// 投入 as a score.
    pub effort: u32,
    /// All person-days.
    pub days: PersonDays,
}

impl Analysis {
    /// What is not filled in yet, by the names people type.
    pub fn missing(&self) -> Vec<&'static str> {
        [
            ("可行性", self.feasibility.is_none()),
            ("说明", self.note.is_none()),
            ("价值", self.value.is_none()),
            ("贡献", self.contribution.is_none()),
            ("开发", self.development.is_none()),
            ("测试", self.testing.is_none()),
            ("设计", self.design.is_none()),
            ("工期", self.duration.is_none()),
            ("成本", self.cost.is_none()),
        ]
        .into_iter()
        .filter_map(|(name, missing)| missing.then_some(name))
        .collect()
    }

    /// All person-days, once each part is known.
    pub fn effort(&self) -> Option<PersonDays> {
        Some(self.development? + self.testing? + self.design?)
    }

    /// The priority of the scores: the weighted mean of 价值, 可行性 and 投入, where fewer person-days score
    /// higher. `None` until all three are there.
    pub fn scored(&self, rules: &PriorityRules) -> Option<Scored> {
        let (value, feasibility, days) = (self.value?, self.feasibility?, self.effort()?);
        let beyond = rules.effort_days.iter().filter(|most| days.0 > **most * 10).count();
        let effort = 5 - u32::try_from(beyond.min(4)).unwrap_or(4);
        let weighted = rules.value * u32::from(value.0)
            + rules.feasibility * u32::from(feasibility.0)
            + rules.effort * effort;
        let points = f64::from(weighted) / f64::from(rules.weights().max(1));
        let priority = match points {
            points if points >= rules.high_from => Priority::High,
            points if points >= rules.medium_from => Priority::Medium,
            _ => Priority::Low,
        };
        Some(Scored { priority, points, effort, days })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_one_to_five() {
        for good in ["1", "５", " 3 ", "4分"] {
            assert!(Score::parse(good).is_some(), "{good}");
        }
        for bad in ["0", "6", "9", "-1", "高", "", "4.5", "300"] {
            assert!(Score::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn person_days_are_written_as_they_are_read() {
        for (typed, days) in [("3人天", "3"), ("３", "3"), ("0.5 天", "0.5"), ("12人日", "12"), ("0", "0")]
        {
            assert_eq!(
                PersonDays::parse(typed).map(|days| days.to_string()).as_deref(),
                Some(days),
                "{typed}"
            );
        }
        for bad in ["", "三天左右", "-3", "1e9", "NaN", "inf", "99999", "."] {
            assert!(PersonDays::parse(bad).is_none(), "{bad}");
        }
    }

    fn analysis(value: u8, feasibility: u8, days: &str) -> Analysis {
        Analysis {
            value: Some(Score(value)),
            feasibility: Some(Score(feasibility)),
            development: PersonDays::parse(days),
            testing: PersonDays::parse("0"),
            design: PersonDays::parse("0"),
            ..Analysis::default()
        }
    }

    #[test]
    fn priority_follows_the_weights() {
        let rules = crate::config::Config::default().rules().unwrap().requirement.priority;
        let priority = |value, feasibility, days| analysis(value, feasibility, days).scored(&rules).unwrap();
        assert_eq!(priority(5, 4, "16").priority, Priority::High);
        assert!((priority(5, 4, "16").points - 4.2).abs() < 1e-9);
        assert_eq!(priority(3, 3, "16").priority, Priority::Medium);
        assert_eq!(priority(1, 2, "60").priority, Priority::Low);
        assert_eq!(priority(5, 5, "5").effort, 5);
        assert_eq!(priority(5, 5, "5.1").effort, 4);
        assert_eq!(Analysis::default().scored(&rules), None);
    }
}
