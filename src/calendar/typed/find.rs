//! Dates inside ordinary text: at its end for action items and promises, anywhere for meetings.
//!
//! Text that merely contains the words of a date must stay whole (三天打鱼, 第3点意见, 版本1.2, 月底报表导出), so a
//! phrase counts only where it stands free, or where its words can hardly mean anything else.

use std::ops::Range;

use jiff::Timestamp;

use super::day::DayWords;
use super::phrase::{Phrase, is_torn, phrase};
use super::text::{Text, after_any, spaces};
use super::{Reading, Unreadable, resolve};
use crate::calendar::Calendar;

/// A trailing date is looked for in so many characters.
const TAIL: usize = 48;

/// A date anywhere is looked for in so many characters.
const HEAD: usize = 600;

/// What people say they will have done by a date.
const VERBS: [&str; 56] = [
    "处理完成",
    "处理完",
    "整理完",
    "准备好",
    "给客户",
    "给结论",
    "给答复",
    "给方案",
    "给结果",
    "发给",
    "给出",
    "给到",
    "给我",
    "给你",
    "给您",
    "回复",
    "答复",
    "反馈",
    "回应",
    "响应",
    "完成",
    "完工",
    "提交",
    "交付",
    "搞定",
    "解决",
    "处理",
    "修复",
    "修好",
    "上线",
    "发布",
    "发出",
    "发送",
    "提供",
    "确认",
    "弄好",
    "做完",
    "做好",
    "改完",
    "改好",
    "测完",
    "搞完",
    "弄完",
    "看完",
    "签完",
    "约好",
    "到位",
    "闭环",
    "出来",
    "提测",
    "签",
    "回",
    "给",
    "交",
    "发",
    "出",
];

/// What may follow those verbs.
const OBJECTS: [&str; 14] =
    ["客户", "大家", "结果", "结论", "方案", "初稿", "一版", "一下", "您", "你", "我", "掉", "完", "好"];

/// Splits a date at the end off a text: what stands before it, and how it is read. `None` when there is none, or
/// nothing before it: a text that reads as a date as a whole is for [`super::read`].
pub fn split_trailing<'a>(
    text: &'a str,
    now: Timestamp,
    calendar: &Calendar,
) -> Option<(&'a str, Result<Reading, Unreadable>)> {
    let trimmed = text.trim_end();
    let folded = Text::tail(trimmed, TAIL);
    let c = folded.chars.as_slice();
    for start in 0..c.len() {
        let Some((phrase, end)) = phrase(c, start) else { continue };
        if behind_deadline(c, end) != c.len() {
            continue;
        }
        if folded.offsets[start] == 0 || c[start - 1] == '每' {
            return None;
        }
        if stands_at_the_end(c, start, &phrase) {
            let rest = text[..folded.offsets[start]].trim_end();
            let rest = rest.trim_end_matches([',', '，', ';', '；', ':', '：', '、', '(', '（']).trim_end();
            return Some((rest, resolve::resolve(&phrase, now, calendar)));
        }
    }
    None
}

/// The date at the beginning of a text, with the `前回复`-like words behind it, and how it is read. `None` where
/// the text does not begin with one that stands free.
pub fn split_leading<'a>(
    text: &'a str,
    now: Timestamp,
    calendar: &Calendar,
) -> Option<(&'a str, Result<Reading, Unreadable>)> {
    let folded = Text::head(text, TAIL);
    let c = folded.chars.as_slice();
    let (phrase, end) = phrase(c, 0)?;
    let end = behind_deadline(c, end);
    let ends = c.get(end).is_none_or(|next| !next.is_alphanumeric())
        || c[..end].last().is_some_and(|last| !last.is_alphanumeric());
    let free = stands_at_the_end(c, 0, &phrase) && ends;
    free.then(|| (&text[..folded.offsets[end]], resolve::resolve(&phrase, now, calendar)))
}

/// The end of a text that goes on behind a date only with `前回复`-like words and particles.
pub(super) fn behind_deadline(c: &[char], end: usize) -> usize {
    let end = after_any(c, end, &["左右", "前后", "上下"]).unwrap_or(end);
    let mut at = spaces(c, end);
    at = after_any(c, at, &["要", "需要", "请", "务必", "必须", "能", "可以"]).unwrap_or(at);
    if let Some(behind) = after_any(c, at, &VERBS) {
        at = behind;
        for _ in 0..3 {
            at = after_any(c, at, &OBJECTS).or_else(|| after_any(c, at, &VERBS)).unwrap_or(at);
        }
        return behind_particles(c, at);
    }
    behind_particles(c, end)
}

fn behind_particles(c: &[char], end: usize) -> usize {
    let mut at = end;
    while c.get(at).is_some_and(|c| " 。.!?,;~吧呀哦哈啦了哟)".contains(*c)) {
        at += 1;
    }
    at
}

fn stands_free(c: &[char], start: usize) -> bool {
    start == 0 || !c[start - 1].is_alphanumeric()
}

fn stands_at_the_end(c: &[char], start: usize, phrase: &Phrase) -> bool {
    if is_torn(c, start) || phrase.is_bare_amount() {
        return false;
    }
    // 1.2 is a version, or a share, unless something makes a date of it.
    if phrase.digits == Some('.') && phrase.is_lone_day() {
        return false;
    }
    // The 在 of 放在周五 belongs to the text.
    stands_free(c, start) || (phrase.is_plain() && !matches!(c[start], '在' | '于'))
}

/// Finds the date or time that stands free in a text, with a time of day rather than without.
pub fn find_anywhere(
    text: &str,
    now: Timestamp,
    calendar: &Calendar,
) -> Option<(Range<usize>, Result<Reading, Unreadable>)> {
    let folded = Text::head(text, HEAD);
    let c = folded.chars.as_slice();
    let mut best: Option<(usize, usize, Phrase)> = None;
    let mut start = 0;
    while start < c.len() {
        let Some((found, end)) = phrase(c, start) else {
            start += 1;
            continue;
        };
        if !stands_in_the_middle(c, start, end, &found) {
            // What hangs on 每 or 第 is not read in pieces.
            start = if is_torn(c, start) { end } else { start + 1 };
            continue;
        }
        if best.as_ref().is_none_or(|(_, _, so_far)| weight(so_far) < weight(&found)) {
            best = Some((start, end, found));
        }
        start = end;
    }
    let (start, end, mut phrase) = best?;
    if phrase.days.is_empty() && phrase.offset.is_none() {
        phrase.days = lone_day(c).unwrap_or_default();
    }
    let range = folded.offsets[start]..folded.offsets[end];
    Some((range, resolve::resolve(&phrase, now, calendar)))
}

/// The day of `明天 项目例会 10点`, which stands apart from the hour.
fn lone_day(c: &[char]) -> Option<Vec<DayWords>> {
    let days = (0..c.len()).filter_map(|start| {
        let (phrase, end) = phrase(c, start)?;
        let free = stands_free(c, start) && c.get(end).is_none_or(|next| !next.is_alphanumeric());
        let day = free && phrase.is_lone_day() && stands_in_the_middle(c, start, end, &phrase);
        day.then_some(phrase.days)
    });
    days.into_iter().next()
}

fn weight(phrase: &Phrase) -> u8 {
    let timed = phrase.time.is_some() || phrase.offset.is_some();
    u8::from(timed) * 2 + u8::from(!phrase.days.is_empty())
}

fn stands_in_the_middle(c: &[char], start: usize, end: usize, phrase: &Phrase) -> bool {
    if is_torn(c, start) || phrase.is_bare_amount() {
        return false;
    }
    let lone = phrase.is_lone_day();
    if lone && (phrase.digits.is_some() || matches!(phrase.days.as_slice(), [DayWords::DayOfMonth(_)])) {
        return false;
    }
    let free_behind = c.get(end).is_none_or(|next| !next.is_alphanumeric())
        || after_any(c, end, &["开会", "召开", "开始", "举行", "进行", "开", "见"]).is_some();
    let whole = weight(phrase) == 3 && phrase.is_plain();
    let left = stands_free(c, start) || (phrase.is_plain() && (free_behind || whole));
    left && (free_behind || whole)
}
