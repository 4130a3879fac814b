//! Names of people and chats, and the bot's own id: asked once, remembered, never waited for long.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use crate::clock::SharedClock;

use super::{
    api::{Api, Call},
    fault::Fault,
};

/// How long one acknowledgement may wait for names; the platform gives up after 3 s.
const BUDGET: Duration = Duration::from_millis(800);
/// How long a name is believed; people marry, groups are renamed.
const BELIEVED: SignedDuration = SignedDuration::from_hours(24);
/// How long a question that failed is not asked again. About the network, so in real time.
const RESTS: Duration = Duration::from_secs(60);
/// How many hundreds of a chat's members are looked through.
const MOST_PAGES: usize = 5;
/// How many names are kept; more make room by starting over.
const MOST: usize = 20_000;

/// What Feishu's directory told.
pub struct Directory {
    api: Arc<Api>,
    people: Arc<Cache<String>>,
    chats: Arc<Cache<Chat>>,
    me: Arc<Cache<String>>,
}

/// What is known of a chat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chat {
    /// Its name; a direct chat has none.
    pub name: Option<String>,
    /// Whether it is a chat of one person with the bot.
    pub direct: bool,
}

impl Directory {
    /// Knows nobody yet.
    pub fn new(api: Arc<Api>, clock: SharedClock) -> Self {
        let forever = SignedDuration::from_hours(24 * 365);
        Self {
            api,
            people: Arc::new(Cache::new(clock.clone(), BELIEVED)),
            chats: Arc::new(Cache::new(clock.clone(), BELIEVED)),
            me: Arc::new(Cache::new(clock, forever)),
        }
    }

    /// A person's name, within [`BUDGET`]. Where the contacts do not know them (people of another
    /// company), the members of `chat_id` are looked through.
    pub async fn person(&self, open_id: &str, chat_id: Option<&str>) -> Option<String> {
        let (api, people) = (self.api.clone(), self.people.clone());
        let (id, chat) = (open_id.to_owned(), chat_id.map(str::to_owned));
        let fetch = async move {
            match (fetch_person(&api, &id).await, chat) {
                (Ok(None) | Err(_), Some(chat)) => fetch_member(&api, &people, &id, &chat).await,
                (fetched, _) => fetched,
            }
        };
        self.people.ask(open_id, fetch).await
    }

    /// A chat, within [`BUDGET`].
    pub async fn chat(&self, chat_id: &str) -> Option<Chat> {
        let (api, id) = (self.api.clone(), chat_id.to_owned());
        self.chats.ask(chat_id, async move { fetch_chat(&api, &id).await }).await
    }

    /// The bot's own `open_id`, within [`BUDGET`].
    pub async fn me(&self) -> Option<String> {
        let api = self.api.clone();
        self.me.ask("", async move { fetch_me(&api).await }).await
    }

    /// Takes a name that came along with a message.
    pub fn note_person(&self, open_id: &str, name: &str) {
        self.people.note(open_id, name.to_owned());
    }

    /// Takes what an event told of a chat.
    pub fn note_chat(&self, chat_id: &str, chat: Chat) {
        self.chats.note(chat_id, chat);
    }
}

async fn fetch_person(api: &Api, open_id: &str) -> Result<Option<String>, Fault> {
    if !is_id(open_id) {
        return Ok(None);
    }
    let by_open_id = [("user_id_type", "open_id")];
    // Needs the smaller permission; some apps have only the other.
    let names = api
        .call(Call::post("contact/v3/users/basic_batch", &by_open_id, &json!({ "user_ids": [open_id] })))
        .await
        .ok()
        .and_then(|answer| {
            let users = answer["data"]["users"].as_array()?;
            let user = users.iter().find(|user| user["user_id"] == open_id)?;
            name_in(user)
        });
    if names.is_some() {
        return Ok(names);
    }
    let path = format!("contact/v3/users/{open_id}");
    let answer = api.call(Call::get(&path, &by_open_id)).await?;
    Ok(name_in(&answer["data"]["user"]))
}

/// Looks through a chat's members, and keeps the names of the others on the way.
async fn fetch_member(
    api: &Api,
    people: &Cache<String>,
    open_id: &str,
    chat_id: &str,
) -> Result<Option<String>, Fault> {
    if !is_id(chat_id) {
        return Ok(None);
    }
    let path = format!("im/v1/chats/{chat_id}/members");
    let mut page = String::new();
    for _ in 0..MOST_PAGES {
        let mut query = vec![("member_id_type", "open_id"), ("page_size", "100")];
        if !page.is_empty() {
            query.push(("page_token", &page));
        }
        let answer = api.call(Call::get(&path, &query)).await?;
        let mut found = None;
        for member in answer["data"]["items"].as_array().unwrap_or(&Vec::new()) {
            match (member["member_id"].as_str(), name_in(member)) {
                (Some(id), name) if id == open_id => found = name,
                (Some(id), Some(name)) => people.note(id, name),
                _ => {}
            }
        }
        page = answer["data"]["page_token"].as_str().unwrap_or_default().to_owned();
        if found.is_some() || page.is_empty() || answer["data"]["has_more"] != true {
            return Ok(found);
        }
    }
    Ok(None)
}

async fn fetch_chat(api: &Api, chat_id: &str) -> Result<Option<Chat>, Fault> {
    if !is_id(chat_id) {
        return Ok(None);
    }
    let path = format!("im/v1/chats/{chat_id}");
    let answer = api.call(Call::get(&path, &[])).await?;
    let data = &answer["data"];
    Ok(Some(Chat { name: name_in(data), direct: data["chat_mode"] == "p2p" }))
}

async fn fetch_me(api: &Api) -> Result<Option<String>, Fault> {
    // The answer has `bot` at its top, not in `data`.
    let answer = api.call(Call::get("bot/v3/info", &[])).await?;
    Ok(answer["bot"]["open_id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned))
}

fn name_in(value: &Value) -> Option<String> {
    value["name"].as_str().filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Whether `id` is one of Feishu's, and so can stand in a path or an attribute as it is.
pub fn is_id(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Answers kept by question.
struct Cache<T> {
    clock: SharedClock,
    believed: SignedDuration,
    // One entry a question. The outer lock is held for a look; the inner one while Feishu is asked, so
    // that others with the same question wait for the same answer; hence of tokio.
    entries: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Entry<T>>>>>,
}

enum Entry<T> {
    Unasked,
    Known(T, Timestamp),
    Failed(Instant),
}

impl<T: Clone + Send + 'static> Cache<T> {
    fn new(clock: SharedClock, believed: SignedDuration) -> Self {
        Self { clock, believed, entries: Mutex::default() }
    }

    /// The answer, asked for where needed. After [`BUDGET`] the caller goes on without; the question
    /// stays asked, and whoever comes next has the answer.
    async fn ask(
        self: &Arc<Self>,
        key: &str,
        fetch: impl Future<Output = Result<Option<T>, Fault>> + Send + 'static,
    ) -> Option<T> {
        let cell = self.cell(key);
        if let Ok(entry) = cell.try_lock()
            && let Some(answer) = self.answer(&entry)
        {
            return answer;
        }
        let cache = self.clone();
        let asking = tokio::spawn(async move {
            let mut entry = cell.lock().await;
            if let Some(answer) = cache.answer(&entry) {
                return answer;
            }
            let answer = fetch.await.unwrap_or_else(|fault| {
                tracing::debug!(why = %fault.why(), "feishu's directory did not answer");
                None
            });
            *entry = match &answer {
                Some(value) => Entry::Known(value.clone(), cache.clock.now()),
                None => match &*entry {
                    // An old answer is better than none.
                    Entry::Known(value, _) => return Some(value.clone()),
                    _ => Entry::Failed(Instant::now()),
                },
            };
            answer
        });
        tokio::time::timeout(BUDGET, asking).await.ok()?.ok()?
    }

    /// The answer where there is one, also a negative one; `None`: ask.
    fn answer(&self, entry: &Entry<T>) -> Option<Option<T>> {
        match entry {
            Entry::Known(value, since) if self.clock.now().duration_since(*since) < self.believed => {
                Some(Some(value.clone()))
            }
            Entry::Failed(since) if since.elapsed() < RESTS => Some(None),
            _ => None,
        }
    }

    fn note(&self, key: &str, value: T) {
        // Being asked for right now: that answer will do.
        if let Ok(mut entry) = self.cell(key).try_lock() {
            *entry = Entry::Known(value, self.clock.now());
        }
    }

    fn cell(&self, key: &str) -> Arc<tokio::sync::Mutex<Entry<T>>> {
        let mut entries = self.entries.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if entries.len() >= MOST && !entries.contains_key(key) {
            entries.clear();
        }
        entries
            .entry(key.to_owned())
            .or_insert_with(|| Arc::new(tokio::sync::Mutex::new(Entry::Unasked)))
            .clone()
    }
}
