//! The tables, and how an older database becomes a newer one.
//!
//! Steps are only ever added, each in a transaction of its own: tables, columns, indexes and views, nothing that an
//! earlier version of the program that is running would stumble over. They run at the start, under a lock on the row
//! that counts them. A program that starts on a database which is ahead of it is refused.

use anyhow::{Context, Result, ensure};
use tokio_postgres::Client;

use super::connection::Told;

/// The steps in their order; the schema's version is how many were taken.
const STEPS: &[&str] = &[
    include_str!("schema/1_tables.sql"),
    include_str!("schema/2_views.sql"),
    include_str!("schema/3_members.sql"),
    include_str!("schema/4_generations.sql"),
];

/// Goes before the third step where messages have no lane: what is written into a column in the transaction that makes
/// it not every database takes, and no new one needs.
const TARGETS: &str = include_str!("schema/3_targets.sql");
const HAS_TARGETS: &str = "SELECT 1 FROM information_schema.columns \
     WHERE table_schema = current_schema() AND table_name = 'outgoing' AND column_name = 'target'";

/// Takes the steps that were not taken yet. Of several processes that start at once one takes each, and the others
/// wait for it.
///
/// # Errors
/// The schema is of a newer version of this program, or the database refused a step.
pub(super) async fn migrate(client: &mut Client) -> Result<()> {
    let state = "CREATE TABLE IF NOT EXISTS store_state (name text PRIMARY KEY, value text NOT NULL); \
         INSERT INTO store_state VALUES ('schema', '0') ON CONFLICT DO NOTHING";
    // Two who make a table at the same moment: the second one finds it.
    if client.batch_execute(state).await.is_err() {
        client.batch_execute(state).await.told().context("making the table of the store's state")?;
    }
    loop {
        let transaction = client.transaction().await.told()?;
        // An index of a large table takes its time, and so does waiting for whoever makes it.
        let patient = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0";
        transaction.batch_execute(patient).await.told()?;
        let taken = "SELECT value FROM store_state WHERE name = 'schema' FOR UPDATE";
        let taken: String = transaction.query_one(taken, &[]).await.told()?.get(0);
        let taken: usize = taken.parse().context("store_state.schema")?;
        ensure!(
            taken <= STEPS.len(),
            "the store in this database was written by a newer version of this program (schema {taken}, this one \
             knows {})",
            STEPS.len()
        );
        let Some(step) = STEPS.get(taken) else { return Ok(()) };
        let version = taken + 1;
        let told = format!("taking the schema to version {version}");
        if version == 3 && transaction.query_opt(HAS_TARGETS, &[]).await.told()?.is_none() {
            transaction.batch_execute(TARGETS).await.told().context(told.clone())?;
        }
        transaction.batch_execute(step).await.told().context(told)?;
        let set = "UPDATE store_state SET value = $1 WHERE name = 'schema'";
        transaction.execute(set, &[&version.to_string()]).await.told()?;
        transaction.commit().await.told()?;
        tracing::info!("the store's schema has version {version} now");
    }
}

/// A value that the store knows of itself.
pub(super) async fn state(client: &Client, name: &str) -> Result<Option<String>> {
    let row = client.query_opt("SELECT value FROM store_state WHERE name = $1", &[&name]).await.told()?;
    Ok(row.map(|row| row.get(0)))
}
