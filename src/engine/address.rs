//! Who hears what: the one function that turns what a decision says into addressed messages.
//!
//! Invariant: nothing that is said to the team is addressed to a customer room.

use jiff::{Timestamp, civil::Date};

use crate::{
    chat::{Line, Message, Person, PersonId, RoomId, Span, Target},
    dossier::{Call, Hearing, Ping, Project, Role, RoomKind, Rules, Say},
    store::{About, Condition, Key, Outgoing, ProjectId},
};

/// What addressing depends on.
pub(super) struct Post<'a> {
    /// Whose.
    pub(super) id: ProjectId,
    /// The project as it is after the decision.
    pub(super) project: &'a Project,
    /// Quiet hours.
    pub(super) rules: &'a Rules,
    /// The bot's clock.
    pub(super) now: Timestamp,
    /// When it should have been said; `None` for what answers somebody.
    pub(super) due: Option<Timestamp>,
    /// Whether a message into this room can mention this person so that they notice.
    pub(super) notifies: &'a dyn Fn(&RoomId, &PersonId) -> bool,
}

impl Post<'_> {
    /// The messages for one thing said.
    pub(super) fn address(&self, say: Say) -> Vec<Outgoing> {
        match say {
            Say::Announce { hearing, message, about } => {
                let mut said = self.announce(hearing, &message, about);
                if let Some(due) = self.due {
                    let heard = |at| self.rules.calendar.after_quiet(at);
                    for outgoing in &mut said {
                        outgoing.not_before = heard(self.now);
                        outgoing.due = Some(heard(due));
                    }
                }
                said
            }
            Say::AnnounceNow { hearing, message, about } => self.announce(hearing, &message, about),
            Say::Ping(ping) => self.ping(&ping),
            Say::PingAlone(ping) => self.ping_alone(&ping, ping.call.people.iter()),
            Say::Direct { person, message } => vec![self.plain(Target::Person(person.id), message)],
        }
    }

    fn announce(&self, hearing: Hearing, message: &Message, about: Option<Key>) -> Vec<Outgoing> {
        let about = about.map(|key| About { project: self.id, key });
        let said =
            |room: &RoomId| Outgoing { about, ..self.plain(Target::Room(room.clone()), message.clone()) };
        self.rooms(hearing).map(said).collect()
    }

    fn rooms(&self, hearing: Hearing) -> impl Iterator<Item = &RoomId> {
        self.project
            .rooms
            .iter()
            .filter(move |room| match (hearing, room.kind) {
                (_, RoomKind::Direct) => false,
                (Hearing::Internal, kind) => kind == RoomKind::Internal,
                (Hearing::Customer, kind) => kind == RoomKind::Customer,
                (Hearing::Everyone, _) => true,
            })
            .filter(|room| room.left.is_none())
            .map(|room| &room.id)
    }

    /// Into the internal room with mentions; alone to each where a mention there cannot notify, and where
    /// there is no internal room.
    fn ping(&self, ping: &Ping) -> Vec<Outgoing> {
        let room = self.project.rooms_of(RoomKind::Internal).next().map(|room| &room.id);
        // The customer's people do not sit in the internal room.
        let reached = |person: &Person| {
            !self.project.is_customer(&person.id)
                && room.is_some_and(|room| (self.notifies)(room, &person.id))
        };
        let mut messages = Vec::new();
        if let Some(room) = room {
            let message = with_mentions(&ping.message, &ping.call.people);
            messages.push(self.sealed(ping, Target::Room(room.clone()), message));
        }
        messages.extend(self.ping_alone(ping, ping.call.people.iter().filter(|person| !reached(person))));
        // Said once, where it is heard first.
        if let (Some(first), Some(lasting)) = (messages.first_mut(), &ping.lasting) {
            first.otherwise = Some(match room {
                Some(_) => lasting.clone(),
                None => in_direct(lasting, &self.project.name),
            });
        }
        messages
    }

    /// To each of these alone.
    fn ping_alone<'p>(&self, ping: &Ping, people: impl Iterator<Item = &'p Person>) -> Vec<Outgoing> {
        people
            .map(|person| {
                let message = in_direct(&ping.message, &self.project.name);
                self.sealed(ping, Target::Person(person.id.clone()), message)
            })
            .collect()
    }

    /// A ping's message: it waits for the end of quiet hours, and is said only while its step is owed.
    fn sealed(&self, ping: &Ping, target: Target, message: Message) -> Outgoing {
        let due = ping.since.filter(|_| !ping.urgent).or(self.due).unwrap_or(self.now);
        let heard = |at| if ping.urgent { at } else { self.rules.calendar.after_quiet(at) };
        Outgoing {
            not_before: heard(self.now),
            condition: Some(Condition { project: self.id, key: ping.about, step: ping.step.clone() }),
            about: Some(About { project: self.id, key: ping.about }),
            // What waits for the end of quiet hours is not late before that.
            due: Some(heard(due)),
            urgent: ping.urgent,
            ..self.plain(target, Message { urgent: self.escalates(ping), ..message })
        }
    }

    /// What is urgent and comes by the clock; nobody said it just now.
    fn escalates(&self, ping: &Ping) -> bool {
        ping.urgent && self.due.is_some()
    }

    fn plain(&self, to: Target, message: Message) -> Outgoing {
        Outgoing { due: self.due, ..Outgoing::new(to, message, self.now) }
    }
}

/// That roles are empty.
pub(super) struct Missing {
    /// As a line of the ping that they would have got.
    pub(super) line: String,
    /// By itself.
    pub(super) alone: String,
}

/// What is added once a day for each role to a ping whose roles are empty, and the project that remembers
/// it. `today` is the day on which the ping is heard.
pub(super) fn missing_roles(project: &Project, call: &Call, today: Date) -> Option<(Missing, Project)> {
    let untold = |role: &&Role| project.missed_seats.get(role) != Some(&today);
    let roles: Vec<Role> = call.missing.iter().filter(untold).copied().collect();
    if roles.is_empty() {
        return None;
    }
    let mut next = project.clone();
    next.missed_seats.extend(roles.iter().map(|role| (*role, today)));
    let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    let stands_in = if call.people.len() == 1 { "，先找您" } else { "" };
    let set: Vec<String> = names.iter().map(|name| format!("{name} @某人")).collect();
    let line = |who: &str| format!("还没有{}{who}。设置：/角色 {}", names.join("、"), set.join(" "));
    Some((Missing { line: line(stands_in), alone: line("") }, next))
}

/// The message with the people it calls in front of its first line.
fn with_mentions(message: &Message, people: &[Person]) -> Message {
    let mut message = message.clone();
    let mut first = Line::default().people(people);
    if let Some(line) = message.lines.first_mut() {
        first.0.append(&mut line.0);
        *line = first;
    } else {
        message.lines.push(first);
    }
    message
}

/// The message as it stands in a direct chat, where the room does not tell the project.
pub(super) fn in_direct(message: &Message, project: &str) -> Message {
    let mut message = message.clone();
    if let Some(line) = message.lines.first_mut() {
        line.0.insert(0, Span::Text(format!("【{project}】")));
    }
    if let Some(form) = &mut message.form {
        form.tail = for_project("", project);
    }
    let instead = message.form.iter_mut().flat_map(|form| &mut form.instead.buttons);
    for button in message.buttons.iter_mut().chain(instead) {
        button.line = for_project(&button.line, project);
    }
    message
}

/// The line with its project named, for a chat that belongs to none.
pub(super) fn for_project(line: &str, project: &str) -> String {
    format!("{line} 项目:{project}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::BoundRoom;

    fn person(name: &str) -> Person {
        Person { id: PersonId::new("playground", name), name: name.into() }
    }

    fn project() -> Project {
        let room = |name: &str, kind| BoundRoom::new(RoomId::new("playground", name), None, kind);
        let at = Timestamp::UNIX_EPOCH;
        let mut project = Project::found("支付".into(), room("in", RoomKind::Internal), person("zhang"), at);
        project.rooms.push(room("out", RoomKind::Customer));
        project
    }

    #[test]
    fn what_nobody_asked_for_just_now_waits_for_the_end_of_quiet_hours() {
        let project = project();
        let rules = crate::config::Config::default().rules().unwrap();
        let at = |text: &str| -> Timestamp { format!("2026-11-{text}:00+08:00").parse().unwrap() };
        let (night, morning) = (at("23T22:00"), at("24T08:30"));
        let said = |due, now_or_never: bool| {
            let (hearing, message, about) = (Hearing::Customer, Message::text("x"), None);
            let say = match now_or_never {
                true => Say::AnnounceNow { hearing, message, about },
                false => Say::Announce { hearing, message, about },
            };
            let (id, rules) = (ProjectId(1), &rules);
            let post = Post { id, project: &project, rules, now: night, due, notifies: &|_, _| true };
            let outgoing = post.address(say).remove(0);
            (outgoing.not_before, outgoing.due)
        };
        let nine = Some(at("23T09:00"));
        assert_eq!(said(nine, false), (morning, nine));
        assert_eq!(said(Some(night), false), (morning, Some(morning)));
        assert_eq!(said(None, false), (night, None));
        assert_eq!(said(Some(night), true), (night, Some(night)));
    }

    fn ping(urgent: bool) -> Ping {
        let about = "T1".parse().unwrap();
        Ping { urgent, ..Ping::new(Call::only([person("li")]), about, "respond", Message::text("T1")) }
    }

    #[test]
    fn nothing_internal_is_addressed_to_a_customer_room() {
        let project = project();
        let rules = crate::config::Config::default().rules().unwrap();
        let post = Post {
            id: ProjectId(1),
            project: &project,
            rules: &rules,
            now: Timestamp::UNIX_EPOCH,
            due: None,
            notifies: &|_, _| true,
        };
        let customer = Target::Room(RoomId::new("playground", "out"));
        let ping = Say::Ping(ping(true));
        let internal = Say::Announce { hearing: Hearing::Internal, message: Message::text("x"), about: None };
        let Say::Ping(alone) = ping.clone() else { unreachable!() };
        let now = Say::AnnounceNow { hearing: Hearing::Internal, message: Message::text("x"), about: None };
        for say in [ping, Say::PingAlone(alone), internal, now] {
            assert!(post.address(say).iter().all(|outgoing| outgoing.to != customer));
        }
    }

    #[test]
    fn waiting_for_the_end_of_quiet_hours_is_not_being_late_and_being_down_is() {
        let project = project();
        let rules = crate::config::Config::default().rules().unwrap();
        let at = |text: &str| -> Timestamp { format!("2026-11-{text}:00+08:00").parse().unwrap() };
        for (due, now, urgent, said_from, late_from) in [
            ("23T20:00", "23T20:00", false, "23T20:00", "23T20:00"),
            ("23T22:00", "23T22:00", false, "24T08:30", "24T08:30"),
            ("23T20:00", "23T22:30", false, "24T08:30", "23T20:00"),
            ("23T22:00", "23T22:00", true, "23T22:00", "23T22:00"),
        ] {
            let (id, now, due) = (ProjectId(1), at(now), Some(at(due)));
            let post = Post { id, project: &project, rules: &rules, now, due, notifies: &|_, _| true };
            let outgoing = post.address(Say::Ping(ping(urgent))).remove(0);
            assert_eq!((outgoing.not_before, outgoing.due), (at(said_from), Some(at(late_from))), "{due:?}");
            assert_eq!(outgoing.urgent, urgent);
        }
    }
}
