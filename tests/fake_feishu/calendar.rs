//! The app's own calendar.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use axum::{
    Json, Router,
    extract::{Path, Query, State as Extract},
    http::HeaderMap,
    response::Response,
    routing::{patch, post},
};
use serde_json::{Value, json};

use super::{
    FakeFeishu, Fault, Shared,
    server::{before, count, done, refusal, unauthorised},
};

const CALENDAR: &str = "feishu.cn_jd@group.calendar.feishu.cn";

/// An event of the app's calendar.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Event {
    pub id: String,
    pub summary: String,
    pub description: String,
    /// Seconds.
    pub starts: i64,
    pub ends: i64,
    pub place: String,
    pub link: String,
    pub people: BTreeSet<String>,
    pub cancelled: bool,
}

#[derive(Default)]
pub struct Calendar {
    events: Vec<Event>,
    by_key: HashMap<String, String>,
    fault: Option<Fault>,
}

impl FakeFeishu {
    /// What stands in people's calendars.
    pub fn events(&self) -> Vec<Event> {
        let held = |event: &&Event| !event.cancelled;
        self.state().calendar.events.iter().filter(held).cloned().collect()
    }

    /// Every call about calendars fails so, until `None`.
    pub fn fail_calendar(&self, fault: Option<Fault>) -> &Self {
        self.state().calendar.fault = fault;
        self
    }
}

pub fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/open-apis/calendar/v4/calendars/primary", post(primary))
        .route("/open-apis/calendar/v4/calendars/{calendar}/events", post(create).get(list))
        .route("/open-apis/calendar/v4/calendars/{calendar}/events/{event}", patch(change).delete(delete))
        .route("/open-apis/calendar/v4/calendars/{calendar}/events/{event}/attendees", post(invite))
}

type Fake = Extract<Arc<Shared>>;
type Asked = Query<HashMap<String, String>>;

async fn refused(shared: &Shared, headers: &HeaderMap, calendar: &str) -> Option<Response> {
    count(shared, "calendar");
    let fault = shared.state().calendar.fault.clone();
    if let Some(refusal) = before(fault.as_ref()).await.or_else(|| unauthorised(shared, headers)) {
        return Some(refusal);
    }
    if shared.state().ungranted.contains("calendar:calendar") {
        return Some(refusal(400, 99991672, "Access denied. One of the following scopes is required"));
    }
    (calendar != CALENDAR).then(|| refusal(404, 191000, "calendar not found"))
}

async fn primary(Extract(shared): Fake, headers: HeaderMap) -> Response {
    if let Some(refusal) = refused(&shared, &headers, CALENDAR).await {
        return refusal;
    }
    done(
        json!({ "calendars": [{ "calendar": { "calendar_id": CALENDAR, "type": "primary", "role": "owner" } }] }),
    )
}

/// Takes over what a body says; `None` where it says nonsense.
fn take(event: &mut Event, body: &Value) -> Option<()> {
    let second = |name: &str| body[name]["timestamp"].as_str()?.parse::<i64>().ok();
    let text = |value: &Value, most: usize| {
        let text = value.as_str().unwrap_or_default().to_owned();
        (text.chars().count() <= most).then_some(text)
    };
    let known = [
        "summary",
        "description",
        "need_notification",
        "start_time",
        "end_time",
        "attendee_ability",
        "location",
        "vchat",
    ];
    if !body.as_object()?.keys().all(|key| known.contains(&key.as_str())) {
        return None;
    }
    event.summary = text(&body["summary"], 1000)?;
    event.description = text(&body["description"], 40960)?;
    (event.starts, event.ends) = (second("start_time")?, second("end_time")?);
    if let Some(location) = body.get("location") {
        event.place = text(&location["name"], 512).filter(|name| !name.is_empty())?;
    }
    if let Some(vchat) = body.get("vchat") {
        event.link = text(&vchat["meeting_url"], 2000).filter(|_| vchat["vc_type"] == "third_party")?;
    }
    (event.starts <= event.ends).then_some(())
}

async fn create(
    Extract(shared): Fake,
    Path(calendar): Path<String>,
    Query(query): Asked,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    if let Some(refusal) = refused(&shared, &headers, &calendar).await {
        return refusal;
    }
    let key = query.get("idempotency_key").cloned().unwrap_or_default();
    if !(32..=128).contains(&key.len()) {
        return refusal(400, 190002, "invalid parameters in request");
    }
    let mut state = shared.state();
    if let Some(id) = state.calendar.by_key.get(&key).cloned() {
        return done(json!({ "event": { "event_id": id } }));
    }
    let mut event = Event { id: format!("{}_0", state.fresh("ev")), ..Event::default() };
    if take(&mut event, &body).is_none() {
        return refusal(400, 190002, "invalid parameters in request");
    }
    let id = event.id.clone();
    state.calendar.by_key.insert(key, id.clone());
    state.calendar.events.push(event);
    done(json!({ "event": { "event_id": id, "organizer_calendar_id": CALENDAR } }))
}

async fn list(
    Extract(shared): Fake,
    Path(calendar): Path<String>,
    Query(query): Asked,
    headers: HeaderMap,
) -> Response {
    if let Some(refusal) = refused(&shared, &headers, &calendar).await {
        return refusal;
    }
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<i64>().ok());
    let (Some(since), Some(50..=1000)) = (number("anchor_time"), number("page_size")) else {
        return refusal(400, 190002, "invalid parameters in request");
    };
    // Pages of one, and deleted ones among them.
    let state = shared.state();
    let from = query.get("page_token").map_or(0, |token| token.parse::<usize>().expect("our own token"));
    let after: Vec<&Event> = state.calendar.events.iter().filter(|event| event.ends >= since).collect();
    let item = |event: &&Event| {
        let status = if event.cancelled { "cancelled" } else { "confirmed" };
        json!({ "event_id": event.id, "summary": event.summary, "description": event.description, "status": status })
    };
    let mut data =
        json!({ "items": after.get(from).map(item).into_iter().collect::<Vec<_>>(), "has_more": false });
    if from + 1 < after.len() {
        data["has_more"] = json!(true);
        data["page_token"] = json!((from + 1).to_string());
    }
    done(data)
}

async fn change(
    Extract(shared): Fake,
    Path((calendar, id)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    if let Some(refusal) = refused(&shared, &headers, &calendar).await {
        return refusal;
    }
    let mut state = shared.state();
    let Some(event) = state.calendar.events.iter_mut().find(|event| event.id == id) else {
        return refusal(404, 193001, "event not found");
    };
    if event.cancelled {
        return refusal(403, 193003, "event is deleted");
    }
    match take(event, &body) {
        Some(()) => done(json!({ "event": { "event_id": id } })),
        None => refusal(400, 190002, "invalid parameters in request"),
    }
}

async fn delete(
    Extract(shared): Fake,
    Path((calendar, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Some(refusal) = refused(&shared, &headers, &calendar).await {
        return refusal;
    }
    let mut state = shared.state();
    match state.calendar.events.iter_mut().find(|event| event.id == id) {
        Some(event) if !event.cancelled => {
            event.cancelled = true;
            done(json!({}))
        }
        Some(_) => refusal(403, 193003, "event is deleted"),
        None => refusal(404, 193001, "event not found"),
    }
}

async fn invite(
    Extract(shared): Fake,
    Path((calendar, id)): Path<(String, String)>,
    Query(query): Asked,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    if let Some(refusal) = refused(&shared, &headers, &calendar).await {
        return refusal;
    }
    let mut state = shared.state();
    let attendees = body["attendees"].as_array().cloned().unwrap_or_default();
    let people: Vec<String> = attendees
        .iter()
        .filter(|attendee| attendee["type"] == "user")
        .filter_map(|attendee| attendee["user_id"].as_str().map(str::to_owned))
        .collect();
    if query.get("user_id_type").is_none_or(|kind| kind != "open_id") || people.len() != attendees.len() {
        return refusal(400, 190002, "invalid parameters in request");
    }
    // Of another tenant.
    if people.iter().any(|person| !state.people.contains_key(person)) {
        return refusal(404, 195100, "user is dismiss or not exist in the tenant");
    }
    let Some(event) = state.calendar.events.iter_mut().find(|event| event.id == id && !event.cancelled)
    else {
        return refusal(404, 193001, "event not found");
    };
    event.people.extend(people);
    done(json!({ "attendees": [] }))
}
