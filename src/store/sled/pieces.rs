//! Everything piece by piece, out of this store and into it.

use anyhow::{Context, Result};

use super::{
    SledStore,
    keys::{self, KeyBytes, Kind, of_short, to_short},
    reading::{Reading, read_state, understood},
    value,
    writer::Staged,
    writes::{self, ChatRoom, Told},
};
use crate::store::{Bytes, Counters, Entry, Key, Move, Page, Piece, RowKey, Transfer};

/// What pieces are made of, in their order; everything else of the store is an index.
const KINDS: [Kind; 10] = [
    Kind::Version,
    Kind::Row,
    Kind::WakeOf,
    Kind::Log,
    Kind::Seen,
    Kind::About,
    Kind::Outgoing,
    Kind::DeadLetter,
    Kind::ChatRoom,
    Kind::ChatLine,
];
/// How many values one step of emptying takes out.
const AT_ONCE: usize = 2_000;

/// The pieces behind a key, which a place is in hexadecimal.
fn page(reading: &Reading, after: Option<String>, most: usize) -> Result<Page> {
    let after = after.map(|after| from_hex(&after).context("no place in this store")).transpose()?;
    let first = after.as_deref().and_then(Kind::of).unwrap_or(KINDS[0]);
    let at = KINDS.iter().position(|kind| *kind == first).context("no place in this store")?;
    let mut pieces = Vec::new();
    for kind in &KINDS[at..] {
        let begins = match &after {
            // The next key that there could be.
            Some(after) if *kind == first => KeyBytes([after.as_slice(), &[0]].concat()),
            _ => kind.key(),
        };
        for row in reading.values_from(begins, &kind.key()).take(most - pieces.len()) {
            let (key, value) = row?;
            pieces.push(piece(*kind, &key, value)?);
            if pieces.len() == most {
                return Ok(Page { pieces, next: Some(to_hex(&key)) });
            }
        }
    }
    Ok(Page { pieces, next: None })
}

fn piece(kind: Kind, key: &[u8], value: Vec<u8>) -> Result<Piece> {
    let row = || understood(keys::read_row(key));
    let named = || understood(key.get(1..).and_then(keys::split_name));
    Ok(match kind {
        Kind::Version => Piece::Version {
            project: understood(keys::read_project(key))?,
            version: writes::read_u64(&value)?,
        },
        Kind::Row => {
            let RowKey { project, key } = row()?;
            Piece::Row { project, key, value: Bytes(value) }
        }
        Kind::WakeOf => {
            let RowKey { project, key } = row()?;
            Piece::Wake { project, key, at: writes::time(&value)? }
        }
        Kind::Log => Piece::Entry {
            project: understood(keys::read_project(key))?,
            number: understood(keys::read_number(key))?,
            entry: Bytes(value),
        },
        Kind::Seen => {
            let mark = Bytes(to_short(named()?.0).to_vec());
            Piece::Seen { mark, until: writes::time(&value)? }
        }
        Kind::About => {
            let Told { about, until } = value::parse(&value)?;
            let message = Bytes(to_short(named()?.0).to_vec());
            Piece::About { message, project: about.project, key: about.key, until }
        }
        Kind::Outgoing => {
            let outgoing = writes::read_outgoing(understood(keys::read_number(key))?, &value)?;
            Piece::Outgoing { outgoing }
        }
        Kind::DeadLetter => Piece::Dead { letter: value::parse(&value)? },
        Kind::ChatRoom => {
            let ChatRoom { name, newest } = value::parse(&value)?;
            Piece::Room { room: Bytes(to_short(named()?.0).to_vec()), name, newest }
        }
        Kind::ChatLine => {
            let (name, line) = keys::split_name(&value).context("a chat line has no name")?;
            Piece::Line {
                room: Bytes(to_short(named()?.0).to_vec()),
                number: understood(keys::read_number(key))?,
                name: Bytes(to_short(name).to_vec()),
                value: Bytes(line.to_vec()),
            }
        }
        _ => anyhow::bail!("{} is no piece of its own", keys::describe(key)),
    })
}

fn put(staged: &mut Staged<'_>, piece: Piece) -> Result<()> {
    match piece {
        Piece::Version { project, version } => {
            staged.put(&Kind::Version.key().project(project), &version.to_be_bytes())
        }
        Piece::Row { project, key, value } => {
            staged.put(&Kind::Row.key().row(RowKey { project, key }), &value.0)
        }
        Piece::Wake { project, key, at } => {
            let row = RowKey { project, key };
            staged.put(&Kind::WakeOf.key().row(row), &keys::time_bytes(at))?;
            staged.put(&Kind::Wake.key().time(at).row(row), &[])
        }
        Piece::Entry { project, number, entry } => {
            let read: Entry = value::parse(&entry.0)?;
            staged.put(&Kind::Log.key().project(project).number(number), &entry.0)?;
            let changed: Vec<Key> = read.changes.iter().map(|change| change.key).collect();
            for key in changed {
                staged.put(&Kind::LogOf.key().project(project).record(key).number(number), &[])?;
            }
            Ok(())
        }
        Piece::Seen { mark, until } => {
            let name = of_short(&mark.0);
            staged.put(&Kind::Seen.key().tail(&name), &keys::time_bytes(until))?;
            staged.put(&Kind::SeenUntil.key().time(until).tail(&name), &[])
        }
        Piece::About { message, project, key, until } => {
            let name = of_short(&message.0);
            let told = Told { about: crate::store::About { project, key }, until };
            staged.put(&Kind::About.key().tail(&name), &serde_json::to_vec(&told)?)?;
            staged.put(&Kind::AboutUntil.key().time(until).tail(&name), &[])
        }
        Piece::Outgoing { outgoing } => writes::put_outgoing(staged, &outgoing),
        Piece::Dead { letter } => {
            let key = Kind::DeadLetter.key().number(letter.outgoing.id);
            staged.put(&key, &serde_json::to_vec(&letter)?)
        }
        Piece::Room { room, name, newest } => {
            let chat = serde_json::to_vec(&ChatRoom { name, newest })?;
            staged.put(&Kind::ChatRoom.key().tail(&of_short(&room.0)), &chat)
        }
        Piece::Line { room, number, name, value } => {
            let (room, name) = (of_short(&room.0), of_short(&name.0));
            staged.put(&Kind::ChatKey.key().tail(&room).tail(&name), &number.to_be_bytes())?;
            let line = [name.as_slice(), &value.0].concat();
            staged.put(&Kind::ChatLine.key().tail(&room).number(number), &line)
        }
    }
}

/// Takes out so many values; how many there were.
fn take_out(staged: &mut Staged<'_>) -> Result<usize> {
    let mut taken = 0;
    for kind in Kind::ALL.into_iter().filter(|kind| !matches!(kind, Kind::State | Kind::Rest)) {
        let (first, last) = (kind.key(), KeyBytes(vec![kind.key()[0] + 1]));
        for key in staged.earlier_keys(&first..&last, AT_ONCE - taken)? {
            staged.remove(&key)?;
            taken += 1;
        }
    }
    Ok(taken)
}

#[async_trait::async_trait]
impl Transfer for SledStore {
    async fn fingerprint(&self) -> Result<String> {
        let state = read_state(&self.shared.disk.db)?.context("the store has no state row")?;
        Ok(format!("sled {} {}", state.store, state.writes))
    }

    async fn pieces(&self, after: Option<String>, most: usize) -> Result<Page> {
        self.reading_long(move |reading| page(&reading, after, most)).await
    }

    async fn counters(&self) -> Result<Counters> {
        let state = read_state(&self.shared.disk.db)?.context("the store has no state row")?;
        Ok(Counters { outgoing: state.outgoing, log: state.log })
    }

    async fn move_under_way(&self) -> Result<Option<Move>> {
        Ok(read_state(&self.shared.disk.db)?.and_then(|state| state.moving))
    }

    async fn clear(&self, begins: Move) -> Result<()> {
        loop {
            let begins = begins.clone();
            let step = move |staged: &mut Staged<'_>| {
                staged.state.moving = Some(begins);
                // Something must be written for the state to be.
                let taken = take_out(staged)?;
                staged.touch()?;
                Ok(taken)
            };
            if self.writer.write(step).await? == 0 {
                return Ok(());
            }
        }
    }

    async fn take_in(&self, pieces: Vec<Piece>, far: Move) -> Result<()> {
        let step = move |staged: &mut Staged<'_>| {
            pieces.into_iter().try_for_each(|piece| put(staged, piece))?;
            staged.state.moving = Some(far);
            staged.touch()
        };
        self.writer.write(step).await
    }

    async fn finish(&self, counters: Counters) -> Result<()> {
        let step = move |staged: &mut Staged<'_>| {
            staged.state.outgoing = staged.state.outgoing.max(counters.outgoing);
            staged.state.log = staged.state.log.max(counters.log);
            staged.state.moving = None;
            staged.touch()
        };
        self.writer.write(step).await
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok());
    pairs.collect()
}
