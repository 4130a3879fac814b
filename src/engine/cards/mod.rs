//! Messages that show a record are edited while it changes, so that their buttons are always those of the record.
//!
//! Which messages those are lies in the dossier ([`Posted`]): a card shows its record as `/T1` does, any other message
//! that offers steps of a record keeps its words and loses each step when it is done. A commit that changes a record
//! marks its messages stale; an edit is made from the record as it is then, so several changes are one edit, and a
//! crash between the two loses nothing. Edits notify nobody, stand in no queue with messages, and are given up rather
//! than kept for ever.

mod edit;
mod line;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use tokio::{sync::Notify, time::Instant};

use super::{Engine, REGISTRY, directory::Directory, draft::Draft, permit::visible};
use crate::{
    chat::{Message, MessageId, Person, PersonId, Room, RoomId, Target, Typed},
    dossier::{Context, Dossier, Kind, Offer, Posted, Refusal},
    features::{self, card},
    grammar::{self, Reader},
    store::{CommitError, Entry, Key, Outgoing, ProjectId, RowKey},
};
use edit::Pace;
pub(super) use line::shown;

/// How long a message that shows a record is kept: as long as quotes of it are understood.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How often it is noted under which id a message is there.
const TRIES: usize = 5;

/// What waits to be edited.
#[derive(Default)]
pub(super) struct Cards {
    /// Plain, since it is held for a look only.
    waiting: Mutex<BTreeMap<(ProjectId, u32), Tries>>,
    added: Notify,
    /// Held by whoever edits.
    turn: tokio::sync::Mutex<Pace>,
}

/// How often an edit failed, and when it is tried again.
#[derive(Debug, Clone, Copy)]
struct Tries {
    failed: u32,
    not_before: Instant,
}

impl Cards {
    fn waiting(&self) -> MutexGuard<'_, BTreeMap<(ProjectId, u32), Tries>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, project: ProjectId, number: u32) {
        self.waiting().entry((project, number)).or_insert(Tries { failed: 0, not_before: Instant::now() });
        self.added.notify_one();
    }
}

impl Engine {
    /// Before a decision is written: what shows the records that it changes is stale, and what it says may show some.
    pub(super) fn keep_cards(&self, draft: &mut Draft, dossier: &mut Dossier) {
        if dossier.id == REGISTRY || dossier.founded().is_none() {
            return;
        }
        let changed = draft.changed(dossier.id);
        let fresh = |posted: &&Posted| !posted.stale && changed.contains(&posted.about);
        let stale: Vec<Posted> = match changed.is_empty() {
            true => Vec::new(),
            false => dossier.all::<Posted>().filter(fresh).cloned().collect(),
        };
        for posted in stale {
            draft.put(dossier, Arc::new(Posted { stale: true, ..posted }), &self.rules);
        }
        let mut outgoing = std::mem::take(draft.outgoing());
        let mut newest = None;
        for message in &mut outgoing {
            if let Some(posted) = self.card_of(message, draft, dossier) {
                message.card = Some(posted.number);
                newest = newest.max(Some(posted.at));
                draft.put(dossier, Arc::new(posted), &self.rules);
            }
        }
        *draft.outgoing() = outgoing;
        if let Some(now) = newest {
            self.forget_old(draft, dossier, now);
        }
    }

    /// After it is written: what can be edited now is.
    pub(super) fn edit_soon(&self, dossier: &Dossier, changed: &[Key]) {
        let of = |key: &&Key| key.letter == Posted::LETTER;
        for posted in changed.iter().filter(of).filter_map(|key| dossier.find::<Posted>(key.number)) {
            if posted.waits() {
                self.cards.add(dossier.id, posted.number);
            }
        }
    }

    /// A dossier was read: what an earlier process left to be edited is.
    pub(super) fn find_cards(&self, dossier: &Dossier) {
        for posted in dossier.all::<Posted>().filter(|posted| posted.waits()) {
            self.cards.add(dossier.id, posted.number);
        }
    }

    /// What is kept of a message so as to edit it; `None` where it shows nothing that changes.
    fn card_of(&self, outgoing: &Outgoing, draft: &Draft, dossier: &Dossier) -> Option<Posted> {
        let about = outgoing.about.filter(|about| about.project == dossier.id && outgoing.card.is_none())?;
        self.platforms.get(outgoing.to.platform())?.edits()?;
        let record = dossier.record(about.key)?;
        if outgoing.message.file.is_some() || !card::can_be_shown(about.key) {
            return None;
        }
        // What is to be filled in by several stays for the others.
        if outgoing.message.form.is_some() && !self.shows_a_form(about.key, &outgoing.to, dossier) {
            return None;
        }
        let shows =
            draft.is_shown(RowKey { project: dossier.id, key: about.key }) && outgoing.condition.is_none();
        let offered: Vec<_> =
            [true, false].into_iter().flat_map(|internal| record.steps(dossier, internal)).collect();
        let buttons = &outgoing.message.buttons;
        let steps = buttons.iter().filter(|button| card::is_step(button, about.key, &offered));
        let steps: Vec<String> = steps.map(|button| button.line.clone()).collect();
        // What it offers beside the record's steps, a card would take away.
        let words = match shows && steps.len() == buttons.len() {
            true => None,
            false if steps.is_empty() => return None,
            false => Some(Offer { message: outgoing.message.clone(), steps }),
        };
        Some(Posted {
            number: dossier.counted(Posted::LETTER) + 1,
            about: about.key,
            to: outgoing.to.clone(),
            at: outgoing.created,
            message: None,
            stale: false,
            shows: words.as_ref().map(|words| edit::sum(&card::silent(words.message.clone()))),
            words,
            replaced: false,
        })
    }

    /// Whether a card of this record there has a form.
    fn shows_a_form(&self, key: Key, to: &Target, dossier: &Dossier) -> bool {
        let (registry, reader) = (Dossier::empty(REGISTRY), self.reader_of(to, dossier));
        let cx = self.looking(&reader, to, dossier, &registry, &[]);
        self.show(key, dossier, &cx).is_ok_and(|card| card.form.is_some())
    }

    fn forget_old(&self, draft: &mut Draft, dossier: &mut Dossier, now: Timestamp) {
        let is_old = |posted: &&Posted| now.duration_since(posted.at) > KEPT;
        let old: Vec<u32> = dossier.all::<Posted>().filter(is_old).map(|posted| posted.number).collect();
        for number in old {
            self.forget_card(draft, dossier, number);
        }
    }

    fn forget_card(&self, draft: &mut Draft, dossier: &mut Dossier, number: u32) {
        draft.remove(dossier, Key { letter: Posted::LETTER, number }, &self.rules);
    }

    /// The platform has a message, under this id. It takes the place of the card that was there.
    pub(super) async fn card_posted(&self, project: ProjectId, number: u32, message: Option<&MessageId>) {
        // Again where another process wrote the project meanwhile.
        let mut written = Err(CommitError::Stale(project));
        for _ in 0..TRIES {
            written = self.note_posted(project, number, message).await;
            if !matches!(written, Err(CommitError::Stale(_))) {
                break;
            }
        }
        if let Err(error) = written {
            // Its buttons stay as they are; whoever presses one that is over is told so.
            tracing::warn!("a message of project {} will not be edited: {error}", project.0);
        }
    }

    async fn note_posted(
        &self,
        project: ProjectId,
        number: u32,
        message: Option<&MessageId>,
    ) -> Result<(), CommitError> {
        let mut dossier = self.take(project).await;
        let Some(posted) = dossier.find::<Posted>(number).cloned() else { return Ok(()) };
        let mut draft = Draft::default();
        match message {
            None => self.forget_card(&mut draft, &mut dossier, number),
            Some(message) => {
                let is_before = |other: &&Posted| {
                    let same = (other.about, &other.to) == (posted.about, &posted.to);
                    same && other.number < number && other.words.is_none() && !other.replaced
                };
                let before: Vec<Posted> = match posted.words {
                    Some(_) => Vec::new(),
                    None => dossier.all::<Posted>().filter(is_before).cloned().collect(),
                };
                for other in before {
                    let other = Posted { stale: true, replaced: true, ..other };
                    draft.put(&mut dossier, Arc::new(other), &self.rules);
                }
                let posted = Posted { message: Some(message.clone()), ..posted };
                draft.put(&mut dossier, Arc::new(posted), &self.rules);
            }
        }
        if draft.is_empty() { Ok(()) } else { self.write(draft, &mut [&mut dossier]).await }
    }

    /// What a message says now that shows a record; `None` where it shows none.
    pub(super) async fn card_now(&self, message: &MessageId) -> anyhow::Result<Option<Message>> {
        let Some(about) = self.store.about(message).await? else { return Ok(None) };
        let registry = self.take(REGISTRY).await.clone();
        let dossier = self.take(about.project).await;
        let mut posted = dossier.all::<Posted>();
        match posted.find(|posted| posted.message.as_ref() == Some(message)) {
            Some(posted) => self.shown_now(&dossier, posted, &registry).await.map(|(fresh, _)| Some(fresh)),
            None => Ok(None),
        }
    }

    /// What a message that shows a record says now; and whether it is never edited again.
    async fn shown_now(
        &self,
        dossier: &Dossier,
        posted: &Posted,
        registry: &Dossier,
    ) -> anyhow::Result<(Message, bool)> {
        let shown = self.to_show(dossier, posted, registry).await;
        shown.map(|(message, last)| (card::silent(message), last))
    }

    async fn to_show(
        &self,
        dossier: &Dossier,
        posted: &Posted,
        registry: &Dossier,
    ) -> anyhow::Result<(Message, bool)> {
        let log = match posted.words {
            Some(_) => self.store.log(dossier.id, Some(posted.about), super::lines::LOG_READ).await?,
            None => Vec::new(),
        };
        let reader = self.reader_of(&posted.to, dossier);
        let cx = self.looking(&reader, &posted.to, dossier, registry, &log);
        let Some(record) = dossier.record(posted.about) else {
            return Ok((Message::text(card::withdrawn(posted.about)), true));
        };
        if !record.shared() && !cx.sees_internal(dossier) && !record.asks(&reader.id, dossier) {
            return Ok((card::unseen(), posted.replaced));
        }
        if let Some(offer) = &posted.words {
            return Ok(card::settled(offer, posted.about, dossier, &cx));
        }
        // Whatever it refuses, it is not shown here.
        let mut message = self.show(posted.about, dossier, &cx).unwrap_or_else(|_| card::unseen());
        if posted.replaced {
            message.buttons.clear();
            message.form = None;
        }
        if let (Target::Person(_), Some(project)) = (&posted.to, dossier.founded()) {
            message = super::address::in_direct(&message, &project.name);
        }
        Ok((message, posted.replaced))
    }

    /// What `/T1` answers, with the record's steps.
    fn show(&self, key: Key, dossier: &Dossier, cx: &Context) -> Result<Message, Refusal> {
        let reader = Reader {
            objects: features::OBJECTS,
            commands: features::COMMANDS,
            known: &[],
            sender: cx.actor,
            quoted: None,
            quote: None,
        };
        let parsed = grammar::parse(&Typed::plain(&format!("/{key}")), &reader)?;
        visible(&parsed.args, dossier, cx)?;
        let outcome = (parsed.command.run)(parsed.args, dossier, cx)?;
        Ok(card::with_steps(outcome.reply.unwrap_or_default(), key, dossier, cx))
    }

    /// For whom a message in this place is: in a room for nobody in particular.
    fn reader_of(&self, to: &Target, dossier: &Dossier) -> Person {
        let id = match to {
            Target::Person(person) => person.clone(),
            Target::Room(room) => PersonId::new(room.platform(), ""),
        };
        let person = self.known(&Person { id, name: String::new() });
        let known = dossier.people().find(|known| known.id == person.id).cloned();
        known.unwrap_or(person)
    }

    fn looking<'a>(
        &'a self,
        reader: &'a Person,
        to: &Target,
        dossier: &Dossier,
        registry: &'a Dossier,
        log: &'a [Entry],
    ) -> Context<'a> {
        let (id, direct) = match to {
            Target::Room(room) => (room.clone(), false),
            Target::Person(person) => (RoomId::new(person.platform(), person.raw()), true),
        };
        Context {
            now: self.clock.now(),
            rules: &self.rules,
            actor: reader,
            account: &reader.id,
            admin: self.admins.contains(&reader.id),
            place: self.place_of(&Room { id, name: None, direct }, Some(dossier)),
            message: None,
            quoted: None,
            log,
            projects: &[],
            found: &super::lines::NOTHING,
            registry,
            causes: self.directory(Directory::causes),
        }
    }
}
