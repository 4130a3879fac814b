//! How fast decisions become durable, in the embedded store and in PostgreSQL, in turns on the same machine.
//!
//! `TEST_POSTGRES_URL=postgres://… cargo bench --bench stores`; without the address only the embedded store is
//! measured. It makes a schema of its own and takes it out again. A decision is what a line in a chat becomes: a record
//! of one kilobyte, its wake, a log entry, two marks and an answer. So many writers write at once, each in a project of
//! its own and each waiting for its last one to be durable.
//!
//! On two cores that many builds shared (load 18) and not optimised: 250 to 450 a second of one writer in the embedded
//! store and 40 to 450 in PostgreSQL, 500 to 2,900 and 360 to 880 of sixteen, 600 to 1,500 and 250 to 770 of 64. The
//! cores were the limit, and the figures of one store differed as much between turns as those of the two.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use jiuding::{
    chat::{Message, RoomId, Target},
    store::{
        Change, Commit, Entry, Key, Outgoing, ProjectId, RowKey, Seen, Store, WakeChange,
        postgres::PostgresStore, sled::SledStore,
    },
};
use tokio::task::JoinSet;
use tokio_postgres::NoTls;

/// How long one measurement takes.
const LENGTH: Duration = Duration::from_secs(5);
/// How often the stores take turns.
const TURNS: u32 = 3;
const WRITERS: [u32; 3] = [1, 16, 64];
const SCHEMA: &str = "jiuding_bench";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::var("TEST_POSTGRES_URL").ok();
    let folder = tempfile::tempdir()?;
    let sled: Arc<dyn Store> = Arc::new(SledStore::open(folder.path(), Timestamp::now())?);
    let mut stores = vec![("sled", sled)];
    if let Some(address) = &address {
        in_database(address, &format!("CREATE SCHEMA {SCHEMA}")).await?;
        let sign = if address.contains('?') { '&' } else { '?' };
        let url = format!("{address}{sign}options=-csearch_path%3D{SCHEMA}");
        stores.push(("postgres", Arc::new(PostgresStore::open(&url, Timestamp::now()).await?)));
    }
    println!("durable commits a second, {} s each, sled in {}", LENGTH.as_secs(), shown(folder.path()));
    for (turn, writers) in (0..TURNS).flat_map(|turn| WRITERS.map(|writers| (turn, writers))) {
        for (name, store) in &stores {
            let first = turn * 1_000 + writers;
            let (rate, slowest) = measure(store, first, writers).await?;
            println!("  {name:<9}{writers:>3} writers {rate:>7.0} /s   slowest {slowest:>6.1} ms");
        }
    }
    drop(stores);
    if let Some(address) = &address {
        in_database(address, &format!("DROP SCHEMA {SCHEMA} CASCADE")).await?;
    }
    Ok(())
}

fn shown(folder: &Path) -> String {
    folder.display().to_string()
}

async fn in_database(address: &str, sql: &str) -> anyhow::Result<()> {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await?;
    tokio::spawn(connection);
    Ok(client.batch_execute(sql).await?)
}

/// Commits a second, and how long the slowest took in milliseconds.
async fn measure(store: &Arc<dyn Store>, first: u32, writers: u32) -> anyhow::Result<(f64, f64)> {
    let mut tasks = JoinSet::new();
    let began = Instant::now();
    for project in (first..first + writers).map(ProjectId) {
        let store = store.clone();
        tasks.spawn(async move {
            let (mut count, mut slowest) = (0_u64, Duration::ZERO);
            let mut version = store.load(project).await?.version;
            while began.elapsed() < LENGTH {
                let at = Instant::now();
                store.commit(decision(project, version)).await?;
                slowest = slowest.max(at.elapsed());
                version += 1;
                count += 1;
            }
            anyhow::Ok((count, slowest))
        });
    }
    let (mut count, mut slowest) = (0, Duration::ZERO);
    for done in tasks.join_all().await {
        let (of_one, longest) = done?;
        count += of_one;
        slowest = slowest.max(longest);
    }
    Ok((count as f64 / began.elapsed().as_secs_f64(), slowest.as_secs_f64() * 1_000.0))
}

fn decision(project: ProjectId, version: u64) -> Commit {
    let now = Timestamp::now();
    let key = Key { letter: 'T', number: (version % 100) as u32 + 1 };
    let row = RowKey { project, key };
    let value =
        serde_json::json!({ "title": "登录页打不开", "state": { "is": "new" }, "said": "长".repeat(300) });
    let mark = |kind| Seen {
        key: format!("{kind}:{}:{version}", project.0),
        until: now + SignedDuration::from_hours(48),
    };
    let change = Change { key, before: serde_json::Value::Null, after: value.clone() };
    let entry =
        Entry { at: now, by: None, room: None, what: "/工单".into(), why: None, changes: vec![change] };
    let room = Target::Room(RoomId::new("playground", "g"));
    Commit {
        seen: vec![mark("event"), mark("message")],
        guards: vec![(project, version)],
        rows: vec![(row, Some(value.to_string().into_bytes()))],
        wakes: vec![WakeChange { row, before: None, after: Some(now + SignedDuration::from_hours(2)) }],
        log: vec![(project, entry)],
        outgoing: vec![Outgoing::new(room, Message::text("T1 登录页打不开 · 紧急"), now)],
    }
}
