//! Projects: made, bound to rooms, moved through their phases, put away.

pub mod events;
mod manage;
mod phase;
mod rooms;
mod words;

pub use manage::{Archive, Describe, Found};
pub use phase::MovePhase;
pub use rooms::{Bind, Unbind};
pub use words::{card, listed};

use crate::{
    chat::Message,
    dossier::{Context, Dossier, Outcome, Project, Refusal, RoomKind},
    features::{acceptance, delay, listing},
    grammar::{Args, Command, Form, Object, On, Spec},
};

/// How the table calls it.
pub const OBJECT: Object =
    Object {
        name: "项目", english: "project", aliases: &[], letter: None, summary: "建项目、绑群、换阶段"
    };

/// `/项目`: this room's project, and the others of the asker. Read by [`crate::features::wide`].
pub struct List;

impl Command for List {
    const SPEC: Spec =
        Spec::new("项目", Form::List, "/项目", "本群的项目；/项目 列表 看我参与的全部项目").on(On::Wide);

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        Ok(Outcome::reply(words::card(dossier, cx)))
    }
}

/// This room's project, and the others of the asker; others are not named in a customer's room. An
/// administrator is told the department's delays, and alone with the bot every project.
///
/// # Errors
/// The asker has no project.
pub fn overview(mine: &[Dossier], here: Option<&Dossier>, cx: &Context) -> Result<Message, Refusal> {
    let mut message = here.map(|dossier| words::card(dossier, cx));
    if cx.place.kind != RoomKind::Customer {
        let every = cx.admin && cx.place.kind == RoomKind::Direct;
        let knows = |project: &Project| project.people().any(|person| person.id == cx.actor.id);
        let others: Vec<String> = mine
            .iter()
            .filter(|dossier| here.is_none_or(|here| here.id != dossier.id))
            .filter(|dossier| dossier.founded().is_some_and(|one| !one.archived && (every || knows(one))))
            .map(words::listed)
            .collect();
        if !others.is_empty() {
            let title = match (here, every) {
                (Some(_), true) => "其他项目",
                (Some(_), false) => "我参与的其他项目",
                (None, true) => "全部项目",
                (None, false) => "我参与的项目",
            };
            let list = listing(title, others, Message::default());
            message = Some(match message {
                Some(card) => list.lines.into_iter().fold(card, Message::line),
                None => list,
            });
        }
    }
    if cx.admin && cx.place.kind != RoomKind::Customer {
        let counts = delay::tally(mine.iter().flat_map(acceptance::delays));
        let line = delay::told(&counts).zip(delay::share(&counts, cx.rules));
        message = line.into_iter().fold(message, |message, (told, share)| {
            Some(message.unwrap_or_default().line(format!("全部项目{told} · {share}")))
        });
    }
    message.ok_or_else(|| Refusal::new("还没有项目。在项目群里发：/项目 新建 项目名 客户:客户名"))
}
