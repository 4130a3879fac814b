//! Every sentence of requirements but the refusals and the explanations.

use jiff::Timestamp;

use super::{Origin, Requirement, State, links};
use crate::{
    calendar::{Calendar, typed},
    chat::{Field, FieldKind, Form, Line, Message, Person, Tone, short},
    dossier::{Context, Dossier, Kind, RoomKind, Rules, Waking},
    grammar::Priority,
    report::specification::short_fingerprint,
};

/// `R1 支付模块支持退款`.
pub fn name(requirement: &Requirement) -> String {
    format!("R{} {}", requirement.number, short(&requirement.title))
}

/// The typed priority, or before us the one of the scores.
pub fn shown_priority(requirement: &Requirement, internal: bool, rules: &Rules) -> Option<Priority> {
    let scored = || requirement.analysis.scored(&rules.requirement.priority).map(|scored| scored.priority);
    requirement.priority.or_else(|| internal.then(scored).flatten())
}

fn headline(requirement: &Requirement, internal: bool, rules: &Rules) -> String {
    let mut headline = name(requirement);
    match (requirement.priority, shown_priority(requirement, internal, rules)) {
        (Some(priority), _) => headline.push_str(&format!(" · {}", priority.name())),
        (None, Some(priority)) => headline.push_str(&format!(" · {}（按评分）", priority.name())),
        (None, None) => {}
    }
    headline.push_str(&format!(" · {}", requirement.state()));
    headline
}

/// Who, until when, and by which words it is found.
pub(super) fn facts(requirement: &Requirement, now: Timestamp, calendar: &Calendar) -> Vec<String> {
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
    let mut message = Message::text(headline(requirement, false, cx.rules));
    let facts = facts(requirement, cx.now, &cx.rules.calendar);
    if !facts.is_empty() {
        message = message.line(facts.join(" · "));
    }
    for (name, value) in requirement.fields_in_order() {
        message = message.line(format!("{name}：{value}"));
    }
    let customer = cx.place.kind == RoomKind::Customer;
    let message = questions(message, requirement, !customer);
    if customer {
        return message;
    }
    message.button("分析", format!("/R{} 分析", requirement.number))
}

/// A scenario question.
fn question(name: &str) -> &'static str {
    match name {
        "用户" => "谁来用（用户）",
        "指标" => "看哪些数（指标）",
        "场景" => "什么情况下用（场景）",
        _ => "要达到什么目标（目标）",
    }
}

/// What is still to be said before it can be analysed; among ourselves what the customer really needs, too.
fn questions(message: Message, requirement: &Requirement, internal: bool) -> Message {
    let unanswered = requirement.unanswered();
    if unanswered.is_empty() {
        return message;
    }
    let need = (internal && !requirement.has("真实需求")).then_some("真实需求");
    let field = |name: &str| match name {
        "真实需求" => Field::new(name, FieldKind::Long).label("到底要解决什么问题（真实需求）"),
        name => Field::new(name, FieldKind::Short).label(question(name)),
    };
    let form = unanswered.iter().copied().chain(need).map(field).fold(fill_form(requirement), Form::field);
    let message = message.form(form);
    let asked: Vec<&str> = unanswered.iter().map(|name| question(name)).collect();
    message.line(format!("还请补充：{}", asked.join("、"))).line(fill_line(requirement, &unanswered))
}

fn fill_form(requirement: &Requirement) -> Form {
    Form::new(format!("/需求 R{} 补充", requirement.number), "补充")
}

/// `/R1 补充 用户:… 指标:…`.
pub fn fill_line(requirement: &Requirement, names: &[&str]) -> String {
    let keys: Vec<String> = names.iter().map(|name| format!("{name}:…")).collect();
    format!("/R{} 补充 {}", requirement.number, keys.join(" "))
}

/// `/R1 分析 可行性:… 说明:…`.
pub fn analyse_line(requirement: &Requirement, names: &[&str]) -> String {
    let keys: Vec<String> = names.iter().map(|name| format!("{name}:…")).collect();
    format!("/R{} 分析 {}", requirement.number, keys.join(" "))
}

/// The answer to what was filled in.
pub fn filled(
    requirement: &Requirement,
    names: &[&str],
    before: &State,
    dossier: &Dossier,
    cx: &Context,
) -> Message {
    let mut message = Message::text(format!("R{} 已补充：{}", requirement.number, names.join("、")));
    for name in names {
        if let Some(value) = requirement.fields.get(*name) {
            message = message.line(format!("{name}：{value}"));
        }
    }
    if requirement.state != State::AwaitingConfirmation {
        return questions(message, requirement, cx.sees_internal(dossier));
    }
    if *before != State::AwaitingConfirmation {
        message = message.line("分析完成，待确认");
    }
    to_confirm(message, requirement, dossier)
}

/// The answer to a scenario question that was answered by quoting: what was kept, and the next question.
pub fn answered(requirement: &Requirement, name: &str) -> Message {
    let value = requirement.fields.get(name).map(String::as_str).unwrap_or_default();
    let number = requirement.number;
    let message = Message::text(format!("R{number} {name}：{value}"));
    match requirement.unanswered().first() {
        Some(next) => message.line(format!("下一问：{}？引用本条直接回答即可", question(next))),
        None => message.line(format!("场景问题答完了。要改：/R{number} 补充 {name}:…")),
    }
}

/// One line of a list.
pub fn listed(requirement: &Requirement, internal: bool, now: Timestamp, rules: &Rules) -> String {
    let facts = facts(requirement, now, &rules.calendar);
    let facts = if facts.is_empty() { String::new() } else { format!(" · {}", facts.join(" · ")) };
    format!("{}{facts}", headline(requirement, internal, rules))
}

/// Everything about one requirement.
pub fn shown(requirement: &Requirement, dossier: &Dossier, cx: &Context) -> Message {
    let calendar = &cx.rules.calendar;
    let internal = cx.sees_internal(dossier);
    let mut message = Message::text(headline(requirement, internal, cx.rules));
    let mut first =
        vec![format!("{} 于 {} 提出", requirement.by.name, typed::echo(requirement.at, cx.now, calendar))];
    first.extend(facts(requirement, cx.now, calendar));
    message = message.line(first.join(" · ")).line(format!("原话：{}", requirement.asked()));
    // The description is among the words as they were typed, unless those came from elsewhere.
    if let Some(description) =
        requirement.description.as_ref().filter(|text| !requirement.asked().contains(*text))
    {
        message = message.line(description.clone());
    }
    let told = |name: &str| internal || !requirement.withheld().contains(&name);
    for (name, value) in requirement.fields_in_order().filter(|(name, _)| told(name)) {
        message = message.line(format!("{name}：{value}"));
    }
    for amendment in &requirement.amendments {
        message = message.line(format!("变更 {}：{}", amendment.change, amendment.description));
    }
    if internal {
        message = analysis(message, requirement, cx.rules);
        message = links::words::shown(message, requirement, dossier);
    }
    if let Some(line) = edition(requirement, dossier, cx.rules) {
        message = message.line(line);
    }
    match &requirement.state {
        State::Delivered { at } => message.line(format!("{} 交付", typed::echo(*at, cx.now, calendar))),
        State::Accepted { at, .. } => message.line(format!("{} 验收", typed::echo(*at, cx.now, calendar))),
        State::Waived { why } => message.line(format!("豁免原因：{why}")),
        State::Rejected { why } => message.line(format!("拒绝原因：{why}")),
        State::Withdrawn { why: Some(why) } => message.line(format!("撤回原因：{why}")),
        State::Collected | State::Analysing => questions(message, requirement, internal),
        State::AwaitingConfirmation => to_confirm(message, requirement, dossier),
        State::Confirmed { .. } | State::InProgress | State::Withdrawn { why: None } => message,
    }
}

/// The three dimensions as far as they are known; for us alone.
fn analysis(mut message: Message, requirement: &Requirement, rules: &Rules) -> Message {
    let analysis = &requirement.analysis;
    let scored = |name: &str, score: Option<String>, text: &Option<String>| match (score, text) {
        (Some(score), Some(text)) => Some(format!("{name} {score}（{text}）")),
        (Some(score), None) => Some(format!("{name} {score}")),
        (None, Some(text)) => Some(format!("{name}：{text}")),
        (None, None) => None,
    };
    let scores: Vec<String> = [
        scored("可行性", analysis.feasibility.map(|score| score.to_string()), &analysis.note),
        scored("价值", analysis.value.map(|score| score.to_string()), &analysis.contribution),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !scores.is_empty() {
        message = message.line(scores.join(" · "));
    }
    let mut effort: Vec<String> =
        [("开发", analysis.development), ("测试", analysis.testing), ("设计", analysis.design)]
            .into_iter()
            .filter_map(|(name, days)| Some(format!("{name} {}", days?)))
            .collect();
    if let Some(days) = analysis.effort() {
        effort = vec![format!("{} = {days} 人天", effort.join(" + "))];
    }
    effort.extend(analysis.duration.iter().map(|text| format!("工期 {text}")));
    effort.extend(analysis.cost.iter().map(|text| format!("成本 {text}")));
    if !effort.is_empty() {
        message = message.line(format!("投入 {}", effort.join(" · ")));
    }
    if let Some(phases) = &analysis.phases {
        message = message.line(format!("分期：{phases}"));
    }
    match (analysis.scored(&rules.requirement.priority), requirement.priority) {
        (Some(scored), Some(typed)) if scored.priority != typed => message.line(format!(
            "按评分优先级为 {}（{:.1} 分），以手写的 {} 为准",
            scored.priority.name(),
            scored.points,
            typed.name()
        )),
        (Some(scored), _) => {
            message.line(format!("按评分优先级为 {}（{:.1} 分）", scored.priority.name(), scored.points))
        }
        (None, _) => message,
    }
}

/// The answer to an analysis: what is known, what is missing, what comes next.
pub fn analysed(requirement: &Requirement, dossier: &Dossier, cx: &Context) -> Message {
    let mut message = Message::text(headline(requirement, true, cx.rules));
    message = analysis(message, requirement, cx.rules);
    if requirement.state == State::AwaitingConfirmation {
        return to_confirm(message.line("分析完成，待确认"), requirement, dossier);
    }
    let missing = requirement.analysis.missing();
    if !missing.is_empty() {
        message =
            message.line(format!("还缺：{}", missing.join("、"))).line(analyse_line(requirement, &missing));
    }
    if !requirement.has("真实需求") {
        message = message
            .line("真实需求还没写：客户到底要解决什么问题")
            .line(fill_line(requirement, &["真实需求"]));
    }
    message
}

/// More of them nobody fills in at once.
const MOST_FIELDS: usize = 8;

/// Who of the customer may sign, by name.
fn signer_names(dossier: &Dossier) -> Vec<String> {
    let people = dossier.people().filter(|person| dossier.project().is_customer(&person.id));
    let mut names: Vec<String> = people.map(|person| person.name.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// What stands between an analysed requirement and its confirmation.
fn to_confirm(message: Message, requirement: &Requirement, dossier: &Dossier) -> Message {
    let missing = requirement.missing_for_confirmation(dossier.project());
    if !missing.is_empty() {
        let signers = signer_names(dossier);
        let field = |name: &&'static str| match (*name, signers.as_slice()) {
            ("签字人", names @ [_, ..]) => Field::new("签字人", FieldKind::Choice(names.to_vec())),
            ("界面" | "兼容" | "签字人", _) => Field::new(*name, FieldKind::Short),
            _ => Field::new(*name, FieldKind::Long),
        };
        let fields = missing.iter().take(MOST_FIELDS).map(field);
        return message
            .line(format!("确认前还缺：{}", missing.join("、")))
            .line(fill_line(requirement, &missing))
            .form(fields.fold(fill_form(requirement), Form::field));
    }
    message.line(format!("请签字人确认：/R{} 确认 面对面:M…", requirement.number))
}

/// `《需求规格说明书》 V1 · 指纹 … · 王女士 2026-11-25 确认 · 面对面：M3`.
fn edition(requirement: &Requirement, dossier: &Dossier, rules: &Rules) -> Option<String> {
    let edition = requirement.edition()?;
    let day = typed::echo_full_date(rules.calendar.date(edition.at));
    let how = match &edition.origin {
        Origin::Signed { by, proof } => {
            format!("{} {day} 确认 · {}", by.name, proof.in_words(dossier))
        }
        Origin::Changed { change } => format!("{day} 按 {change} 变更"),
    };
    let fingerprint = short_fingerprint(&edition.fingerprint);
    Some(format!("《需求规格说明书》V{} · 指纹 {fingerprint} · {how}", edition.version))
}

/// What everybody concerned hears when a requirement is confirmed.
pub fn confirmed(requirement: &Requirement, dossier: &Dossier, rules: &Rules) -> Message {
    let mut message = Message::text(format!("{} 已确认", name(requirement))).tone(Tone::Good);
    if let Some(line) = edition(requirement, dossier, rules) {
        message = message.line(line);
    }
    if requirement.has_screen() && !requirement.has("原型") {
        message = message.line("注意：有界面但没有原型，交付时容易对不上").tone(Tone::Warning);
    }
    message
        .line(format!("以后要改，走变更：/变更 R{} 改什么 原因:…", requirement.number))
        .button("规格", format!("/R{} 规格", requirement.number))
}

/// Asks the signer to confirm.
pub fn please_confirm(
    requirement: &Requirement,
    signers: &[Person],
    dossier: &Dossier,
    cx: &Context,
) -> Message {
    let mut message = Message::default()
        .line(Line::default().people(signers).then(format!("请确认 {}", name(requirement))));
    if let Some(description) = &requirement.description {
        message = message.line(description.clone());
    }
    for (name, value) in requirement.fields_in_order() {
        message = message.line(format!("{name}：{value}"));
    }
    let asked =
        if cx.is_triangle(dossier) { format!("{} 请您过目。", cx.actor.name) } else { String::new() };
    message.line(format!("{asked}确认后生成《需求规格说明书》，再改要走变更"))
}

/// The reminder that it is not analysed.
pub fn not_analysed_yet(requirement: &Requirement, due: Timestamp, cx: &Waking) -> Message {
    let calendar = &cx.rules.calendar;
    let raised = typed::echo(requirement.at, cx.now, calendar);
    let message = Message::text(format!(
        "{} 还没分析完，应在 {} 前完成",
        name(requirement),
        typed::echo(due, cx.now, calendar)
    ))
    .line(format!("{} 于 {raised} 提出", requirement.by.name))
    .tone(Tone::Warning);
    let missing = requirement.analysis.missing();
    if missing.is_empty() {
        return message.line(fill_line(requirement, &["真实需求"]));
    }
    message.line(analyse_line(requirement, &missing))
}

/// The reminder that it is not confirmed.
pub fn not_confirmed_yet(requirement: &Requirement, due: Timestamp, cx: &Waking) -> Message {
    let by = typed::echo(due, cx.now, &cx.rules.calendar);
    let message =
        Message::text(format!("{} 还没确认，应在 {by} 前确认", name(requirement))).tone(Tone::Warning);
    message.line(format!("请签字人确认：/R{} 确认 面对面:M…", requirement.number))
}
