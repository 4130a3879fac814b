//! The entries above the input of a chat alone with the robot: each says its line.
//!
//! Soon after the start they are put there where there are none, or only ours from before. Entries that somebody else made are
//! left alone, since putting any takes the place of all. Whether the app may do it and whether it could: nothing else
//! depends on it. It is one metered call, and three more where they are put.
//!
//! <https://open.dingtalk.com/document/development/set-robot-quick-entrance>,
//! <https://open.dingtalk.com/document/development/quick-entrance-of-inquiry-single-chat-robot>

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    DingTalk,
    answer::{self, Refusal},
    markup::saying,
};
use crate::platform::{Entry, Undelivered};

const ICON: &[u8] = include_bytes!("shortcut.png");

/// An entry as the platform has it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shortcut {
    /// By language, as JSON.
    name: String,
    #[serde(default)]
    icon: String,
    #[serde(default)]
    pc_url: String,
    #[serde(default)]
    mobile_url: String,
}

impl Shortcut {
    fn of(entry: &Entry) -> Self {
        let name = json!({ "zh_CN": entry.word, "en_US": entry.english }).to_string();
        let url = saying(&format!("/{}", entry.word));
        Self { name, icon: String::new(), pc_url: url.clone(), mobile_url: url }
    }

    /// Whether it says a line, as nobody else's does.
    fn is_ours(&self) -> bool {
        self.pc_url.starts_with(&saying("/"))
    }

    fn is(&self, other: &Self) -> bool {
        let named = |shortcut: &Self| serde_json::from_str::<Value>(&shortcut.name).ok();
        named(self) == named(other) && self.pc_url == other.pc_url && self.mobile_url == other.mobile_url
    }
}

impl DingTalk {
    /// Puts these entries into the chats alone with the robot.
    pub async fn put_shortcuts(&self, entries: &[Entry]) {
        match self.try_to_put(entries).await {
            Ok(true) => tracing::info!("the shortcuts of dingtalk are up to date"),
            Ok(false) => {}
            Err(refusal) => {
                let why = refusal.into_undelivered().to_string();
                tracing::info!(why, "the shortcuts of dingtalk were left as they are");
            }
        }
    }

    /// Whether anything changed.
    async fn try_to_put(&self, entries: &[Entry]) -> Result<bool, Refusal> {
        let robot = &self.settings.robot_code;
        let answer = self.plugins("query", &json!({ "robotCode": robot })).await?;
        let there: Vec<Shortcut> = match answer["pluginInfoList"].clone() {
            Value::Null => Vec::new(),
            there => serde_json::from_value(there)
                .map_err(|_| Undelivered::Never { why: "it is not understood what is there".to_owned() })?,
        };
        let mut wanted: Vec<Shortcut> = entries.iter().map(Shortcut::of).collect();
        let same = there.len() == wanted.len() && there.iter().zip(&wanted).all(|(one, other)| one.is(other));
        if same || !there.iter().all(Shortcut::is_ours) {
            return Ok(false);
        }
        let icon = self.upload_new("image", "icon.png".into(), ICON.to_vec()).await?;
        wanted.iter_mut().for_each(|shortcut| shortcut.icon.clone_from(&icon));
        if !there.is_empty() {
            self.plugins("clear", &json!({ "robotCode": robot })).await?;
        }
        self.plugins("set", &json!({ "robotCode": robot, "pluginInfoList": wanted })).await?;
        Ok(true)
    }

    async fn plugins(&self, what: &str, body: &Value) -> Result<Value, Refusal> {
        let answer = self.api.call(&format!("/v1.0/robot/plugins/{what}"), body).await?;
        answer::read(answer.status, &answer.body)
    }
}
