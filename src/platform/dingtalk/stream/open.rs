//! Where the connection goes: an address and a ticket for it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::platform::{
    Undelivered,
    dingtalk::api::Answer,
    socket::{Unopened, may_dial},
};

/// The topic of robot messages.
pub const ROBOT: &str = "/v1.0/im/bot/messages/get";
/// The topic of card callbacks.
pub const CARD: &str = "/v1.0/card/instances/callback";

/// What is asked for.
pub fn request(client_id: &str, client_secret: &str) -> Value {
    json!({
        "clientId": client_id,
        "clientSecret": client_secret,
        "subscriptions": [
            { "type": "EVENT", "topic": "*" },
            { "type": "CALLBACK", "topic": ROBOT },
            { "type": "CALLBACK", "topic": CARD },
        ],
        "ua": concat!("jiuding/", env!("CARGO_PKG_VERSION")),
    })
}

/// The address with its ticket, as a platform at `base` answers.
pub fn address(base: &str, answer: Result<Answer, Undelivered>) -> Result<reqwest::Url, Unopened> {
    let Answer { status, body } = match answer {
        Ok(answer) => answer,
        Err(undelivered) => return Err(Unopened::for_now(undelivered.why())),
    };
    let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |name: &str| answer[name].as_str().unwrap_or_default();
    match status {
        200..300 => {
            let mut url = may_dial(base, text("endpoint")).map_err(Unopened::for_now)?;
            let ticket = text("ticket");
            if ticket.is_empty() {
                return Err(Unopened::for_now("it handed out no ticket"));
            }
            let ticket = utf8_percent_encode(ticket, NON_ALPHANUMERIC);
            let query = match url.query() {
                Some(query) => format!("{query}&ticket={ticket}"),
                None => format!("ticket={ticket}"),
            };
            url.set_query(Some(&query));
            Ok(url)
        }
        400 | 401 | 403 => {
            // A named code; the message may repeat what was sent.
            let code: String = text("code")
                .chars()
                .filter(|c| c.is_ascii_alphanumeric() || ".-_".contains(*c))
                .take(64)
                .collect();
            Err(Unopened::for_good(format!(
                "dingtalk refused with status {status} {code}; are dingtalk.client_id and dingtalk.client_secret \
                 those of the app, is its robot in Stream mode, and is a version published?"
            )))
        }
        status => Err(Unopened::for_now(format!("dingtalk answered with status {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector() -> Value {
        let all = include_str!("../../../../tests/vectors/dingtalk-vectors.json");
        let all: Value = serde_json::from_str(all).unwrap();
        all["vectors"]
            .as_array()
            .unwrap()
            .iter()
            .find(|vector| vector["id"] == "stream-open")
            .unwrap()
            .clone()
    }

    fn answered(status: u16, body: &Value) -> Result<Answer, Undelivered> {
        Ok(Answer { status, body: body.to_string().into_bytes() })
    }

    #[test]
    fn it_asks_for_what_it_understands() {
        let wanted = &vector()["request"]["json"];
        let asked = request(wanted["clientId"].as_str().unwrap(), wanted["clientSecret"].as_str().unwrap());
        for field in ["clientId", "clientSecret", "subscriptions"] {
            assert_eq!(asked[field], wanted[field]);
        }
    }

    #[test]
    fn the_ticket_is_encoded_into_the_address() {
        let vector = vector();
        let url = address("https://api.dingtalk.com", answered(200, &vector["response"]["json"])).unwrap();
        let wanted = vector["connect_urls"].as_array().unwrap().iter();
        // The port is the usual one, and a URL leaves it out.
        let mut wanted = wanted.map(|url| url.as_str().unwrap().replace(":443", ""));
        assert!(wanted.any(|wanted| wanted == url.as_str()), "{url}");
    }

    #[test]
    fn a_refusal_says_whether_somebody_has_to_act() {
        let refusal =
            |status, body| address("https://api.dingtalk.com", answered(status, &body)).unwrap_err();
        let wrong =
            refusal(400, json!({ "code": "invalidParameter", "message": "secret", "requestId": "1" }));
        assert!(
            wrong.needs_somebody && wrong.why.contains("invalidParameter") && !wrong.why.contains("secret:")
        );
        for (status, body) in [
            (503, json!({})),
            (200, json!({})),
            (200, json!({ "endpoint": "wss://x.dingtalk.com/connect" })),
            (200, json!({ "endpoint": "ws://x.dingtalk.com/connect", "ticket": "t" })),
        ] {
            assert!(!refusal(status, body.clone()).needs_somebody, "{body}");
        }
    }
}
