//! Every sentence of change requests but the refusals.

use jiff::Timestamp;

use super::{
    BoardSeat, ChangeRequest, Impact, Reason, Stage, State,
    board::{self, Votes},
    form,
};
use crate::{
    calendar::{Calendar, typed},
    chat::{Line, Message, Person, Tone, short},
    dossier::{Context, Dossier, Project, Role, RoomKind, Waking, ladder::Climb},
    features::{action::ActionItem, meeting::Meeting, requirement::Requirement},
    report::specification::short_fingerprint,
};

/// `C3 支持部分退款（R12）`.
pub fn name(change: &ChangeRequest) -> String {
    format!("C{} {}（R{}）", change.number, short(&change.title), change.requirement)
}

pub(super) fn size(change: &ChangeRequest) -> &'static str {
    if change.is_large() { "大变更" } else { "小变更" }
}

/// What a stage waits for.
pub fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Meeting => "会议",
        Stage::Plan => "计划",
        Stage::Confirmation => "客户确认",
        Stage::Contract => "合同",
        Stage::Vote => "表决",
    }
}

/// What somebody does who takes a step.
pub(super) fn act(stage: Stage) -> &'static str {
    match stage {
        Stage::Meeting => "定会议",
        Stage::Plan => "排计划",
        Stage::Confirmation => "由客户确认",
        Stage::Contract => "办合同",
        Stage::Vote => "表决",
    }
}

/// The line that takes a step.
pub fn line(change: &ChangeRequest, stage: Stage) -> String {
    let number = change.number;
    match stage {
        Stage::Meeting => format!("/变更 C{number} 会议 M5"),
        Stage::Plan => format!("/变更 C{number} 计划 P1 上线 12月1日→12月4日"),
        Stage::Confirmation => format!("/变更 C{number} 客户确认"),
        Stage::Contract => format!("/变更 C{number} 合同 负责:@某人 截止:12月5日"),
        Stage::Vote => format!("/变更 C{number} 同意"),
    }
}

/// The line that says what it costs.
pub fn assess_line(number: u32) -> String {
    format!("/变更 C{number} 影响 进度:3天 成本:20000 节点:P1")
}

/// The next step with its line, and who takes it.
pub(super) fn next_line(change: &ChangeRequest, now: Stage, dossier: &Dossier) -> String {
    let project = dossier.project();
    let said = line(change, now);
    let ahead = change.meeting.and_then(|number| dossier.find::<Meeting>(number));
    match (now, ahead.filter(|meeting| meeting.is_ahead())) {
        (Stage::Meeting, Some(meeting)) => format!(
            "下一步会议：M{} {} 开完再排计划；提前开完发 /会议 M{} 结束",
            meeting.number,
            short(&meeting.title),
            meeting.number
        ),
        (now, _) => due_line(now, said, project),
    }
}

fn due_line(now: Stage, said: String, project: &Project) -> String {
    match now {
        Stage::Meeting => format!("下一步会议：{said}（没约先约：/会议 变更评审 明天10点-11点）"),
        Stage::Confirmation => match names(project.holders(Role::CustomerRepresentative)).as_str() {
            "" => {
                format!("下一步客户确认，还没有客户代表，先设置：/角色 客户代表 @某人；再由客户代表发 {said}")
            }
            names => format!("下一步客户确认：由 {names} 发 {said}"),
        },
        Stage::Plan | Stage::Contract | Stage::Vote => format!("下一步{}：{said}", stage(now)),
    }
}

fn names(people: &[Person]) -> String {
    people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>().join("、")
}

/// `客户代表 王女士、项目经理 张经理`.
pub(super) fn seated(seats: &[BoardSeat], project: &Project) -> String {
    let one = |seat: &BoardSeat| format!("{} {}", seat.name(), names(seat.holders(project)));
    seats.iter().map(one).collect::<Vec<_>>().join("、")
}

/// What it costs, in words.
pub fn impact(impact: Option<&Impact>) -> String {
    let Some(impact) = impact else { return "未评估".into() };
    let mut parts = Vec::new();
    if impact.days != 0.0 {
        parts.push(match impact.days > 0.0 {
            true => format!("进度 {} 天", impact.days),
            false => format!("进度提前 {} 天", -impact.days),
        });
    }
    if impact.cost != 0.0 {
        parts.push(format!("成本 {} 元", impact.cost));
    }
    if !impact.milestones.is_empty() {
        let ids: Vec<String> = impact.milestones.iter().map(ToString::to_string).collect();
        parts.push(format!("节点 {}", ids.join("、")));
    }
    if parts.is_empty() {
        parts.push("不动进度、成本、节点".into());
    }
    parts.extend(impact.scope.as_ref().map(|scope| format!("范围 {scope}")));
    parts.join("，")
}

pub(super) fn reason(change: &ChangeRequest) -> &'static str {
    change.reason.map_or("未写", Reason::name)
}

pub(super) fn facts(change: &ChangeRequest) -> String {
    format!("原因 {} · 影响 {}", reason(change), impact(change.impact.as_ref()))
}

pub(super) fn vote_buttons(message: Message, change: &ChangeRequest) -> Message {
    message
        .button("同意", format!("/C{} 同意", change.number))
        .button("反对", format!("/C{} 反对", change.number))
}

pub(super) fn until(change: &ChangeRequest, now: Timestamp, calendar: &Calendar) -> String {
    change.clock.as_ref().map(|clock| typed::echo(clock.due, now, calendar)).unwrap_or_default()
}

/// Who is to vote until when, or that nobody can.
pub(super) fn board_line(
    change: &ChangeRequest,
    project: &Project,
    now: Timestamp,
    calendar: &Calendar,
) -> String {
    let missing = board::missing(&change.votes, project);
    if board::filled(project).is_empty() {
        return format!("还没有人能表决，先设置：{SEATS}");
    }
    format!("{} 前表决：{}", until(change, now, calendar), seated(&missing, project))
}

pub(super) const SEATS: &str = "/角色 客户代表 @某人 项目经理 @某人 技术负责人 @某人";

/// The answer to a new change.
pub fn filed(change: &ChangeRequest, dossier: &Dossier, cx: &Context) -> Message {
    let project = dossier.project();
    let headline = format!("{} · {} · {}", name(change), size(change), change.state_in(dossier));
    let mut message = Message::text(headline).line(facts(change));
    if change.reason.is_none() {
        let names: Vec<&str> = Reason::ALL.iter().map(|(_, name, _)| *name).collect();
        message = message.line(format!("还缺原因：/变更 C{} 原因:{}", change.number, names.join("/")));
    }
    if change.is_large() {
        return large(message, change, dossier, cx);
    }
    if change.impact.is_none() && cx.place.kind != RoomKind::Customer {
        message = message
            .line(format!("影响进度、成本或节点的先写：{}", assess_line(change.number)))
            .form(form::impact(change));
    }
    vote_buttons(message.line(board_line(change, project, cx.now, &cx.rules.calendar)), change)
}

fn large(message: Message, change: &ChangeRequest, dossier: &Dossier, cx: &Context) -> Message {
    let message = message.line("依次：会议 → 计划 → 客户确认 → 合同 → 表决");
    if cx.place.kind == RoomKind::Customer {
        return message;
    }
    message.line(next_line(change, change.stage_in(dossier), dossier))
}

/// The answer to an impact.
pub fn assessed(change: &ChangeRequest, dossier: &Dossier, cx: &Context) -> Message {
    let message =
        Message::text(format!("{} · {} · {}", name(change), size(change), change.state_in(dossier)))
            .line(format!("影响 {}", impact(change.impact.as_ref())));
    if change.is_large() {
        return large(message, change, dossier, cx);
    }
    vote_buttons(message.line(board_line(change, dossier.project(), cx.now, &cx.rules.calendar)), change)
}

/// What the customer's room hears of a large change.
pub fn told(change: &ChangeRequest) -> Message {
    Message::text(format!("{} · {}", name(change), size(change)))
        .line(facts(change))
        .line("依次：会议 → 计划 → 客户确认 → 合同 → 表决")
}

/// The call to the vote.
pub fn please_vote(change: &ChangeRequest, now: Timestamp, calendar: &Calendar) -> Message {
    let message = Message::text(format!("{} 请在 {} 前表决", name(change), until(change, now, calendar)))
        .line(format!("{} 提出 · {} · {}", change.by.name, size(change), facts(change)))
        .tone(Tone::Warning);
    let message = match &change.description {
        Some(more) => message.line(more.clone()),
        None => message,
    };
    vote_buttons(message, change)
}

/// A reminder of the vote.
pub fn remind(change: &ChangeRequest, cx: &Waking) -> Message {
    let due = until(change, cx.now, &cx.rules.calendar);
    let message = Message::text(format!("{} 等您表决，{due} 到期", name(change)))
        .line(format!("{} 提出 · {} · {}", change.by.name, size(change), facts(change)))
        .line(format!("反对请写原因：/变更 C{} 反对 原因", change.number))
        .tone(Tone::Warning);
    vote_buttons(message, change)
}

/// The vote's time is over.
pub fn escalate(change: &ChangeRequest, climb: &Climb, project: &Project, cx: &Waking) -> Message {
    let calendar = &cx.rules.calendar;
    let due = climb.ladder.due;
    let late = match climb.repeat {
        0 => format!("{} 到期未表决", name(change)),
        _ => format!("{} 已超时 {} 未表决", name(change), typed::echo_span(cx.now.duration_since(due))),
    };
    let missing = board::missing(&change.votes, project);
    let who = match missing.is_empty() {
        true => format!("还没有人能表决，先设置：{SEATS}"),
        false => format!("还没有表决：{}", seated(&missing, project)),
    };
    Message::text(late)
        .line(format!("应在 {} 前表决", typed::echo(due, cx.now, calendar)))
        .line(who)
        .tone(Tone::Alarm)
}

/// The customer representative is asked to confirm.
pub fn please_confirm(change: &ChangeRequest) -> Message {
    let plan = change.plan.as_ref().map(|plan| plan.text.as_str()).unwrap_or_default();
    let mut message = Message::text(format!("{} 请确认影响和计划", name(change)))
        .line(format!("影响 {}", impact(change.impact.as_ref())));
    message.lines.extend(format!("计划 {plan}").lines().map(Line::text));
    message.tone(Tone::Warning).button("客户确认", format!("/C{} 客户确认", change.number))
}

/// The project manager is called to the next step.
pub fn next_step(change: &ChangeRequest, now: Stage, project: &Project) -> Message {
    let before = match now {
        Stage::Meeting => "大变更，要先开会",
        Stage::Plan => "会议已开，请重排计划",
        Stage::Contract => "客户已确认，请安排合同变更",
        Stage::Confirmation | Stage::Vote => "请继续",
    };
    let message = Message::text(format!("{} {before}", name(change)))
        .line(format!("影响 {}", impact(change.impact.as_ref())))
        .line(format!("下一步{}：{}", stage(now), line(change, now)))
        .tone(Tone::Warning);
    if now == Stage::Contract { message.form(form::contract(change, project)) } else { message }
}

/// The answer to a meeting.
pub fn linked(
    change: &ChangeRequest,
    held: &Meeting,
    now: Stage,
    dossier: &Dossier,
    cx: &Context,
) -> Message {
    let at = typed::echo(held.starts, cx.now, &cx.rules.calendar);
    Message::text(format!("{} 关联 M{} {} · {at}", name(change), held.number, short(&held.title)))
        .line(next_line(change, now, dossier))
}

/// The answer to a plan.
pub fn replanned(change: &ChangeRequest, dossier: &Dossier) -> Message {
    let plan = change.plan.as_ref().map(|plan| plan.text.as_str()).unwrap_or_default();
    let mut message = Message::text(format!("{} 计划已调整", name(change)));
    message.lines.extend(plan.lines().map(Line::text));
    message.line(next_line(change, Stage::Confirmation, dossier))
}

/// The answer to the customer's word.
pub fn confirmed(change: &ChangeRequest, cx: &Context) -> Message {
    Message::text(format!("{} 由 {} 确认", name(change), cx.actor.name)).tone(Tone::Good)
}

/// The answer to a contract's amendment.
pub fn contracted(change: &ChangeRequest, item: &ActionItem, project: &Project, cx: &Context) -> Message {
    let calendar = &cx.rules.calendar;
    let owner = item.owner.as_ref().map(|owner| owner.name.as_str()).unwrap_or_default();
    let due = item.due.map(|due| typed::echo(due, cx.now, calendar)).unwrap_or_default();
    let message = Message::text(format!("{} 合同变更记为 A{}", name(change), item.number))
        .line(format!("负责 {owner} · {due} 前完成"))
        .line(board_line(change, project, cx.now, calendar));
    vote_buttons(message, change)
}

/// The answer to a vote that decides nothing yet.
pub fn voted(change: &ChangeRequest, by: &Person, project: &Project, cx: &Context) -> Message {
    let missing = board::missing(&change.votes, project);
    Message::text(format!("{} {} 同意", name(change), by.name)).line(format!(
        "还差 {}，{} 前表决",
        seated(&missing, project),
        until(change, cx.now, &cx.rules.calendar)
    ))
}

/// What everybody hears of an approval.
pub fn approved(change: &ChangeRequest, requirement: &Requirement) -> Message {
    let voters = voters(&change.votes);
    let fingerprint = requirement.edition().map(|edition| short_fingerprint(&edition.fingerprint));
    let fingerprint = fingerprint.unwrap_or_default();
    let mut message = Message::text(format!("{} 已通过", name(change)))
        .line(format!(
            "R{} {} 更新为 V{}，《需求规格说明书》指纹 {fingerprint}",
            requirement.number, requirement.title, requirement.version
        ))
        .line(format!("{voters} 同意 · {}", facts(change)))
        .tone(Tone::Good);
    if let Some(more) = &change.description {
        message = message.line(more.clone());
    }
    if let Some(plan) = change.plan.as_ref().filter(|_| change.is_large()) {
        message.lines.extend(format!("计划 {}", plan.text).lines().map(Line::text));
    }
    message.button("规格书", format!("/R{} 规格", requirement.number))
}

fn voters(votes: &Votes) -> String {
    let mut people: Vec<&str> = Vec::new();
    for vote in votes.values() {
        if !people.contains(&vote.by.name.as_str()) {
            people.push(&vote.by.name);
        }
    }
    people.join("、")
}

/// Why a requirement got its new version, for its history.
pub fn why_approved(change: &ChangeRequest) -> String {
    format!("C{} {}，原因 {}，{} 同意", change.number, change.title, reason(change), voters(&change.votes))
}

/// What everybody hears of a rejection; `why` as far as it is theirs to read.
pub fn rejected(change: &ChangeRequest, why: Option<&str>) -> Message {
    let State::Rejected { by, .. } = &change.state else { return Message::default() };
    let mut message = Message::text(format!("{} 被 {} 否决", name(change), by.name));
    if let Some(why) = why {
        message = message.line(format!("原因：{why}"));
    }
    message.line(format!("R{} 不变", change.requirement))
}

/// What everybody hears of a withdrawal; `why` as far as it is theirs to read.
pub fn withdrawn(change: &ChangeRequest, why: Option<&str>) -> Message {
    let message = Message::text(format!("{} 由 {} 撤回", name(change), change.by.name));
    match why {
        Some(why) => message.line(format!("原因：{why}")),
        None => message,
    }
}

/// The amendment of a change that came to nothing.
pub fn contract_ended(item: &ActionItem) -> Line {
    Line::text(format!("A{} 合同变更不用办了，已取消 ", item.number)).people(&item.owner)
}
