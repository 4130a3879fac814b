//! At the playground, which has no signature and so hears this machine only.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{MARK, nothing_happened, the_log_tells_nothing};
use crate::end_to_end::stage::Stage;

fn said(text: &str) -> Value {
    json!({"room": "demo", "sender": {"id": "wang", "name": "王工"}, "text": text})
}

async fn post(stage: &Stage, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> (StatusCode, String) {
    let mut request = stage.http.request(Method::POST, format!("{}{path}", stage.url())).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn other_sites_proxies_and_rebound_names_are_not_heard() {
    let stage = Stage::new().await;
    let body = || said(&format!("/需求 {MARK}")).to_string().into_bytes();
    let strangers: [&[(&str, &str)]; 6] = [
        &[("host", "evil.example")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("x-forwarded-for", "10.0.0.1")],
        &[("forwarded", "for=10.0.0.1")],
        &[("sec-fetch-site", "cross-site")],
    ];
    for headers in strangers {
        for (path, body) in [
            ("/api/playground/messages", body()),
            ("/api/playground/buttons", br#"{"room":"demo","sender":{"id":"a"},"value":"/x"}"#.to_vec()),
            ("/api/clock", br#"{"advance":"1h"}"#.to_vec()),
        ] {
            let (status, answer) = post(&stage, path, headers, body).await;
            assert_eq!(status, 403, "{path} {headers:?}: {answer}");
            assert!(serde_json::from_str::<Value>(&answer).unwrap()["error"].is_string());
        }
        let mut request = stage.http.get(format!("{}/api/playground/messages?room=demo", stage.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        assert_eq!(request.send().await.unwrap().status(), 403, "{headers:?}");
    }
    // As nginx forwards it without being told otherwise, with nothing else to know it by.
    let address = stage.url().trim_start_matches("http://").to_owned();
    for (path, status) in [("/", "403"), ("/api/playground/messages?room=demo", "403"), ("/healthz", "200")] {
        let mut proxy = TcpStream::connect(&address).await.unwrap();
        let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        proxy.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        proxy.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer.split(' ').nth(1), Some(status), "{path}: {answer}");
    }
    nothing_happened(&stage).await;
    the_log_tells_nothing(&stage);
}

#[tokio::test]
async fn what_is_no_message_is_said_to_be_none() {
    let stage = Stage::new().await;
    let deep = format!("{{\"room\":{}1{}}}", "[".repeat(50_000), "]".repeat(50_000));
    let many: Vec<Value> = (0..1_000).map(|n| json!({"id": format!("p{n}")})).collect();
    let mut crowd = said("/需求 x");
    crowd["mentions"] = many.into();
    let mut bot = said("/需求 x");
    bot["sender"]["id"] = "jiuding".into();
    let mut control = said("/需求 x");
    control["room"] = "a\u{0}b".into();
    let bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"{".to_vec(),
        vec![0xFF; 100],
        deep.into_bytes(),
        br#"{"room":"a","room":"b","sender":{"id":"x"},"text":"/x"}"#.to_vec(),
        crowd.to_string().into_bytes(),
        bot.to_string().into_bytes(),
        control.to_string().into_bytes(),
        said(" \n").to_string().into_bytes(),
        said(&"长".repeat(33_000)).to_string().into_bytes(),
    ];
    for body in bodies {
        let (status, answer) = post(&stage, "/api/playground/messages", &[], body).await;
        assert_eq!(status, 400, "{answer}");
        assert!(serde_json::from_str::<Value>(&answer).unwrap()["error"].is_string());
    }
    let (status, _) = post(&stage, "/api/playground/messages", &[], vec![b' '; 1024 * 1024 + 1]).await;
    assert_eq!(status, 413);
    nothing_happened(&stage).await;
    let (status, answer) =
        post(&stage, "/api/playground/messages", &[], said("/需求 好的\0\u{202E}").to_string().into_bytes())
            .await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(stage.records().await.iter().filter(|row| row.starts_with("R1 ")).count(), 1);
    the_log_tells_nothing(&stage);
}
