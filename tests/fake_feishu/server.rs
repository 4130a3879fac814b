//! The calls that a bot makes.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Query, State as Extract},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, patch, post},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::multipart;

use super::{
    APP_ID, APP_SECRET, BOT, Edited, Fault, Sent, Shared, State, calendar, card, panel, socket, urgent,
    versions,
};

/// The largest file.
const MOST_OF_A_FILE: usize = 30 * 1024 * 1024;

type Fake = Extract<Arc<Shared>>;

pub fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/callback/ws/endpoint", post(socket::endpoint))
        .route("/open-apis/auth/v3/tenant_access_token/internal", post(token))
        .route("/open-apis/bot/v3/info", get(bot))
        .route("/open-apis/application/v6/scopes", get(scopes))
        .route("/open-apis/application/v6/applications/{id}/app_versions", get(versions::list))
        .route("/open-apis/application/v7/app_slash_commands", get(panel::list).post(panel::create))
        .route("/open-apis/application/v7/app_slash_commands/{id}", patch(panel::change))
        .route("/open-apis/im/v1/messages", post(send))
        .route("/open-apis/im/v1/messages/{id}", get(message).patch(edit))
        .route("/open-apis/im/v1/files", post(upload).layer(DefaultBodyLimit::max(MOST_OF_A_FILE + 4096)))
        .route("/open-apis/im/v1/messages/{id}/reply", post(reply))
        .route("/open-apis/im/v1/messages/{id}/urgent_app", patch(urgent::by_app))
        .route("/open-apis/im/v1/messages/{id}/urgent_phone", patch(urgent::by_phone))
        .route("/open-apis/im/v1/chats/{id}", get(chat))
        .route("/open-apis/im/v1/chats/{id}/members", get(members))
        .route("/open-apis/contact/v3/users/basic_batch", post(names))
        .route("/open-apis/contact/v3/users/{id}", get(user))
        .merge(calendar::routes())
        .with_state(shared)
}

async fn token(Extract(shared): Fake, body: Bytes) -> Response {
    count(&shared, "auth");
    let fault = shared.state().authorisation.clone();
    if let Some(refusal) = before(fault.as_ref()).await {
        return refusal;
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    if body["app_id"] != APP_ID || body["app_secret"] != APP_SECRET {
        return refusal(200, 10015, "app secret invalid");
    }
    let now = shared.clock.now();
    let mut state = shared.state();
    // With half an hour left the same token is handed out, then a new one beside it.
    let half_an_hour = jiff::SignedDuration::from_mins(30);
    let held = state.tokens.iter().find(|(_, expires)| **expires - half_an_hour >= now);
    let (value, expires) = match held {
        Some((value, expires)) => (value.clone(), *expires),
        None => {
            let (value, expires) = (state.fresh("t-"), now + state.token_life);
            state.tokens.insert(value.clone(), expires);
            (value, expires)
        }
    };
    let expire = expires.duration_since(now).as_secs();
    Json(json!({ "code": 0, "msg": "ok", "tenant_access_token": value, "expire": expire })).into_response()
}

async fn bot(Extract(shared): Fake, headers: HeaderMap) -> Response {
    count(&shared, "bot");
    let fault = shared.state().directory.clone();
    if let Some(refusal) = before(fault.as_ref()).await.or_else(|| unauthorised(&shared, &headers)) {
        return refusal;
    }
    let status = shared.state().app_status;
    let bot = json!({ "activate_status": status, "app_name": "九鼎", "open_id": BOT });
    Json(json!({ "code": 0, "msg": "ok", "bot": bot })).into_response()
}

/// What the README asks for.
const SCOPES: [&str; 11] = [
    "calendar:calendar",
    "im:message.group_at_msg:readonly",
    "im:message.p2p_msg:readonly",
    "im:message:send_as_bot",
    "im:resource:upload",
    "im:chat:readonly",
    "contact:user.basic_profile:readonly",
    "im:message.group_msg",
    "im:message:readonly",
    "vc:meeting.all_meeting:readonly",
    "application:app_slash_command:write",
];

async fn scopes(Extract(shared): Fake, headers: HeaderMap) -> Response {
    if let Some(refusal) = unauthorised(&shared, &headers) {
        return refusal;
    }
    let state = shared.state();
    let told = |scope: &&str| json!({ "scope_name": scope, "grant_status": if state.ungranted.contains(*scope) { 2 } else { 1 } });
    done(json!({ "scopes": SCOPES.iter().map(told).collect::<Vec<_>>() }))
}

async fn chat(Extract(shared): Fake, Path(id): Path<String>, headers: HeaderMap) -> Response {
    count(&shared, "chat");
    let fault = shared.state().directory.clone();
    if let Some(refusal) = before(fault.as_ref()).await.or_else(|| unauthorised(&shared, &headers)) {
        return refusal;
    }
    let state = shared.state();
    let Some(chat) = state.chats.get(&id) else { return refusal(400, 232006, "invalid chat_id") };
    let mode = if chat.direct { "p2p" } else { "group" };
    done(json!({ "name": chat.name, "chat_mode": mode, "chat_type": "private", "external": false }))
}

async fn members(Extract(shared): Fake, Path(id): Path<String>, headers: HeaderMap) -> Response {
    count(&shared, "members");
    let fault = shared.state().directory.clone();
    if let Some(refusal) = before(fault.as_ref()).await.or_else(|| unauthorised(&shared, &headers)) {
        return refusal;
    }
    let state = shared.state();
    if !state.chats.contains_key(&id) {
        return refusal(400, 232006, "invalid chat_id");
    }
    // Everybody is in every chat; bots are not listed.
    let member = |(id, name): (&String, &String)| json!({ "member_id_type": "open_id", "member_id": id, "name": name });
    let items: Vec<Value> = state.people.iter().chain(&state.outsiders).map(member).collect();
    done(json!({ "member_total": items.len(), "items": items, "page_token": "", "has_more": false }))
}

async fn names(Extract(shared): Fake, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    count(&shared, "names");
    let fault = shared.state().directory.clone();
    if let Some(refusal) = before(fault.as_ref()).await.or_else(|| unauthorised(&shared, &headers)) {
        return refusal;
    }
    let ids = body["user_ids"].as_array().cloned().unwrap_or_default();
    if ids.is_empty() || ids.len() > 10 {
        return refusal(400, 99992402, "field validation failed");
    }
    let state = shared.state();
    let known = |id: &Value| {
        state.people.get(id.as_str()?).map(|name| json!({ "user_id": id, "name": name, "i18n_name": {} }))
    };
    done(json!({ "users": ids.iter().filter_map(known).collect::<Vec<_>>() }))
}

async fn user(Extract(shared): Fake, Path(id): Path<String>, headers: HeaderMap) -> Response {
    count(&shared, "user");
    let fault = shared.state().directory.clone();
    if let Some(refusal) = before(fault.as_ref()).await.or_else(|| unauthorised(&shared, &headers)) {
        return refusal;
    }
    match shared.state().people.get(&id) {
        Some(name) => done(json!({ "user": { "open_id": id, "name": name } })),
        None => refusal(400, 41050, "no user authority error"),
    }
}

async fn message(Extract(shared): Fake, Path(id): Path<String>, headers: HeaderMap) -> Response {
    count(&shared, "message");
    let fault = shared.state().directory.clone();
    if let Some(refusal) = before(fault.as_ref()).await.or_else(|| unauthorised(&shared, &headers)) {
        return refusal;
    }
    let state = shared.state();
    let sent = state.sent.iter().find(|sent| sent.message_id == id);
    match (state.written.get(&id), sent) {
        _ if state.recalled.contains(&id) => refusal(400, 230011, "The message is recalled."),
        (Some(written), _) => done(json!({ "items": [written] })),
        (_, Some(sent)) => done(json!({ "items": [{
            "message_id": id, "msg_type": sent.msg_type, "create_time": "0", "chat_id": sent.chat_id,
            "sender": { "id": APP_ID, "id_type": "app_id", "sender_type": "app" },
            "body": { "content": sent.content.to_string() },
        }] })),
        _ => refusal(400, 230002, "The message does not exist."),
    }
}

async fn upload(Extract(shared): Fake, headers: HeaderMap, body: Bytes) -> Response {
    count(&shared, "upload");
    let fault = shared.state().uploads.clone();
    if let Some(refusal) = before(fault.as_ref()).await.or_else(|| unauthorised(&shared, &headers)) {
        return refusal;
    }
    let Some(parts) = multipart::read(&headers, &body) else {
        return refusal(400, 234001, "Invalid request param.");
    };
    let text = |name: &str| {
        let value = multipart::field(&parts, name)?;
        String::from_utf8(value.to_vec()).ok().filter(|value| !value.is_empty())
    };
    let kinds = ["opus", "mp4", "pdf", "doc", "xls", "ppt", "stream"];
    let file = parts.iter().find(|part| part.name == "file" && part.file_name.is_some());
    let (Some(kind), Some(name), Some(file)) = (text("file_type"), text("file_name"), file) else {
        return refusal(400, 234001, "Invalid request param.");
    };
    match file.content.len() {
        _ if !kinds.contains(&kind.as_str()) => return refusal(400, 234001, "Invalid request param."),
        0 => return refusal(400, 234010, "File's size can't be 0."),
        size if size > MOST_OF_A_FILE => return refusal(400, 234006, "The file size exceed the max value."),
        _ => {}
    }
    if matches!(fault, Some(Fault::DropAfterAccepting)) {
        broken();
    }
    let mut state = shared.state();
    let key = state.fresh("file_v3_");
    state.files.insert(key.clone(), (name, file.content.clone()));
    done(json!({ "file_key": key }))
}

async fn send(
    Extract(shared): Fake,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    count(&shared, "send");
    let id_type = query.get("receive_id_type").cloned().unwrap_or_default();
    take(&shared, &headers, &body, |state, body| {
        let id = body["receive_id"].as_str().unwrap_or_default();
        match id_type.as_str() {
            "chat_id" if state.chats.contains_key(id) => Ok((id.to_owned(), None, None)),
            "chat_id" => Err((230002, "Bot/User can NOT be out of the chat.")),
            "open_id" if state.people.contains_key(id) || state.outsiders.contains_key(id) => {
                Ok((state.direct(id), Some(id.to_owned()), None))
            }
            "open_id" => Err((230013, "Bot has NO availability to this user.")),
            _ => Err((230001, "invalid receive_id_type")),
        }
    })
    .await
}

async fn reply(
    Extract(shared): Fake,
    Path(answered): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    count(&shared, "reply");
    take(&shared, &headers, &body, |state, body| {
        if state.recalled.contains(&answered) {
            return Err((230011, "The message was recalled."));
        }
        match state.messages.get(&answered) {
            Some(chat_id) if body.get("receive_id").is_none() => {
                Ok((chat_id.clone(), None, Some(answered.clone())))
            }
            _ => Err((230001, "invalid message_id")),
        }
    })
    .await
}

type Place = (String, Option<String>, Option<String>);

/// Takes a message by the platform's rules.
async fn take(
    shared: &Shared,
    headers: &HeaderMap,
    raw: &[u8],
    place: impl FnOnce(&mut State, &Value) -> Result<Place, (i64, &'static str)>,
) -> Response {
    let fault = {
        let mut state = shared.state();
        state.next.pop_front().or_else(|| state.always.clone())
    };
    if let Some(refusal) = before(fault.as_ref()).await.or_else(|| unauthorised(shared, headers)) {
        return refusal;
    }
    let Ok(body) = serde_json::from_slice::<Value>(raw) else { return refusal(400, 9499, "Bad Request") };
    let accepted = accept(shared, &body, raw, fault.as_ref(), place);
    match (accepted, fault) {
        (Ok(_), Some(Fault::DropAfterAccepting)) => broken(),
        (Ok(data), _) => done(data),
        (Err((code, message)), _) => refusal(400, code, &message),
    }
}

/// Puts a card in the place of one of the bot's own. `[D:card-patch]`
async fn edit(Extract(shared): Fake, Path(id): Path<String>, headers: HeaderMap, raw: Bytes) -> Response {
    count(&shared, "patch");
    // What is to go wrong next is for calls that send: an edit may come at any time between them.
    let fault = shared.state().always.clone();
    if let Some(refusal) = before(fault.as_ref()).await.or_else(|| unauthorised(&shared, &headers)) {
        return refusal;
    }
    match edited(&shared, &id, &raw) {
        Ok(()) if matches!(fault, Some(Fault::DropAfterAccepting)) => broken(),
        Ok(()) => done(json!({})),
        Err((code, message)) => refusal(400, code, &message),
    }
}

fn edited(shared: &Shared, id: &str, raw: &[u8]) -> Result<(), (i64, String)> {
    let refused = |code, why: &str| Err((code, why.to_owned()));
    let body: Value = serde_json::from_slice(raw).map_err(|_| (230001, "no JSON".to_owned()))?;
    let content = body["content"].as_str().unwrap_or_default().to_owned();
    if body.as_object().is_none_or(|fields| fields.len() != 1) || has_unicode_escape(&content) {
        return refused(230001, "invalid parameter");
    }
    if raw.len() > 30 * 1024 {
        return refused(230025, "The length of the message content reaches its limit.");
    }
    let now = shared.clock.now();
    let mut state = shared.state();
    if state.recalled.contains(id) {
        return refused(230011, "The message was recalled.");
    }
    let Some(sent) = state.sent.iter().find(|sent| sent.message_id == id) else {
        return refused(230001, "invalid message_id");
    };
    if sent.msg_type != "interactive" {
        return refused(230054, "This operation is not supported for this message type.");
    }
    if now.duration_since(sent.at) > jiff::SignedDuration::from_hours(14 * 24) {
        return refused(230031, "The message is too old to be updated.");
    }
    let card: Value =
        serde_json::from_str(&content).map_err(|_| (230001, "content is not JSON".to_owned()))?;
    if [&sent.content, &card].iter().any(|card| card["config"]["update_multi"] != true) {
        return refused(230001, "update_multi is not true");
    }
    state.recent_edits.retain(|(_, at)| at.elapsed() < Duration::from_secs(1));
    if state.recent_edits.iter().filter(|(edited, _)| edited == id).count() >= 5 {
        return refused(230020, "This operation triggers the frequency limit. ext=message rate limit");
    }
    state.recent_edits.push_back((id.to_owned(), Instant::now()));
    let read = card::read_card(&card, &state.everybody())
        .map_err(|(inner, why)| (230099, format!("Failed, ErrCode: {inner}; ErrMsg: {why}")))?;
    state.edits.push(Edited {
        message_id: id.to_owned(),
        words: read.words,
        mentions: read.mentions,
        buttons: read.buttons,
        at: now,
    });
    drop(state);
    shared.accepted.send_modify(|count| *count += 1);
    Ok(())
}

fn accept(
    shared: &Shared,
    body: &Value,
    raw: &[u8],
    fault: Option<&Fault>,
    place: impl FnOnce(&mut State, &Value) -> Result<Place, (i64, &'static str)>,
) -> Result<Value, (i64, String)> {
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let (msg_type, content, uuid) = (text("msg_type"), text("content"), text("uuid"));
    let now = shared.clock.now();
    let mut state = shared.state();
    let known = |name: &String| ["receive_id", "msg_type", "content", "uuid"].contains(&name.as_str());
    let fields = body.as_object().ok_or((230001, "not an object".to_owned()))?;
    if uuid.chars().count() > 50 || !fields.keys().all(known) {
        return Err((230001, "invalid parameter".into()));
    }
    let (chat_id, open_id, reply_to) =
        place(&mut state, body).map_err(|(code, why)| (code, why.to_owned()))?;
    if let Some((since, message_id)) = state.by_uuid.get(&uuid)
        && now.duration_since(*since) < jiff::SignedDuration::from_hours(1)
    {
        return Ok(json!({ "message_id": message_id, "chat_id": chat_id, "msg_type": msg_type }));
    }
    let limit = state.per_chat_per_second;
    let recent = state.recent.entry(chat_id.clone()).or_default();
    while recent.front().is_some_and(|at| at.elapsed() >= Duration::from_secs(1)) {
        recent.pop_front();
    }
    if recent.len() >= limit {
        return Err((230020, "This operation triggers the frequency limit. ext=chat rate limit".into()));
    }
    recent.push_back(Instant::now());
    let most = if msg_type == "text" { 150 * 1024 } else { 30 * 1024 };
    if raw.len() > most {
        return Err((230025, "The length of the message content reaches its limit.".into()));
    }
    if has_unicode_escape(&content) {
        return Err((230001, "invalid message content: unicode escape".into()));
    }
    let content: Value =
        serde_json::from_str(&content).map_err(|_| (230001, "content is not JSON".to_owned()))?;
    let mut file = None;
    let read = match msg_type.as_str() {
        "file" => {
            let key = content["file_key"].as_str().unwrap_or_default();
            file = state.files.get(key).cloned();
            let (name, _) = file.as_ref().ok_or((230017, "The resource is not the app's own.".to_owned()))?;
            card::Read { words: name.clone(), ..card::Read::default() }
        }
        "text" => card::read_text(&content, &state.everybody()).ok_or((230001, "no text".to_owned()))?,
        "interactive" => match fault {
            Some(Fault::RefuseCard(inner)) => {
                return Err((230099, format!("Failed. ErrCode: {inner}; ErrMsg: no")));
            }
            _ => card::read_card(&content, &state.everybody()).map_err(|(inner, why)| {
                (230099, format!("Failed to create card content, ErrCode: {inner}; ErrMsg: {why}"))
            })?,
        },
        _ => return Err((230001, "invalid msg_type".into())),
    };
    let message_id = state.fresh("om_");
    state.messages.insert(message_id.clone(), chat_id.clone());
    if !uuid.is_empty() {
        state.by_uuid.insert(uuid.clone(), (now, message_id.clone()));
    }
    state.sent.push(Sent {
        message_id: message_id.clone(),
        chat_id: chat_id.clone(),
        open_id,
        reply_to,
        uuid,
        msg_type: msg_type.clone(),
        content,
        words: read.words,
        file,
        mentions: read.mentions,
        buttons: read.buttons,
        form: read.form,
        at: now,
    });
    drop(state);
    shared.accepted.send_modify(|count| *count += 1);
    Ok(json!({ "message_id": message_id, "chat_id": chat_id, "msg_type": msg_type }))
}

/// Whether JSON holds a `\u` escape; a backslash that was typed stands there as two.
fn has_unicode_escape(json: &str) -> bool {
    let mut chars = json.chars();
    while let Some(c) = chars.next() {
        if c == '\\' && chars.next() == Some('u') {
            return true;
        }
    }
    false
}

pub(super) fn count(shared: &Shared, path: &str) {
    *shared.state().calls.entry(path.into()).or_default() += 1;
}

pub(super) fn unauthorised(shared: &Shared, headers: &HeaderMap) -> Option<Response> {
    let token = headers.get("authorization").and_then(|value| value.to_str().ok());
    let Some(token) = token.and_then(|value| value.strip_prefix("Bearer ")) else {
        return Some(refusal(400, 99991661, "Missing access token for authorization."));
    };
    let state = shared.state();
    match state.tokens.get(token) {
        Some(expires) if *expires > shared.clock.now() => None,
        // Seen with 200 as well as with 400.
        _ => Some(refusal(200, 99991663, "Invalid access token for authorization.")),
    }
}

/// What a fault does before anything else is done.
pub(super) async fn before(fault: Option<&Fault>) -> Option<Response> {
    match fault? {
        Fault::Status(status) => Some(StatusCode::from_u16(*status).expect("it is a status").into_response()),
        Fault::Code(code) => Some(refusal(400, *code, "pretended")),
        Fault::Gateway(seconds) => {
            let mut response = refusal(429, 99991400, "request trigger frequency limit");
            let headers = response.headers_mut();
            headers.insert("x-ogw-ratelimit-limit", 50.into());
            headers.insert("x-ogw-ratelimit-reset", (*seconds).into());
            Some(response)
        }
        Fault::Slow(long) => {
            tokio::time::sleep(*long).await;
            None
        }
        Fault::Drop => broken(),
        Fault::DropAfterAccepting | Fault::RefuseCard(_) => None,
    }
}

pub(super) fn done(data: Value) -> Response {
    Json(json!({ "code": 0, "msg": "success", "data": data })).into_response()
}

pub(super) fn refusal(status: u16, code: i64, message: &str) -> Response {
    let status = StatusCode::from_u16(status).expect("it is a status");
    let log_id = [("x-tt-logid", "20261123090000AB")];
    (status, log_id, Json(json!({ "code": code, "msg": message }))).into_response()
}

/// Breaks the connection: the task that serves it ends, without the noise of a panic.
fn broken() -> ! {
    std::panic::resume_unwind(Box::new("the connection breaks, as the test wants"))
}
