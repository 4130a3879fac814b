//! What the page shows around a chat: the rooms, the clock and what stands on it, the commands.

use std::{sync::Arc, time::Duration};

use axum::{Json, Router, extract::State, routing::get};
use serde::Deserialize;
use serde_json::{Value, json};

use super::chat::LONGEST_WAIT;
use crate::{
    engine::Engine,
    platform::playground::Playground,
    web::answer::{Problem, Query},
};

/// How much of the clock the page shows.
const MOST_UPCOMING: usize = 30;

/// `GET /api/playground/state` and `GET /api/playground/commands`.
pub fn routes(playground: Arc<Playground>, engine: Arc<Engine>, zone: String) -> Router {
    Router::new()
        .route("/api/playground/state", get(state))
        .route("/api/playground/commands", get(commands))
        .with_state(Arc::new(Scene { playground, engine, zone }))
}

struct Scene {
    playground: Arc<Playground>,
    engine: Arc<Engine>,
    zone: String,
}

#[derive(Debug, Deserialize)]
struct Wanted {
    /// The `changes` of the last answer: nothing new is waited for.
    changes: Option<u64>,
    /// How many seconds to wait for something new.
    #[serde(default)]
    wait: u64,
}

async fn state(
    State(scene): State<Arc<Scene>>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, Problem> {
    let wait = Duration::from_secs(wanted.wait.min(LONGEST_WAIT));
    let changes = scene.playground.changes(wanted.changes, wait).await;
    let clock = scene.engine.clock();
    Ok(Json(json!({
        "changes": changes,
        "now": clock.now(),
        "zone": scene.zone,
        "simulated": clock.hand().is_some(),
        "rooms": scene.playground.rooms().await?,
        "upcoming": scene.engine.upcoming(MOST_UPCOMING).await,
    })))
}

async fn commands(State(scene): State<Arc<Scene>>) -> Json<Value> {
    Json(scene.engine.commands())
}
