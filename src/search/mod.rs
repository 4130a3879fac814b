//! Full-text search over the records of all projects.
//!
//! The index lies in memory, beside the records that it is made of. It is derived from them and never
//! written: a start makes it anew from the store, so it cannot be lost, damaged, of an older format, or
//! behind. The engine tells it of a commit once that is durable.
//!
//! A *posting* says in which record a term stands, and whether it stands in the title and in what a
//! customer may read; so one look answers both what fits and whether the asker could have read it there.
//! Who may see which project is decided in [`sight`], how texts become terms in [`words`], and what makes
//! two titles similar in [`similar`].

mod mask;
mod postings;
mod query;
mod sight;
mod similar;
mod words;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jiff::Timestamp;

use crate::{
    dossier::{Ask, Dossier, Found, Hit, IndexCard, Kind, Project, Record, RoomKind, rules::SearchRules},
    store::{Key, ProjectId, RowKey},
};
use mask::Mask;
use postings::{Place, Postings};
use sight::Sight;
use words::Reader;

pub use sight::Asker;

/// The letter of requirements, whose outcomes are told to those who are not in their project.
const CASES: char = 'R';
/// The letter of projects.
const PROJECT: char = Project::LETTER;

/// Every record that can be found.
pub struct Index {
    reader: Reader,
    postings: Postings,
    /// By slot; a slot that is free is used again.
    documents: Vec<Option<Document>>,
    free: Vec<u32>,
    slots: BTreeMap<RowKey, u32>,
    projects: HashMap<ProjectId, Facts>,
    /// The trade of each registered customer, by name.
    industries: HashMap<String, String>,
}

/// A record that can be found. It is the dossier's own, not a copy.
struct Document {
    row: RowKey,
    record: Arc<dyn Record>,
    at: Timestamp,
}

/// What is known of a project.
struct Facts {
    project: Project,
    /// What its cases do not tell.
    mask: Mask,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            reader: Reader::new(),
            postings: Postings::default(),
            documents: Vec::new(),
            free: Vec::new(),
            slots: BTreeMap::new(),
            projects: HashMap::new(),
            industries: HashMap::new(),
        }
    }
}

impl Index {
    /// Takes up these records of a project as they are now, or forgets them where they are gone.
    pub fn learn(&mut self, dossier: &Dossier, keys: impl IntoIterator<Item = Key>) {
        for key in keys {
            let row = RowKey { project: dossier.id, key };
            if let Some(project) = dossier.founded().filter(|_| key.letter == PROJECT) {
                self.learn_project(dossier.id, project);
                continue;
            }
            match dossier.record(key).and_then(|record| Some((record, record.card()?))) {
                Some((record, card)) => self.put(row, record, &card),
                None => self.forget(row),
            }
        }
    }

    /// Takes up the trades of the registered customers.
    pub fn learn_industries(&mut self, industries: HashMap<String, String>) {
        self.industries = industries;
    }

    /// What this asker finds.
    pub fn look_up(&self, ask: &Ask, asker: &Asker, rules: &SearchRules) -> Found {
        match ask {
            Ask::Search(query) => self.search(query, asker, rules),
            Ask::Similar(title) => self.similar(title, asker, rules),
        }
    }

    fn learn_project(&mut self, id: ProjectId, project: &Project) {
        let mask = Mask::of(project);
        let known = self.projects.get(&id).map(|facts| &facts.mask);
        if known == Some(&mask) || known.is_none() && !self.has_records(id) {
            self.projects.insert(id, Facts { project: project.clone(), mask });
            return;
        }
        // Other words are hidden now, so its titles are read again.
        let records: Vec<(RowKey, Arc<dyn Record>)> = self
            .slots_of(id)
            .filter_map(|(row, slot)| Some((row, self.document(slot)?.record.clone())))
            .collect();
        records.iter().for_each(|(row, _)| self.forget(*row));
        self.projects.insert(id, Facts { project: project.clone(), mask });
        for (row, record) in records {
            if let Some(card) = record.card() {
                self.put(row, &record, &card);
            }
        }
    }

    fn put(&mut self, row: RowKey, record: &Arc<dyn Record>, card: &IndexCard) {
        let terms = self.terms(row, record.as_ref(), card);
        let document = Document { row, record: record.clone(), at: card.at };
        let slot = match self.slots.get(&row) {
            Some(slot) => {
                let before = self.terms_in(*slot);
                self.postings.change(*slot, &before, &terms);
                *slot
            }
            None => {
                let slot = self.free.pop().unwrap_or_else(|| {
                    self.documents.push(None);
                    u32::try_from(self.documents.len() - 1).expect("fewer records than that fit in memory")
                });
                self.slots.insert(row, slot);
                self.postings.change(slot, &BTreeMap::new(), &terms);
                slot
            }
        };
        self.documents[slot as usize] = Some(document);
    }

    fn forget(&mut self, row: RowKey) {
        let Some(slot) = self.slots.remove(&row) else { return };
        let before = self.terms_in(slot);
        self.postings.change(slot, &before, &BTreeMap::new());
        self.documents[slot as usize] = None;
        self.free.push(slot);
    }

    /// The terms of what lies in a slot.
    fn terms_in(&self, slot: u32) -> BTreeMap<words::Term, Place> {
        let document = self.document(slot);
        let card = document.and_then(|document| Some((document, document.record.card()?)));
        card.map(|(document, card)| self.terms(document.row, document.record.as_ref(), &card))
            .unwrap_or_default()
    }

    fn terms(&self, row: RowKey, record: &dyn Record, card: &IndexCard) -> BTreeMap<words::Term, Place> {
        let mut terms = BTreeMap::new();
        let mut add = |text: &str, place: Place| {
            for term in self.reader.terms(text) {
                let known = terms.entry(term).or_insert(Place::default());
                *known = known.or(place);
            }
        };
        let title = record.title();
        add(&self.told(row.project, &title), Place::TITLE);
        add(&title, Place::SHARED);
        add(&row.key.to_string(), Place::SHARED);
        add(&card.owner.name, Place::SHARED);
        card.words.iter().for_each(|text| add(text, Place::SHARED));
        card.internal.iter().for_each(|text| add(text, Place::default()));
        terms
    }

    fn has_records(&self, project: ProjectId) -> bool {
        self.slots_of(project).next().is_some()
    }

    fn slots_of(&self, project: ProjectId) -> impl Iterator<Item = (RowKey, u32)> {
        let row = |letter, number| RowKey { project, key: Key { letter, number } };
        self.slots.range(row('\0', 0)..=row(char::MAX, u32::MAX)).map(|(row, slot)| (*row, *slot))
    }

    fn document(&self, slot: u32) -> Option<&Document> {
        self.documents.get(slot as usize)?.as_ref()
    }

    fn industry<'a>(&'a self, project: &'a Project) -> Option<&'a str> {
        let registered = || self.industries.get(project.customer.as_ref()?);
        project.industry.as_ref().or_else(registered).map(String::as_str)
    }

    /// What is told of a text to those who are not in its project.
    fn told(&self, project: ProjectId, text: &str) -> String {
        self.projects.get(&project).map_or_else(|| text.to_owned(), |facts| facts.mask.hide(text))
    }

    /// What this asker may see of each project.
    fn sights(&self, asker: &Asker) -> HashMap<ProjectId, Sight> {
        let of_the_team = asker.is_of_the_team(self.projects.iter().map(|(id, facts)| (*id, &facts.project)));
        let sights = self.projects.iter().map(|(id, facts)| {
            let sight = asker.sight(*id, &facts.project, of_the_team);
            (*id, sight)
        });
        sights.filter(|(_, sight)| *sight != Sight::Nothing).collect()
    }

    /// The find, as this asker may read it.
    fn hit(&self, document: &Document, sight: Sight, asker: &Asker) -> Option<Hit> {
        let RowKey { project: id, key } = document.row;
        let facts = self.projects.get(&id)?;
        let (record, card) = (document.record.clone(), document.record.card()?);
        if sight == Sight::Cases {
            return Some(Hit::Case {
                industry: self.industry(&facts.project).map(str::to_owned),
                title: facts.mask.hide(&record.title()),
                state: record.state(),
                reason: card.reason.map(|reason| facts.mask.hide(&reason)),
            });
        }
        let here = asker.home == Some(id) && asker.place != RoomKind::Direct;
        let project = (!here).then(|| facts.project.name.clone());
        Some(Hit::Record { key, project, record, card, internal: sight == Sight::Everything })
    }
}

/// Whether two trades are one: 银行, 银行业, 银行行业.
fn same_industry(one: Option<&str>, other: Option<&str>) -> bool {
    let bare = |name: &str| {
        let name = name.trim().to_lowercase();
        let without =
            |end: &str| name.strip_suffix(end).filter(|rest| rest.chars().count() > 1).map(str::to_owned);
        without("行业").or_else(|| without("业")).unwrap_or(name)
    };
    matches!((one, other), (Some(one), Some(other)) if bare(one) == bare(other))
}

#[cfg(test)]
mod tests;
