//! Every sentence of links.

use super::{Requirement, Target};
use crate::{
    chat::Message,
    dossier::{Context, Dossier, Record, Refusal},
    features::requirement::words::name,
    store::Key,
};

/// `T3`, `测试「退款用例集」`.
pub fn short(to: &Target) -> String {
    match to {
        Target::Record(key) => key.to_string(),
        Target::Test(name) => format!("测试「{name}」"),
    }
}

/// `T3、测试「退款用例集」`.
pub fn shorts(targets: &[Target]) -> String {
    targets.iter().map(short).collect::<Vec<_>>().join("、")
}

/// `R12 的 T3、P2；R7 的 R12`; `None` where there is none.
pub fn grouped<'a>(groups: impl Iterator<Item = (u32, Vec<&'a Target>)>) -> Option<String> {
    let groups: Vec<String> = groups
        .filter(|(_, targets)| !targets.is_empty())
        .map(|(number, targets)| {
            let targets: Vec<String> = targets.into_iter().map(short).collect();
            format!("R{number} 的 {}", targets.join("、"))
        })
        .collect();
    (!groups.is_empty()).then(|| groups.join("；"))
}

/// `关联 R5 对账报表、T3 登录失败 · 测试：退款用例集`, what waits for a look marked; `None` without links.
pub fn links(requirement: &Requirement, dossier: &Dossier) -> Option<String> {
    let (mut records, mut tests) = (Vec::new(), Vec::new());
    for tie in &requirement.links {
        let mark = mark(requirement.suspect_since(tie, dossier));
        match &tie.to {
            Target::Record(key) => records.push(format!("{}{mark}", titled(*key, dossier))),
            Target::Test(name) => tests.push(format!("{name}{mark}")),
        }
    }
    let records = (!records.is_empty()).then(|| records.join("、"));
    let tests = (!tests.is_empty()).then(|| format!("测试：{}", tests.join("、")));
    let parts: Vec<String> = records.into_iter().chain(tests).collect();
    (!parts.is_empty()).then(|| format!("关联 {}", parts.join(" · ")))
}

fn mark(since: Option<Key>) -> String {
    since.map(|change| format!("（待复核，{change} 之后）")).unwrap_or_default()
}

/// `T3 登录失败`.
fn titled(key: Key, dossier: &Dossier) -> String {
    match dossier.record(key) {
        Some(record) => format!("{key} {}", record.title()),
        // Its command was undone after the link was made.
        None => format!("{key}（已撤销）"),
    }
}

/// `被关联：R1 支付模块支持退款（待复核，C1 之后）`; `None` where no requirement is linked to the record.
pub fn linking(key: Key, dossier: &Dossier) -> Option<String> {
    let others: Vec<String> = super::linking(key, dossier)
        .map(|other| {
            let tie = other.tie(&Target::Record(key));
            let since = tie.and_then(|tie| other.suspect_since(tie, dossier));
            format!("{}{}", name(other), mark(since))
        })
        .collect();
    (!others.is_empty()).then(|| format!("被关联：{}", others.join("、")))
}

/// What a requirement is linked to and what is linked to it; for us alone.
pub fn shown(mut message: Message, requirement: &Requirement, dossier: &Dossier) -> Message {
    if let Some(line) = links(requirement, dossier) {
        message = message.line(line);
    }
    if let Some(line) = linking(requirement.key(), dossier) {
        message = message.line(line);
    }
    if requirement.suspects(dossier).is_empty() {
        return message;
    }
    let number = requirement.number;
    message.line(format!("看过后发 /R{number} 复核，只核一项写 /R{number} 复核 编号"))
}

/// The answer to a link made or taken away: how it stands now.
pub fn linked(requirement: &Requirement, what: &str, dossier: &Dossier) -> Message {
    let message = Message::text(format!("{} {what}", name(requirement)));
    match links(requirement, dossier) {
        Some(line) => message.line(format!("现{line}")),
        None => message.line("现在没有关联"),
    }
}

/// The answer to a look: what it was about, and what still waits.
pub fn rechecked(requirement: &Requirement, targets: &[Target], dossier: &Dossier) -> Message {
    let message = Message::text(format!("{} 已复核：{}", name(requirement), shorts(targets)));
    let left = requirement.suspects(dossier).into_iter().map(|(tie, _)| tie.to.clone()).collect::<Vec<_>>();
    if left.is_empty() { message } else { message.line(format!("还待复核：{}", shorts(&left))) }
}

/// Links are neither made nor shown before customers.
pub fn ours_alone(dossier: &Dossier, cx: &Context) -> Refusal {
    match dossier.project().is_customer(&cx.actor.id) {
        true => Refusal::new("关联由项目组来记，没有记录"),
        false => Refusal::new("客户群里不记关联，没有记录。请在项目群或私聊里发"),
    }
}

/// Only the owner or the triangle may look.
pub fn not_yours(requirement: &Requirement) -> Refusal {
    let owner = requirement.owner.as_ref().map(|owner| format!("负责人 {} 或", owner.name));
    Refusal::new(format!("复核 R{} 须由{}铁三角来做", requirement.number, owner.unwrap_or_default()))
}
