//! The addresses that DingTalk calls.

use std::{pin::Pin, sync::Arc};

use axum::{
    Json, Router,
    body::{Body, HttpBody},
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::json;

use super::{
    DingTalk,
    card::press,
    event,
    sign::is_signed,
    usage::Use,
    wire::{Delivery, present},
};
use crate::platform::{Received, Receiver};

/// Longest body that is read.
const MOST_BODY: usize = 1 << 20;
/// How much of a longer one is thrown away before it is refused, so that the caller hears the answer.
const MOST_DRAINED: usize = 8 << 20;

#[derive(Clone)]
struct Doors {
    dingtalk: Arc<DingTalk>,
    receiver: Arc<dyn Receiver>,
}

/// A message could not be recorded; it must be delivered again.
#[derive(Debug)]
pub(super) struct Failed;

/// Why a request was refused. The caller is told one of three words, our counters tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    TooLong,
    Unverified(&'static str),
    Unreadable,
}

/// `POST /dingtalk/robot`, `POST /dingtalk/event` and `POST /dingtalk/card`.
///
/// A message is answered 200 only when `receiver` has made its effect durable; 503 asks for it again.
pub fn routes(dingtalk: Arc<DingTalk>, receiver: Arc<dyn Receiver>) -> Router {
    Router::new()
        .route("/dingtalk/robot", post(robot))
        .route("/dingtalk/event", post(organisation_event))
        .route("/dingtalk/card", post(card))
        .with_state(Doors { dingtalk, receiver })
}

async fn robot(State(doors): State<Doors>, headers: HeaderMap, body: Body) -> Result<Response, Refused> {
    let body = read(body).await?;
    let dingtalk = &doors.dingtalk;
    dingtalk.verify(&headers)?;
    let delivery = Delivery::read(&body).ok_or(Refused::Unreadable)?;
    dingtalk.verify_addressee(&delivery)?;
    match dingtalk.carry_out(&delivery, &*doors.receiver, std::future::ready(())).await {
        Ok(()) => Ok(Json(json!({})).into_response()),
        Err(Failed) => Ok(StatusCode::SERVICE_UNAVAILABLE.into_response()),
    }
}

async fn organisation_event(
    State(doors): State<Doors>,
    query: Result<Query<event::Query>, axum::extract::rejection::QueryRejection>,
    body: Body,
) -> Result<Response, Refused> {
    let body = read(body).await?;
    let Ok(Query(query)) = query else { return Err(Refused::Unreadable) };
    let dingtalk = &doors.dingtalk;
    let event = dingtalk.open_event(&query, &body).map_err(refused)?;
    let heard = match dingtalk.happened(&event).await {
        Ok(Some(inbound)) => doors.receiver.receive(inbound).await.map(|_| ()),
        Ok(None) => Ok(()),
        Err(refusal) => Err(anyhow::anyhow!("the directory: {refusal:?}")),
    };
    if let Err(error) = heard {
        // It is sent again.
        count("failed");
        tracing::error!(error = format!("{error:#}"), "an event of the organisation could not be recorded");
        return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
    }
    let answer = dingtalk.acknowledgement(&event).map_err(refused)?;
    Ok(Json(answer).into_response())
}

/// A button of a card. What is none of ours is answered all the same: there is nothing to do about it.
async fn card(State(doors): State<Doors>, headers: HeaderMap, body: Body) -> Result<Response, Refused> {
    let body = read(body).await?;
    let dingtalk = &doors.dingtalk;
    let sent = dingtalk.verify_press(&headers)?;
    let Some(pressed) = dingtalk.read_press(&body, &sent.to_string(), Some(sent)) else {
        Refused::Unreadable.count();
        return Ok(Json(json!({})).into_response());
    };
    // A caller that hangs up must not leave the work half done.
    let work = tokio::spawn(async move {
        doors.dingtalk.press(&pressed, &*doors.receiver, std::future::ready(())).await
    });
    match tokio::time::timeout(press::ANSWER_WITHIN, work).await {
        Ok(Ok(Ok(answer))) => Ok(Json(answer).into_response()),
        Ok(Ok(Err(Failed)) | Err(_)) => Ok(StatusCode::SERVICE_UNAVAILABLE.into_response()),
        Err(_) => {
            tracing::info!("a press on dingtalk takes too long, it is answered for meanwhile");
            Ok(Json(press::working_on_it()).into_response())
        }
    }
}

fn refused(error: event::EventError) -> Refused {
    tracing::debug!(why = %error, "an organisation event was refused");
    Refused::Unverified("event")
}

impl DingTalk {
    /// Carries a message out; returns only when its effect is durable. Names are asked for at once, the effect
    /// waits for `turn`.
    pub(super) async fn carry_out(
        &self,
        delivery: &Delivery,
        receiver: &dyn Receiver,
        turn: impl Future<Output = ()>,
    ) -> Result<(), Failed> {
        self.api.meter.count(Use::Heard, self.clock.now());
        let inbound = self.understand(delivery).await;
        turn.await;
        let Some(inbound) = inbound else {
            // A picture, a file: asking for it again would not make it a message.
            count("nothing to hear");
            return Ok(());
        };
        match receiver.receive(inbound).await {
            Ok(Received::Done) => count("received"),
            Ok(Received::SeenBefore) => count("seen before"),
            Err(error) => {
                count("failed");
                tracing::error!(error = format!("{error:#}"), "a DingTalk message could not be recorded");
                return Err(Failed);
            }
        }
        Ok(())
    }

    /// The two headers: the signature in constant time, and the window of time.
    fn verify(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let (Some(timestamp), Some(given)) = (header("timestamp"), header("sign")) else {
            return Err(Refused::Unverified("headers missing"));
        };
        if !is_signed(timestamp, &self.settings.client_secret, given) {
            return Err(Refused::Unverified("wrong sign"));
        }
        match timestamp.parse() {
            Ok(sent) if self.is_timely(sent) => Ok(()),
            _ => Err(Refused::Unverified("out of time")),
        }
    }

    /// The sign does not cover the body, so the body must at least be for this robot.
    pub(super) fn verify_addressee(&self, delivery: &Delivery) -> Result<(), Refused> {
        let other = |given: Option<&str>, ours: &str| given.is_some_and(|given| given != ours);
        let corp_id = self.settings.corp_id.as_deref();
        if other(present(&delivery.robot_code), &self.settings.robot_code)
            || corp_id.is_some_and(|ours| other(present(&delivery.chatbot_corp_id), ours))
        {
            return Err(Refused::Unverified("for another robot"));
        }
        Ok(())
    }

    /// Whether this many milliseconds lie within the window around our clock.
    pub(super) fn is_timely(&self, sent: i64) -> bool {
        let age = self.clock.now().as_millisecond().saturating_sub(sent);
        let back = i64::try_from(self.settings.window_back.as_millis()).unwrap_or(i64::MAX);
        let ahead = i64::try_from(self.settings.window_ahead.as_millis()).unwrap_or(i64::MAX);
        age <= back && age >= -ahead
    }
}

impl Refused {
    /// Counts it under its reason.
    pub(super) fn count(self) {
        count(match self {
            Refused::TooLong => "too long",
            Refused::Unverified(why) => why,
            Refused::Unreadable => "unreadable",
        });
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        self.count();
        let (status, word) = match self {
            Refused::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, "too long"),
            Refused::Unverified(_) => (StatusCode::UNAUTHORIZED, "refused"),
            Refused::Unreadable => (StatusCode::BAD_REQUEST, "refused"),
        };
        (status, Json(json!({"error": word}))).into_response()
    }
}

pub(super) fn count(outcome: &'static str) {
    metrics::counter!("jiuding_dingtalk_heard_total", "outcome" => outcome).increment(1);
}

/// Reads a body up to the longest that is taken.
async fn read(mut body: Body) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::new();
    let mut length = 0;
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let Ok(Ok(data)) = frame.map(|frame| frame.into_data()) else {
            return Err(Refused::Unreadable);
        };
        length += data.len();
        if length > MOST_DRAINED {
            break;
        }
        if length <= MOST_BODY {
            bytes.extend_from_slice(&data);
        }
    }
    if length > MOST_BODY { Err(Refused::TooLong) } else { Ok(bytes) }
}
