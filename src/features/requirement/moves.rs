//! Showing requirements, and their moves from state to state.

use jiff::Timestamp;

use super::{
    Requirement, State, frozen,
    refusal::{kept, wrong_state},
    requirement, words,
};
use crate::{
    chat::{Message, Person, Tone},
    dossier::{Context, Dossier, Hearing, Kind, Outcome, Refusal, RoomKind, Say},
    grammar::{Args, Command, Form, KeySpec, Priority, Rest, Spec, Who},
};

/// `/R1`: shows it; with keys, a person or a mark it changes it.
pub struct Show {
    number: u32,
    text: String,
    priority: Option<Priority>,
    owner: Option<Person>,
    due: Option<Timestamp>,
}

impl Command for Show {
    const SPEC: Spec =
        Spec::new("需求", Form::Id, "/需求 R1", "看一个需求；/需求 R1 !高 @李工 截止:周五 改它")
            .keys(&[KeySpec::person("负责", "owner"), KeySpec::text("截止", "due")]);

    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal> {
        Ok(Self {
            number: args.number(),
            priority: args.priority,
            owner: args.owner().cloned(),
            due: args.date("截止", cx)?,
            text: args.words(),
        })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = requirement(dossier, self.number)?;
        if !self.text.is_empty() {
            return Err(Refusal::new(format!(
                "看不懂「{}」，没有记录。补充内容：/R{} 补充 场景:…；全部写法：/帮助 需求",
                self.text, self.number
            )));
        }
        let mut next = before.clone();
        next.priority = self.priority.or(next.priority);
        next.owner = self.owner.or(next.owner);
        next.due = self.due.or(next.due);
        if next == *before {
            let message = words::shown(before, dossier, cx);
            return Ok(Outcome {
                about: Some(crate::dossier::Record::key(before)),
                ..Outcome::reply(message)
            });
        }
        // Who works on it stays ours to say; what was signed does not.
        if before.is_confirmed() && (next.priority, next.due) != (before.priority, before.due) {
            return Err(frozen(before));
        }
        if !before.is_open() {
            return Err(Refusal::new(format!("R{} {}，不能再改", self.number, before.state())));
        }
        let reply = Message::text(words::listed(&next, cx.sees_internal(dossier), cx.now, cx.rules));
        let next = next.heard(dossier, cx);
        Ok(Outcome::change(next, "修改需求").replying(reply))
    }
}

/// Moves a requirement on; the customer's room hears of its own.
fn moved(
    before: &Requirement,
    state: State,
    what: &str,
    why: Option<String>,
    dossier: &Dossier,
    cx: &Context,
) -> Outcome {
    let mut next = before.clone().heard(dossier, cx);
    next.state = state;
    next.clock = None;
    let mut message = Message::text(format!("{} {}", words::name(&next), next.state()));
    if let Some(why) = &why {
        message = message.line(why.clone());
    }
    let good = matches!(next.state, State::Delivered { .. } | State::Accepted { .. });
    let message = message.tone(if good { Tone::Good } else { Tone::Plain });
    let shared = next.shared && cx.place.kind != RoomKind::Customer;
    let about = Some(crate::dossier::Record::key(&next));
    let outcome = Outcome::change(next, what).because(why).replying(message.clone());
    if shared {
        outcome.saying(Say::Announce { hearing: Hearing::Customer, message, about })
    } else {
        outcome
    }
}

/// `/R1 开始`.
pub struct Start(u32);

impl Command for Start {
    const SPEC: Spec = Spec::new("需求", Form::IdAct("开始", "start"), "/需求 R1 开始", "开始做")
        .rest(Rest::Remark)
        .who(Who::Triangle);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self(args.number()))
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = requirement(dossier, self.0)?;
        match before.state {
            State::Confirmed { .. } | State::Waived { .. } => {
                Ok(moved(before, State::InProgress, "开始", None, dossier, cx))
            }
            _ => Err(wrong_state(before, "开始")),
        }
    }
}

/// `/R1 交付`.
pub struct Deliver(u32, Option<String>);

impl Command for Deliver {
    const SPEC: Spec = Spec::new("需求", Form::IdAct("交付", "deliver"), "/需求 R1 交付", "已交付")
        .rest(Rest::Remark)
        .who(Who::Triangle);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self(args.number(), args.remark()))
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = requirement(dossier, self.0)?;
        match before.state {
            State::InProgress => {
                Ok(moved(before, State::Delivered { at: cx.now }, "交付", self.1, dossier, cx))
            }
            _ => Err(wrong_state(before, "交付")),
        }
    }
}

/// `/R1 验收`.
pub struct Accept(u32, Option<String>);

impl Command for Accept {
    const SPEC: Spec = Spec::new("需求", Form::IdAct("验收", "accept"), "/需求 R1 验收", "客户已验收")
        .rest(Rest::Remark)
        .who(Who::TriangleOrRepresentative);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self(args.number(), args.remark()))
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = requirement(dossier, self.0)?;
        match before.state {
            State::Delivered { at } => {
                let accepted = State::Accepted { at: cx.now, delivered: Some(at) };
                Ok(moved(before, accepted, "验收", self.1, dossier, cx))
            }
            _ => Err(wrong_state(before, "验收")),
        }
    }
}

/// `/R1 豁免 原因`: confirmed, but let go, so that the project can be accepted without it.
pub struct Waive(u32, String);

impl Command for Waive {
    const SPEC: Spec = Spec::new(
        "需求",
        Form::IdAct("豁免", "waive"),
        "/需求 R1 豁免 客户同意下期再做",
        "已确认的需求不交付也能验收，写明原因",
    )
    .rest(Rest::Read)
    .who(Who::TriangleOrRepresentative);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        match args.remark() {
            Some(why) => Ok(Self(number, why)),
            None => Err(Refusal::new(format!("为什么豁免？例如：/R{number} 豁免 客户同意下期再做"))),
        }
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = requirement(dossier, self.0)?;
        match before.state {
            State::Confirmed { .. } | State::InProgress => {
                Ok(moved(before, State::Waived { why: self.1.clone() }, "豁免", Some(self.1), dossier, cx))
            }
            _ => Err(wrong_state(before, "豁免")),
        }
    }
}

/// `/R1 拒绝 原因`.
pub struct Reject(u32, String);

impl Command for Reject {
    const SPEC: Spec =
        Spec::new("需求", Form::IdAct("拒绝", "reject"), "/需求 R1 拒绝 与现有流程冲突", "不做，写明原因")
            .rest(Rest::Read)
            .who(Who::Triangle);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        match args.remark() {
            Some(why) => Ok(Self(number, why)),
            None => Err(Refusal::new(format!("为什么不做？例如：/R{number} 拒绝 与现有流程冲突"))),
        }
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = requirement(dossier, self.0)?;
        if let Some(refusal) = kept(before, "拒绝", before.is_confirmed(), dossier) {
            return Err(refusal);
        }
        if !before.is_open() {
            return Err(wrong_state(before, "拒绝"));
        }
        Ok(moved(before, State::Rejected { why: self.1.clone() }, "拒绝", Some(self.1), dossier, cx))
    }
}

/// `/R1 撤回 [原因]`: whoever asked takes it back.
pub struct Withdraw(u32, Option<String>);

impl Command for Withdraw {
    const SPEC: Spec = Spec::new("需求", Form::IdAct("撤回", "withdraw"), "/需求 R1 撤回", "提出人不要了")
        .rest(Rest::Remark);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self(args.number(), args.remark()))
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = requirement(dossier, self.0)?;
        if before.by.id != cx.actor.id && !cx.is_triangle(dossier) {
            return Err(Refusal::new(format!("撤回 R{} 须由提出人 {} 或铁三角来做", self.0, before.by.name)));
        }
        if !before.is_open() {
            return Err(wrong_state(before, "撤回"));
        }
        // What was signed is given up only after a change that says so.
        let agreed = cx.is_triangle(dossier) && !before.amendments.is_empty();
        if let Some(refusal) = kept(before, "撤回", before.is_confirmed() && !agreed, dossier) {
            return Err(refusal);
        }
        Ok(moved(before, State::Withdrawn { why: self.1.clone() }, "撤回", self.1, dossier, cx))
    }
}
