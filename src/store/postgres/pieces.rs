//! Everything piece by piece, out of the tables and into them; and dossiers from elsewhere.

use anyhow::{Context, Result, bail};
use deadpool_postgres::ClientWrapper;
use serde::{Deserialize, Serialize};
use tokio_postgres::{Row, types::ToSql};

use super::{
    PostgresStore,
    commit::log_numbers,
    connection::{Told, take},
    encoded::{Log, Moments, Places, Rows, joined, placed, signed},
    messages::{dead_letter, outgoing, read},
    schema::state,
    tables::{Statements, put_messages},
    transaction::Transaction,
};
use crate::store::{Bytes, Counters, DossierCopy, Entry, Move, Page, Piece, ProjectId, RowKey, Transfer};

/// A table as pieces are read from it.
struct Table {
    name: &'static str,
    /// What it is sorted by, and how that is written as text and read again.
    keys: &'static [(&'static str, Sort)],
    columns: &'static str,
    /// The piece of a row, whose columns begin at 1.
    piece: fn(&Row) -> Result<Piece>,
}

#[derive(Clone, Copy)]
enum Sort {
    Number,
    Letter,
    Name,
}

use Sort::{Letter, Name, Number};

const RECORD: &[(&str, Sort)] = &[("project", Number), ("letter", Letter), ("number", Number)];

const TABLES: [Table; 10] = [
    Table {
        name: "dossiers",
        keys: &[("project", Number)],
        columns: "project, version",
        piece: |row| Ok(Piece::Version { project: project(row, 1)?, version: number(row, 2)? }),
    },
    Table {
        name: "rows",
        keys: RECORD,
        columns: "project, letter, number, value",
        piece: |row| {
            let RowKey { project, key } = record(row, 1)?;
            Ok(Piece::Row { project, key, value: bytes(row, 4) })
        },
    },
    Table {
        name: "wakes",
        keys: RECORD,
        columns: "project, letter, number, at, nanos",
        piece: |row| {
            let RowKey { project, key } = record(row, 1)?;
            Ok(Piece::Wake { project, key, at: joined(row.get(4), row.get(5))? })
        },
    },
    Table {
        name: "log",
        keys: &[("project", Number), ("number", Number)],
        columns: "project, number, entry",
        piece: |row| {
            let entry = Bytes(row.get::<_, String>(3).into_bytes());
            Ok(Piece::Entry { project: project(row, 1)?, number: number(row, 2)?, entry })
        },
    },
    Table {
        name: "seen",
        keys: &[("mark", Name)],
        columns: "mark, until, nanos",
        piece: |row| Ok(Piece::Seen { mark: bytes(row, 1), until: joined(row.get(2), row.get(3))? }),
    },
    Table {
        name: "about",
        keys: &[("message", Name)],
        columns: "message, project, letter, number, until, nanos",
        piece: |row| {
            let RowKey { project, key } = record(row, 2)?;
            Ok(Piece::About { message: bytes(row, 1), project, key, until: joined(row.get(5), row.get(6))? })
        },
    },
    Table {
        name: "outgoing",
        keys: &[("id", Number)],
        columns: "id, message, tries, bundled",
        piece: |row| Ok(Piece::Outgoing { outgoing: outgoing(row, 1)? }),
    },
    Table {
        name: "dead_letters",
        keys: &[("id", Number)],
        columns: "id, message, tries, bundled, why, at, nanos",
        piece: |row| Ok(Piece::Dead { letter: dead_letter(row, 1)? }),
    },
    Table {
        name: "chat_rooms",
        keys: &[("room", Name)],
        columns: "room, name, newest",
        piece: |row| {
            let name = String::from_utf8(row.get(2)).context("a chat's name is no text")?;
            Ok(Piece::Room { room: bytes(row, 1), name, newest: number(row, 3)? })
        },
    },
    Table {
        name: "chat_lines",
        keys: &[("room", Name), ("number", Number)],
        columns: "room, number, name, value",
        piece: |row| {
            let (room, number) = (bytes(row, 1), number(row, 2)?);
            Ok(Piece::Line { room, number, name: bytes(row, 3), value: bytes(row, 4) })
        },
    },
];

fn project(row: &Row, at: usize) -> Result<ProjectId> {
    Ok(ProjectId(row.get::<_, i64>(at).try_into()?))
}

fn record(row: &Row, at: usize) -> Result<RowKey> {
    placed(row.get(at), row.get(at + 1), row.get(at + 2))
}

fn number(row: &Row, at: usize) -> Result<u64> {
    Ok(row.get::<_, i64>(at).try_into()?)
}

fn bytes(row: &Row, at: usize) -> Bytes {
    Bytes(row.get(at))
}

impl Table {
    /// The question for what comes after a key, which is given as texts, or for what comes first.
    fn question(&self, after: bool) -> String {
        let all = |part: fn(usize, &str, Sort) -> String| {
            let parts = self.keys.iter().enumerate().map(|(at, (column, sort))| part(at + 1, column, *sort));
            parts.collect::<Vec<_>>().join(", ")
        };
        let texts = all(|_, column, sort| match sort {
            Number => format!("{column}::text"),
            Letter => column.to_owned(),
            Name => format!("encode({column}, 'hex')"),
        });
        let columns = all(|_, column, _| column.to_owned());
        let given = all(|at, _, sort| match sort {
            Number => format!("($2::text[])[{at}]::bigint"),
            Letter => format!("($2::text[])[{at}] COLLATE \"C\""),
            Name => format!("decode(($2::text[])[{at}], 'hex')"),
        });
        let behind = if after { format!("({columns}) > ({given})") } else { "$2::text[] IS NULL".to_owned() };
        format!(
            "SELECT ARRAY[{texts}]::text[], {} FROM {} WHERE {behind} ORDER BY {columns} LIMIT $1::bigint",
            self.columns, self.name
        )
    }
}

/// Where a page begins: in which table, and after what.
#[derive(Serialize, Deserialize)]
struct Place(usize, Option<Vec<String>>);

/// The next pieces as this connection sees them.
pub(super) async fn page(client: &ClientWrapper, after: Option<&str>, most: usize) -> Result<Page> {
    let Place(table, key) = match after {
        Some(after) => serde_json::from_str(after).context("no place in this store")?,
        None => Place(0, None),
    };
    let Some(Table { piece, .. }) = TABLES.get(table) else { bail!("no place in this store") };
    let question = client.prepare_cached(&TABLES[table].question(key.is_some())).await.told()?;
    let rows = client.query(&question, &[&signed(most as u64), &key]).await.told()?;
    let next = match rows.last() {
        Some(last) if rows.len() == most => Some(Place(table, Some(last.get(0)))),
        _ => Some(Place(table + 1, None)).filter(|next| next.0 < TABLES.len()),
    };
    let next = next.map(|next| serde_json::to_string(&next)).transpose()?;
    Ok(Page { pieces: rows.iter().map(piece).collect::<Result<_>>()?, next })
}

/// Takes everything out; within a transaction.
pub(super) async fn empty(client: &ClientWrapper) -> Result<()> {
    let names: Vec<&str> = TABLES.iter().map(|table| table.name).chain(["log_of"]).collect();
    client.batch_execute(&format!("TRUNCATE {}", names.join(", "))).await.told()
}

/// Puts pieces in their places; within a transaction.
pub(super) async fn put(client: &ClientWrapper, pieces: Vec<Piece>) -> Result<()> {
    let statements = Statements::of(client).await?;
    let (mut rows, mut wakes, mut at) = (Rows::default(), Places::default(), Moments::default());
    let (mut log, mut numbers) = (Log::default(), Vec::new());
    let mut messages = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Row { project, key, value } => rows.push(RowKey { project, key }, value.0),
            Piece::Wake { project, key, at: moment } => {
                wakes.push(RowKey { project, key });
                at.push(moment);
            }
            Piece::Entry { project, number, entry } => {
                let written = String::from_utf8(entry.0).context("a log entry is no text")?;
                let read: Entry = read(&written)?;
                log.push_written(project, &read, written);
                numbers.push(signed(number));
            }
            Piece::Outgoing { outgoing } => messages.push((outgoing, None)),
            Piece::Dead { letter } => messages.push((letter.outgoing, Some((letter.why, letter.at)))),
            Piece::Version { project, version } => {
                let version_of = "INSERT INTO dossiers VALUES ($1, $2) \
                     ON CONFLICT (project) DO UPDATE SET version = excluded.version";
                run(client, version_of, &[&i64::from(project.0), &signed(version)]).await?;
            }
            Piece::Seen { mark, until } => {
                let seen = "INSERT INTO seen VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
                let (until, nanos) = super::encoded::split(until);
                run(client, seen, &[&mark.0, &until, &nanos]).await?;
            }
            Piece::About { message, project, key, until } => {
                let (project, letter, number) = super::encoded::place(RowKey { project, key });
                let (until, nanos) = super::encoded::split(until);
                let about = "INSERT INTO about VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
                run(client, about, &[&message.0, &project, &letter, &number, &until, &nanos]).await?;
            }
            Piece::Room { room, name, newest } => {
                let chat = "INSERT INTO chat_rooms VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
                run(client, chat, &[&room.0, &name.as_bytes(), &signed(newest)]).await?;
            }
            Piece::Line { room, number, name, value } => {
                let line = "INSERT INTO chat_lines VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
                run(client, line, &[&room.0, &signed(number), &name.0, &value.0]).await?;
            }
        }
    }
    statements.put_rows(client, &rows).await.told()?;
    statements.wake(client, &wakes, &at).await.told()?;
    statements.append(client, &log, &numbers).await.told()?;
    statements.index(client, &log, &numbers).await.told()?;
    put_messages(client, messages).await
}

async fn run(client: &ClientWrapper, sql: &str, with: &[&(dyn ToSql + Sync)]) -> Result<u64> {
    let statement = client.prepare_cached(sql).await.told()?;
    client.execute(&statement, with).await.told()
}

/// What the sequences counted.
pub(super) async fn counters(client: &ClientWrapper) -> Result<Counters> {
    let counted = async |sequence: &str| -> Result<u64> {
        let last = format!("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}");
        let row = client.query_one(&last, &[]).await.told()?;
        Ok(row.get::<_, i64>(0).try_into()?)
    };
    Ok(Counters { outgoing: counted("outgoing_ids").await?, log: counted("log_numbers").await? })
}

/// Lets the sequences go on from there, never back.
pub(super) async fn count_from(client: &ClientWrapper, from: Counters) -> Result<()> {
    let now = counters(client).await?;
    for (sequence, now, from) in
        [("outgoing_ids", now.outgoing, from.outgoing), ("log_numbers", now.log, from.log)]
    {
        if from > now {
            run(client, &format!("SELECT setval('{sequence}', $1)"), &[&signed(from)]).await?;
        }
    }
    Ok(())
}

/// Writes dossiers from elsewhere, all or none.
pub(super) async fn adopt(store: &PostgresStore, copies: Vec<DossierCopy>) -> Result<()> {
    store.presence.ensure(&store.pool).await?;
    let transaction = Transaction::begin(&store.pool, "").await?;
    let client = transaction.client()?;
    for copy in copies {
        let make = "INSERT INTO dossiers VALUES ($1, $2) ON CONFLICT DO NOTHING";
        let stored = copy.stored();
        if run(client, make, &[&i64::from(copy.id.0), &signed(stored.version)]).await? == 0 {
            bail!("project {} is in the store already", copy.id.0);
        }
        let numbers = log_numbers(client, copy.log.len()).await?;
        let mut pieces = Vec::with_capacity(stored.rows.len() + numbers.len());
        for (key, value) in stored.rows {
            pieces.push(Piece::Row { project: copy.id, key, value: Bytes(value) });
        }
        for (entry, number) in copy.log.iter().zip(numbers) {
            let entry = Bytes(serde_json::to_vec(entry)?);
            pieces.push(Piece::Entry { project: copy.id, number: number as u64, entry });
        }
        put(client, pieces).await?;
    }
    transaction.commit().await
}

const MOVING: &str =
    "INSERT INTO store_state VALUES ('moving', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

#[async_trait::async_trait]
impl Transfer for PostgresStore {
    async fn fingerprint(&self) -> Result<String> {
        let client = take(&self.pool).await?;
        let name = state(&client, "store").await?.unwrap_or_default();
        let Counters { outgoing, log } = counters(&client).await?;
        let sum = "SELECT coalesce(sum(version), 0)::text FROM dossiers";
        let versions: String = client.query_one(sum, &[]).await.told()?.get(0);
        Ok(format!("postgres {name} {versions} {outgoing} {log}"))
    }

    async fn pieces(&self, after: Option<String>, most: usize) -> Result<Page> {
        let client = take(&self.pool).await?;
        page(&client, after.as_deref(), most).await
    }

    async fn counters(&self) -> Result<Counters> {
        let client = take(&self.pool).await?;
        counters(&client).await
    }

    async fn move_under_way(&self) -> Result<Option<Move>> {
        let client = take(&self.pool).await?;
        state(&client, "moving").await?.map(|far| read(&far)).transpose()
    }

    async fn clear(&self, begins: Move) -> Result<()> {
        self.presence.ensure(&self.pool).await?;
        let transaction = Transaction::begin(&self.pool, "").await?;
        empty(transaction.client()?).await?;
        run(transaction.client()?, MOVING, &[&serde_json::to_string(&begins)?]).await?;
        transaction.commit().await
    }

    async fn take_in(&self, pieces: Vec<Piece>, far: Move) -> Result<()> {
        self.presence.ensure(&self.pool).await?;
        let transaction = Transaction::begin(&self.pool, "").await?;
        put(transaction.client()?, pieces).await?;
        run(transaction.client()?, MOVING, &[&serde_json::to_string(&far)?]).await?;
        transaction.commit().await
    }

    async fn finish(&self, from: Counters) -> Result<()> {
        self.presence.ensure(&self.pool).await?;
        let transaction = Transaction::begin(&self.pool, "").await?;
        count_from(transaction.client()?, from).await?;
        run(transaction.client()?, "DELETE FROM store_state WHERE name = 'moving'", &[]).await?;
        transaction.commit().await
    }
}
