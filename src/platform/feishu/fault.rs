//! What Feishu's answers mean: later, never, or another way.
//!
//! Sources: <https://open.feishu.cn/document/ukTMukTMukTM/ugjM14COyUjL4ITN> (general codes),
//! <https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/create> (sending).

use std::time::Duration;

use crate::platform::Undelivered;

/// The wait where the gateway names none; its limit counts by the second.
const A_SECOND: Duration = Duration::from_secs(1);
/// The longest wait that is believed; its limits count by the second and the minute. A number that is no wait must not
/// silence the bot.
const LONGEST: f64 = 120.0;

/// A call that did not do what it should.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Nothing was sent: the network is down, or no access token can be had.
    Unsent(String),
    /// It was sent, and no answer of Feishu's came back.
    Unanswered(String),
    /// Feishu refused.
    Refused(Refused),
}

/// An answer with a code other than zero.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The status of the answer; it tells less than the code.
    pub status: u16,
    /// Feishu's own code.
    pub code: i64,
    /// The code inside the message of a refused card (`ErrCode: 11310`).
    pub inner: Option<i64>,
    /// How long to wait, where the gateway says so.
    pub reset: Option<Duration>,
    /// What Feishu's support asks for (`X-Tt-Logid`).
    pub log_id: String,
}

impl Refused {
    /// Reads an answer. Its message may repeat what was sent, so only numbers are taken out of it.
    pub fn new(status: u16, code: i64, message: &str, reset: Option<&str>, log_id: &str) -> Self {
        let inner = message.split("ErrCode:").nth(1).map(|rest| {
            let digits = rest.trim_start();
            &digits[..digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len())]
        });
        let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        Self {
            status,
            code,
            inner: inner.and_then(|digits| digits.parse().ok()),
            reset: reset.and_then(|seconds| seconds.trim().parse().ok()).and_then(|seconds: f64| {
                (seconds <= LONGEST).then(|| Duration::from_secs_f64(seconds.max(0.0)))
            }),
            log_id: log_id.chars().filter(plain).take(64).collect(),
        }
    }

    /// The access token is not valid (any more).
    pub fn of_token(&self) -> bool {
        matches!(self.code, 99991661 | 99991663 | 99991664 | 99991665 | 99991668 | 99991671)
    }

    /// The card's form is refused; the same words as text may pass.
    ///
    /// 230099 is the general one (with the reason inside), 230025 its size, 230001 an unreadable content.
    pub fn of_card(&self) -> bool {
        matches!(self.code, 230099 | 230025 | 230001 | 11310 | 100290 | 200_000..=200_999)
    }

    /// The message to be answered is gone or unknown, or cannot be answered here; a plain message may
    /// pass.
    pub fn of_reply(&self) -> bool {
        matches!(self.code, 230001 | 230011 | 230019 | 230071 | 230072 | 230110 | 230111)
    }

    /// The app lacks a scope for this call.
    pub fn of_scope(&self) -> bool {
        self.code == 99991672
    }

    /// The gateway's own limit, which is the app's for this call and not a room's.
    pub fn of_gateway(&self) -> bool {
        self.code == 99991400
    }

    /// It may succeed another time.
    pub fn passes(&self) -> bool {
        self.status == 429
            || self.status >= 500
            || self.of_token()
            || matches!(self.code, 99991400 | 230020 | 230049 | 11232 | 11233 | 11247)
    }

    fn why(&self) -> String {
        let mut why = format!("feishu refused with code {}", self.code);
        if let Some(inner) = self.inner {
            why += &format!(" ({inner})");
        }
        why += &format!(", status {}", self.status);
        if !self.log_id.is_empty() {
            why += &format!(", log id {}", self.log_id);
        }
        why
    }
}

impl Fault {
    /// What it was, without secrets and message text.
    pub fn why(&self) -> String {
        match self {
            Fault::Unsent(why) | Fault::Unanswered(why) => why.clone(),
            Fault::Refused(refused) => refused.why(),
        }
    }

    /// Sorts it. An unanswered message may be there: it is sent again under its `uuid`, which keeps it for
    /// an hour from being there twice, and nothing may be added to it meanwhile.
    pub fn sorted(&self) -> Undelivered {
        let why = self.why();
        match self {
            Fault::Refused(refused) if !refused.passes() => Undelivered::Never { why },
            Fault::Refused(refused) if refused.of_gateway() => {
                Undelivered::TooFast { after: refused.reset.unwrap_or(A_SECOND), why }
            }
            Fault::Refused(refused) if refused.status >= 500 => Undelivered::Unknown { why },
            Fault::Refused(refused) => Undelivered::Later { after: refused.reset, why },
            Fault::Unsent(_) => Undelivered::Later { after: None, why },
            Fault::Unanswered(_) => Undelivered::Unknown { why },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_into_later_and_never() {
        let sort = |status, code| Fault::Refused(Refused::new(status, code, "", None, "")).sorted();
        for (status, code) in [(400, 230020), (400, 11232), (200, 99991663)] {
            assert!(matches!(sort(status, code), Undelivered::Later { .. }), "{code}");
        }
        assert!(matches!(sort(500, 1), Undelivered::Unknown { .. }));
        assert!(matches!(Fault::Unanswered("".into()).sorted(), Undelivered::Unknown { .. }));
        for code in [230002, 230013, 230099, 230022, 232009, 99991672] {
            assert!(matches!(sort(400, code), Undelivered::Never { .. }), "{code}");
        }
    }

    #[test]
    fn the_gateways_wait_is_the_apps_and_within_reason() {
        let waits =
            |status, reset| match Fault::Refused(Refused::new(status, 99991400, "", reset, "")).sorted() {
                Undelivered::TooFast { after, .. } => after.as_secs_f64(),
                sorted => panic!("{sorted:?}"),
            };
        for (reset, wait) in [
            (Some("7"), 7.0),
            (Some(" 0.5 "), 0.5),
            (Some("120"), LONGEST),
            (Some("1795395600"), 1.0),
            (Some("inf"), 1.0),
            (Some("-1"), 0.0),
            (Some("NaN"), 1.0),
            (Some("soon"), 1.0),
            (None, 1.0),
        ] {
            // Some old calls say it with another status.
            assert_eq!((waits(429, reset), waits(400, reset)), (wait, wait), "{reset:?}");
        }
    }

    #[test]
    fn only_numbers_are_taken_from_an_answer() {
        let refused =
            Refused::new(400, 230099, "客户名单 ErrCode: 11310; ErrMsg: x", Some("7"), "2026-AB\n<x>");
        assert_eq!(refused.reset, Some(Duration::from_secs(7)));
        assert_eq!(
            Fault::Refused(refused).why(),
            "feishu refused with code 230099 (11310), status 400, log id 2026-ABx"
        );
    }
}
