//! The door for Feishu's deliveries.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};

use crate::platform::Receiver;

use super::{
    Feishu,
    delivery::{self, Delivery, Envelope},
    door::{Door, Failed, Letter, count_accepted, count_failed, count_refused, working_on_it},
};

/// The largest body that is read.
const MOST_BYTES: usize = 1024 * 1024;
/// How long a body may take to arrive; the platform itself gives up after 3 s.
const SLOWEST: Duration = Duration::from_secs(10);

/// The addresses that Feishu calls: for events, and the same for cards.
pub fn routes(feishu: Arc<Feishu>, receiver: Arc<dyn Receiver>) -> Router {
    Router::new()
        .route("/feishu/event", post(knock))
        .route("/feishu/card", post(knock))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(Arc::new(Door { feishu, receiver }))
}

async fn knock(State(door): State<Arc<Door>>, request: Request) -> Response {
    let headers = request.headers().clone();
    let body = match tokio::time::timeout(SLOWEST, Bytes::from_request(request, &())).await {
        Ok(Ok(body)) => body,
        Ok(Err(rejection)) => return refuse(rejection.status(), "size"),
        Err(_) => return refuse(StatusCode::REQUEST_TIMEOUT, "slow"),
    };
    let feishu = &door.feishu;
    match delivery::open(&feishu.settings, feishu.clock.now(), &headers, &body) {
        Ok(Delivery::Challenge(challenge)) => {
            count_accepted("challenge");
            Json(json!({ "challenge": challenge })).into_response()
        }
        Ok(Delivery::Event(envelope)) => admit(door, envelope).await,
        Err(refusal) => {
            count_refused(refusal);
            refused(refusal.status())
        }
    }
}

/// Carries an event out to its end, whether or not the caller still waits.
async fn admit(door: Arc<Door>, envelope: Envelope) -> Response {
    let Letter { happened, answer } = match door.understand(envelope) {
        Ok(letter) => letter,
        Err(refusal) => return refused(refusal.status()),
    };
    let Some(happened) = happened else { return good(answer) };
    let patience = door.feishu.settings.answer_within;
    // A caller that hangs up must not leave the work half done.
    let mut work = tokio::spawn(async move { door.carry_out(happened, std::future::ready(())).await });
    let done = match answer {
        Some(_) => tokio::time::timeout(patience, &mut work).await,
        None => Ok(work.await),
    };
    let Ok(done) = done else {
        tracing::info!("a press on feishu takes longer than {patience:.1?}, it is answered for meanwhile");
        return good(Some(working_on_it()));
    };
    match done {
        Ok(Ok(told)) => good(answer.map(|usual| told.unwrap_or(usual))),
        Ok(Err(Failed)) => failed(),
        Err(panicked) => {
            tracing::error!("an event of feishu's could not be carried out: {panicked}");
            count_failed();
            failed()
        }
    }
}

fn good(answer: Option<Value>) -> Response {
    Json(answer.unwrap_or_else(|| json!({}))).into_response()
}

fn failed() -> Response {
    metrics::counter!("jiuding_deliveries_failed_total", "platform" => super::NAME).increment(1);
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "msg": "failed" }))).into_response()
}

/// One answer for every refusal: whoever tries keys learns nothing from it.
fn refused(status: StatusCode) -> Response {
    (status, Json(json!({ "msg": "refused" }))).into_response()
}

/// A body that did not come as a whole.
fn refuse(status: StatusCode, reason: &'static str) -> Response {
    metrics::counter!("jiuding_deliveries_refused_total", "platform" => super::NAME, "reason" => reason)
        .increment(1);
    refused(status)
}
