//! Whom a project has met, and where: somebody who holds no role is one of the team only where the team's own
//! room has seen them.

use serde::{Deserialize, Serialize};

use super::{
    RoomKind,
    project::{Project, Side},
};
use crate::chat::{Person, PersonId};

/// How the team's own room came to know somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Met {
    /// Named there by others.
    Named,
    /// Said something there.
    Spoke,
}

impl Project {
    /// Whether this person is one of the team: sits here for us, made the project, or was met in the team's own
    /// room and has no other seat.
    pub fn is_ours(&self, person: &PersonId) -> bool {
        let roles = self.roles_of(person);
        let met = match self.insiders.get(person) {
            Some(Met::Spoke) => true,
            Some(Met::Named) => roles.is_empty(),
            None => false,
        };
        let sits = roles.into_iter().any(|role| role.side() == Side::Ours);
        (sits || met || self.created_by.id == *person) && !self.is_customer(person)
    }

    /// The project with this person known and called as they are called now; `None` if nothing changes. `spoke`:
    /// they said something in this kind of room, and were not only named.
    pub fn meeting(&self, person: &Person, room: RoomKind, spoke: bool) -> Option<Self> {
        let mut next = self.clone();
        let mut met = false;
        let known = next.seats.values_mut().flatten().chain(&mut next.guests).chain([&mut next.created_by]);
        for other in known.filter(|other| other.id == person.id) {
            met = true;
            if person.name != person.id.raw() {
                other.name.clone_from(&person.name);
            }
        }
        if !met {
            next.guests.push(person.clone());
        }
        match (room, spoke) {
            (RoomKind::Internal, true) => {
                next.insiders.insert(person.id.clone(), Met::Spoke);
            }
            // Somebody known already may have been met before customers.
            (RoomKind::Internal, false) if !met => {
                next.insiders.insert(person.id.clone(), Met::Named);
            }
            (RoomKind::Customer, true) if next.insiders.get(&person.id) == Some(&Met::Named) => {
                next.insiders.remove(&person.id);
            }
            _ => {}
        }
        (next != *self).then_some(next)
    }
}
