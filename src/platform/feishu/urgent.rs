//! 加急: an escalation that is not overlooked. The message is said first, then whoever it calls is called by the app, or
//! by telephone. Where Feishu does not do that, the mention has to do; whoever is not in the group gets the message alone.
//!
//! Sources: <https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/urgent_app>,
//! <https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/urgent_phone>

use reqwest::Method;
use serde_json::json;

use super::{Feishu, NAME, api::Call, fault::Fault};
use crate::{
    chat::{MessageId, Target, Tone},
    platform::Parcel,
};

/// How people are called to an escalation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgent {
    /// By a mention alone.
    Off,
    /// By the app.
    App,
    /// By telephone where something is late, which the tenant pays for; else by the app.
    Phone,
}

impl Feishu {
    /// Calls whoever a message that was accepted calls. Its own success is no matter of the message's.
    pub(super) async fn call_for(&self, parcel: &Parcel, message: &MessageId) {
        let people: Vec<String> = match &parcel.to {
            Target::Person(person) => vec![person.raw().to_owned()],
            Target::Room(_) => parcel
                .message
                .mentions()
                .into_iter()
                .filter(|person| person.id.platform() == NAME)
                .map(|person| person.id.raw().to_owned())
                .collect(),
        };
        if people.is_empty() {
            return;
        }
        let ways: &[&str] = match (self.settings.urgent, parcel.message.tone) {
            (Urgent::Off, _) => return,
            (Urgent::Phone, Tone::Alarm) => &["urgent_phone", "urgent_app"],
            (Urgent::App | Urgent::Phone, _) => &["urgent_app"],
        };
        for way in ways {
            match self.call_by(way, message.raw(), &people).await {
                Ok(absent) => {
                    if let Target::Room(_) = parcel.to {
                        self.tell_alone(parcel, &absent).await;
                    }
                    return;
                }
                Err(fault) => tracing::warn!(why = fault.why(), way, "feishu did not call anybody"),
            }
        }
    }

    /// Gives those whom Feishu could not call, since they are not in the group.
    async fn call_by(&self, way: &str, message: &str, people: &[String]) -> Result<Vec<String>, Fault> {
        let path = format!("im/v1/messages/{message}/{way}");
        let body = json!({ "user_id_list": people });
        let query = [("user_id_type", "open_id")];
        let call = Call { method: Method::PATCH, path: &path, query: &query, body: Some(&body) };
        let answer = self.api.call(call).await?;
        let missed = answer["data"]["invalid_user_id_list"].as_array().into_iter().flatten();
        Ok(missed.filter_map(|id| id.as_str().map(str::to_owned)).collect())
    }

    async fn tell_alone(&self, parcel: &Parcel, people: &[String]) {
        for open_id in people {
            let alone = Parcel {
                id: format!("{}-{open_id}", parcel.id),
                to: Target::Person(crate::chat::PersonId::new(NAME, open_id)),
                reply_to: None,
                ..parcel.clone()
            };
            if let Err(fault) = self.send_form(&alone, None).await {
                tracing::warn!(why = fault.why(), "who is not in the group could not be written to either");
            }
        }
    }
}
