//! A risk in a line of minutes.

use serde::{Deserialize, Serialize};

use crate::{chat::Typed, grammar::narrow};

/// A line that is a risk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RiskLine {
    /// Its words, countermeasure and all.
    pub text: String,
    /// `!内部`: not for the customer.
    #[serde(default)]
    pub internal: bool,
    /// Whether it says what is done about it; without, nothing goes to the customer (RULES 4).
    #[serde(default)]
    pub has_plan: bool,
}

impl RiskLine {
    /// Whether the customer's room may read it.
    pub fn is_for_customer(&self) -> bool {
        self.has_plan && !self.internal
    }
}

/// What a line of minutes says of a risk.
pub(super) fn read(line: &Typed) -> RiskLine {
    let words = line.words();
    let plain: String = words.chars().map(narrow).collect::<String>().to_lowercase();
    let plan = ["方案:", "plan:"].iter().find_map(|key| plain.split_once(key));
    RiskLine {
        internal: plain.contains("!内部") || plain.contains("!internal"),
        has_plan: plan.is_some_and(|(_, plan)| plan.chars().any(char::is_alphanumeric)),
        text: words.trim().to_owned(),
    }
}
