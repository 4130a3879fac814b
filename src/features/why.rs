//! `/为什么 T1`: how a deadline or a ping came to be.

use crate::{
    calendar::typed,
    chat::{Message, short},
    dossier::{Context, Dossier, Outcome, Refusal},
    grammar::{Args, Command, Form, Object, Rest, Spec},
    store::Key,
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "为什么",
    english: "why",
    aliases: &[],
    letter: None,
    summary: "时限和提醒是怎么来的：/为什么 T1",
};

/// Explains a record's deadlines.
pub struct Why {
    key: Key,
}

impl Command for Why {
    const SPEC: Spec =
        Spec::new("为什么", Form::AnyId, "/为什么 T1", "规则、暂停、超时、下一次提醒").rest(Rest::Refused);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        match args.id {
            Some(key) => Ok(Self { key }),
            None => Err(Refusal::new("想知道哪一条？例如：/为什么 T1")),
        }
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let Some(record) = dossier.record(self.key) else {
            return Err(Refusal::new(format!("没有 {}", self.key)));
        };
        let title = format!("{} {} · {}", self.key, short(&record.title()), record.state());
        let mut message = record
            .why(cx.now, cx.rules)
            .into_iter()
            .fold(Message::text(title), |message, line| message.line(line));
        if cx.sees_internal(dossier) {
            message = record
                .why_internal(cx.now, cx.rules)
                .into_iter()
                .fold(message, |message, line| message.line(line));
            message = message.line(match record.wakes_at(cx.rules) {
                Some(at) => format!("下一次提醒：{}", typed::echo(at, cx.now, &cx.rules.calendar)),
                None => "没有要提醒的了".to_owned(),
            });
        }
        Ok(Outcome::reply(message))
    }
}
