//! A promise on the clock: the rungs on which it is spoken of, and what repeats after the last.
//!
//! The rungs are instants, fixed when the clock starts: a later change of the rules or of the calendar
//! does not move a running clock. A rung is climbed once. Several that are due together (after a
//! pause, or when a deadline moved into the past) are climbed in one step, and only the last speaks.

use jiff::{SignedDuration, Timestamp, civil::Time};
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;

/// A running clock. Invariant: rungs are in order of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ladder {
    /// What is promised for when.
    pub due: Timestamp,
    rungs: Vec<Rung>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repeat: Option<Repeat>,
    /// How many rungs were climbed.
    #[serde(default)]
    climbed: usize,
    /// How many repeats were said.
    #[serde(default)]
    repeated: u32,
    /// When the next repeat is due, once the last rung was climbed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_repeat: Option<Timestamp>,
    /// What was reached and waits for the end of quiet hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held: Option<Held>,
}

/// From when until when something that was reached is not heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Held {
    since: Timestamp,
    until: Timestamp,
}

/// One instant at which the promise is spoken of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// When.
    pub at: Timestamp,
    /// What it is, in the record's own words, for instance `halfway`.
    pub name: String,
}

/// What comes after the last rung.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// Every so many seconds, at most so many times.
    Every {
        /// Seconds between two.
        seconds: i64,
        /// How many at most; `None` is for ever.
        most: Option<u32>,
    },
    /// On each working day at this time.
    Mornings(Time),
}

/// What a climb reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Climb {
    /// The rung that speaks: the last of those that were due.
    pub rung: String,
    /// When it was due.
    pub at: Timestamp,
    /// Every rung passed in this step, in order, with its time.
    pub passed: Vec<Rung>,
    /// Since when an earlier one is due that quiet hours have kept unheard until now; this one speaks in its
    /// place.
    pub since: Option<Timestamp>,
    /// 0 for a rung; 1, 2, … for the repeats of the last.
    pub repeat: u32,
    /// The clock from now on.
    pub ladder: Ladder,
}

impl Ladder {
    /// A clock that is to be kept by `due`.
    pub fn new(due: Timestamp) -> Self {
        Self { due, rungs: Vec::new(), repeat: None, climbed: 0, repeated: 0, next_repeat: None, held: None }
    }

    /// The same with one more rung.
    pub fn rung(mut self, at: Timestamp, name: &str) -> Self {
        self.rungs.push(Rung { at, name: name.to_owned() });
        self.rungs.sort_by_key(|rung| rung.at);
        self
    }

    /// The same with repeats after the last rung.
    pub fn repeating(mut self, every: SignedDuration, most: Option<u32>) -> Self {
        self.repeat = Some(Repeat::Every { seconds: every.as_secs(), most });
        self
    }

    /// The same with a repeat each working morning after the last rung.
    pub fn each_morning(mut self, at: Time) -> Self {
        self.repeat = Some(Repeat::Mornings(at));
        self
    }

    /// The same without the rungs that lie before `now`: nothing is reminded of in hindsight. The last
    /// rung always stays.
    pub fn from_now(mut self, now: Timestamp) -> Self {
        let keep_from = self.rungs.iter().position(|rung| rung.at >= now);
        let last = self.rungs.len().saturating_sub(1);
        self.rungs.drain(..keep_from.unwrap_or(last).min(last));
        self
    }

    /// When it is next to be spoken of.
    pub fn next(&self) -> Option<Timestamp> {
        match self.rungs.get(self.climbed) {
            Some(rung) => Some(rung.at),
            None => self.next_repeat,
        }
    }

    /// The rungs that are still to come.
    pub fn ahead(&self) -> &[Rung] {
        &self.rungs[self.climbed.min(self.rungs.len())..]
    }

    /// How far it was climbed, as a word: a ping of an earlier rung is no longer true.
    pub fn place(&self) -> String {
        format!("{}.{}", self.climbed, self.repeated)
    }

    /// Climbs everything that is due; `None` if nothing is.
    pub fn climb(&self, now: Timestamp, calendar: &Calendar) -> Option<Climb> {
        let passed: Vec<Rung> = self.ahead().iter().take_while(|rung| rung.at <= now).cloned().collect();
        let mut ladder = self.clone();
        ladder.climbed += passed.len();
        if let (Some(first), Some(last)) = (passed.first(), passed.last()) {
            let since = ladder.hold(first.at, now, calendar);
            if ladder.climbed == ladder.rungs.len() {
                ladder.next_repeat = ladder.repeat_after(last.at, now, calendar);
            }
            return Some(Climb { rung: last.name.clone(), at: last.at, since, passed, repeat: 0, ladder });
        }
        let at = self.next_repeat.filter(|at| *at <= now && self.climbed == self.rungs.len())?;
        let rung = self.rungs.last()?.name.clone();
        let since = ladder.hold(at, now, calendar);
        ladder.repeated += 1;
        ladder.next_repeat = ladder.repeat_after(at, now, calendar);
        Some(Climb { rung, at, since, passed, repeat: ladder.repeated, ladder })
    }

    /// Notes that what was due at `at` is reached at `now`; gives [`Climb::since`].
    fn hold(&mut self, at: Timestamp, now: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        let before = self.held.take().filter(|held| now < held.until).map(|held| held.since);
        let until = calendar.after_quiet(now);
        self.held = (now < until).then_some(Held { since: before.unwrap_or(at), until });
        before
    }

    /// The same clock with everything still to come moved by `by` (a pause that ended).
    pub fn shifted(&self, by: SignedDuration) -> Self {
        let mut next = self.clone();
        next.due = later(next.due, by);
        for rung in next.rungs.iter_mut().skip(self.climbed) {
            rung.at = later(rung.at, by);
        }
        next.next_repeat = next.next_repeat.map(|at| later(at, by));
        next
    }

    /// The first repeat after `last` that lies ahead of `now`; what was missed in between is not made up
    /// one by one.
    fn repeat_after(&self, last: Timestamp, now: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        match self.repeat.as_ref()? {
            Repeat::Every { most: Some(most), .. } if self.repeated >= *most => None,
            Repeat::Every { seconds, .. } => {
                let seconds = (*seconds).max(1);
                let missed = now.duration_since(last).as_secs().max(0) / seconds;
                Some(later(last, SignedDuration::from_secs(seconds * (missed + 1))))
            }
            Repeat::Mornings(at) => Some(calendar.next_working_morning(last.max(now), *at)),
        }
    }
}

/// `at` moved by `by`, staying within what can be said.
pub fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-{text}:00+08:00").parse().unwrap()
    }

    #[test]
    fn what_is_said_on_monday_tells_since_when_it_should_have_been_heard() {
        let calendar = Calendar::shanghai();
        let due = at("27T15:00");
        let mut ladder = Ladder::new(due).rung(due, "breach").repeating(SignedDuration::from_hours(24), None);
        for (now, since) in [
            // The bot was down from Friday noon to Friday night.
            ("27T22:00", None),
            ("28T15:00", Some(due)),
            ("29T15:00", Some(due)),
            // Heard on Monday at 08:30.
            ("30T15:00", None),
        ] {
            let climb = ladder.climb(at(now), &calendar).unwrap();
            assert_eq!(climb.since, since, "{now}");
            ladder = climb.ladder;
        }
    }
}
