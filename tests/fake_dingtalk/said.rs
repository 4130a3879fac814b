//! What people say to the robot, delivered and signed as the platform does.

use std::time::Duration;

use jiuding::platform::dingtalk::sign::sign;
use serde_json::{Value, json};

use super::{CLIENT_SECRET, CORP_ID, FakeDingTalk, Group, ROBOT_CODE, ROBOT_ID, ReplyAddress};

/// One message to the robot; `body` can be bent at will before it is delivered.
#[derive(Debug, Clone)]
pub struct Said {
    pub body: Value,
}

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How the bot answered a delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Zero where no answer came in time.
    pub status: u16,
    pub body: String,
}

impl FakeDingTalk {
    /// A text in a group that mentions the robot. The platform takes the names out and leaves a space.
    pub fn said(&self, conversation: &str, sender: &str, text: &str) -> Said {
        let mut body = self.common(conversation, sender, None);
        body["conversationType"] = json!("2");
        let mut state = self.shared.state();
        let group = state.groups.entry(conversation.into()).or_default();
        if !group.members.iter().any(|member| member == sender) {
            group.members.push(sender.into());
        }
        body["conversationTitle"] = json!(group.title);
        body["isInAtList"] = json!(true);
        body["atUsers"] = json!([{"dingtalkId": ROBOT_ID}]);
        body["msgtype"] = json!("text");
        body["text"] = json!({"content": format!(" {text}")});
        Said { body }
    }

    /// A text in the direct chat with the robot.
    pub fn said_directly(&self, sender: &str, text: &str) -> Said {
        let mut body = self.common(&format!("cidDirect{sender}=="), sender, Some(sender));
        body["conversationType"] = json!("1");
        body["msgtype"] = json!("text");
        body["text"] = json!({"content": text});
        Said { body }
    }

    /// Says a text in a group and delivers it.
    pub async fn deliver_text(&self, bot: &str, conversation: &str, sender: &str, text: &str) -> Answer {
        self.deliver(bot, &self.said(conversation, sender, text)).await
    }

    /// Delivers to the bot at `bot` (its base URL), newly signed, or over the long connection; the same message
    /// again is a repeat.
    pub async fn deliver(&self, bot: &str, said: &Said) -> Answer {
        if self.is_by_stream() {
            // Without an answer, as on a line that broke unseen, it is delivered again.
            let answer = self.deliver_by_stream(said).await;
            return if answer.status == 0 { self.deliver_by_stream(said).await } else { answer };
        }
        self.deliver_raw(bot, said.body.to_string()).await
    }

    /// Delivers any body, rightly signed.
    pub async fn deliver_raw(&self, bot: &str, body: impl Into<reqwest::Body>) -> Answer {
        let timestamp = self.shared.clock.now().as_millisecond().to_string();
        let sign = sign(&timestamp, CLIENT_SECRET);
        self.post(bot, &timestamp, &sign, body).await
    }

    /// Delivers with these two headers.
    pub async fn post(
        &self,
        bot: &str,
        timestamp: &str,
        sign: &str,
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let request = self
            .http
            .post(format!("{bot}/dingtalk/robot"))
            .header("Content-Type", "application/json; charset=utf-8")
            .header("timestamp", timestamp)
            .header("sign", sign)
            .body(body);
        let answered = tokio::time::timeout(PATIENCE, async {
            let response = request.send().await.ok()?;
            Some(Answer { status: response.status().as_u16(), body: response.text().await.ok()? })
        });
        answered.await.ok().flatten().unwrap_or(Answer { status: 0, body: String::new() })
    }

    fn common(&self, conversation: &str, sender: &str, person: Option<&str>) -> Value {
        let now = self.shared.clock.now();
        let expires = now + jiff::SignedDuration::from_mins(90);
        let mut state = self.shared.state();
        state.counter += 1;
        let number = state.counter;
        let session = format!("{number:032x}");
        let conversation = conversation.to_owned();
        let address =
            ReplyAddress { conversation: conversation.clone(), person: person.map(str::to_owned), expires };
        state.sessions.insert(session.clone(), address);
        let nick = state.people.get(sender).cloned().unwrap_or_else(|| sender.to_owned());
        json!({
            "senderPlatform": "Mac",
            "conversationId": conversation,
            "chatbotCorpId": CORP_ID,
            "chatbotUserId": ROBOT_ID,
            "openThreadId": conversation,
            "msgId": format!("msg{number:08}FakeDing=="),
            "senderNick": nick,
            "isAdmin": false,
            "senderStaffId": sender,
            "senderCorpId": CORP_ID,
            "senderId": opaque(sender),
            "sessionWebhook": format!("{}/robot/sendBySession?session={session}", self.shared.base),
            "sessionWebhookExpiredTime": expires.as_millisecond(),
            "createAt": now.as_millisecond(),
            "robotCode": ROBOT_CODE,
        })
    }
}

impl Said {
    /// Mentions somebody of the organisation; of a text message only the id is left.
    pub fn mentioning(mut self, staff_id: &str) -> Self {
        self.at_users().push(json!({"dingtalkId": opaque(staff_id), "staffId": staff_id}));
        self
    }

    /// Mentions somebody from outside, who has no staff id.
    pub fn mentioning_outsider(mut self, name: &str) -> Self {
        self.at_users().push(json!({"dingtalkId": opaque(name)}));
        self
    }

    /// Said by somebody from outside: no staff id.
    pub fn by_outsider(mut self) -> Self {
        self.body.as_object_mut().unwrap().remove("senderStaffId");
        self
    }

    /// Quotes a message.
    pub fn quoting(mut self, message_id: &str, text: &str) -> Self {
        self.body["text"]["isReplyMsg"] = json!(true);
        self.body["text"]["repliedMsg"] =
            json!({"msgType": "text", "msgId": message_id, "content": {"text": text}});
        self
    }

    /// The same message as `richText`, of these pieces.
    pub fn rich(mut self, pieces: Value) -> Self {
        self.body.as_object_mut().unwrap().remove("text");
        self.body["msgtype"] = json!("richText");
        self.body["content"] = json!({"richText": pieces});
        self
    }

    /// The same message when the organisation's quota is used up: it comes without its text.
    pub fn over_quota(mut self) -> Self {
        self.body.as_object_mut().unwrap().remove("text");
        self.body["errorCode"] = json!("20001");
        self.body["errorMessage"] = json!("quota exhausted");
        self
    }

    /// The platform's id of the message.
    pub fn message_id(&self) -> &str {
        self.body["msgId"].as_str().unwrap()
    }

    fn at_users(&mut self) -> &mut Vec<Value> {
        if self.body["atUsers"].is_null() {
            self.body["atUsers"] = json!([]);
        }
        self.body["atUsers"].as_array_mut().unwrap()
    }
}

/// The encrypted id of somebody.
pub fn opaque(staff_id: &str) -> String {
    format!("$:LWCP_v1:$Fake{staff_id}==")
}
