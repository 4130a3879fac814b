//! The strategic dialogue that is owed to a customer's leaders in each quarter (RULES 1): reminded of while there is
//! time, and kept as missed where a quarter ends without one.

use jiff::{Timestamp, ToSpan, civil::Time};

use super::{DialogueOwed, File, words};
use crate::{
    calendar::{Calendar, Quarter},
    dossier::{Dossier, Kind, Open, Outcome, Ping, Role, Rules, Say, Waking},
    store::Key,
};

/// What a moment of a quarter is to its dialogue.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Remind(Quarter),
    End(Quarter),
}

/// The moments of a quarter, in order.
fn steps(quarter: Quarter, rules: &Rules) -> Vec<(Timestamp, Step)> {
    let calendar = &rules.calendar;
    let mut steps: Vec<(Timestamp, Step)> = Vec::new();
    for before in &rules.customer.dialogue_remind_days {
        let day = quarter.last_day().saturating_sub(i64::from(*before).days());
        // A reminder on a day off would be heard too late.
        let day = if calendar.is_working_day(day) { day } else { calendar.previous_working_day(day) };
        steps.push((calendar.at(day, rules.action.remind_at), Step::Remind(quarter)));
    }
    steps.push((end(quarter, calendar), Step::End(quarter)));
    steps.sort_by_key(|(at, _)| *at);
    steps
}

fn end(quarter: Quarter, calendar: &Calendar) -> Timestamp {
    calendar.at(quarter.next().first_day(), Time::midnight())
}

/// The moments after the one until which the file was looked at, for ever.
fn ahead<'a>(file: &File, rules: &'a Rules) -> impl Iterator<Item = (Timestamp, Step)> + 'a {
    let from = file.dialogues_until.max(file.opened_at);
    let first = Quarter::of(rules.calendar.date(from));
    let quarters = std::iter::successors(Some(first), |quarter| Some(quarter.next()));
    quarters.flat_map(|quarter| steps(quarter, rules)).filter(move |(at, _)| *at > from)
}

/// When the dialogues are next to be looked at.
pub fn wakes_at(file: &File, rules: &Rules) -> Option<Timestamp> {
    ahead(file, rules).next().map(|(at, _)| at)
}

/// Whether one was held in this quarter.
pub fn is_held(file: &File, quarter: Quarter, calendar: &Calendar) -> bool {
    file.dialogues.iter().any(|fact| Quarter::of(calendar.date(fact.at)) == quarter)
}

/// Goes through the moments that have come; only the last reminder speaks, and only within its quarter.
pub fn wake(file: &File, dossier: &Dossier, cx: &Waking) -> Outcome {
    let calendar = &cx.rules.calendar;
    let active = dossier.project().is_active();
    let mut next = file.clone();
    let mut remind = None;
    let mut what = "";
    for (at, step) in ahead(file, cx.rules).take_while(|(at, _)| *at <= cx.now) {
        next.dialogues_until = at;
        match step {
            Step::Remind(quarter) => remind = Some(quarter),
            Step::End(quarter) => {
                remind = None;
                let asked =
                    next.dialogue_owed.take().is_some() || steps(quarter, cx.rules)[0].0 > file.opened_at;
                if active && asked && !is_held(file, quarter, calendar) {
                    next.dialogues_missed.push(quarter);
                    what = "本季度没有战略对话";
                }
            }
        }
    }
    if next == *file {
        return Outcome::default();
    }
    let Some(quarter) = remind.filter(|quarter| active && !is_held(file, *quarter, calendar)) else {
        return Outcome::change(next, what);
    };
    let owed = DialogueOwed { quarter, due: calendar.at(quarter.last_day(), calendar.deadline_at()) };
    next.dialogue_owed = Some(owed.clone());
    let key = Key { letter: File::LETTER, number: 0 };
    let call = dossier.project().call(&[Role::CustomerLead]);
    let message = words::dialogue_owed(file, &owed, cx);
    let ping = Ping::new(call, key, format!("dialogue:{quarter}"), message);
    Outcome::change(next, "提醒战略对话").saying(Say::Ping(ping))
}

/// Whether a reminder is still true.
pub fn owes(file: &File, step: &str) -> bool {
    let quarter = step.strip_prefix("dialogue:").and_then(|quarter| quarter.parse().ok());
    quarter.is_some() && file.dialogue_owed.as_ref().map(|owed| owed.quarter) == quarter
}

/// The dialogue that was reminded of.
pub fn open(file: &File, dossier: &Dossier) -> Vec<Open> {
    let owed = file.dialogue_owed.iter();
    owed.map(|owed| Open {
        due: Some(owed.due),
        what: "战略对话".into(),
        who: dossier.project().call(&[Role::CustomerLead]).people,
        loud: false,
        internal: true,
        late_from: None,
    })
    .collect()
}
