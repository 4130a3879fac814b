//! A decision in one transaction, in two rounds: what may refuse it, and what it writes.
//!
//! The statements of a round are sent without waiting for each other. Marks come first and guards behind them in the
//! order of their projects, so that two commits never wait for each other; where the database finds that they do, or
//! cannot put them into an order, the decision is written again.

use anyhow::{Result, bail};
use futures_util::future::{join_all, join3, join4, join5};
use tokio_postgres::Error;

use super::{
    PostgresStore,
    connection::{Told, fault, is_worth_repeating},
    encoded::{Encoded, signed, split},
    tables::Statements,
    transaction::Transaction,
};
use crate::store::{CommitError, Committed};

const SEEN: &str = "INSERT INTO seen (mark, until, nanos) \
     SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::int4[]) \
     ON CONFLICT (mark) DO UPDATE SET until = excluded.until, nanos = excluded.nanos \
     WHERE (seen.until, seen.nanos) <= ($4, $5)";
const RAISE: &str = "UPDATE dossiers SET version = version + 1 WHERE project = $1 AND version = $2";
const MAKE: &str = "INSERT INTO dossiers (project, version) VALUES ($1, 1) ON CONFLICT DO NOTHING";
pub(super) const LOG_NUMBERS: &str = "SELECT nextval('log_numbers') FROM generate_series(1, $1::bigint)";
const OUTGOING_IDS: &str = "SELECT nextval('outgoing_ids') FROM generate_series(1, $1::bigint)";

/// How often a decision is written again where others were in the way.
const TRIES: usize = 8;

/// Writes a decision.
pub(super) async fn commit(
    store: &PostgresStore,
    encoded: &Encoded,
) -> Result<Result<Committed, CommitError>> {
    let mut tries = 0;
    loop {
        tries += 1;
        match attempt(store, encoded).await {
            Ok(done) => return Ok(done),
            Err(Trouble::Repeat(_)) if tries < TRIES => {}
            Err(Trouble::Out(name)) if tries < TRIES => store.presence.lost(&name).await?,
            Err(Trouble::Out(_)) => bail!("this process lost its place among those who have the store"),
            Err(Trouble::Repeat(error) | Trouble::Failed(error)) => return Err(error),
        }
    }
}

/// Why a try was not written.
enum Trouble {
    /// Others were in the way.
    Repeat(anyhow::Error),
    /// Under this name we no longer have the store. Nothing was written.
    Out(String),
    /// It may or may not have been written.
    Failed(anyhow::Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let told = fault(&error);
        if is_worth_repeating(&error) { Self::Repeat(told) } else { Self::Failed(told) }
    }
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

async fn attempt(
    store: &PostgresStore,
    encoded: &Encoded,
) -> Result<Result<Committed, CommitError>, Trouble> {
    store.presence.ensure(&store.pool).await?;
    let name = store.presence.name();
    let transaction = Transaction::take(&store.pool).await?;
    let client = transaction.client()?;
    let prepared = async |sql: &str| client.prepare_cached(sql).await;
    let (fence, seen) = (prepared(store.presence.fence()).await?, prepared(SEEN).await?);
    let (raise, make) = (prepared(RAISE).await?, prepared(MAKE).await?);
    let (log_numbers, outgoing_ids) = (prepared(LOG_NUMBERS).await?, prepared(OUTGOING_IDS).await?);
    let statements = Statements::of(client).await?;

    let marks = encoded.marks.len() as u64;
    let (now, now_nanos) = split(store.now());
    let mark = async {
        if marks == 0 {
            return Ok(0);
        }
        let until = &encoded.until;
        client.execute(&seen, &[&encoded.marks, &until.at, &until.nanos, &now, &now_nanos]).await
    };
    let (raise, make) = (&raise, &make);
    let guards = encoded.guards.iter().map(|(project, version)| async move {
        let project = i64::from(project.0);
        match *version {
            0 => client.execute(make, &[&project]).await,
            version => client.execute(raise, &[&project, &signed(version)]).await,
        }
    });
    let numbers = async |statement, count: usize| match count {
        0 => Ok(Vec::new()),
        count => client.query(statement, &[&(count as i64)]).await,
    };
    let (log, outgoing) = (encoded.log.projects.len(), encoded.outgoing.messages.len());
    let (begun, holder, marked, raised, (log, outgoing)) = join5(
        client.batch_execute("BEGIN"),
        client.query_opt(&fence, &[&name]),
        mark,
        join_all(guards),
        futures_util::future::join(numbers(&log_numbers, log), numbers(&outgoing_ids, outgoing)),
    )
    .await;
    begun?;
    if holder?.is_none() {
        transaction.roll_back().await?;
        return Err(Trouble::Out(name));
    }
    // A replay is also stale as a rule; that it was carried out is what its sender needs to know.
    let mut refused = (marked? < marks).then_some(CommitError::SeenBefore);
    for ((project, _), raised) in encoded.guards.iter().zip(raised) {
        if raised? == 0 {
            refused = refused.or(Some(CommitError::Stale(*project)));
        }
    }
    if let Some(refused) = refused {
        transaction.roll_back().await?;
        return Ok(Err(refused));
    }
    let ids = |rows: Vec<tokio_postgres::Row>| {
        let mut ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        ids.sort_unstable();
        ids
    };
    let (log, outgoing) = (ids(log?), ids(outgoing?));

    let (rows, wakes, (appended, indexed, sent), committed) = join4(
        futures_util::future::join(
            statements.put_rows(client, &encoded.rows),
            statements.remove_rows(client, &encoded.removed),
        ),
        futures_util::future::join(
            statements.wake(client, &encoded.wakes, &encoded.wakes_at),
            statements.put_to_sleep(client, &encoded.asleep),
        ),
        join3(
            statements.append(client, &encoded.log, &log),
            statements.index(client, &encoded.log, &log),
            statements.send_off(client, &encoded.outgoing, &outgoing),
        ),
        client.batch_execute("COMMIT"),
    )
    .await;
    // In the order in which they were sent: after the first that fails the others fail because of it, and a `COMMIT`
    // behind it takes everything back without a word.
    for done in [rows.0, rows.1, wakes.0, wakes.1, appended, indexed, sent, committed] {
        done?;
    }
    transaction.ended();
    Ok(Ok(Committed { outgoing: outgoing.into_iter().map(|id| id as u64).collect() }))
}

/// Takes so many numbers of the log.
pub(super) async fn log_numbers(client: &tokio_postgres::Client, count: usize) -> Result<Vec<i64>> {
    let rows = client.query(LOG_NUMBERS, &[&(count as i64)]).await.told()?;
    let mut numbers: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}
