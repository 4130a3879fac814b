//! What a quarter's records say of each part (RULES 12).
//!
//! What each part counts, and when it counts for the quarter:
//!
//! - Tickets: a first response in time when it was said, a solution in time when it was found; each promise that was
//!   broken when it broke. A ticket counts once for each of its two clocks.
//! - Requirements: each when it was first answered, if that was within the time for its analysis, else when that time
//!   ran out; an analysis that is late is no answer. Those with a date when they were delivered, if that was in time,
//!   else on that date. What was withdrawn, rejected or waived before is nobody's miss.
//! - Contacts: each period that ended in the quarter, as its verdict says.
//! - Minutes: each meeting whose minutes were due in it. Excused ones do not count.
//! - Risks: each that was open at some time in it. It is in order if it had its countermeasure in time, is not open
//!   past its due date, and is not high and still open at the end.
//!
//! A quarter that is still running is measured up to now: what is not due yet is nobody's miss.

use jiff::{SignedDuration, Timestamp, civil::Time};

use super::{Measure, Part, Source, satisfaction::satisfaction, score};
use crate::{
    calendar::{Calendar, Quarter},
    dossier::{Dossier, Record, Rules, ladder::later},
    features::{
        meeting::Meeting,
        requirement::{self, Requirement},
        rhythm,
        risk::{self, Level, Risk},
        ticket::{Clock, Ticket, Urgency},
        touch::Touch,
    },
};

/// The part of a quarter that has passed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    from: Timestamp,
    /// The moment after its last.
    until: Timestamp,
}

impl Stretch {
    /// What has passed of a quarter by now.
    pub(super) fn of(quarter: Quarter, now: Timestamp, calendar: &Calendar) -> Self {
        let midnight = |day| calendar.at(day, Time::midnight());
        let until = midnight(quarter.next().first_day());
        // With what was said at this very moment.
        let passed = later(now, SignedDuration::from_millis(1));
        Self { from: midnight(quarter.first_day()), until: until.min(passed) }
    }

    fn has(self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// What was in order and what was not, while they are looked through.
#[derive(Default)]
struct Tally {
    kept: Vec<String>,
    missed: Vec<String>,
}

impl Tally {
    fn note(&mut self, kept: bool, id: impl ToString) {
        if kept { &mut self.kept } else { &mut self.missed }.push(id.to_string());
    }

    fn source(self, project: &Dossier, what: &str) -> Option<Source> {
        let Self { kept, missed } = self;
        let found = !kept.is_empty() || !missed.is_empty();
        let project = project.founded().map(|project| project.name.clone()).unwrap_or_default();
        found.then(|| Source { project, what: what.to_owned(), kept, missed })
    }
}

/// Every part that has a weight, measured.
pub(super) fn measures(
    file: &Dossier,
    projects: &[Dossier],
    quarter: Quarter,
    now: Timestamp,
    rules: &Rules,
) -> Vec<Measure> {
    let stretch = Stretch::of(quarter, now, &rules.calendar);
    let of = |look: &dyn Fn(&Dossier) -> Vec<Source>| projects.iter().flat_map(look).collect::<Vec<Source>>();
    let parts = Part::all(&rules.health.weight).into_iter().filter(|(_, weight)| *weight > 0);
    parts
        .map(|(part, weight)| {
            let sources = match part {
                Part::Satisfaction => return surveyed(file, quarter, weight),
                Part::Sla => of(&|project| tickets(project, stretch)),
                Part::Requirement => of(&|project| requirements(project, stretch, rules)),
                Part::Cadence => of(&|project| contacts(project, stretch, rules)),
                Part::Minutes => of(&|project| minutes(project, stretch)),
                Part::Risk => of(&|project| risks(project, stretch)),
            };
            let mut measure = Measure { part, weight, share: None, average: None, sources };
            let (kept, all) = measure.count();
            measure.share = score::share(kept, all);
            measure
        })
        .collect()
}

fn surveyed(file: &Dossier, quarter: Quarter, weight: u32) -> Measure {
    let found = satisfaction(file, quarter);
    let average = found.as_ref().map(|found| found.average);
    let source =
        |kept| Source { project: String::new(), what: "满意度调查".into(), kept, missed: Vec::new() };
    let sources = found.into_iter().map(|found| source(found.ids)).collect();
    Measure { part: Part::Satisfaction, weight, share: average.map(score::satisfied), average, sources }
}

fn tickets(project: &Dossier, stretch: Stretch) -> Vec<Source> {
    let (mut responses, mut solutions) = (Tally::default(), Tally::default());
    for ticket in project.all::<Ticket>() {
        let id = Record::key(ticket);
        let broke = |clock| ticket.breaches.iter().any(|breach| breach.clock == clock);
        let broke_now =
            |clock| ticket.breaches.iter().any(|breach| breach.clock == clock && stretch.has(breach.at));
        let responded = ticket.response.as_ref().is_some_and(|response| stretch.has(response.at));
        if broke_now(Clock::Respond) {
            responses.note(false, id);
        } else if ticket.urgency == Urgency::Urgent && responded && !broke(Clock::Respond) {
            responses.note(true, id);
        }
        if broke_now(Clock::Close) {
            solutions.note(false, id);
        } else if ticket.solved_at.is_some_and(|at| stretch.has(at)) && !broke(Clock::Close) {
            solutions.note(true, id);
        }
    }
    [responses.source(project, "响应"), solutions.source(project, "解决")].into_iter().flatten().collect()
}

fn requirements(project: &Dossier, stretch: Stretch, rules: &Rules) -> Vec<Source> {
    let (mut answers, mut deliveries) = (Tally::default(), Tally::default());
    for requirement in project.all::<Requirement>() {
        let id = Record::key(requirement);
        if let Some((kept, _)) = answered(requirement, rules).filter(|(_, at)| stretch.has(*at)) {
            answers.note(kept, id);
        }
        if let Some((kept, _)) = delivered(requirement).filter(|(_, at)| stretch.has(*at)) {
            deliveries.note(kept, id);
        }
    }
    [answers.source(project, "答复分析"), deliveries.source(project, "交付")].into_iter().flatten().collect()
}

/// Whether it was answered in time, and when it counts.
fn answered(requirement: &Requirement, rules: &Rules) -> Option<(bool, Timestamp)> {
    use requirement::State::{Analysing, Collected, Rejected, Waived, Withdrawn};
    let limit = rules.calendar.add(requirement.at, rules.requirement.analyse_within);
    let unread = matches!(requirement.state, Collected | Analysing);
    let late = requirement.clock.as_ref().filter(|clock| unread && clock.ahead().is_empty());
    if let Some(clock) = late {
        return Some((false, clock.due));
    }
    match &requirement.answered {
        Some(answer) if answer.at <= limit => Some((true, answer.at)),
        Some(_) => Some((false, limit)),
        None if matches!(requirement.state, Rejected { .. } | Withdrawn { .. } | Waived { .. }) => None,
        None => Some((false, limit)),
    }
}

/// Whether it was delivered in time, and when it counts; `None` where no date was asked for.
fn delivered(requirement: &Requirement) -> Option<(bool, Timestamp)> {
    use requirement::State::{Accepted, Delivered, Rejected, Waived, Withdrawn};
    let due = requirement.due?;
    match requirement.state {
        Delivered { at } | Accepted { delivered: Some(at), .. } => Some((at <= due, at.min(due))),
        // When it was delivered is not known: at the latest then.
        Accepted { at, delivered: None } => (at <= due).then_some((true, at)),
        Rejected { .. } | Withdrawn { .. } | Waived { .. } => None,
        _ => Some((false, due)),
    }
}

fn contacts(project: &Dossier, stretch: Stretch, rules: &Rules) -> Vec<Source> {
    // What ends at midnight belongs to the day before.
    let lines = rhythm::kept_between(project, stretch.from, stretch.until, rules);
    let source = |line: &rhythm::Line| {
        let mut tally = Tally::default();
        for (kept, from, until, period) in line.periods(&rules.calendar) {
            let touches = project.all::<Touch>().filter(|touch| {
                from <= touch.at && touch.at < until && touch.counted.iter().any(|beat| beat == line.name())
            });
            let meetings = project.all::<Meeting>().filter(|meeting| {
                let held = meeting.ended_at().is_some_and(|at| from <= at && at < until);
                held && line.counts(meeting.kind)
            });
            let ids = touches.map(Record::key).chain(meetings.map(Record::key));
            let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
            let ids = if ids.is_empty() { String::new() } else { format!("（{}）", ids.join(" ")) };
            tally.note(kept, format!("{period}{ids}"));
        }
        tally.source(project, line.name())
    };
    lines.iter().filter_map(source).collect()
}

fn minutes(project: &Dossier, stretch: Stretch) -> Vec<Source> {
    let mut tally = Tally::default();
    for meeting in project.all::<Meeting>() {
        let minutes = &meeting.minutes;
        let due = minutes.clock.as_ref().map(|clock| clock.due);
        let excused = minutes.versions.is_empty() && minutes.excused.is_some() && minutes.breached.is_none();
        if excused || !due.is_some_and(|due| stretch.has(due)) {
            continue;
        }
        let in_time = !minutes.versions.is_empty() && minutes.late_by().is_none();
        tally.note(in_time, Record::key(meeting));
    }
    tally.source(project, "纪要").into_iter().collect()
}

fn risks(project: &Dossier, stretch: Stretch) -> Vec<Source> {
    let mut tally = Tally::default();
    for risk in project.all::<Risk>() {
        let ended = match risk.state {
            risk::State::Closed { at } | risk::State::Occurred { at } => Some(at),
            risk::State::Open | risk::State::Mitigating => None,
        };
        if risk.at >= stretch.until || ended.is_some_and(|at| at < stretch.from) {
            continue;
        }
        let open_at = |at: Timestamp| ended.is_none_or(|ended| ended >= at);
        let unplanned = risk.plan_by.ahead().is_empty() && stretch.has(risk.plan_by.due);
        let due = risk.due.as_ref().map(|due| due.due).filter(|due| *due < stretch.until);
        let overdue = due.is_some_and(|due| ended.is_none_or(|ended| ended > due));
        let high = risk.level == Level::High && open_at(stretch.until);
        let wrong: Vec<&str> = [(unplanned, "方案迟"), (overdue, "到期未了结"), (high, "高且未关闭")]
            .into_iter()
            .filter_map(|(wrong, why)| wrong.then_some(why))
            .collect();
        let id = Record::key(risk);
        match wrong.is_empty() {
            true => tally.note(true, id),
            false => tally.note(false, format!("{id}（{}）", wrong.join("、"))),
        }
    }
    tally.source(project, "风险").into_iter().collect()
}
