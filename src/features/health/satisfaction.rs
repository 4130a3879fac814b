//! What the customer itself said, and what came of it: the only place where the report reads surveys and
//! improvements.

use crate::{calendar::Quarter, dossier::Dossier};

/// The result of a quarter's survey.
pub(super) struct Satisfaction {
    /// The average of all indicators, in hundredths.
    pub(super) average: u32,
    /// The ids of the surveys.
    pub(super) ids: Vec<String>,
}

/// What the survey of a quarter came to; `None` where nobody answered, or none was asked.
pub(super) fn satisfaction(_file: &Dossier, _quarter: Quarter) -> Option<Satisfaction> {
    None
}

/// The improvements that are not closed yet, a line each.
pub(super) fn improvements(_file: &Dossier) -> Vec<String> {
    Vec::new()
}
