//! What a customer's file owes of surveys: one in each quarter, on the first working day of its last month.

use jiff::Timestamp;

use super::{Survey, words};
use crate::{
    calendar::Quarter,
    chat::Person,
    dossier::{Dossier, Hearing, Outcome, Rules, Say, Waking},
    features::customer::File,
};

/// When the next survey opens by itself.
pub fn opens_at(file: &File, rules: &Rules) -> Timestamp {
    let first = Quarter::of(rules.calendar.date(file.opened_at));
    let next = match file.surveyed {
        Some(quarter) => quarter.next(),
        // A file that was opened later than that owes nothing of this quarter.
        None if morning(first, rules) < file.opened_at => first.next(),
        None => first,
    };
    morning(next, rules)
}

/// Opens the survey that is due. Of several quarters that were missed only the present one is asked for, and none
/// where nobody works for the customer.
pub fn wake(file: &File, dossier: &Dossier, cx: &Waking) -> Outcome {
    if opens_at(file, cx.rules) > cx.now {
        return Outcome::default();
    }
    let present = Quarter::of(cx.rules.calendar.date(cx.now));
    let due = if morning(present, cx.rules) <= cx.now { present } else { present.previous() };
    let running = Survey::latest(dossier).is_some_and(|survey| !survey.is_closed());
    if due != present || running || !dossier.project().is_active() {
        return Outcome::change(File { surveyed: Some(due), ..file.clone() }, "本季度不发满意度");
    }
    open(file, present, None, dossier, cx.now, cx.rules)
}

/// Opens the survey of a quarter.
pub(super) fn open(
    file: &File,
    quarter: Quarter,
    by: Option<&Person>,
    dossier: &Dossier,
    now: Timestamp,
    rules: &Rules,
) -> Outcome {
    let number = Outcome::default().next_number::<Survey>(dossier);
    let survey = Survey::open(number, quarter, by.cloned(), now, rules);
    let key = crate::dossier::Record::key(&survey);
    let asked = survey.to_customer(words::asked(&survey, now, rules), dossier);
    let passed_on = matches!(asked, Say::Ping(_));
    let told = words::went_out(&survey, dossier, now, rules);
    let mut outcome =
        Outcome::change(File { surveyed: Some(quarter), ..file.clone() }, "发起满意度").saying(asked);
    // Who opens it by hand is answered with the same words; who passes it on is told by the ping.
    if by.is_none() && !passed_on {
        outcome.say.push(Say::Announce {
            hearing: Hearing::Internal,
            message: told.clone(),
            about: Some(key),
        });
    }
    outcome.about = Some(key);
    outcome.and(survey).replying(told)
}

fn morning(quarter: Quarter, rules: &Rules) -> Timestamp {
    rules.calendar.at(quarter.survey_day(&rules.calendar), rules.survey.open_at)
}
