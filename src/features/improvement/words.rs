//! Every sentence of improvements.

use jiff::Timestamp;

use super::{Improvement, Source, State};
use crate::{
    calendar::typed,
    chat::{Line, Message, Person, Tone},
    dossier::{Context, Kind, Refusal, Rules, Waking},
    features::review::Review,
};

/// `I1 评审会后一天内发纪要`.
fn name(improvement: &Improvement) -> String {
    let first = improvement.title.lines().next().unwrap_or_default();
    format!("I{} {first}", improvement.number)
}

pub fn department_title(cause: &str) -> String {
    format!("部门改进：{cause}")
}

/// How the next survey will decide.
fn decided_how(indicator: &str, rules: &Rules) -> String {
    let rules = &rules.improvement;
    format!(
        "下一次满意度看「{indicator}」：到 {:.1} 或升 {:.1} 算有效",
        rules.effective_from, rules.effective_up
    )
}

/// The answer to a new one, with which its review may be settled.
pub fn added(improvement: &Improvement, review: &Review, settled: bool, cx: &Context) -> Message {
    let due = typed::echo(improvement.due, cx.now, &cx.rules.calendar);
    let owner = &improvement.owner;
    let promise = match owner.id == cx.actor.id {
        true => Line::text(format!("负责 {} ", owner.name)),
        false => Line::text("负责 ").people([owner]),
    };
    let mut message = Message::text(name(improvement)).line(promise.then(format!("· {due} 前完成")));
    if let Some(measure) = &improvement.measure {
        message = message.line(format!("衡量：{measure}"));
    }
    if let Some(rule) = &improvement.rule {
        message = message.line(format!("规则：{} → {}", rule.from, rule.to));
    }
    message = message.line(decided_how(review.indicator.name(), cx.rules));
    let number = review.number;
    if settled {
        message = message.line(format!("W{number} 复盘完成"));
    } else if review.root.is_none() {
        message = message.line(format!("W{number} 还没有根因：/W{number} 根因 … 类别:…"));
    }
    message.button("完成", format!("/I{} 完成", improvement.number))
}

/// `I1 … 有效：沟通效率 3.0 → 3.5（↑0.5）`; of one that nobody decided on yet, nothing.
pub fn verdict(improvement: &Improvement) -> String {
    let (Some(verdict), Source::Review { indicator, average: before, .. }) =
        (&improvement.verdict, &improvement.source)
    else {
        return name(improvement);
    };
    let undone = if improvement.state == State::Open { "，没有做完" } else { "" };
    format!(
        "{} {}：{} {} → {}（{}{undone}）",
        name(improvement),
        improvement.state(),
        indicator.name(),
        before.words(),
        verdict.average.words(),
        verdict.average.change_words(*before)
    )
}

/// One line of a list.
pub fn listed(improvement: &Improvement, cx: &Context) -> String {
    if improvement.verdict.is_some() {
        return verdict(improvement);
    }
    let state = improvement.state();
    let due = match improvement.state {
        State::Open => format!(" · {} 前", typed::echo(improvement.due, cx.now, &cx.rules.calendar)),
        State::Done { .. } => String::new(),
    };
    let late = if improvement.is_open() && improvement.due < cx.now { " · 已逾期" } else { "" };
    format!("{} · {} · {state}{due}{late}", name(improvement), improvement.owner.name)
}

/// Everything.
pub fn shown(improvement: &Improvement, cx: &Context) -> Message {
    let at = |moment| typed::echo(moment, cx.now, &cx.rules.calendar);
    let mut message = Message::text(listed(improvement, cx));
    for more in improvement.title.lines().skip(1) {
        message = message.line(more);
    }
    message = message.line(match &improvement.source {
        Source::Review { number, indicator, average, .. } => {
            format!("来自 W{number} {}（{}）", indicator.name(), average.words())
        }
        Source::Department { cause } => format!("部门改进项，根因「{cause}」"),
    });
    let (by, when) = (&improvement.by.name, at(improvement.created_at));
    message = message.line(format!("负责 {} · {by} 于 {when} 记下", improvement.owner.name));
    if let Some(measure) = &improvement.measure {
        message = message.line(format!("衡量：{measure}"));
    }
    if let Some(rule) = &improvement.rule {
        message = message.line(format!("规则：{} → {}", rule.from, rule.to));
    }
    match (&improvement.state, &improvement.source) {
        (State::Done { by, at: when }, _) => {
            message = message.line(format!("{} 由 {} 完成", at(*when), by.name))
        }
        (State::Open, _) if improvement.is_open() => {
            message = message.button("完成", format!("/I{} 完成", improvement.number));
        }
        (State::Open, _) => {}
    }
    match &improvement.source {
        Source::Review { indicator, .. } if improvement.verdict.is_none() => {
            message.line(decided_how(indicator.name(), cx.rules))
        }
        Source::Review { .. } | Source::Department { .. } => message,
    }
}

/// It is done.
pub fn completed(improvement: &Improvement, cx: &Context) -> Message {
    let mut message = Message::text(format!("{} 已完成", name(improvement))).tone(Tone::Good);
    if improvement.due < cx.now {
        message =
            message.line(format!("比截止晚 {}", typed::echo_span(cx.now.duration_since(improvement.due))));
    }
    match &improvement.source {
        Source::Review { indicator, .. } => message.line(decided_how(indicator.name(), cx.rules)),
        Source::Department { .. } => message,
    }
}

/// Another date.
pub fn postponed(improvement: &Improvement, from: Timestamp, why: &str, cx: &Context) -> Message {
    let at = |moment| typed::echo(moment, cx.now, &cx.rules.calendar);
    Message::text(format!("{} 改到 {}（原 {}）", name(improvement), at(improvement.due), at(from)))
        .line(format!("原因：{why}"))
}

pub fn upcoming(improvement: &Improvement, cx: &Waking) -> Message {
    let calendar = &cx.rules.calendar;
    let at = typed::echo(improvement.due, cx.now, calendar);
    let today = calendar.date(improvement.due) == calendar.date(cx.now);
    let when = if today { format!("今天到期：{at}") } else { format!("{at} 到期") };
    ways_out(Message::text(format!("{} {when}", name(improvement))).tone(Tone::Warning), improvement)
}

pub fn overdue(improvement: &Improvement, cx: &Waking) -> Message {
    let late = typed::echo_span(cx.now.duration_since(improvement.due));
    ways_out(Message::text(format!("{} 已逾期 {late}", name(improvement))).tone(Tone::Alarm), improvement)
}

fn ways_out(message: Message, improvement: &Improvement) -> Message {
    let number = improvement.number;
    message
        .line(format!("做不完请说：/改进 I{number} 延期 周五 原因"))
        .button("完成", format!("/I{number} 完成"))
}

pub fn ours() -> Refusal {
    Refusal::new("改进由项目组来定，请在项目群或私聊里发")
}

pub fn which_review() -> Refusal {
    Refusal::new("是哪个复盘的改进？没有记录。例如：/改进 W1 做什么 @负责人 截止:下周五 衡量:…")
}

pub fn no_review(number: u32) -> Refusal {
    Refusal::new(format!("没有 W{number}，没有记录。看编号：/复盘 列表"))
}

pub fn carried(number: u32, on: u32) -> Refusal {
    Refusal::new(format!("W{number} 已并入 W{on}，没有记录。请写：/改进 W{on} …"))
}

pub fn title_missing(number: u32) -> Refusal {
    Refusal::new(format!(
        "做什么改进？没有记录。例如：/改进 W{number} 评审会后一天内发纪要 @李工 截止:下周五"
    ))
}

pub fn lacks(review: u32, title: &str, owner: Option<&Person>, has_due: bool) -> Refusal {
    let (lacks, line) = match (owner, has_due) {
        (None, true) => ("负责人", format!("{title} 负责:@某人 截止:…")),
        (Some(owner), _) => ("截止时间", format!("{title} @{} 截止:下周五", owner.name)),
        (None, false) => ("负责人和截止时间", format!("{title} 负责:@某人 截止:下周五")),
    };
    Refusal::new(format!("改进要有{lacks}，没有记录。例如：/改进 W{review} {line}"))
}

pub fn owner_is_theirs(owner: &Person) -> Refusal {
    Refusal::new(format!("{} 是客户的人，改进要由我们的人负责，没有记录", owner.name))
}

pub fn rule_unread(text: &str) -> Refusal {
    Refusal::new(format!("看不懂规则「{text}」，没有记录。写成 规则:旧值→新值，例如：规则:评审可选→评审必开"))
}

pub fn unknown(number: u32) -> Refusal {
    Refusal::new(format!("没有 I{number}。看编号：/改进 列表"))
}

pub fn over(improvement: &Improvement) -> Refusal {
    Refusal::new(format!("{} 已是「{}」，没有改", name(improvement), improvement.state()))
}

pub fn postpone_how(number: u32) -> Refusal {
    Refusal::new(format!("延到什么时候、为什么？例如：/改进 I{number} 延期 12月31日 等采购到货"))
}

pub fn not_understood(number: u32, said: &str) -> Refusal {
    Refusal::new(format!(
        "看不懂「{said}」，没有记录。可以发：/改进 I{number} 完成，或 /改进 I{number} 延期 周五 原因"
    ))
}
