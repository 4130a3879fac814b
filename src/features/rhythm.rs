//! What is to happen again and again while a project is in a phase, and whether it did.
//!
//! A [`Beat`] is one such duty; [`BEATS`] names them all. A project has one [`Rhythm`]: for each beat of
//! its phase the period that is running, and a verdict for each period that is over. Every period that
//! ran to its end has exactly one verdict. A change of phase ends the beats of the old phase and begins
//! those of the new one in the same step; a period cut short owes nothing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::document;
use crate::{
    chat::Message,
    dossier::{
        Call, Dossier, Kind, Outcome, Phase, Ping, Record, Rules, Say, Waking,
        ladder::{Ladder, later},
    },
};

/// Every beat.
pub const BEATS: &[&Beat] = &[&document::LOG, &document::TEST_REPORT];

/// Something that is to happen so often in each period of some phases.
pub struct Beat {
    /// Its name in the record; also the step of its pings.
    pub name: &'static str,
    /// In which phases it holds.
    pub phases: &'static [Phase],
    /// When the period that begins then ends.
    pub until: fn(Timestamp, &Rules) -> Timestamp,
    /// When it is reminded of within a period: from, until.
    pub remind: fn(Timestamp, Timestamp, &Rules) -> Vec<Timestamp>,
    /// How often it is to happen in one period.
    pub wanted: u32,
    /// The next period begins with what was done, and not at the end of the running one.
    pub restarts: bool,
    /// Whom a reminder or a miss calls, and what it says; `None` keeps silent.
    pub say: fn(&Told, &Dossier, &Waking) -> Option<(Call, Message)>,
}

/// What there is to say of a beat.
pub struct Told {
    /// When the period began.
    pub from: Timestamp,
    /// When it ends or ended.
    pub until: Timestamp,
    /// How often it happened in it.
    pub done: u32,
    /// How many periods in a row were missed; 0 for a reminder in time.
    pub missed: usize,
}

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
}

/// A period that is running.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Running {
    /// When it began.
    pub from: Timestamp,
    /// How often it happened so far.
    #[serde(default)]
    pub done: u32,
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
    /// Whether that was often enough.
    pub kept: bool,
}

impl Beat {
    fn begin(&self, from: Timestamp, rules: &Rules) -> Running {
        // A period takes time, whatever the configuration says: otherwise it would never be over.
        let until = (self.until)(from, rules).max(later(from, SignedDuration::from_hours(1)));
        let reminders = (self.remind)(from, until, rules);
        let within = reminders.into_iter().filter(|at| from < *at && *at < until);
        let clock = within.fold(Ladder::new(until), |clock, at| clock.rung(at, "remind")).rung(until, "end");
        Running { from, done: 0, clock }
    }

    fn verdict(&self, running: &Running, until: Timestamp) -> Verdict {
        let kept = running.done >= self.wanted;
        Verdict { beat: self.name.to_owned(), from: running.from, until, done: running.done, kept }
    }
}

impl Rhythm {
    /// The rhythm of this project, if it has one yet.
    pub fn of(dossier: &Dossier) -> Option<&Self> {
        dossier.find(0)
    }

    /// The rhythm of this project; begun where it has none yet.
    pub fn or_begun(dossier: &Dossier, now: Timestamp, rules: &Rules) -> Self {
        Self::of(dossier)
            .cloned()
            .unwrap_or_else(|| Self::entering(dossier.project().phase, None, now, rules))
    }

    /// The rhythm of a phase that begins now. A beat that both phases have goes on.
    pub fn entering(phase: Phase, before: Option<&Self>, now: Timestamp, rules: &Rules) -> Self {
        let mut next = Self { phase, since: now, running: BTreeMap::new(), verdicts: Vec::new() };
        if let Some(before) = before {
            next.verdicts.clone_from(&before.verdicts);
        }
        for beat in BEATS {
            let running = before.and_then(|before| before.running.get(beat.name));
            match (beat.phases.contains(&phase), running) {
                (true, Some(running)) => next.running.insert(beat.name.to_owned(), running.clone()),
                (true, None) => next.running.insert(beat.name.to_owned(), beat.begin(now, rules)),
                (false, Some(running)) if running.done >= beat.wanted => {
                    next.verdicts.push(beat.verdict(running, now));
                    None
                }
                (false, _) => None,
            };
        }
        next
    }

    /// The same after a beat's duty was done once.
    pub fn done(&self, beat: &Beat, at: Timestamp, rules: &Rules) -> Self {
        let mut next = self.clone();
        let Some(running) = next.running.get_mut(beat.name) else { return next };
        running.done += 1;
        if beat.restarts && running.done >= beat.wanted {
            let kept = beat.verdict(running, at);
            *running = beat.begin(at, rules);
            next.verdicts.push(kept);
        }
        next
    }

    /// How many of a beat's last periods were missed in a row.
    fn missed_in_a_row(&self, beat: &Beat) -> usize {
        let verdicts = self.verdicts.iter().rev().filter(|verdict| verdict.beat == beat.name);
        verdicts.take_while(|verdict| !verdict.kept).count()
    }

    /// Passes what is due of one beat; gives what there is to say of it.
    fn pass(&mut self, beat: &Beat, now: Timestamp, rules: &Rules) -> Option<Told> {
        let running = self.running.get(beat.name)?.clone();
        let climb = running.clock.climb(now, &rules.calendar)?;
        if !climb.passed.iter().any(|rung| rung.name == "end") {
            let told = Told { from: running.from, until: running.clock.due, done: running.done, missed: 0 };
            let owed = running.done < beat.wanted;
            self.running.insert(beat.name.to_owned(), Running { clock: climb.ladder, ..running });
            return owed.then_some(told);
        }
        // After a pause several may be over: each has its verdict, only the last is spoken of.
        let mut running = running;
        let mut ended;
        loop {
            ended = running.clock.due;
            self.verdicts.push(beat.verdict(&running, ended));
            running = beat.begin(ended, rules);
            if running.clock.due > now {
                break;
            }
        }
        running.clock = running.clock.from_now(now);
        self.running.insert(beat.name.to_owned(), running);
        let last = self.verdicts.last()?;
        (!last.kept).then(|| Told {
            from: last.from,
            until: ended,
            done: last.done,
            missed: self.missed_in_a_row(beat),
        })
    }
}

impl Kind for Rhythm {
    const LETTER: char = '~';
    const NAME: &'static str = "节奏";
    const FIELDS: &'static [(&'static str, &'static str)] = &[];

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

    fn wakes_at(&self, _rules: &Rules) -> Option<Timestamp> {
        BEATS
            .iter()
            .filter_map(|beat| self.running.get(beat.name))
            .filter_map(|running| running.clock.next())
            .min()
    }

    fn wake(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        let mut next = self.clone();
        let mut say = Vec::new();
        // At night and on days off pings wait. Where the next is due before this one would be heard, that
        // one speaks: nobody finds a pile of them after a holiday.
        let heard = cx.rules.calendar.after_quiet(cx.now);
        for beat in BEATS {
            let Some(told) = next.pass(beat, cx.now, cx.rules) else { continue };
            let soon = next.running.get(beat.name).and_then(|running| running.clock.next());
            if soon.is_some_and(|soon| soon <= heard) {
                continue;
            }
            if let Some((call, message)) = (beat.say)(&told, dossier, cx) {
                say.push(Say::Ping(Ping::new(call, Record::key(self), beat.name, message)));
            }
        }
        Outcome { say, ..Outcome::change(next, "到期") }
    }

    /// Invariant: no ping of a phase that is over is owed, nor one of what was done meanwhile.
    fn owes(&self, step: &str) -> bool {
        let beat = BEATS.iter().find(|beat| beat.name == step);
        beat.is_some_and(|beat| self.running.get(step).is_some_and(|running| running.done < beat.wanted))
    }
}
