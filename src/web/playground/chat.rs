//! Speaking, pressing and reading; CONTRACT 3.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};
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

/// What CONTRACT 3 promises of a line.
fn brief(seq: u64, entry: &ChatEntry) -> Value {
    json!({
        "seq": seq,
        "time": entry.time,
        "text": entry.text,
        "mentions": entry.mentions,
        "buttons": entry.buttons,
        "reply_to": entry.reply_to,
    })
}

fn whole(seq: u64, entry: &ChatEntry) -> Value {
    let mut shown = json!(entry);
    shown["seq"] = seq.into();
    shown
}
