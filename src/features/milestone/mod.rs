//! Milestones: the key dates of a project, each with the standard by which it is delivered (RULES 10).
//!
//! All of them together are the plan, whose versions stand in [`plan`]. A date is given up for a later one
//! only with a cause.

mod add;
mod list;
mod moves;
pub mod plan;
#[cfg(test)]
mod tests;
mod touch;
mod words;

use jiff::{Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

pub use add::Add;
pub use list::{List, summary};
pub use moves::{Cancel, Complete, Postpone};
pub use plan::Plan;
pub use touch::Touch;
pub(crate) use words::moved as told;

use crate::{
    chat::{Button, Person, RoomId},
    dossier::{
        self, Call, Cell, Context, Dossier, Hearing, IndexCard, Kind, Outcome, Phase, Ping, Project, Record,
        Refusal, Role, RoomKind, Rules, Say, Waking,
        ladder::{Climb, Ladder},
    },
    features::{delay::Delay, proof::Proof},
    grammar::Object,
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "节点",
    english: "milestone",
    aliases: &["里程碑"],
    letter: Some('P'),
    summary: "项目计划：关键日期和交付标准；提前 7、3、1 天提醒，逾期升级",
};

/// A key date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Milestone {
    /// Its number.
    pub number: u32,
    /// What is reached then, in one line.
    pub title: String,
    /// The words it was made from.
    pub said: String,
    /// Who wrote it down.
    pub by: Person,
    /// Where.
    pub room: RoomId,
    /// When.
    pub created_at: Timestamp,
    /// It never appears in a customer's room.
    #[serde(default)]
    pub internal: bool,
    /// The day on which it is to be reached.
    pub day: Date,
    /// By what one sees that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
    /// Who answers for it; the project manager where nobody is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Person>,
    /// It is reached only face to face, or with a reason why not.
    #[serde(default)]
    pub face_to_face: bool,
    /// Where it stands.
    pub state: State,
    /// Its reminders and escalations.
    pub clock: Ladder,
    /// The dates that were given up, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delays: Vec<Delay>,
}

/// Where a milestone stands.
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
        /// Whether people sat together over it, where that was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<Proof>,
        /// What was said of the result.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// 已取消.
    Cancelled {
        /// Who said so.
        by: Person,
        /// When.
        at: Timestamp,
        /// Why.
        why: String,
    },
}

/// The milestone that a line names.
fn milestone(dossier: &Dossier, number: u32) -> Result<&Milestone, Refusal> {
    dossier
        .find::<Milestone>(number)
        .ok_or_else(|| Refusal::new(format!("没有 P{number}。看编号：/节点 列表")))
}

/// The same, refused once it is over.
pub(crate) fn open_milestone(dossier: &Dossier, number: u32) -> Result<&Milestone, Refusal> {
    let milestone = milestone(dossier, number)?;
    match &milestone.state {
        State::Open => Ok(milestone),
        State::Done { by, .. } => Err(Refusal::new(format!("P{number} 已由 {} 完成", by.name))),
        State::Cancelled { by, .. } => Err(Refusal::new(format!("P{number} 已由 {} 取消", by.name))),
    }
}

impl Milestone {
    /// Whether it is still to be reached.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// How many days past its date it is or was reached; less than 0 before it.
    pub fn days_late(&self, now: Timestamp, rules: &Rules) -> i32 {
        let at = match self.state {
            State::Done { at, .. } => at,
            State::Open | State::Cancelled { .. } => now,
        };
        self.day.until(rules.calendar.date(at)).map_or(0, |span| span.get_days())
    }

    /// The same on another day, and the clock that goes with it.
    pub(crate) fn on(mut self, day: Date, now: Timestamp, rules: &Rules) -> Self {
        self.day = day;
        self.clock = clock(day, now, rules);
        self
    }

    /// The same put off, with why.
    pub fn postponed(&self, delay: Delay, now: Timestamp, rules: &Rules) -> Self {
        let mut next = self.clone().on(delay.to, now, rules);
        next.delays.push(delay);
        next
    }

    /// Whom it calls: its owner, or the project manager.
    fn call(&self, project: &Project) -> Call {
        project.call_owner(self.owner.as_ref(), Role::ProjectManager)
    }

    /// The step of a ping as its date and its clock are now: a reminder of a date that was given up is no
    /// longer true.
    fn step(&self) -> String {
        format!("{}:{}", self.day, self.clock.place())
    }

    fn climb(&self, climb: Climb, dossier: &Dossier, cx: &Waking) -> Outcome {
        let project = dossier.project();
        let next = Self { clock: climb.ladder.clone(), ..self.clone() };
        // Whoever ended the project owes nothing more of its plan.
        if project.phase == Phase::Closed {
            return Outcome::change(next, "到期");
        }
        let (call, message, what) = match climb.rung.as_str() {
            "late" => (project.call(&[Role::ProjectManager]), words::late(self, project, cx), "到期未完成"),
            "lead" => {
                // After a pause nobody told the project manager yet.
                let skipped = climb.passed.iter().any(|rung| rung.name == "late");
                let roles: &[Role] = match skipped {
                    true => &[Role::ProjectManager, Role::CustomerLead],
                    false => &[Role::CustomerLead],
                };
                (project.call(roles), words::late(self, project, cx), "逾期升级")
            }
            _ => (self.call(project), words::upcoming(self, cx), "提醒节点"),
        };
        let ping = Ping::of(&climb, call, next.key(), next.step(), message);
        let say = if climb.rung == "remind" { next.remind(ping, project) } else { Say::Ping(ping) };
        Outcome::change(next, what).saying(say)
    }

    /// A reminder. One of the customer's people is reminded where the customer sits.
    fn remind(&self, ping: Ping, project: &Project) -> Say {
        let theirs = ping.call.people.iter().all(|person| project.is_customer(&person.id));
        if !theirs || self.internal {
            return Say::Ping(ping);
        }
        if project.rooms_of(RoomKind::Customer).next().is_none() {
            return Say::PingAlone(ping);
        }
        let message = words::calling(ping.message, &ping.call.people);
        Say::Announce { hearing: Hearing::Customer, message, about: Some(ping.about) }
    }

    /// Its owner or one of the triangle may.
    fn permit(&self, what: &str, dossier: &Dossier, cx: &Context) -> Result<(), Refusal> {
        let project = dossier.project();
        if cx.is_triangle(dossier) || self.owner.as_ref().is_some_and(|owner| owner.id == cx.actor.id) {
            return Ok(());
        }
        let who = self.call(project).people;
        let who: Vec<&str> = who.iter().map(|person| person.name.as_str()).collect();
        Err(Refusal::new(format!("P{} 由 {} 负责，{what}须由本人或铁三角来做", self.number, who.join("、"))))
    }
}

/// The reminders before a day at the morning's hour, then whoever hears that it passed (RULES 10). A
/// reminder that would fall on a day off comes on the working day before: later it would be of little use.
fn clock(day: Date, now: Timestamp, rules: &Rules) -> Ladder {
    let calendar = &rules.calendar;
    let morning = rules.action.remind_at;
    let due = calendar.at(day, calendar.deadline_at());
    let mut ladder = Ladder::new(due);
    for before in &rules.milestone.remind_days {
        let on = day.saturating_sub(i64::from(*before).days());
        let on = if calendar.is_working_day(on) { on } else { calendar.previous_working_day(on) };
        ladder = ladder.rung(calendar.at(on, morning), "remind");
    }
    ladder.rung(due, "late").rung(calendar.next_working_morning(due, morning), "lead").from_now(now)
}

impl Kind for Milestone {
    const LETTER: char = 'P';
    const NAME: &'static str = "节点";
    const FIELDS: &'static [(&'static str, &'static str)] = &[
        ("title", "节点"),
        ("day", "日期"),
        ("standard", "标准"),
        ("owner", "负责"),
        ("face_to_face", "面对面"),
        ("state", "状态"),
    ];
    const SHOWN: &'static [&'static str] = &["日期", "标准", "面对面"];

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
        !self.internal
    }

    fn cells(&self) -> Vec<(&'static str, Cell)> {
        let done = match &self.state {
            State::Done { at, .. } => Some(*at),
            State::Open | State::Cancelled { .. } => None,
        };
        let delays = self
            .delays
            .iter()
            .map(|delay| format!("{} → {} {}", delay.from, delay.to, delay.reason.in_words()));
        vec![("完成", done.into()), ("延期", delays.collect::<Vec<_>>().join("；").into())]
    }

    /// Invariant: what is reached or dropped never wakes.
    fn wakes_at(&self, _rules: &Rules) -> Option<Timestamp> {
        if self.is_open() { self.clock.next() } else { None }
    }

    fn wake(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        match self.clock.climb(cx.now, &cx.rules.calendar).filter(|_| self.is_open()) {
            Some(climb) => self.climb(climb, dossier, cx),
            None => Outcome::default(),
        }
    }

    fn owes(&self, step: &str) -> bool {
        self.is_open() && step == self.step()
    }

    fn open(&self, dossier: &Dossier) -> Vec<dossier::Open> {
        if !self.is_open() {
            return Vec::new();
        }
        let who = self.call(dossier.project()).people;
        vec![dossier::Open {
            late_from: None,
            due: Some(self.clock.due),
            what: "节点".into(),
            who,
            loud: false,
            internal: false,
        }]
    }

    fn steps(&self, _dossier: &Dossier, internal: bool) -> Vec<Button> {
        let asks = internal && self.is_open() && !self.face_to_face;
        if asks { vec![self.button("完成", "完成")] } else { Vec::new() }
    }

    fn card(&self) -> Option<IndexCard> {
        let owner = self.owner.clone().unwrap_or_else(|| self.by.clone());
        let words = self.standard.iter().cloned().collect();
        Some(IndexCard { words, internal: Vec::new(), owner, at: self.created_at, reason: None })
    }

    fn why(&self, now: Timestamp, rules: &Rules) -> Vec<String> {
        words::why(self, now, rules)
    }

    fn why_internal(&self, _now: Timestamp, rules: &Rules) -> Vec<String> {
        words::why_internal(self, rules)
    }
}
