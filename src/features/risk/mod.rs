//! Risks: what may go wrong, how bad, and what is done about it (RULES 4).
//!
//! Nothing goes to a customer's room as a risk without a countermeasure, and nothing internal ever.

mod commands;
pub mod early;
mod loss;
mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use commands::{Add, CloseRisk, List, Occur, Plan, Show};

use crate::{
    chat::{Button, MessageId, Person, RoomId},
    dossier::{
        Call, Cell, Dossier, IndexCard, Kind, Open, Outcome, Ping, Role, Rules, Say, Waking,
        ladder::{Climb, Ladder},
    },
    grammar::Object,
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "风险",
    english: "risk",
    aliases: &[],
    letter: Some('K'),
    summary: "可能出的事、影响多大、怎么应对",
};

/// Something that may go wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Risk {
    /// Its number.
    pub number: u32,
    /// What may happen, in one line.
    pub title: String,
    /// The words it was told in.
    pub said: String,
    /// Who told of it.
    pub by: Person,
    /// The message in which it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// Where.
    pub room: RoomId,
    /// When.
    pub at: Timestamp,
    /// How bad it is.
    pub level: Level,
    /// 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<u32>,
    /// 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<u32>,
    /// Who watches it; the project manager where nobody is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Person>,
    /// What is done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// What the project loses if it happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consequence: Option<String>,
    /// It never appears in a customer's room.
    #[serde(default)]
    pub internal: bool,
    /// The customer told of it, and hears that it came in; to them it is a risk once it has a countermeasure.
    #[serde(default)]
    pub from_customer: bool,
    /// When the customer first heard of it; none while it is the team's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
    /// Where it stands.
    pub state: State,
    /// Until when it must have a countermeasure.
    pub plan_by: Ladder,
    /// Until when it is to be settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Ladder>,
}

/// How bad a risk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 低.
    Low,
    /// 中.
    Medium,
    /// 高.
    High,
}

/// Where a risk stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// 开放.
    Open,
    /// 应对中.
    Mitigating,
    /// 已关闭.
    Closed {
        /// When.
        at: Timestamp,
    },
    /// 已发生.
    Occurred {
        /// When.
        at: Timestamp,
    },
}

impl Level {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "低",
            Self::Medium => "中",
            Self::High => "高",
        }
    }

    /// Probability times impact, as the rules weigh it.
    pub fn of(probability: u32, impact: u32, rules: &Rules) -> Self {
        match probability * impact {
            product if product >= rules.risk.high_from => Self::High,
            product if product >= rules.risk.medium_from => Self::Medium,
            _ => Self::Low,
        }
    }
}

impl Risk {
    /// Whether it is still watched.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open | State::Mitigating)
    }

    /// Whom it calls: its owner, or the project manager.
    fn call(&self, dossier: &Dossier) -> Call {
        dossier.project().call_owner(self.owner.as_ref(), Role::ProjectManager)
    }

    /// The owner alone: of a high one the project manager heard at once (RULES 4).
    fn ask_for_plan(&self, climb: &Climb, dossier: &Dossier, rules: &Rules) -> Outcome {
        let mut next = self.clone();
        next.plan_by = climb.ladder.clone();
        let (call, about) = (self.call(dossier), crate::dossier::Record::key(self));
        let ping = Ping::of(climb, call, about, "plan", words::no_plan(self, rules));
        Outcome::change(next, "提醒补方案").saying(Say::Ping(ping))
    }

    /// The step of a ping for the due date as its clock is now.
    fn due_step(&self) -> String {
        format!("due:{}", self.due.as_ref().map(Ladder::place).unwrap_or_default())
    }

    fn past_due(&self, climb: &Climb, dossier: &Dossier, cx: &Waking) -> Outcome {
        let mut next = self.clone();
        next.due = Some(climb.ladder.clone());
        let call = match climb.rung.as_str() {
            "owner" => self.call(dossier),
            "manager" => dossier.project().call(&[Role::ProjectManager]),
            _ => dossier.project().call(&[Role::CustomerLead]),
        };
        let (about, step) = (crate::dossier::Record::key(self), next.due_step());
        let ping = Ping::of(climb, call, about, step, words::past_due(self, climb, cx));
        Outcome::change(next, "风险到期未了结").saying(Say::Ping(ping))
    }
}

/// The clock until a countermeasure is there.
fn plan_ladder(from: Timestamp, rules: &Rules) -> Ladder {
    let due = rules.calendar.add(from, rules.risk.plan_within);
    Ladder::new(due).rung(due, "plan")
}

/// The clock of the due date: the owner, next day the project manager, next day the customer lead.
fn due_ladder(due: Timestamp, rules: &Rules) -> Ladder {
    let morning = rules.action.remind_at;
    let manager = rules.calendar.next_working_morning(due, morning);
    let lead = rules.calendar.next_working_morning(manager, morning);
    Ladder::new(due).rung(due, "owner").rung(manager, "manager").rung(lead, "lead")
}

impl Kind for Risk {
    const LETTER: char = 'K';
    const NAME: &'static str = "风险";
    const FIELDS: &'static [(&'static str, &'static str)] = &[
        ("title", "标题"),
        ("level", "等级"),
        ("probability", "概率"),
        ("impact", "影响"),
        ("owner", "负责"),
        ("plan", "方案"),
        ("consequence", "后果"),
        ("state", "状态"),
    ];
    const SHOWN: &'static [&'static str] = &["等级", "概率", "影响", "方案", "后果"];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn state(&self) -> &'static str {
        match self.state {
            State::Open => "开放",
            State::Mitigating => "应对中",
            State::Closed { .. } => "已关闭",
            State::Occurred { .. } => "已发生",
        }
    }

    /// Invariant: what a customer's room may see is not internal and has a countermeasure.
    fn shared(&self) -> bool {
        !self.internal && self.plan.is_some()
    }

    fn receipt(&self) -> Option<String> {
        (self.from_customer && !self.internal).then(|| words::received(self))
    }

    fn cells(&self) -> Vec<(&'static str, Cell)> {
        vec![("等级", self.level.name().into())]
    }

    fn wakes_at(&self, _rules: &Rules) -> Option<Timestamp> {
        if !self.is_open() {
            return None;
        }
        let plan = self.plan_by.next().filter(|_| self.plan.is_none());
        let due = self.due.as_ref().and_then(Ladder::next);
        [plan, due].into_iter().flatten().min()
    }

    fn wake(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        let calendar = &cx.rules.calendar;
        if !self.is_open() {
            return Outcome::default();
        }
        if self.plan.is_none()
            && let Some(climb) = self.plan_by.climb(cx.now, calendar)
        {
            return self.ask_for_plan(&climb, dossier, cx.rules);
        }
        match self.due.as_ref().and_then(|due| due.climb(cx.now, calendar)) {
            Some(climb) => self.past_due(&climb, dossier, cx),
            None => Outcome::default(),
        }
    }

    fn owes(&self, step: &str) -> bool {
        self.is_open() && if step == "plan" { self.plan.is_none() } else { step == self.due_step() }
    }

    fn open(&self, dossier: &Dossier) -> Vec<Open> {
        if !self.is_open() {
            return Vec::new();
        }
        // A countermeasure that is missing is the team's own matter, whoever told of the risk.
        let plan = self.plan.is_none().then_some((Some(self.plan_by.due), "补应对方案", true));
        let due = self.due.as_ref().map(|clock| clock.due);
        let settle = (plan.is_none() || due.is_some()).then_some((due, "了结风险", false));
        let who = self.call(dossier).people;
        let loud = self.level == Level::High;
        let open = |(due, what, internal): (_, &str, _)| Open {
            due,
            late_from: None,
            what: what.into(),
            who: who.clone(),
            loud,
            internal,
        };
        plan.into_iter().chain(settle).map(open).collect()
    }

    fn steps(&self, _dossier: &Dossier, internal: bool) -> Vec<Button> {
        match internal && self.is_open() {
            true => vec![self.button("关闭", "关闭"), self.button("已发生", "发生")],
            false => Vec::new(),
        }
    }

    fn card(&self) -> Option<IndexCard> {
        let mut words = vec![IndexCard::below_title(&self.said), self.by.name.clone()];
        words.extend(self.plan.clone());
        words.extend(self.consequence.clone());
        let owner = self.owner.clone().unwrap_or_else(|| self.by.clone());
        Some(IndexCard { words, internal: Vec::new(), owner, at: self.at, reason: None })
    }
}

/// A new risk with its clocks running.
pub struct Told {
    /// What may happen.
    pub title: String,
    /// The words it was told in.
    pub said: String,
    /// `!高`, or probability and impact weighed.
    pub level: Level,
    /// 1 to 5 each.
    pub weighed: Option<(u32, u32)>,
    /// Who watches it.
    pub owner: Option<Person>,
    /// What is done about it.
    pub plan: Option<String>,
    /// What the project loses.
    pub consequence: Option<String>,
    /// Never before customers.
    pub internal: bool,
    /// The customer told of it.
    pub from_customer: bool,
    /// When it is to be settled.
    pub due: Option<Timestamp>,
}

impl Risk {
    /// The record of a risk that was told at `at`.
    pub fn new(number: u32, told: Told, by: &Person, room: &RoomId, at: Timestamp, rules: &Rules) -> Self {
        Self {
            number,
            title: told.title,
            said: told.said,
            by: by.clone(),
            message: None,
            room: room.clone(),
            at,
            level: told.level,
            probability: told.weighed.map(|(probability, _)| probability),
            impact: told.weighed.map(|(_, impact)| impact),
            owner: told.owner,
            state: if told.plan.is_some() { State::Mitigating } else { State::Open },
            plan: told.plan,
            consequence: told.consequence,
            internal: told.internal,
            from_customer: told.from_customer,
            told_at: told.from_customer.then_some(at),
            plan_by: plan_ladder(at, rules),
            due: told.due.map(|due| due_ladder(due, rules)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{chat::PersonId, config::Config};

    fn risk(plan: Option<&str>, internal: bool) -> Risk {
        let rules = Config::default().rules().unwrap();
        let by = Person { id: PersonId::new("playground", "zhang"), name: "张经理".into() };
        let told = Told {
            title: "接口延迟".into(),
            said: "接口延迟".into(),
            level: Level::High,
            weighed: None,
            owner: None,
            plan: plan.map(str::to_owned),
            consequence: None,
            internal,
            from_customer: false,
            due: None,
        };
        Risk::new(1, told, &by, &RoomId::new("playground", "in"), Timestamp::UNIX_EPOCH, &rules)
    }

    #[test]
    fn a_customer_sees_a_risk_only_with_its_countermeasure_and_never_an_internal_one() {
        assert!(!Kind::shared(&risk(None, false)));
        assert!(!Kind::shared(&risk(Some("已协调"), true)));
        assert!(Kind::shared(&risk(Some("已协调"), false)));
        let told = Risk { from_customer: true, ..risk(None, false) };
        assert_eq!((Kind::shared(&told), Kind::receipt(&told).is_some()), (false, true));
    }

    #[test]
    fn levels_follow_the_product() {
        let rules = Config::default().rules().unwrap();
        assert_eq!(Level::of(3, 5, &rules), Level::High);
        assert_eq!(Level::of(2, 3, &rules), Level::Medium);
        assert_eq!(Level::of(1, 5, &rules), Level::Low);
    }
}
