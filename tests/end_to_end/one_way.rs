//! Customer groups that the bot can only speak into, by a group's own robot.

use std::sync::{Arc, Mutex};

use axum::{Json, Router, extract::State, routing::post};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::stage::{Stage, ZHANG};

const THERE: &str = "cid-customer";
const SECRET: &str = "feishu-bot-secret";

type Said = Arc<Mutex<Vec<Value>>>;

/// A pretend custom bot of a Feishu group: it takes what is signed, and speaks as the real one does.
async fn custom_bot(State(said): State<Said>, Json(body): Json<Value>) -> Json<Value> {
    let timestamp = body["timestamp"].as_str().unwrap_or_default();
    let key = format!("{timestamp}\n{SECRET}");
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    if body["sign"] != STANDARD.encode(mac.finalize().into_bytes()) {
        return Json(
            json!({"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"}),
        );
    }
    said.lock().unwrap().push(body);
    Json(json!({"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}))
}

#[tokio::test]
async fn what_is_for_the_customer_goes_into_a_room_that_only_a_robot_speaks_in() {
    let said = Said::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hook = format!("http://{}/open-apis/bot/v2/hook/1", listener.local_addr().unwrap());
    let server = Router::new().route("/open-apis/bot/v2/hook/1", post(custom_bot)).with_state(said.clone());
    let task = tokio::spawn(async move { axum::serve(listener, server).await });
    let stage = Stage::with(|ding| {
        ding.group(THERE, "远山银行外部群", &[]);
        let robot = ding.own_robot(THERE);
        let room = |name: &str, platform: &str, url: &str, secret: &str| {
            format!(
                "[[webhook_room]]\nname = \"{name}\"\nplatform = \"{platform}\"\nurl = \"{url}\"\nsecret = \"{secret}\"\n"
            )
        };
        room("远山钉钉群", "dingtalk", &robot.url, &robot.secret) + &room("远山飞书群", "feishu", &hook, SECRET)
    })
    .await;
    stage.feishu_project().await;
    stage.feishu_says(ZHANG, "/项目 绑定 群:远山钉钉群").await;
    stage.feishu_says(ZHANG, "/项目 绑定 群:远山飞书群").await;
    stage.feishu_says(ZHANG, "/项目 绑定 群:近海钉钉群").await;
    stage.feishu_says(ZHANG, "/价值 退款 [三天](http://evil) 到账").await;
    stage.feishu_says(ZHANG, "/风险 第三方接口延迟 !高").await;
    stage.all_said().await;
    let answers: Vec<String> = stage.feishu.sent().into_iter().map(|sent| sent.words).collect();
    assert!(answers.iter().any(|words| words.contains("没有叫「近海钉钉群」的只发言群")), "{answers:#?}");
    stage.feishu_says(ZHANG, "/周报 发送").await;
    stage.all_said().await;
    let there = stage.ding.sent_to(THERE);
    assert_eq!(there.len(), 1, "{there:#?}");
    assert!(there[0].text.contains("退款") && !there[0].text.contains("](http"), "{}", there[0].text);
    assert!(!there[0].text.contains("第三方") && there[0].buttons.is_empty(), "{}", there[0].text);
    let said = said.lock().unwrap().clone();
    assert_eq!(said.len(), 1);
    let card = said[0]["card"].to_string();
    assert!(card.contains("退款") && !card.contains("第三方") && !card.contains("\"button\""), "{card}");

    stage.feishu_says(ZHANG, "/项目 解绑 群:远山钉钉群").await;
    stage.feishu_says(ZHANG, "/周报 发送").await;
    stage.all_said().await;
    assert_eq!(stage.ding.sent_to(THERE).len(), 1);
    task.abort();
}
