//! What a record is: a value with an id that knows when it next wants attention.

use std::{any::Any, sync::Arc};

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Dossier, IndexCard, Outcome, Rules,
    cell::{self, Cell, Named},
};
use crate::{
    chat::{Button, Invite, Person, PersonId},
    store::Key,
};

/// A kind of record. Its value is JSON in the store; its moves return the next value.
pub trait Kind: Serialize + DeserializeOwned + Clone + Any + Send + Sync {
    /// The letter of its ids.
    const LETTER: char;
    /// What people call it.
    const NAME: &'static str;
    /// Names of its plain fields in the words people read, for the history.
    const FIELDS: &'static [(&'static str, &'static str)];
    /// The columns of an export that a customer may read of a shared record, beside those of every table: none that
    /// is not named here.
    const SHOWN: &'static [&'static str] = &[];
    /// Whether what it does by itself when it wakes stands in the log. Not where it wakes often and what became of it
    /// stands in records anyway: the log would hold it over and over.
    const WAKES_LOGGED: bool = true;

    /// The parts of its content that a customer may not read yet.
    fn withheld(&self) -> &'static [&'static str] {
        &[]
    }

    /// What whoever told of it reads in place of it, while a customer may not see it.
    fn receipt(&self) -> Option<String> {
        None
    }

    /// Its number within the project.
    fn number(&self) -> u32;

    /// Its first line.
    fn title(&self) -> String;

    /// The state it is in, in people's words.
    fn state(&self) -> &'static str;

    /// Whether a customer room may see it.
    fn shared(&self) -> bool;

    /// Whether this person is asked to decide on it and so sees it outside of the customer's room even
    /// where it is not shared.
    fn asks(&self, _person: &PersonId, _dossier: &Dossier) -> bool {
        false
    }

    /// When it next wants attention; `None` while nothing is owed, for some kinds for ever.
    fn wakes_at(&self, _rules: &Rules) -> Option<Timestamp> {
        None
    }

    /// What happens when it is looked at. Finds the record as it is: an early, late or second wake does
    /// nothing that is not due.
    fn wake(&self, _dossier: &Dossier, _cx: &Waking) -> Outcome {
        Outcome::default()
    }

    /// Whether a ping for this step is still true.
    fn owes(&self, _step: &str) -> bool {
        false
    }

    /// The same, for steps that other records settle.
    fn owes_in(&self, step: &str, _dossier: &Dossier) -> bool {
        self.owes(step)
    }

    /// What somebody still has to do about it: one for each clock that runs, and for what has no date.
    fn open(&self, _dossier: &Dossier) -> Vec<Open> {
        Vec::new()
    }

    /// What can be done with it next, as the buttons of its card; nothing when all is done. `internal`: for the team,
    /// not for customers.
    fn steps(&self, _dossier: &Dossier, _internal: bool) -> Vec<Button> {
        Vec::new()
    }

    /// The button that says `/T1 action` of it.
    fn button(&self, label: &str, action: &str) -> Button {
        Button::new(label, format!("/{}{} {action}", Self::LETTER, self.number()))
    }

    /// By what a search finds it; `None`: never.
    fn card(&self) -> Option<IndexCard> {
        None
    }

    /// What an export tells of it beside its [`FIELDS`](Self::FIELDS), or in better words than theirs: columns with
    /// what stands in them.
    fn cells(&self) -> Vec<(&'static str, Cell)> {
        Vec::new()
    }

    /// How it is to stand in people's calendars; `None`: they are left as they are. Its uid need be its own among
    /// the records of its project.
    fn invite(&self) -> Option<Invite> {
        None
    }

    /// How its deadlines came to be, a sentence each, for `/为什么`.
    fn why(&self, _now: Timestamp, _rules: &Rules) -> Vec<String> {
        Vec::new()
    }

    /// What else `/为什么` tells, but not before customers.
    fn why_internal(&self, _now: Timestamp, _rules: &Rules) -> Vec<String> {
        Vec::new()
    }
}

/// What a wake knows beside the records.
pub struct Waking<'a> {
    /// The time now; after a pause later than `due`.
    pub now: Timestamp,
    /// When it was to be looked at.
    pub due: Timestamp,
    /// The agreed numbers and the calendar.
    pub rules: &'a Rules,
}

/// One thing that a record waits for.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    /// Until when.
    pub due: Option<Timestamp>,
    /// From when on it is late, where that is not `due`: a meeting that begins is not late before it ends.
    pub late_from: Option<Timestamp>,
    /// What is to be done, in a few words: `首次响应`.
    pub what: String,
    /// Who is to do it.
    pub who: Vec<Person>,
    /// Urgent or high.
    pub loud: bool,
    /// The team's own, whoever may see the record.
    pub internal: bool,
}

/// A record of any kind.
pub trait Record: Any + Send + Sync {
    /// Its id.
    fn key(&self) -> Key;
    /// Its value for the store.
    fn encode(&self) -> serde_json::Value;
    /// See [`Kind::NAME`].
    fn name(&self) -> &'static str;
    /// See [`Kind::FIELDS`].
    fn fields(&self) -> &'static [(&'static str, &'static str)];
    /// See [`Kind::WAKES_LOGGED`].
    fn wakes_logged(&self) -> bool;
    /// See [`Kind::title`].
    fn title(&self) -> String;
    /// See [`Kind::state`].
    fn state(&self) -> &'static str;
    /// See [`Kind::shared`].
    fn shared(&self) -> bool;
    /// See [`Kind::withheld`].
    fn withheld(&self) -> &'static [&'static str];
    /// See [`Kind::SHOWN`].
    fn shown(&self) -> &'static [&'static str];
    /// See [`Kind::receipt`].
    fn receipt(&self) -> Option<String>;
    /// See [`Kind::asks`].
    fn asks(&self, person: &PersonId, dossier: &Dossier) -> bool;
    /// See [`Kind::wakes_at`].
    fn wakes_at(&self, rules: &Rules) -> Option<Timestamp>;
    /// See [`Kind::wake`].
    fn wake(&self, dossier: &Dossier, cx: &Waking) -> Outcome;
    /// See [`Kind::owes_in`].
    fn owes(&self, step: &str, dossier: &Dossier) -> bool;
    /// See [`Kind::open`].
    fn open(&self, dossier: &Dossier) -> Vec<Open>;
    /// See [`Kind::steps`].
    fn steps(&self, dossier: &Dossier, internal: bool) -> Vec<Button>;
    /// See [`Kind::card`].
    fn card(&self) -> Option<IndexCard>;
    /// Its row of an export, without the columns of every table; before customers only [`Kind::SHOWN`].
    fn cells(&self, internal: bool) -> Vec<Named>;
    /// See [`Kind::invite`].
    fn invite(&self) -> Option<Invite>;
    /// See [`Kind::why`].
    fn why(&self, now: Timestamp, rules: &Rules) -> Vec<String>;
    /// See [`Kind::why_internal`].
    fn why_internal(&self, now: Timestamp, rules: &Rules) -> Vec<String>;
}

impl<K: Kind> Record for K {
    fn key(&self) -> Key {
        Key { letter: K::LETTER, number: self.number() }
    }

    fn encode(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("records hold nothing that JSON cannot say")
    }

    fn name(&self) -> &'static str {
        K::NAME
    }

    fn fields(&self) -> &'static [(&'static str, &'static str)] {
        K::FIELDS
    }

    fn wakes_logged(&self) -> bool {
        K::WAKES_LOGGED
    }

    fn title(&self) -> String {
        Kind::title(self)
    }

    fn state(&self) -> &'static str {
        Kind::state(self)
    }

    fn shared(&self) -> bool {
        Kind::shared(self)
    }

    fn withheld(&self) -> &'static [&'static str] {
        Kind::withheld(self)
    }

    fn shown(&self) -> &'static [&'static str] {
        K::SHOWN
    }

    fn receipt(&self) -> Option<String> {
        Kind::receipt(self)
    }

    fn asks(&self, person: &PersonId, dossier: &Dossier) -> bool {
        Kind::asks(self, person, dossier)
    }

    fn wakes_at(&self, rules: &Rules) -> Option<Timestamp> {
        Kind::wakes_at(self, rules)
    }

    fn wake(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        Kind::wake(self, dossier, cx)
    }

    fn owes(&self, step: &str, dossier: &Dossier) -> bool {
        Kind::owes_in(self, step, dossier)
    }

    fn open(&self, dossier: &Dossier) -> Vec<Open> {
        Kind::open(self, dossier)
    }

    fn steps(&self, dossier: &Dossier, internal: bool) -> Vec<Button> {
        Kind::steps(self, dossier, internal)
    }

    fn card(&self) -> Option<IndexCard> {
        Kind::card(self)
    }

    fn cells(&self, internal: bool) -> Vec<Named> {
        cell::cells(self, &self.encode(), internal)
    }

    fn invite(&self) -> Option<Invite> {
        Kind::invite(self)
    }

    fn why(&self, now: Timestamp, rules: &Rules) -> Vec<String> {
        Kind::why(self, now, rules)
    }

    fn why_internal(&self, now: Timestamp, rules: &Rules) -> Vec<String> {
        Kind::why_internal(self, now, rules)
    }
}

/// Reads a record's value.
pub type Decode = fn(&[u8]) -> Result<Arc<dyn Record>, serde_json::Error>;

/// One line of [`crate::features::KINDS`].
#[derive(Clone, Copy)]
pub struct KindEntry {
    /// The letter of its ids.
    pub letter: char,
    /// What people call it.
    pub name: &'static str,
    /// Reads its values.
    pub decode: Decode,
}

/// The entry of a kind.
pub const fn kind<K: Kind>() -> KindEntry {
    fn decode<K: Kind>(value: &[u8]) -> Result<Arc<dyn Record>, serde_json::Error> {
        Ok(Arc::new(serde_json::from_slice::<K>(value)?))
    }
    KindEntry { letter: K::LETTER, name: K::NAME, decode: decode::<K> }
}
