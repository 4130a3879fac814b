//! The shared test vectors that need a server: whole deliveries, accepted and refused. The vectors
//! without a server, `stream_*` among them, are tested beside the adapter.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use jiuding::{
    chat::What,
    clock::SimulatedClock,
    platform::dingtalk::{DingTalk, Settings, envelope::Envelope, sign::sign},
};
use serde_json::{Value, json};

use super::{Recorder, serve};

fn vectors(kind: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../vectors/dingtalk-vectors.json")).unwrap();
    let all = all["vectors"].as_array().unwrap().iter();
    let found: Vec<Value> = all.filter(|vector| vector["kind"] == kind).cloned().collect();
    assert!(!found.is_empty(), "no vector of kind {kind}");
    found
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The adapter as a vector's `config` has it. No call leaves: the API is a port where nobody listens.
async fn stage(config: &Value, now_ms: i64) -> (String, Arc<Recorder>) {
    let settings = Settings {
        client_id: text(&config["owner_key"]),
        client_secret: text(&config["app_secret"]),
        robot_code: text(&config["robot_code"]),
        base_url: "http://127.0.0.1:1".into(),
        oapi_base_url: "https://oapi.dingtalk.com.invalid".into(),
        group_robots: Vec::new(),
        event_token: config["token"].as_str().map(str::to_owned),
        event_aes_key: config["aes_key"].as_str().map(str::to_owned),
        session_host: None,
        window_back: Duration::from_secs(3600),
        window_ahead: Duration::from_secs(300),
        corp_id: config["corp_id"].as_str().map(str::to_owned),
        monthly_calls: 0,
        ping_every: Duration::from_secs(30),
        ding: jiuding::platform::dingtalk::Ding::App,
        calendar: true,
        card_template: None,
        card_callback: None,
    };
    let clock = Arc::new(SimulatedClock::new(Timestamp::from_millisecond(now_ms).unwrap()));
    let recorder = Arc::new(Recorder::default());
    let bot = Arc::new(DingTalk::new(settings, clock).unwrap());
    (serve(bot, recorder.clone()).await, recorder)
}

async fn post(url: &str, headers: &Value, body: String) -> (u16, String) {
    let mut request = jiuding::platform::http::client().post(url).body(body);
    for (name, value) in headers.as_object().into_iter().flatten() {
        if let Some(value) = value.as_str() {
            request = request.header(name, value);
        }
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn deliveries_are_understood() {
    for vector in vectors("robot_delivery") {
        let (url, recorder) = stage(&vector["config"], vector["now_ms"].as_i64().unwrap()).await;
        let request = &vector["request"];
        let (status, body) =
            post(&format!("{url}/dingtalk/robot"), &request["headers"], text(&request["body"])).await;
        let heard = recorder.heard();
        if vector["accept"] == false {
            assert!(status == 400 || status == 401);
            assert!(heard.is_empty());
            continue;
        }
        assert_eq!((status, body.as_str()), (200, "{}"));
        let (inbound, expected) = (&heard[0], &vector["expected"]);
        let reply_to = inbound.reply_to.as_ref().unwrap();
        let session = reply_to.session.as_ref().unwrap();
        let What::Said { text: typed, addressed, .. } = &inbound.what else { panic!("not said") };
        assert_eq!(reply_to.message.raw(), expected["platform_message_id"]);
        assert_eq!(inbound.keys[0].rsplit_once(':').unwrap().1, expected["platform_message_id"]);
        if expected["direct"] == true {
            // A direct chat goes by its person: no call takes its conversation id.
            assert_eq!(inbound.room.id.raw(), format!("dm:{}", text(&expected["sender"]["staff_id"])));
        } else {
            assert_eq!(inbound.room.id.raw(), expected["room"]);
        }
        assert_eq!(json!(inbound.room.name), expected["room_name"]);
        assert_eq!(json!(inbound.room.direct), expected["direct"]);
        assert_eq!(inbound.sender.id.raw(), expected["sender"]["staff_id"]);
        assert_eq!(inbound.sender.name, text(&expected["sender"]["name"]));
        assert_eq!(json!(inbound.written_at.unwrap().as_millisecond()), expected["sent_at_ms"]);
        assert_eq!(json!(addressed), expected["bot_mentioned"]);
        let mentioned: Vec<&str> = typed.unplaced().iter().map(|person| person.id.raw()).collect();
        let wanted = expected["mentions"].as_array().unwrap().iter();
        assert_eq!(json!(mentioned), wanted.map(|mention| mention["staff_id"].clone()).collect::<Value>());
        assert_eq!(typed.text(), text(&expected["text"]));
        assert_eq!(session.url, text(&expected["reply_url"]));
        assert_eq!(json!(session.expires.as_millisecond()), expected["reply_url_expires_ms"]);
    }
}

#[tokio::test]
async fn a_repeat_has_the_same_key() {
    let all = vectors("robot_delivery");
    let again = all.iter().find(|vector| !vector["duplicate_of"].is_null()).unwrap();
    let first = all.iter().find(|vector| vector["id"] == again["duplicate_of"]).unwrap();
    let (url, recorder) = stage(&again["config"], again["now_ms"].as_i64().unwrap()).await;
    for vector in [first, again] {
        let request = &vector["request"];
        let (status, _) =
            post(&format!("{url}/dingtalk/robot"), &request["headers"], text(&request["body"])).await;
        assert_eq!(status, 200);
    }
    assert_eq!(recorder.heard().len(), 1);
}

#[tokio::test]
async fn headers_are_let_in_or_not() {
    for vector in vectors("robot_sign") {
        for check in vector["checks"].as_array().into_iter().flatten() {
            let config = json!({"app_secret": vector["app_secret"]});
            let (url, recorder) = stage(&config, check["now_ms"].as_i64().unwrap()).await;
            let headers = json!({"timestamp": check["timestamp"], "sign": check["sign"]});
            let body = json!({
                "msgId": "m", "conversationId": "c", "conversationType": "2", "senderId": "$:s",
                "msgtype": "text", "text": {"content": "x"},
            });
            let (status, _) = post(&format!("{url}/dingtalk/robot"), &headers, body.to_string()).await;
            assert_eq!(status, if check["accept"] == true { 200 } else { 401 }, "{check}");
            assert_eq!(recorder.heard().len(), usize::from(check["accept"] == true));
        }
    }
    // The table would pass an adapter that never looks at the secret's place in the message.
    assert_ne!(sign("1", "2"), sign("2", "1"));
}

fn event_url(url: &str, query: &Value) -> reqwest::Url {
    let query: HashMap<String, String> = serde_json::from_value(query.clone()).unwrap();
    reqwest::Url::parse_with_params(&format!("{url}/dingtalk/event"), query).unwrap()
}

#[tokio::test]
async fn events_are_answered_with_an_encrypted_success() {
    for vector in vectors("event_delivery") {
        let config = &vector["config"];
        let now = vector["now_ms"].as_i64().unwrap();
        let (url, _) = stage(config, now).await;
        let request = &vector["request"];
        let url = event_url(&url, &request["query"]);
        let (status, body) = post(url.as_str(), &request["headers"], text(&request["body"])).await;
        assert_eq!(status, 200);
        let reply: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(reply.as_object().unwrap().len(), 4);
        let envelope = Envelope::new(&text(&config["token"]), &text(&config["aes_key"])).unwrap();
        let opened = envelope
            .open(
                reply["msg_signature"].as_str().unwrap(),
                reply["timeStamp"].as_str().unwrap(),
                reply["nonce"].as_str().unwrap(),
                reply["encrypt"].as_str().unwrap(),
                &[&text(&config["owner_key"])],
            )
            .unwrap();
        assert_eq!(opened.text, "success");
    }
}

#[tokio::test]
async fn events_with_anything_wrong_are_refused() {
    for vector in vectors("event_refuse") {
        let (url, _) = stage(&vector["config"], vector["now_ms"].as_i64().unwrap()).await;
        for request in vector["requests"].as_array().unwrap() {
            let url = event_url(&url, &request["query"]);
            let (status, _) = post(url.as_str(), &json!({}), text(&request["body"])).await;
            assert!(status == 400 || status == 401, "{}", request["why"]);
        }
    }
}
