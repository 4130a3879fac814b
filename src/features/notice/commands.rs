//! `/通知 @张经理 @李工 !紧急 内容`, and what is done with it.

use super::{Acknowledged, Notice, clock, words};
use crate::{
    chat::{Message, Person},
    dossier::{Call, Context, Dossier, Hearing, Outcome, Record, Refusal, RoomKind, Say},
    features::listing,
    grammar::{Args, Command, Form, On, Priority, Rest, Spec},
};

/// Posts a notice.
pub struct Post {
    title: String,
    body: Option<String>,
    said: String,
    people: Vec<Person>,
    priority: Option<Priority>,
}

impl Command for Post {
    const SPEC: Spec = Spec::new(
        "通知",
        Form::Text,
        "/通知 @张经理 @李工 !紧急 今晚 22 点停机升级",
        "发通知，点名的人要确认；!紧急 30 分钟、!高 4 小时、其他下一个工作日再催",
    )
    .on(On::ProjectOrNew);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let body = args.description();
        if args.text.is_empty() && body.is_none() {
            return Err(Refusal::new(
                "通知要写内容，没有发出。例如：/通知 @张经理 @李工 !紧急 今晚 22 点停机升级",
            ));
        }
        let mut lines = body.as_deref().unwrap_or_default().lines();
        let (title, body) = match args.text.is_empty() {
            false => (args.text, body.clone()),
            true => {
                let title = lines.next().unwrap_or_default().to_owned();
                let rest = lines.collect::<Vec<_>>().join("\n");
                (title, (!rest.is_empty()).then_some(rest))
            }
        };
        Ok(Self { title, body, said: args.said, people: args.people, priority: args.priority })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let Some(priority) = self.priority.filter(|_| !self.people.is_empty()) else {
            return Err(words::lacking(&self.people, self.priority, &self.said, dossier));
        };
        let project = dossier.project();
        let shared = cx.place.kind == RoomKind::Customer;
        let outside = self.people.iter().find(|person| project.is_customer(&person.id));
        if let Some(person) = outside.filter(|_| !shared) {
            return Err(Refusal::new(format!(
                "{} 是客户方，看不到项目群里的通知，没有发出。请在客户群里发，或只点项目组的人",
                person.name
            )));
        }
        let mut outcome = Outcome::default();
        let notice = Notice {
            number: outcome.next_number::<Notice>(dossier),
            title: self.title,
            body: self.body,
            said: self.said,
            by: cx.actor.clone(),
            room: cx.place.room.clone(),
            at: cx.now,
            shared,
            priority,
            people: self.people,
            acknowledged: Vec::new(),
            clock: clock(priority, cx.now, cx.rules),
        };
        if cx.place.kind == RoomKind::Direct {
            let call = Call::only(notice.people.clone());
            outcome.say.push(notice.ping(call, words::posted_by_direct(&notice)));
        }
        outcome.what = "发通知".into();
        outcome.about = Some(Record::key(&notice));
        outcome.reply = Some(words::posted(&notice));
        Ok(outcome.and(notice))
    }
}

/// The notice that a line names.
fn notice(dossier: &Dossier, number: u32) -> Result<&Notice, Refusal> {
    dossier.find::<Notice>(number).ok_or_else(|| Refusal::new(format!("没有 N{number}。看编号：/通知 列表")))
}

/// `/N3 收到`: whoever says it has read the notice.
pub struct Acknowledge(u32);

impl Command for Acknowledge {
    const SPEC: Spec = Spec::new("通知", Form::IdAct("收到", "ack"), "/N3 收到", "确认收到（被点名的人）")
        .rest(Rest::Remark);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self(args.number()))
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = notice(dossier, self.0)?;
        if !before.people.iter().any(|person| person.id == cx.actor.id) {
            return Err(Refusal::new(format!("N{} 没有点名您，不用确认", self.0)));
        }
        if before.acknowledged.iter().any(|ack| ack.by.id == cx.actor.id) {
            return Ok(Outcome::reply(Message::text(format!("N{} 您已经确认过", self.0))));
        }
        let mut next = before.clone();
        next.acknowledged.push(Acknowledged { by: cx.actor.clone(), at: cx.now });
        let calendar = &cx.rules.calendar;
        let reply = words::acknowledged(&next, cx.actor, cx.now, calendar);
        let elsewhere = next.is_settled() && next.shared && cx.place.kind != RoomKind::Customer;
        let all = Say::Announce {
            hearing: Hearing::Customer,
            message: words::all(&next, cx.now, calendar),
            about: Some(Record::key(&next)),
        };
        let outcome = Outcome::change(next, "确认收到").replying(reply);
        Ok(if elsewhere { outcome.saying(all) } else { outcome })
    }
}

/// `/通知`: those that somebody still has to acknowledge, then the latest others.
pub struct List;

impl Command for List {
    const SPEC: Spec = Spec::new("通知", Form::List, "/通知 列表", "谁还没确认");

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let internal = cx.sees_internal(dossier);
        let mut notices: Vec<&Notice> =
            dossier.all::<Notice>().rev().filter(|notice| notice.shared || internal).collect();
        notices.sort_by_key(|notice| notice.is_settled());
        let lines = notices.into_iter().map(words::listed).collect();
        Ok(Outcome::reply(listing("通知", lines, Message::text("还没有通知"))))
    }
}

/// `/N3`: who acknowledged when, and who did not.
pub struct Show(u32);

impl Command for Show {
    const SPEC: Spec = Spec::new("通知", Form::Id, "/N3", "谁在什么时候确认了");

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        if !args.words().is_empty() {
            return Err(Refusal::new(format!(
                "看不懂「{}」，没有记录。确认请发：/N{number} 收到",
                args.words()
            ))
            .button("收到", format!("/N{number} 收到")));
        }
        Ok(Self(number))
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        Ok(Outcome::reply(words::shown(notice(dossier, self.0)?, cx)))
    }
}
