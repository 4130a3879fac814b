//! `/状态`: how the project stands.

use super::items;
use crate::{
    chat::Message,
    dossier::{Context, Dossier, Outcome, Refusal},
    features::{KINDS, rhythm},
    grammar::{Args, Command, Form, Rest, Spec},
};

/// How many open things are listed.
const LISTED: usize = 12;

/// Shows how a project stands.
pub struct Status;

impl Command for Status {
    const SPEC: Spec = Spec::new("状态", Form::Any, "/状态", "阶段、沟通节奏、未了结的事、逾期和快到期的")
        .rest(Rest::Refused);

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let internal = cx.sees_internal(dossier);
        let items = items(dossier, internal, None);
        let mut message = crate::features::project::card(dossier, cx);
        if internal {
            message = rhythm::told(dossier, cx.now, cx.rules).into_iter().fold(message, Message::line);
        }
        let counts: Vec<String> = KINDS
            .iter()
            .filter_map(|kind| {
                let count = items.iter().filter(|item| item.key.letter == kind.letter).count();
                (count > 0).then(|| format!("{} {count}", kind.name))
            })
            .collect();
        if counts.is_empty() {
            return Ok(Outcome::reply(message.line("没有未了结的事")));
        }
        let late = items.iter().filter(|item| item.is_late(cx.now)).count();
        let late = if internal && late > 0 { format!("，其中逾期 {late}") } else { String::new() };
        message = message.line(format!("未了结：{}{late}", counts.join("、")));
        for item in items.iter().take(LISTED) {
            message = message.line(item.line(cx.now, &cx.rules.calendar, internal));
        }
        if items.len() > LISTED {
            message = message.line(format!("……还有 {} 件", items.len() - LISTED));
        }
        Ok(Outcome::reply(message))
    }
}
