//! How a change is shown: in a list, by itself, and why its deadline is what it is.

use jiff::Timestamp;

use super::{
    BoardSeat, ChangeRequest, Reason, Stage, State, board,
    words::{board_line, facts, impact, name, next_line, reason, seated, size, stage, until, vote_buttons},
};
use crate::{
    calendar::{Span, typed},
    chat::{Line, Message},
    dossier::{Context, Dossier, Kind, Rules},
    features::{action::ActionItem, meeting::Meeting},
    store::Key,
};

/// One line of a list.
pub fn listed(change: &ChangeRequest, dossier: &Dossier, cx: &Context) -> String {
    let calendar = &cx.rules.calendar;
    let now = change.stage_in(dossier);
    let waits = match now {
        Stage::Vote => {
            let missing = board::missing(&change.votes, dossier.project());
            let late =
                if change.overdue.is_some() && cx.sees_internal(dossier) { "，已超时" } else { "" };
            format!(
                "{} 前表决，差 {}{late}",
                until(change, cx.now, calendar),
                seated(&missing, dossier.project())
            )
        }
        now => format!("待{}", stage(now)),
    };
    format!("{} · {} · {} · {waits}", name(change), size(change), reason(change))
}

/// How many there are, by outcome and by reason.
pub fn counted(all: &[&ChangeRequest]) -> String {
    let count = |of: &dyn Fn(&ChangeRequest) -> bool| all.iter().filter(|change| of(change)).count();
    let mut reasons: Vec<String> = Reason::ALL
        .iter()
        .map(|(reason, name, _)| (*name, count(&|change| change.reason == Some(*reason))))
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    let unsaid = count(&|change| change.reason.is_none());
    if unsaid > 0 {
        reasons.push(format!("未写 {unsaid}"));
    }
    format!(
        "全部 {} 条，通过 {}，否决 {}，撤回 {} · 原因：{}",
        all.len(),
        count(&|change| matches!(change.state, State::Approved { .. })),
        count(&|change| matches!(change.state, State::Rejected { .. })),
        count(&|change| matches!(change.state, State::Withdrawn { .. })),
        reasons.join("、")
    )
}

/// Everything about one change.
pub fn shown(change: &ChangeRequest, dossier: &Dossier, cx: &Context) -> Message {
    let calendar = &cx.rules.calendar;
    let project = dossier.project();
    let internal = cx.sees_internal(dossier);
    let at = |moment: Timestamp| typed::echo(moment, cx.now, calendar);
    let mut message =
        Message::text(format!("{} · {} · {}", name(change), size(change), change.state_in(dossier)))
            .line(format!("{} 于 {} 提出 · {}", change.by.name, at(change.filed_at), facts(change)));
    message.lines.extend(change.description.iter().flat_map(|more| more.lines()).map(Line::text));
    if change.is_large() {
        let told = |key| internal || dossier.record(key).is_some_and(|record| record.shared());
        let done = [
            change.meeting.map(|number| match told(Key { letter: Meeting::LETTER, number }) {
                true => format!("会议 M{number}"),
                false => "会议 已约".to_owned(),
            }),
            change
                .plan
                .as_ref()
                .map(|plan| format!("计划 {}（{} {}）", plan.text, plan.by.name, at(plan.at))),
            change.confirmation.as_ref().map(|said| format!("客户确认 {} {}", said.by.name, at(said.at))),
            change.contract.map(|number| match told(Key { letter: ActionItem::LETTER, number }) {
                true => format!("合同变更 A{number}"),
                false => "合同变更 已安排".to_owned(),
            }),
        ];
        message.lines.extend(done.into_iter().flatten().map(Line::text));
    }
    for (seat, vote) in &change.votes {
        let word = if vote.agrees { "同意" } else { "反对" };
        let why = vote.why.as_ref().filter(|_| internal || *seat == BoardSeat::Customer);
        let why = why.map(|why| format!("：{why}")).unwrap_or_default();
        message = message.line(format!("{} {} {} {word}{why}", at(vote.at), seat.name(), vote.by.name));
    }
    match &change.state {
        State::Approved { at: when, version } => {
            message.line(format!("{} 通过，R{} 更新为 V{version}", at(*when), change.requirement))
        }
        State::Rejected { at: when, why, .. } => {
            let why = if internal { Some(why.as_str()) } else { change.customers_no() };
            let why = why.map(|why| format!("：{why}")).unwrap_or_default();
            message.line(format!("{} 否决{why}", at(*when)))
        }
        State::Withdrawn { at: when, why } => {
            let told = internal || !project.is_ours(&change.by.id);
            let why = why.as_ref().filter(|_| told).map(|why| format!("：{why}")).unwrap_or_default();
            message.line(format!("{} 撤回{why}", at(*when)))
        }
        State::Open => match change.stage_in(dossier) {
            Stage::Vote => vote_buttons(message.line(board_line(change, project, cx.now, calendar)), change),
            now if internal || now == Stage::Confirmation => message.line(next_line(change, now, dossier)),
            now => message.line(format!("下一步：{}", stage(now))),
        },
    }
}

/// How the deadline came to be. Escalations are ours and are not told here.
pub fn why(change: &ChangeRequest, now: Timestamp, rules: &Rules) -> Vec<String> {
    let at = |moment: Timestamp| typed::echo(moment, now, &rules.calendar);
    let within = span(rules.change.assess_within);
    let after: Vec<String> = rules.change.remind_after.iter().map(|after| span(*after)).collect();
    let mut lines = vec![match change.is_large() {
        true => format!(
            "大变更：{}。依次会议、计划、客户确认、合同，然后 {within}内表决",
            impact(change.impact.as_ref())
        ),
        false => format!("小变更：不动进度、成本、节点，提出后 {within}内表决"),
    }];
    lines
        .push(format!("满 {}提醒还没有表决的人；席位上有人的都同意才通过，一票反对即否决", after.join("、")));
    lines.push(format!("{} 由 {} 提出", at(change.filed_at), change.by.name));
    if let Some(clock) = change.clock.as_ref().filter(|_| change.is_open()) {
        lines.push(format!("{} 前须表决", at(clock.due)));
    }
    for (seat, vote) in &change.votes {
        let word = if vote.agrees { "同意" } else { "反对" };
        lines.push(format!("{} {} {} {word}", at(vote.at), seat.name(), vote.by.name));
    }
    lines
}

/// What the customer is not told of it: that our time ran out, and who hears of that.
pub fn why_internal(change: &ChangeRequest, rules: &Rules) -> Vec<String> {
    let Some(over) = change.overdue else { return Vec::new() };
    let at = typed::echo(over, over, &rules.calendar);
    vec![format!("{at} 到期未表决，记录在案；此后每 {}再找客户主管", span(rules.change.repeat))]
}

fn span(span: Span) -> String {
    match span {
        Span::Elapsed(time) => typed::echo_span(time),
        Span::WorkingDays(days) => format!("{days} 个工作日"),
    }
}
