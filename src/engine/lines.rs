//! Command lines: read, allowed, decided, and gathered into one commit with their answers.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{
    Engine, REGISTRY, address,
    answers::{batched, prefix, toast},
    cards::shown,
    directory::Directory,
    draft::Draft,
    home::{is_about_projects, reads_projects, split_project},
    permit::{kept_inside, permitted, visible},
    receive::Event,
    wide::Served,
};
use crate::{
    chat::{Author, Message, Person, PersonId, Room, RoomId, Typed, Words},
    dossier::{Context, Dossier, Found, Hearing, Kind, Outcome, Ping, Place, Refusal, Role, RoomKind, Say},
    features::{self, account::Identity},
    grammar::{self, On, Parsed, Reader},
    platform::Toast,
    store::{CommitError, Entry, Key, ProjectId},
};

/// How many log entries a command can look back.
pub(super) const LOG_READ: usize = 200;

/// Most lines look nothing up.
pub(super) static NOTHING: Found = Found::NOTHING;

/// The dossiers that one event holds. More than one project only under the founding lock; a file is taken after the
/// project, never before.
pub(super) struct Held {
    pub(super) registry: OwnedMutexGuard<Dossier>,
    pub(super) home: Option<OwnedMutexGuard<Dossier>>,
    /// The file of the customer that the home serves, once a line meant it.
    pub(super) file: Option<OwnedMutexGuard<Dossier>>,
    /// Copies of that customer's projects, where a line reads them.
    pub(super) served: Option<Served>,
}

impl Engine {
    /// Carries out one line, or several as one commit; gives what the last of them is answered in a word.
    pub(super) async fn lines(
        &self,
        event: &Event<'_>,
        lines: Vec<Typed>,
        batch: bool,
    ) -> Result<Option<Toast>, CommitError> {
        let mut home = self.home(event, &lines);
        let wide = home.is_none() || lines.iter().any(is_about_projects);
        // Held until the commit is durable: whatever may touch a second dossier waits here.
        let _founding = if wide { Some(self.founding.lock().await) } else { None };
        if wide || event.room().direct {
            // Whoever was here before may have made this room's project, or given it another.
            self.caught_up().await?;
            home = self.home(event, &lines);
        }
        let registry = if wide {
            self.take(REGISTRY).await
        } else {
            // A reading copy: an ordinary command must not hold up the others at the registry.
            let copy = self.take(REGISTRY).await.clone();
            Arc::new(Mutex::new(copy)).lock_owned().await
        };
        let home = match home {
            Some(id) => {
                let dossier = self.take(id).await;
                // What others wrote of it may have been that it is no longer this room's.
                if self.home(event, &lines) != Some(id) {
                    return Err(CommitError::Stale(id));
                }
                Some(dossier)
            }
            None => None,
        };
        let mut held = Held { registry, home, file: None, served: None };
        if lines.iter().any(reads_projects) {
            held.served = self.served(event, &held).await;
        }
        let mut draft = self.draft(event);
        let mut answers: Vec<(bool, Typed, Message)> = Vec::new();
        let mut files = Vec::new();
        let mut about = None;
        for line in lines {
            match self.line(event, &mut draft, &mut held, &line).await? {
                Ok((mut message, key)) => {
                    about = about.or(key);
                    // The words of several lines become one message, their files do not.
                    files.extend(message.apart().map(|file| (file, key)));
                    answers.push((true, line, message));
                }
                Err(Refusal(message)) => answers.push((false, line, message)),
            }
        }
        if batch {
            draft.shows_none();
        }
        let toast = answers.last().and_then(|(done, _, answer)| toast(*done, answer));
        let answer = if batch { batched(answers) } else { answers.pop().map(|(.., answer)| answer) };
        // Each goes before what is there already.
        for (file, about) in files.into_iter().rev() {
            self.reply(event, &mut draft, file, about);
        }
        if let Some(answer) = answer {
            self.reply(event, &mut draft, answer, about);
        }
        if draft.is_empty() {
            return Ok(toast);
        }
        let Held { registry, home, file, .. } = &mut held;
        for dossier in [&mut *home, &mut *file].into_iter().flatten() {
            self.overtaken(&mut draft, dossier, event.clock);
        }
        let mut opened = Vec::new();
        let mut dossiers: Vec<&mut Dossier> = Vec::new();
        if wide {
            opened = self.register(&mut draft, registry, home.as_deref()).await;
            self.guard_registry(&mut draft, registry);
            dossiers.push(registry);
        }
        dossiers.extend(home.as_deref_mut());
        dossiers.extend(file.as_deref_mut());
        dossiers.extend(opened.iter_mut().map(|file| &mut **file));
        let links = draft.touches(Identity::LETTER);
        self.write(draft, &mut dossiers).await?;
        if links {
            drop((held, opened));
            // Should this fail, the next start makes up for it.
            if let Err(error) = self.merge_accounts().await {
                tracing::error!("not every project knows who was linked: {error:#}");
            }
        }
        Ok(toast)
    }

    /// Reads and decides one line, and applies it to the dossiers in hand.
    pub(super) async fn line(
        &self,
        event: &Event<'_>,
        draft: &mut Draft,
        held: &mut Held,
        line: &Typed,
    ) -> Result<Result<(Message, Option<(ProjectId, Key)>), Refusal>, CommitError> {
        let sender = &event.inbound.sender;
        let (line, named) = if event.room().direct { split_project(line) } else { (line.clone(), None) };
        let mut known: Vec<Person> = held.home.iter().flat_map(|dossier| dossier.people()).cloned().collect();
        if !known.iter().any(|person| person.id == sender.id) {
            known.push(sender.clone());
        }
        // Where somebody has to be guessed, whoever answers for technical matters is the likeliest, and the
        // customer's people are not.
        let project = held.home.as_ref().and_then(|home| home.founded());
        known.sort_by_key(|person| {
            let seats = Role::TRIANGLE.iter().rev();
            let holds = |role: &Role| project.is_some_and(|project| project.holds(&person.id, *role));
            let customer = project.is_some_and(|project| project.is_customer(&person.id));
            (customer, seats.clone().position(holds).unwrap_or(Role::TRIANGLE.len()))
        });
        let quoted = event
            .quoted
            .filter(|(project, _)| held.home.as_deref().is_some_and(|home| self.is_of(*project, home)))
            .map(|(_, key)| key);
        let reader = Reader {
            objects: features::OBJECTS,
            commands: features::COMMANDS,
            known: &known,
            sender,
            quoted,
            quote: event.quote.as_ref(),
        };
        let Parsed { command, args } = match grammar::parse(&line, &reader) {
            Ok(parsed) => parsed,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let on = command.spec.on;
        if let Err(refusal) = self.settle_home(event, held, on, &args, named.as_deref()).await? {
            return Ok(Err(refusal));
        }
        let filed = match self.settle_file(event, held, command.spec, &args).await {
            Ok(filed) => filed,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let of = if filed { &held.file } else { &held.home };
        let log = match (of, command.spec.reads_log) {
            (Some(home), true) => {
                let log = self.store.log(home.id, args.id, LOG_READ).await;
                log.map_err(|error| CommitError::Failed(format!("{error:#}")))?
            }
            _ => Vec::new(),
        };
        let place = self.place(event, held.home.as_deref());
        if on == On::Wide {
            let every = event.admin && features::spans_everything(command.spec.object);
            let mine = self.directory(|directory| match every {
                true => directory.projects(),
                false => directory.of_person(&sender.id),
            });
            let here = held.home.as_deref();
            let message = self.wide(event, (command, &args.text), &mine, here, &held.registry, place).await;
            return Ok(message.map(|message| (message, None)));
        }
        let founded = held.home.as_ref().is_some_and(|home| home.founded().is_some());
        let made = if founded { None } else { self.found(event, draft, held, on) };
        let known = held.registry.clone();
        let found = self.found_for(event, command.spec, &args, &place, held.home.as_deref());
        let projects = match command.spec.reads_projects.then(|| held.read_projects()) {
            Some(Ok(projects)) => projects,
            Some(Err(refusal)) => return Ok(Err(refusal)),
            None => Vec::new(),
        };
        let cx = Context { found: &found, projects: &projects, ..self.context(event, &known, place, &log) };
        let Held { registry, home, file, .. } = held;
        let dossier: &mut Dossier = match (on, home, file) {
            (On::Registry | On::Nothing, ..) => registry,
            (_, _, Some(file)) if filed => file,
            (_, Some(home), _) => home,
            (_, None, _) => registry,
        };
        let said = args.said.clone();
        let (id, form) = (args.id, command.spec.form);
        let mut people = args.people.clone();
        if let Some((_, Words { by: Author::Person(author), .. })) = &args.quote {
            people.push(author.clone());
        }
        let allowed = permitted(command.spec.who, args.id, dossier, &cx)
            .and_then(|()| kept_inside(&args, dossier, &cx))
            .and_then(|()| visible(&args, dossier, &cx));
        let decided = match allowed.map(|()| (command.run)(args, dossier, &cx)) {
            Ok(Err(refusal)) => Err(self.overtaken_line(refusal, form, id, dossier, &cx).await?),
            Ok(done) => done,
            Err(refusal) => Err(refusal),
        };
        let outcome = match decided {
            Ok(outcome) => shown(outcome, form, id, draft, dossier, &cx),
            Err(refusal) => {
                if !founded {
                    self.unfound(draft, held);
                }
                return Ok(Err(refusal));
            }
        };
        let about = outcome.about.map(|key| (dossier.id, key));
        let mut message = self.settle(event, draft, dossier, outcome, Some(&said));
        if dossier.founded().is_some() && !matches!(on, On::Registry | On::Nothing) && !filed {
            let room = cx.place.kind;
            self.meet(draft, dossier, sender, room, true);
            for person in people.iter().filter(|person| person.id != sender.id) {
                self.meet(draft, dossier, person, room, false);
            }
        }
        if let Some(made) = made.filter(|_| on == On::ProjectOrNew) {
            message = message
                .line(format!("已为本群建项目「{made}」。设置角色：/角色 项目经理 @某人 技术对接人 @某人"))
                .line("补客户：/项目 修改 客户:… 行业:…");
        }
        Ok(Ok((message, about)))
    }

    /// Applies a decision, logs it, and addresses what it says. Gives the answer.
    pub(super) fn settle(
        &self,
        event: &Event<'_>,
        draft: &mut Draft,
        dossier: &mut Dossier,
        outcome: Outcome,
        said: Option<&str>,
    ) -> Message {
        let changes = draft.apply(dossier, &outcome, &self.rules);
        if !changes.is_empty() {
            let entry = Entry {
                at: event.written,
                by: Some(event.inbound.sender.clone()),
                room: Some(event.room().id.clone()),
                what: if outcome.what.is_empty() {
                    said.unwrap_or_default().to_owned()
                } else {
                    outcome.what
                },
                why: outcome.why,
                messages: if features::recall::makes(&changes) { event.sources() } else { Vec::new() },
                changes,
            };
            draft.log(dossier, entry);
        }
        let mut say = outcome.say;
        // A ping tells the team anyway, and so does what is announced to it.
        let told = say.iter().any(|say| match say {
            Say::Ping(_) => true,
            Say::Announce { hearing, .. } | Say::AnnounceNow { hearing, .. } => *hearing == Hearing::Internal,
            Say::PingAlone(_) | Say::Direct { .. } => false,
        });
        let done = outcome.records.iter().any(|record| !features::is_unsaid(record.key()));
        if event.room().direct && done && !told {
            say.extend(outcome.reply.as_ref().and_then(|reply| from_direct(reply, &event.inbound.sender)));
        }
        self.say(draft, dossier, say, event.clock, None);
        let mut message = outcome.reply.unwrap_or_default();
        if event.is_late() {
            prefix(&mut message, "【补处理】");
        }
        message
    }

    /// Addresses what a decision says, and speaks of empty roles once a day.
    pub(super) fn say(
        &self,
        draft: &mut Draft,
        dossier: &mut Dossier,
        say: Vec<Say>,
        now: Timestamp,
        due: Option<Timestamp>,
    ) {
        for mut something in say {
            // A file has no seats of its own: its projects speak of theirs.
            if let Say::Ping(ping) = &mut something
                && dossier.id.customer().is_none()
            {
                self.name_missing_roles(draft, dossier, ping, now);
            }
            let Some(project) = dossier.founded() else { continue };
            let notifies = |room: &RoomId, person: &PersonId| self.notifies(room, person);
            let post =
                address::Post { id: dossier.id, project, rules: &self.rules, now, due, notifies: &notifies };
            draft.say(post.address(something));
        }
    }

    fn name_missing_roles(&self, draft: &mut Draft, dossier: &mut Dossier, ping: &mut Ping, now: Timestamp) {
        let heard = if ping.urgent { now } else { self.rules.calendar.after_quiet(now) };
        let today = self.rules.calendar.date(heard);
        let missing =
            dossier.founded().and_then(|project| address::missing_roles(project, &ping.call, today));
        if let Some((missing, project)) = missing {
            ping.message.lines.push(missing.line.into());
            ping.lasting = Some(Message::text(missing.alone));
            draft.put(dossier, Arc::new(project), &self.rules);
        }
    }

    /// Makes somebody known to the project, so that others can name them. It is no decision of anybody's and
    /// stands in no history.
    fn meet(&self, draft: &mut Draft, dossier: &mut Dossier, person: &Person, room: RoomKind, spoke: bool) {
        let met = dossier.founded().and_then(|project| project.meeting(person, room, spoke));
        if let Some(project) = met {
            draft.put(dossier, Arc::new(project), &self.rules);
        }
    }

    pub(super) fn place_of(&self, room: &Room, dossier: Option<&Dossier>) -> Place {
        let bound = dossier.and_then(Dossier::founded).and_then(|project| project.room_kind(&room.id));
        let kind = if room.direct { RoomKind::Direct } else { bound.unwrap_or(RoomKind::Internal) };
        Place { room: room.id.clone(), name: room.name.clone(), kind }
    }

    pub(super) fn place(&self, event: &Event<'_>, dossier: Option<&Dossier>) -> Place {
        self.place_of(event.room(), dossier)
    }

    pub(super) fn context<'a>(
        &'a self,
        event: &'a Event<'_>,
        registry: &'a Dossier,
        place: Place,
        log: &'a [Entry],
    ) -> Context<'a> {
        Context {
            now: event.written,
            rules: &self.rules,
            actor: &event.inbound.sender,
            account: event.account,
            admin: event.admin,
            place,
            message: event.inbound.reply_to.as_ref().map(|reply| &reply.message),
            quoted: event.quoted.map(|(_, key)| key),
            log,
            projects: &[],
            found: &NOTHING,
            registry,
            causes: self.directory(Directory::causes),
        }
    }
}

/// What the team hears of something that one of them did in a direct chat. A file goes along.
fn from_direct(reply: &Message, by: &Person) -> Option<Say> {
    let first = reply.lines.first()?.plain();
    let message = Message::text(format!("{} 私聊：{first}", by.name));
    let message = Message { file: reply.file.clone(), ..message };
    Some(Say::Announce { hearing: Hearing::Internal, message, about: None })
}
