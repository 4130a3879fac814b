//! Two hundred messages a second over each long connection, and every one of them durable.
//!
//! `cargo bench --bench sockets` starts the real program on an embedded store and holds both ends of its long connections:
//! a pretend Feishu and a pretend DingTalk in this process. In 256 rooms, each with its own project, requirements are filed;
//! each is timed from its frame to its acknowledgement, which the bot gives when the record is durable. What is not
//! acknowledged within three seconds is delivered again, as the platforms do. For each platform:
//!
//! - *steady*: 200 a second for 20 seconds, as regularly as the clock allows;
//! - *full speed*: 4,000 as fast as they are acknowledged, 90 at a time, in the same run: what 200 a second are a part of.
//!
//! After the last acknowledgement the bot is killed, and its store is opened and counted: each message one record.
//!
//! On two cores that did nothing else, the 4,000 of each platform at 200 a second were acknowledged with p50 2.4 ms, p99 9 ms
//! (Feishu) and 7 ms (DingTalk), at most 134 and 24 ms; of full speed 200 a second are 8 and 9 %. None of 16,512 was lost,
//! twice or delivered again. Not optimised, beside other builds, the same was 42 and 59 % of full speed.
//!
//! The load, the pretend platforms and the answers, which go out at the platforms' pace behind it, share the cores with
//! what is measured. The rooms are known before the clock starts: their first message makes a project and asks for names.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use jiuding::{
    clock::SystemClock,
    store::{Store, sled::SledStore},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{sync::Semaphore, task::JoinSet, time::MissedTickBehavior};

// Of the tests, where it may.
#[allow(clippy::unwrap_used)]
#[path = "../../tests/fake_dingtalk/mod.rs"]
mod fake_dingtalk;
#[path = "../../tests/fake_feishu/mod.rs"]
mod fake_feishu;
#[path = "../../tests/multipart.rs"]
mod multipart;

use fake_dingtalk::FakeDingTalk;
use fake_feishu::FakeFeishu;

const ROOMS: usize = 256;
/// Messages a second.
const RATE: u32 = 200;
const LENGTH: Duration = Duration::from_secs(20);
const AT_FULL_SPEED: usize = 4_000;
/// How many are on their way at once at full speed; the bot takes a hundred in hand.
const AT_ONCE: usize = 90;
/// After so long without an acknowledgement a message is delivered again.
const PATIENCE: Duration = Duration::from_secs(3);

fn main() -> anyhow::Result<()> {
    // One thread, so that the load takes no more of the cores than it must.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(tokio::task::LocalSet::new().run_until(run()))
}

async fn run() -> anyhow::Result<()> {
    let (feishu, ding) = platforms().await;
    let bot = Bot::start(&feishu, &ding)?;
    let mut expected = Vec::new();
    for way in [Way::Feishu(feishu.clone()), Way::DingTalk(ding.clone())] {
        let titles = |phase: &str, count: usize| -> Vec<String> {
            (1..=count).map(|n| format!("{}{phase}第{n}件", way.name())).collect()
        };
        let (first, steady, fast) = (
            titles("开场", ROOMS),
            titles("平稳", RATE as usize * LENGTH.as_secs() as usize),
            titles("全速", AT_FULL_SPEED),
        );
        way.at_full_speed(&first, 16).await?;
        let steadily = way.steadily(&steady).await?;
        let quickly = way.at_full_speed(&fast, AT_ONCE).await?;
        println!("{}: steady     {}", way.name(), steadily.told());
        println!("{}: full speed {}", way.name(), quickly.told());
        println!(
            "{}: {RATE} a second are {:.0} % of what it takes",
            way.name(),
            100.0 * f64::from(RATE) / quickly.rate()
        );
        expected.extend([first, steady, fast].concat());
    }
    let folder = bot.killed()?;
    let found = recorded(&folder.path().join("data")).await?;
    let lost = expected.iter().filter(|title| !found.contains_key(*title)).count();
    let twice = expected.iter().filter(|title| found.get(*title).is_some_and(|count| *count > 1)).count();
    println!(
        "{} said, {} records, {lost} lost, {twice} twice",
        expected.len(),
        found.values().sum::<usize>()
    );
    ensure!(lost == 0 && twice == 0 && found.len() == expected.len(), "not every message is one record");
    Ok(())
}

async fn platforms() -> (FakeFeishu, Arc<FakeDingTalk>) {
    let feishu = FakeFeishu::start(Arc::new(SystemClock)).await;
    let ding = FakeDingTalk::start(Arc::new(SystemClock)).await;
    for room in 0..ROOMS {
        feishu.group(&format!("oc_{room:032x}"), &format!("飞书项目{room}"));
        feishu.person(&format!("ou_{room:032x}"), &format!("同事{room}"));
        ding.group(&format!("cid{room}"), &format!("钉钉项目{room}"), &[(&format!("staff{room}"), "同事")]);
    }
    feishu.over_socket();
    ding.by_stream();
    (feishu, Arc::new(ding))
}

/// A platform's long connection.
enum Way {
    Feishu(FakeFeishu),
    DingTalk(Arc<FakeDingTalk>),
}

/// What a run showed.
struct Measured {
    /// From the first frame to the last acknowledgement.
    took: Duration,
    /// From each frame to its acknowledgement, in order.
    waits: Vec<Duration>,
    /// How many were delivered more than once.
    repeated: usize,
}

impl Measured {
    fn rate(&self) -> f64 {
        self.waits.len() as f64 / self.took.as_secs_f64()
    }

    fn told(&self) -> String {
        let at = |part: f64| self.waits[((self.waits.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
        format!(
            "{} acknowledged in {:.1} s, {:.0} a second; p50 {:.1} ms, p99 {:.1} ms, at most {:.0} ms; {} delivered again",
            self.waits.len(),
            self.took.as_secs_f64(),
            self.rate(),
            at(0.5),
            at(0.99),
            at(1.0),
            self.repeated
        )
    }
}

impl Way {
    fn name(&self) -> &'static str {
        match self {
            Way::Feishu(_) => "feishu",
            Way::DingTalk(_) => "dingtalk",
        }
    }

    /// What delivers the message of this number; each time anew until it is acknowledged. Gives how often that was.
    fn delivery(&self, number: usize, title: &str) -> BoxFuture<'static, anyhow::Result<usize>> {
        let (room, line) = (number % ROOMS, format!("/需求 {title} !高 截止:12月30日"));
        match self {
            Way::Feishu(feishu) => {
                let said = feishu.text(
                    &format!("oc_{room:032x}"),
                    &format!("ou_{room:032x}"),
                    &format!("{{bot}} {line}"),
                );
                let feishu = feishu.clone();
                Box::pin(async move {
                    for times in 1.. {
                        let acknowledged = feishu.push_on(&said).await;
                        if let Ok(Ok(answer)) = tokio::time::timeout(PATIENCE, acknowledged).await
                            && answer.status == 200
                        {
                            return Ok(times);
                        }
                    }
                    unreachable!()
                })
            }
            Way::DingTalk(ding) => {
                let said = ding.said(&format!("cid{room}"), &format!("staff{room}"), &line);
                let ding = ding.clone();
                Box::pin(async move {
                    for times in 1.. {
                        let answered = ding.push_said(&said).await;
                        if let Ok(Ok(answer)) = tokio::time::timeout(PATIENCE, answered).await
                            && answer["code"] == 200
                        {
                            return Ok(times);
                        }
                    }
                    unreachable!()
                })
            }
        }
    }

    /// So many a second, whether or not those before are acknowledged.
    async fn steadily(&self, titles: &[String]) -> anyhow::Result<Measured> {
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / RATE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let (mut sent, started) = (JoinSet::new(), Instant::now());
        for (number, title) in titles.iter().enumerate() {
            ticks.tick().await;
            sent.spawn_local(timed(self.delivery(number, title)));
        }
        measured(sent, started).await
    }

    /// As fast as they are acknowledged.
    async fn at_full_speed(&self, titles: &[String], at_once: usize) -> anyhow::Result<Measured> {
        let places = Arc::new(Semaphore::new(at_once));
        let (mut sent, started) = (JoinSet::new(), Instant::now());
        for (number, title) in titles.iter().enumerate() {
            let place = places.clone().acquire_owned().await?;
            let delivery = timed(self.delivery(number, title));
            sent.spawn_local(async move {
                let done = delivery.await;
                drop(place);
                done
            });
        }
        measured(sent, started).await
    }
}

async fn timed(delivery: BoxFuture<'static, anyhow::Result<usize>>) -> anyhow::Result<(Duration, usize)> {
    let since = Instant::now();
    let times = delivery.await?;
    Ok((since.elapsed(), times))
}

async fn measured(
    mut sent: JoinSet<anyhow::Result<(Duration, usize)>>,
    started: Instant,
) -> anyhow::Result<Measured> {
    let (mut waits, mut repeated) = (Vec::new(), 0);
    while let Some(done) = sent.join_next().await {
        let (wait, times) = done??;
        waits.push(wait);
        repeated += usize::from(times > 1);
    }
    let took = started.elapsed();
    waits.sort_unstable();
    Ok(Measured { took, waits, repeated })
}

/// The running program; killed when it is dropped.
struct Bot {
    child: Child,
    folder: Option<TempDir>,
}

impl Bot {
    fn start(feishu: &FakeFeishu, ding: &FakeDingTalk) -> anyhow::Result<Self> {
        let folder = TempDir::new()?;
        let config = format!(
            "{}[dingtalk]\nenabled = true\ntransport = \"stream\"\nclient_id = \"{}\"\nclient_secret = \"{}\"\n\
             robot_code = \"{}\"\nbase_url = \"{base}\"\noapi_base_url = \"{base}\"\nmonthly_call_budget = 0\n",
            feishu.toml(),
            fake_dingtalk::CLIENT_ID,
            fake_dingtalk::CLIENT_SECRET,
            fake_dingtalk::ROBOT_CODE,
            base = ding.base_url(),
        );
        std::fs::write(folder.path().join("bot.toml"), config)?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_jiuding"));
        command.args(["serve", "--config", "bot.toml"]).current_dir(folder.path()).env("RUST_LOG", "error");
        command.env("JIUDING_SERVER__LISTEN", "127.0.0.1:0");
        command.env("JIUDING_STORE__PATH", folder.path().join("data"));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("it is piped")?).read_line(&mut line)?;
        ensure!(line.starts_with("jiuding: http://"), "it did not start, it said {line:?}");
        Ok(Self { child, folder: Some(folder) })
    }

    /// Ends it without a word of warning.
    fn killed(mut self) -> anyhow::Result<TempDir> {
        self.child.kill()?;
        self.child.wait()?;
        self.folder.take().context("it is taken once")
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many requirements there are of each title.
async fn recorded(folder: &Path) -> anyhow::Result<HashMap<String, usize>> {
    let store = SledStore::open(folder, Timestamp::now())?;
    let mut found = HashMap::new();
    for project in store.projects().await? {
        let rows = store.load(project).await?.rows;
        for (_, row) in rows.into_iter().filter(|(key, _)| key.letter == 'R') {
            let row: Value = serde_json::from_slice(&row)?;
            *found.entry(row["title"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    Ok(found)
}
