//! Pages for the team, for whoever may use the admin interface.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderName, header},
    response::IntoResponse,
    routing::get,
};

use super::answer::Problem;
use crate::{calendar::Quarter, engine::Engine};

pub(super) fn routes(engine: Arc<Engine>) -> Router {
    Router::new().route("/board/health/{customer}/{quarter}", get(health)).with_state(engine)
}

/// The page loads nothing, runs nothing, and is framed by nobody.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

/// A customer's health report on a quarter, to be read and printed.
async fn health(
    State(engine): State<Arc<Engine>>,
    Path((customer, quarter)): Path<(String, String)>,
) -> Result<impl IntoResponse, Problem> {
    let quarter: Quarter = quarter.parse().map_err(Problem::bad)?;
    let health = engine.health(&customer, quarter).await;
    let health = health.ok_or_else(|| {
        Problem::not_found(format!("there is no health report of this customer for {quarter}"))
    })?;
    Ok((HEADERS, health.html()))
}
