//! The messages waiting for one target, and which goes next; no I/O, and the time is told.
//!
//! The one being tried stays the next, whatever comes, and after a crash so does one that may have been said. Else
//! who is in more [`haste`](super::haste) goes first, and among equals who was there first. What speaks of one record
//! keeps its order, and so do answers, among themselves and with what their decision calls for: what must be said before
//! something hasty is as hasty.
//!
//! More than a few in the same haste become one message, an unbroken run of them: so urgent ones are never among
//! ordinary ones, and nothing joins a message while one waits that would go before it were it not being tried.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    doubt::Doubt,
    haste::{Haste, hastes},
};
use crate::store::Outgoing;

/// More than so many waiting become one (DESIGN, Outbox).
const FEW: usize = 5;
/// How many messages one bundle holds at most, and how many bytes of text: what a card and a markdown
/// message of either platform hold with room to spare.
const MOST_PARTS: usize = 20;
const MOST_BYTES: usize = 8 * 1024;
/// How old a message becomes.
const DIES_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// A message on its way out, with what this process knows of its tries.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The message.
    pub outgoing: Outgoing,
    /// From when on its age counts, by the bot's clock.
    pub since: Timestamp,
    /// Since when an earlier try may have been accepted; `None`: surely none was.
    pub doubt: Option<Doubt>,
    /// It never goes together with others.
    pub alone: bool,
    /// Failures in this process.
    pub failures: u32,
    /// How often the same words were said before it was first tried, where the platform swallows them.
    pub said_before: Option<u32>,
}

impl Waiting {
    /// When it is given up.
    pub fn dies_at(&self) -> Timestamp {
        self.since.checked_add(DIES_AFTER).unwrap_or(Timestamp::MAX)
    }

    fn is_free(&self) -> bool {
        // A file has no place within another message.
        let file = self.outgoing.message.file.is_some();
        !self.alone && !file && self.doubt.is_none() && self.outgoing.reply_to.is_none()
    }

    fn bytes(&self) -> usize {
        let parts = std::iter::once(&self.outgoing).chain(&self.outgoing.bundled);
        parts.map(|part| part.message.plain().len()).sum()
    }
}

/// One target's queue.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: BTreeMap<u64, Waiting>,
    /// The one being tried: it stays the next until it is settled, since it may have been said already.
    current: Option<u64>,
    /// Nothing can be done before the next try, or until the bot's clock shows this.
    rests_until: Option<Timestamp>,
}

/// What goes next.
#[derive(Debug)]
pub struct Next {
    /// The message.
    pub head: Waiting,
    /// Later ones that should go within it.
    pub joins: Vec<Outgoing>,
}

impl Queue {
    /// Adds a message unless it is there.
    pub fn insert(&mut self, waiting: Waiting) {
        self.waiting.entry(waiting.outgoing.id).or_insert(waiting);
    }

    /// Whether this message waits here.
    pub fn has(&self, id: u64) -> bool {
        self.waiting.contains_key(&id)
    }

    /// When each of those deferred beyond `now` may be said, in no order.
    pub fn deferred(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        self.waiting.values().map(|waiting| waiting.outgoing.not_before).filter(move |at| *at > now)
    }

    /// The next to go at `now` of those not deferred: the one being tried, or that may have been said, else the first of the
    /// most hasty.
    pub fn next(&mut self, now: Timestamp) -> Option<Next> {
        self.rests_until = None;
        let hastes = hastes(self.ready(now).map(|waiting| &waiting.outgoing));
        let most = *hastes.iter().max()?;
        let hasty =
            self.ready(now).zip(hastes).filter(|(_, haste)| *haste == most).map(|(waiting, _)| waiting);
        let hasty: Vec<&Waiting> = hasty.collect();
        let tried = self.current.and_then(|id| self.waiting.get(&id));
        let tried = tried.or_else(|| self.ready(now).find(|waiting| waiting.doubt.is_some()));
        let head = tried.or_else(|| hasty.first().copied())?.clone();
        let joins = joins(&head, &hasty);
        self.current = Some(head.outgoing.id);
        Some(Next { head, joins })
    }

    /// The haste of the most hasty that may go at `now`; whoever is before it goes for its sake.
    pub fn haste(&self, now: Timestamp) -> Option<Haste> {
        self.ready(now).map(|waiting| Haste::of(&waiting.outgoing)).max()
    }

    /// `head` speaks for these now; they no longer wait by themselves.
    pub fn bundle(&mut self, head: u64, bundled: Vec<Outgoing>) {
        for part in &bundled {
            self.waiting.remove(&part.id);
        }
        self.change(head, |waiting| waiting.outgoing.bundled = bundled);
    }

    /// Notes something about a message.
    pub fn change(&mut self, id: u64, change: impl FnOnce(&mut Waiting)) {
        if let Some(waiting) = self.waiting.get_mut(&id) {
            change(waiting);
        }
    }

    /// It is settled.
    pub fn remove(&mut self, id: u64) {
        self.waiting.remove(&id);
        self.rests_until = None;
        if self.current == Some(id) {
            self.current = None;
        }
    }

    /// Nothing is done before another try, unless the bot's clock reaches `until`.
    pub fn rest(&mut self, until: Timestamp) {
        self.rests_until = Some(until);
    }

    /// Whether a message may go at `now`.
    pub fn has_ready(&self, now: Timestamp) -> bool {
        self.ready(now).next().is_some()
    }

    /// How many messages should have been said by `now` and are not waiting for another try.
    pub fn unsaid(&self, now: Timestamp) -> usize {
        if self.rests(now) { 0 } else { self.ready(now).count() }
    }

    /// Whether nothing is done before another try.
    pub fn rests(&self, now: Timestamp) -> bool {
        self.rests_until.is_some_and(|until| now < until)
    }

    /// How many messages wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Those not deferred, in order; the one being tried among them, should a clock have been set back.
    fn ready(&self, now: Timestamp) -> impl DoubleEndedIterator<Item = &Waiting> {
        let tried = move |id| Some(id) == self.current;
        self.waiting.values().filter(move |it| it.outgoing.not_before <= now || tried(it.outgoing.id))
    }
}

/// What goes with `head`: the unbroken run behind it of the `hasty` that answer nobody; nothing where `head` is not the
/// first of them, since one before it may have to be said before one behind it. Only where surely no try of `head` was
/// accepted: the platform would take the fuller parcel for a repetition of the first and nobody would hear the rest.
fn joins(head: &Waiting, hasty: &[&Waiting]) -> Vec<Outgoing> {
    let is_first = hasty.first().is_some_and(|first| first.outgoing.id == head.outgoing.id);
    if !is_first || hasty.len() <= FEW || !head.is_free() {
        return Vec::new();
    }
    let own = Haste::of(&head.outgoing);
    let mut bytes = head.bytes();
    let mut parts = 1 + head.outgoing.bundled.len();
    let mut joins = Vec::new();
    let alike = |waiting: &&&Waiting| waiting.is_free() && Haste::of(&waiting.outgoing) == own;
    for waiting in hasty[1..].iter().take_while(alike) {
        bytes += waiting.bytes();
        parts += 1 + waiting.outgoing.bundled.len();
        if bytes > MOST_BYTES || parts > MOST_PARTS {
            break;
        }
        joins.extend(flat(waiting.outgoing.clone()));
    }
    joins
}

/// A message and what was bundled into it, side by side.
fn flat(mut outgoing: Outgoing) -> Vec<Outgoing> {
    let bundled = std::mem::take(&mut outgoing.bundled);
    std::iter::once(outgoing).chain(bundled).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        chat::{Message, MessageId, ReplyTo, RoomId, Target},
        store::{About, Key, ProjectId},
    };

    fn message(id: u64, haste: u8, record: Option<u32>) -> Outgoing {
        let at = Timestamp::from_second(id as i64).unwrap();
        let to = Target::Room(RoomId::new("p", "r"));
        let asked = ReplyTo { message: MessageId::new("p", &id.to_string()), session: None };
        let about = |number| About { project: ProjectId(1), key: Key { letter: 'T', number } };
        Outgoing {
            id,
            about: record.map(about),
            urgent: haste == 2,
            reply_to: (haste == 1).then_some(asked),
            ..Outgoing::new(to, Message::text("x"), at)
        }
    }

    /// Says the next one, where the platform takes it.
    fn turn(queue: &mut Queue, takes: bool, said: &mut Vec<Vec<Outgoing>>, tried: &mut Option<u64>) {
        let Some(Next { mut head, joins }) = queue.next(Timestamp::MAX) else { return };
        let id = head.outgoing.id;
        assert_eq!(tried.unwrap_or(id), id, "the one being tried was overtaken");
        if !joins.is_empty() {
            let bundled = [head.outgoing.bundled, joins].concat();
            queue.bundle(id, bundled.clone());
            head.outgoing.bundled = bundled;
        }
        *tried = Some(id).filter(|_| !takes);
        if takes {
            queue.remove(id);
            said.push(flat(head.outgoing));
        }
    }

    proptest! {
        #[test]
        fn each_is_said_once_in_the_order_of_its_record_and_among_its_like(
            comes in prop::collection::vec((0u8..3, prop::option::of(0u32..3), 0u8..3), 1..40),
        ) {
            let (mut queue, mut said, mut tried) = (Queue::default(), Vec::new(), None);
            for (n, (haste, record, then)) in comes.iter().enumerate() {
                let outgoing = message(1 + n as u64, *haste, *record);
                let since = outgoing.created;
                let (doubt, alone, failures, said_before) = (None, false, 0, None);
                queue.insert(Waiting { outgoing, since, doubt, alone, failures, said_before });
                // Half of them pile up; the others are tried, and some of those taken.
                if *then > 0 {
                    turn(&mut queue, *then == 2, &mut said, &mut tried);
                }
            }
            while queue.len() > 0 {
                turn(&mut queue, true, &mut said, &mut tried);
            }
            for bundle in &said {
                prop_assert!(bundle.iter().all(|part| part.urgent == bundle[0].urgent));
                prop_assert!(bundle.len() == 1 || bundle.iter().all(|part| part.reply_to.is_none()));
            }
            let said: Vec<&Outgoing> = said.iter().flatten().collect();
            prop_assert_eq!(said.len(), comes.len());
            for (place, earlier) in said.iter().enumerate() {
                for later in &said[place + 1..] {
                    let answers = earlier.reply_to.is_some() && later.reply_to.is_some();
                    let alike = earlier.about.is_some() && earlier.about == later.about;
                    let equal = Haste::of(earlier) == Haste::of(later) && earlier.about == later.about;
                    prop_assert!(!(answers || alike || equal) || earlier.id < later.id);
                }
            }
        }
    }
}
