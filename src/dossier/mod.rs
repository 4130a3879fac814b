//! Everything known of one project, in memory: its records by kind and number, and what a decision on
//! them says.
//!
//! The dossier is the unit of consistency: decisions on it are made one at a time, against one version.
//! It does not know the kinds of records; [`crate::features::KINDS`] does.

mod cadence;
mod call;
mod causes;
mod cell;
pub mod ladder;
mod meeting_kind;
mod met;
mod outcome;
mod posted;
mod project;
mod record;
pub mod rules;
mod search;
mod stand_in;

use std::{any::Any, collections::BTreeMap, sync::Arc};

pub use cadence::{CadenceRule, Counted, TouchRules};
pub use call::Call;
pub use causes::{Causes, CausesOf};
pub use cell::{Cell, Named};
pub use meeting_kind::MeetingKind;
pub use met::Met;
pub use outcome::{Hearing, Outcome, Ping, Refusal, Say};
pub use posted::{Offer, Posted};
pub use project::{BoundRoom, Phase, Project, Role, RoomKind, Side, replace};
pub use record::{Decode, Kind, KindEntry, Open, Record, Waking, kind};
pub use rules::Rules;
pub use search::{Ask, Found, Hit, IndexCard, Query};
pub use stand_in::Served;

use crate::{
    chat::{MessageId, Person, PersonId, RoomId},
    store::{Entry, Key, ProjectId},
};
use jiff::Timestamp;

/// The letter of the rows that keep how far each kind has counted.
pub const COUNTER: char = '#';

/// One project in memory.
#[derive(Clone)]
pub struct Dossier {
    /// Which project.
    pub id: ProjectId,
    /// How many commits touched it.
    pub version: u64,
    records: BTreeMap<Key, Arc<dyn Record>>,
    counters: BTreeMap<char, u32>,
}

/// What a command knows beside the records. `now` is the moment the line was written.
pub struct Context<'a> {
    /// When it was said.
    pub now: Timestamp,
    /// The agreed numbers and the calendar.
    pub rules: &'a Rules,
    /// Who said it.
    pub actor: &'a Person,
    /// With which account; another than the actor's where several are one person.
    pub account: &'a PersonId,
    /// A configured administrator.
    pub admin: bool,
    /// Where it was said.
    pub place: Place,
    /// The message in which it was said, where it has an id.
    pub message: Option<&'a MessageId>,
    /// The record that the quoted message speaks of.
    pub quoted: Option<Key>,
    /// Log entries, newest first, for commands whose spec asks for them.
    pub log: &'a [Entry],
    /// All projects of the customer, for commands whose spec asks for them. They were taken one after the other: each
    /// is of one moment, all of them are not.
    pub projects: &'a [Dossier],
    /// What a search found, for commands whose spec asks for one. It comes from other projects too and may
    /// be stale: it is told, and nothing is decided by it.
    pub found: &'a Found,
    /// Customers and whatever else spans projects.
    pub registry: &'a Dossier,
    /// The root causes of all customers' reviews. Those of others may be stale: they are told, and make an
    /// improvement of the department's at most.
    pub causes: Arc<Causes>,
}

/// The chat in which something was said, as the project sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which chat.
    pub room: RoomId,
    /// Its title where known.
    pub name: Option<String>,
    /// Whose room it is.
    pub kind: RoomKind,
}

impl Dossier {
    /// A dossier without records.
    pub fn empty(id: ProjectId) -> Self {
        Self { id, version: 0, records: BTreeMap::new(), counters: BTreeMap::new() }
    }

    /// The project itself.
    ///
    /// # Panics
    /// In a dossier that was not founded yet; the engine hands none to a command.
    pub fn project(&self) -> &Project {
        self.founded().expect("the engine founds a project before it runs commands on it")
    }

    /// The project itself, unless it was not founded yet.
    pub fn founded(&self) -> Option<&Project> {
        self.find::<Project>(0)
    }

    /// One record.
    pub fn find<K: Kind>(&self, number: u32) -> Option<&K> {
        let record = self.records.get(&Key { letter: K::LETTER, number })?;
        (record.as_ref() as &dyn Any).downcast_ref()
    }

    /// All records of a kind, oldest first.
    pub fn all<K: Kind>(&self) -> impl DoubleEndedIterator<Item = &K> {
        let first = Key { letter: K::LETTER, number: 0 };
        let last = Key { letter: K::LETTER, number: u32::MAX };
        self.records
            .range(first..=last)
            .filter_map(|(_, record)| (record.as_ref() as &dyn Any).downcast_ref::<K>())
    }

    /// One record of any kind.
    pub fn record(&self, key: Key) -> Option<&Arc<dyn Record>> {
        self.records.get(&key)
    }

    /// All records of all kinds.
    pub fn records(&self) -> impl Iterator<Item = (Key, &Arc<dyn Record>)> {
        self.records.iter().map(|(key, record)| (*key, record))
    }

    /// How far a kind has counted; its next record gets the number after.
    pub fn counted(&self, letter: char) -> u32 {
        self.counters.get(&letter).copied().unwrap_or(0)
    }

    /// Puts a record in its place and counts it.
    pub fn put(&mut self, record: Arc<dyn Record>) {
        let key = record.key();
        self.count(key.letter, key.number);
        self.records.insert(key, record);
    }

    /// Takes a record out. Its number is not given again.
    pub fn take(&mut self, key: Key) {
        self.records.remove(&key);
    }

    /// Notes that a kind has counted to `number`.
    pub fn count(&mut self, letter: char, number: u32) {
        let counter = self.counters.entry(letter).or_insert(0);
        *counter = number.max(*counter);
    }

    /// Everybody that this project knows: seated, or seen in its rooms.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.founded().into_iter().flat_map(Project::people)
    }
}

impl Context<'_> {
    /// Whether whoever asks, here, may see what is internal: in the team's room all but the customer's people, alone
    /// only the team's.
    pub fn sees_internal(&self, dossier: &Dossier) -> bool {
        let Some(project) = dossier.founded() else { return self.place.kind != RoomKind::Customer };
        match self.place.kind {
            RoomKind::Customer => false,
            RoomKind::Internal => !project.is_customer(&self.actor.id),
            RoomKind::Direct => {
                project.is_ours(&self.actor.id) || (self.admin && !project.is_customer(&self.actor.id))
            }
        }
    }

    /// Whether whoever asks is one of the triangle, or an administrator.
    pub fn is_triangle(&self, dossier: &Dossier) -> bool {
        self.admin || dossier.founded().is_some_and(|project| project.is_triangle(&self.actor.id))
    }
}
