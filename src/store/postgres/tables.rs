//! Writing into the tables: each function sends one statement and can be sent behind others without waiting.

use anyhow::Result;
use deadpool_postgres::ClientWrapper;
use jiff::Timestamp;
use tokio_postgres::{Error, Statement, types::ToSql};

use super::{
    columns::without_nul,
    connection::Told,
    encoded::{Log, Messages, Moments, Places, Rows, signed, split},
};
use crate::store::Outgoing;

const ROWS: &str = "INSERT INTO rows \
     (project, letter, number, value, body, title, state, owner, owner_id, due) \
     SELECT project, letter, number, value, body, title, state, owner, owner_id, due::timestamptz \
     FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bytea[], $5::jsonb[], $6::text[], $7::text[], \
         $8::text[], $9::text[], $10::text[]) \
     AS r (project, letter, number, value, body, title, state, owner, owner_id, due) \
     ON CONFLICT (project, letter, number) DO UPDATE SET value = excluded.value, body = excluded.body, \
         title = excluded.title, state = excluded.state, owner = excluded.owner, \
         owner_id = excluded.owner_id, due = excluded.due";
const REMOVED: &str = "DELETE FROM rows WHERE (project, letter, number) IN \
     (SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[]))";
const WAKES: &str = "INSERT INTO wakes (project, letter, number, at, nanos) \
     SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::int4[]) \
     ON CONFLICT (project, letter, number) DO UPDATE SET at = excluded.at, nanos = excluded.nanos";
const ASLEEP: &str = "DELETE FROM wakes WHERE (project, letter, number) IN \
     (SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[]))";
const LOG: &str = "INSERT INTO log (project, number, at, entry) \
     SELECT project, number, at::timestamptz, entry \
     FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) AS l (project, number, at, entry) \
     ON CONFLICT DO NOTHING";
const LOG_OF: &str = "INSERT INTO log_of (project, letter, of, number) \
     SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[]) ON CONFLICT DO NOTHING";
const OUTGOING: &str = "INSERT INTO outgoing (id, message, tries, bundled, target) \
     SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::bytea[]) ON CONFLICT DO NOTHING";

/// The statements of a commit's second half.
pub(super) struct Statements {
    rows: Statement,
    removed: Statement,
    wakes: Statement,
    asleep: Statement,
    log: Statement,
    log_of: Statement,
    outgoing: Statement,
}

impl Statements {
    /// Prepares them; at once where this connection did before.
    pub(super) async fn of(client: &ClientWrapper) -> Result<Self> {
        let prepared = async |sql: &str| client.prepare_cached(sql).await.told();
        Ok(Self {
            rows: prepared(ROWS).await?,
            removed: prepared(REMOVED).await?,
            wakes: prepared(WAKES).await?,
            asleep: prepared(ASLEEP).await?,
            log: prepared(LOG).await?,
            log_of: prepared(LOG_OF).await?,
            outgoing: prepared(OUTGOING).await?,
        })
    }

    pub(super) async fn put_rows(&self, client: &ClientWrapper, rows: &Rows) -> Result<(), Error> {
        let Places { projects, letters, numbers } = &rows.at;
        let columns: [&(dyn ToSql + Sync); 10] = [
            projects,
            letters,
            numbers,
            &rows.values,
            &rows.bodies,
            &rows.titles,
            &rows.states,
            &rows.owners,
            &rows.owner_ids,
            &rows.dues,
        ];
        send(client, &self.rows, &columns, !rows.at.is_empty()).await
    }

    pub(super) async fn remove_rows(&self, client: &ClientWrapper, places: &Places) -> Result<(), Error> {
        let Places { projects, letters, numbers } = places;
        send(client, &self.removed, &[projects, letters, numbers], !places.is_empty()).await
    }

    pub(super) async fn wake(
        &self,
        client: &ClientWrapper,
        places: &Places,
        moments: &Moments,
    ) -> Result<(), Error> {
        let Places { projects, letters, numbers } = places;
        let columns: [&(dyn ToSql + Sync); 5] = [projects, letters, numbers, &moments.at, &moments.nanos];
        send(client, &self.wakes, &columns, !places.is_empty()).await
    }

    pub(super) async fn put_to_sleep(&self, client: &ClientWrapper, places: &Places) -> Result<(), Error> {
        let Places { projects, letters, numbers } = places;
        send(client, &self.asleep, &[projects, letters, numbers], !places.is_empty()).await
    }

    /// `numbers` are those of the entries, in their order.
    pub(super) async fn append(
        &self,
        client: &ClientWrapper,
        log: &Log,
        numbers: &[i64],
    ) -> Result<(), Error> {
        let columns: [&(dyn ToSql + Sync); 4] = [&log.projects, &numbers, &log.times, &log.entries];
        send(client, &self.log, &columns, !numbers.is_empty()).await
    }

    pub(super) async fn index(
        &self,
        client: &ClientWrapper,
        log: &Log,
        numbers: &[i64],
    ) -> Result<(), Error> {
        let mut places = Places::default();
        log.of.iter().for_each(|(_, row)| places.push(*row));
        let entries: Vec<i64> = log.of.iter().map(|(entry, _)| numbers[*entry]).collect();
        let columns: [&(dyn ToSql + Sync); 4] =
            [&places.projects, &places.letters, &places.numbers, &entries];
        send(client, &self.log_of, &columns, !entries.is_empty()).await
    }

    /// `ids` are those of the messages, in their order.
    pub(super) async fn send_off(
        &self,
        client: &ClientWrapper,
        messages: &Messages,
        ids: &[i64],
    ) -> Result<(), Error> {
        let columns: [&(dyn ToSql + Sync); 5] =
            [&ids, &messages.messages, &messages.tries, &messages.bundled, &messages.targets];
        send(client, &self.outgoing, &columns, !ids.is_empty()).await
    }
}

/// Puts messages in their places under their own ids: on their way out, or given up for a reason at some time.
pub(super) async fn put_messages(
    client: &ClientWrapper,
    messages: Vec<(Outgoing, Option<(String, Timestamp)>)>,
) -> Result<()> {
    const DEAD: &str = "INSERT INTO dead_letters (id, message, tries, bundled, why, at, nanos) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let (mut waiting, mut ids) = (Messages::default(), Vec::new());
    for (outgoing, dead) in messages {
        let id = signed(outgoing.id);
        let Some((why, at)) = dead else {
            waiting.push(&outgoing)?;
            ids.push(id);
            continue;
        };
        let mut letter = Messages::default();
        letter.push(&outgoing)?;
        let (at, nanos) = split(at);
        let dead = client.prepare_cached(DEAD).await.told()?;
        let (message, tries, bundled) = (&letter.messages[0], letter.tries[0], &letter.bundled[0]);
        let columns: [&(dyn ToSql + Sync); 7] =
            [&id, message, &tries, bundled, &without_nul(&why), &at, &nanos];
        client.execute(&dead, &columns).await.told()?;
    }
    Statements::of(client).await?.send_off(client, &waiting, &ids).await.told()
}

async fn send(
    client: &ClientWrapper,
    statement: &Statement,
    columns: &[&(dyn ToSql + Sync)],
    needed: bool,
) -> Result<(), Error> {
    if needed {
        client.execute(statement, columns).await?;
    }
    Ok(())
}
