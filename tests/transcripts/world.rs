//! The world in which a transcript is played: one bot, its rooms, its people, and the clock.

mod buttons;

use std::{
    collections::HashSet,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use jiff::{
    Timestamp,
    civil::{DateTime, Time},
    tz::TimeZone,
};
use jiuding::{
    calendar::schedule::Schedule,
    chat::{
        Inbound, Message, MessageId, Newcomer, Person, PersonId, Room, RoomId, Span, Target, What, Words,
    },
    clock::{Clock, SharedClock, SimulatedClock},
    config::Config,
    engine::{Engine, Parts},
    outbox::{Outbox, Owed},
    platform::{
        Accepted, Edits, Limits, Parcel, Platform, Received, Receiver, Undelivered,
        playground::{BOT, Mentioned, NAME, Playground, Pressed, Said},
    },
    store::{GENERATION, Store, postgres::PostgresStore, sled::SledStore},
};
use tokio::{
    sync::watch,
    task::{JoinHandle, yield_now},
};

use crate::{around::Outer, postgres::Schema};

use super::{
    fragile::Fragile,
    script::{Act, FORM, HOME, Page, Place, Script, Step},
};

/// How a transcript is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As it stands.
    Plain,
    /// Every event is delivered three times, once under another event id.
    Repeated,
    /// The process dies after each commit and is started again; the platform repeats what was not
    /// answered.
    Crashing,
}

/// Where a transcript's bot keeps its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// In a folder.
    Sled,
    /// In a schema of the tests' database.
    Postgres,
    /// There too, and two processes take turns: what one is told again comes to the other.
    Together,
}

/// What `setup` says: the project, its five people, its two rooms.
const SETUP: [(&str, &str, &str); 3] = [
    ("张经理", HOME, "/项目 新建 远山支付 客户:远山银行 行业:银行"),
    (
        "张经理",
        HOME,
        "/角色 客户主管 @陈主管 项目经理 @张经理 技术对接人 @李工 技术骨干 @赵工 客户代表 @王女士",
    ),
    ("张经理", "客户群", "/项目 绑定 远山支付 客户群"),
];
const PEOPLE: [&str; 5] = ["陈主管", "张经理", "李工", "赵工", "王女士"];
/// How long real time may pass until everything is said; a machine under load takes its time.
const LIMIT: Duration = Duration::from_secs(60);

/// What one transcript is played in.
pub struct World {
    mode: Mode,
    folder: tempfile::TempDir,
    /// Instead of the folder.
    schema: Option<Schema>,
    keeps: Keeps,
    clock: Arc<SimulatedClock>,
    zone: TimeZone,
    config: Config,
    jobs: bool,
    /// What was said is edited, and that stands on the page.
    cards: bool,
    /// Setting up is neither repeated nor interrupted.
    calm: bool,
    people: Vec<String>,
    heard: Arc<Mutex<Vec<Spoken>>>,
    /// How much of it is on the page.
    printed: usize,
    bot: Option<Running>,
    /// The one whose turn is next.
    other: Option<Running>,
    /// What was said while the bot was away.
    missed: Vec<(Act, Timestamp)>,
    messages: u32,
    /// What people said: who, in which room, the message's id.
    said: Vec<(String, String, String)>,
    page: Page,
}

/// A message of the bot as its platform took it.
#[derive(Debug, Clone)]
struct Spoken {
    at: Timestamp,
    /// The outbox counts up, so this is the order in which it was decided.
    number: u64,
    to: Target,
    message: Message,
    id: MessageId,
    /// It is what an earlier message says now.
    edit: bool,
}

/// One process of the bot.
struct Running {
    store: Arc<Outer<Fragile>>,
    engine: Arc<Engine>,
    playground: Arc<Playground>,
    stop: watch::Sender<bool>,
    outbox: JoinHandle<()>,
}

impl World {
    pub fn play(script: &Script, mode: Mode, keeps: Keeps) -> Result<String, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = Self::new(script, mode);
            world.keeps = keeps;
            if keeps != Keeps::Sled {
                world.schema = Some(Schema::new().await);
            }
            for step in &script.steps {
                world.step(step).await?;
            }
            world.stop().await;
            if let Some(schema) = world.schema.take() {
                schema.drop().await;
            }
            Ok(std::mem::take(&mut world.page).end())
        })
    }

    fn new(script: &Script, mode: Mode) -> Self {
        let config = Config::default();
        let zone = config.rules().unwrap().calendar.zone().clone();
        let Step::Time(start) = &script.steps[0] else { unreachable!("a script begins with a time") };
        let start = start.to_zoned(zone.clone()).unwrap().timestamp();
        let mut people: Vec<String> = PEOPLE.map(str::to_owned).to_vec();
        people.extend(script.speakers());
        // Memory, where there is a folder of it: the store flushes after every write.
        let memory = Path::new("/dev/shm");
        let folder = match memory.is_dir() {
            true => tempfile::tempdir_in(memory),
            false => tempfile::tempdir(),
        };
        Self {
            mode,
            folder: folder.unwrap(),
            schema: None,
            keeps: Keeps::Sled,
            clock: Arc::new(SimulatedClock::new(start)),
            zone,
            config,
            jobs: false,
            cards: false,
            calm: false,
            people,
            heard: Arc::default(),
            printed: 0,
            bot: None,
            other: None,
            missed: Vec::new(),
            messages: 0,
            said: Vec::new(),
            page: Page::begin(script),
        }
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Time(at) => {
                let to = at.to_zoned(self.zone.clone()).unwrap().timestamp();
                if to < self.clock.now() {
                    return Err(format!("time goes back to {at}"));
                }
                if self.bot.is_none() && self.printed == 0 && self.missed.is_empty() && to == self.clock.now()
                {
                    self.start().await;
                }
                self.advance(to).await;
                self.print();
                self.page.time(*at);
            }
            Step::Act(act, written) => {
                self.page.act(written);
                self.act(act).await?;
                self.print();
            }
        }
        Ok(())
    }

    async fn act(&mut self, act: &Act) -> Result<(), String> {
        match act {
            Act::Remark | Act::People(_) => {}
            Act::Jobs => {
                self.jobs = true;
                self.stop().await;
                self.start().await;
            }
            Act::Cards => {
                self.cards = true;
                self.stop().await;
                self.start().await;
            }
            Act::Setup => {
                self.calm = true;
                self.stop().await;
                self.start().await;
                for (who, room, text) in SETUP {
                    let said = self.said(who, &Place::Room(room.into()), text, None);
                    self.deliver(Event::Said(said), None).await?;
                }
                self.calm = false;
                self.stop().await;
                self.printed = self.heard.lock().unwrap().len();
                self.start().await;
            }
            Act::Restart => {
                self.stop().await;
                self.start().await;
            }
            Act::Stop => self.stop().await,
            Act::Start => {
                self.start().await;
                for (act, written) in std::mem::take(&mut self.missed) {
                    let event = self.event(&act)?;
                    self.deliver(event, Some(written)).await?;
                }
            }
            Act::Say { .. }
            | Act::Press { .. }
            | Act::Fill { .. }
            | Act::Joined(_)
            | Act::Told { .. }
            | Act::MeetingEnded { .. }
            | Act::Recorded { .. } => {
                if self.bot.is_none() {
                    self.missed.push((act.clone(), self.clock.now()));
                    return Ok(());
                }
                let event = self.event(act)?;
                let written = match act {
                    Act::Say { written: Some(written), .. } => Some(self.today_at(*written)),
                    _ => None,
                };
                self.deliver(event, written).await?;
            }
        }
        Ok(())
    }

    fn event(&mut self, act: &Act) -> Result<Event, String> {
        Ok(match act {
            Act::Say { who, place, text, quotes, .. } => {
                let quoted = match quotes {
                    Some(name) if self.people.contains(name) => Some(self.last_of(name, place)?),
                    Some(id) => Some(self.spoken(id, |spoken| spoken.is_in(who, place))?.id.raw().to_owned()),
                    None => None,
                };
                Event::Said(self.said(who, place, text, quoted))
            }
            Act::Press { who, place, label, on } => {
                let id = on.as_deref().unwrap_or_default();
                let spoken = self.spoken(id, |spoken| {
                    spoken.message.clone().formless().buttons.iter().any(|button| button.label == *label)
                        && place.as_ref().is_none_or(|place| spoken.is_in(who, place))
                })?;
                self.pressing(&spoken, who, label)
            }
            Act::Fill { who, place, on, filled } => {
                let id = on.as_deref().unwrap_or_default();
                let spoken =
                    self.spoken(id, |spoken| spoken.is_in(who, place) && spoken.message.form.is_some())?;
                self.filling(&spoken, who, filled)?
            }
            Act::Joined(room) => Event::Told(self.told(room, What::Joined)),
            Act::Told { room, what, words } => {
                let person = |name: &String| Person { id: PersonId::new(NAME, name), name: name.clone() };
                let mut inbound = match room.as_str() {
                    "企业" => self.told("", What::Gone),
                    room => self.told(room, What::Gone),
                };
                inbound.what = match what.as_str() {
                    "recalled" => {
                        let who = words.first().ok_or("whose message?")?;
                        let id = self.last_of(who, &Place::Room(room.clone()))?;
                        let heard_as = format!("{NAME}:msg:{room}:{id}");
                        What::Recalled { message: MessageId::new(NAME, &format!("{room}:{id}")), heard_as }
                    }
                    "gone" => What::Gone,
                    "renamed" => {
                        inbound.room.name = words.first().cloned();
                        What::Renamed
                    }
                    "came" => {
                        let newcomer = |name: &String| Newcomer {
                            outside: name.starts_with('外'),
                            person: person(name),
                        };
                        What::Came { people: words.iter().map(newcomer).collect() }
                    }
                    _ => What::Left { people: words.iter().map(person).collect() },
                };
                Event::Told(inbound)
            }
            Act::MeetingEnded { topic, from, to } => {
                let (started, ended) = (Some(self.today_at(*from)), self.today_at(*to));
                let what = What::MeetingEnded { topic: topic.clone(), started, ended };
                Event::Told(self.told(HOME, what))
            }
            Act::Recorded { topic, url } => {
                let ready = self.clock.now();
                Event::Told(self.told(HOME, What::Recorded { topic: topic.clone(), ready, url: url.clone() }))
            }
            _ => unreachable!("only what platforms tell is an event"),
        })
    }

    fn said(&mut self, who: &str, place: &Place, text: &str, reply_to: Option<String>) -> Said {
        let (room, room_name, direct) = match place {
            Place::Room(room) => (room.clone(), Some(room.clone()), false),
            Place::Direct => (format!("dm:{who}"), None, true),
        };
        let mut mentions = Vec::new();
        for name in &self.people {
            if text.contains(&format!("@{name}")) {
                mentions.push(mentioned(name));
            }
        }
        if text.contains("@鼎鼎") {
            mentions.push(Mentioned { id: BOT.into(), name: "鼎鼎".into() });
        }
        let message_id = self.message_id();
        self.said.push((who.to_owned(), room.clone(), message_id.clone()));
        let message_id = Some(message_id);
        Said {
            room,
            room_name,
            sender: mentioned(who),
            text: text.to_owned(),
            mentions,
            message_id,
            reply_to,
            direct,
        }
    }

    fn told(&mut self, room: &str, what: What) -> Inbound {
        Inbound {
            keys: vec![format!("{NAME}:event:{}", self.message_id())],
            room: Room { id: RoomId::new(NAME, room), name: Some(room.to_owned()), direct: false },
            sender: Person { id: PersonId::new(NAME, "平台"), name: "平台".into() },
            written_at: Some(self.clock.now()),
            reply_to: None,
            what,
        }
    }

    /// The id of the newest message of somebody there.
    fn last_of(&self, name: &str, place: &Place) -> Result<String, String> {
        let Place::Room(there) = place else { return Err("only in rooms".into()) };
        let last = self.said.iter().rev().find(|(who, room, _)| who == name && room == there);
        last.map(|(.., id)| id.clone()).ok_or_else(|| format!("{name} said nothing in {there}"))
    }

    fn message_id(&mut self) -> String {
        self.messages += 1;
        format!("m{}", self.messages)
    }

    /// The newest message of the bot that names `id` and fits.
    fn spoken(&self, id: &str, fits: impl Fn(&Spoken) -> bool) -> Result<Spoken, String> {
        let mut heard = self.heard.lock().unwrap().clone();
        heard.retain(|spoken| !spoken.edit);
        heard.sort_by_key(|spoken| (spoken.at, spoken.number));
        let names = |spoken: &&Spoken| id == "last" || id.is_empty() || is_named(&spoken.message.plain(), id);
        let found = heard.iter().rev().filter(names).find(|spoken| fits(spoken));
        found.cloned().ok_or_else(|| format!("the bot said nothing of {id:?} that fits there"))
    }

    fn today_at(&self, time: Time) -> Timestamp {
        let today = self.clock.now().to_zoned(self.zone.clone()).date();
        today.to_datetime(time).to_zoned(self.zone.clone()).unwrap().timestamp()
    }

    /// Delivers an event until somebody answers for it, and waits until everything is said.
    async fn deliver(&mut self, event: Event, written: Option<Timestamp>) -> Result<(), String> {
        loop {
            let bot = self.bot.as_ref().expect("the bot is there");
            // What it looks up comes a moment after what it decides on.
            bot.engine.catch_up().await.unwrap();
            let again = self.other.as_ref().unwrap_or(bot).engine.clone();
            let receiver =
                Door { engine: bot.engine.clone(), again, written, repeats: self.is(Mode::Repeated) };
            let done = tokio::select! {
                biased;
                () = bot.store.0.death() => None,
                done = event.clone().deliver(&bot.playground, &receiver) => Some(done),
            };
            drop(receiver);
            match done {
                Some(done) => {
                    done?;
                    self.advance(self.clock.now()).await;
                    if self.other.is_some() {
                        std::mem::swap(&mut self.bot, &mut self.other);
                    }
                    return Ok(());
                }
                None => self.revive().await,
            }
        }
    }

    /// Moves the clock, saying everything that is due on the way.
    async fn advance(&mut self, to: Timestamp) {
        loop {
            let Some(bot) = &self.bot else { return self.clock.set(to) };
            let done = tokio::select! {
                biased;
                () = bot.store.0.death() => None,
                advanced = bot.engine.advance(to) => Some(advanced.expect("time goes on")),
            };
            match done {
                Some(advanced) => return assert_eq!(advanced.pending, 0, "something stays unsaid"),
                None => self.revive().await,
            }
        }
    }

    fn is(&self, mode: Mode) -> bool {
        self.mode == mode && !self.calm
    }

    async fn start(&mut self) {
        self.open().await;
        self.settle().await;
    }

    /// After a death: opens the store again until everything due is said without another death.
    async fn revive(&mut self) {
        self.bury().await;
        self.open().await;
    }

    /// What starting does: makes up what was missed.
    async fn settle(&mut self) {
        Box::pin(self.advance(self.clock.now())).await;
    }

    async fn open(&mut self) {
        loop {
            let store: Arc<dyn Store> = match &self.schema {
                Some(_) if self.keeps == Keeps::Together => self.join().await,
                Some(schema) => Arc::new(PostgresStore::open(&schema.url, self.clock.now()).await.unwrap()),
                None => Arc::new(self.sled().await),
            };
            let store = Arc::new(Outer(Fragile::new(store, self.is(Mode::Crashing))));
            tokio::select! {
                biased;
                () = store.0.death() => {}
                bot = self.assemble(store.clone()) => {
                    self.bot = Some(bot);
                    if self.keeps == Keeps::Together {
                        let store = Arc::new(Outer(Fragile::new(self.join().await, false)));
                        self.other = Some(self.assemble(store).await);
                    }
                    return;
                }
            }
            freed(store).await;
        }
    }

    async fn join(&self) -> Arc<dyn Store> {
        let schema = self.schema.as_ref().expect("several have a schema");
        Arc::new(PostgresStore::join(&schema.url, LIMIT, GENERATION, self.clock.now()).await.unwrap())
    }

    /// The store, once a reading of the process before that was under way has let go of the folder.
    async fn sled(&self) -> SledStore {
        let began = Instant::now();
        loop {
            match SledStore::open(self.folder.path(), self.clock.now()) {
                Ok(sled) => return sled,
                Err(error) => assert!(began.elapsed() < LIMIT, "{error:#}"),
            }
            yield_now().await;
        }
    }

    async fn assemble(&self, store: Arc<Outer<Fragile>>) -> Running {
        let now = self.clock.now();
        let clock: SharedClock = self.clock.clone();
        let playground = Arc::new(Playground::new(store.clone(), clock.clone()));
        let ear: Arc<dyn Platform> = Arc::new(Ear {
            inner: playground.clone(),
            clock: clock.clone(),
            heard: self.heard.clone(),
            cards: self.cards,
        });
        let jobs = self.config.jobs.all().into_iter().filter(|_| self.jobs);
        let jobs = jobs.filter_map(|(name, expression)| {
            Some((name.to_owned(), Schedule::parse(expression?).expect("the shipped schedules can be read")))
        });
        let engine = Engine::open(Parts {
            clock: clock.clone(),
            store: store.clone(),
            rules: Arc::new(self.config.rules().unwrap()),
            jobs: jobs.collect(),
            admins: vec![PersonId::new(NAME, "管理员")],
            platforms: vec![ear.clone()],
        })
        .await
        .unwrap();
        let outbox = Outbox::new(store.clone(), clock, vec![ear], now);
        let owed: Arc<dyn Owed> = engine.clone();
        outbox.set_owed(Arc::downgrade(&owed));
        outbox.load().await.unwrap();
        engine.speak_through(outbox.clone());
        let stop = watch::Sender::new(false);
        // A scheduler that is told to stop at once only looks from when on jobs were missed; the hand of
        // the clock does the rest.
        engine.clone().run(watch::Sender::new(true).subscribe()).await;
        let saying = tokio::spawn(outbox.clone().run(stop.subscribe()));
        tokio::spawn(engine.clone().follow(stop.subscribe()));
        // Before time goes on: what an earlier process left is said now.
        assert_eq!(outbox.idle(LIMIT).await, 0, "something stays unsaid");
        Running { store, engine, playground, stop, outbox: saying }
    }

    async fn stop(&mut self) {
        for bot in [self.bot.take(), self.other.take()].into_iter().flatten() {
            bot.playground.close();
            bot.stop.send_replace(true);
            let Running { store, outbox, engine, playground, stop } = bot;
            outbox.await.unwrap();
            if let Some(shared) = store.shared() {
                shared.leave().await.unwrap();
            }
            drop((engine, playground, stop));
            freed(store).await;
        }
    }

    /// The process is gone; nothing of it goes on.
    async fn bury(&mut self) {
        let Some(bot) = self.bot.take() else { return };
        bot.outbox.abort();
        let Running { store, outbox, engine, playground, stop } = bot;
        let _ = outbox.await;
        drop((engine, playground, stop));
        freed(store).await;
    }

    /// Puts what was said since on the page.
    fn print(&mut self) {
        let mut said = self.heard.lock().unwrap()[self.printed..].to_vec();
        self.printed += said.len();
        said.sort_by_key(|spoken| (spoken.at, spoken.edit, spoken.number));
        for spoken in said {
            let at: DateTime = spoken.at.to_zoned(self.zone.clone()).datetime();
            self.page.time(at);
            let (speaker, lines) = spoken.shown();
            self.page.say(&speaker, &lines);
        }
    }
}

/// Waits until nobody holds the store any more: only then can its folder be opened again.
async fn freed(store: Arc<Outer<Fragile>>) {
    while Arc::strong_count(&store) > 1 {
        yield_now().await;
    }
}

fn mentioned(name: &str) -> Mentioned {
    Mentioned { id: name.to_owned(), name: name.to_owned() }
}

/// Whether a text names an id, `T1` not within `T12`.
fn is_named(text: &str, id: &str) -> bool {
    text.match_indices(id).any(|(at, _)| {
        let next = text[at + id.len()..].chars().next();
        !next.is_some_and(|c| c.is_ascii_digit()) || !id.ends_with(|c: char| c.is_ascii_digit())
    })
}

/// Something that a platform tells.
#[derive(Clone)]
enum Event {
    Said(Said),
    Pressed(Pressed),
    Told(Inbound),
}

impl Event {
    async fn deliver(self, playground: &Playground, receiver: &Door) -> Result<(), String> {
        match self {
            Self::Said(said) => playground.say(said, receiver).await.map(|_| ()).map_err(|e| e.to_string()),
            Self::Pressed(pressed) => {
                playground.press(pressed, receiver).await.map(|_| ()).map_err(|e| e.to_string())
            }
            Self::Told(inbound) => receiver.receive(inbound).await.map(|_| ()).map_err(|e| e.to_string()),
        }
    }
}

/// The way in: late, or again and again.
struct Door {
    engine: Arc<Engine>,
    /// Where it comes again.
    again: Arc<Engine>,
    written: Option<Timestamp>,
    repeats: bool,
}

#[async_trait::async_trait]
impl Receiver for Door {
    async fn receive(&self, mut inbound: Inbound) -> anyhow::Result<Received> {
        inbound.written_at = self.written.or(inbound.written_at);
        let event = format!("event of {}", inbound.keys[0]);
        inbound.keys.push(event.clone());
        let first = self.engine.receive(inbound.clone()).await?;
        if self.repeats {
            self.again.receive(inbound.clone()).await?;
            inbound.keys[1] = format!("another {event}");
            self.engine.receive(inbound).await?;
        }
        Ok(first)
    }
}

/// Hears what the playground is told to say. Like every platform with an idempotency key it takes a
/// parcel once.
struct Ear {
    inner: Arc<Playground>,
    clock: SharedClock,
    heard: Arc<Mutex<Vec<Spoken>>>,
    cards: bool,
}

#[async_trait::async_trait]
impl Platform for Ear {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn deliver(&self, parcel: &Parcel) -> Result<Accepted, Undelivered> {
        let accepted = self.inner.deliver(parcel).await?;
        let id = accepted.message.clone().expect("the playground tells ids");
        let mut heard = self.heard.lock().unwrap();
        let known: HashSet<&MessageId> = heard.iter().map(|spoken| &spoken.id).collect();
        if !known.contains(&id) {
            let number = parcel.id.trim_start_matches("jd").split('-').next().unwrap().parse().unwrap();
            let (to, message) = (parcel.to.clone(), parcel.message.clone());
            heard.push(Spoken { at: self.clock.now(), number, to, message, id, edit: false });
        }
        Ok(accepted)
    }

    fn edits(&self) -> Option<Edits> {
        self.inner.edits().filter(|_| self.cards)
    }

    /// The same edit again is the one before.
    async fn edit(&self, id: &MessageId, to: &Target, fresh: &Message) -> Result<(), Undelivered> {
        self.inner.edit(id, to, fresh).await?;
        let mut heard = self.heard.lock().unwrap();
        let before = heard.iter().rev().find(|spoken| spoken.id == *id).expect("what is edited was said");
        if before.message != *fresh {
            let (at, number) = (self.clock.now(), before.number);
            let (to, message, id) = (to.clone(), fresh.clone(), id.clone());
            heard.push(Spoken { at, number, to, message, id, edit: true });
        }
        Ok(())
    }

    fn notifies_in(&self, room: &RoomId) -> bool {
        self.inner.notifies_in(room)
    }

    fn limits(&self) -> Limits {
        self.inner.limits()
    }

    fn remembers(&self) -> Duration {
        self.inner.remembers()
    }

    async fn name_of(&self, person: &PersonId) -> Option<String> {
        self.inner.name_of(person).await
    }

    async fn words_of(&self, room: &RoomId, message: &MessageId) -> Option<Words> {
        self.inner.words_of(room, message).await
    }

    async fn ready(&self) -> Result<(), String> {
        self.inner.ready().await
    }
}

impl Spoken {
    /// Whether it was said where `who` says something at this place.
    fn is_in(&self, who: &str, place: &Place) -> bool {
        match (&self.to, place) {
            (Target::Room(room), Place::Room(name)) => room.raw() == name,
            (Target::Person(person), Place::Direct) => person.raw() == who,
            _ => false,
        }
    }

    /// Who speaks where to whom, and the lines.
    fn shown(&self) -> (String, Vec<String>) {
        let mut speaker = match &self.to {
            Target::Room(room) if room.raw() == HOME => "鼎".to_owned(),
            Target::Room(room) => format!("鼎@{}", room.raw()),
            Target::Person(person) => format!("鼎@{}", person.raw()),
        };
        if self.edit {
            speaker.insert_str(0, "✎ ");
        }
        let mut lines = Vec::new();
        for (index, line) in self.message.lines.iter().enumerate() {
            let mut spans = line.0.as_slice();
            let mut text = String::new();
            if let [Span::Text(mark), rest @ ..] = spans
                && mark.starts_with('【')
                && mark.ends_with('】')
            {
                text.push_str(mark);
                spans = rest;
            }
            let mut called = Vec::new();
            while let [Span::Person(person), Span::Text(blank), rest @ ..] = spans
                && index == 0
                && blank == " "
            {
                called.push(person.name.as_str());
                spans = rest;
            }
            if !called.is_empty() {
                speaker.push_str(&format!("→{}", called.join(" ")));
            }
            text.extend(spans.iter().map(|span| match span {
                Span::Text(text) | Span::Strong(text) => text.clone(),
                Span::Person(person) => format!("@[{}]", person.name),
            }));
            lines.extend(text.split('\n').map(str::to_owned));
        }
        if let Some(form) = &self.message.form {
            let fields: Vec<&str> = form.fields.iter().map(|field| field.label.as_str()).collect();
            lines.push(format!("{FORM}{} [{}]〕", fields.join(" "), form.submit));
        }
        if !self.message.buttons.is_empty() {
            let buttons: Vec<String> =
                self.message.buttons.iter().map(|button| format!("[{}]", button.label)).collect();
            lines.push(buttons.join(" "));
        }
        (speaker, lines)
    }
}
