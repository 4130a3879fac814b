//! What `jiuding doctor` asks DingTalk. It says nothing to anybody: what would be a message goes to a group that
//! does not exist. That costs five calls of the month's.

use reqwest::{Method, Url, multipart::Form};
use serde_json::{Value, json};

use super::{
    Ding, DingTalk,
    answer::{self, Refusal},
    api::{Answer, Call},
    sign::sign,
    stream::open,
};
use crate::platform::{
    Undelivered,
    finding::{Finding, Verdict, clock_skew},
};

/// Where everything about an app is put right.
pub const CONSOLE: &str = "https://open-dev.dingtalk.com/fe/app";
/// Nobody's.
const NOBODY: &str = "jiuding-doctor";

impl DingTalk {
    /// Looks at everything that can be seen from outside; `stream` is whether messages arrive by Stream mode.
    pub async fn diagnose(&self, stream: bool) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut note = |what: &str, verdict| found.push(Finding::new(format!("dingtalk {what}"), verdict));
        let most = jiff::SignedDuration::try_from(self.settings.window_ahead).unwrap_or_default();
        match self.api.date().await {
            Ok(date) => note("clock", clock_skew(&date, self.clock.now(), most)),
            Err(undelivered) => {
                let why = undelivered.why();
                note("address", Verdict::Wrong(format!("{why}; dingtalk.base_url, and the way to it")));
                return found;
            }
        }
        match self.api.token(None).await {
            Ok(_) => note("credentials", Verdict::Well("an access token is handed out".into())),
            Err(undelivered) => {
                let why = undelivered.why();
                let fix = "dingtalk.client_id and dingtalk.client_secret";
                note("credentials", Verdict::Wrong(format!("{why}; {fix}; {CONSOLE}")));
                return found;
            }
        }
        note("permission qyapi_robot_sendmsg", self.speaks().await);
        let asked = self.api.call_old("/topapi/v2/user/get", &json!({ "userid": NOBODY })).await;
        note("permission qyapi_get_member", permission(asked, "it does not know people's names"));
        let asked = self.api.upload("/media/upload", "file", Form::new).await;
        note("permission qyapi_base", permission(asked, "it sends no files"));
        if self.settings.calendar {
            let path = format!("/v1.0/calendar/users/{NOBODY}/calendars/primary/events");
            for (name, method) in [("Write", Method::POST), ("Read", Method::GET)] {
                let body = json!({});
                let body = (method == Method::POST).then_some(&body);
                let asked =
                    self.api.request(Call { method, path: &path, query: &[], once: None, body }).await;
                let verdict = wished(asked, "meetings are not in people's calendars");
                note(&format!("permission Calendar.Event.{name}"), verdict);
            }
        }
        if self.settings.ding != Ding::Off {
            let body = json!({
                "robotCode": self.settings.robot_code, "remindType": 1, "receiverUserIdList": [], "content": "",
            });
            let asked = self.api.call("/v1.0/robot/ding/send", &body).await;
            let verdict = wished(asked, "escalations go out as direct messages, not as DING");
            note("permission Premium.Ding.Write", verdict);
        }
        note(
            "version",
            Verdict::Unsure(format!(
                "cannot be read from here: permissions, robot and events hold once a version is published; {CONSOLE}, 版本管理与发布"
            )),
        );
        if stream || self.envelope.is_some() {
            note(
                "events",
                Verdict::Unsure(format!(
                    "cannot be read from here: meeting_status_change (minutes are asked for when a video meeting ends) and \
                 user_leave_org (who left); {CONSOLE}, 事件订阅"
                )),
            );
        }
        if stream {
            let request = open::request(&self.settings.client_id, &self.settings.client_secret);
            note(
                "long connection",
                match open::address(&self.settings.base_url, self.api.open_stream(&request).await) {
                    Ok(_) => Verdict::Well("an address is handed out".into()),
                    Err(unopened) => Verdict::Wrong(format!("{}; {CONSOLE}", unopened.why)),
                },
            );
            note(
                "other connections",
                Verdict::Unsure(format!(
                    "cannot be counted from here: each message goes to one of the app's processes alone; if some are not heard, \
                 stop the others, or end theirs with a new Client Secret; {CONSOLE}, 凭证与基础信息"
                )),
            );
        } else {
            let fix =
                format!("the robot's message mode is HTTP with the address …/dingtalk/robot; {CONSOLE}");
            note("messages", Verdict::Unsure(format!("cannot be read from here: whether {fix}")));
        }
        if self.settings.group_robots.is_empty() {
            note(
                "group robots",
                Verdict::Without("timed reminders mention nobody in groups; [[dingtalk.group_robot]]".into()),
            );
        }
        found
    }

    /// Knocks at the robot's address with our signature and nothing said; our bot has been found there.
    pub async fn knock(&self, url: &str) -> Verdict {
        let timestamp = self.clock.now().as_millisecond().to_string();
        let sign = sign(&timestamp, &self.settings.client_secret);
        let headers = [("timestamp", timestamp.as_str()), ("sign", &sign)];
        let fix = format!("{CONSOLE}, 机器人");
        match self.api.knock(url, &headers, &json!({})).await.map(|answer| answer.status) {
            // The signature passed, and there was no message.
            Ok(400) => {
                Verdict::Well(format!("the bot answers at {url}; whether it stands as address: {fix}"))
            }
            Ok(_) => Verdict::Wrong(format!(
                "the bot at {url} has another secret: dingtalk.client_secret, and {fix}"
            )),
            Err(undelivered) => Verdict::Wrong(format!("{url}: {}; {fix}", undelivered.why())),
        }
    }

    /// Sends the check that the console sends to the address of events; `None` where events are not configured.
    pub async fn check_events(&self, url: &str) -> Option<Verdict> {
        let envelope = self.envelope.as_ref()?;
        let (timestamp, nonce) = (self.clock.now().as_millisecond().to_string(), NOBODY);
        let owner = &self.settings.client_id;
        // What it hides is public.
        let encrypt = envelope.seal([0; 16], r#"{"EventType":"check_url"}"#, owner);
        let signature = envelope.signature(&timestamp, nonce, &encrypt);
        let query = [("msg_signature", signature.as_str()), ("timestamp", &timestamp), ("nonce", nonce)];
        let asked = Url::parse_with_params(url, query).ok()?;
        let fix = format!("dingtalk.event_token, dingtalk.event_aes_key, and {CONSOLE}, 事件订阅");
        let answered = match self.api.knock(asked.as_str(), &[], &json!({ "encrypt": encrypt })).await {
            Ok(answered) => answered,
            Err(undelivered) => {
                return Some(Verdict::Wrong(format!("{url}: {}; {fix}", undelivered.why())));
            }
        };
        let answer: Value = serde_json::from_slice(&answered.body).unwrap_or_default();
        let field = |name: &str| answer[name].as_str().unwrap_or_default();
        let opened = envelope.open(
            field("msg_signature"),
            field("timeStamp"),
            field("nonce"),
            field("encrypt"),
            &[owner.as_str()],
        );
        Some(match opened {
            Ok(opened) if opened.text == "success" => Verdict::Well(format!(
                "the bot answers the check at {url}; whether it stands as address: {fix}"
            )),
            _ => Verdict::Wrong(format!("the bot at {url} opens no event of ours: {fix}")),
        })
    }

    async fn speaks(&self) -> Verdict {
        let body = json!({
            "robotCode": self.settings.robot_code, "openConversationId": NOBODY, "msgKey": "sampleText",
            "msgParam": json!({ "content": "-" }).to_string(),
        });
        let asked = self.api.call("/v1.0/robot/groupMessages/send", &body).await;
        let code = asked.as_ref().ok().and_then(code_of).unwrap_or_default();
        match code.as_str() {
            code if code.starts_with("invalidParameter.robotCode") || code == "robot.notExisted" => {
                Verdict::Wrong(format!(
                    "the platform knows no such robot ({code}); dingtalk.robot_code; {CONSOLE}"
                ))
            }
            _ => permission(asked, "it cannot speak"),
        }
    }
}

/// The same for what it does without.
fn wished(asked: Result<Answer, Refusal>, without: &str) -> Verdict {
    match permission(asked, without) {
        Verdict::Wrong(why) => Verdict::Without(why),
        verdict => verdict,
    }
}

/// What an answer to a call that cannot succeed says about the permission to make it.
fn permission(asked: Result<Answer, Refusal>, without: &str) -> Verdict {
    match asked.and_then(|asked| answer::read(asked.status, &asked.body)) {
        Err(Refusal::NotPermitted { why, scopes }) => {
            let scopes = if scopes.is_empty() { String::new() } else { format!(", it wants {scopes}") };
            Verdict::Wrong(format!(
                "missing, {without} ({why}{scopes}); {CONSOLE}, 权限管理, then publish a version"
            ))
        }
        Ok(_)
        | Err(
            Refusal::NoSuchWay(_) | Refusal::Censored(_) | Refusal::Undelivered(Undelivered::Never { .. }),
        ) => Verdict::Well("granted".into()),
        Err(Refusal::StaleToken) => Verdict::Unsure("the access token was refused".into()),
        Err(Refusal::Undelivered(undelivered)) => Verdict::Unsure(undelivered.why().to_owned()),
    }
}

fn code_of(answer: &Answer) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    Some(answer["code"].as_str()?.to_owned())
}
