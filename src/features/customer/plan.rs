//! A customer's development-and-maintenance plan (RULES 1): items with dates, reminded of as action items are.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{File, not_before_customers, words};
use crate::{
    chat::{Button, Person},
    dossier::{
        self, Call, Context, Dossier, Kind, Outcome, Ping, Record, Refusal, Role, Rules, Say, Waking,
        ladder::Ladder,
    },
    features::action::clock,
    grammar::{Args, Command, Form, KeySpec, On, Rest, Spec, Who},
};

/// Something that is planned for a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanItem {
    /// Its number in the customer's file.
    pub number: u32,
    /// What, in one line.
    pub title: String,
    /// Who does it; the customer lead where nobody is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Person>,
    /// Until when.
    pub due: Timestamp,
    /// Who wrote it down.
    pub by: Person,
    /// When.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: State,
    /// The reminders.
    pub clock: Ladder,
}

/// Where an item of the plan stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// 未完成.
    Open,
    /// 已完成.
    Done {
        /// When.
        at: Timestamp,
        /// With what result, where it was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<String>,
    },
    /// 已取消.
    Cancelled {
        /// When.
        at: Timestamp,
    },
}

impl PlanItem {
    /// Whether it is still to be done.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whom its pings call.
    pub fn call(&self, dossier: &Dossier) -> Call {
        dossier.project().call_owner(self.owner.as_ref(), Role::CustomerLead)
    }
}

impl Kind for PlanItem {
    const LETTER: char = 'J';
    const NAME: &'static str = "客户计划";
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("title", "内容"), ("owner", "负责"), ("due", "截止"), ("state", "状态")];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn state(&self) -> &'static str {
        match self.state {
            State::Open => "未完成",
            State::Done { .. } => "已完成",
            State::Cancelled { .. } => "已取消",
        }
    }

    fn shared(&self) -> bool {
        false
    }

    /// Invariant: what is done or cancelled never wakes.
    fn wakes_at(&self, _rules: &Rules) -> Option<Timestamp> {
        if self.is_open() { self.clock.next() } else { None }
    }

    fn wake(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        let Some(climb) = self.clock.climb(cx.now, &cx.rules.calendar).filter(|_| self.is_open()) else {
            return Outcome::default();
        };
        let next = Self { clock: climb.ladder.clone(), ..self.clone() };
        let (what, message) = match climb.rung.as_str() {
            "overdue" => ("提醒逾期", words::plan_overdue(self, cx)),
            _ => ("提醒到期", words::plan_upcoming(self, cx)),
        };
        let ping = Ping::of(&climb, self.call(dossier), Record::key(self), "due", message);
        Outcome::change(next, what).saying(Say::Ping(ping))
    }

    fn owes(&self, _step: &str) -> bool {
        self.is_open()
    }

    fn steps(&self, _dossier: &Dossier, _internal: bool) -> Vec<Button> {
        if self.is_open() { vec![self.button("完成", "完成")] } else { Vec::new() }
    }

    fn open(&self, dossier: &Dossier) -> Vec<dossier::Open> {
        if !self.is_open() {
            return Vec::new();
        }
        let who = self.call(dossier).people;
        vec![dossier::Open {
            due: Some(self.due),
            what: "完成".into(),
            who,
            loud: false,
            internal: true,
            late_from: None,
        }]
    }
}

/// `/客户 计划 年底前交流信创方案 12月20日 @李工`; alone it lists the plan.
pub struct Add {
    title: String,
    owner: Option<Person>,
    due: Option<Timestamp>,
}

impl Command for Add {
    const SPEC: Spec = Spec::new(
        "客户",
        Form::Act("计划", "plan"),
        "/客户 计划 交流信创方案 12月20日 @李工",
        "记客户的发展维护计划，到期前提醒；只发 /客户 计划 看全部",
    )
    .keys(&[KeySpec::person("负责", "owner"), KeySpec::text("截止", "due")])
    .rest(Rest::Read)
    .who(Who::Triangle)
    .on(On::Customer);

    fn parse(mut args: Args, cx: &Context) -> Result<Self, Refusal> {
        not_before_customers(cx)?;
        let due = args.deadline("截止", cx)?;
        let owner = args.owner().cloned();
        if due.is_none() && !args.text.is_empty() {
            let text = &args.text;
            return Err(Refusal::new(format!("计划要有日期，例如：/客户 计划 {text} 截止:12月20日")));
        }
        Ok(Self { title: args.text, owner, due })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let file = File::of(dossier)?;
        let (Some(due), false) = (self.due, self.title.is_empty()) else {
            return Ok(Outcome::reply(words::plan(file, dossier, cx)));
        };
        let item = PlanItem {
            number: Outcome::default().next_number::<PlanItem>(dossier),
            title: self.title,
            owner: self.owner,
            due,
            by: cx.actor.clone(),
            created_at: cx.now,
            state: State::Open,
            clock: clock(due, cx.now, cx.rules),
        };
        let reply = words::planned(&file.customer, &item, &item.call(dossier), cx);
        Ok(Outcome::change(item, "记客户计划").replying(reply))
    }
}

/// The item that a line names, refused once nothing is to be done.
fn open_item(dossier: &Dossier, number: u32) -> Result<&PlanItem, Refusal> {
    let Some(item) = dossier.find::<PlanItem>(number) else {
        return Err(Refusal::new(format!("没有 J{number}。看编号：/客户 计划")));
    };
    match item.state {
        State::Open => Ok(item),
        State::Done { .. } | State::Cancelled { .. } => {
            Err(Refusal::new(format!("J{number} {}", Kind::state(item))))
        }
    }
}

/// `/J2`: shows it.
pub struct ShowItem(u32);

impl Command for ShowItem {
    const SPEC: Spec = Spec::new("客户", Form::Id, "/J2", "看客户计划的一项").rest(Rest::Refused);

    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal> {
        not_before_customers(cx)?;
        Ok(Self(args.number()))
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let item = dossier.find::<PlanItem>(self.0);
        let item = item.ok_or_else(|| Refusal::new(format!("没有 J{}。看编号：/客户 计划", self.0)))?;
        Ok(Outcome::reply(words::plan_item(item, &item.call(dossier), cx)))
    }
}

/// `/J2 完成 已交流，客户要方案书`: it is done.
pub struct Complete {
    number: u32,
    result: Option<String>,
}

impl Command for Complete {
    const SPEC: Spec = Spec::new(
        "客户",
        Form::IdAct("完成", "done"),
        "/J2 完成 已交流，客户要方案书",
        "客户计划的一项做完了，可写结果",
    )
    .rest(Rest::Remark)
    .who(Who::TriangleOrOwner);

    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal> {
        not_before_customers(cx)?;
        Ok(Self { number: args.number(), result: args.remark() })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut next = open_item(dossier, self.number)?.clone();
        next.state = State::Done { at: cx.now, result: self.result.clone() };
        let reply = words::plan_done(&next);
        Ok(Outcome::change(next, "完成").because(self.result).replying(reply))
    }
}

/// `/J2 延期 1月15日 等客户预算`: another date.
pub struct Postpone {
    number: u32,
    due: Timestamp,
    why: Option<String>,
}

impl Command for Postpone {
    const SPEC: Spec = Spec::new(
        "客户",
        Form::IdAct("延期", "postpone"),
        "/J2 延期 1月15日 等客户预算",
        "改客户计划的日期，写上原因",
    )
    .keys(&[KeySpec::text("截止", "due")])
    .rest(Rest::Read)
    .who(Who::TriangleOrOwner);

    fn parse(mut args: Args, cx: &Context) -> Result<Self, Refusal> {
        not_before_customers(cx)?;
        let number = args.number();
        let Some(due) = args.until("截止", cx)? else {
            return Err(Refusal::new(format!("延期到什么时候？例如：/J{number} 延期 1月15日 等客户预算")));
        };
        Ok(Self { number, due, why: args.reason("原因") })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = open_item(dossier, self.number)?;
        let clock = clock(self.due, cx.now, cx.rules);
        let next = PlanItem { due: self.due, clock, ..before.clone() };
        let reply = words::plan_postponed(&next, before.due, self.why.as_deref(), cx);
        Ok(Outcome::change(next, "延期").because(self.why).replying(reply))
    }
}

/// `/J2 取消 客户换了方向`: nobody has to do it any more.
pub struct Cancel {
    number: u32,
    why: Option<String>,
}

impl Command for Cancel {
    const SPEC: Spec =
        Spec::new("客户", Form::IdAct("取消", "cancel"), "/J2 取消 客户换了方向", "客户计划的一项不做了")
            .rest(Rest::Remark)
            .who(Who::TriangleOrOwner);

    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal> {
        not_before_customers(cx)?;
        Ok(Self { number: args.number(), why: args.remark() })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut next = open_item(dossier, self.number)?.clone();
        next.state = State::Cancelled { at: cx.now };
        let reply = words::plan_cancelled(&next);
        Ok(Outcome::change(next, "取消").because(self.why).replying(reply))
    }
}
