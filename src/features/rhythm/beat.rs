//! A beat: something that is to happen so often in each period of some phases.

use jiff::{SignedDuration, Timestamp, ToSpan};

use super::Running;
use crate::{
    calendar::Period,
    dossier::{
        CadenceRule, Phase, Rules,
        ladder::{Ladder, later},
    },
    features::document::{self, DocumentKind},
};

/// Something that is to happen so often in each period of some phases.
pub struct Beat<'a> {
    /// Its name in the record.
    pub name: &'a str,
    /// In which phases it holds.
    pub phases: &'a [Phase],
    /// How long a period is.
    pub every: Period,
    /// How often it is to happen in one.
    pub times: u32,
    /// For how many periods; 0: as long as the phase lasts.
    most: u32,
    /// What it is.
    pub duty: Duty<'a>,
}

/// What a beat is.
#[derive(Clone, Copy)]
pub enum Duty<'a> {
    /// A document that is due (RULES 9).
    Document(DocumentKind),
    /// A contact with the customer (RULES 8).
    Contact(&'a CadenceRule),
}

/// Every beat: the documents', and those that an administrator wrote down.
pub fn beats(rules: &Rules) -> impl Iterator<Item = Beat<'_>> {
    let documents = [
        (DocumentKind::Log, rules.document.log_every),
        (DocumentKind::TestReport, rules.document.test_report_every),
    ];
    let documents = documents.into_iter().filter_map(|(kind, every)| {
        let (name, phases) = document::beat(kind)?;
        let every = Period::Every(every);
        Some(Beat { name, phases, every, times: 1, most: 0, duty: Duty::Document(kind) })
    });
    documents.chain(contacts(rules))
}

/// The beats of RULES 8 alone.
pub fn contacts(rules: &Rules) -> impl Iterator<Item = Beat<'_>> {
    rules.cadence.iter().map(|rule| Beat {
        name: &rule.name,
        phases: &rule.phases,
        every: rule.every,
        times: rule.times,
        most: rule.most,
        duty: Duty::Contact(rule),
    })
}

impl Beat<'_> {
    /// The period that begins at `from`. `since`: from when on months count; `first`: the beat begins with it.
    ///
    /// A period in which no working day ends expects nothing. Nor does the rest of the calendar week in which a
    /// weekly beat begins, where too few working days are left of it.
    pub(super) fn begin(&self, from: Timestamp, since: Timestamp, first: bool, rules: &Rules) -> Running {
        let calendar = &rules.calendar;
        let until = self.every.until(from, calendar.date(since), calendar);
        // A period takes time, whatever the configuration says: otherwise it would never be over.
        let until = until.max(later(from, SignedDuration::from_hours(1)));
        let needed = match self.every {
            Period::Weeks(_) if first => rules.touch.first_week_days,
            _ => 1,
        };
        let is_expected = has_working_days(from, until, needed, rules);
        let wanted = if is_expected { self.times } else { 0 };
        let reminders = if is_expected { self.reminders(from, until, rules) } else { Vec::new() };
        let within = reminders.into_iter().filter(|at| from < *at && *at < until);
        let clock = within.fold(Ladder::new(until), |clock, at| clock.rung(at, "remind")).rung(until, "end");
        Running { from, since, done: 0, wanted, clock }
    }

    /// In the morning of the working day before the end; for contacts also in the first working morning after
    /// a part of the period, where that comes earlier.
    fn reminders(&self, from: Timestamp, until: Timestamp, rules: &Rules) -> Vec<Timestamp> {
        let calendar = &rules.calendar;
        let at = rules.action.remind_at;
        let last = calendar.at(calendar.previous_working_day(calendar.date(until)), at);
        let Duty::Contact(_) = self.duty else { return vec![last] };
        let part = until.duration_since(from).as_secs() * i64::from(rules.touch.remind_percent) / 100;
        let part = later(from, SignedDuration::from_secs(part));
        let morning = calendar.working_morning_from(calendar.date(part), at);
        let first = if morning < part { calendar.next_working_morning(part, at) } else { morning };
        if first < last || last <= from { vec![first, last] } else { vec![last] }
    }

    /// When the last period is over of a beat that began then; `None` for one without end.
    pub(super) fn ends(&self, since: Timestamp, rules: &Rules) -> Option<Timestamp> {
        let anchor = rules.calendar.date(since);
        let next = |from, _| self.every.until(from, anchor, &rules.calendar);
        (self.most > 0).then(|| (0..self.most).fold(since, next))
    }
}

/// Whether so many working days end between two moments.
fn has_working_days(from: Timestamp, until: Timestamp, needed: u32, rules: &Rules) -> bool {
    let calendar = &rules.calendar;
    let mut day = calendar.date(from);
    let mut found = 0;
    while found < needed {
        let ends = calendar.at(day, calendar.work_ends_at());
        if ends > until {
            return false;
        }
        found += u32::from(from < ends && calendar.is_working_day(day));
        let Ok(next) = day.checked_add(1.day()) else { return false };
        day = next;
    }
    true
}
