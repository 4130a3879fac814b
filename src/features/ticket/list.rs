//! `/工单`: the tickets that are not closed.

use super::{State, Ticket, Urgency, words};
use crate::{
    chat::Message,
    dossier::{Context, Dossier, Outcome, Refusal},
    grammar::{Args, Command, Form, Spec},
};

/// Lists tickets.
pub struct List;

impl Command for List {
    const SPEC: Spec = Spec::new("工单", Form::List, "/工单 列表", "未关闭的工单");

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut tickets: Vec<&Ticket> = dossier
            .all::<Ticket>()
            .filter(|ticket| !matches!(ticket.state, State::Closed { .. }))
            .filter(|ticket| ticket.shared || cx.sees_internal(dossier))
            .collect();
        tickets.sort_by_key(|ticket| (ticket.urgency == Urgency::Normal, ticket.close.due));
        let internal = cx.sees_internal(dossier);
        let lines = tickets.iter().map(|ticket| words::listed(ticket, internal, cx.now, &cx.rules.calendar));
        Ok(Outcome::reply(listing("工单", lines.collect(), Message::text("没有未关闭的工单"))))
    }
}

pub(super) use crate::features::listing;
