//! Speaking, pressing and reading; CONTRACT 3.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    platform::{
        Receiver,
        playground::{ChatEntry, Heard, NotHeard, Playground, Pressed, Said, Whose},
    },
    web::answer::{Body, Problem, Query},
};

/// The longest long poll.
pub(super) const LONGEST_WAIT: u64 = 30;

/// Routes through which `playground` hears people, handing what they say to `receiver`.
pub fn routes(playground: Arc<Playground>, receiver: Arc<dyn Receiver>) -> Router {
    Router::new()
        .route("/api/playground/messages", get(read).post(say))
        .route("/api/playground/buttons", post(press))
        .route("/api/playground/files", get(file))
        .with_state(Chat { playground, receiver })
}

#[derive(Clone)]
struct Chat {
    playground: Arc<Playground>,
    receiver: Arc<dyn Receiver>,
}

async fn say(State(chat): State<Chat>, Body(said): Body<Said>) -> Result<Json<Value>, Problem> {
    answer(chat.playground.say(said, &*chat.receiver).await)
}

async fn press(State(chat): State<Chat>, Body(pressed): Body<Pressed>) -> Result<Json<Value>, Problem> {
    answer(chat.playground.press(pressed, &*chat.receiver).await)
}

fn answer(heard: Result<Heard, NotHeard>) -> Result<Json<Value>, Problem> {
    match heard {
        Ok(Heard { message_id, seen }) => Ok(Json(json!({ "message_id": message_id, "seen": seen }))),
        Err(NotHeard::Bad(why)) => Err(Problem::bad(why)),
        Err(NotHeard::Failed(error)) => Err(error.into()),
    }
}

#[derive(Debug, Deserialize)]
struct Wanted {
    room: String,
    #[serde(default)]
    after: u64,
    /// How many seconds to wait for a line where there is none.
    #[serde(default)]
    wait: u64,
    /// People's lines too, each with everything that is known of it.
    #[serde(default)]
    all: bool,
}

async fn read(State(chat): State<Chat>, Query(wanted): Query<Wanted>) -> Result<Json<Value>, Problem> {
    let whose = if wanted.all { Whose::Everybody } else { Whose::Bot };
    let wait = Duration::from_secs(wanted.wait.min(LONGEST_WAIT));
    let entries = chat.playground.read(&wanted.room, wanted.after, whose, wait).await?;
    let shown = if wanted.all { whole } else { brief };
    let messages: Vec<Value> = entries.iter().map(|(seq, entry)| shown(*seq, entry)).collect();
    Ok(Json(json!({ "messages": messages })))
}

/// What CONTRACT 3 promises of a line, its file where it hands one over, and its form where it has one.
fn brief(seq: u64, entry: &ChatEntry) -> Value {
    let mut shown = json!({
        "seq": seq,
        "time": entry.time,
        "text": entry.text,
        "mentions": entry.mentions,
        "buttons": entry.buttons,
        "reply_to": entry.reply_to,
    });
    if let Some(file) = &entry.file {
        shown["file"] = json!(file);
    }
    if let Some(edited) = &entry.edited {
        shown["edited"] = json!({ "time": edited.time, "text": edited.text, "buttons": edited.buttons });
    }
    if let Some(form) = &entry.form {
        shown["form"] = json!({ "value": form.line, "submit": form.submit, "fields": form.fields });
    }
    shown
}

fn whole(seq: u64, entry: &ChatEntry) -> Value {
    let mut shown = json!(entry);
    shown["seq"] = seq.into();
    shown
}

#[derive(Debug, Deserialize)]
struct WantedFile {
    room: String,
    /// The place of the line that hands it over.
    seq: u64,
}

/// A file of the bot's. It is saved and never shown, whatever it is.
async fn file(State(chat): State<Chat>, Query(wanted): Query<WantedFile>) -> Result<Response, Problem> {
    let WantedFile { room, seq } = wanted;
    let found = chat.playground.file(&room, seq).await?;
    let Some(file) = found else { return Err(Problem::not_found("no file stands there")) };
    // RFC 6266: the name for whoever reads nothing but ASCII, and the name.
    let name = utf8_percent_encode(&file.name, NON_ALPHANUMERIC);
    let disposition =
        format!("attachment; filename=\"file.{}\"; filename*=UTF-8''{name}", plain(&file.extension()));
    let headers = [
        (header::CONTENT_TYPE, file.content_type().to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, file.content.to_vec()).into_response())
}

fn plain(extension: &str) -> String {
    extension.chars().filter(char::is_ascii_alphanumeric).collect()
}
