//! While the store fails: what is in memory may differ from what is written, until it can be read again.
//!
//! A commit that failed may have been written all the same, where only its answer was lost. So after a failure the
//! dossiers that it touched are read again before they are used, and the messages that it was to say are looked for.

use std::{sync::atomic::Ordering, time::Duration};

use super::Engine;
use crate::{
    chat::MessageId,
    dossier::Dossier,
    outbox::Owed,
    store::{Condition, ProjectId},
};

/// The version of a dossier that may differ from what the store has: a commit failed, and so did reading it again. It
/// is read again before it is used, and nothing is written on it before.
pub(super) const UNKNOWN: u64 = u64::MAX;
/// How often, and in what time, a dossier is read again before a ping is said without it.
const REREADS: usize = 10;
const BETWEEN_REREADS: Duration = Duration::from_secs(1);
/// How long the scheduler rests when the store fails, at first and at most.
const FIRST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_secs(10);

impl Engine {
    /// Reads a dossier again that may differ from what the store has. Where that fails it stays so.
    pub(super) async fn read_again(&self, dossier: &mut Dossier) {
        if dossier.version != UNKNOWN {
            return;
        }
        if let Err(fault) = self.reload(dossier).await {
            tracing::warn!("project {} could not be read again: {fault:#}", dossier.id.0);
        }
    }

    /// Makes a dossier what the store has, or one of which that is not known.
    pub(super) async fn reload(&self, dossier: &mut Dossier) -> anyhow::Result<()> {
        let stored = self.load(dossier.id).await.inspect_err(|_| dossier.version = UNKNOWN)?;
        let keys = dossier.records().chain(stored.records()).map(|(key, _)| key);
        self.learn_records(&stored, keys);
        self.learn(&stored);
        *dossier = stored;
        Ok(())
    }

    /// After a commit failed that may have been written all the same, and now that the store answers: what it was to
    /// say is looked for.
    pub(super) fn clear_doubt(&self) {
        if let Some(outbox) = self.outbox.get().cloned()
            && self.in_doubt.swap(false, Ordering::Relaxed)
        {
            tokio::spawn(async move {
                if let Err(error) = outbox.recover().await {
                    tracing::error!("messages of a commit in doubt could not be looked for: {error:#}");
                }
            });
        }
    }
}

/// Waits longer after each failure.
pub(super) async fn rest(failures: u32) {
    let doublings = failures.saturating_sub(1).min(8);
    tokio::time::sleep((FIRST_REST * 2_u32.pow(doublings)).min(LONGEST_REST)).await;
}

#[async_trait::async_trait]
impl Owed for Engine {
    async fn posted(&self, project: ProjectId, card: u32, message: Option<&MessageId>) {
        self.card_posted(project, card, message).await;
    }

    async fn is_owed(&self, condition: &Condition) -> bool {
        let Some(cell) = self.cell(condition.project) else { return false };
        let mut dossier = cell.lock().await;
        for _ in 0..REREADS {
            self.read_again(&mut dossier).await;
            if dossier.version != UNKNOWN {
                break;
            }
            // Nobody is kept from being refused meanwhile.
            drop(dossier);
            tokio::time::sleep(BETWEEN_REREADS).await;
            dossier = cell.lock().await;
        }
        if dossier.version == UNKNOWN {
            return true;
        }
        let archived = dossier.founded().is_some_and(|project| project.archived);
        !archived
            && dossier.record(condition.key).is_some_and(|record| record.owes(&condition.step, &dossier))
    }
}
