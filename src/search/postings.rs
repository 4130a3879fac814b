//! The inverted index: for each term the records in which it stands, in order of their slots.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use super::words::Term;

/// Where in a record a term stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place(u32);

impl Place {
    /// In the title, as it is told to those who are not in the project.
    pub(super) const TITLE: Self = Self(1);
    /// In what everybody who may see the record reads of it.
    pub(super) const SHARED: Self = Self(2);

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A record in which a term stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Posting(u32);

impl Posting {
    const PLACES: u32 = 2;

    fn new(slot: u32, place: Place) -> Self {
        Self(slot << Self::PLACES | place.0)
    }

    pub(super) fn slot(self) -> u32 {
        self.0 >> Self::PLACES
    }

    pub(super) fn place(self) -> Place {
        Place(self.0 & ((1 << Self::PLACES) - 1))
    }

    /// In both, where both have it.
    pub(super) fn and(self, other: Self) -> Self {
        Self::new(self.slot(), Place(self.place().0 & other.place().0))
    }
}

/// All postings.
#[derive(Default)]
pub(super) struct Postings {
    of: HashMap<Term, Vec<Posting>>,
    /// The terms that begin with a character, so that it is found wherever it stands.
    beginning: HashMap<char, Vec<Term>>,
}

impl Postings {
    /// The terms of a slot were these, and are those from now on.
    pub(super) fn change(
        &mut self,
        slot: u32,
        before: &BTreeMap<Term, Place>,
        after: &BTreeMap<Term, Place>,
    ) {
        for term in before.keys().filter(|term| !after.contains_key(term)) {
            let Some(postings) = self.of.get_mut(term) else { continue };
            if let Ok(at) = postings.binary_search_by_key(&slot, |posting| posting.slot()) {
                postings.remove(at);
            }
        }
        for (term, place) in after.iter().filter(|(term, place)| before.get(term) != Some(place)) {
            let postings = self.of.entry(*term).or_insert_with(|| {
                let beginning = term.begins_with().map(|c| self.beginning.entry(c).or_default());
                beginning.into_iter().for_each(|terms| terms.push(*term));
                Vec::new()
            });
            let posting = Posting::new(slot, *place);
            match postings.binary_search_by_key(&slot, |posting| posting.slot()) {
                Ok(at) => postings[at] = posting,
                Err(at) => postings.insert(at, posting),
            }
        }
    }

    /// Where a term stands.
    pub(super) fn of(&self, term: Term) -> Cow<'_, [Posting]> {
        let one = |term: &Term| self.of.get(term).map_or(&[][..], Vec::as_slice);
        let Some(c) = term.begins_with().filter(|_| term.is_single()) else {
            return Cow::Borrowed(one(&term));
        };
        let mut all: Vec<Posting> =
            self.beginning.get(&c).into_iter().flatten().flat_map(one).copied().collect();
        all.sort_unstable();
        all.dedup_by(|next, first| {
            let same = next.slot() == first.slot();
            if same {
                *first = Posting::new(first.slot(), first.place().or(next.place()));
            }
            same
        });
        Cow::Owned(all)
    }

    /// Where all of these terms stand; in a place where all of them do.
    pub(super) fn of_all<'t>(&self, terms: impl Iterator<Item = &'t Term>) -> Vec<Posting> {
        let mut lists: Vec<Cow<'_, [Posting]>> = terms.map(|term| self.of(*term)).collect();
        lists.sort_by_key(|list| list.len());
        let mut lists = lists.into_iter();
        let Some(first) = lists.next() else { return Vec::new() };
        lists.fold(first.into_owned(), |found, list| {
            let mut rest = list.iter().peekable();
            let both = found.into_iter().filter_map(|posting| {
                while rest.next_if(|other| other.slot() < posting.slot()).is_some() {}
                rest.next_if(|other| other.slot() == posting.slot()).map(|other| posting.and(*other))
            });
            both.collect()
        })
    }
}
