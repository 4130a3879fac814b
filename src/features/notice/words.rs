//! Every sentence of notices.

use jiff::Timestamp;

use super::{Acknowledged, Notice};
use crate::{
    calendar::{Calendar, Span, typed},
    chat::{Line, Message, Person, Tone, short},
    dossier::{Context, Dossier, Kind, Refusal, Rules, Waking},
    grammar::Priority,
};

/// `N1 今晚停机升级`.
pub fn name(notice: &Notice) -> String {
    format!("N{} {}", notice.number, short(&notice.title))
}

/// The same with the whole title.
fn whole(notice: &Notice) -> String {
    format!("N{} {}", notice.number, notice.title)
}

fn kind(priority: Priority) -> String {
    match priority {
        Priority::Urgent => "紧急通知".to_owned(),
        Priority::High | Priority::Medium | Priority::Low => format!("{}优先级通知", priority.name()),
    }
}

fn names<'a>(people: impl Iterator<Item = &'a Person>) -> String {
    people.map(|person| person.name.as_str()).collect::<Vec<_>>().join("、")
}

fn times(acknowledged: &[Acknowledged], now: Timestamp, calendar: &Calendar) -> String {
    let one = |ack: &Acknowledged| format!("{} {}", ack.by.name, typed::echo(ack.at, now, calendar));
    acknowledged.iter().map(one).collect::<Vec<_>>().join("、")
}

/// The notice as its room gets it.
pub fn posted(notice: &Notice) -> Message {
    let mut message = Message::text(format!("{} · {}", name(notice), kind(notice.priority)));
    if let Some(body) = &notice.body {
        message = message.line(body.clone());
    }
    message
        .line(Line::text("请 ").people(&notice.people).then("确认收到"))
        .tone(if notice.priority >= Priority::High { Tone::Warning } else { Tone::Plain })
        .button("收到", format!("/N{} 收到", notice.number))
}

/// What the project's room hears of a notice that was written in a direct chat.
pub fn posted_by_direct(notice: &Notice) -> Message {
    let mut message = Message::text(format!("{} · {}，请确认收到", name(notice), kind(notice.priority)));
    if let Some(body) = &notice.body {
        message = message.line(body.clone());
    }
    message
        .line(format!("{} 发出", notice.by.name))
        .tone(Tone::Warning)
        .button("收到", format!("/N{} 收到", notice.number))
}

/// Whoever has not acknowledged is called.
pub fn again(notice: &Notice, cx: &Waking) -> Message {
    let waited = typed::echo_span(cx.now.duration_since(notice.at));
    Message::text(format!("{} 还没有全部确认，已 {waited}", name(notice)))
        .line(format!(
            "{} · {} 发出 · 未确认：{}",
            kind(notice.priority),
            notice.by.name,
            names(notice.outstanding())
        ))
        .tone(if notice.priority == Priority::Urgent { Tone::Alarm } else { Tone::Warning })
        .button("收到", format!("/N{} 收到", notice.number))
}

/// The customer's people are asked in their own room.
pub fn again_for_customer(notice: &Notice, people: &[&Person]) -> Message {
    let line = Line::default().people(people.iter().copied());
    Message::default()
        .line(line.then(format!("{}，看到请点「收到」", name(notice))))
        .button("收到", format!("/N{} 收到", notice.number))
}

/// One more acknowledged, or everybody did.
pub fn acknowledged(notice: &Notice, by: &Person, now: Timestamp, calendar: &Calendar) -> Message {
    if notice.is_settled() {
        return all(notice, now, calendar);
    }
    Message::text(format!("N{} {} 收到，还差 {}", notice.number, by.name, names(notice.outstanding())))
}

/// Everybody acknowledged.
pub fn all(notice: &Notice, now: Timestamp, calendar: &Calendar) -> Message {
    let times = times(&notice.acknowledged, now, calendar);
    Message::text(format!("{} 已全部确认：{times}", name(notice))).tone(Tone::Good)
}

/// One line of a list.
pub fn listed(notice: &Notice) -> String {
    let state = match notice.outstanding().next() {
        Some(_) => format!("未确认：{}", names(notice.outstanding())),
        None => "全部确认".to_owned(),
    };
    let (done, all) = (notice.acknowledged.len(), notice.people.len());
    format!("{} · {} · {done}/{all} · {state}", name(notice), notice.priority.name())
}

/// Everything about one notice.
pub fn shown(notice: &Notice, cx: &Context) -> Message {
    let calendar = &cx.rules.calendar;
    let at = typed::echo(notice.at, cx.now, calendar);
    let mut message =
        Message::text(format!("{} · {} · {}", whole(notice), notice.priority.name(), notice.state()))
            .line(format!("{} 于 {at} 发出", notice.by.name));
    if let Some(body) = &notice.body {
        message = message.line(body.clone());
    }
    if !notice.acknowledged.is_empty() {
        message = message.line(format!("已确认：{}", times(&notice.acknowledged, cx.now, calendar)));
    }
    if notice.is_settled() {
        return message;
    }
    message
        .line(format!("未确认：{}", names(notice.outstanding())))
        .button("收到", format!("/N{} 收到", notice.number))
}

/// What a notice lacks, and how to write it.
pub fn lacking(people: &[Person], priority: Option<Priority>, said: &str, dossier: &Dossier) -> Refusal {
    const EXAMPLE: &str = "例如：/通知 @张经理 @李工 !紧急 今晚 22 点停机升级";
    match (people, priority) {
        ([], None) => Refusal::new(format!("通知要点名谁来确认，并写明优先级，没有发出。{EXAMPLE}")),
        ([], Some(_)) => {
            Refusal::new(format!("通知要 @ 到人，被点名的人才能确认（@所有人 不算），没有发出。{EXAMPLE}"))
        }
        (people, _) => {
            let refusal = Refusal::new("通知要写明优先级：!紧急、!高、!中 或 !低，没有发出");
            // The button's line names people by name: it can only be read where they are known.
            if !people.iter().all(|person| dossier.people().any(|known| known.id == person.id)) {
                return refusal;
            }
            let (first, rest) = said.split_once('\n').unwrap_or((said, ""));
            let rest = if rest.is_empty() { String::new() } else { format!("\n{rest}") };
            [Priority::Urgent, Priority::High, Priority::Medium]
                .into_iter()
                .fold(refusal, |refusal, p| refusal.button(p.name(), format!("{first} !{}{rest}", p.name())))
        }
    }
}

/// By what rule it is spoken of again.
pub fn why(notice: &Notice, now: Timestamp, rules: &Rules) -> Vec<String> {
    let calendar = &rules.calendar;
    let span = |span: Span| match span {
        Span::Elapsed(time) => typed::echo_span(time),
        Span::WorkingDays(days) => format!("{days} 个工作日"),
    };
    let notices = &rules.notice;
    let rule = match notice.priority {
        Priority::Urgent => format!(
            "规则：紧急通知，{}未确认再催，{}找项目经理，{}找客户主管，不等安静时段",
            span(notices.urgent_again),
            span(notices.urgent_manager),
            span(notices.urgent_lead)
        ),
        Priority::High => {
            format!("规则：高优先级通知，{}未确认再催，下一个工作日早上找项目经理", span(notices.high_again))
        }
        Priority::Medium | Priority::Low => "规则：下一个工作日早上再催一次".to_owned(),
    };
    let mut lines =
        vec![rule, format!("{} 由 {} 发出", typed::echo(notice.at, now, calendar), notice.by.name)];
    for ack in &notice.acknowledged {
        lines.push(format!("{} {} 确认", typed::echo(ack.at, now, calendar), ack.by.name));
    }
    if !notice.is_settled() {
        lines.push(format!("未确认：{}", names(notice.outstanding())));
    }
    lines
}
