//! Video meetings: that one ended, and where its recording (妙记) is.
//!
//! `[D:vc-all-ended] [D:vc-ended] [D:vc-rec-ready]`

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    delivery::Envelope,
    event::{Chat, Deed, Happened},
    typed::{Ids, or_default},
};

/// Where Feishu and Lark show recordings: these, and what is below them.
const DOMAINS: [&str; 3] = ["feishu.cn", "larksuite.com", "larkoffice.com"];
/// The longest address that is kept.
const LONGEST: usize = 500;

#[derive(Deserialize)]
struct OfMeeting {
    meeting: VideoMeeting,
    #[serde(default, deserialize_with = "or_default")]
    url: String,
}

#[derive(Deserialize)]
struct VideoMeeting {
    #[serde(default, deserialize_with = "or_default")]
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    topic: String,
    /// Seconds, as text.
    #[serde(default, deserialize_with = "or_default")]
    start_time: String,
    #[serde(default, deserialize_with = "or_default")]
    end_time: String,
    #[serde(default, deserialize_with = "or_default")]
    host_user: Attendee,
    #[serde(default, deserialize_with = "or_default")]
    owner: Attendee,
}

#[derive(Default, Deserialize)]
struct Attendee {
    #[serde(default, deserialize_with = "or_default")]
    id: Ids,
}

impl VideoMeeting {
    /// Who answers for it.
    fn host(&self) -> Option<String> {
        let mut people = [&self.host_user, &self.owner].into_iter().map(|person| &person.id.open_id);
        people.find(|id| !id.is_empty()).cloned()
    }
}

fn second(text: &str) -> Option<Timestamp> {
    text.parse().ok().and_then(|second| Timestamp::from_second(second).ok())
}

fn happened(key: String, open_id: String, at: Option<Timestamp>, deed: Deed) -> Happened {
    let chat = Chat { id: String::new(), name: None, direct: Some(false) };
    Happened { keys: vec![key], chat, open_id, at, message: None, deed }
}

/// A meeting of the tenant ended; one that was reserved by the API is told of under both names.
pub fn ended(envelope: Envelope) -> Result<Option<Happened>, serde_json::Error> {
    let OfMeeting { meeting, .. } = OfMeeting::deserialize(envelope.event)?;
    let Some(ended) = second(&meeting.end_time).or(envelope.at) else { return Ok(None) };
    let Some(open_id) = meeting.host().filter(|_| !meeting.id.is_empty()) else { return Ok(None) };
    let key = format!("vc.meeting.ended:{}:{}", meeting.id, meeting.end_time);
    let deed = Deed::Met { topic: meeting.topic, started: second(&meeting.start_time), ended };
    Ok(Some(happened(key, open_id, envelope.at, deed)))
}

/// A recording can be seen. An address that is not the platform's own is nobody's to pass on.
pub fn recorded(envelope: Envelope) -> Result<Option<Happened>, serde_json::Error> {
    let OfMeeting { meeting, url } = OfMeeting::deserialize(envelope.event)?;
    let (Some(open_id), Some(ready)) = (meeting.host(), envelope.at) else { return Ok(None) };
    if !is_own(&url) {
        return Ok(None);
    }
    let deed = Deed::Recorded { topic: meeting.topic, ready, url };
    Ok(Some(happened(envelope.key, open_id, envelope.at, deed)))
}

/// Whether an address is the platform's own, and nothing but an address.
fn is_own(url: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/:.-_?=&%".contains(&b);
    let Ok(read) = reqwest::Url::parse(url) else { return false };
    let host = read.host_str().unwrap_or_default();
    let ours =
        |domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    url.len() <= LONGEST
        && url.bytes().all(plain)
        && read.scheme() == "https"
        && read.port().is_none()
        && DOMAINS.iter().any(|domain| ours(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_platforms_own_addresses_are_passed_on() {
        for url in [
            "https://meetings.feishu.cn/minutes/obcn37",
            "https://x.larksuite.com/minutes/o?a=1",
            "https://feishu.cn/m",
        ] {
            assert!(is_own(url), "{url}");
        }
        for url in [
            "",
            "http://meetings.feishu.cn/minutes/obcn37",
            "https://evilfeishu.cn/minutes/1",
            "https://feishu.cn.evil.com/minutes/1",
            "https://meetings.feishu.cn@evil.com/1",
            "https://meetings.feishu.cn:8443/1",
            "https://meetings.feishu.cn/1 [点我](https://evil.com)",
            "javascript:alert(1)",
        ] {
            assert!(!is_own(url), "{url}");
        }
        assert!(!is_own(&format!("https://feishu.cn/{}", "a".repeat(LONGEST))));
    }
}
