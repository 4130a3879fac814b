//! The words the bot says for instants and lengths of time. What it says of an instant ahead can be typed
//! back and means the same.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::Reading;
use crate::calendar::Calendar;

/// `11月30日 周一 18:00`, with the year when it is not the present one.
pub fn echo(at: Timestamp, now: Timestamp, calendar: &Calendar) -> String {
    let local = calendar.local(at);
    format!("{} {:02}:{:02}", echo_date(local.date(), now, calendar), local.hour(), local.minute())
}

/// `11月30日 周一`, with the year when it is not the present one.
pub fn echo_date(date: Date, now: Timestamp, calendar: &Calendar) -> String {
    let full = echo_full_date(date);
    match full.split_once('年') {
        Some((_, short)) if date.year() == calendar.date(now).year() => short.to_owned(),
        _ => full,
    }
}

/// `2026年11月30日 周一`, with the year always: for what is read in other years too.
pub fn echo_full_date(date: Date) -> String {
    let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default();
    format!("{}年{}月{}日 {}", date.year(), date.month(), date.day(), weekday_name(weekday))
}

/// As [`echo`], and `11月25日 周三 10:00-11:30` for a stretch of time.
pub fn echo_reading(reading: &Reading, now: Timestamp, calendar: &Calendar) -> String {
    let begin = echo(reading.at, now, calendar);
    let Some(end) = reading.end else { return begin };
    let local = calendar.local(end);
    if local.date() == calendar.date(reading.at) {
        return format!("{begin}-{:02}:{:02}", local.hour(), local.minute());
    }
    format!("{begin} 到 {}", echo(end, now, calendar))
}

/// `1 小时 20 分`, `2 天 3 小时`, `1 天 29 分`, `15 分钟`: the two largest units that say something; a negative
/// length is said like a positive one.
pub fn echo_span(time: SignedDuration) -> String {
    let minutes = time.as_secs().unsigned_abs() / 60;
    let parts = [(minutes / 1_440, "天"), (minutes / 60 % 24, "小时"), (minutes % 60, "分")];
    let largest = parts.iter().position(|(count, _)| *count > 0);
    let Some(largest) = largest else { return "不到 1 分钟".to_owned() };
    if largest == parts.len() - 1 {
        return format!("{minutes} 分钟");
    }
    let said = parts[largest..].iter().filter(|(count, _)| *count > 0).take(2);
    said.map(|(count, unit)| format!("{count} {unit}")).collect::<Vec<_>>().join(" ")
}

/// The weekday that many days after Monday.
pub(super) fn weekday_name(after_monday: usize) -> &'static str {
    ["周一", "周二", "周三", "周四", "周五", "周六", "周日"][after_monday % 7]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_absolute_with_the_weekday() {
        let calendar = Calendar::shanghai();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-24T09:00:00+08:00");
        assert_eq!(echo(at("2026-11-30T18:00:00+08:00"), now, &calendar), "11月30日 周一 18:00");
        assert_eq!(echo(at("2027-01-05T09:05:00+08:00"), now, &calendar), "2027年1月5日 周二 09:05");
        let stretch =
            |end: &str| Reading { at: at("2026-11-25T10:00:00+08:00"), end: Some(at(end)), timed: true };
        assert_eq!(
            echo_reading(&stretch("2026-11-25T11:30:00+08:00"), now, &calendar),
            "11月25日 周三 10:00-11:30"
        );
    }

    #[test]
    fn lengths_are_said_in_two_units() {
        let table = [
            (0, "不到 1 分钟"),
            (59, "不到 1 分钟"),
            (60, "1 分钟"),
            (4_800, "1 小时 20 分"),
            (3_600, "1 小时"),
            (183_600, "2 天 3 小时"),
            (86_400 + 120, "1 天 2 分"),
            (88_140, "1 天 29 分"),
            (-7_200, "2 小时"),
            (172_800, "2 天"),
        ];
        for (seconds, words) in table {
            assert_eq!(echo_span(SignedDuration::from_secs(seconds)), words);
        }
    }
}
