//! Change requests: a confirmed requirement changes only through the change control board (RULES 3).
//!
//! A small change is voted on within a day. A large one (it costs time or money, or moves a milestone)
//! first goes through meeting, re-plan, the customer's confirmation and the contract, in this order; see
//! [`Stage`]. What an approval does stands in `verdict.rs`, who is called and when in `clock.rs`.

mod board;
mod clock;
mod export;
mod file;
mod form;
mod impact;
mod list;
mod refusal;
mod replan;
mod sheet;
mod steps;
#[cfg(test)]
mod tests;
mod verdict;
mod vote;
mod words;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use board::{BoardSeat, Vote};
pub use clock::after_meeting;
pub use file::File;
pub use impact::Impact;
pub use list::{List, Show};
pub use replan::Replan;
pub use steps::{Assess, Contract, CustomerConfirm, LinkMeeting};
pub use vote::{Approve, Reject, Withdraw};

use crate::{
    chat::{Button, Person, PersonId, RoomId},
    dossier::{
        self, Cell, Context, Dossier, IndexCard, Kind, Outcome, Refusal, Role, RoomKind, Rules, Waking,
        ladder::Ladder,
    },
    features::{
        meeting::{self, Meeting},
        milestone::plan::Move,
    },
    grammar::Object,
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "变更",
    english: "change",
    aliases: &["cr", "需求变更"],
    letter: Some('C'),
    summary: "改已确认的需求：评估影响，变更委员会表决",
};

/// A change of one confirmed requirement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeRequest {
    /// Its number.
    pub number: u32,
    /// The requirement that it changes.
    pub requirement: u32,
    /// What it changes, in one line.
    pub title: String,
    /// More of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The words in which it was filed.
    pub said: String,
    /// Who filed it.
    pub by: Person,
    /// Where.
    pub room: RoomId,
    /// When.
    pub filed_at: Timestamp,
    /// The customer's room may see it.
    pub shared: bool,
    /// Why, where it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What it costs, where somebody assessed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<Impact>,
    /// The meeting that spoke of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting: Option<u32>,
    /// The milestones before and after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Said>,
    /// The dates that the plan moves, once the change is approved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<Move>,
    /// The customer representative's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Said>,
    /// The action item of the contract's amendment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<u32>,
    /// The board's votes, a seat each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub votes: BTreeMap<BoardSeat, Vote>,
    /// The clock of the vote; none while a large change still has steps to go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Ladder>,
    /// When the vote's time ran out; it stays for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue: Option<Timestamp>,
    /// Where it stands.
    pub state: State,
}

/// Why a requirement changes (RULES 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// 市场变化.
    Market,
    /// 客户业务调整.
    Business,
    /// 理解偏差.
    Misunderstanding,
    /// 其他.
    Other,
}

/// A step that somebody took, with its words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// Who.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// What was said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// Where a change stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// Still to be decided; how far it is says [`ChangeRequest::stage`].
    Open,
    /// 已通过.
    Approved {
        /// When.
        at: Timestamp,
        /// The requirement's version that it made.
        version: u32,
    },
    /// 已否决.
    Rejected {
        /// Whose vote it was.
        by: Person,
        /// When.
        at: Timestamp,
        /// Why.
        why: String,
    },
    /// 已撤回.
    Withdrawn {
        /// When.
        at: Timestamp,
        /// Why, where it was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
}

/// What an open change waits for, in the order of RULES 3. A small one only waits for the vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// 会议.
    Meeting,
    /// 计划.
    Plan,
    /// 客户确认.
    Confirmation,
    /// 合同.
    Contract,
    /// 表决.
    Vote,
}

impl Stage {
    /// The state of an open change that waits for it.
    fn state(self) -> &'static str {
        match self {
            Self::Meeting => "待会议",
            Self::Plan => "待计划",
            Self::Confirmation => "待客户确认",
            Self::Contract => "待合同",
            Self::Vote => "待表决",
        }
    }
}

impl Reason {
    /// All, as people and the code say them.
    pub const ALL: [(Reason, &'static str, &'static str); 4] = [
        (Self::Market, "市场变化", "market"),
        (Self::Business, "客户业务调整", "business"),
        (Self::Misunderstanding, "理解偏差", "misunderstanding"),
        (Self::Other, "其他", "other"),
    ];

    /// What people call it.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(reason, ..)| *reason == self).map_or("", |(_, name, _)| name)
    }

    /// The reason of that name; a shorter word does where it is clear.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.trim().trim_end_matches(['，', ',', '。', '；', ';', '：', ':']);
        match word {
            "市场" => return Some(Self::Market),
            "业务调整" | "客户调整" | "客户原因" | "业务变化" => return Some(Self::Business),
            "理解" | "理解错误" | "理解有误" | "需求理解偏差" => {
                return Some(Self::Misunderstanding);
            }
            "其它" => return Some(Self::Other),
            _ => {}
        }
        let called =
            |(_, name, english): &&(Self, &str, &str)| *name == word || english.eq_ignore_ascii_case(word);
        Self::ALL.iter().find(called).map(|(reason, ..)| *reason)
    }
}

impl ChangeRequest {
    /// Whether it is still to be decided.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether it needs the large way (RULES 3): whatever was typed, its impact decides.
    pub fn is_large(&self) -> bool {
        self.impact.as_ref().is_some_and(Impact::is_large)
    }

    /// The next step of an open change.
    pub fn stage(&self) -> Stage {
        if !self.is_large() {
            return Stage::Vote;
        }
        if self.meeting.is_none() {
            return Stage::Meeting;
        }
        if self.plan.is_none() {
            return Stage::Plan;
        }
        if self.confirmation.is_none() {
            return Stage::Confirmation;
        }
        if self.contract.is_none() { Stage::Contract } else { Stage::Vote }
    }

    /// The next step, given what became of its meeting: only one that was held counts.
    fn stage_in(&self, dossier: &Dossier) -> Stage {
        let was_held = |number| dossier.find::<Meeting>(number).is_some_and(|met| met.ended_at().is_some());
        match self.meeting {
            Some(number) if self.is_large() && !was_held(number) => Stage::Meeting,
            _ => self.stage(),
        }
    }

    /// Its state as [`Kind::state`] names it, given what became of its meeting.
    fn state_in(&self, dossier: &Dossier) -> &'static str {
        if self.is_open() { self.stage_in(dossier).state() } else { self.state() }
    }

    /// Whether whoever asks, here, may see it.
    fn is_seen(&self, dossier: &Dossier, cx: &Context) -> bool {
        let asked = cx.place.kind != RoomKind::Customer && Kind::asks(self, &cx.actor.id, dossier);
        self.shared || asked || cx.sees_internal(dossier)
    }
}

/// Whether a meeting was held or is still planned.
fn is_or_will_be_held(meeting: &Meeting) -> bool {
    !matches!(meeting.state, meeting::State::Cancelled { .. })
}

/// The first change of a requirement that is still to be decided.
pub fn undecided(requirement: u32, dossier: &Dossier) -> Option<&ChangeRequest> {
    dossier.all::<ChangeRequest>().find(|change| change.requirement == requirement && change.is_open())
}

/// The change that a line names.
fn change(dossier: &Dossier, number: u32) -> Result<&ChangeRequest, Refusal> {
    dossier
        .find::<ChangeRequest>(number)
        .ok_or_else(|| Refusal::new(format!("没有 C{number}。看编号：/变更 列表")))
}

/// The same, refused once it is decided.
fn open_change(dossier: &Dossier, number: u32) -> Result<&ChangeRequest, Refusal> {
    let change = change(dossier, number)?;
    if change.is_open() {
        return Ok(change);
    }
    let requirement = change.requirement;
    Err(Refusal::new(format!(
        "C{number} {}，不能再改。要再改请重新提：/变更 R{requirement} …",
        change.state()
    )))
}

impl Kind for ChangeRequest {
    const LETTER: char = 'C';
    const NAME: &'static str = "变更";
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("title", "变更"), ("meeting", "会议"), ("contract", "合同待办")];
    const SHOWN: &'static [&'static str] = &["需求", "描述", "原因", "进度（天）", "成本（元）"];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        format!("{}（R{}）", self.title, self.requirement)
    }

    fn state(&self) -> &'static str {
        match self.state {
            State::Open => self.stage().state(),
            State::Approved { .. } => "已通过",
            State::Rejected { .. } => "已否决",
            State::Withdrawn { .. } => "已撤回",
        }
    }

    fn shared(&self) -> bool {
        self.shared
    }

    fn cells(&self) -> Vec<(&'static str, Cell)> {
        export::cells(self)
    }

    /// The customer representative sits in the board and so sees what it decides on.
    fn asks(&self, person: &PersonId, dossier: &Dossier) -> bool {
        dossier.founded().is_some_and(|project| project.holds(person, Role::CustomerRepresentative))
    }

    /// Invariant: a decided change never wakes, nor a large one before its vote.
    fn wakes_at(&self, _rules: &Rules) -> Option<Timestamp> {
        let runs = self.is_open() && self.stage() == Stage::Vote;
        self.clock.as_ref().filter(|_| runs).and_then(Ladder::next)
    }

    fn wake(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        clock::wake(self, dossier, cx)
    }

    fn owes(&self, step: &str) -> bool {
        self.is_open() && clock::owes(self, step)
    }

    fn steps(&self, dossier: &Dossier, _internal: bool) -> Vec<Button> {
        let step = |action| self.button(action, action);
        match (&self.state, self.stage_in(dossier)) {
            (State::Open, Stage::Vote) => vec![step("同意"), step("反对")],
            (State::Open, Stage::Confirmation) => vec![step("客户确认")],
            _ => Vec::new(),
        }
    }

    fn open(&self, dossier: &Dossier) -> Vec<dossier::Open> {
        if !self.is_open() {
            return Vec::new();
        }
        let project = dossier.project();
        let stage = self.stage_in(dossier);
        let who = match stage {
            Stage::Vote => board::missing_people(&self.votes, project),
            Stage::Confirmation => project.holders(Role::CustomerRepresentative).to_vec(),
            Stage::Meeting | Stage::Plan | Stage::Contract => project.call(&[Role::ProjectManager]).people,
        };
        let due = self.clock.as_ref().filter(|_| stage == Stage::Vote).map(|clock| clock.due);
        vec![dossier::Open {
            due,
            late_from: None,
            what: words::stage(stage).into(),
            who,
            loud: false,
            internal: false,
        }]
    }

    fn why(&self, now: Timestamp, rules: &Rules) -> Vec<String> {
        sheet::why(self, now, rules)
    }

    fn why_internal(&self, _now: Timestamp, rules: &Rules) -> Vec<String> {
        sheet::why_internal(self, rules)
    }

    fn card(&self) -> Option<IndexCard> {
        let words = vec![IndexCard::below_title(&self.said), self.by.name.clone()];
        let reason = self.customers_no().map(str::to_owned);
        let ours = self.votes.iter().filter(|(seat, _)| **seat != BoardSeat::Customer);
        let mut internal: Vec<String> = ours.filter_map(|(_, vote)| vote.why.clone()).collect();
        if let State::Withdrawn { why: Some(why), .. } = &self.state {
            internal.push(why.clone());
        }
        Some(IndexCard { words, internal, owner: self.by.clone(), at: self.filed_at, reason })
    }
}
