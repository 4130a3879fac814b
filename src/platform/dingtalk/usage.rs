//! How much of the organisation's monthly quotas this process has used.
//!
//! The platform counts calls of its API, and separately what robots hear and say over webhooks. Tokens
//! and the contacts API are free. <https://open.dingtalk.com/document/development/dingtalk-application-development-platform-billing-model>

use std::sync::{Mutex, PoisonError};

use jiff::{
    Timestamp,
    tz::{TimeZone, offset},
};

/// What was used in one month of the platform's own zone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// The year.
    pub year: i16,
    /// The month, 1 to 12.
    pub month: i8,
    /// Metered calls of the API.
    pub api: u64,
    /// Messages heard, and messages sent through reply addresses and groups' own robots.
    pub webhook: u64,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// A call of the API.
    Api,
    /// A message heard.
    Heard,
    /// A message through a reply address.
    Session,
    /// A message through a group's own robot.
    GroupRobot,
}

/// The counter. The lock protects two numbers and is held for no longer than adding one.
#[derive(Default)]
pub(super) struct Meter(Mutex<Usage>);

impl Meter {
    pub fn count(&self, what: Use, now: Timestamp) {
        let label = match what {
            Use::Api => "api",
            Use::Heard => "heard",
            Use::Session => "session",
            Use::GroupRobot => "group_robot",
        };
        metrics::counter!("jiuding_dingtalk_quota_used_total", "what" => label).increment(1);
        let mut usage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turn(&mut usage, now);
        match what {
            Use::Api => usage.api += 1,
            Use::Heard | Use::Session | Use::GroupRobot => usage.webhook += 1,
        }
    }

    pub fn read(&self, now: Timestamp) -> Usage {
        let mut usage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turn(&mut usage, now);
        *usage
    }
}

/// Begins anew with a new month.
fn turn(usage: &mut Usage, now: Timestamp) {
    let today = now.to_zoned(TimeZone::fixed(offset(8))).date();
    if (usage.year, usage.month) != (today.year(), today.month()) {
        *usage = Usage { year: today.year(), month: today.month(), ..Usage::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_month_begins_at_midnight_in_china() {
        let meter = Meter::default();
        let before: Timestamp = "2026-11-30T15:59:59Z".parse().unwrap();
        let after: Timestamp = "2026-11-30T16:00:00Z".parse().unwrap();
        meter.count(Use::Api, before);
        meter.count(Use::Session, before);
        assert_eq!(meter.read(before), Usage { year: 2026, month: 11, api: 1, webhook: 1 });
        meter.count(Use::Heard, after);
        assert_eq!(meter.read(after), Usage { year: 2026, month: 12, api: 0, webhook: 1 });
    }
}
