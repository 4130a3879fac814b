//! What a person typed, with mentions kept by id and not by their text.

use std::sync::Arc;

use super::Person;

/// First of the private-use characters that stand for mentions inside [`Typed`].
const FIRST: u32 = 0xF0000;
/// How many mentions one message can hold; more are dropped.
const MOST: usize = 200;

/// A typed text in which each mention is one private-use character, so that text can never pretend to
/// be a mention and a mention can never be cut in half.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    text: String,
    // Shared, since each line of a long message is a text of its own with the same people.
    people: Arc<Vec<Person>>,
    unplaced: Arc<Vec<Person>>,
}

impl Typed {
    /// A text without mentions.
    pub fn plain(text: &str) -> Self {
        let mut typed = Self::default();
        typed.push_text(text);
        typed
    }

    /// Appends what was typed; private-use characters of the mention range are dropped.
    pub fn push_text(&mut self, text: &str) {
        self.text.extend(text.chars().filter(|c| mention_index(*c).is_none()));
    }

    /// Appends a mention.
    pub fn push_mention(&mut self, person: Person) {
        if self.people.len() < MOST {
            self.text.push(mention_char(self.people.len()));
            Arc::make_mut(&mut self.people).push(person);
        }
    }

    /// Adds somebody who was mentioned, the platform does not say where (DingTalk text messages).
    pub fn add_unplaced(&mut self, person: Person) {
        if self.unplaced.len() < MOST {
            Arc::make_mut(&mut self.unplaced).push(person);
        }
    }

    /// The text with one private-use character for each mention; see [`Typed::person`].
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whom this character of [`Typed::text`] stands for, if for anybody.
    pub fn person(&self, c: char) -> Option<&Person> {
        self.people.get(mention_index(c)?)
    }

    /// The people mentioned at a place in the text, in order.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// The people mentioned at an unknown place.
    pub fn unplaced(&self) -> &[Person] {
        &self.unplaced
    }

    /// The words as a person would read them, mentions as `@name`.
    pub fn words(&self) -> String {
        self.words_of(&self.text)
    }

    /// Any piece of [`Typed::text`] as a person would read it, mentions as `@name`.
    pub fn words_of(&self, piece: &str) -> String {
        let mut words = String::with_capacity(piece.len());
        for c in piece.chars() {
            match self.person(c) {
                Some(person) => {
                    words.push('@');
                    words.push_str(&person.name);
                }
                None => words.push(c),
            }
        }
        words
    }

    /// The same people beside another text, for instance one line of this one.
    pub fn with_text(&self, piece: &str) -> Self {
        Self { text: piece.to_owned(), people: self.people.clone(), unplaced: self.unplaced.clone() }
    }

    /// The same with everybody mentioned as `known` knows them.
    pub fn with_people(&self, known: impl Fn(&Person) -> Person) -> Self {
        let map = |people: &[Person]| Arc::new(people.iter().map(&known).collect());
        Self { text: self.text.clone(), people: map(&self.people), unplaced: map(&self.unplaced) }
    }

    /// The same without the people mentioned at an unknown place.
    pub fn without_unplaced(&self) -> Self {
        Self { unplaced: Arc::default(), ..self.clone() }
    }
}

/// Whether this character stands for a mention inside [`Typed::text`].
pub fn is_mention(c: char) -> bool {
    mention_index(c).is_some()
}

fn mention_index(c: char) -> Option<usize> {
    let index = (c as u32).checked_sub(FIRST)? as usize;
    (index < MOST).then_some(index)
}

fn mention_char(index: usize) -> char {
    char::from_u32(FIRST + index as u32).expect("the plane-15 private-use range has no gaps")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::PersonId;

    #[test]
    fn typed_text_cannot_pretend_to_be_a_mention() {
        let mut typed = Typed::plain("\u{F0000}hello ");
        typed.push_mention(Person { id: PersonId::new("playground", "li"), name: "李工".into() });
        assert_eq!(typed.words(), "hello @李工");
        assert_eq!(typed.people().len(), 1);
    }
}
