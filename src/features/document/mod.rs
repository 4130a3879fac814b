//! Documents: development logs and test reports that are due again and again, and whatever else is
//! registered by its link (RULES 9). Each is asked for a summary in plain words.

mod commands;
#[cfg(test)]
mod tests;
mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use commands::{Add, List, Touch};

use crate::{
    chat::{Message, Person, RoomId},
    dossier::{Call, Cell, Dossier, IndexCard, Kind, Phase, Role, Waking},
    features::rhythm::Told,
    grammar::Object,
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "文档",
    english: "doc",
    aliases: &["document"],
    letter: Some('D'),
    summary: "开发日志、测试报告和其他文档：登记链接，写一句通俗说明",
};

/// A document, by its link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Its number.
    pub number: u32,
    /// What it is called.
    pub title: String,
    /// What kind it is.
    pub kind: DocumentKind,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// What it says, in plain words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The words it was registered in.
    pub said: String,
    /// Who registered it.
    pub by: Person,
    /// Where.
    pub room: RoomId,
    /// When.
    pub at: Timestamp,
    /// The customer's room may see it.
    pub shared: bool,
    /// It stays out of everything that is written for the customer.
    #[serde(default)]
    pub internal: bool,
}

/// Kinds of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// 开发日志.
    Log,
    /// 测试报告.
    TestReport,
    /// 其他.
    Other,
}

impl DocumentKind {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Log => "开发日志",
            Self::TestReport => "测试报告",
            Self::Other => "文档",
        }
    }

    /// The kind that a title tells.
    fn of_title(title: &str) -> Self {
        match title {
            _ if title.contains("测试报告") || title.contains("测试日报") => Self::TestReport,
            _ if title.contains("日志") => Self::Log,
            _ => Self::Other,
        }
    }
}

/// The name of the beat in which such documents are due, and in which phases (RULES 9).
pub(crate) fn beat(kind: DocumentKind) -> Option<(&'static str, &'static [Phase])> {
    match kind {
        DocumentKind::Log => Some(("development_log", &[Phase::Development])),
        DocumentKind::TestReport => Some(("test_report", &[Phase::Testing])),
        DocumentKind::Other => None,
    }
}

/// The technical contact is called; from the second period in a row without one the project manager too.
pub(crate) fn say(kind: DocumentKind, told: &Told, dossier: &Dossier, cx: &Waking) -> (Call, Message) {
    let roles: &[Role] = match told.missed {
        0 | 1 => &[Role::TechnicalContact],
        _ => &[Role::TechnicalContact, Role::ProjectManager],
    };
    (dossier.project().call(roles), words::wanted(kind, told, cx))
}

impl Kind for Document {
    const LETTER: char = 'D';
    const NAME: &'static str = "文档";
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("title", "标题"), ("link", "链接"), ("summary", "说明")];
    const SHOWN: &'static [&'static str] = &["类型", "链接", "说明"];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn state(&self) -> &'static str {
        if self.summary.is_some() { "已登记" } else { "缺说明" }
    }

    fn shared(&self) -> bool {
        self.shared
    }

    fn cells(&self) -> Vec<(&'static str, Cell)> {
        vec![("类型", self.kind.name().into())]
    }

    fn card(&self) -> Option<IndexCard> {
        let words = vec![IndexCard::below_title(&self.said), self.summary.clone().unwrap_or_default()];
        Some(IndexCard { words, internal: Vec::new(), owner: self.by.clone(), at: self.at, reason: None })
    }
}
