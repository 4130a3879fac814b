//! What a search reads of a record, what it is asked, and what it finds. Every record makes its own card;
//! who keeps them in order, and who may see what, is not known here.

use std::sync::Arc;

use jiff::Timestamp;

use super::Record;
use crate::{chat::Person, store::Key};

/// By what a record is found, and what is shown of it beside its title and state.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexCard {
    /// What everybody who may see the record reads of it, beside its title.
    pub words: Vec<String>,
    /// What the team alone reads of it.
    pub internal: Vec<String>,
    /// Who is responsible for it, or else who made it.
    pub owner: Person,
    /// When it was made.
    pub at: Timestamp,
    /// Why it ended as its state says, where somebody said why.
    pub reason: Option<String>,
}

impl IndexCard {
    /// What was said below the first line. That one is the title, with the command and its keys around it.
    pub fn below_title(said: &str) -> String {
        said.split_once('\n').map(|(_, rest)| rest.to_owned()).unwrap_or_default()
    }
}

/// What a command wants looked up.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Everything that fits.
    Search(Query),
    /// Requirements of other projects of the same industry whose title is like this one.
    Similar(String),
}

/// What is searched for.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The words; all of them count.
    pub words: String,
    /// Only records of this kind.
    pub letter: Option<char>,
    /// Only projects whose name holds this.
    pub project: Option<String>,
    /// Only records in this state, as people call it, with or without its 已.
    pub state: Option<String>,
    /// Which page, from 1.
    pub page: usize,
}

/// What was found.
#[derive(Default)]
pub struct Found {
    /// The finds of the page that was asked for, the nearest first.
    pub hits: Vec<Hit>,
    /// How many there are on all pages.
    pub total: usize,
    /// Nothing had all of the words; these have most of them.
    pub partly: bool,
}

/// One find.
pub enum Hit {
    /// A record of a project that the asker is in.
    Record {
        /// Its id.
        key: Key,
        /// Its project's name; `None` where it is that of the room.
        project: Option<String>,
        /// The record.
        record: Arc<dyn Record>,
        /// What is shown of it.
        card: IndexCard,
        /// The asker may read what the team alone reads.
        internal: bool,
    },
    /// A requirement of a project that the asker is not in. Nothing in it tells whose it was.
    Case {
        /// The trade of its customer.
        industry: Option<String>,
        /// Its title, without the customer's name.
        title: String,
        /// How far it came.
        state: &'static str,
        /// Why, without the customer's name.
        reason: Option<String>,
    },
}

impl Found {
    /// No find.
    pub const NOTHING: Self = Self { hits: Vec::new(), total: 0, partly: false };
}
