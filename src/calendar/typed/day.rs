//! Days: `后天`, `下周三`, `月底`, `11月30日`, `12/1`, `next friday`.

use super::amount::{Amount, OffsetKind, offset};
use super::english;
use super::number::{Number, digit, is_numeral, number};
use super::text::{after, after_any, look_up, spaces};

/// What the words for a day say, before the calendar is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DayWords {
    /// So many days from today: `后天`.
    Relative(i64),
    /// One day or the other: `明后天`.
    EitherRelative(i64, i64),
    /// So much time from today, in whole days: `3天后`, `三个工作日内`.
    In { amount: Amount, ago: bool },
    /// A weekday of this week (0), the next (1) …, or the coming one.
    Weekday { week: Option<i64>, weekday: i64 },
    /// `下个工作日`.
    NextWorking,
    /// The last working day before a holiday, or the first after it: `春节前`.
    Holiday { name: &'static str, before: bool },
    /// The end of the working week: `本周内`.
    WorkingWeek(i64),
    /// A week, without saying which day of it: `下周`.
    Week(i64),
    /// A weekend, without saying which day of it.
    Weekend(i64),
    /// A day of a month.
    Month { year: Year, month: Month, day: Day },
    /// A day of the coming month that has not passed it: `30号`.
    DayOfMonth(i8),
    /// The first or last day of a quarter, counted from this one: `季末`.
    Quarter { ahead: i64, last: bool },
    /// The last day of a numbered quarter: `Q4末`.
    NumberedQuarter { year: Year, quarter: i8 },
}

/// Which year was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Year {
    Unsaid,
    Number(i16),
    /// From this one.
    Ahead(i64),
}

/// Which month was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Month {
    Number(i8),
    /// From this one.
    Ahead(i64),
    /// This one, or the coming one for a day that it has already passed: `月初`.
    Coming,
}

/// Which day of a month was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    Number(i8),
    Last,
    FirstWorking,
    LastWorking,
    /// The month alone.
    Any,
}

const RELATIVE: [(&str, DayWords); 15] = [
    ("明后天", DayWords::EitherRelative(1, 2)),
    ("明后两天", DayWords::EitherRelative(1, 2)),
    ("大后天", DayWords::Relative(3)),
    ("大前天", DayWords::Relative(-3)),
    ("后天", DayWords::Relative(2)),
    ("后日", DayWords::Relative(2)),
    ("前天", DayWords::Relative(-2)),
    ("明天", DayWords::Relative(1)),
    ("明日", DayWords::Relative(1)),
    ("明儿", DayWords::Relative(1)),
    ("次日", DayWords::Relative(1)),
    ("昨天", DayWords::Relative(-1)),
    ("昨日", DayWords::Relative(-1)),
    ("今天", DayWords::Relative(0)),
    ("今日", DayWords::Relative(0)),
];

/// Words that make a day of the single character before them, as in `明早`.
const PARTS_BEHIND: [&str; 10] = ["早", "晚", "晨", "夜", "上午", "中午", "下午", "午", "傍晚", "凌晨"];

/// Reads the words for one day.
pub(super) fn day(c: &[char], i: usize) -> Option<(DayWords, usize)> {
    relative(c, i)
        .or_else(|| week(c, i))
        .or_else(|| in_days(c, i))
        .or_else(|| holiday(c, i))
        .or_else(|| numeric(c, i))
        .or_else(|| quarter(c, i))
        .or_else(|| month(c, i))
        .or_else(|| day_of_month(c, i))
        .or_else(|| english::day(c, i))
        .or_else(|| english::day_and_month(c, i))
}

fn relative(c: &[char], i: usize) -> Option<(DayWords, usize)> {
    if let Some((words, end)) =
        RELATIVE.iter().find_map(|(word, days)| Some((days.clone(), after(c, i, word)?)))
    {
        return Some((words, end));
    }
    if let Some(end) = after_any(c, i, &["下一个工作日", "下个工作日"]) {
        return Some((DayWords::NextWorking, end));
    }
    let (days, end) = look_up(c, i, &[("今", 0), ("明", 1), ("昨", -1), ("后", 2)])?;
    after_any(c, end, &PARTS_BEHIND)?;
    Some((DayWords::Relative(days), end))
}

fn in_days(c: &[char], i: usize) -> Option<(DayWords, usize)> {
    let (offset, end) = offset(c, i)?;
    let whole_days = offset.amount.seconds == 0 && offset.kind != OffsetKind::Bare;
    let ago = offset.kind == OffsetKind::Ago;
    whole_days.then_some((DayWords::In { amount: offset.amount, ago }, end))
}

/// `春节前`, `国庆节后`, `节前`; the names as the holiday data has them.
fn holiday(c: &[char], i: usize) -> Option<(DayWords, usize)> {
    let names = [
        ("元旦", "元旦"),
        ("春节", "春节"),
        ("过年", "春节"),
        ("清明", "清明"),
        ("五一", "劳动"),
        ("劳动节", "劳动"),
        ("端午", "端午"),
        ("中秋", "中秋"),
        ("国庆", "国庆"),
        ("十一", "国庆"),
        ("放假", ""),
        ("年", "春节"),
        ("节", ""),
    ];
    let (name, end) = look_up(c, i, &names)?;
    let end = after_any(c, end, &["节放假", "放假", "假期", "节"]).unwrap_or(end);
    let sides =
        [("之前", true), ("以前", true), ("前", true), ("之后", false), ("以后", false), ("后", false)];
    let (before, end) = look_up(c, end, &sides)?;
    Some((DayWords::Holiday { name, before }, end))
}

const WEEK: [&str; 3] = ["星期", "礼拜", "周"];

fn week(c: &[char], i: usize) -> Option<(DayWords, usize)> {
    let (week, start) = which(c, i);
    let start = after(c, start, "个").filter(|_| week.is_some()).unwrap_or(start);
    let end = after_any(c, start, &WEEK)?;
    if let Some((weekday, end)) = weekday(c, end) {
        return Some((DayWords::Weekday { week, weekday }, end));
    }
    if let Some(end) = after(c, end, "末") {
        return Some((DayWords::Weekend(week.unwrap_or(0)), end));
    }
    if let Some(end) = after_any(c, end, &["最后一个工作日", "的最后一个工作日", "之内", "以内", "内"])
    {
        return Some((DayWords::WorkingWeek(week.unwrap_or(0)), end));
    }
    let week = week?;
    if let Some(end) = after(c, end, "初") {
        return Some((DayWords::Weekday { week: Some(week), weekday: 0 }, end));
    }
    // `下周的周三`.
    let again = spaces(c, after(c, end, "的").unwrap_or(end));
    if let Some((weekday, end)) = after_any(c, again, &WEEK).and_then(|start| weekday(c, start)) {
        return Some((DayWords::Weekday { week: Some(week), weekday }, end));
    }
    let words = if week == 0 { DayWords::WorkingWeek(0) } else { DayWords::Week(week) };
    Some((words, end))
}

/// `本`, `下`, `下下`, `上`: how far from this week or month; `None` when nothing is said.
fn which(c: &[char], i: usize) -> (Option<i64>, usize) {
    let count = |wanted: char| c.iter().skip(i).take_while(|c| **c == wanted).take(4).count();
    if let Some(end) = after_any(c, i, &["本", "这", "当"]) {
        return (Some(0), end);
    }
    match (count('下'), count('上')) {
        (0, 0) => (None, i),
        (0, back) => (Some(-i64::try_from(back).unwrap_or(1)), i + back),
        (ahead, _) => (Some(i64::try_from(ahead).unwrap_or(1)), i + ahead),
    }
}

/// One character that counts the days of the week from Monday.
fn weekday(c: &[char], i: usize) -> Option<(i64, usize)> {
    let typed = *c.get(i)?;
    let weekday = match typed {
        '日' | '天' => 6,
        '两' | '零' | '〇' => return None,
        _ => i64::from(digit(typed).filter(|day| (1..=7).contains(day))?) - 1,
    };
    let next = c.get(i + 1).copied();
    if typed.is_ascii_digit() {
        let another = next.is_some_and(|c| is_numeral(c) || "点时:./-月号日天次个".contains(c));
        return (!another).then_some((weekday, i + 1));
    }
    Some((weekday, i + 1)).filter(|_| weekday < 6 || typed == '日' || typed == '天')
}

/// The weekday of `11/30(一)`, where nothing but the brackets says that it is one.
pub(super) fn bracketed_weekday(c: &[char], i: usize) -> Option<(DayWords, usize)> {
    let opened = i.checked_sub(1).is_some_and(|before| c[before] == '(');
    let (weekday, end) = weekday(c, i)?;
    let closed = opened && c.get(end) == Some(&')');
    closed.then_some((DayWords::Weekday { week: None, weekday }, end))
}

fn number_day(number: Number) -> Option<i8> {
    i8::try_from(number.value).ok().filter(|day| (1..=31).contains(day))
}

/// `2026-12-01`, `26/12/1`, `12/1`, `12.1`, `11-30`, `20261201`.
fn numeric(c: &[char], i: usize) -> Option<(DayWords, usize)> {
    if !c.get(i)?.is_ascii_digit() || i.checked_sub(1).is_some_and(|before| c[before].is_ascii_digit()) {
        return None;
    }
    let (first, end) = number(c, i)?;
    if first.digits == 8 {
        let (year, rest) = (first.value / 10_000, first.value % 10_000);
        return dated(Some(year), rest / 100, rest % 100).map(|words| (words, end));
    }
    let separator = *c.get(end).filter(|c| matches!(c, '-' | '/' | '.'))?;
    let (second, end) = number(c, end + 1)?;
    let third = (c.get(end) == Some(&separator)).then(|| number(c, end + 1)).flatten();
    let (words, end) = match third {
        Some((third, end)) if first.digits == 4 => {
            (dated(Some(first.value), second.value, third.value)?, end)
        }
        Some((third, end)) if first.digits == 2 && first.value >= 20 => {
            (dated(Some(2_000 + first.value), second.value, third.value)?, end)
        }
        Some(_) => return None,
        None => (dated(None, first.value, second.value)?, end),
    };
    let end = after_any(c, end, &["日", "号"]).unwrap_or(end);
    let goes_on = c.get(end).is_some_and(|c| is_numeral(*c) || matches!(c, '%' | '/' | ':'))
        || (c.get(end) == Some(&separator) && separator != '-')
        || (c.get(end) == Some(&'.') && c.get(end + 1).is_some_and(char::is_ascii_digit));
    (!goes_on && second.digits <= 2 && first.digits != 3).then_some((words, end))
}

/// The date of three numbers, where they can be one.
pub(super) fn dated(year: Option<u32>, month: u32, day: u32) -> Option<DayWords> {
    let year = match year {
        None => Year::Unsaid,
        Some(year) => Year::Number(i16::try_from(year).ok().filter(|year| (1_970..=2_999).contains(year))?),
    };
    let month = i8::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
    let day = i8::try_from(day).ok().filter(|day| (1..=31).contains(day))?;
    Some(DayWords::Month { year, month: Month::Number(month), day: Day::Number(day) })
}

/// `2026年`, `明年`.
fn year(c: &[char], i: usize) -> Option<(Year, usize)> {
    let relative = [("今年", 0), ("本年", 0), ("明年", 1), ("后年", 2), ("去年", -1), ("前年", -2)];
    if let Some((ahead, end)) = look_up(c, i, &relative) {
        return Some((Year::Ahead(ahead), end));
    }
    let (number, end) = number(c, i)?;
    let end = after(c, spaces(c, end), "年")?;
    let value = match number.digits {
        4 => number.value,
        2 if number.value >= 20 => 2_000 + number.value,
        _ => return None,
    };
    let value = i16::try_from(value).ok().filter(|year| (1_970..=2_999).contains(year))?;
    Some((Year::Number(value), end))
}

/// `12月1日`, `下月初`, `月底`, `年底`, with a year in front or without.
fn month(c: &[char], i: usize) -> Option<(DayWords, usize)> {
    let (year, start) = year(c, i).unwrap_or((Year::Unsaid, i));
    let start = if year == Year::Unsaid { i } else { spaces(c, after(c, start, "的").unwrap_or(start)) };
    if let Some(found) = of_year(c, start, year) {
        return Some(found);
    }
    if let Some((number, end)) = number(c, start)
        && let Some(end) = after_any(c, spaces(c, end), &["月份", "月"])
    {
        let month = i8::try_from(number.value).ok().filter(|month| (1..=12).contains(month))?;
        let (day, end) = day_in_month(c, end).unwrap_or((Day::Any, end));
        return Some((DayWords::Month { year, month: Month::Number(month), day }, end));
    }
    if year != Year::Unsaid {
        return None;
    }
    if let Some(end) = after(c, start, "次月") {
        let (day, end) = day_in_month(c, end).unwrap_or((Day::Any, end));
        return Some((DayWords::Month { year, month: Month::Ahead(1), day }, end));
    }
    let (ahead, behind) = which(c, start);
    let behind = after(c, behind, "个").filter(|_| ahead.is_some()).unwrap_or(behind);
    let end = after(c, behind, "月")?;
    match (ahead, day_in_month(c, end)) {
        (Some(ahead), Some((day, end))) => {
            Some((DayWords::Month { year, month: Month::Ahead(ahead), day }, end))
        }
        (Some(ahead), None) => {
            Some((DayWords::Month { year, month: Month::Ahead(ahead), day: Day::Any }, end))
        }
        (None, Some((day, end))) => {
            let edge =
                after_any(c, end.saturating_sub(1), &["日", "号"]).is_none() && !is_numeral(c[end - 1]);
            edge.then_some((DayWords::Month { year, month: Month::Coming, day }, end))
        }
        (None, None) => None,
    }
}

/// `底`, `中旬`, `5号`: what stands behind a month.
fn day_in_month(c: &[char], i: usize) -> Option<(Day, usize)> {
    let edges = [
        ("最后一个工作日", Day::LastWorking),
        ("最后1个工作日", Day::LastWorking),
        ("底最后一个工作日", Day::LastWorking),
        ("第一个工作日", Day::FirstWorking),
        ("第1个工作日", Day::FirstWorking),
        ("最后一天", Day::Last),
        ("上旬", Day::Number(10)),
        ("中旬", Day::Number(20)),
        ("下旬", Day::Last),
        ("底", Day::Last),
        ("末", Day::Last),
        ("尾", Day::Last),
        ("之内", Day::Last),
        ("以内", Day::Last),
        ("内", Day::Last),
        ("初", Day::Number(1)),
        ("中", Day::Number(15)),
    ];
    let start = after(c, i, "的").unwrap_or(i);
    if let Some(found) = look_up(c, start, &edges) {
        return Some(found);
    }
    let (number, end) = number(c, spaces(c, start))?;
    let day = Day::Number(number_day(number)?);
    if let Some(end) = after_any(c, spaces(c, end), &["日", "号"]) {
        return Some((day, end));
    }
    let something_else = c.get(end).is_some_and(|c| "点时:个天小分年月%.-/".contains(*c));
    (!something_else).then_some((day, end))
}

/// `年底`, `年初`.
fn of_year(c: &[char], i: usize, year: Year) -> Option<(DayWords, usize)> {
    let edges = [
        ("年底", (12, Day::Last)),
        ("年末", (12, Day::Last)),
        ("年内", (12, Day::Last)),
        ("年中", (6, Day::Last)),
        ("年初", (1, Day::Number(1))),
        ("底", (12, Day::Last)),
        ("末", (12, Day::Last)),
        ("内", (12, Day::Last)),
        ("中", (6, Day::Last)),
        ("初", (1, Day::Number(1))),
    ];
    let shown = if year == Year::Unsaid { &edges[..5] } else { &edges[..] };
    let ((month, day), end) = look_up(c, i, shown)?;
    Some((DayWords::Month { year, month: Month::Number(month), day }, end))
}

/// `季末`, `本季度末`, `下季度初`, `Q4末`.
fn quarter(c: &[char], i: usize) -> Option<(DayWords, usize)> {
    let (year, start) = year(c, i).unwrap_or((Year::Unsaid, i));
    let start = spaces(c, start);
    let last = ["末", "底", "内", "结束"];
    let numbered = after(c, start, "q").and_then(|i| number(c, i)).or_else(|| {
        let (number, end) = number(c, after(c, start, "第").unwrap_or(start))?;
        Some((number, after(c, end, "季度")?))
    });
    if let Some((number, end)) = numbered {
        let quarter = i8::try_from(number.value).ok().filter(|quarter| (1..=4).contains(quarter))?;
        let end = after_any(c, end, &last)?;
        return Some((DayWords::NumberedQuarter { year, quarter }, end));
    }
    let (ahead, start) = which(c, i);
    let start = after(c, start, "个").unwrap_or(start);
    let end = after_any(c, start, &["季度", "季"])?;
    let ahead = ahead.unwrap_or(0);
    if let Some(end) = after_any(c, end, &last) {
        return Some((DayWords::Quarter { ahead, last: true }, end));
    }
    after(c, end, "初").map(|end| (DayWords::Quarter { ahead: ahead.max(0), last: false }, end))
}

/// `30号`.
fn day_of_month(c: &[char], i: usize) -> Option<(DayWords, usize)> {
    let (number, end) = number(c, i)?;
    let end = after_any(c, spaces(c, end), &["号", "日"])?;
    Some((DayWords::DayOfMonth(number_day(number)?), end))
}
