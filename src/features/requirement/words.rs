//! Every sentence of requirements.

use jiff::Timestamp;

use super::{Requirement, State};
use crate::{
    calendar::{Calendar, typed},
    chat::Message,
    dossier::{Context, Kind, RoomKind},
};

/// `R1 支付模块支持退款`.
pub fn name(requirement: &Requirement) -> String {
    format!("R{} {}", requirement.number, requirement.title)
}

fn headline(requirement: &Requirement) -> String {
    let mut headline = name(requirement);
    if let Some(priority) = requirement.priority {
        headline.push_str(&format!(" · {}", priority.name()));
    }
    headline.push_str(&format!(" · {}", requirement.state()));
    headline
}

fn facts(requirement: &Requirement, now: Timestamp, calendar: &Calendar) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(owner) = &requirement.owner {
        facts.push(format!("负责 {}", owner.name));
    }
    if let Some(due) = requirement.due {
        facts.push(format!("截止 {}", typed::echo(due, now, calendar)));
    }
    if !requirement.tags.is_empty() {
        facts.push(format!("标签 {}", requirement.tags.join("、")));
    }
    facts
}

/// The answer to a new requirement: what was understood, and the scenario questions.
pub fn added(requirement: &Requirement, cx: &Context) -> Message {
    let mut message = Message::text(headline(requirement));
    let facts = facts(requirement, cx.now, &cx.rules.calendar);
    if !facts.is_empty() {
        message = message.line(facts.join(" · "));
    }
    if let Some(prototype) = requirement.fields.get("原型") {
        message = message.line(format!("原型 {prototype}"));
    }
    let message = questions(message, requirement);
    if cx.place.kind == RoomKind::Customer {
        return message;
    }
    message.button("开始", format!("/R{} 开始", requirement.number))
}

fn questions(message: Message, requirement: &Requirement) -> Message {
    let unanswered = requirement.unanswered();
    if unanswered.is_empty() {
        return message;
    }
    let asked: Vec<&str> = unanswered
        .iter()
        .map(|name| match *name {
            "用户" => "谁来用（用户）",
            "指标" => "看哪些数（指标）",
            "场景" => "什么情况下用（场景）",
            _ => "要达到什么目标（目标）",
        })
        .collect();
    let line: Vec<String> = unanswered.iter().map(|name| format!("{name}:…")).collect();
    message.line(format!("还请补充：{}", asked.join("、"))).line(format!(
        "/R{} 补充 {}",
        requirement.number,
        line.join(" ")
    ))
}

/// The answer to what was filled in.
pub fn filled(requirement: &Requirement, names: &[&str]) -> Message {
    let mut message = Message::text(format!("R{} 已补充：{}", requirement.number, names.join("、")));
    for name in names {
        if let Some(value) = requirement.fields.get(*name) {
            message = message.line(format!("{name}：{value}"));
        }
    }
    questions(message, requirement)
}

/// One line of a list.
pub fn listed(requirement: &Requirement, now: Timestamp, calendar: &Calendar) -> String {
    let facts = facts(requirement, now, calendar);
    let facts = if facts.is_empty() { String::new() } else { format!(" · {}", facts.join(" · ")) };
    format!("{}{facts}", headline(requirement))
}

/// Everything about one requirement.
pub fn shown(requirement: &Requirement, cx: &Context) -> Message {
    let calendar = &cx.rules.calendar;
    let mut message = Message::text(headline(requirement));
    let mut first =
        vec![format!("{} 于 {} 提出", requirement.by.name, typed::echo(requirement.at, cx.now, calendar))];
    first.extend(facts(requirement, cx.now, calendar));
    message = message.line(first.join(" · ")).line(format!("原话：{}", requirement.said));
    if let Some(description) = &requirement.description {
        message = message.line(description.clone());
    }
    for (name, value) in &requirement.fields {
        message = message.line(format!("{name}：{value}"));
    }
    match &requirement.state {
        State::Delivered { at } => message.line(format!("{} 交付", typed::echo(*at, cx.now, calendar))),
        State::Accepted { at } => message.line(format!("{} 验收", typed::echo(*at, cx.now, calendar))),
        State::Rejected { why } => message.line(format!("拒绝原因：{why}")),
        State::Withdrawn { why: Some(why) } => message.line(format!("撤回原因：{why}")),
        State::Collected | State::Analysing | State::AwaitingConfirmation => questions(message, requirement),
        State::Confirmed { .. } | State::InProgress | State::Withdrawn { why: None } => message,
    }
}
