//! The next of a weekly meeting: a week on, and on the next working day where that is a holiday.

use jiff::{Timestamp, ToSpan, civil::Date};

use super::{Meeting, State, words};
use crate::{
    calendar::Calendar,
    chat::Message,
    dossier::{self, Hearing, Outcome, Rules, Say, ladder::later},
    features::minutes::Minutes,
};

impl Meeting {
    /// The next one; `None` unless it is held weekly.
    pub(crate) fn following(&self, number: u32, now: Timestamp, rules: &Rules) -> Option<Self> {
        let calendar = &rules.calendar;
        let time = calendar.local(self.starts).time();
        let held = calendar.date(self.starts);
        let mut nominal = self.weekly?;
        // Two weeks of holidays lead to the same working day; what was missed is not made up for.
        let starts = loop {
            let following = nominal.saturating_add(7.days());
            if following == nominal {
                return None;
            }
            nominal = following;
            let day = working_day(nominal, calendar);
            let starts = calendar.at(day, time);
            if day > held && starts > now {
                break starts;
            }
        };
        let next = Self {
            number,
            created_at: now,
            starts,
            ends: later(starts, self.ends.duration_since(self.starts)),
            weekly: Some(nominal),
            remind: None,
            agenda: None,
            state: State::Planned,
            recordings: Vec::new(),
            minutes: Minutes::default(),
            ..self.clone()
        };
        Some(next.reminded(now, rules))
    }

    /// Whether a holiday moved it from its weekday.
    pub(super) fn is_moved(&self, rules: &Rules) -> bool {
        self.weekly.is_some_and(|nominal| nominal != rules.calendar.date(self.starts))
    }
}

/// Says in the customer's room that a holiday moved the next of its meetings.
pub(crate) fn tell_moved(outcome: Outcome, next: &Meeting, now: Timestamp, rules: &Rules) -> Outcome {
    if !next.shared || !next.is_moved(rules) {
        return outcome;
    }
    outcome.saying(Say::Announce {
        hearing: Hearing::Customer,
        message: Message::text(words::following(next, now, rules)),
        about: Some(dossier::Record::key(next)),
    })
}

fn working_day(date: Date, calendar: &Calendar) -> Date {
    if calendar.is_working_day(date) { date } else { calendar.next_working_day(date) }
}
