//! A robot message as DingTalk writes it.
//!
//! <https://open.dingtalk.com/document/development/receive-message>. What we do not use is left out; the
//! platform adds fields as it likes.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

/// What our id of a direct chat begins with, before the person's id.
pub(super) const DIRECT: &str = "dm:";
/// Longest id that we take; real ones have some sixty characters.
const LONGEST_ID: usize = 256;

/// The body of one callback. Which fields come depends on the kind of message and on the day.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delivery {
    pub msgtype: Option<String>,
    pub msg_id: String,
    pub create_at: Option<Loose>,
    /// `1` direct, `2` group.
    pub conversation_type: Option<Loose>,
    pub conversation_id: String,
    pub conversation_title: Option<String>,
    /// Encrypted, `$:LWCP_v1:$…`; the only id of people outside the organisation.
    pub sender_id: String,
    pub sender_nick: Option<String>,
    pub sender_staff_id: Option<String>,
    pub chatbot_corp_id: Option<String>,
    pub chatbot_user_id: Option<String>,
    pub robot_code: Option<String>,
    pub at_users: Option<Vec<AtUser>>,
    pub session_webhook: Option<String>,
    pub session_webhook_expired_time: Option<Loose>,
    pub original_process_query_key: Option<String>,
    pub text: Option<Text>,
    pub content: Option<Value>,
    /// `20001`: the month's quota is used up; spelt either way.
    #[serde(alias = "errCode")]
    pub error_code: Option<Loose>,
}

/// Somebody mentioned; the robot itself is among them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AtUser {
    pub dingtalk_id: Option<String>,
    pub staff_id: Option<String>,
}

/// What `msgtype` `text` carries.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Text {
    pub content: Option<String>,
    pub replied_msg: Option<Replied>,
}

/// The message that this one quotes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Replied {
    pub msg_id: Option<String>,
    pub sender_id: Option<String>,
    pub created_at: Option<Loose>,
    #[serde(default, deserialize_with = "or_none")]
    pub content: Option<RepliedContent>,
}

/// What the quoted message says; pictures and files have other fields.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RepliedContent {
    pub text: Option<String>,
    pub rich_text: Option<Vec<Piece>>,
}

impl RepliedContent {
    /// The words alone; `None` where there are none.
    pub fn words(&self) -> Option<String> {
        let pieces = self.rich_text.iter().flatten().filter_map(|piece| piece.text.as_deref());
        let text = match &self.text {
            Some(text) => text.clone(),
            None => pieces.collect(),
        };
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// Reads what is not of the documented shape as if it were not there: a quote is no reason to lose a message.
fn or_none<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// One piece of a `richText`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Piece {
    pub text: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub at_name: Option<String>,
    pub at_user_id: Option<String>,
}

/// A number that some pages and some days write as a string.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Loose {
    Number(i64),
    Text(String),
    Other(serde::de::IgnoredAny),
}

impl Loose {
    /// The number, where it is one.
    pub fn number(&self) -> Option<i64> {
        match self {
            Loose::Number(number) => Some(*number),
            Loose::Text(text) => text.trim().parse().ok(),
            Loose::Other(_) => None,
        }
    }
}

impl Delivery {
    /// Reads a body; `None` where it is no robot message.
    pub fn read(body: &[u8]) -> Option<Self> {
        let delivery: Self = serde_json::from_slice(body).ok()?;
        let ids = [&delivery.msg_id, &delivery.conversation_id, &delivery.sender_id];
        let fair = ids.iter().all(|id| !id.is_empty() && id.len() <= LONGEST_ID);
        // A room of ours is not a conversation of theirs.
        (fair && !delivery.conversation_id.starts_with(DIRECT)).then_some(delivery)
    }

    /// The month's quota is used up, and the text was left out.
    pub fn is_over_quota(&self) -> bool {
        self.error_code.as_ref().and_then(Loose::number) == Some(20001)
    }

    /// It comes from a chat of one person with the robot.
    pub fn is_direct(&self) -> bool {
        self.conversation_type.as_ref().and_then(Loose::number) == Some(1)
    }

    /// Everybody mentioned but the robot.
    pub fn mentioned(&self) -> impl Iterator<Item = &AtUser> {
        let robot = present(&self.chatbot_user_id);
        self.at_users.iter().flatten().filter(move |user| robot.is_none() || user.dingtalk() != robot)
    }

    /// The robot was mentioned before anybody else.
    pub fn begins_with_robot(&self) -> bool {
        let first = self.at_users.iter().flatten().next();
        let robot = present(&self.chatbot_user_id);
        robot.is_some() && first.and_then(AtUser::dingtalk) == robot
    }
}

impl AtUser {
    /// The encrypted id, where there is one.
    pub fn dingtalk(&self) -> Option<&str> {
        present(&self.dingtalk_id)
    }

    /// The id inside the organisation, else the encrypted one.
    pub fn id(&self) -> Option<String> {
        let staff = present(&self.staff_id).filter(|id| is_staff_id(id));
        staff.map(str::to_owned).or_else(|| self.dingtalk().map(outside_id))
    }
}

/// The field, unless it is missing or empty: the platform does either.
pub(super) fn present(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|field| !field.is_empty())
}

/// An encrypted id, which can never be taken for one inside the organisation.
pub(super) fn outside_id(id: &str) -> String {
    if is_staff_id(id) { format!("$:{id}") } else { id.to_owned() }
}

/// Whether this is an id inside the organisation, which can be mentioned and written to. The encrypted
/// ids of people outside begin with `$:`.
pub(super) fn is_staff_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 64 && id.chars().all(|c| c.is_ascii_alphanumeric() || "_-@.".contains(c))
}
