//! How the playground names rooms and messages (see the top of the folder), and what it says of a line that was not written.

use super::NAME;
use crate::{
    chat::{MessageId, Room, RoomId, Target},
    platform::Undelivered,
};

/// A room that people speak of.
pub(super) fn room(id: &str, name: Option<String>, direct: bool) -> Room {
    Room { id: RoomId::new(NAME, id), name, direct: direct || id.starts_with("dm:") }
}

/// The room of a target, as the playground writes it.
pub(super) fn room_of(to: &Target) -> String {
    match to {
        Target::Room(room) => room.raw().to_owned(),
        Target::Person(person) => format!("dm:{}", person.raw()),
    }
}

/// A message's id within everything.
pub(super) fn message(room: &str, id: &str) -> MessageId {
    MessageId::new(NAME, &format!("{room}:{id}"))
}

/// A message's id without its room.
pub(super) fn within<'a>(room: &str, id: &'a str) -> &'a str {
    id.strip_prefix(room).and_then(|rest| rest.strip_prefix(':')).unwrap_or(id)
}

/// An id that nobody had before.
pub(super) fn fresh_id() -> String {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    bytes.iter().fold(String::from("pg-"), |id, byte| format!("{id}{byte:02x}"))
}

/// A line could not be written now.
pub(super) fn unwritten(error: &anyhow::Error) -> Undelivered {
    Undelivered::Later { after: None, why: format!("the chat could not be written: {error}") }
}
