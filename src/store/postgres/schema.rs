//! The tables, and how an older database becomes a newer one.
//!
//! Steps are only ever added, each in a transaction of its own: tables, columns, indexes and views, nothing that an
//! earlier version of the program would stumble over. They run at the start, under the lock by which only one
//! process has the store. A database that is ahead of this program is refused.

use anyhow::{Context, Result, ensure};
use deadpool_postgres::ClientWrapper;

use super::connection::Told;

/// The steps in their order; the schema's version is how many were taken.
const STEPS: &[&str] = &[include_str!("schema/1_tables.sql"), include_str!("schema/2_views.sql")];

/// Takes the steps that were not taken yet.
///
/// # Errors
/// The schema is of a newer version of this program, or the database refused a step.
pub(super) async fn migrate(client: &mut ClientWrapper) -> Result<()> {
    client
        .batch_execute("CREATE TABLE IF NOT EXISTS store_state (name text PRIMARY KEY, value text NOT NULL)")
        .await
        .told()
        .context("making the table of the store's state")?;
    let taken = state(client, "schema").await?;
    let taken: usize = taken.map_or(Ok(0), |taken| taken.parse()).context("store_state.schema")?;
    ensure!(
        taken <= STEPS.len(),
        "the store in this database was written by a newer version of this program (schema {taken}, this one \
         knows {})",
        STEPS.len()
    );
    for (step, version) in STEPS.iter().zip(1..).skip(taken) {
        let transaction = client.transaction().await.told()?;
        let told = format!("taking the schema to version {version}");
        // An index of a large table takes its time.
        transaction.batch_execute("SET LOCAL statement_timeout = 0").await.told()?;
        transaction.batch_execute(step).await.told().context(told)?;
        let set = "INSERT INTO store_state VALUES ('schema', $1) ON CONFLICT (name) DO UPDATE SET value = $1";
        transaction.execute(set, &[&version.to_string()]).await.told()?;
        transaction.commit().await.told()?;
        tracing::info!("the store's schema has version {version} now");
    }
    Ok(())
}

/// A value that the store knows of itself.
pub(super) async fn state(client: &tokio_postgres::Client, name: &str) -> Result<Option<String>> {
    let row = client.query_opt("SELECT value FROM store_state WHERE name = $1", &[&name]).await.told()?;
    Ok(row.map(|row| row.get(0)))
}
