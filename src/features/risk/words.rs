//! Every sentence of risks.

use super::{Level, Risk, State, loss::Loss};
use crate::{
    calendar::typed,
    chat::{Message, Tone, short},
    dossier::{Context, Dossier, Kind, Rules, Waking, ladder::Climb},
    features::origin::verbatim,
};
use jiff::Timestamp;

/// `K1 接口延迟`.
pub fn name(risk: &Risk) -> String {
    format!("K{} {}", risk.number, short(&risk.title))
}

/// Its level and where that comes from; one set by hand says so where the scores give another.
fn weight(risk: &Risk, rules: &Rules) -> String {
    let level = risk.level.name();
    let (Some(probability), Some(impact)) = (risk.probability, risk.impact) else { return level.to_owned() };
    let weighed = Level::of(probability, impact, rules);
    match weighed == risk.level {
        true => format!("{level}（概率 {probability} × 影响 {impact}）"),
        false => {
            format!("{level}（人工指定；概率 {probability} × 影响 {impact} 为{}）", weighed.name())
        }
    }
}

/// What the customer hears of a risk that has no countermeasure yet.
pub fn received(risk: &Risk) -> String {
    format!("K{} 已收到，项目组会给出应对方案", risk.number)
}

/// The answer to a new risk.
pub fn added(risk: &Risk, dossier: &Dossier, cx: &Context) -> Message {
    let calendar = &cx.rules.calendar;
    if !cx.sees_internal(dossier) && risk.plan.is_none() {
        let message = Message::text(received(risk)).line(risk.title.clone());
        return match &risk.due {
            Some(due) => message.line(format!("{} 前了结", typed::echo(due.due, cx.now, calendar))),
            None => message,
        };
    }
    let internal = if risk.internal { " · 内部" } else { "" };
    let who = risk.call(dossier).people;
    let who: Vec<&str> = who.iter().map(|person| person.name.as_str()).collect();
    let mut facts = vec![format!("负责 {}", who.join("、"))];
    if let Some(due) = &risk.due {
        facts.push(format!("{} 前了结", typed::echo(due.due, cx.now, calendar)));
    }
    if let Some(consequence) = &risk.consequence {
        facts.push(format!("后果：{consequence}"));
    }
    let message = Message::text(format!("{} · {}{internal}", name(risk), weight(risk, cx.rules)))
        .line(facts.join(" · "));
    match &risk.plan {
        Some(plan) => message.line(format!("方案：{plan}")).button("关闭", format!("/K{} 关闭", risk.number)),
        None => message.line(format!(
            "还没有应对方案，请在 {} 前补：/K{} 方案 …",
            typed::echo(risk.plan_by.due, cx.now, calendar),
            risk.number
        )),
    }
}

/// The reminder that a countermeasure is missing.
pub fn no_plan(risk: &Risk, rules: &Rules) -> Message {
    Message::text(format!("{} 还没有应对方案", name(risk)))
        .line(format!("等级 {} · 请补：/K{} 方案 …", weight(risk, rules), risk.number))
        .tone(Tone::Warning)
}

/// What the project manager hears at once.
pub fn high_without_plan(risk: &Risk) -> Message {
    Message::text(format!("高风险 {} 还没有应对方案", name(risk)))
        .line(format!("{} 提出 · 请补：/K{} 方案 …", risk.by.name, risk.number))
        .tone(Tone::Alarm)
}

/// What the customer's room hears of a high risk.
pub fn for_customer(risk: &Risk) -> Message {
    let mut message = Message::text(format!("风险提示：{}", risk.title)).tone(Tone::Warning);
    if let Some(consequence) = &risk.consequence {
        message = message.line(format!("可能的影响：{consequence}"));
    }
    message.line(format!("应对方案：{}", risk.plan.as_deref().unwrap_or_default()))
}

/// It is past its date and still open.
pub fn past_due(risk: &Risk, climb: &Climb, cx: &Waking) -> Message {
    let due = typed::echo(climb.ladder.due, cx.now, &cx.rules.calendar);
    Message::text(format!("{} 已到期，还没有了结", name(risk)))
        .line(format!("应在 {due} 前了结 · {} · {}", weight(risk, cx.rules), risk.state()))
        .tone(if climb.rung == "owner" { Tone::Warning } else { Tone::Alarm })
        .button("关闭", format!("/K{} 关闭", risk.number))
        .button("已发生", format!("/K{} 发生", risk.number))
}

/// What the plan loses once somebody confirms it.
pub fn loses(loss: &Loss, cx: &Context) -> String {
    let day = |day| typed::echo_date(day, cx.now, &cx.rules.calendar);
    let milestone = loss.milestone;
    let moved = loss.instead_of.map(|off| format!("（{} 休息，顺延）", day(off))).unwrap_or_default();
    format!(
        "影响 P{} {}：{} → {}{moved}，确认后改期",
        milestone.number,
        milestone.title,
        day(milestone.day),
        day(loss.to)
    )
}

/// One line of a list.
pub fn listed(risk: &Risk, now: Timestamp, calendar: &crate::calendar::Calendar) -> String {
    let internal = if risk.internal { " · 内部" } else { "" };
    let plan = if risk.plan.is_none() { " · 缺方案" } else { "" };
    let due = match &risk.due {
        Some(due) => format!(" · {} 前了结", typed::echo(due.due, now, calendar)),
        None => String::new(),
    };
    format!("{} · {} · {}{plan}{due}{internal}", name(risk), risk.level.name(), risk.state())
}

/// Everything about one risk.
pub fn shown(risk: &Risk, dossier: &Dossier, cx: &Context) -> Message {
    let calendar = &cx.rules.calendar;
    let internal = if risk.internal { " · 内部" } else { "" };
    let who = risk.call(dossier).people;
    let who: Vec<&str> = who.iter().map(|person| person.name.as_str()).collect();
    let mut message =
        Message::text(format!("{} · {} · {}{internal}", name(risk), weight(risk, cx.rules), risk.state()))
            .line(format!(
                "{} 于 {} 提出 · 负责 {}",
                risk.by.name,
                typed::echo(risk.at, cx.now, calendar),
                who.join("、")
            ));
    if let Some(words) = verbatim(&risk.said, &risk.title, &super::OBJECT) {
        message = message.line(words);
    }
    if let Some(consequence) = &risk.consequence {
        message = message.line(format!("后果：{consequence}"));
    }
    message = match &risk.plan {
        Some(plan) => message.line(format!("方案：{plan}")),
        None => message.line(format!("还没有方案：/K{} 方案 …", risk.number)),
    };
    if let Some(due) = &risk.due {
        message = message.line(format!("{} 前了结", typed::echo(due.due, cx.now, calendar)));
    }
    if let Some(early) = risk.early_in_words(dossier, cx.now, calendar).filter(|_| cx.sees_internal(dossier))
    {
        message = message.line(early);
    }
    match risk.state {
        State::Closed { at } => message.line(format!("{} 关闭", typed::echo(at, cx.now, calendar))),
        State::Occurred { at } => message.line(format!("{} 发生", typed::echo(at, cx.now, calendar))),
        State::Open | State::Mitigating => message,
    }
}
