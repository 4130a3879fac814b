//! A store whose process dies right after each commit that it wrote.

use std::{future::pending, sync::Arc};

use jiuding::store::{Commit, CommitError, Committed, Store};
use tokio::sync::watch;

use crate::around::Around;

/// A store that dies. What is asked of a dead one is never answered.
pub struct Fragile {
    inner: Arc<dyn Store>,
    dead: watch::Sender<bool>,
    fragile: bool,
}

impl Fragile {
    pub fn new(inner: Arc<dyn Store>, fragile: bool) -> Self {
        Self { inner, dead: watch::Sender::new(false), fragile }
    }

    /// Returns when it died.
    pub async fn death(&self) {
        let mut dead = self.dead.subscribe();
        let _ = dead.wait_for(|dead| *dead).await;
    }
}

#[async_trait::async_trait]
impl Around for Fragile {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    async fn before_writing(&self) {
        if *self.dead.borrow() {
            pending::<()>().await;
        }
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let committed = self.inner.commit(commit).await;
        if self.fragile && committed.is_ok() {
            self.dead.send_replace(true);
            pending::<()>().await;
        }
        committed
    }
}
