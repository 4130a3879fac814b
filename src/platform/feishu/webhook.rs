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
use serde_json::json;

use crate::platform::{Received, Receiver};

use super::{
    Feishu,
    delivery::{self, Delivery, Envelope, Refusal},
    event,
};

/// The largest body that is read.
const MOST_BYTES: usize = 1024 * 1024;
/// How long a body may take to arrive; the platform itself gives up after 3 s.
const SLOWEST: Duration = Duration::from_secs(10);

struct Door {
    feishu: Arc<Feishu>,
    receiver: Arc<dyn Receiver>,
}

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
        Err(refusal) => refuse(refusal.status(), refusal.reason()),
    }
}

/// Carries an event out to its end, whether or not the caller still waits.
async fn admit(door: Arc<Door>, envelope: Envelope) -> Response {
    let is_callback = envelope.kind == "card.action.trigger";
    let Ok(happened) = event::understand(envelope) else {
        return refuse(Refusal::Body.status(), Refusal::Body.reason());
    };
    let Some(happened) = happened else {
        count_accepted("ignored");
        return Json(json!({})).into_response();
    };
    // A caller that hangs up must not leave the work half done.
    let work = tokio::spawn(async move {
        match door.feishu.inbound(happened).await {
            Some(inbound) => door.receiver.receive(inbound).await.map(Some),
            None => Ok(None),
        }
    });
    match work.await {
        Ok(Ok(received)) => {
            count_accepted(match received {
                Some(Received::Done) => "done",
                Some(Received::SeenBefore) => "seen",
                None => "ignored",
            });
            match is_callback {
                true => Json(json!({ "toast": { "type": "info", "content": "已收到" } })).into_response(),
                false => Json(json!({})).into_response(),
            }
        }
        Ok(Err(fault)) => {
            tracing::error!("an event of feishu's could not be kept, it will be delivered again: {fault:#}");
            failed()
        }
        Err(panicked) => {
            tracing::error!("an event of feishu's could not be carried out: {panicked}");
            failed()
        }
    }
}

fn failed() -> Response {
    metrics::counter!("jiuding_deliveries_failed_total", "platform" => super::NAME).increment(1);
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "msg": "failed" }))).into_response()
}

/// One answer for every refusal: whoever tries keys learns nothing from it.
fn refuse(status: StatusCode, reason: &'static str) -> Response {
    metrics::counter!("jiuding_deliveries_refused_total", "platform" => super::NAME, "reason" => reason)
        .increment(1);
    (status, Json(json!({ "msg": "refused" }))).into_response()
}

fn count_accepted(outcome: &'static str) {
    metrics::counter!("jiuding_deliveries_accepted_total", "platform" => super::NAME, "outcome" => outcome)
        .increment(1);
}
