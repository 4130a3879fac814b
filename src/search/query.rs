//! `/搜索`: what fits, this project's first, then those of the same industry.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use jiff::Timestamp;

use super::{
    Asker, CASES, Document, Found, Index, Sight,
    postings::{Place, Posting},
    same_industry,
    words::Word,
};
use crate::{
    dossier::{Query, rules::SearchRules},
    store::{ProjectId, RowKey},
};

/// How near a project is to the asker's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    SameProject,
    SameIndustry,
    Other,
}

/// A find and its rank: nearer projects first, then what fits better, then what is newer.
type Ranked = (Nearness, Reverse<u32>, Reverse<Timestamp>, RowKey, u32);

impl Index {
    pub(super) fn search(&self, query: &Query, asker: &Asker, rules: &SearchRules) -> Found {
        let words = self.reader.words(&query.words);
        let sights = self.sights(asker);
        let mut partly = false;
        let mut finds = self.ranked(&self.with_all(&words), &words, query, &sights, asker);
        if finds.is_empty() && words.len() > 1 {
            partly = true;
            finds = self.ranked(&self.with_most(&words), &words, query, &sights, asker);
        }
        let total = finds.len();
        let hits = finds.into_iter().skip(query.page.saturating_sub(1).saturating_mul(rules.page));
        let hits = hits.take(rules.page).filter_map(|(.., row, slot)| {
            let sight = sights.get(&row.project)?;
            self.hit(self.document(slot)?, *sight, asker)
        });
        Found { hits: hits.collect(), total, partly: partly && total > 0 }
    }

    fn with_all(&self, words: &[Word]) -> Vec<(Posting, u32)> {
        let found = self.postings.of_all(words.iter().flatten());
        found.into_iter().map(|posting| (posting, 0)).collect()
    }

    /// What has at least half of the words; the more, the better.
    fn with_most(&self, words: &[Word]) -> Vec<(Posting, u32)> {
        let mut counts: BTreeMap<u32, (Posting, u32)> = BTreeMap::new();
        for posting in words.iter().flat_map(|word| self.postings.of_all(word.iter())) {
            let known = counts.entry(posting.slot()).or_insert((posting, 0));
            *known = (known.0.and(posting), known.1 + 1);
        }
        counts.into_values().filter(|(_, count)| *count as usize * 2 >= words.len()).collect()
    }

    /// Those that the asker may see and that pass the query's filters, in order.
    fn ranked(
        &self,
        found: &[(Posting, u32)],
        words: &[Word],
        query: &Query,
        sights: &HashMap<ProjectId, Sight>,
        asker: &Asker,
    ) -> Vec<Ranked> {
        let nearness = self.nearness(asker);
        let fit = self.fit(found, words, query);
        let mut ranked: Vec<Ranked> = found
            .iter()
            .zip(fit)
            .filter_map(|((posting, _), fit)| {
                let document = self.document(posting.slot())?;
                let sight = *sights.get(&document.row.project)?;
                let passes =
                    may_read(document, posting.place(), sight) && self.passes(document, query, sight);
                let near = *nearness.get(&document.row.project)?;
                passes.then_some((near, Reverse(fit), Reverse(document.at), document.row, posting.slot()))
            })
            .collect();
        ranked.sort_unstable();
        ranked
    }

    /// How well each find fits: how many of the words, of the neighbouring characters of the query and of
    /// its words in the title it has.
    fn fit(&self, found: &[(Posting, u32)], words: &[Word], query: &Query) -> Vec<u32> {
        let mut scores = vec![0; self.documents.len()];
        let mut terms = self.reader.terms(&query.words);
        terms.retain(|term| !term.is_single());
        terms.extend(words.iter().flatten().filter(|term| term.is_single()));
        for postings in terms.iter().map(|term| self.postings.of(*term)) {
            for posting in postings.iter() {
                scores[posting.slot() as usize] += 1 + u32::from(posting.place().has(Place::TITLE));
            }
        }
        let words_first = 2 * u32::try_from(terms.len()).unwrap_or(u32::MAX).saturating_add(1);
        found.iter().map(|(posting, count)| count * words_first + scores[posting.slot() as usize]).collect()
    }

    fn passes(&self, document: &Document, query: &Query, sight: Sight) -> bool {
        let letter = query.letter.is_none_or(|letter| document.row.key.letter == letter);
        let state = query.state.as_ref().is_none_or(|state| {
            let is = document.record.state();
            is == state || is.strip_prefix('已') == Some(state)
        });
        let project = query.project.as_ref().is_none_or(|part| {
            let facts = self.projects.get(&document.row.project);
            // By its name nobody learns whose a case is.
            sight != Sight::Cases
                && facts.is_some_and(|facts| {
                    facts.project.name.to_lowercase().contains(&part.trim().to_lowercase())
                })
        });
        letter && state && project
    }

    fn nearness(&self, asker: &Asker) -> HashMap<ProjectId, Nearness> {
        let home = asker.home.and_then(|home| self.projects.get(&home));
        let industry = home.and_then(|home| self.industry(&home.project));
        let near = |id: ProjectId, other: Option<&str>| match () {
            () if asker.home == Some(id) => Nearness::SameProject,
            () if same_industry(industry, other) => Nearness::SameIndustry,
            () => Nearness::Other,
        };
        self.projects.iter().map(|(id, facts)| (*id, near(*id, self.industry(&facts.project)))).collect()
    }
}

/// Whether the asker may see the record, and could have read there what was searched for.
fn may_read(document: &Document, place: Place, sight: Sight) -> bool {
    match sight {
        Sight::Everything => true,
        Sight::Shared => document.record.shared() && place.has(Place::SHARED),
        Sight::Cases => document.row.key.letter == CASES && place.has(Place::TITLE),
        Sight::Nothing => false,
    }
}
