//! What those who query a database want to see of a record, read off its JSON when it is written.
//!
//! The store knows rows, not records; it goes by what their JSON is called. A field that is missing or has another
//! form leaves its column empty: no record is refused for its looks.

use jiff::Timestamp;
use serde_json::Value;

/// The columns of one row beside its value.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Columns {
    /// The JSON itself; `None` where the value is none, or holds what the database cannot say.
    pub(super) body: Option<Value>,
    pub(super) title: Option<String>,
    pub(super) state: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) owner_id: Option<String>,
    /// RFC 3339.
    pub(super) due: Option<String>,
}

impl Columns {
    /// Reads them off a value.
    pub(super) fn of(value: &[u8]) -> Self {
        let Ok(body) = serde_json::from_slice::<Value>(value) else { return Self::default() };
        if has_nul(&body) {
            return Self::default();
        }
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let state = &body["state"];
        Self {
            title: text(&body["title"]).or_else(|| text(&body["name"])),
            state: text(state).or_else(|| text(&state["is"])),
            owner: text(&body["owner"]["name"]),
            owner_id: text(&body["owner"]["id"]),
            due: due(&body),
            body: Some(body),
        }
    }
}

/// The date itself, or that of the clock that runs out last.
fn due(body: &Value) -> Option<String> {
    let places = [&body["due"], &body["due"]["due"], &body["close"]["due"], &body["clock"]["due"]];
    let due = places.into_iter().find_map(|place| place.as_str()?.parse::<Timestamp>().ok())?;
    // Further back or ahead the database writes years in another way.
    (due.as_second() >= 0).then(|| due.to_string())
}

/// A sign that no text of a database can hold.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A text without signs that the database cannot hold.
pub(super) fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_shows_its_title_state_owner_and_deadline() {
        let ticket = r#"{"title":"登录页打不开","state":{"is":"acknowledged"},
            "owner":{"id":"feishu:ou_li","name":"李工"},"close":{"due":"2026-11-24T01:00:00Z"}}"#;
        let columns = Columns::of(ticket.as_bytes());
        assert_eq!(columns.title.as_deref(), Some("登录页打不开"));
        assert_eq!(columns.state.as_deref(), Some("acknowledged"));
        assert_eq!(
            (columns.owner.as_deref(), columns.owner_id.as_deref()),
            (Some("李工"), Some("feishu:ou_li"))
        );
        assert_eq!(columns.due.as_deref(), Some("2026-11-24T01:00:00Z"));
        assert!(columns.body.is_some());
    }

    #[test]
    fn what_is_no_record_leaves_its_columns_empty() {
        for value in ["two", "", "{\"title\":\"a\\u0000b\"}", "{\"a\\u0000\":1}", "1e999"] {
            assert_eq!(Columns::of(value.as_bytes()), Columns::default(), "{value}");
        }
        let columns = Columns::of(br#"{"title":7,"state":[],"owner":"li","due":"soon"}"#);
        assert_eq!(Columns { body: None, ..columns }, Columns::default());
    }
}
