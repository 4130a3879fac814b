//! Writes the lines of a message as markdown, as far as there is room.

use super::{
    markup::push_plain,
    render::{Manner, staff_id},
};
use crate::chat::{Line, Message, Person, PersonId, Span};

/// What ends a line; a lone line feed is swallowed by some clients.
pub(super) const BREAK: &str = "  \n  ";
/// At most so many people are mentioned by one message; the rest are named.
const MOST_MENTIONS: usize = 50;

/// Writes markdown until its budget is used up.
pub(super) struct Writer {
    pub text: String,
    /// Who is called, by id.
    pub at: Vec<String>,
    manner: Manner,
    budget: usize,
    /// A line begins here.
    at_start: bool,
    /// A mention was written, which must not run into the next word.
    after_mention: bool,
    /// Something did not fit; nothing more of the message is written.
    pub cut: bool,
}

impl Writer {
    pub fn new(manner: Manner, budget: usize) -> Self {
        Self {
            text: String::new(),
            at: Vec::new(),
            manner,
            budget,
            at_start: true,
            after_mention: false,
            cut: false,
        }
    }

    pub fn line(&mut self, line: &Line) {
        for span in &line.0 {
            match span {
                Span::Text(text) => self.words(text),
                Span::Strong(text) => self.strong(text),
                Span::Person(person) => self.person(person),
            }
        }
    }

    /// What somebody typed; its own line breaks are kept.
    fn words(&mut self, text: &str) {
        for (index, part) in text.split('\n').enumerate() {
            if index > 0 {
                self.end_line();
            }
            let mut plain = String::new();
            push_plain(&mut plain, part, self.at_start);
            self.put(&plain);
            self.at_start &= plain.is_empty();
        }
    }

    fn strong(&mut self, text: &str) {
        let mut plain = String::new();
        push_plain(&mut plain, &text.replace('\n', " "), self.at_start);
        // Stars beside a space are shown as stars.
        let inner = plain.trim();
        if inner.is_empty() {
            return self.put(&plain);
        }
        let (before, after) = plain.split_once(inner).unwrap_or(("", ""));
        self.put_whole(&format!("{before}**{inner}**{after}"));
        self.at_start = false;
    }

    /// A mention notifies when the id stands in `at` and, after an `@`, in the text.
    fn person(&mut self, person: &Person) {
        match self.callable(&person.id) {
            Some(id) => {
                self.put_whole(&format!("@{id}"));
                self.after_mention = !self.cut;
                if !self.cut && !self.at.iter().any(|known| known == id) {
                    self.at.push(id.to_owned());
                }
            }
            None => {
                let mut name = String::new();
                push_plain(&mut name, &person.name, false);
                self.put_whole(&format!("@{name}"));
            }
        }
        self.at_start = false;
    }

    /// The id to mention somebody by, where this way can.
    fn callable<'p>(&self, id: &'p PersonId) -> Option<&'p str> {
        let raw = staff_id(id).filter(|_| self.manner.mentions)?;
        let known = self.at.iter().any(|known| known == raw);
        (known || self.at.len() < MOST_MENTIONS).then_some(raw)
    }

    /// Calls those whose mention fell behind the cut: a ping must notify however long it is.
    pub fn call_the_rest(&mut self, message: &Message) {
        for person in message.mentions() {
            if let Some(id) = self.callable(&person.id)
                && !self.at.iter().any(|known| known == id)
            {
                self.text.push_str(&format!(" @{id}"));
                self.at.push(id.to_owned());
            }
        }
    }

    pub fn end_line(&mut self) {
        self.put_whole(BREAK);
        self.at_start = true;
    }

    /// A line of our own at the end, whatever the budget.
    pub fn finish(&mut self, line: &str) {
        self.text.push_str(BREAK);
        self.text.push_str(line);
    }

    pub fn put(&mut self, piece: &str) {
        if self.cut || piece.is_empty() {
            return;
        }
        if std::mem::take(&mut self.after_mention) && !piece.starts_with(char::is_whitespace) {
            self.text.push(' ');
        }
        let room = self.budget.saturating_sub(self.text.len());
        self.cut = piece.len() > room;
        let mut end = room.min(piece.len());
        while !piece.is_char_boundary(end) {
            end -= 1;
        }
        self.text.push_str(&piece[..end]);
    }

    /// A piece that would mean something else if it were cut.
    fn put_whole(&mut self, piece: &str) {
        self.cut |= self.text.len() + piece.len() > self.budget;
        self.put(piece);
    }
}
