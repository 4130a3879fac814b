//! A department's year: so many projects through all their phases, on the simulated clock.
//! `PROJECTS=1000 cargo bench --bench year`; 200 where nothing is said.
//!
//! Each project has its triangle, a room for the team and one for the customer, a weekly meeting with
//! minutes and action items, contacts by phase, milestones, documents and tickets; one thing in eight is
//! forgotten until the bot asks for it. The engine, the embedded store and the outbox are those of the bot,
//! the platform takes every message at once and forgets it. All jobs of the shipped configuration run.
//!
//! Times move from machine to machine, so the run ends with a baseline: as many writes of the same size
//! through the same store, without rules, clocks and messages; 64 at a time, as a busy hour has them, and one after
//! the other, as a quiet one has. *Late* is by how much a wake was
//! durable after its time, had the clock been a real one: the seconds by which the simulated clock had passed
//! it, and the seconds it took from there. Nearly all of it is the rounds at 09:30, when every project has
//! something to say at the same moment.
//!
//! What it showed, on two cores on which ten to sixteen others wanted to run, so that this had two fifths of one core:
//!
//! | projects | lines | messages | due | took | 64 at a time | one by one | late p50, p99, most | resident |
//! | --- | --- | --- | --- | --- | --- | --- | --- | --- |
//! | 20 | 6,400 | 20,300 | 14,400 | 0.4 min | 11.5 times | 0.9 times | 0.01, 0.03, 0.1 s | 64 MB |
//! | 200 | 64,300 | 203,000 | 142,000 | 6.5 min | 10.6 times | 0.8 times | 0.07, 0.5, 1.0 s | 195 MB |
//! | 1,000 | 321,000 | 1,014,000 | 712,000 | 30 min | 9.2 times | 2.2 times | 0.5, 2.9, 5.5 s | 663 MB |
//!
//! The baselines ran after each year, the last when the others were nearly done. The thousand took 12 minutes of
//! computing, in proportion to what is written: two thirds of it are sled's own writer and its threads (finding the
//! leaf of each key, copying it, waking each other for each flush), a quarter is reading lines and deciding.
//! 1.2 MB of live data a project, ten times that on disk before it is compacted.

mod story;
mod watched;

#[path = "../../tests/around.rs"]
mod around;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, atomic::AtomicU64, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use around::Outer;
use futures_util::{StreamExt, stream};
use jiff::{Timestamp, ToSpan, civil::DateTime, civil::date, tz::TimeZone};
use jiuding::{
    calendar::schedule::Schedule,
    chat::{Inbound, Message, MessageId, Person, PersonId, Room, RoomId, Span, Target, Typed, What},
    clock::{SharedClock, SimulatedClock},
    config::Config,
    engine::{Engine, Parts},
    outbox::{Outbox, Owed},
    platform::{Accepted, Limits, Parcel, Platform, Rate, Receiver, Undelivered},
    store::{Commit, Key, ProjectId, RowKey, Store, sled::SledStore},
};
use story::{Line, Project, SEATS};
use tokio::sync::watch;
use watched::Watched;

const NAME: &str = "playground";
/// How many people speak, and how many raw writes are made, at the same time.
const AT_ONCE: usize = 64;
const WEEKS: i32 = 52;

/// A platform that takes everything, and remembers no more than what is asked for.
#[derive(Default)]
struct Swallow {
    said: AtomicU64,
    refused: AtomicU64,
    /// The ids that stand in the first line of what calls somebody, by room.
    asked: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

#[async_trait::async_trait]
impl Platform for Swallow {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn deliver(&self, parcel: &Parcel) -> Result<Accepted, Undelivered> {
        self.said.fetch_add(1, Relaxed);
        if refuses(&parcel.message) {
            self.refused.fetch_add(1, Relaxed);
            if std::env::var_os("TELL").is_some() {
                println!("{}", parcel.message.plain());
            }
        }
        if let Target::Room(room) = &parcel.to {
            let ids = asked(&parcel.message);
            let mut asked = self.asked.lock().expect("nothing panics while it is held");
            asked.entry(room.raw().to_owned()).or_default().extend(ids);
        }
        Ok(Accepted { message: Some(MessageId::new(NAME, &parcel.id)) })
    }

    fn notifies_in(&self, _room: &RoomId) -> bool {
        true
    }

    fn limits(&self) -> Limits {
        let rate = Rate { burst: 1_000_000, per: Duration::from_secs(1), reserve: 0 };
        Limits { per_target: rate, per_app: rate, peak: None }
    }

    fn remembers(&self) -> Duration {
        Duration::MAX
    }

    async fn name_of(&self, _person: &PersonId) -> Option<String> {
        None
    }

    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Whether a line of the story was not understood: it should not happen.
fn refuses(message: &Message) -> bool {
    let text = message.plain();
    ["没有记录", "没看懂", "还不能", "先建一个"].iter().any(|word| text.contains(word))
}

/// Minutes and action items that a ping asks for.
fn asked(message: &Message) -> Vec<String> {
    let pings = |line: &jiuding::chat::Line| matches!(line.0.first(), Some(Span::Person(_)));
    if !message.lines.iter().any(pings) {
        return Vec::new();
    }
    let ids = |text: &str, letter: char| -> Vec<String> {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        let is_id = |word: &&str| word.strip_prefix(letter).is_some_and(|rest| rest.parse::<u32>().is_ok());
        words.filter(is_id).map(str::to_owned).collect()
    };
    let first = message.lines.first().map(|line| line.plain()).unwrap_or_default();
    let mut asked = ids(&message.plain(), 'A');
    if first.contains("纪要") {
        asked.extend(ids(&first, 'M'));
    }
    asked
}

/// The running bot.
struct Bot {
    engine: Arc<Engine>,
    store: Arc<Outer<Watched>>,
    ear: Arc<Swallow>,
    zone: TimeZone,
    lines: AtomicU64,
}

fn main() -> anyhow::Result<()> {
    let projects = match std::env::var("PROJECTS") {
        Ok(number) => number.parse()?,
        Err(_) => 200,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run(projects))
}

async fn run(projects: u32) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let begins = date(2026, 1, 5);
    let (bot, stop) = start(folder.path(), begins.at(8, 0, 0, 0)).await?;
    println!("{projects} projects, a year from {begins}");
    let mut stories: Vec<Project> = (1..=projects).map(Project::new).collect();
    let begin = Instant::now();
    let mut fired = 0;
    for week in 0..WEEKS {
        let monday = begins + (week * 7).days();
        let mut minutes: BTreeMap<DateTime, Vec<(u32, Line)>> = BTreeMap::new();
        for story in &mut stories {
            for line in story.week(week, monday) {
                minutes.entry(line.at).or_default().push((story.number, line));
            }
        }
        // The hours at which people look at what the bot asked of them.
        for (days, hour) in (0..5).flat_map(|days| [(days, 11), (days, 17)]) {
            minutes.entry((monday + days.days()).at(hour, 55, 0, 0)).or_default();
        }
        for (at, lines) in minutes {
            fired += bot.pass_to(at).await?;
            let answers = if lines.is_empty() { bot.answers(&mut stories, at) } else { lines };
            stream::iter(answers)
                .map(|(project, line)| bot.hear(project, line))
                .buffer_unordered(AT_ONCE)
                .collect::<Vec<anyhow::Result<()>>>()
                .await
                .into_iter()
                .collect::<anyhow::Result<()>>()?;
        }
        bot.store.sweep(bot.engine.clock().now()).await?;
        if week % 13 == 12 {
            let (size, took) = (size_of(folder.path())?, begin.elapsed().as_secs_f64());
            println!(
                "  after {:>2} weeks: {took:>6.0} s, store {} MB, {} MB resident",
                week + 1,
                size >> 20,
                resident()? >> 20
            );
        }
    }
    let took = begin.elapsed();
    bot.tell(fired);
    bot.tell_of_sizes(projects).await?;
    let (writes, bytes) = bot.store.0.seen(|seen| (seen.commits + seen.settled, seen.bytes / seen.commits));
    stop.send_replace(true);
    drop(bot);

    let (took, bytes) = (took.as_secs_f64(), bytes as usize);
    println!("  the year took {:.1} min; {writes} raw writes of {bytes} bytes take", took / 60.0);
    for (lanes, how) in [(AT_ONCE, "64 at a time"), (1, "one after the other")] {
        // Enough of them to tell how long all would take.
        let some = writes.min(if lanes == 1 { 5_000 } else { 100_000 });
        let all = baseline(some, lanes, bytes).await?.as_secs_f64() * writes as f64 / some as f64;
        println!("    {how}: {:.1} min, the year {:.1} times as long", all / 60.0, took / all);
    }
    Ok(())
}

async fn start(folder: &Path, at: DateTime) -> anyhow::Result<(Bot, watch::Sender<bool>)> {
    let config = Config::default();
    let rules = Arc::new(config.rules()?);
    let zone = rules.calendar.zone().clone();
    let now = at.to_zoned(zone.clone())?.timestamp();
    let clock: SharedClock = Arc::new(SimulatedClock::new(now));
    let store = Arc::new(Outer(Watched::new(Arc::new(SledStore::open(folder, now)?))));
    let ear = Arc::new(Swallow::default());
    let platforms: Vec<Arc<dyn Platform>> = vec![ear.clone()];
    let mut jobs = Vec::new();
    for (name, expression) in config.jobs.all() {
        if let Some(expression) = expression {
            jobs.push((name.to_owned(), Schedule::parse(expression).map_err(anyhow::Error::msg)?));
        }
    }
    let parts = Parts {
        clock: clock.clone(),
        store: store.clone(),
        rules,
        jobs,
        admins: Vec::new(),
        platforms: platforms.clone(),
    };
    let engine = Engine::open(parts).await?;
    let outbox = Outbox::new(store.clone(), clock, platforms, now);
    let owed: Arc<dyn Owed> = engine.clone();
    outbox.set_owed(Arc::downgrade(&owed));
    engine.speak_through(outbox.clone());
    let stop = watch::Sender::new(false);
    tokio::spawn(outbox.run(stop.subscribe()));
    Ok((Bot { engine, store, ear, zone, lines: AtomicU64::new(0) }, stop))
}

impl Bot {
    /// Time passes; gives what fell due on the way.
    async fn pass_to(&self, at: DateTime) -> anyhow::Result<usize> {
        let advanced = self.engine.advance(at.to_zoned(self.zone.clone())?.timestamp()).await?;
        anyhow::ensure!(advanced.pending == 0, "{} messages stay unsaid at {at}", advanced.pending);
        Ok(advanced.fired)
    }

    async fn hear(&self, project: u32, line: Line) -> anyhow::Result<()> {
        let number = self.lines.fetch_add(1, Relaxed);
        let room = room(project, line.to_customer);
        let inbound = Inbound {
            keys: vec![format!("{NAME}:msg:{number}")],
            room: Room { id: RoomId::new(NAME, &room), name: Some(room), direct: false },
            sender: person(line.who, project),
            written_at: None,
            reply_to: None,
            what: What::Said { text: typed(&line.text, project), addressed: false, quotes: None },
        };
        self.engine.receive(inbound).await.map(|_| ())
    }

    /// What people say to what was asked of them.
    fn answers(&self, stories: &mut [Project], at: DateTime) -> Vec<(u32, Line)> {
        let asked = std::mem::take(&mut *self.ear.asked.lock().expect("nothing panics while it is held"));
        let mut lines = Vec::new();
        for story in stories {
            for id in asked.get(&room(story.number, false)).into_iter().flatten() {
                if let Some(text) = story.answer(id) {
                    lines.push((story.number, Line { at, who: "张经理", to_customer: false, text }));
                }
            }
        }
        lines
    }

    fn tell(&self, fired: usize) {
        let (lines, said) = (self.lines.load(Relaxed), self.ear.said.load(Relaxed));
        let refused = self.ear.refused.load(Relaxed);
        println!("  people said {lines} lines ({refused} refused), the bot {said} messages; {fired} fired");
        self.store.0.seen(|seen| {
            seen.late.sort_by(f32::total_cmp);
            let at = |part: usize| seen.late.get((seen.late.len().max(1) - 1) * part / 1_000).unwrap_or(&0.0);
            println!(
                "  {} wakes and jobs late by p50 {:.3} s, p99 {:.3} s, at most {:.3} s",
                seen.wakes,
                at(500),
                at(990),
                at(1_000)
            );
        });
    }
}

impl Bot {
    /// What the live data of the projects consists of, largest first.
    async fn tell_of_sizes(&self, projects: u32) -> anyhow::Result<()> {
        let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
        for id in 1..=projects {
            for (key, row) in self.store.load(ProjectId(id)).await?.rows {
                *sizes.entry(format!("rows {}", key.letter)).or_default() += row.len();
            }
            for entry in self.store.log(ProjectId(id), None, usize::MAX).await? {
                let letter = entry.changes.first().map_or('-', |change| change.key.letter);
                *sizes.entry(format!("log {letter}")).or_default() += serde_json::to_vec(&entry)?.len();
            }
        }
        let all: usize = sizes.values().sum();
        let mut sizes: Vec<(String, usize)> = sizes.into_iter().collect();
        sizes.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
        let largest: Vec<String> = sizes
            .iter()
            .take(5)
            .map(|(what, size)| format!("{what} {} %", size * 100 / all.max(1)))
            .collect();
        println!("  live data {} KB a project: {}", all / 1024 / projects as usize, largest.join(", "));
        Ok(())
    }
}

/// How long so many writes take through the same store, of nothing but a row.
async fn baseline(writes: u64, lanes: usize, bytes: usize) -> anyhow::Result<Duration> {
    let folder = tempfile::tempdir()?;
    let store = SledStore::open(folder.path(), Timestamp::UNIX_EPOCH)?;
    let begin = Instant::now();
    let written = (0..lanes as u32).map(|lane| {
        let store = &store;
        async move {
            let project = ProjectId(lane + 1);
            for version in 0..writes / lanes as u64 {
                let row = RowKey { project, key: Key { letter: 'X', number: version as u32 } };
                let rows = vec![(row, Some(vec![b' '; bytes]))];
                store.commit(Commit { guards: vec![(project, version)], rows, ..Commit::default() }).await?;
            }
            anyhow::Ok(())
        }
    });
    futures_util::future::try_join_all(written).await?;
    Ok(begin.elapsed())
}

fn room(project: u32, customers: bool) -> String {
    format!("{}{project}", if customers { "客户群" } else { "项目群" })
}

/// Whoever holds a seat: the team's people have five projects each.
fn person(seat: &str, project: u32) -> Person {
    let name = format!("{seat}{}", project / 5);
    Person { id: PersonId::new(NAME, &name), name }
}

fn typed(text: &str, project: u32) -> Typed {
    let mut typed = Typed::default();
    let mut pieces = text.split('@');
    typed.push_text(pieces.next().unwrap_or_default());
    for piece in pieces {
        let Some(seat) = SEATS.iter().find(|seat| piece.starts_with(**seat)) else { continue };
        typed.push_mention(person(seat, project));
        typed.push_text(&piece[seat.len()..]);
    }
    typed
}

fn size_of(folder: &Path) -> anyhow::Result<u64> {
    let mut size = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let data = entry.metadata()?;
        size += if data.is_dir() { size_of(&entry.path())? } else { data.len() };
    }
    Ok(size)
}

/// How much of this process lies in memory, in bytes.
fn resident() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB"));
    Ok(kilobytes.map(str::trim).unwrap_or("0").parse::<u64>()? << 10)
}
