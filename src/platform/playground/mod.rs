//! The playground: a chat platform inside the bot itself, for trying, showing and checking it.
//!
//! It stands where Feishu or DingTalk would stand: people's messages come in as [`Said`] and become an
//! [`Inbound`], the bot's come in through [`Platform::deliver`]; both are lines of a chat in the store.
//!
//! Ids. A room `demo` is `playground:demo`, a person `li` is `playground:li`, the bot is `jiuding`. The
//! direct chat of a person with the bot is the room `dm:li`. A message of a person is
//! `playground:<room>:<message_id>`. A message of the bot is `playground:<room>:<seq>`, `seq` being its
//! place in the room; that is what [`Accepted`] tells, so a quote of it leads back to its record. Who
//! answers a message names it by `seq`, by `message_id`, or by either of the full ids; a number that is
//! the place of a line of the bot means that line.

mod line;
mod names;
mod said;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{Mutex, watch},
    time::Instant,
};

use super::{Accepted, Edits, Limits, Parcel, Platform, Rate, Received, Receiver, Undelivered};
use crate::{
    chat::{File, Form, Inbound, Message, MessageId, PersonId, Quote, ReplyTo, RoomId, Target, What, Words},
    clock::SharedClock,
    store::Store,
};

use names::{fresh_id, message, room, room_of, unwritten, within};

pub use line::{ButtonShown, ChatEntry, FileShown, Speaker};
pub use said::{Mentioned, Pressed, Said};

/// The name that all ids of the playground begin with.
pub const NAME: &str = "playground";
/// The bot's own id.
pub const BOT: &str = "jiuding";
/// How many lines are read from the store at once.
const PAGE: usize = 500;

/// The chats of the playground.
pub struct Playground {
    store: Arc<dyn Store>,
    clock: SharedClock,
    /// Raised with every line, so that whoever waits looks again. A watch, since a wake must not be lost
    /// between looking and waiting.
    changes: watch::Sender<Changes>,
    /// What is known of rooms without reading their chats again. Held across the first read of a room, so
    /// that a line which arrives meanwhile is not overlooked.
    rooms: Mutex<HashMap<String, RoomSummary>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Changes {
    count: u64,
    closed: bool,
}

/// A room as a list of rooms shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct RoomSummary {
    /// Its id as the playground writes it.
    pub id: String,
    /// Its title, where somebody said one.
    pub name: Option<String>,
    /// The place of its newest line.
    pub latest: u64,
}

/// Whose lines are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those of the bot.
    Bot,
    /// All of them.
    Everybody,
}

/// What became of a message or a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The message's id: the sender's own, or the one it was given.
    pub message_id: String,
    /// It had been carried out before; this time it had no effect.
    pub seen: bool,
}

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotHeard {
    /// It is not a message; the sentence says why.
    #[error("{0}")]
    Bad(String),
    /// It could not be made durable; it may be sent again.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl Playground {
    /// A playground whose chats lie in `store`.
    pub fn new(store: Arc<dyn Store>, clock: SharedClock) -> Self {
        Self { store, clock, changes: watch::Sender::default(), rooms: Mutex::default() }
    }

    /// A person says something. Returns when its effect is durable.
    ///
    /// # Errors
    /// It is not a message, or the store could not write.
    pub async fn say(&self, said: Said, receiver: &dyn Receiver) -> Result<Heard, NotHeard> {
        said.check().map_err(NotHeard::Bad)?;
        let now = self.clock.now();
        let message_id = said.message_id.clone().unwrap_or_else(fresh_id);
        let entry = ChatEntry::of_person(&said, &message_id, now);
        self.append(&said.room, &format!("in:{message_id}"), &entry, None).await?;

        let (text, addressed) = said.typed();
        let quotes = match &said.reply_to {
            Some(named) => Some(Quote::of(self.quoted(&said.room, named).await?)),
            None => None,
        };
        let inbound = Inbound {
            keys: vec![format!("{NAME}:msg:{}:{message_id}", said.room)],
            room: room(&said.room, said.room_name.clone(), said.direct),
            sender: said.sender.person(),
            written_at: Some(now),
            reply_to: Some(ReplyTo { message: message(&said.room, &message_id), session: None }),
            what: What::Said { text, addressed, quotes },
        };
        let received = receiver.receive(inbound).await?;
        Ok(Heard { message_id, seen: received == Received::SeenBefore })
    }

    /// A person presses a button. Returns when its effect is durable.
    ///
    /// # Errors
    /// It is not a press, or the store could not write.
    pub async fn press(&self, pressed: Pressed, receiver: &dyn Receiver) -> Result<Heard, NotHeard> {
        pressed.check().map_err(NotHeard::Bad)?;
        let what = match &pressed.form {
            None => What::Pressed { line: pressed.value.clone() },
            Some(values) => {
                let form = self.form(&pressed.room, &pressed.value, values).await?;
                let form = form.ok_or_else(|| NotHeard::Bad("no form there says this \"value\"".into()))?;
                What::Filled { form, values: values.clone() }
            }
        };
        let now = self.clock.now();
        let message_id = pressed.message_id.clone().unwrap_or_else(fresh_id);
        let entry = ChatEntry::of_press(&pressed, &message_id, now);
        self.append(&pressed.room, &format!("press:{message_id}"), &entry, None).await?;

        let inbound = Inbound {
            keys: vec![format!("{NAME}:press:{}:{message_id}", pressed.room)],
            room: room(&pressed.room, pressed.room_name.clone(), pressed.direct),
            sender: pressed.sender.person(),
            written_at: Some(now),
            reply_to: None,
            what,
        };
        let received = receiver.receive(inbound).await?;
        Ok(Heard { message_id, seen: received == Received::SeenBefore })
    }

    /// The lines of a room after `after`, oldest first. Where there are none, waits so long for one.
    ///
    /// # Errors
    /// The store could not read.
    pub async fn read(
        &self,
        room: &str,
        mut after: u64,
        whose: Whose,
        wait: Duration,
    ) -> anyhow::Result<Vec<(u64, ChatEntry)>> {
        let mut changes = self.changes.subscribe();
        let deadline = Instant::now() + wait;
        loop {
            let closed = changes.borrow_and_update().closed;
            let mut found: Vec<(u64, ChatEntry)> = Vec::new();
            for (seq, entry) in self.since(room, after).await? {
                after = seq;
                if whose == Whose::Everybody || entry.from == Speaker::Bot {
                    found.push((seq, entry));
                } else if let Some(edits) = entry.edits
                    && let Some((_, edited)) = found.iter_mut().find(|(seq, _)| *seq == edits)
                {
                    edited.edited = Some(Box::new(entry));
                }
            }
            if !found.is_empty() || closed {
                return Ok(found);
            }
            let Ok(Ok(())) = tokio::time::timeout_at(deadline, changes.changed()).await else {
                return Ok(found);
            };
        }
    }

    /// How many lines were added since the start; waits so long for it to differ from `known`.
    pub async fn changes(&self, known: Option<u64>, wait: Duration) -> u64 {
        let mut changes = self.changes.subscribe();
        let differs = changes.wait_for(|now| now.closed || Some(now.count) != known);
        let _ = tokio::time::timeout(wait, differs).await;
        self.changes.borrow().count
    }

    /// All rooms in which something was said.
    ///
    /// # Errors
    /// The store could not read.
    pub async fn rooms(&self) -> anyhow::Result<Vec<RoomSummary>> {
        let mut known = self.rooms.lock().await;
        let mut rooms = Vec::new();
        for id in self.store.chat_rooms().await? {
            let summary = match known.get(&id) {
                Some(summary) => summary.clone(),
                None => {
                    let mut summary = RoomSummary { id: id.clone(), ..RoomSummary::default() };
                    for (seq, entry) in self.since(&id, 0).await? {
                        summary.latest = if entry.from == Speaker::Edit { summary.latest } else { seq };
                        summary.name = entry.room_name.or(summary.name);
                    }
                    known.insert(id, summary.clone());
                    summary
                }
            };
            rooms.push(summary);
        }
        Ok(rooms)
    }

    /// The file that the line at this place hands over; `None` where there is no such line, or it has none.
    ///
    /// # Errors
    /// The store could not read.
    pub async fn file(&self, room: &str, seq: u64) -> anyhow::Result<Option<File>> {
        match self.line(room, seq).await? {
            Some(value) => ChatEntry::decode_file(&value),
            None => Ok(None),
        }
    }

    /// Sends everybody who waits home, now and from now on, so that a server can stop.
    pub fn close(&self) {
        self.changes.send_modify(|changes| changes.closed = true);
    }

    async fn append(
        &self,
        room: &str,
        key: &str,
        entry: &ChatEntry,
        file: Option<&File>,
    ) -> anyhow::Result<u64> {
        let seq = self.store.chat_append(room, key, entry.encode(file)).await?;
        if let Some(summary) = self.rooms.lock().await.get_mut(room) {
            // An edit is nothing new to read.
            if entry.from != Speaker::Edit {
                summary.latest = summary.latest.max(seq);
            }
            summary.name = entry.room_name.clone().or(summary.name.take());
        }
        self.changes.send_modify(|changes| changes.count += 1);
        Ok(seq)
    }

    async fn since(&self, room: &str, mut after: u64) -> anyhow::Result<Vec<(u64, ChatEntry)>> {
        let mut entries = Vec::new();
        loop {
            let lines = self.store.chat_since(room, after, PAGE).await?;
            for line in &lines {
                after = line.seq;
                entries.push((line.seq, ChatEntry::decode(&line.value)?));
            }
            if lines.len() < PAGE {
                return Ok(entries);
            }
        }
    }

    /// The line at this place, as it lies in the store.
    async fn line(&self, room: &str, seq: u64) -> anyhow::Result<Option<Vec<u8>>> {
        let Some(before) = seq.checked_sub(1) else { return Ok(None) };
        let lines = self.store.chat_since(room, before, 1).await?;
        Ok(lines.into_iter().find(|line| line.seq == seq).map(|line| line.value))
    }

    /// The id of the message that somebody answers; see the top of this file.
    async fn quoted(&self, room: &str, named: &str) -> anyhow::Result<MessageId> {
        let named = named.strip_prefix(NAME).and_then(|rest| rest.strip_prefix(':')).unwrap_or(named);
        let named = within(room, named);
        Ok(match self.line_of_bot(room, named).await? {
            Some((seq, _)) => message(room, &seq.to_string()),
            None => message(room, named),
        })
    }

    /// The newest form there whose line begins so, before others one that asks for all of these values: what is
    /// still missing differs from card to card.
    async fn form(
        &self,
        room: &str,
        line: &str,
        values: &BTreeMap<String, String>,
    ) -> anyhow::Result<Option<Form>> {
        let lines = self.since(room, 0).await?.into_iter().rev();
        let forms = lines.filter_map(|(_, entry)| entry.form).filter(|form| form.line == line);
        let forms: Vec<Form> = forms.map(|form| *form).collect();
        let asks =
            |form: &&Form| values.keys().all(|name| form.fields.iter().any(|field| field.name == *name));
        Ok(forms.iter().find(asks).or(forms.first()).cloned())
    }

    /// The line of the bot whose place this is.
    async fn line_of_bot(&self, room: &str, named: &str) -> anyhow::Result<Option<(u64, ChatEntry)>> {
        let Ok(seq) = named.parse() else { return Ok(None) };
        let Some(value) = self.line(room, seq).await? else { return Ok(None) };
        let entry = ChatEntry::decode(&value)?;
        Ok((entry.from == Speaker::Bot).then_some((seq, entry)))
    }

    async fn said_in(&self, room: &str, named: &str) -> anyhow::Result<Option<ChatEntry>> {
        if let Some((_, entry)) = self.line_of_bot(room, named).await? {
            return Ok(Some(entry));
        }
        let lines = self.since(room, 0).await?.into_iter().rev();
        Ok(lines.map(|(_, entry)| entry).find(|entry| entry.message_id.as_deref() == Some(named)))
    }
}

#[async_trait::async_trait]
impl Platform for Playground {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Writes the message into the chat, once for each parcel id.
    async fn deliver(&self, parcel: &Parcel) -> Result<Accepted, Undelivered> {
        if parcel.to.platform() != NAME {
            return Err(Undelivered::Never { why: format!("no room of the {NAME}") });
        }
        let room = room_of(&parcel.to);
        let answers = parcel.reply_to.as_ref().map(|reply| within(&room, reply.message.raw()));
        let entry = ChatEntry::of_bot(&parcel.message, answers, self.clock.now());
        let (key, file) = (format!("out:{}", parcel.id), parcel.message.file.as_deref());
        let seq = self.append(&room, &key, &entry, file).await.map_err(|error| unwritten(&error))?;
        Ok(Accepted { message: Some(message(&room, &seq.to_string())) })
    }

    fn edits(&self) -> Option<Edits> {
        Some(Edits { within: Duration::MAX, every: Duration::ZERO })
    }

    /// Writes the edit behind everything that was said, so that no line moves.
    async fn edit(&self, id: &MessageId, to: &Target, fresh: &Message) -> Result<(), Undelivered> {
        let room = room_of(to);
        let seq = within(&room, id.raw()).parse();
        let seq = seq.map_err(|_| Undelivered::Never { why: "no line of a chat".into() })?;
        let entry = ChatEntry::edit(seq, fresh, self.clock.now());
        let written = self.append(&room, &format!("edit:{}", fresh_id()), &entry, None).await;
        written.map(drop).map_err(|error| unwritten(&error))
    }

    fn notifies_in(&self, _room: &RoomId) -> bool {
        true
    }

    /// The store keeps a line's key as long as the line.
    fn remembers(&self) -> Duration {
        Duration::MAX
    }

    fn limits(&self) -> Limits {
        let rate = Rate { burst: 10_000, per: Duration::from_secs(1), reserve: 0 };
        Limits { per_target: rate, per_app: rate, peak: None }
    }

    /// Nobody: every message says the names of its people.
    async fn name_of(&self, _person: &PersonId) -> Option<String> {
        None
    }

    async fn words_of(&self, room: &RoomId, message: &MessageId) -> Option<Words> {
        let said = self.said_in(room.raw(), within(room.raw(), message.raw())).await;
        said.ok().flatten().map(|entry| entry.words())
    }

    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }
}
