//! The panel of slash commands.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State as Extract},
    http::HeaderMap,
    response::Response,
};
use serde_json::{Value, json};

use super::{
    FakeFeishu, Shared,
    server::{done, refusal, unauthorised},
};

const SCOPE: &str = "application:app_slash_command:write";
/// How many commands an app can have.
const MOST: usize = 100;

impl FakeFeishu {
    /// Name and description of each command, by name.
    pub fn panel(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut panel: Vec<(String, String)> = self
            .state()
            .panel
            .iter()
            .map(|command| (text(&command["command"]), text(&command["description"]["default_value"])))
            .collect();
        panel.sort();
        panel
    }

    /// A command that somebody put there.
    pub fn put_in_panel(&self, command: &str, about: &str) {
        let id = self.state().fresh("cmd-");
        let command = json!({"command_id": id, "command": command, "description": {"default_value": about}});
        self.state().panel.push(command);
    }
}

fn refused(shared: &Shared, headers: &HeaderMap) -> Option<Response> {
    unauthorised(shared, headers).or_else(|| {
        let lacking = shared.state().ungranted.contains(SCOPE);
        lacking.then(|| refusal(400, 99991672, "Access denied. [application:app_slash_command:write]"))
    })
}

pub async fn list(Extract(shared): Extract<Arc<Shared>>, headers: HeaderMap) -> Response {
    if let Some(refused) = refused(&shared, &headers) {
        return refused;
    }
    let items = shared.state().panel.clone();
    done(json!({ "items": items }))
}

pub async fn create(
    Extract(shared): Extract<Arc<Shared>>,
    headers: HeaderMap,
    Json(mut body): Json<Value>,
) -> Response {
    if let Some(refused) = refused(&shared, &headers) {
        return refused;
    }
    let mut state = shared.state();
    let name = body["command"].as_str().unwrap_or_default().to_owned();
    let there = state.panel.iter().any(|command| command["command"] == body["command"]);
    let described = body["description"]["default_value"].as_str().is_some_and(|about| !about.is_empty());
    if name.is_empty() || name.starts_with('/') || there || !described || state.panel.len() >= MOST {
        return refusal(400, 40000001, "invalid param");
    }
    let id = state.fresh("cmd-");
    body["command_id"] = json!(id);
    state.panel.push(body);
    done(json!({ "command_id": id }))
}

pub async fn change(
    Extract(shared): Extract<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    if let Some(refused) = refused(&shared, &headers) {
        return refused;
    }
    let mut state = shared.state();
    let Some(command) = state.panel.iter_mut().find(|command| command["command_id"] == id.as_str()) else {
        return refusal(400, 40000002, "no such command");
    };
    command["description"] = body["description"].clone();
    done(json!({}))
}
