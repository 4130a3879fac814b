//! A line as characters, each in two forms: as typed, and narrow for the structure.

use super::{Erased, Object, table};
use crate::{
    chat::{Person, Typed},
    store::Key,
};

/// The narrow form of a full-width letter, digit or punctuation mark; others stay.
pub fn narrow(c: char) -> char {
    match c {
        '\u{3000}' | '\u{a0}' | '\u{2005}' | '\u{2006}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// Reads an id: `R12`, `r12`, `R-12`, `#R12`, full-width too. The number is not 0.
pub fn parse_id(word: &str) -> Option<Key> {
    let word: String = word.chars().take(12).map(narrow).collect();
    let word = word.strip_prefix('#').unwrap_or(&word);
    let mut chars = word.chars();
    let letter = chars.next().filter(char::is_ascii_alphabetic)?.to_ascii_uppercase();
    let digits = chars.as_str();
    let digits = digits.strip_prefix('-').unwrap_or(digits);
    if digits.is_empty() || digits.len() > 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u32 = digits.parse().ok()?;
    (number > 0).then_some(Key { letter, number })
}

/// A place in a line.
pub(super) struct Scan<'a> {
    typed: &'a Typed,
    chars: Vec<char>,
    narrow: Vec<char>,
    at: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(line: &str, typed: &'a Typed) -> Self {
        let chars: Vec<char> = line.chars().collect();
        let narrow = chars.iter().copied().map(narrow).collect();
        let mut scan = Self { typed, chars, narrow, at: 0 };
        scan.skip_blanks();
        scan
    }

    /// Skips the slash, or what stands for it.
    pub(super) fn skip_slash(&mut self) {
        if matches!(self.peek(), Some('/' | '、' | '\\')) {
            self.at += 1;
            self.skip_blanks();
        }
    }

    /// The first word, up to a blank, a mention or a colon; stays before it.
    pub(super) fn head_word(&self) -> String {
        self.narrow[self.at..].iter().copied().take_while(|c| !self.ends_word(*c) && *c != ':').collect()
    }

    /// Goes behind the first word and its colon.
    pub(super) fn advance_past_head(&mut self) {
        self.at += self.head_word().chars().count();
        if self.peek() == Some(':') {
            self.at += 1;
        }
        self.skip_blanks();
    }

    /// Takes the next word if it is an id that `fits`.
    pub(super) fn take_id(&mut self, fits: impl Fn(Key) -> bool) -> Option<Key> {
        let word = self.word();
        let key = parse_id(&word).filter(|key| fits(*key))?;
        self.at += word.chars().count();
        self.skip_blanks();
        Some(key)
    }

    /// Takes the next word if it is exactly an action of this object; gives its Chinese name.
    pub(super) fn take_action(&mut self, object: &Object, commands: &[Erased]) -> Option<String> {
        let word = self.word();
        let action = table::action_of(object, commands, &word)?;
        self.at += word.chars().count();
        if self.peek() == Some(':') {
            self.at += 1;
        }
        self.skip_blanks();
        Some(action.to_owned())
    }

    /// Whether anything but blanks is left.
    pub(super) fn has_more(&self) -> bool {
        self.at < self.chars.len()
    }

    /// The next narrow character.
    pub(super) fn peek(&self) -> Option<char> {
        self.narrow.get(self.at).copied()
    }

    /// The narrow character before this place; `None` at the start.
    pub(super) fn before(&self) -> Option<char> {
        self.at.checked_sub(1).map(|before| self.narrow[before])
    }

    /// Takes one character as typed.
    pub(super) fn take(&mut self) -> Option<char> {
        let c = self.chars.get(self.at).copied()?;
        self.at += 1;
        Some(c)
    }

    /// Takes a mention, if one stands here.
    pub(super) fn take_mention(&mut self) -> Option<Person> {
        let person = self.typed.person(*self.chars.get(self.at)?)?.clone();
        self.at += 1;
        Some(person)
    }

    /// Whether a mention stands here.
    pub(super) fn at_mention(&self) -> bool {
        self.chars.get(self.at).is_some_and(|c| self.typed.person(*c).is_some())
    }

    /// Whether the narrow text here is `text`, letter case aside.
    pub(super) fn is_at(&self, text: &str) -> bool {
        let mut here = self.narrow[self.at..].iter();
        text.chars().all(|c| here.next().is_some_and(|other| other.eq_ignore_ascii_case(&c)))
    }

    /// Goes `count` characters on.
    pub(super) fn skip(&mut self, count: usize) {
        self.at = (self.at + count).min(self.chars.len());
    }

    /// The narrow character `ahead` of this place.
    pub(super) fn peek_at(&self, ahead: usize) -> Option<char> {
        self.narrow.get(self.at + ahead).copied()
    }

    /// Goes over blanks.
    pub(super) fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// The next word, up to a blank, a mention or a colon, in narrow form.
    fn word(&self) -> String {
        self.head_word()
    }

    fn ends_word(&self, c: char) -> bool {
        c.is_whitespace() || self.typed.person(c).is_some()
    }
}
