//! Meetings: announced, reminded of, ended; then minutes are owed (RULES 6).
//!
//! A meeting ends at its scheduled end, at `结束`, or when the platform says so, whichever is told first
//! after the start. What happens to its minutes stands in [`crate::features::minutes`].

mod add;
mod agenda;
mod held;
mod invited;
mod list;
mod moves;
mod platform;
mod recur;
#[cfg(test)]
mod tests;
mod words;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

pub use add::Add;
pub use list::List;
pub(crate) use moves::meeting;
pub use moves::{Cancel, End, Start, Touch};
pub use platform::{ended_by_platform, fits, recorded_by_platform};
pub(crate) use recur::tell_moved;
pub(crate) use words::{headline, name};

use crate::{
    calendar::Span,
    chat::{Button, Invite, Message, Person, RoomId},
    dossier::{
        self, Call, Cell, Dossier, Hearing, IndexCard, Kind, MeetingKind, Outcome, Ping, Project, Role,
        Rules, Say, Waking, ladder::Ladder,
    },
    features::{
        change,
        minutes::{self, Minutes},
    },
    grammar::Object,
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "会议",
    english: "meeting",
    aliases: &["开会"],
    letter: Some('M'),
    summary: "约会议：开始前提醒，结束后 24 小时内交纪要",
};

/// A meeting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meeting {
    /// Its number.
    pub number: u32,
    /// What it is called.
    pub title: String,
    /// The words it was made from.
    pub said: String,
    /// Who announced it.
    pub by: Person,
    /// Where.
    pub room: RoomId,
    /// When.
    pub created_at: Timestamp,
    /// The customer's room may see it.
    pub shared: bool,
    /// What kind it is.
    pub kind: MeetingKind,
    /// When it begins.
    pub starts: Timestamp,
    /// When it is to end.
    pub ends: Timestamp,
    /// Where people meet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Where it is live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub online: Option<String>,
    /// Who is to come.
    #[serde(default)]
    pub people: Vec<Person>,
    /// Who else, by name alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guests: Vec<String>,
    /// A weekly one: the day this one would have had if no holiday had moved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekly: Option<Date>,
    /// When the participants are reminded; none once they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind: Option<Timestamp>,
    /// When its agenda is posted; none once it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agenda: Option<Timestamp>,
    /// Where it stands.
    pub state: State,
    /// Where recordings of it can be seen, addresses of the platform's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recordings: Vec<String>,
    /// What was written down.
    #[serde(default)]
    pub minutes: Minutes,
}

/// Where a meeting stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// 未开始; it ends by itself at its scheduled end.
    Planned,
    /// 进行中: somebody said so.
    Running {
        /// Since when.
        since: Timestamp,
    },
    /// 已结束.
    Ended {
        /// When it began, where somebody said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
        /// When it ended.
        at: Timestamp,
        /// Who or what said so.
        told: Told,
    },
    /// 已取消.
    Cancelled {
        /// Who said so.
        by: Person,
        /// When.
        at: Timestamp,
    },
}

/// By what a meeting was known to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// Its scheduled end came.
    Schedule,
    /// Somebody said so, or filed its minutes.
    People,
    /// The platform's own meeting ended.
    Platform,
}

impl Meeting {
    /// Whether it is still to be held or being held.
    pub fn is_ahead(&self) -> bool {
        matches!(self.state, State::Planned | State::Running { .. })
    }

    /// When it ended.
    pub fn ended_at(&self) -> Option<Timestamp> {
        match self.state {
            State::Ended { at, .. } => Some(at),
            State::Planned | State::Running { .. } | State::Cancelled { .. } => None,
        }
    }

    /// Whether it is over and its minutes are still to be filed.
    pub fn owes_minutes(&self) -> bool {
        self.ended_at().is_some() && self.minutes.are_missing()
    }

    /// The roles that its kind requires and none of whose people is to come.
    fn missing_roles(&self, project: &Project) -> Vec<Role> {
        let comes = |person: &Person| {
            self.people.iter().any(|known| known.id == person.id) || self.guests.contains(&person.name)
        };
        let required = self.kind.required().iter().copied();
        required.filter(|role| !project.holders(*role).iter().any(comes)).collect()
    }

    /// The same with its reminder and, for the weekly meeting, its agenda set for its start.
    fn reminded(mut self, now: Timestamp, rules: &Rules) -> Self {
        let before = |span| Some(rules.calendar.subtract(self.starts, span)).filter(|at| *at > now);
        self.remind = before(rules.meeting.remind_before);
        self.agenda = before(rules.meeting.agenda_before).filter(|_| self.kind == MeetingKind::Weekly);
        self
    }

    /// The same, over; the clock of its minutes runs from `at` (RULES 6).
    pub(crate) fn over(&self, at: Timestamp, told: Told, now: Timestamp, rules: &Rules) -> Self {
        let mut next = self.clone();
        let since = match self.state {
            State::Running { since } => Some(since),
            State::Planned | State::Ended { .. } | State::Cancelled { .. } => None,
        };
        next.state = State::Ended { since, at, told };
        next.remind = None;
        next.agenda = None;
        next.minutes.clock = Some(minutes::clock(at, now, rules));
        next
    }

    /// The end: minutes are asked for, and a weekly meeting makes the next one.
    fn end(&self, at: Timestamp, told: Told, dossier: &Dossier, now: Timestamp, rules: &Rules) -> Outcome {
        let ended = self.over(at, told, now, rules);
        let mut outcome = Outcome::change(ended.clone(), "会议结束");
        let following = self.following(outcome.next_number::<Self>(dossier), now, rules);
        if let Some(next) = &following {
            outcome = tell_moved(outcome.and(next.clone()), next, now, rules);
        }
        let mut outcome = self.held(at, self.counts_at_end(), outcome, dossier, (now, rules)).0;
        outcome.say.extend(change::after_meeting(self.number, dossier));
        if !ended.owes_minutes() {
            return outcome;
        }
        let mut message = minutes::ask(&ended, now, rules);
        if let Some(next) = &following {
            message = message.line(words::following(next, now, rules));
        }
        outcome.saying(Say::Ping(ended.minutes_ping(&[Role::ProjectManager], dossier, message)))
    }

    /// Its agenda, its reminder, or both; nothing is said of a meeting that has begun.
    fn come_near(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= cx.now);
        let (agenda, remind) = (is_due(self.agenda), is_due(self.remind));
        let next = Self {
            agenda: self.agenda.filter(|_| !agenda),
            remind: self.remind.filter(|_| !remind),
            ..self.clone()
        };
        let mut outcome = Outcome::change(next, if remind { "提醒开会" } else { "发议程" });
        if self.starts <= cx.now || self.state != State::Planned {
            return outcome;
        }
        if agenda && let Some(message) = agenda::agenda(self, dossier, cx.now, cx.rules) {
            let about = Some(dossier::Record::key(self));
            outcome = outcome.saying(Say::AnnounceNow { hearing: Hearing::Internal, message, about });
        }
        if remind { self.tell("start", dossier, words::soon(self, cx), outcome) } else { outcome }
    }

    /// A ping about its minutes.
    pub(crate) fn minutes_ping(&self, roles: &[Role], dossier: &Dossier, message: Message) -> Ping {
        let (call, about) = (dossier.project().call(roles), dossier::Record::key(self));
        Ping::new(call, about, minutes::STEP, message)
    }

    /// Whom its reminders call in the internal room: who is to come, or the project manager. In a meeting
    /// that the customer knows of, the customer's people hear of it in their own room.
    fn call(&self, project: &Project) -> Call {
        let ours: Vec<Person> = self
            .people
            .iter()
            .filter(|person| !(self.shared && project.is_customer(&person.id)))
            .cloned()
            .collect();
        if ours.is_empty() {
            return project.call(&[Role::ProjectManager]);
        }
        Call::only(ours)
    }

    /// Tells everybody who is to come. A meeting does not wait for the end of quiet hours.
    fn tell(&self, step: &str, dossier: &Dossier, message: Message, outcome: Outcome) -> Outcome {
        let about = dossier::Record::key(self);
        let customer = message.clone();
        let ping = Ping::new(self.call(dossier.project()), about, step, message);
        let outcome = outcome.saying(Say::Ping(Ping { urgent: true, ..ping }));
        if !self.shared {
            return outcome;
        }
        outcome.saying(Say::AnnounceNow {
            hearing: Hearing::Customer,
            message: Message { buttons: Vec::new(), ..customer },
            about: Some(about),
        })
    }
}

/// `at` and a span of the rules.
fn after(at: Timestamp, span: Span, rules: &Rules) -> Timestamp {
    rules.calendar.add(at, span)
}

impl Kind for Meeting {
    const LETTER: char = 'M';
    const NAME: &'static str = "会议";
    const FIELDS: &'static [(&'static str, &'static str)] = &[
        ("title", "标题"),
        ("kind", "类型"),
        ("starts", "开始"),
        ("ends", "结束"),
        ("place", "地点"),
        ("online", "线上"),
        ("people", "参会"),
        ("weekly", "每周"),
        ("state", "状态"),
    ];
    const SHOWN: &'static [&'static str] = &["类型", "开始", "结束", "地点", "线上", "参会"];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn state(&self) -> &'static str {
        match self.state {
            State::Planned => "未开始",
            State::Running { .. } => "进行中",
            State::Ended { .. } if self.minutes.are_missing() => "待交纪要",
            State::Ended { .. } if self.minutes.latest().is_some() => "纪要已归档",
            State::Ended { .. } => "免交纪要",
            State::Cancelled { .. } => "已取消",
        }
    }

    fn shared(&self) -> bool {
        self.shared
    }

    fn cells(&self) -> Vec<(&'static str, Cell)> {
        words::cells(self)
    }

    /// Invariant: a cancelled meeting never wakes; one whose minutes are filed or excused neither.
    fn wakes_at(&self, _rules: &Rules) -> Option<Timestamp> {
        match self.state {
            State::Planned | State::Running { .. } => {
                [self.remind, self.agenda, Some(self.ends)].into_iter().flatten().min()
            }
            State::Ended { .. } if self.minutes.are_missing() => {
                self.minutes.clock.as_ref().and_then(Ladder::next)
            }
            State::Ended { .. } | State::Cancelled { .. } => None,
        }
    }

    fn wake(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        if self.is_ahead() {
            if self.ends <= cx.now {
                return self.end(self.ends, Told::Schedule, dossier, cx.now, cx.rules);
            }
            return self.come_near(dossier, cx);
        }
        if !self.owes_minutes() {
            return Outcome::default();
        }
        let climb = self.minutes.clock.as_ref().and_then(|clock| clock.climb(cx.now, &cx.rules.calendar));
        climb.map_or_else(Outcome::default, |climb| minutes::climb(self, climb, dossier, cx))
    }

    fn owes(&self, step: &str) -> bool {
        match step {
            minutes::STEP => self.owes_minutes(),
            "cancelled" => matches!(self.state, State::Cancelled { .. }),
            _ => self.is_ahead(),
        }
    }

    fn steps(&self, _dossier: &Dossier, _internal: bool) -> Vec<Button> {
        match self.state {
            State::Planned => vec![self.button("开始", "开始")],
            State::Running { .. } => vec![self.button("结束", "结束")],
            State::Ended { .. } | State::Cancelled { .. } => Vec::new(),
        }
    }

    fn open(&self, dossier: &Dossier) -> Vec<dossier::Open> {
        let manager = || dossier.project().call(&[Role::ProjectManager]).people;
        let open = |due, late_from, what: &str, who| {
            vec![dossier::Open { due, late_from, what: what.into(), who, loud: false, internal: false }]
        };
        let comes = || if self.people.is_empty() { manager() } else { self.people.clone() };
        match self.state {
            State::Planned => open(Some(self.starts), Some(self.ends), "开会", comes()),
            State::Running { .. } => open(Some(self.ends), None, "开会", comes()),
            State::Ended { .. } if self.minutes.are_missing() => {
                open(self.minutes.clock.as_ref().map(|clock| clock.due), None, "交纪要", manager())
            }
            State::Ended { .. } | State::Cancelled { .. } => Vec::new(),
        }
    }

    fn invite(&self) -> Option<Invite> {
        self.invited()
    }

    fn card(&self) -> Option<IndexCard> {
        let (mut words, internal) = self.minutes.latest().map(minutes::Version::words).unwrap_or_default();
        words.extend([IndexCard::below_title(&self.said), self.by.name.clone()]);
        Some(IndexCard { words, internal, owner: self.by.clone(), at: self.starts, reason: None })
    }
}
