//! Action items: what somebody promised to do, and by when (RULES 6).
//!
//! An item without an owner or a date is filed all the same and pointed out; without a date it has no
//! clock.

mod add;
mod list;
mod moves;
#[cfg(test)]
mod tests;
mod words;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

pub use add::{Add, Line};
pub use list::List;
pub use moves::{Cancel, Complete, Postpone, Touch};
pub(crate) use words::lacks;

use crate::{
    chat::{Button, MessageId, Person, RoomId},
    dossier::{
        self, Call, Cell, Dossier, IndexCard, Kind, Outcome, Ping, Project, Role, Rules, Say, Waking,
        ladder::{Climb, Ladder},
    },
    grammar::{Object, Priority},
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "待办",
    english: "todo",
    aliases: &["行动项", "任务", "action"],
    letter: Some('A'),
    summary: "谁、在什么时候前、做完什么；到期前提醒，逾期每天催",
};

/// Something that somebody is to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionItem {
    /// Its number.
    pub number: u32,
    /// What is to be done, in one line.
    pub title: String,
    /// The words it was made from.
    pub said: String,
    /// Who wrote it down.
    pub by: Person,
    /// The message in which it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// Where.
    pub room: RoomId,
    /// When.
    pub created_at: Timestamp,
    /// The customer's room may see it.
    pub shared: bool,
    /// The record it came from, for instance `M3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Who is to do it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Person>,
    /// Who was named beside the owner.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub helpers: Vec<Person>,
    /// By when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// By what one sees that it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<String>,
    /// How much it matters, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Where it stands.
    pub state: State,
    /// The reminders; none without a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Ladder>,
    /// The dates it once had, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub postponed: Vec<Postponed>,
}

/// Where an action item stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// 未完成.
    Open,
    /// 已完成.
    Done {
        /// Who said so.
        by: Person,
        /// When.
        at: Timestamp,
    },
    /// 已取消.
    Cancelled {
        /// Who said so.
        by: Person,
        /// When.
        at: Timestamp,
    },
}

/// A date that was given up for a later one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Postponed {
    /// The date it had.
    pub from: Timestamp,
    /// Why, where it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl ActionItem {
    /// Whether it is still to be done.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether its date has passed.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_open() && self.due.is_some_and(|due| due < now)
    }

    /// The same with another date, and the clock that goes with it.
    fn due_by(mut self, due: Timestamp, now: Timestamp, rules: &Rules) -> Self {
        self.due = Some(due);
        self.clock = Some(clock(due, now, rules));
        self
    }

    /// Whom its pings call: the owner, or the project manager.
    fn call(&self, project: &Project) -> Call {
        project.call_owner(self.owner.as_ref(), Role::ProjectManager)
    }

    fn climb(&self, climb: &Climb, dossier: &Dossier, cx: &Waking) -> Outcome {
        let Some(due) = self.due else { return Outcome::default() };
        let mut next = self.clone();
        next.clock = Some(climb.ladder.clone());
        let project = dossier.project();
        let ping =
            |call, message| Say::Ping(Ping::of(climb, call, dossier::Record::key(self), "due", message));
        if climb.rung != "overdue" {
            let say = ping(self.call(project), words::upcoming(self, due, cx));
            return Outcome::change(next, "提醒到期").saying(say);
        }
        // The last of one owner's that wakes this morning speaks for all of them.
        let outcome = Outcome::change(next, "提醒逾期");
        let late = self.late_together(dossier, cx.now);
        let wakes = |item: &Self| item.clock.as_ref().and_then(Ladder::next).is_some_and(|at| at <= cx.now);
        if late.iter().any(|item| item.number != self.number && wakes(item)) {
            return outcome;
        }
        let calendar = &cx.rules.calendar;
        let days = i64::from(cx.rules.action.manager_from_day);
        let is_long = |due| calendar.date(cx.now) >= calendar.date(due).saturating_add(days.days());
        let call = match late.iter().filter_map(|item| item.due).any(is_long) {
            true => project.call_after(self.owner.as_slice(), &[Role::ProjectManager]),
            false => self.call(project),
        };
        let numbers: Vec<String> = late.iter().map(|item| item.number.to_string()).collect();
        let message = match late.as_slice() {
            [_] => words::overdue(self, due, cx),
            several => words::several_overdue(several, cx),
        };
        let step = format!("{OVERDUE} {}", numbers.join(" "));
        outcome.saying(Say::Ping(Ping::of(climb, call, dossier::Record::key(self), step, message)))
    }

    /// The open items that are late with this one: all of its owner's; without an owner itself alone.
    fn late_together<'d>(&'d self, dossier: &'d Dossier, now: Timestamp) -> Vec<&'d Self> {
        let owner = self.owner.as_ref().map(|owner| &owner.id);
        let theirs = |item: &&Self| {
            item.number == self.number
                || (owner.is_some() && item.owner.as_ref().map(|other| &other.id) == owner)
        };
        dossier.all::<Self>().filter(theirs).filter(|item| item.is_overdue(now)).collect()
    }
}

/// The step of a ping about what is late, with the numbers that it names.
const OVERDUE: &str = "overdue";

/// The reminders of a date: on the working day before, on the day itself, and each working morning once it
/// has passed (RULES 6). A day off has no reminder of its own: it would be heard after the date.
pub(crate) fn clock(due: Timestamp, now: Timestamp, rules: &Rules) -> Ladder {
    let calendar = &rules.calendar;
    let at = rules.action.remind_at;
    let day = calendar.date(due);
    let mut ladder = Ladder::new(due).rung(calendar.at(calendar.previous_working_day(day), at), "day_before");
    let morning = calendar.at(day, at);
    if calendar.is_working_day(day) && morning < due {
        ladder = ladder.rung(morning, "today");
    }
    ladder.rung(calendar.next_working_morning(due, at), "overdue").each_morning(at).from_now(now)
}

impl Kind for ActionItem {
    const LETTER: char = 'A';
    const NAME: &'static str = "待办";
    const FIELDS: &'static [(&'static str, &'static str)] = &[
        ("title", "内容"),
        ("owner", "负责"),
        ("helpers", "配合"),
        ("due", "截止"),
        ("measure", "衡量"),
        ("state", "状态"),
    ];
    const SHOWN: &'static [&'static str] = &["配合", "衡量", "优先级"];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn state(&self) -> &'static str {
        match self.state {
            State::Open => "未完成",
            State::Done { .. } => "已完成",
            State::Cancelled { .. } => "已取消",
        }
    }

    fn shared(&self) -> bool {
        self.shared
    }

    fn cells(&self) -> Vec<(&'static str, Cell)> {
        let done = match &self.state {
            State::Done { at, .. } => Some(*at),
            State::Open | State::Cancelled { .. } => None,
        };
        vec![
            ("优先级", self.priority.map(Priority::name).into()),
            ("来源", self.source.as_deref().into()),
            ("完成", done.into()),
            ("延期次数", Cell::times(self.postponed.len())),
        ]
    }

    /// Invariant: what is done or cancelled never wakes.
    fn wakes_at(&self, _rules: &Rules) -> Option<Timestamp> {
        self.clock.as_ref().filter(|_| self.is_open()).and_then(Ladder::next)
    }

    fn wake(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        let clock = self.clock.as_ref().filter(|_| self.is_open());
        match clock.and_then(|ladder| ladder.climb(cx.now, &cx.rules.calendar)) {
            Some(climb) => self.climb(&climb, dossier, cx),
            None => Outcome::default(),
        }
    }

    fn owes(&self, _step: &str) -> bool {
        self.is_open()
    }

    /// What several are called for together is said while one of them is open.
    fn owes_in(&self, step: &str, dossier: &Dossier) -> bool {
        let Some(numbers) = step.strip_prefix(OVERDUE) else { return self.is_open() };
        let mut named = numbers.split_whitespace().filter_map(|number| number.parse().ok());
        named.any(|number| dossier.find::<Self>(number).is_some_and(Self::is_open))
    }

    fn open(&self, dossier: &Dossier) -> Vec<dossier::Open> {
        if !self.is_open() {
            return Vec::new();
        }
        let what = if self.owner.is_some() { "完成" } else { "未定负责人" };
        let who = self.call(dossier.project()).people;
        let loud = self.priority >= Some(Priority::High);
        vec![dossier::Open { due: self.due, late_from: None, what: what.into(), who, loud, internal: false }]
    }

    fn steps(&self, _dossier: &Dossier, _internal: bool) -> Vec<Button> {
        if self.is_open() { vec![self.button("完成", "完成")] } else { Vec::new() }
    }

    fn card(&self) -> Option<IndexCard> {
        let mut words = vec![IndexCard::below_title(&self.said), self.by.name.clone()];
        words.extend(self.measure.clone());
        let owner = self.owner.clone().unwrap_or_else(|| self.by.clone());
        Some(IndexCard { words, internal: Vec::new(), owner, at: self.created_at, reason: None })
    }
}
