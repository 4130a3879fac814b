//! The words of one date, time or stretch, in whatever order they stand.

use super::amount::{Offset, OffsetKind, offset};
use super::day::{Day, DayWords, Month, Year, bracketed_weekday, day};
use super::hour::{TimeWords, time};
use super::number::is_numeral;
use super::text::{after, after_any, spaces};

/// What was said about a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Phrase {
    pub days: Vec<DayWords>,
    pub time: Option<TimeWords>,
    /// `两小时后`; whole days are among `days`.
    pub offset: Option<Offset>,
    /// Said to be a deadline: `前`, `截止`, `by`.
    pub deadline: bool,
    /// How a day of digits was written: `12.1`, `12/1`, `11-30`.
    pub digits: Option<char>,
}

/// One phrase has no more words than these.
const MOST_ITEMS: usize = 5;

const BEFORE: [&str; 25] = [
    "截止时间",
    "截止日期",
    "截止到",
    "截止",
    "截至",
    "最晚",
    "最迟",
    "不晚于",
    "赶在",
    "预计",
    "计划",
    "定在",
    "约在",
    "大约",
    "大概",
    "于",
    "在",
    "deadline:",
    "deadline ",
    "due:",
    "due ",
    "by ",
    "before ",
    "on ",
    "at ",
];

/// Which of `BEFORE` make a deadline of what follows.
fn makes_deadline(c: &[char], i: usize) -> bool {
    after_any(c, i, &["截", "最", "不晚于", "赶在", "by ", "before ", "due", "deadline"]).is_some()
}

/// Reads the phrase that begins exactly here.
pub(super) fn phrase(c: &[char], i: usize) -> Option<(Phrase, usize)> {
    if c.get(i).is_none_or(|c| c.is_whitespace()) {
        return None;
    }
    let mut phrase = Phrase::default();
    let mut at = i;
    if let Some(behind) = after_any(c, i, &BEFORE) {
        phrase.deadline = makes_deadline(c, i);
        at = spaces(c, after_any(c, behind, &[":", "是", "为"]).unwrap_or(behind));
    }
    let (mut end, mut items, mut open) = (at, 0, 0_i32);
    while items < MOST_ITEMS {
        let (start, parens) = separators(c, end, items > 0);
        let Some(behind) = item(c, start, &mut phrase) else { break };
        items += 1;
        open += parens;
        end = behind;
        if open > 0
            && let Some(closed) = after(c, spaces(c, end), ")")
        {
            (open, end) = (open - 1, closed);
        }
        if let Some(marked) = deadline_mark(c, end) {
            phrase.deadline = true;
            end = marked;
            if phrase.time.is_some() || phrase.offset.is_some() {
                break;
            }
        }
    }
    (items > 0).then_some((phrase, end))
}

/// Skips what may stand between two words, and counts the brackets it opens.
fn separators(c: &[char], mut i: usize, inside: bool) -> (usize, i32) {
    let mut parens = 0;
    if !inside {
        return (i, 0);
    }
    loop {
        match c.get(i) {
            Some(' ' | ',' | '的' | '、') => i += 1,
            Some('(') => (i, parens) = (i + 1, parens + 1),
            Some('t' | '@') if c.get(i + 1).is_some_and(char::is_ascii_digit) => i += 1,
            _ => match after_any(c, i, &["at ", "on ", "@ "]) {
                Some(behind) => i = behind,
                None => break,
            },
        }
    }
    (i, parens)
}

/// Reads one more word into the phrase.
fn item(c: &[char], i: usize, phrase: &mut Phrase) -> Option<usize> {
    if phrase.offset.is_some() {
        return None;
    }
    if phrase.days.is_empty()
        && phrase.time.is_none()
        && let Some((offset, end)) = offset(c, i)
        && offset.amount.seconds > 0
    {
        phrase.offset = Some(offset);
        return Some(end);
    }
    if phrase.time.is_none()
        && let Some((words, end)) = time(c, i, !phrase.days.is_empty())
    {
        phrase.time = Some(words);
        return Some(end);
    }
    if !phrase.days.is_empty()
        && let Some(found) = bracketed_weekday(c, i)
    {
        phrase.days.push(found.0);
        return Some(found.1);
    }
    if phrase.days.len() < 3
        && let Some((words, end)) = day(c, i)
    {
        if matches!(words, DayWords::Month { day: Day::Number(_), month: Month::Number(_), .. })
            && !c[i..end].iter().any(|c| matches!(c, '月' | 'a'..='z'))
        {
            phrase.digits = c[i..end].iter().copied().find(|c| !c.is_ascii_digit());
        }
        phrase.days.push(words);
        return Some(end);
    }
    if phrase.days.is_empty()
        && phrase.time.is_none()
        && let Some((offset, end)) = offset(c, i)
    {
        phrase.offset = Some(offset);
        return Some(end);
    }
    None
}

/// `前`, `之前`, `截止`, where they are not the beginning of another word.
fn deadline_mark(c: &[char], i: usize) -> Option<usize> {
    let start = spaces(c, i);
    let end = after_any(c, start, &["之前", "以前", "前", "截止", "为止", "之内", "以内", "内", "止"])?;
    let last = c[end - 1];
    let another_word = match last {
        '前' if after_any(c, end, &["提交", "提供", "提出", "提测"]).is_some() => "",
        '前' => "端台期提往后置天年面景缀瞻沿缘言",
        '内' => "部容网测存置核外功",
        _ => "",
    };
    let goes_on = c.get(end).is_some_and(|next| another_word.contains(*next));
    (!goes_on).then_some(end)
}

impl Phrase {
    /// Whether the phrase is only an amount that nothing ties to now: `3天`.
    pub fn is_bare_amount(&self) -> bool {
        self.offset.is_some_and(|offset| offset.kind == OffsetKind::Bare)
    }

    /// Whether a day stands alone, without an hour or another word that bears it out.
    pub fn is_lone_day(&self) -> bool {
        self.days.len() == 1 && self.time.is_none() && !self.deadline
    }

    /// Whether the words can hardly mean anything but a date, so that they may follow a word directly.
    pub fn is_plain(&self) -> bool {
        let plain_day = self.days.iter().any(|words| match words {
            DayWords::Relative(days) => *days >= 0,
            DayWords::EitherRelative(..) | DayWords::Weekday { .. } => true,
            DayWords::NextWorking
            | DayWords::WorkingWeek(_)
            | DayWords::Weekend(_)
            | DayWords::Quarter { .. } => true,
            DayWords::NumberedQuarter { .. } => true,
            DayWords::Holiday { .. } => true,
            DayWords::In { ago, .. } => !ago,
            DayWords::Month { day: Day::Any, .. } => false,
            DayWords::Month { year, .. } => self.digits.is_none() || *year != Year::Unsaid,
            DayWords::Week(_) | DayWords::DayOfMonth(_) => self.deadline || self.time.is_some(),
        });
        let within = matches!(self.days.as_slice(), [DayWords::In { .. }]) && self.time.is_none();
        let plain_time = self.time.as_ref().is_some_and(|time| self.deadline || time.part.is_some());
        let later = self.offset.is_some_and(|offset| offset.kind == OffsetKind::After);
        (plain_day && !within) || plain_time || later
    }
}

/// Whether a phrase cannot begin here, since the character before belongs to its first word.
pub(super) fn is_torn(c: &[char], i: usize) -> bool {
    let Some(before) = i.checked_sub(1).map(|before| c[before]) else { return false };
    let first = c[i];
    match before {
        '@' | '第' | '每' | '或' | '和' | '与' | '及' => true,
        _ if is_numeral(first) => {
            is_numeral(before) || "几多半.,-/:v".contains(before) || before.is_ascii_alphabetic()
        }
        _ if first.is_ascii_alphanumeric() => before.is_ascii_alphanumeric(),
        '上' | '下' | '本' | '这' | '个' | '当' => {
            matches!(first, '周' | '星' | '礼' | '月' | '季' | '年' | '午' | '班' | '下' | '上')
        }
        // The 节 of 章节后, the 年 of 多年前.
        _ if first == '节' => before.is_alphanumeric(),
        _ if first == '年' && matches!(c.get(i + 1), Some('前' | '后')) => before.is_alphanumeric(),
        '大' => matches!(first, '后' | '前'),
        _ if matches!(first, '周' | '月' | '年' | '季' | '星' | '节') => {
            is_numeral(before) || before == '半' || before == '度'
        }
        '今' | '明' | '昨' | '去' => matches!(first, '天' | '日' | '年' | '早' | '晚'),
        _ => false,
    }
}
