//! The moves of an action item.

use jiff::Timestamp;

use super::{ActionItem, Postponed, State, add::is_the_customers, words};
use crate::{
    chat::{Message, Person, Tone},
    dossier::{Context, Dossier, Hearing, Outcome, Refusal, RoomKind, Say},
    features::requirement::links,
    grammar::{Args, Command, Form, KeySpec, Rest, Spec},
};

/// The action item that a line names.
fn item(dossier: &Dossier, number: u32) -> Result<&ActionItem, Refusal> {
    dossier
        .find::<ActionItem>(number)
        .ok_or_else(|| Refusal::new(format!("没有 A{number}。看编号：/待办 列表")))
}

/// The same, refused once nothing is to be done.
fn open_item(dossier: &Dossier, number: u32) -> Result<&ActionItem, Refusal> {
    let item = item(dossier, number)?;
    match &item.state {
        State::Open => Ok(item),
        State::Done { by, .. } => Err(Refusal::new(format!("A{number} 已由 {} 完成", by.name))),
        State::Cancelled { by, .. } => Err(Refusal::new(format!("A{number} 已由 {} 取消", by.name))),
    }
}

/// Its owner, or who wrote it down while it has none, or one of the triangle.
fn permit(item: &ActionItem, what: &str, dossier: &Dossier, cx: &Context) -> Result<(), Refusal> {
    let responsible = item.owner.as_ref().unwrap_or(&item.by);
    if responsible.id == cx.actor.id || cx.is_triangle(dossier) {
        return Ok(());
    }
    Err(Refusal::new(format!("A{} 由 {} 负责，{what}须由本人或铁三角来做", item.number, responsible.name)))
}

/// `/A7 完成`: it is done.
pub struct Complete {
    number: u32,
    result: Option<String>,
}

impl Command for Complete {
    const SPEC: Spec = Spec::new(
        "待办",
        Form::IdAct("完成", "done"),
        "/待办 A7 完成 文档已上传",
        "完成（负责人或铁三角），可写结果",
    )
    .rest(Rest::Remark);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), result: args.remark() })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = open_item(dossier, self.number)?;
        permit(before, "完成", dossier, cx)?;
        let mut next = before.clone();
        next.state = State::Done { by: cx.actor.clone(), at: cx.now };
        let reply = words::completed(&next, cx);
        let told = words::completed_elsewhere(&next, cx.actor, self.result.as_deref());
        let about = Some(crate::dossier::Record::key(&next));
        let outcome = Outcome::change(next, "完成").because(self.result).replying(reply);
        // The team does not read the customer's room for it.
        Ok(match cx.place.kind {
            RoomKind::Customer => {
                outcome.saying(Say::Announce { hearing: Hearing::Internal, message: told, about })
            }
            RoomKind::Internal | RoomKind::Direct => outcome,
        })
    }
}

/// `/A7 取消 需求已撤回`: nobody has to do it any more.
pub struct Cancel {
    number: u32,
    why: Option<String>,
}

impl Command for Cancel {
    const SPEC: Spec = Spec::new(
        "待办",
        Form::IdAct("取消", "cancel"),
        "/待办 A7 取消 需求已撤回",
        "不用做了（提出人或铁三角）",
    )
    .rest(Rest::Remark);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), why: args.remark() })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = open_item(dossier, self.number)?;
        if before.by.id != cx.actor.id && !cx.is_triangle(dossier) {
            let by = &before.by.name;
            return Err(Refusal::new(format!("取消 A{} 须由提出人 {by} 或铁三角来做", self.number)));
        }
        let mut next = before.clone();
        next.state = State::Cancelled { by: cx.actor.clone(), at: cx.now };
        let reply = Message::text(format!("{} 已取消", words::name(&next)));
        Ok(Outcome::change(next, "取消").because(self.why).replying(reply))
    }
}

/// `/A7 延期 周五 等第三方接口`: another date.
pub struct Postpone {
    number: u32,
    due: Timestamp,
    why: Option<String>,
}

impl Command for Postpone {
    const SPEC: Spec = Spec::new(
        "待办",
        Form::IdAct("延期", "postpone"),
        "/待办 A7 延期 周五 等第三方接口",
        "改截止时间（负责人或铁三角），写上原因",
    )
    .keys(&[KeySpec::text("截止", "due"), KeySpec::text("原因", "reason")])
    .rest(Rest::Read);

    fn parse(mut args: Args, cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        let Some(due) = args.until("截止", cx)? else {
            return Err(Refusal::new(format!(
                "延期到什么时候？例如：/待办 A{number} 延期 周五 等第三方接口"
            )));
        };
        let why = args.reason("原因");
        Ok(Self { number, due, why })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = open_item(dossier, self.number)?;
        permit(before, "延期", dossier, cx)?;
        if before.due == Some(self.due) {
            return Err(Refusal::new(format!("A{} 的截止时间就是这一天，没有改", self.number)));
        }
        let mut next = before.clone().due_by(self.due, cx.now, cx.rules);
        if let Some(from) = before.due {
            next.postponed.push(Postponed { from, why: self.why.clone() });
        }
        let reply = words::postponed(&next, before.due, self.why.as_deref(), cx);
        Ok(Outcome::change(next, "延期").because(self.why).replying(reply))
    }
}

/// `/A7`: shows it; with a person, a date or a measure it changes it.
pub struct Touch {
    number: u32,
    owner: Option<Person>,
    helpers: Vec<Person>,
    due: Option<Timestamp>,
    measure: Option<String>,
}

impl Command for Touch {
    const SPEC: Spec =
        Spec::new("待办", Form::Id, "/待办 A7", "看一个待办；/待办 A7 @李工 截止:周五 补上负责人和截止")
            .keys(&[
                KeySpec::person("负责", "owner"),
                KeySpec::text("截止", "due"),
                KeySpec::text("衡量", "measure"),
            ]);

    fn parse(mut args: Args, cx: &Context) -> Result<Self, Refusal> {
        let due = args.promise("截止", cx)?;
        let number = args.number();
        if !args.words().is_empty() {
            return Err(Refusal::new(format!(
                "A{number} 要做什么没看懂，没有记录。可以发：/待办 A{number} 完成，或 /待办 A{number} 延期 周五 原因"
            ))
            .button("完成", format!("/A{number} 完成")));
        }
        let owner = args.owner().cloned();
        let helpers = args.people.iter().filter(|person| Some(*person) != owner.as_ref()).cloned().collect();
        Ok(Self { number, helpers, due, measure: args.key("衡量").map(str::to_owned), owner })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        if self.owner.is_none() && self.due.is_none() && self.measure.is_none() {
            let item = item(dossier, self.number)?;
            let card = links::on_card(words::shown(item, cx), item, dossier, cx);
            return Ok(Outcome::reply(card));
        }
        let before = open_item(dossier, self.number)?;
        // What is still open may be filled in by anyone; what somebody is bound to may not.
        let changes = (self.owner.is_some() && before.owner.is_some())
            || (self.due.is_some() && before.due.is_some())
            || (self.measure.is_some() && before.measure.is_some());
        if changes && before.by.id != cx.actor.id {
            permit(before, "修改", dossier, cx)?;
        }
        let mut next = before.clone();
        if let Some(due) = self.due.filter(|due| before.due != Some(*due)) {
            if before.due.is_some_and(|earlier| earlier < due) {
                let number = self.number;
                return Err(Refusal::new(format!(
                    "A{number} 往后改请用延期并写原因：/待办 A{number} 延期 周五 等第三方接口"
                )));
            }
            next = next.due_by(due, cx.now, cx.rules);
        }
        if let Some(owner) = self.owner {
            next.shared |= is_the_customers(Some(&owner), dossier);
            next.owner = Some(owner);
            next.helpers = self.helpers;
        }
        next.measure = self.measure.or(next.measure);
        if next == *before {
            return Err(Refusal::new(format!("A{} 已经是这样，没有改", self.number)));
        }
        let reply = words::added(&next, cx).tone(Tone::Plain);
        Ok(Outcome::change(next, "修改待办").replying(reply))
    }
}
