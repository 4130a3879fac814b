//! Lengths of time as the configuration writes them: `90m`, `24h`, `3d`, `3wd`.

use std::str::FromStr;

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time: natural time, or whole working days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Natural time, day and night.
    Elapsed(SignedDuration),
    /// Working days, as the calendar counts them.
    WorkingDays(u32),
}

impl Span {
    /// So many hours of natural time.
    pub const fn hours(hours: i64) -> Self {
        Self::Elapsed(SignedDuration::from_hours(hours))
    }

    /// So many minutes of natural time.
    pub const fn minutes(minutes: i64) -> Self {
        Self::Elapsed(SignedDuration::from_mins(minutes))
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong =
            || format!("no duration: {text:?}, expected for instance \"90m\", \"24h\", \"3d\" or \"3wd\"");
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let number: u32 = number.parse().map_err(|_| wrong())?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "wd" => return Ok(Self::WorkingDays(number)),
            _ => return Err(wrong()),
        };
        Ok(Self::Elapsed(SignedDuration::from_secs(i64::from(number) * seconds)))
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::WorkingDays(days) => write!(f, "{days}wd"),
            Self::Elapsed(time) => match time.as_secs() {
                secs if secs % 86_400 == 0 && secs >= 172_800 => write!(f, "{}d", secs / 86_400),
                secs if secs % 3_600 == 0 => write!(f, "{}h", secs / 3_600),
                secs if secs % 60 == 0 => write!(f, "{}m", secs / 60),
                secs => write!(f, "{secs}s"),
            },
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_written_as_it_is_read() {
        for text in ["90m", "24h", "3d", "3wd", "45s"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        for text in ["", "h", "3", "3 h", "-3h", "3w", "99999999999h"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
