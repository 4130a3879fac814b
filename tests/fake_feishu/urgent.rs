//! 加急.

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

/// Somebody was called to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    pub message_id: String,
    /// `app` or `phone`.
    pub by: &'static str,
    pub open_id: String,
}

impl FakeFeishu {
    /// Everybody who was called.
    pub fn called(&self) -> Vec<Called> {
        self.state().called.clone()
    }

    /// Somebody who is not in the group of the messages.
    pub fn not_callable(&self, open_id: &str) {
        self.state().absent.insert(open_id.into());
    }
}

pub async fn by_app(
    state: Extract<Arc<Shared>>,
    path: Path<String>,
    headers: HeaderMap,
    body: Json<Value>,
) -> Response {
    call("app", state, path, headers, body).await
}

pub async fn by_phone(
    state: Extract<Arc<Shared>>,
    path: Path<String>,
    headers: HeaderMap,
    body: Json<Value>,
) -> Response {
    call("phone", state, path, headers, body).await
}

async fn call(
    by: &'static str,
    Extract(shared): Extract<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    if let Some(refused) = unauthorised(&shared, &headers) {
        return refused;
    }
    let mut state = shared.state();
    if state.ungranted.contains("im:message.urgent") {
        return refusal(400, 230027, "Lack of necessary permissions");
    }
    // The tenant has bought no calls.
    if by == "phone" && state.ungranted.contains("im:message.urgent:phone") {
        return refusal(400, 230024, "Reach the upper limit of urgent message");
    }
    if !state.sent.iter().any(|sent| sent.message_id == id) {
        return refusal(400, 230012, "not a message of this bot");
    }
    let ids = body["user_id_list"].as_array().cloned().unwrap_or_default();
    let (known, invalid): (Vec<Value>, Vec<Value>) =
        ids.into_iter().partition(|id| id.as_str().is_some_and(|id| !state.absent.contains(id)));
    for open_id in known {
        let open_id = open_id.as_str().unwrap_or_default().to_owned();
        state.called.push(Called { message_id: id.clone(), by, open_id });
    }
    done(json!({ "invalid_user_id_list": invalid }))
}
