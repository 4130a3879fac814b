//! Every sentence about acceptance and what comes before and after it.

use jiff::{Timestamp, civil::Date};

use super::{Acceptance, Accepted, End, delays, gate::Lack};
use crate::{
    calendar::typed,
    chat::{Message, Tone},
    dossier::{Context, Dossier, Kind, MeetingKind, Project, Refusal, Rules, Waking},
    features::{
        delay::{self, Cause},
        meeting::{self, Meeting},
        milestone::Milestone,
        requirement::{Requirement, State},
    },
};

/// How many requirements are listed before the rest is counted.
const LISTED: usize = 10;

fn name(requirement: &Requirement) -> String {
    format!("R{} {}", requirement.number, requirement.title)
}

/// What the gate misses, with the lines to send. Before the customer nothing of it is said.
pub fn not_yet(lacks: &[Lack], said: &str, internal: bool) -> Refusal {
    if !internal {
        return Refusal::new("还不能验收。缺什么请在项目群里看：/项目 阶段 交付后");
    }
    let mut message = Message::text(format!("还不能验收，缺 {} 样", lacks.len()));
    let mut line = said.to_owned();
    let mut listed = 0;
    for lack in lacks {
        message = match lack {
            Lack::Requirement(_) if listed >= LISTED => continue,
            Lack::Requirement(requirement) => {
                listed += 1;
                let number = requirement.number;
                let step = if requirement.state == State::InProgress { "交付" } else { "开始" };
                message.line(format!(
                    "· {} {}：/R{number} {step}，不做了 /R{number} 豁免 原因",
                    name(requirement),
                    requirement.state()
                ))
            }
            Lack::Proof => {
                line.push_str(" 面对面:M…");
                message.line("· 面对面的会议或日期；没有面谈写 无面对面:原因")
            }
            Lack::Signer => {
                line.push_str(" 签字人:…");
                message.line("· 签字人：谁签的字")
            }
            Lack::Cause(days) => {
                line.push_str(" 原因:…");
                message.line(format!("· 晚于计划完成日 {days} 天的原因：{}", Cause::choices()))
            }
        };
    }
    let all = lacks.iter().filter(|lack| matches!(lack, Lack::Requirement(_))).count();
    if all > listed {
        message = message.line(format!("· ……还有 {} 条需求没交付：/需求 列表", all - listed));
    }
    Refusal(message.line(format!("补齐后发：{line}")))
}

/// No outcome that can be said.
pub fn no_verdict(word: &str) -> Refusal {
    Refusal::new(format!(
        "结果可以写 超成本、取消，没有「{word}」，没有记录。按期还是晚，由验收日和计划完成日算出"
    ))
}

/// What was accepted is not cancelled.
pub fn accepted_already() -> Refusal {
    Refusal::new("项目已经验收，不能算取消，没有记录")
}

/// A cancelled project has a reason.
pub fn why_cancelled() -> Refusal {
    Refusal::new("取消要写原因，没有记录。例如：/项目 归档 结果:取消 原因:客户预算取消")
}

/// An outcome can be told once the project ends.
pub fn verdict_too_early() -> Refusal {
    Refusal::new("结果在交付后、结束或归档时写，没有记录。例如：/项目 阶段 结束 结果:超成本")
}

/// How an acceptance compares with the planned completion.
fn outcome(accepted: &Accepted) -> Option<String> {
    Some(match accepted.days_late()? {
        0 => "按期".to_owned(),
        days if days < 0 => format!("提前 {} 天", -days),
        days => format!("晚 {days} 天"),
    })
}

/// The lines about an acceptance: for the customer without how late it was.
pub fn accepted(
    accepted: &Accepted,
    internal: bool,
    dossier: &Dossier,
    now: Timestamp,
    rules: &Rules,
) -> Vec<String> {
    let day = |day: Date| typed::echo_date(day, now, &rules.calendar);
    let proof = accepted.proof.in_words(dossier);
    let outcome = outcome(accepted).filter(|_| internal || accepted.days_late() <= Some(0));
    let outcome = outcome.map(|outcome| format!(" · {outcome}")).unwrap_or_default();
    let mut lines = vec![format!("{} 验收 · 签字 {} · {proof}{outcome}", day(accepted.on), accepted.signer)];
    if !accepted.waived.is_empty() {
        let ids: Vec<String> = accepted.waived.iter().map(|number| format!("R{number}")).collect();
        lines.push(format!("豁免：{}", ids.join("、")));
    }
    lines.push(format!("交付后服务到 {}", day(accepted.care_until)));
    lines
}

/// How the project came out or stands, for its card.
pub fn card(dossier: &Dossier, cx: &Context) -> Vec<String> {
    let internal = cx.sees_internal(dossier);
    let mut lines = match Acceptance::of(dossier).map(|acceptance| &acceptance.end) {
        Some(End::Accepted(one)) => accepted(one, internal, dossier, cx.now, cx.rules),
        Some(End::Cancelled { on, why }) => {
            let why = if internal { format!("：{why}") } else { String::new() };
            vec![format!("{} 取消{why}", typed::echo_date(*on, cx.now, &cx.rules.calendar))]
        }
        Some(End::Ahead) | None => Vec::new(),
    };
    if internal && Acceptance::of(dossier).is_some_and(|one| one.over_cost) {
        lines.push("结果：超成本".into());
    }
    if internal {
        lines.extend(delay::told(&delay::tally(delays(dossier))));
    }
    lines
}

/// How the project came out, in a word for a list.
pub fn brief(dossier: &Dossier) -> Option<String> {
    let acceptance = Acceptance::of(dossier)?;
    let end = match &acceptance.end {
        End::Accepted(accepted) => outcome(accepted).map(|outcome| format!("{outcome}验收")),
        End::Cancelled { .. } => Some("已取消".into()),
        End::Ahead => None,
    };
    let cost = acceptance.over_cost.then(|| "超成本".to_owned());
    let parts: Vec<String> = end.into_iter().chain(cost).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// What is still to be delivered, for the pre-acceptance meeting.
pub fn still_open(dossier: &Dossier) -> Vec<String> {
    let open: Vec<&Requirement> = dossier.all::<Requirement>().filter(|one| one.is_open()).collect();
    if open.is_empty() {
        return vec!["没有待交付的需求".into()];
    }
    let mut lines = vec![format!("还没交付的需求 {}", open.len())];
    lines.extend(open.iter().take(LISTED).map(|one| format!("· {} · {}", name(one), one.state())));
    if open.len() > LISTED {
        lines.push(format!("· ……还有 {} 条：/需求 列表", open.len() - LISTED));
    }
    lines
}

/// The milestones that an acceptance leaves open.
pub fn open_milestones(dossier: &Dossier) -> Option<String> {
    let open: Vec<&Milestone> = dossier.all::<Milestone>().filter(|one| one.is_open()).collect();
    let names: Vec<String> = open.iter().map(|one| format!("P{} {}", one.number, one.title)).collect();
    let first = open.first()?.number;
    Some(format!("还没标完成的节点：{}。完成发 /P{first} 完成", names.join("、")))
}

/// The pre-acceptance meeting that is announced, or the line that announces one.
fn meeting_line(dossier: &Dossier, now: Timestamp, rules: &Rules) -> String {
    let ahead = |meeting: &&Meeting| meeting.kind == MeetingKind::PreAcceptance && meeting.is_ahead();
    match dossier.all::<Meeting>().find(ahead) {
        Some(held) => {
            format!("已约 {} · {}", meeting::name(held), typed::echo(held.starts, now, &rules.calendar))
        }
        None => "约预验收会，逐项检查功能：/会议 预验收 明天10点-12点".to_owned(),
    }
}

/// The reminder some days before the planned completion.
pub fn meet(completion: Option<Date>, dossier: &Dossier, now: Timestamp, rules: &Rules) -> Message {
    let today = rules.calendar.date(now);
    let when = completion.map(|day| {
        let left = match today.until(day).map_or(0, |span| span.get_days()) {
            0 => "就是今天".to_owned(),
            days => format!("还有 {days} 天"),
        };
        format!("计划 {} 完成，{left}，", typed::echo_date(day, now, &rules.calendar))
    });
    let message = Message::text(format!("{}请准备预验收", when.unwrap_or_default())).tone(Tone::Warning);
    still_open(dossier).into_iter().chain([meeting_line(dossier, now, rules)]).fold(message, Message::line)
}

/// What whoever enters 验收 has before them.
pub fn entering(dossier: &Dossier, cx: &Context) -> Vec<String> {
    let mut lines = still_open(dossier);
    lines.push(meeting_line(dossier, cx.now, cx.rules));
    lines
}

/// The months of care are over.
pub fn propose_close(project: &Project, accepted: &Accepted, cx: &Waking) -> Message {
    let day = |day: Date| typed::echo_date(day, cx.now, &cx.rules.calendar);
    Message::text(format!(
        "项目「{}」交付后服务到 {} 到期，可以结束了",
        project.name,
        day(accepted.care_until)
    ))
    .line(format!("{} 验收。不再服务请按「结束」；要延长就不用按", day(accepted.on)))
    .button("结束", "/项目 阶段 结束")
}
