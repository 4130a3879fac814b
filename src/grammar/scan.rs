//! A line as characters, each in two forms: as typed, and narrow for the structure.

use super::{Erased, Object, table};
use crate::{
    chat::{Person, Typed},
    store::Key,
};

/// How far off the partner of a quotation mark is looked for.
const LONGEST_QUOTED: usize = 2_000;
/// What may stand between the pieces of a line.
pub(super) const SEPARATORS: &[char] = &[',', '，', ';', '；', '、', '。'];

/// The narrow form of a full-width letter, digit or punctuation mark; others stay. Characters that nobody
/// sees count as blanks.
pub fn narrow(c: char) -> char {
    match c {
        '\u{3000}' | '\u{a0}' | '\u{2005}' | '\u{2006}' | '\u{200b}' | '\u{2060}' | '\u{feff}' => ' ',
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

/// Whether this is nothing to be read.
pub(super) fn is_blank(c: char) -> bool {
    narrow(c).is_whitespace()
}

/// A word without the punctuation that ends a sentence.
pub(super) fn bare(word: &str) -> &str {
    word.trim_end_matches(|c| "。.!?…~".contains(c) || SEPARATORS.contains(&c))
}

/// The id with which a narrow word begins, and what follows it.
pub(super) fn leading_id(word: &str) -> Option<(Key, &str)> {
    let letter = word.find(|c: char| c.is_ascii_alphabetic()).filter(|at| *at <= 1)?;
    let begin = letter + 1 + usize::from(word[letter + 1..].starts_with('-'));
    let length = word[begin..].bytes().take_while(u8::is_ascii_digit).count();
    let (id, rest) = word.split_at(begin + length);
    Some((parse_id(id)?, rest))
}

/// A place in a line.
#[derive(Clone)]
pub(super) struct Scan<'a> {
    typed: &'a Typed,
    chars: Vec<char>,
    narrow: Vec<char>,
    at: usize,
    /// Where the last key, mark or person ended: what follows is a new word, with or without a blank.
    piece_end: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(line: &str, typed: &'a Typed) -> Self {
        let chars: Vec<char> = line.chars().collect();
        let narrow = chars.iter().copied().map(narrow).collect();
        let mut scan = Self { typed, chars, narrow, at: 0, piece_end: 0 };
        scan.skip_blanks();
        scan
    }

    /// Whose text and people this is a line of.
    pub(super) fn typed(&self) -> &'a Typed {
        self.typed
    }

    /// What is left of the line, as typed.
    pub(super) fn rest(&self) -> String {
        self.chars[self.at..].iter().collect()
    }

    /// Skips the slash, or what stands for it.
    pub(super) fn skip_slash(&mut self) {
        while matches!(self.peek(), Some('/' | '、' | '\\')) {
            self.at += 1;
            self.skip_blanks();
        }
    }

    /// The next word in narrow form, up to a blank, a person, a mark or a colon; stays before it. It keeps
    /// the punctuation that ends a sentence.
    pub(super) fn word(&self) -> String {
        let mut word = String::new();
        let rest = &self.narrow[self.at..];
        for (at, c) in rest.iter().enumerate() {
            let marks = *c == '!' && rest.get(at + 1).is_some_and(|next| next.is_alphanumeric());
            if marks || c.is_whitespace() || *c == ':' || *c == '@' || self.typed.person(*c).is_some() {
                break;
            }
            word.push(*c);
        }
        word
    }

    /// Goes behind the next word and the punctuation around its end.
    pub(super) fn skip_word(&mut self) {
        self.skip(self.word().chars().count());
        self.end_piece();
    }

    /// Takes the next word if it is an id that `fits`; its letter and number may stand apart.
    pub(super) fn take_id(&mut self, fits: impl Fn(Key) -> bool) -> Option<Key> {
        let word = self.word();
        if word.len() == 1 {
            let mut behind = self.clone();
            behind.skip(1);
            behind.skip_blanks();
            let digits = behind.word();
            let digits = bare(digits.split(SEPARATORS).next().unwrap_or_default());
            let digits = Some(digits).filter(|digits| digits.starts_with(|c: char| c.is_ascii_digit()))?;
            let key = parse_id(&format!("{word}{digits}")).filter(|key| fits(*key))?;
            behind.skip(digits.len());
            behind.end_piece();
            *self = behind;
            return Some(key);
        }
        let word = word.split(SEPARATORS).next().unwrap_or_default();
        let key = parse_id(bare(word)).filter(|key| fits(*key))?;
        self.skip(word.chars().count());
        self.end_piece();
        Some(key)
    }

    /// Takes the next word if it is exactly an action of this object; gives its Chinese name. A word with a
    /// colon that is a key of this object is that key.
    pub(super) fn take_action(&mut self, object: &Object, commands: &[Erased]) -> Option<&'static str> {
        let word = self.word();
        let action = table::action_of(object, commands, bare(&word))?;
        let is_key = self.peek_at(word.chars().count()) == Some(':')
            && commands
                .iter()
                .filter(|command| command.spec.object == object.name)
                .flat_map(|command| command.spec.keys)
                .any(|key| key.name == word || key.english.eq_ignore_ascii_case(&word));
        if is_key {
            return None;
        }
        self.skip_word();
        Some(action)
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

    /// Whether a new word can begin here.
    pub(super) fn at_boundary(&self) -> bool {
        self.at == self.piece_end
            || self.before().is_none_or(|c| {
                c.is_whitespace()
                    || ")]】".contains(c)
                    || SEPARATORS.contains(&c)
                    || self.typed.person(c).is_some()
            })
    }

    /// Ends a word of the structure, key, mark or person here; goes over the blanks and separators behind it.
    pub(super) fn end_piece(&mut self) {
        while self.peek().is_some_and(|c| c == ':' || SEPARATORS.contains(&c)) {
            self.at += 1;
        }
        self.skip_blanks();
        self.piece_end = self.at;
    }

    /// Takes what stands in quotes, if an opening one stands here and its partner soon after.
    pub(super) fn take_quoted(&mut self) -> Option<String> {
        let partners: &[char] = match self.peek()? {
            '"' => &['"', '”', '“'],
            '“' | '”' => &['”', '“', '"'],
            '「' => &['」'],
            _ => return None,
        };
        let inside = &self.narrow[self.at + 1..];
        let inside = &inside[..inside.len().min(LONGEST_QUOTED)];
        let length = partners.iter().find_map(|partner| inside.iter().position(|c| c == partner))?;
        let text = self.chars[self.at + 1..][..length].iter().collect();
        self.at += length + 2;
        Some(text)
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

    /// Where it is, to [go back](Self::go_back) to.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// Goes back to a place where it was.
    pub(super) fn go_back(&mut self, place: usize) {
        self.at = place;
    }

    /// Goes over blanks.
    pub(super) fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }
}
