//! The hand of the simulated clock.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::post};
use jiff::Timestamp;
use serde::Deserialize;

use super::answer::{Body, Problem};
use crate::{
    calendar::Span,
    engine::{AdvanceError, Advanced, Engine},
};

pub(super) fn routes(engine: Arc<Engine>) -> Router {
    Router::new().route("/api/clock", post(advance)).with_state(engine)
}

/// How far: by so much, or to a moment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    advance: Option<Span>,
    to: Option<Timestamp>,
}

impl Move {
    fn target(&self, now: Timestamp) -> Result<Timestamp, &'static str> {
        match (self.advance, self.to) {
            (None, Some(to)) => Ok(to),
            (Some(Span::Elapsed(time)), None) => now.checked_add(time).map_err(|_| "that is too far"),
            (Some(Span::WorkingDays(_)), None) => Err("\"advance\" takes natural time, for instance \"2h\""),
            _ => Err("expected either {\"advance\":\"2h\"} or {\"to\":\"2026-11-24T09:00:00+08:00\"}"),
        }
    }
}

async fn advance(
    State(engine): State<Arc<Engine>>,
    wanted: Result<Body<Move>, Problem>,
) -> Result<Json<Advanced>, Problem> {
    if engine.clock().hand().is_none() {
        return Err(Problem::not_found("the clock is not simulated"));
    }
    let to = wanted?.0.target(engine.clock().now()).map_err(Problem::bad)?;
    match engine.advance(to).await {
        Ok(advanced) => Ok(Json(advanced)),
        Err(error @ AdvanceError::Backwards) => Err(Problem::bad(error.to_string())),
        Err(error @ AdvanceError::NotSimulated) => Err(Problem::not_found(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_moves_by_so_much_or_to_a_moment() {
        let now: Timestamp = "2026-11-23T01:00:00Z".parse().unwrap();
        let target = |body: &str| serde_json::from_str::<Move>(body).unwrap().target(now);
        let later = |hours| Ok(now + jiff::SignedDuration::from_hours(hours));
        assert_eq!(target(r#"{"advance":"2h"}"#), later(2));
        assert_eq!(target(r#"{"advance":"1d"}"#), later(24));
        assert_eq!(target(r#"{"to":"2026-11-23T10:00:00+08:00"}"#), later(1));
        for wrong in ["{}", r#"{"advance":"1wd"}"#, r#"{"advance":"1h","to":"2026-11-23T10:00:00Z"}"#] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
        assert!(target(r#"{"advance":"4000000000d"}"#).is_err());
        for wrong in [r#"{"advance":2}"#, r#"{"advance":"-2h"}"#, r#"{"to":"morgen"}"#, r#"{"by":"2h"}"#] {
            assert!(serde_json::from_str::<Move>(wrong).is_err(), "{wrong}");
        }
    }
}
