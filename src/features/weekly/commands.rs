//! `/周报`: shows it now. `/周报 发送`: the customer's rooms get theirs.

use jiff::{SignedDuration, Timestamp};

use super::{
    LONGEST, WEEK, Weekly,
    report::{Reader, Week, report},
};
use crate::{
    calendar::typed,
    chat::{Message, Tone},
    dossier::{Context, Dossier, Hearing, Outcome, Refusal, RoomKind, Say, ladder::later},
    features::risk,
    grammar::{Args, Command, Form, Spec, Who},
};

/// Shows the last seven days; `客户版` shows what the customer would get.
pub struct Show {
    customer: bool,
}

impl Command for Show {
    const SPEC: Spec =
        Spec::new("周报", Form::Any, "/周报", "现在就看近 7 天的周报；/周报 客户版 先看客户版");

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        match args.rest.as_str() {
            "" => Ok(Self { customer: false }),
            "客户版" | "客户" | "customer" => Ok(Self { customer: true }),
            other => {
                Err(Refusal::new(format!("看不懂「{other}」。/周报，或 /周报 客户版"))
                    .button("周报", "/周报"))
            }
        }
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let inside = cx.sees_internal(dossier);
        let reader = if inside && !self.customer { Reader::Team } else { Reader::Customer };
        let week = match reader {
            Reader::Customer => to_send(dossier, cx).map_or_else(|_| recent(cx), |weekly| weekly.week()),
            Reader::Team => recent(cx),
        };
        let Some(message) = report(dossier, week, cx.now, cx.rules, reader) else {
            return Ok(Outcome::reply(Message::text("近 7 天没有可写进周报的事")));
        };
        let rooms = dossier.project().rooms_of(RoomKind::Customer).next().is_some();
        let message = match (inside && rooms, reader) {
            (true, Reader::Team) => message.button("看客户版", "/周报 客户版").button("发送", "/周报 发送"),
            (true, Reader::Customer) => message.button("发送", "/周报 发送"),
            (false, _) => message,
        };
        Ok(Outcome::reply(message))
    }
}

fn recent(cx: &Context) -> Week {
    Week { from: later(cx.now, -WEEK), until: after(cx) }
}

/// With what was said at this very moment.
fn after(cx: &Context) -> Timestamp {
    later(cx.now, SignedDuration::from_millis(1))
}

/// The report that 发送 sends: the last one if the customer has not got it, else one of the days since.
fn to_send(dossier: &Dossier, cx: &Context) -> Result<Weekly, Refusal> {
    let fresh = |from| Weekly { from, until: after(cx), sent: None };
    let Some(last) = Weekly::of(dossier) else { return Ok(fresh(later(cx.now, -WEEK))) };
    match last.sent {
        None if last.until > later(cx.now, -WEEK) => Ok(last.clone()),
        None => Ok(fresh(last.from.max(later(cx.now, -LONGEST)))),
        // Pressing 发送 twice, or by two people, sends once.
        Some(sent) if sent > later(cx.now, -WEEK / 7) => {
            let at = typed::echo(sent, cx.now, &cx.rules.calendar);
            Err(Refusal::new(format!("周报已在 {at} 发到客户群，没有再发")))
        }
        Some(_) => Ok(fresh(last.until.max(later(cx.now, -LONGEST)))),
    }
}

/// Posts the customer's version to the customer's rooms.
pub struct Send;

impl Command for Send {
    const SPEC: Spec = Spec::new("周报", Form::Act("发送", "send"), "/周报 发送", "把周报的客户版发到客户群")
        .who(Who::Triangle);

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        if dossier.project().rooms_of(RoomKind::Customer).next().is_none() {
            let name = &dossier.project().name;
            return Err(Refusal::new(format!(
                "项目还没有客户群，没有发。在客户群里发：/项目 绑定 {name} 客户群"
            )));
        }
        let mut next = to_send(dossier, cx)?;
        let Some(message) = report(dossier, next.week(), cx.now, cx.rules, Reader::Customer) else {
            return Err(Refusal::new("没有可以给客户看的内容，没有发。先记价值：/价值 …"));
        };
        next.sent = Some(cx.now);
        let outcome = risk::early::reported(Outcome::change(next, "发周报"), cx.now, dossier);
        // Said in the customer's room itself, the answer is the report.
        let here = cx.place.kind == RoomKind::Customer
            && dossier.project().rooms_of(RoomKind::Customer).count() == 1;
        if here {
            return Ok(outcome.replying(message));
        }
        let reply = Message::text("周报客户版已发到客户群").tone(Tone::Good);
        Ok(outcome.replying(reply).saying(Say::Announce { hearing: Hearing::Customer, message, about: None }))
    }
}
