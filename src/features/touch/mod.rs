//! Touches: each contact with the customer, formal or not, with the value that it delivered (RULES 8).
//!
//! A touch counts for what the phase owes the customer once it says what of value was delivered, and, where
//! the phase asks for them, the numbers of bugs. Until then the bot asks. It counts for the period in which
//! it happened.

mod commands;
mod read;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use read::happened;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use commands::{Add, List, Show, answer_by_quote};

use crate::{
    chat::{Person, RoomId},
    dossier::{CadenceRule, Dossier, IndexCard, Kind, Outcome, Rules},
    features::{
        rhythm::{self, Beat, Duty, Rhythm, Tally},
        value::Value,
    },
    grammar::Object,
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "沟通",
    english: "touch",
    aliases: &[],
    letter: Some('U'),
    summary: "和客户的每次沟通：说了什么、交付了什么价值；按阶段计次",
};

/// One contact with the customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Touch {
    /// Its number.
    pub number: u32,
    /// What it was about; empty where only the rest is told.
    pub text: String,
    /// The words it was told in.
    pub said: String,
    /// How: 电话, 现场, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Who was there.
    #[serde(default)]
    pub people: Vec<Person>,
    /// Who else, by name alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guests: Vec<String>,
    /// What of value was delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The numbers of bugs.
    #[serde(default)]
    pub bugs: Bugs,
    /// Who told of it.
    pub by: Person,
    /// Where.
    pub room: RoomId,
    /// When it happened.
    pub at: Timestamp,
    /// When it was told of.
    pub told_at: Timestamp,
    /// The customer's room may see it.
    pub shared: bool,
    /// It stays out of everything that is written for the customer.
    #[serde(default)]
    pub internal: bool,
    /// The beats it was counted for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<String>,
}

/// Numbers of bugs, as a test-result sync tells them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bugs {
    /// 未解决.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<u32>,
    /// 已修复.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<u32>,
    /// 新增.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<u32>,
}

impl Bugs {
    /// The numbers that are not told.
    fn missing(self) -> Vec<&'static str> {
        let all = [("未解决", self.open), ("已修复", self.fixed), ("新增", self.new)];
        all.into_iter().filter(|(_, number)| number.is_none()).map(|(name, _)| name).collect()
    }

    /// These, and the others where these are not told.
    fn or(self, others: Self) -> Self {
        Self {
            open: self.open.or(others.open),
            fixed: self.fixed.or(others.fixed),
            new: self.new.or(others.new),
        }
    }
}

impl Touch {
    /// Whether it tells everything that this contact asks for.
    fn satisfies(&self, rule: &CadenceRule) -> bool {
        rule.counts_touches() && self.value.is_some() && (!rule.figures || self.bugs.missing().is_empty())
    }

    /// The contacts that wait for it: running when it happened, and not counted yet.
    fn waiting<'a>(&self, dossier: &Dossier, rules: &'a Rules) -> Vec<&'a CadenceRule> {
        let running = |name: &str| {
            let running = Rhythm::of(dossier).and_then(|rhythm| rhythm.running.get(name));
            running.is_some_and(|running| running.from <= self.at)
        };
        let waits = |rule: &&CadenceRule| {
            rule.counts_touches() && !self.counted.contains(&rule.name) && running(&rule.name)
        };
        rules.cadence.iter().filter(waits).collect()
    }

    /// Counts it for whatever it newly satisfies, and puts its value among what the week delivered.
    fn told(
        mut self,
        before: Option<&Self>,
        dossier: &Dossier,
        (now, rules): (Timestamp, &Rules),
    ) -> (Outcome, Self, Vec<Tally>) {
        let fits = |beat: &Beat| match beat.duty {
            Duty::Contact(rule) => self.satisfies(rule) && !self.counted.contains(&rule.name),
            Duty::Document(_) => false,
        };
        let (outcome, tallies) = rhythm::counting(Outcome::default(), self.at, fits, dossier, (now, rules));
        self.counted.extend(tallies.iter().map(|tally| tally.beat.clone()));
        let outcome = outcome.and(self.clone());
        let said = before.and_then(|before| before.value.as_ref());
        let Some(text) = self.value.as_ref().filter(|text| said != Some(*text)) else {
            return (outcome, self, tallies);
        };
        let source = format!("U{}", self.number);
        let known = dossier.all::<Value>().find(|value| value.source.as_ref() == Some(&source)).cloned();
        let value = known.unwrap_or_else(|| Value {
            number: outcome.next_number::<Value>(dossier),
            text: String::new(),
            by: self.by.clone(),
            at: now,
            internal: self.internal,
            source: Some(source),
        });
        (outcome.and(Value { text: text.clone(), ..value }), self, tallies)
    }
}

impl Kind for Touch {
    const LETTER: char = 'U';
    const NAME: &'static str = "沟通";
    const FIELDS: &'static [(&'static str, &'static str)] = &[
        ("mode", "方式"),
        ("value", "价值"),
        ("people", "参与"),
        ("bugs/open", "未解决"),
        ("bugs/fixed", "已修复"),
        ("bugs/new", "新增"),
        ("at", "时间"),
    ];
    const SHOWN: &'static [&'static str] =
        &["内容", "方式", "价值", "参与", "未解决", "已修复", "新增", "时间"];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        words::title(self)
    }

    fn state(&self) -> &'static str {
        if self.value.is_some() { "已记" } else { "缺价值" }
    }

    fn shared(&self) -> bool {
        self.shared
    }

    fn card(&self) -> Option<IndexCard> {
        let words = self.value.iter().chain(&self.guests).cloned().collect();
        Some(IndexCard { words, internal: Vec::new(), owner: self.by.clone(), at: self.at, reason: None })
    }

    fn owes(&self, step: &str) -> bool {
        step == commands::ASK && (self.value.is_none() || !self.bugs.missing().is_empty())
    }
}
