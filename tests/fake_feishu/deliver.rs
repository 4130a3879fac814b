//! People speak, press buttons and add the bot; the platform delivers it.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{APP_ID, BOT, FakeFeishu, Sent, TOKEN, seal};

/// The platform gives up on an answer after this long.
const PATIENCE: Duration = Duration::from_secs(3);

/// Something to deliver, as often as a test likes: the ids stay, signature and vector are new each time.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The whole plain body.
    pub body: Value,
}

/// What the bot answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Zero where no answer came within 3 s.
    pub status: u16,
    /// The body as JSON, or null.
    pub body: Value,
    pub took: Duration,
}

impl Delivery {
    pub fn message_id(&self) -> &str {
        self.body["event"]["message"]["message_id"].as_str().expect("it is a message")
    }

    /// The same message delivered under another event id.
    pub fn under_another_event_id(&self, event_id: &str) -> Self {
        self.with("/header/event_id", json!(event_id))
    }

    /// It answers this message.
    pub fn answering(&self, message_id: &str) -> Self {
        let mut delivery = self.clone();
        delivery.body["event"]["message"]["parent_id"] = json!(message_id);
        delivery.body["event"]["message"]["root_id"] = json!(message_id);
        delivery
    }

    /// It is a rich text: `content` is the array of paragraphs. Mentions stay those of the text.
    pub fn as_post(&self, title: &str, content: Value) -> Self {
        let mut delivery = self.clone();
        let message = &mut delivery.body["event"]["message"];
        message["message_type"] = json!("post");
        message["content"] = json!(json!({ "title": title, "content": content }).to_string());
        delivery
    }

    /// Another value at a JSON pointer.
    pub fn with(&self, pointer: &str, value: Value) -> Self {
        let mut delivery = self.clone();
        *delivery.body.pointer_mut(pointer).expect("the field is there") = value;
        delivery
    }
}

impl FakeFeishu {
    /// A text message. In `text`, `{ou_x}` mentions a person, `{bot}` the bot, `{all}` everybody.
    pub fn text(&self, chat_id: &str, open_id: &str, text: &str) -> Delivery {
        let (mut typed, mut mentions) = (String::new(), Vec::new());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (who, after) = after.split_once('}').expect("a mention is closed");
            typed += before;
            typed += &self.mention(who, &mut mentions);
            rest = after;
        }
        typed += rest;
        let now = self.shared.clock.now().as_millisecond().to_string();
        let direct = self.state().chats.get(chat_id).is_some_and(|chat| chat.direct);
        let message_id = self.state().fresh("om_");
        let content = json!({ "text": typed }).to_string();
        let plain = |mention: &Value| json!({ "key": mention["key"], "id": mention["id"]["open_id"], "id_type": "open_id", "name": mention["name"] });
        let written = json!({
            "message_id": message_id, "msg_type": "text", "create_time": now, "deleted": false, "chat_id": chat_id,
            "sender": { "id": open_id, "id_type": "open_id", "sender_type": "user" },
            "body": { "content": content }, "mentions": mentions.iter().map(plain).collect::<Vec<_>>(),
        });
        self.state().messages.insert(message_id.clone(), chat_id.to_owned());
        self.state().written.insert(message_id.clone(), written);
        self.event(
            "im.message.receive_v1",
            json!({
                "sender": {
                    "sender_id": { "union_id": "on_1", "user_id": null, "open_id": open_id },
                    "sender_type": "user", "tenant_key": "2ca1d211f64f6438",
                },
                "message": {
                    "message_id": message_id, "create_time": now, "update_time": now, "chat_id": chat_id,
                    "chat_type": if direct { "p2p" } else { "group" }, "message_type": "text",
                    "content": content, "mentions": mentions,
                },
            }),
        )
    }

    fn mention(&self, who: &str, mentions: &mut Vec<Value>) -> String {
        let (open_id, name, kind) = match who {
            "all" => return "@_all".into(),
            "bot" => (BOT, "九鼎".to_owned(), "bot"),
            person => {
                let name = self.state().everybody().get(person).cloned();
                (person, name.expect("the person is known"), "user")
            }
        };
        let key = format!("@_user_{}", mentions.len() + 1);
        mentions.push(json!({
            "key": key, "id": { "union_id": "on_1", "user_id": "", "open_id": open_id },
            "mentioned_type": kind, "name": name, "tenant_key": "2ca1d211f64f6438",
        }));
        key
    }

    /// Somebody added the bot to a group.
    /// Whoever wrote a message takes it back; or, by another `kind`, those who run the chat.
    pub fn recalled(&self, chat_id: &str, message_id: &str, kind: &str) -> Delivery {
        let at = self.shared.clock.now().as_millisecond().to_string();
        let event = json!({
            "message_id": message_id, "chat_id": chat_id, "recall_time": at, "recall_type": kind,
        });
        self.event("im.message.recalled_v1", event)
    }

    pub fn joined(&self, chat_id: &str, open_id: &str) -> Delivery {
        let name = self.state().chats.get(chat_id).map(|chat| chat.name.clone()).unwrap_or_default();
        let event = json!({
            "chat_id": chat_id, "operator_id": { "open_id": open_id }, "external": false,
            "operator_tenant_key": "2ca1d211f64f6438", "name": name,
        });
        self.event("im.chat.member.bot.added_v1", event)
    }

    /// A video meeting of somebody ended; `kind` is `all_meeting_ended_v1` or `meeting_ended_v1`.
    pub fn met(&self, kind: &str, open_id: &str, topic: &str, from: Timestamp, to: Timestamp) -> Delivery {
        let host = json!({ "id": { "union_id": "on_1", "user_id": "", "open_id": open_id }, "user_role": 1, "user_type": 1 });
        let event = json!({
            "meeting": {
                "id": "6911188411934433028", "topic": topic, "meeting_no": "235812466", "meeting_source": 1,
                "start_time": from.as_second().to_string(), "end_time": to.as_second().to_string(),
                "host_user": host, "owner": host,
            },
            "operator": host,
        });
        self.event(&format!("vc.meeting.{kind}"), event)
    }

    /// The recording of somebody's video meeting can be seen.
    pub fn recorded(&self, open_id: &str, topic: &str, url: &str) -> Delivery {
        let owner = json!({ "id": { "union_id": "on_1", "user_id": "", "open_id": open_id }, "user_role": 1, "user_type": 1 });
        let event = json!({
            "meeting": { "id": "6911188411934433028", "topic": topic, "meeting_no": "235812466", "meeting_source": 1, "owner": owner },
            "url": url, "duration": "30000",
        });
        self.event("vc.meeting.recording_ready_v1", event)
    }

    /// Somebody pressed the button with this label on a card that was sent.
    pub fn pressed(&self, open_id: &str, sent: &Sent, label: &str) -> Delivery {
        let button = sent.buttons.iter().find(|(known, _)| known == label);
        let (_, line) = button.unwrap_or_else(|| panic!("there is no button {label} in {:?}", sent.buttons));
        let action = json!({ "value": { "line": line }, "tag": "button", "timezone": "Asia/Shanghai" });
        self.acted(open_id, sent, action)
    }

    /// Somebody filled in the form of a card that was sent, by what stands beside its components, and submitted it.
    pub fn filled(&self, open_id: &str, sent: &Sent, filled: &[(&str, &str)]) -> Delivery {
        let form = sent.form.as_ref().unwrap_or_else(|| panic!("there is no form in {:?}", sent.words));
        self.acted(open_id, sent, form.action(filled))
    }

    fn acted(&self, open_id: &str, sent: &Sent, action: Value) -> Delivery {
        let event = json!({
            "operator": { "tenant_key": "2ca1d211f64f6438", "open_id": open_id, "union_id": "on_1" },
            "token": "c-295ee57216a5dc9de90fefd0aadb4b1d7d",
            "action": action,
            "host": "im_message",
            "context": { "open_message_id": sent.message_id, "open_chat_id": sent.chat_id },
        });
        self.event("card.action.trigger", event)
    }

    /// Presses a button and delivers it.
    pub async fn press(&self, open_id: &str, sent: &Sent, label: &str) -> Answer {
        self.deliver(&self.pressed(open_id, sent, label)).await
    }

    /// Says a text and delivers it.
    pub async fn deliver_text(&self, chat_id: &str, open_id: &str, text: &str) -> Answer {
        self.deliver(&self.text(chat_id, open_id, text)).await
    }

    /// Any event in schema 2.0.
    pub fn event(&self, kind: &str, event: Value) -> Delivery {
        let event_id = self.state().fresh("");
        let now = self.shared.clock.now().as_millisecond().to_string();
        let header = json!({
            "event_id": event_id, "event_type": kind, "create_time": now, "token": TOKEN,
            "app_id": APP_ID, "tenant_key": "2ca1d211f64f6438",
        });
        Delivery { body: json!({ "schema": "2.0", "header": header, "event": event }) }
    }

    /// Delivers, encrypted and signed where an Encrypt Key is set; or over the long connection.
    pub async fn deliver(&self, delivery: &Delivery) -> Answer {
        if self.is_over_socket() {
            // Without an acknowledgement, as on a line that broke unseen, it is delivered again.
            let answer = self.push(delivery).await;
            return if answer.status == 0 { self.push(delivery).await } else { answer };
        }
        self.deliver_at(&self.webhook(), delivery).await
    }

    /// Delivers by webhook to a bot at this base address.
    pub async fn deliver_at(&self, webhook: &str, delivery: &Delivery) -> Answer {
        let plain = delivery.body.to_string();
        let encrypt_key = self.state().encrypt_key.clone();
        match encrypt_key {
            Some(key) => {
                let body = json!({ "encrypt": seal::encrypt(&key, plain.as_bytes()) }).to_string();
                self.signed_at(webhook, &key, body.into_bytes()).await
            }
            None => self.post_at(webhook, &[], plain.into_bytes()).await,
        }
    }

    /// Delivers any bytes with a good signature of now.
    pub async fn deliver_signed(&self, encrypt_key: &str, body: Vec<u8>) -> Answer {
        self.signed_at(&self.webhook(), encrypt_key, body).await
    }

    async fn signed_at(&self, webhook: &str, encrypt_key: &str, body: Vec<u8>) -> Answer {
        let (timestamp, nonce) = (self.shared.clock.now().as_second().to_string(), self.state().fresh("n"));
        let signature = seal::signature(&timestamp, &nonce, encrypt_key, &body);
        let headers = [
            ("X-Lark-Request-Timestamp", timestamp.as_str()),
            ("X-Lark-Request-Nonce", &nonce),
            ("X-Lark-Signature", &signature),
        ];
        self.post_at(webhook, &headers, body).await
    }

    /// Posts any bytes with any headers.
    pub async fn post(&self, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        self.post_at(&self.webhook(), headers, body).await
    }

    fn webhook(&self) -> String {
        self.state().webhook.clone().expect("a bot is served")
    }

    async fn post_at(&self, webhook: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let mut request = self.shared.http.post(format!("{webhook}/feishu/event")).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let started = Instant::now();
        let answered = tokio::time::timeout(PATIENCE, async {
            let response = request.send().await.ok()?;
            Some((response.status().as_u16(), response.bytes().await.ok()?))
        });
        let (status, body) = answered.await.ok().flatten().unwrap_or_default();
        Answer { status, body: serde_json::from_slice(&body).unwrap_or_default(), took: started.elapsed() }
    }
}
