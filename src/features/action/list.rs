//! `/待办`: what is still to be done.

use super::{ActionItem, words};
use crate::{
    chat::Message,
    dossier::{Context, Dossier, Outcome, Refusal},
    features::listing,
    grammar::{Args, Command, Form, Spec},
};

/// Lists action items.
pub struct List;

impl Command for List {
    const SPEC: Spec = Spec::new("待办", Form::List, "/待办 列表", "未完成的待办");

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut items: Vec<&ActionItem> = dossier
            .all::<ActionItem>()
            .filter(|item| item.is_open() && (item.shared || cx.sees_internal(dossier)))
            .collect();
        items.sort_by_key(|item| (item.due.is_none(), item.due, item.number));
        let lines = items.iter().map(|item| words::listed(item, cx.now, &cx.rules.calendar)).collect();
        Ok(Outcome::reply(listing("待办", lines, Message::text("没有未完成的待办"))))
    }
}
