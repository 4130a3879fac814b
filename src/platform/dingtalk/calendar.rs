//! Events in the calendar of whoever announced a meeting, with who is to come as attendees. There is no calendar of the
//! robot's own, so a meeting that somebody announced who is not of the organisation is in none.
//!
//! <https://open.dingtalk.com/document/development/create-schedule>,
//! <https://open.dingtalk.com/document/development/query-an-event-list>,
//! <https://open.dingtalk.com/document/development/modify-event>,
//! <https://open.dingtalk.com/document/development/delete-event>

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    answer::{self, Refusal},
    api::{Api, Call},
    hear::NAME,
    render::staff_id,
};
use crate::{
    chat::{Invite, Person},
    platform::{
        Undelivered,
        calendars::{Book, Trouble, mark},
    },
};

/// How many events are asked for at a time, and how often.
const PAGE: &str = "100";
const MOST_PAGES: usize = 5;
/// The longest title and place, in characters.
const LONGEST_TITLE: usize = 2_000;
const LONGEST_PLACE: usize = 500;
/// Most attendees of one event.
const MOST_PEOPLE: usize = 500;
/// How many union ids are remembered; then all are forgotten and asked again.
const MOST: usize = 20_000;

/// People's primary calendars.
pub(super) struct Calendar {
    api: Arc<Api>,
    /// Union ids by staff id; `None` for people outside the organisation. Held only for a look or an entry.
    unions: Mutex<HashMap<String, Option<String>>>,
}

impl Calendar {
    pub(super) fn new(api: Arc<Api>) -> Self {
        Self { api, unions: Mutex::default() }
    }

    /// The path of the host's events; `None` where the host has no calendar here.
    async fn events(&self, invite: &Invite) -> Result<Option<String>, Trouble> {
        let host = self.union_of(&invite.host).await?;
        Ok(host.map(|host| format!("/v1.0/calendar/users/{host}/calendars/primary/events")))
    }

    /// <https://open.dingtalk.com/document/development/query-user-details>
    async fn union_of(&self, person: &Person) -> Result<Option<String>, Trouble> {
        let Some(staff_id) = staff_id(&person.id) else { return Ok(None) };
        if let Some(union) = self.unions().get(staff_id) {
            return Ok(union.clone());
        }
        let asked = self.api.call_old("/topapi/v2/user/get", &json!({ "userid": staff_id })).await;
        let answer = match asked.and_then(|answer| answer::read(answer.status, &answer.body)) {
            Ok(answer) => answer,
            Err(refusal @ Refusal::NotPermitted { .. }) => return Err(trouble(refusal)),
            Err(refusal) if refusal.is_final() => Value::Null,
            Err(refusal) => return Err(trouble(refusal)),
        };
        let union = answer["result"]["unionid"].as_str().filter(|id| is_part(id)).map(str::to_owned);
        let mut unions = self.unions();
        if unions.len() >= MOST {
            unions.clear();
        }
        unions.insert(staff_id.to_owned(), union.clone());
        Ok(union)
    }

    fn unions(&self) -> std::sync::MutexGuard<'_, HashMap<String, Option<String>>> {
        self.unions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn shown(&self, invite: &Invite) -> Result<Value, Trouble> {
        let mut attendees = Vec::new();
        for person in invite.people.iter().take(MOST_PEOPLE) {
            if let Some(union) = self.union_of(person).await? {
                attendees.push(json!({ "id": union }));
            }
        }
        let online = invite.online.clone();
        let description: Vec<String> = online.into_iter().chain([mark(invite)]).collect();
        let cut = |text: &str, most| text.chars().take(most).collect::<String>();
        let mut event = json!({
            "summary": cut(&invite.title, LONGEST_TITLE),
            "description": description.join("\n"),
            "start": { "dateTime": invite.starts.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "timeZone": "UTC" },
            "end": { "dateTime": invite.ends.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "timeZone": "UTC" },
            "attendees": attendees,
        });
        if let Some(place) = invite.place.as_deref().filter(|place| !place.is_empty()) {
            event["location"] = json!({ "displayName": cut(place, LONGEST_PLACE) });
        }
        Ok(event)
    }

    async fn ask(&self, call: Call<'_>) -> Result<Value, Trouble> {
        let striking = call.method == Method::DELETE;
        match self.api.request(call).await {
            // There may be nothing to read.
            Ok(answer) if striking && (200..300).contains(&answer.status) => Ok(Value::Null),
            Ok(answer) if answer.status == 404 && answer::read(answer.status, &answer.body).is_err() => {
                Err(Trouble::Gone)
            }
            Ok(answer) => answer::read(answer.status, &answer.body).map_err(trouble),
            Err(refusal) => Err(trouble(refusal)),
        }
    }
}

#[async_trait::async_trait]
impl Book for Calendar {
    const NAME: &'static str = NAME;

    async fn find(&self, invite: &Invite) -> Result<Option<String>, Trouble> {
        let Some(path) = self.events(invite).await? else { return Ok(None) };
        let (mark, since) = (mark(invite), invite.since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        let mut next = String::new();
        for _ in 0..MOST_PAGES {
            let mut query = vec![("timeMin", since.as_str()), ("maxResults", PAGE)];
            if !next.is_empty() {
                query.push(("nextToken", &next));
            }
            let call = Call { method: Method::GET, path: &path, query: &query, once: None, body: None };
            let answer = match self.ask(call).await {
                Err(Trouble::Gone) => return Err(Trouble::Closed("the calendar call is not known".into())),
                answer => answer?,
            };
            let events = answer["events"].as_array().into_iter().flatten();
            let found = events
                .filter(|event| event["status"] != "cancelled")
                .filter(|event| event["description"].as_str().is_some_and(|text| text.contains(&mark)))
                .find_map(|event| event["id"].as_str().filter(|id| is_part(id)));
            if let Some(found) = found {
                return Ok(Some(found.to_owned()));
            }
            next = answer["nextToken"].as_str().unwrap_or_default().to_owned();
            if next.is_empty() {
                break;
            }
        }
        Ok(None)
    }

    async fn enter(&self, invite: &Invite, once: &str) -> Result<Option<String>, Trouble> {
        let Some(path) = self.events(invite).await? else { return Ok(None) };
        let event = self.shown(invite).await?;
        let call =
            Call { method: Method::POST, path: &path, query: &[], once: Some(once), body: Some(&event) };
        let answer = self.ask(call).await?;
        let id = answer["id"].as_str().filter(|id| is_part(id));
        id.map(|id| Some(id.to_owned())).ok_or_else(|| Trouble::Refused("an event without an id".into()))
    }

    async fn change(&self, event: &str, invite: &Invite) -> Result<(), Trouble> {
        let Some(path) = self.events(invite).await? else { return Ok(()) };
        let mut shown = self.shown(invite).await?;
        shown["id"] = json!(event);
        let path = format!("{path}/{event}");
        let call = Call { method: Method::PUT, path: &path, query: &[], once: None, body: Some(&shown) };
        self.ask(call).await.map(drop)
    }

    async fn strike(&self, event: &str, invite: &Invite) -> Result<(), Trouble> {
        let Some(path) = self.events(invite).await? else { return Ok(()) };
        let path = format!("{path}/{event}");
        let call = Call { method: Method::DELETE, path: &path, query: &[], once: None, body: None };
        self.ask(call).await.map(drop)
    }
}

/// Whether an id can stand in a path as it is; some hold `+` or `=`.
fn is_part(id: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.@+=".contains(&b);
    (1..=256).contains(&id.len()) && id.bytes().all(plain) && !id.starts_with('.')
}

fn trouble(refusal: Refusal) -> Trouble {
    let closed = matches!(refusal, Refusal::NotPermitted { .. });
    let undelivered = refusal.into_undelivered();
    let why = undelivered.to_string();
    match undelivered {
        _ if closed => Trouble::Closed(why),
        Undelivered::Never { .. } => Trouble::Refused(why),
        // What is used up stays so for longer than a minute.
        Undelivered::Later { after: Some(after), .. } if after.as_secs() >= 3600 => Trouble::Closed(why),
        Undelivered::Later { .. } | Undelivered::TooFast { .. } | Undelivered::Unknown { .. } => {
            Trouble::Passing(why)
        }
    }
}
