//! Projects: made, bound to rooms, moved through their phases, put away.

mod manage;
mod rooms;
mod words;

pub use manage::{Archive, Found, MovePhase};
pub use rooms::{Bind, Unbind};
pub use words::{card, listed};

use crate::{
    chat::Message,
    dossier::{Context, Dossier, Outcome, Refusal, RoomKind},
    features::listing,
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

/// This room's project, and the others of the asker; others are not named in a customer's room.
///
/// # Errors
/// The asker has no project.
pub fn overview(mine: &[Dossier], here: Option<&Dossier>, cx: &Context) -> Result<Message, Refusal> {
    let mut message = here.map(|dossier| words::card(dossier, cx));
    if cx.place.kind != RoomKind::Customer {
        let others: Vec<String> = mine
            .iter()
            .filter(|dossier| here.is_none_or(|here| here.id != dossier.id))
            .map(words::listed)
            .collect();
        if !others.is_empty() {
            let title = if here.is_some() { "我参与的其他项目" } else { "我参与的项目" };
            let list = listing(title, others, Message::default());
            message = Some(match message {
                Some(card) => list.lines.into_iter().fold(card, Message::line),
                None => list,
            });
        }
    }
    message.ok_or_else(|| Refusal::new("还没有项目。在项目群里发：/项目 新建 项目名 客户:客户名"))
}
