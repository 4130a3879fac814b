//! A meeting that was held counts for what its phase owes the customer.

use jiff::Timestamp;

use super::Meeting;
use crate::{
    dossier::{CadenceRule, Dossier, Outcome, Rules},
    features::rhythm::{self, Beat, Duty, Tally},
};

impl Meeting {
    /// It was held at `at` and counts for those of the cadences of its kind that `counts` names (RULES 8): some
    /// ask for its minutes beside it.
    pub(crate) fn held(
        &self,
        at: Timestamp,
        counts: impl Fn(&CadenceRule) -> bool,
        outcome: Outcome,
        dossier: &Dossier,
        (now, rules): (Timestamp, &Rules),
    ) -> (Outcome, Vec<Tally>) {
        let fits = |beat: &Beat| match beat.duty {
            Duty::Contact(rule) => rule.meetings().any(|kind| kind == self.kind) && counts(rule),
            Duty::Document(_) => false,
        };
        rhythm::counting(outcome, at, fits, dossier, (now, rules))
    }

    /// What it counts for when it ends: its minutes are still to come, unless nobody has to write any.
    pub(super) fn counts_at_end(&self) -> impl Fn(&CadenceRule) -> bool {
        let missing = self.minutes.are_missing();
        move |rule| !rule.minutes || !missing
    }
}
