//! A message: heard, read, decided, committed, answered.

use jiff::{SignedDuration, Timestamp};

use super::{Engine, REGISTRY, draft::Draft};
use crate::{
    chat::{Author, Inbound, Message, PersonId, Quote, ReplyTo, Room, RoomId, Target, Typed, What, Words},
    dossier::{Context, Dossier, Outcome, Refusal},
    features,
    grammar::{self, Heard},
    platform::{Press, Received, Receiver, Toast},
    store::{CommitError, Key, Outgoing, ProjectId},
};

/// How long marks of carried-out events are kept; longer than any platform repeats (CONTRACT 3).
const SEEN_FOR: SignedDuration = SignedDuration::from_hours(48);
/// From this age on a command says that it was carried out late (CONTRACT 6).
const LATE_FROM: SignedDuration = SignedDuration::from_mins(2);
/// How many commands one message may hold: more would not be carried out before the platform gives up.
const MOST_LINES: usize = 100;
/// How often a decision is made again when another writer was faster.
const TRIES: usize = 5;

#[async_trait::async_trait]
impl Receiver for Engine {
    async fn receive(&self, inbound: Inbound) -> anyhow::Result<Received> {
        self.received(&inbound).await.map(|(received, _)| received)
    }

    async fn press(&self, inbound: Inbound) -> anyhow::Result<Press> {
        let (received, toast) = self.received(&inbound).await?;
        let message = inbound.reply_to.as_ref().map(|reply| &reply.message);
        let fresh = match message {
            Some(message) => self.card_now(message).await.unwrap_or_else(|error| {
                tracing::warn!("a card cannot be shown as it is now: {error:#}");
                None
            }),
            None => None,
        };
        Ok(Press { received, toast, fresh })
    }
}

impl Engine {
    /// Carries an event out; with what a press is answered in a word.
    async fn received(&self, inbound: &Inbound) -> anyhow::Result<(Received, Option<Toast>)> {
        for key in &inbound.keys {
            if self.store.has_seen(key).await? {
                return Ok(seen_before(inbound));
            }
        }
        if self.store.shared().is_some() {
            // Another process may have heard just now whose account it is.
            drop(self.take(REGISTRY).await);
        }
        let account = inbound.sender.id.clone();
        let inbound = self.canonical(inbound.clone());
        for _ in 0..TRIES {
            match self.carry_out(&inbound, &account).await {
                Ok(toast) => return Ok((Received::Done, toast)),
                Err(CommitError::SeenBefore) => return Ok(seen_before(&inbound)),
                Err(CommitError::Stale(_)) => {}
                Err(CommitError::Failed(why)) => anyhow::bail!("the store could not write: {why}"),
            }
        }
        anyhow::bail!("the project was written by others {TRIES} times in a row")
    }
}

fn seen_before(inbound: &Inbound) -> (Received, Option<Toast>) {
    let event = inbound.keys.first().map(String::as_str).unwrap_or_default();
    tracing::info!(event, "an event that was carried out before came again, nothing is done");
    (Received::SeenBefore, None)
}

/// One event on its way through the engine.
pub(super) struct Event<'a> {
    pub(super) inbound: &'a Inbound,
    /// With which account it was said; see [`Engine::canonical`].
    pub(super) account: &'a PersonId,
    /// The bot's clock.
    pub(super) clock: Timestamp,
    /// When it was written; never later than `clock`.
    pub(super) written: Timestamp,
    pub(super) admin: bool,
    pub(super) quoted: Option<(ProjectId, Key)>,
    /// The quoted message itself.
    pub(super) quote: Option<Quote>,
}

impl Event<'_> {
    pub(super) fn room(&self) -> &Room {
        &self.inbound.room
    }

    pub(super) fn is_late(&self) -> bool {
        self.clock.duration_since(self.written) > LATE_FROM
    }
}

impl Engine {
    async fn carry_out(&self, inbound: &Inbound, account: &PersonId) -> Result<Option<Toast>, CommitError> {
        let clock = self.clock.now();
        let (quoted, quote) = match &inbound.what {
            What::Said { quotes: Some(quote), text, .. } => {
                let about = self.store.about(&quote.message).await;
                let about = about.map_err(|error| CommitError::Failed(format!("{error:#}")))?;
                let wanted = grammar::converts(text, features::COMMANDS);
                (about, if wanted { Some(self.with_words(&inbound.room.id, quote).await) } else { None })
            }
            _ => (None, None),
        };
        let event = Event {
            inbound,
            clock,
            written: inbound.written_at.map_or(clock, |written| written.min(clock)),
            admin: self.admins.contains(&inbound.sender.id) || self.admins.contains(account),
            account,
            quoted: quoted.map(|about| (about.project, about.key)),
            quote,
        };
        match &inbound.what {
            What::Joined => self.joined(&event).await,
            What::Gone | What::Renamed | What::Came { .. } | What::Left { .. } => self.happened(&event).await,
            What::OverQuota => self.over_quota(&event).await,
            What::MeetingEnded { topic, started, ended } => {
                let decide = |dossier: &Dossier, cx: &Context| {
                    features::meeting::ended_by_platform(topic, *started, *ended, dossier, cx)
                };
                self.of_meeting(&event, topic, *ended, decide).await
            }
            What::Recorded { topic, ready, url } => {
                let decide = |dossier: &Dossier, cx: &Context| {
                    features::meeting::recorded_by_platform(topic, *ready, url, dossier, cx)
                };
                self.of_meeting(&event, topic, *ready, decide).await
            }
            What::Pressed { line } => return self.lines(&event, vec![Typed::plain(line)], false).await,
            What::Filled { form, values } => match grammar::compose(form, values) {
                Ok(line) => return self.lines(&event, vec![Typed::plain(&line)], false).await,
                Err(Refusal(message)) => self.answer_only(&event, message).await,
            },
            What::Said { text, addressed, .. } => {
                let addressed = *addressed || event.quote.is_some();
                match grammar::hear(text, addressed, inbound.room.direct, features::OBJECTS) {
                    Heard::Nothing => self.overheard(&event, &text.words()).await,
                    Heard::Called => self.answer_only(&event, features::help(None)).await,
                    Heard::One(line) => self.lines(&event, vec![line], false).await.map(drop),
                    Heard::Batch(lines) if lines.len() > MOST_LINES => {
                        let refused = format!("一条消息最多 {MOST_LINES} 条命令，都没有执行，请分开发");
                        self.answer_only(&event, Message::text(refused)).await
                    }
                    Heard::Batch(lines) => self.lines(&event, lines, true).await.map(drop),
                }
            }
        }
        .map(|()| None)
    }

    /// The quote with the words of its message, as far as its platform can tell them.
    async fn with_words(&self, room: &RoomId, quote: &Quote) -> Quote {
        let mut quote = quote.clone();
        if quote.words.is_none()
            && let Some(platform) = self.platforms.get(quote.message.platform())
        {
            quote.words = platform.words_of(room, &quote.message).await;
        }
        if let Some(Words { by: Author::Person(person), .. }) = &mut quote.words {
            *person = self.known(person);
        }
        quote
    }

    /// A message that is not for the bot: only an answer that quotes one of ours means something.
    async fn overheard(&self, event: &Event<'_>, said: &str) -> Result<(), CommitError> {
        let Some((project, key)) = event.quoted else { return Ok(()) };
        let Some(home) = self.of_room(&event.room().id).await? else { return Ok(()) };
        let registry = self.take(REGISTRY).await.clone();
        let mut dossier = self.take(home).await;
        if !self.is_of(project, &dossier) {
            return Ok(());
        }
        let place = self.place(event, Some(&dossier));
        if project != home {
            dossier = self.take(project).await;
        }
        let cx = self.context(event, &registry, place, &[]);
        let Some(outcome) = features::answer_by_quote(key, said, &dossier, &cx) else { return Ok(()) };
        let mut draft = self.draft(event);
        let message = self.settle(event, &mut draft, &mut dossier, outcome, None);
        self.reply(event, &mut draft, message, Some((project, key)));
        self.overtaken(&mut draft, &mut dossier, event.clock);
        self.write(draft, &mut [&mut dossier]).await
    }

    /// Something happened to a platform's own meeting; it counts for the project of its room. Where no room is told,
    /// for the one project of its host that it fits best.
    async fn of_meeting(
        &self,
        event: &Event<'_>,
        topic: &str,
        at: Timestamp,
        decide: impl Fn(&Dossier, &Context) -> Option<Outcome>,
    ) -> Result<(), CommitError> {
        let mut draft = self.draft(event);
        let home = match self.of_room(&event.room().id).await? {
            Some(home) => Some(home),
            None => self.of_host(event, topic, at).await,
        };
        let Some(home) = home else { return self.write(draft, &mut []).await };
        let registry = self.take(REGISTRY).await.clone();
        let mut dossier = self.take(home).await;
        let place = self.place(event, Some(&dossier));
        let cx = self.context(event, &registry, place, &[]);
        if let Some(outcome) = decide(&dossier, &cx) {
            // Nobody asked, so the answer goes nowhere.
            let _ = self.settle(event, &mut draft, &mut dossier, outcome, None);
        }
        self.write(draft, &mut [&mut dossier]).await
    }

    /// The project of a room, also where another process bound it just now.
    pub(super) async fn of_room(&self, room: &RoomId) -> Result<Option<ProjectId>, CommitError> {
        let known = || self.directory(|directory| directory.of_room(room));
        if known().is_none() {
            self.caught_up().await?;
        }
        Ok(known())
    }

    /// The project of whoever hosted a meeting; `None` where two fit as well as each other.
    async fn of_host(&self, event: &Event<'_>, topic: &str, at: Timestamp) -> Option<ProjectId> {
        let host = &event.inbound.sender.id;
        let mut fitting = Vec::new();
        for id in self.directory(|directory| directory.of_person(host)) {
            let dossier = self.take(id).await;
            let fit = features::meeting::fits(topic, at.min(event.clock), &dossier);
            fitting.extend(fit.map(|fit| (fit, id)));
        }
        let best = fitting.iter().map(|(fit, _)| *fit).max()?;
        let mut best = fitting.iter().filter(|(fit, _)| *fit == best);
        best.next().filter(|_| best.next().is_none()).map(|(_, id)| *id)
    }

    pub(super) fn draft(&self, event: &Event<'_>) -> Draft {
        let mut draft = Draft::default();
        for key in &event.inbound.keys {
            draft.seen(key.clone(), event.clock.checked_add(SEEN_FOR).unwrap_or(Timestamp::MAX));
        }
        draft
    }

    pub(super) fn reply(
        &self,
        event: &Event<'_>,
        draft: &mut Draft,
        message: Message,
        about: Option<(ProjectId, Key)>,
    ) {
        if message.lines.is_empty() {
            return;
        }
        let room = event.room();
        let to = match room.direct {
            true => Target::Person(event.account.clone()),
            false => Target::Room(room.id.clone()),
        };
        let reply_to: Option<ReplyTo> = event.inbound.reply_to.clone();
        draft.answer(Outgoing {
            reply_to,
            about: about.map(|(project, key)| crate::store::About { project, key }),
            ..Outgoing::new(to, message, event.clock)
        });
    }

    pub(super) async fn answer_only(&self, event: &Event<'_>, message: Message) -> Result<(), CommitError> {
        let mut draft = self.draft(event);
        self.reply(event, &mut draft, message, None);
        self.write(draft, &mut []).await
    }

    /// A message came without its text: the administrators are told, once a day.
    async fn over_quota(&self, event: &Event<'_>) -> Result<(), CommitError> {
        let platform = event.room().id.platform();
        let mark = format!("over-quota:{platform}:{}", self.rules.calendar.date(event.clock));
        let told = self.store.has_seen(&mark).await;
        let told = told.map_err(|error| CommitError::Failed(format!("{error:#}")))?;
        let mut draft = self.draft(event);
        if !told {
            draft.seen(mark, event.clock.checked_add(SEEN_FOR).unwrap_or(Timestamp::MAX));
            draft.say(self.to_admins(&features::over_quota(), event.clock));
        }
        self.write(draft, &mut []).await
    }
}
