//! `/建议 …`, and its answer.

use super::{Answer, State, Suggestion};
use crate::{
    calendar::typed,
    chat::{Line, Message, Tone},
    dossier::{self, Context, Dossier, Hearing, Kind, Outcome, Refusal, RoomKind, Say},
    features::listing,
    grammar::{Args, Command, Form, KeySpec, On, Rest, Spec, Who, behind_command},
};

/// Takes a suggestion down.
pub struct Add {
    title: String,
    body: Option<String>,
    said: String,
}

impl Command for Add {
    const SPEC: Spec =
        Spec::new("建议", Form::Text, "/建议 登录页加扫码登录", "提一个建议，采纳与否都会答复")
            .on(On::ProjectOrNew);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        if args.text.is_empty() {
            return Err(Refusal::new("建议什么？例如：/建议 登录页加扫码登录"));
        }
        Ok(Self { body: args.description(), title: args.text, said: args.said })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut outcome = Outcome::default();
        let customer = dossier.project().is_customer(&cx.actor.id);
        let suggestion = Suggestion {
            number: outcome.next_number::<Suggestion>(dossier),
            title: self.title,
            body: self.body,
            said: self.said,
            by: cx.actor.clone(),
            room: cx.place.room.clone(),
            place: cx.place.kind,
            at: cx.now,
            shared: cx.place.kind == RoomKind::Customer || customer,
            state: State::Open,
        };
        let number = suggestion.number;
        // The team hears at once of what was said where it may not look every hour.
        if cx.place.kind == RoomKind::Customer {
            outcome.say.push(Say::Announce {
                hearing: Hearing::Internal,
                message: Message::text(format!("{} 建议：G{number} {}", cx.actor.name, suggestion.title))
                    .line(format!("答复：/G{number} 采纳 理由，或 /G{number} 谢绝 理由")),
                about: Some(dossier::Record::key(&suggestion)),
            });
        }
        outcome.what = "提建议".into();
        outcome.about = Some(dossier::Record::key(&suggestion));
        outcome.reply = Some(
            Message::text(format!("G{number} {}", suggestion.title))
                .line("已记下，采纳与否都会给您答复和理由"),
        );
        Ok(outcome.and(suggestion))
    }
}

/// The suggestion that a line names.
fn suggestion(dossier: &Dossier, number: u32) -> Result<&Suggestion, Refusal> {
    dossier
        .find::<Suggestion>(number)
        .ok_or_else(|| Refusal::new(format!("没有 G{number}。看编号：/建议 列表")))
}

/// The reason of an answer: a key, or the words behind the action.
fn reason(args: &Args, action: &str) -> Result<String, Refusal> {
    let why = args.key("理由").map(str::to_owned).or_else(|| args.remark());
    let number = args.number();
    why.ok_or_else(|| {
        Refusal::new(format!("{action}要写理由，会告诉提建议的人。例如：/G{number} {action} 下个版本一起做"))
    })
}

/// The next record, and the answer where whoever made it will read it.
fn answered(before: &Suggestion, state: State, why: String, cx: &Context) -> Outcome {
    let mut next = before.clone();
    next.state = state;
    let headline = format!("您的建议 G{} {}：{}", next.number, next.title, next.state());
    let good = matches!(next.state, State::Adopted(_));
    let told = |mention: bool| {
        let mut message = Message::text(&headline).line(format!("理由：{why}"));
        if mention && let Some(line) = message.lines.first_mut() {
            let mut called = Line::default().people([&before.by]);
            called.0.append(&mut line.0);
            *line = called;
        }
        message.tone(if good { Tone::Good } else { Tone::Plain })
    };
    let about = Some(dossier::Record::key(before));
    let action = if good { "采纳" } else { "谢绝" };
    let outcome = Outcome::change(next, format!("{action}建议")).because(Some(why.clone()));
    if before.room == cx.place.room {
        return outcome.replying(told(before.by.id != cx.actor.id));
    }
    let (say, place) = match before.place {
        RoomKind::Customer => {
            (Say::Announce { hearing: Hearing::Customer, message: told(true), about }, "在客户群")
        }
        RoomKind::Internal => {
            (Say::Announce { hearing: Hearing::Internal, message: told(true), about }, "在项目群")
        }
        RoomKind::Direct => (Say::Direct { person: before.by.clone(), message: told(false) }, "私下"),
    };
    let reply = Message::text(format!("G{} {action}，已{place}告诉 {}", before.number, before.by.name))
        .line(format!("理由：{why}"));
    outcome.replying(reply).saying(say)
}

/// One that still waits for its answer.
fn waiting(dossier: &Dossier, number: u32) -> Result<&Suggestion, Refusal> {
    let before = suggestion(dossier, number)?;
    match &before.state {
        State::Open => Ok(before),
        State::Adopted(answer) | State::Declined(answer) => {
            Err(Refusal::new(format!("G{number} {}，{} 已经答复过", before.state(), answer.by.name)))
        }
    }
}

const KEYS: &[KeySpec] = &[KeySpec::text("理由", "reason")];

/// `/G1 采纳 下个版本做`.
pub struct Adopt {
    number: u32,
    why: String,
}

impl Command for Adopt {
    const SPEC: Spec = Spec::new(
        "建议",
        Form::IdAct("采纳", "adopt"),
        "/建议 G1 采纳 下个版本一起做",
        "采纳，理由会告诉提的人",
    )
    .keys(KEYS)
    .rest(Rest::Remark)
    .who(Who::Triangle);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), why: reason(&args, "采纳")? })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = waiting(dossier, self.number)?;
        let answer = Answer { by: cx.actor.clone(), at: cx.now, why: self.why.clone() };
        Ok(answered(before, State::Adopted(answer), self.why, cx))
    }
}

/// `/G1 谢绝 与现有流程冲突`.
pub struct Decline {
    number: u32,
    why: String,
}

impl Command for Decline {
    const SPEC: Spec = Spec::new(
        "建议",
        Form::IdAct("谢绝", "decline"),
        "/建议 G1 谢绝 与现有登录流程冲突",
        "不采纳，理由会告诉提的人",
    )
    .keys(KEYS)
    .rest(Rest::Remark)
    .who(Who::Triangle);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), why: reason(&args, "谢绝")? })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = waiting(dossier, self.number)?;
        let answer = Answer { by: cx.actor.clone(), at: cx.now, why: self.why.clone() };
        Ok(answered(before, State::Declined(answer), self.why, cx))
    }
}

/// `/建议`: the open ones first.
pub struct List;

impl Command for List {
    const SPEC: Spec = Spec::new("建议", Form::List, "/建议 列表", "待答复的和答复过的建议");

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let internal = cx.sees_internal(dossier);
        let mut all: Vec<&Suggestion> =
            dossier.all::<Suggestion>().rev().filter(|one| one.shared || internal).collect();
        all.sort_by_key(|one| !one.is_open());
        let lines = all.into_iter().map(listed).collect();
        let empty = Message::text("还没有建议。提一个：/建议 登录页加扫码登录");
        Ok(Outcome::reply(listing("建议", lines, empty)))
    }
}

fn listed(suggestion: &Suggestion) -> String {
    format!("G{} {} · {} · {}", suggestion.number, suggestion.title, suggestion.by.name, suggestion.state())
}

/// `/G1`: what was suggested, and the answer.
pub struct Show(u32);

impl Command for Show {
    const SPEC: Spec = Spec::new("建议", Form::Id, "/建议 G1", "看一个建议和答复");

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        if !args.words().is_empty() {
            return Err(Refusal::new(format!(
                "看不懂「{}」，没有记录。可以发：/G{number} 采纳 理由，或 /G{number} 谢绝 理由",
                args.words()
            )));
        }
        Ok(Self(number))
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let suggestion = suggestion(dossier, self.0)?;
        let calendar = &cx.rules.calendar;
        let at = |moment| typed::echo(moment, cx.now, calendar);
        let mut message = Message::text(listed(suggestion)).line(format!(
            "{} 提出，原话：{}",
            at(suggestion.at),
            behind_command(&suggestion.said, &super::OBJECT)
        ));
        match &suggestion.state {
            State::Open => {
                let number = self.0;
                message = message.line(format!("答复：/G{number} 采纳 理由，或 /G{number} 谢绝 理由"));
            }
            State::Adopted(answer) | State::Declined(answer) => {
                message = message
                    .line(format!("{} {} 答复", at(answer.at), answer.by.name))
                    .line(format!("理由：{}", answer.why));
            }
        }
        Ok(Outcome::reply(message))
    }
}
