//! When something happened that is told of now: `昨天和王总电话`, `11月20日现场拜访`.
//!
//! Unlike a deadline it lies behind: a bare weekday is the last one, a day of a month the last such day.

use jiff::{Timestamp, ToSpan};

use super::{
    LONGEST, Unreadable,
    day::DayWords,
    phrase::{Phrase, phrase},
    resolve,
    text::Text,
};
use crate::calendar::Calendar;

/// A date further ahead than this was meant a year earlier.
const DAYS_AHEAD: i64 = 200;

/// What a text says behind a day at its beginning, and when that was; never later than `now`. A day without a
/// time of day is its end of work. `None` where no such day stands there.
///
/// # Errors
/// It is yet to come: the words it was read as.
pub fn split_leading_past<'a>(
    text: &'a str,
    now: Timestamp,
    calendar: &Calendar,
) -> Option<(&'a str, Result<Timestamp, String>)> {
    let folded = Text::head(text, LONGEST);
    let c = folded.chars.as_slice();
    let (phrase, end) = phrase(c, 0)?;
    let free = c.get(end).is_none_or(|next| !next.is_alphanumeric());
    if !tells_a_day(&phrase) || (!free && !may_hang_on(&phrase)) {
        return None;
    }
    let rest = text[folded.offsets[end]..].trim_start_matches([' ', '　', ',', '，', '、', ':', '：', '的']);
    let at = match resolve::resolve(&phrase, now, calendar) {
        Ok(reading) if calendar.date(reading.at) == calendar.date(now) && !reading.timed => now,
        Ok(reading) => match earlier(reading.at, &phrase, now, calendar) {
            Some(at) => at,
            None if matches!(phrase.days.as_slice(), [DayWords::Relative(_)]) => {
                return Some((rest, Err(super::echo_date(calendar.date(reading.at), now, calendar))));
            }
            None => return None,
        },
        Err(Unreadable::Past { at, .. }) => at,
        Err(_) => return None,
    };
    Some((rest, Ok(at.min(now))))
}

/// `3点意见` and `3天` tell no day.
fn tells_a_day(phrase: &Phrase) -> bool {
    !phrase.days.is_empty() && phrase.offset.is_none() && !phrase.deadline
}

/// Whether words may follow without a blank: not those of `2号机房` and `1.2版本`.
fn may_hang_on(phrase: &Phrase) -> bool {
    phrase.digits.is_none() && !matches!(phrase.days.as_slice(), [DayWords::DayOfMonth(_)])
}

/// What a day ahead means of something that is over.
fn earlier(at: Timestamp, phrase: &Phrase, now: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
    let local = calendar.local(at);
    let date = match phrase.days.as_slice() {
        [DayWords::Weekday { week: None, .. }, ..] => local.date().saturating_sub(7.days()),
        [DayWords::DayOfMonth(_)] => local.date().saturating_sub(1.month()),
        _ if local.date() > calendar.date(now).saturating_add(DAYS_AHEAD.days()) => {
            local.date().saturating_sub(1.year())
        }
        _ => return None,
    };
    Some(calendar.at(date, local.time())).filter(|at| *at <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Calendar::shanghai().zone().to_timestamp(text.parse().unwrap()).unwrap()
    }

    fn read(text: &str, now: &str) -> String {
        let calendar = Calendar::shanghai();
        match split_leading_past(text, at(now), &calendar) {
            None => "-".into(),
            Some((rest, Ok(at))) => format!("{}|{rest}", calendar.local(at).strftime("%Y-%m-%d %H:%M")),
            Some((_, Err(reading))) => format!("not yet: {reading}"),
        }
    }

    #[test]
    fn days_behind_are_read_at_the_beginning() {
        // A Tuesday.
        for (text, expected) in [
            ("昨天和王总电话，确认了接口", "2026-11-23 18:00|和王总电话，确认了接口"),
            ("今天和王总电话", "2026-11-24 15:00|和王总电话"),
            ("前天下午3点现场拜访", "2026-11-22 15:00|现场拜访"),
            ("今天上午10点，电话", "2026-11-24 10:00|电话"),
            ("11月20日现场拜访", "2026-11-20 18:00|现场拜访"),
            ("11-20 电话", "2026-11-20 18:00|电话"),
            ("上周五 电话", "2026-11-20 18:00|电话"),
            ("周五和王总电话", "2026-11-20 18:00|和王总电话"),
            ("周二 电话", "2026-11-24 15:00|电话"),
            ("1月5日上线的方案谈妥了", "-"),
            ("昨天", "2026-11-23 18:00|"),
            ("明天和王总电话", "not yet: 11月25日 周三"),
            ("电话，确认了周五演示", "-"),
            ("3点意见都谈妥了", "-"),
            ("3天里谈了两次", "-"),
            ("2号机房的问题谈妥了", "-"),
            ("1.2版本谈妥了", "-"),
            ("下周三演示的内容谈妥了", "-"),
            ("月底报表导出谈妥了", "-"),
            ("", "-"),
        ] {
            assert_eq!(read(text, "2026-11-24T15:00"), expected, "{text}");
        }
    }

    #[test]
    fn the_last_days_of_a_year_are_told_of_in_the_next() {
        assert_eq!(read("12月30日 电话", "2027-01-05T10:00"), "2026-12-30 18:00|电话");
    }
}
