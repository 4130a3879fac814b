//! One process alone has the store: an advisory lock for as long as it lives, which those who share it share.
//!
//! The lock belongs to a connection of its own. Where that breaks the lock is taken again before the next write. A row
//! names whoever took it last, so that a process which lost it to another one meanwhile notices and stops writing.

use anyhow::{Context, Result, bail, ensure};
use deadpool_postgres::{ClientWrapper, Object, Pool};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use tokio_postgres::Client;

use super::{
    connection::{Told, knows_no, take},
    schema,
};

/// The first half of the lock's name; the second is the schema's.
pub(super) const LOCK: i32 = 0x4A44_0001;
/// How often the lock is tried for, and how long between: the connection of a process that just ended may
/// linger that long.
pub(super) const TRIES: usize = 40;
pub(super) const BETWEEN: std::time::Duration = std::time::Duration::from_millis(100);

/// The lock.
pub(super) struct Held {
    schema: i32,
    /// Who we are, in `store_state`.
    pub(super) name: String,
    /// The connection that has the lock. An async lock, since taking it anew waits for the database; held for a look.
    connection: Mutex<ClientWrapper>,
}

impl Held {
    /// Takes the lock and brings the schema up to date.
    ///
    /// # Errors
    /// Another process has the store.
    pub(super) async fn take(pool: &Pool) -> Result<Self> {
        let mut connection = Object::take(take(pool).await?);
        let schema = schema_of(&connection).await?;
        let mut tries = 0;
        while !try_lock(&connection, schema).await? {
            tries += 1;
            ensure!(
                tries < TRIES,
                "another process has the store in this database; stop it first, only one can have it"
            );
            tokio::time::sleep(BETWEEN).await;
        }
        schema::migrate(&mut connection).await?;
        // One whose connection broke is a member still, and may come back.
        tries = 0;
        while any_member(&connection).await? {
            tries += 1;
            ensure!(
                tries < 4 * TRIES,
                "other processes have the store in this database; stop them first, only one can have it for this"
            );
            tokio::time::sleep(BETWEEN).await;
        }
        connection.batch_execute("DELETE FROM members; DELETE FROM leases").await.told()?;
        let name = random_name()?;
        let set = "INSERT INTO store_state VALUES ('holder', $1) ON CONFLICT (name) DO UPDATE SET value = $1";
        connection.execute(set, &[&name]).await.told()?;
        Ok(Self { schema, name, connection: Mutex::new(connection) })
    }

    /// Sees to it that the lock is ours.
    ///
    /// # Errors
    /// The database cannot be reached, or another process took the store over.
    pub(super) async fn ensure(&self, pool: &Pool) -> Result<()> {
        let mut connection = self.connection.lock().await;
        if !connection.is_closed() {
            return Ok(());
        }
        let fresh = Object::take(take(pool).await?);
        if !try_lock(&fresh, self.schema).await? {
            bail!("the lock on the store is not free yet, or another process took the store over");
        }
        ensure!(
            schema::state(&fresh, "holder").await?.as_deref() == Some(self.name.as_str()),
            "another process took the store over; this one must be started anew"
        );
        tracing::info!("the database is back");
        *connection = fresh;
        Ok(())
    }
}

/// A number for the schema in which the tables are.
pub(super) async fn schema_of(client: &Client) -> Result<i32> {
    let row = client.query_one("SELECT current_schema()::text", &[]).await.told()?;
    let schema: Option<String> = row.get(0);
    let schema = schema.context("the address names no schema in which tables can be made")?;
    let [first, second, third, fourth, ..]: [u8; 32] = Sha256::digest(schema).into();
    Ok(i32::from_be_bytes([first, second, third, fourth]))
}

/// A name that nobody has.
pub(super) fn random_name() -> Result<String> {
    let mut name = [0; 16];
    getrandom::fill(&mut name).context("no random bytes")?;
    Ok(name.iter().map(|byte| format!("{byte:02x}")).collect())
}

async fn any_member(connection: &ClientWrapper) -> Result<bool> {
    let any = "SELECT EXISTS (SELECT 1 FROM members WHERE alive_until > clock_timestamp())";
    Ok(connection.query_one(any, &[]).await.told()?.get(0))
}

async fn try_lock(connection: &Client, schema: i32) -> Result<bool> {
    lock(connection, "SELECT pg_try_advisory_lock($1, $2)", schema).await
}

/// The lock as a member has it.
pub(super) async fn try_lock_shared(connection: &Client, schema: i32) -> Result<bool> {
    lock(connection, "SELECT pg_try_advisory_lock_shared($1, $2)", schema).await
}

async fn lock(connection: &Client, sql: &str, schema: i32) -> Result<bool> {
    match connection.query_one(sql, &[&LOCK, &schema]).await {
        Err(error) if knows_no(&error) => {
            tracing::warn!(
                "this database knows no advisory locks: nothing keeps a process that wants the store for itself, as \
                 `restore` and `migrate` do, from those that share it"
            );
            Ok(true)
        }
        locked => Ok(locked.told()?.get(0)),
    }
}
