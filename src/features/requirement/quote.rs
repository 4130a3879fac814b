//! A plain answer to the bot's message about a requirement fills the scenario question that is next.

use super::{Requirement, State, words};
use crate::{
    dossier::{Context, Dossier, Outcome},
    features::quote,
};

/// What a plain message `said` that quotes a message about this requirement does; `None`: nothing.
pub fn answer_by_quote(number: u32, said: &str, dossier: &Dossier, cx: &Context) -> Option<Outcome> {
    let before = dossier.find::<Requirement>(number)?;
    let open = matches!(before.state, State::Collected | State::Analysing | State::AwaitingConfirmation);
    let said = quote::answer(said)?;
    let seen = before.shared || cx.sees_internal(dossier);
    if !open || !seen {
        return None;
    }
    let name = before.unanswered().first().copied()?;
    let mut next = before.clone().heard(dossier, cx);
    next.fields.insert(name.to_owned(), said.to_owned());
    let next = next.advanced(cx.now, cx.rules);
    let reply = words::answered(&next, name);
    Some(Outcome::change(next, format!("补充{name}")).replying(reply))
}
