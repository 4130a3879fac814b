//! Whom a ping calls (RULES 1): the first mentioned is the one who must act, the others follow up the ladder.

use std::{cmp::Reverse, iter};

use super::{Project, Role};
use crate::chat::Person;

/// Whom to call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Call {
    /// Each once; whoever must act stands first.
    pub people: Vec<Person>,
    /// Roles that should have been called and that nobody holds.
    pub missing: Vec<Role>,
}

impl Call {
    /// These and nobody else.
    pub fn only(people: impl IntoIterator<Item = Person>) -> Self {
        Self { people: people.into_iter().collect(), missing: Vec::new() }
    }

    fn add(&mut self, people: &[Person]) {
        for person in people {
            if !self.people.iter().any(|known| known.id == person.id) {
                self.people.push(person.clone());
            }
        }
    }
}

impl Project {
    /// Calls whoever holds one of these roles, up the ladder in whatever order they are named; for an empty
    /// one whoever is next up, or who made the project.
    pub fn call(&self, roles: &[Role]) -> Call {
        self.call_after(&[], roles)
    }

    /// Calls those who must act, and then whoever holds one of these roles.
    pub fn call_after(&self, first: &[Person], roles: &[Role]) -> Call {
        let mut call = Call::default();
        call.add(first);
        let mut roles = roles.to_vec();
        roles.sort_by_key(|role| Reverse(up(*role).count()));
        for role in roles {
            if self.holders(role).is_empty() {
                call.missing.push(role);
            }
            let holders = up(role).map(|role| self.holders(role)).find(|holders| !holders.is_empty());
            call.add(holders.unwrap_or(std::slice::from_ref(&self.created_by)));
        }
        call
    }

    /// Calls the owner; whoever holds this role where there is none.
    pub fn call_owner(&self, owner: Option<&Person>, stand_in: Role) -> Call {
        match owner {
            Some(owner) => Call::only([owner.clone()]),
            None => self.call(&[stand_in]),
        }
    }
}

/// A role and those above it.
fn up(role: Role) -> impl Iterator<Item = Role> {
    iter::successors(Some(role), |role| role.next_up())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        chat::{PersonId, RoomId},
        dossier::{BoundRoom, RoomKind},
    };
    use Role::{CustomerLead as Lead, ProjectManager as Manager, TechnicalContact as Technical};

    fn person(name: &str) -> Person {
        Person { id: PersonId::new("playground", name), name: name.into() }
    }

    fn called(seats: &[(Role, &str)], first: &[&str], roles: &[Role]) -> (Vec<String>, Vec<Role>) {
        let room = BoundRoom::new(RoomId::new("playground", "in"), None, RoomKind::Internal);
        let mut project = Project::found("支付".into(), room, person("maker"), Timestamp::UNIX_EPOCH);
        for (role, name) in seats {
            project.seats.entry(*role).or_default().push(person(name));
        }
        let first: Vec<Person> = first.iter().map(|name| person(name)).collect();
        let call = project.call_after(&first, roles);
        (call.people.into_iter().map(|person| person.name).collect(), call.missing)
    }

    #[test]
    fn whoever_must_act_stands_first_and_the_others_follow_up_the_ladder() {
        let all = [(Lead, "lead"), (Manager, "manager"), (Technical, "tech")];
        for (first, roles, people) in [
            (&[][..], &[Lead, Manager][..], &["manager", "lead"][..]),
            (&[], &[Manager, Technical], &["tech", "manager"]),
            (&["owner"], &[Lead, Manager], &["owner", "manager", "lead"]),
            (&["manager"], &[Technical, Manager], &["manager", "tech"]),
        ] {
            assert_eq!(called(&all, first, roles), (people.iter().map(|p| (*p).into()).collect(), vec![]));
        }
    }

    #[test]
    fn every_empty_role_is_named_whoever_stands_in_for_it() {
        let lead = [(Lead, "lead")];
        for (seats, roles, people, missing) in [
            (&lead[..], &[Manager, Lead][..], &["lead"][..], &[Manager][..]),
            (&lead, &[Technical, Manager], &["lead"], &[Technical, Manager]),
            (&[(Manager, "manager")], &[Technical, Manager], &["manager"], &[Technical]),
            (&[], &[Lead], &["maker"], &[Lead]),
        ] {
            let people: Vec<String> = people.iter().map(|person| (*person).into()).collect();
            assert_eq!(called(seats, &[], roles), (people, missing.to_vec()));
        }
    }
}
