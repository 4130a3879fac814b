//! Tickets: a customer's problem with two clocks (RULES 5).
//!
//! Urgent tickets are answered within two hours; every ticket is solved within its closing time. Waiting
//! for the customer stops the closing clock, never the response clock.

mod export;
mod list;
mod moves;
mod open;
mod quote;
mod remark;
mod words;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use list::List;
pub use moves::{Acknowledge, Close, Reopen, Resolve, Resume, Touch, Wait, Work};
pub use open::Open;
pub use quote::answer_by_quote;
pub use remark::Remark;

use crate::{
    calendar::Span,
    chat::{Button, MessageId, Person, RoomId},
    dossier::{
        self, Call, Cell, Dossier, IndexCard, Kind, Outcome, Ping, Role, Rules, Say, Waking,
        ladder::{Climb, Ladder, later},
        rules::Count,
    },
    grammar::Object,
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "工单",
    english: "ticket",
    aliases: &["报障", "问题单"],
    letter: Some('T'),
    summary: "客户的问题：紧急 2 小时内响应，一般 24 小时内解决",
};

/// A customer's problem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its number.
    pub number: u32,
    /// What it is about, in one line.
    pub title: String,
    /// The requester's own words.
    pub said: String,
    /// Who opened it.
    pub by: Person,
    /// The message in which it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// What was said on it since, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Remark>,
    /// Where.
    pub room: RoomId,
    /// When.
    pub opened_at: Timestamp,
    /// The customer's room may see it.
    pub shared: bool,
    /// Its priority.
    pub urgency: Urgency,
    /// Who is to solve it; the technical contact where nobody is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Person>,
    /// A customer's major demand, owned by the customer lead (RULES 1).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub demand: bool,
    /// Who helps its owner, from other departments too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub helpers: Vec<Person>,
    /// Where it stands.
    pub state: State,
    /// The first word of ours on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Response>,
    /// The response clock; only urgent tickets have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respond: Option<Ladder>,
    /// The closing clock.
    pub close: Ladder,
    /// When it is asked after, if nothing is said until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<Ask>,
    /// Broken promises; they stay for ever.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaches: Vec<Breach>,
    /// Seconds that the closing clock stood still, since the last reopening.
    #[serde(default)]
    pub paused: i64,
    /// When and why it stood still, since the last reopening.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    /// When it was last solved; none while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solved_at: Option<Timestamp>,
    /// When it was reopened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reopened: Vec<Timestamp>,
}

/// How urgent a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// 一般.
    Normal,
    /// 紧急.
    Urgent,
}

/// Where a ticket stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// 新建.
    New,
    /// 已响应.
    Acknowledged,
    /// 处理中.
    Working,
    /// 等待客户.
    Waiting {
        /// What the customer was asked.
        question: String,
        /// Since when the closing clock stands still.
        since: Timestamp,
        /// Who asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Person>,
        /// When to ask again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// 已解决.
    Resolved {
        /// When.
        at: Timestamp,
        /// When it closes by itself.
        closes_at: Timestamp,
        /// Why it happened.
        cause: String,
        /// What the customer is told.
        explanation: String,
    },
    /// 已关闭.
    Closed {
        /// When.
        at: Timestamp,
        /// Why it happened.
        cause: String,
        /// What the customer was told.
        explanation: String,
    },
    /// 重开.
    Reopened,
}

/// The first word of ours on a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// Whose.
    pub by: Person,
    /// When.
    pub at: Timestamp,
}

/// A moment at which somebody is asked how it goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// When.
    pub at: Timestamp,
    /// It was promised for then.
    pub promised: bool,
    /// Somebody was asked. A promise stands until something is said.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asked: bool,
}

/// A time for which the closing clock stood still.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pause {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// What the customer was asked.
    pub question: String,
    /// Who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<Person>,
    /// Who went on with it.
    pub ended_by: Person,
}

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Breach {
    /// Which clock.
    pub clock: Clock,
    /// When it ran out.
    pub at: Timestamp,
}

/// The two clocks of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Until the first response.
    Respond,
    /// Until it is solved.
    Close,
}

impl Ticket {
    /// Whether work on it is still owed.
    pub fn is_open(&self) -> bool {
        !matches!(self.state, State::Resolved { .. } | State::Closed { .. })
    }

    /// Whether somebody of ours still has to say a first word.
    pub fn awaits_response(&self) -> bool {
        self.response.is_none() && self.is_open()
    }

    /// Since when its closing clock runs: from its opening, or its last reopening (RULES 5).
    pub fn clock_began(&self) -> Timestamp {
        self.reopened.last().copied().unwrap_or(self.opened_at)
    }

    fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting { .. })
    }

    /// The roles that a breach calls.
    const BREACH: &[Role] = &[Role::ProjectManager, Role::CustomerLead];

    /// A first word of `by`, if none was said yet. Invariant: a response is never taken back or replaced.
    fn answered(mut self, by: &Person, at: Timestamp) -> Self {
        if self.response.is_none() {
            self.response = Some(Response { by: by.clone(), at });
            self.respond = None;
        }
        self
    }

    /// The same after something was said on it: nobody is asked for news before half the closing time.
    fn heard(mut self, now: Timestamp, promise: Option<Timestamp>, rules: &Rules) -> Self {
        self.ask = Some(match promise {
            Some(at) => Ask { at, promised: true, asked: false },
            None => {
                let at = halfway(now, close_span(self.urgency, rules), rules);
                Ask { at, promised: false, asked: false }
            }
        });
        self
    }

    /// The same with the closing clock running again, moved by the time it stood still.
    fn resumed(mut self, by: &Person, now: Timestamp, rules: &Rules) -> Self {
        if let State::Waiting { since, question, by: asked_by, .. } = self.state {
            self.pauses.push(Pause { from: since, until: now, question, asked_by, ended_by: by.clone() });
            let due = match count(self.urgency, rules) {
                Count::Elapsed => later(self.close.due, now.duration_since(since)),
                Count::Business => {
                    let left = rules.calendar.working_time_between(since, self.close.due);
                    rules.calendar.add_working_time(now, left)
                }
            };
            self.paused += now.duration_since(since).as_secs().max(0);
            self.close = self.close.shifted(due.duration_since(self.close.due));
            self.state = State::Working;
        }
        self
    }

    /// The people a step calls: the owner for the technical contact where one is named.
    fn call(&self, dossier: &Dossier, roles: &[Role]) -> Call {
        let stands_in = |role: &Role| self.owner.is_some() && *role == Role::TechnicalContact;
        let first = if roles.iter().any(stands_in) { self.owner.as_slice() } else { &[] };
        let roles: Vec<Role> = roles.iter().filter(|role| !stands_in(role)).copied().collect();
        dossier.project().call_after(first, &roles)
    }

    /// A question about this ticket. RULES 14: it waits for the end of quiet hours, however urgent the ticket;
    /// escalations alone do not.
    fn question(&self, dossier: &Dossier, step: &str, message: crate::chat::Message) -> Ping {
        Ping { urgent: false, ..self.ping(dossier, &[Role::TechnicalContact], step, message) }
    }

    /// A ping about this ticket.
    fn ping(&self, dossier: &Dossier, roles: &[Role], step: &str, message: crate::chat::Message) -> Ping {
        let ping = Ping::new(self.call(dossier, roles), dossier::Record::key(self), step, message);
        Ping { urgent: self.urgency == Urgency::Urgent, ..ping }
    }

    /// The step of a ping for the response clock as it is now.
    fn respond_step(&self) -> String {
        format!("respond:{}", self.respond.as_ref().map(Ladder::place).unwrap_or_default())
    }

    /// The step of a ping for the closing clock as it is now.
    fn close_step(&self) -> String {
        format!("close:{}", self.close.place())
    }

    /// The step of the ping that tells whoever is to work on it. Later rungs call others, so they do not
    /// overtake it.
    fn first_step(&self) -> &'static str {
        if self.awaits_response() { "first" } else { "assigned" }
    }

    fn climb_respond(&self, climb: Climb, dossier: &Dossier, cx: &Waking) -> Outcome {
        let mut next = self.clone();
        next.respond = Some(climb.ladder.clone());
        let breached = climb.passed.iter().find(|rung| rung.name == "breach");
        if let Some(rung) = breached {
            next.breaches.push(Breach { clock: Clock::Respond, at: rung.at });
        }
        let message = words::respond_rung(self, &climb, cx);
        let roles: &[Role] = match climb.rung.as_str() {
            "halfway" => &[Role::TechnicalContact, Role::ProjectManager],
            _ => Self::BREACH,
        };
        let ping = next.ping(dossier, roles, &next.respond_step(), message);
        Outcome::change(next, if breached.is_some() { "超过响应时限" } else { "提醒响应" })
            .saying(Say::Ping(Ping { since: climb.since, ..ping }))
    }

    fn climb_close(&self, climb: Climb, dossier: &Dossier, cx: &Waking) -> Outcome {
        let mut next = self.clone();
        next.close = climb.ladder.clone();
        let breached = climb.passed.iter().find(|rung| rung.name == "breach");
        if let Some(rung) = breached {
            next.breaches.push(Breach { clock: Clock::Close, at: rung.at });
        }
        let message = words::close_rung(self, &climb, cx);
        let roles: &[Role] = match climb.rung.as_str() {
            "remind" => &[Role::TechnicalContact],
            _ => Self::BREACH,
        };
        let ping = next.ping(dossier, roles, &next.close_step(), message);
        Outcome::change(next, if breached.is_some() { "超过解决时限" } else { "提醒解决" })
            .saying(Say::Ping(Ping { since: climb.since, ..ping }))
    }

    fn ask_after(&self, ask: &Ask, dossier: &Dossier, cx: &Waking) -> Outcome {
        let mut next = self.clone();
        next.ask = ask.promised.then(|| Ask { asked: true, ..ask.clone() });
        let step = format!("ask:{}", self.close.place());
        let ping = self.question(dossier, &step, words::ask(self, ask, cx));
        Outcome::change(next, "询问进展").saying(Say::Ping(ping))
    }

    fn wait_over(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        let mut next = self.clone();
        if let State::Waiting { until, .. } = &mut next.state {
            *until = None;
        }
        let ping = self.question(dossier, "wait", words::wait_over(self, cx));
        Outcome::change(next, "等待客户到期").saying(Say::Ping(ping))
    }

    fn close_by_itself(&self) -> Outcome {
        let State::Resolved { closes_at, cause, explanation, .. } = &self.state else {
            return Outcome::default();
        };
        let mut next = self.clone();
        next.state = State::Closed { at: *closes_at, cause: cause.clone(), explanation: explanation.clone() };
        Outcome::change(next, "解决后无人重开，自动关闭")
    }
}

/// How a ticket's time is counted.
fn count(urgency: Urgency, rules: &Rules) -> Count {
    match urgency {
        Urgency::Normal => rules.sla.normal.count,
        Urgency::Urgent => rules.sla.urgent.count,
    }
}

fn close_span(urgency: Urgency, rules: &Rules) -> Span {
    match urgency {
        Urgency::Normal => rules.sla.normal.close,
        Urgency::Urgent => rules.sla.urgent.close,
    }
}

/// `from` and a span, as the clock counts.
fn counted(from: Timestamp, span: Span, how: Count, rules: &Rules) -> Timestamp {
    match (how, span) {
        (Count::Business, Span::Elapsed(time)) => rules.calendar.add_working_time(from, time),
        _ => rules.calendar.add(from, span),
    }
}

/// Half a span from now, in natural time.
fn halfway(from: Timestamp, span: Span, rules: &Rules) -> Timestamp {
    later(from, rules.calendar.add(from, span).duration_since(from) / 2)
}

fn elapsed(span: Span) -> SignedDuration {
    match span {
        Span::Elapsed(time) => time,
        Span::WorkingDays(days) => SignedDuration::from_hours(24 * i64::from(days)),
    }
}

/// The response clock of an urgent ticket opened at `from` (RULES 5).
fn respond_ladder(from: Timestamp, rules: &Rules) -> Ladder {
    let sla = &rules.sla.urgent;
    let due = counted(from, sla.respond, sla.count, rules);
    let part = elapsed(sla.respond) * i32::try_from(sla.halfway_percent).unwrap_or(50) / 100;
    let half = counted(from, Span::Elapsed(part), sla.count, rules);
    Ladder::new(due)
        .rung(half, "halfway")
        .rung(due, "breach")
        .repeating(elapsed(sla.repeat), Some(sla.most_repeats))
}

/// The closing clock that starts at `from` (RULES 5).
fn close_ladder(urgency: Urgency, from: Timestamp, rules: &Rules) -> Ladder {
    let due = counted(from, close_span(urgency, rules), count(urgency, rules), rules);
    let ladder = match urgency {
        Urgency::Normal => {
            let before = later(due, -elapsed(rules.sla.normal.remind_before));
            Ladder::new(due).rung(before, "remind")
        }
        Urgency::Urgent => Ladder::new(due),
    };
    ladder.rung(due, "breach").repeating(elapsed(rules.sla.normal.repeat), None)
}

impl Kind for Ticket {
    const LETTER: char = 'T';
    const NAME: &'static str = "工单";
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("title", "标题"), ("urgency", "优先级"), ("owner", "负责"), ("state", "状态")];
    const SHOWN: &'static [&'static str] =
        &["优先级", "响应时限", "响应", "响应人", "解决时限", "解决", "说明"];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn state(&self) -> &'static str {
        match self.state {
            State::New => "新建",
            State::Acknowledged => "已响应",
            State::Working => "处理中",
            State::Waiting { .. } => "等待客户",
            State::Resolved { .. } => "已解决",
            State::Closed { .. } => "已关闭",
            State::Reopened => "重开",
        }
    }

    fn shared(&self) -> bool {
        self.shared
    }

    fn cells(&self) -> Vec<(&'static str, Cell)> {
        export::cells(self)
    }

    /// Invariant: a closed ticket never wakes; a resolved one only to close.
    fn wakes_at(&self, _rules: &Rules) -> Option<Timestamp> {
        let respond = self.respond.as_ref().filter(|_| self.awaits_response()).and_then(Ladder::next);
        let rest = match &self.state {
            State::Closed { .. } => None,
            State::Resolved { closes_at, .. } => Some(*closes_at),
            State::Waiting { until, .. } => *until,
            State::New | State::Acknowledged | State::Working | State::Reopened => {
                let ask = self.ask.as_ref().filter(|ask| !ask.asked).map(|ask| ask.at);
                [self.close.next(), ask].into_iter().flatten().min()
            }
        };
        [respond, rest].into_iter().flatten().min()
    }

    fn wake(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        let calendar = &cx.rules.calendar;
        if let State::Resolved { closes_at, .. } = &self.state {
            return if *closes_at <= cx.now { self.close_by_itself() } else { Outcome::default() };
        }
        if self.awaits_response()
            && let Some(climb) = self.respond.as_ref().and_then(|ladder| ladder.climb(cx.now, calendar))
        {
            return self.climb_respond(climb, dossier, cx);
        }
        if let State::Waiting { until, .. } = &self.state {
            return match until {
                Some(until) if *until <= cx.now => self.wait_over(dossier, cx),
                _ => Outcome::default(),
            };
        }
        if !self.is_open() {
            return Outcome::default();
        }
        if let Some(climb) = self.close.climb(cx.now, calendar) {
            return self.climb_close(climb, dossier, cx);
        }
        match &self.ask {
            Some(ask) if !ask.asked && ask.at <= cx.now => self.ask_after(ask, dossier, cx),
            _ => Outcome::default(),
        }
    }

    fn owes(&self, step: &str) -> bool {
        // What a later rung has overtaken is not said any more (RULES 14).
        match step.split_once(':') {
            Some(("respond", _)) => self.awaits_response() && step == self.respond_step(),
            Some(("close", _)) => self.is_open() && !self.is_waiting() && step == self.close_step(),
            Some(("ask", place)) => {
                let asked = self.ask.as_ref().is_none_or(|ask| ask.asked);
                self.is_open() && !self.is_waiting() && asked && place == self.close.place()
            }
            _ => match step {
                "first" => self.awaits_response(),
                "assigned" => self.is_open() && !self.is_waiting(),
                _ => self.is_waiting(),
            },
        }
    }

    fn open(&self, dossier: &Dossier) -> Vec<dossier::Open> {
        if !self.is_open() {
            return Vec::new();
        }
        let respond = self.respond.as_ref().filter(|_| self.awaits_response());
        let respond = respond.map(|respond| (Some(respond.due), "首次响应"));
        let promise = self.ask.as_ref().filter(|ask| ask.promised && !self.is_waiting());
        let promise = promise.map(|ask| (Some(ask.at), "承诺回复"));
        let solve = match &self.state {
            State::Waiting { until, .. } => (*until, "等待客户"),
            _ => (Some(self.close.due), "解决"),
        };
        let who = self.call(dossier, &[Role::TechnicalContact]).people;
        let loud = self.urgency == Urgency::Urgent;
        let open = |(due, what): (_, &str)| dossier::Open {
            due,
            late_from: None,
            what: what.into(),
            who: who.clone(),
            loud,
            internal: false,
        };
        respond.into_iter().chain(promise).chain([solve]).map(open).collect()
    }

    fn why(&self, now: Timestamp, rules: &Rules) -> Vec<String> {
        words::why(self, now, rules)
    }

    fn why_internal(&self, now: Timestamp, rules: &Rules) -> Vec<String> {
        words::why_internal(self, now, &rules.calendar)
    }

    fn steps(&self, _dossier: &Dossier, internal: bool) -> Vec<Button> {
        match self.state {
            State::Resolved { .. } => vec![self.button("重开", "重开")],
            State::New | State::Reopened if internal => {
                vec![self.button("响应", "响应"), self.button("处理", "处理")]
            }
            State::Acknowledged if internal => vec![self.button("处理", "处理")],
            State::Waiting { .. } if internal => vec![self.button("恢复处理", "恢复")],
            _ => Vec::new(),
        }
    }

    fn card(&self) -> Option<IndexCard> {
        let mut words = vec![IndexCard::below_title(&self.said), self.by.name.clone()];
        let mut internal = Vec::new();
        for remark in &self.remarks {
            if remark.shared { &mut words } else { &mut internal }.push(remark.text.clone());
        }
        if let State::Resolved { cause, explanation, .. } | State::Closed { cause, explanation, .. } =
            &self.state
        {
            words.push(explanation.clone());
            internal.push(cause.clone());
        }
        let owner = self.owner.clone().unwrap_or_else(|| self.by.clone());
        Some(IndexCard { words, internal, owner, at: self.opened_at, reason: None })
    }
}
