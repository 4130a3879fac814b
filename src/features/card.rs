//! Cards: what a message that shows a record says once the record has changed, and what a button says whose time is
//! over.

use std::sync::Arc;

use crate::{
    calendar::typed,
    chat::{Button, Message, Span, short},
    dossier::{Context, Dossier, Offer, Record, Refusal},
    features::{history, recall},
    grammar::Form,
    store::{Entry, Key},
};

/// Whether there is a line that shows records of this kind.
pub fn can_be_shown(key: Key) -> bool {
    let object = super::OBJECTS.iter().find(|object| object.letter == Some(key.letter));
    object.is_some_and(|object| {
        super::COMMANDS
            .iter()
            .any(|command| command.spec.object == object.name && command.spec.form == Form::Id)
    })
}

/// The answer to `/T1`, as a card: with the record's next steps, where it names none itself.
pub fn with_steps(mut message: Message, key: Key, dossier: &Dossier, cx: &Context) -> Message {
    if message.buttons.is_empty() {
        message.buttons = steps(key, dossier, cx);
    }
    message
}

/// What can be done next with a record, as whoever looks may see it.
pub fn steps(key: Key, dossier: &Dossier, cx: &Context) -> Vec<Button> {
    let internal = cx.sees_internal(dossier);
    dossier.record(key).map(|record| record.steps(dossier, internal)).unwrap_or_default()
}

/// Whether a button of a message says one of these steps; in a direct chat it names its project too.
pub fn is_among(button: &Button, steps: &[Button]) -> bool {
    steps.iter().any(|step| match button.line.strip_prefix(&step.line) {
        Some(rest) => rest.is_empty() || rest.starts_with(" 项目:"),
        None => false,
    })
}

/// Whether a button of a message is a step of its record, or takes it back.
pub fn is_step(button: &Button, key: Key, steps: &[Button]) -> bool {
    is_among(button, steps) || button.line == recall::taking_back(key)
}

/// A message that keeps its own words: the steps that are done have gone; under the words stands who did the last of
/// them. The second says whether none is left.
pub fn settled(offer: &Offer, key: Key, dossier: &Dossier, cx: &Context) -> (Message, bool) {
    let offered = steps(key, dossier, cx);
    let is_offered = |button: &Button| offer.steps.contains(&button.line);
    let is_gone = |button: &Button| is_offered(button) && !is_step(button, key, &offered);
    let mut message = offer.message.clone();
    let gone: Vec<Button> = message.buttons.extract_if(.., |button| is_gone(button)).collect();
    let done = !message.buttons.iter().any(is_offered);
    if done {
        let last =
            gone.iter().filter_map(|step| ended(key, step, dossier, cx.log)).max_by_key(|entry| entry.at);
        message = message.line(match (last, dossier.record(key)) {
            (Some(entry), _) if history::is_heard(entry, dossier, cx) => who_did(key, entry, cx),
            (_, Some(record)) => format!("{key} {}", record.state()),
            (_, None) => withdrawn(key),
        });
    }
    (message, done)
}

/// The same words without calling anybody: an edit is nothing to be called for.
pub fn silent(mut message: Message) -> Message {
    for span in message.lines.iter_mut().flat_map(|line| &mut line.0) {
        if let Span::Person(person) = span {
            *span = Span::Text(format!("@{}", person.name));
        }
    }
    message
}

/// A record that is taken back.
pub fn withdrawn(key: Key) -> String {
    format!("{key} 已撤销")
}

/// A record that is no longer for whoever reads this.
pub fn unseen() -> Message {
    Message::text("这条消息已失效")
}

/// What took a step away: before it the record offered the step, after it no longer.
pub fn ended<'l>(key: Key, step: &Button, dossier: &Dossier, log: &'l [Entry]) -> Option<&'l Entry> {
    let offers = |value: &serde_json::Value| {
        let record = super::decode(key, value.to_string().as_bytes());
        let steps =
            |record: Arc<dyn Record>| [true, false].map(|internal| record.steps(dossier, internal)).concat();
        record.is_ok_and(|record| is_among(step, &steps(record)))
    };
    log.iter().find(|entry| {
        let change = entry.changes.iter().find(|change| change.key == key);
        change.is_some_and(|change| offers(&change.before) && !offers(&change.after))
    })
}

/// The refusal of a step that is over begins with who did what, and when.
pub fn overtaken(refusal: Refusal, key: Key, entry: &Entry, dossier: &Dossier, cx: &Context) -> Refusal {
    let Refusal(mut message) = refusal;
    let at = typed::echo(entry.at, cx.now, &cx.rules.calendar);
    if history::is_heard(entry, dossier, cx)
        && let Some(first) = message.lines.first_mut()
    {
        let said = first.plain();
        // Where the refusal says no more than that, or says it itself, once is enough.
        let only_so = said.starts_with(&key.to_string()) && !said.contains(['，', '。', '；', '：']);
        match () {
            () if said.contains(&at) => {}
            () if only_so => *first = who_did(key, entry, cx).into(),
            () => message.lines.insert(0, who_did(key, entry, cx).into()),
        }
    }
    Refusal(message)
}

/// `T1 已由 李工 于 09:12 响应`.
fn who_did(key: Key, entry: &Entry, cx: &Context) -> String {
    let at = typed::echo(entry.at, cx.now, &cx.rules.calendar);
    match &entry.by {
        Some(by) => format!("{key} 已由 {} 于 {at} {}", by.name, verb(key, &entry.what)),
        None => format!("{key} 于 {at} {}", short(&entry.what)),
    }
}

/// What was done, without its particulars and without the name of what it was done to; what stands there as it was
/// typed is no verb.
fn verb(key: Key, what: &str) -> &str {
    let name = super::name_of(key.letter);
    let verb = what.split(['，', '：', '、', ' ']).next().unwrap_or_default();
    match verb.trim_start_matches(name).trim_end_matches(name) {
        verb if verb.is_empty() || verb.starts_with(['/', '／']) => "修改",
        verb => verb,
    }
}
