//! What became of a period: one record for each, so that a year of them is not written anew with the next.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Rhythm;
use crate::dossier::{Dossier, Kind};

/// What became of a period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Counted per project; nobody types it. 0 in what an older version wrote into the rhythm.
    #[serde(default)]
    pub number: u32,
    /// Which beat.
    pub beat: String,
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub until: Timestamp,
    /// How often it happened.
    pub done: u32,
    /// How often it was to happen.
    #[serde(default = "super::once")]
    pub wanted: u32,
    /// Whether that was often enough.
    #[serde(rename = "kept")]
    pub fate: Fate,
    /// It was kept, but told of only after its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

/// The verdict itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Option<bool>", into = "Option<bool>")]
pub enum Fate {
    /// Often enough.
    Kept,
    /// Not often enough.
    Missed,
    /// Cut short, or nothing was expected of it.
    NotCounted,
}

/// The verdicts on a project's periods, oldest first.
pub fn verdicts(dossier: &Dossier) -> impl DoubleEndedIterator<Item = &Verdict> {
    let older = Rhythm::of(dossier).map_or(&[][..], |rhythm| rhythm.older.as_slice());
    older.iter().chain(dossier.all::<Verdict>())
}

/// Those on one beat that count, newest first.
pub(super) fn counted<'a>(
    verdicts: impl DoubleEndedIterator<Item = &'a Verdict>,
    beat: &str,
) -> impl Iterator<Item = &'a Verdict> {
    verdicts.rev().filter(move |one| one.beat == beat && one.fate != Fate::NotCounted)
}

impl From<Option<bool>> for Fate {
    fn from(kept: Option<bool>) -> Self {
        match kept {
            Some(true) => Self::Kept,
            Some(false) => Self::Missed,
            None => Self::NotCounted,
        }
    }
}

impl From<Fate> for Option<bool> {
    fn from(fate: Fate) -> Self {
        match fate {
            Fate::Kept => Some(true),
            Fate::Missed => Some(false),
            Fate::NotCounted => None,
        }
    }
}

impl Kind for Verdict {
    const LETTER: char = '!';
    const NAME: &'static str = Rhythm::NAME;
    const FIELDS: &'static [(&'static str, &'static str)] = &[];
    const WAKES_LOGGED: bool = false;

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        self.beat.clone()
    }

    fn state(&self) -> &'static str {
        match self.fate {
            Fate::Kept => "达成",
            Fate::Missed => "缺",
            Fate::NotCounted => "不计",
        }
    }

    fn shared(&self) -> bool {
        false
    }
}
