//! `/变更 C3 同意`, `反对`, `撤回`: how a change is decided.

use super::{BoardSeat, ChangeRequest, Stage, Vote, board, open_change, refusal, verdict};
use crate::{
    dossier::{Context, Dossier, Outcome, Refusal},
    grammar::{Args, Command, Form, KeySpec, Rest, Spec},
};

/// Puts a vote into every seat of whoever speaks.
fn vote(
    before: &ChangeRequest,
    agrees: bool,
    why: Option<String>,
    dossier: &Dossier,
    cx: &Context,
) -> Result<Outcome, Refusal> {
    let project = dossier.project();
    if board::filled(project).is_empty() {
        return Err(refusal::no_board());
    }
    let seats = board::seats_of(&cx.actor.id, project);
    if seats.is_empty() {
        return Err(refusal::not_on_board(project));
    }
    let stage = before.stage_in(dossier);
    // Nobody has to go through the steps of a change that one of the board will not have.
    if agrees && stage != Stage::Vote {
        return Err(refusal::not_yet(before, Stage::Vote, stage, dossier));
    }
    let mut next = before.clone();
    for seat in seats {
        let vote = Vote { by: cx.actor.clone(), at: cx.now, agrees, why: why.clone() };
        next.votes.insert(seat, vote);
    }
    let same = |seat: &super::BoardSeat, vote: &Vote| {
        before.votes.get(seat).is_some_and(|old| {
            old.by.id == vote.by.id
                && old.agrees == vote.agrees
                && (vote.why.is_none() || old.why == vote.why)
        })
    };
    if next.votes.iter().all(|(seat, vote)| same(seat, vote)) {
        return Err(Refusal::new(refusal::already_voted(before, project)));
    }
    verdict::counted(next, cx.actor, dossier, cx)
}

impl ChangeRequest {
    /// Why it was rejected, in the words that a customer may read: the customer's own. Ours stay with us.
    pub(super) fn customers_no(&self) -> Option<&str> {
        self.votes.get(&BoardSeat::Customer).filter(|vote| !vote.agrees)?.why.as_deref()
    }
}

fn reason(args: &Args) -> Option<String> {
    args.key("原因").map(str::to_owned).or_else(|| args.remark())
}

/// `/变更 C3 同意`.
pub struct Approve {
    number: u32,
    why: Option<String>,
}

impl Command for Approve {
    const SPEC: Spec = Spec::new(
        "变更",
        Form::IdAct("同意", "approve"),
        "/变更 C3 同意",
        "表决：同意（客户代表、项目经理、技术负责人）",
    )
    .keys(&[KeySpec::text("原因", "reason")])
    .rest(Rest::Remark);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), why: reason(&args) })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        vote(open_change(dossier, self.number)?, true, self.why, dossier, cx)
    }
}

/// `/变更 C3 反对 原因`: one is enough.
pub struct Reject {
    number: u32,
    why: Option<String>,
}

impl Command for Reject {
    const SPEC: Spec = Spec::new(
        "变更",
        Form::IdAct("反对", "reject"),
        "/变更 C3 反对 上线前不改支付流程",
        "表决：反对，写上原因；一票即否决",
    )
    .keys(&[KeySpec::text("原因", "reason")])
    .rest(Rest::Remark);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), why: reason(&args) })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = open_change(dossier, self.number)?;
        let seated = !board::seats_of(&cx.actor.id, dossier.project()).is_empty();
        if seated && self.why.is_none() {
            let number = self.number;
            return Err(Refusal::new(format!(
                "反对要写原因，没有记录。例如：/变更 C{number} 反对 上线前不改支付流程"
            )));
        }
        vote(before, false, self.why, dossier, cx)
    }
}

/// `/变更 C3 撤回`: the filer takes it back.
pub struct Withdraw {
    number: u32,
    why: Option<String>,
}

impl Command for Withdraw {
    const SPEC: Spec = Spec::new(
        "变更",
        Form::IdAct("撤回", "withdraw"),
        "/变更 C3 撤回 客户改主意了",
        "撤回（提出人），不再提醒",
    )
    .keys(&[KeySpec::text("原因", "reason")])
    .rest(Rest::Remark);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), why: reason(&args) })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = open_change(dossier, self.number)?;
        if before.by.id != cx.actor.id && !cx.admin {
            let (number, by) = (self.number, &before.by.name);
            return Err(Refusal::new(format!(
                "C{number} 由 {by} 提出，须由本人撤回；不同意请表决：/变更 C{number} 反对 原因"
            )));
        }
        Ok(verdict::withdrawn(before.clone(), self.why, dossier, cx))
    }
}
