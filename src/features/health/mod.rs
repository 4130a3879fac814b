//! 《客户关系健康度报告》: how well a customer was served in a quarter, from 0 to 100 (RULES 12).
//!
//! The report reads the records of all the customer's projects and lies in the customer's file. What it is made of
//! stands in it, part by part, so that it can be explained later whatever became of the records since. All of it is
//! internal; a customer reads what was released, in words of its own.

mod advice;
mod commands;
mod measure;
mod quarterly;
mod satisfaction;
mod score;
mod sheet;
#[cfg(test)]
mod tests;
mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use commands::{Basis, Release, Show, Why};
pub use quarterly::{compute, quarterly};
pub use sheet::{Reader, sheet};

use crate::{
    calendar::Quarter,
    chat::Person,
    dossier::{
        Dossier, Kind, Open, Outcome, Ping, Record, Role, Rules, Say, Waking,
        ladder::Ladder,
        rules::{HealthRules, HealthWeights},
    },
    grammar::Object,
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "健康度",
    english: "health",
    aliases: &[],
    letter: None,
    summary: "客户关系健康度：每季度一份报告，0 到 100 分，发送后客户群收到客户版",
};

/// How well a customer was served in a quarter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HealthReport {
    /// Its number in the customer's file.
    pub number: u32,
    /// Of which quarter it is.
    pub quarter: Quarter,
    /// When it was made.
    pub at: Timestamp,
    /// From 0 to 100; `None` where there was nothing to measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u32>,
    /// The score as a light, by the rules of its day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub light: Option<Light>,
    /// The score of the report before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u32>,
    /// What it is made of; parts without weight are left out.
    pub parts: Vec<Measure>,
    /// Improvements that were open when it was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub improvements: Vec<String>,
    /// The clock until it is released; none where nobody is reminded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Ladder>,
    /// Who released it, once somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Released>,
}

/// A release to the customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Released {
    /// Who.
    pub by: Person,
    /// When.
    pub at: Timestamp,
}

/// A score as people see it at one glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    /// 绿灯.
    Green,
    /// 黄灯.
    Yellow,
    /// 红灯.
    Red,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// 满意度.
    Satisfaction,
    /// Tickets answered and solved in time.
    Sla,
    /// Requirements answered and delivered in time.
    Requirement,
    /// Contacts kept.
    Cadence,
    /// Minutes filed in time.
    Minutes,
    /// Risks held.
    Risk,
}

/// One part as it was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Which.
    pub part: Part,
    /// Its weight, by the rules of the day.
    pub weight: u32,
    /// In thousandths; `None` where there was nothing to measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<u32>,
    /// The average of a survey, in hundredths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average: Option<u32>,
    /// What it was measured by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
}

/// What one project contributed to a part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The project's name; empty for what lies in the customer's file.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub project: String,
    /// What was looked at: 响应, 解决, the name of a contact.
    pub what: String,
    /// The ids of what was in order; for contacts the periods, with the ids of what was done in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
    /// The same of what was not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<String>,
}

impl Part {
    /// All of them with their weights.
    fn all(weights: &HealthWeights) -> [(Self, u32); 6] {
        let HealthWeights { satisfaction, sla, requirement, cadence, minutes, risk } = *weights;
        [
            (Self::Satisfaction, satisfaction),
            (Self::Sla, sla),
            (Self::Requirement, requirement),
            (Self::Cadence, cadence),
            (Self::Minutes, minutes),
            (Self::Risk, risk),
        ]
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Satisfaction => "满意度",
            Self::Sla => "工单时效",
            Self::Requirement => "需求响应与交付",
            Self::Cadence => "沟通节奏",
            Self::Minutes => "纪要按时",
            Self::Risk => "风险应对",
        }
    }
}

impl Part {
    /// Whether a customer reads of it by itself. How risks are held would tell of internal ones.
    fn is_shown(self) -> bool {
        self != Self::Risk
    }
}

impl Light {
    fn of(score: u32, rules: &HealthRules) -> Self {
        match score {
            score if score >= rules.green_from => Self::Green,
            score if score >= rules.yellow_from => Self::Yellow,
            _ => Self::Red,
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Green => "绿灯",
            Self::Yellow => "黄灯",
            Self::Red => "红灯",
        }
    }
}

impl Measure {
    /// How many were in order, of how many.
    pub fn count(&self) -> (usize, usize) {
        self.sources.iter().fold((0, 0), |(kept, of), source| {
            (kept + source.kept.len(), of + source.kept.len() + source.missed.len())
        })
    }

    /// Its own score, from 0 to 100.
    pub fn points(&self) -> Option<u32> {
        self.share.map(score::points)
    }
}

impl HealthReport {
    /// The reports of a customer, by their quarters.
    fn all(file: &Dossier) -> Vec<&Self> {
        let mut reports: Vec<&Self> = file.all::<Self>().collect();
        reports.sort_by_key(|report| report.quarter);
        reports
    }

    /// The report of a quarter.
    pub fn of(file: &Dossier, quarter: Quarter) -> Option<&Self> {
        file.all::<Self>().find(|report| report.quarter == quarter)
    }

    /// The newest that has a score and is older than a quarter.
    fn scored_before(file: &Dossier, quarter: Quarter) -> Option<&Self> {
        let before = |report: &&Self| report.quarter < quarter && report.score.is_some();
        file.all::<Self>().filter(before).max_by_key(|report| report.quarter)
    }

    /// How many points it lost against the one before.
    fn drop(&self) -> u32 {
        self.before.zip(self.score).map_or(0, |(before, score)| before.saturating_sub(score))
    }

    /// Whether the customer lead has to look at it at once.
    fn is_alarming(&self, rules: &HealthRules) -> bool {
        self.light == Some(Light::Red) || self.drop() >= rules.alarm_drop
    }

    fn remind(&self, file: &Dossier, cx: &Waking) -> Outcome {
        let Some(climb) = self.clock.as_ref().and_then(|clock| clock.climb(cx.now, &cx.rules.calendar))
        else {
            return Outcome::default();
        };
        let next = Self { clock: Some(climb.ladder.clone()), ..self.clone() };
        let outcome = Outcome::change(next.clone(), "提醒发送健康度报告");
        // Nobody works for this customer any more; the clock goes on in case somebody does again.
        if !file.project().is_active() {
            return outcome;
        }
        let call = file.project().call(&[Role::CustomerLead]);
        let message = words::not_released_yet(self, file, climb.at, cx);
        outcome.saying(Say::Ping(Ping::of(&climb, call, Record::key(self), next.step(), message)))
    }

    /// The step of a ping for its release, as its clock is now.
    fn step(&self) -> String {
        format!("release:{}", self.clock.as_ref().map(Ladder::place).unwrap_or_default())
    }
}

impl Kind for HealthReport {
    const LETTER: char = '$';
    const NAME: &'static str = "健康度报告";
    const FIELDS: &'static [(&'static str, &'static str)] = &[("quarter", "季度"), ("score", "得分")];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        words::title(self)
    }

    fn state(&self) -> &'static str {
        if self.released.is_some() { "已发客户" } else { "草稿" }
    }

    /// What the customer reads of it has words of its own.
    fn shared(&self) -> bool {
        false
    }

    /// Invariant: a released report never wakes.
    fn wakes_at(&self, _rules: &Rules) -> Option<Timestamp> {
        self.clock.as_ref().filter(|_| self.released.is_none()).and_then(Ladder::next)
    }

    fn wake(&self, file: &Dossier, cx: &Waking) -> Outcome {
        if self.released.is_some() { Outcome::default() } else { self.remind(file, cx) }
    }

    /// A draft is told of whatever was said of it since; a reminder only while no later one is.
    fn owes(&self, step: &str) -> bool {
        self.released.is_none() && (step == DRAFT || step == self.step())
    }

    fn open(&self, file: &Dossier) -> Vec<Open> {
        let clock = self.clock.as_ref().filter(|_| self.released.is_none());
        let open = |clock: &Ladder| Open {
            due: Some(clock.due),
            what: "发给客户".into(),
            who: file.project().call(&[Role::CustomerLead]).people,
            loud: self.light == Some(Light::Red),
            internal: true,
            late_from: None,
        };
        clock.map(open).into_iter().collect()
    }
}

/// The step of the pings that show a draft.
const DRAFT: &str = "draft";
