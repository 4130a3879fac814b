//! Surveys: how satisfied a customer is with four things, once in each quarter (RULES 11).
//!
//! A survey is asked in the customer's room, or of its representatives alone. It is evaluated once every
//! representative has answered, at the latest when its days are over; what is answered later is kept and does not count.

mod answer;
mod close;
mod commands;
mod read;
mod score;
pub mod season;
#[cfg(test)]
mod tests;
mod words;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

pub use answer::{Answering, answer_by_quote};
pub use commands::{List, Open, Results, Show};
pub use score::{Average, Indicator};

use crate::{
    calendar::Quarter,
    chat::Person,
    dossier::{
        self, Call, Cell, Dossier, Hearing, Kind, Outcome, Ping, Role, RoomKind, Rules, Say, Waking,
        ladder::Ladder,
    },
    grammar::Object,
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "满意度",
    english: "csat",
    aliases: &["survey"],
    letter: Some('S'),
    summary: "每季度请客户为四项打 1 到 5 分；低于 4 分的复盘",
};

/// One quarter's survey of a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// Its number.
    pub number: u32,
    /// Of which quarter.
    pub quarter: Quarter,
    /// Since when it can be answered.
    pub opened_at: Timestamp,
    /// Who opened it before its day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_by: Option<Person>,
    /// Until when.
    pub due: Timestamp,
    /// One for each person; one more where it came too late.
    #[serde(default)]
    pub answers: Vec<Answer>,
    /// Answers that are not whole yet, one for each person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drafts: Vec<Draft>,
    /// When the last of the customer's representatives had answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complete_at: Option<Timestamp>,
    /// Since when it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// Its reminders and its end.
    pub clock: Ladder,
}

/// What one person answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Whose answer.
    pub by: Person,
    /// Who of us wrote it down for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered_by: Option<Person>,
    /// When.
    pub at: Timestamp,
    /// A score for each of [`Indicator::ALL`], from 1 to 5.
    pub scores: [u8; 4],
    /// What else was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// It came when the survey was over and does not count.
    #[serde(default)]
    pub late: bool,
}

/// An answer that was begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// Whose.
    pub by: Person,
    /// The scores so far.
    pub scores: [Option<u8>; 4],
}

impl Survey {
    /// A new one, with its reminders.
    fn open(number: u32, quarter: Quarter, by: Option<Person>, now: Timestamp, rules: &Rules) -> Self {
        let calendar = &rules.calendar;
        let day = |days: u16| calendar.date(now).saturating_add(i64::from(days).days());
        let due = calendar.at(day(rules.survey.answer_days), calendar.deadline_at());
        let clock = rules.survey.remind_days.iter().fold(Ladder::new(due), |ladder, days| {
            // The customer's room is not spoken to on days off.
            let at = calendar.working_morning_from(day(*days), rules.survey.open_at);
            if at < due { ladder.rung(at, "remind") } else { ladder }
        });
        Self {
            number,
            quarter,
            opened_at: now,
            opened_by: by,
            due,
            answers: Vec::new(),
            drafts: Vec::new(),
            complete_at: None,
            closed_at: None,
            clock: clock.rung(due, "close"),
        }
    }

    /// Whether it is over and evaluated.
    pub fn is_closed(&self) -> bool {
        self.closed_at.is_some()
    }

    /// The answers that count.
    pub fn counted(&self) -> impl Iterator<Item = &Answer> {
        self.answers.iter().filter(|answer| !answer.late)
    }

    /// The average of one indicator; `None` while nobody has answered.
    pub fn average(&self, indicator: Indicator) -> Option<Average> {
        Average::of(self.counted().map(|answer| answer.scores[indicator.index()]))
    }

    /// The averages in the order of [`Indicator::ALL`]; `None` while nobody has answered.
    pub fn averages(&self) -> Option<[Average; 4]> {
        let [a, b, c, d] = Indicator::ALL.map(|indicator| self.average(indicator));
        Some([a?, b?, c?, d?])
    }

    /// The last answered one before this.
    pub fn before<'d>(&self, dossier: &'d Dossier) -> Option<&'d Survey> {
        let answered = |other: &&Survey| other.number < self.number && other.averages().is_some();
        dossier.all::<Survey>().rfind(answered)
    }

    /// The newest of a customer.
    pub fn latest(dossier: &Dossier) -> Option<&Survey> {
        dossier.all::<Survey>().next_back()
    }

    /// Whether it is over for whoever answers at this moment.
    fn is_over(&self, now: Timestamp) -> bool {
        self.is_closed() || now > self.due
    }

    /// Whether this person's answer counts.
    fn is_answered_by(&self, person: &Person) -> bool {
        self.counted().any(|answer| answer.by.id == person.id)
    }

    /// The representatives who have not answered.
    fn awaited<'d>(&self, dossier: &'d Dossier) -> Vec<&'d Person> {
        let representatives = dossier.project().holders(Role::CustomerRepresentative);
        representatives.iter().filter(|person| !self.is_answered_by(person)).collect()
    }

    /// Says something to the customer: in its room, or to its representatives alone; where there are none, the
    /// customer lead is asked to pass it on.
    fn to_customer(&self, message: crate::chat::Message, dossier: &Dossier) -> Say {
        let project = dossier.project();
        let about = dossier::Record::key(self);
        let people = project.holders(Role::CustomerRepresentative);
        if project.rooms_of(RoomKind::Customer).next().is_some() {
            let message = words::called(message, people);
            return Say::Announce { hearing: Hearing::Customer, message, about: Some(about) };
        }
        if people.is_empty() {
            let call = project.call(&[Role::CustomerLead]);
            return Say::Ping(Ping::new(call, about, "open", words::pass_on(self, dossier)));
        }
        Say::PingAlone(Ping::new(Call::only(people.to_vec()), about, "open", message))
    }

    /// A reminder is for nobody once a representative has answered; where there is none, once anybody has.
    fn is_to_be_reminded_of(&self, dossier: &Dossier) -> bool {
        let representatives = dossier.project().holders(Role::CustomerRepresentative);
        let awaited = self.awaited(dossier).len() == representatives.len();
        dossier.project().is_active() && awaited && (!representatives.is_empty() || self.averages().is_none())
    }
}

impl Kind for Survey {
    const LETTER: char = 'S';
    const NAME: &'static str = "满意度";
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("quarter", "季度"), ("due", "截止"), ("closed_at", "结束")];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        format!("{}满意度", self.quarter.words())
    }

    fn state(&self) -> &'static str {
        if self.is_closed() { "已结束" } else { "进行中" }
    }

    fn shared(&self) -> bool {
        true
    }

    fn cells(&self) -> Vec<(&'static str, Cell)> {
        let average = |indicator: Indicator| Cell::from(self.average(indicator).map(Average::value));
        let mut cells: Vec<(&'static str, Cell)> =
            Indicator::ALL.map(|indicator| (indicator.name(), average(indicator))).to_vec();
        cells.push(("回答", Cell::times(self.counted().count())));
        cells.push(("迟到的回答", Cell::times(self.answers.len() - self.counted().count())));
        cells
    }

    /// Invariant: what is over never wakes. One that everybody has answered is due at once.
    fn wakes_at(&self, _rules: &Rules) -> Option<Timestamp> {
        let next = self.complete_at.or(self.clock.next());
        next.filter(|_| !self.is_closed())
    }

    fn wake(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        if self.is_closed() {
            return Outcome::default();
        }
        if self.complete_at.is_some() {
            return close::close(self, dossier, cx);
        }
        let Some(climb) = self.clock.climb(cx.now, &cx.rules.calendar) else { return Outcome::default() };
        if climb.rung == "close" {
            return close::close(self, dossier, cx);
        }
        let next = Self { clock: climb.ladder.clone(), ..self.clone() };
        let outcome = Outcome::change(next, "提醒满意度");
        if !self.is_to_be_reminded_of(dossier) {
            return outcome;
        }
        outcome.saying(self.to_customer(words::reminder(self, cx), dossier))
    }

    fn owes(&self, step: &str) -> bool {
        match step {
            "closed" => true,
            _ => !self.is_closed(),
        }
    }

    fn open(&self, dossier: &Dossier) -> Vec<dossier::Open> {
        if self.is_closed() {
            return Vec::new();
        }
        let who = self.awaited(dossier).into_iter().cloned().collect();
        vec![dossier::Open { due: Some(self.due), what: "回答".into(), who, loud: false, internal: false }]
    }

    fn why(&self, now: Timestamp, rules: &Rules) -> Vec<String> {
        words::why(self, now, rules)
    }
}
