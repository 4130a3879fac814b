//! A store whose process dies right after each commit that it wrote.

use std::{future::pending, path::Path, sync::Arc};

use jiff::Timestamp;
use jiuding::{
    chat::MessageId,
    store::{
        About, ChatLine, Commit, CommitError, Committed, DeadLetter, DossierCopy, Entry, Findings, Key,
        Outgoing, ProjectId, RowKey, Settlement, Shared, Store, Stored,
    },
};
use tokio::sync::watch;

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

    async fn alive(&self) {
        if *self.dead.borrow() {
            pending::<()>().await;
        }
    }
}

#[async_trait::async_trait]
impl Store for Fragile {
    fn shared(&self) -> Option<&dyn Shared> {
        self.inner.shared()
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.alive().await;
        let committed = self.inner.commit(commit).await;
        if self.fragile && committed.is_ok() {
            self.dead.send_replace(true);
            pending::<()>().await;
        }
        committed
    }

    async fn settle(&self, id: u64, settlement: Settlement) -> anyhow::Result<()> {
        self.alive().await;
        self.inner.settle(id, settlement).await
    }

    async fn projects(&self) -> anyhow::Result<Vec<ProjectId>> {
        self.inner.projects().await
    }

    async fn load(&self, project: ProjectId) -> anyhow::Result<Stored> {
        self.inner.load(project).await
    }

    async fn due(&self, until: Timestamp, most: usize) -> anyhow::Result<Vec<(Timestamp, RowKey)>> {
        self.inner.due(until, most).await
    }

    async fn next_wake(&self) -> anyhow::Result<Option<Timestamp>> {
        self.inner.next_wake().await
    }

    async fn log(&self, project: ProjectId, key: Option<Key>, most: usize) -> anyhow::Result<Vec<Entry>> {
        self.inner.log(project, key, most).await
    }

    async fn has_seen(&self, key: &str) -> anyhow::Result<bool> {
        self.inner.has_seen(key).await
    }

    async fn outgoing(&self) -> anyhow::Result<Vec<Outgoing>> {
        self.inner.outgoing().await
    }

    async fn about(&self, message: &MessageId) -> anyhow::Result<Option<About>> {
        self.inner.about(message).await
    }

    async fn dead_letters(&self) -> anyhow::Result<Vec<DeadLetter>> {
        self.inner.dead_letters().await
    }

    async fn revive(&self, id: u64) -> anyhow::Result<Option<Outgoing>> {
        self.alive().await;
        self.inner.revive(id).await
    }

    async fn forget(&self, id: u64) -> anyhow::Result<bool> {
        self.alive().await;
        self.inner.forget(id).await
    }

    async fn sweep(&self, now: Timestamp) -> anyhow::Result<usize> {
        self.alive().await;
        self.inner.sweep(now).await
    }

    async fn chat_append(&self, room: &str, key: &str, value: Vec<u8>) -> anyhow::Result<u64> {
        self.alive().await;
        self.inner.chat_append(room, key, value).await
    }

    async fn chat_since(&self, room: &str, after: u64, most: usize) -> anyhow::Result<Vec<ChatLine>> {
        self.inner.chat_since(room, after, most).await
    }

    async fn chat_rooms(&self) -> anyhow::Result<Vec<String>> {
        self.inner.chat_rooms().await
    }

    async fn writable(&self) -> anyhow::Result<()> {
        self.inner.writable().await
    }

    async fn verify(&self) -> anyhow::Result<Findings> {
        self.inner.verify().await
    }

    async fn adopt(&self, copies: Vec<DossierCopy>) -> anyhow::Result<()> {
        self.inner.adopt(copies).await
    }

    async fn backup(&self, to: &Path) -> anyhow::Result<u64> {
        self.inner.backup(to).await
    }
}
