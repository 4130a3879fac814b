//! Whether people sat together over something that was agreed (RULES 2, 10).

use jiff::{Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    calendar::{Calendar, typed},
    dossier::{Context, Dossier, Kind, Refusal, Rules},
    features::meeting::{self, Meeting},
    grammar::{Args, KeySpec, narrow, parse_id},
};

/// The keys in which it is typed; a command that takes them names them both.
pub const FACE_TO_FACE: KeySpec = KeySpec::text("面对面", "face_to_face");
/// See [`FACE_TO_FACE`].
pub const NO_FACE_TO_FACE: KeySpec = KeySpec::text("无面对面", "no_face_to_face");

/// Whether people sat together over it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// In this meeting.
    Meeting(u32),
    /// On this day.
    Date(Date),
    /// They did not; this is why.
    None(String),
}

impl Proof {
    /// What the two keys say; `None` where neither stands.
    ///
    /// # Errors
    /// Both stand, or what is said is no meeting and no day that has come.
    pub fn of(args: &Args, dossier: &Dossier, cx: &Context) -> Result<Option<Self>, Refusal> {
        match (args.key(FACE_TO_FACE.name), args.key(NO_FACE_TO_FACE.name)) {
            (Some(_), Some(_)) => Err(Refusal::new("面对面 和 无面对面 只写一个，没有记录")),
            (Some(met), None) => Self::read(met, dossier, cx.now, cx.rules).map(Some),
            (None, Some(why)) => Ok(Some(Self::None(why.to_owned()))),
            (None, None) => Ok(None),
        }
    }

    /// Reads `面对面:M3` or `面对面:11月20日`: a meeting that has begun, or a day that is not ahead.
    ///
    /// # Errors
    /// It is neither, or lies ahead.
    pub fn read(text: &str, dossier: &Dossier, now: Timestamp, rules: &Rules) -> Result<Self, Refusal> {
        if let Some(key) = parse_id(text.trim()).filter(|key| key.letter == 'M') {
            let Some(found) = dossier.find::<Meeting>(key.number) else {
                return Err(Refusal::new(format!(
                    "没有会议 {key}。看编号：/会议 列表；也可写日期：面对面:11月20日"
                )));
            };
            if matches!(found.state, meeting::State::Cancelled { .. }) {
                return Err(Refusal::new(format!("{key} 已取消，不能作为面对面的凭据")));
            }
            if found.starts > now {
                return Err(Refusal::new(format!(
                    "{key} 还没有开，开过再确认；已当面谈过请写日期：面对面:11月20日"
                )));
            }
            return Ok(Self::Meeting(key.number));
        }
        match past_day(text, now, &rules.calendar) {
            Some(day) if day <= rules.calendar.date(now) => Ok(Self::Date(day)),
            Some(day) => {
                let day = typed::echo_date(day, now, &rules.calendar);
                Err(Refusal::new(format!("面对面的日期 {day} 还没到，没有记录")))
            }
            None => Err(Refusal::new(format!(
                "看不懂面对面「{text}」。写会议编号或日期：面对面:M3、面对面:11月20日、面对面:昨天；没有面谈写 无面对面:原因"
            ))),
        }
    }

    /// `面对面：M3 需求评审`, `面对面：2026-11-20` or `无面对面：原因`.
    pub fn in_words(&self, dossier: &Dossier) -> String {
        match self {
            Self::Meeting(number) => {
                let title = dossier.find::<Meeting>(*number).map(Kind::title).unwrap_or_default();
                format!("面对面：M{number} {title}").trim_end().to_owned()
            }
            Self::Date(date) => format!("面对面：{}", typed::echo_full_date(*date)),
            Self::None(why) => format!("无面对面：{why}"),
        }
    }

    /// The day on which they sat together.
    pub fn day(&self, dossier: &Dossier, calendar: &Calendar) -> Option<Date> {
        match self {
            Self::Meeting(number) => {
                dossier.find::<Meeting>(*number).map(|meeting| calendar.date(meeting.starts))
            }
            Self::Date(date) => Some(*date),
            Self::None(_) => None,
        }
    }
}

/// A day as people write one that has passed: the last one of that name. [`crate::calendar::typed`] reads
/// what lies ahead and refuses this.
fn past_day(text: &str, now: Timestamp, calendar: &Calendar) -> Option<Date> {
    let text: String = text.chars().map(narrow).filter(|c| !c.is_whitespace()).collect();
    let today = calendar.date(now);
    match text.as_str() {
        "今天" | "今日" | "today" => return Some(today),
        "昨天" | "昨日" | "yesterday" => return Some(today.saturating_sub(1.day())),
        "前天" => return Some(today.saturating_sub(2.days())),
        _ => {}
    }
    let fits = |c: char| c.is_ascii_digit() || "-/.年月日号".contains(c);
    if !text.chars().all(fits) {
        return None;
    }
    let numbers: Vec<i16> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let day = |year: i16, month: i16, day: i16| {
        Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    };
    match numbers.as_slice() {
        [year, month, number] if *year >= 2000 => day(*year, *month, *number),
        [month, number] => {
            let this = day(today.year(), *month, *number)?;
            // 12月30日 said in January is last year's; a day later this month is a slip to be refused.
            if this > today.saturating_add(60.days()) {
                day(today.year() - 1, *month, *number)
            } else {
                Some(this)
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::bench::at;

    #[test]
    fn days_that_passed_are_read() {
        let calendar = Calendar::shanghai();
        let read = |text: &str| {
            past_day(text, at("2026-11-23 09:00"), &calendar).map(|day| day.to_string()).unwrap_or_default()
        };
        assert_eq!(read("11月20日"), "2026-11-20");
        assert_eq!(read("2026-11-20"), "2026-11-20");
        assert_eq!(read("１１/２０"), "2026-11-20");
        assert_eq!(read("昨天"), "2026-11-22");
        assert_eq!(read("11月30日"), "2026-11-30");
        for bad in ["", "下周五", "13月1日", "2月30日", "20", "M", "3天前", "11月20日下午"] {
            assert_eq!(read(bad), "", "{bad}");
        }
        let january = past_day("12月30日", at("2027-01-04 09:00"), &calendar).unwrap();
        assert_eq!(january.to_string(), "2026-12-30");
    }
}
