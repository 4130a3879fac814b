//! What a customer's file knows of rooms and people: those of the projects that serve the customer.
//!
//! A customer has no rooms of its own. In its file stands a project made of its projects each time the file is
//! taken, so that pings, ladders and permissions work there as everywhere. It is derived and never stored.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{BoundRoom, Phase, Project, Role, RoomKind};
use crate::chat::{Person, PersonId};

/// A customer as its file sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Served<'a> {
    /// What people call it.
    pub name: &'a str,
    /// Its trade.
    pub industry: Option<&'a str>,
    /// Who owns the relationship; stands before the projects' own leads.
    pub lead: Option<&'a Person>,
}

impl Project {
    /// What stands in a customer's file for the projects that serve it, oldest first. Of those worked on, the first
    /// gives name and rooms, the next ones the kind of room it lacks; all give their people. Where none is worked
    /// on, it has no rooms and stands in the last phase.
    pub fn standing_for(customer: &Served, projects: &[&Project]) -> Self {
        let active: Vec<&Project> = projects.iter().copied().filter(|project| project.is_active()).collect();
        let first = active.first().or(projects.last());
        let mut seats: BTreeMap<Role, Vec<Person>> = BTreeMap::new();
        let leads = customer.lead.map(|lead| (Role::CustomerLead, lead));
        let held = active.iter().flat_map(|project| &project.seats);
        let held = held.flat_map(|(role, people)| people.iter().map(move |person| (*role, person)));
        for (role, person) in leads.into_iter().chain(held) {
            add(seats.entry(role).or_default(), person);
        }
        let mut guests = Vec::new();
        active.iter().flat_map(|project| project.people()).for_each(|person| add(&mut guests, person));
        let room_of = |kind| active.iter().find_map(|project| project.rooms_of(kind).next().cloned());
        let rooms: Vec<BoundRoom> =
            [RoomKind::Internal, RoomKind::Customer].into_iter().filter_map(room_of).collect();
        let nobody = || Person { id: PersonId::new("", ""), name: String::new() };
        Self {
            name: first.map_or_else(|| customer.name.to_owned(), |project| project.name.clone()),
            customer: Some(customer.name.to_owned()),
            industry: customer.industry.map(str::to_owned),
            engagement: None,
            phase: active.iter().map(|project| project.phase).min().unwrap_or(Phase::Closed),
            phase_since: Timestamp::default(),
            completion: None,
            rooms,
            seats,
            guests,
            insiders: active.iter().flat_map(|project| project.insiders.clone()).collect(),
            created_by: first
                .map(|project| project.created_by.clone())
                .or(customer.lead.cloned())
                .unwrap_or_else(nobody),
            created_at: first.map(|project| project.created_at).unwrap_or_default(),
            archived: false,
            missed_seats: BTreeMap::new(),
        }
    }

    /// Whether anybody works on it: neither archived nor closed.
    pub fn is_active(&self) -> bool {
        !self.archived && self.phase != Phase::Closed
    }
}

fn add(people: &mut Vec<Person>, person: &Person) {
    if !people.iter().any(|known| known.id == person.id) {
        people.push(person.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::RoomId;

    fn person(name: &str) -> Person {
        Person { id: PersonId::new("playground", name), name: name.into() }
    }

    fn project(name: &str, kind: RoomKind, lead: &str) -> Project {
        let room = BoundRoom::new(RoomId::new("playground", name), None, kind);
        let mut project = Project::found(name.into(), room, person("maker"), Timestamp::UNIX_EPOCH);
        project.seats.insert(Role::CustomerLead, vec![person(lead)]);
        project
    }

    #[test]
    fn rooms_and_people_of_all_projects_that_are_worked_on() {
        let mut old = project("旧", RoomKind::Customer, "chen");
        old.archived = true;
        let (one, two) =
            (project("一", RoomKind::Internal, "chen"), project("二", RoomKind::Customer, "sun"));
        let lead = person("wang");
        let customer = Served { name: "远山银行", industry: None, lead: Some(&lead) };
        let standing = Project::standing_for(&customer, &[&old, &one, &two]);
        let leads: Vec<&str> =
            standing.holders(Role::CustomerLead).iter().map(|person| person.name.as_str()).collect();
        assert_eq!((standing.name.as_str(), leads), ("一", vec!["wang", "chen", "sun"]));
        let rooms: Vec<&str> = standing.rooms.iter().map(|room| room.id.raw()).collect();
        assert_eq!(rooms, ["一", "二"]);
        let none = Project::standing_for(&customer, &[&old]);
        assert!(!none.is_active() && none.rooms.is_empty());
    }
}
