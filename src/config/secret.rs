//! Secrets: values that are used and never shown, and the files they may come from.

use std::{fmt, path::Path};

use serde::Deserialize;
use toml::{Table, Value};

/// A value that is never printed. It ends in logs and messages as `(secret)`.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The value itself, for whoever signs, decrypts or logs in with it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Nothing was configured.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "(none)" } else { "(secret)" })
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The key of the secret that `key` names a file for: `app_secret` for `app_secret_file`.
///
/// In the shipped file every key that ends so is the second form of a secret.
pub(super) fn held_by(key: &str) -> Option<&str> {
    key.strip_suffix("_file")
}

/// Replaces every `…_file` key by the secret in that file. Paths are taken from `folder`.
///
/// # Errors
/// The key and what is wrong with its file.
pub(super) fn read_files(table: &mut Table, path: &str, folder: &Path) -> Result<(), (String, String)> {
    for (key, value) in table.iter_mut() {
        let path = super::layers::join(path, key);
        match value {
            Value::Table(inner) => read_files(inner, &path, folder)?,
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    if let Value::Table(inner) = item {
                        read_files(inner, &format!("{path}[{index}]"), folder)?;
                    }
                }
            }
            _ => {}
        }
    }
    let files: Vec<String> = table.keys().filter(|key| held_by(key).is_some()).cloned().collect();
    for key in files {
        let file = table.remove(&key);
        let (Some(secret), Some(Value::String(file))) = (held_by(&key), file) else { continue };
        if file.is_empty() {
            continue;
        }
        let file = folder.join(file);
        let wrong = |why: String| (super::layers::join(path, &key), format!("{}: {why}", file.display()));
        let value = std::fs::read_to_string(&file)
            .map_err(|error| wrong(format!("cannot be read ({error}); name a readable file")))?;
        let value = value.trim();
        if value.is_empty() {
            return Err(wrong("is empty; put the secret into it".to_owned()));
        }
        table.insert(secret.to_owned(), Value::String(value.to_owned()));
    }
    Ok(())
}
