//! Where everything lies: the keys of the one tree, ordered so that every question is one range.
//!
//! A key begins with the letter of its kind. Numbers are big-endian, so that byte order is their order;
//! names carry their length in front, so that no name is a prefix of another.
//!
//! | kind | then | value |
//! | --- | --- | --- |
//! | `m` | | [`State`](super::state::State): format, store id, counters |
//! | `v` | project | the dossier's version |
//! | `r` | project, record | the row |
//! | `w` | time, project, record | nothing: the wakes in order |
//! | `W` | project, record | the time of the row's wake |
//! | `l` | project, number | a log entry |
//! | `k` | project, record, number | nothing: the log entries that changed the record |
//! | `s`, `S` | name; time, name | until when the mark counts; nothing: marks in order of expiry |
//! | `a`, `A` | name; time, name | what a message spoke of; nothing: the same in order of expiry |
//! | `o` | number | a message on its way out |
//! | `d` | number | a dead letter |
//! | `C` | room | the room's name and its newest line's number |
//! | `c` | room, number | a chat line |
//! | `K` | room, name | the number of the line that was appended under that name |
//! | `+` | any of the above, part | the rest of a value that is too long for one row |

use crate::store::{
    Key, ProjectId, RowKey,
    name::{self, HASHED},
};
use jiff::Timestamp;

/// The only row of its kind: the store's own state.
pub(super) const STATE: &[u8] = b"m";
/// What a key is about; its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    State = b'm',
    Version = b'v',
    Row = b'r',
    Wake = b'w',
    WakeOf = b'W',
    Log = b'l',
    LogOf = b'k',
    Seen = b's',
    SeenUntil = b'S',
    About = b'a',
    AboutUntil = b'A',
    Outgoing = b'o',
    DeadLetter = b'd',
    ChatRoom = b'C',
    ChatLine = b'c',
    ChatKey = b'K',
    Rest = b'+',
}

impl Kind {
    pub(super) const ALL: [Kind; 17] = [
        Kind::State,
        Kind::Version,
        Kind::Row,
        Kind::Wake,
        Kind::WakeOf,
        Kind::Log,
        Kind::LogOf,
        Kind::Seen,
        Kind::SeenUntil,
        Kind::About,
        Kind::AboutUntil,
        Kind::Outgoing,
        Kind::DeadLetter,
        Kind::ChatRoom,
        Kind::ChatLine,
        Kind::ChatKey,
        Kind::Rest,
    ];

    /// The kind of this key; `None` if no version of this program writes such keys.
    pub(super) fn of(key: &[u8]) -> Option<Kind> {
        Self::ALL.into_iter().find(|kind| Some(&kind.letter()) == key.first())
    }

    /// A key, or the beginning of keys, of this kind.
    pub(super) fn key(self) -> KeyBytes {
        KeyBytes(vec![self.letter()])
    }

    fn letter(self) -> u8 {
        self as u8
    }
}

/// A key that is being put together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyBytes(pub(super) Vec<u8>);

impl KeyBytes {
    pub(super) fn project(mut self, project: ProjectId) -> Self {
        self.0.extend(project.0.to_be_bytes());
        self
    }

    pub(super) fn record(mut self, key: Key) -> Self {
        self.0.extend((key.letter as u32).to_be_bytes());
        self.0.extend(key.number.to_be_bytes());
        self
    }

    pub(super) fn row(self, row: RowKey) -> Self {
        self.project(row.project).record(row.key)
    }

    pub(super) fn time(mut self, at: Timestamp) -> Self {
        self.0.extend(time_bytes(at));
        self
    }

    pub(super) fn number(mut self, number: u64) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    pub(super) fn name(mut self, name: &str) -> Self {
        self.0.extend(name_bytes(name));
        self
    }

    pub(super) fn part(mut self, of: &[u8], part: u16) -> Self {
        self.0.extend(of);
        self.0.extend(part.to_be_bytes());
        self
    }

    /// The same key with bytes that another key ended with.
    pub(super) fn tail(mut self, tail: &[u8]) -> Self {
        self.0.extend(tail);
        self
    }
}

impl AsRef<[u8]> for KeyBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl std::ops::Deref for KeyBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// A moment as bytes in its own order; the sign bit is turned so that the years before 1970 come first.
pub(super) fn time_bytes(at: Timestamp) -> [u8; TIME] {
    ((at.as_nanosecond() as u128) ^ (1 << 127)).to_be_bytes()
}

/// How many bytes a moment takes.
pub(super) const TIME: usize = 16;

/// The moment that these bytes begin with.
pub(super) fn read_time(bytes: &[u8]) -> Option<Timestamp> {
    let bytes = bytes.get(..TIME)?.try_into().ok()?;
    Timestamp::from_nanosecond((u128::from_be_bytes(bytes) ^ (1 << 127)) as i128).ok()
}

/// A name with its length in front; a very long one by its hash, so that keys stay short.
pub(super) fn name_bytes(name: &str) -> Vec<u8> {
    of_short(&name::short(name))
}

/// The same of a name that was made short already.
pub(super) fn of_short(short: &[u8]) -> Vec<u8> {
    match short.first() {
        Some(&HASHED) => short.to_vec(),
        // It is no longer than the longest name that is kept as it is.
        _ => [&[short.len() as u8], short].concat(),
    }
}

/// The short name of [`name_bytes`].
pub(super) fn to_short(named: &[u8]) -> &[u8] {
    match named.first() {
        Some(&HASHED) | None => named,
        Some(_) => &named[1..],
    }
}

/// Splits what begins with [`name_bytes`] after the name.
pub(super) fn split_name(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = match *bytes.first()? {
        HASHED => 32,
        length => usize::from(length),
    };
    bytes.split_at_checked(1 + length)
}

/// The project of a `v` key.
pub(super) fn read_project(key: &[u8]) -> Option<ProjectId> {
    Some(ProjectId(u32::from_be_bytes(key.get(1..5)?.try_into().ok()?)))
}

/// The row of an `r`, `W` or `k` key.
pub(super) fn read_row(key: &[u8]) -> Option<RowKey> {
    row_at(key, 1)
}

/// The time and row of a `w` key.
pub(super) fn read_wake(key: &[u8]) -> Option<(Timestamp, RowKey)> {
    Some((read_time(key.get(1..)?)?, row_at(key, 1 + TIME)?))
}

/// The number that a key ends with.
pub(super) fn read_number(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(*key.last_chunk()?))
}

fn row_at(key: &[u8], start: usize) -> Option<RowKey> {
    let number = |at: usize| Some(u32::from_be_bytes(key.get(at..at + 4)?.try_into().ok()?));
    Some(RowKey {
        project: ProjectId(number(start)?),
        key: Key { letter: char::from_u32(number(start + 4)?)?, number: number(start + 8)? },
    })
}

/// The key as a warning names it: its kind and its bytes, never a value.
pub(super) fn describe(key: &[u8]) -> String {
    let hex: String = key.iter().skip(1).take(40).map(|byte| format!("{byte:02x}")).collect();
    match Kind::of(key) {
        Some(kind) => format!("{kind:?} {hex}"),
        None => format!("unknown kind {:02x?} {hex}", key.first()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn time() -> impl Strategy<Value = Timestamp> {
        (-300_000_000_000_i64..200_000_000_000, 0..1_000_000_000_i32)
            .prop_map(|(second, nanosecond)| Timestamp::new(second, nanosecond).expect("in range"))
    }

    proptest! {
        #[test]
        fn times_keep_their_order_and_come_back(a in time(), b in time()) {
            prop_assert_eq!(a.cmp(&b), time_bytes(a).cmp(&time_bytes(b)));
            prop_assert_eq!(read_time(&time_bytes(a)), Some(a));
        }

        #[test]
        fn different_names_never_share_a_beginning(a in ".{0,300}", b in ".{0,300}", rest in ".{0,9}") {
            let (a_bytes, b_bytes) = (name_bytes(&a), name_bytes(&b));
            prop_assert_eq!(a == b, a_bytes.starts_with(&b_bytes));
            let whole = [a_bytes.as_slice(), rest.as_bytes()].concat();
            prop_assert_eq!(split_name(&whole), Some((a_bytes.as_slice(), rest.as_bytes())));
        }

        #[test]
        fn wakes_come_back(at in time(), project: u32, letter in "[A-Z]", number: u32) {
            let letter = letter.chars().next().expect("one letter");
            let row = RowKey { project: ProjectId(project), key: Key { letter, number } };
            let key = Kind::Wake.key().time(at).row(row);
            prop_assert_eq!(read_wake(&key), Some((at, row)));
            prop_assert_eq!(Kind::of(&key), Some(Kind::Wake));
        }
    }
}
