//! Whether the bot is up, whether it can work, and its figures.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::{engine::Engine, platform::Platform};

/// How long an answer of `/readyz` stands: whoever probes often does not load the platforms.
const FRESH: Duration = Duration::from_secs(5);
/// How long a platform may take to say that it is ready.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) fn routes(engine: Arc<Engine>, platforms: Vec<Arc<dyn Platform>>) -> Router {
    let readiness = Readiness { engine, platforms, last: Mutex::default() };
    Router::new()
        .route("/healthz", get(|| async { Json(json!({ "status": "up" })) }))
        .route("/readyz", get(ready))
        .with_state(Arc::new(readiness))
}

pub(super) fn metrics_routes(metrics: PrometheusHandle) -> Router {
    let print = move || {
        let text = metrics.render();
        async move { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text) }
    };
    Router::new().route("/metrics", get(print))
}

struct Readiness {
    engine: Arc<Engine>,
    platforms: Vec<Arc<dyn Platform>>,
    /// The last answer and when it was found. Held while asking, so that many probes ask once.
    last: Mutex<Option<(Instant, bool, Value)>>,
}

async fn ready(State(readiness): State<Arc<Readiness>>) -> impl IntoResponse {
    let (well, report) = readiness.ask().await;
    (if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(report))
}

impl Readiness {
    async fn ask(&self) -> (bool, Value) {
        let mut last = self.last.lock().await;
        if let Some((at, well, report)) = &*last
            && at.elapsed() < FRESH
        {
            return (*well, report.clone());
        }
        let mut parts =
            vec![("store".to_owned(), self.store().await), ("scheduler".to_owned(), self.scheduler())];
        for platform in &self.platforms {
            let answer = tokio::time::timeout(PATIENCE, platform.ready()).await;
            let answer = answer.unwrap_or_else(|_| Err("no answer in time".into()));
            parts.push((platform.name().to_owned(), answer));
        }
        let well = parts.iter().all(|(_, answer)| answer.is_ok());
        let parts =
            parts.into_iter().map(|(name, answer)| (name, json!(answer.err().unwrap_or("ok".into()))));
        let report = json!({ "ready": well, "parts": parts.collect::<serde_json::Map<_, _>>() });
        *last = Some((Instant::now(), well, report.clone()));
        (well, report)
    }

    async fn store(&self) -> Result<(), String> {
        self.engine.store().writable().await.map_err(|error| {
            tracing::warn!("the store is not writable: {error:#}");
            "not writable".to_owned()
        })
    }

    fn scheduler(&self) -> Result<(), String> {
        if self.engine.is_alive() { Ok(()) } else { Err("not running".into()) }
    }
}
