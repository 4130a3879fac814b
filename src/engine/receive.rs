//! A message: heard, read, decided, committed, answered.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{Engine, REGISTRY, address, draft::Draft};
use crate::{
    chat::{Inbound, Message, Person, ReplyTo, Room, Span, Target, Typed, What},
    dossier::{BoundRoom, Context, Dossier, Hearing, Outcome, Place, Project, Refusal, RoomKind, Say},
    features,
    grammar::{self, Args, Heard, On, Parsed, Reader, Who},
    platform::{Received, Receiver},
    store::{CommitError, Entry, Key, Outgoing, ProjectId},
};

/// How long marks of carried-out events are kept; longer than any platform repeats (CONTRACT 3).
const SEEN_FOR: SignedDuration = SignedDuration::from_hours(48);
/// From this age on a command says that it was carried out late (CONTRACT 6).
const LATE_FROM: SignedDuration = SignedDuration::from_mins(2);
/// How many log entries a command can look back.
const LOG_READ: usize = 200;
/// How many commands one message may hold: more would not be carried out before the platform gives up.
const MOST_LINES: usize = 100;
/// How often a decision is made again when another writer was faster.
const TRIES: usize = 5;

#[async_trait::async_trait]
impl Receiver for Engine {
    async fn receive(&self, inbound: Inbound) -> anyhow::Result<Received> {
        for key in &inbound.keys {
            if self.store.has_seen(key).await? {
                return Ok(Received::SeenBefore);
            }
        }
        for _ in 0..TRIES {
            match self.carry_out(&inbound).await {
                Ok(()) => return Ok(Received::Done),
                Err(CommitError::SeenBefore) => return Ok(Received::SeenBefore),
                Err(CommitError::Stale(_)) => {}
                Err(CommitError::Failed(why)) => anyhow::bail!("the store could not write: {why}"),
            }
        }
        anyhow::bail!("the project was written by others {TRIES} times in a row")
    }
}

/// One event on its way through the engine.
struct Event<'a> {
    inbound: &'a Inbound,
    /// The bot's clock.
    clock: Timestamp,
    /// When it was written; never later than `clock`.
    written: Timestamp,
    admin: bool,
    quoted: Option<(ProjectId, Key)>,
}

impl Event<'_> {
    fn room(&self) -> &Room {
        &self.inbound.room
    }

    fn is_late(&self) -> bool {
        self.clock.duration_since(self.written) > LATE_FROM
    }
}

/// The dossiers that one event holds. More than one only under the founding lock.
struct Held {
    registry: OwnedMutexGuard<Dossier>,
    home: Option<OwnedMutexGuard<Dossier>>,
}

impl Engine {
    async fn carry_out(&self, inbound: &Inbound) -> Result<(), CommitError> {
        let clock = self.clock.now();
        let quoted = match &inbound.what {
            What::Said { quotes: Some(message), .. } => {
                let about = self.store.about(message).await;
                about.map_err(|error| CommitError::Failed(format!("{error:#}")))?
            }
            _ => None,
        };
        let event = Event {
            inbound,
            clock,
            written: inbound.written_at.map_or(clock, |written| written.min(clock)),
            admin: self.admins.contains(&inbound.sender.id),
            quoted: quoted.map(|about| (about.project, about.key)),
        };
        match &inbound.what {
            What::Joined => self.answer_only(&event, features::greeting()).await,
            What::OverQuota => self.over_quota(&event).await,
            What::MeetingEnded { topic, started, ended } => {
                self.meeting_ended(&event, topic, *started, *ended).await
            }
            What::Pressed { line } => self.lines(&event, vec![Typed::plain(line)], false).await,
            What::Said { text, addressed, .. } => {
                match grammar::hear(text, *addressed, inbound.room.direct, features::OBJECTS) {
                    Heard::Nothing => self.overheard(&event, &text.words()).await,
                    Heard::Called => self.answer_only(&event, features::help(None)).await,
                    Heard::One(line) => self.lines(&event, vec![line], false).await,
                    Heard::Batch(lines) if lines.len() > MOST_LINES => {
                        let refused = format!("一条消息最多 {MOST_LINES} 条命令，都没有执行，请分开发");
                        self.answer_only(&event, Message::text(refused)).await
                    }
                    Heard::Batch(lines) => self.lines(&event, lines, true).await,
                }
            }
        }
    }

    /// A message that is not for the bot: only an answer that quotes one of ours means something.
    async fn overheard(&self, event: &Event<'_>, said: &str) -> Result<(), CommitError> {
        let Some((project, key)) = event.quoted else { return Ok(()) };
        if self.directory(|directory| directory.of_room(&event.room().id)) != Some(project) {
            return Ok(());
        }
        let registry = self.take(REGISTRY).await.clone();
        let mut dossier = self.take(project).await;
        let place = self.place(event, Some(&dossier));
        let cx = self.context(event, &registry, place, &[]);
        let Some(outcome) = features::answer_by_quote(key, said, &dossier, &cx) else { return Ok(()) };
        let mut draft = self.draft(event);
        let message = self.settle(event, &mut draft, &mut dossier, outcome, None);
        self.reply(event, &mut draft, message, Some((project, key)));
        self.write(draft, &mut [&mut dossier]).await
    }

    /// A platform's own meeting ended; it counts for the project of its room.
    async fn meeting_ended(
        &self,
        event: &Event<'_>,
        topic: &str,
        started: Option<Timestamp>,
        ended: Timestamp,
    ) -> Result<(), CommitError> {
        let mut draft = self.draft(event);
        let home = self.directory(|directory| directory.of_room(&event.room().id));
        let Some(home) = home else { return self.write(draft, &mut []).await };
        let registry = self.take(REGISTRY).await.clone();
        let mut dossier = self.take(home).await;
        let place = self.place(event, Some(&dossier));
        let cx = self.context(event, &registry, place, &[]);
        if let Some(outcome) = features::meeting::ended_by_platform(topic, started, ended, &dossier, &cx) {
            // Nobody asked, so the answer goes nowhere.
            let _ = self.settle(event, &mut draft, &mut dossier, outcome, None);
        }
        self.write(draft, &mut [&mut dossier]).await
    }

    /// Carries out one line, or several as one commit.
    async fn lines(&self, event: &Event<'_>, lines: Vec<Typed>, batch: bool) -> Result<(), CommitError> {
        let mut home = self.home(event, &lines);
        let wide = home.is_none() || lines.iter().any(is_about_projects);
        // Held until the commit is durable: whatever may touch a second dossier waits here.
        let _founding = if wide { Some(self.founding.lock().await) } else { None };
        if wide {
            // Whoever was here before may have made this room's project, or given it another.
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
            Some(id) => Some(self.take(id).await),
            None => None,
        };
        let mut held = Held { registry, home };
        let mut draft = self.draft(event);
        let mut answers: Vec<(bool, Typed, Message)> = Vec::new();
        let mut about = None;
        for line in lines {
            match self.line(event, &mut draft, &mut held, &line).await? {
                Ok((message, key)) => {
                    about = about.or(key);
                    answers.push((true, line, message));
                }
                Err(Refusal(message)) => answers.push((false, line, message)),
            }
        }
        let answer = if batch { batched(answers) } else { answers.pop().map(|(.., answer)| answer) };
        let about = about.zip(held.home.as_ref()).map(|(key, home)| (home.id, key));
        if let Some(answer) = answer {
            self.reply(event, &mut draft, answer, about);
        }
        if draft.is_empty() {
            return Ok(());
        }
        let Held { registry, home } = &mut held;
        if let Some(home) = home.as_deref_mut() {
            self.overtaken(&mut draft, home, event.clock);
        }
        let mut dossiers: Vec<&mut Dossier> = Vec::new();
        if wide {
            dossiers.push(registry);
        }
        dossiers.extend(home.as_deref_mut());
        self.write(draft, &mut dossiers).await
    }

    /// Reads and decides one line, and applies it to the dossiers in hand.
    async fn line(
        &self,
        event: &Event<'_>,
        draft: &mut Draft,
        held: &mut Held,
        line: &Typed,
    ) -> Result<Result<(Message, Option<Key>), Refusal>, CommitError> {
        let sender = &event.inbound.sender;
        let (line, named) = if event.room().direct { split_project(line) } else { (line.clone(), None) };
        let mut known: Vec<Person> = held.home.iter().flat_map(|dossier| dossier.people()).cloned().collect();
        if !known.iter().any(|person| person.id == sender.id) {
            known.push(sender.clone());
        }
        let quoted = event
            .quoted
            .filter(|(project, _)| held.home.as_ref().is_some_and(|home| home.id == *project))
            .map(|(_, key)| key);
        let reader = Reader {
            objects: features::OBJECTS,
            commands: features::COMMANDS,
            known: &known,
            sender,
            quoted,
        };
        let Parsed { command, args } = match grammar::parse(&line, &reader) {
            Ok(parsed) => parsed,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let on = command.spec.on;
        if let Err(refusal) = self.settle_home(event, held, on, &args, named.as_deref()).await? {
            return Ok(Err(refusal));
        }
        let log = match (&held.home, command.spec.reads_log) {
            (Some(home), true) => {
                let log = self.store.log(home.id, args.id, LOG_READ).await;
                log.map_err(|error| CommitError::Failed(format!("{error:#}")))?
            }
            _ => Vec::new(),
        };
        let place = self.place(event, held.home.as_deref());
        if on == On::Wide {
            let mine = self.directory(|directory| directory.of_person(&sender.id));
            let here = held.home.as_deref();
            let message = self.wide(event, command, &mine, here, &held.registry, place).await;
            return Ok(message.map(|message| (message, None)));
        }
        let founded = held.home.as_ref().is_some_and(|home| home.founded().is_some());
        let made = if founded { None } else { self.found(event, draft, held, on) };
        let registry = held.registry.clone();
        let cx = self.context(event, &registry, place, &log);
        let dossier: &mut Dossier = match (on, &mut held.home) {
            (On::Registry | On::Nothing, _) | (_, None) => &mut held.registry,
            (_, Some(home)) => home,
        };
        let said = args.said.clone();
        let people = args.people.clone();
        let decided = permitted(command.spec.who, dossier, &cx)
            .and_then(|()| visible(&args, dossier, &cx))
            .and_then(|()| (command.run)(args, dossier, &cx));
        let outcome = match decided {
            Ok(outcome) => outcome,
            Err(refusal) => {
                if !founded {
                    self.unfound(draft, held);
                }
                return Ok(Err(refusal));
            }
        };
        let about = outcome.about;
        let mut message = self.settle(event, draft, dossier, outcome, Some(&said));
        if dossier.founded().is_some() && !matches!(on, On::Registry | On::Nothing) {
            for person in [sender].into_iter().chain(&people) {
                self.meet(draft, dossier, person);
            }
        }
        if let Some(made) = made.filter(|_| on == On::ProjectOrNew) {
            message = message
                .line(format!("已为本群建项目「{made}」。设置角色：/角色 项目经理 @某人 技术对接人 @某人"));
        }
        Ok(Ok((message, about)))
    }

    /// The project that a line is carried out on.
    async fn settle_home(
        &self,
        event: &Event<'_>,
        held: &mut Held,
        on: On,
        args: &Args,
        named: Option<&str>,
    ) -> Result<Result<(), Refusal>, CommitError> {
        let refuse = |text: String| Ok(Err(Refusal::new(text)));
        match on {
            On::Nothing | On::Registry | On::Wide => Ok(Ok(())),
            On::New if event.room().direct => refuse("请在项目群里建项目：这个群会成为它的项目群".to_owned()),
            On::New => {
                if held.home.is_some() {
                    let name = held.home.as_ref().and_then(|home| home.founded()).map(|p| p.name.clone());
                    let name = name.unwrap_or_default();
                    return refuse(format!("本群已属于项目「{name}」。要换项目，先 /项目 解绑"));
                }
                if self.directory(|directory| directory.of_name(&args.text).is_some()) {
                    let name = args.text.trim();
                    return refuse(format!("已有叫「{name}」的项目。把本群绑过去：/项目 绑定 {name}"));
                }
                held.home = Some(self.take(self.next_project()).await);
                Ok(Ok(()))
            }
            On::Named => {
                let name = args.text.trim().trim_end_matches("客户群").trim();
                let Some(id) = self.directory(|directory| directory.of_name(name)) else {
                    let near = self.directory(|directory| nearest(name, directory.names()));
                    let near = near.map(|near| format!("是不是「{near}」？")).unwrap_or_default();
                    return refuse(format!("没有叫「{name}」的项目。{near}"));
                };
                if held.home.as_ref().is_some_and(|home| home.id == id) {
                    return Ok(Ok(()));
                }
                if let Some(other) = held.home.as_ref().and_then(|home| home.founded()) {
                    return refuse(format!("本群已属于项目「{}」。要换项目，先 /项目 解绑", other.name));
                }
                held.home = Some(self.take(id).await);
                Ok(Ok(()))
            }
            On::Project | On::ProjectOrNew if held.home.is_some() => Ok(Ok(())),
            On::Project | On::ProjectOrNew if event.room().direct => {
                Ok(Err(self.ask_which_project(event, args, named)))
            }
            On::ProjectOrNew => {
                held.home = Some(self.take(self.next_project()).await);
                Ok(Ok(()))
            }
            On::Project => refuse("本群还没有项目。先建一个：/项目 新建 项目名 客户:客户名".to_owned()),
        }
    }

    /// In a direct chat the project may have to be asked for.
    fn ask_which_project(&self, event: &Event<'_>, args: &Args, named: Option<&str>) -> Refusal {
        if let Some(named) = named {
            return Refusal::new(format!("没有叫「{named}」的项目，或您不在其中"));
        }
        let mine = self.directory(|directory| {
            let projects = directory.of_person(&event.inbound.sender.id);
            projects.into_iter().filter_map(|id| directory.name_of(id).map(str::to_owned)).collect::<Vec<_>>()
        });
        if mine.is_empty() {
            return Refusal::new("您还不在任何项目里。请在项目群里 @ 我，或先在群里发 /项目 新建 项目名");
        }
        let first = args.said.lines().next().unwrap_or_default();
        let refusal = Refusal::new("是哪个项目的？");
        mine.iter()
            .take(5)
            .fold(refusal, |refusal, name| refusal.button(name.clone(), address::for_project(first, name)))
    }

    /// Makes the project that a line begins; gives its name. Its record is the command's to write for
    /// `新建`.
    fn found(&self, event: &Event<'_>, draft: &mut Draft, held: &mut Held, on: On) -> Option<String> {
        let home = held.home.as_mut().filter(|_| on == On::ProjectOrNew)?;
        let room = event.room();
        let base = room.name.clone().unwrap_or_else(|| "新项目".to_owned());
        let name = self.directory(|directory| {
            let taken = |name: &String| directory.of_name(name).is_some();
            let numbered = (2..).map(|number| format!("{base} {number}"));
            std::iter::once(base.clone()).chain(numbered).find(|name| !taken(name))
        })?;
        let bound = BoundRoom { id: room.id.clone(), name: room.name.clone(), kind: RoomKind::Internal };
        let project = Project::found(name.clone(), bound, event.inbound.sender.clone(), event.written);
        draft.put(home, Arc::new(project), &self.rules);
        Some(name)
    }

    /// A refused first line makes no project.
    fn unfound(&self, draft: &mut Draft, held: &mut Held) {
        if let Some(home) = held.home.take() {
            self.directory.write().expect("no panic while it is held").forget(home.id);
            draft.abandon(home.id);
            self.dossiers.write().expect("no panic while it is held").remove(&home.id);
        }
    }

    /// A number that no project has. Only under the founding lock.
    fn next_project(&self) -> ProjectId {
        let dossiers = self.dossiers.read().expect("no panic while it is held");
        ProjectId(dossiers.keys().map(|id| id.0).max().unwrap_or(0) + 1)
    }

    /// Applies a decision, logs it, and addresses what it says. Gives the answer.
    fn settle(
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
                changes,
            };
            draft.log(dossier, entry);
        }
        let mut say = outcome.say;
        // A ping tells the team anyway.
        let told = say.iter().any(|say| matches!(say, Say::Ping(_)));
        if event.room().direct && !outcome.records.is_empty() && !told {
            say.extend(outcome.reply.as_ref().and_then(|reply| from_direct(reply, &event.inbound.sender)));
        }
        self.say(draft, dossier, say, event.clock, None);
        let mut message = outcome.reply.unwrap_or_default();
        if event.is_late() {
            prefix(&mut message, "【补处理】");
        }
        message
    }

    /// Addresses what a decision says, and speaks of empty seats once a day.
    pub(super) fn say(
        &self,
        draft: &mut Draft,
        dossier: &mut Dossier,
        say: Vec<Say>,
        now: Timestamp,
        due: Option<Timestamp>,
    ) {
        for mut something in say {
            if let Say::Ping(ping) = &mut something
                && let (Some(role), Some(project)) = (ping.missing, dossier.founded())
                && let Some((line, next)) =
                    address::missing_seat(project, role, self.rules.calendar.date(now))
            {
                ping.message.lines.push(line);
                draft.put(dossier, Arc::new(next), &self.rules);
            }
            let Some(project) = dossier.founded() else { continue };
            let notifies = |room: &crate::chat::RoomId| self.notifies(room);
            let post =
                address::Post { id: dossier.id, project, rules: &self.rules, now, due, notifies: &notifies };
            draft.say(post.address(something));
        }
    }

    /// Makes somebody known to a project; a project of few words does not log it.
    fn meet(&self, draft: &mut Draft, dossier: &mut Dossier, person: &Person) {
        let met = dossier.founded().and_then(|project| project.meeting(person));
        if let Some(project) = met {
            draft.put(dossier, Arc::new(project), &self.rules);
        }
    }

    fn draft(&self, event: &Event<'_>) -> Draft {
        let mut draft = Draft::default();
        for key in &event.inbound.keys {
            draft.seen(key.clone(), event.clock.checked_add(SEEN_FOR).unwrap_or(Timestamp::MAX));
        }
        draft
    }

    fn reply(&self, event: &Event<'_>, draft: &mut Draft, message: Message, about: Option<(ProjectId, Key)>) {
        if message.lines.is_empty() {
            return;
        }
        let room = event.room();
        let to = match room.direct {
            true => Target::Person(event.inbound.sender.id.clone()),
            false => Target::Room(room.id.clone()),
        };
        let reply_to: Option<ReplyTo> = event.inbound.reply_to.clone();
        draft.answer(Outgoing {
            reply_to,
            about: about.map(|(project, key)| crate::store::About { project, key }),
            ..Outgoing::new(to, message, event.clock)
        });
    }

    async fn answer_only(&self, event: &Event<'_>, message: Message) -> Result<(), CommitError> {
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

    /// The project whose commands are carried out here, before a line says otherwise.
    fn home(&self, event: &Event<'_>, lines: &[Typed]) -> Option<ProjectId> {
        if !event.room().direct {
            return self.directory(|directory| directory.of_room(&event.room().id));
        }
        let named = lines.first().and_then(|line| split_project(line).1);
        self.directory(|directory| {
            let mine = directory.of_person(&event.inbound.sender.id);
            match (named, mine.as_slice()) {
                (Some(name), mine) => directory.of_name(&name).filter(|id| mine.contains(id)),
                (None, [only]) => Some(*only),
                (None, _) => event.quoted.map(|(project, _)| project).filter(|id| mine.contains(id)),
            }
        })
    }

    pub(super) fn place_of(&self, room: &Room, dossier: Option<&Dossier>) -> Place {
        let bound = dossier.and_then(Dossier::founded).and_then(|project| project.room_kind(&room.id));
        let kind = if room.direct { RoomKind::Direct } else { bound.unwrap_or(RoomKind::Internal) };
        Place { room: room.id.clone(), name: room.name.clone(), kind }
    }

    fn place(&self, event: &Event<'_>, dossier: Option<&Dossier>) -> Place {
        self.place_of(event.room(), dossier)
    }

    fn context<'a>(
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
            admin: event.admin,
            place,
            message: event.inbound.reply_to.as_ref().map(|reply| &reply.message),
            quoted: event.quoted.map(|(_, key)| key),
            log,
            registry,
        }
    }

    /// A command that reads every project of the asker.
    #[allow(
        clippy::too_many_arguments,
        reason = "all of it is the event's own, taken apart by the borrow checker"
    )]
    async fn wide(
        &self,
        event: &Event<'_>,
        command: &crate::grammar::Erased,
        mine: &[ProjectId],
        here: Option<&Dossier>,
        registry: &Dossier,
        place: Place,
    ) -> Result<Message, Refusal> {
        let mut copies = Vec::new();
        for id in mine {
            if let Some(here) = here.filter(|here| here.id == *id) {
                copies.push(here.clone());
            } else if let Some(cell) = self.cell(*id) {
                copies.push(cell.lock().await.clone());
            }
        }
        let cx = self.context(event, registry, place, &[]);
        features::wide(command.spec.object, &copies, here, &cx)
    }
}

/// What the team hears of something that one of them did in a direct chat.
fn from_direct(reply: &Message, by: &Person) -> Option<Say> {
    let first = reply.lines.first()?.plain();
    let message = Message::text(format!("{} 私聊：{first}", by.name));
    Some(Say::Announce { hearing: Hearing::Internal, message, about: None })
}

/// Whether a line can touch more than its own project.
fn is_about_projects(line: &Typed) -> bool {
    let text: String = line.text().chars().map(grammar::narrow).collect();
    let word = text.trim_start().trim_start_matches(['/', '、', '\\']).trim_start();
    features::SPANNING.iter().any(|object| {
        object.names().any(|name| word.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)))
    })
}

/// A direct line and the project that it names with `项目:`.
fn split_project(line: &Typed) -> (Typed, Option<String>) {
    let (first, rest) = match line.text().split_once('\n') {
        Some((first, rest)) => (first, Some(rest)),
        None => (line.text(), None),
    };
    let Some(at) = first.rfind(" 项目:").or_else(|| first.rfind(" 项目：")) else {
        return (line.clone(), None);
    };
    let name = first[at + 1..].trim_start_matches("项目").trim_start_matches([':', '：']).trim().to_owned();
    let text = match rest {
        Some(rest) => format!("{}\n{rest}", &first[..at]),
        None => first[..at].to_owned(),
    };
    (line.with_text(&text), Some(name))
}

/// Whether whoever asks may; a refusal says who may.
fn permitted(who: Who, dossier: &Dossier, cx: &Context) -> Result<(), Refusal> {
    let Some(project) = dossier.founded() else { return Ok(()) };
    let triangle = cx.is_triangle(dossier);
    let representative = project.holds(&cx.actor.id, crate::dossier::Role::CustomerRepresentative);
    let allowed = match who {
        Who::Anyone => true,
        Who::Triangle => triangle,
        Who::TriangleOnceSet => triangle || project.seats.is_empty(),
        Who::TriangleOrRepresentative => triangle || representative,
    };
    if allowed { Ok(()) } else { Err(features::who_may(who, project)) }
}

/// A record that this room or person may not see is as if it were not there.
fn visible(args: &Args, dossier: &Dossier, cx: &Context) -> Result<(), Refusal> {
    let Some(key) = args.id else { return Ok(()) };
    let Some(record) = dossier.record(key) else {
        return Err(Refusal::new(format!("没有 {key}。看编号发 /{} 列表", features::name_of(key.letter))));
    };
    let asked = cx.place.kind != RoomKind::Customer && record.asks(&cx.actor.id, dossier);
    if record.shared() || asked || cx.sees_internal(dossier) {
        return Ok(());
    }
    Err(Refusal::new(format!("没有 {key}。看编号发 /{} 列表", record.name())))
}

/// The answers of several lines as one message.
fn batched(answers: Vec<(bool, Typed, Message)>) -> Option<Message> {
    let mut all = Message::default();
    for (done, line, answer) in answers {
        let mut lines = answer.lines.into_iter();
        let mut first = lines.next().unwrap_or_default();
        let mark = if done { "✓ ".to_owned() } else { format!("✗ {}：", shortened(&line.words())) };
        first.0.insert(0, Span::Text(mark));
        all.lines.push(first);
        all.lines.extend(lines);
    }
    (!all.lines.is_empty()).then_some(all)
}

fn shortened(text: &str) -> String {
    const LENGTH: usize = 24;
    let mut short: String = text.chars().take(LENGTH).collect();
    if text.chars().count() > LENGTH {
        short.push('…');
    }
    short
}

fn prefix(message: &mut Message, words: &str) {
    if let Some(line) = message.lines.first_mut() {
        line.0.insert(0, Span::Text(words.to_owned()));
    }
}

fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    names
        .map(|other| (strsim::damerau_levenshtein(name, other), other))
        .filter(|(distance, other)| distance * 2 <= other.chars().count().max(name.chars().count()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other.to_owned())
}
