//! What the bot says: lines of spans and buttons, without any platform's markup.

use serde::{Deserialize, Serialize};

use super::Person;

/// One message of the bot. Its first line is its headline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// How loud it looks where the platform has colours.
    #[serde(default, skip_serializing_if = "is_plain")]
    pub tone: Tone,
    /// What it says.
    pub lines: Vec<Line>,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
}

fn is_plain(tone: &Tone) -> bool {
    *tone == Tone::Plain
}

/// How loud a message looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// An answer.
    #[default]
    Plain,
    /// Something went well.
    Good,
    /// Something is about to be late.
    Warning,
    /// Something is late.
    Alarm,
}

/// One line: text and people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Line(pub Vec<Span>);

/// A part of a line. Text is never markup, whoever wrote it: a platform escapes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Plain text; may hold line breaks of what a user typed.
    Text(String),
    /// Emphasised text.
    Strong(String),
    /// A mention that notifies.
    Person(Person),
}

/// A button that says a line for whoever presses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What stands on it.
    pub label: String,
    /// The line it says, for instance `/工单 T1 响应`.
    pub line: String,
}

impl Message {
    /// A message whose lines are those of `text`, without mentions.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self { lines: text.as_ref().split('\n').map(Line::text).collect(), ..Self::default() }
    }

    /// The same message with another tone.
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// The same message with one more line.
    pub fn line(mut self, line: impl Into<Line>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// The same message with one more button.
    pub fn button(mut self, label: impl Into<String>, line: impl Into<String>) -> Self {
        self.buttons.push(Button { label: label.into(), line: line.into() });
        self
    }

    /// Everybody mentioned, in order, each once.
    pub fn mentions(&self) -> Vec<&Person> {
        let mut people: Vec<&Person> = Vec::new();
        for span in self.lines.iter().flat_map(|line| &line.0) {
            if let Span::Person(person) = span
                && !people.iter().any(|known| known.id == person.id)
            {
                people.push(person);
            }
        }
        people
    }

    /// The words alone, mentions as `@name`.
    pub fn plain(&self) -> String {
        self.lines.iter().map(Line::plain).collect::<Vec<_>>().join("\n")
    }
}

impl Line {
    /// A line of plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self(vec![Span::Text(text.into())])
    }

    /// The same line with more text.
    pub fn then(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Text(text.into()));
        self
    }

    /// The same line with mentions, a space after each.
    pub fn people<'a>(mut self, people: impl IntoIterator<Item = &'a Person>) -> Self {
        for person in people {
            self.0.push(Span::Person(person.clone()));
            self.0.push(Span::Text(" ".into()));
        }
        self
    }

    /// The words alone, mentions as `@name`.
    pub fn plain(&self) -> String {
        self.0
            .iter()
            .map(|span| match span {
                Span::Text(text) | Span::Strong(text) => text.clone(),
                Span::Person(person) => format!("@{}", person.name),
            })
            .collect()
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Line::text(text)
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Line::text(text)
    }
}
