//! An answer that quotes the bot's message about a ticket is a response (CONTRACT 6).

use super::{Ticket, moves::acknowledge};
use crate::dossier::{Context, Dossier, Outcome};

/// What a plain message that quotes a message about this ticket does; `None`: nothing.
pub fn answer_by_quote(number: u32, dossier: &Dossier, cx: &Context) -> Option<Outcome> {
    let ticket = dossier.find::<Ticket>(number)?;
    let owner = ticket.owner.as_ref().is_some_and(|owner| owner.id == cx.actor.id);
    let ours = owner || dossier.project().is_triangle(&cx.actor.id);
    (ours && ticket.awaits_response()).then(|| acknowledge(ticket, None, dossier, cx))
}
