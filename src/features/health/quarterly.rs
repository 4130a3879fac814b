//! The report of a quarter that is over, once per customer: a draft for the customer lead.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    DRAFT, HealthReport, Light,
    measure::measures,
    satisfaction::improvements,
    score::score,
    sheet::{Reader, sheet},
    words,
};
use crate::{
    calendar::Quarter,
    chat::Message,
    dossier::{Dossier, Kind, Outcome, Ping, Record, Role, Rules, Say, Waking, ladder::Ladder},
    features::customer::File,
};

/// The report of a quarter by the records as they are now; of one that is still running, up to now. It is not kept,
/// and nobody is reminded of it.
pub fn compute(
    file: &Dossier,
    projects: &[Dossier],
    quarter: Quarter,
    now: Timestamp,
    rules: &Rules,
) -> HealthReport {
    let parts = measures(file, projects, quarter, now, rules);
    let score = score(parts.iter().map(|part| (part.weight, part.share)));
    HealthReport {
        number: file.counted(HealthReport::LETTER) + 1,
        quarter,
        at: now,
        score,
        light: score.map(|score| Light::of(score, &rules.health)),
        before: HealthReport::scored_before(file, quarter).and_then(|before| before.score),
        parts,
        improvements: improvements(file),
        clock: None,
        released: None,
    }
}

/// The job: makes the report of the quarter before the one in which it is due.
///
/// A quarter has one report, however often this runs; one that was over before the file was opened has none, nor has
/// a customer for whom nobody works any more.
pub fn quarterly(file: &Dossier, projects: &[Dossier], cx: &Waking) -> Outcome {
    let calendar = &cx.rules.calendar;
    let running = Quarter::of(calendar.date(cx.due));
    let quarter = running.previous();
    let opened =
        file.find::<File>(0).is_some_and(|file| Quarter::of(calendar.date(file.opened_at)) <= quarter);
    if !opened || !file.project().is_active() || HealthReport::of(file, quarter).is_some() {
        return Outcome::default();
    }
    let mut report = compute(file, projects, quarter, cx.now, cx.rules);
    // Of a report without a score there is nothing to release.
    report.clock = report.score.map(|_| release_ladder(cx.now, cx.rules));
    let mut outcome = Outcome::change(report.clone(), "出健康度报告");
    // Of drafts that nobody released the newest is the one to remind of.
    let older = file.all::<HealthReport>().filter(|older| older.clock.is_some() && older.released.is_none());
    outcome.records.extend(
        older.map(|older| -> Arc<dyn Record> { Arc::new(HealthReport { clock: None, ..older.clone() }) }),
    );
    let call = file.project().call(&[Role::CustomerLead]);
    let ping = |message: Message| Ping::new(call.clone(), report.key(), DRAFT, message);
    let document = report.score.and_then(|_| sheet(&report, file, Reader::Team, cx.now, cx.rules).file());
    let attached = |message: Message| document.iter().cloned().fold(message, Message::attach);
    let whole = attached(words::draft(&report, file, cx.now, cx.rules));
    let outcome = outcome.saying(Say::Ping(ping(whole)));
    if report.score.is_none() {
        return outcome;
    }
    let short = attached(words::draft_alone(&report, file, cx.rules));
    outcome.saying(Say::PingAlone(ping(short)))
}

/// The clock until it is released: reminded of when the time is over, and each working morning after.
fn release_ladder(from: Timestamp, rules: &Rules) -> Ladder {
    let due = rules.calendar.add(from, rules.health.release_within);
    Ladder::new(due).rung(due, "late").each_morning(rules.action.remind_at)
}
