//! The weekly report: on Friday 17:00 to the team, and after 发送 a version of its own for the customer
//! (RULES 13).

mod commands;
mod report;
mod sla;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use commands::{Send, Show};

use crate::{
    dossier::{Dossier, Hearing, Kind, Outcome, Phase, Project, RoomKind, Say, Waking, ladder::later},
    features::risk,
    grammar::Object,
};
use report::{Reader, Week, report};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "周报",
    english: "weekly",
    aliases: &[],
    letter: None,
    summary: "本周价值、需求、风险、工单、待办和下周；发送后客户群收到客户版",
};

/// What the project's last weekly report covered, and whether the customer got it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weekly {
    /// Its first moment.
    pub from: Timestamp,
    /// The moment after its last.
    pub until: Timestamp,
    /// When the customer's version went out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Timestamp>,
}

/// A week.
pub const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How far back a report reaches at most after weeks without one.
const LONGEST: SignedDuration = SignedDuration::from_hours(5 * 7 * 24);

impl Weekly {
    fn of(dossier: &Dossier) -> Option<&Self> {
        dossier.find(0)
    }

    fn week(&self) -> Week {
        Week { from: self.from, until: self.until }
    }
}

/// Whether the team delivers something, and tells of it, every week in this phase.
pub fn is_expected(project: &Project) -> bool {
    matches!(project.phase, Phase::Development | Phase::Testing)
}

/// From when on the report due now has to tell: since the last one, and at most a week.
pub fn since_last(dossier: &Dossier, due: Timestamp) -> Timestamp {
    reported_until(dossier).unwrap_or(Timestamp::MIN).max(later(due, -WEEK))
}

/// Up to when the last report reached.
fn reported_until(dossier: &Dossier) -> Option<Timestamp> {
    Weekly::of(dossier).map(|last| last.until)
}

/// The report of Friday. One on a day off waits for the next, which then covers both weeks; a week of
/// which there is nothing to say has none.
pub fn friday(dossier: &Dossier, cx: &Waking) -> Outcome {
    let calendar = &cx.rules.calendar;
    if !calendar.is_working_day(calendar.date(cx.due)) {
        return Outcome::default();
    }
    let last = reported_until(dossier).filter(|last| *last < cx.due);
    let from = last.unwrap_or(dossier.project().created_at);
    let from = from.min(later(cx.due, -WEEK)).max(later(cx.due, -LONGEST));
    let mut next = Weekly { from, until: cx.due, sent: None };
    let Some(mut message) = report(dossier, next.week(), cx.now, cx.rules, Reader::Team) else {
        return Outcome::default();
    };
    let customer = report(dossier, next.week(), cx.now, cx.rules, Reader::Customer)
        .filter(|_| dossier.project().rooms_of(RoomKind::Customer).next().is_some());
    let at_once = cx.rules.weekly.send_at_once && customer.is_some();
    if at_once {
        next.sent = Some(cx.due);
        message = message.line("客户版已发到客户群");
    } else if customer.is_some() {
        message = message.button("看客户版", "/周报 客户版").button("发送", "/周报 发送");
    }
    let outcome = Outcome::change(next, "出周报").saying(Say::Announce {
        hearing: Hearing::Internal,
        message,
        about: None,
    });
    match customer.filter(|_| at_once) {
        Some(message) => risk::early::reported(outcome, cx.due, dossier).saying(Say::Announce {
            hearing: Hearing::Customer,
            message,
            about: None,
        }),
        None => outcome,
    }
}

impl Kind for Weekly {
    const LETTER: char = '=';
    const NAME: &'static str = "周报";
    const FIELDS: &'static [(&'static str, &'static str)] = &[];

    fn number(&self) -> u32 {
        0
    }

    fn title(&self) -> String {
        "周报".into()
    }

    fn state(&self) -> &'static str {
        if self.sent.is_some() { "已发客户" } else { "未发客户" }
    }

    fn shared(&self) -> bool {
        false
    }
}
