//! What was done, counted for the period in which it happened.

use jiff::Timestamp;

use super::{Beat, Course, Fate, beats};
use crate::dossier::{Dossier, Outcome, Rules, Waking};

/// For which period something was counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// The beat.
    pub beat: String,
    /// When the period began.
    pub from: Timestamp,
    /// When it ends or ended.
    pub until: Timestamp,
    /// How often it has happened in it now.
    pub done: u32,
    /// How often it is to happen.
    pub wanted: u32,
    /// What has become of the period, where it is over: this told of late.
    pub over: Option<Fate>,
    /// When the period after it ends, where it began with this.
    pub next: Option<Timestamp>,
}

/// The outcome with what happened at `at` counted for the beats that it `fits`, and for which periods.
pub fn counting(
    outcome: Outcome,
    at: Timestamp,
    fits: impl Fn(&Beat) -> bool,
    dossier: &Dossier,
    (now, rules): (Timestamp, &Rules),
) -> (Outcome, Vec<Tally>) {
    let cx = Waking { now, due: now, rules };
    let before = Course::of(dossier);
    let fresh = || Course::entering(dossier.project().phase, dossier, now, rules);
    // What is over by now is over, also where its wake has not come yet.
    let (mut next, say) = before.clone().unwrap_or_else(fresh).up_to_now(dossier, &cx);
    let tallies: Vec<Tally> =
        beats(rules).filter(fits).filter_map(|beat| next.count(&beat, at, now, rules)).collect();
    if before.as_ref() == Some(&next) {
        return (outcome, tallies);
    }
    let mut outcome = next.write(outcome, dossier);
    outcome.say.extend(say);
    (outcome, tallies)
}

impl Course {
    /// Counts what happened at `at` for a beat: in its running period, or in one that ended lately. `None`
    /// where it lies in neither.
    pub fn count(&mut self, beat: &Beat, at: Timestamp, now: Timestamp, rules: &Rules) -> Option<Tally> {
        if let Some(running) = self.rhythm.running.get_mut(beat.name)
            && running.from <= at
            && at < running.clock.due
        {
            running.done += 1;
            let mut tally = Tally {
                beat: beat.name.to_owned(),
                from: running.from,
                until: running.clock.due,
                done: running.done,
                wanted: running.wanted,
                over: None,
                next: None,
            };
            if beat.every.restarts() && running.done >= beat.times {
                let ended = running.verdict(beat.name, at, running.fate());
                *running = beat.begin(at, running.since, false, rules);
                running.clock = running.clock.clone().from_now(now);
                tally.next = Some(running.clock.due);
                self.judge(ended);
            }
            return Some(tally);
        }
        let mut verdicts = self.verdicts.iter_mut().rev();
        let verdict = verdicts.find(|one| one.beat == beat.name && one.from <= at && at < one.until)?;
        if now > rules.calendar.add(verdict.until, rules.touch.late_within) {
            return None;
        }
        verdict.done += 1;
        if verdict.fate != Fate::Kept && verdict.wanted > 0 && verdict.done >= verdict.wanted {
            verdict.fate = Fate::Kept;
            verdict.late = true;
        }
        Some(Tally {
            beat: beat.name.to_owned(),
            from: verdict.from,
            until: verdict.until,
            done: verdict.done,
            wanted: verdict.wanted,
            over: Some(verdict.fate),
            next: None,
        })
    }
}
