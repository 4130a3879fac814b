//! Days in English: `tomorrow`, `next friday`, `dec 1st`.

use super::day::{Day, DayWords, Month, Year, dated};
use super::number::number;
use super::text::{after, after_any, latin, spaces};

/// Reads `next friday`, `tomorrow`, `dec 1`.
pub(super) fn day(c: &[char], i: usize) -> Option<(DayWords, usize)> {
    let (word, end) = latin(c, i)?;
    let words = match word.as_str() {
        "today" | "tod" => DayWords::Relative(0),
        "tomorrow" | "tmr" | "tmrw" => DayWords::Relative(1),
        "yesterday" => DayWords::Relative(-1),
        "eow" => DayWords::WorkingWeek(0),
        "eom" => DayWords::Month { year: Year::Unsaid, month: Month::Coming, day: Day::Last },
        "eoy" => DayWords::Month { year: Year::Unsaid, month: Month::Number(12), day: Day::Last },
        "the" | "day" => {
            let end = after_any(c, i, &["the day after tomorrow", "day after tomorrow"])?;
            return Some((DayWords::Relative(2), end));
        }
        "end" => {
            let ends = [
                ("end of this week", DayWords::WorkingWeek(0)),
                ("end of the week", DayWords::WorkingWeek(0)),
                ("end of week", DayWords::WorkingWeek(0)),
                ("end of next week", DayWords::WorkingWeek(1)),
                (
                    "end of this month",
                    DayWords::Month { year: Year::Unsaid, month: Month::Ahead(0), day: Day::Last },
                ),
                (
                    "end of the month",
                    DayWords::Month { year: Year::Unsaid, month: Month::Ahead(0), day: Day::Last },
                ),
                (
                    "end of month",
                    DayWords::Month { year: Year::Unsaid, month: Month::Ahead(0), day: Day::Last },
                ),
                (
                    "end of next month",
                    DayWords::Month { year: Year::Unsaid, month: Month::Ahead(1), day: Day::Last },
                ),
            ];
            return ends.iter().find_map(|(word, words)| Some((words.clone(), after(c, i, word)?)));
        }
        "next" | "this" | "coming" | "last" => {
            let week = match word.as_str() {
                "next" => Some(1),
                "this" => Some(0),
                "last" => Some(-1),
                _ => None,
            };
            let (word, end) = latin(c, spaces(c, end))?;
            let words = match (word.as_str(), week) {
                ("week", Some(0)) => DayWords::WorkingWeek(0),
                ("week", Some(week)) => DayWords::Week(week),
                ("month", Some(ahead)) => {
                    DayWords::Month { year: Year::Unsaid, month: Month::Ahead(ahead), day: Day::Any }
                }
                _ => DayWords::Weekday { week, weekday: weekday_of(&word)? },
            };
            return Some((words, end));
        }
        _ => {
            if let Some(weekday) = weekday_of(&word) {
                let end = after(c, end, ".").unwrap_or(end);
                return Some((DayWords::Weekday { week: None, weekday }, end));
            }
            return month_and_day(c, i);
        }
    };
    Some((words, end))
}

fn weekday_of(word: &str) -> Option<i64> {
    Some(match word {
        "monday" | "mon" => 0,
        "tuesday" | "tue" | "tues" => 1,
        "wednesday" | "wed" => 2,
        "thursday" | "thu" | "thur" | "thurs" => 3,
        "friday" | "fri" => 4,
        "saturday" | "sat" => 5,
        "sunday" | "sun" => 6,
        _ => return None,
    })
}

fn month(c: &[char], i: usize) -> Option<(i8, usize)> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let (word, end) = latin(c, i)?;
    let at =
        MONTHS.iter().position(|month| *month == word || (word.len() == 3 && month.starts_with(&word)))?;
    let end = after(c, end, ".").unwrap_or(end);
    Some((i8::try_from(at).ok()? + 1, end))
}

/// `1 dec`, `1st of december`.
pub(super) fn day_and_month(c: &[char], i: usize) -> Option<(DayWords, usize)> {
    let (day, end) = number(c, i).filter(|(day, _)| day.digits <= 2)?;
    let end = after_any(c, end, &["st", "nd", "rd", "th"]).unwrap_or(end);
    let (month, end) = month(c, spaces(c, after(c, end, " of").unwrap_or(end)))?;
    Some((dated(None, u32::try_from(month).ok()?, day.value)?, end))
}

/// `dec 1st, 2026`.
fn month_and_day(c: &[char], i: usize) -> Option<(DayWords, usize)> {
    let (month, end) = month(c, i)?;
    let (day, end) = number(c, spaces(c, end))?;
    let end = after_any(c, end, &["st", "nd", "rd", "th"]).unwrap_or(end);
    if matches!(c.get(end), Some(':')) {
        return None;
    }
    let comma = spaces(c, after(c, end, ",").unwrap_or(end));
    let year = number(c, comma).filter(|(year, end)| year.digits == 4 && c.get(*end) != Some(&':'));
    let (year, end) = year.map_or((None, end), |(year, end)| (Some(year.value), end));
    Some((dated(year, u32::try_from(month).ok()?, day.value)?, end))
}
