//! What stands in a cell of an export, and how a record's value fills a row of it.

use std::borrow::Cow;

use jiff::{Timestamp, civil::Date};
use serde_json::Value;

use super::Kind;
use crate::chat::Person;

/// A cell of an export. The words in it are users' own: whoever writes it into a file keeps them text.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Words.
    Text(String),
    /// A number.
    Number(f64),
    /// A day.
    Day(Date),
    /// A moment; shown in the bot's zone.
    At(Timestamp),
    /// Yes or no.
    Flag(bool),
}

/// A cell and the column in which it stands.
pub type Named = (Cow<'static, str>, Cell);

/// The field whose value is a list of texts by name: each is a column of its own.
const BY_NAME: &str = "fields";
/// Fields that stand in the first columns of every table.
const EVERYWHERE: [&str; 3] = ["state", "owner", "due"];

impl Cell {
    /// The cell of a value in JSON; a person by name, what no cell can hold is empty.
    pub fn read(value: Option<&Value>) -> Self {
        match value {
            None | Some(Value::Null) => Self::Empty,
            Some(Value::Bool(flag)) => Self::Flag(*flag),
            Some(Value::Number(number)) => number.as_f64().map_or(Self::Empty, Self::Number),
            Some(Value::String(text)) => {
                let day = || text.parse().ok().filter(|day: &Date| day.to_string() == *text).map(Self::Day);
                text.parse().map(Self::At).ok().or_else(day).unwrap_or_else(|| text.clone().into())
            }
            Some(Value::Object(person)) => {
                person.get("name").and_then(Value::as_str).map_or(Self::Empty, Self::from)
            }
            Some(Value::Array(items)) => {
                let words = items.iter().filter_map(|item| match Self::read(Some(item)) {
                    Self::Text(text) => Some(text),
                    Self::Number(number) => Some(number.to_string()),
                    Self::Empty | Self::Day(_) | Self::At(_) | Self::Flag(_) => None,
                });
                words.collect::<Vec<_>>().join("、").into()
            }
        }
    }

    /// The names of these people.
    pub fn people<'a>(people: impl IntoIterator<Item = &'a Person>) -> Self {
        people.into_iter().map(|person| person.name.as_str()).collect::<Vec<_>>().join("、").into()
    }

    /// How often something happened; empty where it did not.
    pub fn times(count: usize) -> Self {
        Self::from(u32::try_from(count).ok().filter(|count| *count > 0))
    }

    /// Whether nothing stands in it.
    pub fn is_empty(&self) -> bool {
        *self == Self::Empty
    }
}

/// The cells of a record beside those that stand everywhere: its fields, then what it tells in other words.
pub(super) fn cells<K: Kind>(record: &K, value: &Value, internal: bool) -> Vec<Named> {
    let mut own = record.cells();
    let title = Cell::from(record.title());
    let mut cells: Vec<Named> = Vec::new();
    for (path, name) in K::FIELDS {
        // A slash goes into a part of the record: `analysis/value`.
        let found = value.pointer(&format!("/{path}"));
        match (*path, found) {
            (BY_NAME, Some(Value::Object(fields))) if internal || K::SHOWN.contains(name) => {
                let told = |name: &String| internal || !record.withheld().contains(&name.as_str());
                let texts = fields.iter().filter(|(name, _)| told(name)).map(|(name, text)| {
                    (Cow::Owned(name.clone()), text.as_str().map_or(Cell::Empty, Cell::from))
                });
                cells.extend(texts);
            }
            (BY_NAME, _) => {}
            (path, _) if EVERYWHERE.contains(&path) => {}
            (_, found) => {
                let worded = own.iter().position(|(other, _)| other == name).map(|at| own.remove(at).1);
                let cell = worded.unwrap_or_else(|| Cell::read(found));
                if cell != title && (internal || K::SHOWN.contains(name)) {
                    cells.push((Cow::Borrowed(name), cell));
                }
            }
        }
    }
    let own = own.into_iter().filter(|(name, cell)| *cell != title && (internal || K::SHOWN.contains(name)));
    cells.extend(own.map(|(name, cell)| (Cow::Borrowed(name), cell)));
    cells
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }
}

impl From<Timestamp> for Cell {
    fn from(at: Timestamp) -> Self {
        Self::At(at)
    }
}

impl From<Date> for Cell {
    fn from(day: Date) -> Self {
        Self::Day(day)
    }
}

impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<&Person> for Cell {
    fn from(person: &Person) -> Self {
        person.name.as_str().into()
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_read_as_what_it_is() {
        let read = |value: Value| Cell::read(Some(&value));
        assert_eq!(read(json!("2026-12-04")), Cell::Day("2026-12-04".parse().unwrap()));
        assert_eq!(read(json!("2026-12-04T10:00:00Z")), Cell::At("2026-12-04T10:00:00Z".parse().unwrap()));
        for text in ["20261204", "12-04", "=1+1", "2026-12-04 前"] {
            assert_eq!(read(json!(text)), Cell::Text(text.into()), "{text}");
        }
        assert_eq!(read(json!({ "id": "x:1", "name": "李工" })), Cell::Text("李工".into()));
        assert_eq!(read(json!([{ "id": "x:1", "name": "李工" }, "支付"])), Cell::Text("李工、支付".into()));
        assert_eq!((read(json!("")), read(json!([]))), (Cell::Empty, Cell::Empty));
    }
}
