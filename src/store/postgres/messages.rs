//! Messages on their way out, dead letters, and what delivered ones spoke of. Each change is one statement.

use anyhow::{Context, Result, anyhow, ensure};
use serde::de::DeserializeOwned;
use tokio_postgres::{Row, types::ToSql};

use super::{
    PostgresStore,
    columns::without_nul,
    connection::Told,
    encoded::{joined, placed, signed, split},
    leases::lane_of,
};
use crate::{
    chat::MessageId,
    store::{About, DeadLetter, Outgoing, Settlement, name},
};

/// `OURS` stands for: it is the message `$1`, and nobody but us, who are `$2`, has its lane. Whoever lost a lane to
/// another process settles nothing in it any more.
const TRYING: &str = "UPDATE outgoing SET tries = $3 WHERE OURS";
const BUNDLED: &str = "WITH head AS (UPDATE outgoing SET bundled = $3 WHERE OURS RETURNING id), \
     parts AS (DELETE FROM outgoing WHERE id = ANY ($4) AND id <> $1 AND EXISTS (SELECT 1 FROM head)) \
     SELECT 1 FROM head";
const DROPPED: &str = "DELETE FROM outgoing WHERE OURS";
const DELIVERED: &str = "WITH gone AS (DELETE FROM outgoing WHERE OURS RETURNING id) \
     INSERT INTO about (message, project, letter, number, until, nanos) \
     SELECT $3, $4, $5, $6, $7, $8 FROM gone \
     ON CONFLICT (message) DO UPDATE SET project = excluded.project, letter = excluded.letter, \
         number = excluded.number, until = excluded.until, nanos = excluded.nanos";
const DEAD: &str = "WITH gone AS (DELETE FROM outgoing WHERE OURS RETURNING id, message, tries, bundled) \
     INSERT INTO dead_letters (id, message, tries, bundled, why, at, nanos) \
     SELECT id, message, tries, bundled, $3, $4, $5 FROM gone";
const OURS: &str = "id = $1 AND NOT EXISTS (SELECT 1 FROM leases JOIN members ON members.name = leases.member \
     WHERE leases.name = outgoing.target AND leases.member <> $2)";
const LETTER: &str = "SELECT message FROM dead_letters WHERE id = $1";
const REVIVE: &str = "WITH back AS (DELETE FROM dead_letters WHERE id = $1 RETURNING id, message, bundled) \
     INSERT INTO outgoing (id, message, tries, bundled, target) SELECT id, message, 0, bundled, $2 FROM back \
     RETURNING id, message, tries, bundled";

/// Writes what became of a message.
pub(super) async fn settle(store: &PostgresStore, id: u64, settlement: Settlement) -> Result<()> {
    let id = signed(id);
    match settlement {
        Settlement::Trying(tries) => ours(store, id, TRYING, &[&i64::from(tries)]).await,
        Settlement::Bundled(bundled) => {
            let ids: Vec<i64> = bundled.iter().map(|part| signed(part.id)).collect();
            ours(store, id, BUNDLED, &[&serde_json::to_string(&bundled)?, &ids]).await
        }
        Settlement::Delivered { message: Some(message), about: Some(about), until } => {
            let (project, letter) = (i64::from(about.project.0), about.key.letter.to_string());
            let number = i64::from(about.key.number);
            let (until, nanos) = split(until);
            let message = name::short(&message.0);
            ours(store, id, DELIVERED, &[&message, &project, &letter, &number, &until, &nanos]).await
        }
        Settlement::Dropped | Settlement::Delivered { .. } => ours(store, id, DROPPED, &[]).await,
        Settlement::Dead { why, at } => {
            let (at, nanos) = split(at);
            ours(store, id, DEAD, &[&without_nul(&why), &at, &nanos]).await
        }
    }
}

async fn ours(store: &PostgresStore, id: i64, sql: &str, with: &[&(dyn ToSql + Sync)]) -> Result<()> {
    let us = store.presence.name();
    let with = [&[&id as &(dyn ToSql + Sync), &us], with].concat();
    if run(store, &sql.replace("OURS", OURS), &with).await? == 0 {
        let there = store.ask("SELECT 1 FROM outgoing WHERE id = $1", &[&id]).await?;
        ensure!(there.is_empty(), "another process says what goes there now");
    }
    Ok(())
}

/// Puts a dead letter back on its way.
pub(super) async fn revive(store: &PostgresStore, id: u64) -> Result<Option<Outgoing>> {
    let id = signed(id);
    let letters = store.ask(LETTER, &[&id]).await?;
    let Some(letter) = letters.first() else { return Ok(None) };
    let target = lane_of(&read::<Outgoing>(letter.get(0))?.to)?;
    let client = store.writing().await?;
    let statement = client.prepare_cached(REVIVE).await.told()?;
    let row = client.query_opt(&statement, &[&id, &target]).await.told()?;
    row.map(|row| outgoing(&row, 0)).transpose()
}

/// Forgets a dead letter; whether there was one.
pub(super) async fn forget(store: &PostgresStore, id: u64) -> Result<bool> {
    Ok(run(store, "DELETE FROM dead_letters WHERE id = $1", &[&signed(id)]).await? > 0)
}

/// All that wait, in order.
pub(super) async fn all(store: &PostgresStore) -> Result<Vec<Outgoing>> {
    let rows = store.ask("SELECT id, message, tries, bundled FROM outgoing ORDER BY id", &[]).await?;
    rows.iter().map(|row| outgoing(row, 0)).collect()
}

/// All dead letters, oldest first.
pub(super) async fn dead_letters(store: &PostgresStore) -> Result<Vec<DeadLetter>> {
    let dead = "SELECT id, message, tries, bundled, why, at, nanos FROM dead_letters ORDER BY at, nanos, id";
    store.ask(dead, &[]).await?.iter().map(|row| dead_letter(row, 0)).collect()
}

/// What a message spoke of.
pub(super) async fn about(store: &PostgresStore, message: &MessageId) -> Result<Option<About>> {
    let (now, nanos) = split(store.now());
    let told = "SELECT project, letter, number FROM about WHERE message = $1 AND (until, nanos) > ($2, $3)";
    let rows = store.ask(told, &[&name::short(&message.0), &now, &nanos]).await?;
    let about = rows.first().map(|row| {
        let row = placed(row.get(0), row.get(1), row.get(2))?;
        anyhow::Ok(About { project: row.project, key: row.key })
    });
    about.transpose()
}

/// The message of a row whose columns from `at` on are `id, message, tries, bundled`.
pub(super) fn outgoing(row: &Row, at: usize) -> Result<Outgoing> {
    Ok(Outgoing {
        id: row.get::<_, i64>(at).try_into()?,
        tries: row.get::<_, i64>(at + 2).try_into()?,
        bundled: read(row.get(at + 3))?,
        ..read(row.get(at + 1))?
    })
}

/// The dead letter of such a row with `why, at, nanos` behind.
pub(super) fn dead_letter(row: &Row, at: usize) -> Result<DeadLetter> {
    let (outgoing, why) = (outgoing(row, at)?, row.get(at + 4));
    Ok(DeadLetter { outgoing, why, at: joined(row.get(at + 5), row.get(at + 6))? })
}

/// Reads JSON. The error names no value: that would be what people said.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| anyhow!("a stored value does not have the form that was expected"))
}

async fn run(store: &PostgresStore, sql: &str, with: &[&(dyn ToSql + Sync)]) -> Result<u64> {
    let client = store.writing().await?;
    let statement = client.prepare_cached(sql).await.told().context("preparing a statement")?;
    client.execute(&statement, with).await.told()
}
