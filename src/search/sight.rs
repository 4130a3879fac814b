//! Who may see what of a project that they ask about.
//!
//! - In a customer's room: what that room may see of its own project, whoever asks.
//! - In the team's room: everything of its own project; what the asker sees elsewhere comes after it.
//! - Alone: every project that the asker is in. A person who only was seen in its rooms and is of the team
//!   nowhere may be the customer's, and sees what the customer sees.
//! - Of a project that the asker is not in, one of the team sees its requirements as cases: trade, title and
//!   outcome, without the customer's name, its people's and the project's.
//! - Whoever sits for the customer anywhere sees no cases.
//! - An administrator is in every project.
//!
//! Of the team is whoever holds one of our roles in a project, made it, or speaks in its team's room. The
//! project must have somebody in its triangle: a group that a stranger made one of shows nobody's cases.

use crate::{
    chat::PersonId,
    dossier::{Project, RoomKind, Side},
    store::ProjectId,
};

/// Who asks, and where.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// Who.
    pub person: &'a PersonId,
    /// A configured administrator.
    pub admin: bool,
    /// Whose room it is.
    pub place: RoomKind,
    /// The project of the room, or the one that is spoken of in a direct chat.
    pub home: Option<ProjectId>,
}

/// What may be seen of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// Nothing.
    Nothing,
    /// Its requirements, as cases that tell no names.
    Cases,
    /// What its customer may see.
    Shared,
    /// Everything.
    Everything,
}

impl Asker<'_> {
    /// Whether the asker is of the team, as far as these projects know: all of them.
    pub(super) fn is_of_the_team<'p>(
        &self,
        mut projects: impl Iterator<Item = (ProjectId, &'p Project)>,
    ) -> bool {
        let mut of_the_team = false;
        let is_nowhere_customer = projects.all(|(id, project)| {
            let ours = self.is_in_its_room(id) || is_ours(project, self.person);
            of_the_team |= ours && project.has_triangle();
            !project.is_customer(self.person)
        });
        self.admin || (of_the_team && is_nowhere_customer)
    }

    /// What this asker, of the team or not, may see of a project.
    pub(super) fn sight(&self, id: ProjectId, project: &Project, of_the_team: bool) -> Sight {
        if self.place == RoomKind::Customer {
            return if self.home == Some(id) { Sight::Shared } else { Sight::Nothing };
        }
        if project.is_customer(self.person) {
            return Sight::Shared;
        }
        let ours = self.admin || self.is_in_its_room(id) || is_ours(project, self.person);
        let known = project.people().any(|person| person.id == *self.person);
        match (known, of_the_team) {
            _ if ours => Sight::Everything,
            (true, true) => Sight::Everything,
            (true, false) => Sight::Shared,
            (false, true) => Sight::Cases,
            (false, false) => Sight::Nothing,
        }
    }

    fn is_in_its_room(&self, project: ProjectId) -> bool {
        self.place == RoomKind::Internal && self.home == Some(project)
    }
}

/// Whether this person sits in a project for us, or made it.
fn is_ours(project: &Project, person: &PersonId) -> bool {
    project.roles_of(person).into_iter().any(|role| role.side() == Side::Ours)
        || (project.created_by.id == *person && !project.is_customer(person))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        chat::{Person, RoomId},
        dossier::{BoundRoom, Role},
    };

    fn person(name: &str) -> Person {
        Person { id: PersonId::new("playground", name), name: name.into() }
    }

    /// A project, who made it, who sits where, and who else was seen in its rooms.
    fn project(by: &str, seats: &[(Role, &str)], guests: &[&str]) -> Project {
        let room = BoundRoom::new(RoomId::new("playground", by), None, RoomKind::Internal);
        let mut project = Project::found("项目".into(), room, person(by), Timestamp::default());
        for (role, name) in seats {
            project.seats.entry(*role).or_default().push(person(name));
        }
        project.guests = guests.iter().map(|name| person(name)).collect();
        project
    }

    /// Ours, where it is asked; another; and a group that a stranger made a project of.
    fn projects() -> [(ProjectId, Project); 3] {
        let ours = [(Role::ProjectManager, "张"), (Role::CoreEngineer, "赵"), (Role::CustomerContact, "客")];
        let theirs = [(Role::TechnicalContact, "李"), (Role::Signer, "签")];
        [
            (ProjectId(1), project("张", &ours, &["路", "李"])),
            (ProjectId(2), project("钱", &theirs, &["张", "路"])),
            (ProjectId(3), project("生", &[], &["生"])),
        ]
    }

    fn sights(name: &str, place: RoomKind, admin: bool) -> [Sight; 3] {
        let projects = projects();
        let person = person(name).id;
        let home = (place != RoomKind::Direct).then_some(ProjectId(1));
        let asker = Asker { person: &person, admin, place, home };
        let of_the_team = asker.is_of_the_team(projects.iter().map(|(id, project)| (*id, project)));
        projects.each_ref().map(|(id, project)| asker.sight(*id, project, of_the_team))
    }

    #[test]
    fn everybody_sees_what_is_theirs() {
        use Sight::{Cases, Everything, Nothing, Shared};
        for (name, place, seen) in [
            // Holds a role there, or was seen where others of the team are.
            ("张", RoomKind::Internal, [Everything, Everything, Cases]),
            ("张", RoomKind::Direct, [Everything, Everything, Cases]),
            ("李", RoomKind::Direct, [Everything, Everything, Cases]),
            ("赵", RoomKind::Direct, [Everything, Cases, Cases]),
            ("钱", RoomKind::Direct, [Cases, Everything, Cases]),
            // Only seen: in the team's room one of the team, alone perhaps the customer's.
            ("路", RoomKind::Internal, [Everything, Everything, Cases]),
            ("路", RoomKind::Direct, [Shared, Shared, Nothing]),
            ("签", RoomKind::Direct, [Nothing, Shared, Nothing]),
            ("客", RoomKind::Internal, [Shared, Nothing, Nothing]),
            ("客", RoomKind::Direct, [Shared, Nothing, Nothing]),
            // Never seen.
            ("谁", RoomKind::Direct, [Nothing, Nothing, Nothing]),
            // Made a project of a group in which nobody holds a role.
            ("生", RoomKind::Direct, [Nothing, Nothing, Everything]),
            // In the customer's room it does not matter who asks.
            ("张", RoomKind::Customer, [Shared, Nothing, Nothing]),
            ("客", RoomKind::Customer, [Shared, Nothing, Nothing]),
        ] {
            assert_eq!(sights(name, place, false), seen, "{name} {place:?}");
        }
    }

    #[test]
    fn an_administrator_is_in_every_project_but_not_in_a_customers_room() {
        assert_eq!(sights("谁", RoomKind::Direct, true), [Sight::Everything; 3]);
        let seen = [Sight::Shared, Sight::Nothing, Sight::Nothing];
        assert_eq!(sights("谁", RoomKind::Customer, true), seen);
    }
}
