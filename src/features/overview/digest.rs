//! The daily digest, working days 09:30 and on demand: due today, overdue, running SLA, high risks, new
//! since yesterday. Nothing to say, no message (RULES 13).

use jiff::{SignedDuration, Timestamp, civil::Time};

use super::{Item, items};
use crate::{
    calendar::{Calendar, typed},
    chat::Message,
    dossier::{Context, Dossier, Hearing, Outcome, Refusal, Say, Waking, ladder::later},
    features::{requirement::Requirement, risk::Risk, ticket::Ticket},
    grammar::{Args, Command, Form, Rest, Spec},
};

/// How many lines a part has before it counts the rest.
const LINES: usize = 8;

/// Shows the digest now.
pub struct Digest;

impl Command for Digest {
    const SPEC: Spec = Spec::new("日报", Form::Any, "/日报", "现在就看日报").rest(Rest::Refused);

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let internal = cx.sees_internal(dossier);
        let digest = digest(dossier, cx.now, &cx.rules.calendar, internal);
        Ok(Outcome::reply(digest.unwrap_or_else(|| Message::text("今天没有到期、逾期和新增的事"))))
    }
}

/// The job of every working morning.
pub fn daily(dossier: &Dossier, cx: &Waking) -> Outcome {
    let calendar = &cx.rules.calendar;
    if !calendar.is_working_day(calendar.date(cx.due)) {
        return Outcome::default();
    }
    match digest(dossier, cx.now, calendar, true) {
        Some(message) => {
            Outcome::default().saying(Say::Announce { hearing: Hearing::Internal, message, about: None })
        }
        None => Outcome::default(),
    }
}

/// The digest at `now`; `None` where there is nothing to say.
fn digest(dossier: &Dossier, now: Timestamp, calendar: &Calendar, internal: bool) -> Option<Message> {
    let items = items(dossier, internal, None);
    let today = calendar.date(now);
    let end_of_day = calendar.at(today, Time::constant(23, 59, 59, 0));
    let (late, ahead): (Vec<&Item>, Vec<&Item>) = items.iter().partition(|item| item.is_late(now));
    let (due, rest): (Vec<&Item>, Vec<&Item>) =
        ahead.into_iter().partition(|item| item.is_due_by(end_of_day));
    let sla: Vec<&Item> = rest.iter().copied().filter(|item| item.key.letter == 'T').collect();
    let high: Vec<&Item> =
        rest.iter().copied().filter(|item| item.key.letter == 'K' && item.is_loud()).collect();
    let new = new_since(dossier, later(now, SignedDuration::from_hours(-24)), internal);
    if late.is_empty() && due.is_empty() && sla.is_empty() && high.is_empty() && new.is_empty() {
        return None;
    }
    let name = &dossier.project().name;
    let mut message = Message::text(format!("{name} 日报 {}", typed::echo_date(today, now, calendar)));
    for (title, part) in [
        (if internal { "逾期" } else { "已到期" }, late),
        ("今天到期", due),
        ("工单计时中", sla),
        ("高风险", high),
    ] {
        if part.is_empty() {
            continue;
        }
        message = message.line(format!("{title} {}", part.len()));
        for item in part.iter().take(LINES) {
            message = message.line(format!("· {}", item.line(now, calendar, internal)));
        }
        if part.len() > LINES {
            message = message.line(format!("· ……还有 {} 件", part.len() - LINES));
        }
    }
    if !new.is_empty() {
        message = message.line(format!("新增：{}", new.join("、")));
    }
    Some(message)
}

/// What was told since.
fn new_since(dossier: &Dossier, since: Timestamp, internal: bool) -> Vec<String> {
    let mut counts = Vec::new();
    let mut count = |name: &str, number: usize| {
        if number > 0 {
            counts.push(format!("{name} {number}"));
        }
    };
    let requirements = dossier.all::<Requirement>().filter(|r| r.at > since && (internal || r.shared));
    count("需求", requirements.count());
    let risks = dossier
        .all::<Risk>()
        .filter(|risk| risk.at > since && (internal || crate::dossier::Kind::shared(*risk)));
    count("风险", risks.count());
    let tickets = dossier.all::<Ticket>().filter(|t| t.opened_at > since && (internal || t.shared));
    count("工单", tickets.count());
    counts
}
