//! Editions of a requirement: its content as somebody signed it, bound by a fingerprint (RULES 2).
//!
//! An edition keeps the content of its time, so that its specification can be made again at any time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Requirement, State};
use crate::{chat::Person, features::proof::Proof, grammar::Priority, store::Key};

/// One numbered state of the content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edition {
    /// 1 for the confirmed one, then one more for each approved change.
    pub version: u32,
    /// When it came to be.
    pub at: Timestamp,
    /// How.
    pub origin: Origin,
    /// What it says.
    pub content: Content,
    /// The content's fingerprint when the edition was made.
    pub fingerprint: String,
}

/// How an edition came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Origin {
    /// The signer confirmed it.
    Signed {
        /// Who.
        by: Person,
        /// Over what.
        proof: Proof,
    },
    /// A change was approved.
    Changed {
        /// Which one.
        change: Key,
    },
}

/// An approved change of the content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Amendment {
    /// The change request.
    pub change: Key,
    /// What it changes.
    pub description: String,
    /// When it was approved.
    pub at: Timestamp,
}

/// What is signed. How we work on it (owner, scores, state) is not a part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// See [`Requirement::number`].
    pub number: u32,
    /// See [`Requirement::title`].
    pub title: String,
    /// See [`Requirement::description`].
    pub description: Option<String>,
    /// See [`Requirement::said`].
    pub said: String,
    /// By whom it was asked for.
    pub by: String,
    /// See [`Requirement::priority`].
    pub priority: Option<Priority>,
    /// See [`Requirement::due`].
    pub due: Option<Timestamp>,
    /// See [`Requirement::fields`].
    pub fields: BTreeMap<String, String>,
    /// See [`Requirement::amendments`].
    pub amendments: Vec<Amendment>,
}

impl Content {
    /// SHA-256 over the content as JSON, in hexadecimal. JSON written field by field in one order says
    /// each content in exactly one way, so that equal fingerprints mean equal content.
    pub fn fingerprint(&self) -> String {
        let canonical = serde_json::to_vec(self).expect("content holds nothing that JSON cannot say");
        Sha256::digest(canonical).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Edition {
    fn new(version: u32, at: Timestamp, origin: Origin, content: Content) -> Self {
        Self { version, at, origin, fingerprint: content.fingerprint(), content }
    }
}

impl Requirement {
    /// The content as it stands.
    pub fn content(&self) -> Content {
        Content {
            number: self.number,
            title: self.title.clone(),
            description: self.description.clone(),
            said: self.said.clone(),
            by: self.by.name.clone(),
            priority: self.priority,
            due: self.due,
            fields: self.fields.clone(),
            amendments: self.amendments.clone(),
        }
    }

    /// The newest edition; `None` before the first confirmation.
    pub fn edition(&self) -> Option<&Edition> {
        self.editions.last()
    }

    /// The requirement as its signer confirmed it: version 1.
    pub(super) fn confirmed(&self, by: &Person, proof: Proof, at: Timestamp) -> Self {
        self.next_edition(at, Origin::Signed { by: by.clone(), proof })
    }

    /// The requirement after an approved change: one version more, with the change in its content.
    ///
    /// The only way in which the content of a confirmed requirement changes. One that was never confirmed
    /// has no version to change and stays as it is.
    pub fn amended(&self, change: Key, description: &str, at: Timestamp) -> Self {
        if !self.is_confirmed() {
            return self.clone();
        }
        let mut next = self.clone();
        next.amendments.push(Amendment { change, description: description.to_owned(), at });
        next.next_edition(at, Origin::Changed { change })
    }

    fn next_edition(&self, at: Timestamp, origin: Origin) -> Self {
        let mut next = self.clone();
        next.version += 1;
        next.editions.push(Edition::new(next.version, at, origin, next.content()));
        if !matches!(next.state, State::InProgress | State::Delivered { .. } | State::Accepted { .. }) {
            next.state = State::Confirmed { version: next.version };
        }
        next
    }
}
