//! What `jiuding doctor` asks DingTalk. It says nothing to anybody: what would be a message goes to a group that
//! does not exist. That costs a call of the month's for each permission but that of names.

use reqwest::multipart::Form;
use serde_json::json;

use super::{
    DingTalk,
    answer::{self, Refusal},
    api::Answer,
    stream::open,
};
use crate::platform::{
    Undelivered,
    finding::{Finding, Verdict, clock_skew},
};

/// Where everything about an app is put right.
const CONSOLE: &str = "https://open-dev.dingtalk.com/fe/app";
/// Where templates of cards are made.
const CARDS: &str = "https://open-dev.dingtalk.com/fe/card";
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
                let why = words(&undelivered);
                note("address", Verdict::Wrong(format!("{why}; dingtalk.base_url, and the way to it")));
                return found;
            }
        }
        match self.api.token(None).await {
            Ok(_) => note("credentials", Verdict::Well("an access token is handed out".into())),
            Err(undelivered) => {
                let why = words(&undelivered);
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
            let asked = self.api.call(&path, &json!({})).await;
            let verdict = match permission(asked, "meetings are not in people's calendars") {
                Verdict::Wrong(why) => Verdict::Without(why),
                verdict => verdict,
            };
            note("permission Calendar.Event.Write", verdict);
        }
        if self.settings.card_template.is_some() {
            note("card template", self.makes_cards().await);
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

    /// A card for nobody: it is made, or was before, and nobody sees it.
    async fn makes_cards(&self) -> Verdict {
        let without = "messages have links in place of buttons and are not edited";
        match self.try_card(NOBODY).await.err() {
            Some(Refusal::NotPermitted { why, .. }) => Verdict::Wrong(format!(
                "the permission Card.Instance.Write is missing, {without} ({why}); {CONSOLE}, 权限管理, then publish a version"
            )),
            Some(Refusal::Undelivered(Undelivered::Never { why })) if why.starts_with("param.template") => {
                Verdict::Wrong(format!("{why}, {without}; dingtalk.card_template, and publish it; {CARDS}"))
            }
            Some(Refusal::Undelivered(Undelivered::Later { why, .. } | Undelivered::Unknown { why })) => {
                Verdict::Unsure(why)
            }
            Some(Refusal::StaleToken) => Verdict::Unsure("the access token was refused".into()),
            _ => Verdict::Well("cards can be made".into()),
        }
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
        Err(Refusal::Undelivered(undelivered)) => Verdict::Unsure(words(&undelivered)),
    }
}

fn code_of(answer: &Answer) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    Some(answer["code"].as_str()?.to_owned())
}

fn words(undelivered: &Undelivered) -> String {
    match undelivered {
        Undelivered::Later { why, .. } | Undelivered::Never { why } | Undelivered::Unknown { why } => {
            why.clone()
        }
    }
}
