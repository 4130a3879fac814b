//! A form: fields that together say a line. Filling it in is saying that line, as pressing a button is.

use serde::{Deserialize, Serialize};

use super::{Button, Line};

/// Longest value of a field, in characters; what Feishu's inputs take at most.
pub const LONGEST_VALUE: usize = 1_000;

/// Fields, and the line that they complete. How, the grammar decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// What its line begins with, for instance `/需求 R1 补充`.
    pub line: String,
    /// What ends the first line behind everything filled in; empty, or the project in a direct chat.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tail: String,
    /// What is asked for, in order; no name twice.
    pub fields: Vec<Field>,
    /// What stands on the button that says it.
    pub submit: String,
    /// What stands in the message where its platform shows no forms.
    #[serde(default, skip_serializing_if = "Instead::is_empty")]
    pub instead: Instead,
}

/// Lines and buttons in place of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instead {
    /// Behind the message's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
    /// Behind the message's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
}

impl Instead {
    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.buttons.is_empty()
    }
}

/// One thing to fill in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its name in the line: a key of the command, or the word before each item.
    pub name: String,
    /// What stands beside it.
    pub label: String,
    /// What can be filled in.
    pub kind: FieldKind,
    /// Where its value goes in the line.
    pub says: Says,
    /// Nothing is said without it.
    #[serde(default)]
    pub required: bool,
    /// What stands in it at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// A whole number from 1 to 5.
    Score,
    /// One of these.
    Choice(Vec<String>),
    /// A few words.
    Short,
    /// Several lines.
    Long,
    /// A day, written `2026-12-05`.
    Date,
}

/// How a value stands in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// Alone in the first line, in order of the fields. Only for scores, whose values are nobody's words.
    Word,
    /// `名:"值"` in a line of its own.
    Key,
    /// `名: 值` for each of its lines.
    Items,
}

impl FieldKind {
    /// What can be chosen; `None` where people type.
    pub fn options(&self) -> Option<Vec<String>> {
        match self {
            Self::Score => Some((1..=5).map(|score| score.to_string()).collect()),
            Self::Choice(options) => Some(options.clone()),
            Self::Short | Self::Long | Self::Date => None,
        }
    }
}

impl Form {
    /// A form without fields.
    pub fn new(line: impl Into<String>, submit: impl Into<String>) -> Self {
        Self {
            line: line.into(),
            tail: String::new(),
            fields: Vec::new(),
            submit: submit.into(),
            instead: Instead::default(),
        }
    }

    /// The same with one more field.
    pub fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// The same with a line in its place where there are no forms.
    pub fn or_line(mut self, line: impl Into<Line>) -> Self {
        self.instead.lines.push(line.into());
        self
    }
}

impl Field {
    /// A field that may stay empty, whose label is its name.
    pub fn new(name: impl Into<String>, kind: FieldKind) -> Self {
        let name = name.into();
        let says = match kind {
            FieldKind::Score => Says::Word,
            FieldKind::Choice(_) | FieldKind::Short | FieldKind::Long | FieldKind::Date => Says::Key,
        };
        Self { label: name.clone(), name, kind, says, required: false, default: None }
    }

    /// The same with another label.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same, without which nothing is said.
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same, each of its lines an item.
    pub fn items(mut self) -> Self {
        self.says = Says::Items;
        self
    }

    /// The same with something in it.
    pub fn filled(mut self, value: Option<String>) -> Self {
        self.default = value;
        self
    }
}
