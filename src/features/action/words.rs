//! Every sentence of action items.

use jiff::Timestamp;

use super::{ActionItem, State};
use crate::{
    calendar::{Calendar, typed},
    chat::{Line, Message, Person, Tone, short},
    dossier::{Context, Waking},
    features::origin::verbatim,
};

/// `A7 出退款接口文档`.
pub fn name(item: &ActionItem) -> String {
    format!("A{} {}", item.number, short(&item.title))
}

fn names(people: &[Person]) -> String {
    people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>().join("、")
}

/// What is missing, with the line that fills it in.
fn missing(item: &ActionItem) -> Option<String> {
    let number = item.number;
    match (&item.owner, item.due) {
        (Some(_), Some(_)) => None,
        (None, Some(_)) => Some(format!("缺负责人，补上：/待办 A{number} 负责:@某人")),
        (Some(_), None) => Some(format!("缺截止时间，不会提醒。补上：/待办 A{number} 截止:周五")),
        (None, None) => {
            Some(format!("缺负责人和截止时间，不会提醒。补上：/待办 A{number} 负责:@某人 截止:周五"))
        }
    }
}

/// Owner and date in a line; the owner is mentioned where somebody else spoke.
fn promise(item: &ActionItem, cx: &Context) -> Line {
    let mut line = match &item.owner {
        Some(owner) if owner.id != cx.actor.id => Line::text("负责 ").people([owner]),
        Some(owner) => Line::text(format!("负责 {} ", owner.name)),
        None => Line::text("负责人未定 "),
    };
    line = line.then(match item.due {
        Some(due) => format!("· {} 前完成", typed::echo(due, cx.now, &cx.rules.calendar)),
        None => "· 截止未定".to_owned(),
    });
    if !item.helpers.is_empty() {
        line = line.then(format!(" · 配合 {}", names(&item.helpers)));
    }
    line
}

/// The answer to a new or changed action item.
pub fn added(item: &ActionItem, cx: &Context) -> Message {
    let mut message = Message::text(name(item)).line(promise(item, cx));
    if let Some(measure) = &item.measure {
        message = message.line(format!("衡量：{measure}"));
    }
    match missing(item) {
        Some(missing) => message = message.line(missing).tone(Tone::Warning),
        None => message = message.button("完成", format!("/A{} 完成", item.number)),
    }
    message
}

/// What an item of minutes still lacks.
pub(crate) fn lacks(item: &ActionItem) -> Option<String> {
    missing(item).map(|missing| format!("A{} {missing}", item.number))
}

/// It is done.
pub fn completed(item: &ActionItem, cx: &Context) -> Message {
    let message = Message::text(format!("{} 已完成", name(item))).tone(Tone::Good);
    match item.due {
        Some(due) if due < cx.now => {
            message.line(format!("比截止晚 {}", typed::echo_span(cx.now.duration_since(due))))
        }
        _ => message,
    }
}

/// What the team hears of one that was completed in the customer's room.
pub fn completed_elsewhere(item: &ActionItem, by: &Person, result: Option<&str>) -> Message {
    let message = Message::text(format!("{} 由 {} 完成", name(item), by.name)).tone(Tone::Good);
    result.into_iter().fold(message, Message::line)
}

/// Another date.
pub fn postponed(item: &ActionItem, from: Option<Timestamp>, why: Option<&str>, cx: &Context) -> Message {
    let at = |moment| typed::echo(moment, cx.now, &cx.rules.calendar);
    let to = item.due.map(at).unwrap_or_default();
    let moved = match (from, item.due) {
        (Some(from), Some(due)) if due < from => format!("提前到 {to}（原 {}）", at(from)),
        (Some(from), _) => format!("延期到 {to}（原 {}）", at(from)),
        (None, _) => format!("截止 {to}"),
    };
    let message = Message::text(format!("{} {moved}", name(item)));
    match why {
        Some(why) => message.line(format!("原因：{why}")),
        None => message.line("没有写原因"),
    }
}

/// It is due soon, or today.
pub fn upcoming(item: &ActionItem, due: Timestamp, cx: &Waking) -> Message {
    let calendar = &cx.rules.calendar;
    let today = calendar.date(due) == calendar.date(cx.now);
    let at = typed::echo(due, cx.now, calendar);
    let when = if today { format!("今天到期：{at}") } else { format!("{at} 到期") };
    with_ways_out(Message::text(format!("{} {when}", name(item))).tone(Tone::Warning), item)
}

/// It is late.
pub fn overdue(item: &ActionItem, due: Timestamp, cx: &Waking) -> Message {
    let calendar = &cx.rules.calendar;
    let late = typed::echo_span(cx.now.duration_since(due));
    let message = Message::text(format!("{} 已逾期 {late}", name(item)))
        .line(format!("应在 {} 前完成", typed::echo(due, cx.now, calendar)))
        .tone(Tone::Alarm);
    with_ways_out(message, item)
}

/// Several of one person are late.
pub fn several_overdue(items: &[&ActionItem], cx: &Waking) -> Message {
    let calendar = &cx.rules.calendar;
    let message = Message::text(format!("{} 个待办已逾期", items.len())).tone(Tone::Alarm);
    let message = items.iter().fold(message, |message, item| {
        let due = item.due.unwrap_or(cx.now);
        let (at, late) = (typed::echo(due, cx.now, calendar), typed::echo_span(cx.now.duration_since(due)));
        message.line(format!("· {} · 应在 {at} 前，已逾期 {late}", name(item)))
    });
    let first = items.first().map(|item| item.number).unwrap_or_default();
    let message = message.line(format!("做不完请说：/待办 A{first} 延期 周五 原因"));
    items.iter().take(BUTTONS).fold(message, |message, item| {
        message.button(format!("A{} 完成", item.number), format!("/A{} 完成", item.number))
    })
}

/// How many of several items have a button of their own.
const BUTTONS: usize = 4;

fn with_ways_out(message: Message, item: &ActionItem) -> Message {
    let number = item.number;
    let message = match &item.owner {
        Some(_) => message,
        None => message.line(format!("还没有负责人：/待办 A{number} 负责:@某人")),
    };
    message
        .line(format!("做不完请说：/待办 A{number} 延期 周五 原因"))
        .button("完成", format!("/A{number} 完成"))
}

/// One line of a list.
pub fn listed(item: &ActionItem, now: Timestamp, calendar: &Calendar) -> String {
    let owner = item.owner.as_ref().map_or("负责人未定", |owner| owner.name.as_str());
    let due = match item.due {
        Some(due) => format!("{} 前", typed::echo(due, now, calendar)),
        None => "截止未定".to_owned(),
    };
    let late = if item.is_overdue(now) { " · 已逾期" } else { "" };
    format!("{} · {owner} · {due}{late}", name(item))
}

/// Everything about one action item.
pub fn shown(item: &ActionItem, cx: &Context) -> Message {
    let calendar = &cx.rules.calendar;
    let at = |moment| typed::echo(moment, cx.now, calendar);
    let state = crate::dossier::Kind::state(item);
    let late = if item.is_overdue(cx.now) { "，已逾期" } else { "" };
    let owner = item.owner.as_ref().map_or("未定", |owner| owner.name.as_str());
    let due = item.due.map_or_else(|| "截止未定".to_owned(), |due| format!("{} 前完成", at(due)));
    let mut message =
        Message::text(format!("{} · {state}{late}", name(item))).line(format!("负责 {owner} · {due}"));
    if let Some(words) = verbatim(&item.said, &item.title, &super::OBJECT).filter(|_| item.source.is_none()) {
        message = message.line(words);
    }
    if !item.helpers.is_empty() {
        message = message.line(format!("配合 {}", names(&item.helpers)));
    }
    if let Some(measure) = &item.measure {
        message = message.line(format!("衡量：{measure}"));
    }
    let source = match &item.source {
        Some(meeting) if meeting.starts_with('M') => format!("，来自 {meeting} 纪要"),
        Some(source) => format!("，来自 {source}"),
        None => String::new(),
    };
    message = message.line(format!("{} 于 {} 记下{source}", item.by.name, at(item.created_at)));
    for postponed in &item.postponed {
        let why = postponed.why.as_ref().map(|why| format!("：{why}")).unwrap_or_default();
        message = message.line(format!("原定 {}{why}", at(postponed.from)));
    }
    match &item.state {
        State::Open => {
            if let Some(missing) = missing(item) {
                message = message.line(missing);
            }
            message.button("完成", format!("/A{} 完成", item.number))
        }
        State::Done { by, at: when } => message.line(format!("{} 由 {} 完成", at(*when), by.name)),
        State::Cancelled { by, at: when } => message.line(format!("{} 由 {} 取消", at(*when), by.name)),
    }
}
