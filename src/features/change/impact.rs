//! What a change costs, and whether that makes it large (RULES 3).

use serde::{Deserialize, Serialize};

use crate::{
    dossier::{Dossier, Refusal},
    features::KINDS,
    grammar::{Args, KeySpec, narrow, parse_id},
    store::Key,
};

/// What a change costs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Impact {
    /// Days that the schedule moves; half days too, and back.
    #[serde(default)]
    pub days: f64,
    /// What it costs, in yuan.
    #[serde(default)]
    pub cost: f64,
    /// The milestones that it touches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub milestones: Vec<Key>,
    /// What else it touches, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// The keys in which an impact is typed.
pub const KEYS: [KeySpec; 4] = [
    KeySpec::text("进度", "schedule"),
    KeySpec::text("成本", "cost"),
    KeySpec::text("节点", "milestones"),
    KeySpec::text("范围", "scope"),
];

/// How people write that there is none.
const NONE: [&str; 8] = ["无", "没有", "不变", "不影响", "无影响", "没有影响", "none", "0"];

impl Impact {
    /// Schedule, money or a milestone: whatever was typed, this decides.
    pub fn is_large(&self) -> bool {
        self.days != 0.0 || self.cost != 0.0 || !self.milestones.is_empty()
    }

    /// The impact before, with what these arguments say of it; `words` are those that stand outside of keys.
    /// `None` if they say nothing.
    pub fn read(
        before: Option<&Self>,
        args: &Args,
        words: &str,
        dossier: &Dossier,
    ) -> Result<Option<Self>, Refusal> {
        let mut next = before.cloned().unwrap_or_default();
        let loose = Loose::read(words);
        let mut said = false;
        if let Some(text) = args.key("进度").or(loose.days.as_deref()) {
            next.days = amount(text, &DAYS).ok_or_else(|| {
                Refusal::new(format!(
                    "看不懂进度「{text}」，没有记录。请写天数，例如：进度:3天，不影响写 进度:0"
                ))
            })?;
            said = true;
        }
        if let Some(text) = args.key("成本").or(loose.cost.as_deref()) {
            next.cost = amount(text, &YUAN).ok_or_else(|| {
                Refusal::new(format!(
                    "看不懂成本「{text}」，没有记录。请写金额，例如：成本:20000 或 成本:2万，不影响写 成本:0"
                ))
            })?;
            said = true;
        }
        if let Some(text) = args.key("节点").or(loose.milestones.as_deref()) {
            next.milestones = milestones(text, dossier)?;
            said = true;
        }
        let words = loose.rest.trim();
        let scope = args.key("范围").or((!words.is_empty() && !is_none(words)).then_some(words));
        if let Some(scope) = scope {
            next.scope = Some(scope.to_owned());
            said = true;
        }
        Ok((said || is_none(words)).then_some(next))
    }
}

/// What stands outside of keys and means them all the same: `进度3天`, `影响:进度:3天`. A large change must not
/// pass for a small one because of a colon.
#[derive(Default)]
struct Loose {
    days: Option<String>,
    cost: Option<String>,
    milestones: Option<String>,
    rest: String,
}

impl Loose {
    fn read(words: &str) -> Self {
        let mut loose = Self::default();
        let mut pieces = words
            .split(|c: char| c.is_whitespace() || "，；;。".contains(c))
            .filter(|piece| !piece.is_empty());
        while let Some(piece) = pieces.next() {
            let named = |names: &[&str]| names.iter().find_map(|name| piece.strip_prefix(name));
            let (field, value) = if let Some(value) = named(&["进度", "工期", "推迟", "延期", "schedule:"])
            {
                (&mut loose.days, value)
            } else if let Some(value) = named(&["成本", "费用", "cost:"]) {
                (&mut loose.cost, value)
            } else if let Some(value) = named(&["节点", "milestones:"]) {
                (&mut loose.milestones, value)
            } else {
                loose.rest.push_str(piece);
                loose.rest.push(' ');
                continue;
            };
            let value = value.trim_start_matches([':', '：']);
            let value = if value.is_empty() { pieces.next().unwrap_or_default() } else { value };
            *field = Some(value.to_owned());
        }
        loose
    }
}

fn is_none(text: &str) -> bool {
    NONE.iter().any(|none| none.eq_ignore_ascii_case(text.trim()))
}

/// A unit and how many of the smallest it is worth.
type Units = [(&'static str, f64)];

/// Days; a week has five of them, a month twenty-two, as plans count.
const DAYS: [(&str, f64); 13] = [
    ("个工作日", 1.0),
    ("工作日", 1.0),
    ("人天", 1.0),
    ("天", 1.0),
    ("日", 1.0),
    ("days", 1.0),
    ("day", 1.0),
    ("d", 1.0),
    ("个星期", 5.0),
    ("周", 5.0),
    ("星期", 5.0),
    ("个月", 22.0),
    ("月", 22.0),
];

const YUAN: [(&str, f64); 9] = [
    ("万元", 10_000.0),
    ("万块", 10_000.0),
    ("万", 10_000.0),
    ("w", 10_000.0),
    ("千元", 1_000.0),
    ("k", 1_000.0),
    ("元", 1.0),
    ("块", 1.0),
    ("rmb", 1.0),
];

/// A number with its unit: `3天`, `-2`, `半天`, `2万`, `¥20,000`, `无`.
fn amount(text: &str, units: &Units) -> Option<f64> {
    if is_none(text) {
        return Some(0.0);
    }
    let plain: String = text.chars().map(narrow).filter(|c| !c.is_whitespace() && *c != ',').collect();
    let plain = plain.to_lowercase();
    let plain = plain.trim_start_matches(['约', '¥', '￥']);
    let (sign, plain) = match plain.chars().next()? {
        '-' => (-1.0, &plain[1..]),
        '+' => (1.0, &plain[1..]),
        _ => (1.0, plain.trim_start_matches("推迟").trim_start_matches("延期").trim_start_matches("增加")),
    };
    let (sign, plain) = match plain.strip_prefix("提前").or_else(|| plain.strip_prefix("减少")) {
        Some(rest) => (-sign, rest),
        None => (sign, plain),
    };
    let plain = plain.trim_start_matches(['¥', '￥']);
    let unit = units.iter().find(|(unit, _)| plain.ends_with(unit));
    let (number, worth) = match unit {
        Some((unit, worth)) => (&plain[..plain.len() - unit.len()], *worth),
        None => (plain, 1.0),
    };
    Some(sign * number_of(number)? * worth).filter(|amount| amount.abs() < 1e12)
}

/// Digits, or one Chinese numeral.
fn number_of(text: &str) -> Option<f64> {
    const NUMERALS: [(&str, f64); 13] = [
        ("零", 0.0),
        ("半", 0.5),
        ("半个", 0.5),
        ("一", 1.0),
        ("两", 2.0),
        ("二", 2.0),
        ("三", 3.0),
        ("四", 4.0),
        ("五", 5.0),
        ("六", 6.0),
        ("七", 7.0),
        ("八", 8.0),
        ("十", 10.0),
    ];
    if let Some((_, number)) = NUMERALS.iter().find(|(numeral, _)| *numeral == text) {
        return Some(*number);
    }
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| digits)
}

/// `P1、P2`; where milestones are kept, they must exist.
fn milestones(text: &str, dossier: &Dossier) -> Result<Vec<Key>, Refusal> {
    if is_none(text) {
        return Ok(Vec::new());
    }
    let kept = KINDS.iter().any(|kind| kind.letter == 'P');
    let mut keys: Vec<Key> = Vec::new();
    for word in text.split([' ', '、', ',', '，', ';', '；', '/', '和']).filter(|word| !word.is_empty()) {
        let Some(key) = parse_id(word).filter(|key| key.letter == 'P') else {
            return Err(Refusal::new(format!(
                "「{word}」不是节点编号，没有记录。例如：节点:P1 或 节点:P1、P2，不影响写 节点:无"
            )));
        };
        if kept && dossier.record(key).is_none() {
            return Err(Refusal::new(format!("没有节点 {key}，没有记录。看编号：/节点 列表")));
        }
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_money_are_read_as_people_write_them() {
        let days =
            [("3天", 3.0), ("3", 3.0), ("-2天", -2.0), ("半天", 0.5), ("两周", 10.0), ("提前1天", -1.0)];
        for (text, value) in days.into_iter().chain([("０", 0.0), ("无", 0.0), ("3个工作日", 3.0)]) {
            assert_eq!(amount(text, &DAYS), Some(value), "{text}");
        }
        let money = [("20000", 20_000.0), ("2万", 20_000.0), ("¥20,000", 20_000.0), ("1.5万元", 15_000.0)];
        for (text, value) in money.into_iter().chain([("0元", 0.0), ("不变", 0.0)]) {
            assert_eq!(amount(text, &YUAN), Some(value), "{text}");
        }
        for text in ["", "很多", "3x", "天", "-", "1.2.3", "nan", "inf"] {
            assert_eq!(amount(text, &DAYS), None, "{text}");
        }
    }
}
