//! From a verified event to what happened, with raw ids and before any name is looked up.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    delivery::{self, Envelope},
    form, met,
    typed::{Ids, Mention, or_default},
};
use crate::chat::Form;

/// What happened where by whom; everything that needs no question to the platform.
#[derive(Debug)]
pub struct Happened {
    /// Names under which it may come again, not yet prefixed by the app.
    pub keys: Vec<String>,
    /// The chat.
    pub chat: Chat,
    /// Who did it.
    pub open_id: String,
    /// When it was written.
    pub at: Option<Timestamp>,
    /// The message that an answer quotes.
    pub message: Option<String>,
    /// What.
    pub deed: Deed,
}

/// A chat as far as the event describes it.
#[derive(Debug)]
pub struct Chat {
    /// Its id.
    pub id: String,
    /// Its name, where told.
    pub name: Option<String>,
    /// Whether it is a chat of one person with the bot, where told.
    pub direct: Option<bool>,
}

/// What a person did.
#[derive(Debug)]
pub enum Deed {
    /// Wrote a message.
    Wrote {
        /// `text`, `post` and so on.
        message_type: String,
        /// JSON text.
        content: String,
        /// Everybody mentioned.
        mentions: Vec<Mention>,
        /// The message that this one answers.
        parent: Option<String>,
    },
    /// Pressed a button that carries this line.
    Pressed(String),
    /// Filled in a form.
    Filled(Form, BTreeMap<String, String>),
    /// Took back a message of theirs.
    Recalled(String),
    /// Added the bot to the chat.
    Added,
    /// Took the bot out of the chat, or dissolved it.
    Removed,
    /// Gave the chat another name.
    Renamed,
    /// Brought people into the chat.
    Brought(Vec<Member>),
    /// Took people out of the chat, or left it; the tenant, where there is no chat.
    TookOut(Vec<Member>),
    /// Hosted a video meeting that ended; no chat is told of it.
    Met {
        /// The meeting's title.
        topic: String,
        /// When it began, where told.
        started: Option<Timestamp>,
        /// When it ended.
        ended: Timestamp,
    },
    /// Owned a video meeting whose recording can be seen; no chat is told of it.
    Recorded {
        /// The meeting's title.
        topic: String,
        /// When that was so.
        ready: Timestamp,
        /// Where.
        url: String,
    },
}

/// Understands an event. `Ok(None)`: of no interest.
///
/// # Errors
/// The event's fields are not what Feishu documents for its kind.
pub fn understand(envelope: Envelope) -> Result<Option<Happened>, serde_json::Error> {
    match envelope.kind.as_str() {
        "im.message.receive_v1" => message(envelope),
        "im.message.recalled_v1" => recalled(envelope),
        "im.chat.member.bot.added_v1" => chat(envelope, |_| Deed::Added),
        "im.chat.member.bot.deleted_v1" | "im.chat.disbanded_v1" => chat(envelope, |_| Deed::Removed),
        "im.chat.member.user.added_v1" => chat(envelope, Deed::Brought),
        // Withdrawn: whoever brought them in took that back.
        "im.chat.member.user.deleted_v1" | "im.chat.member.user.withdrawn_v1" => {
            chat(envelope, Deed::TookOut)
        }
        "im.chat.updated_v1" => updated(envelope),
        "contact.user.deleted_v3" => resigned(envelope).map(Some),
        "card.action.trigger" => pressed(envelope),
        "application.bot.menu_v6" => menu(envelope),
        "vc.meeting.all_meeting_ended_v1" | "vc.meeting.meeting_ended_v1" => met::ended(envelope),
        "vc.meeting.recording_ready_v1" => met::recorded(envelope),
        _ => Ok(None),
    }
}

#[derive(Deserialize)]
struct Received {
    sender: Sender,
    message: Message,
}

#[derive(Deserialize)]
struct Sender {
    #[serde(default, deserialize_with = "or_default")]
    sender_id: Ids,
    #[serde(default, deserialize_with = "or_default")]
    sender_type: String,
}

#[derive(Deserialize)]
struct Message {
    message_id: String,
    #[serde(default, deserialize_with = "or_default")]
    parent_id: String,
    #[serde(default, deserialize_with = "or_default")]
    create_time: String,
    chat_id: String,
    #[serde(default, deserialize_with = "or_default")]
    chat_type: String,
    message_type: String,
    #[serde(default, deserialize_with = "or_default")]
    content: String,
    #[serde(default, deserialize_with = "or_default")]
    mentions: Vec<Mention>,
}

fn message(envelope: Envelope) -> Result<Option<Happened>, serde_json::Error> {
    let Received { sender, message } = Received::deserialize(envelope.event)?;
    let open_id = sender.sender_id.open_id;
    // Bots, this one among them, are not people: two of them would talk for ever.
    if sender.sender_type != "user" || open_id.is_empty() {
        return Ok(None);
    }
    Ok(Some(Happened {
        // The page of this event: tell repetitions by the message, not by the event. The same event is the
        // same message, so its own key would add nothing.
        keys: vec![heard_as(&message.message_id)],
        chat: Chat { id: message.chat_id, name: None, direct: Some(message.chat_type == "p2p") },
        open_id,
        at: delivery::instant(&message.create_time).or(envelope.at),
        message: Some(message.message_id),
        deed: Deed::Wrote {
            message_type: message.message_type,
            content: message.content,
            mentions: message.mentions,
            parent: Some(message.parent_id).filter(|id| !id.is_empty()),
        },
    }))
}

/// The key of a message.
pub fn heard_as(message_id: &str) -> String {
    format!("im.message.receive_v1:{message_id}")
}

#[derive(Deserialize)]
struct Recall {
    message_id: String,
    chat_id: String,
    #[serde(default, deserialize_with = "or_default")]
    recall_type: String,
}

/// A message is gone. Where those who run the chat removed it, its words were not taken back. `[D:im-recalled]`
fn recalled(envelope: Envelope) -> Result<Option<Happened>, serde_json::Error> {
    let Recall { message_id, chat_id, recall_type } = Recall::deserialize(envelope.event)?;
    if recall_type != "message_owner" || message_id.is_empty() {
        return Ok(None);
    }
    Ok(Some(Happened {
        keys: vec![format!("im.message.recalled_v1:{message_id}")],
        chat: Chat { id: chat_id, name: None, direct: None },
        open_id: String::new(),
        at: envelope.at,
        message: None,
        deed: Deed::Recalled(message_id),
    }))
}

/// What the events of a chat's members have in common. `[D:bot-added] [D:user-added]`
#[derive(Deserialize)]
struct OfChat {
    chat_id: String,
    #[serde(default, deserialize_with = "or_default")]
    operator_id: Ids,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    users: Vec<User>,
}

#[derive(Default, Deserialize)]
struct User {
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    tenant_key: String,
    #[serde(default, deserialize_with = "or_default")]
    user_id: Ids,
}

/// Somebody who came into a chat or left it.
#[derive(Debug)]
pub struct Member {
    /// Who.
    pub open_id: String,
    /// What people call them; empty where it is not told.
    pub name: String,
    /// Of another tenant than the app.
    pub outside: bool,
}

fn chat(envelope: Envelope, deed: fn(Vec<Member>) -> Deed) -> Result<Option<Happened>, serde_json::Error> {
    let OfChat { chat_id, operator_id, name, users } = OfChat::deserialize(envelope.event)?;
    let members = users.into_iter().filter(|user| !user.user_id.open_id.is_empty()).map(|user| Member {
        open_id: user.user_id.open_id,
        name: user.name,
        outside: !user.tenant_key.is_empty() && user.tenant_key != envelope.tenant,
    });
    Ok(Some(Happened {
        keys: vec![envelope.key],
        chat: Chat { id: chat_id, name: Some(name).filter(|name| !name.is_empty()), direct: Some(false) },
        open_id: operator_id.open_id,
        at: envelope.at,
        message: None,
        deed: deed(members.collect()),
    }))
}

#[derive(Deserialize)]
struct Updated {
    chat_id: String,
    #[serde(default, deserialize_with = "or_default")]
    operator_id: Ids,
    #[serde(default, deserialize_with = "or_default")]
    after_change: Titled,
}

#[derive(Default, Deserialize)]
struct Titled {
    #[serde(default, deserialize_with = "or_default")]
    name: String,
}

/// Of everything that can be changed of a chat its name matters. `[D:chat-updated]`
fn updated(envelope: Envelope) -> Result<Option<Happened>, serde_json::Error> {
    let Updated { chat_id, operator_id, after_change } = Updated::deserialize(envelope.event)?;
    if after_change.name.is_empty() {
        return Ok(None);
    }
    Ok(Some(Happened {
        keys: vec![envelope.key],
        chat: Chat { id: chat_id, name: Some(after_change.name), direct: Some(false) },
        open_id: operator_id.open_id,
        at: envelope.at,
        message: None,
        deed: Deed::Renamed,
    }))
}

#[derive(Deserialize)]
struct Resigned {
    object: Employee,
}

#[derive(Deserialize)]
struct Employee {
    open_id: String,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
}

/// Somebody left the tenant.
/// <https://open.feishu.cn/document/server-docs/contact-v3/user/events/deleted>
fn resigned(envelope: Envelope) -> Result<Happened, serde_json::Error> {
    let Employee { open_id, name } = Resigned::deserialize(envelope.event)?.object;
    Ok(Happened {
        keys: vec![envelope.key],
        chat: Chat { id: String::new(), name: None, direct: Some(false) },
        open_id: open_id.clone(),
        at: envelope.at,
        message: None,
        deed: Deed::TookOut(vec![Member { open_id, name, outside: false }]),
    })
}

#[derive(Deserialize)]
struct Action {
    operator: Ids,
    action: Pressed,
    #[serde(default, deserialize_with = "or_default")]
    context: Context,
}

#[derive(Deserialize)]
struct Pressed {
    #[serde(default)]
    value: Value,
    /// Where it is the button of a form: what stood in it.
    #[serde(default, deserialize_with = "or_default")]
    form_value: Map<String, Value>,
}

#[derive(Default, Deserialize)]
struct Context {
    #[serde(default, deserialize_with = "or_default")]
    open_message_id: String,
    #[serde(default, deserialize_with = "or_default")]
    open_chat_id: String,
}

fn pressed(envelope: Envelope) -> Result<Option<Happened>, serde_json::Error> {
    let Action { operator, action, context } = Action::deserialize(envelope.event)?;
    // `value` is an object, or a string, whichever the component carried; only our own object says something.
    let line = action.value.get("line").and_then(Value::as_str).map(|line| Deed::Pressed(line.to_owned()));
    let filled = || form::read(&action.value, &action.form_value);
    let Some(deed) = line.or_else(|| filled().map(|(form, values)| Deed::Filled(form, values))) else {
        return Ok(None);
    };
    if operator.open_id.is_empty() || context.open_chat_id.is_empty() {
        return Ok(None);
    }
    Ok(Some(Happened {
        keys: vec![envelope.key],
        chat: Chat { id: context.open_chat_id, name: None, direct: None },
        open_id: operator.open_id,
        at: envelope.at,
        message: Some(context.open_message_id).filter(|id| !id.is_empty()),
        deed,
    }))
}

#[derive(Deserialize)]
struct Menu {
    operator: Operator,
    event_key: String,
}

#[derive(Deserialize)]
struct Operator {
    #[serde(default, deserialize_with = "or_default")]
    operator_id: Ids,
}

/// An entry of the bot's menu in its direct chat: its key is the command that it stands for, with or without `/`.
/// `[D:menu]`
fn menu(envelope: Envelope) -> Result<Option<Happened>, serde_json::Error> {
    let Menu { operator, event_key } = Menu::deserialize(envelope.event)?;
    let (open_id, word) = (operator.operator_id.open_id, event_key.trim().trim_start_matches(['/', '／']));
    if open_id.is_empty() || word.is_empty() {
        return Ok(None);
    }
    Ok(Some(Happened {
        keys: vec![envelope.key],
        // The event does not tell the direct chat's id; nothing else is said in a room of this name.
        chat: Chat { id: format!("menu:{open_id}"), name: None, direct: Some(true) },
        open_id,
        at: envelope.at,
        message: None,
        deed: Deed::Pressed(format!("/{word}")),
    }))
}
