//! Reviews: why an indicator of a survey was too low, asked five times, down to a root cause (RULES 11).
//!
//! A review is over when it has its root cause and at least one improvement. It is the team's, and of the customer's
//! people only the representative takes part, alone with the bot; averages are not told there.

mod commands;
mod words;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

pub use commands::{Because, List, Root, Show, answer_by_quote};

use crate::{
    calendar::Quarter,
    chat::{Person, PersonId},
    dossier::{
        self, Call, CausesOf, Cell, Dossier, Kind, Outcome, Ping, Role, Rules, Say, Waking,
        ladder::{Climb, Ladder},
    },
    features::{
        action,
        improvement::Improvement,
        survey::{Average, Indicator, Survey},
    },
    grammar::Object,
    store::Key,
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "复盘",
    english: "review",
    aliases: &[],
    letter: Some('W'),
    summary: "低于 4 分的一项为什么：连问五个为什么，找到根因，定下改进",
};

/// The search for what lies behind an indicator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// Its number.
    pub number: u32,
    /// Of what.
    pub indicator: Indicator,
    /// In which survey it was too low.
    pub survey: u32,
    /// Of which quarter that was.
    pub quarter: Quarter,
    /// How low.
    pub average: Average,
    /// Since when.
    pub opened_at: Timestamp,
    /// Until when it has a root cause and an improvement.
    pub due: Timestamp,
    /// Earlier reviews of the same indicator, and their improvements that did not work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cites: Vec<Key>,
    /// The answers so far.
    #[serde(default)]
    pub whys: Vec<Reason>,
    /// Where they led.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<RootCause>,
    /// Where it stands.
    pub state: State,
    /// Its reminders.
    pub clock: Ladder,
}

/// One answer to a why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// What was answered.
    pub text: String,
    /// By whom.
    pub by: Person,
    /// When.
    pub at: Timestamp,
}

/// What it was in the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RootCause {
    /// In words.
    pub text: String,
    /// The category, one of the configured.
    pub cause: String,
    /// Why fewer whys were enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early: Option<String>,
    /// Who found it.
    pub by: Person,
    /// When.
    pub at: Timestamp,
}

/// Where a review stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// It lacks its root cause or an improvement.
    Open,
    /// 已完成.
    Done {
        /// When.
        at: Timestamp,
    },
    /// Its indicator was too low again before it was done: another goes on.
    Carried {
        /// Which one.
        on: u32,
        /// When.
        at: Timestamp,
    },
}

/// The reviews of this indicator that are not over.
pub fn open_of(dossier: &Dossier, indicator: Indicator) -> impl Iterator<Item = &Review> {
    dossier.all::<Review>().filter(move |review| review.indicator == indicator && review.is_open())
}

/// The root causes of a customer's reviews.
pub fn causes(dossier: &Dossier) -> CausesOf {
    let mut causes = CausesOf::default();
    for root in dossier.all::<Review>().filter_map(|review| review.root.as_ref()) {
        *causes.times.entry(root.cause.clone()).or_default() += 1;
    }
    let taken_up = dossier.all::<Improvement>().filter(|improvement| improvement.is_open());
    causes
        .taken_up
        .extend(taken_up.filter_map(|improvement| improvement.department_cause().map(str::to_owned)));
    causes
}

impl Review {
    /// A new one of an indicator that was too low.
    pub fn open(
        number: u32,
        survey: &Survey,
        (indicator, average): (Indicator, Average),
        cx: &Waking,
    ) -> Self {
        let calendar = &cx.rules.calendar;
        let day = calendar.date(cx.now).saturating_add(i64::from(cx.rules.review.due_days).days());
        let due = calendar.at(day, calendar.deadline_at());
        Self {
            number,
            indicator,
            survey: survey.number,
            quarter: survey.quarter,
            average,
            opened_at: cx.now,
            due,
            cites: Vec::new(),
            whys: Vec::new(),
            root: None,
            state: State::Open,
            clock: action::clock(due, cx.now, cx.rules),
        }
    }

    /// The same, naming the reviews that go on in it, and the improvements that did not work with theirs.
    pub fn citing(mut self, carried: &[&Review], failed: &[&Improvement]) -> Self {
        let mut cites: Vec<Key> = carried.iter().map(|review| dossier::Record::key(*review)).collect();
        cites.extend(
            failed
                .iter()
                .filter_map(|improvement| improvement.review())
                .map(|number| Key { letter: Self::LETTER, number }),
        );
        cites.sort();
        cites.dedup();
        cites.extend(failed.iter().map(|improvement| dossier::Record::key(*improvement)));
        self.cites = cites;
        self
    }

    /// Goes on in another one.
    pub fn carried_on(&self, on: u32, at: Timestamp) -> Self {
        Self { state: State::Carried { on, at }, ..self.clone() }
    }

    /// The same, over if nothing is missing any more.
    pub fn settled(mut self, improved: bool, at: Timestamp) -> Self {
        if self.is_open() && self.root.is_some() && improved {
            self.state = State::Done { at };
        }
        self
    }

    /// Whether something is missing.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// What was decided to do about it.
    pub fn improvements<'d>(&self, dossier: &'d Dossier) -> impl Iterator<Item = &'d Improvement> {
        let number = self.number;
        dossier.all::<Improvement>().filter(move |improvement| improvement.review() == Some(number))
    }

    /// What is said when it is opened: to those of ours who take part, and to the customer's representatives alone.
    pub fn opening(&self, dossier: &Dossier, cx: &Waking) -> Vec<Say> {
        let project = dossier.project();
        let key = dossier::Record::key(self);
        let ours = project.call(&[Role::ProjectManager, Role::TechnicalContact, Role::CustomerLead]);
        let ours = Say::Ping(Ping::new(ours, key, "open", words::opened(self, cx)));
        let theirs = project.holders(Role::CustomerRepresentative).to_vec();
        let theirs = (!theirs.is_empty())
            .then(|| Say::PingAlone(Ping::new(Call::only(theirs), key, "open", words::invited(self))));
        [ours].into_iter().chain(theirs).collect()
    }

    fn climb(&self, climb: &Climb, dossier: &Dossier, cx: &Waking) -> Outcome {
        let next = Self { clock: climb.ladder.clone(), ..self.clone() };
        let late = climb.rung == "overdue";
        let outcome = Outcome::change(next, if late { "提醒逾期" } else { "提醒到期" });
        let project = dossier.project();
        if !project.is_active() {
            return outcome;
        }
        let roles: &[Role] = match (late, climb.repeat) {
            (false, _) => &[Role::TechnicalContact, Role::ProjectManager],
            (true, 0) => &[Role::ProjectManager],
            (true, _) => &[Role::ProjectManager, Role::CustomerLead],
        };
        let message = if late { words::overdue(self, cx) } else { words::upcoming(self, cx) };
        outcome.saying(Say::Ping(Ping::of(
            climb,
            project.call(roles),
            dossier::Record::key(self),
            "open",
            message,
        )))
    }
}

impl Kind for Review {
    const LETTER: char = 'W';
    const NAME: &'static str = "复盘";
    const FIELDS: &'static [(&'static str, &'static str)] = &[
        ("quarter", "季度"),
        ("root/text", "根因"),
        ("root/cause", "类别"),
        ("due", "截止"),
        ("state", "状态"),
    ];

    fn number(&self) -> u32 {
        self.number
    }

    /// Without its average: the customer's representative reads it.
    fn title(&self) -> String {
        format!("{}（{}）", self.indicator.name(), self.quarter.words())
    }

    fn state(&self) -> &'static str {
        match (&self.state, &self.root) {
            (State::Open, None) => "找根因",
            (State::Open, Some(_)) => "定改进",
            (State::Done { .. }, _) => "已完成",
            (State::Carried { .. }, _) => "并入后一个",
        }
    }

    fn shared(&self) -> bool {
        false
    }

    fn asks(&self, person: &PersonId, dossier: &Dossier) -> bool {
        dossier.project().holds(person, Role::CustomerRepresentative)
    }

    fn cells(&self) -> Vec<(&'static str, Cell)> {
        let whys: Vec<&str> = self.whys.iter().map(|why| why.text.as_str()).collect();
        let cites: Vec<String> = self.cites.iter().map(Key::to_string).collect();
        vec![
            ("平均", self.average.value().into()),
            ("为什么", whys.join(" → ").into()),
            ("少于五个的理由", self.root.as_ref().and_then(|root| root.early.as_deref()).into()),
            ("引用", cites.join("、").into()),
        ]
    }

    /// Invariant: what is over never wakes.
    fn wakes_at(&self, _rules: &Rules) -> Option<Timestamp> {
        self.clock.next().filter(|_| self.is_open())
    }

    fn wake(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        let climb = self.clock.climb(cx.now, &cx.rules.calendar).filter(|_| self.is_open());
        climb.map(|climb| self.climb(&climb, dossier, cx)).unwrap_or_default()
    }

    fn owes(&self, _step: &str) -> bool {
        self.is_open()
    }

    fn open(&self, dossier: &Dossier) -> Vec<dossier::Open> {
        if !self.is_open() {
            return Vec::new();
        }
        let what = if self.root.is_none() { "找根因" } else { "定改进" };
        let who = dossier.project().call(&[Role::TechnicalContact, Role::ProjectManager]).people;
        vec![dossier::Open { due: Some(self.due), what: what.into(), who, loud: false, internal: true }]
    }

    fn why_internal(&self, now: Timestamp, rules: &Rules) -> Vec<String> {
        words::why(self, now, rules)
    }
}
