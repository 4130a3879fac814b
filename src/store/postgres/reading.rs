//! Questions about dossiers, wakes, logs and marks, and whether all is well.

use anyhow::Result;
use jiff::Timestamp;

use super::{
    PostgresStore,
    connection::{Told, take},
    encoded::{joined, place, placed, signed, split},
    messages::read,
};
use crate::store::{Entry, Findings, Key, ProjectId, RowKey, Stored, Transfer};

/// How much one step of a sweep forgets, so that commits get in between.
const SWEPT_AT_ONCE: i64 = 500;
/// How many pieces are looked at together.
const PAGE: usize = 1_000;

/// All dossiers that exist.
pub(super) async fn projects(store: &PostgresStore) -> Result<Vec<ProjectId>> {
    let rows = store.ask("SELECT project FROM dossiers ORDER BY project", &[]).await?;
    rows.iter().map(|row| Ok(ProjectId(row.get::<_, i64>(0).try_into()?))).collect()
}

/// One dossier. One statement, so that version and rows are of one moment.
pub(super) async fn load(store: &PostgresStore, project: ProjectId) -> Result<Stored> {
    let dossier = "SELECT dossiers.version, rows.letter, rows.number, rows.value FROM dossiers \
         LEFT JOIN rows ON rows.project = dossiers.project WHERE dossiers.project = $1";
    let found = store.ask(dossier, &[&i64::from(project.0)]).await?;
    let version = found.first().map_or(0, |row| row.get::<_, i64>(0));
    let mut rows = Vec::with_capacity(found.len());
    for row in &found {
        if let Some(letter) = row.get::<_, Option<&str>>(1) {
            rows.push((placed(project.0.into(), letter, row.get(2))?.key, row.get(3)));
        }
    }
    rows.sort_unstable_by_key(|(key, _)| *key);
    Ok(Stored { version: version.try_into()?, rows })
}

/// The earliest wakes.
pub(super) async fn due(
    store: &PostgresStore,
    until: Timestamp,
    most: usize,
) -> Result<Vec<(Timestamp, RowKey)>> {
    let (until, nanos) = split(until);
    let wakes = "SELECT at, nanos, project, letter, number FROM wakes WHERE (at, nanos) <= ($1, $2) \
         ORDER BY at, nanos, project, letter, number LIMIT $3";
    let rows = store.ask(wakes, &[&until, &nanos, &signed(most as u64)]).await?;
    rows.iter()
        .map(|row| Ok((joined(row.get(0), row.get(1))?, placed(row.get(2), row.get(3), row.get(4))?)))
        .collect()
}

/// The newest log entries of a project, or of one record.
pub(super) async fn log(
    store: &PostgresStore,
    project: ProjectId,
    key: Option<Key>,
    most: usize,
) -> Result<Vec<Entry>> {
    let most = signed(most as u64);
    let rows = match key {
        None => {
            let all = "SELECT entry FROM log WHERE project = $1 ORDER BY number DESC LIMIT $2";
            store.ask(all, &[&i64::from(project.0), &most]).await?
        }
        Some(key) => {
            let (project, letter, number) = place(RowKey { project, key });
            let of = "SELECT log.entry FROM log_of \
                 JOIN log ON log.project = log_of.project AND log.number = log_of.number \
                 WHERE log_of.project = $1 AND log_of.letter = $2 AND log_of.of = $3 \
                 ORDER BY log_of.number DESC LIMIT $4";
            store.ask(of, &[&project, &letter, &number, &most]).await?
        }
    };
    rows.iter().map(|row| read(row.get(0))).collect()
}

/// Forgets marks and messages that ended by `now`; returns how many.
pub(super) async fn sweep(store: &PostgresStore, now: Timestamp) -> Result<usize> {
    const SEEN: &str = "DELETE FROM seen WHERE mark IN \
         (SELECT mark FROM seen WHERE (until, nanos) <= ($1, $2) ORDER BY until, nanos LIMIT $3)";
    const ABOUT: &str = "DELETE FROM about WHERE message IN \
         (SELECT message FROM about WHERE (until, nanos) <= ($1, $2) ORDER BY until, nanos LIMIT $3)";
    let (now, nanos) = split(now);
    let mut swept = 0;
    for sql in [SEEN, ABOUT] {
        loop {
            let client = store.writing().await?;
            let statement = client.prepare_cached(sql).await.told()?;
            let step = client.execute(&statement, &[&now, &nanos, &SWEPT_AT_ONCE]).await.told()?;
            swept += usize::try_from(step)?;
            if step < SWEPT_AT_ONCE as u64 {
                break;
            }
        }
    }
    Ok(swept)
}

/// Settings of the server with which a power cut loses what was acknowledged.
pub(super) async fn weaknesses(store: &PostgresStore) -> Result<Vec<String>> {
    let client = take(&store.pool).await?;
    let mut weaknesses = Vec::new();
    for setting in ["fsync", "full_page_writes"] {
        let row = client.query_one("SELECT current_setting($1, true)", &[&setting]).await.told()?;
        if row.get::<_, Option<&str>>(0) == Some("off") {
            weaknesses.push(format!(
                "the database runs with {setting} = off: a power cut there loses what was acknowledged"
            ));
        }
    }
    Ok(weaknesses)
}

/// Reads everything, and every index against what it indexes.
pub(super) async fn verify(store: &PostgresStore) -> Result<Findings> {
    const WRONG: [(&str, &str); 3] = [
        (
            "SELECT count(*) FROM rows WHERE NOT EXISTS \
             (SELECT 1 FROM dossiers WHERE dossiers.project = rows.project)",
            "rows belong to no dossier",
        ),
        (
            "SELECT count(*) FROM log_of WHERE NOT EXISTS (SELECT 1 FROM log \
             WHERE log.project = log_of.project AND log.number = log_of.number)",
            "entries are missing from the log",
        ),
        (
            "SELECT count(*) FROM chat_lines WHERE NOT EXISTS \
             (SELECT 1 FROM chat_rooms WHERE chat_rooms.room = chat_lines.room)",
            "lines belong to no chat",
        ),
    ];
    let mut findings = Findings { warnings: store.warnings.clone(), ..Findings::default() };
    for (sql, wrong) in WRONG {
        let count: i64 = store.ask(sql, &[]).await?.first().map_or(0, |row| row.get(0));
        if count > 0 {
            findings.warnings.push(format!("{count} {wrong}"));
        }
    }
    let counted = "SELECT (SELECT count(*) FROM rows), (SELECT count(*) FROM dossiers), \
         (SELECT count(*) FROM outgoing), (SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint \
         FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r')";
    if let Some(row) = store.ask(counted, &[]).await?.first() {
        let number = |at: usize| u64::try_from(row.get::<_, i64>(at));
        (findings.rows, findings.projects) = (number(0)?, number(1)?);
        (findings.outgoing, findings.bytes) = (number(2)?, number(3)?);
    }
    let mut after = None;
    loop {
        match store.pieces(after, PAGE).await {
            Ok(page) if page.next.is_none() => break,
            Ok(page) => after = page.next,
            Err(error) => {
                findings.warnings.push(format!("{error:#}"));
                break;
            }
        }
    }
    Ok(findings)
}
