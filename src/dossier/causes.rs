//! How often which root cause stood in the reviews of which customer (RULES 11).

use std::collections::{BTreeMap, BTreeSet};

use crate::store::ProjectId;

/// The causes of all customers' reviews. Read only, and for other customers than one's own as they were a moment ago.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Causes {
    of: BTreeMap<ProjectId, CausesOf>,
}

/// The causes of one customer's reviews.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CausesOf {
    /// In how many reviews each stands.
    pub times: BTreeMap<String, usize>,
    /// Those that the department is improving on.
    pub taken_up: BTreeSet<String>,
}

impl Causes {
    /// Notes what a customer's file says now.
    pub fn learn(&mut self, file: ProjectId, causes: CausesOf) {
        self.of.insert(file, causes);
    }

    /// In how many reviews of other customers a cause stands.
    pub fn times_elsewhere(&self, cause: &str, here: ProjectId) -> usize {
        self.elsewhere(here).filter_map(|causes| causes.times.get(cause)).sum()
    }

    /// How many other customers have reviews with it.
    pub fn customers_elsewhere(&self, cause: &str, here: ProjectId) -> usize {
        self.elsewhere(here).filter(|causes| causes.times.contains_key(cause)).count()
    }

    /// Whether the department is improving on it already, for another customer.
    pub fn is_taken_up_elsewhere(&self, cause: &str, here: ProjectId) -> bool {
        self.elsewhere(here).any(|causes| causes.taken_up.contains(cause))
    }

    fn elsewhere(&self, here: ProjectId) -> impl Iterator<Item = &CausesOf> {
        self.of.iter().filter(move |(file, _)| **file != here).map(|(_, causes)| causes)
    }
}
