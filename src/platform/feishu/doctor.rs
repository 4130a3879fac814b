//! What `jiuding doctor` asks Feishu: reads only, says nothing to anybody.
//!
//! Scopes: <https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/application-v6/scope/list>

use std::collections::HashSet;

use serde_json::Value;

use super::{Feishu, api::Call, fault::Fault, socket::endpoint};
use crate::platform::finding::{Finding, Verdict, clock_skew};

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
    (
        "im:message:readonly",
        "a quoted message cannot be read, for 转需求 and its kin, and that one is recalled is not heard",
    ),
    ("application:app_slash_command:write", "typing / shows no commands"),
    ("vc:meeting.all_meeting:readonly", "the end of a video meeting is not heard"),
    ("calendar:calendar", "meetings are not in people's calendars"),
];
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
        let way = if long_connection { "长连接 for both" } else { "a request URL for both" };
        note(
            "events",
            Verdict::Unsure(format!(
                "cannot be read from here: im.message.receive_v1, im.chat.member.bot.added_v1 (and the others that the \
                 README names) and the callback card.action.trigger, by {way}; {console}/event"
            )),
        );
        found
    }
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
