//! The store in a PostgreSQL database, for records that are to outlive this machine and be queried by others.
//!
//! What it promises, and why one may believe it:
//! - **What is acknowledged is on disk.** Every connection commits synchronously whatever the server's default is, and a
//!   server that does not flush is warned of. A commit whose end was not heard counts as failed.
//! - **A commit is whole or not there.** It is one transaction, which its marks and the versions of its dossiers may
//!   refuse (`commit.rs`). One that is given up half way takes its connection with it (`transaction.rs`).
//! - **Nobody writes who no longer has it.** A process has it alone (`held.rs`) or among others (`member.rs`); either way
//!   a row names it, which every commit looks at.
//! - **One hand for each thing.** Among others, what must not be done twice is leased (`leases.rs`).
//! - **The bytes of a record come back as they were.** Beside them stand the columns that people query (`columns.rs`).
//! - **While the database is away** everything fails and nothing waits for long; when it is back, so is the store.
//!
//! Tried with PostgreSQL 15 and 18. A pool in between must give each client its own connection: a transaction pool loses the lock.
//! CockroachDB and YugabyteDB, which speak the same protocol, were not tried.

mod backup;
mod chat;
mod columns;
mod commit;
mod connection;
mod encoded;
mod held;
mod leases;
mod line;
mod member;
mod messages;
mod pieces;
mod presence;
mod reading;
mod schema;
mod sharing;
mod tables;
mod transaction;

use std::{path::Path, sync::Mutex, time::Duration};

use anyhow::{Result, ensure};
use deadpool_postgres::{Client, Pool};
use jiff::Timestamp;
use tokio_postgres::{Config, Row, types::ToSql};

use self::{
    connection::{Told, take},
    encoded::{Encoded, split},
    held::Held,
    member::Member,
    presence::Presence,
};
use super::{
    About, ChatLine, Commit, CommitError, Committed, DeadLetter, DossierCopy, Entry, Findings, Key, News,
    Outgoing, ProjectId, RowKey, Settlement, Shared, Store, Stored, Transfer,
};
use crate::chat::MessageId;

pub use backup::restore;
pub use connection::describe;

/// A store in a database.
pub struct PostgresStore {
    pool: Pool,
    presence: Presence,
    /// The latest time that the store was told; marks that end before it are forgotten. Held for a look.
    now: Mutex<Timestamp>,
    warnings: Vec<String>,
    /// Held while a line is appended to a chat: many at once would wait for each other on a connection each, and leave
    /// none to others. An async lock, since it is held over the writing.
    chatting: tokio::sync::Mutex<()>,
}

impl PostgresStore {
    /// Opens the store at this address for this process alone, making its tables where there are none.
    ///
    /// Marks that ended by `clock_now` count as forgotten; [`Store::sweep`] moves that time on.
    ///
    /// # Errors
    /// The database cannot be reached, another process has the store, it was written by a newer version of this
    /// program, or it was not moved here entirely.
    pub async fn open(url: &str, clock_now: Timestamp) -> Result<Self> {
        Self::open_unfinished(url, clock_now).await?.finished().await
    }

    /// The same also where a move into it was not finished: for going on with that move.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub async fn open_unfinished(url: &str, clock_now: Timestamp) -> Result<Self> {
        let config = connection::parse(url)?;
        let pool = connection::pool(config.clone())?;
        let presence = Presence::Alone(Box::new(Held::take(&pool).await?));
        Self::with(&config, pool, presence, clock_now).await
    }

    /// Opens the store at this address for this process among others, each of which takes over what another one had
    /// within `takeover` of its death; `generation` is [`GENERATION`](crate::store::GENERATION) but in tests.
    ///
    /// # Errors
    /// As for [`open`](Self::open); other processes that have it in the same way are none, unless one of a newer
    /// generation serves.
    pub async fn join(url: &str, takeover: Duration, generation: i32, clock_now: Timestamp) -> Result<Self> {
        let config = connection::parse(url)?;
        let pool = connection::pool(config.clone())?;
        let presence = Presence::Among(Member::join(config.clone(), takeover, generation).await?);
        Self::with(&config, pool, presence, clock_now).await?.finished().await
    }

    async fn with(config: &Config, pool: Pool, presence: Presence, clock_now: Timestamp) -> Result<Self> {
        let mut warnings: Vec<String> = connection::warning(config).into_iter().collect();
        let store = Self {
            pool,
            presence,
            now: Mutex::new(clock_now),
            warnings: Vec::new(),
            chatting: tokio::sync::Mutex::default(),
        };
        warnings.extend(reading::weaknesses(&store).await?);
        Ok(Self { warnings, ..store })
    }

    async fn finished(self) -> Result<Self> {
        ensure!(
            self.move_under_way().await?.is_none(),
            "a move into the store of this database was not finished; run `jiuding migrate` again"
        );
        Ok(self)
    }

    /// What opening found weaker than it should be, a sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn now(&self) -> Timestamp {
        *self.now.lock().expect("nothing panics while holding a time")
    }

    /// A connection to write with.
    async fn writing(&self) -> Result<Client> {
        self.presence.ensure(&self.pool).await?;
        take(&self.pool).await
    }

    /// Asks something.
    async fn ask(&self, sql: &str, with: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>> {
        let client = take(&self.pool).await?;
        let statement = client.prepare_cached(sql).await.told()?;
        client.query(&statement, with).await.told()
    }
}

#[async_trait::async_trait]
impl Store for PostgresStore {
    fn shared(&self) -> Option<&dyn Shared> {
        matches!(self.presence, Presence::Among(_)).then_some(self)
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let news = News {
            projects: commit.guards.iter().map(|(project, _)| *project).collect(),
            wake: commit.wakes.iter().filter_map(|change| change.after).min(),
            ..News::default()
        };
        let written = match Encoded::new(commit) {
            Ok(encoded) => commit::commit(self, &encoded).await,
            Err(error) => Err(error),
        };
        if let (Presence::Among(member), Ok(Ok(_))) = (&self.presence, &written)
            && !news.is_none()
        {
            member.us().tell(news);
        }
        written.unwrap_or_else(|error| Err(CommitError::Failed(format!("{error:#}"))))
    }

    async fn settle(&self, id: u64, settlement: Settlement) -> Result<()> {
        messages::settle(self, id, settlement).await
    }

    async fn projects(&self) -> Result<Vec<ProjectId>> {
        reading::projects(self).await
    }

    async fn load(&self, project: ProjectId) -> Result<Stored> {
        reading::load(self, project).await
    }

    async fn due(&self, until: Timestamp, most: usize) -> Result<Vec<(Timestamp, RowKey)>> {
        reading::due(self, until, most).await
    }

    async fn next_wake(&self) -> Result<Option<Timestamp>> {
        Ok(reading::due(self, Timestamp::MAX, 1).await?.first().map(|(at, _)| *at))
    }

    async fn log(&self, project: ProjectId, key: Option<Key>, most: usize) -> Result<Vec<Entry>> {
        reading::log(self, project, key, most).await
    }

    async fn has_seen(&self, key: &str) -> Result<bool> {
        let (now, nanos) = split(self.now());
        let seen = "SELECT 1 FROM seen WHERE mark = $1 AND (until, nanos) > ($2, $3)";
        Ok(!self.ask(seen, &[&super::name::short(key), &now, &nanos]).await?.is_empty())
    }

    async fn outgoing(&self) -> Result<Vec<Outgoing>> {
        messages::all(self).await
    }

    async fn about(&self, message: &MessageId) -> Result<Option<About>> {
        messages::about(self, message).await
    }

    async fn dead_letters(&self) -> Result<Vec<DeadLetter>> {
        messages::dead_letters(self).await
    }

    async fn revive(&self, id: u64) -> Result<Option<Outgoing>> {
        messages::revive(self, id).await
    }

    async fn forget(&self, id: u64) -> Result<bool> {
        messages::forget(self, id).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<usize> {
        {
            let mut latest = self.now.lock().expect("nothing panics while holding a time");
            *latest = now.max(*latest);
        }
        reading::sweep(self, now).await
    }

    async fn chat_append(&self, room: &str, key: &str, value: Vec<u8>) -> Result<u64> {
        chat::append(self, room, key, &value).await
    }

    async fn chat_since(&self, room: &str, after: u64, most: usize) -> Result<Vec<ChatLine>> {
        chat::since(self, room, after, most).await
    }

    async fn chat_rooms(&self) -> Result<Vec<String>> {
        chat::rooms(self).await
    }

    async fn writable(&self) -> Result<()> {
        let client = self.writing().await?;
        let row = client.query_one("SELECT pg_is_in_recovery()", &[]).await.told()?;
        ensure!(!row.get::<_, bool>(0), "the database is a standby, which takes no writes");
        Ok(())
    }

    async fn verify(&self) -> Result<Findings> {
        reading::verify(self).await
    }

    async fn adopt(&self, copies: Vec<DossierCopy>) -> Result<()> {
        pieces::adopt(self, copies).await
    }

    async fn backup(&self, to: &Path) -> Result<u64> {
        backup::backup(self, to).await
    }
}
