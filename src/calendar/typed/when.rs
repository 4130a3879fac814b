//! The answer of `jiuding when`. CONTRACT 1.

use jiff::Timestamp;

use super::{echo_reading, read};
use crate::calendar::Calendar;

/// How a text is read: RFC 3339 in the calendar's zone, a tab, the words the bot would echo; or why it is not.
pub fn when_line(text: &str, now: Timestamp, calendar: &Calendar) -> Result<String, String> {
    let reading = read(text, now, calendar).map_err(|unreadable| unreadable.to_string())?;
    let exact = calendar.local(reading.at).strftime("%Y-%m-%dT%H:%M:%S%:z");
    Ok(format!("{exact}\t{}", echo_reading(&reading, now, calendar)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_the_instant_and_the_words() {
        let calendar = Calendar::shanghai();
        let now: Timestamp = "2026-11-24T09:00:00+08:00".parse().unwrap();
        let line = when_line("月底", now, &calendar).unwrap();
        assert_eq!(line, "2026-11-30T18:00:00+08:00\t11月30日 周一 18:00");
        let line = when_line("明天10点-11点半", now, &calendar).unwrap();
        assert_eq!(line, "2026-11-25T10:00:00+08:00\t11月25日 周三 10:00-11:30");
        assert_eq!(
            when_line("昨天", now, &calendar).unwrap_err(),
            "11月23日 周一 18:00 已经过去了，请写一个以后的时间"
        );
        assert!(when_line("尽快", now, &calendar).unwrap_err().contains("看不懂"));
    }
}
