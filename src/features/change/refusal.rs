//! What is said when a change cannot be moved: why not, and the line to send instead.

use super::{
    ChangeRequest, Stage, board,
    words::{SEATS, act, line, next_line, seated, stage},
};
use crate::dossier::{Dossier, Project, Refusal};

/// The plan says of no milestone where it goes, nor that none moves.
pub fn no_moves(change: &ChangeRequest) -> Refusal {
    Refusal::new(format!(
        "计划要写清哪个节点从哪天改到哪天，没有记录。例如：{}；节点都不动写：/变更 C{} 计划 节点不变",
        line(change, Stage::Plan),
        change.number
    ))
}

/// A step that was skipped.
pub fn not_yet(change: &ChangeRequest, step: Stage, now: Stage, dossier: &Dossier) -> Refusal {
    Refusal::new(format!(
        "C{} 是大变更，还不能{}，没有记录。{}",
        change.number,
        act(step),
        next_line(change, now, dossier)
    ))
}

/// A step that was taken before.
pub fn already(change: &ChangeRequest, step: Stage, now: Stage, dossier: &Dossier) -> Refusal {
    let done = match (step, change.contract) {
        (Stage::Contract, Some(item)) => format!("合同变更已记为 A{item}，改期：/待办 A{item} 延期 …"),
        _ => format!("{}这一步已完成", stage(step)),
    };
    Refusal::new(format!("C{} {done}，没有改。{}", change.number, next_line(change, now, dossier)))
}

/// Somebody else spoke for the customer.
pub fn only_customer(change: &ChangeRequest, dossier: &Dossier) -> Refusal {
    Refusal::new(format!(
        "须由客户代表本人确认，没有记录。{}",
        next_line(change, Stage::Confirmation, dossier)
    ))
}

/// Nobody sits in the board.
pub fn no_board() -> Refusal {
    Refusal::new(format!("变更委员会还没有人，不能表决，没有记录。先设置：{SEATS}"))
}

/// Somebody without a seat voted.
pub fn not_on_board(project: &Project) -> Refusal {
    let seats = board::filled(project);
    Refusal::new(format!("变更由变更委员会表决，没有记录：{}", seated(&seats, project)))
}

/// The same vote again.
pub fn already_voted(change: &ChangeRequest, project: &Project) -> String {
    let missing = board::missing(&change.votes, project);
    format!("C{} 您已表决，没有改。还差 {}", change.number, seated(&missing, project))
}
