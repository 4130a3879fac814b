//! Links of a requirement to other records and to named tests: what hangs on its content (RULES 2).
//!
//! A link keeps the changes after which somebody looked at it. An approved change of the requirement, or of the
//! requirement that it leads to, is not among them: the link is suspect (待复核) until somebody looks again. No mark
//! is set and none can be forgotten; a change that is undone leaves no mark behind. Links are ours alone.

mod commands;
#[cfg(test)]
mod tests;
pub(super) mod words;

use serde::{Deserialize, Serialize};

pub use commands::{Link, Recheck, Unlink};

use super::{Amendment, Requirement, State};
use crate::{
    chat::{Line, Message, short},
    dossier::{Context, Dossier, Record},
    store::Key,
};

/// A link of a requirement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tie {
    /// What it leads to.
    pub to: Target,
    /// The approved changes after which somebody looked at it, those before the link too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<Key>,
}

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A record of the project.
    Record(Key),
    /// Tests that are kept elsewhere, by the name people use.
    Test(String),
}

impl Requirement {
    /// The link to this, where it has one.
    fn tie(&self, to: &Target) -> Option<&Tie> {
        self.links.iter().find(|tie| tie.to == *to)
    }

    /// The requirement linked to these; what is linked already stays as it is.
    fn linked(&self, targets: &[Target], dossier: &Dossier) -> Self {
        let mut next = self.clone();
        for to in targets {
            if next.tie(to).is_none() {
                next.links.push(Tie { to: to.clone(), seen: self.keys_behind(to, dossier) });
            }
        }
        next
    }

    /// The requirement without its links to these.
    fn unlinked(&self, targets: &[Target]) -> Self {
        let mut next = self.clone();
        next.links.retain(|tie| !targets.contains(&tie.to));
        next
    }

    /// The requirement after somebody looked at its links to these.
    fn rechecked(&self, targets: &[Target], dossier: &Dossier) -> Self {
        let mut next = self.clone();
        for tie in next.links.iter_mut().filter(|tie| targets.contains(&tie.to)) {
            tie.seen = self.keys_behind(&tie.to, dossier);
        }
        next
    }

    /// Its suspect links, each with the first change that nobody looked at it after. What is given up has none.
    pub fn suspects(&self, dossier: &Dossier) -> Vec<(&Tie, Key)> {
        let since = |tie| Some((tie, self.suspect_since(tie, dossier)?));
        self.links.iter().filter_map(since).collect()
    }

    fn suspect_since(&self, tie: &Tie, dossier: &Dossier) -> Option<Key> {
        if matches!(self.state, State::Rejected { .. } | State::Withdrawn { .. }) {
            return None;
        }
        let unseen =
            self.changes_behind(&tie.to, dossier).filter(|change| !tie.seen.contains(&change.change));
        unseen.min_by_key(|change| (change.at, change.change)).map(|change| change.change)
    }

    fn keys_behind(&self, to: &Target, dossier: &Dossier) -> Vec<Key> {
        self.changes_behind(to, dossier).map(|change| change.change).collect()
    }

    /// The approved changes that a link depends on: those of both its ends.
    fn changes_behind<'a>(
        &'a self,
        to: &Target,
        dossier: &'a Dossier,
    ) -> impl Iterator<Item = &'a Amendment> {
        let other = match to {
            Target::Record(key) => requirement_of(*key, dossier),
            Target::Test(_) => None,
        };
        self.amendments.iter().chain(other.into_iter().flat_map(|other| &other.amendments))
    }

    /// The requirements that are linked to this one.
    fn linking<'a>(&self, dossier: &'a Dossier) -> impl Iterator<Item = &'a Requirement> {
        linking(self.key(), dossier)
    }
}

/// The requirements that are linked to a record.
fn linking(key: Key, dossier: &Dossier) -> impl Iterator<Item = &Requirement> {
    let to = Target::Record(key);
    dossier.all::<Requirement>().filter(move |other| other.tie(&to).is_some())
}

fn requirement_of(key: Key, dossier: &Dossier) -> Option<&Requirement> {
    (key.letter == <Requirement as crate::dossier::Kind>::LETTER).then(|| dossier.find(key.number)).flatten()
}

/// What a changed requirement makes suspect, as `R12 的 T3、P2；R7 的 R12`; `None` where nothing hangs on it.
/// The dossier may still hold it as it was before the change.
pub fn shaken(changed: &Requirement, dossier: &Dossier) -> Option<String> {
    let mine: Vec<&Target> = changed.suspects(dossier).into_iter().map(|(tie, _)| &tie.to).collect();
    let me = Target::Record(changed.key());
    let others = changed
        .linking(dossier)
        .filter(|other| !matches!(other.state, State::Rejected { .. } | State::Withdrawn { .. }));
    let others = others.map(|other| (other.number, vec![&me]));
    words::grouped([(changed.number, mine)].into_iter().chain(others))
}

/// The card of a record with its title where that was cut and, for us alone, the requirements that are linked to it.
pub fn on_card(mut message: Message, record: &impl Record, dossier: &Dossier, cx: &Context) -> Message {
    let title = record.title();
    if short(&title) != title {
        message.lines.insert(message.lines.len().min(1), Line::text(title));
    }
    let line = words::linking(record.key(), dossier).filter(|_| cx.sees_internal(dossier));
    line.into_iter().fold(message, Message::line)
}

/// How many links of the project are suspect, and which.
pub fn waiting(dossier: &Dossier) -> Option<(usize, String)> {
    let suspects = |one: &'_ Requirement| one.suspects(dossier).len();
    let count = dossier.all::<Requirement>().map(suspects).sum();
    let groups = dossier.all::<Requirement>().map(|one| {
        (one.number, one.suspects(dossier).into_iter().map(|(tie, _)| &tie.to).collect::<Vec<_>>())
    });
    words::grouped(groups).map(|words| (count, words))
}
