//! `/会议`: what is ahead, and what still lacks its minutes.

use super::{Meeting, words};
use crate::{
    chat::Message,
    dossier::{Context, Dossier, Outcome, Refusal},
    features::listing,
    grammar::{Args, Command, Form, Spec},
};

/// Lists meetings.
pub struct List;

impl Command for List {
    const SPEC: Spec = Spec::new("会议", Form::List, "/会议 列表", "要开的会和待交的纪要");

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut meetings: Vec<&Meeting> = dossier
            .all::<Meeting>()
            .filter(|meeting| meeting.is_ahead() || meeting.owes_minutes())
            .filter(|meeting| meeting.shared || cx.sees_internal(dossier))
            .collect();
        meetings.sort_by_key(|meeting| (meeting.starts, meeting.number));
        let lines = meetings.iter().map(|meeting| words::listed(meeting, cx)).collect();
        let empty = Message::text("没有要开的会。约会议：/会议 项目例会 明天10点-11点 @李工");
        Ok(Outcome::reply(listing("会议", lines, empty)))
    }
}
