//! What `jiuding doctor` finds on a platform, a line each.

use std::fmt;

use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimeParser};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is, for instance `feishu credentials`.
    pub what: String,
    /// How it is.
    pub verdict: Verdict,
}

/// How something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be; what was seen.
    Well(String),
    /// Something does not work: what, and where it is put right.
    Wrong(String),
    /// It works without; what is missed, and where it can be had.
    Without(String),
    /// Nobody can tell from here: where to look.
    Unsure(String),
}

impl Finding {
    /// A finding about `what`.
    pub fn new(what: impl Into<String>, verdict: Verdict) -> Self {
        Self { what: what.into(), verdict }
    }

    /// Something does not work.
    pub fn is_wrong(&self) -> bool {
        matches!(self.verdict, Verdict::Wrong(_))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mark, text) = match &self.verdict {
            Verdict::Well(text) => ("well", text),
            Verdict::Wrong(text) => ("WRONG", text),
            Verdict::Without(text) => ("without", text),
            Verdict::Unsure(text) => ("unsure", text),
        };
        // Whatever a server said stays on its line.
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        write!(f, "{mark:<8} {}: {text}", self.what)
    }
}

/// How far our clock is from that of whoever wrote this `Date` header. `most` is what deliveries may be off.
pub fn clock_skew(date: &str, now: Timestamp, most: SignedDuration) -> Verdict {
    static DATES: DateTimeParser = DateTimeParser::new();
    let Ok(theirs) = DATES.parse_timestamp(date) else {
        return Verdict::Unsure("the platform did not tell its time".into());
    };
    let off = now.duration_since(theirs);
    // The header counts whole seconds, and took a moment to come.
    let seconds = off.as_secs();
    match off.abs() {
        off if off <= SignedDuration::from_secs(5) => Verdict::Well("this machine's clock agrees".into()),
        off if off <= most => Verdict::Without(format!(
            "this machine's clock is off by {seconds} s; switch on NTP (chrony, timesyncd)"
        )),
        _ => Verdict::Wrong(format!(
            "this machine's clock is off by {seconds} s: deliveries are refused and deadlines wrong; switch on NTP \
             (chrony, timesyncd)"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_compared_with_the_platforms() {
        let now: Timestamp = "2026-11-23T01:00:00Z".parse().unwrap();
        let skew = |date| clock_skew(date, now, SignedDuration::from_mins(5));
        assert!(matches!(skew("Mon, 23 Nov 2026 00:59:58 GMT"), Verdict::Well(_)));
        assert!(
            matches!(skew("Mon, 23 Nov 2026 01:01:00 GMT"), Verdict::Without(text) if text.contains("-60 s"))
        );
        assert!(
            matches!(skew("Mon, 23 Nov 2026 00:50:00 GMT"), Verdict::Wrong(text) if text.contains("600 s"))
        );
        assert!(matches!(skew("soon"), Verdict::Unsure(_)));
    }
}
