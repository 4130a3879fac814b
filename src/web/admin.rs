//! What an operator does to a running bot: dead letters, backups and exports.

use std::{path::PathBuf, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{delete, get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Body, Problem};
use crate::{
    chat::Line,
    engine::Engine,
    store::{DeadLetter, DossierCopy, ProjectId},
};

pub(super) fn routes(engine: Arc<Engine>) -> Router {
    Router::new()
        .route("/api/admin/dead-letters", get(dead_letters))
        .route("/api/admin/dead-letters/{id}", delete(drop_letter))
        .route("/api/admin/dead-letters/{id}/retry", post(retry))
        .route("/api/admin/backup", post(backup))
        .route("/api/admin/export", get(dossiers))
        .route("/api/admin/export/{id}", get(dossier))
        .with_state(engine)
}

async fn dead_letters(State(engine): State<Arc<Engine>>) -> Result<Json<Value>, Problem> {
    let letters = engine.store().dead_letters().await?;
    Ok(Json(json!({ "dead_letters": letters.iter().map(shown).collect::<Vec<_>>() })))
}

/// A dead letter without its reply address, which is a secret.
fn shown(letter: &DeadLetter) -> Value {
    let outgoing = &letter.outgoing;
    json!({
        "id": outgoing.id,
        "to": outgoing.to,
        "headline": outgoing.message.lines.first().map(Line::plain),
        "created": outgoing.created,
        "died": letter.at,
        "tries": outgoing.tries,
        "why": letter.why,
    })
}

async fn retry(State(engine): State<Arc<Engine>>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let id = letter_id(&id)?;
    if !engine.retry(id).await? {
        return Err(no_letter(id));
    }
    Ok(Json(json!({ "retried": id })))
}

async fn drop_letter(
    State(engine): State<Arc<Engine>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let id = letter_id(&id)?;
    if !engine.store().forget(id).await? {
        return Err(no_letter(id));
    }
    Ok(Json(json!({ "dropped": id })))
}

fn letter_id(text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::bad("a dead letter's id is a number"))
}

fn no_letter(id: u64) -> Problem {
    Problem::not_found(format!("there is no dead letter {id}"))
}

/// Where a backup goes.
#[derive(Debug, Deserialize)]
struct Backup {
    file: PathBuf,
}

async fn backup(
    State(engine): State<Arc<Engine>>,
    Body(Backup { file }): Body<Backup>,
) -> Result<Json<Value>, Problem> {
    // Relative to what? The caller's folder is not the bot's.
    if !file.is_absolute() {
        return Err(Problem::bad("\"file\" must be an absolute path"));
    }
    let rows = engine.store().backup(&file).await.map_err(|error| {
        tracing::error!("a backup failed: {error:#}");
        Problem::bad(format!("the backup could not be written: {error:#}"))
    })?;
    Ok(Json(json!({ "file": file, "rows": rows })))
}

async fn dossiers(State(engine): State<Arc<Engine>>) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "projects": engine.dossiers().await? })))
}

async fn dossier(
    State(engine): State<Arc<Engine>>,
    Path(id): Path<String>,
) -> Result<Json<DossierCopy>, Problem> {
    let id = id.parse().map_err(|_| Problem::bad("a project's id is a number"))?;
    let copy = engine.copy(ProjectId(id)).await?;
    copy.map(Json).ok_or_else(|| Problem::not_found(format!("there is no project {id}")))
}
