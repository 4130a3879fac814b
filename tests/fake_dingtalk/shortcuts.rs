//! The entries above the input of a chat alone with the robot.

use std::sync::Arc;

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, response::Response, routing::post};
use serde_json::{Value, json};

use super::{
    FakeDingTalk, Shared, State as Kept, Way,
    server::{Outcome, answer, authorised, named},
};

/// How many a robot can have.
const MOST: usize = 10;

#[derive(Default)]
pub struct Shortcuts {
    permitted: bool,
    entries: Vec<Value>,
}

impl FakeDingTalk {
    /// The app may put some.
    pub fn permit_shortcuts(&self) {
        self.shared.state().shortcuts.permitted = true;
    }

    /// Those that are there.
    pub fn shortcuts(&self) -> Vec<Value> {
        self.shared.state().shortcuts.entries.clone()
    }

    /// Somebody puts one there.
    pub fn put_shortcut(&self, name: &str, url: &str) {
        let name = json!({ "zh_CN": name }).to_string();
        let entry = json!({ "name": name, "icon": "@lADx", "pcUrl": url, "mobileUrl": url });
        self.shared.state().shortcuts.entries.push(entry);
    }
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1.0/robot/plugins/query", post(query))
        .route("/v1.0/robot/plugins/clear", post(clear))
        .route("/v1.0/robot/plugins/set", post(set))
}

async fn with(
    shared: Arc<Shared>,
    headers: HeaderMap,
    body: Bytes,
    carry_out: impl FnOnce(&mut Kept, Value) -> Outcome,
) -> Response {
    let outcome = |state: &mut Kept| {
        let body = authorised(state, &shared, &headers, &body)?;
        match state.shortcuts.permitted {
            true => carry_out(state, body),
            false => Err(named(403, "Forbidden.AccessDenied.AccessTokenPermissionDenied")),
        }
    };
    answer(&shared, Way::Shortcuts, outcome).await
}

async fn query(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    with(shared, headers, body, |state, _| Ok(json!({ "pluginInfoList": state.shortcuts.entries }))).await
}

async fn clear(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let carry_out = |state: &mut Kept, _: Value| {
        state.shortcuts.entries.clear();
        Ok(json!({ "result": true }))
    };
    with(shared, headers, body, carry_out).await
}

/// It is not told whether those that are there stay: here they do.
async fn set(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let carry_out = |state: &mut Kept, body: Value| {
        let entries = body["pluginInfoList"].as_array().cloned().unwrap_or_default();
        let fits = |entry: &Value| {
            let name = entry["name"].as_str().and_then(|name| serde_json::from_str::<Value>(name).ok());
            let icon = entry["icon"].as_str().unwrap_or_default();
            name.is_some_and(|name| name["zh_CN"].is_string()) && state.media.contains_key(icon)
        };
        if entries.is_empty() || !entries.iter().all(fits) {
            return Err(named(400, "param.illegal"));
        }
        if state.shortcuts.entries.len() + entries.len() > MOST {
            return Err(named(400, "invalidRequest.exceededMaximumLimit"));
        }
        state.shortcuts.entries.extend(entries);
        Ok(json!({ "result": true }))
    };
    with(shared, headers, body, carry_out).await
}
