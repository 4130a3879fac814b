//! The kinds of meetings, and whom each needs.

use serde::{Deserialize, Serialize};

use super::Role;

/// Kinds of RULES 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeetingKind {
    /// 项目例会.
    Weekly,
    /// 启动会.
    Kickoff,
    /// 预验收.
    PreAcceptance,
    /// 变更.
    Change,
    /// 需求评审.
    RequirementReview,
    /// 战略对话.
    StrategicDialogue,
    /// 其他.
    Other,
}

impl MeetingKind {
    /// All, with their names and the words of a title that tell them.
    pub const ALL: [(MeetingKind, &'static str, &'static str, &'static [&'static str]); 7] = [
        (Self::Kickoff, "启动会", "kickoff", &["启动"]),
        (Self::PreAcceptance, "预验收", "pre-acceptance", &["预验收"]),
        (Self::RequirementReview, "需求评审", "review", &["需求评审", "评审需求"]),
        (Self::StrategicDialogue, "战略对话", "dialogue", &["战略对话", "战略沟通"]),
        (Self::Change, "变更", "change", &["变更"]),
        (Self::Weekly, "项目例会", "weekly", &["例会", "周会"]),
        (Self::Other, "其他", "other", &[]),
    ];

    /// What people call it.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, name, ..)| name)
    }

    /// The kind of that name.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.trim();
        let called = |(_, name, english, _): &&(Self, &str, &str, &[&str])| {
            *name == word
                || english.eq_ignore_ascii_case(word)
                || (!word.is_empty() && word.trim_end_matches(['会', '议']) == name.trim_end_matches('会'))
        };
        Self::ALL.iter().find(called).map(|(kind, ..)| *kind)
    }

    /// The kind that a title tells.
    pub fn of_title(title: &str) -> Self {
        let told = Self::ALL.iter().find(|(.., words)| words.iter().any(|word| title.contains(word)));
        told.map_or(Self::Other, |(kind, ..)| *kind)
    }

    /// Who must be there (RULES 6).
    pub fn required(self) -> &'static [Role] {
        match self {
            Self::Kickoff => &[Role::CustomerExecutive],
            Self::RequirementReview => &[Role::CustomerRepresentative, Role::CoreEngineer],
            Self::Weekly | Self::PreAcceptance | Self::Change | Self::StrategicDialogue | Self::Other => &[],
        }
    }
}
