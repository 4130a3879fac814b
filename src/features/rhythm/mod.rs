//! What is to happen again and again while a project is in a phase, and whether it did.
//!
//! A [`Beat`] is one such duty; [`beats`] gives them all. A project has one [`Rhythm`]: for each beat of its
//! phase the period that is running, and a verdict for each period that is over. Where RULES 8 leaves room:
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
mod figures;
pub mod owed;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

pub use beat::{Beat, Duty, beats, contacts};
pub use contact::{standing, tally, told};
pub use count::{Tally, counting};
pub use figures::{Kept, Line, kept, kept_between, kept_by_role, kept_lines, monthly};
pub use owed::ask;

use super::document;
use crate::dossier::{Dossier, Kind, Outcome, Phase, Ping, Record, Rules, Say, Waking, ladder::Ladder};

/// A project's running periods and past verdicts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rhythm {
    /// The phase it belongs to.
    pub phase: Phase,
    /// Since when.
    pub since: Timestamp,
    /// The running period of each beat, by its name.
    pub running: BTreeMap<String, Running>,
    /// The periods that are over, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verdicts: Vec<Verdict>,
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

/// What became of a period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Which beat.
    pub beat: String,
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub until: Timestamp,
    /// How often it happened.
    pub done: u32,
    /// How often it was to happen.
    #[serde(default = "once")]
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
        Verdict { beat: beat.to_owned(), from, until, done, wanted, fate, late: false }
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

    /// The rhythm of a phase that begins now. A beat that both phases have goes on.
    pub fn entering(phase: Phase, before: Option<&Self>, now: Timestamp, rules: &Rules) -> Self {
        let (running, verdicts) = (BTreeMap::new(), Vec::new());
        let nothing = || Self { phase, since: now, running, verdicts, plan: 0, figures_said: None };
        let mut next = before.cloned().unwrap_or_else(nothing);
        for beat in beats(rules) {
            // What was over before has its verdict; nobody is called for a phase that is over.
            let _ = next.pass(&beat, now, rules);
        }
        Self { phase, since: now, ..next }.tuned(now, rules)
    }

    /// The same with every period cut short, for a project that is put away.
    pub fn stopped(&self, now: Timestamp, rules: &Rules) -> Self {
        let mut next = self.clone();
        for beat in beats(rules) {
            let _ = next.pass(&beat, now, rules);
        }
        next.cut(now, |_| false);
        next
    }

    /// The same with the beats that the rules name for its phase: others are cut, missing ones begin.
    pub fn tuned(mut self, now: Timestamp, rules: &Rules) -> Self {
        let phase = self.phase;
        let holds = |name: &str| beats(rules).any(|beat| beat.name == name && beat.phases.contains(&phase));
        self.cut(now, holds);
        for beat in beats(rules).filter(|beat| beat.phases.contains(&phase)) {
            let is_over = beat.ends(self.since, rules).is_some_and(|end| end <= now);
            if is_over || self.running.contains_key(beat.name) {
                continue;
            }
            let period = self.resumed(&beat, now, rules);
            self.running.insert(beat.name.to_owned(), period);
        }
        self.plan = plan(phase, rules);
        self
    }

    /// The period of a beat that begins now. Of a week that was cut short before, it is the rest: what was done
    /// in it counts here, and the part before is not counted.
    fn resumed(&mut self, beat: &Beat, now: Timestamp, rules: &Rules) -> Running {
        let since = self.since;
        let fresh = beat.begin(now, since, true, rules);
        let anchor = rules.calendar.date(since);
        let before = self.verdicts.iter_mut().rev().find(|one| one.beat == beat.name).filter(|one| {
            let end = beat.every.until(one.from, anchor, &rules.calendar);
            !beat.every.restarts() && end == fresh.clock.due && one.until < end
        });
        let Some(before) = before else { return fresh };
        before.fate = Fate::NotCounted;
        Running { done: before.done, ..beat.begin(now, since, false, rules) }
    }

    /// Ends the periods of beats that do not go on.
    fn cut(&mut self, now: Timestamp, goes_on: impl Fn(&str) -> bool) {
        let (on, off) = std::mem::take(&mut self.running).into_iter().partition(|(name, _)| goes_on(name));
        self.running = on;
        let off: BTreeMap<String, Running> = off;
        for (name, running) in off.into_iter().filter(|(_, running)| running.from < now) {
            let fate = if running.fate() == Fate::Kept { Fate::Kept } else { Fate::NotCounted };
            self.verdicts.push(running.verdict(&name, now, fate));
        }
    }

    /// The verdicts on one beat that count, newest first.
    fn counted(&self, beat: &str) -> impl Iterator<Item = &Verdict> {
        let of_it = move |one: &&Verdict| one.beat == beat && one.fate != Fate::NotCounted;
        self.verdicts.iter().rev().filter(of_it)
    }

    /// Passes what is due of one beat; gives what there is to say of it.
    fn pass(&mut self, beat: &Beat, now: Timestamp, rules: &Rules) -> Option<Told> {
        let mut running = self.running.get(beat.name)?.clone();
        let climb = running.clock.climb(now, &rules.calendar)?;
        if !climb.passed.iter().any(|rung| rung.name == "end") {
            let Running { from, done, wanted, .. } = running;
            let told = Told { from, until: running.clock.due, done, wanted, missed: 0 };
            let owed = running.owes();
            self.running.insert(beat.name.to_owned(), Running { clock: climb.ladder, ..running });
            return owed.then_some(told);
        }
        // After a pause several may be over: each has its verdict, only the last is spoken of.
        let ends = beat.ends(running.since, rules);
        let known = self.verdicts.len();
        loop {
            let ended = running.clock.due;
            self.verdicts.push(running.verdict(beat.name, ended, running.fate()));
            if ends.is_some_and(|end| end <= ended) {
                self.running.remove(beat.name);
                break;
            }
            running = beat.begin(ended, running.since, false, rules);
            if running.clock.due > now {
                running.clock = running.clock.from_now(now);
                self.running.insert(beat.name.to_owned(), running);
                break;
            }
        }
        let last = self.verdicts[known..].iter().rev().find(|verdict| verdict.fate != Fate::NotCounted)?;
        let missed = self.counted(beat.name).take_while(|verdict| verdict.fate == Fate::Missed).count();
        let Verdict { from, until, done, wanted, .. } = *last;
        (missed > 0).then_some(Told { from, until, done, wanted, missed })
    }

    /// The same with everything that was due by now, and what there is to say of it.
    fn up_to_now(&self, dossier: &Dossier, cx: &Waking) -> (Self, Vec<Say>) {
        let mut next = self.clone();
        let told: Vec<(Beat, Told)> = beats(cx.rules)
            .filter_map(|beat| next.pass(&beat, cx.now, cx.rules).map(|told| (beat, told)))
            .collect();
        if next.plan != plan(next.phase, cx.rules) {
            next = next.tuned(cx.now, cx.rules);
        }
        let pings = told.iter().filter_map(|(beat, told)| next.speak(beat, told, dossier, cx));
        let mut together: Vec<Ping> = Vec::new();
        for ping in pings {
            match together.iter_mut().find(|other| other.call == ping.call) {
                Some(other) => owed::join(other, ping),
                None => together.push(ping),
            }
        }
        (next, together.into_iter().map(Say::Ping).collect())
    }

    fn speak(&self, beat: &Beat, told: &Told, dossier: &Dossier, cx: &Waking) -> Option<Ping> {
        // At night and on days off pings wait. Where the next is due before this one would be heard, that
        // one speaks: nobody finds a pile of them after a holiday.
        let heard = cx.rules.calendar.after_quiet(cx.now);
        let running = self.running.get(beat.name).filter(|running| running.wanted > 0);
        if running.and_then(|running| running.clock.next()).is_some_and(|soon| soon <= heard) {
            return None;
        }
        let (call, message) = match beat.duty {
            Duty::Document(kind) => document::say(kind, told, dossier, cx),
            Duty::Contact(rule) => contact::say(rule, told, dossier, cx)?,
        };
        let step = owed::step(beat.name, told);
        Some(Ping::new(call, Record::key(self), step, message))
    }
}

/// Changes when the beats of a phase are others.
fn plan(phase: Phase, rules: &Rules) -> u32 {
    let names: Vec<&str> =
        beats(rules).filter(|beat| beat.phases.contains(&phase)).map(|beat| beat.name).collect();
    crc32fast::hash(names.join("\n").as_bytes())
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
        let (next, say) = self.up_to_now(dossier, cx);
        Outcome { say, ..Outcome::change(next, "到期") }
    }

    /// Invariant: no ping of a phase that is over is owed, nor one of what was done meanwhile. What was said together
    /// is owed while any of it is.
    fn owes(&self, step: &str) -> bool {
        step.lines().any(|one| self.owes_step(one, None))
    }

    fn owes_in(&self, step: &str, dossier: &Dossier) -> bool {
        step.lines().any(|one| self.owes_step(one, Some(dossier)))
    }
}
