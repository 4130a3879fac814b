//! The `[time]` table of the configuration.

use std::path::PathBuf;

use jiff::civil::{Date, Time};
use serde::Deserialize;

/// `[time]`: where the department is, and when it works.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The time zone's IANA name.
    pub zone: String,
    /// The windows of a working day, as `09:00-12:00`.
    pub work_hours: Vec<String>,
    /// When pings that are not urgent wait, as `21:00-08:30`; days off are quiet from morning to evening.
    pub quiet_hours: String,
    /// When a day's deadline falls where nobody typed a time; the end of the last work window if left out.
    #[serde(default)]
    pub deadline_at: Option<Time>,
    /// Days off of the company's own.
    #[serde(default)]
    pub company_days_off: Vec<Date>,
    /// Days the company works though the calendar says otherwise.
    #[serde(default)]
    pub company_days_on: Vec<Date>,
    /// Working days on which only `half_day_hours` are worked.
    #[serde(default)]
    pub half_days: Vec<Date>,
    /// The windows of a half day; the first window of `work_hours` if left out.
    #[serde(default)]
    pub half_day_hours: Vec<String>,
    /// A folder with files `YYYY.toml` that replace the shipped holiday years.
    #[serde(default)]
    pub holiday_folder: Option<PathBuf>,
}

/// From one time of day until another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub from: Time,
    pub to: Time,
}

impl Window {
    /// Reads `09:00-12:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        Some(Self { from: time(from)?, to: time(to)? })
    }

    /// Reads the windows of one day: in order, none empty, none overlapping.
    pub fn parse_day(key: &str, texts: &[String]) -> Result<Vec<Self>, String> {
        let mut windows = Vec::new();
        for text in texts {
            let window = Self::parse(text).filter(|window| window.from < window.to).ok_or_else(|| {
                format!("time.{key}: no window {text:?}, expected for instance \"09:00-12:00\"")
            })?;
            windows.push(window);
        }
        if windows.is_empty() {
            return Err(format!("time.{key}: expected at least one window such as \"09:00-18:00\""));
        }
        if windows.windows(2).any(|pair| pair[0].to > pair[1].from) {
            return Err(format!("time.{key}: windows must be in order and must not overlap"));
        }
        Ok(windows)
    }
}

/// Reads `9:00` or `24:00`, the latter as the last instant of the day.
fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let (hour, minute): (i8, i8) = (hour.parse().ok()?, minute.parse().ok()?);
    if (hour, minute) == (24, 0) {
        return Some(Time::MAX);
    }
    Time::new(hour, minute, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_windows_are_refused_with_the_key() {
        for texts in [&["9-12"][..], &["12:00-09:00"], &["09:00-12:00", "11:00-18:00"], &[], &["25:00-26:00"]]
        {
            let texts: Vec<String> = texts.iter().map(|text| text.to_string()).collect();
            let wrong = Window::parse_day("work_hours", &texts).unwrap_err();
            assert!(wrong.starts_with("time.work_hours"), "{wrong}");
        }
    }

    #[test]
    fn unknown_keys_are_refused() {
        let text =
            "zone = \"Asia/Shanghai\"\nwork_hours = [\"09:00-18:00\"]\nquiet_hours = \"21:00-08:30\"\n";
        assert!(toml::from_str::<Settings>(text).is_ok());
        assert!(toml::from_str::<Settings>(&format!("{text}half = 1\n")).is_err());
    }
}
