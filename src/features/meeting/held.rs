//! A meeting that was held counts for what its phase owes the customer.

use jiff::Timestamp;

use super::Meeting;
use crate::{
    dossier::{Dossier, Outcome, Rules},
    features::rhythm::{self, Beat, Duty, Tally},
};

impl Meeting {
    /// It was held and counts for what the phase owes the customer (RULES 8).
    pub(crate) fn held(
        &self,
        at: Timestamp,
        outcome: Outcome,
        dossier: &Dossier,
        now: Timestamp,
        rules: &Rules,
    ) -> (Outcome, Vec<Tally>) {
        let fits = |beat: &Beat| match beat.duty {
            Duty::Contact(rule) => rule.meetings().any(|kind| kind == self.kind),
            Duty::Document(_) => false,
        };
        rhythm::counting(outcome, at, fits, dossier, (now, rules))
    }
}
