//! The calls, with the platform's rules.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use jiff::SignedDuration;
use jiuding::platform::dingtalk::sign::sign;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::multipart;

use super::{
    CLIENT_ID, CLIENT_SECRET, Fault, ROBOT_CODE, Sent, Shared, State as Kept, Way, calendar, picture,
    shortcuts, stream,
};

/// The largest file.
const MOST_OF_A_FILE: usize = 20 * 1024 * 1024;

type Parameters = Query<HashMap<String, String>>;
/// What a call comes to: the answer, or a refusal with its status.
pub(super) type Outcome = Result<Value, (u16, Value)>;

pub(super) fn app(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1.0/oauth2/accessToken", post(access_token))
        .route("/v1.0/gateway/connections/open", post(stream::open))
        .route("/v1.0/robot/groupMessages/send", post(group_send))
        .route("/v1.0/robot/oToMessages/batchSend", post(batch_send))
        .route("/v1.0/robot/ding/send", post(ding))
        .route("/robot/sendBySession", post(send_by_session))
        .route("/robot/send", post(robot_send))
        .route("/topapi/v2/user/get", post(user_get))
        .route("/topapi/user/getbyunionid", post(user_by_union))
        .route("/media/upload", post(upload).layer(DefaultBodyLimit::max(MOST_OF_A_FILE + 4096)))
        .merge(calendar::routes())
        .merge(shortcuts::routes())
        .fallback(async || (StatusCode::NOT_FOUND, json!({"code": "InvalidAction.NotFound"}).to_string()))
        .with_state(shared)
}

async fn access_token(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let outcome = |state: &mut Kept| {
        let body = parse(&body)?;
        if body["appKey"] != CLIENT_ID || body["appSecret"] != CLIENT_SECRET {
            return Err(named(400, "invalidClientIdOrSecret"));
        }
        state.counter += 1;
        let token = format!("token{:08}", state.counter);
        let end = shared.clock.now() + SignedDuration::from_secs(7200);
        state.tokens.insert(token.clone(), end);
        Ok(json!({"accessToken": token, "expireIn": 7200}))
    };
    answer(&shared, Way::Token, outcome).await
}

async fn group_send(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let outcome = |state: &mut Kept| {
        let body = authorised(state, &shared, &headers, &body)?;
        let conversation = body["openConversationId"].as_str().unwrap_or_default().to_owned();
        if !state.groups.contains_key(&conversation) {
            return Err(named(400, "invalid.openConversationId"));
        }
        let mut sent = by_msg_param(state, Way::GroupApi, &body)?;
        if !pace(state, Way::GroupApi, &conversation) {
            return Err(named(400, "send.too.fast"));
        }
        sent.conversation = Some(conversation);
        Ok(keep(state, sent))
    };
    answer(&shared, Way::GroupApi, outcome).await
}

async fn ding(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let outcome = |state: &mut Kept| {
        let body = authorised(state, &shared, &headers, &body)?;
        let kind = body["remindType"].as_u64().unwrap_or_default();
        if state.dings.is_empty() {
            return Err(named(403, "Forbidden.AccessDenied.AccessTokenPermissionDenied"));
        }
        if !state.dings.contains(&kind) {
            return Err(named(400, "ding.serverquota.insufficient"));
        }
        let ids = body["receiverUserIdList"].as_array().cloned().unwrap_or_default();
        let ids: Vec<String> = ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
        let text = body["content"].as_str().unwrap_or_default().to_owned();
        if ids.is_empty() || ids.len() > 200 || text.is_empty() {
            return Err(named(400, "ding.receivercount.limit"));
        }
        let (known, unknown): (Vec<_>, Vec<_>) =
            ids.into_iter().partition(|id| state.people.contains_key(id));
        keep(
            state,
            Sent {
                way: Way::Ding,
                conversation: None,
                people: known,
                kind: format!("ding{kind}"),
                title: String::new(),
                text,
                buttons: Vec::new(),
                file: None,
                pictures: Vec::new(),
                notified: Vec::new(),
                raw: body,
            },
        );
        let failed = if unknown.is_empty() { json!({}) } else { json!({"user.not.exist": unknown}) };
        Ok(json!({"openDingId": format!("ding{}", state.counter), "failedList": failed}))
    };
    answer(&shared, Way::Ding, outcome).await
}

async fn batch_send(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let outcome = |state: &mut Kept| {
        let body = authorised(state, &shared, &headers, &body)?;
        let mut sent = by_msg_param(state, Way::DirectApi, &body)?;
        let ids: Vec<String> = body["userIds"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|id| id.as_str().map(str::to_owned))
            .collect();
        if ids.is_empty() || ids.len() > 20 {
            return Err(named(400, "invalidParameter.userIds"));
        }
        let (known, invalid): (Vec<_>, Vec<_>) =
            ids.into_iter().partition(|id| state.people.contains_key(id));
        let (held, reached): (Vec<_>, Vec<_>) =
            known.into_iter().partition(|id| state.held_back.contains(id));
        sent.people = reached;
        let mut answer = keep(state, sent);
        answer["invalidStaffIdList"] = json!(invalid);
        answer["flowControlledStaffIdList"] = json!(held);
        Ok(answer)
    };
    answer(&shared, Way::DirectApi, outcome).await
}

async fn send_by_session(State(shared): State<Arc<Shared>>, query: Parameters, body: Bytes) -> Response {
    let outcome = |state: &mut Kept| {
        let session = query.get("session").map(String::as_str).unwrap_or_default();
        let alive = state.sessions.get(session).filter(|session| session.expires > shared.clock.now());
        let Some(session) = alive else { return Err(numbered(300001, "session 不存在")) };
        let (conversation, person) = (session.conversation.clone(), session.person.clone());
        let mut sent = by_webhook(state, Way::Session, &conversation, &body)?;
        match person {
            Some(person) => sent.people = vec![person],
            None => sent.conversation = Some(conversation),
        }
        keep(state, sent);
        Ok(json!({"errcode": 0, "errmsg": "ok"}))
    };
    answer(&shared, Way::Session, outcome).await
}

async fn robot_send(State(shared): State<Arc<Shared>>, query: Parameters, body: Bytes) -> Response {
    let outcome = |state: &mut Kept| {
        let field = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        let Some(robot) = state.robots.get(field("access_token")) else {
            return Err(numbered(300005, "token is not exist"));
        };
        let now = shared.clock.now().as_millisecond();
        let fresh = field("timestamp").parse().is_ok_and(|sent: i64| (now - sent).abs() < 3_600_000);
        if !fresh || field("sign") != sign(field("timestamp"), &robot.secret) {
            return Err(numbered(310000, "description:机器人发送签名不匹配"));
        }
        let conversation = robot.conversation.clone();
        let uuid = parse(&body)?["msgUuid"].as_str().map(str::to_owned);
        if uuid.as_ref().is_some_and(|uuid| state.uuids.contains(uuid)) {
            return Ok(json!({"errcode": 0, "errmsg": "ok"}));
        }
        let mut sent = by_webhook(state, Way::GroupRobot, &conversation, &body)?;
        sent.conversation = Some(conversation);
        state.uuids.extend(uuid);
        keep(state, sent);
        Ok(json!({"errcode": 0, "errmsg": "ok"}))
    };
    answer(&shared, Way::GroupRobot, outcome).await
}

async fn upload(
    State(shared): State<Arc<Shared>>,
    query: Parameters,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let outcome = |state: &mut Kept| {
        let field = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        if state.tokens.get(field("access_token")).is_none_or(|end| *end <= shared.clock.now()) {
            return Err(numbered(40014, "不合法的access_token"));
        }
        let kind = field("type");
        if !["file", "image"].contains(&kind) {
            return Err(numbered(40004, "不合法的媒体文件类型"));
        }
        let parts = multipart::read(&headers, &body).unwrap_or_default();
        let media = parts.into_iter().find(|part| part.name == "media" && part.file_name.is_some());
        let Some(media) = media else { return Err(numbered(41005, "缺少多媒体文件数据")) };
        match media.content.len() {
            0 => return Err(numbered(40035, "不合法的参数")),
            size if size > MOST_OF_A_FILE => return Err(numbered(40006, "不合法的文件大小")),
            _ if kind == "image" && !picture::is_image(&media.content) => {
                return Err(numbered(40004, "不合法的媒体文件类型"));
            }
            _ => {}
        }
        state.counter += 1;
        let id = format!("@lArPFake{:08}", state.counter);
        state.media.insert(id.clone(), (kind.to_owned(), media.content));
        Ok(json!({"errcode": 0, "errmsg": "ok", "media_id": id, "type": kind, "created_at": 1}))
    };
    answer(&shared, Way::Upload, outcome).await
}

async fn user_get(State(shared): State<Arc<Shared>>, query: Parameters, body: Bytes) -> Response {
    let outcome = |state: &mut Kept| {
        let token = query.get("access_token").map(String::as_str).unwrap_or_default();
        if state.tokens.get(token).is_none_or(|end| *end <= shared.clock.now()) {
            return Err(numbered(40014, "不合法的access_token"));
        }
        let body = parse(&body)?;
        match state.people.get(body["userid"].as_str().unwrap_or_default()) {
            Some(name) => {
                let mut result = json!({"name": name, "userid": body["userid"]});
                let mut unions = state.unions.iter();
                if let Some((union, _)) = unions.find(|(_, (id, _))| body["userid"] == json!(id)) {
                    result["unionid"] = json!(union);
                }
                Ok(json!({"errcode": 0, "result": result}))
            }
            None => Err(numbered(60121, "找不到该用户")),
        }
    };
    answer(&shared, Way::UserGet, outcome).await
}

async fn user_by_union(State(shared): State<Arc<Shared>>, query: Parameters, body: Bytes) -> Response {
    let outcome = |state: &mut Kept| {
        let token = query.get("access_token").map(String::as_str).unwrap_or_default();
        if state.tokens.get(token).is_none_or(|end| *end <= shared.clock.now()) {
            return Err(numbered(40014, "不合法的access_token"));
        }
        let body = parse(&body)?;
        match state.unions.get(body["unionid"].as_str().unwrap_or_default()) {
            Some((id, outside)) => {
                let result = json!({"contact_type": i32::from(*outside), "userid": id});
                Ok(json!({"errcode": 0, "errmsg": "ok", "result": result}))
            }
            None => Err(numbered(60121, "找不到该用户")),
        }
    };
    answer(&shared, Way::UserByUnion, outcome).await
}

/// Carries a call out, unless the next fault has it otherwise.
pub(super) async fn answer(
    shared: &Shared,
    way: Way,
    outcome: impl FnOnce(&mut Kept) -> Outcome,
) -> Response {
    let (fault, outcome) = {
        let mut state = shared.state();
        state.calls.push(way);
        let fault = state.faults.get_mut(&way).and_then(|faults| faults.pop_front());
        match fault {
            Some(Fault::Refuse(status, body)) => {
                return (StatusCode::from_u16(status).unwrap(), body).into_response();
            }
            Some(Fault::Html) => {
                return ([("content-type", "text/html")], "<html><body>denied</body></html>").into_response();
            }
            fault => {
                let outcome = outcome(&mut state);
                shared.count.send_replace(state.sent.len());
                (fault, outcome)
            }
        }
    };
    match fault {
        // Unwinds the connection's task without a word: the caller sees the line go dead.
        Some(Fault::DropAfterAccepting) => std::panic::resume_unwind(Box::new(())),
        Some(Fault::Slow(wait)) => tokio::time::sleep(wait).await,
        _ => {}
    }
    let (status, body) = match outcome {
        Ok(body) => (200, body),
        Err(refusal) => refusal,
    };
    let status = StatusCode::from_u16(status).unwrap();
    (status, [("content-type", "application/json")], body.to_string()).into_response()
}

/// Token, robot and JSON of a new call.
pub(super) fn authorised(state: &Kept, shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Outcome {
    let token = headers.get("x-acs-dingtalk-access-token").and_then(|value| value.to_str().ok());
    let end = state.tokens.get(token.unwrap_or_default());
    if end.is_none_or(|end| *end <= shared.clock.now()) {
        return Err(named(400, "InvalidAuthentication"));
    }
    let body = parse(body)?;
    if body["robotCode"] != ROBOT_CODE {
        return Err(named(400, "invalidParameter.robotCode"));
    }
    Ok(body)
}

/// What `msgKey` and `msgParam` say; the latter is JSON within a string.
fn by_msg_param(state: &Kept, way: Way, body: &Value) -> Result<Sent, (u16, Value)> {
    let Some(param) = body["msgParam"].as_str() else {
        return Err(named(400, "invalidParameter.msgParam.invalid"));
    };
    if param.len() > 15_000 {
        return Err(named(400, "invalidParameter.msgParam.tooLong"));
    }
    let Ok(param) = serde_json::from_str::<Value>(param) else {
        return Err(named(400, "invalidParameter.msgParam.invalid"));
    };
    let key = body["msgKey"].as_str().unwrap_or_default();
    if key == "sampleFile" {
        return file_message(state, way, body, &param);
    }
    let pairs: Vec<(String, String)> = match key {
        "sampleText" | "sampleMarkdown" => Vec::new(),
        "sampleActionCard" => vec![("singleTitle".into(), "singleURL".into())],
        "sampleActionCard2" | "sampleActionCard3" | "sampleActionCard4" | "sampleActionCard5" => {
            let count: usize = key["sampleActionCard".len()..].parse().unwrap();
            (1..=count).map(|n| (format!("actionTitle{n}"), format!("actionURL{n}"))).collect()
        }
        _ => return Err(named(400, "invalidParameter.msgKey.notFound")),
    };
    let need = |name: &str| match param[name].as_str() {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(named(400, "invalidParameter.msgParam.invalid")),
    };
    let text = if key == "sampleText" { need("content")? } else { need("text")? };
    let title = if key == "sampleText" { String::new() } else { need("title")? };
    let buttons: Result<_, _> = pairs.iter().map(|(title, url)| Ok((need(title)?, need(url)?))).collect();
    let pictures = picture::shown(&text, &state.media);
    Ok(Sent {
        way,
        conversation: None,
        people: Vec::new(),
        kind: key.to_owned(),
        title,
        pictures: pictures.map_err(|_| named(400, "invalidParameter.msgParam.invalid"))?,
        text,
        buttons: buttons?,
        file: None,
        // Neither call can mention.
        notified: Vec::new(),
        raw: body.clone(),
    })
}

/// A file that was uploaded before by the same app.
fn file_message(state: &Kept, way: Way, body: &Value, param: &Value) -> Result<Sent, (u16, Value)> {
    let field = |name: &str| param[name].as_str().unwrap_or_default();
    let name = field("fileName").to_owned();
    let kinds = ["xlsx", "pdf", "zip", "rar", "doc", "docx"];
    let kind = field("fileType");
    if !kinds.contains(&kind) || !name.ends_with(&format!(".{kind}")) {
        return Err(named(400, "invalidParameter.msgParam.invalid"));
    }
    let Some((_, media)) = state.media.get(field("mediaId")).filter(|(kind, _)| kind == "file") else {
        return Err(named(400, "invalidParameter.msgParam.invalid"));
    };
    Ok(Sent {
        way,
        conversation: None,
        people: Vec::new(),
        kind: "sampleFile".into(),
        title: String::new(),
        text: name.clone(),
        buttons: Vec::new(),
        file: Some((name, media.clone())),
        pictures: Vec::new(),
        notified: Vec::new(),
        raw: body.clone(),
    })
}

/// What a webhook body says, its pace, and whom it notifies.
fn by_webhook(state: &mut Kept, way: Way, conversation: &str, bytes: &[u8]) -> Result<Sent, (u16, Value)> {
    if bytes.len() > 20_000 {
        return Err(numbered(460101, "message too long, exceed 20000 bytes"));
    }
    let body = parse(bytes)?;
    let kind = body["msgtype"].as_str().unwrap_or_default();
    let part = &body[kind];
    let need = |name: &str| match part[name].as_str() {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(numbered(40035, "缺少参数")),
    };
    let (title, text) = match kind {
        "text" => (String::new(), need("content")?),
        "markdown" | "actionCard" => (need("title")?, need("text")?),
        _ => return Err(numbered(400105, "unsupported msgtype")),
    };
    let mut buttons = Vec::new();
    if kind == "actionCard" {
        for button in part["btns"].as_array().into_iter().flatten() {
            let field = |name: &str| button[name].as_str().map(str::to_owned);
            let both = field("title").zip(field("actionURL"));
            buttons.push(both.ok_or_else(|| numbered(40035, "缺少参数"))?);
        }
        if buttons.is_empty() {
            buttons.push((need("singleTitle")?, need("singleURL")?));
        }
    }
    if !pace(state, way, conversation) {
        return Err(numbered(130101, "send too fast, exceed 20 times per minute"));
    }
    let members = state.groups.get(conversation).map(|group| group.members.clone()).unwrap_or_default();
    let at = body["at"]["atUserIds"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let notified = at
        .filter(|id| members.iter().any(|member| member == id) && calls(&text, id))
        .map(str::to_owned)
        .collect();
    let kind = kind.to_owned();
    Ok(Sent {
        way,
        conversation: None,
        people: Vec::new(),
        kind,
        title,
        pictures: picture::shown(&text, &state.media).map_err(|_| numbered(40035, "不合法的参数"))?,
        text,
        buttons,
        file: None,
        notified,
        raw: body,
    })
}

/// Whether `@id` stands in the text, and is not the beginning of a longer one.
fn calls(text: &str, id: &str) -> bool {
    let call = format!("@{id}");
    text.match_indices(&call).any(|(at, _)| {
        let next = text[at + call.len()..].chars().next();
        !next.is_some_and(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
    })
}

/// Twenty a minute in one group, by real time.
fn pace(state: &mut Kept, way: Way, conversation: &str) -> bool {
    let now = Instant::now();
    let pace = state.paces.entry((way, conversation.to_owned())).or_default();
    while pace.front().is_some_and(|first| now - *first >= Duration::from_secs(60)) {
        pace.pop_front();
    }
    pace.push_back(now);
    pace.len() <= 20
}

fn keep(state: &mut Kept, sent: Sent) -> Value {
    state.counter += 1;
    state.sent.push(sent);
    json!({"processQueryKey": format!("query{:08}==", state.counter)})
}

pub(super) fn parse(body: &[u8]) -> Outcome {
    serde_json::from_slice(body).map_err(|_| numbered(40035, "不合法的参数"))
}

/// A refusal of the old API, which answers 200.
fn numbered(code: i64, message: &str) -> (u16, Value) {
    (200, json!({"errcode": code, "errmsg": message}))
}

/// A refusal of the new API.
pub(super) fn named(status: u16, code: &str) -> (u16, Value) {
    (status, json!({"code": code, "requestid": "0ba2", "message": code}))
}
