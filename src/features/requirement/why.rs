//! `/为什么 R1`: how its deadlines and its priority came to be.

use jiff::Timestamp;

use super::{Requirement, Score, State, analysis::Scored};
use crate::{
    calendar::{Span, typed},
    dossier::Rules,
};

/// How its deadlines came to be, for everybody.
pub fn deadlines(requirement: &Requirement, now: Timestamp, rules: &Rules) -> Vec<String> {
    let at = |moment: Timestamp| typed::echo(moment, now, &rules.calendar);
    let mut lines = vec![
        format!(
            "规则：提出后 {}内分析完，再 {}内确认",
            span(rules.requirement.analyse_within),
            span(rules.requirement.confirm_within)
        ),
        format!("{} 由 {} 提出", at(requirement.at), requirement.by.name),
    ];
    if let Some(answer) = &requirement.answered {
        let took = typed::echo_span(answer.at.duration_since(requirement.at));
        lines.push(format!("{} {} 首次答复，用时 {took}", at(answer.at), answer.by.name));
    }
    let clock = requirement.clock.as_ref().filter(|_| requirement.step().is_some());
    if let Some(clock) = clock {
        let what = if requirement.state == State::AwaitingConfirmation { "确认" } else { "分析完" };
        lines.push(format!("{} 前须{what}", at(clock.due)));
    }
    if let Some(due) = requirement.due {
        lines.push(format!("{} 截止，提出时写的", at(due)));
    }
    lines
}

/// How its priority came to be, for us alone.
pub fn priority(requirement: &Requirement, rules: &Rules) -> Vec<String> {
    let weights = &rules.requirement.priority;
    let typed = requirement.priority.map(|priority| format!("优先级 {}：手写的 !{0}", priority.name()));
    let Some(scored) = requirement.analysis.scored(weights) else {
        let missing = "价值、可行性和人天都有了才能按评分算".to_owned();
        return vec![typed.unwrap_or_else(|| format!("还没有优先级：{missing}"))];
    };
    let first = match typed {
        Some(typed) => format!("{typed}，优先于按评分算的 {}", scored.priority.name()),
        None => format!("优先级 {}：按评分算的", scored.priority.name()),
    };
    vec![first, formula(requirement, scored, rules), effort_points(scored, &weights.effort_days)]
}

fn formula(requirement: &Requirement, scored: Scored, rules: &Rules) -> String {
    let weights = &rules.requirement.priority;
    let score = |score: Option<Score>| score.map(|score| score.to_string()).unwrap_or_default();
    format!(
        "（价值 {}×{} + 可行性 {}×{} + 投入 {}×{}）÷ {} = {:.1}；{} 起为高，{} 起为中",
        score(requirement.analysis.value),
        weights.value,
        score(requirement.analysis.feasibility),
        weights.feasibility,
        scored.effort,
        weights.effort,
        weights.weights(),
        scored.points,
        weights.high_from,
        weights.medium_from
    )
}

fn effort_points(scored: Scored, steps: &[u32; 4]) -> String {
    let steps: Vec<String> =
        steps.iter().zip([5, 4, 3, 2]).map(|(days, points)| format!("≤{days} 为 {points}")).collect();
    format!("投入 {} 人天得 {} 分（{}，更多为 1）", scored.days, scored.effort, steps.join("，"))
}

fn span(span: Span) -> String {
    match span {
        Span::WorkingDays(days) => format!("{days} 个工作日"),
        Span::Elapsed(time) => typed::echo_span(time),
    }
}
