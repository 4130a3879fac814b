//! Which project a room, a name or a person belongs to, and which projects a customer has. Derived from the
//! projects and the registry; never stored.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use crate::{
    chat::{Person, PersonId, RoomId},
    dossier::{Causes, CausesOf, Project, Served},
    features::{account::Identity, customer::Customer},
    store::ProjectId,
};

/// The index over all projects.
#[derive(Debug, Default)]
pub(super) struct Directory {
    rooms: HashMap<RoomId, ProjectId>,
    names: HashMap<String, ProjectId>,
    people: HashMap<PersonId, BTreeSet<ProjectId>>,
    /// What each project said of itself, so that it can be forgotten again.
    known: BTreeMap<ProjectId, Project>,
    /// The registered customers by number.
    customers: BTreeMap<u32, Customer>,
    of_customer: HashMap<String, BTreeSet<ProjectId>>,
    causes: Arc<Causes>,
    /// The accounts of each person with several, by each of them; the first is the one that records name.
    accounts: HashMap<PersonId, Vec<Person>>,
}

impl Directory {
    /// Notes what a project says of itself now.
    pub(super) fn learn(&mut self, id: ProjectId, project: &Project) {
        if self.known.get(&id) == Some(project) {
            return;
        }
        self.forget(id);
        for room in &project.rooms {
            self.rooms.insert(room.id.clone(), id);
        }
        for person in project.people() {
            self.people.entry(person.id.clone()).or_default().insert(id);
        }
        if let Some(customer) = &project.customer {
            self.of_customer.entry(customer.clone()).or_default().insert(id);
        }
        self.names.insert(project.name.clone(), id);
        self.known.insert(id, project.clone());
    }

    /// Forgets a project.
    pub(super) fn forget(&mut self, id: ProjectId) {
        let Some(project) = self.known.remove(&id) else { return };
        for room in &project.rooms {
            if self.rooms.get(&room.id) == Some(&id) {
                self.rooms.remove(&room.id);
            }
        }
        for person in project.people() {
            if let Some(projects) = self.people.get_mut(&person.id) {
                projects.remove(&id);
            }
        }
        if let Some(projects) = project.customer.as_ref().and_then(|name| self.of_customer.get_mut(name)) {
            projects.remove(&id);
        }
        if self.names.get(&project.name) == Some(&id) {
            self.names.remove(&project.name);
        }
    }

    /// Notes which customers are registered now.
    pub(super) fn learn_customers<'a>(&mut self, customers: impl Iterator<Item = &'a Customer>) {
        self.customers = customers.map(|customer| (customer.number, customer.clone())).collect();
    }

    /// Notes which accounts are one person now.
    pub(super) fn learn_accounts<'a>(&mut self, identities: impl Iterator<Item = &'a Identity>) {
        let several = identities.filter(|identity| identity.accounts.len() > 1);
        let each = several.flat_map(|identity| {
            identity.accounts.iter().map(|account| (account.id.clone(), identity.accounts.clone()))
        });
        self.accounts = each.collect();
    }

    /// Whether anybody has several accounts.
    pub(super) fn has_accounts(&self) -> bool {
        !self.accounts.is_empty()
    }

    /// Who this account is to all records; `None` where it stands for itself.
    pub(super) fn primary(&self, account: &PersonId) -> Option<&Person> {
        self.accounts.get(account)?.first()
    }

    /// The account that somebody with several has on this platform.
    pub(super) fn account_on(&self, person: &PersonId, platform: &str) -> Option<&Person> {
        self.accounts.get(person)?.iter().find(|account| account.id.platform() == platform)
    }

    /// Every account that records name otherwise, with who it is.
    pub(super) fn aliases(&self) -> Vec<(PersonId, Person)> {
        let aliases = self.accounts.iter().filter_map(|(id, accounts)| {
            let first = accounts.first().filter(|first| first.id != *id)?;
            Some((id.clone(), first.clone()))
        });
        aliases.collect()
    }

    /// Every project that knows an account, archived ones too.
    pub(super) fn knowing(&self, account: &PersonId) -> Vec<ProjectId> {
        self.people.get(account).into_iter().flatten().copied().collect()
    }

    /// Notes which root causes stand in a file now.
    pub(super) fn learn_causes(&mut self, file: ProjectId, causes: CausesOf) {
        Arc::make_mut(&mut self.causes).learn(file, causes);
    }

    /// The root causes of all files.
    pub(super) fn causes(&self) -> Arc<Causes> {
        self.causes.clone()
    }

    /// The file of the customer of that name; `None` where it is not registered.
    pub(super) fn file_of(&self, name: &str) -> Option<ProjectId> {
        let mut customers = self.customers.values();
        customers.find(|customer| customer.name == name).map(|customer| ProjectId::file(customer.number))
    }

    /// What stands in a file for the customer's projects; `None` where the customer is not registered.
    pub(super) fn standing(&self, file: ProjectId) -> Option<Project> {
        let customer = self.customers.get(&file.customer()?)?;
        let ids = self.projects_of(file);
        let projects: Vec<&Project> = ids.iter().filter_map(|id| self.known.get(id)).collect();
        let served = Served {
            name: &customer.name,
            industry: customer.industry.as_deref(),
            lead: customer.lead.as_ref(),
        };
        Some(Project::standing_for(&served, &projects))
    }

    /// The projects of the customer whose file this is, oldest first.
    pub(super) fn projects_of(&self, file: ProjectId) -> Vec<ProjectId> {
        let customer = file.customer().and_then(|number| self.customers.get(&number));
        let projects = customer.and_then(|customer| self.of_customer.get(&customer.name));
        projects.into_iter().flatten().copied().collect()
    }

    /// Every file.
    pub(super) fn files(&self) -> Vec<ProjectId> {
        self.customers.keys().map(|number| ProjectId::file(*number)).collect()
    }

    /// The files of the customers that these projects serve, each once.
    pub(super) fn files_of(&self, projects: &[ProjectId]) -> Vec<ProjectId> {
        let customers = projects.iter().filter_map(|id| self.known.get(id)?.customer.as_deref());
        let files: BTreeSet<ProjectId> = customers.filter_map(|name| self.file_of(name)).collect();
        files.into_iter().collect()
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
        projects.filter(|id| self.known.get(id).is_some_and(|project| !project.archived)).collect()
    }

    /// The name of a project.
    pub(super) fn name_of(&self, id: ProjectId) -> Option<&str> {
        self.known.get(&id).map(|project| project.name.as_str())
    }

    /// Every project's name, for the nearest one.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// Every project.
    pub(super) fn projects(&self) -> Vec<ProjectId> {
        self.known.keys().copied().collect()
    }
}
