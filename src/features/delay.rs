//! Dates that were given up for later ones, each with its cause, so that a department can hold its share of
//! misunderstood requirements against the industry's (RULES 1).

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    chat::Person,
    dossier::{Refusal, Rules},
    grammar::narrow,
};

/// One date given up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delay {
    /// The date it had.
    pub from: Date,
    /// The date it got.
    pub to: Date,
    /// Why.
    pub reason: Reason,
    /// Who said so.
    pub by: Person,
    /// When.
    pub at: Timestamp,
}

/// A cause, with more words where they were said. The team's alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The category.
    pub cause: Cause,
    /// What else was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Categories of RULES 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// 需求理解偏差.
    Misunderstanding,
    /// 第三方.
    ThirdParty,
    /// 资源.
    Resources,
    /// 技术.
    Technology,
    /// 客户原因.
    Customer,
    /// 其他.
    Other,
}

impl Cause {
    /// All, with what people call them and the words by which they are known in a sentence.
    const ALL: [(Cause, &'static str, &'static [&'static str]); 6] = [
        (
            Self::Misunderstanding,
            "需求理解偏差",
            &["理解偏差", "理解有误", "理解错", "误解", "misunderstanding"],
        ),
        (Self::ThirdParty, "第三方", &["供应商", "third party", "third_party"]),
        (Self::Resources, "资源", &["人手", "人力", "resource"]),
        (Self::Technology, "技术", &["technology", "technical"]),
        (Self::Customer, "客户原因", &["客户", "customer"]),
        (Self::Other, "其他", &["其它", "other"]),
    ];

    /// What people call it.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(cause, ..)| *cause == self).map_or("", |(_, name, _)| name)
    }

    /// The categories as people can type them.
    pub fn choices() -> String {
        Self::ALL.map(|(_, name, _)| name).join("/")
    }

    /// The category that a sentence names first.
    fn find(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let found = Self::ALL.iter().filter_map(|(cause, name, words)| {
            let at = words.iter().chain([name]).filter_map(|word| text.find(word)).min()?;
            Some((at, *cause))
        });
        found.min_by_key(|(at, _)| *at).map(|(_, cause)| cause)
    }
}

impl Reason {
    /// Reads `第三方 接口没好` or `等第三方接口`; `None` where no category is named.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let cause = Cause::find(text)?;
        let rest = text.strip_prefix(cause.name()).map_or(text, |rest| {
            let parted = rest.trim_start_matches(|c: char| c.is_whitespace() || "，,：:；;-".contains(c));
            // `第三方接口没好` is one sentence; `第三方 接口没好` is a category with a note.
            if parted.len() == rest.len() && !rest.is_empty() { text } else { parted }
        });
        let note = (!rest.is_empty() && rest != cause.name()).then(|| rest.to_owned());
        Some(Self { cause, note })
    }

    /// `第三方（接口没好）`.
    pub fn in_words(&self) -> String {
        match &self.note {
            Some(note) => format!("{}（{note}）", self.cause.name()),
            None => self.cause.name().to_owned(),
        }
    }
}

/// Why a delay without a category is refused; `line` is the line to send instead.
pub fn uncaused(line: &str) -> Refusal {
    Refusal::new(format!("延期要写原因的类别（{}），没有记录。例如：{line}", Cause::choices()))
}

/// `推迟3天`, `提前 2 天`: natural days, as a calendar counts them.
pub fn days(text: &str) -> Option<i64> {
    let plain: String = text.chars().map(narrow).filter(|c| !c.is_whitespace()).collect();
    let (before, _) = plain.split_once('天')?;
    let start = before
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
    let days: i64 = before[start..].parse().ok().filter(|days| *days <= 3_650)?;
    Some(if before.contains("提前") { -days } else { days })
}

/// How many delays had which cause, most first.
pub fn tally<'a>(delays: impl Iterator<Item = &'a Delay>) -> Vec<(Cause, usize)> {
    let mut counts: BTreeMap<Cause, usize> = BTreeMap::new();
    for delay in delays {
        *counts.entry(delay.reason.cause).or_default() += 1;
    }
    let mut counts: Vec<(Cause, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(cause, count)| (std::cmp::Reverse(*count), *cause));
    counts
}

/// `延期 3 次：第三方 2、需求理解偏差 1`; `None` without a delay.
pub fn told(counts: &[(Cause, usize)]) -> Option<String> {
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    let parts: Vec<String> =
        counts.iter().map(|(cause, count)| format!("{} {count}", cause.name())).collect();
    (all > 0).then(|| format!("延期 {all} 次：{}", parts.join("、")))
}

/// A department's share of misunderstood requirements beside the industry's.
pub fn share(counts: &[(Cause, usize)], rules: &Rules) -> Option<String> {
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    let ours =
        counts.iter().find(|(cause, _)| *cause == Cause::Misunderstanding).map_or(0, |(_, count)| *count);
    let percent = (ours * 100 + all / 2).checked_div(all)?;
    Some(format!("需求理解偏差占 {percent}%（行业 {}%）", rules.acceptance.industry_misunderstood_percent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_read_with_its_note_or_out_of_a_sentence() {
        for (text, cause, note) in [
            ("第三方", Cause::ThirdParty, None),
            ("第三方 接口没好", Cause::ThirdParty, Some("接口没好")),
            ("第三方，接口没好", Cause::ThirdParty, Some("接口没好")),
            ("第三方接口没好", Cause::ThirdParty, Some("第三方接口没好")),
            ("等第三方接口", Cause::ThirdParty, Some("等第三方接口")),
            ("需求理解偏差", Cause::Misunderstanding, None),
            ("对退款的理解偏差", Cause::Misunderstanding, Some("对退款的理解偏差")),
            ("客户没给环境", Cause::Customer, Some("客户没给环境")),
            ("客户原因：环境晚到", Cause::Customer, Some("环境晚到")),
            ("Third party", Cause::ThirdParty, Some("Third party")),
            ("其他 台风", Cause::Other, Some("台风")),
        ] {
            let read = Reason::parse(text).unwrap();
            assert_eq!((read.cause, read.note.as_deref()), (cause, note), "{text}");
        }
        assert_eq!(Reason::parse("台风"), None);
        assert_eq!(Reason::parse(""), None);
    }

    #[test]
    fn days_are_read_forwards_and_back() {
        for (text, read) in [
            ("推迟3天", Some(3)),
            ("测试可能推迟 ２ 天", Some(2)),
            ("提前1天", Some(-1)),
            ("12月1日推迟10天左右", Some(10)),
            ("推迟几天", None),
            ("推迟一周", None),
            ("推迟99999天", None),
            ("", None),
        ] {
            assert_eq!(days(text), read, "{text}");
        }
    }

    #[test]
    fn the_share_is_rounded_and_there_is_none_without_delays() {
        let rules = crate::config::Config::default().rules().unwrap();
        assert_eq!(share(&[], &rules), None);
        let counts = [(Cause::ThirdParty, 2), (Cause::Misunderstanding, 1)];
        assert_eq!(share(&counts, &rules).unwrap(), "需求理解偏差占 33%（行业 63%）");
        assert_eq!(told(&counts).unwrap(), "延期 3 次：第三方 2、需求理解偏差 1");
        assert_eq!(share(&[(Cause::Other, 4)], &rules).unwrap(), "需求理解偏差占 0%（行业 63%）");
    }
}
