//! Five hundred rooms full of pings are spoken to as fast as each platform permits. `cargo bench --bench drain`.
//!
//! The outbox, the embedded store and the adapters are the real ones; Feishu and DingTalk are the pretend ones, in this
//! process, each call a quarter of a second slower, as a network is. Half of the rooms have a few pings waiting, half
//! have more than the outbox sends singly. Once it is under way, urgent pings, answers and ordinary pings come in rooms
//! where others wait, and one ordinary ping after the other in rooms where nothing does: how long each waited is what the plan
//! of a room and the line before the app are for.
//!
//! The share is what was accepted after the first burst, of what the rate permits in the time. It is told of the pace that
//! the outbox is given ([`Limits`]) and of what the platform publishes. The rest is the reserve for urgent pings, and the
//! distance kept so that no minute or second of the platform's own clock holds too many. The half hours, which are
//! avoided, are waited for before a start.
//!
//! On two cores that did nothing else: 3,750 pings became 1,000 messages. Feishu took 15.4 a second, 93 % of the outbox's
//! pace and 91 % of the published rate; DingTalk 17.7, 98 % and 88 %, and at most 20 in a second, which is what it publishes.
//! None was refused, the order held in every room. With the quarter of a second of the network an urgent ping waited
//! 0.3 s, at most 0.5 s; an answer 1.0 s in Feishu and 0.3 s in DingTalk; an ordinary ping that came then 22 to 28 s, behind
//! all others.
//!
//! With bursts of 32 in two seconds (reserve 2) and of 16 in one (reserve 1) the shares of the published rates were 87 and
//! 74 %, and up to 30 messages reached DingTalk within one second: two bursts came together on the way.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use anyhow::ensure;
use jiff::Timestamp;
use jiuding::{
    chat::{Message, MessageId, PersonId, ReplyTo, RoomId, Target},
    clock::SystemClock,
    outbox::Outbox,
    platform::{Accepted, Limits, Parcel, Platform, Undelivered, dingtalk::DingTalk, feishu::Feishu},
    store::{Commit, Outgoing, Store, sled::SledStore},
};
use tokio::{sync::watch, time::sleep};

#[path = "../../tests/fake_dingtalk/mod.rs"]
#[allow(clippy::unwrap_used)]
mod fake_dingtalk;
#[path = "../../tests/fake_feishu/mod.rs"]
mod fake_feishu;
#[path = "../../tests/multipart.rs"]
mod multipart;

use fake_dingtalk::FakeDingTalk;
use fake_feishu::FakeFeishu;

const ROOMS: usize = 500;
/// How many pings wait in a room, in turns.
const PINGS: [usize; 2] = [3, 12];
/// How long a call takes beside what the pretend server needs.
const NETWORK: Duration = Duration::from_millis(250);
/// When the first of those comes who are to go ahead, and how far they are apart.
const FIRST: Duration = Duration::from_secs(10);
const APART: Duration = Duration::from_secs(1);
/// How many of each kind come.
const LATER: usize = 10;

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wanted = |part: &str| words.is_empty() || words.iter().any(|word| word == part);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        if wanted("feishu") {
            let fake = FakeFeishu::start(Arc::new(SystemClock)).await;
            fake.person("ou_li", "李工");
            (0..ROOMS + LATER).for_each(|room| _ = fake.group(&format!("oc_{room}"), "项目群"));
            let platform = Arc::new(Feishu::new(fake.settings(), Arc::new(SystemClock)));
            let room = |number| RoomId::new("feishu", &format!("oc_{number}"));
            drain(platform, &room, 1_000.0 / 60.0).await?;
        }
        if wanted("dingtalk") {
            let fake = FakeDingTalk::start(Arc::new(SystemClock)).await;
            (0..ROOMS + LATER)
                .for_each(|room| fake.group(&format!("cid{room}"), "项目群", &[("li", "李工")]));
            let platform = Arc::new(DingTalk::new(fake.settings(), Arc::new(SystemClock))?);
            let room = |number| RoomId::new("dingtalk", &format!("cid{number}"));
            drain(platform, &room, 20.0).await?;
        }
        Ok(())
    })
}

/// One platform; `published` is how many messages a second it takes from an app.
async fn drain(
    platform: Arc<dyn Platform>,
    room: &dyn Fn(usize) -> RoomId,
    published: f64,
) -> anyhow::Result<()> {
    let (name, limits) = (platform.name(), platform.limits());
    between_half_hours().await;
    let watched = Arc::new(Watched { platform, taken: Mutex::default(), refused: Mutex::default() });
    let folder = tempfile::tempdir()?;
    let store = Arc::new(SledStore::open(folder.path(), Timestamp::now())?);
    let outbox = Outbox::new(store.clone(), Arc::new(SystemClock), vec![watched.clone()], Timestamp::now());
    let say = async |messages: Vec<Outgoing>| -> anyhow::Result<()> {
        let ids = store.commit(Commit { outgoing: messages.clone(), ..Commit::default() }).await?.outgoing;
        outbox.push(messages.into_iter().zip(ids).map(|(it, id)| Outgoing { id, ..it }).collect());
        Ok(())
    };
    let ping = |number: usize, text: String| {
        let now = Timestamp::now();
        Outgoing { due: Some(now), ..Outgoing::new(Target::Room(room(number)), Message::text(text), now) }
    };
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(outbox.clone().run(stopped));

    let waiting: Vec<Outgoing> = (0..ROOMS)
        .flat_map(|number| (0..PINGS[number % PINGS.len()]).map(move |nth| (number, nth)))
        .map(|(number, nth)| ping(number, format!("#{nth}")))
        .collect();
    let count = waiting.len();
    let began = Instant::now();
    say(waiting).await?;

    let mut came = HashMap::new();
    sleep(FIRST).await;
    for nth in 0..LATER {
        let urgent = Outgoing { urgent: true, ..ping(4 * nth, format!("urgent {nth}")) };
        let asked = ReplyTo { message: MessageId::new(name, &format!("om_{nth}")), session: None };
        // Its question is nowhere, which the pretend Feishu would mind; as an answer it waits all the same.
        let answer = Outgoing { reply_to: Some(asked), ..ping(4 * nth + 2, format!("answer {nth}")) };
        let ordinary = ping(ROOMS + nth, format!("ordinary {nth}"));
        for message in [urgent, answer, ordinary] {
            came.insert(message.message.plain(), Instant::now());
            say(vec![message]).await?;
        }
        sleep(APART).await;
    }
    while outbox.depth() > 0 {
        sleep(Duration::from_millis(20)).await;
    }
    stop.send_replace(true);
    running.await?;
    let took = began.elapsed().as_secs_f64();
    watched.report(count, &came, took, &limits, published)
}

/// Waits until no half hour falls into a run.
async fn between_half_hours() {
    let minute = || Timestamp::now().as_second().rem_euclid(1_800) / 60;
    while !(1..27).contains(&minute()) {
        sleep(Duration::from_secs(1)).await;
    }
}

/// A platform, and what it took when.
struct Watched {
    platform: Arc<dyn Platform>,
    taken: Mutex<Vec<(Instant, Target, String)>>,
    refused: Mutex<Vec<String>>,
}

#[async_trait::async_trait]
impl Platform for Watched {
    fn name(&self) -> &'static str {
        self.platform.name()
    }

    async fn deliver(&self, parcel: &Parcel) -> Result<Accepted, Undelivered> {
        sleep(NETWORK).await;
        let parcel = Parcel { reply_to: None, ..parcel.clone() };
        let delivered = self.platform.deliver(&parcel).await;
        match &delivered {
            Ok(_) => {
                let taken = (Instant::now(), parcel.to.clone(), parcel.message.plain());
                self.taken.lock().expect("nobody panics").push(taken);
            }
            Err(why) => self.refused.lock().expect("nobody panics").push(why.to_string()),
        }
        delivered
    }

    fn notifies_in(&self, room: &RoomId) -> bool {
        self.platform.notifies_in(room)
    }

    fn limits(&self) -> Limits {
        self.platform.limits()
    }

    fn remembers(&self) -> Duration {
        self.platform.remembers()
    }

    async fn name_of(&self, person: &PersonId) -> Option<String> {
        self.platform.name_of(person).await
    }

    async fn ready(&self) -> Result<(), String> {
        self.platform.ready().await
    }
}

impl Watched {
    fn report(
        &self,
        count: usize,
        came: &HashMap<String, Instant>,
        took: f64,
        limits: &Limits,
        published: f64,
    ) -> anyhow::Result<()> {
        let taken = self.taken.lock().expect("nobody panics");
        let rate = f64::from(limits.per_app.burst) / limits.per_app.per.as_secs_f64();
        let after_burst = taken.len() as f64 - f64::from(limits.per_app.burst);
        println!(
            "{}: {count} pings of {ROOMS} rooms and {} more in {} messages, {took:.1} s, {} refused",
            self.name(),
            came.len(),
            taken.len(),
            self.refused.lock().expect("nobody panics").len()
        );
        println!(
            "  {:.1} messages a second: {:.1} % of the {rate:.1} of the outbox's pace, {:.1} % of the {published:.1} \
             that are published; at most {} in a second and {} in a minute",
            taken.len() as f64 / took,
            100.0 * after_burst / (rate * took),
            100.0 * after_burst / (published * took),
            most_within(&taken, Duration::from_secs(1)),
            most_within(&taken, Duration::from_secs(60)),
        );
        for kind in ["urgent", "answer", "ordinary"] {
            let waited = taken.iter().filter(|(.., text)| text.starts_with(kind));
            let mut waited: Vec<f64> =
                waited.filter_map(|(at, _, text)| Some((*at - *came.get(text)?).as_secs_f64())).collect();
            waited.sort_by(f64::total_cmp);
            ensure!(waited.len() == LATER, "{} of {LATER} of the kind {kind} were said", waited.len());
            println!("  {kind} ones waited {:.2} s, at most {:.2} s", waited[LATER / 2], waited[LATER - 1]);
        }
        let mut rooms: BTreeMap<&Target, Vec<&str>> = BTreeMap::new();
        for (_, room, text) in taken.iter() {
            rooms.entry(room).or_default().extend(text.lines().filter_map(|line| line.strip_prefix('#')));
        }
        let said: usize = rooms.values().map(Vec::len).sum();
        ensure!(said == count, "{said} of {count} pings were said");
        let in_order = |said: &Vec<&str>| said.iter().enumerate().all(|(nth, text)| nth.to_string() == *text);
        ensure!(rooms.values().all(in_order), "the order of a room was broken");
        println!("  each ping was said once, and in its room's order");
        Ok(())
    }
}

/// The most that were taken in any stretch of so long a time.
fn most_within(taken: &[(Instant, Target, String)], stretch: Duration) -> usize {
    let mut at: Vec<Instant> = taken.iter().map(|(at, ..)| *at).collect();
    at.sort();
    let within = |from: usize| at[from..].iter().take_while(|other| **other < at[from] + stretch).count();
    (0..at.len()).map(within).max().unwrap_or(0)
}
