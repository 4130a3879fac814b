//! The panel of commands that Feishu shows to whoever types `/`.
//!
//! At the start the panel is made to hold what the bot understands; commands that are not the bot's own are left alone.
//! Whether the app may change it and whether it could: nothing else depends on it.
//! <https://open.feishu.cn/document/mcp_open_tools/agent-best-practices/agent-supports-slash-commands>

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Feishu,
    api::{Api, Call},
    fault::Fault,
};
use crate::platform::Entry;

const PATH: &str = "application/v7/app_slash_commands";

/// A command as the panel has it.
#[derive(Deserialize)]
struct Listed {
    command_id: String,
    command: String,
    #[serde(default)]
    description: Value,
}

impl Feishu {
    /// Makes the panel hold these entries.
    pub async fn fill_panel(&self, entries: &[Entry]) {
        match fill(&self.api, entries).await {
            Ok(0) => {}
            Ok(changed) => tracing::info!(changed, "the command panel of feishu is up to date"),
            Err(fault) => tracing::info!(why = fault.why(), "the command panel of feishu was left as it is"),
        }
    }
}

/// Gives how many entries were put or changed.
async fn fill(api: &Api, entries: &[Entry]) -> Result<usize, Fault> {
    let answer = api.call(Call::get(PATH, &[("page_size", "100")])).await?;
    let listed: Vec<Listed> = serde_json::from_value(answer["data"]["items"].clone()).unwrap_or_default();
    let mut changed = 0;
    for entry in entries {
        let description = json!({
            "default_value": entry.summary,
            "i18n": { "zh_cn": entry.summary, "en_us": entry.english },
        });
        let there = listed.iter().find(|listed| listed.command == entry.word);
        match there {
            Some(there) if there.description["default_value"] == entry.summary => continue,
            Some(there) => {
                let path = format!("{PATH}/{}", there.command_id);
                let body = json!({ "description": description });
                let call = Call { method: Method::PATCH, path: &path, query: &[], body: Some(&body) };
                api.call(call).await?;
            }
            None => {
                let body = json!({ "command": entry.word, "description": description });
                api.call(Call::post(PATH, &[], &body)).await?;
            }
        }
        changed += 1;
    }
    Ok(changed)
}
