//! Lines that a card stands for: the one that shows a record, and the one of a button whose time is over.

use super::Engine;
use crate::{
    chat::Button,
    dossier::{Context, Dossier, Outcome, Refusal},
    engine::{draft::Draft, lines::LOG_READ},
    features::card,
    grammar::Form,
    store::{CommitError, Key, RowKey},
};

/// The answer to `/T1` is a card: it speaks of its record, and offers its next steps.
pub(in crate::engine) fn shown(
    mut outcome: Outcome,
    form: Form,
    id: Option<Key>,
    draft: &mut Draft,
    dossier: &Dossier,
    cx: &Context,
) -> Outcome {
    let Some(key) = id.filter(|_| form == Form::Id && outcome.records.is_empty()) else { return outcome };
    draft.shows(RowKey { project: dossier.id, key });
    outcome.about = outcome.about.or(Some(key));
    outcome.reply = outcome.reply.map(|reply| card::with_steps(reply, key, dossier, cx));
    outcome
}

impl Engine {
    /// The refusal of a line; where it is that of a step that the record once offered, with who ended it.
    pub(in crate::engine) async fn overtaken_line(
        &self,
        refusal: Refusal,
        form: Form,
        id: Option<Key>,
        dossier: &Dossier,
        cx: &Context<'_>,
    ) -> Result<Refusal, CommitError> {
        let (Some(key), Form::IdAct(action, _)) = (id, form) else { return Ok(refusal) };
        let line = Button::new("", format!("/{key} {action}"));
        if dossier.founded().is_none() || card::is_among(&line, &card::steps(key, dossier, cx)) {
            return Ok(refusal);
        }
        let log = self.store.log(dossier.id, Some(key), LOG_READ).await;
        let log = log.map_err(|error| CommitError::Failed(format!("{error:#}")))?;
        let entry = card::ended(key, &line, dossier, &log);
        Ok(entry
            .into_iter()
            .fold(refusal, |refusal, entry| card::overtaken(refusal, key, entry, dossier, cx)))
    }
}
