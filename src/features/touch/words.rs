//! Every sentence of touches.

use super::{Bugs, Touch};
use crate::{
    calendar::{Span, typed},
    chat::{Message, Tone},
    dossier::{CadenceRule, Context, Dossier, Rules},
    features::{
        listing,
        rhythm::{self, Rhythm, Tally},
    },
};

/// What it was, in a few words.
pub(super) fn title(touch: &Touch) -> String {
    match (touch.text.as_str(), &touch.mode) {
        ("", Some(mode)) => mode.clone(),
        ("", None) => "沟通".into(),
        (text, _) => text.to_owned(),
    }
}

/// `U1 电话 · 王总 · 11月23日 周一`: the way where the title does not tell it.
fn headline(touch: &Touch, cx: &Context) -> String {
    let calendar = &cx.rules.calendar;
    let title = title(touch);
    let mode = touch.mode.clone().filter(|mode| !title.contains(mode.as_str()));
    let names = touch.people.iter().map(|person| person.name.as_str());
    let names: Vec<&str> = names.chain(touch.guests.iter().map(String::as_str)).collect();
    let names = Some(names.join("、")).filter(|names| !names.is_empty());
    let day = typed::echo_date(calendar.date(touch.at), cx.now, calendar);
    let internal = touch.internal.then(|| "内部".to_owned());
    let parts = [mode, names, Some(day), internal].into_iter().flatten();
    parts.fold(format!("U{} {title}", touch.number), |line, part| format!("{line} · {part}"))
}

fn bugs(bugs: Bugs) -> Option<String> {
    let told = [("未解决", bugs.open), ("已修复", bugs.fixed), ("新增", bugs.new)];
    let told: Vec<String> =
        told.into_iter().filter_map(|(name, number)| Some(format!("{name} {}", number?))).collect();
    (!told.is_empty()).then(|| format!("缺陷：{}", told.join(" · ")))
}

/// What a customer may read of it, too.
fn plain(touch: &Touch, cx: &Context) -> Message {
    let message = Message::text(headline(touch, cx));
    let value = touch.value.as_ref().map(|value| format!("价值：{value}"));
    [value, bugs(touch.bugs)].into_iter().flatten().fold(message, Message::line)
}

/// What it still has to tell; `None` for one that is complete.
pub(super) fn asked(touch: &Touch, waiting: &[&CadenceRule]) -> Option<Message> {
    let number = touch.number;
    let figures = waiting.iter().any(|rule| rule.figures);
    let missing = if figures { touch.bugs.missing() } else { Vec::new() };
    if touch.value.is_some() && missing.is_empty() {
        return None;
    }
    let mut keys: Vec<String> = missing.iter().map(|name| format!("{name}:…")).collect();
    let mut message = Message::default();
    if touch.value.is_none() {
        message = message.line("这次沟通给客户带来了什么价值？");
        keys.push("价值:…".into());
    }
    if !missing.is_empty() {
        message = message.line(format!("请写缺陷的个数：{}", missing.join("、")));
    }
    let names: Vec<&str> = waiting.iter().map(|rule| rule.name.as_str()).collect();
    let counts =
        if names.is_empty() { String::new() } else { format!("，补上才计入 {}", names.join("、")) };
    Some(message.line(format!("直接回复本消息，或发：/U{number} {}{counts}", keys.join(" "))))
}

/// The question where the touch itself is not in sight.
pub(super) fn about(touch: &Touch, asked: Message) -> Message {
    let message = Message::text(format!("U{} {}", touch.number, title(touch)));
    asked.lines.into_iter().fold(message, Message::line).tone(Tone::Warning)
}

/// A touch as it was taken down, for the team: what it counts for, and what it still has to tell.
pub(super) fn recorded(
    touch: &Touch,
    tallies: &[Tally],
    waiting: &[&CadenceRule],
    dossier: &Dossier,
    cx: &Context,
) -> Message {
    let calendar = &cx.rules.calendar;
    let message = plain(touch, cx);
    let message =
        tallies.iter().fold(message, |message, tally| message.line(rhythm::tally(tally, cx.now, calendar)));
    if let Some(asked) = asked(touch, waiting) {
        return asked.lines.into_iter().fold(message, Message::line).tone(Tone::Warning);
    }
    if !tallies.is_empty() || !touch.counted.is_empty() {
        return message;
    }
    match why_not_counted(touch, dossier, cx) {
        Some(why) => message.line(why),
        None => message,
    }
}

/// Why a complete touch counts for none of the contacts that it could have counted for.
fn why_not_counted(touch: &Touch, dossier: &Dossier, cx: &Context) -> Option<String> {
    if lies_in_a_verdict(touch, dossier, cx.rules) {
        let late = span(cx.rules.touch.late_within);
        return Some(format!("这一期已过 {late} 的补记期，达成情况不再改"));
    }
    let running = &Rhythm::of(dossier)?.running;
    let began = |rule: &CadenceRule| running.get(&rule.name).map(|running| running.from);
    let rules = cx.rules.cadence.iter().filter(|rule| rule.counts_touches());
    let (rule, from) =
        rules.filter_map(|rule| Some((rule, began(rule)?))).find(|(_, from)| touch.at < *from)?;
    let from = typed::echo(from, cx.now, &cx.rules.calendar);
    Some(format!("{} 从 {from} 起计，这次在那之前，没有计入", rule.name))
}

fn span(span: Span) -> String {
    match span {
        Span::Elapsed(time) => typed::echo_span(time),
        Span::WorkingDays(days) => format!("{days} 个工作日"),
    }
}

/// Whether it happened in a period of a contact that it could have counted for.
fn lies_in_a_verdict(touch: &Touch, dossier: &Dossier, rules: &Rules) -> bool {
    let counts = |name: &str| rules.cadence.iter().any(|rule| rule.name == name && rule.counts_touches());
    rhythm::verdicts(dossier).any(|one| one.from <= touch.at && touch.at < one.until && counts(&one.beat))
}

/// A touch as the customer's room reads it.
pub(super) fn recorded_outside(touch: &Touch, cx: &Context) -> Message {
    plain(touch, cx)
}

/// One line of a list.
fn listed(touch: &Touch, internal: bool, cx: &Context) -> String {
    match &touch.value {
        Some(value) => format!("{} · {value}", headline(touch, cx)),
        None if internal => format!("{} · 缺价值", headline(touch, cx)),
        None => headline(touch, cx),
    }
}

/// The touches, newest first; for the team with how the phase's contacts stand.
pub(super) fn list(touches: &[&Touch], dossier: &Dossier, cx: &Context) -> Message {
    let empty = Message::text("还没有记沟通。记一次：/沟通 电话，确认了退款方案 价值:… @某人");
    let internal = cx.sees_internal(dossier);
    let lines = touches.iter().map(|touch| listed(touch, internal, cx));
    let message = listing("沟通", lines.collect(), empty);
    if !internal {
        return message;
    }
    rhythm::told(dossier, cx.now, cx.rules).into_iter().fold(message, Message::line)
}

/// Everything about one touch.
pub(super) fn shown(touch: &Touch, dossier: &Dossier, cx: &Context) -> Message {
    let calendar = &cx.rules.calendar;
    let message = plain(touch, cx);
    if !cx.sees_internal(dossier) {
        return message;
    }
    let told = typed::echo(touch.told_at, cx.now, calendar);
    let mut message = message.line(format!("{} 于 {told} 记", touch.by.name));
    if !touch.counted.is_empty() {
        message = message.line(format!("已计入：{}", touch.counted.join("、")));
    }
    let waiting = touch.waiting(dossier, cx.rules);
    match asked(touch, &waiting) {
        Some(asked) => asked.lines.into_iter().fold(message, Message::line),
        None => message,
    }
}
