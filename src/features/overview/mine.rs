//! `/我的`: what waits for whoever asks, in all their projects.

use super::items;
use crate::{
    chat::Message,
    dossier::{Context, Dossier, Outcome, Refusal, RoomKind},
    features::Wide,
    grammar::{Args, Command, Form, On, Rest, Spec},
};

/// Shows what waits for the asker. Read by [`crate::features::wide`].
pub struct Mine;

impl Command for Mine {
    const SPEC: Spec = Spec::new("我的", Form::Any, "/我的", "等我做的事").rest(Rest::Refused).on(On::Wide);

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let here = Some(dossier);
        let wide = Wide { projects: std::slice::from_ref(dossier), files: &[], here };
        Ok(Outcome::reply(mine(&wide, cx)))
    }
}

/// What waits for the asker. In a group only that group's project and its customer are shown: others may not know
/// of the rest.
pub fn mine(wide: &Wide, cx: &Context) -> Message {
    let direct = cx.place.kind == RoomKind::Direct;
    let served = |file: &&Dossier| {
        let customer = |dossier: &Dossier| dossier.founded().and_then(|project| project.customer.clone());
        direct || wide.here.is_some_and(|here| customer(here) == customer(file))
    };
    let projects: Vec<&Dossier> =
        if direct { wide.projects.iter().collect() } else { wide.here.into_iter().collect() };
    let mut count = 0;
    let mut lines = Vec::new();
    for dossier in projects.into_iter().chain(wide.files.iter().filter(served)) {
        let Some(project) = dossier.founded() else { continue };
        let mine: Vec<String> = items(dossier, cx.sees_internal(dossier), Some(&cx.actor.id))
            .iter()
            .map(|item| item.line(cx.now, &cx.rules.calendar, true))
            .collect();
        if !mine.is_empty() {
            count += mine.len();
            if direct {
                let whose = dossier.id.customer().and(project.customer.as_deref()).unwrap_or(&project.name);
                lines.push(format!("【{whose}】"));
            }
            lines.extend(mine);
        }
    }
    let scope = if direct { "" } else { "（本项目；全部项目请私聊发 /我的）" };
    if count == 0 {
        return Message::text(format!("{}，没有等您做的事{scope}", cx.actor.name));
    }
    let message = Message::text(format!("{} 有 {count} 件事{scope}", cx.actor.name));
    lines.into_iter().fold(message, |message, line| message.line(line))
}
