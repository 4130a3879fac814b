//! How often something is to happen: every so many days, in each calendar week, or month by month.

use std::str::FromStr;

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time},
};
use serde::{Deserialize, Deserializer};

use super::{Calendar, Span};

/// A stretch of time that comes again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// `3d`: natural time or working days, from whenever the last one ended.
    Every(Span),
    /// `1w`: calendar weeks, Monday to Sunday.
    Weeks(u16),
    /// `1mo`: from the day on which it all began to the same day of a later month. A month without that day
    /// ends on its last, and the one after on the day again: what begins on 31 January goes on on 28
    /// February and 31 March.
    Months(u16),
}

/// Nothing comes again after a longer time than so many weeks or months.
const MOST: u16 = 120;

impl Period {
    /// When the one that begins at `from` ends: the first moment that belongs to the next. `anchor` is the
    /// day on which months began to count.
    ///
    /// Later than `from` for every period but one of no length.
    pub fn until(self, from: Timestamp, anchor: Date, calendar: &Calendar) -> Timestamp {
        let day = calendar.date(from);
        let midnight = |date| calendar.at(date, Time::midnight());
        match self {
            Self::Every(span) => calendar.add(from, span),
            Self::Weeks(weeks) => {
                let monday = day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days());
                midnight(monday.saturating_add(i64::from(weeks).weeks()))
            }
            Self::Months(months) => {
                let step = i64::from(months.max(1));
                let gone =
                    i64::from(day.year() - anchor.year()) * 12 + i64::from(day.month() - anchor.month());
                let first = (gone / step).max(0);
                let end = |nth: i64| anchor.saturating_add((nth * step).months());
                let end = (first..=first + 1).map(end).find(|end| *end > day);
                midnight(end.unwrap_or_else(|| anchor.saturating_add(((first + 2) * step).months())))
            }
        }
    }

    /// Whether it begins anew with what was done, and not by the calendar.
    pub fn restarts(self) -> bool {
        matches!(self, Self::Every(_))
    }

    /// Whether it takes no time.
    pub fn is_empty(self) -> bool {
        match self {
            Self::Every(span) => span == Span::hours(0) || span == Span::WorkingDays(0),
            Self::Weeks(count) | Self::Months(count) => count == 0,
        }
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            format!(
                "no period: {text:?}, expected for instance \"3d\", \"3wd\", \"1w\" (calendar week) or \"1mo\" (month)"
            )
        };
        let counted = |digits: &str| digits.parse().ok().filter(|count| *count <= MOST).ok_or_else(wrong);
        if let Some(digits) = text.strip_suffix("mo") {
            return counted(digits).map(Self::Months);
        }
        if let Some(digits) = text.strip_suffix('w') {
            return counted(digits).map(Self::Weeks);
        }
        text.parse().map(Self::Every).map_err(|_| wrong())
    }
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Every(span) => span.fmt(f),
            Self::Weeks(weeks) => write!(f, "{weeks}w"),
            Self::Months(months) => write!(f, "{months}mo"),
        }
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Calendar::shanghai().zone().to_timestamp(text.parse().unwrap()).unwrap()
    }

    #[test]
    fn it_is_written_as_it_is_read() {
        for text in ["3d", "3wd", "36h", "1w", "2w", "1mo", "3mo"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
        }
        for text in ["", "w", "mo", "weekly", "-1w", "1.5mo", "999w", "1m o"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }

    #[test]
    fn weeks_end_on_sunday_at_midnight() {
        let calendar = Calendar::shanghai();
        let until = |from: &str| Period::Weeks(1).until(at(from), "2026-01-01".parse().unwrap(), &calendar);
        assert_eq!(until("2026-11-24T10:00"), at("2026-11-30T00:00"));
        assert_eq!(until("2026-11-29T23:59:59"), at("2026-11-30T00:00"));
        assert_eq!(until("2026-11-30T00:00"), at("2026-12-07T00:00"));
    }

    #[test]
    fn months_keep_the_day_on_which_they_began() {
        let calendar = Calendar::shanghai();
        let mut from = at("2027-01-31T15:20");
        let mut ends = Vec::new();
        for _ in 0..13 {
            from = Period::Months(1).until(from, "2027-01-31".parse().unwrap(), &calendar);
            ends.push(calendar.local(from).strftime("%m-%d %H:%M").to_string());
        }
        assert_eq!(ends[..4], ["02-28 00:00", "03-31 00:00", "04-30 00:00", "05-31 00:00"]);
        assert_eq!(ends[11..], ["01-31 00:00", "02-29 00:00"]);
        let begun_in_the_middle =
            Period::Months(3).until(at("2027-05-10T09:00"), "2027-01-31".parse().unwrap(), &calendar);
        assert_eq!(begun_in_the_middle, at("2027-07-31T00:00"));
    }

    proptest! {
        #[test]
        fn it_takes_time_and_months_end_on_the_day_they_began(
            second in 1_700_000_000_i64..1_900_000_000, back in 0_i64..2_000, count in 1_u16..13,
        ) {
            let calendar = Calendar::shanghai();
            let from = Timestamp::from_second(second).unwrap();
            let anchor = calendar.date(from).saturating_sub(back.days());
            for period in [Period::Weeks(count), Period::Months(count), Period::Every(Span::hours(24))] {
                prop_assert!(period.until(from, anchor, &calendar) > from, "{period}");
            }
            let end = calendar.date(Period::Months(count).until(from, anchor, &calendar));
            prop_assert!(end.day() == anchor.day() || end == end.last_of_month());
        }
    }
}
