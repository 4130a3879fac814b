//! What can be said of risks.

use jiff::Timestamp;

use super::{Level, Risk, State, Told, due_ladder, loss, words};
use crate::{
    chat::{Message, Person, Tone},
    dossier::{Context, Dossier, Outcome, Refusal, RoomKind, Say},
    features::{listing, origin::Origin, requirement::links},
    grammar::{Args, Command, Form, KeySpec, On, Priority, Rest, Spec, Who},
};

const KEYS: &[KeySpec] = &[
    KeySpec::text("方案", "plan"),
    KeySpec::person("负责", "owner"),
    KeySpec::text("截止", "due"),
    KeySpec::text("概率", "probability"),
    KeySpec::text("影响", "impact"),
    KeySpec::text("后果", "consequence"),
];

/// What a line says of a risk.
struct Said {
    text: String,
    /// The text with the lines after the first.
    words: String,
    level: Option<Level>,
    weighed: Option<(u32, u32)>,
    owner: Option<Person>,
    plan: Option<String>,
    consequence: Option<String>,
    internal: bool,
    due: Option<Timestamp>,
}

impl Said {
    fn read(args: Args, cx: &Context) -> Result<Self, Refusal> {
        let due = args.date("截止", cx)?;
        let mut consequence = args.key("后果").map(str::to_owned);
        let probability = score(&args, "概率")?;
        // `影响:测试 推迟2天` tells a loss; `影响:4` is a score (RULES 4).
        let impact = match args.key("影响") {
            Some(text) if crate::grammar::is_worded(text) => {
                consequence = consequence.or_else(|| Some(text.to_owned()));
                None
            }
            _ => score(&args, "影响")?,
        };
        let weighed = match (probability, impact) {
            (Some(probability), Some(impact)) => Some((probability, impact)),
            (None, None) => None,
            _ => return Err(Refusal::new("概率和影响要一起写，各 1–5，例如：概率:4 影响:5")),
        };
        let level = match args.priority {
            Some(Priority::Urgent | Priority::High) => Some(Level::High),
            Some(Priority::Medium) => Some(Level::Medium),
            Some(Priority::Low) => Some(Level::Low),
            None => weighed.map(|(probability, impact)| Level::of(probability, impact, cx.rules)),
        };
        Ok(Self {
            level,
            weighed,
            owner: args.owner().cloned(),
            plan: args.key("方案").map(str::to_owned),
            consequence,
            internal: args.internal,
            due,
            words: args.words(),
            text: args.text,
        })
    }
}

/// A score from 1 to 5.
fn score(args: &Args, key: &str) -> Result<Option<u32>, Refusal> {
    let Some(text) = args.key(key) else { return Ok(None) };
    let narrow: String = text.chars().map(crate::grammar::narrow).collect();
    match narrow.trim().parse() {
        Ok(score @ 1..=5) => Ok(Some(score)),
        _ => Err(Refusal::new(format!("{key}请写 1–5，写的是「{text}」，没有记录"))),
    }
}

/// `/风险 第三方接口延迟 方案:已协调优先处理 !高`.
pub struct Add {
    said: Said,
    origin: Origin,
}

impl Command for Add {
    const SPEC: Spec = Spec::new(
        "风险",
        Form::Text,
        "/风险 第三方接口延迟 概率:4 影响:4 方案:已协调优先处理 负责:@李工 截止:下周五",
        "记一个风险；!内部 不出现在客户群",
    )
    .keys(KEYS)
    .on(On::ProjectOrNew)
    .from_quote();

    fn parse(mut args: Args, cx: &Context) -> Result<Self, Refusal> {
        args.take_quoted_title();
        let origin = Origin::of(&args, cx);
        let said = Said::read(args, cx)?;
        if said.text.is_empty() {
            return Err(Refusal::new("风险是什么？例如：/风险 第三方接口延迟 方案:已协调优先处理 !高"));
        }
        Ok(Self { said, origin })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        self.origin.is_new::<Risk>(dossier, |risk| risk.message.as_ref())?;
        let mut outcome = Outcome::default();
        let origin = self.origin.clone();
        let risk =
            self.record(outcome.next_number::<Risk>(dossier), dossier, cx).told_if_high(cx.now, dossier);
        outcome.reply = Some(origin.named_in(words::added(&risk, dossier, cx), cx));
        outcome.what = "提出风险".into();
        outcome.about = Some(crate::dossier::Record::key(&risk));
        outcome.say = early(&risk, dossier, cx);
        Ok(outcome.and(risk))
    }
}

impl Add {
    /// The record that the line makes; minutes make several in one decision.
    pub fn record(self, number: u32, dossier: &Dossier, cx: &Context) -> Risk {
        let Self { said, origin } = self;
        let told = Told {
            title: said.text,
            said: origin.said,
            level: said.level.unwrap_or(Level::Medium),
            weighed: said.weighed,
            owner: said.owner,
            plan: said.plan,
            consequence: said.consequence,
            internal: said.internal,
            from_customer: cx.place.kind == RoomKind::Customer
                || dossier.founded().is_some_and(|project| project.is_customer(&cx.actor.id)),
            due: said.due,
        };
        let risk = Risk::new(number, told, &origin.by, &cx.place.room, cx.now, cx.rules);
        Risk { message: origin.message, ..risk }
    }
}

/// What is told early; a customer's room that heard the line itself is not told again.
fn early(risk: &Risk, dossier: &Dossier, cx: &Context) -> Vec<Say> {
    let here = cx.place.kind == RoomKind::Customer && risk.plan.is_some();
    // Whoever just said it need not be called about it.
    let alone = |say: &Say| match say {
        Say::Ping(ping) => {
            !ping.call.people.is_empty() && ping.call.people.iter().all(|p| p.id == cx.actor.id)
        }
        Say::Announce { .. } | Say::AnnounceNow { .. } | Say::PingAlone(_) | Say::Direct { .. } => false,
    };
    if here { Vec::new() } else { risk.told_early(dossier).into_iter().filter(|say| !alone(say)).collect() }
}

fn risk(dossier: &Dossier, number: u32) -> Result<&Risk, Refusal> {
    dossier.find::<Risk>(number).ok_or_else(|| Refusal::new(format!("没有 K{number}。看编号：/风险 列表")))
}

fn open_risk(dossier: &Dossier, number: u32) -> Result<&Risk, Refusal> {
    let risk = risk(dossier, number)?;
    if risk.is_open() {
        return Ok(risk);
    }
    Err(Refusal::new(format!("K{number} {}", crate::dossier::Kind::state(risk))))
}

/// `/K1`: shows it; with keys or a mark it changes it.
pub struct Show {
    number: u32,
    said: Said,
}

impl Command for Show {
    const SPEC: Spec =
        Spec::new("风险", Form::Id, "/风险 K1", "看一个风险；/风险 K1 !高 负责:@李工 截止:周五 改它")
            .keys(KEYS);

    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), said: Said::read(args, cx)? })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = risk(dossier, self.number)?;
        let said = self.said;
        if !said.words.is_empty() {
            return Err(Refusal::new(format!(
                "看不懂「{}」，没有记录。补方案：/K{} 方案 …；全部写法：/帮助 风险",
                said.words, self.number
            )));
        }
        let mut next = before.clone();
        next.level = said.level.unwrap_or(next.level);
        if let Some((probability, impact)) = said.weighed {
            (next.probability, next.impact) = (Some(probability), Some(impact));
        }
        next.owner = said.owner.or(next.owner);
        next.consequence = said.consequence.or(next.consequence);
        next.internal |= said.internal;
        if let Some(plan) = said.plan {
            next.plan = Some(plan);
            next.state = State::Mitigating;
        }
        if let Some(due) = said.due {
            next.due = Some(due_ladder(due, cx.rules));
        }
        if next == *before {
            return Ok(Outcome::reply(links::on_card(
                words::shown(before, dossier, cx),
                before,
                dossier,
                cx,
            )));
        }
        next = next.told_if_high(cx.now, dossier);
        open_risk(dossier, self.number)?;
        let raised = next.level > before.level || (before.plan.is_none() && next.plan.is_some());
        let say = if raised { early(&next, dossier, cx) } else { Vec::new() };
        let reply = words::shown(&next, dossier, cx);
        let mut outcome = Outcome::change(next, "修改风险").replying(reply);
        outcome.say = say;
        Ok(outcome)
    }
}

/// `/K1 方案 已协调优先处理`.
pub struct Plan {
    number: u32,
    plan: String,
}

impl Command for Plan {
    const SPEC: Spec =
        Spec::new("风险", Form::IdAct("方案", "plan"), "/风险 K1 方案 已协调优先处理", "写应对方案")
            .rest(Rest::Read);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        match args.remark() {
            Some(plan) => Ok(Self { number, plan }),
            None => Err(Refusal::new(format!("方案是什么？例如：/K{number} 方案 已协调优先处理"))),
        }
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = open_risk(dossier, self.number)?;
        let mut next = before.clone();
        next.plan = Some(self.plan.clone());
        next.state = State::Mitigating;
        next = next.told_if_high(cx.now, dossier);
        let reply =
            Message::text(format!("{} 应对中", words::name(&next))).line(format!("方案：{}", self.plan));
        // Told early once: a changed plan of a risk the customer knows is not a new risk.
        let say = if before.plan.is_none() { early(&next, dossier, cx) } else { Vec::new() };
        let mut outcome = Outcome::change(next, "写应对方案").replying(reply);
        outcome.say = say;
        Ok(outcome)
    }
}

/// `/K1 关闭 [原因]`.
pub struct CloseRisk {
    number: u32,
    why: Option<String>,
}

impl Command for CloseRisk {
    const SPEC: Spec =
        Spec::new("风险", Form::IdAct("关闭", "close"), "/风险 K1 关闭 接口已稳定", "风险已消除")
            .rest(Rest::Remark)
            .who(Who::Triangle);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), why: args.remark() })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut next = open_risk(dossier, self.number)?.clone();
        next.state = State::Closed { at: cx.now };
        let mut reply = Message::text(format!("{} 已关闭", words::name(&next))).tone(Tone::Good);
        if let Some(why) = &self.why {
            reply = reply.line(why.clone());
        }
        Ok(Outcome::change(next, "关闭风险").because(self.why).replying(reply))
    }
}

/// `/K1 发生`: it happened; a ticket is offered.
pub struct Occur {
    number: u32,
    how: Option<String>,
}

impl Command for Occur {
    const SPEC: Spec =
        Spec::new("风险", Form::IdAct("发生", "occurred"), "/风险 K1 发生", "风险已发生，可转工单")
            .rest(Rest::Remark);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), how: args.remark() })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut next = open_risk(dossier, self.number)?.clone();
        next.state = State::Occurred { at: cx.now };
        let mut reply = Message::text(format!("{} 已发生", words::name(&next))).tone(Tone::Alarm);
        if let Some(plan) = &next.plan {
            reply = reply.line(format!("按方案应对：{plan}"));
        }
        let title = next.title.replace('\n', " ");
        let mut reply = reply.button("转紧急工单", format!("/工单 {title} !紧急"));
        if let Some(loss) = loss::of(&next, dossier, &cx.rules.calendar).filter(|_| cx.sees_internal(dossier))
        {
            reply = reply.line(words::loses(&loss, cx)).button("确认改期", loss.line);
        }
        Ok(Outcome::change(next, "风险发生").because(self.how).replying(reply))
    }
}

/// `/风险`: the open ones, worst first.
pub struct List;

impl Command for List {
    const SPEC: Spec = Spec::new("风险", Form::List, "/风险 列表", "未了结的风险");

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut risks: Vec<&Risk> = dossier
            .all::<Risk>()
            .filter(|risk| risk.is_open())
            .filter(|risk| cx.sees_internal(dossier) || crate::dossier::Kind::shared(*risk))
            .collect();
        risks.sort_by_key(|risk| std::cmp::Reverse(risk.level));
        let line = |risk: &&Risk| words::listed(risk, cx.now, &cx.rules.calendar);
        let lines = risks.iter().map(line).collect();
        Ok(Outcome::reply(listing("风险", lines, Message::text("没有未了结的风险"))))
    }
}
