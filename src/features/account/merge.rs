//! What a project knows of an account that is somebody known by another one.

use std::sync::Arc;

use crate::{
    chat::{Person, PersonId},
    dossier::{Dossier, Outcome, Project, Record, replace},
    features::role,
};

/// The project with `to` wherever it names `from`, and `to` as owner of what `from` owns; `None` where it does not know
/// them. What else was written down, such as who said something, stays as it was said.
pub fn merged(dossier: &Dossier, from: &PersonId, to: &Person) -> Option<Outcome> {
    let project = dossier.founded()?;
    let next = one(project, from, to);
    let owned = dossier.records().filter_map(|(_, record)| role::passed_on(record, from, to));
    let mut records: Vec<Arc<dyn Record>> = owned.collect();
    if next != *project {
        records.push(Arc::new(next));
    }
    let what = super::words::merged_log(to);
    (!records.is_empty()).then(|| Outcome { records, what, ..Outcome::default() })
}

fn one(project: &Project, from: &PersonId, to: &Person) -> Project {
    let mut next = project.clone();
    next.reseat(from, to);
    replace(&mut next.guests, from, to);
    let seated = !next.roles_of(&to.id).is_empty();
    next.guests.retain(|guest| guest.id != to.id || !seated);
    if let Some(met) = next.insiders.remove(from) {
        next.insiders.entry(to.id.clone()).or_insert(met);
    }
    if next.created_by.id == *from {
        next.created_by = to.clone();
    }
    next
}
