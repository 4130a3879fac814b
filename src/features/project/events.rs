//! What a platform tells of a project's rooms: the bot was taken out or in again, another title, people who came
//! or left. Nobody asked, so nothing is answered; who has to act is called.

use crate::{
    chat::{Newcomer, Person, RoomId},
    dossier::{Call, Dossier, Outcome, Ping, Project, Role, RoomKind, Say, Side},
    features::role,
};
use jiff::Timestamp;

use super::words;

/// The bot is no longer in this room. The room stays bound: taken in again, it goes on.
pub fn gone(room: &RoomId, dossier: &Dossier, now: Timestamp) -> Option<Outcome> {
    let project = dossier.founded()?;
    let mut next = project.clone();
    let bound = next.rooms.iter_mut().find(|bound| bound.id == *room && bound.left.is_none())?;
    bound.left = Some(now);
    let bound = bound.clone();
    let message = words::gone(&bound, next.rooms_of(RoomKind::Internal).next().is_some());
    let call = next.call(&[Role::ProjectManager]);
    let outcome = Outcome::change(next, words::gone_log(&bound));
    Some(if project.archived {
        outcome
    } else {
        outcome.saying(Say::Ping(about_project(call, "gone", message)))
    })
}

/// The bot is in this room again; `None` where it was all the time.
pub fn back(room: &RoomId, name: Option<&str>, dossier: &Dossier) -> Option<Outcome> {
    let mut next = dossier.founded()?.clone();
    let bound = next.rooms.iter_mut().find(|bound| bound.id == *room && bound.left.is_some())?;
    bound.left = None;
    bound.name = name.map(str::to_owned).or(bound.name.take());
    let (log, reply) = (words::back_log(bound), words::back(bound.kind, &dossier.project().name));
    Some(Outcome::change(next, log).replying(reply))
}

/// The room has another title.
pub fn renamed(room: &RoomId, name: &str, dossier: &Dossier) -> Option<Outcome> {
    let mut next = dossier.founded()?.clone();
    let bound = next.rooms.iter_mut().find(|bound| bound.id == *room)?;
    if bound.name.as_deref() == Some(name) {
        return None;
    }
    bound.name = Some(name.to_owned());
    Some(Outcome::change(next, words::renamed_log(name)))
}

/// People came into this room. Whoever is the customer's, or of another organisation, reads what is internal if the
/// room is the team's: the project manager is told, not the room.
pub fn came(room: &RoomId, newcomers: &[Newcomer], dossier: &Dossier) -> Option<Outcome> {
    let project = dossier.founded().filter(|project| !project.archived)?;
    let bound = project.rooms_of(RoomKind::Internal).find(|bound| bound.id == *room)?;
    let strangers: Vec<&Person> = newcomers
        .iter()
        .filter(|newcomer| newcomer.outside || project.is_customer(&newcomer.person.id))
        .map(|newcomer| &newcomer.person)
        .collect();
    if strangers.is_empty() {
        return None;
    }
    let message = words::came(&strangers, project, bound);
    let ping = about_project(project.call(&[Role::ProjectManager]), "came", message);
    Some(Outcome::default().saying(Say::PingAlone(ping)))
}

/// People left this room, or the organisation where there is none. Those who hold a role or own something that is
/// not done are named, with the line that hands it to somebody else. Our people need not sit with the customer.
pub fn left(room: Option<&RoomId>, people: &[Person], dossier: &Dossier) -> Option<Outcome> {
    let project = dossier.founded().filter(|project| !project.archived)?;
    let bound = match room {
        Some(room) => Some(project.rooms.iter().find(|bound| bound.id == *room)?),
        None => None,
    };
    let is_gone = |person: &Person| people.iter().any(|gone| gone.id == person.id);
    let with_customer = bound.is_some_and(|bound| bound.kind == RoomKind::Customer);
    let mut outcome = Outcome::default();
    for person in people.iter().filter(|person| !with_customer || project.is_customer(&person.id)) {
        let roles = project.roles_of(&person.id);
        let owned = role::owned(&person.id, dossier);
        if roles.is_empty() && owned.is_empty() {
            continue;
        }
        // As the project knows them: the event may tell no name.
        let known = project.people().find(|known| known.id == person.id).unwrap_or(person);
        let mut heirs: Vec<&Person> =
            project.people().filter(|heir| !is_gone(heir) && fits(project, known, heir)).collect();
        heirs.sort_by_key(|heir| Role::TRIANGLE.iter().any(|role| project.holds(&heir.id, *role)));
        let message = words::left(known, &roles, bound, (&owned, &heirs), dossier);
        let mut call = project.call(&[Role::ProjectManager]);
        call.people.retain(|person| with_customer || !is_gone(person));
        if call.people.is_empty() {
            let triangle = Role::TRIANGLE.iter().flat_map(|role| project.holders(*role));
            call = Call::only(triangle.filter(|person| !is_gone(person)).take(1).cloned());
        }
        outcome = outcome.saying(Say::Ping(about_project(call, "left", message)));
    }
    (!outcome.say.is_empty()).then_some(outcome)
}

/// Whether `heir` could take over from `person`: of the same side.
fn fits(project: &Project, person: &Person, heir: &Person) -> bool {
    let side = |person: &Person| if project.is_customer(&person.id) { Side::Customer } else { Side::Ours };
    heir.id != person.id && side(heir) == side(person)
}

fn about_project(call: Call, step: &str, message: crate::chat::Message) -> Ping {
    Ping::new(call, Project::KEY, step, message)
}
