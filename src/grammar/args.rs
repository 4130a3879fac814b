//! What a line says beside its command: text, priority, people, keys, and the lines after the first.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{KeySpec, Reader, Spec, Takes, scan::Scan};
use crate::{
    calendar::typed::{self, Reading, Unreadable},
    chat::{Person, Typed},
    dossier::{Context, Refusal},
    store::Key,
};

/// How much something matters, as typed with `!`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// 低.
    Low,
    /// 中.
    Medium,
    /// 高.
    High,
    /// 紧急.
    Urgent,
}

impl Priority {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "低",
            Self::Medium => "中",
            Self::High => "高",
            Self::Urgent => "紧急",
        }
    }
}

/// What a line says beside its command.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Args {
    /// The record it acts on.
    pub id: Option<Key>,
    /// Plain text, as typed, without keys, priority and mentions.
    pub text: String,
    /// `!紧急` and the like.
    pub priority: Option<Priority>,
    /// `!内部`.
    pub internal: bool,
    /// People mentioned or named with `@`, in order, each once.
    pub people: Vec<Person>,
    /// Text and people of the first line, in order.
    pub tokens: Vec<Token>,
    /// The lines after the first, as typed.
    pub lines: Vec<Typed>,
    /// Everything that was said, as a person would read it.
    pub said: String,
    keys: Vec<(&'static str, Value)>,
}

/// A piece of the first line.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A word, up to a blank.
    Word(String),
    /// Somebody.
    Person(Person),
}

/// The value of a key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Value {
    /// Its words.
    pub text: String,
    /// The person it names.
    pub person: Option<Person>,
}

impl Args {
    /// Words alone, without people, keys and marks.
    pub fn of_words(words: String) -> Self {
        Self { text: words.clone(), said: words, ..Self::default() }
    }

    /// The number of the record it acts on.
    ///
    /// # Panics
    /// For a form without an id; the table never pairs the two.
    pub fn number(&self) -> u32 {
        self.id.expect("this form has an id").number
    }

    /// The words of a key; `None` where it does not stand or is empty.
    pub fn key(&self, name: &str) -> Option<&str> {
        self.value(name).map(|value| value.text.as_str()).filter(|text| !text.is_empty())
    }

    /// The person of a key.
    pub fn person(&self, name: &str) -> Option<&Person> {
        self.value(name)?.person.as_ref()
    }

    /// The keys that stand in the line, in order.
    pub fn keys(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.keys.iter().map(|(name, value)| (*name, value))
    }

    /// Whoever is responsible: the key `负责`, or else the first person of the line.
    pub fn owner(&self) -> Option<&Person> {
        self.person("负责").or_else(|| self.people.first())
    }

    /// The lines after the first, as text.
    pub fn description(&self) -> Option<String> {
        let text = self.lines.iter().map(Typed::words).collect::<Vec<_>>().join("\n");
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The moment that a key names.
    ///
    /// # Errors
    /// It cannot be read, lies in the past, or may mean several.
    pub fn date(&self, name: &str, cx: &Context) -> Result<Option<Timestamp>, Refusal> {
        let Some(text) = self.key(name) else { return Ok(None) };
        match typed::read(text, cx.now, &cx.rules.calendar) {
            Ok(reading) => Ok(Some(reading.at)),
            Err(why) => Err(unreadable(name, text, &why, &self.said, cx)),
        }
    }

    /// The moment that a key names, or that stands at the end of the text; the text loses it.
    ///
    /// # Errors
    /// As [`Args::date`].
    pub fn deadline(&mut self, name: &str, cx: &Context) -> Result<Option<Timestamp>, Refusal> {
        if let Some(at) = self.date(name, cx)? {
            return Ok(Some(at));
        }
        let Some((rest, reading)) = typed::split_trailing(&self.text, cx.now, &cx.rules.calendar) else {
            return Ok(None);
        };
        let phrase = self.text[rest.len()..].trim().to_owned();
        match reading {
            Ok(reading) => {
                self.text = rest.trim().to_owned();
                Ok(Some(reading.at))
            }
            Err(why) => Err(unreadable(name, &phrase, &why, &self.said, cx)),
        }
    }

    /// The time that a key names, or that stands anywhere in the text, with its words; the text loses it.
    ///
    /// # Errors
    /// As [`Args::date`].
    pub fn time(&mut self, name: &str, cx: &Context) -> Result<Option<(Reading, String)>, Refusal> {
        let calendar = &cx.rules.calendar;
        if let Some(text) = self.key(name) {
            let reading = typed::read(text, cx.now, calendar);
            let reading = reading.map_err(|why| unreadable(name, text, &why, &self.said, cx))?;
            return Ok(Some((reading, text.to_owned())));
        }
        let Some((range, reading)) = typed::find_anywhere(&self.text, cx.now, calendar) else {
            return Ok(None);
        };
        let phrase = self.text[range.clone()].to_owned();
        let reading = reading.map_err(|why| unreadable(name, &phrase, &why, &self.said, cx))?;
        self.text.replace_range(range, " ");
        self.text = tidy(&self.text);
        Ok(Some((reading, phrase)))
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.keys.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

/// What to say to a time that cannot be taken: the reading shown, or a choice of absolute ones.
fn unreadable(key: &str, phrase: &str, why: &Unreadable, said: &str, cx: &Context) -> Refusal {
    let mut refusal = Refusal::new(format!("{why}。没有记录"));
    if let Unreadable::Ambiguous { choices, .. } = why {
        for choice in choices.iter().take(3) {
            let words = typed::echo(*choice, cx.now, &cx.rules.calendar);
            let exact = cx.rules.calendar.local(*choice).strftime("%Y-%m-%d %H:%M").to_string();
            let first = said.lines().next().unwrap_or_default();
            let line = match first.rfind(phrase) {
                Some(at) => format!("{}{exact}{}", &first[..at], &first[at + phrase.len()..]),
                None => format!("{first} {key}:{exact}"),
            };
            refusal = refusal.button(words, line);
        }
    }
    refusal
}

/// Reads everything behind the command.
pub(super) fn collect(
    mut scan: Scan,
    rest: Option<&str>,
    id: Option<Key>,
    spec: &'static Spec,
    typed: &Typed,
    reader: &Reader,
) -> Result<Args, Refusal> {
    let mut args = Args { id, said: typed.words(), ..Args::default() };
    let mut text = String::new();
    read_line(&mut scan, spec, reader, &mut args, &mut text)?;
    for line in rest.into_iter().flat_map(str::lines) {
        let mut scan = Scan::new(line, typed);
        if spec.keys_in_lines && key_at(&scan, spec.keys).is_some() {
            read_line(&mut scan, spec, reader, &mut args, &mut text)?;
        } else {
            args.lines.push(typed.with_text(line.trim_end()));
        }
    }
    while args.lines.last().is_some_and(|line| line.text().trim().is_empty()) {
        args.lines.pop();
    }
    args.text = tidy(&text);
    for person in typed.unplaced() {
        args.mention(person.clone());
    }
    Ok(args)
}

impl Args {
    fn mention(&mut self, person: Person) {
        if !self.people.iter().any(|known| known.id == person.id) {
            self.people.push(person);
        }
    }
}

/// Reads one line into `args`; its plain text goes to `text`.
fn read_line(
    scan: &mut Scan,
    spec: &'static Spec,
    reader: &Reader,
    args: &mut Args,
    text: &mut String,
) -> Result<(), Refusal> {
    let mut word = String::new();
    while scan.has_more() {
        if let Some(person) = scan.take_mention() {
            flush(&mut word, args);
            text.push(' ');
            args.tokens.push(Token::Person(person.clone()));
            args.mention(person);
        } else if let Some((key, length)) = key_at(scan, spec.keys) {
            flush(&mut word, args);
            scan.skip(length);
            let value = read_value(scan, key, spec.keys, reader)?;
            args.keys.retain(|(name, _)| *name != key.name);
            args.keys.push((key.name, value));
            text.push(' ');
        } else if let Some((mark, length)) = mark_at(scan) {
            flush(&mut word, args);
            scan.skip(length);
            match mark {
                Mark::Priority(priority) => args.priority = Some(*priority),
                Mark::Internal => args.internal = true,
            }
            text.push(' ');
        } else if let Some(named) = take_typed_name(scan, reader)? {
            flush(&mut word, args);
            text.push(' ');
            args.tokens.push(Token::Person(named.clone()));
            args.mention(named);
        } else if let Some(c) = scan.take() {
            text.push(c);
            if c.is_whitespace() { flush(&mut word, args) } else { word.push(c) }
        }
    }
    flush(&mut word, args);
    text.push('\n');
    Ok(())
}

fn flush(word: &mut String, args: &mut Args) {
    if !word.is_empty() {
        args.tokens.push(Token::Word(std::mem::take(word)));
    }
}

/// The key that stands here, and how many characters it and its colon take.
fn key_at(scan: &Scan, keys: &'static [KeySpec]) -> Option<(&'static KeySpec, usize)> {
    if !at_boundary(scan) {
        return None;
    }
    keys.iter().find_map(|key| {
        [key.name, key.english].into_iter().find_map(|name| {
            let length = name.chars().count();
            (scan.is_at(name) && scan.peek_at(length) == Some(':')).then_some((key, length + 1))
        })
    })
}

/// Whether a new word can begin here.
fn at_boundary(scan: &Scan) -> bool {
    match scan.before() {
        None => true,
        Some(c) => c.is_whitespace() || ",;，。；、)）]】".contains(c) || crate::chat::is_mention(c),
    }
}

enum Mark {
    Priority(Priority),
    Internal,
}

/// The words that follow `!`.
const MARKS: [(&str, Mark); 10] = [
    ("紧急", Mark::Priority(Priority::Urgent)),
    ("urgent", Mark::Priority(Priority::Urgent)),
    ("高", Mark::Priority(Priority::High)),
    ("high", Mark::Priority(Priority::High)),
    ("中", Mark::Priority(Priority::Medium)),
    ("medium", Mark::Priority(Priority::Medium)),
    ("低", Mark::Priority(Priority::Low)),
    ("low", Mark::Priority(Priority::Low)),
    ("内部", Mark::Internal),
    ("internal", Mark::Internal),
];

/// The `!` mark that stands here, and how many characters it takes. What follows it must not continue
/// the word: `!高端` is text.
fn mark_at(scan: &Scan) -> Option<(&'static Mark, usize)> {
    if scan.peek() != Some('!') {
        return None;
    }
    MARKS.iter().find_map(|(name, mark)| {
        let length = name.chars().count();
        let fits = name
            .chars()
            .enumerate()
            .all(|(i, c)| scan.peek_at(i + 1).is_some_and(|other| other.eq_ignore_ascii_case(&c)));
        let ends = scan.peek_at(length + 1).is_none_or(|c| !c.is_alphanumeric());
        (fits && ends).then_some((mark, length + 1))
    })
}

/// Reads a key's value: in quotes, or up to the next key, mark, mention or line end.
fn read_value(
    scan: &mut Scan,
    key: &KeySpec,
    keys: &'static [KeySpec],
    reader: &Reader,
) -> Result<Value, Refusal> {
    scan.skip_blanks();
    if let Some(close) = closing_quote(scan.peek()) {
        scan.skip(1);
        let mut text = String::new();
        while let Some(c) = scan.take() {
            if close.contains(c) {
                break;
            }
            text.push(c);
        }
        return finish(key, text.trim().to_owned(), None, reader);
    }
    if key.takes == Takes::Person {
        if let Some(person) = scan.take_mention() {
            return Ok(Value { text: person.name.clone(), person: Some(person) });
        }
        if let Some(person) = take_typed_name(scan, reader)? {
            return Ok(Value { text: person.name.clone(), person: Some(person) });
        }
    }
    let mut text = String::new();
    while scan.has_more() && !scan.at_mention() && key_at(scan, keys).is_none() && mark_at(scan).is_none() {
        if key.takes == Takes::Person && scan.peek().is_some_and(char::is_whitespace) && !text.is_empty() {
            break;
        }
        if scan.peek() == Some('@') && at_boundary(scan) && key.takes == Takes::Text {
            break;
        }
        text.extend(scan.take());
    }
    finish(key, text.trim().to_owned(), None, reader)
}

fn closing_quote(open: Option<char>) -> Option<&'static str> {
    match open? {
        '"' | '“' | '”' => Some("\"”“"),
        '「' => Some("」"),
        _ => None,
    }
}

fn finish(key: &KeySpec, text: String, person: Option<Person>, reader: &Reader) -> Result<Value, Refusal> {
    if key.takes == Takes::Text || text.is_empty() {
        return Ok(Value { text, person });
    }
    let person = find_person(&text, reader)?;
    Ok(Value { text, person: Some(person) })
}

/// Takes a name typed with `@`. `@所有人` and addresses (`a@b.c`) are text.
fn take_typed_name(scan: &mut Scan, reader: &Reader) -> Result<Option<Person>, Refusal> {
    if scan.peek() != Some('@') || !(at_boundary(scan) || scan.before().is_some_and(|c| !c.is_ascii())) {
        return Ok(None);
    }
    let name: String = (1..=24)
        .map_while(|ahead| scan.peek_at(ahead))
        .take_while(|c| {
            !c.is_whitespace()
                && !"@,;:，。；：、!！()（）[]【】".contains(*c)
                && !crate::chat::is_mention(*c)
        })
        .collect();
    if name.is_empty() || ["所有人", "全体成员", "all"].contains(&name.as_str()) {
        return Ok(None);
    }
    if name.starts_with('我') {
        scan.skip(2);
        return Ok(Some(reader.sender.clone()));
    }
    // The longest known name with which the typed one begins: `@李工跟进` is 李工.
    let longest = reader
        .known
        .iter()
        .filter(|person| !person.name.is_empty() && name.starts_with(&person.name))
        .max_by_key(|person| person.name.chars().count());
    if let Some(person) = longest {
        let person = unambiguous(&person.name, reader)?;
        scan.skip(1 + person.name.chars().count());
        return Ok(Some(person));
    }
    if at_boundary(scan) { Err(unknown_person(&name, reader)) } else { Ok(None) }
}

/// Whom a typed name means.
pub(super) fn find_person(name: &str, reader: &Reader) -> Result<Person, Refusal> {
    let name = name.trim().trim_start_matches(['@', '＠']);
    if name == "我" {
        return Ok(reader.sender.clone());
    }
    if reader.known.iter().any(|person| person.name == name) {
        return unambiguous(name, reader);
    }
    Err(unknown_person(name, reader))
}

fn unambiguous(name: &str, reader: &Reader) -> Result<Person, Refusal> {
    let same: Vec<&Person> = reader.known.iter().filter(|person| person.name == name).collect();
    match same.as_slice() {
        [one] => Ok((*one).clone()),
        _ => Err(Refusal::new(format!(
            "项目里有 {} 位「{name}」，没有记录。请用平台的 @ 选中要找的那一位",
            same.len()
        ))),
    }
}

fn unknown_person(name: &str, reader: &Reader) -> Refusal {
    let near: Vec<&str> = reader
        .known
        .iter()
        .map(|person| person.name.as_str())
        .filter(|known| {
            strsim::damerau_levenshtein(known, name) * 2 <= known.chars().count().max(name.chars().count())
        })
        .take(3)
        .collect();
    if near.is_empty() {
        return Refusal::new(format!(
            "项目里还没有叫「{name}」的人，没有记录。请用平台的 @ 选人，或让对方先在群里说句话"
        ));
    }
    let near = near.iter().map(|name| format!("@{name}")).collect::<Vec<_>>().join("、");
    Refusal::new(format!("项目里没有叫「{name}」的人，没有记录。是不是 {near}？"))
}

/// Text without the gaps that keys, marks and mentions left.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if !words.is_empty() {
            if !tidy.is_empty() {
                tidy.push('\n');
            }
            tidy.push_str(&words.join(" "));
        }
    }
    tidy
}
