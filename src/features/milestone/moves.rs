//! The moves of a milestone: reached, put off, dropped.

use jiff::civil::Date;

use super::{
    Milestone, Plan, State, open_milestone,
    plan::{Move, What},
    words,
};
use crate::{
    chat::Message,
    dossier::{Context, Dossier, Hearing, Outcome, Record, Refusal, RoomKind, Say},
    features::{
        delay::{self, Delay, Reason},
        proof::{FACE_TO_FACE, NO_FACE_TO_FACE, Proof},
    },
    grammar::{Args, Command, Form, KeySpec, Rest, Spec, Who},
    store::Key,
};

/// The outcome of a changed milestone: the plan's next version where what it says moved, and the answer.
pub(super) fn revised(
    before: &Milestone,
    next: Milestone,
    moves: Vec<Move>,
    (what, why): (&str, Option<String>),
    dossier: &Dossier,
    cx: &Context,
) -> Outcome {
    let about = next.key();
    let plan = (!moves.is_empty()).then(|| Plan::revised(dossier, moves.clone(), Some(cx.actor), cx.now));
    let version = plan.as_ref().or(Plan::of(dossier)).map_or(0, Plan::version);
    let reply = words::changed((before, &next), &moves, version, dossier, cx);
    let ours = why.iter().fold(reply.clone(), |message, why| message.line(format!("原因：{why}")));
    let here = if cx.place.kind == RoomKind::Customer { reply } else { ours.clone() };
    let outcome = Outcome::change(next, what).because(why).replying(here);
    let outcome = plan.into_iter().fold(outcome, Outcome::and);
    told(outcome, ours, about, cx)
}

/// What is done before the customer the team hears too; a direct chat tells it by itself.
pub(super) fn told(outcome: Outcome, ours: Message, about: Key, cx: &Context) -> Outcome {
    if cx.place.kind != RoomKind::Customer {
        return outcome;
    }
    let message = Message { buttons: Vec::new(), ..ours };
    outcome.saying(Say::Announce { hearing: Hearing::Internal, message, about: Some(about) })
}

/// `/P2 完成 面对面:M5`.
pub struct Complete {
    number: u32,
    args: Args,
}

impl Command for Complete {
    const SPEC: Spec = Spec::new(
        "节点",
        Form::IdAct("完成", "done"),
        "/节点 P2 完成 客户已签收 面对面:M5",
        "完成节点（负责人或铁三角），可写结果；须面对面的写会议或日期，没有面谈写 无面对面:原因",
    )
    .rest(Rest::Read)
    .keys(&[FACE_TO_FACE, NO_FACE_TO_FACE]);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), args })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let number = self.number;
        let before = open_milestone(dossier, number)?;
        before.permit("完成", dossier, cx)?;
        let proof = Proof::of(&self.args, dossier, cx)?;
        if before.face_to_face && proof.is_none() {
            return Err(Refusal::new(format!(
                "P{number} 须面对面完成，没有记录。写会议或日期：/P{number} 完成 面对面:M5；没有面谈写原因：/P{number} 完成 无面对面:…"
            )));
        }
        let note = [Some(self.args.text.clone()), self.args.description()];
        let note: Vec<String> = note.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        let note = (!note.is_empty()).then(|| note.join("\n"));
        let state = State::Done { by: cx.actor.clone(), at: cx.now, proof, note: note.clone() };
        let next = Milestone { state, ..before.clone() };
        let about = next.key();
        let internal = cx.sees_internal(dossier);
        let ours = words::completed(&next, dossier, true, cx);
        let reply = words::completed(&next, dossier, internal, cx);
        let outcome = Outcome::change(next, "完成节点").because(note).replying(reply);
        Ok(told(outcome, ours, about, cx))
    }
}

/// `/P2 延期 12月25日 原因:第三方 接口没好`.
pub struct Postpone {
    number: u32,
    day: Date,
    why: Option<String>,
}

impl Command for Postpone {
    const SPEC: Spec = Spec::new(
        "节点",
        Form::IdAct("延期", "postpone"),
        "/节点 P2 延期 12月25日 原因:第三方 接口没好",
        "改日期（负责人或铁三角），计划升一版；原因写上类别：需求理解偏差、第三方、资源、技术、客户原因、其他",
    ).rest(Rest::Read)
    .keys(&[KeySpec::text("日期", "date"), KeySpec::text("原因", "reason")]);

    fn parse(mut args: Args, cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        let Some(at) = args.until("日期", cx)? else {
            return Err(Refusal::new(format!(
                "延期到哪天？例如：/节点 P{number} 延期 12月25日 原因:第三方 接口没好"
            )));
        };
        let words = args.words();
        let said = words.trim_matches([' ', '，', ',', '；', ';']);
        let parts = [args.key("原因"), Some(said).filter(|said| !said.is_empty())];
        let why: Vec<&str> = parts.into_iter().flatten().collect();
        let why = (!why.is_empty()).then(|| why.join(" "));
        Ok(Self { number, day: cx.rules.calendar.date(at), why })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = open_milestone(dossier, self.number)?;
        before.permit("延期", dossier, cx)?;
        if before.day == self.day {
            return Err(Refusal::new(format!("P{} 的日期就是这一天，没有改", self.number)));
        }
        if self.day < before.day {
            let next = before.clone().on(self.day, cx.now, cx.rules);
            let moves = Plan::moves(Some(before), &next);
            return Ok(revised(before, next, moves, ("提前节点", self.why), dossier, cx));
        }
        let Some(reason) = self.why.as_deref().and_then(Reason::parse) else {
            return Err(delay::uncaused(&self.line()));
        };
        let why = reason.in_words();
        let delay = Delay { from: before.day, to: self.day, reason, by: cx.actor.clone(), at: cx.now };
        let next = before.postponed(delay, cx.now, cx.rules);
        let moves = Plan::moves(Some(before), &next);
        Ok(revised(before, next, moves, ("延期节点", Some(why)), dossier, cx))
    }
}

impl Postpone {
    /// The line to send instead, with a category in front of what was said.
    fn line(&self) -> String {
        let said = self.why.as_ref().map(|why| format!(" {why}")).unwrap_or_default();
        format!("/P{} 延期 {} 原因:其他{said}", self.number, self.day)
    }
}

/// `/P2 取消 原因`: it is no longer a part of the plan.
pub struct Cancel {
    number: u32,
    why: String,
}

impl Command for Cancel {
    const SPEC: Spec =
        Spec::new("节点", Form::IdAct("取消", "cancel"), "/节点 P2 取消 并入上线", "从计划里去掉，写明原因")
            .rest(Rest::Read)
            .who(Who::Triangle);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        match args.remark() {
            Some(why) => Ok(Self { number, why }),
            None => Err(Refusal::new(format!("为什么取消？例如：/P{number} 取消 并入上线"))),
        }
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = open_milestone(dossier, self.number)?;
        let by = cx.actor.clone();
        let state = State::Cancelled { by, at: cx.now, why: self.why.clone() };
        let next = Milestone { state, ..before.clone() };
        let moves = vec![Move { milestone: next.number, what: What::Dropped(before.day) }];
        Ok(revised(before, next, moves, ("取消节点", Some(self.why)), dossier, cx))
    }
}
