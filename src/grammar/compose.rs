//! A filled form to the line that it says. What is typed into a field stays in it: a value stands in quotes that do not
//! occur in it, in a line of its own, so that neither a key nor a mark, a mention or a command in it means anything.
//!
//! The first line holds nothing that anybody typed: in a direct chat its end names the project.

use std::collections::BTreeMap;

use super::narrow;
use crate::{
    chat::{Field, FieldKind, Form, LONGEST_VALUE, Says, is_mention},
    dossier::Refusal,
};

/// The line that this form says with these values, by the names of its fields.
///
/// # Errors
/// A value is missing, is not offered or cannot be taken.
pub fn compose(form: &Form, values: &BTreeMap<String, String>) -> Result<String, Refusal> {
    if let Some(name) = values.keys().find(|name| form.fields.iter().all(|field| field.name != **name)) {
        return Err(Refusal::new(format!("表单里没有「{}」，没有记录", shown(name))));
    }
    let value = |field: &Field| {
        let value = values.get(&field.name).map(|value| cleared(value)).unwrap_or_default();
        Some(value).filter(|value| !value.is_empty())
    };
    let needed = |field: &&Field| field.required || field.says == Says::Word;
    let missing: Vec<&str> = form
        .fields
        .iter()
        .filter(needed)
        .filter(|field| value(field).is_none())
        .map(|field| field.name.as_str())
        .collect();
    if !missing.is_empty() {
        return Err(Refusal::new(format!("还没填：{}，没有记录", missing.join("、"))));
    }
    let mut first = form.line.clone();
    let mut lines = Vec::new();
    for field in &form.fields {
        let Some(value) = value(field) else { continue };
        check(field, &value)?;
        match field.says {
            Says::Word => first.push_str(&format!(" {value}")),
            Says::Key => lines.push(format!("{}:{}", field.name, quoted(&on_one_line(&value)))),
            Says::Items => lines.extend(items(&value).map(|item| format!("{}: {item}", field.name))),
        }
    }
    if lines.is_empty() && first == form.line {
        return Err(Refusal::new("什么都没有填，没有记录"));
    }
    lines.insert(0, first + &form.tail);
    Ok(lines.join("\n"))
}

/// A value without the characters that nobody typed.
fn cleared(value: &str) -> String {
    let value = value.replace("\r\n", "\n").replace('\r', "\n");
    let kept = value.chars().filter(|c| !is_mention(*c));
    let kept: String = kept.map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    kept.trim().to_owned()
}

fn check(field: &Field, value: &str) -> Result<(), Refusal> {
    let name = &field.name;
    let refuse = |why: String| Err(Refusal::new(format!("{why}，没有记录")));
    if value.chars().count() > LONGEST_VALUE {
        return refuse(format!("「{name}」太长，最多 {LONGEST_VALUE} 字"));
    }
    let offered = field.kind.options().is_none_or(|options| options.iter().any(|option| option == value));
    match field.kind {
        FieldKind::Score if !offered => {
            refuse(format!("「{name}」要 1 到 5 的整数，不能是「{}」", shown(value)))
        }
        FieldKind::Choice(_) if !offered => refuse(format!("「{name}」里没有「{}」可选", shown(value))),
        FieldKind::Date if value.parse::<jiff::civil::Date>().is_err() => {
            refuse(format!("「{name}」要写日期，例如 2026-12-05，不能是「{}」", shown(value)))
        }
        FieldKind::Score | FieldKind::Choice(_) | FieldKind::Short | FieldKind::Long | FieldKind::Date => {
            Ok(())
        }
    }
}

/// A strange value as it is said back: not all of a novel.
fn shown(value: &str) -> String {
    on_one_line(value).chars().take(20).collect()
}

/// Several lines as one: what ends without a mark gets one.
fn on_one_line(value: &str) -> String {
    let mut joined = String::new();
    for line in value.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if joined.ends_with(|c: char| c.is_alphanumeric() || "\"”」』）)".contains(c)) {
            joined.push('；');
        }
        joined.push_str(line);
    }
    joined
}

/// A value in the quotes that the grammar takes off again: those that do not occur in it. Where all do, the straight
/// ones in it become curly ones, which read the same.
fn quoted(value: &str) -> String {
    let has = |mark: char| value.chars().any(|c| narrow(c) == mark);
    match (has('"'), has('”'), has('」')) {
        (false, ..) => format!("\"{value}\""),
        (true, _, false) => format!("「{value}」"),
        (true, false, true) => format!("“{value}”"),
        (true, true, true) => {
            let mut opens = false;
            let curly = value.chars().map(|c| match narrow(c) {
                '"' => {
                    opens = !opens;
                    if opens { '“' } else { '”' }
                }
                _ => c,
            });
            format!("\"{}\"", curly.collect::<String>())
        }
    }
}

/// The lines of a value, each an item; dots in front of one would make it the template's.
fn items(value: &str) -> impl Iterator<Item = &str> {
    let lines = value.lines().map(|line| line.trim().trim_start_matches(['…', '.', ' ']));
    lines.filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(form: &Form, values: &[(&str, &str)]) -> String {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        compose(form, &values).unwrap_or_else(|Refusal(message)| format!("✗ {}", message.plain()))
    }

    fn survey() -> Form {
        Form { tail: " 项目:支付".into(), ..Form::new("/满意度", "提交") }
            .field(Field::new("响应", FieldKind::Score))
            .field(Field::new("质量", FieldKind::Score))
            .field(Field::new("备注", FieldKind::Long))
    }

    #[test]
    fn scores_stand_in_the_first_line_and_words_in_their_own() {
        let scores = [("响应", "4"), ("质量", "5")];
        assert_eq!(told(&survey(), &scores), "/满意度 4 5 项目:支付");
        let words = [scores[0], scores[1], ("备注", "很好\r\n/工单 打不开 项目:别的\n代填:我")];
        assert_eq!(
            told(&survey(), &words),
            "/满意度 4 5 项目:支付\n备注:\"很好；/工单 打不开 项目:别的；代填:我\""
        );
    }

    #[test]
    fn quotes_are_those_that_do_not_occur() {
        let form = Form::new("/R1 补充", "提交").field(Field::new("目标", FieldKind::Short));
        for (value, line) in [
            ("快", "目标:\"快\""),
            ("叫“快”", "目标:\"叫“快”\""),
            ("叫\"快\"", "目标:「叫\"快\"」"),
            ("叫＂快＂", "目标:「叫＂快＂」"),
            ("「a」\"b\"", "目标:“「a」\"b\"”"),
            ("「a」\"b\"“c”", "目标:\"「a」“b”“c”\""),
        ] {
            assert_eq!(told(&form, &[("目标", value)]), format!("/R1 补充\n{line}"), "{value}");
        }
    }

    #[test]
    fn what_cannot_be_taken_is_named() {
        let form = Form::new("/C1 合同", "提交")
            .field(Field::new("负责", FieldKind::Choice(vec!["李工".into()])).required())
            .field(Field::new("截止", FieldKind::Date));
        let (li, long) = (("负责", "李工"), "长".repeat(1_001));
        for (values, why) in [
            (&[("响应", "6"), ("质量", "5")][..], "✗ 「响应」要 1 到 5 的整数，不能是「6」，没有记录"),
            (&[("响应", "4"), ("质量", " ")], "✗ 还没填：质量，没有记录"),
            (&[("响应", "4"), ("质量", "4"), ("x", "")], "✗ 表单里没有「x」，没有记录"),
            (&[("响应", "4"), ("质量", "4"), ("备注", &long)], "✗ 「备注」太长，最多 1000 字，没有记录"),
        ] {
            assert_eq!(told(&survey(), values), why);
        }
        for (values, why) in [
            (&[("截止", "2026-12-05")][..], "✗ 还没填：负责，没有记录"),
            (&[("负责", "王工")], "✗ 「负责」里没有「王工」可选，没有记录"),
            (&[li, ("截止", "明天")], "✗ 「截止」要写日期，例如 2026-12-05，不能是「明天」，没有记录"),
            (&[li, ("截止", "2026-12-05")], "/C1 合同\n负责:\"李工\"\n截止:\"2026-12-05\""),
        ] {
            assert_eq!(told(&form, values), why);
        }
        let all = Form::new("/R1 补充", "提交").field(Field::new("目标", FieldKind::Short));
        assert_eq!(told(&all, &[("目标", "\n")]), "✗ 什么都没有填，没有记录");
    }
}
