//! Every sentence of milestones.

use jiff::{Timestamp, civil::Date};

use super::{
    Milestone, State,
    plan::{Move, What},
};
use crate::{
    calendar::{Calendar, typed},
    chat::{Line, Message, Person, Tone, short},
    dossier::{Context, Dossier, Kind, Project, Rules, Waking},
    features::{delay::Cause, proof::Proof},
};

/// `P2 联调完成`.
pub fn name(milestone: &Milestone) -> String {
    format!("P{} {}", milestone.number, short(&milestone.title))
}

fn date(day: Date, now: Timestamp, rules: &Rules) -> String {
    typed::echo_date(day, now, &rules.calendar)
}

/// How far away its day is.
fn left(milestone: &Milestone, now: Timestamp, rules: &Rules) -> String {
    match milestone.days_late(now, rules) {
        0 => "今天到期".to_owned(),
        days if days < 0 => format!("还有 {} 天", -days),
        days => format!("已逾期 {days} 天"),
    }
}

/// The line that reaches it.
fn done_line(milestone: &Milestone) -> String {
    let proof = if milestone.face_to_face { " 面对面:M…" } else { "" };
    format!("/P{} 完成{proof}", milestone.number)
}

/// The line that puts it off.
pub fn postpone_line(milestone: &Milestone) -> String {
    format!("/P{} 延期 下周五 原因:{}", milestone.number, Cause::ThirdParty.name())
}

/// The message with people mentioned in front.
pub fn calling(mut message: Message, people: &[Person]) -> Message {
    if let Some(first) = message.lines.first_mut() {
        let mut line = Line::default().people(people);
        line.0.append(&mut first.0);
        *first = line;
    }
    message
}

/// What is missing, with the line that fills it in.
fn missing(milestone: &Milestone) -> Option<String> {
    let lacks = milestone.standard.is_none();
    lacks.then(|| format!("缺交付标准，补上：/节点 P{} 标准:…", milestone.number))
}

fn with_done(message: Message, milestone: &Milestone) -> Message {
    if milestone.face_to_face {
        return message.line(format!("须面对面，完成请发：{}", done_line(milestone)));
    }
    message.button("完成", done_line(milestone))
}

/// It lies behind the day on which the project is to be completed.
fn beyond(milestone: &Milestone, project: &Project, cx: &Context) -> Option<String> {
    let completion = project.completion.filter(|completion| *completion < milestone.day)?;
    Some(format!("晚于项目计划完成日 {}", date(completion, cx.now, cx.rules)))
}

/// The answer to a new milestone.
pub fn added(milestone: &Milestone, version: usize, dossier: &Dossier, cx: &Context) -> Message {
    let internal = if milestone.internal { " · 内部" } else { "" };
    let day = date(milestone.day, cx.now, cx.rules);
    let mut message = Message::text(format!("{} · {day}{internal} · 计划 v{version}", name(milestone)));
    if let Some(standard) = &milestone.standard {
        message = message.line(format!("标准：{standard}"));
    }
    let owner = match &milestone.owner {
        Some(owner) if owner.id != cx.actor.id => Line::text("负责 ").people([owner]),
        Some(owner) => Line::text(format!("负责 {} ", owner.name)),
        None => Line::text("负责人未定，提醒找项目经理 "),
    };
    let face = if milestone.face_to_face { "· 须面对面" } else { "" };
    message = message.line(owner.then(face));
    if let Some(beyond) = beyond(milestone, dossier.project(), cx) {
        message = message.line(beyond).tone(Tone::Warning);
    }
    match missing(milestone) {
        Some(missing) => message.line(missing).tone(Tone::Warning),
        None => message,
    }
}

/// `P2 联调完成 延期：12月20日 周日 → 12月25日 周五`.
pub fn moved(moved: &Move, title: &str, now: Timestamp, rules: &Rules) -> String {
    let name = format!("P{} {title}", moved.milestone);
    let day = |day| date(day, now, rules);
    match &moved.what {
        What::Added(on) => format!("{name} 新增：{}", day(*on)),
        What::Dropped(on) => format!("{name} 取消（原 {}）", day(*on)),
        What::Date { from, to } => {
            let way = if to > from { "延期" } else { "提前" };
            format!("{name} {way}：{} → {}", day(*from), day(*to))
        }
        What::Standard { from: None, to } => format!("{name} 标准：{to}"),
        What::Standard { from: Some(from), to } => format!("{name} 标准：{from} → {to}"),
    }
}

/// The answer to a changed milestone: what moved, in which version. Why is the team's alone.
pub fn changed(
    (before, milestone): (&Milestone, &Milestone),
    moves: &[Move],
    version: usize,
    dossier: &Dossier,
    cx: &Context,
) -> Message {
    let mut lines = moves.iter().map(|one| moved(one, &milestone.title, cx.now, cx.rules));
    let mut message = match lines.next() {
        Some(first) => Message::text(format!("{first} · 计划 v{version}")),
        None => Message::text(format!("{} 已修改", name(milestone))),
    };
    message = lines.fold(message, Message::line);
    if let Some(owner) = milestone.owner.as_ref().filter(|owner| before.owner.as_ref() != Some(*owner)) {
        message = message.line(match owner.id == cx.actor.id {
            true => Line::text(format!("负责 {}", owner.name)),
            false => Line::text("负责 ").people([owner]),
        });
    }
    if milestone.face_to_face != before.face_to_face {
        message = message.line(if milestone.face_to_face { "须面对面" } else { "不用面对面" });
    }
    if milestone.internal && !before.internal {
        message = message.line("内部，客户群里看不到");
    }
    if let Some(beyond) = beyond(milestone, dossier.project(), cx) {
        message = message.line(beyond).tone(Tone::Warning);
    }
    message
}

fn facts(milestone: &Milestone, project: &Project, cx: &Context) -> String {
    let who = milestone.call(project).people;
    let who: Vec<&str> = who.iter().map(|person| person.name.as_str()).collect();
    let face = if milestone.face_to_face { " · 须面对面" } else { "" };
    let internal = if milestone.internal { " · 内部" } else { "" };
    format!("{} · 负责 {}{face}{internal}", date(milestone.day, cx.now, cx.rules), who.join("、"))
}

/// How its end compares with its day.
fn ended(milestone: &Milestone, now: Timestamp, rules: &Rules) -> String {
    match milestone.days_late(now, rules) {
        0 => "按期".to_owned(),
        days if days < 0 => format!("提前 {} 天", -days),
        days => format!("晚 {days} 天"),
    }
}

/// It is reached.
pub fn completed(milestone: &Milestone, dossier: &Dossier, internal: bool, cx: &Context) -> Message {
    let ended = if internal || milestone.days_late(cx.now, cx.rules) <= 0 {
        format!(" · {}", ended(milestone, cx.now, cx.rules))
    } else {
        String::new()
    };
    let mut message = Message::text(format!("{} 已完成{ended}", name(milestone))).tone(Tone::Good);
    if let State::Done { proof, note, .. } = &milestone.state {
        message = note.iter().fold(message, |message, note| message.line(note.clone()));
        message = proof.iter().fold(message, |message, proof| message.line(proof.in_words(dossier)));
    }
    message
}

/// It is due soon.
pub fn upcoming(milestone: &Milestone, cx: &Waking) -> Message {
    let day = date(milestone.day, cx.now, cx.rules);
    let mut message =
        Message::text(format!("{} {day} 到期，{}", name(milestone), left(milestone, cx.now, cx.rules)))
            .tone(Tone::Warning);
    message = match (&milestone.standard, missing(milestone)) {
        (Some(standard), _) => message.line(format!("标准：{standard}")),
        (None, missing) => missing.into_iter().fold(message, Message::line),
    };
    with_done(message, milestone)
}

/// Its day passed.
pub fn late(milestone: &Milestone, project: &Project, cx: &Waking) -> Message {
    let day = date(milestone.day, cx.now, cx.rules);
    let late = match milestone.days_late(cx.now, cx.rules) {
        days if days > 0 => format!("，已逾期 {days} 天"),
        _ => String::new(),
    };
    let who = milestone.call(project).people;
    let who: Vec<&str> = who.iter().map(|person| person.name.as_str()).collect();
    let message = Message::text(format!("{} 到期未完成{late}", name(milestone)))
        .line(format!("应在 {day} 完成 · 负责 {}", who.join("、")))
        .line(format!("要延期请写原因：{}", postpone_line(milestone)))
        .tone(Tone::Alarm);
    with_done(message, milestone)
}

/// One line of the plan.
pub fn listed(milestone: &Milestone, internal: bool, project: &Project, cx: &Context) -> String {
    let day = date(milestone.day, cx.now, cx.rules);
    let stands = match &milestone.state {
        State::Done { at, .. } => {
            let when = date(cx.rules.calendar.date(*at), cx.now, cx.rules);
            let late = milestone.days_late(cx.now, cx.rules);
            let late = if internal && late > 0 { format!("，晚 {late} 天") } else { String::new() };
            format!("{when} 已完成{late}")
        }
        State::Cancelled { .. } => "已取消".to_owned(),
        // How late we are is not the customer's to read here.
        State::Open if !internal && milestone.days_late(cx.now, cx.rules) > 0 => "已到期".to_owned(),
        State::Open => left(milestone, cx.now, cx.rules),
    };
    let who = milestone.call(project).people;
    let who = who.first().map(|person| person.name.as_str()).unwrap_or_default();
    let standard = match &milestone.standard {
        Some(standard) => format!("标准：{standard}"),
        None => "缺标准".to_owned(),
    };
    let aside = if milestone.internal { " · 内部" } else { "" };
    format!("{} · {day} · {stands} · {who} · {standard}{aside}", name(milestone))
}

/// Everything about one milestone.
pub fn shown(milestone: &Milestone, dossier: &Dossier, cx: &Context) -> Message {
    let internal = cx.sees_internal(dossier);
    let project = dossier.project();
    let at = |moment| typed::echo(moment, cx.now, &cx.rules.calendar);
    let late = milestone.days_late(cx.now, cx.rules);
    let stands = match &milestone.state {
        State::Open if internal || late <= 0 => format!(" · {}", left(milestone, cx.now, cx.rules)),
        State::Done { .. } if internal || late <= 0 => {
            format!(" · {}", ended(milestone, cx.now, cx.rules))
        }
        _ => String::new(),
    };
    let mut message = Message::text(format!("{} · {}{stands}", name(milestone), milestone.state()))
        .line(facts(milestone, project, cx));
    if let Some(standard) = &milestone.standard {
        message = message.line(format!("标准：{standard}"));
    }
    for delay in &milestone.delays {
        let why = if internal { format!("，{}", delay.reason.in_words()) } else { String::new() };
        message = message.line(format!("原定 {}{why}", date(delay.from, cx.now, cx.rules)));
    }
    message = message.line(format!("{} 于 {} 记下", milestone.by.name, at(milestone.created_at)));
    match &milestone.state {
        State::Open => {
            let message = missing(milestone).into_iter().fold(message, Message::line);
            let theirs = milestone.owner.as_ref().is_some_and(|owner| owner.id == cx.actor.id);
            if internal || theirs { with_done(message, milestone) } else { message }
        }
        State::Done { by, at: when, proof, note } => {
            let mut message = message.line(format!("{} 由 {} 完成", at(*when), by.name));
            message = note.iter().fold(message, |message, note| message.line(note.clone()));
            proof.iter().fold(message, |message, proof| message.line(Proof::in_words(proof, dossier)))
        }
        State::Cancelled { by, at: when, why } => {
            let why = if internal { format!("：{why}") } else { String::new() };
            message.line(format!("{} 由 {} 取消{why}", at(*when), by.name))
        }
    }
}

/// How its reminders came to be.
pub fn why(milestone: &Milestone, now: Timestamp, rules: &Rules) -> Vec<String> {
    let days: Vec<String> = rules.milestone.remind_days.iter().map(u16::to_string).collect();
    vec![
        format!("规则：到期前 {} 天提醒负责人，遇休息日提前到前一个工作日", days.join("、")),
        format!("{} 到期", typed::echo(milestone.clock.due, now, &rules.calendar)),
    ]
}

/// What the customer is not told of it: who hears when it is late, and why it was put off.
pub fn why_internal(milestone: &Milestone, rules: &Rules) -> Vec<String> {
    let mut lines = vec!["到期未完成找项目经理，下一个工作日找客户主管".to_owned()];
    lines.extend(milestone.delays.iter().map(|delay| {
        let at = |day| date(day, delay.at, rules);
        let by = &delay.by.name;
        format!("{} 从 {} 延到 {}，{by}", delay.reason.in_words(), at(delay.from), at(delay.to))
    }));
    lines
}

/// `计划 v3 · 节点 5，完成 2，逾期 1`; what is late is for the team alone.
pub fn summary(
    milestones: &[&Milestone],
    version: usize,
    internal: bool,
    now: Timestamp,
    calendar: &Calendar,
) -> String {
    let done = milestones.iter().filter(|one| matches!(one.state, State::Done { .. })).count();
    let today = calendar.date(now);
    let late = milestones.iter().filter(|one| one.is_open() && one.day < today).count();
    let mut text = format!("计划 v{version} · 节点 {}", milestones.len());
    if done > 0 {
        text.push_str(&format!("，完成 {done}"));
    }
    if internal && late > 0 {
        text.push_str(&format!("，逾期 {late}"));
    }
    text
}
