//! Layers of configuration: the shipped defaults, a file over them, the environment over both.
//!
//! Invariant: a key that the shipped file does not list is refused, and a value has the type of its default.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use toml::{Table, Value};

use super::{ConfigError, secret};

/// What the names of environment variables begin with.
const PREFIX: &str = "JIUDING_";

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The file compiled in.
    Shipped,
    /// The operator's file.
    File(PathBuf),
    /// The variable named after the key.
    Environment,
}

/// Values laid over each other, and where each one that is not a default came from.
pub(super) struct Layers {
    known: Table,
    values: Table,
    places: BTreeMap<String, Place>,
    /// The file that a missing key belongs into.
    home: PathBuf,
}

impl Layers {
    /// The shipped defaults alone.
    pub(super) fn new(mut shipped: Table, home: PathBuf) -> Self {
        complete_blocks(&mut shipped);
        Self { values: shipped.clone(), known: shipped, places: BTreeMap::new(), home }
    }

    /// Lays the text of a file over what is there.
    pub(super) fn lay_file(&mut self, text: &str, file: PathBuf) -> Result<(), ConfigError> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            ConfigError(format!("{}: line {line} is no TOML: {}", file.display(), error.message()))
        })?;
        self.lay(table, Place::File(file))
    }

    /// Lays the variables that begin with `JIUDING_` over what is there.
    pub(super) fn lay_environment(
        &mut self,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), ConfigError> {
        let mut table = Table::new();
        for (variable, text) in variables {
            let Some(name) = variable.strip_prefix(PREFIX) else { continue };
            let path = name.to_lowercase().replace("__", ".");
            let Some(known) = find(&self.known, &path) else {
                let nearest = self.nearest(&path).map(|key| variable_of(&key)).unwrap_or_default();
                return Err(ConfigError(format!(
                    "unknown environment variable {variable}, did you mean {nearest}?"
                )));
            };
            let value = read_as(known, &text)
                .map_err(|wrong| ConfigError(format!("environment variable {variable} ({path}): {wrong}")))?;
            insert(&mut table, &path, value);
        }
        self.lay(table, Place::Environment)
    }

    fn lay(&mut self, above: Table, place: Place) -> Result<(), ConfigError> {
        let mut values = self.values.clone();
        self.lay_table(&mut values, &self.known.clone(), above, "", &place)?;
        self.values = values;
        Ok(())
    }

    fn lay_value(
        &mut self,
        below: &mut Value,
        known: &Value,
        above: Value,
        path: &str,
        place: &Place,
    ) -> Result<(), ConfigError> {
        match (below, known, above) {
            (Value::Table(below), Value::Table(known), Value::Table(above)) => {
                self.lay_table(below, known, above, path, place)
            }
            (Value::Array(below), Value::Array(known), Value::Array(above)) => {
                let template = known.first().filter(|item| item.is_table());
                let mut items = Vec::new();
                for (index, item) in above.into_iter().enumerate() {
                    let Some(template) = template else {
                        items.push(item);
                        continue;
                    };
                    let mut whole = template.clone();
                    self.lay_value(&mut whole, template, item, &format!("{path}[{index}]"), place)?;
                    items.push(whole);
                }
                *below = items;
                self.places.insert(path.to_owned(), place.clone());
                Ok(())
            }
            (below, known, above) if known.same_type(&above) => {
                *below = above;
                self.places.insert(path.to_owned(), place.clone());
                Ok(())
            }
            (_, known, above) => {
                let (is, expected) = (kind(&above), kind(known));
                Err(at(place, path, &format!("is {is}, expected {expected}")))
            }
        }
    }

    fn lay_table(
        &mut self,
        below: &mut Table,
        known: &Table,
        above: Table,
        path: &str,
        place: &Place,
    ) -> Result<(), ConfigError> {
        for (key, value) in &above {
            let Some(secret) = secret::held_by(key).filter(|_| is_filled(value)) else { continue };
            if above.get(secret).is_some_and(is_filled) {
                let (secret, file) = (join(path, secret), join(path, key));
                return Err(at(place, &file, &format!("{secret} is given too; keep one of the two")));
            }
        }
        for (key, value) in above {
            let path = join(path, &key);
            let (Some(slot), Some(known)) = (below.get_mut(&key), known.get(&key)) else {
                let nearest = self.nearest(&path).unwrap_or_default();
                return Err(at(place, &path, &format!("is no known key, did you mean {nearest}?")));
            };
            let filled = is_filled(&value);
            self.lay_value(slot, known, value, &path, place)?;
            // A layer that gives a secret in one form overrides the other form of the layers below.
            let other = secret::held_by(&key).map_or_else(|| format!("{key}_file"), str::to_owned);
            if let Some(Value::String(other)) = below.get_mut(&other).filter(|_| filled) {
                other.clear();
            }
        }
        Ok(())
    }

    /// The known key that looks most like `path`.
    fn nearest(&self, path: &str) -> Option<String> {
        let mut keys = Vec::new();
        list(&self.known, "", &mut keys);
        let path = without_indices(path);
        keys.into_iter().min_by_key(|key| strsim::damerau_levenshtein(key, &path))
    }

    /// What is laid, with secret files read from `folder` and empty blocks of lists left out.
    pub(super) fn resolve(&self, folder: &std::path::Path) -> Result<Table, ConfigError> {
        let mut table = self.values.clone();
        drop_templates(&mut table, &self.known);
        secret::read_files(&mut table, "", folder).map_err(|(key, wrong)| self.wrong(&key, &wrong))?;
        Ok(table)
    }

    /// Every key as it holds, without secrets: its path, its value as TOML writes it, and where that comes
    /// from if it is not the default.
    pub(super) fn settings(&self) -> Vec<(String, String, Place)> {
        let mut settings = Vec::new();
        self.list_settings(&self.values, &self.known, "", &mut settings);
        settings
    }

    fn list_settings(
        &self,
        table: &Table,
        known: &Table,
        path: &str,
        settings: &mut Vec<(String, String, Place)>,
    ) {
        for (key, value) in table {
            let is_secret = secret::held_by(key).is_some() || table.contains_key(&format!("{key}_file"));
            let path = join(path, key);
            match (value, known.get(key)) {
                (Value::Table(inner), Some(Value::Table(known))) => {
                    self.list_settings(inner, known, &path, settings);
                }
                (Value::Array(items), _) if items.first().is_some_and(Value::is_table) => {}
                _ if is_secret => {}
                (value, known) => {
                    let place = self.places.get(&path).filter(|_| known != Some(value));
                    settings.push((path, value.to_string(), place.cloned().unwrap_or(Place::Shipped)));
                }
            }
        }
    }

    /// An error that names the key and where its value stands.
    pub(super) fn wrong(&self, path: &str, wrong: &str) -> ConfigError {
        let file = || Place::File(self.home.clone());
        at(&self.places.get(path).cloned().unwrap_or_else(file), path, wrong)
    }
}

impl Place {
    /// How people call it, for a value of the key `path`.
    pub fn of(&self, path: &str) -> impl fmt::Display {
        match self {
            Place::Shipped => "the shipped defaults".to_owned(),
            Place::File(file) => file.display().to_string(),
            Place::Environment => format!("environment variable {}", variable_of(path)),
        }
    }
}

/// A key's full path.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn at(place: &Place, path: &str, wrong: &str) -> ConfigError {
    // What other crates say may have several lines.
    let wrong = wrong.split_whitespace().collect::<Vec<_>>().join(" ");
    ConfigError(format!("{}: {path}: {wrong}", place.of(path)))
}

fn variable_of(path: &str) -> String {
    let whole = path.split('[').next().unwrap_or_default();
    format!("{PREFIX}{}", whole.replace('.', "__").to_uppercase())
}

fn is_filled(value: &Value) -> bool {
    value.as_str().is_none_or(|text| !text.is_empty())
}

fn find<'a>(known: &'a Table, path: &str) -> Option<&'a Value> {
    let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
    let value = known.get(key)?;
    rest.map_or(Some(value), |rest| find(value.as_table()?, rest))
}

fn insert(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((section, rest)) => {
            let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(section) = section {
                insert(section, rest, value);
            }
        }
    }
}

/// Reads the text of a variable as a value of the default's type. The text may be a secret: errors keep it out.
fn read_as(known: &Value, text: &str) -> Result<Value, String> {
    let wrong = || format!("expected {}", kind(known));
    match known {
        Value::String(_) => Ok(Value::String(text.to_owned())),
        Value::Integer(_) => text.trim().parse().map(Value::Integer).map_err(|_| wrong()),
        Value::Boolean(_) => text.trim().parse().map(Value::Boolean).map_err(|_| wrong()),
        Value::Array(_) if text.trim_start().starts_with('[') => {
            let mut table: Table = format!("value = {text}").parse().map_err(|_| wrong())?;
            table.remove("value").ok_or_else(wrong)
        }
        Value::Array(known) if known.first().is_some_and(Value::is_table) => Err(wrong()),
        Value::Array(_) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Ok(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
        }
        Value::Table(_) => Err("is a section; name one of its keys after another `__`".to_owned()),
        Value::Float(_) | Value::Datetime(_) => Err(wrong()),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text in quotes",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a fraction",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(items) if items.first().is_some_and(Value::is_table) => {
            "a list of blocks, [{ key = \"…\" }]"
        }
        Value::Array(_) => "a list, [\"…\", \"…\"]",
        Value::Table(_) => "a section",
    }
}

fn list(table: &Table, path: &str, keys: &mut Vec<String>) {
    for (key, value) in table {
        let path = join(path, key);
        keys.push(path.clone());
        let block = value.as_array().and_then(|items| items.first()).unwrap_or(value);
        if let Value::Table(inner) = block {
            list(inner, &path, keys);
        }
    }
}

fn without_indices(path: &str) -> String {
    path.split('.').map(|key| key.split('[').next().unwrap_or(key)).collect::<Vec<_>>().join(".")
}

/// Gives each shipped block of a list the keys that it leaves out, as the first has them.
fn complete_blocks(table: &mut Table) {
    for (_, value) in table {
        match value {
            Value::Array(items) => {
                let Some(Value::Table(first)) = items.first().cloned() else { continue };
                for item in items.iter_mut().filter_map(Value::as_table_mut) {
                    for (key, value) in &first {
                        item.entry(key.clone()).or_insert_with(|| value.clone());
                    }
                }
            }
            Value::Table(inner) => complete_blocks(inner),
            _ => {}
        }
    }
}

/// Leaves out blocks that are as empty as the first shipped one, which only shows the keys.
fn drop_templates(table: &mut Table, known: &Table) {
    for (key, value) in table {
        match (value, known.get(key)) {
            (Value::Array(items), Some(Value::Array(templates))) => {
                items.retain(|item| !item.is_table() || templates.first() != Some(item));
            }
            (Value::Table(inner), Some(Value::Table(known))) => drop_templates(inner, known),
            _ => {}
        }
    }
}
