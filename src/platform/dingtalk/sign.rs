//! The HMAC signature of robot callbacks, and of the address of a group's own webhook robot.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Base64 of HMAC-SHA256 over `timestamp`, a line feed and `secret`, keyed with `secret`.
///
/// The body is not covered: whoever sees one delivery can send any body with its two headers while its
/// timestamp is fresh. That is why a delivery is also checked for the robot that it names.
pub fn sign(timestamp: &str, secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(timestamp.as_bytes());
    mac.update(b"\n");
    mac.update(secret.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Whether `given` is the signature of `timestamp`, compared in constant time.
pub fn is_signed(timestamp: &str, secret: &str, given: &str) -> bool {
    sign(timestamp, secret).as_bytes().ct_eq(given.as_bytes()).into()
}

/// The address of a group's own webhook robot with timestamp and signature in its query.
///
/// `None` where the configured address is no address.
pub fn webhook_url(url: &str, secret: &str, now_ms: i64) -> Option<reqwest::Url> {
    let mut url = reqwest::Url::parse(url).ok()?;
    if !secret.is_empty() {
        let timestamp = now_ms.to_string();
        // Encoded once, here: `+`, `/` and `=` of the signature must not be encoded again.
        url.query_pairs_mut()
            .append_pair("timestamp", &timestamp)
            .append_pair("sign", &sign(&timestamp, secret));
    }
    Some(url)
}
