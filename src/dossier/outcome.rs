//! What a decision says: the next records, the log line, and who is told what.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Call, Dossier, Kind, Record, ladder::Climb};
use crate::{
    chat::{Line, Message, Person},
    store::Key,
};

/// The result of a decision. Nothing has happened until the engine commits it.
#[derive(Default, Clone)]
pub struct Outcome {
    /// The next values of the records that change.
    pub records: Vec<Arc<dyn Record>>,
    /// Records taken out again (undo only).
    pub removed: Vec<Key>,
    /// What happened, for the log; empty where nothing is logged.
    pub what: String,
    /// The reason that was given.
    pub why: Option<String>,
    /// The answer to whoever spoke.
    pub reply: Option<Message>,
    /// The record that the answer speaks of.
    pub about: Option<Key>,
    /// What others are told.
    pub say: Vec<Say>,
}

/// Something that is said without being asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Say {
    /// Into the project's rooms. What nobody asked for just now waits for the end of quiet hours.
    Announce {
        /// Which rooms may hear it.
        hearing: Hearing,
        /// What.
        message: Message,
        /// The record it speaks of.
        about: Option<Key>,
    },
    /// The same, never waiting for the end of quiet hours: said later it would be of no use.
    AnnounceNow {
        /// Which rooms may hear it.
        hearing: Hearing,
        /// What.
        message: Message,
        /// The record it speaks of.
        about: Option<Key>,
    },
    /// To people who have to act, in the internal room.
    Ping(Ping),
    /// The same to each of its people alone: nobody else hears of it, the internal room neither. For the
    /// customer's people.
    PingAlone(Ping),
    /// To one person alone.
    Direct {
        /// To whom.
        person: Person,
        /// What.
        message: Message,
    },
}

/// Which of a project's rooms may hear something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearing {
    /// The team alone.
    Internal,
    /// The customer's room alone; what is said there is meant for the customer.
    Customer,
    /// Both.
    Everyone,
}

/// A reminder or an escalation.
#[derive(Debug, Clone, PartialEq)]
pub struct Ping {
    /// Whom it calls.
    pub call: Call,
    /// What it says; the mentions are added in front of its first line.
    pub message: Message,
    /// Does not wait for the end of quiet hours.
    pub urgent: bool,
    /// The record it is about.
    pub about: Key,
    /// The step that must still be owed when it is sent.
    pub step: String,
    /// What is said all the same where the step is no longer owed when it would be sent.
    pub lasting: Option<Message>,
    /// See [`Climb::since`]; without meaning for an urgent one.
    pub since: Option<Timestamp>,
}

impl Ping {
    /// A ping that is not urgent.
    pub fn new(call: Call, about: Key, step: impl Into<String>, message: Message) -> Self {
        Self { call, message, urgent: false, about, step: step.into(), lasting: None, since: None }
    }

    /// The same for the rung that a clock has climbed.
    pub fn of(climb: &Climb, call: Call, about: Key, step: impl Into<String>, message: Message) -> Self {
        Self { since: climb.since, ..Self::new(call, about, step, message) }
    }
}

impl Outcome {
    /// An answer that changes nothing.
    pub fn reply(message: Message) -> Self {
        Self { reply: Some(message), ..Self::default() }
    }

    /// One changed record, with its line for the log.
    pub fn change<K: Kind>(record: K, what: impl Into<String>) -> Self {
        Self {
            about: Some(record.key()),
            records: vec![Arc::new(record)],
            what: what.into(),
            ..Self::default()
        }
    }

    /// The number for one more new record of kind `K` within this outcome.
    pub fn next_number<K: Kind>(&self, dossier: &Dossier) -> u32 {
        let here = self.records.iter().map(|r| r.key()).filter(|k| k.letter == K::LETTER).map(|k| k.number);
        here.max().unwrap_or(0).max(dossier.counted(K::LETTER)) + 1
    }

    /// The same with one more changed record.
    pub fn and<K: Kind>(mut self, record: K) -> Self {
        self.records.push(Arc::new(record));
        self
    }

    /// The same with an answer.
    pub fn replying(mut self, message: Message) -> Self {
        self.reply = Some(message);
        self
    }

    /// The same with a reason.
    pub fn because(mut self, why: Option<String>) -> Self {
        self.why = why;
        self
    }

    /// The same with a remark that must not be lost: it stands in the log, and in the answer, which says so
    /// where nothing is logged.
    pub fn remarked(mut self, remark: Option<String>) -> Self {
        let Some(remark) = remark else { return self };
        let reply = self.reply.take().unwrap_or_default();
        if self.records.is_empty() {
            return self.replying(reply.line(format!("「{remark}」没有记录")));
        }
        self.why = Some(match self.why.take() {
            Some(why) if why.contains(&remark) => why,
            Some(why) => format!("{why}；{remark}"),
            None => remark.clone(),
        });
        let said = reply.plain().contains(&remark);
        self.replying(if said { reply } else { reply.line(format!("备注：{remark}")) })
    }

    /// The same with something more to say.
    pub fn saying(mut self, say: Say) -> Self {
        self.say.push(say);
        self
    }
}

/// A command was understood but is not carried out; nothing changes. Worded for people: it says who may,
/// or what is missing and the line to send instead.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal(pub Message);

impl Refusal {
    /// A refusal in one sentence.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(Message::text(text))
    }

    /// The same with one more line.
    pub fn line(self, line: impl Into<Line>) -> Self {
        Self(self.0.line(line))
    }

    /// The same with a button that says a better line.
    pub fn button(self, label: impl Into<String>, line: impl Into<String>) -> Self {
        Self(self.0.button(label, line))
    }
}

impl From<String> for Refusal {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Refusal {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}
