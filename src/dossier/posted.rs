//! A message of the bot that shows a record, and can be edited while the record changes.
//!
//! It lies beside the records of its project rather than in a table of its own: so it is written in the commit that
//! says the message or changes the record, is there in every store, and moves with backups and migrations.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Kind;
use crate::{
    chat::{Message, MessageId, Target},
    store::Key,
};

/// A message that shows a record. It is never told of, exported or logged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Posted {
    /// Its number.
    pub number: u32,
    /// The record that it shows.
    pub about: Key,
    /// Where it is.
    pub to: Target,
    /// When it was decided.
    pub at: Timestamp,
    /// Its id, once the platform has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// The record has changed since it was said or edited.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
    /// Its own words where it is no card of the record but offers some of its steps: the words stay, each step goes
    /// when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Offer>,
    /// What it was last edited to, as a checksum: the same again is not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows: Option<u32>,
    /// A newer card stands in its place: its steps go, and it is not edited again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replaced: bool,
}

/// The words of a message, and which of its buttons are steps of the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// What it says.
    pub message: Message,
    /// The lines of those buttons.
    pub steps: Vec<String>,
}

impl Posted {
    /// Whether it waits for an edit that can be made.
    pub fn waits(&self) -> bool {
        self.stale && self.message.is_some()
    }
}

impl Kind for Posted {
    const LETTER: char = '&';
    const NAME: &'static str = "卡片";
    const FIELDS: &'static [(&'static str, &'static str)] = &[];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        self.about.to_string()
    }

    fn state(&self) -> &'static str {
        if self.stale { "待更新" } else { "最新" }
    }

    fn shared(&self) -> bool {
        false
    }
}
