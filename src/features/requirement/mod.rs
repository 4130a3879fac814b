//! Requirements: what the customer asks for, in its own words, and what became of it (RULES 2).

mod add;
mod analyse;
pub mod analysis;
mod clock;
mod confirm;
mod edition;
mod fill;
mod gate;
pub mod links;
mod list;
mod moves;
mod paste;
mod quote;
mod refusal;
mod specify;
#[cfg(test)]
mod tests;
mod why;
mod words;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use add::Add;
pub use analyse::Analyse;
use analysis::{Analysis, PersonDays, Score};
pub use clock::Answer;
pub use confirm::Confirm;
pub use edition::{Amendment, Content, Edition, Origin};
pub use fill::Fill;
pub use links::{Link, Recheck, Unlink};
pub use list::List;
pub use moves::{Accept, Deliver, Reject, Show, Start, Waive, Withdraw};
pub use paste::{Batch, Paste};
pub use quote::answer_by_quote;
use refusal::frozen;
pub use specify::{Specify, specification, with_newest};

use crate::{
    chat::{Button, MessageId, Person, RoomId},
    dossier::{Cell, Dossier, IndexCard, Kind, Open, Outcome, Refusal, Rules, Waking, ladder::Ladder},
    grammar::{Object, Priority, behind_command},
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "需求",
    english: "req",
    aliases: &["requirement"],
    letter: Some('R'),
    summary: "客户要什么：原话、目标、进展",
};

/// What a customer asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Requirement {
    /// Its number.
    pub number: u32,
    /// 表面需求: what is asked for, in one line.
    pub title: String,
    /// More of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The requester's own words; they never change.
    pub said: String,
    /// Who asked.
    pub by: Person,
    /// Where.
    pub room: RoomId,
    /// The message in which it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// When.
    pub at: Timestamp,
    /// The customer's room may see it.
    pub shared: bool,
    /// How much it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Who works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Person>,
    /// When it is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What was filled in, by the names people use: 真实需求, 目标, 用户 and so on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// The person whom 签字人 means, where the project knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<Person>,
    /// What we think of it; the customer does not see it.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub analysis: Analysis,
    /// The clock of its next step; what was recorded before there were clocks has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Ladder>,
    /// The first word of ours on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Answer>,
    /// Approved changes since the first confirmation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amendments: Vec<Amendment>,
    /// The newest version of its specification; 0 before the first confirmation.
    #[serde(default)]
    pub version: u32,
    /// Every version of the content, as it was signed or changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub editions: Vec<Edition>,
    /// What hangs on its content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<links::Tie>,
    /// Where it stands.
    pub state: State,
}

fn is_empty(analysis: &Analysis) -> bool {
    *analysis == Analysis::default()
}

/// Where a requirement stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// 已收集.
    Collected,
    /// 分析中.
    Analysing,
    /// 待确认: analysed, waits for its signer.
    AwaitingConfirmation,
    /// 已确认: its content changes only through a change request.
    Confirmed {
        /// The version that holds.
        version: u32,
    },
    /// 进行中.
    InProgress,
    /// 已交付.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// 已验收.
    Accepted {
        /// When.
        at: Timestamp,
        /// When it had been delivered; what was accepted before this was kept does not tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delivered: Option<Timestamp>,
    },
    /// 已豁免: confirmed, and let go all the same (RULES 10).
    Waived {
        /// Why.
        why: String,
    },
    /// 已拒绝.
    Rejected {
        /// Why.
        why: String,
    },
    /// 已撤回.
    Withdrawn {
        /// Why, where it was said.
        why: Option<String>,
    },
}

impl Requirement {
    /// The requester's own words without the command in front of them.
    pub fn asked(&self) -> &str {
        behind_command(&self.said, &OBJECT)
    }

    /// Whether something is still to be done.
    pub fn is_open(&self) -> bool {
        match self.state {
            State::Collected
            | State::Analysing
            | State::AwaitingConfirmation
            | State::Confirmed { .. }
            | State::InProgress => true,
            State::Delivered { .. }
            | State::Accepted { .. }
            | State::Waived { .. }
            | State::Rejected { .. }
            | State::Withdrawn { .. } => false,
        }
    }

    /// Whether its content was signed and still holds. Invariant: such content changes only through
    /// [`Requirement::amended`].
    pub fn is_confirmed(&self) -> bool {
        self.version > 0 && !matches!(self.state, State::Rejected { .. } | State::Withdrawn { .. })
    }

    /// Whether people will look at it: 界面 says something other than that there is none.
    pub fn has_screen(&self) -> bool {
        self.has("界面")
    }

    /// Whether a field says something, and something other than that there is nothing.
    fn has(&self, name: &str) -> bool {
        const NONE: [&str; 8] = ["无", "没有", "无界面", "没有界面", "不涉及", "不适用", "none", "n/a"];
        self.fields.get(name).is_some_and(|text| {
            let text = text.trim().trim_end_matches(['。', '.']);
            !NONE.iter().any(|none| none.eq_ignore_ascii_case(text))
        })
    }

    /// What was filled in, in the order of the questions.
    fn fields_in_order(&self) -> impl Iterator<Item = (&str, &str)> {
        let known = fill::FIELDS.iter().map(|key| key.name);
        known.filter_map(|name| Some((name, self.fields.get(name)?.as_str())))
    }

    /// The scenario questions of RULES 2 that are not answered yet.
    pub fn unanswered(&self) -> Vec<&'static str> {
        SCENARIO.iter().copied().filter(|name| !self.fields.contains_key(*name)).collect()
    }
}

/// Who uses it, which figures do they look at, in what situation, and what for.
const SCENARIO: [&str; 4] = ["用户", "指标", "场景", "目标"];

/// The requirement that a line names.
fn requirement(dossier: &Dossier, number: u32) -> Result<&Requirement, Refusal> {
    dossier
        .find::<Requirement>(number)
        .ok_or_else(|| Refusal::new(format!("没有 R{number}。看编号：/需求 列表")))
}

impl Kind for Requirement {
    const LETTER: char = 'R';
    const NAME: &'static str = "需求";
    const FIELDS: &'static [(&'static str, &'static str)] = &[
        ("title", "标题"),
        ("description", "描述"),
        ("priority", "优先级"),
        ("owner", "负责"),
        ("due", "截止"),
        ("tags", "标签"),
        ("fields", "内容"),
        ("analysis/feasibility", "可行性"),
        ("analysis/note", "说明"),
        ("analysis/value", "价值"),
        ("analysis/contribution", "贡献"),
        ("analysis/development", "开发"),
        ("analysis/testing", "测试"),
        ("analysis/design", "设计"),
        ("analysis/duration", "工期"),
        ("analysis/cost", "成本"),
        ("analysis/phases", "分期"),
        ("version", "版本"),
        ("state", "状态"),
    ];
    const SHOWN: &'static [&'static str] = &["描述", "优先级", "标签", "内容", "版本", "原话"];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn state(&self) -> &'static str {
        match self.state {
            State::Collected => "已收集",
            State::Analysing => "分析中",
            State::AwaitingConfirmation => "待确认",
            State::Confirmed { .. } => "已确认",
            State::InProgress => "进行中",
            State::Delivered { .. } => "已交付",
            State::Accepted { .. } => "已验收",
            State::Waived { .. } => "已豁免",
            State::Rejected { .. } => "已拒绝",
            State::Withdrawn { .. } => "已撤回",
        }
    }

    fn shared(&self) -> bool {
        self.shared
    }

    fn withheld(&self) -> &'static [&'static str] {
        self.drafts()
    }

    fn cells(&self) -> Vec<(&'static str, Cell)> {
        let ended = match &self.state {
            State::Delivered { at } | State::Accepted { at, .. } => Some(*at),
            _ => None,
        };
        let why = match &self.state {
            State::Waived { why } | State::Rejected { why } | State::Withdrawn { why: Some(why) } => {
                Some(why.as_str())
            }
            _ => None,
        };
        // They are kept as text.
        let days =
            |days: Option<PersonDays>| Cell::from(days.and_then(|days| days.to_string().parse::<f64>().ok()));
        vec![
            ("优先级", self.priority.map(Priority::name).into()),
            ("开发", days(self.analysis.development)),
            ("测试", days(self.analysis.testing)),
            ("设计", days(self.analysis.design)),
            ("版本", Some(self.version).filter(|version| *version > 0).into()),
            ("原话", self.asked().into()),
            ("首次答复", self.answered.as_ref().map(|answer| answer.at).into()),
            ("交付或验收", ended.into()),
            ("原因", why.into()),
        ]
    }

    /// Invariant: only what waits for its analysis or its confirmation wakes.
    fn wakes_at(&self, _rules: &Rules) -> Option<Timestamp> {
        self.step()?;
        self.clock.as_ref().and_then(Ladder::next)
    }

    fn wake(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        let clock = self.clock.as_ref().filter(|_| self.step().is_some());
        match clock.and_then(|clock| clock.climb(cx.now, &cx.rules.calendar)) {
            Some(climb) => self.climb(climb, dossier, cx),
            None => Outcome::default(),
        }
    }

    fn owes(&self, step: &str) -> bool {
        self.step() == Some(step)
    }

    fn open(&self, dossier: &Dossier) -> Vec<Open> {
        let clock = self.clock.as_ref().map(|clock| clock.due);
        let step = match self.state {
            State::Collected | State::Analysing => Some((clock, "分析")),
            State::AwaitingConfirmation => Some((clock, "确认")),
            State::Confirmed { .. } if self.due.is_none() => Some((None, "开始")),
            State::InProgress if self.due.is_none() => Some((None, "交付")),
            State::Confirmed { .. } | State::InProgress => None,
            State::Delivered { .. }
            | State::Accepted { .. }
            | State::Waived { .. }
            | State::Rejected { .. }
            | State::Withdrawn { .. } => return Vec::new(),
        };
        let wanted = self.due.map(|due| (Some(due), "交付"));
        let who = match &self.owner {
            Some(owner) if self.state != State::AwaitingConfirmation => vec![owner.clone()],
            _ => dossier.project().holders(self.turn()).to_vec(),
        };
        let loud = self.priority >= Some(Priority::High);
        let open = |(due, what): (_, &str)| Open {
            due,
            late_from: None,
            what: what.into(),
            who: who.clone(),
            loud,
            internal: false,
        };
        step.into_iter().chain(wanted).map(open).collect()
    }

    fn why(&self, now: Timestamp, rules: &Rules) -> Vec<String> {
        why::deadlines(self, now, rules)
    }

    fn why_internal(&self, _now: Timestamp, rules: &Rules) -> Vec<String> {
        why::priority(self, rules)
    }

    fn steps(&self, _dossier: &Dossier, internal: bool) -> Vec<Button> {
        let action = match self.state {
            State::Collected | State::Analysing => "分析",
            State::Confirmed { .. } => "开始",
            State::InProgress => "交付",
            State::Delivered { .. } => "验收",
            _ => return Vec::new(),
        };
        Some(self.button(action, action)).filter(|_| internal).into_iter().collect()
    }

    fn card(&self) -> Option<IndexCard> {
        let mut words = vec![IndexCard::below_title(&self.said), self.by.name.clone()];
        // In a table the description stands in the line itself.
        words.extend(self.description.clone().filter(|text| !words[0].contains(text)));
        let (drafts, told): (Vec<_>, Vec<_>) =
            self.fields.iter().partition(|(name, _)| self.drafts().contains(&name.as_str()));
        words.extend(told.into_iter().map(|(_, text)| text.clone()));
        words.extend(self.tags.iter().cloned());
        let analysis = &self.analysis;
        let analysed = [&analysis.note, &analysis.contribution, &analysis.phases];
        let drafts = drafts.into_iter().map(|(_, text)| text);
        let reason = match &self.state {
            State::Rejected { why } => Some(why.clone()),
            State::Withdrawn { why } => why.clone(),
            _ => None,
        };
        Some(IndexCard {
            words,
            internal: analysed.into_iter().flatten().chain(drafts).cloned().collect(),
            owner: self.owner.clone().unwrap_or_else(|| self.by.clone()),
            at: self.at,
            reason,
        })
    }
}
