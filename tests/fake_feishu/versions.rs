//! The app's versions, and the events to which each subscribes.

use std::sync::Arc;

use axum::{
    extract::{Path, State as Extract},
    http::HeaderMap,
    response::Response,
};
use serde_json::{Value, json};

use super::{APP_ID, FakeFeishu, Shared, server};

/// What the README asks for.
pub const EVENTS: [&str; 11] = [
    "im.message.receive_v1",
    "im.chat.member.bot.added_v1",
    "im.chat.member.bot.deleted_v1",
    "im.chat.disbanded_v1",
    "im.chat.updated_v1",
    "im.chat.member.user.added_v1",
    "im.chat.member.user.deleted_v1",
    "contact.user.deleted_v3",
    "vc.meeting.all_meeting_ended_v1",
    "vc.meeting.recording_ready_v1",
    "application.bot.menu_v6",
];
const SCOPE: &str = "application:application.app_version:readonly";

/// A version with this number, status (1: published) and events.
pub fn version(number: &str, status: i64, events: &[&str]) -> Value {
    let event = |event: &&str| json!({ "event_type": event, "event_name": "事件", "event_description": "" });
    json!({
        "app_id": APP_ID, "version": number, "status": status,
        "event_infos": events.iter().map(event).collect::<Vec<Value>>(),
    })
}

impl FakeFeishu {
    /// The app has these versions, the newest first; one with everything otherwise.
    pub fn versions(&self, versions: Vec<Value>) -> &Self {
        self.state().versions = versions;
        self
    }
}

pub(super) async fn list(
    Extract(shared): Extract<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if let Some(refusal) = server::unauthorised(&shared, &headers) {
        return refusal;
    }
    let state = shared.state();
    if state.ungranted.contains(SCOPE) {
        return server::refusal(400, 99991672, "Access denied. One of the following scopes is required");
    }
    if id != APP_ID {
        return server::refusal(400, 210508, "insufficient permission level");
    }
    server::done(json!({ "items": state.versions, "has_more": false }))
}
