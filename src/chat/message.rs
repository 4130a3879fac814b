//! What the bot says: lines of spans and buttons, without any platform's markup.

use serde::{Deserialize, Serialize};

use super::{File, Form, Invite, Person};

/// One message of the bot. Its first line is its headline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// How loud it looks where the platform has colours.
    #[serde(default, skip_serializing_if = "is_plain")]
    pub tone: Tone,
    /// An escalation: whoever it calls is called by the loudest means there is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub urgent: bool,
    /// What it says.
    pub lines: Vec<Line>,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
    /// What it tells as a picture too, where the platform draws one; its lines say the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<Box<Chart>>,
    /// What can be filled in, where the platform shows forms; its lines say what to send instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Box<Form>>,
    /// A file that goes with it. See [`Message::apart`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Box<File>>,
    /// Meetings that it speaks of, for people's calendars, where the platform has any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invites: Vec<Invite>,
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

/// Scores over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// The upper end of its axis; the lower is 0.
    pub most: u32,
    /// Each moment and its score, oldest first.
    pub points: Vec<(String, u32)>,
    /// From which score on it is yellow and from which green; below it is red.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bands: Option<(u32, u32)>,
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

impl Button {
    /// A button with this label that says `line`.
    pub fn new(label: impl Into<String>, line: impl Into<String>) -> Self {
        Self { label: straight(label), line: line.into() }
    }
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
        self.buttons.push(Button::new(label, line));
        self
    }

    /// The same message with a form.
    pub fn form(mut self, form: Form) -> Self {
        self.form = Some(Box::new(form));
        self
    }

    /// The message as it stands where no forms are shown.
    pub fn formless(mut self) -> Self {
        if let Some(form) = self.form.take() {
            self.lines.extend(form.instead.lines);
            self.buttons.extend(form.instead.buttons);
        }
        self
    }

    /// The same message with a file.
    pub fn attach(mut self, file: File) -> Self {
        self.file = Some(Box::new(file));
        self
    }

    /// Takes the file off; gives the message that hands over nothing but it, to follow this one. `None` where
    /// there is no file, or this is such a message already.
    pub fn apart(&mut self) -> Option<Self> {
        let alone = |file: &File| self.lines == [Line::text(file.line())];
        let file = self.file.take_if(|file| !alone(file))?;
        Some(Self { lines: vec![Line::text(file.line())], file: Some(file), ..Self::default() })
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

    /// What can stand above the rest as a title, where its first line can: that is of one line, short, and mentions
    /// nobody but those whom it calls before its words. A title cannot mention, so they come first in the rest.
    pub fn titled(&self) -> (Option<Line>, Vec<Line>) {
        let lines = calls_apart(&self.lines);
        match lines.split_first() {
            Some((first, rest)) if first.is_title() => (Some(first.clone()), rest.to_vec()),
            _ => (None, self.lines.clone()),
        }
    }

    /// The words alone, mentions as `@name`.
    pub fn plain(&self) -> String {
        self.lines.iter().map(Line::plain).collect::<Vec<_>>().join("\n")
    }
}

impl Line {
    /// A line of plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self(vec![Span::Text(straight(text))])
    }

    /// The same line with more text.
    pub fn then(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Text(straight(text)));
        self
    }

    /// The same line with mentions, a space after each.
    pub fn people<'a>(mut self, people: impl IntoIterator<Item = &'a Person>) -> Self {
        for person in people {
            let name = straight(person.name.as_str());
            self.0.push(Span::Person(Person { name, ..person.clone() }));
            self.0.push(Span::Text(" ".into()));
        }
        self
    }

    /// Whether nothing is to be read in it.
    pub fn is_blank(&self) -> bool {
        self.plain().trim().is_empty()
    }

    fn is_title(&self) -> bool {
        let words = self.plain();
        let mentions = self.0.iter().any(|span| matches!(span, Span::Person(_)));
        !mentions && !self.is_blank() && !words.contains('\n') && words.chars().count() <= MOST_OF_A_HEADLINE
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

/// The lines with those whom the first one calls before its words below it.
fn calls_apart(lines: &[Line]) -> Vec<Line> {
    let Some((first, rest)) = lines.split_first() else { return Vec::new() };
    let calls = |span: &Span| match span {
        Span::Text(words) => words.trim().is_empty(),
        Span::Person(_) => true,
        Span::Strong(_) => false,
    };
    let words = first.0.iter().position(|span| !calls(span)).unwrap_or(0);
    let (people, words) = first.0.split_at(words);
    if people.is_empty() {
        return lines.to_vec();
    }
    [Line(words.to_vec()), Line(people.to_vec())].into_iter().chain(rest.iter().cloned()).collect()
}

/// Clients cut what stands above a card where it is longer.
const MOST_OF_A_HEADLINE: usize = 100;
/// The longest title that is said whole.
const LONGEST_TITLE: usize = 60;

/// A title as it is said: one that is very long is cut. The record keeps it whole.
pub fn short(title: &str) -> String {
    match title.char_indices().nth(LONGEST_TITLE) {
        Some((end, _)) => format!("{}…", title[..end].trim_end()),
        None => title.to_owned(),
    }
}

/// Text without the characters that turn the direction of what stands around them: nobody sees them, and with
/// them a line reads other than it is.
fn straight(text: impl Into<String>) -> String {
    let mut text = text.into();
    text.retain(|c| !matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_said_turns_the_direction_of_its_line() {
        let line = Line::text("退款\u{202e}1T\u{202c}").then("\u{2067}好\u{2069}");
        assert_eq!(line.plain(), "退款1T好");
        assert_eq!(Message::text("a\u{200f}b").button("\u{202a}好", "/T1").buttons[0].label, "好");
    }

    #[test]
    fn a_very_long_title_is_cut() {
        assert_eq!(short("登录页打不开"), "登录页打不开");
        assert_eq!(short(&"长".repeat(60)), "长".repeat(60));
        assert_eq!(short(&"长".repeat(61)), format!("{}…", "长".repeat(60)));
    }

    #[test]
    fn words_and_a_file_are_two_messages_and_each_stays_one() {
        let file = File::new("规格.docx", vec![1, 2], "发不了文件").expect("it is small");
        let mut words = Message::text("已确认").button("规格", "/R1 规格").attach(file.clone());
        let mut behind = words.apart().expect("there is a file");
        assert_eq!(words, Message::text("已确认").button("规格", "/R1 规格"));
        assert_eq!((behind.plain().as_str(), behind.file.as_deref()), ("📎 规格.docx", Some(&file)));
        assert_eq!((words.apart(), behind.apart()), (None, None));
        assert_eq!(behind.file.as_deref(), Some(&file));
    }
}
