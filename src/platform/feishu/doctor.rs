//! What `jiuding doctor` asks Feishu: reads only, says nothing to anybody.
//!
//! Versions: <https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/application-v6/application-app_version/list>
//!
//! Scopes: <https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/application-v6/scope/list>

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{Feishu, api::Call, fault::Fault, socket::endpoint};
use crate::platform::{
    finding::{Finding, Verdict, clock_skew},
    http::is_loopback,
};

/// Scopes of which one is needed, and for what.
const NEEDED: [(&[&str], &str); 6] = [
    (
        &[
            "im:message.group_at_msg:readonly",
            "im:message.group_at_msg",
            "im:message.group_at_msg.include_bot:readonly",
            "im:message.group_msg",
            "im:message.group_msg:readonly",
        ],
        "it hears nothing in groups",
    ),
    (&["im:message.p2p_msg:readonly", "im:message.p2p_msg"], "it hears no direct messages"),
    (&["im:message:send_as_bot", "im:message"], "it cannot speak"),
    (&["im:resource:upload", "im:resource"], "it sends no files"),
    (&["im:chat:readonly", "im:chat", "im:chat:read"], "it does not know groups' names"),
    (
        &[
            "contact:user.basic_profile:readonly",
            "contact:user.base:readonly",
            "contact:contact:readonly_as_app",
        ],
        "it does not know people's names",
    ),
];
/// What it does without.
const WISHED: [(&str, &str); 5] = [
    ("im:message.group_msg", "people have to mention the bot in groups"),
    ("im:message:readonly", "a quoted message cannot be read, for 转需求 and its kin"),
    ("application:app_slash_command:write", "typing / shows no commands"),
    ("vc:meeting.all_meeting:readonly", "the end of a video meeting is not heard"),
    ("calendar:calendar", "meetings are not in people's calendars"),
];
/// Events, and what is missed without them. The first one is needed.
const EVENTS: [(&str, &str); 11] = [
    ("im.message.receive_v1", "it hears nothing"),
    ("im.chat.member.bot.added_v1", "it does not greet a new group"),
    ("im.chat.member.bot.deleted_v1", "it does not hear that it was taken out of a group"),
    ("im.chat.disbanded_v1", "it does not hear that a group is gone"),
    ("im.chat.updated_v1", "it does not hear of a group's new name"),
    ("im.chat.member.user.added_v1", "it does not hear who came"),
    ("im.chat.member.user.deleted_v1", "it does not hear who left a group"),
    ("contact.user.deleted_v3", "it does not hear who left the company"),
    ("vc.meeting.all_meeting_ended_v1", "minutes are not asked for when a video meeting ends"),
    ("vc.meeting.recording_ready_v1", "recordings are not linked"),
    ("application.bot.menu_v6", "its menu does nothing"),
];
/// With which versions, and the events of each, can be read.
const VERSIONS: &str = "application:application.app_version:readonly";
/// `status` of a version that is in force.
const PUBLISHED: i64 = 1;
/// What is to come back.
const CHALLENGE: &str = "jiuding-doctor";
/// `activate_status` of an app that is in use.
const ENABLED: i64 = 2;

impl Feishu {
    /// Looks at everything that can be seen from outside; `long_connection` is how events are to arrive.
    pub async fn diagnose(&self, long_connection: bool) -> Vec<Finding> {
        let console =
            format!("{}/app/{}", self.settings.base_url.trim_end_matches('/'), self.settings.app_id);
        let mut found = Vec::new();
        let mut note = |what: &str, verdict| found.push(Finding::new(format!("feishu {what}"), verdict));
        match self.api.date().await {
            Ok(date) => note("clock", clock_skew(&date, self.clock.now(), self.settings.window_ahead)),
            Err(fault) => {
                note(
                    "address",
                    Verdict::Wrong(format!("{}; feishu.base_url, and the way to it", fault.why())),
                );
                return found;
            }
        }
        match self.api.token().await {
            Ok(_) => note("credentials", Verdict::Well("an access token is handed out".into())),
            Err(fault) => {
                let fix = "feishu.app_id, feishu.app_secret, and feishu.base_url (Feishu or Lark)";
                note("credentials", Verdict::Wrong(format!("{}; {fix}; {console}/baseinfo", fault.why())));
                return found;
            }
        }
        note("bot", bot(self.api.call(Call::get("bot/v3/info", &[])).await, &console));
        match self.api.call(Call::get("application/v6/scopes", &[])).await {
            Ok(answer) => {
                scopes(&answer, &console).into_iter().for_each(|(what, verdict)| note(&what, verdict))
            }
            Err(fault) => note("scopes", Verdict::Unsure(format!("{}; {console}/auth", fault.why()))),
        }
        if long_connection {
            note(
                "long connection",
                match self.api.endpoint().await {
                    Ok(_) => Verdict::Well("an address is handed out".into()),
                    Err(fault) => {
                        Verdict::Wrong(format!("{}; {console}/event", endpoint::refused(&fault).why))
                    }
                },
            );
        }
        let query = [("lang", "zh_cn"), ("page_size", "20"), ("order", "0")];
        let path = format!("application/v6/applications/{}/app_versions", self.settings.app_id);
        match self.api.call(Call::get(&path, &query)).await {
            Ok(answer) => {
                versions(&answer, &console).into_iter().for_each(|(what, verdict)| note(&what, verdict))
            }
            Err(Fault::Refused(refused)) if refused.of_scope() => note(
                "events",
                Verdict::Unsure(format!(
                    "cannot be read without {VERSIONS}: {} and what else the README names; {console}/event",
                    EVENTS[0].0
                )),
            ),
            Err(fault) => note("events", Verdict::Unsure(format!("{}; {console}/event", fault.why()))),
        }
        let way = if long_connection { "长连接" } else { "a request URL" };
        note(
            "callbacks",
            Verdict::Unsure(format!(
                "cannot be read from here: card.action.trigger by {way}, without which buttons do nothing; \
                 {console}/event, 回调配置"
            )),
        );
        if long_connection {
            note(
                "other connections",
                Verdict::Unsure(format!(
                    "cannot be counted from here: each event goes to one of the app's processes alone; if some messages are \
                     not heard, stop the others, or end theirs with a new App Secret; {console}/baseinfo"
                )),
            );
        }
        found
    }

    /// Sends the challenge that the console sends to a request URL, which our bot has been found behind.
    pub async fn challenge(&self, url: &str) -> Verdict {
        let fix =
            format!("{}/app/{}/event", self.settings.base_url.trim_end_matches('/'), self.settings.app_id);
        let token = &self.settings.verification_token;
        let encrypted =
            url.starts_with("https://") || reqwest::Url::parse(url).is_ok_and(|url| is_loopback(&url));
        if token.is_empty() || !encrypted {
            return Verdict::Well(format!(
                "the bot answers at {url}; whether it stands as request URL: {fix}"
            ));
        }
        let body = json!({ "challenge": CHALLENGE, "token": token, "type": "url_verification" });
        match self.api.echo(url, &body).await {
            Ok(answer) if answer["challenge"] == CHALLENGE => Verdict::Well(format!(
                "the bot answers the challenge at {url}; whether it stands as request URL: {fix}"
            )),
            Ok(_) => Verdict::Wrong(format!(
                "the bot at {url} has another verification token: feishu.verification_token, and {fix}"
            )),
            Err(fault) => Verdict::Wrong(format!("{}; {fix}", fault.why())),
        }
    }
}

/// The published version's events, and a newer version that is not published.
fn versions(answer: &Value, console: &str) -> Vec<(String, Verdict)> {
    // The newest first.
    let all: Vec<&Value> = answer["data"]["items"].as_array().into_iter().flatten().collect();
    let name = |version: &Value| version["version"].as_str().unwrap_or("?").to_owned();
    let published = all.iter().find(|version| version["status"] == PUBLISHED);
    let mut found = Vec::new();
    if let Some(newest) = all.first().filter(|newest| newest["status"] != PUBLISHED) {
        let state = match newest["status"].as_i64() {
            Some(2) => "refused by the company's administrator",
            Some(3) => "waiting for the company's administrator",
            _ => "not handed in",
        };
        let told = format!("{} is {state}; {console}/version", name(newest));
        found.push((
            "version".into(),
            match published {
                Some(_) => Verdict::Without(format!("{told}: what it changes is not in force")),
                None => Verdict::Wrong(format!("none is published: {told}")),
            },
        ));
    }
    let Some(published) = published else { return found };
    let strings = |list: &Value| -> Vec<String> {
        let each = |event: &Value| event.as_str().or(event["event_type"].as_str()).map(str::to_owned);
        list.as_array().into_iter().flatten().filter_map(each).collect()
    };
    let subscribed =
        |version: &Value| [strings(&version["events"]), strings(&version["event_infos"])].concat();
    let here = subscribed(published);
    let before = found.len();
    for (event, without) in EVENTS {
        if here.iter().any(|subscribed| subscribed == event) {
            continue;
        }
        let waits = all[0]["status"] != PUBLISHED && subscribed(all[0]).iter().any(|it| it == event);
        let fix = match waits {
            true => format!("publish version {}; {console}/version", name(all[0])),
            false => format!("{console}/event, then publish a version"),
        };
        let text = format!("not subscribed, {without}; {fix}");
        // Without the first the bot is deaf.
        let verdict = if event == EVENTS[0].0 { Verdict::Wrong(text) } else { Verdict::Without(text) };
        found.push((format!("event {event}"), verdict));
    }
    if found.len() == before {
        let told = format!("version {} subscribes to all", name(published));
        found.push(("events".into(), Verdict::Well(told)));
    }
    found
}

fn bot(answer: Result<Value, Fault>, console: &str) -> Verdict {
    match answer {
        Ok(answer) => match answer["bot"]["activate_status"].as_i64() {
            Some(ENABLED) => Verdict::Well("the app is in use here".into()),
            status => Verdict::Wrong(format!(
                "the app is not in use here (status {}): publish a version, and let it be approved; {console}/version",
                status.unwrap_or_default()
            )),
        },
        Err(Fault::Refused(refused)) if !refused.passes() => Verdict::Wrong(format!(
            "feishu refused with code {}: switch on the bot ability and publish a version; {console}/bot",
            refused.code
        )),
        Err(fault) => Verdict::Unsure(format!("{}; {console}/bot", fault.why())),
    }
}

fn scopes(answer: &Value, console: &str) -> Vec<(String, Verdict)> {
    let all = answer["data"]["scopes"].as_array().into_iter().flatten();
    let granted: HashSet<&str> = all
        .filter(|scope| scope["grant_status"] == 1)
        .filter_map(|scope| scope["scope_name"].as_str())
        .collect();
    let fix = format!("{console}/auth, then publish a version");
    let mut found = Vec::new();
    for (any_of, without) in NEEDED {
        if !any_of.iter().any(|scope| granted.contains(scope)) {
            found
                .push((format!("scope {}", any_of[0]), Verdict::Wrong(format!("missing, {without}; {fix}"))));
        }
    }
    if found.is_empty() {
        found.push(("scopes".into(), Verdict::Well("all that is needed is granted".into())));
    }
    for (scope, without) in WISHED {
        if !granted.contains(scope) {
            found.push((format!("scope {scope}"), Verdict::Without(format!("{without}; {fix}"))));
        }
    }
    found
}
