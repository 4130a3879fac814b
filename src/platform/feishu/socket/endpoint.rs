//! Where the long connection goes, and what the server wants of whoever holds it.

use std::time::Duration;

use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use crate::platform::{
    feishu::fault::Fault,
    socket::{Unopened, may_dial},
};

/// What the server wants, in seconds; it may change it in any pong. Its `ReconnectCount` is not obeyed: a bot
/// that gave up after so many tries would be deaf until somebody looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Wishes {
    reconnect_interval: i64,
    reconnect_nonce: i64,
    ping_interval: i64,
}

impl Default for Wishes {
    /// What the official SDKs do where the server says nothing.
    fn default() -> Self {
        Self { reconnect_interval: 120, reconnect_nonce: 30, ping_interval: 120 }
    }
}

impl Wishes {
    /// How often to ping.
    pub fn ping_every(&self) -> Duration {
        within(self.ping_interval, 1, 600)
    }

    /// How long to wait after a failed try.
    pub fn after_failure(&self) -> Duration {
        within(self.reconnect_interval, 1, 600)
    }

    /// The longest wait after a lost connection; each client draws its own.
    pub fn after_loss(&self) -> Duration {
        within(self.reconnect_nonce, 0, 300)
    }
}

/// A wish is granted within reason: neither a tight loop nor a bot that is deaf for ever.
fn within(seconds: i64, least: i64, most: i64) -> Duration {
    Duration::from_secs(seconds.clamp(least, most).unsigned_abs())
}

/// An answer of the endpoint.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The address, with the credentials in its query.
    pub url: reqwest::Url,
    /// Goes into each of our frames.
    pub service: i32,
    /// What the server wants, where it says so.
    pub wishes: Option<Wishes>,
}

impl Endpoint {
    /// Reads the answer of a server at `base`.
    pub fn read(base: &str, answer: &Value) -> Result<Self, Unopened> {
        let data = &answer["data"];
        let url = may_dial(base, data["URL"].as_str().unwrap_or_default()).map_err(Unopened::for_now)?;
        let service = url.query_pairs().find(|(name, _)| name == "service_id");
        let service = service.and_then(|(_, id)| id.parse().ok()).unwrap_or_default();
        let wishes = data.get("ClientConfig").and_then(|wishes| Wishes::deserialize(wishes).ok());
        Ok(Self { url, service, wishes })
    }
}

/// What a refusal of the endpoint means.
pub fn refused(fault: &Fault) -> Unopened {
    match fault {
        Fault::Refused(refused) => of_code(refused.code, fault.why()),
        fault => Unopened::for_now(fault.why()),
    }
}

/// What the headers of a refused upgrade mean.
pub fn upgrade_refused(status: u16, headers: &HeaderMap) -> Unopened {
    let number = |name| -> Option<i64> { headers.get(name)?.to_str().ok()?.trim().parse().ok() };
    match (number("handshake-status"), number("handshake-autherrcode")) {
        (Some(514), Some(code @ TOO_MANY)) => of_code(code, format!("feishu refused with code {code}")),
        // Anything else of 514 was seen to pass: the next address carries new credentials.
        (Some(514), code) => {
            Unopened::for_now(format!("feishu refused with code {}", code.unwrap_or_default()))
        }
        (Some(code), _) => of_code(code, format!("feishu refused with code {code}")),
        (None, _) => Unopened::for_now(format!("feishu refused with status {status}")),
    }
}

const TOO_MANY: i64 = 1000040350;

fn of_code(code: i64, why: String) -> Unopened {
    let fix = match code {
        403 => "is the app a self-built one, enabled, with its events set to the long connection?",
        514 | 1000040344 => "are feishu.app_id and feishu.app_secret those of the app?",
        TOO_MANY => "an app may hold 50 connections: stop forgotten processes",
        1000040351 => "the app is at home on the other of Feishu and Lark: feishu.base_url",
        _ => return Unopened::for_now(why),
    };
    Unopened::for_good(format!("{why}; {fix}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BASE: &str = "https://open.feishu.cn";

    #[test]
    fn the_address_tells_the_service_and_the_wishes_may_be_missing() {
        let url = "wss://msg-frontier.feishu.cn/ws/v2?device_id=7&service_id=33554678&ticket=t";
        let answer = json!({ "code": 0, "data": { "URL": url, "ClientConfig": {
            "ReconnectCount": 0, "ReconnectInterval": 7, "ReconnectNonce": 3, "PingInterval": 9,
        } } });
        let endpoint = Endpoint::read(BASE, &answer).unwrap();
        assert_eq!((endpoint.url.as_str(), endpoint.service), (url, 33554678));
        let wishes = endpoint.wishes.unwrap();
        let seconds = [wishes.after_failure(), wishes.after_loss(), wishes.ping_every()];
        assert_eq!(seconds.map(|wait| wait.as_secs()), [7, 3, 9]);
        let answer = json!({ "code": 0, "data": { "URL": url } });
        assert_eq!(Endpoint::read(BASE, &answer).unwrap().wishes, None);
        for data in [json!({}), json!({ "URL": "ws://msg-frontier.feishu.cn/" }), json!(null)] {
            assert!(Endpoint::read(BASE, &json!({ "code": 0, "data": data })).is_err());
        }
    }

    #[test]
    fn wishes_are_granted_within_reason() {
        let extreme = json!({ "ReconnectInterval": 0, "ReconnectNonce": -1, "PingInterval": 1_000_000 });
        let wishes = Wishes::deserialize(extreme).unwrap();
        let seconds = [wishes.after_failure(), wishes.after_loss(), wishes.ping_every()];
        assert_eq!(seconds.map(|wait| wait.as_secs()), [1, 0, 600]);
    }

    #[test]
    fn a_refused_upgrade_says_whether_somebody_has_to_act() {
        for (status, auth, needs_somebody) in
            [("514", "1000040350", true), ("514", "1000040343", false), ("403", "", true), ("500", "", false)]
        {
            let mut headers = HeaderMap::new();
            headers.insert("handshake-status", status.parse().unwrap());
            headers.insert("handshake-autherrcode", auth.parse().unwrap());
            assert_eq!(upgrade_refused(200, &headers).needs_somebody, needs_somebody, "{status} {auth}");
        }
        assert!(!upgrade_refused(502, &HeaderMap::new()).needs_somebody);
    }
}
