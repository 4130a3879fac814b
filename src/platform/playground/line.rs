//! One line of a playground chat, as it lies in the store and goes to the page.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Mentioned, Pressed, Said};
use crate::chat::{Author, Chart, File, Form, Line, Message, Tone, Words};

/// Something that was said, by the bot or a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatEntry {
    /// Whether the bot said it.
    pub from: Speaker,
    /// When, by the bot's clock.
    pub time: Timestamp,
    /// The words alone, mentions as `@name`.
    pub text: String,
    /// The ids of everybody mentioned.
    #[serde(default)]
    pub mentions: Vec<String>,
    /// What can be pressed.
    #[serde(default)]
    pub buttons: Vec<ButtonShown>,
    /// The message it answers: a message id, or the place of a line of the bot.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// How loud it looks.
    #[serde(default)]
    pub tone: Tone,
    /// The bot's words with their emphasis and people; empty for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
    /// What it tells as a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<Chart>,
    /// What can be filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Box<Form>>,
    /// Which person said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<Mentioned>,
    /// Its id, where a person said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The room's title as the sender's client shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_name: Option<String>,
    /// It was not typed: a button said it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pressed: bool,
    /// The file that it hands over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileShown>,
    /// The place of the line in whose place this one stands, where it is an edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edits: Option<u64>,
    /// What it says now, where it was edited since.
    #[serde(skip)]
    pub edited: Option<Box<ChatEntry>>,
}

/// Who says a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The bot.
    Bot,
    /// A person.
    Person,
    /// Nobody: a line of the bot was edited.
    Edit,
}

/// A button as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ButtonShown {
    /// What stands on it.
    pub label: String,
    /// What it says when pressed.
    pub value: String,
}

/// A file as the page shows it; its bytes are fetched by the place of its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileShown {
    /// Its name.
    pub name: String,
    /// How many bytes it has.
    pub size: usize,
}

/// A line of the bot as it lies in the store: a file's bytes beside what the page is told.
#[derive(Serialize)]
struct Kept<'a> {
    #[serde(flatten)]
    entry: &'a ChatEntry,
    #[serde(skip_serializing_if = "Option::is_none")]
    whole_file: Option<&'a File>,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    whole_file: Option<File>,
}

impl ChatEntry {
    pub(super) fn of_bot(message: &Message, reply_to: Option<&str>, time: Timestamp) -> Self {
        // Those in place of a form too: whoever reads lines alone can press them.
        let instead = message.form.iter().flat_map(|form| &form.instead.buttons);
        let buttons = message.buttons.iter().chain(instead);
        Self {
            from: Speaker::Bot,
            time,
            text: message.plain(),
            mentions: message.mentions().iter().map(|person| person.id.raw().to_owned()).collect(),
            buttons: buttons
                .map(|button| ButtonShown { label: button.label.clone(), value: button.line.clone() })
                .collect(),
            reply_to: reply_to.map(str::to_owned),
            tone: message.tone,
            lines: message.lines.clone(),
            chart: message.chart.as_deref().cloned(),
            form: message.form.clone(),
            sender: None,
            message_id: None,
            room_name: None,
            pressed: false,
            file: message
                .file
                .as_ref()
                .map(|file| FileShown { name: file.name.clone(), size: file.content.len() }),
            edits: None,
            edited: None,
        }
    }

    /// What a line of the bot says from now on.
    pub(super) fn edit(seq: u64, message: &Message, time: Timestamp) -> Self {
        Self { from: Speaker::Edit, edits: Some(seq), ..Self::of_bot(message, None, time) }
    }

    /// What it says and who said it.
    pub(super) fn words(&self) -> Words {
        let by = match (&self.sender, self.from) {
            (_, Speaker::Bot | Speaker::Edit) => Author::Bot,
            (Some(sender), Speaker::Person) => Author::Person(sender.person()),
            (None, Speaker::Person) => Author::Unknown,
        };
        Words { text: self.text.clone(), by, at: Some(self.time) }
    }

    pub(super) fn of_person(said: &Said, message_id: &str, time: Timestamp) -> Self {
        Self {
            from: Speaker::Person,
            time,
            text: said.text.clone(),
            mentions: said.mentions.iter().map(|mentioned| mentioned.id.clone()).collect(),
            buttons: Vec::new(),
            reply_to: said.reply_to.clone(),
            tone: Tone::Plain,
            lines: Vec::new(),
            chart: None,
            form: None,
            sender: Some(said.sender.clone()),
            message_id: Some(message_id.to_owned()),
            room_name: said.room_name.clone(),
            pressed: false,
            file: None,
            edits: None,
            edited: None,
        }
    }

    pub(super) fn of_press(pressed: &Pressed, message_id: &str, time: Timestamp) -> Self {
        Self {
            from: Speaker::Person,
            time,
            text: pressed.label.clone().unwrap_or_else(|| pressed.value.clone()),
            mentions: Vec::new(),
            buttons: Vec::new(),
            reply_to: None,
            tone: Tone::Plain,
            lines: Vec::new(),
            chart: None,
            form: None,
            sender: Some(pressed.sender.clone()),
            message_id: Some(message_id.to_owned()),
            room_name: pressed.room_name.clone(),
            pressed: true,
            file: None,
            edits: None,
            edited: None,
        }
    }

    pub(super) fn encode(&self, whole_file: Option<&File>) -> Vec<u8> {
        let kept = Kept { entry: self, whole_file };
        serde_json::to_vec(&kept).expect("a chat entry has no keys that are not strings")
    }

    /// The file in a line of the store.
    pub(super) fn decode_file(value: &[u8]) -> anyhow::Result<Option<File>> {
        let Found { whole_file } = serde_json::from_slice(value)?;
        Ok(whole_file)
    }

    pub(super) fn decode(value: &[u8]) -> anyhow::Result<Self> {
        Ok(serde_json::from_slice(value)?)
    }
}
