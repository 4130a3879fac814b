//! What each phase owes the customer in contact, as an administrator writes it down (RULES 8).

use serde::{Deserialize, Deserializer, de::Error};

use super::{MeetingKind, Phase, Role};
use crate::calendar::{Period, Span};

/// `[[cadence]]`: a contact that is owed again and again in some phases.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CadenceRule {
    /// What people call it; one of a kind.
    pub name: String,
    /// In which phases.
    #[serde(deserialize_with = "phases")]
    pub phases: Vec<Phase>,
    /// What counts for it.
    pub counts: Vec<Counted>,
    /// Who sees to it and is reminded.
    #[serde(deserialize_with = "roles")]
    pub by: Vec<Role>,
    /// With whom.
    #[serde(deserialize_with = "roles")]
    pub with: Vec<Role>,
    /// How long one period is.
    pub every: Period,
    /// How often it is to happen in one.
    pub times: u32,
    /// For how many periods; 0: as long as the phase lasts.
    pub most: u32,
    /// A meeting counts once its minutes are filed, or nobody has to write any.
    pub minutes: bool,
    /// Each carries the numbers of bugs open, fixed and new.
    pub figures: bool,
    /// What it is to be about.
    pub ask: String,
}

/// What can count for a cadence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// A contact that somebody told of: 沟通.
    Touch,
    /// A meeting of this kind that was held.
    Meeting(MeetingKind),
}

/// `[touch]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TouchRules {
    /// The first reminder, in percent of the period.
    pub remind_percent: u32,
    /// How many working days must be left of the week in which a weekly cadence begins; with fewer it counts
    /// from the next week on.
    pub first_week_days: u32,
    /// How long after the end of a period a contact in it can still be told of.
    pub late_within: Span,
}

impl CadenceRule {
    /// Whether contacts that people tell of count for it.
    pub fn counts_touches(&self) -> bool {
        self.counts.contains(&Counted::Touch)
    }

    /// The kinds of meetings that count for it.
    pub fn meetings(&self) -> impl Iterator<Item = MeetingKind> {
        self.counts.iter().filter_map(|counted| match counted {
            Counted::Meeting(kind) => Some(*kind),
            Counted::Touch => None,
        })
    }
}

impl Counted {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Touch => "沟通",
            Self::Meeting(kind) => kind.name(),
        }
    }
}

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        if word == Self::Touch.name() || word.eq_ignore_ascii_case("touch") {
            return Ok(Self::Touch);
        }
        MeetingKind::parse(&word).map(Self::Meeting).ok_or_else(|| {
            let kinds = MeetingKind::ALL.map(|(_, name, ..)| name).join(", ");
            Error::custom(format!(
                "nothing that counts: {word:?}, expected 沟通 or a kind of meeting: {kinds}"
            ))
        })
    }
}

fn phases<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Phase>, D::Error> {
    let known = Phase::ALL.map(Phase::name).join(", ");
    words(deserializer, Phase::parse, "phase", &known)
}

fn roles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Role>, D::Error> {
    let known = Role::ALL.map(|(_, name, _)| name).join(", ");
    words(deserializer, Role::parse, "role", &known)
}

/// A list of words that each name something known.
fn words<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: fn(&str) -> Option<T>,
    what: &str,
    known: &str,
) -> Result<Vec<T>, D::Error> {
    let words = Vec::<String>::deserialize(deserializer)?;
    let read = |word: &String| {
        parse(word).ok_or_else(|| Error::custom(format!("no {what}: {word:?}, expected one of {known}")))
    };
    words.iter().map(read).collect()
}
