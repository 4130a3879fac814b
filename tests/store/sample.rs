//! Small values to store.

use jiff::Timestamp;
use jiuding::{
    chat::{Message, MessageId, Person, PersonId, RoomId, Target},
    store::{
        About, Change, Commit, CommitError, Committed, Entry, Key, Outgoing, ProjectId, RowKey, Seen, Store,
        WakeChange,
    },
};

pub const ONE: ProjectId = ProjectId(1);
pub const TWO: ProjectId = ProjectId(2);

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub fn key(id: &str) -> Key {
    id.parse().unwrap()
}

pub fn row(project: ProjectId, id: &str) -> RowKey {
    RowKey { project, key: key(id) }
}

/// A commit that guards one dossier and sets one row of it.
pub fn set(project: ProjectId, version: u64, id: &str, value: &str) -> Commit {
    Commit {
        guards: vec![(project, version)],
        rows: vec![(row(project, id), Some(value.into()))],
        ..Commit::default()
    }
}

pub fn seen(name: &str, until: Timestamp) -> Commit {
    Commit { seen: vec![Seen { key: name.into(), until }], ..Commit::default() }
}

pub fn wake(project: ProjectId, id: &str, before: Option<Timestamp>, after: Option<Timestamp>) -> Commit {
    Commit { wakes: vec![WakeChange { row: row(project, id), before, after }], ..Commit::default() }
}

pub fn entry(what: &str, ids: &[&str]) -> Entry {
    let change = |id: &&str| Change {
        key: key(id),
        before: serde_json::Value::Null,
        after: serde_json::json!({ "title": what }),
    };
    Entry {
        at: at(5),
        by: Some(Person { id: PersonId::new("playground", "li"), name: "李工".into() }),
        room: Some(RoomId::new("playground", "g1")),
        what: what.into(),
        why: None,
        messages: ids.iter().map(|id| MessageId::new("feishu", id)).collect(),
        changes: ids.iter().map(change).collect(),
    }
}

pub fn outgoing(text: &str) -> Outgoing {
    Outgoing {
        id: 0,
        to: Target::Room(RoomId::new("playground", "g1")),
        message: Message::text(text),
        reply_to: None,
        not_before: at(10),
        due: Some(at(9)),
        urgent: false,
        condition: None,
        about: Some(about("T1")),
        card: None,
        otherwise: None,
        bundled: Vec::new(),
        tries: 0,
        created: at(8),
    }
}

pub fn about(id: &str) -> About {
    About { project: ONE, key: key(id) }
}

pub fn say(texts: &[&str]) -> Commit {
    Commit { outgoing: texts.iter().map(|text| outgoing(text)).collect(), ..Commit::default() }
}

/// Puts messages on their way and returns their ids.
pub async fn said(store: &dyn Store, texts: &[&str]) -> Vec<u64> {
    store.commit(say(texts)).await.unwrap().outgoing
}

pub fn texts(outgoing: &[Outgoing]) -> Vec<String> {
    outgoing.iter().map(|outgoing| outgoing.message.plain()).collect()
}

pub fn is_stale(result: &Result<Committed, CommitError>, project: ProjectId) -> bool {
    matches!(result, Err(CommitError::Stale(stale)) if *stale == project)
}

pub fn is_seen_before(result: &Result<Committed, CommitError>) -> bool {
    matches!(result, Err(CommitError::SeenBefore))
}
