//! Every sentence of tickets.

use jiff::Timestamp;

use super::{Ask, Clock, State, Ticket, Urgency};
use crate::{
    calendar::{Calendar, Span, typed},
    chat::{Message, Person, Tone, short},
    dossier::{Context, Dossier, Kind, Role, Rules, Waking, ladder::Climb, rules::Count},
    features::origin::verbatim,
};

/// `T1 登录页打不开`.
pub fn name(ticket: &Ticket) -> String {
    format!("T{} {}", ticket.number, short(&ticket.title))
}

fn urgency(ticket: &Ticket) -> &'static str {
    match (ticket.demand, ticket.urgency) {
        (false, Urgency::Normal) => "一般",
        (false, Urgency::Urgent) => "紧急",
        (true, Urgency::Normal) => "重大诉求",
        (true, Urgency::Urgent) => "重大诉求 · 紧急",
    }
}

/// ` · 配合 李工、孙总`; nothing where nobody helps.
fn helpers(ticket: &Ticket) -> String {
    let names: Vec<&str> = ticket.helpers.iter().map(|person| person.name.as_str()).collect();
    if names.is_empty() { String::new() } else { format!(" · 配合 {}", names.join("、")) }
}

/// Until when it is to be solved; that it is late, for the team alone.
pub fn close_due(ticket: &Ticket, dossier: &Dossier, cx: &Context) -> String {
    let internal = cx.sees_internal(dossier);
    due_by(ticket.close.due, "解决", internal, cx.now, &cx.rules.calendar)
}

/// `11月24日 周二 09:00 前须解决`; behind it that the time has passed, where that may be said.
fn due_by(due: Timestamp, what: &str, internal: bool, now: Timestamp, calendar: &Calendar) -> String {
    let at = typed::echo(due, now, calendar);
    match internal && due < now {
        true => format!("应在 {at} 前{what}，已超时 {}", typed::echo_span(now.duration_since(due))),
        false => format!("{at} 前须{what}"),
    }
}

/// The answer to a new ticket.
pub fn opened(ticket: &Ticket, dossier: &Dossier, cx: &Context) -> Message {
    let calendar = &cx.rules.calendar;
    let close = typed::echo(ticket.close.due, cx.now, calendar);
    let promise = match &ticket.respond {
        Some(respond) => format!("{} 前响应，{close} 前解决", typed::echo(respond.due, cx.now, calendar)),
        None => format!("{close} 前解决"),
    };
    let owner = ticket.call(dossier, &[Role::TechnicalContact]).people;
    let names: Vec<&str> = owner.iter().map(|person| person.name.as_str()).collect();
    let mut message = Message::text(format!("{} · {}", name(ticket), urgency(ticket))).line(format!(
        "{promise} · 负责 {}{}",
        names.join("、"),
        helpers(ticket)
    ));
    if cx.sees_internal(dossier) {
        message = message
            .button("响应", format!("/T{} 响应", ticket.number))
            .button("处理", format!("/T{} 处理", ticket.number));
    }
    message
}

/// The first ping.
pub fn please_respond(ticket: &Ticket, now: Timestamp, calendar: &Calendar) -> Message {
    let text = match &ticket.respond {
        Some(respond) => {
            format!("新紧急工单 {}，请在 {} 前响应", name(ticket), typed::echo(respond.due, now, calendar))
        }
        None => {
            let what = if ticket.demand { "客户重大诉求" } else { "新工单" };
            format!("{what} {}，请在 {} 前解决", name(ticket), typed::echo(ticket.close.due, now, calendar))
        }
    };
    Message::text(text)
        .line(format!("{} 提出{}", ticket.by.name, helpers(ticket)))
        .tone(Tone::Warning)
        .button("响应", format!("/T{} 响应", ticket.number))
}

/// At the deadline itself the time is just up, where nothing moved it.
fn since(ticket: &Ticket, climb: &Climb, now: Timestamp) -> &'static str {
    if now > climb.ladder.due || ticket.paused > 0 { "已" } else { "已满" }
}

/// A rung of the response clock.
pub fn respond_rung(ticket: &Ticket, climb: &Climb, cx: &Waking) -> Message {
    let due = typed::echo(climb.ladder.due, cx.now, &cx.rules.calendar);
    let open_for = typed::echo_span(cx.now.duration_since(ticket.opened_at));
    let message = match climb.rung.as_str() {
        "halfway" => Message::text(format!("{} 已过一半响应时限，还没有人响应", name(ticket)))
            .line(format!("{due} 前须响应"))
            .tone(Tone::Warning),
        _ => {
            Message::text(format!("{} 超时未响应，{} {open_for}", name(ticket), since(ticket, climb, cx.now)))
                .line(format!("应在 {due} 前响应"))
                .tone(Tone::Alarm)
        }
    };
    message.button("响应", format!("/T{} 响应", ticket.number))
}

/// A rung of the closing clock.
pub fn close_rung(ticket: &Ticket, climb: &Climb, cx: &Waking) -> Message {
    let due = typed::echo(climb.ladder.due, cx.now, &cx.rules.calendar);
    // What waits for the end of quiet hours tells the time as it will be then.
    let said_at = match ticket.urgency {
        Urgency::Urgent => cx.now,
        Urgency::Normal => cx.rules.calendar.after_quiet(cx.now),
    };
    let message = match climb.rung.as_str() {
        "remind" => {
            let left = typed::echo_span(climb.ladder.due.duration_since(said_at));
            Message::text(format!("{} 还有 {left} 到解决时限", name(ticket)))
                .line(format!("{due} 前须解决 · 状态：{}", ticket.state()))
                .tone(Tone::Warning)
        }
        _ => {
            let open_for = typed::echo_span(said_at.duration_since(ticket.clock_began()));
            let again = if ticket.reopened.is_empty() { "" } else { "重开后" };
            Message::text(format!(
                "{} 超时未解决，{again}{} {open_for}",
                name(ticket),
                since(ticket, climb, said_at)
            ))
            .line(format!("应在 {due} 前解决 · 状态：{}", ticket.state()))
            .tone(Tone::Alarm)
        }
    };
    message.line(format!("解决后发：/T{} 解决 原因:… 说明:…", ticket.number))
}

/// The question how it goes.
pub fn ask(ticket: &Ticket, ask: &Ask, cx: &Waking) -> Message {
    let text = if ask.promised {
        let at = typed::echo(ask.at, cx.now, &cx.rules.calendar);
        format!("{} 承诺 {at} 前回复，还没有消息", name(ticket))
    } else {
        format!("{} 响应后一直没有消息，现在进展如何？", name(ticket))
    };
    Message::text(text)
        .line(format!("说一句：/T{} 进展…；或 /T{} 响应 18点前回复", ticket.number, ticket.number))
        .tone(Tone::Warning)
}

/// The customer did not answer in time.
pub fn wait_over(ticket: &Ticket, cx: &Waking) -> Message {
    let State::Waiting { question, since, .. } = &ticket.state else { return Message::default() };
    // Said when quiet hours are over, it tells the time as it will be then.
    let waited = typed::echo_span(cx.rules.calendar.after_quiet(cx.now).duration_since(*since));
    Message::text(format!("{} 等客户答复已 {waited}", name(ticket)))
        .line(format!("等的是：{question}"))
        .tone(Tone::Warning)
        .button("恢复处理", format!("/T{} 恢复", ticket.number))
}

/// A first response, with the time it took.
pub fn acknowledged(ticket: &Ticket, promise: Option<Timestamp>, dossier: &Dossier, cx: &Context) -> Message {
    let took = match &ticket.response {
        Some(response) => typed::echo_span(response.at.duration_since(ticket.opened_at)),
        None => String::new(),
    };
    let by = ticket.response.as_ref().map_or("", |response| response.by.name.as_str());
    let mut message = Message::text(format!("T{} 由 {by} 响应，用时 {took}", ticket.number)).tone(Tone::Good);
    if let Some(at) = promise {
        message = message.line(format!("承诺 {} 前回复", typed::echo(at, cx.now, &cx.rules.calendar)));
    }
    message.line(close_due(ticket, dossier, cx))
}

/// What the customer's room hears of a further promise.
pub fn promised_for_customer(ticket: &Ticket, at: Timestamp, cx: &Context) -> Message {
    let at = typed::echo(at, cx.now, &cx.rules.calendar);
    Message::text(format!("{} {} 将在 {at} 前给您回复", name(ticket), cx.actor.name))
}

/// What the customer's room hears of a response.
pub fn acknowledged_for_customer(ticket: &Ticket, promise: Option<Timestamp>, cx: &Context) -> Message {
    let by = &cx.actor.name;
    let promise = match promise {
        Some(at) => format!("，{} 前给您回复", typed::echo(at, cx.now, &cx.rules.calendar)),
        None => String::new(),
    };
    Message::text(format!("{} 已由 {by} 受理{promise}", name(ticket)))
}

/// What the customer's room hears of a question.
pub fn question_for_customer(ticket: &Ticket, question: &str) -> Message {
    Message::text(format!("{} 需要您答复：{question}", name(ticket)))
}

/// What the customer's room hears of a solution.
pub fn resolved_for_customer(ticket: &Ticket, explanation: &str, closes: &str) -> Message {
    Message::text(format!("{} 已解决", name(ticket)))
        .line(explanation.to_owned())
        .line(format!("如仍有问题请在 {closes} 前重开，之后自动关闭"))
        .tone(Tone::Good)
        .button("重开", format!("/T{} 重开", ticket.number))
}

/// One line of a list.
pub fn listed(ticket: &Ticket, internal: bool, now: Timestamp, calendar: &Calendar) -> String {
    let due = match (&ticket.respond, &ticket.state) {
        (Some(respond), _) if ticket.awaits_response() => {
            format!(" · {} 前响应", typed::echo(respond.due, now, calendar))
        }
        (_, State::Waiting { question, .. }) => format!(" · 等：{question}"),
        (_, State::Resolved { .. } | State::Closed { .. }) => String::new(),
        _ => format!(" · {} 前解决", typed::echo(ticket.close.due, now, calendar)),
    };
    let late = if internal && ticket.is_open() && !ticket.breaches.is_empty() { " · 已超时" } else { "" };
    format!("{} · {} · {}{due}{late}", name(ticket), urgency(ticket), ticket.state())
}

/// Everything about one ticket.
pub fn shown(ticket: &Ticket, dossier: &Dossier, cx: &Context) -> Message {
    let calendar = &cx.rules.calendar;
    let at = |moment: Timestamp| typed::echo(moment, cx.now, calendar);
    // The cause is ours; the customer reads the explanation.
    let internal = cx.sees_internal(dossier);
    let inside = |cause: &str| match internal {
        true => format!(" · 原因：{cause}"),
        false => String::new(),
    };
    let owner = ticket.call(dossier, &[Role::TechnicalContact]).people;
    let owner: Vec<&str> = owner.iter().map(|person| person.name.as_str()).collect();
    let mut message = Message::text(format!("{} · {} · {}", name(ticket), urgency(ticket), ticket.state()))
        .line(format!(
            "{} 于 {} 提出 · 负责 {}{}",
            ticket.by.name,
            at(ticket.opened_at),
            owner.join("、"),
            helpers(ticket)
        ));
    if let Some(words) = verbatim(&ticket.said, &ticket.title, &super::OBJECT) {
        message = message.line(words);
    }
    match (&ticket.response, &ticket.respond) {
        (Some(response), _) => {
            let took = typed::echo_span(response.at.duration_since(ticket.opened_at));
            message = message.line(format!("{} 响应，用时 {took}", response.by.name));
        }
        (None, Some(respond)) => {
            message = message.line(due_by(respond.due, "响应", internal, cx.now, calendar));
        }
        (None, None) => {}
    }
    match &ticket.state {
        State::Waiting { question, since, .. } => {
            message = message.line(format!("{} 起等客户：{question}（解决时限暂停）", at(*since)));
        }
        State::Resolved { at: when, closes_at, cause, explanation } => {
            message = message
                .line(format!("{} 解决{}", at(*when), inside(cause)))
                .line(format!("说明：{explanation}"))
                .line(format!("{} 自动关闭", at(*closes_at)));
        }
        State::Closed { at: when, cause, explanation } => {
            message = message
                .line(format!("{} 关闭{}", at(*when), inside(cause)))
                .line(format!("说明：{explanation}"));
        }
        State::New | State::Acknowledged | State::Working | State::Reopened => {
            message = message.line(close_due(ticket, dossier, cx));
        }
    }
    message = ticket.shown_remarks(internal, cx).into_iter().fold(message, Message::line);
    if ticket.paused > 0 {
        let paused = typed::echo_span(jiff::SignedDuration::from_secs(ticket.paused));
        message = message.line(format!("等客户共 {paused}，不计入解决时限"));
    }
    if cx.sees_internal(dossier) {
        for breach in &ticket.breaches {
            message = message.line(format!("{} 超过{}时限", at(breach.at), clock(breach.clock)));
        }
    }
    message
}

/// How the deadlines came to be: the rule, how time counts, what paused them, what was broken.
pub fn why(ticket: &Ticket, now: Timestamp, rules: &Rules) -> Vec<String> {
    let calendar = &rules.calendar;
    let at = |moment: Timestamp| typed::echo(moment, now, calendar);
    let span = |span: Span| typed::echo_span(super::elapsed(span));
    let counted = match super::count(ticket.urgency, rules) {
        Count::Elapsed => "昼夜计时",
        Count::Business => "只计工作时间",
    };
    let close = span(super::close_span(ticket.urgency, rules));
    let mut lines = vec![match ticket.urgency {
        Urgency::Urgent => {
            format!("规则：紧急工单 {}内响应，{close}内解决，{counted}", span(rules.sla.urgent.respond))
        }
        Urgency::Normal => format!("规则：一般工单 {close}内解决，{counted}"),
    }];
    lines.push(match ticket.reopened.last() {
        Some(reopened) => {
            format!("{} 提出，{} 重开，解决时限从重开算起", at(ticket.opened_at), at(*reopened))
        }
        None => format!("{} 由 {} 提出，开始计时", at(ticket.opened_at), ticket.by.name),
    });
    match (&ticket.response, &ticket.respond) {
        (Some(response), _) => lines.push(format!(
            "{} {} 响应，用时 {}",
            at(response.at),
            response.by.name,
            typed::echo_span(response.at.duration_since(ticket.opened_at))
        )),
        (None, Some(respond)) => lines.push(format!("{} 前须响应", at(respond.due))),
        (None, None) => {}
    }
    lines.extend(segments(ticket, now, calendar));
    if ticket.paused > 0 {
        let paused = typed::echo_span(jiff::SignedDuration::from_secs(ticket.paused));
        lines.push(format!("等客户共 {paused}，解决时限顺延"));
    }
    if ticket.is_open() {
        lines.push(format!("{} 前须解决", at(ticket.close.due)));
    }
    lines
}

/// Every stretch in which the closing clock ran or stood still, and who caused it. Without a pause there is
/// nothing to tell.
fn segments(ticket: &Ticket, now: Timestamp, calendar: &Calendar) -> Vec<String> {
    let at = |moment: Timestamp| typed::echo(moment, now, calendar);
    let counted = |from: Timestamp, until: Timestamp| {
        let length = typed::echo_span(until.duration_since(from));
        format!("计时：{} 到 {}（{length}）", at(from), at(until))
    };
    let asked = |by: &Option<Person>| by.as_ref().map_or(String::new(), |by| format!("{} ", by.name));
    let mut from = ticket.clock_began();
    let mut lines = Vec::new();
    for pause in &ticket.pauses {
        lines.extend((from < pause.from).then(|| counted(from, pause.from)));
        lines.push(format!(
            "暂停：{} 到 {}（{}），{}等客户「{}」，{} 恢复",
            at(pause.from),
            at(pause.until),
            typed::echo_span(pause.until.duration_since(pause.from)),
            asked(&pause.asked_by),
            pause.question,
            pause.ended_by.name
        ));
        from = pause.until;
    }
    match &ticket.state {
        State::Waiting { since, question, by, .. } => {
            lines.extend((from < *since).then(|| counted(from, *since)));
            lines.push(format!("暂停：{} 起，{}等客户「{question}」", at(*since), asked(by)));
        }
        _ if lines.is_empty() => {}
        State::Resolved { at: end, .. } | State::Closed { at: end, .. } => {
            let end = ticket.solved_at.unwrap_or(*end);
            lines.extend((from < end).then(|| counted(from, end)));
        }
        State::New | State::Acknowledged | State::Working | State::Reopened => {
            lines.push(format!("计时：{} 起", at(from)));
        }
    }
    lines
}

fn clock(clock: Clock) -> &'static str {
    match clock {
        Clock::Respond => "响应",
        Clock::Close => "解决",
    }
}

/// What the team alone is told of it: when it is asked after; broken promises stay on the record.
pub fn why_internal(ticket: &Ticket, now: Timestamp, calendar: &Calendar) -> Vec<String> {
    let told = |breach: &super::Breach| {
        format!("{} 超过{}时限，记录在案", typed::echo(breach.at, now, calendar), clock(breach.clock))
    };
    let at = |moment: Timestamp| typed::echo(moment, now, calendar);
    let asks = ticket.ask.as_ref().map(|ask| match (ask.promised, ask.asked) {
        (_, true) => format!("承诺 {} 前回复，还没有消息", at(ask.at)),
        (true, false) => format!("{} 若还没有消息会询问进展（承诺的时间）", at(ask.at)),
        (false, false) => format!("{} 若还没有消息会询问进展（响应后过一半解决时限）", at(ask.at)),
    });
    asks.into_iter().chain(ticket.breaches.iter().map(told)).collect()
}
