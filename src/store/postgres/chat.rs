//! The playground's chats.

use anyhow::Result;
use futures_util::future::{join3, join4};

use super::{PostgresStore, connection::Told, encoded::signed, transaction::Transaction};
use crate::store::{CHAT_LINES, ChatLine, name};

/// Makes the room where there is none, and keeps others from appending meanwhile.
const ROOM: &str = "INSERT INTO chat_rooms (room, name, newest) VALUES ($1, $2, 0) \
     ON CONFLICT (room) DO UPDATE SET newest = chat_rooms.newest RETURNING newest";
const KNOWN: &str = "SELECT number FROM chat_lines WHERE room = $1 AND name = $2";
const NEWEST: &str = "UPDATE chat_rooms SET newest = $2 WHERE room = $1";
const LINE: &str = "INSERT INTO chat_lines (room, number, name, value) VALUES ($1, $2, $3, $4)";
const OLDEST: &str = "DELETE FROM chat_lines WHERE room = $1 AND number <= $2";

/// Appends a line unless it was appended under this name before, and forgets the oldest.
pub(super) async fn append(store: &PostgresStore, room: &str, key: &str, value: &[u8]) -> Result<u64> {
    let _alone = store.chatting.lock().await;
    store.presence.ensure(&store.pool).await?;
    let (key, full, room) = (name::short(key), room.as_bytes(), name::short(room));
    let transaction = Transaction::take(&store.pool).await?;
    let client = transaction.client()?;
    let prepared = async |sql: &str| client.prepare_cached(sql).await.told();
    let (locks, known) = (prepared(ROOM).await?, prepared(KNOWN).await?);
    let (rises, line, oldest) = (prepared(NEWEST).await?, prepared(LINE).await?, prepared(OLDEST).await?);
    let (begun, newest, known) = join3(
        client.batch_execute("BEGIN"),
        client.query_one(&locks, &[&room, &full]),
        client.query_opt(&known, &[&room, &key]),
    )
    .await;
    begun.told()?;
    let newest: i64 = newest.told()?.get(0);
    if let Some(known) = known.told()? {
        transaction.roll_back().await?;
        return Ok(u64::try_from(known.get::<_, i64>(0))?);
    }
    let next = newest + 1;
    let forgotten = next - signed(CHAT_LINES);
    let (risen, written, swept, committed) = join4(
        client.execute(&rises, &[&room, &next]),
        client.execute(&line, &[&room, &next, &key, &value]),
        client.execute(&oldest, &[&room, &forgotten]),
        client.batch_execute("COMMIT"),
    )
    .await;
    for done in [risen, written, swept] {
        done.told()?;
    }
    committed.told()?;
    transaction.ended();
    Ok(u64::try_from(next)?)
}

/// The lines after `after`, oldest first.
pub(super) async fn since(
    store: &PostgresStore,
    room: &str,
    after: u64,
    most: usize,
) -> Result<Vec<ChatLine>> {
    let lines =
        "SELECT number, value FROM chat_lines WHERE room = $1 AND number > $2 ORDER BY number LIMIT $3";
    let rows = store.ask(lines, &[&name::short(room), &signed(after), &signed(most as u64)]).await?;
    rows.iter().map(|row| Ok(ChatLine { seq: row.get::<_, i64>(0).try_into()?, value: row.get(1) })).collect()
}

/// The rooms, in order of their names.
pub(super) async fn rooms(store: &PostgresStore) -> Result<Vec<String>> {
    let rows = store.ask("SELECT name FROM chat_rooms", &[]).await?;
    let mut rooms: Vec<String> =
        rows.iter().map(|row| Ok(String::from_utf8(row.get(0))?)).collect::<Result<_>>()?;
    rooms.sort();
    Ok(rooms)
}
