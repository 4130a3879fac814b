//! What an answer of the platform means: sent, later, never, nobody knows, or try another way.
//!
//! New calls answer with an HTTP status and a named `code`; old calls and webhooks answer 200 with a
//! numbered `errcode`. <https://open.dingtalk.com/document/development/server-api-error-codes-1>

use std::time::Duration;

use serde_json::Value;

use crate::platform::Undelivered;

/// A robot that spoke too often in a group is silenced for ten minutes.
const SILENCED: Duration = Duration::from_secs(600);
/// An address that called too often is shut out for five minutes.
const SHUT_OUT: Duration = Duration::from_secs(300);
/// Pause after the app's own calls a second are used up.
const A_SECOND: Duration = Duration::from_secs(1);
/// Pause after the app's own calls a minute are used up, and where the platform names none.
const A_MINUTE: Duration = Duration::from_secs(60);
/// The month's quota may be raised by an administrator; a few tries a day do not hurt. The outbox gives
/// up after a day, and then the message is a dead letter that says why.
const USED_UP: Duration = Duration::from_secs(6 * 3600);

/// The platform did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The access token is no longer good: renew it, once.
    StaleToken,
    /// This reply address, or this group's own robot, is gone: send by another way.
    NoSuchWay(String),
    /// The content was censored: a plain notice may pass.
    Censored(String),
    /// The app lacks a permission for this call.
    NotPermitted {
        /// What the platform said.
        why: String,
        /// The permissions that would do; empty where the platform names none.
        scopes: String,
    },
    /// Nothing that another way would mend.
    Undelivered(Undelivered),
}

/// What an accepted send told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The id for recall and read status; webhooks give none.
    pub query_key: Option<String>,
    /// People who cannot be written to.
    pub invalid: Vec<String>,
    /// People who were not written to this time.
    pub held_back: Vec<String>,
}

/// Reads the answer to a send. Anything that is not a success in so many words is none.
///
/// # Errors
/// The platform refused, or nobody knows.
pub fn receipt(status: u16, body: &[u8]) -> Result<Receipt, Refusal> {
    let answer = read(status, body)?;
    let query_key = answer["processQueryKey"].as_str().filter(|key| !key.is_empty()).map(str::to_owned);
    if query_key.is_none() && number(&answer["errcode"]) != Some(0) {
        return Err(unknown("an answer that says neither yes nor no".into()));
    }
    Ok(Receipt {
        query_key,
        invalid: strings(&answer["invalidStaffIdList"]),
        held_back: strings(&answer["flowControlledStaffIdList"]),
    })
}

/// Reads any answer; the JSON where it is no refusal.
///
/// # Errors
/// The platform refused, or nobody knows.
pub fn read(status: u16, body: &[u8]) -> Result<Value, Refusal> {
    let answer: Value = match serde_json::from_slice(body) {
        Ok(answer) => answer,
        _ if status >= 500 => return Err(unknown(format!("HTTP {status}"))),
        _ if is_a_page(body) => {
            return Err(too_fast(
                SHUT_OUT,
                "a web page instead of an answer; too many calls from this address?",
            ));
        }
        _ => return Err(unknown(format!("HTTP {status} without a readable answer"))),
    };
    if number(&answer["status"]) == Some(1111) {
        return Err(too_fast(SHUT_OUT, "too many calls from this address (status 1111)"));
    }
    if let Some(number) = number(&answer["errcode"]).filter(|number| *number != 0) {
        return Err(numbered(number, &answer));
    }
    if let Some(code) = answer["code"].as_str().filter(|code| !code.is_empty()) {
        return Err(named(code, status, &answer));
    }
    match status {
        200..300 => Ok(answer),
        401 => Err(Refusal::StaleToken),
        429 => Err(later(A_MINUTE, "HTTP 429")),
        300..400 => Err(later(A_MINUTE, &format!("redirected elsewhere (HTTP {status})"))),
        400..500 => Err(never(format!("HTTP {status}"))),
        _ => Err(unknown(format!("HTTP {status}"))),
    }
}

/// For how long nothing at all is to be called, where the platform shut this address out for calling too often.
pub fn shuts_out(body: &[u8]) -> Option<Duration> {
    let says_so = || {
        let answer: Option<Value> = serde_json::from_slice(body).ok();
        answer.is_some_and(|answer| number(&answer["status"]) == Some(1111))
    };
    (body.windows(4).any(|part| part == b"1111") && says_so()).then_some(SHUT_OUT)
}

fn is_a_page(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

/// Old calls and webhooks.
fn numbered(code: i64, answer: &Value) -> Refusal {
    let why = format!("errcode {code}");
    match code {
        60011 => Refusal::NotPermitted { why, scopes: String::new() },
        // The general refusal, with the same reason inside.
        88 if number(&answer["sub_code"]) == Some(60011) => {
            Refusal::NotPermitted { why: format!("{why} (60011)"), scopes: String::new() }
        }
        88 | 40014 | 42001 => Refusal::StaleToken,
        // 400013 disbanded, 400101 unknown token, 400102 stopped, 400106 unknown robot.
        300001 | 300005 | 400013 | 400101 | 400102 | 400106 => Refusal::NoSuchWay(why),
        430101..=430104 => Refusal::Censored(why),
        -1 | 15 => unknown(why),
        130101 => later(SILENCED, &format!("{why}: more than 20 messages a minute in one group")),
        90018 => too_fast(A_SECOND, &why),
        90002 => later(A_SECOND, &why),
        90005 | 410100 => later(A_MINUTE, &why),
        90020 | 90030 => used_up(&why),
        // Keyword, signature, clock or address; the platform's own words tell which.
        310000 => {
            let words: String = answer["errmsg"].as_str().unwrap_or_default().chars().take(120).collect();
            Refusal::NoSuchWay(format!("{why}: {words}"))
        }
        _ => never(why),
    }
}

/// New calls.
fn named(code: &str, status: u16, answer: &Value) -> Refusal {
    // The code alone: messages may repeat what was sent.
    let why: String = code.chars().filter(char::is_ascii_graphic).take(100).collect();
    let denied = code.strip_prefix("Forbidden.AccessDenied.");
    match denied.unwrap_or(code) {
        "InvalidAuthentication" => Refusal::StaleToken,
        "session.notExisted" | "session.expired" => Refusal::NoSuchWay(why),
        "QpsLimitForAppkeyAndApi" => too_fast(A_SECOND, &why),
        "QpsLimitForApi" => Refusal::Undelivered(Undelivered::Later { after: None, why }),
        "QpmLimitForAppkeyAndApi" => later(A_MINUTE, &why),
        "ApiCountLimitForOrg" => used_up(&why),
        "AccessTokenPermissionDenied" => {
            let scopes = strings(&answer["accessdenieddetail"]["requiredScopes"]).join(", ");
            Refusal::NotPermitted { why, scopes }
        }
        "unknown.send.result" | "system.error" => unknown(why),
        name if name.starts_with("contain.") => Refusal::Censored(why),
        name if is_pressure(name) => later(A_MINUTE, &why),
        _ if status >= 500 => unknown(why),
        _ if status == 429 => later(A_MINUTE, &why),
        _ => never(why),
    }
}

/// Names of flow control; their full list is not published.
fn is_pressure(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["toofast", "too.fast", "too.many", "toomany", "toomuch", "limit", "throttl", "busy"]
        .iter()
        .any(|sign| name.contains(sign))
}

fn used_up(why: &str) -> Refusal {
    later(USED_UP, &format!("the organisation's monthly quota at DingTalk is used up ({why})"))
}

fn later(after: Duration, why: &str) -> Refusal {
    Refusal::Undelivered(Undelivered::Later { after: Some(after), why: why.to_owned() })
}

/// The app as a whole is to be quiet.
fn too_fast(after: Duration, why: &str) -> Refusal {
    Refusal::Undelivered(Undelivered::TooFast { after, why: why.to_owned() })
}

fn never(why: String) -> Refusal {
    Refusal::Undelivered(Undelivered::Never { why })
}

fn unknown(why: String) -> Refusal {
    Refusal::Undelivered(Undelivered::Unknown { why })
}

/// A number, which some answers write as a string.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Refusal {
    /// It will be so another time, too.
    pub fn is_final(&self) -> bool {
        match self {
            Refusal::StaleToken => false,
            Refusal::NoSuchWay(_) | Refusal::Censored(_) | Refusal::NotPermitted { .. } => true,
            Refusal::Undelivered(undelivered) => matches!(undelivered, Undelivered::Never { .. }),
        }
    }

    /// What is left of it where there is no other way.
    pub fn into_undelivered(self) -> Undelivered {
        match self {
            Refusal::Undelivered(undelivered) => undelivered,
            Refusal::NoSuchWay(why) => Undelivered::Never { why },
            Refusal::NotPermitted { why, scopes } => {
                let why = format!("{why}: the app lacks the permission {scopes}");
                Undelivered::Never { why: why.trim_end().to_owned() }
            }
            Refusal::Censored(why) => Undelivered::Never { why: format!("censored ({why})") },
            Refusal::StaleToken => {
                Undelivered::Later { after: Some(A_MINUTE), why: "a fresh access token was refused".into() }
            }
        }
    }
}
