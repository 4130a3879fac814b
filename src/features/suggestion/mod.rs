//! Suggestions: what anyone would improve. Each ends adopted or declined, with a reason that is told to
//! whoever made it (RULES 9).

mod commands;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use commands::{Add, Adopt, Decline, List, Show};

use crate::{
    chat::{Person, RoomId},
    dossier::{Cell, Dossier, IndexCard, Kind, Open, Role, RoomKind},
    grammar::Object,
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "建议",
    english: "suggest",
    aliases: &["suggestion"],
    letter: Some('G'),
    summary: "谁都可以提；采纳或谢绝都给出理由，告诉提的人",
};

/// What somebody would improve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suggestion {
    /// Its number.
    pub number: u32,
    /// What it says, in one line.
    pub title: String,
    /// More of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The words it was made in.
    pub said: String,
    /// Who made it.
    pub by: Person,
    /// Where.
    pub room: RoomId,
    /// Whose room that is: the answer goes there.
    pub place: RoomKind,
    /// When.
    pub at: Timestamp,
    /// The customer's room may see it.
    pub shared: bool,
    /// Where it stands.
    pub state: State,
}

/// Where a suggestion stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// 待答复.
    Open,
    /// 采纳.
    Adopted(Answer),
    /// 未采纳.
    Declined(Answer),
}

/// What came of a suggestion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Who decided.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

impl Suggestion {
    /// Whether it still waits for an answer.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }
}

impl Kind for Suggestion {
    const LETTER: char = 'G';
    const NAME: &'static str = "建议";
    const FIELDS: &'static [(&'static str, &'static str)] = &[("title", "内容"), ("state", "状态")];
    const SHOWN: &'static [&'static str] = &["说明", "答复"];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn state(&self) -> &'static str {
        match self.state {
            State::Open => "待答复",
            State::Adopted(_) => "已采纳",
            State::Declined(_) => "未采纳",
        }
    }

    fn shared(&self) -> bool {
        self.shared
    }

    fn cells(&self) -> Vec<(&'static str, Cell)> {
        let why = match &self.state {
            State::Adopted(answer) | State::Declined(answer) => Some(answer.why.as_str()),
            State::Open => None,
        };
        vec![("说明", self.body.as_deref().into()), ("答复", why.into())]
    }

    fn owes(&self, _step: &str) -> bool {
        self.is_open()
    }

    fn open(&self, dossier: &Dossier) -> Vec<Open> {
        if !self.is_open() {
            return Vec::new();
        }
        let manager = dossier.project().call(&[Role::ProjectManager]);
        vec![Open {
            late_from: None,
            due: None,
            what: "答复建议".into(),
            who: manager.people,
            loud: false,
            internal: false,
        }]
    }

    fn card(&self) -> Option<IndexCard> {
        let words = vec![IndexCard::below_title(&self.said), self.by.name.clone()];
        let reason = match &self.state {
            State::Adopted(answer) | State::Declined(answer) => Some(answer.why.clone()),
            State::Open => None,
        };
        Some(IndexCard { words, internal: Vec::new(), owner: self.by.clone(), at: self.at, reason })
    }
}
