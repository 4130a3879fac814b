//! The requests, made before the clock starts: whole HTTP messages as bytes.

use jiuding::clock::SystemClock;
use serde_json::json;

use crate::{
    CHATS,
    fake_feishu::{self, ENCRYPT_KEY, FakeFeishu},
};

/// One request each.
pub type Requests = std::sync::Arc<Vec<Vec<u8>>>;

/// A Feishu where every chat and sender is known.
pub async fn feishu() -> FakeFeishu {
    let fake = FakeFeishu::start(std::sync::Arc::new(SystemClock)).await;
    for chat in 0..CHATS {
        fake.group(&chat_id(chat), &format!("项目{chat}")).person(&sender(chat), &format!("同事{chat}"));
    }
    fake
}

/// New requirements as Feishu delivers them, signed and encrypted, spread over the chats.
pub fn deliveries(fake: &FakeFeishu, count: usize, turn: usize, word: &str) -> Requests {
    let delivery = |number: usize| {
        let chat = number % CHATS;
        let text =
            format!("/需求 {word}第{turn}轮第{number}条：支付模块支持退款，原路返回 !高 截止:12月30日");
        let plain = fake.text(&chat_id(chat), &sender(chat), &text).body.to_string();
        let body = json!({ "encrypt": fake_feishu::encrypt(ENCRYPT_KEY, plain.as_bytes()) }).to_string();
        let (timestamp, nonce) = (jiff::Timestamp::now().as_second().to_string(), number.to_string());
        let signature = fake_feishu::signature(&timestamp, &nonce, ENCRYPT_KEY, body.as_bytes());
        let headers = format!(
            "X-Lark-Request-Timestamp: {timestamp}\r\nX-Lark-Request-Nonce: {nonce}\r\n\
             X-Lark-Signature: {signature}\r\n"
        );
        post("/feishu/event", &headers, &body)
    };
    std::sync::Arc::new((0..count).map(delivery).collect())
}

/// New requirements in the playground.
pub fn spoken(count: usize) -> Requests {
    let message = |number: usize| {
        let chat = number % CHATS;
        let text = format!("/需求 第{number}条：支付模块支持退款，原路返回 !高 截止:12月30日");
        let body = json!({
            "room": format!("r{chat}"), "room_name": format!("项目{chat}"), "text": text,
            "sender": { "id": format!("c{chat}"), "name": format!("同事{chat}") },
        });
        post("/api/playground/messages", "", &body.to_string())
    };
    std::sync::Arc::new((0..count).map(message).collect())
}

fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn chat_id(chat: usize) -> String {
    format!("oc_{chat:032x}")
}

fn sender(chat: usize) -> String {
    format!("ou_{chat:032x}")
}
