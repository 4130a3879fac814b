//! A million records and a hundred thousand pending wakes in PostgreSQL: how long a process takes to start, how much
//! memory it has then, and how far behind it falls when all of them fall due at the same moment.
//!
//! `TEST_POSTGRES_URL=postgres://… cargo bench --bench large`. It makes a schema of its own and takes it out again.
//! `PROJECTS` says how many projects of five hundred records there are, 2,000 by default.
//!
//! On two cores that did nothing else, the database on the same machine, a million records: 9 s for the first start, which
//! derives the wakes, 4.4 s for each one after; 360 MB of memory for them. A hundred thousand wakes due at one moment are
//! carried out within 14 s, 7,000 a second, two messages of each durable with it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::civil::date;
use jiuding::{
    chat::{Inbound, Person, PersonId, Room, RoomId, Typed, What},
    clock::{Clock, SharedClock, SimulatedClock},
    config::Config,
    engine::{Engine, Parts},
    platform::Receiver,
    store::{DossierCopy, GENERATION, ProjectId, Store, postgres::PostgresStore, sled::SledStore},
};
use tokio::sync::watch;
use tokio_postgres::NoTls;

const SCHEMA: &str = "jiuding_large";
const RECORDS: u32 = 500;
/// So many of them wake.
const WAKING: u32 = 50;
const AT_ONCE: u32 = 50;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Ok(address) = std::env::var("TEST_POSTGRES_URL") else {
        println!("TEST_POSTGRES_URL names no database");
        return Ok(());
    };
    let projects: u32 = std::env::var("PROJECTS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000);
    in_database(&address, &format!("CREATE SCHEMA {SCHEMA}")).await?;
    let sign = if address.contains('?') { '&' } else { '?' };
    let url = format!("{address}{sign}options=-csearch_path%3D{SCHEMA}");
    let monday = date(2026, 11, 23).at(10, 0, 0, 0).in_tz("Asia/Shanghai")?.timestamp();
    let clock = Arc::new(SimulatedClock::new(monday));

    let model = serde_json::to_string(&model(clock.clone()).await?)?;
    let store = PostgresStore::join(&url, Duration::from_secs(10), GENERATION, monday).await?;
    for first in (1..=projects).step_by(AT_ONCE as usize) {
        let copies = (first..(first + AT_ONCE).min(projects + 1)).map(|number| {
            let copy = model
                .replace("第1项目", &format!("第{number}项目"))
                .replace("第1群", &format!("第{number}群"));
            Ok(DossierCopy { id: ProjectId(number), ..serde_json::from_str(&copy)? })
        });
        store.adopt(copies.collect::<anyhow::Result<_>>()?).await?;
    }
    println!("{} records in {projects} projects, {} of them wake", projects * RECORDS, projects * WAKING);
    let store: Arc<dyn Store> = Arc::new(store);
    let (began, before) = (Instant::now(), resident()?);
    let engine = open(store.clone(), clock.clone()).await?;
    println!("  first start, which derives the wakes: {:.1} s", began.elapsed().as_secs_f64());
    drop(engine);
    let began = Instant::now();
    let engine = open(store.clone(), clock.clone()).await?;
    println!("  start: {:.1} s; {} MB, {before} MB before any", began.elapsed().as_secs_f64(), resident()?);

    // All remind at the same moment.
    let due = store.next_wake().await?.unwrap_or(monday);
    let pending = store.due(due, usize::MAX).await?.len();
    let stop = watch::Sender::new(false);
    let running = tokio::spawn(engine.clone().run(stop.subscribe()));
    let began = Instant::now();
    clock.set(due);
    while !store.due(due, 1).await?.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = began.elapsed().as_secs_f64();
    println!(
        "  {pending} wakes due at once: the last one {took:.1} s late, {:.0} a second",
        pending as f64 / took
    );
    println!("  {} messages came of it; {} MB", store.outgoing().await?.len(), resident()?);
    stop.send_replace(true);
    running.await?;
    drop((engine, store));
    in_database(&address, &format!("DROP SCHEMA {SCHEMA} CASCADE")).await
}

async fn open(store: Arc<dyn Store>, clock: SharedClock) -> anyhow::Result<Arc<Engine>> {
    let rules = Arc::new(Config::default().rules()?);
    Engine::open(Parts { clock, store, rules, jobs: Vec::new(), admins: Vec::new(), platforms: Vec::new() })
        .await
}

/// One project as people make it.
async fn model(clock: Arc<SimulatedClock>) -> anyhow::Result<DossierCopy> {
    let folder = tempfile::tempdir()?;
    let engine = open(Arc::new(SledStore::open(folder.path(), clock.now())?), clock).await?;
    let li = Person { id: PersonId("playground:li".into()), name: "李工".into() };
    let mut number = 0;
    let mut say = async |text: String| {
        number += 1;
        let inbound = Inbound {
            keys: vec![format!("playground:msg:{number}")],
            room: Room {
                id: RoomId("playground:第1群".into()), name: Some("第1群".into()), direct: false
            },
            sender: li.clone(),
            written_at: None,
            reply_to: None,
            what: What::Said { text: Typed::plain(&text), addressed: false, quotes: None },
        };
        engine.receive(inbound).await.map(drop)
    };
    say("/项目 新建 第1项目".into()).await?;
    for number in 1..=RECORDS {
        say(match number <= WAKING {
            true => format!("/待办 第{number}件要做的事 @李工 截止:2026-12-04"),
            false => format!("/价值 第{number}件做成的事，联调已完成，支持七种支付方式"),
        })
        .await?;
    }
    engine.copy(ProjectId(1)).await?.ok_or_else(|| anyhow::anyhow!("there is no project"))
}

/// Megabytes of memory that this process has.
fn resident() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    Ok(line.split_whitespace().next().unwrap_or("0").parse::<u64>()? / 1024)
}

async fn in_database(address: &str, sql: &str) -> anyhow::Result<()> {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await?;
    tokio::spawn(connection);
    Ok(client.batch_execute(sql).await?)
}
