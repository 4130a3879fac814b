//! `/纪要`: the meetings that are over, and how their minutes stand.

use super::status;
use crate::{
    chat::Message,
    dossier::{Context, Dossier, Outcome, Refusal},
    features::{
        listing,
        meeting::{Meeting, headline},
    },
    grammar::{Args, Command, Form, Spec},
};

/// Lists minutes, those still owed first.
pub struct List;

impl Command for List {
    const SPEC: Spec = Spec::new("纪要", Form::List, "/纪要 列表", "开过的会和纪要状态");

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let internal = cx.sees_internal(dossier);
        let mut meetings: Vec<&Meeting> = dossier
            .all::<Meeting>()
            .rev()
            .filter(|meeting| meeting.ended_at().is_some() && (meeting.shared || internal))
            .collect();
        meetings.sort_by_key(|meeting| !meeting.owes_minutes());
        let line = |meeting: &&Meeting| {
            let status = status(meeting, internal, cx.now, cx.rules);
            format!("{} · {status}", headline(meeting, cx.now, cx.rules))
        };
        let empty = Message::text("还没有开过会，没有纪要");
        Ok(Outcome::reply(listing("纪要", meetings.iter().map(line).collect(), empty)))
    }
}
