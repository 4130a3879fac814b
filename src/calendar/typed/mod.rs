//! Dates and times that people type, in Chinese, digits and English. RULES 14.
//!
//! Where the rules leave room:
//! - A date without a time is due at the end of that day's work (18:00), also today after 18:00: a date has
//!   passed when its day has.
//! - A part of the day is a deadline too: 早上 the beginning of work, 上午 and 中午 12:00, 下午 and 下班前 the end
//!   of work, 傍晚 18:00, 晚上 20:00, 半夜 midnight.
//! - An hour from 1 to 6 without 早上 or 上午 is in the afternoon; 7点 asks. 9点 typed after nine asks whether
//!   this evening or tomorrow is meant. `03:00`, 15点 and 0点 are taken at their word.
//! - An hour alone is today's and refused when past; only 凌晨 and 0点 are the coming ones.
//! - A day and month are this year's and refused when past; in November and December, January and February
//!   are next year's. A day alone (5号) is the coming one, as a weekday is.
//! - 春节前 is the last working day before the holiday, 春节后 the first one after it.
//! - 3天后 and 三个工作日内 are dates, 两小时后 and 24小时内 are instants.

mod amount;
mod back;
mod day;
mod echo;
mod english;
mod find;
mod hour;
mod number;
mod phrase;
mod resolve;
mod text;
mod when;

use jiff::Timestamp;

pub use amount::read_duration;
pub use back::split_leading_past;
pub use echo::{echo, echo_date, echo_full_date, echo_reading, echo_span};
pub use find::{find_anywhere, split_leading, split_trailing};
pub use when::when_line;

use super::Calendar;
use text::Text;

/// Nobody types a longer date; the rest of a longer text is not looked at.
const LONGEST: usize = 60;

/// When a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The instant; for a stretch its beginning.
    pub at: Timestamp,
    /// Where a stretch such as 10点-11点 ends.
    pub end: Option<Timestamp>,
    /// Whether a time of day was typed, rather than a date alone.
    pub timed: bool,
}

/// Why a text is not read as a date; the words are for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// No date or time at all.
    #[error("看不懂这个时间，可以写：明天、周五 18:00、11月30日、3天后、下午3点")]
    NotATime,
    /// It has passed.
    #[error("{reading} 已经过去了，请写一个以后的时间")]
    Past {
        /// When it was.
        at: Timestamp,
        /// How it was read.
        reading: String,
    },
    /// It can mean more than one instant: a question with at most three buttons.
    #[error("{}", question(words))]
    Ambiguous {
        /// The instants, in order.
        choices: Vec<Timestamp>,
        /// The words for each.
        words: Vec<String>,
    },
    /// Two words name different days.
    #[error("「{date}」和「{other}」对不上，请核对日期")]
    Contradiction {
        /// The date that was read.
        date: String,
        /// What does not fit it.
        other: String,
    },
    /// The month has no such day.
    #[error("没有 {day} 这一天，请核对日期")]
    NoSuchDay {
        /// The date as typed.
        day: String,
    },
    /// Years ahead: surely mistyped.
    #[error("{reading} 太远了，请核对年份")]
    TooFar {
        /// How it was read.
        reading: String,
    },
}

/// Reads a text that is a date, a time, a stretch of time or a duration from now, and nothing else.
pub fn read(text: &str, now: Timestamp, calendar: &Calendar) -> Result<Reading, Unreadable> {
    let text = unwrapped(text.trim());
    if let Some(reading) = exact(text, now, calendar) {
        return reading;
    }
    let folded = Text::head(text, LONGEST + 1);
    let c = folded.chars.as_slice();
    if c.len() > LONGEST {
        return Err(Unreadable::NotATime);
    }
    let Some((phrase, end)) = phrase::phrase(c, 0) else { return Err(Unreadable::NotATime) };
    if find::behind_deadline(c, end) != c.len() {
        return Err(Unreadable::NotATime);
    }
    resolve::resolve(&phrase, now, calendar)
}

fn question(words: &[String]) -> String {
    match words {
        [only] => format!("是指 {only} 吗？请写明上午还是晚上"),
        _ => format!("这个时间有几种读法，请选一个：{}", words.join("、")),
    }
}

/// Takes off the brackets or quotes around a whole text.
fn unwrapped(text: &str) -> &str {
    let pairs = [('(', ')'), ('（', '）'), ('【', '】'), ('「', '」'), ('“', '”'), ('"', '"')];
    let inner = |(open, close)| text.strip_prefix(open)?.strip_suffix(close);
    pairs.into_iter().find_map(inner).map_or(text, str::trim)
}

/// An instant as machines write it, with its zone.
fn exact(text: &str, now: Timestamp, calendar: &Calendar) -> Option<Result<Reading, Unreadable>> {
    let written = text.len() >= 17 && text.is_ascii() && text.contains(['T', 't']);
    let at: Timestamp = written.then(|| text.parse().ok()).flatten()?;
    if at <= now {
        return Some(Err(Unreadable::Past { at, reading: echo(at, now, calendar) }));
    }
    Some(Ok(Reading { at, end: None, timed: true }))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;

    /// Pieces of dates, so that chance hits upon what people type.
    const PIECES: [&str; 60] = [
        "今天",
        "明",
        "后天",
        "周",
        "星期",
        "三",
        "日",
        "天",
        "下",
        "本",
        "上",
        "个",
        "月",
        "底",
        "初",
        "年",
        "11",
        "30",
        "3",
        "２",
        "十",
        "两",
        "半",
        "点",
        "时",
        ":",
        "：",
        "-",
        "/",
        ".",
        "~",
        "到",
        "前",
        "内",
        "后",
        "小时",
        "工作日",
        "分钟",
        "上午",
        "下午",
        "晚",
        "早",
        "中午",
        "下班",
        "凌晨",
        " ",
        "(",
        "）",
        "的",
        "next ",
        "friday",
        "pm",
        "in ",
        "days",
        "2026",
        "号",
        "一刻",
        "回复",
        "第",
        "每",
    ];

    fn text() -> impl Strategy<Value = String> {
        let pieces =
            proptest::collection::vec(prop::sample::select(&PIECES[..]), 0..9).prop_map(|all| all.concat());
        prop_oneof![pieces, ".{0,40}", "[0-9一二三点月日周:/.-]{0,12}"]
    }

    fn minute() -> impl Strategy<Value = Timestamp> {
        (29_000_000_i64..30_500_000).prop_map(|minute| Timestamp::from_second(minute * 60).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn no_text_is_too_strange(text in text(), now in minute()) {
            let calendar = Calendar::shanghai();
            let _ = when_line(&text, now, &calendar);
            let _ = read_duration(&text);
            if let Some((rest, _)) = split_trailing(&text, now, &calendar) {
                prop_assert!(text.starts_with(rest));
            }
            if let Some((phrase, _)) = split_leading(&text, now, &calendar) {
                prop_assert!(text.starts_with(phrase));
            }
            if let Some((range, _)) = find_anywhere(&text, now, &calendar) {
                prop_assert!(text.get(range).is_some());
            }
        }

        #[test]
        fn what_the_bot_echoes_reads_back(text in text(), now in minute()) {
            let calendar = Calendar::shanghai();
            let Ok(reading) = read(&text, now, &calendar) else { return Ok(()) };
            // Only today's end, typed after it, is behind.
            prop_assert!(reading.at > now || (!reading.timed && calendar.date(reading.at) == calendar.date(now)));
            prop_assert!(reading.end.is_none_or(|end| end > reading.at));
            if reading.at > now && reading.at.as_second() % 60 == 0 {
                let words = echo_reading(&reading, now, &calendar);
                let again = read(&words, now, &calendar);
                prop_assert_eq!(again, Ok(Reading { timed: true, ..reading }), "{} for {}", words, text);
            }
        }

        #[test]
        fn every_instant_ahead_reads_back(now in minute(), ahead in 1_i64..5_000_000) {
            let calendar = Calendar::shanghai();
            let at = now + jiff::SignedDuration::from_mins(ahead);
            let words = echo(at, now, &calendar);
            let reading = read(&words, now, &calendar);
            prop_assert_eq!(reading.map(|reading| reading.at), Ok(at), "{}", words);
        }
    }

    #[test]
    fn a_long_text_costs_no_more_than_a_short_one() {
        let calendar = Calendar::shanghai();
        let now = Timestamp::from_second(1_795_000_000).unwrap();
        let started = Instant::now();
        for piece in ["明天", "3点", "周三 ", "1", "((((", "12/1 10点-11点 ", "下"] {
            // Looking at all of a megabyte from each of its places would take hours; a slow machine has seconds.
            let text = piece.repeat(1_000_000 / piece.len());
            let _ = read(&text, now, &calendar);
            let _ = split_trailing(&text, now, &calendar);
            let _ = find_anywhere(&text, now, &calendar);
        }
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }
}
