//! Similar requirements: those of other projects of the same industry whose title is about the same.
//!
//! Two titles are as similar as the weight of what they share is to the weight of what they say (the cosine
//! of their terms). A term that many records have weighs little, the common words of requirements nothing.

use std::collections::BTreeSet;

use super::{Asker, CASES, Document, Found, Index, Sight, postings::Place, same_industry, words::Term};
use crate::dossier::rules::SearchRules;

/// How many candidates are compared in full.
const COMPARED: usize = 50;
/// So many records say little of how common a term is.
const FEW: usize = 5_000;
/// Taken back by whoever asked: no outcome to learn from.
const WITHDRAWN: &str = "已撤回";

impl Index {
    pub(super) fn similar(&self, title: &str, asker: &Asker, rules: &SearchRules) -> Found {
        let Some(home) = asker.home.and_then(|home| self.projects.get(&home)) else { return Found::NOTHING };
        let industry = self.industry(&home.project);
        let mut sights = self.sights(asker);
        sights.retain(|id, sight| {
            let other = self.projects.get(id).and_then(|facts| self.industry(&facts.project));
            asker.home != Some(*id) && *sight != Sight::Shared && same_industry(industry, other)
        });
        let about = self.reader.subjects(title);
        let enough = f64::from(rules.similar_percent) / 100.0;
        let mut shared = vec![0.0; self.documents.len()];
        for term in &about {
            let square = self.weight(*term).powi(2);
            let postings = self.postings.of(*term);
            for posting in postings.iter().filter(|posting| posting.place().has(Place::TITLE)) {
                shared[posting.slot() as usize] += square;
            }
        }
        // No title is shorter than what it shares: what shares less than this cannot be like enough.
        let least = (enough * self.length(&about)).powi(2);
        let fits = |document: &Document| {
            document.row.key.letter == CASES
                && sights.contains_key(&document.row.project)
                && document.record.state() != WITHDRAWN
        };
        let mut candidates: Vec<(f64, &Document)> = shared
            .into_iter()
            .zip(&self.documents)
            .filter(|(shared, _)| *shared > 0.0 && *shared >= least)
            .filter_map(|(shared, document)| Some((shared, document.as_ref().filter(|it| fits(it))?)))
            .collect();
        candidates.sort_by(|one, other| other.0.total_cmp(&one.0));
        let mut similar: Vec<(f64, &Document)> = candidates
            .into_iter()
            .take(COMPARED)
            .map(|(_, document)| {
                let title = self.told(document.row.project, &document.record.title());
                (self.likeness(&about, &self.reader.subjects(&title)), document)
            })
            .filter(|(likeness, _)| *likeness >= enough)
            .collect();
        similar.sort_by(|one, other| {
            other.0.total_cmp(&one.0).then_with(|| (other.1.at, one.1.row).cmp(&(one.1.at, other.1.row)))
        });
        let hits = similar.iter().take(rules.similar).filter_map(|(_, document)| {
            let sight = sights.get(&document.row.project)?;
            self.hit(document, *sight, asker)
        });
        Found { hits: hits.collect(), total: similar.len(), partly: false }
    }

    /// From 0, nothing in common, to 1, the same.
    fn likeness(&self, one: &BTreeSet<Term>, other: &BTreeSet<Term>) -> f64 {
        let both: f64 = one.intersection(other).map(|term| self.weight(*term).powi(2)).sum();
        if both == 0.0 { 0.0 } else { both / (self.length(one) * self.length(other)) }
    }

    fn length(&self, terms: &BTreeSet<Term>) -> f64 {
        terms.iter().map(|term| self.weight(*term).powi(2)).sum::<f64>().sqrt()
    }

    /// What a term tells: little where many records have it. Among few records all weigh nearly the same, and
    /// one that is nowhere weighs as one that is there once.
    fn weight(&self, term: Term) -> f64 {
        let (all, with) = (self.slots.len() + FEW, self.postings.of(term).len().max(1));
        (1.0 + all as f64 / (1.0 + with as f64)).ln()
    }
}
