//! What is to happen again and again while a project is in a phase, and whether it did.
//!
//! A [`Beat`] is one such duty; [`beats`] gives them all. A project has one [`Rhythm`]: for each beat of its
//! phase the period that is running; and a [`Verdict`] for each period that is over. Decisions work on both, a
//! [`Course`]. Where RULES 8 leaves room:
//!
//! - Every period ends with exactly one verdict: kept, missed, or not counted. Verdicts stay.
//! - A change of phase ends the beats of the old phase and begins those of the new one in the same step; a
//!   beat that both have goes on. A period cut short before its duty was done is not counted, and nobody is
//!   called for it. Archiving cuts all of them. Of a week that goes on after all, what was done counts.
//! - A period that expects nothing is not counted: one without a working day, and the rest of the week in
//!   which a weekly beat begins, if too few working days are left of it.
//! - What was done in a period and is told of after its end counts for it for a while: a miss then becomes
//!   kept, marked as told late.
//! - What an administrator changes of the beats holds from the next period on; a new beat begins at once.

mod beat;
mod contact;
mod count;
mod course;
mod figures;
pub mod owed;
#[cfg(test)]
mod tests;
mod verdict;

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

pub use beat::{Beat, Duty, beats, contacts};
pub use contact::{standing, tally, told};
pub use count::{Tally, counting};
pub use course::Course;
pub use figures::{Kept, Line, kept, kept_between, kept_by_role, kept_lines, monthly};
pub use owed::ask;
pub use verdict::{Fate, Verdict, verdicts};

use crate::dossier::{Dossier, Kind, Outcome, Phase, Record, Rules, Waking, ladder::Ladder};

/// A project's running periods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rhythm {
    /// The phase it belongs to.
    pub phase: Phase,
    /// Since when.
    pub since: Timestamp,
    /// The running period of each beat, by its name.
    pub running: BTreeMap<String, Running>,
    /// What an older version knew of the periods that are over, until it is written again: each has a record now.
    #[serde(default, rename = "verdicts", skip_serializing_if = "Vec::is_empty")]
    older: Vec<Verdict>,
    /// Tells whether the beats are those that the rules name now.
    #[serde(default)]
    plan: u32,
    /// The first day of the last month in which the figures of the month before were said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    figures_said: Option<Date>,
}

/// A period that is running.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Running {
    /// When it began.
    pub from: Timestamp,
    /// When the first period of its beat began.
    #[serde(default)]
    pub since: Timestamp,
    /// How often it happened so far.
    #[serde(default)]
    pub done: u32,
    /// How often it is to happen; 0: this period expects nothing.
    #[serde(default = "once")]
    pub wanted: u32,
    /// Its reminders and its end.
    pub clock: Ladder,
}

/// What there is to say of a beat.
pub struct Told {
    /// When the period began.
    pub from: Timestamp,
    /// When it ends or ended.
    pub until: Timestamp,
    /// How often it happened in it.
    pub done: u32,
    /// How often it is to happen.
    pub wanted: u32,
    /// How many periods in a row were missed; 0 for a reminder in time.
    pub missed: usize,
}

fn once() -> u32 {
    1
}

impl Running {
    /// Whether something is still to be done in it.
    pub fn owes(&self) -> bool {
        self.done < self.wanted
    }

    /// The verdict on it, ending then.
    fn verdict(&self, beat: &str, until: Timestamp, fate: Fate) -> Verdict {
        let Self { from, done, wanted, .. } = *self;
        Verdict { number: 0, beat: beat.to_owned(), from, until, done, wanted, fate, late: false }
    }

    /// The fate of a period that ran to its end.
    fn fate(&self) -> Fate {
        match self.wanted {
            0 => Fate::NotCounted,
            _ if self.owes() => Fate::Missed,
            _ => Fate::Kept,
        }
    }
}

impl Rhythm {
    /// The rhythm of this project, if it has one yet.
    pub fn of(dossier: &Dossier) -> Option<&Self> {
        dossier.find(0)
    }

    /// A rhythm in which nothing runs yet.
    fn begun(phase: Phase, since: Timestamp) -> Self {
        Self { phase, since, running: BTreeMap::new(), older: Vec::new(), plan: 0, figures_said: None }
    }
}

/// Changes when the beats of a phase are others.
fn plan(phase: Phase, rules: &Rules) -> u32 {
    let names: Vec<&str> =
        beats(rules).filter(|beat| beat.phases.contains(&phase)).map(|beat| beat.name).collect();
    crc32fast::hash(names.join("\n").as_bytes())
}

impl Kind for Rhythm {
    const LETTER: char = '~';
    const NAME: &'static str = "节奏";
    const FIELDS: &'static [(&'static str, &'static str)] = &[];
    const WAKES_LOGGED: bool = false;

    fn number(&self) -> u32 {
        0
    }

    fn title(&self) -> String {
        "节奏".into()
    }

    fn state(&self) -> &'static str {
        self.phase.name()
    }

    fn shared(&self) -> bool {
        false
    }

    /// At once where the beats are not those that the rules name now.
    fn wakes_at(&self, rules: &Rules) -> Option<Timestamp> {
        if self.plan != plan(self.phase, rules) {
            return Some(self.since);
        }
        self.running.values().filter_map(|running| running.clock.next()).min()
    }

    fn wake(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        let Some(course) = Course::of(dossier) else { return Outcome::default() };
        let (next, say) = course.up_to_now(dossier, cx);
        let outcome =
            Outcome { say, what: "到期".into(), about: Some(Record::key(self)), ..Outcome::default() };
        next.write(outcome, dossier)
    }

    /// Invariant: no ping of a phase that is over is owed, nor one of what was done meanwhile. What was said together
    /// is owed while any of it is.
    fn owes_in(&self, step: &str, dossier: &Dossier) -> bool {
        step.lines().any(|one| self.owes_step(one, dossier))
    }
}
