//! Where a row lies: its project, the letter of its kind, its number.

use serde::{Deserialize, Serialize};

/// A project's number; 0 is the registry, the dossier of what spans projects. The upper half are the files of the
/// registry's customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProjectId(pub u32);

impl ProjectId {
    /// The registry.
    pub const REGISTRY: Self = Self(0);
    const FILES: u32 = 1 << 31;

    /// The file of the registry's customer of this number.
    pub fn file(customer: u32) -> Self {
        Self(Self::FILES | customer)
    }

    /// Whose file it is: the customer's number in the registry; `None` for a project.
    pub fn customer(self) -> Option<u32> {
        (self.0 >= Self::FILES).then_some(self.0 & !Self::FILES)
    }
}

/// A record within a project: the letter of its kind and its number, for instance `T1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The kind's letter (ASCII).
    pub letter: char,
    /// Counted per project from 1; 0 where there is only one.
    pub number: u32,
}

/// A row's place: project and record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// Whose row.
    pub project: ProjectId,
    /// Which record.
    pub key: Key,
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.letter, self.number)
    }
}

impl std::str::FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut chars = text.chars();
        let letter = chars.next().filter(char::is_ascii).ok_or_else(|| format!("no record id: {text:?}"))?;
        let number = chars.as_str().parse().map_err(|_| format!("no record id: {text:?}"))?;
        Ok(Self { letter, number })
    }
}

impl Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
