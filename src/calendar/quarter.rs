//! Quarters of the year: what is owed to a customer once in each (RULES 1, 11, 12).

use std::{fmt, str::FromStr};

use jiff::{
    ToSpan,
    civil::{Date, date},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Calendar;

/// A quarter of a year. Written `2026Q4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quarter {
    year: i16,
    /// From 1 to 4.
    number: i8,
}

impl Quarter {
    /// The quarter in which a day lies.
    pub fn of(day: Date) -> Self {
        Self { year: day.year(), number: (day.month() - 1) / 3 + 1 }
    }

    /// Its first day.
    pub fn first_day(self) -> Date {
        date(self.year, self.number * 3 - 2, 1)
    }

    /// Its last day.
    pub fn last_day(self) -> Date {
        self.last_month().last_of_month()
    }

    /// The first working day of its last month, on which its survey opens (RULES 11).
    pub fn survey_day(self, calendar: &Calendar) -> Date {
        calendar.next_working_day(self.last_month().saturating_sub(1.day()))
    }

    /// The one after it.
    pub fn next(self) -> Self {
        Self::of(self.last_day().saturating_add(1.day()))
    }

    /// The one before it.
    pub fn previous(self) -> Self {
        Self::of(self.first_day().saturating_sub(1.day()))
    }

    /// How people call it: `2026年四季度`.
    pub fn words(self) -> String {
        let number = ["一", "二", "三", "四"][usize::try_from(self.number - 1).unwrap_or(0)];
        format!("{}年{number}季度", self.year)
    }

    fn last_month(self) -> Date {
        date(self.year, self.number * 3, 1)
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Q{}", self.year, self.number)
    }
}

impl FromStr for Quarter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text
            .split_once(['Q', 'q'])
            .and_then(|(year, number)| Some((year.parse::<i16>().ok()?, number.parse::<i8>().ok()?)));
        match parts {
            Some((year @ 1900..=9998, number @ 1..=4)) => Ok(Self { year, number }),
            _ => Err(format!("{text:?} is no quarter; write 2026Q4")),
        }
    }
}

impl Serialize for Quarter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quarter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_has_four() {
        let last = Quarter::of(date(2026, 12, 31));
        assert_eq!((last.first_day(), last.last_day()), (date(2026, 10, 1), date(2026, 12, 31)));
        assert_eq!((last.to_string(), last.words()), ("2026Q4".into(), "2026年四季度".into()));
        assert_eq!(last.next().to_string(), "2027Q1");
        assert_eq!(last.next().previous(), last);
        assert_eq!("2027Q1".parse(), Ok(last.next()));
        assert!("2027Q5".parse::<Quarter>().is_err());
    }

    #[test]
    fn the_survey_opens_on_the_first_working_day_of_the_last_month() {
        let calendar = Calendar::shanghai();
        // 1 March 2026 is a Sunday, 1 December a Tuesday.
        for (quarter, day) in [("2026Q1", date(2026, 3, 2)), ("2026Q4", date(2026, 12, 1))] {
            assert_eq!(quarter.parse::<Quarter>().unwrap().survey_day(&calendar), day);
        }
    }
}
