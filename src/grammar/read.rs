//! What stands behind a command, read into its [`Args`].

use super::{
    Args, Form, KeySpec, Lines, Priority, Reader, Spec, Takes, Token, Value, person,
    scan::{SEPARATORS, Scan},
};
use crate::{
    chat::Person,
    dossier::{Refusal, Role},
    store::Key,
};

/// Reads everything behind the command. `leading` are the people who stood in front of it.
pub(super) fn collect(
    mut scan: Scan,
    rest: Option<&str>,
    (id, leading): (Option<Key>, Vec<Person>),
    spec: &'static Spec,
    reader: &Reader,
) -> Result<Args, Refusal> {
    let typed = scan.typed();
    let args = Args { id, said: typed.words(), ..Args::default() };
    let mut reading =
        Reading { spec, reader, args, text: String::new(), rest: String::new(), word: String::new() };
    leading.into_iter().for_each(|person| reading.args.mention(person));
    reading.line(&mut scan)?;
    for line in rest.into_iter().flat_map(str::lines) {
        let mut scan = Scan::new(line, typed);
        if spec.lines == Lines::Keys && key_at(&scan, spec.keys).is_some() {
            reading.line(&mut scan)?;
            continue;
        }
        if spec.form == Form::Text && spec.lines == Lines::Description {
            reading.description(scan);
        }
        reading.rest.push_str(&format!("{}\n", typed.words_of(line)));
        reading.args.lines.push(typed.with_text(line.trim_end()));
    }
    let Reading { mut args, text, rest: free, .. } = reading;
    while args.lines.last().is_some_and(|line| line.text().trim().is_empty()) {
        args.lines.pop();
    }
    args.text = lines_of(&text);
    let mut free = lines_of(&free);
    for person in typed.unplaced() {
        free.push_str(&format!(" @{}", person.name));
        args.mention(person.clone());
    }
    args.rest = free.trim().to_owned();
    Ok(args)
}

/// The lines of a text that say something.
fn lines_of(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// A line on its way into `args`.
struct Reading<'r> {
    spec: &'static Spec,
    reader: &'r Reader<'r>,
    args: Args,
    text: String,
    /// The text with the people in it.
    rest: String,
    word: String,
}

impl Reading<'_> {
    fn line(&mut self, scan: &mut Scan) -> Result<(), Refusal> {
        while scan.has_more() {
            if let Some(person) = person::take(scan, self.reader)? {
                self.cut(scan);
                let apart = if self.rest.ends_with(|c: char| !c.is_whitespace()) { " " } else { "" };
                self.rest.push_str(&format!("{apart}@{} ", person.name));
                self.args.tokens.push(Token::Person(person.clone()));
                self.args.mention(person);
            } else if let Some((key, length)) = key_at(scan, self.spec.keys) {
                scan.skip(length);
                let value = self.value(scan, key)?;
                self.args.keys.retain(|(name, _)| *name != key.name);
                self.args.keys.push((key.name, value));
                self.cut(scan);
            } else if let Some((mark, length)) = mark_at(scan) {
                scan.skip(length);
                self.mark(mark);
                self.cut(scan);
            } else if let Some(c) = scan.take() {
                self.text.push(c);
                self.rest.push(c);
                if c.is_whitespace() { self.end_word() } else { self.word.push(c) }
            }
        }
        self.end_word();
        self.text.push('\n');
        self.rest.push('\n');
        Ok(())
    }

    /// A line of a record's description: stays as typed, but what is marked or who is mentioned there counts.
    fn description(&mut self, mut scan: Scan) {
        let urgency = self.args.priority;
        while scan.has_more() {
            if let Some(person) = scan.take_mention() {
                self.args.mention(person);
            } else if let Some((mark, length)) = mark_at(&scan) {
                scan.skip(length);
                self.mark(mark);
            } else {
                scan.skip(1);
            }
        }
        self.args.priority = urgency.or(self.args.priority);
    }

    fn mark(&mut self, mark: &Mark) {
        match mark {
            Mark::Priority(priority) => self.args.priority = Some(*priority),
            Mark::Internal => self.args.internal = true,
        }
    }

    /// Closes the gap that a key, mark or person leaves in the text.
    fn cut(&mut self, scan: &mut Scan) {
        self.end_word();
        scan.end_piece();
        for text in [&mut self.text, &mut self.rest] {
            text.truncate(text.trim_end_matches([' ', '\t', '\u{3000}']).len());
            if !scan.has_more() {
                text.truncate(trimmed(text).len());
            } else if !text.is_empty() && !text.ends_with('\n') {
                text.push(' ');
            }
        }
    }

    fn end_word(&mut self) {
        if !self.word.is_empty() {
            self.args.tokens.push(Token::Word(std::mem::take(&mut self.word)));
        }
    }

    /// Reads a key's value: in quotes, or up to the next key, mark, person or line end.
    fn value(&self, scan: &mut Scan, key: &KeySpec) -> Result<Value, Refusal> {
        scan.skip_blanks();
        let or_role = key.takes == Takes::PersonOrRole;
        if !or_role && key.takes != Takes::Person {
            let text = match scan.take_quoted() {
                Some(quoted) => quoted,
                None => self.words(scan)?,
            };
            return Ok(Value { text: text.trim().to_owned(), person: None });
        }
        if let Some(person) = person::take(scan, self.reader)? {
            return Ok(Value { text: person.name.clone(), person: Some(person) });
        }
        let quoted = scan.take_quoted();
        let is_quoted = quoted.is_some();
        let text = match quoted {
            Some(quoted) => quoted,
            None => {
                // Of the words up to the next key those that are a name; what is left goes on as text.
                let from = scan.place();
                let words = self.words(scan)?;
                scan.go_back(from);
                let name = person::begins(&words, self.reader);
                scan.skip(name.chars().count());
                name.to_owned()
            }
        };
        let text = text.trim().to_owned();
        // A role is looked up when it counts; in quotes stands the name of somebody who is not here.
        if text.is_empty() || (or_role && (is_quoted || Role::parse(&text).is_some())) {
            return Ok(Value { text, person: None });
        }
        if !or_role {
            return Ok(Value { person: Some(person::find(&text, scan, self.reader)?), text });
        }
        // Whoever signs is likelier the customer's.
        let known: Vec<Person> = self.reader.known.iter().rev().cloned().collect();
        let reader = Reader { known: &known, ..*self.reader };
        let found = person::find(&text, scan, &reader);
        let person = found.map_err(|refusal| person::or_by_name(refusal, &text, scan, &reader))?;
        Ok(Value { text, person: Some(person) })
    }

    /// The words up to the next key, mark, person or line end.
    fn words(&self, scan: &mut Scan) -> Result<String, Refusal> {
        let mut text = String::new();
        while scan.has_more()
            && key_at(scan, self.spec.keys).is_none()
            && mark_at(scan).is_none()
            && !person::is_at(scan, self.reader)?
        {
            text.extend(scan.take());
        }
        text.truncate(trimmed(&text).len());
        Ok(text)
    }
}

/// Without the separators in front of what was cut out behind it.
fn trimmed(text: &str) -> &str {
    text.trim_end_matches(|c: char| c != '。' && SEPARATORS.contains(&c) || c == ' ' || c == '\u{3000}')
}

/// The key that stands here, and how many characters it and its colon take.
fn key_at(scan: &Scan, keys: &'static [KeySpec]) -> Option<(&'static KeySpec, usize)> {
    if !scan.at_boundary() {
        return None;
    }
    keys.iter().find_map(|key| {
        [key.name, key.english].into_iter().find_map(|name| {
            let length = name.chars().count();
            (scan.is_at(name) && scan.peek_at(length) == Some(':')).then_some((key, length + 1))
        })
    })
}

enum Mark {
    Priority(Priority),
    Internal,
}

/// The words that follow `!`.
const MARKS: [(&str, Mark); 13] = [
    ("紧急", Mark::Priority(Priority::Urgent)),
    ("urgent", Mark::Priority(Priority::Urgent)),
    ("高", Mark::Priority(Priority::High)),
    ("high", Mark::Priority(Priority::High)),
    ("中", Mark::Priority(Priority::Medium)),
    ("一般", Mark::Priority(Priority::Medium)),
    ("普通", Mark::Priority(Priority::Medium)),
    ("normal", Mark::Priority(Priority::Medium)),
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
