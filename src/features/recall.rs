//! A message that was recalled: where it made a record that nobody built on, taking the record back is offered. Any
//! other is passed over in silence.

use crate::{
    chat::{Button, Message, MessageId, short},
    dossier::{Context, Dossier, Outcome, Refusal},
    features::history::{has_id, is_told, only_the_last, taken_back},
    grammar::{Args, Command, Form, Rest, Spec},
    store::{Change, Entry, Key},
};

/// How many records of one message are offered to be taken back: as many buttons as every platform shows.
const OFFERED: usize = 5;

/// What there is to say of a recalled message.
pub struct Offer {
    /// A record that it made.
    pub about: Key,
    /// What the log keeps, by which the offer is known when it is taken up.
    pub entry: Entry,
    /// What is asked.
    pub message: Message,
}

/// The offer for a message that was recalled; `None` where there is nothing to take back, or it was offered before.
/// `cx.log` is that of the whole project.
pub fn offer(recalled: &MessageId, dossier: &Dossier, cx: &Context) -> Option<Offer> {
    dossier.founded().filter(|project| !project.archived)?;
    let of_it = cx.log.iter().filter(|entry| entry.messages.contains(recalled));
    let of_it: Vec<&Entry> = of_it.collect();
    if of_it.iter().any(|entry| entry.by.is_none()) {
        return None;
    }
    // Oldest first, as they were said.
    let entries = of_it.into_iter().rev().filter(|entry| taken_back(entry, dossier, cx).is_ok());
    let told: Vec<(&Entry, Vec<Key>)> = entries
        .map(|entry| (entry, made_by(entry, dossier, cx)))
        .filter(|(_, keys)| !keys.is_empty())
        .take(OFFERED)
        .collect();
    let (first, keys) = told.first()?;
    let about = *keys.first()?;
    let by = first.by.as_ref()?.name.as_str();
    let own = first.messages.first() == Some(recalled);
    let all: Vec<Key> = told.iter().flat_map(|(_, keys)| keys.iter().copied()).collect();
    let named = match all[..] {
        [only] => {
            let title = dossier.record(only).map(|record| record.title()).unwrap_or_default();
            format!("{only}「{}」", short(&title))
        }
        _ => format!("{} ", listed(&all)),
    };
    let mut message = Message::text(match own {
        true => format!("{by} 撤回了提出 {named}的消息，要一并撤销吗？"),
        // Whose it was is not told.
        false => format!("转成 {named}的那条消息已撤回，要一并撤销吗？"),
    });
    message.buttons = told
        .iter()
        .map(|(_, keys)| Button::new(format!("撤销 {}", listed(keys)), taking_back(keys[0])))
        .collect();
    let unchanged = |key: &Key| {
        let now = dossier.record(*key)?.encode();
        Some(Change { key: *key, before: now.clone(), after: now })
    };
    let entry = Entry {
        at: cx.now,
        by: None,
        room: Some(cx.place.room.clone()),
        what: match own {
            true => format!("得知 {by} 撤回了提出它的消息"),
            false => "得知转成它的消息已撤回".to_owned(),
        },
        why: None,
        messages: vec![recalled.clone()],
        changes: all.iter().filter_map(unchanged).collect(),
    };
    Some(Offer { about, entry, message })
}

/// Takes back what a message made that was recalled.
pub struct TakeBack {
    key: Key,
}

impl Command for TakeBack {
    const SPEC: Spec = Spec {
        reads_log: true,
        ..Spec::new("撤销", Form::AnyId, "/撤销 T1", "提出它的消息撤回后，撤销这条记录").rest(Rest::Refused)
    };

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        args.id.map(|key| Self { key }).ok_or_else(only_the_last)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        taken_back(made(self.key, dossier, cx)?, dossier, cx)
    }
}

/// The entry that made this record, where its message was recalled. `cx.log` is that of the record.
///
/// # Errors
/// It was not, or it is for others to take back.
fn made<'l>(key: Key, dossier: &Dossier, cx: &Context<'l>) -> Result<&'l Entry, Refusal> {
    let makes =
        |entry: &&Entry| entry.changes.iter().any(|change| change.key == key && change.before.is_null());
    let Some(made) = cx.log.iter().find(makes) else { return Err(only_the_last()) };
    let recalls = |entry: &Entry| {
        entry.by.is_none() && entry.messages.iter().any(|message| made.messages.contains(message))
    };
    if !cx.log.iter().any(recalls) {
        return Err(only_the_last());
    }
    let own = made.by.as_ref().is_some_and(|by| by.id == cx.actor.id);
    if own || cx.is_triangle(dossier) {
        return Ok(made);
    }
    let by = made.by.as_ref().map_or("提出人", |by| by.name.as_str());
    Err(Refusal::new(format!("{key} 由 {by} 提出，须由本人或铁三角撤销")))
}

/// Whether these changes bring a record into being that people know by its id.
pub fn makes(changes: &[Change]) -> bool {
    changes.iter().any(|change| change.before.is_null() && has_id(change.key))
}

/// The line that takes a record back whose message was recalled.
pub fn taking_back(key: Key) -> String {
    format!("/撤销 {key}")
}

/// The records that an entry made, as far as they may be named here.
fn made_by(entry: &Entry, dossier: &Dossier, cx: &Context) -> Vec<Key> {
    let changes = entry.changes.iter().filter(|change| change.before.is_null() && has_id(change.key));
    changes.filter(|change| is_told(change, dossier, cx)).map(|change| change.key).collect()
}

fn listed(keys: &[Key]) -> String {
    keys.iter().map(Key::to_string).collect::<Vec<_>>().join("、")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_of_an_older_version_came_from_no_message_that_is_known() {
        let older = r#"{"at":"2026-11-23T01:00:00Z","what":"提出工单"}"#;
        let entry: Entry = serde_json::from_str(older).expect("it reads");
        assert!(entry.messages.is_empty());
        assert!(!serde_json::to_string(&entry).expect("it writes").contains("messages"));
    }
}
