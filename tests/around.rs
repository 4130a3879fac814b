//! A store around another one: what it does not say otherwise, the other one does.

use std::path::Path;

use jiff::Timestamp;
use jiuding::{
    chat::MessageId,
    store::{
        About, ChatLine, Commit, CommitError, Committed, DeadLetter, DossierCopy, Entry, Findings, Key,
        Outgoing, ProjectId, RowKey, Settlement, Shared, Store, Stored,
    },
};

/// What is different.
#[async_trait::async_trait]
pub trait Around: Send + Sync {
    /// The store within.
    fn inner(&self) -> &dyn Store;

    /// Before anything is written.
    async fn before_writing(&self) {}

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.inner().commit(commit).await
    }

    async fn settle(&self, id: u64, settlement: Settlement) -> anyhow::Result<()> {
        self.inner().settle(id, settlement).await
    }

    async fn due(&self, until: Timestamp, most: usize) -> anyhow::Result<Vec<(Timestamp, RowKey)>> {
        self.inner().due(until, most).await
    }
}

/// The store that it makes.
pub struct Outer<A>(pub A);

#[async_trait::async_trait]
impl<A: Around> Store for Outer<A> {
    fn shared(&self) -> Option<&dyn Shared> {
        self.0.inner().shared()
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.0.before_writing().await;
        self.0.commit(commit).await
    }

    async fn settle(&self, id: u64, settlement: Settlement) -> anyhow::Result<()> {
        self.0.before_writing().await;
        self.0.settle(id, settlement).await
    }

    async fn projects(&self) -> anyhow::Result<Vec<ProjectId>> {
        self.0.inner().projects().await
    }

    async fn load(&self, project: ProjectId) -> anyhow::Result<Stored> {
        self.0.inner().load(project).await
    }

    async fn due(&self, until: Timestamp, most: usize) -> anyhow::Result<Vec<(Timestamp, RowKey)>> {
        self.0.due(until, most).await
    }

    async fn next_wake(&self) -> anyhow::Result<Option<Timestamp>> {
        self.0.inner().next_wake().await
    }

    async fn log(&self, project: ProjectId, key: Option<Key>, most: usize) -> anyhow::Result<Vec<Entry>> {
        self.0.inner().log(project, key, most).await
    }

    async fn has_seen(&self, key: &str) -> anyhow::Result<bool> {
        self.0.inner().has_seen(key).await
    }

    async fn outgoing(&self) -> anyhow::Result<Vec<Outgoing>> {
        self.0.inner().outgoing().await
    }

    async fn about(&self, message: &MessageId) -> anyhow::Result<Option<About>> {
        self.0.inner().about(message).await
    }

    async fn dead_letters(&self) -> anyhow::Result<Vec<DeadLetter>> {
        self.0.inner().dead_letters().await
    }

    async fn revive(&self, id: u64) -> anyhow::Result<Option<Outgoing>> {
        self.0.before_writing().await;
        self.0.inner().revive(id).await
    }

    async fn forget(&self, id: u64) -> anyhow::Result<bool> {
        self.0.before_writing().await;
        self.0.inner().forget(id).await
    }

    async fn sweep(&self, now: Timestamp) -> anyhow::Result<usize> {
        self.0.before_writing().await;
        self.0.inner().sweep(now).await
    }

    async fn chat_append(&self, room: &str, key: &str, value: Vec<u8>) -> anyhow::Result<u64> {
        self.0.before_writing().await;
        self.0.inner().chat_append(room, key, value).await
    }

    async fn chat_since(&self, room: &str, after: u64, most: usize) -> anyhow::Result<Vec<ChatLine>> {
        self.0.inner().chat_since(room, after, most).await
    }

    async fn chat_rooms(&self) -> anyhow::Result<Vec<String>> {
        self.0.inner().chat_rooms().await
    }

    async fn writable(&self) -> anyhow::Result<()> {
        self.0.inner().writable().await
    }

    async fn verify(&self) -> anyhow::Result<Findings> {
        self.0.inner().verify().await
    }

    async fn adopt(&self, copies: Vec<DossierCopy>) -> anyhow::Result<()> {
        self.0.inner().adopt(copies).await
    }

    async fn backup(&self, to: &Path) -> anyhow::Result<u64> {
        self.0.inner().backup(to).await
    }
}
