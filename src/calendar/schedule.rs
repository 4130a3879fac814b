//! Cron schedules in the calendar's zone.
//!
//! The `cron` crate computes on chrono. It is given times on the wall as if they were UTC and its answers are
//! read back as times on the wall, so that chrono stays inside this file and jiff alone knows about zones: a
//! run that a clock change skips comes right after the gap, one that it repeats comes once, the first time.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use jiff::civil::DateTime as Civil;
use jiff::{SignedDuration, Timestamp};

use super::Calendar;

/// No clock change in use is longer.
const LONGEST_GAP: SignedDuration = SignedDuration::from_hours(2);

/// When a job runs: a cron expression with the seconds first, as `0 30 9 * * *`.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: cron::Schedule,
}

impl Schedule {
    /// Reads a cron expression, in which Sunday is day 1 and names such as `FRI` are safer; the error quotes it and shows one that is right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let cron = cron::Schedule::from_str(text).map_err(|error| {
            format!("no cron expression: {text:?} ({error}), expected for instance \"0 30 9 * * *\", seconds first")
        })?;
        Ok(Self { cron })
    }

    /// The first run after the instant, `None` when there is none.
    pub fn next_after(&self, after: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        // A run inside a gap of the wall clock is moved behind it, past runs that stand later on the wall: begin
        // before the longest gap, and of the runs within it take the earliest.
        let wall = calendar.local(after).datetime().checked_sub(LONGEST_GAP).ok()?;
        let mut runs = self.cron.after(&chrono_of(wall)?);
        let later = |run| instant_of(run, calendar).filter(|run| *run > after);
        let (first, mut earliest) = runs.find_map(|run| Some((run, later(run)?)))?;
        let until = first + chrono::TimeDelta::seconds(LONGEST_GAP.as_secs());
        for run in runs.take_while(|run| *run <= until) {
            earliest = later(run).map_or(earliest, |run| run.min(earliest));
        }
        Some(earliest)
    }
}

fn chrono_of(wall: Civil) -> Option<DateTime<Utc>> {
    let seconds = jiff::tz::TimeZone::UTC.to_timestamp(wall).ok()?.as_second();
    DateTime::from_timestamp(seconds, 0)
}

fn instant_of(run: DateTime<Utc>, calendar: &Calendar) -> Option<Timestamp> {
    let wall = jiff::tz::TimeZone::UTC.to_datetime(Timestamp::from_second(run.timestamp()).ok()?);
    // jiff resolves gaps to after them and repeated hours to the first, which is its "compatible" way.
    calendar.zone().to_timestamp(wall).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(expression: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let calendar = Calendar::shanghai().in_zone(zone).unwrap();
        let schedule = Schedule::parse(expression).unwrap();
        let mut at: Timestamp = after.parse().unwrap();
        let mut runs = Vec::new();
        for _ in 0..count {
            at = schedule.next_after(at, &calendar).unwrap();
            runs.push(calendar.local(at).strftime("%m-%dT%H:%M%:z").to_string());
        }
        runs
    }

    #[test]
    fn the_shipped_jobs_run_when_the_rules_say() {
        let digest = runs("0 30 9 * * *", "Asia/Shanghai", "2026-11-24T09:30:00+08:00", 2);
        assert_eq!(digest, ["11-25T09:30+08:00", "11-26T09:30+08:00"]);
        let weekly = runs("0 0 17 * * FRI", "Asia/Shanghai", "2026-11-24T09:30:00+08:00", 2);
        assert_eq!(weekly, ["11-27T17:00+08:00", "12-04T17:00+08:00"]);
    }

    #[test]
    fn a_run_in_the_hour_that_spring_skips_comes_after_the_gap() {
        // Berlin, 28 March 2027: 02:00 becomes 03:00.
        let nightly = runs("0 30 2 * * *", "Europe/Berlin", "2027-03-27T00:00:00+01:00", 3);
        assert_eq!(nightly, ["03-27T02:30+01:00", "03-28T03:30+02:00", "03-29T02:30+02:00"]);
    }

    #[test]
    fn a_run_in_the_hour_that_autumn_repeats_comes_once() {
        // Berlin, 31 October 2027: 03:00 becomes 02:00.
        let nightly = runs("0 30 2 * * *", "Europe/Berlin", "2027-10-30T12:00:00+02:00", 2);
        assert_eq!(nightly, ["10-31T02:30+02:00", "11-01T02:30+01:00"]);
        let later = runs("0 30 9 * * *", "Europe/Berlin", "2027-10-30T12:00:00+02:00", 2);
        assert_eq!(later, ["10-31T09:30+01:00", "11-01T09:30+01:00"]);
    }

    #[test]
    fn runs_around_the_gap_stay_in_order_and_none_is_lost() {
        let half_hourly = runs("0 0,30 * * * *", "Europe/Berlin", "2027-03-28T01:20:00+01:00", 4);
        assert_eq!(
            half_hourly,
            ["03-28T01:30+01:00", "03-28T03:00+02:00", "03-28T03:30+02:00", "03-28T04:00+02:00"]
        );
        let both = runs("0 30 2,3 * * *", "Europe/Berlin", "2027-03-28T01:20:00+01:00", 2);
        assert_eq!(both, ["03-28T03:30+02:00", "03-29T02:30+02:00"]);
    }

    #[test]
    fn a_wrong_expression_is_quoted() {
        assert!(Schedule::parse("30 9 * *").unwrap_err().contains("30 9 * *"));
        assert!(
            Schedule::parse("0 0 0 30 2 * 2020")
                .unwrap()
                .next_after(Timestamp::UNIX_EPOCH, &Calendar::shanghai())
                .is_none()
        );
    }
}
