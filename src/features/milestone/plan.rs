//! The plan: all milestones together, with a version for each change of what it says (RULES 1, 10).
//!
//! While a project is in 接触 its plan is being drafted: what is added or filled in then makes no version of
//! its own. A date or a standard that is changed always does.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::Milestone;
use crate::{
    chat::Person,
    dossier::{Dossier, Kind, Phase},
};

/// The versions of a project's plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Every version, oldest first.
    pub versions: Vec<Version>,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// When it came to be.
    pub at: Timestamp,
    /// Whose word it was; nobody's where a change was approved by itself.
    pub by: Option<Person>,
    /// What is different from the version before.
    pub moves: Vec<Move>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Move {
    /// Which milestone.
    pub milestone: u32,
    /// What became of it.
    pub what: What,
}

/// What became of a milestone in the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It is new.
    Added(Date),
    /// It was dropped.
    Dropped(Date),
    /// Its date.
    Date {
        /// Before.
        from: Date,
        /// After.
        to: Date,
    },
    /// Its standard, which it may not have had.
    Standard {
        /// Before.
        from: Option<String>,
        /// After.
        to: String,
    },
}

impl What {
    /// Whether it changes what the plan said already.
    fn changes(&self) -> bool {
        match self {
            Self::Added(_) | Self::Standard { from: None, .. } => false,
            Self::Dropped(_) | Self::Date { .. } | Self::Standard { from: Some(_), .. } => true,
        }
    }
}

impl Plan {
    /// The plan of a project, if it has one.
    pub fn of(dossier: &Dossier) -> Option<&Self> {
        dossier.find(0)
    }

    /// The number of its newest version.
    pub fn version(&self) -> usize {
        self.versions.len()
    }

    /// The plan after these moves.
    pub fn revised(dossier: &Dossier, moves: Vec<Move>, by: Option<&Person>, at: Timestamp) -> Self {
        let mut next = Self::of(dossier).cloned().unwrap_or_default();
        let drafted =
            dossier.project().phase == Phase::Contact && moves.iter().all(|moved| !moved.what.changes());
        match next.versions.last_mut().filter(|_| drafted) {
            Some(last) => last.moves.extend(moves),
            None => next.versions.push(Version { at, by: by.cloned(), moves }),
        }
        next
    }

    /// What a milestone's next value changes in the plan.
    pub fn moves(before: Option<&Milestone>, next: &Milestone) -> Vec<Move> {
        let Some(before) = before else {
            return vec![Move { milestone: next.number, what: What::Added(next.day) }];
        };
        let date = (before.day != next.day).then_some(What::Date { from: before.day, to: next.day });
        let to = next.standard.clone().filter(|_| before.standard != next.standard);
        let standard = to.map(|to| What::Standard { from: before.standard.clone(), to });
        let moved = |what| Move { milestone: next.number, what };
        date.into_iter().chain(standard).map(moved).collect()
    }
}

/// What the plan still lacks before work can begin: milestones, and a standard for each (RULES 1).
pub enum Lack {
    /// There is no milestone.
    Milestones,
    /// These have no standard.
    Standards(Vec<u32>),
}

/// What the plan of this project still lacks.
pub fn lack(dossier: &Dossier) -> Option<Lack> {
    let standing: Vec<&Milestone> = dossier
        .all::<Milestone>()
        .filter(|milestone| !matches!(milestone.state, super::State::Cancelled { .. }))
        .collect();
    if standing.is_empty() {
        return Some(Lack::Milestones);
    }
    let bare = standing.iter().filter(|one| one.is_open() && one.standard.is_none());
    let bare: Vec<u32> = bare.map(|one| one.number).collect();
    (!bare.is_empty()).then_some(Lack::Standards(bare))
}

impl Kind for Plan {
    const LETTER: char = '^';
    const NAME: &'static str = "计划";
    const FIELDS: &'static [(&'static str, &'static str)] = &[];

    fn number(&self) -> u32 {
        0
    }

    fn title(&self) -> String {
        "计划".into()
    }

    fn state(&self) -> &'static str {
        "在用"
    }

    fn shared(&self) -> bool {
        false
    }
}
