//! People's calendars.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::HeaderMap,
    response::Response,
    routing::{post, put},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    FakeDingTalk, Shared, State as Kept, Way,
    server::{Outcome, answer, named, parse},
};

/// An event of somebody's calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub id: String,
    /// Whose calendar, by union id.
    pub host: String,
    /// What was put there.
    pub body: Value,
    pub cancelled: bool,
}

#[derive(Default)]
pub struct Calendar {
    events: Vec<Event>,
    by_token: HashMap<String, (Timestamp, String)>,
    closed: bool,
}

impl FakeDingTalk {
    /// What stands in people's calendars.
    pub fn events(&self) -> Vec<Event> {
        let held = |event: &&Event| !event.cancelled;
        self.shared.state().calendar.events.iter().filter(held).cloned().collect()
    }

    /// The app lacks the permission.
    pub fn close_calendars(&self) {
        self.shared.state().calendar.closed = true;
    }
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1.0/calendar/users/{host}/calendars/primary/events", post(create).get(list))
        .route("/v1.0/calendar/users/{host}/calendars/primary/events/{event}", put(change).delete(delete))
}

fn admitted(state: &Kept, shared: &Shared, headers: &HeaderMap, host: &str) -> Result<(), (u16, Value)> {
    let token = headers.get("x-acs-dingtalk-access-token").and_then(|value| value.to_str().ok());
    let end = state.tokens.get(token.unwrap_or_default());
    if end.is_none_or(|end| *end <= shared.clock.now()) {
        return Err(named(400, "InvalidAuthentication"));
    }
    if state.calendar.closed {
        return Err(named(403, "Forbidden.AccessDenied.AccessTokenPermissionDenied"));
    }
    match state.unions.get(host) {
        Some((_, false)) => Ok(()),
        _ => Err(named(400, "userNotExist")),
    }
}

/// Whether a body says what an event needs.
fn sound(state: &Kept, body: &Value) -> bool {
    let moment = |name: &str| body[name]["dateTime"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let known = |attendee: &Value| {
        state.unions.get(attendee["id"].as_str().unwrap_or_default()).is_some_and(|(_, outside)| !outside)
    };
    let title = body["summary"].as_str().unwrap_or_default().chars().count();
    (1..=2048).contains(&title)
        && moment("start").zip(moment("end")).is_some_and(|(start, end)| start <= end)
        && body["attendees"].as_array().is_some_and(|people| people.len() <= 500 && people.iter().all(known))
}

async fn create(
    State(shared): State<Arc<Shared>>,
    Path(host): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let outcome = |state: &mut Kept| -> Outcome {
        admitted(state, &shared, &headers, &host)?;
        let (body, now) = (parse(&body)?, shared.clock.now());
        if !sound(state, &body) {
            return Err(named(400, "invalidParameter"));
        }
        let token = headers.get("x-client-token").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if let Some((since, id)) = state.calendar.by_token.get(token)
            && now.duration_since(*since) < SignedDuration::from_hours(24)
        {
            return Ok(json!({"id": id}));
        }
        state.counter += 1;
        let id = format!("cnNTbW1YbxdEUvdlQrQT09{}", state.counter);
        if !token.is_empty() {
            state.calendar.by_token.insert(token.to_owned(), (now, id.clone()));
        }
        state.calendar.events.push(Event { id: id.clone(), host: host.clone(), body, cancelled: false });
        Ok(json!({"id": id}))
    };
    answer(&shared, Way::Calendar, outcome).await
}

async fn list(
    State(shared): State<Arc<Shared>>,
    Path(host): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let outcome = |state: &mut Kept| -> Outcome {
        admitted(state, &shared, &headers, &host)?;
        let since = query.get("timeMin").and_then(|text| text.parse::<Timestamp>().ok());
        let most = query.get("maxResults").and_then(|text| text.parse::<u32>().ok());
        let (Some(since), Some(1..=100)) = (since, most) else { return Err(named(400, "invalidParameter")) };
        let ends = |event: &Event| {
            event.body["end"]["dateTime"].as_str().and_then(|text| text.parse::<Timestamp>().ok())
        };
        let mine = |event: &&Event| event.host == host && !event.cancelled && ends(event) >= Some(since);
        let events: Vec<&Event> = state.calendar.events.iter().filter(mine).collect();
        // Pages of one.
        let from = query.get("nextToken").map_or(0, |token| token.parse::<usize>().expect("our own token"));
        let shown = |event: &&Event| {
            let mut shown = event.body.clone();
            shown["id"] = json!(event.id);
            shown
        };
        let mut page = json!({"events": events.get(from).map(shown).into_iter().collect::<Vec<_>>()});
        if from + 1 < events.len() {
            page["nextToken"] = json!((from + 1).to_string());
        }
        Ok(page)
    };
    answer(&shared, Way::Calendar, outcome).await
}

fn own<'s>(state: &'s mut Kept, host: &str, id: &str) -> Result<&'s mut Event, (u16, Value)> {
    let events = &mut state.calendar.events;
    let event = events.iter_mut().find(|event| event.id == id && event.host == host && !event.cancelled);
    event.ok_or_else(|| named(404, "eventNotExist"))
}

async fn change(
    State(shared): State<Arc<Shared>>,
    Path((host, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let outcome = |state: &mut Kept| -> Outcome {
        admitted(state, &shared, &headers, &host)?;
        let body = parse(&body)?;
        if !sound(state, &body) || body["id"] != json!(id) {
            return Err(named(400, "invalidParameter"));
        }
        own(state, &host, &id)?.body = body;
        Ok(json!({"id": id}))
    };
    answer(&shared, Way::Calendar, outcome).await
}

async fn delete(
    State(shared): State<Arc<Shared>>,
    Path((host, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let outcome = |state: &mut Kept| -> Outcome {
        admitted(state, &shared, &headers, &host)?;
        own(state, &host, &id)?.cancelled = true;
        Ok(json!({}))
    };
    answer(&shared, Way::Calendar, outcome).await
}
