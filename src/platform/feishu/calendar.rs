//! Events in the app's own calendar, to which people are invited so that theirs have them too. No bot of the calendar
//! tells them of it: the message does.
//!
//! Sources: <https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/calendar-v4/calendar-event/create>,
//! <https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/calendar-v4/calendar-event/list>,
//! <https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/calendar-v4/calendar-event-attendee/create>

use std::sync::{Arc, OnceLock};

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    NAME,
    api::{Api, Call},
    directory::is_id,
    fault::{Fault, Refused},
};
use crate::{
    chat::Invite,
    platform::calendars::{Book, Trouble, mark},
};

/// How many events are asked for at a time, and how often.
const PAGE: &str = "500";
const MOST_PAGES: usize = 6;
/// The longest title and place, in characters.
const LONGEST_TITLE: usize = 1_000;
const LONGEST_PLACE: usize = 512;
/// Of the event: not found, deleted.
const GONE: [i64; 2] = [193_001, 193_003];

/// The app's calendar.
pub(super) struct Calendar {
    api: Arc<Api>,
    /// Its id, once it was told.
    id: OnceLock<String>,
}

impl Calendar {
    pub(super) fn new(api: Arc<Api>) -> Self {
        Self { api, id: OnceLock::new() }
    }

    /// The path of the calendar's events. An app that is not let in here has no calendar.
    async fn events(&self) -> Result<String, Trouble> {
        if let Some(id) = self.id.get() {
            return Ok(format!("calendar/v4/calendars/{id}/events"));
        }
        let asked = self.api.call(Call::post("calendar/v4/calendars/primary", &[], &json!({}))).await;
        let answer = asked.map_err(|fault| match &fault {
            Fault::Refused(refused) if refused.passes() => Trouble::Passing(fault.why()),
            Fault::Unsent(_) => Trouble::Passing(fault.why()),
            // Who does not know the call at all answers nothing that can be read.
            Fault::Refused(_) | Fault::Unanswered(_) => Trouble::Closed(fault.why()),
        })?;
        let id = answer["data"]["calendars"][0]["calendar"]["calendar_id"].as_str();
        let id =
            id.filter(|id| is_part(id)).ok_or_else(|| Trouble::Closed("the app has no calendar".into()))?;
        Ok(format!("calendar/v4/calendars/{}/events", self.id.get_or_init(|| id.to_owned())))
    }

    /// Invites them. Whoever is of another tenant cannot be: then the others are, one by one.
    async fn invite(&self, event: &str, invite: &Invite) -> Result<(), Trouble> {
        let ids: Vec<&str> = invite
            .people
            .iter()
            .chain([&invite.host])
            .filter(|person| person.id.platform() == NAME && is_id(person.id.raw()))
            .map(|person| person.id.raw())
            .collect();
        if ids.is_empty() {
            return Ok(());
        }
        let path = format!("{event}/attendees");
        match self.invite_all(&path, &ids).await {
            Err(Fault::Refused(refused)) if !refused.passes() && !refused.of_scope() => {}
            done => return done.map_err(trouble),
        }
        for id in ids {
            match self.invite_all(&path, &[id]).await {
                Err(Fault::Refused(refused)) if !refused.passes() => {
                    tracing::debug!(code = refused.code, "somebody cannot be invited to a feishu event");
                }
                done => done.map_err(trouble)?,
            }
        }
        Ok(())
    }

    async fn invite_all(&self, path: &str, ids: &[&str]) -> Result<(), Fault> {
        let attendees: Vec<Value> = ids.iter().map(|id| json!({ "type": "user", "user_id": id })).collect();
        let body = json!({ "attendees": attendees, "need_notification": false });
        self.api.call(Call::post(path, &[("user_id_type", "open_id")], &body)).await.map(drop)
    }
}

#[async_trait::async_trait]
impl Book for Calendar {
    const NAME: &'static str = NAME;

    async fn find(&self, invite: &Invite) -> Result<Option<String>, Trouble> {
        let (path, mark) = (self.events().await?, mark(invite));
        let since = invite.since.as_second().to_string();
        let mut page = String::new();
        for _ in 0..MOST_PAGES {
            let mut query = vec![("anchor_time", since.as_str()), ("page_size", PAGE)];
            if !page.is_empty() {
                query.push(("page_token", &page));
            }
            let answer = self.api.call(Call::get(&path, &query)).await.map_err(trouble)?;
            let items = answer["data"]["items"].as_array().into_iter().flatten();
            let found = items
                .filter(|item| item["status"] != "cancelled")
                .filter(|item| item["description"].as_str().is_some_and(|text| text.contains(&mark)))
                .find_map(|item| item["event_id"].as_str().filter(|id| is_part(id)));
            if let Some(found) = found {
                return Ok(Some(found.to_owned()));
            }
            page = answer["data"]["page_token"].as_str().unwrap_or_default().to_owned();
            if answer["data"]["has_more"] != true || page.is_empty() {
                break;
            }
        }
        Ok(None)
    }

    async fn enter(&self, invite: &Invite, once: &str) -> Result<Option<String>, Trouble> {
        let path = self.events().await?;
        let query = [("idempotency_key", once)];
        let answer = self.api.call(Call::post(&path, &query, &shown(invite))).await.map_err(trouble)?;
        let id = answer["data"]["event"]["event_id"].as_str().filter(|id| is_part(id));
        let id = id.ok_or_else(|| Trouble::Refused("an event without an id".into()))?;
        self.invite(&format!("{path}/{id}"), invite).await?;
        Ok(Some(id.to_owned()))
    }

    async fn change(&self, event: &str, invite: &Invite) -> Result<(), Trouble> {
        let path = format!("{}/{event}", self.events().await?);
        let call = Call { method: Method::PATCH, path: &path, query: &[], body: Some(&shown(invite)) };
        self.api.call(call).await.map_err(trouble)?;
        self.invite(&path, invite).await
    }

    async fn strike(&self, event: &str, _invite: &Invite) -> Result<(), Trouble> {
        let path = format!("{}/{event}", self.events().await?);
        let query = [("need_notification", "false")];
        let call = Call { method: Method::DELETE, path: &path, query: &query, body: None };
        self.api.call(call).await.map(drop).map_err(trouble)
    }
}

/// The event. Its description is HTML, and holds nobody's words but where the meeting is live, if that is no address.
fn shown(invite: &Invite) -> Value {
    let words = invite.online.as_deref().filter(|_| invite.link().is_none()).map(escaped);
    let description: Vec<String> = words.into_iter().chain([mark(invite)]).collect();
    let mut event = json!({
        "summary": cut(&invite.title, LONGEST_TITLE),
        "description": description.join("<br>"),
        "need_notification": false,
        "start_time": { "timestamp": invite.starts.as_second().to_string() },
        "end_time": { "timestamp": invite.ends.as_second().to_string() },
        "attendee_ability": "can_see_others",
    });
    if let Some(place) = invite.place.as_deref().filter(|place| !place.is_empty()) {
        event["location"] = json!({ "name": cut(place, LONGEST_PLACE) });
    }
    if let Some(link) = invite.link() {
        event["vchat"] = json!({ "vc_type": "third_party", "meeting_url": link });
    }
    event
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Whether an id can stand in a path as it is.
fn is_part(id: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.@".contains(&b);
    (1..=256).contains(&id.len()) && id.bytes().all(plain) && !id.starts_with('.')
}

fn trouble(fault: Fault) -> Trouble {
    let gone = |refused: &Refused| GONE.contains(&refused.code);
    match &fault {
        Fault::Refused(refused) if gone(refused) => Trouble::Gone,
        Fault::Refused(refused) if refused.of_scope() => Trouble::Closed(fault.why()),
        Fault::Refused(refused) if !refused.passes() => Trouble::Refused(fault.why()),
        Fault::Refused(_) | Fault::Unsent(_) | Fault::Unanswered(_) => Trouble::Passing(fault.why()),
    }
}
