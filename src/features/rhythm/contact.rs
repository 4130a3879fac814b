//! Every sentence of contacts with the customer that are owed (RULES 8).

use jiff::{SignedDuration, Timestamp, civil::Time};

use super::{Fate, Rhythm, Running, Tally, Told, Verdict, contacts, figures};
use crate::{
    calendar::{Calendar, typed},
    chat::{Message, Tone},
    dossier::{CadenceRule, Call, Dossier, MeetingKind, Project, Role, Rules, Waking, ladder::later},
    features::meeting::{self, Meeting},
};

/// A reminder or a miss, and whom it calls: whoever sees to it, of a miss the project manager too. Nobody is
/// reminded of a meeting that is arranged already.
pub(super) fn say(
    rule: &CadenceRule,
    told: &Told,
    dossier: &Dossier,
    cx: &Waking,
) -> Option<(Call, Message)> {
    let project = dossier.project();
    if told.missed > 0 {
        let mut roles = rule.by.clone();
        roles.push(Role::ProjectManager);
        return Some((project.call(&roles), missed(rule, told, dossier, cx)));
    }
    let arranged = |kind: MeetingKind| {
        let ahead = |meeting: &&Meeting| meeting.kind == kind && meeting.is_ahead();
        dossier.all::<Meeting>().filter(ahead).any(|meeting| meeting.ends < told.until)
    };
    if rule.meetings().any(arranged) {
        return None;
    }
    Some((project.call(&rule.by), owed(rule, told, dossier, cx)))
}

/// A meeting was held in the period and only its minutes are missing: then they are what is to be done.
fn unwritten(rule: &CadenceRule, told: &Told, dossier: &Dossier) -> Option<String> {
    let held = |meeting: &&Meeting| {
        let within = meeting.ended_at().is_some_and(|at| told.from <= at && at < told.until);
        within && meeting.owes_minutes() && rule.meetings().any(|kind| kind == meeting.kind)
    };
    let meeting = dossier.all::<Meeting>().filter(|_| rule.minutes).find(held)?;
    let (name, number) = (meeting::name(meeting), meeting.number);
    Some(format!("{name} 开过了，交了纪要才算：/纪要 M{number}"))
}

fn owed(rule: &CadenceRule, told: &Told, dossier: &Dossier, cx: &Waking) -> Message {
    let (name, done, wanted) = (&rule.name, told.done, told.wanted);
    let by = deadline(told.until, cx.now, &cx.rules.calendar);
    let text = format!("{name} {done}/{wanted}，{by}还差 {} 次", wanted.saturating_sub(done));
    let todo = unwritten(rule, told, dossier).unwrap_or_else(|| what_to_do(rule, dossier.project()));
    Message::text(text).line(todo).tone(Tone::Warning)
}

fn missed(rule: &CadenceRule, told: &Told, dossier: &Dossier, cx: &Waking) -> Message {
    let project = dossier.project();
    let calendar = &cx.rules.calendar;
    let in_a_row = match told.missed {
        1 => "记为缺一期".to_owned(),
        times => format!("已连续缺 {times} 期"),
    };
    let range = range(told.from, told.until, calendar);
    let text = format!("{} {range} {}/{}，{in_a_row}", rule.name, told.done, told.wanted);
    let message = Message::text(text).tone(Tone::Alarm);
    if let Some(todo) = unwritten(rule, told, dossier) {
        return message.line(todo);
    }
    let until = calendar.add(told.until, cx.rules.touch.late_within);
    // Heard after a long pause, there is nothing to make good any more.
    if !rule.counts_touches() || calendar.after_quiet(cx.now) >= until {
        return message.line(what_to_do(rule, project));
    }
    let until = deadline(until, cx.now, calendar);
    let day = calendar.previous_working_day(calendar.date(told.until)).max(calendar.date(told.from));
    let line = line(rule, &format!("{}电话", day.strftime("%-m月%-d日")), project);
    message.line(format!("当时沟通过、没有记的，{until}可补：{line}"))
}

/// What counts, and the line to send back.
fn what_to_do(rule: &CadenceRule, project: &Project) -> String {
    let ask = if rule.ask.is_empty() { String::new() } else { format!("（{}）", rule.ask) };
    let with: Vec<String> = rule.with.iter().map(|role| partner(*role, project)).collect();
    let with = with.join("、");
    if rule.counts_touches() {
        let with = if with.is_empty() { String::new() } else { format!("和{with}") };
        return format!("{with}沟通{ask}后发：{}", line(rule, "电话", project));
    }
    let kinds: Vec<&str> = rule.meetings().map(MeetingKind::name).collect();
    let counts = if kinds.len() > 1 { format!("{}都算", kinds.join("、")) } else { String::new() };
    let with = if with.is_empty() { String::new() } else { format!("请{with}参加{ask}") };
    let told: Vec<String> = [counts, with].into_iter().filter(|part| !part.is_empty()).collect();
    let told = if told.is_empty() { String::new() } else { format!("{}。", told.join("，")) };
    format!("{told}约：/会议 {} 今天16点-17点", kinds.first().copied().unwrap_or_default())
}

/// `客户对接人 刘总`.
fn partner(role: Role, project: &Project) -> String {
    let names: Vec<&str> = project.holders(role).iter().map(|person| person.name.as_str()).collect();
    if names.is_empty() { role.name().to_owned() } else { format!("{} {} ", role.name(), names.join("、")) }
}

/// The line that records such a contact.
fn line(rule: &CadenceRule, how: &str, project: &Project) -> String {
    let figures = if rule.figures { " 未解决:… 已修复:… 新增:…" } else { "" };
    let whom = rule.with.iter().flat_map(|role| project.holders(*role)).next();
    let whom = whom.map(|person| format!(" @{}", person.name)).unwrap_or_default();
    format!("/沟通 {how}{figures} 价值:…{whom}")
}

fn last_moment(until: Timestamp) -> Timestamp {
    later(until, SignedDuration::from_nanos(-1))
}

fn is_midnight(at: Timestamp, calendar: &Calendar) -> bool {
    calendar.local(at).time() == Time::midnight()
}

/// `到 11月29日 周日为止`, or `12月11日 周五 10:00 前`.
fn deadline(until: Timestamp, now: Timestamp, calendar: &Calendar) -> String {
    if is_midnight(until, calendar) {
        let day = typed::echo_date(calendar.date(last_moment(until)), now, calendar);
        return format!("到 {day} 为止");
    }
    format!("{} 前", typed::echo(until, now, calendar))
}

/// `11月23日—11月29日`, or with hours where it does not end at midnight.
pub(super) fn range(from: Timestamp, until: Timestamp, calendar: &Calendar) -> String {
    let told = |at: Timestamp, format: &str| calendar.local(at).strftime(format).to_string();
    if is_midnight(until, calendar) {
        let (first, last) = (told(from, "%-m月%-d日"), told(last_moment(until), "%-m月%-d日"));
        return if first == last { first } else { format!("{first}—{last}") };
    }
    format!("{}—{}", told(from, "%-m月%-d日 %H:%M"), told(until, "%-m月%-d日 %H:%M"))
}

/// `计入：开发期沟通 1/2（到 11月29日 周日 为止）`.
pub fn tally(tally: &Tally, now: Timestamp, calendar: &Calendar) -> String {
    let Tally { beat, done, wanted, .. } = tally;
    let by = deadline(tally.until, now, calendar);
    match (tally.over, tally.next) {
        (Some(Fate::NotCounted), _) => {
            format!("记入 {beat} {}，那一期不计达成", range(tally.from, tally.until, calendar))
        }
        (Some(fate), _) => {
            let fate = if fate == Fate::Kept { "补上，这一期算达成" } else { "仍缺" };
            format!("补计：{beat} {} {done}/{wanted}，{fate}", range(tally.from, tally.until, calendar))
        }
        (None, Some(next)) if *wanted > 0 => {
            format!("计入：{beat} {done}/{wanted}，下一次 {}", deadline(next, now, calendar))
        }
        (None, Some(next)) => format!("计入：{beat}，下一次 {}", deadline(next, now, calendar)),
        (None, None) if *wanted > 0 => format!("计入：{beat} {done}/{wanted}（{by}）"),
        (None, None) => {
            let from = typed::echo_date(calendar.date(tally.until), now, calendar);
            format!("记下：{beat} 第 {done} 次，{from} 起才作要求")
        }
    }
}

/// How one running period stands.
fn running(name: &str, running: &Running, now: Timestamp, calendar: &Calendar) -> String {
    let Running { done, wanted, clock, .. } = running;
    let by = deadline(clock.due, now, calendar);
    match wanted {
        0 => format!("{name} {} 起计", typed::echo_date(calendar.date(clock.due), now, calendar)),
        _ => format!("{name} {done}/{wanted}（{by}）"),
    }
}

/// How the running periods stand, a piece each.
pub fn standing(dossier: &Dossier, now: Timestamp, rules: &Rules) -> Vec<String> {
    let Some(rhythm) = Rhythm::of(dossier) else { return Vec::new() };
    contacts(rules)
        .filter_map(|beat| Some((beat.name, rhythm.running.get(beat.name)?)))
        .map(|(name, period)| running(name, period, now, &rules.calendar))
        .collect()
}

/// How the project keeps its contacts: what is running, and all that is over.
pub fn told(dossier: &Dossier, now: Timestamp, rules: &Rules) -> Vec<String> {
    let running = standing(dossier, now, rules);
    let lines = figures::kept_between(dossier, Timestamp::MIN, Timestamp::MAX, rules);
    let running = (!running.is_empty()).then(|| format!("沟通节奏：{}", running.join("；")));
    let kept = (!lines.is_empty()).then(|| {
        format!(
            "累计达成 {}：{}",
            figures::kept(&lines).words(),
            figures::kept_lines(&lines, rules).join("；")
        )
    });
    running.into_iter().chain(kept).collect()
}

/// `开发期沟通 11月16日—11月22日 1/2`.
pub(super) fn gap(verdict: &Verdict, calendar: &Calendar) -> String {
    format!("{} {}/{}", range(verdict.from, verdict.until, calendar), verdict.done, verdict.wanted)
}
