//! `/改进 I1 完成`, `/改进 I1 延期 下周五 等采购`, and the lists.

use jiff::Timestamp;

use super::{Improvement, State, words};
use crate::{
    chat::Message,
    dossier::{Context, Dossier, Outcome, Refusal},
    features::{action, listing},
    grammar::{Args, Command, Form, KeySpec, On, Rest, Spec, Who},
};

/// The improvement that a line names, refused once it is over.
fn open_one(dossier: &Dossier, number: u32) -> Result<&Improvement, Refusal> {
    let improvement = dossier.find::<Improvement>(number).ok_or_else(|| words::unknown(number))?;
    if improvement.is_open() { Ok(improvement) } else { Err(words::over(improvement)) }
}

/// It is done.
pub struct Complete {
    number: u32,
    result: Option<String>,
}

impl Command for Complete {
    const SPEC: Spec = Spec::new(
        "改进",
        Form::IdAct("完成", "done"),
        "/改进 I1 完成 评审清单已启用",
        "做完了（负责人或铁三角），可写结果；有没有效看下一次满意度",
    )
    .rest(Rest::Remark)
    .who(Who::TriangleOrOwner)
    .on(On::Customer);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), result: args.remark() })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = open_one(dossier, self.number)?;
        let next = Improvement { state: State::Done { by: cx.actor.clone(), at: cx.now }, ..before.clone() };
        let reply = words::completed(&next, cx);
        Ok(Outcome::change(next, "完成").because(self.result).replying(reply))
    }
}

/// Another date.
pub struct Postpone {
    number: u32,
    due: Timestamp,
    why: String,
}

impl Command for Postpone {
    const SPEC: Spec = Spec::new(
        "改进",
        Form::IdAct("延期", "postpone"),
        "/改进 I1 延期 12月31日 等采购到货",
        "改截止时间（负责人或铁三角），写上原因",
    )
    .keys(&[KeySpec::text("截止", "due"), KeySpec::text("原因", "reason")])
    .rest(Rest::Read)
    .who(Who::TriangleOrOwner)
    .on(On::Customer);

    fn parse(mut args: Args, cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        let due = args.until("截止", cx)?;
        match due.zip(args.reason("原因")) {
            Some((due, why)) => Ok(Self { number, due, why }),
            None => Err(words::postpone_how(number)),
        }
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = open_one(dossier, self.number)?;
        let next = Improvement {
            due: self.due,
            clock: action::clock(self.due, cx.now, cx.rules),
            postponed: before.postponed + u32::from(self.due > before.due),
            ..before.clone()
        };
        let reply = words::postponed(&next, before.due, &self.why, cx);
        Ok(Outcome::change(next, "延期").because(Some(self.why)).replying(reply))
    }
}

/// The improvements, those to be done first.
pub struct List;

impl Command for List {
    const SPEC: Spec =
        Spec::new("改进", Form::List, "/改进 列表", "这个客户的改进：进行中、待验证、有效、无效")
            .on(On::Customer);

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        if !cx.sees_internal(dossier) {
            return Err(words::ours());
        }
        let mut all: Vec<&Improvement> = dossier.all::<Improvement>().collect();
        all.sort_by_key(|one| (!one.is_open(), one.verdict.is_some(), one.due));
        let lines = all.into_iter().map(|one| words::listed(one, cx)).collect();
        Ok(Outcome::reply(listing("改进", lines, Message::text("还没有改进"))))
    }
}

/// One improvement.
pub struct Show(u32);

impl Command for Show {
    const SPEC: Spec = Spec::new("改进", Form::Id, "/改进 I1", "一个改进的来历和结果").on(On::Customer);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        match args.remark() {
            Some(said) => Err(words::not_understood(number, &said)),
            None => Ok(Self(number)),
        }
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let improvement = dossier.find::<Improvement>(self.0).ok_or_else(|| words::unknown(self.0))?;
        Ok(Outcome::reply(words::shown(improvement, cx)))
    }
}
