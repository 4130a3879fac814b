//! Every sentence of a customer's file.

use super::{DialogueOwed, Fact, File, PlanItem, Stage, plan::State};
use crate::{
    calendar::{Quarter, typed},
    chat::{Line, Message, Tone},
    dossier::{Call, Cell, Context, Dossier, Kind, Waking},
    features::listing,
};

/// How many facts of each sort are shown, newest first.
const SHOWN: usize = 3;

fn day(fact: &Fact, cx: &Context) -> String {
    typed::echo_date(cx.rules.calendar.date(fact.at), cx.now, &cx.rules.calendar)
}

fn told(fact: &Fact, cx: &Context) -> String {
    format!("{} {}", day(fact, cx), fact.said.replace('\n', " "))
}

/// The reminder of a quarter's dialogue.
pub fn dialogue_owed(file: &File, owed: &DialogueOwed, cx: &Waking) -> Message {
    let until = typed::echo_date(cx.rules.calendar.date(owed.due), cx.now, &cx.rules.calendar);
    Message::text(format!("本季度还没有和「{}」高层的战略对话，请在 {until} 前安排", file.customer))
        .line("谈过了就记：/客户 对话 昨天和王总谈了明年规划")
        .tone(Tone::Warning)
}

/// A dialogue was told.
pub fn dialogue(file: &File, fact: &Fact, quarter: Quarter, cx: &Context) -> Message {
    let count = 1 + file
        .dialogues
        .iter()
        .filter(|held| Quarter::of(cx.rules.calendar.date(held.at)) == quarter)
        .count();
    let nth = if count > 1 { format!("第 {count} 次") } else { String::new() };
    Message::text(format!("{} {}{nth}战略对话已记", file.customer, quarter.words()))
        .line(told(fact, cx))
        .tone(Tone::Good)
}

/// The customer came to another stage.
pub fn moved(customer: &str, before: Stage, stage: Stage, evidence: &Fact, cx: &Context) -> Message {
    Message::text(format!("客户「{customer}」：{} → {}", before.name(), stage.name()))
        .line(format!("依据：{}", told(evidence, cx)))
}

/// A repeat purchase was told.
pub fn bought(file: &File, cx: &Context) -> Message {
    let mut message =
        Message::text(format!("{} 第 {} 次复购已记", file.customer, file.purchases.len())).tone(Tone::Good);
    if let Some(fact) = file.purchases.last() {
        message = message.line(told(fact, cx));
        if file.stage() < Stage::Returning {
            let day = cx.rules.calendar.date(fact.at);
            let line = format!("/客户 阶段 复购 {day} {}", fact.said.lines().next().unwrap_or_default());
            message = message.button("阶段改为复购", line);
        }
    }
    message
}

/// A referral was told.
pub fn referred(file: &File, cx: &Context) -> Message {
    let message = Message::text(format!("{} 第 {} 次推荐已记", file.customer, file.referrals.len()));
    file.referrals.last().map(|fact| told(fact, cx)).into_iter().fold(message, Message::line)
}

/// Something of its strategy was told.
pub fn strategy(customer: &str, fact: &Fact, cx: &Context) -> Message {
    Message::text(format!("{customer} 战略动向已记")).line(told(fact, cx))
}

fn item_line(item: &PlanItem, call: &Call, cx: &Context) -> String {
    let who = item.owner.as_ref().or(call.people.first()).map(|person| format!(" · 负责 {}", person.name));
    let state = match &item.state {
        State::Open if item.due < cx.now => " · 逾期".to_owned(),
        State::Open => String::new(),
        State::Done { result: Some(result), .. } => format!(" · 已完成：{result}"),
        State::Done { .. } | State::Cancelled { .. } => format!(" · {}", Kind::state(item)),
    };
    let due = typed::echo_date(cx.rules.calendar.date(item.due), cx.now, &cx.rules.calendar);
    format!("J{} {} · {due}{}{state}", item.number, item.title, who.unwrap_or_default())
}

/// The whole plan: what is to be done by date, then what is done.
pub fn plan(file: &File, dossier: &Dossier, cx: &Context) -> Message {
    let mut items: Vec<&PlanItem> = dossier.all::<PlanItem>().collect();
    items.sort_by_key(|item| (!item.is_open(), item.due));
    let lines = items.into_iter().map(|item| item_line(item, &item.call(dossier), cx)).collect();
    let empty = Message::text(format!(
        "{} 还没有计划。加一项：/客户 计划 交流信创方案 12月20日 @某人",
        file.customer
    ));
    listing(&format!("{} 的计划", file.customer), lines, empty)
}

/// An item was planned.
pub fn planned(customer: &str, item: &PlanItem, call: &Call, cx: &Context) -> Message {
    let due = typed::echo(item.due, cx.now, &cx.rules.calendar);
    let first = call.people.first();
    let line = match first {
        Some(owner) if owner.id != cx.actor.id => Line::text("负责 ").people([owner]),
        Some(owner) => Line::text(format!("负责 {} ", owner.name)),
        None => Line::text("负责人未定 "),
    };
    Message::text(format!("J{} {} · 客户 {customer} 的计划", item.number, item.title))
        .line(line.then(format!("· {due} 前完成")))
        .button("完成", format!("/J{} 完成", item.number))
}

/// One item.
pub fn plan_item(item: &PlanItem, call: &Call, cx: &Context) -> Message {
    let message = Message::text(item_line(item, call, cx));
    if item.is_open() { message.button("完成", format!("/J{} 完成", item.number)) } else { message }
}

/// It is due soon.
pub fn plan_upcoming(item: &PlanItem, cx: &Waking) -> Message {
    let due = typed::echo(item.due, cx.now, &cx.rules.calendar);
    Message::text(format!("客户计划 J{} {}，{due} 到期", item.number, item.title))
        .button("完成", format!("/J{} 完成", item.number))
}

/// Its date has passed.
pub fn plan_overdue(item: &PlanItem, cx: &Waking) -> Message {
    let late = typed::echo_span(cx.now.duration_since(item.due));
    Message::text(format!("客户计划 J{} {} 已逾期 {late}", item.number, item.title))
        .line(format!("改日期：/J{} 延期 周五 原因", item.number))
        .button("完成", format!("/J{} 完成", item.number))
        .tone(Tone::Warning)
}

/// It is done.
pub fn plan_done(item: &PlanItem) -> Message {
    Message::text(format!("J{} {} 已完成", item.number, item.title)).tone(Tone::Good)
}

/// It is not to be done.
pub fn plan_cancelled(item: &PlanItem) -> Message {
    Message::text(format!("J{} {} 已取消", item.number, item.title))
}

/// It has another date.
pub fn plan_postponed(item: &PlanItem, before: jiff::Timestamp, why: Option<&str>, cx: &Context) -> Message {
    let day = |at| typed::echo(at, cx.now, &cx.rules.calendar);
    let message =
        Message::text(format!("J{} {}：{} → {}", item.number, item.title, day(before), day(item.due)));
    why.map(|why| format!("原因：{why}")).into_iter().fold(message, Message::line)
}

/// What a customer's file says, a line each; its first line is the caller's.
pub fn shown(file: &File, dossier: &Dossier, cx: &Context) -> Vec<String> {
    let mut lines = Vec::new();
    let evidence = file.stages.last().map(|reached| format!("（{}）", told(&reached.evidence, cx)));
    lines.push(format!("阶段 {}{}", file.stage().name(), evidence.unwrap_or_default()));
    let calendar = &cx.rules.calendar;
    let quarter = Quarter::of(calendar.date(cx.now));
    let held = file.dialogues.iter().rfind(|fact| Quarter::of(calendar.date(fact.at)) == quarter);
    let mut dialogue = match held {
        Some(fact) => format!("本季度战略对话 {}", told(fact, cx)),
        None => "本季度还没有战略对话".to_owned(),
    };
    if !file.dialogues_missed.is_empty() {
        let missed: Vec<String> = file.dialogues_missed.iter().map(|quarter| quarter.words()).collect();
        dialogue.push_str(&format!("；缺 {}", missed.join("、")));
    }
    lines.push(dialogue);
    let mut items: Vec<&PlanItem> = dossier.all::<PlanItem>().filter(|item| item.is_open()).collect();
    items.sort_by_key(|item| item.due);
    lines.extend(items.iter().take(SHOWN).map(|item| item_line(item, &item.call(dossier), cx)));
    for (what, facts) in [("复购", &file.purchases), ("推荐", &file.referrals), ("战略", &file.strategy)]
    {
        if let Some(last) = facts.last() {
            let count =
                if facts.len() > 1 { format!("（共 {} 条）", facts.len()) } else { String::new() };
            lines.push(format!("{what} {}{count}", told(last, cx)));
        }
    }
    lines
}

/// A file's row of an export.
pub fn cells(file: &File) -> Vec<(&'static str, Cell)> {
    let all = |facts: &[Fact]| facts.iter().map(|fact| fact.said.as_str()).collect::<Vec<_>>().join("；");
    vec![
        ("客户阶段", file.stage().name().into()),
        ("战略对话", Cell::times(file.dialogues.len())),
        ("缺战略对话", Cell::times(file.dialogues_missed.len())),
        ("复购", all(&file.purchases).into()),
        ("推荐", all(&file.referrals).into()),
        ("客户战略", all(&file.strategy).into()),
    ]
}
