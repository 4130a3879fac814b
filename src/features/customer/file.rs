//! A customer's file: what spans its projects and is kept for it alone (RULES 1, 11, 12).
//!
//! It is a dossier of its own, in which this record stands once. What the file owes once in each quarter follows
//! from which quarter was last seen to: nothing can be done twice, however often it is looked at.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    calendar::Quarter,
    dossier::{Dossier, Kind, Outcome, Rules, Waking},
    features::survey::season,
};

/// The one record of a customer's file that is there from its opening.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// The customer's name.
    pub customer: String,
    /// Since when it is kept.
    pub opened_at: Timestamp,
    /// The last quarter whose survey was seen to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surveyed: Option<Quarter>,
}

impl File {
    /// A new file.
    pub fn open(customer: &str, now: Timestamp) -> Self {
        Self { customer: customer.to_owned(), opened_at: now, surveyed: None }
    }
}

impl Kind for File {
    const LETTER: char = 'F';
    const NAME: &'static str = "客户档案";
    const FIELDS: &'static [(&'static str, &'static str)] = &[("customer", "客户")];

    fn number(&self) -> u32 {
        0
    }

    fn title(&self) -> String {
        self.customer.clone()
    }

    fn state(&self) -> &'static str {
        "在册"
    }

    fn shared(&self) -> bool {
        false
    }

    fn wakes_at(&self, rules: &Rules) -> Option<Timestamp> {
        Some(season::opens_at(self, rules))
    }

    fn wake(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        season::wake(self, dossier, cx)
    }
}
