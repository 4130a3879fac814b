//! A customer's file: what spans its projects and is kept for it alone (RULES 1, 11, 12).
//!
//! It is a dossier of its own, in which this record stands once. What the file owes once in each quarter follows
//! from until when it was looked at: nothing can be done twice, however often it is looked at.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{dialogue, words};
use crate::{
    calendar::Quarter,
    chat::Person,
    dossier::{Dossier, Kind, Open, Outcome, Rules, Waking},
    features::survey::season,
};

/// The one record of a customer's file that is there from its opening.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// The customer's name.
    pub customer: String,
    /// Since when it is kept.
    pub opened_at: Timestamp,
    /// The stages it came to, oldest first; none for a new customer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Reached>,
    /// Strategic dialogues with its leaders, as they were told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dialogues: Vec<Fact>,
    /// Repeat purchases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purchases: Vec<Fact>,
    /// Whom it referred to us.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub referrals: Vec<Fact>,
    /// What is known of its strategy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strategy: Vec<Fact>,
    /// Until when the quarters' dialogues were looked at.
    #[serde(default)]
    pub dialogues_until: Timestamp,
    /// The dialogue that was reminded of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialogue_owed: Option<DialogueOwed>,
    /// The quarters that ended without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dialogues_missed: Vec<Quarter>,
    /// The last quarter whose survey was seen to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surveyed: Option<Quarter>,
}

/// Something that happened with a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// When.
    pub at: Timestamp,
    /// What, in the words of whoever told it.
    pub said: String,
    /// Who told it.
    pub by: Person,
}

/// A stage that a customer came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reached {
    /// Which.
    pub stage: Stage,
    /// By what one sees it.
    #[serde(flatten)]
    pub evidence: Fact,
}

/// How close a customer is (RULES 1), in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// 新客.
    New,
    /// 合作.
    Cooperating,
    /// 复购.
    Returning,
    /// 技术合伙人.
    Partner,
}

/// A strategic dialogue that was reminded of and not told yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DialogueOwed {
    /// Which quarter's.
    pub quarter: Quarter,
    /// Until when it can be held.
    pub due: Timestamp,
}

impl Stage {
    /// All, in order.
    pub const ALL: [(Stage, &'static str); 4] = [
        (Self::New, "新客"),
        (Self::Cooperating, "合作"),
        (Self::Returning, "复购"),
        (Self::Partner, "技术合伙人"),
    ];

    /// What people call it.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(stage, _)| *stage == self).map_or("", |(_, name)| name)
    }
}

impl File {
    /// A new file.
    pub fn open(customer: &str, now: Timestamp) -> Self {
        Self {
            customer: customer.to_owned(),
            opened_at: now,
            stages: Vec::new(),
            dialogues: Vec::new(),
            purchases: Vec::new(),
            referrals: Vec::new(),
            strategy: Vec::new(),
            dialogues_until: now,
            dialogue_owed: None,
            dialogues_missed: Vec::new(),
            surveyed: None,
        }
    }

    /// The file itself.
    ///
    /// # Errors
    /// The dossier is no customer's.
    pub fn of(dossier: &Dossier) -> Result<&Self, crate::dossier::Refusal> {
        dossier.find(0).ok_or_else(|| "这里没有客户档案".into())
    }

    /// Where the customer stands.
    pub fn stage(&self) -> Stage {
        self.stages.last().map_or(Stage::New, |reached| reached.stage)
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
        self.stage().name()
    }

    fn shared(&self) -> bool {
        false
    }

    fn cells(&self) -> Vec<(&'static str, crate::dossier::Cell)> {
        words::cells(self)
    }

    fn wakes_at(&self, rules: &Rules) -> Option<Timestamp> {
        dialogue::wakes_at(self, rules).into_iter().chain([season::opens_at(self, rules)]).min()
    }

    fn wake(&self, dossier: &Dossier, cx: &Waking) -> Outcome {
        // Whoever wakes it looks again until nothing is due.
        match season::opens_at(self, cx.rules) <= cx.now {
            true => season::wake(self, dossier, cx),
            false => dialogue::wake(self, dossier, cx),
        }
    }

    fn owes(&self, step: &str) -> bool {
        dialogue::owes(self, step)
    }

    fn open(&self, dossier: &Dossier) -> Vec<Open> {
        dialogue::open(self, dossier)
    }
}
