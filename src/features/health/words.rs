//! What the bot says of the health of a customer relationship.

use jiff::Timestamp;

use super::{HealthReport, Light, Measure, Part, Released, Source, score as arithmetic};
use crate::{
    calendar::{Calendar, Quarter, typed},
    chat::{Chart, Line, Message, Tone},
    dossier::{Context, Dossier, Rules, Waking, rules::HealthRules},
};

/// The whole of an axis of scores.
const FULL: u32 = 100;

/// `健康度报告 2026年四季度`.
pub(super) fn title(report: &HealthReport) -> String {
    format!("健康度报告 {}", report.quarter.words())
}

/// The customer's name.
pub(super) fn customer(file: &Dossier) -> &str {
    file.founded().and_then(|project| project.customer.as_deref()).unwrap_or("客户")
}

/// `72 分 · 黄灯 · 比上次降 8 分`.
pub(super) fn score(report: &HealthReport) -> String {
    let Some(score) = report.score else {
        return "没有评分（本季没有可以计分的记录）".into();
    };
    let light = report.light.map(|light| format!(" · {}", light.name())).unwrap_or_default();
    let change = match report.before {
        Some(before) if before < score => format!(" · 比上次升 {} 分", score - before),
        Some(before) if before > score => format!(" · 比上次降 {} 分", before - score),
        Some(_) => " · 和上次持平".into(),
        None => String::new(),
    };
    format!("{score} 分{light}{change}")
}

/// The scores of the last quarters up to a report's, with its own. The customer's has what was released alone.
pub(super) fn trend(
    report: &HealthReport,
    file: &Dossier,
    customer: bool,
    rules: &HealthRules,
) -> Vec<(String, u32)> {
    let told =
        |other: &&HealthReport| other.quarter < report.quarter && (!customer || other.released.is_some());
    let before = HealthReport::all(file).into_iter().filter(told);
    let point = |report: &HealthReport| Some((report.quarter.to_string(), report.score?));
    let all: Vec<(String, u32)> = before.chain([report]).filter_map(point).collect();
    all[all.len().saturating_sub(rules.trend)..].to_vec()
}

/// `趋势 2026Q3 80 → 2026Q4 72 ↓`; nothing of a single quarter.
pub(super) fn trend_line(trend: &[(String, u32)]) -> Option<String> {
    let [.., (_, before), (_, last)] = trend else { return None };
    let points: Vec<String> = trend.iter().map(|(quarter, score)| format!("{quarter} {score}")).collect();
    let arrow = match last.cmp(before) {
        std::cmp::Ordering::Greater => " ↑",
        std::cmp::Ordering::Less => " ↓",
        std::cmp::Ordering::Equal => "",
    };
    Some(format!("趋势 {}{arrow}", points.join(" → ")))
}

/// The message with its trend: a line, and a chart. Whose it is, the message's headline says.
fn with_trend(mut message: Message, trend: Vec<(String, u32)>, bands: Option<(u32, u32)>) -> Message {
    let Some(line) = trend_line(&trend) else { return message };
    message.chart =
        Some(Box::new(Chart { title: "健康度趋势".to_owned(), most: FULL, points: trend, bands }));
    message.line(line)
}

/// `工单时效 92 分（11/12）· 占 31%`.
fn part(measure: &Measure, report: &HealthReport) -> Option<String> {
    let points = measure.points()?;
    let figures = figures(measure);
    Some(format!("{} {points} 分（{figures}）· 占 {}%", measure.part.name(), percent(measure, report)))
}

/// `11/12`, or the average of a survey.
pub(super) fn figures(measure: &Measure) -> String {
    match measure.average {
        Some(average) => format!("均分 {}.{:02}", average / 100, average % 100),
        None => {
            let (kept, of) = measure.count();
            format!("{kept}/{of}")
        }
    }
}

/// How much of the score a part decides, of those that were measured.
pub(super) fn percent(measure: &Measure, report: &HealthReport) -> u32 {
    let measured = report.parts.iter().filter(|part| part.share.is_some()).map(|part| part.weight);
    arithmetic::percent(measure.weight, measured)
}

/// `没有数据，不计分：满意度、纪要按时`.
pub(super) fn missing(report: &HealthReport) -> Option<String> {
    report.score?;
    let missing = report.parts.iter().filter(|part| part.share.is_none());
    let missing: Vec<&str> = missing.map(|part| part.part.name()).collect();
    (!missing.is_empty()).then(|| format!("没有数据，不计分：{}", missing.join("、")))
}

/// What a report says, in the lines of a chat.
fn body(message: Message, report: &HealthReport, file: &Dossier, rules: &HealthRules) -> Message {
    let bands = (rules.yellow_from, rules.green_from);
    let message = with_trend(message, trend(report, file, false, rules), Some(bands));
    let parts = report.parts.iter().filter_map(|measure| part(measure, report));
    let message = parts.chain(missing(report)).fold(message, Message::line);
    let message = next_steps(report).into_iter().fold(message, Message::line);
    let improvements = report.improvements.iter().map(|improvement| format!("未完成的改进：{improvement}"));
    improvements.fold(message, Message::line)
}

fn next_steps(report: &HealthReport) -> Vec<String> {
    report.next_steps().into_iter().map(|step| format!("下一步 · {step}")).collect()
}

fn headline(report: &HealthReport, file: &Dossier) -> String {
    format!("{} {} 健康度 {}", customer(file), report.quarter.words(), score(report))
}

fn tone(report: &HealthReport, rules: &HealthRules) -> Tone {
    match report.light {
        _ if report.is_alarming(rules) => Tone::Alarm,
        Some(Light::Yellow) => Tone::Warning,
        Some(Light::Green) => Tone::Good,
        Some(Light::Red) | None => Tone::Plain,
    }
}

/// What to do with a report; where it alarms, looking comes before sending.
fn buttons(message: Message, report: &HealthReport, rules: &HealthRules) -> Message {
    if report.score.is_none() {
        return message;
    }
    let look = ("看依据", format!("/健康度 依据 {}", report.quarter));
    let send = report.released.is_none().then(|| ("发送", format!("/健康度 发送 {}", report.quarter)));
    let mut buttons: Vec<(&str, String)> = send.into_iter().chain([look]).collect();
    if report.is_alarming(rules) {
        buttons.reverse();
    }
    buttons.into_iter().fold(message, |message, (label, line)| message.button(label, line))
}

/// Why the customer lead has to look at once.
fn alarm(report: &HealthReport, rules: &HealthRules) -> Option<String> {
    let dropped = report.drop() >= rules.alarm_drop;
    let why = match (report.light == Some(Light::Red), dropped) {
        (true, true) => format!("红灯，且降了 {} 分", report.drop()),
        (true, false) => "红灯".into(),
        (false, true) => format!("降了 {} 分", report.drop()),
        (false, false) => return None,
    };
    Some(format!("{why}：请先看原因，再发给客户"))
}

/// The draft as the team reads it.
pub(super) fn draft(report: &HealthReport, file: &Dossier, now: Timestamp, rules: &Rules) -> Message {
    let message = Message::text(headline(report, file)).tone(tone(report, &rules.health));
    let message = alarm(report, &rules.health).into_iter().fold(message, Message::line);
    let message = body(message, report, file, &rules.health);
    let message = match &report.clock {
        Some(clock) => {
            let due = typed::echo(clock.due, now, &rules.calendar);
            message.line(format!("草稿，请在 {due} 前发给客户"))
        }
        None => message,
    };
    buttons(message, report, &rules.health)
}

/// The draft as the customer lead hears of it alone.
pub(super) fn draft_alone(report: &HealthReport, file: &Dossier, rules: &Rules) -> Message {
    let message = Message::text(headline(report, file)).tone(tone(report, &rules.health));
    let message = alarm(report, &rules.health).into_iter().fold(message, Message::line);
    let message = next_steps(report).into_iter().fold(message, Message::line);
    buttons(message.line("草稿，看过就发给客户"), report, &rules.health)
}

/// The reminder of a draft that waits.
pub(super) fn not_released_yet(report: &HealthReport, file: &Dossier, at: Timestamp, cx: &Waking) -> Message {
    let due = report.clock.as_ref().map_or(at, |clock| clock.due);
    let due = typed::echo(due, cx.now, &cx.rules.calendar);
    let message =
        format!("{} {} 健康度报告还没有发给客户，应在 {due} 前", customer(file), report.quarter.words());
    buttons(Message::text(message).line(score(report)).tone(Tone::Warning), report, &cx.rules.health)
}

/// A report that is kept, shown to the team.
pub(super) fn shown(report: &HealthReport, file: &Dossier, now: Timestamp, rules: &Rules) -> Message {
    let message = body(Message::text(headline(report, file)), report, file, &rules.health);
    let state = match &report.released {
        Some(released) => {
            let at = typed::echo(released.at, now, &rules.calendar);
            format!("{at} 由 {} 发给客户", released.by.name)
        }
        None => "草稿，还没有发给客户".into(),
    };
    buttons(message.line(state), report, &rules.health)
}

/// What the records say of a quarter that has no report.
pub(super) fn estimate(report: &HealthReport, file: &Dossier, now: Timestamp, rules: &Rules) -> Message {
    let day = day(now, &rules.calendar);
    let message = format!("{} {} 健康度预估 {}", customer(file), report.quarter.words(), score(report));
    let message = body(Message::text(message), report, file, &rules.health);
    let message = message.line(format!("按 {day} 的记录算，不是报告"));
    match report.score {
        Some(_) => message.button("看依据", format!("/健康度 依据 {}", report.quarter)),
        None => message,
    }
}

/// One line of the running quarter below a report.
pub(super) fn running(report: &HealthReport) -> String {
    match report.score {
        Some(score) => format!("本季（{}）预估 {score} 分", report.quarter),
        None => format!("本季（{}）还没有可以计分的记录", report.quarter),
    }
}

/// `12月31日`.
fn day(at: Timestamp, calendar: &Calendar) -> String {
    let day = calendar.date(at);
    format!("{}月{}日", day.month(), day.day())
}

/// Every part with the records behind it.
pub(super) fn basis(report: &HealthReport, file: &Dossier) -> Message {
    let title = format!("{} {} 健康度的依据：{}", customer(file), report.quarter.words(), score(report));
    let mut message = Message::text(title);
    for measure in &report.parts {
        let Some(line) = part(measure, report) else {
            message = message.line(format!(
                "{}：没有数据，权重 {} 分给其他项",
                measure.part.name(),
                measure.weight
            ));
            continue;
        };
        message = message.line(format!("{line} · {}", rule(measure.part)));
        message = measure.sources.iter().map(sources).fold(message, Message::line);
    }
    message
}

/// `· 远山支付 解决：按时 T1 T2；没有 T3`.
fn sources(source: &Source) -> Line {
    let project = if source.project.is_empty() { String::new() } else { format!("{} ", source.project) };
    let mut told = Vec::new();
    if !source.kept.is_empty() {
        told.push(format!("计入 {}", list(&source.kept)));
    }
    if !source.missed.is_empty() {
        told.push(format!("扣分 {}", list(&source.missed)));
    }
    Line::text(format!("· {project}{}：{}", source.what, told.join("；")))
}

/// How many ids of one source a chat is shown.
const LISTED: usize = 20;

/// Some ids, and how many more.
pub(super) fn list(ids: &[String]) -> String {
    let shown = ids.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join("、");
    if ids.len() > LISTED { format!("{shown} 等 {} 条", ids.len()) } else { shown }
}

/// What a part counts, in a few words.
pub(super) fn rule(part: Part) -> &'static str {
    match part {
        Part::Satisfaction => "1 分为 0，5 分为满",
        Part::Sla => "按时响应和解决的次数",
        Part::Requirement => "按时答复分析、按期交付的次数",
        Part::Cadence => "达成的沟通期数",
        Part::Minutes => "按时交的纪要",
        Part::Risk => "方案及时、没有逾期、没有高风险留到季末",
    }
}

/// What the customer reads of a released report: its score and that of each part, and no record.
pub(super) fn for_customer(report: &HealthReport, file: &Dossier, rules: &HealthRules) -> Message {
    let score = report.score.map(|score| format!(" {score} 分")).unwrap_or_default();
    let title = format!("{} {} 服务健康度{score}", customer(file), report.quarter.words());
    // Customers are told scores, not what we make of them.
    let message = with_trend(Message::text(title), trend(report, file, true, rules), None);
    let part = |measure: &Measure| {
        let points = measure.points()?;
        Some(format!("{} {points} 分 · 占 {}%", measure.part.name(), percent(measure, report)))
    };
    let shown = report.parts.iter().filter(|measure| measure.part.is_shown());
    shown.filter_map(part).fold(message, Message::line)
}

pub(super) const NOT_RELEASED: &str = "还没有发布过健康度报告";

/// No quarter, or one that is not read.
pub(super) fn no_quarter(words: &str) -> String {
    format!("看不懂「{words}」。季度这样写：/健康度 2026Q3")
}

/// A quarter that has not begun.
pub(super) fn ahead(quarter: Quarter) -> String {
    format!("{} 还没有开始", quarter.words())
}

pub(super) const INSIDE: &str = "健康度的依据只给项目组看";

/// There is nothing to send.
pub(super) fn no_report(quarter: Option<Quarter>) -> String {
    let which = quarter.map(|quarter| format!(" {} 的", quarter.words())).unwrap_or_default();
    format!("还没有{which}健康度报告，没有发。报告每季度第一天出")
}

/// A score is what a customer would read.
pub(super) fn no_score(report: &HealthReport) -> String {
    format!("{} 没有评分，没有发", title(report))
}

/// Pressing 发送 twice, or by two people, sends once.
pub(super) fn released_before(report: &HealthReport, released: &Released, cx: &Context) -> String {
    let at = typed::echo(released.at, cx.now, &cx.rules.calendar);
    format!("{} 已在 {at} 由 {} 发给客户，没有再发", title(report), released.by.name)
}

/// When a page was made: `2027-01-01 10:00`.
pub(super) fn stamp(at: Timestamp, calendar: &Calendar) -> String {
    calendar.local(at).strftime("%Y-%m-%d %H:%M").to_string()
}
