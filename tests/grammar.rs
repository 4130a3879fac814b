//! What holds for any line: reading it never fails to end, keeps what was typed, and reads back what was written.

use std::time::Instant;

use jiuding::{
    chat::{Field, FieldKind, Form, Typed, is_mention},
    features::OBJECTS,
    grammar::{Heard, Priority, compose, hear, narrow, parse, parse_id},
};
use proptest::prelude::*;

use crate::{
    commands::{known, reader, told},
    growth::{Growth, TIMES},
};

/// Any character, with those of the structure and of mentions more often than chance would have them.
fn any_char() -> impl Strategy<Value = char> {
    prop_oneof![
        4 => any::<char>(),
        4 => prop::sample::select("/／、\\!！@＠:：#＃\"“”「」，。;；- \t\n\r　\u{200b}\u{f0000}\u{f0001}\u{f00c7}".chars().collect::<Vec<_>>()),
        2 => prop::sample::select("需求工单风险帮助列表响应紧急高低内部负责截止李工我TRK01ａＡ１".chars().collect::<Vec<_>>()),
    ]
}

/// Any text, often made of pieces that mean something.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => prop::collection::vec(any_char(), 0..12).prop_map(|chars| chars.into_iter().collect::<String>()),
        2 => prop::sample::select(vec![
            "/需求 ", "工单 ", "T1", "R12 ", "响应 ", "!紧急", "！高", "负责:", "截止：", "@李工", "@我", "@李丁",
            "\n/风险 ", "目标:“", "”", "补充 ", "真实需求:", "历史", "新建 ", "。", " ",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

/// Words that are nothing but words: neither blank at an end nor a sign of the structure in them.
fn plain_text() -> impl Strategy<Value = String> {
    let text = "[支付模块登录页退款a-z０-９（）？?%+*<>_\\[\\]~^&]{1,8}( {1,2}[支付模块登录页退款a-z0-9（）？?%+*<>]{1,6}){0,3}";
    // `/工单 c1` names a record.
    text.prop_filter("begins with an id", |text| {
        let mut words = text.split([' ', '（', '?', '？']).filter(|word| !word.is_empty());
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        parse_id(first).is_none() && parse_id(&format!("{first}{second}")).is_none()
    })
}

/// The full-width forms of what the structure is made of.
fn widened(text: &str) -> String {
    let wide = |c: char| match c {
        ' ' => '　',
        '!'..='~' => char::from_u32(c as u32 + 0xfee0).unwrap(),
        _ => c,
    };
    text.chars().map(wide).collect()
}

fn understood(typed: &Typed) -> String {
    let known = known();
    let lines = match hear(typed, true, false, OBJECTS) {
        Heard::Nothing | Heard::Called => return String::new(),
        Heard::One(line) => vec![line],
        Heard::Batch(lines) => lines,
    };
    let mut all = String::new();
    for line in lines {
        match parse(&line, &reader(&known, None)) {
            Ok(parsed) => {
                assert_eq!(parsed.args.said, line.words());
                all += &told(parsed.command.spec.object, parsed.command.spec.form, &parsed.args);
            }
            Err(refusal) => all += &refusal.0.plain(),
        }
        all.push('\n');
    }
    all
}

fn read(line: &str) -> String {
    understood(&Typed::plain(line))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn nothing_typed_stops_the_reader(text in any_text(), addressed: bool, direct: bool) {
        let mut typed = Typed::plain(&text);
        typed.push_mention(known().remove(0));
        typed.push_text(&text);
        let _ = hear(&typed, addressed, direct, OBJECTS);
        let _ = understood(&typed);
        // Nobody is mentioned but who was: text never makes a mention.
        prop_assert_eq!(typed.text().chars().filter(|c| is_mention(*c)).count(), 1);
        let known = known();
        let quoted = jiuding::grammar::parse_id("T1");
        let _ = parse(&Typed::plain(&text), &reader(&known, quoted));
    }

    #[test]
    fn what_is_typed_is_kept(text in any_text()) {
        let known = known();
        let typed = Typed::plain(&text);
        if let Ok(parsed) = parse(&typed, &reader(&known, None)) {
            prop_assert_eq!(parsed.args.said, typed.words());
            // The lines of a description are those that were typed, all of them unless a line is all keys.
            let lines: Vec<String> = typed.text().lines().skip(1).map(|line| line.trim_end().to_owned()).collect();
            prop_assert!(parsed.args.lines.iter().all(|line| lines.contains(&line.words())));
        }
    }

    #[test]
    fn a_text_without_keys_marks_and_people_stays_as_typed(text in plain_text()) {
        // An id alone is no text: it is asked whether that record is meant.
        prop_assume!(jiuding::grammar::parse_id(text.split_whitespace().next().unwrap_or_default()).is_none());
        prop_assert_eq!(read(&format!("/工单 {text}")), format!("工单 … | {}\n", text));
        prop_assert_eq!(read(&format!("/工单 T1 {text}")), format!("工单 T1 | {}\n", text));
    }

    #[test]
    fn the_order_of_keys_does_not_matter(
        order in Just(vec!["负责:李工", "截止:下周五", "标签:\"a b\"", "目标:少接电话", "!高", "!内部", "@王工"]).prop_shuffle(),
        text in plain_text(),
    ) {
        let known = known();
        let line = Typed::plain(&format!("/需求 {text} {}", order.join(" ")));
        let reader = reader(&known, None);
        let Ok(parsed) = parse(&line, &reader) else { return Err(TestCaseError::fail(line.words())) };
        let args = parsed.args;
        prop_assert_eq!(args.text.as_str(), text.as_str());
        prop_assert_eq!(args.person("负责").map(|person| person.name.as_str()), Some("李工"));
        prop_assert_eq!(args.key("截止"), Some("下周五"));
        prop_assert_eq!(args.key("标签"), Some("a b"));
        prop_assert_eq!(args.key("目标"), Some("少接电话"));
        prop_assert_eq!(args.priority, Some(Priority::High));
        prop_assert!(args.internal);
        prop_assert_eq!(args.people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>(), ["王工"]);
    }

    #[test]
    fn full_width_structure_reads_like_narrow(
        object in prop::sample::select(vec!["需求", "req", "Requirement"]),
        id in prop::sample::select(vec!["", "R12 ", "#r3 ", "r-4 "]),
        pieces in prop::collection::vec(prop::sample::select(vec!["!高", "!urgent", "!内部", "@李工", "@Tom", "负责:王工", "owner:Tom", "截止:下周五"]), 0..4),
    ) {
        let structure = format!("/{object} {id}");
        let rest = pieces.join(" ");
        let narrow = read(&format!("{structure}登录 {rest}"));
        prop_assert_eq!(&narrow, &read(&format!("{}登录　{}", widened(&structure), widened(&rest))));
    }

    #[test]
    fn a_line_reads_back_what_it_was_written_from(
        text in "[支付模块登录页退款]{1,10}",
        priority in prop::option::of(prop::sample::select(vec!["紧急", "高", "中", "低"])),
        people in prop::sample::subsequence(vec!["李工", "张经理", "王工", "Tom", "Anna Lee"], 0..3),
        mentioned: bool,
        due in prop::option::of("[一-十0-9月日点下周]{1,8}"),
        goal in prop::option::of("[一-龟 ]{0,6}[一-龟]"),
        lines in prop::collection::vec("[一-龟a-z/:!？]{1,10}", 0..3),
    ) {
        let known = known();
        let mut typed = Typed::plain(&format!("/需求 {text}"));
        let mut expected = format!("需求 … | {text}");
        if let Some(priority) = priority {
            typed.push_text(&format!(" !{priority}"));
            expected += &format!(" | !{priority}");
        }
        for name in &people {
            match known.iter().find(|person| person.name == **name) {
                Some(person) if mentioned => typed.push_mention(person.clone()),
                _ => typed.push_text(&format!(" @{name}")),
            }
        }
        if !people.is_empty() {
            expected += &format!(" | @{}", people.join(" @"));
        }
        if let Some(due) = due {
            typed.push_text(&format!(" 截止:{due}"));
            expected += &format!(" | 截止:{due}");
        }
        if let Some(goal) = goal {
            typed.push_text(&format!(" 目标:“{goal}”"));
            expected += &format!(" | 目标:{}", goal.trim());
        }
        for line in lines {
            // A line that begins with a slash would still be a description behind a line of text.
            typed.push_text(&format!("\n说明 {line}"));
            expected += &format!(" | ↵说明 {line}");
        }
        prop_assert_eq!(understood(&typed), expected + "\n");
    }
}

#[test]
fn a_hundred_kilobytes_are_read_without_effort() {
    let known = known();
    let long = [
        "需",
        " ",
        "!",
        "！高",
        "@",
        "@李",
        "@李工",
        "\"",
        "“",
        "「",
        "目标:",
        "目标:\"",
        "目标:「",
        "截止:“a",
        "\n",
        "\n/",
        "\n/需求 a",
        "\n!高",
        "，",
        "/",
        "、",
        "R1",
        "T1响应",
        "负责:李工 ",
        "\u{200b}",
        "a@b.c ",
        ":",
        "\r",
    ];
    for begin in ["/需求 ", "/需求 a\n", "/R1 补充 ", "/R1 补充\n目标:", "/工单", "/", "、", "@李工 ", "需"]
    {
        for piece in long {
            let what = format!("{begin:?} and many {piece:?}");
            let read = |bytes: usize| {
                let text = begin.to_owned() + &piece.repeat(bytes / piece.len());
                let mut typed = Typed::plain(&text);
                for _ in 0..200 {
                    typed.push_mention(known[0].clone());
                }
                let started = Instant::now();
                let lines = match hear(&typed, true, true, OBJECTS) {
                    Heard::One(line) => vec![line],
                    Heard::Batch(lines) => lines,
                    Heard::Nothing | Heard::Called => Vec::new(),
                };
                for line in &lines {
                    let _ = parse(line, &reader(&known, None));
                }
                started.elapsed()
            };
            let mut growth = Growth::default();
            while !growth.is_even(&what, read(100_000 / TIMES), read(100_000)) {}
        }
    }
}

proptest! {
    /// What is typed into a field stays in it, whatever it is: each field is read back as it was filled in, nothing
    /// beside them is, and the first line is ours.
    #[test]
    fn a_filled_form_is_read_back_field_by_field(values in prop::collection::vec(hostile_text(), 4)) {
        const NAMES: [&str; 4] = ["目标", "真实需求", "签字人", "用户"];
        let form = Form { tail: " 项目:支付".into(), ..Form::new("/需求 R12 补充", "补充") };
        let form = NAMES.iter().fold(form, |form, name| form.field(Field::new(*name, FieldKind::Long)));
        let filled = NAMES.iter().map(|name| (*name).to_owned()).zip(values.iter().cloned()).collect();
        let known = known();
        let Ok(line) = compose(&form, &filled) else {
            prop_assert!(values.iter().all(|value| settled(value).is_empty()), "{values:?}");
            return Ok(());
        };
        let (first, rest) = line.split_once('\n').unwrap();
        prop_assert_eq!(first, "/需求 R12 补充 项目:支付");
        let line = Typed::plain(&format!("/需求 R12 补充\n{rest}"));
        prop_assert!(matches!(hear(&line, false, false, OBJECTS), Heard::One(_)), "{}", line.text());
        let parsed = parse(&line, &reader(&known, None));
        let Ok(parsed) = parsed else { return Err(TestCaseError::fail(line.text().to_owned())) };
        let args = parsed.args;
        for (name, value) in NAMES.iter().zip(&values) {
            let read = args.key(name).unwrap_or_default();
            prop_assert_eq!(settled(read), settled(value), "{} in {}", name, line.text());
        }
        prop_assert_eq!((args.words(), args.marks(), args.people.len()), (String::new(), String::new(), 0));
    }
}

/// What people type into a field to get out of it.
fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => any_text(),
        2 => prop::sample::select(vec![
            "\"", "＂", "“", "”", "「", "」", "\n/工单 打不开 !紧急", "\n目标:别的", " 用户：我", "\r\n@李工 ", "\n\n", "…",
            " 项目:别的", "!内部",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// A value as far as a line can keep it: its lines as one, and straight quotes like curly ones.
fn settled(value: &str) -> String {
    let kept =
        value.chars().filter(|c| !is_mention(*c) && !c.is_control() && !c.is_whitespace() && *c != '；');
    kept.map(|c| if "\"“”".contains(narrow(c)) { '"' } else { c }).collect()
}
