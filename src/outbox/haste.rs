//! In which haste a message is: who goes ahead of whom.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::store::{About, Outgoing};

/// How long a message may stand behind others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Haste {
    /// Nobody waits for it at this moment.
    Ordinary,
    /// Somebody asked and waits.
    Answer,
    /// It calls somebody who must not wait.
    Urgent,
}

impl Haste {
    /// That of the message itself, and of what goes within it.
    pub fn of(outgoing: &Outgoing) -> Self {
        let urgent = |part: &Outgoing| part.urgent || part.message.urgent;
        match outgoing {
            hasty if parts(hasty).any(urgent) => Self::Urgent,
            answer if answer.reply_to.is_some() => Self::Answer,
            _ => Self::Ordinary,
        }
    }
}

/// The haste of each of these, given in the order in which they were said: a message is in the haste of what may only
/// follow it. That is what speaks of the same record and, where it is an answer, the answers after it and whatever else
/// its decision says.
pub fn hastes<'a>(said: impl DoubleEndedIterator<Item = &'a Outgoing>) -> Vec<Haste> {
    let mut later_of_record: HashMap<About, Haste> = HashMap::new();
    let mut later_of_decision: HashMap<Timestamp, Haste> = HashMap::new();
    let mut later_answer = Haste::Answer;
    let mut hastes: Vec<Haste> = said
        .rev()
        .map(|outgoing| {
            let mut haste = Haste::of(outgoing);
            for about in parts(outgoing).filter_map(|part| part.about) {
                haste = later_of_record.get(&about).map_or(haste, |later| haste.max(*later));
            }
            let decision = later_of_decision.entry(outgoing.created).or_insert(haste);
            if outgoing.reply_to.is_some() {
                haste = haste.max(*decision).max(later_answer);
                later_answer = haste;
            }
            *decision = haste.max(*decision);
            later_of_record.extend(parts(outgoing).filter_map(|part| Some((part.about?, haste))));
            haste
        })
        .collect();
    hastes.reverse();
    hastes
}

fn parts(outgoing: &Outgoing) -> impl Iterator<Item = &Outgoing> {
    std::iter::once(outgoing).chain(&outgoing.bundled)
}

#[cfg(test)]
mod tests {
    use super::{Haste::*, *};
    use crate::{
        chat::{Message, MessageId, ReplyTo, RoomId, Target},
        store::ProjectId,
    };

    fn said(second: i64, about: Option<&str>, haste: Haste) -> Outgoing {
        let room = Target::Room(RoomId::new("p", "r"));
        let at = Timestamp::from_second(second).unwrap();
        let answer = ReplyTo { message: MessageId::new("p", "m"), session: None };
        Outgoing {
            about: about.map(|key| About { project: ProjectId(1), key: key.parse().unwrap() }),
            reply_to: (haste == Answer).then_some(answer),
            urgent: haste == Urgent,
            ..Outgoing::new(room, Message::text("x"), at)
        }
    }

    #[test]
    fn what_an_urgent_one_must_follow_is_as_hasty() {
        let t1 = Some("T1");
        let all = [
            said(1, t1, Ordinary),
            said(2, Some("R1"), Ordinary),
            said(3, t1, Ordinary),
            said(4, t1, Urgent),
            said(5, t1, Ordinary),
        ];
        assert_eq!(hastes(all.iter()), [Urgent, Ordinary, Urgent, Urgent, Ordinary]);
    }

    #[test]
    fn an_answer_stays_in_front_of_what_its_decision_calls_for() {
        let all = [said(1, None, Answer), said(2, None, Answer), said(2, Some("T1"), Urgent)];
        assert_eq!(hastes(all.iter()), [Urgent, Urgent, Urgent]);
        let wake = [said(2, None, Ordinary), said(2, Some("T1"), Urgent)];
        assert_eq!(hastes(wake.iter()), [Ordinary, Urgent]);
    }

    #[test]
    fn answers_keep_their_order() {
        let t1 = Some("T1");
        let all = [
            said(1, Some("R1"), Ordinary),
            said(1, Some("R2"), Answer),
            said(2, t1, Answer),
            said(3, t1, Urgent),
            said(4, Some("R3"), Answer),
        ];
        assert_eq!(hastes(all.iter()), [Ordinary, Urgent, Urgent, Urgent, Answer]);
    }

    #[test]
    fn an_escalation_that_was_stored_before_there_was_a_mark_is_urgent() {
        let mut old = said(1, None, Ordinary);
        old.message.urgent = true;
        assert_eq!(Haste::of(&old), Urgent);
    }
}
