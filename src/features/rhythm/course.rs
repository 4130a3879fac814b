//! A decision on a rhythm: periods begin and end, and each that ends has its verdict.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Beat, Duty, Fate, Rhythm, Running, Told, Verdict, beats, contact, owed, plan, verdict, verdicts,
};
use crate::{
    dossier::{Dossier, Kind, Outcome, Phase, Ping, Record, Rules, Say, Waking},
    features::document,
};

/// A project's rhythm with its verdicts, as a decision works on them.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// What is running.
    pub(super) rhythm: Rhythm,
    /// All that is over, oldest first.
    pub(super) verdicts: Vec<Verdict>,
    /// How far verdicts are counted.
    counted: u32,
}

impl Course {
    /// The course of this project, if it has a rhythm yet.
    pub fn of(dossier: &Dossier) -> Option<Self> {
        let rhythm = Rhythm { older: Vec::new(), ..Rhythm::of(dossier)?.clone() };
        let mut course = Self { rhythm, verdicts: Vec::new(), counted: dossier.counted(Verdict::LETTER) };
        for verdict in verdicts(dossier).cloned() {
            match verdict.number {
                0 => course.judge(verdict),
                _ => course.verdicts.push(verdict),
            }
        }
        Some(course)
    }

    /// The course of a phase that begins now. A beat that both phases have goes on.
    pub fn entering(phase: Phase, dossier: &Dossier, now: Timestamp, rules: &Rules) -> Self {
        let nothing = || Self {
            rhythm: Rhythm::begun(phase, now),
            verdicts: Vec::new(),
            counted: dossier.counted(Verdict::LETTER),
        };
        let mut next = Self::of(dossier).unwrap_or_else(nothing);
        next.pass_all(now, rules);
        (next.rhythm.phase, next.rhythm.since) = (phase, now);
        next.tuned(now, rules)
    }

    /// What is over before a phase or a project's course ends has its verdict; nobody is called for it any more.
    fn pass_all(&mut self, now: Timestamp, rules: &Rules) {
        for beat in beats(rules) {
            let _ = self.pass(&beat, now, rules);
        }
    }

    /// The outcome with what is other than in the dossier.
    pub fn write(self, mut outcome: Outcome, dossier: &Dossier) -> Outcome {
        if Rhythm::of(dossier) != Some(&self.rhythm) {
            outcome = outcome.and(self.rhythm);
        }
        let is_new = |verdict: &Verdict| dossier.find(verdict.number) != Some(verdict);
        self.verdicts.into_iter().filter(is_new).fold(outcome, Outcome::and)
    }

    /// The same with every period cut short, for a project that is put away.
    pub fn stopped(mut self, now: Timestamp, rules: &Rules) -> Self {
        self.pass_all(now, rules);
        self.cut(now, |_| false);
        self
    }

    /// The same with the beats that the rules name for its phase: others are cut, missing ones begin.
    pub fn tuned(mut self, now: Timestamp, rules: &Rules) -> Self {
        let phase = self.rhythm.phase;
        let holds = |name: &str| beats(rules).any(|beat| beat.name == name && beat.phases.contains(&phase));
        self.cut(now, holds);
        for beat in beats(rules).filter(|beat| beat.phases.contains(&phase)) {
            let is_over = beat.ends(self.rhythm.since, rules).is_some_and(|end| end <= now);
            if is_over || self.rhythm.running.contains_key(beat.name) {
                continue;
            }
            let period = self.resumed(&beat, now, rules);
            self.rhythm.running.insert(beat.name.to_owned(), period);
        }
        self.rhythm.plan = plan(phase, rules);
        self
    }

    /// The period of a beat that begins now. Of a week that was cut short before, it is the rest: what was done
    /// in it counts here, and the part before is not counted.
    fn resumed(&mut self, beat: &Beat, now: Timestamp, rules: &Rules) -> Running {
        let since = self.rhythm.since;
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
        let (on, off) =
            std::mem::take(&mut self.rhythm.running).into_iter().partition(|(name, _)| goes_on(name));
        self.rhythm.running = on;
        let off: BTreeMap<String, Running> = off;
        for (name, running) in off.into_iter().filter(|(_, running)| running.from < now) {
            let fate = if running.fate() == Fate::Kept { Fate::Kept } else { Fate::NotCounted };
            self.judge(running.verdict(&name, now, fate));
        }
    }

    /// One more period is over.
    pub(super) fn judge(&mut self, verdict: Verdict) {
        self.counted += 1;
        self.verdicts.push(Verdict { number: self.counted, ..verdict });
    }

    /// Passes what is due of one beat; gives what there is to say of it.
    fn pass(&mut self, beat: &Beat, now: Timestamp, rules: &Rules) -> Option<Told> {
        let mut running = self.rhythm.running.get(beat.name)?.clone();
        let climb = running.clock.climb(now, &rules.calendar)?;
        if !climb.passed.iter().any(|rung| rung.name == "end") {
            let Running { from, done, wanted, .. } = running;
            let told = Told { from, until: running.clock.due, done, wanted, missed: 0 };
            let owed = running.owes();
            self.rhythm.running.insert(beat.name.to_owned(), Running { clock: climb.ladder, ..running });
            return owed.then_some(told);
        }
        // After a pause several may be over: each has its verdict, only the last is spoken of.
        let ends = beat.ends(running.since, rules);
        let known = self.verdicts.len();
        loop {
            let ended = running.clock.due;
            self.judge(running.verdict(beat.name, ended, running.fate()));
            if ends.is_some_and(|end| end <= ended) {
                self.rhythm.running.remove(beat.name);
                break;
            }
            running = beat.begin(ended, running.since, false, rules);
            if running.clock.due > now {
                running.clock = running.clock.from_now(now);
                self.rhythm.running.insert(beat.name.to_owned(), running);
                break;
            }
        }
        let last = self.verdicts[known..].iter().rev().find(|verdict| verdict.fate != Fate::NotCounted)?;
        let missed = verdict::counted(self.verdicts.iter(), beat.name)
            .take_while(|verdict| verdict.fate == Fate::Missed)
            .count();
        let Verdict { from, until, done, wanted, .. } = *last;
        (missed > 0).then_some(Told { from, until, done, wanted, missed })
    }

    /// The same with everything that was due by now, and what there is to say of it.
    pub(super) fn up_to_now(self, dossier: &Dossier, cx: &Waking) -> (Self, Vec<Say>) {
        let mut next = self;
        let told: Vec<(Beat, Told)> = beats(cx.rules)
            .filter_map(|beat| next.pass(&beat, cx.now, cx.rules).map(|told| (beat, told)))
            .collect();
        if next.rhythm.plan != plan(next.rhythm.phase, cx.rules) {
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
        let running = self.rhythm.running.get(beat.name).filter(|running| running.wanted > 0);
        if running.and_then(|running| running.clock.next()).is_some_and(|soon| soon <= heard) {
            return None;
        }
        let (call, message) = match beat.duty {
            Duty::Document(kind) => document::say(kind, told, dossier, cx),
            Duty::Contact(rule) => contact::say(rule, told, dossier, cx)?,
        };
        let step = owed::step(beat.name, told);
        Some(Ping::new(call, Record::key(&self.rhythm), step, message))
    }
}
