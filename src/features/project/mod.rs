//! Projects: made, bound to rooms, moved through their phases, put away.

mod manage;
mod rooms;
mod words;

pub use manage::{Archive, Found, MovePhase};
pub use rooms::{Bind, Unbind};
pub use words::{card, listed};

use crate::{dossier::{Context, Dossier, Outcome, Refusal}, grammar::{Args, Command, Form, Object, On, Spec}};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "项目",
    english: "project",
    aliases: &[],
    letter: None,
    summary: "建项目、绑群、换阶段",
};

/// `/项目`: this room's project, and the others of the asker. Read by [`crate::features::wide`].
pub struct List;

impl Command for List {
    const SPEC: Spec = Spec::new("项目", Form::List, "/项目", "本群的项目；/项目 列表 看我参与的全部项目").on(On::Wide);

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        Ok(Outcome::reply(words::card(dossier, cx)))
    }
}
