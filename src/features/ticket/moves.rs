//! The moves of a ticket: each takes it to its next state, or refuses and says why.

use jiff::Timestamp;

use super::{Clock, State, Ticket, Urgency, close_ladder, elapsed, respond_ladder, words};
use crate::{
    calendar::typed,
    chat::{Message, Person, Tone},
    dossier::{Context, Dossier, Hearing, Outcome, Refusal, Role, RoomKind, Say, ladder::later},
    features::{self, requirement::links},
    grammar::{Args, Command, Form, KeySpec, Lines, Priority, Rest, Spec, Who},
};

/// The ticket that a line names.
pub(super) fn ticket(dossier: &Dossier, number: u32) -> Result<&Ticket, Refusal> {
    dossier.find::<Ticket>(number).ok_or_else(|| Refusal::new(format!("没有 T{number}。看编号：/工单 列表")))
}

/// The same, refused once it is solved.
fn open_ticket(dossier: &Dossier, number: u32) -> Result<&Ticket, Refusal> {
    let ticket = ticket(dossier, number)?;
    if ticket.is_open() {
        return Ok(ticket);
    }
    let state = crate::dossier::Kind::state(ticket);
    Err(Refusal::new(format!("T{number} {state}。要继续处理请先重开"))
        .button("重开", format!("/T{number} 重开")))
}

/// Tells the customer's room, where the ticket came from there. In that room itself it is the answer, so that
/// one thing is said once.
fn tell_customer(outcome: Outcome, ticket: &Ticket, message: Message, cx: &Context) -> Outcome {
    if !ticket.shared {
        return outcome;
    }
    if cx.place.kind == RoomKind::Customer {
        return outcome.replying(message);
    }
    let about = Some(crate::dossier::Record::key(ticket));
    outcome.saying(Say::Announce { hearing: Hearing::Customer, message, about })
}

/// `/T1 响应 16点前回复`: the first word of ours, perhaps with a promise.
pub struct Acknowledge {
    number: u32,
    promise: Option<Timestamp>,
    remark: Option<String>,
}

impl Command for Acknowledge {
    const SPEC: Spec =
        Spec::new("工单", Form::IdAct("响应", "ack"), "/工单 T1 响应 16点前回复", "首次响应，可带承诺时间")
            .keys(&[KeySpec::text("承诺", "promise")])
            .rest(Rest::Read)
            .who(Who::TriangleOrOwner);

    fn parse(mut args: Args, cx: &Context) -> Result<Self, Refusal> {
        let promise = args.promise("承诺", cx)?;
        Ok(Self { number: args.number(), promise, remark: args.remark() })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = open_ticket(dossier, self.number)?;
        if let (Some(response), None) = (&before.response, self.promise)
            && !matches!(before.state, State::Reopened)
        {
            let at = typed::echo(response.at, cx.now, &cx.rules.calendar);
            let refusal = Refusal::new(format!("T{} 已由 {} 在 {at} 响应", self.number, response.by.name));
            return Err(match self.remark {
                Some(remark) => refusal.line(format!("「{remark}」没有记录")).button(
                    format!("记为 T{} 的进展", self.number),
                    format!("/T{} {}", self.number, remark.replace('\n', " ")),
                ),
                None => refusal,
            });
        }
        Ok(acknowledge(before, self.promise, dossier, cx).remarked(self.remark))
    }
}

/// What a first word of ours, or a new promise, makes of a ticket.
pub(super) fn acknowledge(
    before: &Ticket,
    promise: Option<Timestamp>,
    dossier: &Dossier,
    cx: &Context,
) -> Outcome {
    let first = before.response.is_none();
    let mut next = before.clone().answered(cx.actor, cx.now).heard(cx.now, promise, cx.rules);
    if matches!(before.state, State::New | State::Reopened) {
        next.state = State::Acknowledged;
    }
    let reply = if first {
        words::acknowledged(&next, promise, dossier, cx)
    } else {
        match promise {
            Some(at) => Message::text(format!(
                "T{} 承诺 {} 前回复",
                next.number,
                typed::echo(at, cx.now, &cx.rules.calendar)
            )),
            None => Message::text(format!("T{} 已响应", next.number)),
        }
    };
    // A further promise is no second 受理.
    let message = match (before.response.as_ref(), promise) {
        (Some(_), Some(at)) => words::promised_for_customer(&next, at, cx),
        _ => words::acknowledged_for_customer(&next, promise, cx),
    };
    let what = match promise {
        Some(at) => format!("响应，承诺 {} 前回复", typed::echo(at, cx.now, &cx.rules.calendar)),
        None => "响应".to_owned(),
    };
    let outcome = Outcome::change(next.clone(), what).replying(reply);
    tell_customer(outcome, &next, message, cx)
}

/// `/T1 处理`: work on it goes on.
pub struct Work {
    number: u32,
}

impl Command for Work {
    const SPEC: Spec = Spec::new("工单", Form::IdAct("处理", "work"), "/工单 T1 处理", "开始处理")
        .rest(Rest::Remark)
        .who(Who::TriangleOrOwner);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number() })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = open_ticket(dossier, self.number)?;
        if before.state == State::Working {
            return Err(Refusal::new(format!("T{} 已在处理中", self.number)));
        }
        let first = before.response.is_none();
        let mut next = before
            .clone()
            .resumed(cx.actor, cx.now, cx.rules)
            .answered(cx.actor, cx.now)
            .heard(cx.now, None, cx.rules);
        next.state = State::Working;
        let due = words::close_due(&next, dossier, cx);
        let reply = Message::text(format!("T{} 处理中，{due}", self.number));
        let told = words::acknowledged_for_customer(&next, None, cx);
        let outcome = Outcome::change(next.clone(), "处理").replying(reply);
        Ok(if first { tell_customer(outcome, &next, told, cx) } else { outcome })
    }
}

/// `/T1 等待 请提供账号`: waits for the customer; the closing clock stands still.
pub struct Wait {
    number: u32,
    question: String,
    until: Option<Timestamp>,
}

impl Command for Wait {
    const SPEC: Spec = Spec::new(
        "工单",
        Form::IdAct("等待", "wait"),
        "/工单 T1 等待 请提供出错的账号 至:明天18点",
        "等客户答复，解决时限暂停",
    )
    .keys(&[KeySpec::text("至", "until")])
    .rest(Rest::Read)
    .who(Who::TriangleOrOwner);

    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal> {
        let until = args.date("至", cx)?;
        let Some(question) = args.remark() else {
            let line = format!("/T{} 等待 请提供出错的账号", args.number());
            return Err(Refusal::new(format!("等客户什么？请写明要客户答复的问题，例如：{line}")));
        };
        Ok(Self { number: args.number(), question, until })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = open_ticket(dossier, self.number)?;
        let mut next = before.clone().resumed(cx.actor, cx.now, cx.rules).answered(cx.actor, cx.now);
        next.state = State::Waiting {
            question: self.question.clone(),
            since: cx.now,
            by: Some(cx.actor.clone()),
            until: self.until,
        };
        next.ask = None;
        let mut reply = Message::text(format!("T{} 等待客户，解决时限暂停", self.number))
            .line(format!("等的是：{}", self.question));
        if let Some(until) = self.until {
            let at = typed::echo(until, cx.now, &cx.rules.calendar);
            reply = reply.line(format!("{at} 还没有答复时提醒"));
        }
        let reply = reply.button("恢复处理", format!("/T{} 恢复", self.number));
        let asked = words::question_for_customer(&next, &self.question);
        let outcome = Outcome::change(next.clone(), "等待客户").because(Some(self.question)).replying(reply);
        Ok(tell_customer(outcome, &next, asked, cx))
    }
}

/// `/T1 恢复`: the customer answered.
pub struct Resume {
    number: u32,
    remark: Option<String>,
}

impl Command for Resume {
    const SPEC: Spec =
        Spec::new("工单", Form::IdAct("恢复", "resume"), "/工单 T1 恢复", "客户已答复，继续计时")
            .rest(Rest::Remark)
            .who(Who::TriangleOrRepresentative);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), remark: args.remark() })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = open_ticket(dossier, self.number)?;
        let State::Waiting { since, .. } = before.state else {
            return Err(Refusal::new(format!("T{} 没有在等客户", self.number)));
        };
        let next = before.clone().resumed(cx.actor, cx.now, cx.rules).heard(cx.now, None, cx.rules);
        let next = match &self.remark {
            Some(remark) => next.with_remark(remark, dossier, cx),
            None => next,
        };
        let told = next.pass_on(self.remark.as_deref().unwrap_or("已答复，继续处理"), dossier, cx);
        let waited = typed::echo_span(cx.now.duration_since(since));
        let due = words::close_due(&next, dossier, cx);
        let reply = Message::text(format!("T{} 继续处理，{due}", self.number))
            .line(format!("等客户 {waited}，不计入时限"));
        let mut outcome = Outcome::change(next, "恢复处理").replying(reply);
        outcome.say.extend(told);
        Ok(outcome)
    }
}

/// `/T1 解决 原因:… 说明:…`: solved; closes by itself unless the customer reopens it.
pub struct Resolve {
    number: u32,
    cause: String,
    explanation: String,
}

/// Cause and explanation, both required (RULES 5).
fn cause_and_explanation(args: &Args, action: &str) -> Result<(String, String), Refusal> {
    let number = args.number();
    match (args.key("原因"), args.key("说明")) {
        (Some(cause), Some(explanation)) => Ok((cause.to_owned(), explanation.to_owned())),
        (cause, explanation) => {
            let missing = match (cause, explanation) {
                (None, None) => "原因和给客户的说明",
                (None, _) => "原因",
                _ => "给客户的说明",
            };
            Err(Refusal::new(format!(
                "T{number} 缺{missing}，没有{action}。请发：/T{number} {action} 原因:证书过期 说明:已更换证书，可以正常登录"
            )))
        }
    }
}

impl Command for Resolve {
    const SPEC: Spec = Spec {
        lines: Lines::Keys,
        ..Spec::new(
            "工单",
            Form::IdAct("解决", "resolve"),
            "/工单 T1 解决 原因:证书过期 说明:已更换证书，可以正常登录",
            "已解决，告诉客户",
        )
        .keys(&[KeySpec::text("原因", "cause"), KeySpec::text("说明", "explanation")])
        .rest(Rest::Remark)
        .who(Who::TriangleOrOwner)
    };

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let (cause, explanation) = cause_and_explanation(&args, "解决")?;
        Ok(Self { number: args.number(), cause, explanation })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = open_ticket(dossier, self.number)?;
        let mut next = before.clone().resumed(cx.actor, cx.now, cx.rules).answered(cx.actor, cx.now);
        let closes_at = cx.rules.calendar.add(cx.now, cx.rules.sla.resolved_closes_after);
        next.ask = None;
        next.solved_at = Some(cx.now);
        next.state = State::Resolved {
            at: cx.now,
            closes_at,
            cause: self.cause.clone(),
            explanation: self.explanation.clone(),
        };
        let took = typed::echo_span(cx.now.duration_since(before.clock_began()));
        let closes = typed::echo(closes_at, cx.now, &cx.rules.calendar);
        let again = if before.reopened.is_empty() { "" } else { "重开后" };
        let reply = Message::text(format!("T{} 已解决，{again}用时 {took}", self.number))
            .line(format!("{closes} 前无人重开则自动关闭"))
            .tone(Tone::Good);
        let told = words::resolved_for_customer(&next, &self.explanation, &closes);
        let outcome = Outcome::change(next.clone(), "解决").because(Some(self.cause)).replying(reply);
        Ok(tell_customer(outcome, &next, told, cx))
    }
}

/// `/T1 关闭`: closed at once; without cause and explanation it is refused.
pub struct Close {
    number: u32,
    given: Result<(String, String), Refusal>,
}

impl Command for Close {
    const SPEC: Spec = Spec {
        lines: Lines::Keys,
        ..Spec::new(
            "工单",
            Form::IdAct("关闭", "close"),
            "/工单 T1 关闭",
            "解决后直接关闭（铁三角；提出人和客户确认解决了也可以）",
        )
        .keys(&[KeySpec::text("原因", "cause"), KeySpec::text("说明", "explanation")])
        .rest(Rest::Remark)
    };

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), given: cause_and_explanation(&args, "关闭") })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = ticket(dossier, self.number)?;
        let ours = cx.is_triangle(dossier);
        // Whoever asked for it may say that it is solved; what is not solved is closed by the triangle.
        let asked = before.by.id == cx.actor.id || dossier.project().is_customer(&cx.actor.id);
        let solved = matches!(before.state, State::Resolved { .. } | State::Closed { .. });
        let may = ours || (asked && solved);
        if !may {
            return Err(features::who_may(Who::Triangle, dossier.project()));
        }
        let (cause, explanation) = match (&before.state, self.given) {
            (State::Closed { .. }, _) => return Err(Refusal::new(format!("T{} 已关闭", self.number))),
            (State::Resolved { cause, explanation, .. }, Err(_)) => (cause.clone(), explanation.clone()),
            (_, given) => given?,
        };
        let mut next = before.clone().resumed(cx.actor, cx.now, cx.rules).answered(cx.actor, cx.now);
        next.ask = None;
        next.solved_at = before.solved_at.or(Some(cx.now));
        next.state = State::Closed { at: cx.now, cause: cause.clone(), explanation };
        let reply = Message::text(format!("T{} 已关闭", self.number)).tone(Tone::Good);
        let told = Message::text(format!("{} 已关闭", words::name(&next)));
        let mut outcome = Outcome::change(next.clone(), "关闭").because(Some(cause)).replying(reply);
        if !ours {
            let message = Message::text(format!("{} 由 {} 确认关闭", words::name(&next), cx.actor.name));
            let about = Some(crate::dossier::Record::key(&next));
            outcome = outcome.saying(Say::Announce {
                hearing: Hearing::Internal,
                message: message.tone(Tone::Good),
                about,
            });
        }
        Ok(tell_customer(outcome, &next, told, cx))
    }
}

/// `/T1 重开 还是打不开`: a new closing clock; the history stays.
pub struct Reopen {
    number: u32,
    why: Option<String>,
}

impl Command for Reopen {
    const SPEC: Spec =
        Spec::new("工单", Form::IdAct("重开", "reopen"), "/工单 T1 重开 还是打不开", "没有解决，重新计时")
            .rest(Rest::Remark);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), why: args.remark() })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = ticket(dossier, self.number)?;
        let project = dossier.project();
        let may = project.is_triangle(&cx.actor.id)
            || project.is_customer(&cx.actor.id)
            // Who sits in the customer's room and sees it there.
            || (before.shared && cx.place.kind == RoomKind::Customer)
            || before.by.id == cx.actor.id
            || cx.admin;
        if !may {
            return Err(Refusal::new(format!("重开 T{} 须由提出人、客户代表或铁三角来做", self.number)));
        }
        if before.is_open() {
            return Err(Refusal::new(format!("T{} 还没有解决，不用重开", self.number)));
        }
        let mut next = before.clone();
        next.state = State::Reopened;
        next.solved_at = None;
        next.close = close_ladder(next.urgency, cx.now, cx.rules);
        next.ask = None;
        next.reopened.push(cx.now);
        next.pauses.clear();
        next.paused = 0;
        let due = typed::echo(next.close.due, cx.now, &cx.rules.calendar);
        let reply = Message::text(format!("{} 已重开，{due} 前须解决", words::name(&next)));
        let mut called =
            Message::text(format!("{} 被 {} 重开，{due} 前须解决", words::name(&next), cx.actor.name))
                .tone(Tone::Warning);
        if let Some(why) = &self.why {
            called = called.line(why.clone());
        }
        let ping = next.ping(dossier, &[Role::TechnicalContact], next.first_step(), called);
        Ok(Outcome::change(next, "重开").because(self.why).replying(reply).saying(Say::Ping(ping)))
    }
}

/// `/T1 …`: shows it; with a priority, a person or a word it changes it or adds to it.
pub struct Touch {
    number: u32,
    urgency: Option<Urgency>,
    owner: Option<Person>,
    remark: String,
}

impl Command for Touch {
    const SPEC: Spec = Spec::new(
        "工单",
        Form::Id,
        "/工单 T1",
        "看一个工单；/工单 T1 !紧急 改优先级；/工单 T1 @李工 转派；/工单 T1 文字 说进展",
    )
    .keys(&[KeySpec::person("负责", "owner")]);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let urgency = args.priority.map(|priority| match priority {
            Priority::Urgent => Urgency::Urgent,
            Priority::High | Priority::Medium | Priority::Low => Urgency::Normal,
        });
        Ok(Self { number: args.number(), urgency, owner: args.owner().cloned(), remark: args.words() })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = ticket(dossier, self.number)?;
        if self.urgency.is_none() && self.owner.is_none() && self.remark.is_empty() {
            return Ok(Outcome::reply(links::on_card(
                words::shown(before, dossier, cx),
                before,
                dossier,
                cx,
            )));
        }
        let before = open_ticket(dossier, self.number)?;
        let ours =
            cx.is_triangle(dossier) || before.owner.as_ref().is_some_and(|owner| owner.id == cx.actor.id);
        if (self.urgency.is_some() || self.owner.is_some()) && !ours && before.by.id != cx.actor.id {
            return Err(Refusal::new(format!("改 T{} 须由提出人或铁三角来做", self.number)));
        }
        let mut next = before.clone();
        let mut done = Vec::new();
        if let Some(urgency) = self.urgency.filter(|urgency| *urgency != before.urgency) {
            next = reprioritised(next, urgency, cx);
            done.push(match urgency {
                Urgency::Urgent => "改为紧急",
                Urgency::Normal => "改为一般",
            });
        }
        let owner = self.owner.as_ref().filter(|owner| before.owner.as_ref() != Some(*owner));
        if let Some(owner) = owner {
            next.owner = Some(owner.clone());
            done.push("转派");
        }
        if !self.remark.is_empty() {
            next = next.with_remark(&self.remark, dossier, cx);
            done.push(if ours { "进展" } else { "补充" });
        }
        if done.is_empty() {
            return Err(Refusal::new(match &self.owner {
                Some(owner) => format!("T{} 已由 {} 负责，没有改", self.number, owner.name),
                None => format!("T{} 已经是这个优先级", self.number),
            }));
        }
        // RULES 5: a response is the first message by a triangle member on that ticket.
        let first = ours && !self.remark.is_empty() && before.response.is_none();
        if ours && !self.remark.is_empty() {
            next = next.answered(cx.actor, cx.now);
            // A word among ourselves keeps no promise that was made to the customer.
            let promised = next.shared && next.ask.as_ref().is_some_and(|ask| ask.promised);
            if !promised || cx.place.kind == RoomKind::Customer {
                next = next.heard(cx.now, None, cx.rules);
            }
            if next.state == State::New {
                next.state = State::Acknowledged;
            }
        }
        let calendar = &cx.rules.calendar;
        let mut reply = Message::text(words::listed(&next, cx.sees_internal(dossier), cx.now, calendar));
        if let Some(owner) = owner {
            reply = reply.line(format!("负责 {}", owner.name));
        }
        let why = (!self.remark.is_empty()).then(|| self.remark.clone());
        if let Some(remark) = &why {
            reply = reply.line(format!("已记：{remark}"));
        }
        let mut outcome = Outcome::change(next.clone(), done.join("、")).because(why.clone()).replying(reply);
        outcome.say.extend(why.and_then(|remark| next.pass_on(&remark, dossier, cx)));
        // The customer's own room reads the answer.
        if first && cx.place.kind != RoomKind::Customer {
            let message = words::acknowledged_for_customer(&next, None, cx);
            outcome = tell_customer(outcome, &next, message, cx);
        }
        // RULES 5: an urgent one calls the technical contact at once; one that is late already escalates.
        let raised = next.urgency == Urgency::Urgent && before.urgency == Urgency::Normal;
        let in_time = next.respond.as_ref().is_some_and(|respond| respond.due > cx.now);
        if owner.is_some() || (raised && in_time) {
            let called = words::please_respond(&next, cx.now, calendar);
            let ping = next.ping(dossier, &[Role::TechnicalContact], next.first_step(), called);
            outcome = outcome.saying(Say::Ping(ping));
        }
        Ok(outcome)
    }
}

/// The same ticket with another priority: its deadlines count from the opening again. One that is past
/// already escalates at the next wake, once.
fn reprioritised(mut ticket: Ticket, urgency: Urgency, cx: &Context) -> Ticket {
    let began = ticket.clock_began();
    let breached = ticket.close.next().is_some() && ticket.close.ahead().is_empty();
    ticket.urgency = urgency;
    ticket.respond = (urgency == Urgency::Urgent && ticket.response.is_none())
        .then(|| respond_ladder(ticket.opened_at, cx.rules));
    // A breach that is on the record was said; its repeats go on.
    if let Some(respond) = &mut ticket.respond
        && ticket.breaches.iter().any(|breach| breach.clock == Clock::Respond && breach.at == respond.due)
        && let Some(climb) = respond.climb(cx.now, &cx.rules.calendar)
    {
        *respond = climb.ladder;
    }
    let paused = jiff::SignedDuration::from_secs(ticket.paused);
    let close = close_ladder(urgency, began, cx.rules).shifted(paused);
    // A closing clock that ran out keeps repeating as it did; the breach is not said twice.
    if !(breached && close.due <= cx.now) {
        ticket.close = close;
    }
    // A promise stays what was promised.
    if let (Urgency::Urgent, Some(ask)) = (urgency, ticket.ask.as_mut().filter(|ask| !ask.promised)) {
        ask.at = ask.at.min(later(cx.now, elapsed(cx.rules.sla.urgent.close) / 2));
    }
    ticket
}
