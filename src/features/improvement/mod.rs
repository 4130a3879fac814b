//! Improvements: what is done about a root cause, by whom and by when, and what the next survey says of it
//! (RULES 11).
//!
//! Each comes from a review, whose indicator decides in the next answered survey whether it worked; or it is the
//! department's own, for a root cause that many customers share, and then is over when it is done.

mod add;
mod moves;
#[cfg(test)]
mod tests;
mod words;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

pub use add::Add;
pub use moves::{Complete, List, Postpone, Show};
pub(crate) use words::{listed as line, verdict as verdict_line};

use crate::{
    chat::{Button, Person},
    dossier::{
        self, Call, Cell, Context, Dossier, Kind, Outcome, Ping, Project, Role, Rules, Say, Waking,
        ladder::{Climb, Ladder},
    },
    features::{
        action,
        review::Review,
        survey::{Average, Indicator, Survey},
    },
    grammar::Object,
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "改进",
    english: "improve",
    aliases: &["improvement"],
    letter: Some('I'),
    summary: "复盘定下的做法：谁、什么时候、怎么衡量；下一次满意度看有没有效",
};

/// Something done so that an indicator rises.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Improvement {
    /// Its number.
    pub number: u32,
    /// What is done, in one line.
    pub title: String,
    /// The words it was made from.
    pub said: String,
    /// Who wrote it down.
    pub by: Person,
    /// When.
    pub created_at: Timestamp,
    /// Where it comes from.
    pub source: Source,
    /// Who does it.
    pub owner: Person,
    /// Until when.
    pub due: Timestamp,
    /// By what one sees that it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<String>,
    /// The rule or permission that it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleChange>,
    /// Where it stands.
    pub state: State,
    /// What the next survey said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// How often its date was given up for a later one.
    #[serde(default)]
    pub postponed: u32,
    /// Its reminders.
    pub clock: Ladder,
}

/// Where an improvement comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A review.
    Review {
        /// Which one.
        number: u32,
        /// Of what.
        indicator: Indicator,
        /// In which survey.
        survey: u32,
        /// How low it was.
        average: Average,
    },
    /// A root cause that many customers share.
    Department {
        /// Which one.
        cause: String,
    },
}

/// A rule or permission that becomes another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleChange {
    /// As it was.
    pub from: String,
    /// As it is to be.
    pub to: String,
}

/// Where an improvement stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// 进行中.
    Open,
    /// 已完成.
    Done {
        /// Who said so.
        by: Person,
        /// When.
        at: Timestamp,
    },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The survey that decided.
    pub survey: u32,
    /// The indicator then.
    pub average: Average,
    /// Whether it worked.
    pub effective: bool,
    /// When that was.
    pub at: Timestamp,
}

/// Whether an indicator says that an improvement worked: it is high enough, or rose enough.
pub fn is_effective(before: Average, after: Average, rules: &Rules) -> bool {
    let rules = &rules.improvement;
    after.reaches(rules.effective_from) || after.rose_by(rules.effective_up, before)
}

/// The improvements on which the next survey of their indicator decides now, with what it says.
pub fn judged(
    dossier: &Dossier,
    survey: &Survey,
    indicator: Indicator,
    average: Average,
    cx: &Waking,
) -> Vec<Improvement> {
    let waiting = dossier.all::<Improvement>().filter(|one| one.verdict.is_none());
    let decided = waiting.filter_map(|one| {
        let Source::Review { indicator: of, survey: since, average: before, .. } = &one.source else {
            return None;
        };
        let effective = is_effective(*before, average, cx.rules);
        let verdict = Verdict { survey: survey.number, average, effective, at: cx.now };
        (*of == indicator && *since < survey.number)
            .then(|| Improvement { verdict: Some(verdict), ..one.clone() })
    });
    decided.collect()
}

impl Improvement {
    /// The department's own, for a root cause that many customers share.
    pub fn of_department(number: u32, cause: &str, owner: Person, cx: &Context) -> Self {
        let calendar = &cx.rules.calendar;
        let days = i64::from(cx.rules.review.department_due_days);
        let due = calendar.at(calendar.date(cx.now).saturating_add(days.days()), calendar.deadline_at());
        let title = words::department_title(cause);
        Self {
            number,
            said: title.clone(),
            title,
            by: cx.actor.clone(),
            created_at: cx.now,
            source: Source::Department { cause: cause.to_owned() },
            owner,
            due,
            measure: None,
            rule: None,
            state: State::Open,
            verdict: None,
            postponed: 0,
            clock: action::clock(due, cx.now, cx.rules),
        }
    }

    /// Whether it is still to be done: neither done nor decided on.
    pub fn is_open(&self) -> bool {
        self.state == State::Open && self.verdict.is_none()
    }

    /// Whether the next survey is to say whether it worked.
    pub fn is_to_be_judged(&self) -> bool {
        self.verdict.is_none() && self.review().is_some()
    }

    /// Whether the survey after it said that it worked.
    pub fn is_effective(&self) -> bool {
        self.verdict.as_ref().is_some_and(|verdict| verdict.effective)
    }

    /// The review that it comes from.
    pub fn review(&self) -> Option<u32> {
        match self.source {
            Source::Review { number, .. } => Some(number),
            Source::Department { .. } => None,
        }
    }

    /// The root cause for which it is the department's.
    pub fn department_cause(&self) -> Option<&str> {
        match &self.source {
            Source::Review { .. } => None,
            Source::Department { cause } => Some(cause),
        }
    }

    fn call(&self, project: &Project, late_days: bool) -> Call {
        let managers: &[Role] = if late_days { &[Role::ProjectManager] } else { &[] };
        project.call_after(std::slice::from_ref(&self.owner), managers)
    }

    fn climb(&self, climb: &Climb, dossier: &Dossier, cx: &Waking) -> Outcome {
        let next = Self { clock: climb.ladder.clone(), ..self.clone() };
        let late = climb.rung == "overdue";
        let outcome = Outcome::change(next, if late { "提醒逾期" } else { "提醒到期" });
        if !dossier.project().is_active() {
            return outcome;
        }
        let days = i64::from(cx.rules.action.manager_from_day);
        let manager_from = cx.rules.calendar.date(self.due).saturating_add(days.days());
        let call = self.call(dossier.project(), late && cx.rules.calendar.date(cx.now) >= manager_from);
        let message = if late { words::overdue(self, cx) } else { words::upcoming(self, cx) };
        outcome.saying(Say::Ping(Ping::of(climb, call, dossier::Record::key(self), "due", message)))
    }
}

impl Kind for Improvement {
    const LETTER: char = 'I';
    const NAME: &'static str = "改进";
    const FIELDS: &'static [(&'static str, &'static str)] = &[
        ("title", "措施"),
        ("owner", "负责"),
        ("due", "截止"),
        ("measure", "衡量"),
        ("rule/from", "旧规则"),
        ("rule/to", "新规则"),
        ("state", "状态"),
    ];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn state(&self) -> &'static str {
        match (&self.verdict, &self.state, &self.source) {
            (Some(verdict), ..) if verdict.effective => "有效",
            (Some(_), ..) => "无效",
            (None, State::Open, _) => "进行中",
            (None, State::Done { .. }, Source::Review { .. }) => "待验证",
            (None, State::Done { .. }, Source::Department { .. }) => "已完成",
        }
    }

    fn shared(&self) -> bool {
        false
    }

    fn cells(&self) -> Vec<(&'static str, Cell)> {
        let source = match &self.source {
            Source::Review { number, .. } => Cell::from(format!("W{number}")),
            Source::Department { .. } => Cell::from("部门"),
        };
        let before = match &self.source {
            Source::Review { average, .. } => Some(average.value()),
            Source::Department { .. } => None,
        };
        let done = match &self.state {
            State::Done { at, .. } => Some(*at),
            State::Open => None,
        };
        vec![
            ("来源", source),
            ("之前", before.into()),
            ("之后", self.verdict.as_ref().map(|verdict| verdict.average.value()).into()),
            ("完成", done.into()),
            ("延期次数", Cell::from(Some(self.postponed).filter(|count| *count > 0))),
        ]
    }

    /// Invariant: what is done or decided on never wakes.
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

    fn steps(&self, _dossier: &Dossier, _internal: bool) -> Vec<Button> {
        if self.is_open() { vec![self.button("完成", "完成")] } else { Vec::new() }
    }

    fn open(&self, _dossier: &Dossier) -> Vec<dossier::Open> {
        if !self.is_open() {
            return Vec::new();
        }
        let who = vec![self.owner.clone()];
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

/// The review that an improvement comes from, with it.
fn improved(review: &Review, at: Timestamp) -> Option<Review> {
    let next = review.clone().settled(true, at);
    (next != *review).then_some(next)
}
