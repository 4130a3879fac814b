//! The platforms' own clients on the pretend platforms' long connections: what they understand is how the platforms
//! speak. `SDKS` names the folder into which `tests/run` installs them.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use jiuding::clock::SystemClock;
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::timeout};

use crate::{
    fake_dingtalk::{self, FakeDingTalk},
    fake_feishu::{self, FakeFeishu, wishes},
};

const GROUP: &str = "oc_sdk";
const LI: &str = "ou_li";
/// A client takes its time to start on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client, and what it tells.
struct Client {
    told: mpsc::UnboundedReceiver<Value>,
    child: Child,
}

impl Client {
    /// Starts one of the scripts beside this file; `None` where its package is not installed.
    fn start(script: &str, arguments: [&str; 3]) -> Option<Self> {
        let sdks = std::env::var("SDKS").unwrap_or_default();
        let (program, package) = match script.ends_with(".py") {
            true => (format!("{sdks}/python/bin/python"), format!("{sdks}/python/bin/python")),
            false => ("node".to_owned(), format!("{sdks}/node/node_modules/@larksuiteoapi/node-sdk")),
        };
        if sdks.is_empty() || !Path::new(&package).exists() {
            println!("SDKS names no folder with what {script} needs: nothing was tried");
            return None;
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdks").join(script);
        let mut child = Command::new(program)
            .arg(script)
            .args(arguments)
            .env("SDKS", sdks)
            // What they say goes to loopback, whatever stands here.
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (tell, told) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            // Its own notes are passed over.
            for told in lines.map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok()) {
                let _ = tell.send(told);
            }
        });
        Some(Self { told, child })
    }

    /// The next thing that it heard.
    async fn tells(&mut self) -> Value {
        timeout(PATIENCE, self.told.recv())
            .await
            .expect("the client heard nothing")
            .expect("the client ended")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn feishus_own_client(script: &str) {
    let fake = FakeFeishu::start(Arc::new(SystemClock)).await;
    fake.over_socket().group(GROUP, "远山项目群").person(LI, "李工").wish(Some(wishes(-1, 1, 0, 1)));
    let arguments = [&fake.base_url(), fake_feishu::APP_ID, fake_feishu::APP_SECRET];
    let Some(mut client) = Client::start(script, arguments) else { return };
    fake.wait_opened_within(1, PATIENCE).await;
    // The client for Node hears nothing at once; once it pings it does.
    fake.wait_pings(1).await;
    let said = fake.text(GROUP, LI, "/工单 登录页打不开");
    let answer = fake.push(&said).await;
    assert_eq!((answer.status, client.tells().await), (200, json!({ "heard": "/工单 登录页打不开" })));
    // It puts pieces together, in whatever order they come.
    let long = format!("/需求 {}", "长".repeat(2_000));
    let answer = fake.push_pieces(&fake.text(GROUP, LI, &long), 3).await;
    assert_eq!((answer.status, client.tells().await), (200, json!({ "heard": long })));
    let press = fake.event(
        "card.action.trigger",
        json!({
            "operator": { "open_id": LI }, "token": "c-1", "host": "im_message",
            "action": { "value": { "line": "/T1 响应" }, "tag": "button" },
            "context": { "open_message_id": "om_1", "open_chat_id": GROUP },
        }),
    );
    let answer = fake.push(&press).await;
    assert_eq!((answer.status, &answer.body["toast"]["content"]), (200, &json!("好的")));
    assert_eq!(client.tells().await, json!({ "pressed": "/T1 响应" }));
    fake.wait_pings(2).await;
    fake.drop_connections();
    fake.wait_opened_within(2, PATIENCE).await;
    fake.wait_pings(fake.pings() + 1).await;
    assert_eq!(fake.push(&fake.text(GROUP, LI, "又来")).await.status, 200);
    assert_eq!(client.tells().await, json!({ "heard": "又来" }));
}

#[tokio::test]
async fn feishus_own_client_for_python_is_served() {
    feishus_own_client("feishu.py").await;
}

#[tokio::test]
async fn feishus_own_client_for_node_is_served() {
    feishus_own_client("feishu.mjs").await;
}

#[tokio::test]
async fn dingtalks_own_client_is_served() {
    let fake = FakeDingTalk::start(Arc::new(SystemClock)).await;
    fake.by_stream().group("cidSdk==", "远山项目群", &[("li", "李工")]);
    let arguments = [fake.base_url(), fake_dingtalk::CLIENT_ID, fake_dingtalk::CLIENT_SECRET];
    let Some(mut client) = Client::start("dingtalk.py", arguments) else { return };
    fake.wait_opened_within(1, PATIENCE).await;
    let answered = fake.push_said(&fake.said("cidSdk==", "li", "/工单 登录页打不开")).await;
    assert_eq!(client.tells().await, json!({ "heard": "/工单 登录页打不开" }));
    assert_eq!(answered.await.unwrap()["code"], 200);
    let mut event = fake.frame("EVENT", "*", "{}");
    event["headers"]["eventType"] = json!("user_leave_org");
    let answered = fake.push(&event).await;
    assert_eq!(client.tells().await, json!({ "event": "user_leave_org" }));
    assert_eq!(answered.await.unwrap()["code"], 200);
    let press = fake.frame("CALLBACK", "/v1.0/card/instances/callback", r#"{"outTrackId":"track"}"#);
    let answered = fake.push(&press).await;
    assert_eq!(client.tells().await, json!({ "pressed": "track" }));
    let answer = answered.await.unwrap();
    let data: Value = serde_json::from_str(answer["data"].as_str().unwrap()).unwrap();
    assert_eq!(data["response"]["cardData"]["cardParamMap"]["title"], "T1", "{answer}");
    // It replaces its connection when it is asked to.
    fake.ask_to_disconnect();
    fake.wait_opened_within(2, PATIENCE).await;
    let answered = fake.push_said(&fake.said("cidSdk==", "li", "又来")).await;
    assert_eq!(client.tells().await, json!({ "heard": "又来" }));
    assert_eq!(answered.await.unwrap()["code"], 200);
}
