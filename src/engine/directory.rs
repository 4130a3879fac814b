//! Which project a room, a name or a person belongs to. Derived from the projects; never stored.

use std::collections::{BTreeSet, HashMap};

use crate::{
    chat::{PersonId, RoomId},
    dossier::Project,
    store::ProjectId,
};

/// The index over all projects.
#[derive(Debug, Default)]
pub(super) struct Directory {
    rooms: HashMap<RoomId, ProjectId>,
    names: HashMap<String, ProjectId>,
    people: HashMap<PersonId, BTreeSet<ProjectId>>,
    known: HashMap<ProjectId, Learned>,
}

/// What one project told, so that it can be forgotten again.
#[derive(Debug, Default, PartialEq)]
struct Learned {
    name: String,
    rooms: Vec<RoomId>,
    people: Vec<PersonId>,
    archived: bool,
}

impl Directory {
    /// Notes what a project says of itself now.
    pub(super) fn learn(&mut self, id: ProjectId, project: &Project) {
        let learned = Learned {
            name: project.name.clone(),
            rooms: project.rooms.iter().map(|room| room.id.clone()).collect(),
            people: project.people().map(|person| person.id.clone()).collect(),
            archived: project.archived,
        };
        if self.known.get(&id) == Some(&learned) {
            return;
        }
        self.forget(id);
        for room in &learned.rooms {
            self.rooms.insert(room.clone(), id);
        }
        for person in &learned.people {
            self.people.entry(person.clone()).or_default().insert(id);
        }
        self.names.insert(learned.name.clone(), id);
        self.known.insert(id, learned);
    }

    /// Forgets a project.
    pub(super) fn forget(&mut self, id: ProjectId) {
        let Some(learned) = self.known.remove(&id) else { return };
        for room in &learned.rooms {
            if self.rooms.get(room) == Some(&id) {
                self.rooms.remove(room);
            }
        }
        for person in &learned.people {
            if let Some(projects) = self.people.get_mut(person) {
                projects.remove(&id);
            }
        }
        if self.names.get(&learned.name) == Some(&id) {
            self.names.remove(&learned.name);
        }
    }

    /// The project of a room.
    pub(super) fn of_room(&self, room: &RoomId) -> Option<ProjectId> {
        self.rooms.get(room).copied()
    }

    /// The project of that name.
    pub(super) fn of_name(&self, name: &str) -> Option<ProjectId> {
        self.names.get(name.trim()).copied()
    }

    /// The projects that know a person and are not archived.
    pub(super) fn of_person(&self, person: &PersonId) -> Vec<ProjectId> {
        let projects = self.people.get(person).into_iter().flatten().copied();
        projects.filter(|id| self.known.get(id).is_some_and(|learned| !learned.archived)).collect()
    }

    /// The name of a project.
    pub(super) fn name_of(&self, id: ProjectId) -> Option<&str> {
        self.known.get(&id).map(|learned| learned.name.as_str())
    }

    /// Every project's name, for the nearest one.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// Every project.
    pub(super) fn projects(&self) -> Vec<ProjectId> {
        let mut projects: Vec<ProjectId> = self.known.keys().copied().collect();
        projects.sort();
        projects
    }
}
