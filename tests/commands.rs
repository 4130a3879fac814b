//! Commands as colleagues type them, played against the table `tests/data/commands.tsv`; and that the table of
//! commands agrees with itself.

use std::collections::HashSet;

use jiuding::{
    chat::{Person, PersonId, Typed},
    dossier::Refusal,
    features::{COMMANDS, OBJECTS},
    grammar::{self, Args, Form, Heard, Reader, Takes, Token, hear, parse, parse_id},
    store::Key,
};

/// Whom the project of the table knows.
const KNOWN: [&str; 10] =
    ["李工", "张经理", "陈主管", "王工", "赵工", "刘伟", "刘伟", "Tom", "Anna Lee", "小周"];

pub(crate) fn known() -> Vec<Person> {
    let ids = KNOWN.iter().enumerate();
    ids.map(|(i, name)| Person { id: PersonId::new("test", &i.to_string()), name: (*name).to_owned() })
        .collect()
}

pub(crate) fn reader<'a>(known: &'a [Person], quoted: Option<Key>) -> Reader<'a> {
    let sender = known.last().unwrap();
    Reader { objects: OBJECTS, commands: COMMANDS, known, sender, quoted, quote: None }
}

/// A line of the table, with its marks read.
struct Line {
    typed: Typed,
    addressed: bool,
    direct: bool,
    quoted: Option<Key>,
}

impl Line {
    fn read(line: &str, known: &[Person]) -> Self {
        let mut read = Self { typed: Typed::default(), addressed: false, direct: false, quoted: None };
        let mut line = line.to_owned();
        if let Some(rest) = line.strip_prefix("(私聊)") {
            (read.direct, line) = (true, rest.to_owned());
        }
        if let Some((id, rest)) = line.strip_prefix("(引用").and_then(|rest| rest.split_once(')')) {
            (read.quoted, line) = (parse_id(id), rest.to_owned());
        }
        let line = line.replace('⏎', "\n");
        let mut pieces = line.split('{');
        read.typed.push_text(pieces.next().unwrap());
        for piece in pieces {
            let (name, text) = piece.split_once('}').unwrap();
            let person = |name: &str| {
                let stranger = || Person { id: PersonId::new("test", name), name: name.to_owned() };
                known.iter().find(|person| person.name == name).cloned().unwrap_or_else(stranger)
            };
            match name.strip_prefix('?') {
                Some(name) => read.typed.add_unplaced(person(name)),
                None if name == "鼎鼎" => read.addressed = true,
                None => read.typed.push_mention(person(name)),
            }
            read.typed.push_text(text);
        }
        read
    }

    /// What is understood, each command by itself.
    fn understood(&self, known: &[Person]) -> Vec<Result<String, Refusal>> {
        let lines = match hear(&self.typed, self.addressed, self.direct, OBJECTS) {
            Heard::Nothing => return vec![Ok("-".into())],
            Heard::Called => return vec![Ok("帮助页".into())],
            Heard::One(line) => vec![line],
            Heard::Batch(lines) => lines,
        };
        let reader = reader(known, self.quoted);
        lines
            .iter()
            .map(|line| {
                let parsed = parse(line, &reader)?;
                assert!(parsed.args.said == line.words(), "what was said is kept");
                Ok(told(parsed.command.spec.object, parsed.command.spec.form, &parsed.args))
            })
            .collect()
    }
}

/// A command and its arguments, as the table writes them.
pub(crate) fn told(object: &str, form: Form, args: &Args) -> String {
    let id = args.id.map(|key| format!(" {key}")).unwrap_or_default();
    let mut told = match form {
        Form::List => format!("{object} 列表"),
        Form::Text => format!("{object} …"),
        Form::Any | Form::AnyId | Form::Id => format!("{object}{id}"),
        Form::Act(name, _) | Form::IdAct(name, _) => format!("{object}{id} {name}"),
    };
    if object == "角色" {
        let tokens: Vec<String> = args
            .tokens
            .iter()
            .map(|token| match token {
                Token::Word(word) => word.clone(),
                Token::Person(person) => format!("@{}", person.name),
            })
            .collect();
        if !tokens.is_empty() {
            told += &format!(" [{}]", tokens.join(" "));
        }
    } else if !args.text.is_empty() {
        told += &format!(" | {}", args.text);
    }
    if let Some(priority) = args.priority {
        told += &format!(" | !{}", priority.name());
    }
    if args.internal {
        told += " | !内部";
    }
    let people: Vec<String> = args.people.iter().map(|person| format!("@{}", person.name)).collect();
    if !people.is_empty() {
        told += &format!(" | {}", people.join(" "));
    }
    for (key, value) in args.keys() {
        let at = if value.person.is_some() { "@" } else { "" };
        let name = value.person.as_ref().map_or(&value.text, |person| &person.name);
        told += &format!(" | {key}:{at}{name}");
    }
    for line in &args.lines {
        told += &format!(" | ↵{}", line.words());
    }
    told
}

/// Whether one command was understood as the table says.
fn fits(expected: &str, understood: &Result<String, Refusal>) -> bool {
    let refusal = match understood {
        Ok(told) => return told == expected,
        Err(Refusal(message)) => message,
    };
    let Some(expected) = expected.strip_prefix("✗ ") else { return false };
    let (words, line) = match expected.split_once(" → ") {
        Some((words, line)) => (words, Some(line.replace('⏎', "\n"))),
        None => (expected, None),
    };
    refusal.plain().contains(words)
        && line.is_none_or(|line| refusal.buttons.iter().any(|button| button.line == line))
}

#[test]
fn every_line_of_the_table_is_understood_as_written() {
    let known = known();
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in include_str!("data/commands.tsv").lines().filter(|line| !line.starts_with('#')) {
        let (typed, expected) = line.split_once('\t').unwrap();
        let understood = Line::read(typed, &known).understood(&known);
        let expected: Vec<&str> = expected.split(" ⏎ ").collect();
        let all = expected.len() == understood.len()
            && expected.iter().zip(&understood).all(|(expected, understood)| fits(expected, understood));
        if !all {
            let shown: Vec<String> = understood
                .iter()
                .map(|one| match one {
                    Ok(told) => told.clone(),
                    Err(Refusal(message)) => {
                        let lines: Vec<&str> =
                            message.buttons.iter().map(|button| button.line.as_str()).collect();
                        format!("✗ {} → {}", message.plain(), lines.join(" / "))
                    }
                })
                .collect();
            wrong.push(format!(
                "{typed}\n    expected {}\n    read     {}",
                expected.join(" ⏎ "),
                shown.join(" ⏎ ")
            ));
        }
        count += 1;
    }
    assert!(count >= 200, "only {count} lines");
    assert!(wrong.is_empty(), "{} of {count} lines are read wrongly:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_button_of_a_refusal_says_a_line_that_can_be_read() {
    let known = known();
    for line in include_str!("data/commands.tsv").lines().filter(|line| !line.starts_with('#')) {
        let (typed, _) = line.split_once('\t').unwrap();
        for refusal in Line::read(typed, &known).understood(&known).into_iter().filter_map(Result::err) {
            for button in &refusal.0.buttons {
                let read = parse(&Typed::plain(&button.line), &reader(&known, None));
                assert!(read.is_ok(), "{typed}: the button says {:?}", button.line);
            }
        }
    }
}

#[test]
fn every_usage_reads_as_its_own_command() {
    let known = known();
    for command in COMMANDS {
        let spec = command.spec;
        let typed = Typed::plain(spec.usage);
        let Heard::One(line) = hear(&typed, false, false, OBJECTS) else { panic!("{}", spec.usage) };
        let parsed = parse(&line, &reader(&known, None));
        let Ok(parsed) = parsed else { panic!("{} is refused", spec.usage) };
        assert_eq!(
            (parsed.command.spec.object, parsed.command.spec.form),
            (spec.object, spec.form),
            "{}",
            spec.usage
        );
        for key in spec.keys {
            let typed = spec.usage.contains(&format!(" {}:", key.name));
            let read = parsed.args.keys().any(|(name, _)| name == key.name);
            assert_eq!(typed, read, "{} of {}", key.name, spec.usage);
        }
    }
}

#[test]
fn no_word_behind_an_action_is_lost_on_the_way_to_it() {
    let known = known();
    let actions = COMMANDS.iter().map(|command| command.spec);
    for spec in actions.filter(|spec| matches!(spec.form, Form::Act(..) | Form::IdAct(..) | Form::List)) {
        // Without the example's own values, which would take the words in.
        let list = format!("/{} 列表", spec.object);
        let usage = if spec.form == Form::List { &list } else { spec.usage };
        let said = usage.split_whitespace().filter(|word| !word.contains([':', '@']));
        for more in ["顺便说一句", "@李工", "\n第二行"] {
            let line = format!("{} {more}", said.clone().collect::<Vec<_>>().join(" "));
            let word = more.trim();
            match parse(&Typed::plain(&line), &reader(&known, None)) {
                Ok(parsed) => assert!(parsed.args.rest.contains(word), "{line}: {:?}", parsed.args.rest),
                Err(Refusal(message)) => assert!(message.plain().contains(word), "{line}: {message:?}"),
            }
        }
        let parsed = parse(&Typed::plain(&format!("{} !紧急", spec.usage)), &reader(&known, None));
        assert!(parsed.is_err() || spec.form == Form::List || spec.marked, "{} takes a mark", spec.usage);
    }
}

#[test]
fn no_two_commands_of_an_object_are_said_alike() {
    for object in OBJECTS {
        let mine: Vec<_> = COMMANDS.iter().filter(|command| command.spec.object == object.name).collect();
        assert!(!mine.is_empty(), "{} has no command", object.name);
        let mut forms = HashSet::new();
        for command in &mine {
            let form = match command.spec.form {
                Form::Act(name, english) => format!("act {name} {english}"),
                Form::IdAct(name, english) => format!("act on an id {name} {english}"),
                other => format!("{other:?}"),
            };
            assert!(forms.insert(form), "{} has two of {:?}", object.name, command.spec.form);
            // A key has one name in Chinese and one in English within a command.
            let mut names = HashSet::new();
            for key in command.spec.keys {
                for name in HashSet::from([key.name, key.english]) {
                    assert!(names.insert(name), "{} twice in {}", name, command.spec.usage);
                }
            }
        }
        let words: Vec<(&str, &str)> = mine
            .iter()
            .filter_map(|command| match command.spec.form {
                Form::Act(name, english) | Form::IdAct(name, english) => Some((name, english)),
                _ => None,
            })
            .chain([("列表", "list")])
            .collect();
        for (name, english) in &words {
            let same = |(other, word): &&(&str, &str)| other == name || word == english;
            // The same action with and without an id has both words in common.
            let alike: HashSet<_> = words.iter().filter(same).collect();
            assert_eq!(alike.len(), 1, "{}: {alike:?}", object.name);
        }
    }
}

#[test]
fn a_key_means_the_same_in_every_command_of_an_object() {
    for object in OBJECTS {
        let keys = || {
            let mine = COMMANDS.iter().filter(|command| command.spec.object == object.name);
            mine.flat_map(|command| command.spec.keys)
        };
        for key in keys() {
            for other in keys().filter(|other| other.name == key.name) {
                assert_eq!(key.english, other.english, "{} of {}", key.name, object.name);
                assert_eq!(
                    key.takes == Takes::Person,
                    other.takes == Takes::Person,
                    "{} of {}",
                    key.name,
                    object.name
                );
            }
        }
    }
}

#[test]
fn no_two_objects_have_a_word_or_a_letter_in_common() {
    let mut names = HashSet::new();
    let mut letters = HashSet::new();
    for object in OBJECTS {
        for name in object.names() {
            assert!(names.insert(name.to_lowercase()), "{name} is said of two");
        }
        // Minutes are those of a meeting and go by its number.
        let own = object.name != "纪要";
        assert!(
            !own || object.letter.is_none_or(|letter| letters.insert(letter)),
            "{:?} twice",
            object.letter
        );
        assert!(!object.summary.is_empty(), "{} has no help", object.name);
    }
    for command in COMMANDS {
        assert!(names.contains(command.spec.object), "{} belongs to no object", command.spec.usage);
        assert!(!command.spec.summary.is_empty(), "{} has no help", command.spec.usage);
    }
}

#[test]
fn help_and_completion_hold_every_command() {
    let all = grammar::help(OBJECTS, COMMANDS, None).plain();
    let completion = grammar::completion(OBJECTS, COMMANDS);
    for object in OBJECTS {
        assert!(all.contains(&format!("/{}", object.name)), "{} is missing", object.name);
        let help = grammar::help(OBJECTS, COMMANDS, Some(object)).plain();
        let entries = completion.as_array().unwrap();
        let entry = entries.iter().find(|entry| entry["zh"] == object.name).unwrap();
        for command in COMMANDS.iter().filter(|command| command.spec.object == object.name) {
            assert!(help.contains(command.spec.usage), "{} is missing", command.spec.usage);
            let commands = entry["commands"].as_array().unwrap();
            assert!(
                commands.iter().any(|known| known["usage"] == command.spec.usage),
                "{}",
                command.spec.usage
            );
            for key in command.spec.keys {
                assert!(help.contains(&format!("{}({})", key.name, key.english)), "{} is missing", key.name);
                let keys = entry["keys"].as_array().unwrap();
                assert!(keys.iter().any(|known| known == key.name), "{} is missing", key.name);
            }
        }
    }
}
