//! From the raw bytes of a request to a verified delivery.
//!
//! The signature is checked before anything is decrypted, and a request without one learns nothing from
//! its answer about padding: all its faults look the same.

use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{Settings, seal};

/// A verified delivery.
#[derive(Debug)]
pub enum Delivery {
    /// The console asks whether the address is ours; this is to be sent back.
    Challenge(String),
    /// Something happened.
    Event(Envelope),
}

/// An event with what names it, in either of the platform's two schemas.
#[derive(Debug)]
pub struct Envelope {
    /// What kind of event.
    pub kind: String,
    /// The name under which the same event may come again: `event:…`, or `v1:…` for the old schema.
    pub key: String,
    /// When it happened.
    pub at: Option<Timestamp>,
    /// The tenant that the app was told it by; empty where it is not said.
    pub tenant: String,
    /// The event's own fields.
    pub event: Value,
}

/// Why a delivery is refused. The caller learns only the status; the reason is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The signature is not that of these bytes.
    Signature,
    /// There is no signature where there has to be one.
    Unsigned,
    /// The verification token is not ours.
    Token,
    /// It is older or newer than we accept.
    Timestamp,
    /// It was meant for another app.
    App,
    /// It cannot be decrypted or read.
    Body,
}

impl Refusal {
    /// The label in metrics.
    pub fn reason(self) -> &'static str {
        match self {
            Refusal::Signature => "signature",
            Refusal::Unsigned => "unsigned",
            Refusal::Token => "token",
            Refusal::Timestamp => "timestamp",
            Refusal::App => "app",
            Refusal::Body => "body",
        }
    }

    /// The status that the caller sees.
    pub fn status(self) -> StatusCode {
        match self {
            Refusal::Body => StatusCode::BAD_REQUEST,
            _ => StatusCode::UNAUTHORIZED,
        }
    }
}

/// Verifies and opens a request.
pub fn open(
    settings: &Settings,
    now: Timestamp,
    headers: &HeaderMap,
    raw: &[u8],
) -> Result<Delivery, Refusal> {
    let Some(encrypt_key) = settings.encrypt_key.as_deref() else {
        // Without an Encrypt Key the platform signs nothing we could check; the token alone protects.
        let wire: Wire = serde_json::from_slice(raw).map_err(|_| Refusal::Body)?;
        return wire.verified(settings, Some(now));
    };
    if !headers.contains_key(SIGNATURE) {
        // Only the console's challenge comes unsigned. One refusal for everything else, or the answer
        // would tell whether a made-up ciphertext has good padding.
        let wire = unsealed(encrypt_key, raw).map_err(|_| Refusal::Unsigned)?;
        return match wire.verified(settings, None) {
            Ok(challenge @ Delivery::Challenge(_)) => Ok(challenge),
            _ => Err(Refusal::Unsigned),
        };
    }
    let header = |name| headers.get(name).map_or(&b""[..], |value| value.as_bytes());
    let timestamp = header("x-lark-request-timestamp");
    let expected = seal::signature(timestamp, header("x-lark-request-nonce"), encrypt_key, raw);
    if !seal::same(&expected, header(SIGNATURE)) {
        return Err(Refusal::Signature);
    }
    let signed_at = std::str::from_utf8(timestamp).ok().and_then(instant).ok_or(Refusal::Timestamp)?;
    fresh(settings, now, signed_at)?;
    unsealed(encrypt_key, raw)?.verified(settings, None)
}

/// Opens what came over our own connection: nothing is sealed, signed or too old there.
pub fn open_plain(settings: &Settings, raw: &[u8]) -> Result<Delivery, Refusal> {
    let wire: Wire = serde_json::from_slice(raw).map_err(|_| Refusal::Body)?;
    wire.delivery(settings, None)
}

pub(super) const SIGNATURE: &str = "x-lark-signature";

/// The body in either schema; which fields are there depends on it.
#[derive(Deserialize)]
struct Wire {
    // Challenge, and schema 1.0.
    #[serde(rename = "type")]
    kind: Option<String>,
    token: Option<String>,
    challenge: Option<String>,
    uuid: Option<String>,
    ts: Option<String>,
    // Schema 2.0.
    header: Option<Header>,
    #[serde(default)]
    event: Value,
}

#[derive(Deserialize)]
struct Header {
    event_id: String,
    event_type: String,
    #[serde(default)]
    create_time: String,
    #[serde(default)]
    token: String,
    app_id: Option<String>,
    #[serde(default)]
    tenant_key: String,
}

/// The envelope of an encrypted body; whatever else stands beside `encrypt` does not count.
#[derive(Deserialize)]
struct Sealed {
    encrypt: Option<String>,
}

/// Reads a body that may be encrypted. Signed plain text is as authentic as an envelope.
fn unsealed(encrypt_key: &str, raw: &[u8]) -> Result<Wire, Refusal> {
    let sealed: Sealed = serde_json::from_slice(raw).map_err(|_| Refusal::Body)?;
    let wire = match sealed.encrypt {
        Some(sealed) => {
            let plain = seal::decrypt(encrypt_key, &sealed).ok_or(Refusal::Body)?;
            serde_json::from_slice(&plain)
        }
        None => serde_json::from_slice(raw),
    };
    wire.map_err(|_| Refusal::Body)
}

impl Wire {
    /// Checks the token too.
    fn verified(self, settings: &Settings, now: Option<Timestamp>) -> Result<Delivery, Refusal> {
        let token = match &self.header {
            Some(header) => Some(header.token.as_str()),
            None => self.token.as_deref(),
        };
        if !seal::same(&settings.verification_token, token.unwrap_or_default().as_bytes()) {
            return Err(Refusal::Token);
        }
        self.delivery(settings, now)
    }

    /// Checks the app, and the age where no signature tells it.
    fn delivery(self, settings: &Settings, now: Option<Timestamp>) -> Result<Delivery, Refusal> {
        if self.kind.as_deref() == Some("url_verification") {
            return self.challenge.map(Delivery::Challenge).ok_or(Refusal::Body);
        }
        let (app, envelope) = match self.header {
            Some(header) => (
                header.app_id,
                Envelope {
                    kind: header.event_type,
                    key: format!("event:{}", header.event_id),
                    at: instant(&header.create_time),
                    tenant: header.tenant_key,
                    event: self.event,
                },
            ),
            None => {
                let text = |name: &str| self.event.get(name).and_then(Value::as_str).map(str::to_owned);
                (
                    text("app_id"),
                    Envelope {
                        kind: text("type").ok_or(Refusal::Body)?,
                        key: format!("v1:{}", self.uuid.ok_or(Refusal::Body)?),
                        at: self.ts.as_deref().and_then(instant),
                        tenant: text("tenant_key").unwrap_or_default(),
                        event: self.event,
                    },
                )
            }
        };
        if app.is_some_and(|app| app != settings.app_id) {
            return Err(Refusal::App);
        }
        if let (Some(now), Some(at)) = (now, envelope.at) {
            fresh(settings, now, at)?;
        }
        Ok(Delivery::Event(envelope))
    }
}

/// The platform repeats for seven hours; older than the window is a replay, or useless.
fn fresh(settings: &Settings, now: Timestamp, at: Timestamp) -> Result<(), Refusal> {
    let age = now.duration_since(at);
    if age > settings.window_back || age < -settings.window_ahead {
        return Err(Refusal::Timestamp);
    }
    Ok(())
}

/// Reads a moment in seconds (also with a fraction), milliseconds or microseconds: Feishu writes all of
/// them, and only the magnitude tells which.
pub fn instant(text: &str) -> Option<Timestamp> {
    let number: i64 = text.split('.').next()?.parse().ok()?;
    match number {
        ..=0 => None,
        1..100_000_000_000 => Timestamp::from_second(number).ok(),
        100_000_000_000..100_000_000_000_000 => Timestamp::from_millisecond(number).ok(),
        _ => Timestamp::from_microsecond(number).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_by_their_magnitude() {
        let at = Timestamp::from_second(1_763_800_100).ok();
        for text in ["1763800100", "1763800100.7171419", "1763800100000", "1763800100000000"] {
            assert_eq!(instant(text), at, "{text}");
        }
        for text in ["", "-5", "0", "x", "99999999999999999999"] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_pass_or_panic_without_the_secrets(
            raw in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
            sealed in "[A-Za-z0-9+/]{0,90}={0,2}",
            encrypted: bool,
        ) {
            let settings = Settings {
                app_id: "cli_1".into(),
                app_secret: "s".into(),
                encrypt_key: encrypted.then(|| "k".into()),
                verification_token: "v".into(),
                base_url: "http://127.0.0.1".into(),
                window_back: jiff::SignedDuration::from_hours(8),
                window_ahead: jiff::SignedDuration::from_mins(5),
                pong_within: std::time::Duration::from_secs(30),
                answer_within: std::time::Duration::from_secs(2),
                urgent: super::super::Urgent::App,
                calendar: true,
            };
            let envelope = serde_json::json!({ "encrypt": sealed }).to_string().into_bytes();
            for body in [raw, envelope] {
                let unsigned = open(&settings, Timestamp::UNIX_EPOCH, &HeaderMap::new(), &body);
                proptest::prop_assert!(unsigned.is_err());
                let mut headers = HeaderMap::new();
                headers.insert("x-lark-request-timestamp", "0.5".parse().expect("a header"));
                let signature = seal::signature(b"0.5", b"", "k", &body);
                headers.insert(SIGNATURE, signature.parse().expect("a header"));
                proptest::prop_assert!(open(&settings, Timestamp::UNIX_EPOCH, &headers, &body).is_err());
            }
        }
    }
}
