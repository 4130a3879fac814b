//! A message that whoever said it took back.

use super::{
    Engine, REGISTRY,
    draft::Draft,
    receive::{Event, SEEN_FOR},
};
use crate::{
    chat::{MessageId, Target},
    features::recall::{self, Offer},
    store::{About, CommitError, Outgoing, ProjectId},
};
use jiff::Timestamp;

/// How far back the log is looked through for what the message made.
const LOOKED_THROUGH: usize = 1_000;

impl Engine {
    /// Offers to take back what a recalled message made; a message of which nothing was heard has no effect any more.
    pub(super) async fn recalled(
        &self,
        event: &Event<'_>,
        message: &MessageId,
        heard_as: &str,
    ) -> Result<(), CommitError> {
        let failed = |error: anyhow::Error| CommitError::Failed(format!("{error:#}"));
        let mut draft = self.draft(event);
        let unheard = !self.store.has_seen(heard_as).await.map_err(failed)?;
        if unheard {
            // Should it come only now, it is nothing any more.
            draft.seen(heard_as, event.clock.checked_add(SEEN_FOR).unwrap_or(Timestamp::MAX));
        }
        let written = match self.of_room(&event.room().id).await? {
            Some(home) => self.offer_back(event, home, message, draft).await,
            None => self.write(draft, &mut []).await,
        };
        match written {
            // Not this event, which is new: the message came just now, and what it made is looked for.
            Err(CommitError::SeenBefore) if unheard => Err(CommitError::Stale(REGISTRY)),
            written => written,
        }
    }

    async fn offer_back(
        &self,
        event: &Event<'_>,
        home: ProjectId,
        message: &MessageId,
        mut draft: Draft,
    ) -> Result<(), CommitError> {
        let log = self.store.log(home, None, LOOKED_THROUGH).await;
        let log = log.map_err(|error| CommitError::Failed(format!("{error:#}")))?;
        let registry = self.take(REGISTRY).await.clone();
        let mut dossier = self.take(home).await;
        let place = self.place(event, Some(&dossier));
        let cx = self.context(event, &registry, place, &log);
        if let Some(Offer { about, entry, message }) = recall::offer(message, &dossier, &cx) {
            draft.log(&dossier, entry);
            // The message is gone: there is nothing to quote.
            draft.answer(Outgoing {
                about: Some(About { project: home, key: about }),
                ..Outgoing::new(Target::Room(event.room().id.clone()), message, event.clock)
            });
        }
        self.write(draft, &mut [&mut dossier]).await
    }
}
