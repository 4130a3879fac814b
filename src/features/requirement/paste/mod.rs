//! Several requirements pasted at once: read and shown first, recorded all together when whoever pasted them
//! says so.

mod command;
mod read;
mod table;
#[cfg(test)]
mod tests;
mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use command::Batch;

use super::Requirement;
use crate::{
    chat::{Person, RoomId},
    dossier::{Context, Dossier, Kind, Refusal, Rules},
};

/// A list that was pasted, with what was read of it: `下周五` means the day on which it was pasted.
///
/// Invariant: it never wakes, and of one person in one room there is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paste {
    /// Its number; its button names it.
    pub number: u32,
    /// Who pasted it; nobody else confirms it.
    pub by: Person,
    /// Where.
    pub room: RoomId,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub state: State,
}

/// Where a pasted list stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// 待确认.
    Waiting {
        /// What each line asks for, as yet without numbers.
        lines: Vec<Requirement>,
    },
    /// 已记下.
    Recorded {
        /// As which requirements.
        numbers: Vec<u32>,
    },
    /// 已取消.
    Cancelled,
}

impl Paste {
    /// The list that somebody here speaks of: the one of that number, or else their newest.
    fn meant<'a>(
        number: Option<u32>,
        dossier: &'a Dossier,
        cx: &Context,
    ) -> Result<(&'a Self, &'a [Requirement]), Refusal> {
        let here = || dossier.all::<Self>().rev().filter(|paste| paste.room == cx.place.room);
        let mine = |paste: &&Self| paste.by.id == cx.actor.id;
        let paste = match number {
            Some(number) => here().find(|paste| paste.number == number).ok_or_else(words::gone)?,
            None => here().find(mine).or_else(|| here().next()).ok_or_else(words::none)?,
        };
        if !mine(&paste) {
            return Err(words::of_another(&paste.by));
        }
        match &paste.state {
            State::Recorded { numbers } => Err(words::recorded_already(numbers)),
            State::Cancelled => Err(words::cancelled_already()),
            State::Waiting { .. } if cx.now > paste.expires_at(cx.rules) => Err(words::expired(paste.at, cx)),
            State::Waiting { lines } => Ok((paste, lines)),
        }
    }

    fn expires_at(&self, rules: &Rules) -> Timestamp {
        rules.calendar.add(self.at, rules.requirement.paste_within)
    }
}

impl Kind for Paste {
    const LETTER: char = '+';
    const NAME: &'static str = "需求清单";
    const FIELDS: &'static [(&'static str, &'static str)] = &[];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        "需求清单".into()
    }

    fn state(&self) -> &'static str {
        match self.state {
            State::Waiting { .. } => "待确认",
            State::Recorded { .. } => "已记下",
            State::Cancelled => "已取消",
        }
    }

    fn shared(&self) -> bool {
        false
    }
}
