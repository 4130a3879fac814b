//! The agenda of a weekly meeting, built from the records: what was done since the last one, open risks,
//! points to confirm, and action items still open (RULES 6). It is for the internal room.

use jiff::Timestamp;

use super::{Meeting, MeetingKind, headline};
use crate::{
    calendar::typed,
    chat::Message,
    dossier::{Dossier, Kind, Rules},
    features::{
        action::{self, ActionItem},
        progress,
        requirement::Requirement,
        risk::Risk,
        ticket::{self, Ticket},
    },
};

/// How many lines of a section are shown before the rest is counted.
const SHOWN: usize = 8;

/// The agenda of this meeting; `None` where there is nothing to speak of.
pub(super) fn agenda(meeting: &Meeting, dossier: &Dossier, now: Timestamp, rules: &Rules) -> Option<Message> {
    let last = dossier
        .all::<Meeting>()
        .filter(|other| other.kind == MeetingKind::Weekly && other.number != meeting.number)
        .filter(|other| other.ended_at().is_some())
        .max_by_key(|other| other.ended_at());
    let since = last.and_then(Meeting::ended_at).unwrap_or(dossier.project().created_at);
    let mut risks: Vec<&Risk> = dossier.all::<Risk>().filter(|risk| risk.is_open()).collect();
    risks.sort_by_key(|risk| std::cmp::Reverse(risk.level));
    let risks = risks.iter().map(|risk| {
        let plan = risk.plan.as_deref().unwrap_or("还没有方案");
        format!("K{} {} · {} · {plan}", risk.number, risk.title, risk.level.name())
    });
    let mut items: Vec<&ActionItem> = dossier.all::<ActionItem>().filter(|item| item.is_open()).collect();
    items.sort_by_key(|item| (item.due.is_none(), item.due, item.number));
    let items = items.iter().map(|item| {
        let owner = item.owner.as_ref().map_or("负责人未定", |owner| owner.name.as_str());
        let due = item.due.map_or_else(
            || "截止未定".to_owned(),
            |due| typed::echo_date(rules.calendar.date(due), now, &rules.calendar),
        );
        let late = if item.is_overdue(now) { " · 已逾期" } else { "" };
        format!("A{} {} · {owner} · {due}{late}", item.number, item.title)
    });
    let sections = [
        ("上次以来完成", done(since, dossier)),
        ("风险", risks.collect()),
        ("待确认", to_confirm(last, dossier)),
        ("未完成待办", items.collect()),
    ];
    let notes: Vec<String> = progress::between(dossier, since, now).collect();
    let sections: Vec<(&str, Vec<String>)> = [("团队进展", notes)].into_iter().chain(sections).collect();
    let empty = sections.iter().all(|(_, lines)| lines.is_empty());
    let message = Message::text(format!("议程 {}", headline(meeting, now, rules)));
    (!empty)
        .then(|| sections.into_iter().fold(message, |message, (title, lines)| section(message, title, lines)))
}

/// What was done and solved since then.
fn done(since: Timestamp, dossier: &Dossier) -> Vec<String> {
    let items = dossier.all::<ActionItem>().filter_map(|item| match item.state {
        action::State::Done { at, .. } if at >= since => Some(format!("A{} {}", item.number, item.title)),
        _ => None,
    });
    let tickets = dossier.all::<Ticket>().filter_map(|ticket| match ticket.state {
        // By the day it was solved: that it closed later by itself is no second deed.
        ticket::State::Resolved { at, .. } | ticket::State::Closed { at, .. }
            if ticket.solved_at.unwrap_or(at) >= since =>
        {
            Some(format!("T{} {}", ticket.number, ticket.title))
        }
        _ => None,
    });
    items.chain(tickets).collect()
}

/// What the last minutes left open, and the requirements that wait for a confirmation.
fn to_confirm(last: Option<&Meeting>, dossier: &Dossier) -> Vec<String> {
    let left = last.and_then(|last| last.minutes.latest().map(|version| (last, version)));
    let left = left.into_iter().flat_map(|(last, version)| {
        version.questions.iter().map(|point| format!("{}（M{} 留下）", point.text, last.number))
    });
    let requirements = dossier
        .all::<Requirement>()
        .filter(|requirement| Kind::state(*requirement) == "待确认")
        .map(|requirement| format!("R{} {}", Kind::number(requirement), Kind::title(requirement)));
    left.chain(requirements).collect()
}

/// A section with each of its lines once; without any there is no section.
fn section(message: Message, title: &str, mut lines: Vec<String>) -> Message {
    let mut known = std::collections::HashSet::new();
    lines.retain(|line| known.insert(line.clone()));
    if lines.is_empty() {
        return message;
    }
    let count = lines.len();
    let message = message.line(format!("{title} {count}"));
    let message =
        lines.into_iter().take(SHOWN).fold(message, |message, line| message.line(format!("· {line}")));
    if count > SHOWN { message.line(format!("……还有 {} 条", count - SHOWN)) } else { message }
}
