//! Important messages: each named person acknowledges, and whoever does not is called again (RULES 7).

mod commands;
#[cfg(test)]
mod tests;
mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use commands::{Acknowledge, List, Post, Show};

use crate::{
    chat::{Button, Message, Person, RoomId},
    dossier::{
        Call, Cell, Dossier, Hearing, IndexCard, Kind, Open, Outcome, Ping, Record, Role, Rules, Say, Waking,
        ladder::{Climb, Ladder},
    },
    grammar::{Object, Priority},
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "通知",
    english: "notice",
    aliases: &[],
    letter: Some('N'),
    summary: "重要通知：点名确认，没确认的按优先级催",
};

/// An important message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Its number.
    pub number: u32,
    /// What it says, in one line.
    pub title: String,
    /// More of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The words it was written in.
    pub said: String,
    /// Who wrote it.
    pub by: Person,
    /// Where.
    pub room: RoomId,
    /// When.
    pub at: Timestamp,
    /// The customer's room may see it.
    pub shared: bool,
    /// How much it matters.
    pub priority: Priority,
    /// Who must acknowledge it.
    pub people: Vec<Person>,
    /// Who did, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acknowledged: Vec<Acknowledged>,
    /// When whoever did not is called.
    pub clock: Ladder,
}

/// Somebody's acknowledgement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Whose.
    pub by: Person,
    /// When.
    pub at: Timestamp,
}

impl Notice {
    /// Who still has to acknowledge it.
    pub fn outstanding(&self) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(|person| !self.acknowledged.iter().any(|ack| ack.by.id == person.id))
    }

    /// Whether everybody acknowledged it.
    pub fn is_settled(&self) -> bool {
        self.outstanding().next().is_none()
    }

    /// Calls whoever has not acknowledged, and from some rung on those who see to it that they do. The
    /// customer's people are asked in their own room; escalations stay inside.
    fn call(&self, climb: Climb, dossier: &Dossier, cx: &Waking) -> Outcome {
        let project = dossier.project();
        let (customers, ours): (Vec<&Person>, Vec<&Person>) =
            self.outstanding().partition(|person| self.shared && project.is_customer(&person.id));
        let ours: Vec<Person> = ours.into_iter().cloned().collect();
        let call = project.call_after(&ours, roles(&climb.rung));
        let mut next = self.clone();
        next.clock = climb.ladder;
        let mut outcome = Outcome::change(next, "催确认");
        if climb.rung == "again" && !customers.is_empty() {
            let (hearing, about) = (Hearing::Customer, Some(Record::key(self)));
            let message = words::again_for_customer(self, &customers);
            outcome = outcome.saying(match self.priority {
                Priority::Urgent => Say::AnnounceNow { hearing, message, about },
                Priority::High | Priority::Medium | Priority::Low => {
                    Say::Announce { hearing, message, about }
                }
            });
        }
        if call.people.is_empty() {
            return outcome;
        }
        outcome.saying(self.ping(call, words::again(self, cx)))
    }

    fn ping(&self, call: Call, message: Message) -> Say {
        let ping = Ping::new(call, Record::key(self), "acknowledge", message);
        Say::Ping(Ping { urgent: self.priority == Priority::Urgent, ..ping })
    }
}

/// Who joins at a rung.
fn roles(rung: &str) -> &'static [Role] {
    match rung {
        "manager" => &[Role::ProjectManager],
        "lead" => &[Role::ProjectManager, Role::CustomerLead],
        _ => &[],
    }
}

/// When a notice of this priority is spoken of again (RULES 7). What is not urgent waits for the end of
/// quiet hours here already, so that only those are called who have not acknowledged by then.
fn clock(priority: Priority, at: Timestamp, rules: &Rules) -> Ladder {
    let calendar = &rules.calendar;
    let morning = calendar.next_working_morning(at, rules.action.remind_at);
    match priority {
        Priority::Urgent => {
            let again = calendar.add(at, rules.notice.urgent_again);
            Ladder::new(again)
                .rung(again, "again")
                .rung(calendar.add(at, rules.notice.urgent_manager), "manager")
                .rung(calendar.add(at, rules.notice.urgent_lead), "lead")
        }
        Priority::High => {
            let again = calendar.after_quiet(calendar.add(at, rules.notice.high_again));
            Ladder::new(again).rung(again, "again").rung(morning, "manager")
        }
        Priority::Medium | Priority::Low => Ladder::new(morning).rung(morning, "again"),
    }
}

impl Kind for Notice {
    const LETTER: char = 'N';
    const NAME: &'static str = "通知";
    const FIELDS: &'static [(&'static str, &'static str)] = &[("title", "内容"), ("priority", "优先级")];
    const SHOWN: &'static [&'static str] = &["说明", "优先级", "通知", "已确认"];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn state(&self) -> &'static str {
        if self.is_settled() { "全部确认" } else { "待确认" }
    }

    fn shared(&self) -> bool {
        self.shared
    }

    fn cells(&self) -> Vec<(&'static str, Cell)> {
        vec![
            ("优先级", self.priority.name().into()),
            ("说明", self.body.as_deref().into()),
            ("通知", Cell::people(&self.people)),
            ("已确认", Cell::people(self.acknowledged.iter().map(|done| &done.by))),
        ]
    }

    /// Invariant: a notice that everybody acknowledged never wakes.
    fn wakes_at(&self, _rules: &Rules) -> Option<Timestamp> {
        if self.is_settled() { None } else { self.clock.next() }
    }

    fn wake(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        if self.is_settled() {
            return Outcome::default();
        }
        match self.clock.climb(cx.now, &cx.rules.calendar) {
            Some(climb) => self.call(climb, dossier, cx),
            None => Outcome::default(),
        }
    }

    fn owes(&self, _step: &str) -> bool {
        !self.is_settled()
    }

    fn steps(&self, _dossier: &Dossier, _internal: bool) -> Vec<Button> {
        if !self.is_settled() { vec![self.button("收到", "收到")] } else { Vec::new() }
    }

    fn open(&self, _dossier: &Dossier) -> Vec<Open> {
        if self.is_settled() {
            return Vec::new();
        }
        let who = self.outstanding().cloned().collect();
        let loud = self.priority >= Priority::High;
        vec![Open {
            due: Some(self.clock.due),
            late_from: None,
            what: "确认通知".into(),
            who,
            loud,
            internal: false,
        }]
    }

    fn why(&self, now: Timestamp, rules: &Rules) -> Vec<String> {
        words::why(self, now, rules)
    }

    fn card(&self) -> Option<IndexCard> {
        let words = vec![IndexCard::below_title(&self.said)];
        Some(IndexCard { words, internal: Vec::new(), owner: self.by.clone(), at: self.at, reason: None })
    }
}
