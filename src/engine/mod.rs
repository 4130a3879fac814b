//! The only place where messages, wakes and jobs meet the dossiers. (being written)

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    chat::Inbound,
    clock::SharedClock,
    platform::{Received, Receiver},
    store::Store,
};

/// The engine.
pub struct Engine {
    clock: SharedClock,
    store: Arc<dyn Store>,
}

/// Something that is on the clock.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Upcoming {
    /// When it will be looked at.
    pub at: Timestamp,
    /// The project's name.
    pub project: String,
    /// The record, for instance `T1`.
    pub id: String,
    /// What will be due then, in words, for instance `首次响应截止`.
    pub what: String,
    /// Who has to act, by name.
    pub who: Vec<String>,
}

/// What moving the simulated clock did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Advanced {
    /// The time now.
    pub now: Timestamp,
    /// Wakes and jobs carried out on the way.
    pub fired: usize,
    /// Messages not accepted by their platform and not waiting for another try.
    pub pending: usize,
}

impl Engine {
    /// An engine.
    pub fn new(clock: SharedClock, store: Arc<dyn Store>) -> Self {
        Self { clock, store }
    }

    /// Whether the scheduler runs.
    pub fn alive(&self) -> bool {
        true
    }

    /// The table of commands for completion: a list of `{zh,en,actions:[{zh,en}],keys:[zh],help}`.
    pub fn commands(&self) -> serde_json::Value {
        serde_json::Value::Array(Vec::new())
    }

    /// Puts a dead letter back on its way; false if there is none of this id.
    ///
    /// # Errors
    /// The store failed.
    pub async fn retry(&self, id: u64) -> anyhow::Result<bool> {
        Ok(self.store.revive(id).await?.is_some())
    }

    /// The clock.
    pub fn clock(&self) -> &SharedClock {
        &self.clock
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// What is on the clock, soonest first, at most `most`.
    pub async fn upcoming(&self, most: usize) -> Vec<Upcoming> {
        let _ = most;
        Vec::new()
    }

    /// Moves the simulated clock to `to`, running everything due on the way in order of due time.
    ///
    /// # Errors
    /// `to` lies in the past, or the clock is not simulated.
    pub async fn advance(&self, to: Timestamp) -> Result<Advanced, AdvanceError> {
        let _ = to;
        Err(AdvanceError::NotSimulated)
    }
}

/// Why the clock was not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdvanceError {
    /// Time does not go back.
    #[error("time does not go back")]
    Backwards,
    /// The clock is the machine's own.
    #[error("the clock is not simulated")]
    NotSimulated,
}

#[async_trait::async_trait]
impl Receiver for Engine {
    async fn receive(&self, _inbound: Inbound) -> anyhow::Result<Received> {
        Ok(Received::Done)
    }
}
