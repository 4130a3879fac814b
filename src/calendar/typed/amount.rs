//! Amounts of time: `3天`, `一个半小时`, `三个工作日`, `2h30m`.

use jiff::SignedDuration;

use super::number::number;
use super::text::{Text, after, after_any, latin, look_up, spaces};

/// So much time, kept in the units in which it was said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub seconds: i64,
    pub days: i64,
    pub working_days: i64,
    pub months: i64,
}

/// An amount, seen from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offset {
    pub amount: Amount,
    pub kind: OffsetKind,
}

/// What the words around an amount make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OffsetKind {
    /// `3天后`.
    After,
    /// `3天内`.
    Within,
    /// `3天前`.
    Ago,
    /// `3天`.
    Bare,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Second,
    Minute,
    Quarter,
    Hour,
    Day,
    WorkingDay,
    Week,
    Month,
    Year,
}

impl Amount {
    /// How many weeks, if it is nothing but weeks: `两周后的周一`.
    pub fn in_weeks(self) -> Option<i64> {
        let weeks = self.days / 7;
        (weeks > 0 && self == Self { days: weeks * 7, ..Self::default() }).then_some(weeks)
    }
}

const UNITS: [(&str, Unit); 19] = [
    ("工作日", Unit::WorkingDay),
    ("自然日", Unit::Day),
    ("小时", Unit::Hour),
    ("钟头", Unit::Hour),
    ("刻钟", Unit::Quarter),
    ("分钟", Unit::Minute),
    ("秒钟", Unit::Second),
    ("星期", Unit::Week),
    ("礼拜", Unit::Week),
    ("天", Unit::Day),
    ("周", Unit::Week),
    ("年", Unit::Year),
    ("秒", Unit::Second),
    // The rest only counts when something else says that it is an amount.
    ("钟", Unit::Hour),
    ("月", Unit::Month),
    ("日", Unit::Day),
    ("分", Unit::Minute),
    ("时", Unit::Hour),
    ("晚", Unit::Day),
];

/// How `duration` words are read in a value such as `时长:1.5小时`; working days and months have no fixed length.
pub fn read_duration(text: &str) -> Option<SignedDuration> {
    let text = Text::head(text.trim(), 24);
    let (amount, end) = amount(&text.chars, 0)?;
    let fixed = amount.working_days == 0 && amount.months == 0 && end == text.chars.len();
    let seconds = amount.days.checked_mul(86_400)?.checked_add(amount.seconds)?;
    (fixed && seconds > 0).then(|| SignedDuration::from_secs(seconds))
}

/// Reads an amount with the words before and behind it: `in 3 days`, `过两小时`, `三天内`.
pub(super) fn offset(c: &[char], i: usize) -> Option<(Offset, usize)> {
    let (before, start) = look_up(
        c,
        i,
        &[
            ("再过", OffsetKind::After),
            ("过", OffsetKind::After),
            ("within ", OffsetKind::Within),
            ("in ", OffsetKind::After),
            ("+", OffsetKind::After),
        ],
    )
    .unwrap_or((OffsetKind::Bare, i));
    let (amount, end) = amount(c, spaces(c, start))?;
    let (spoken, behind) = (end, spaces(c, end));
    let marks: [(&str, OffsetKind); 13] = [
        ("之后", OffsetKind::After),
        ("以后", OffsetKind::After),
        ("过后", OffsetKind::After),
        ("后", OffsetKind::After),
        ("之内", OffsetKind::Within),
        ("以内", OffsetKind::Within),
        ("内", OffsetKind::Within),
        ("之前", OffsetKind::Ago),
        ("以前", OffsetKind::Ago),
        ("前", OffsetKind::Ago),
        ("later", OffsetKind::After),
        ("from now", OffsetKind::After),
        ("ago", OffsetKind::Ago),
    ];
    let (kind, end) = look_up(c, behind, &marks).unwrap_or((before, end));
    // `30日`, `3时`, `30分` without such a word are a date and times of day.
    let last = c[..behind].iter().rev().find(|c| **c != ' ');
    let units = ["工作日", "自然日", "小时"];
    let weak =
        matches!(last, Some('日' | '时' | '分' | '晚')) && !units.iter().any(|unit| ends_in(c, spoken, unit));
    // `25日前` is before the 25th.
    let weak = weak && (kind == OffsetKind::Bare || (kind == OffsetKind::Ago && last == Some(&'日')));
    (!weak).then_some((Offset { amount, kind }, end))
}

fn ends_in(c: &[char], end: usize, word: &str) -> bool {
    end.checked_sub(word.chars().count()).is_some_and(|start| after(c, start, word) == Some(end))
}

/// Reads amounts that stand together, as `1小时30分钟`.
fn amount(c: &[char], i: usize) -> Option<(Amount, usize)> {
    let (mut sum, mut end) = one(c, i)?;
    for _ in 0..3 {
        let Some((more, behind)) = one(c, spaces(c, end)) else { break };
        sum.seconds += more.seconds;
        sum.days += more.days;
        sum.working_days += more.working_days;
        sum.months += more.months;
        end = behind;
    }
    Some((sum, end))
}

fn one(c: &[char], i: usize) -> Option<(Amount, usize)> {
    // In halves, since people say `半小时` and `一个半小时`; a decimal fraction is kept in hundredths.
    let (mut hundredths, mut end, counted) = if let Some(end) = after(c, i, "半") {
        let end = after(c, end, "个").unwrap_or(end);
        (50, end, true)
    } else if let Some((halves, end)) = english_number(c, i) {
        (halves * 50, end, false)
    } else {
        let (number, mut end) = number(c, i)?;
        if number.value > 99_999 {
            return None;
        }
        let mut hundredths = i64::from(number.value) * 100;
        if c.get(end) == Some(&'.') {
            let (fraction, behind) = number_of_two_digits(c, end + 1)?;
            hundredths += fraction;
            end = behind;
        }
        end = spaces(c, end);
        let counted = after(c, end, "个");
        (hundredths, counted.unwrap_or(end), counted.is_some())
    };
    if let Some(half) = after(c, end, "半") {
        hundredths += 50;
        end = half;
    }
    let (unit, mut end) = unit(c, end, counted)?;
    if after_any(c, end, &["半小时", "半个"]).is_none()
        && let Some(half) = after(c, end, "半")
    {
        hundredths += 50;
        end = half;
    }
    Some((of(hundredths, unit)?, end))
}

/// `an `, `three `, `half an `, in halves.
fn english_number(c: &[char], i: usize) -> Option<(i64, usize)> {
    let words = [
        ("half an ", 1),
        ("half a ", 1),
        ("an ", 2),
        ("a ", 2),
        ("one ", 2),
        ("two ", 4),
        ("three ", 6),
        ("four ", 8),
        ("five ", 10),
        ("six ", 12),
        ("seven ", 14),
        ("eight ", 16),
        ("nine ", 18),
        ("ten ", 20),
    ];
    look_up(c, i, &words)
}

fn number_of_two_digits(c: &[char], i: usize) -> Option<(i64, usize)> {
    let (number, end) = number(c, i)?;
    match number.digits {
        1 => Some((i64::from(number.value) * 10, end)),
        2 => Some((i64::from(number.value), end)),
        _ => None,
    }
}

fn unit(c: &[char], i: usize, counted: bool) -> Option<(Unit, usize)> {
    if let Some((unit, end)) = look_up(c, i, &UNITS) {
        let said = &c[i..end];
        // `3个月` but not `3月`, `两个钟` but not `3钟`; `3个日` is nothing.
        let fits = match said {
            ['月' | '钟'] => counted,
            ['日' | '分' | '时' | '晚'] => !counted,
            _ => true,
        };
        // `一周三`, `10分之1` and the like are something else.
        let goes_on =
            matches!(c.get(end), Some('之')) && after_any(c, end, &["之后", "之内", "之前"]).is_none();
        return (fits && !goes_on).then_some((unit, end));
    }
    let (word, end) = latin(c, i)?;
    let unit = match word.as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => Unit::Second,
        "m" | "min" | "mins" | "minute" | "minutes" => Unit::Minute,
        "h" | "hr" | "hrs" | "hour" | "hours" => Unit::Hour,
        "d" | "day" | "days" => Unit::Day,
        "wd" => Unit::WorkingDay,
        "w" | "week" | "weeks" => Unit::Week,
        "month" | "months" => Unit::Month,
        "year" | "years" => Unit::Year,
        "working" | "business" | "workdays" | "workday" => {
            let end = after_any(c, end, &[" days", " day"])
                .or_else(|| word.starts_with("workday").then_some(end))?;
            return Some((Unit::WorkingDay, end));
        }
        _ => return None,
    };
    Some((unit, end))
}

fn of(hundredths: i64, unit: Unit) -> Option<Amount> {
    let whole = hundredths % 100 == 0;
    let seconds = |unit: i64| Amount { seconds: hundredths * unit / 100, ..Amount::default() };
    let amount = match unit {
        Unit::Second => seconds(1),
        Unit::Minute => seconds(60),
        Unit::Quarter => seconds(900),
        Unit::Hour => seconds(3_600),
        Unit::Day if whole => Amount { days: hundredths / 100, ..Amount::default() },
        // `半天` is half a working day to some and twelve hours to others.
        Unit::Day if hundredths < 100 => return None,
        Unit::Day => seconds(86_400),
        Unit::WorkingDay if whole => Amount { working_days: hundredths / 100, ..Amount::default() },
        Unit::WorkingDay => return None,
        Unit::Week if whole => Amount { days: hundredths / 100 * 7, ..Amount::default() },
        Unit::Week => return None,
        Unit::Month if whole => Amount { months: hundredths / 100, ..Amount::default() },
        Unit::Month => Amount { months: hundredths / 100, days: 15, ..Amount::default() },
        Unit::Year if hundredths % 50 == 0 => Amount { months: hundredths * 12 / 100, ..Amount::default() },
        Unit::Year => return None,
    };
    Some(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_people_type() {
        let minutes = |text: &str| read_duration(text).map(|time| time.as_mins());
        let table = [
            ("3天", 4_320),
            ("1小时", 60),
            ("90m", 90),
            ("半小时", 30),
            ("1.5小时", 90),
            ("一个半小时", 90),
            ("２个小时", 120),
            ("两小时", 120),
            ("1小时30分钟", 90),
            ("2h30m", 150),
            ("一刻钟", 15),
            ("45分", 45),
            ("半个小时", 30),
            ("24h", 1_440),
            ("1周", 10_080),
            ("两个星期", 20_160),
            ("1 hour", 60),
            ("3 days", 4_320),
            ("一天半", 2_160),
            ("三刻钟", 45),
            ("0.5h", 30),
        ];
        for (text, expected) in table {
            assert_eq!(minutes(text), Some(expected), "{text}");
        }
        for text in ["", "3", "天", "三个工作日", "一个月", "3点", "两三天", "很久", "0分钟", "1.5", "半天"]
        {
            assert_eq!(minutes(text), None, "{text}");
        }
    }
}
