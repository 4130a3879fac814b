//! What a quoted message says: the event that quotes it names no more than its id.

use serde::Deserialize;
use tokio::time::{Duration, timeout};

use super::{
    Feishu, NAME,
    api::Call,
    delivery,
    typed::{self, Mention, or_default},
};
use crate::chat::{Author, Person, PersonId, Words};

/// How long an acknowledgement may wait for it; the platform gives up after 3 s.
const BUDGET: Duration = Duration::from_millis(1500);

/// A message as the reading call tells it. `[D:msg-get]`
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    deleted: bool,
    msg_type: String,
    #[serde(default, deserialize_with = "or_default")]
    create_time: String,
    sender: Sender,
    body: Body,
    #[serde(default, deserialize_with = "or_default")]
    mentions: Vec<Named>,
}

#[derive(Deserialize)]
struct Sender {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    sender_type: String,
}

#[derive(Deserialize)]
struct Body {
    content: String,
}

/// A mention, whose id is a text here and an object in events.
#[derive(Deserialize)]
struct Named {
    key: String,
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
}

impl Feishu {
    /// The words of a text or post; `None` where the app may not read it, it is gone, or it has none.
    pub(super) async fn quoted(&self, message: &str) -> Option<Words> {
        // It stands in a path; real ones are of these characters alone.
        if !message.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) {
            return None;
        }
        let path = format!("im/v1/messages/{message}");
        let answer = timeout(BUDGET, self.api.call(Call::get(&path, &[("user_id_type", "open_id")]))).await;
        let answer = match answer.ok()? {
            Ok(answer) => answer,
            Err(fault) => {
                tracing::warn!("a quoted message cannot be read: {}", fault.why());
                return None;
            }
        };
        let told = answer["data"]["items"].as_array().and_then(|items| items.first()).map(Told::deserialize);
        let told = told?.ok().filter(|told| !told.deleted)?;
        let by = match told.sender.sender_type.as_str() {
            "user" => {
                let name = self.directory.person(&told.sender.id, None).await;
                let id = PersonId::new(NAME, &told.sender.id);
                Author::Person(Person { name: name.unwrap_or(told.sender.id), id })
            }
            _ if told.sender.id == self.settings.app_id => Author::Bot,
            _ => Author::Unknown,
        };
        let text = words(&told.msg_type, &told.body.content, told.mentions)?;
        Some(Words { text, by, at: delivery::instant(&told.create_time) })
    }
}

/// What is written there. The bot's own card has no words that anybody needs.
fn words(kind: &str, content: &str, mentions: Vec<Named>) -> Option<String> {
    if kind == "interactive" {
        return Some(String::new());
    }
    let mentions = mentions.into_iter().map(|mention| Mention::of(mention.key, mention.id, mention.name));
    let read = typed::read(kind, content, &mentions.collect::<Vec<_>>(), None)?;
    let words = read.text.words();
    (!words.trim().is_empty()).then_some(words)
}
