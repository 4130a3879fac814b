//! The change control board: three seats, one vote each (RULES 3).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    chat::{Person, PersonId},
    dossier::{Project, Role},
};

/// A seat of the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoardSeat {
    /// 客户代表.
    Customer,
    /// 项目经理.
    Manager,
    /// 技术负责人; where none is named, the technical contact sits here.
    Technical,
}

/// The vote of a seat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vote {
    /// Who gave it.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// 同意 or 反对.
    pub agrees: bool,
    /// What was said with it; a rejection always has a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The votes of a board.
pub type Votes = BTreeMap<BoardSeat, Vote>;

/// What the votes come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Somebody has still to vote.
    Open,
    /// Every seat that is filled agrees.
    Approved,
    /// Somebody rejects.
    Rejected,
}

impl BoardSeat {
    /// All of them.
    pub const ALL: [BoardSeat; 3] = [Self::Customer, Self::Manager, Self::Technical];

    /// The role that sits here.
    fn role(self, project: &Project) -> Role {
        match self {
            Self::Customer => Role::CustomerRepresentative,
            Self::Manager => Role::ProjectManager,
            Self::Technical if project.holders(Role::TechnicalLead).is_empty() => Role::TechnicalContact,
            Self::Technical => Role::TechnicalLead,
        }
    }

    /// Who sits here.
    pub fn holders(self, project: &Project) -> &[Person] {
        project.holders(self.role(project))
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => Role::CustomerRepresentative.name(),
            Self::Manager => Role::ProjectManager.name(),
            Self::Technical => Role::TechnicalLead.name(),
        }
    }

    /// How a ping's step writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Manager => "manager",
            Self::Technical => "technical",
        }
    }
}

/// The seats in which somebody sits.
pub fn filled(project: &Project) -> Vec<BoardSeat> {
    BoardSeat::ALL.into_iter().filter(|seat| !seat.holders(project).is_empty()).collect()
}

/// The seats of a person.
pub fn seats_of(person: &PersonId, project: &Project) -> Vec<BoardSeat> {
    let sits = |seat: &BoardSeat| seat.holders(project).iter().any(|holder| holder.id == *person);
    BoardSeat::ALL.into_iter().filter(sits).collect()
}

/// The filled seats without a vote.
pub fn missing(votes: &Votes, project: &Project) -> Vec<BoardSeat> {
    filled(project).into_iter().filter(|seat| !votes.contains_key(seat)).collect()
}

/// Who sits in the seats without a vote, each once.
pub fn missing_people(votes: &Votes, project: &Project) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    for person in missing(votes, project).into_iter().flat_map(|seat| seat.holders(project)) {
        if !people.iter().any(|known| known.id == person.id) {
            people.push(person.clone());
        }
    }
    people
}

/// What the votes come to, with the seats as they are filled now. A board without people decides nothing.
pub fn verdict(votes: &Votes, project: &Project) -> Verdict {
    if votes.values().any(|vote| !vote.agrees) {
        return Verdict::Rejected;
    }
    if filled(project).is_empty() || !missing(votes, project).is_empty() {
        return Verdict::Open;
    }
    Verdict::Approved
}
