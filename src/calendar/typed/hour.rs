//! Times of day: `下午3点半`, `15:00`, `下班前`, `10点-11点半`.

use super::day::{DayWords, day};
use super::number::{Number, number};
use super::text::{after, after_any, latin, look_up, spaces};
use crate::calendar::Calendar;

/// A stretch of the day that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// 凌晨.
    Dawn,
    /// 早上.
    Early,
    /// 上午.
    Forenoon,
    /// 中午.
    Noon,
    /// 下午.
    Afternoon,
    /// 傍晚.
    Dusk,
    /// 晚上.
    Evening,
    /// 半夜.
    Night,
    /// 上班前.
    WorkBegins,
    /// 下班前.
    WorkEnds,
}

/// Minutes since the midnight that begins the day; from 1440 on they lie in the next one.
pub(super) type Minutes = i64;

/// An hour and minute as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClockWords {
    pub hour: u32,
    pub minute: u32,
    /// Leaves no doubt about the half of the day: `15点`, `09:30`, `0点`.
    pub literal: bool,
    /// Written with a colon, which is how the 24-hour clock is written.
    colon: bool,
}

/// The words for a time of day, or for a stretch of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TimeWords {
    pub part: Option<Part>,
    pub clock: Option<ClockWords>,
    pub end: Option<EndWords>,
}

/// Where a stretch of time ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EndWords {
    /// Its day and perhaps that day's weekday; none where it ends on the day of its beginning.
    pub days: Vec<DayWords>,
    part: Option<Part>,
    clock: ClockWords,
}

const PARTS: [(&str, Part); 43] = [
    ("大清早", Part::Early),
    ("一大早", Part::Early),
    ("清早", Part::Early),
    ("清晨", Part::Early),
    ("早晨", Part::Early),
    ("早上", Part::Early),
    ("早间", Part::Early),
    ("一早", Part::Early),
    ("上午", Part::Forenoon),
    ("午前", Part::Forenoon),
    ("凌晨", Part::Dawn),
    ("中午", Part::Noon),
    ("正午", Part::Noon),
    ("午饭前", Part::Noon),
    ("午休前", Part::Noon),
    ("下午", Part::Afternoon),
    ("午后", Part::Afternoon),
    ("傍晚", Part::Dusk),
    ("晚上", Part::Evening),
    ("晚间", Part::Evening),
    ("夜晚", Part::Evening),
    ("深夜", Part::Night),
    ("半夜", Part::Night),
    ("午夜", Part::Night),
    ("夜里", Part::Night),
    ("夜间", Part::Night),
    ("下班之前", Part::WorkEnds),
    ("下班以前", Part::WorkEnds),
    ("下班前", Part::WorkEnds),
    ("下班时", Part::WorkEnds),
    ("下班后", Part::WorkEnds),
    ("下班", Part::WorkEnds),
    ("一上班", Part::WorkBegins),
    ("上班之前", Part::WorkBegins),
    ("上班前", Part::WorkBegins),
    ("上班时", Part::WorkBegins),
    ("上班后", Part::WorkBegins),
    ("上班", Part::WorkBegins),
    // Single characters, which need a day or an hour beside them.
    ("早", Part::Early),
    ("晨", Part::Early),
    ("晚", Part::Evening),
    ("夜", Part::Evening),
    ("午", Part::Noon),
];

/// How many at the end of `PARTS` are single characters.
const SHORT_PARTS: usize = 5;

/// Reads a time of day; `after_day` allows `明早`, whose last character says little alone.
pub(super) fn time(c: &[char], i: usize, after_day: bool) -> Option<(TimeWords, usize)> {
    if let Some(found) = short_range(c, i, None) {
        return Some(found);
    }
    let part = part(c, i);
    let Some((part, behind)) = part else {
        let (clock, part, end) = clock(c, i)?;
        return Some(with_end(c, TimeWords { part, clock: Some(clock), end: None }, end));
    };
    let start = spaces(c, after(c, spaces(c, behind), "的").unwrap_or(behind));
    let start = after_any(c, start, &[",", "、"]).map_or(start, |start| spaces(c, start));
    if let Some(found) = short_range(c, start, Some(part)) {
        return Some(found);
    }
    if let Some((clock, own_part, end)) = clock(c, start) {
        let words = TimeWords { part: own_part.or(Some(part)), clock: Some(clock), end: None };
        return Some(with_end(c, words, end));
    }
    let says_enough = after_day || behind - i > 1;
    says_enough.then_some((TimeWords { part: Some(part), clock: None, end: None }, behind))
}

fn part(c: &[char], i: usize) -> Option<(Part, usize)> {
    if let Some((part, end)) = look_up(c, i, &PARTS[..PARTS.len() - SHORT_PARTS]) {
        return Some((part, end));
    }
    if let Some(found) = look_up(c, i, &PARTS[PARTS.len() - SHORT_PARTS..]) {
        return Some(found);
    }
    let (word, end) = latin(c, i)?;
    let part = match word.as_str() {
        "morning" => Part::Early,
        "noon" => Part::Noon,
        "afternoon" => Part::Afternoon,
        "evening" | "night" | "tonight" => Part::Evening,
        "midnight" => Part::Night,
        "eod" | "cob" => Part::WorkEnds,
        "end" => return Some((Part::WorkEnds, after(c, end, " of day")?)),
        _ => return None,
    };
    Some((part, end))
}

/// Reads `10点半`, `10:30`, `3pm`, with the half of the day where the words say it.
fn clock(c: &[char], i: usize) -> Option<(ClockWords, Option<Part>, usize)> {
    let (hour, end) = number(c, i)?;
    if hour.value > 24 || hour.digits > 3 {
        return None;
    }
    if c.get(end) == Some(&':') {
        let (minute, mut end) =
            number(c, end + 1).filter(|(minute, _)| minute.digits == 2 && minute.value < 60)?;
        if let Some((_, behind)) = c.get(end).filter(|c| **c == ':').and_then(|_| number(c, end + 1)) {
            end = behind;
        }
        if matches!(c.get(end), Some(':')) {
            return None;
        }
        let words = words(hour, minute.value, true)?;
        let (part, end) = half_of_day(c, end).map_or((None, end), |(part, end)| (Some(part), end));
        return Some((words, part, end));
    }
    if let Some(behind) = after_any(c, spaces(c, end), &["点", "时"]) {
        let (minute, end) = minutes(c, behind);
        return Some((words(hour, minute, false)?, None, end));
    }
    let (part, end) = half_of_day(c, end).filter(|_| hour.value <= 12)?;
    Some((words(hour, 0, false)?, Some(part), end))
}

fn words(hour: Number, minute: u32, colon: bool) -> Option<ClockWords> {
    let literal = hour.value > 12 || hour.value == 0 || hour.padded;
    let fits = hour.value < 24 || minute == 0;
    fits.then_some(ClockWords { hour: hour.value, minute, literal, colon })
}

fn half_of_day(c: &[char], i: usize) -> Option<(Part, usize)> {
    let (word, end) = latin(c, spaces(c, i))?;
    match word.as_str() {
        "am" => Some((Part::Forenoon, end)),
        "pm" => Some((Part::Afternoon, end)),
        _ => None,
    }
}

/// What stands behind `点`.
fn minutes(c: &[char], i: usize) -> (u32, usize) {
    let fixed = [("半", 30), ("一刻", 15), ("1刻", 15), ("三刻", 45), ("3刻", 45), ("钟", 0), ("整", 0)];
    if let Some((minute, end)) = look_up(c, i, &fixed) {
        return (minute, after(c, end, "钟").unwrap_or(end));
    }
    let start = spaces(c, i);
    let Some((minute, end)) = number(c, start).filter(|(minute, _)| minute.value < 60) else { return (0, i) };
    if let Some(end) = after(c, end, "分") {
        return if c.get(end) == Some(&'钟') { (0, i) } else { (minute.value, end) };
    }
    // `10点30`, `三点十五`, but not the day of `10点11月30日`, nor `3点5`.
    let alone = !matches!(
        c.get(end),
        Some('月' | '日' | '号' | '年' | '点' | '时' | '天' | '小' | '个' | '.' | '/' | ':')
    );
    let whole = minute.digits == 2 || (minute.value >= 10 && minute.digits <= 3);
    if start == i && alone && whole { (minute.value, end) } else { (0, i) }
}

const TO: [&str; 8] = ["--", "-", "~~", "~", "到", "至", "to ", "直到"];

/// `9-11点`, `2-4pm`: the beginning borrows its unit from the end.
fn short_range(c: &[char], i: usize, part: Option<Part>) -> Option<(TimeWords, usize)> {
    let (hour, end) = number(c, i)?;
    if hour.value > 24 || hour.digits > 3 {
        return None;
    }
    let start = spaces(c, after_any(c, spaces(c, end), &TO)?);
    let (end_clock, end_part, end) = clock(c, start)?;
    let clock = words(hour, 0, false)?;
    let part = part.or_else(|| end_part.filter(|_| hour.value <= end_clock.hour && hour.value < 12));
    let words = EndWords { days: Vec::new(), part: end_part, clock: end_clock };
    Some((TimeWords { part, clock: Some(clock), end: Some(words) }, end))
}

/// Looks for the end of a stretch behind its beginning.
fn with_end(c: &[char], begin: TimeWords, behind: usize) -> (TimeWords, usize) {
    let Some((words, end)) = end_words(c, behind) else { return (begin, behind) };
    (TimeWords { end: Some(words), ..begin }, end)
}

fn end_words(c: &[char], behind: usize) -> Option<(EndWords, usize)> {
    let mut start = spaces(c, after_any(c, spaces(c, behind), &TO)?);
    let mut days = Vec::new();
    while days.len() < 2
        && clock(c, start).is_none()
        && let Some((words, end)) = day(c, start)
    {
        days.push(words);
        start = spaces(c, end);
    }
    let mut end_part = None;
    if let Some((words, end)) = part(c, start) {
        (end_part, start) = (Some(words), spaces(c, end));
    }
    let (clock, own_part, end) = clock(c, start)?;
    Some((EndWords { days, part: own_part.or(end_part), clock }, end))
}

impl TimeWords {
    /// The minutes that the beginning can mean, the likeliest first; none when the words contradict each other.
    pub fn begins(&self, calendar: &Calendar) -> Vec<Minutes> {
        let Some(clock) = self.clock else {
            return self.part.map(|part| part_alone(part, calendar)).unwrap_or_default();
        };
        if let Some(part) = self.part {
            return in_part(part, clock).into_iter().collect();
        }
        let hour = i64::from(clock.hour) * 60 + i64::from(clock.minute);
        match clock.hour {
            _ if clock.literal => vec![hour],
            // Nobody meets at four in the morning without saying so.
            1..=6 => vec![hour + 720],
            7 if !clock.colon => vec![hour, hour + 720],
            _ => vec![hour],
        }
    }

    /// The minutes at which the stretch ends, when it began at `begin` of the same day.
    pub fn ends(&self, begin: Minutes) -> Option<Minutes> {
        let EndWords { part, clock, .. } = self.end.as_ref()?;
        let hour = i64::from(clock.hour) * 60 + i64::from(clock.minute);
        let said = part.or(self.part).and_then(|part| in_part(part, *clock));
        if let (Some(_), None) = (part, said) {
            return None;
        }
        let evening = (!clock.literal && part.is_none()).then_some(hour + 720);
        let plain = part.is_none().then_some(hour);
        let candidates =
            [said, plain, evening, said.map(|said| said + 1_440), plain.map(|plain| plain + 1_440)];
        candidates.into_iter().flatten().find(|end| *end > begin)
    }

    /// The minutes at which the stretch ends, when its end names a day of its own.
    pub fn ends_on_its_day(&self) -> Option<Minutes> {
        let EndWords { part, clock, .. } = self.end.as_ref()?;
        let hour = i64::from(clock.hour) * 60 + i64::from(clock.minute);
        match part {
            Some(part) => in_part(*part, *clock),
            None if !clock.literal && (1..=6).contains(&clock.hour) => Some(hour + 720),
            None => Some(hour),
        }
    }

    /// Whether the words leave the half of the day open, as `9点` does.
    pub fn could_be_evening(&self) -> bool {
        self.part.is_none()
            && self
                .clock
                .is_some_and(|clock| !clock.literal && !clock.colon && (7..=12).contains(&clock.hour))
    }

    /// Whether the words name the first hours of a day, which typed alone can only be the coming ones.
    pub fn is_after_midnight(&self) -> bool {
        self.part == Some(Part::Dawn)
            || (self.part.is_none() && self.clock.is_some_and(|clock| clock.hour == 0))
    }
}

/// A part of the day without an hour is a deadline like a day without an hour: its end.
fn part_alone(part: Part, calendar: &Calendar) -> Vec<Minutes> {
    let of = |time: jiff::civil::Time| i64::from(time.hour()) * 60 + i64::from(time.minute());
    match part {
        Part::Dawn => vec![0, 180, 360],
        Part::Early | Part::WorkBegins => vec![of(calendar.work_begins_at())],
        Part::Forenoon | Part::Noon => vec![720],
        Part::Afternoon | Part::WorkEnds => vec![of(calendar.work_ends_at())],
        Part::Dusk => vec![1_080],
        Part::Evening => vec![1_200],
        Part::Night => vec![1_440],
    }
}

fn in_part(part: Part, clock: ClockWords) -> Option<Minutes> {
    let hour = i64::from(clock.hour);
    let hour = match (part, hour) {
        (Part::Dawn, 0..=6) | (Part::Early | Part::Forenoon, 0..=12) | (Part::Noon, 10..=14) => hour,
        (Part::Dawn, 12 | 24) => 0,
        (Part::Noon, 1..=2) => hour + 12,
        (Part::Afternoon, 1..=11) => hour + 12,
        (Part::Afternoon, 12..=23) => hour,
        (Part::Dusk, 4..=8) => hour + 12,
        (Part::Dusk, 16..=20) => hour,
        (Part::Evening, 5..=11) | (Part::Night, 8..=11) => hour + 12,
        (Part::Evening | Part::Night, 12 | 0 | 24) => 24,
        (Part::Evening, 1..=4) | (Part::Night, 1..=7) => hour + 24,
        (Part::Evening | Part::Night, 17..=23) => hour,
        (Part::WorkBegins, 6..=10) => hour,
        (Part::WorkEnds, 4..=9) => hour + 12,
        (Part::WorkEnds, 16..=22) => hour,
        _ => return None,
    };
    Some(hour * 60 + i64::from(clock.minute))
}
