//! How fast decisions become durable, in the embedded store and in PostgreSQL, in turns on the same machine.
//!
//! `TEST_POSTGRES_URL=postgres://… cargo bench --bench stores`; without the address only the embedded store is
//! measured. It makes a schema of its own and takes it out again. A decision is what a line in a chat becomes: a record
//! of one kilobyte, its wake, a log entry, two marks and an answer. So many writers write at once, each in a project of
//! its own and each waiting for its last one to be durable.
//!
//! In three turns on two cores that did nothing else, PostgreSQL on the same machine: it takes 0.6 to 0.8 times as many
//! as the embedded store of one writer, 0.4 of sixteen and 0.35 to 0.6 of 64. Beside `pgbench`, which has an equal
//! transaction of the same server's and writes nothing but that, one process of sixteen writers takes 0.75 to 1.0 times
//! as many, two 0.7 to 0.9, three 0.75 to 0.85. Neither gains from more processes there: the two cores are the limit,
//! which server, writers and `pgbench` share. The slowest decision took 40 to 75 ms of one process, 110 to 130 of two
//! and 155 to 230 of three.

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use jiuding::{
    chat::{Message, RoomId, Target},
    store::{
        Change, Commit, Entry, GENERATION, Key, Outgoing, ProjectId, RowKey, Seen, Store, WakeChange,
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

/// How many processes have the database together at most.
const PROCESSES: u32 = 3;
const WRITERS_EACH: u32 = 16;
/// Begins the arguments of a process that only writes.
const CHILD: &str = "as-one-of-several";

/// What a decision becomes in the database, as `pgbench` says it.
const SCRIPT: &str = r#"
\set v :v + 1
\set p :client_id + 9000000
\set n :v % 100
BEGIN;
SELECT 1 FROM members WHERE name = 'nobody' AND alive_until > clock_timestamp();
INSERT INTO seen VALUES (convert_to('event:' || :p || ':' || :v, 'UTF8'), 1, 0),
    (convert_to('message:' || :p || ':' || :v, 'UTF8'), 1, 0) ON CONFLICT (mark) DO NOTHING;
INSERT INTO dossiers VALUES (:p, 1) ON CONFLICT (project) DO UPDATE SET version = dossiers.version + 1;
SELECT nextval('log_numbers') AS log \gset
SELECT nextval('outgoing_ids') AS out \gset
INSERT INTO rows (project, letter, number, value, body, title, state)
    SELECT :p, 'T', :n, convert_to(text, 'UTF8'), text::jsonb, 'title', 'new' FROM
        (SELECT '{"title":"登录页打不开","state":{"is":"new"},"said":"' || repeat('长', 300) || '"}' AS text) AS made
    ON CONFLICT (project, letter, number) DO UPDATE SET value = excluded.value, body = excluded.body;
INSERT INTO wakes VALUES (:p, 'T', :n, 4000000000, 0)
    ON CONFLICT (project, letter, number) DO UPDATE SET at = excluded.at;
INSERT INTO log VALUES (:p, :log, now(), '{"what":"/工单","after":"' || repeat('长', 300) || '"}');
INSERT INTO log_of VALUES (:p, 'T', :n, :log);
INSERT INTO outgoing (id, message, tries, bundled, target) VALUES (:out, repeat('x', 200), 0, '[]', 'g');
COMMIT;
"#;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some([_, url, first]) =
        arguments.iter().position(|one| one == CHILD).map(|at| &arguments[at..at + 3])
    {
        let store = PostgresStore::join(url, Duration::from_secs(10), GENERATION, Timestamp::now()).await?;
        let store: Arc<dyn Store> = Arc::new(store);
        let (rate, slowest) = measure(&store, first.parse()?, WRITERS_EACH).await?;
        println!("{rate} {slowest}");
        return Ok(());
    }
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
        let sign = if address.contains('?') { '&' } else { '?' };
        let url = format!("{address}{sign}options=-csearch_path%3D{SCHEMA}");
        for (turn, processes) in (0..TURNS).flat_map(|turn| (1..=PROCESSES).map(move |count| (turn, count))) {
            together(&url, turn, processes)?;
            pgbench(address, processes * WRITERS_EACH)?;
        }
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

/// So many processes write at the same time.
fn together(url: &str, turn: u32, processes: u32) -> anyhow::Result<()> {
    let mut children = Vec::new();
    for process in 0..processes {
        let first = 1_000_000 + 10_000 * turn + 1_000 * processes + 100 * process;
        let mut child = Command::new(std::env::current_exe()?);
        child.args([CHILD, url, &first.to_string()]).stdout(Stdio::piped());
        children.push(child.spawn()?);
    }
    let (mut sum, mut longest) = (0.0, 0.0_f64);
    for child in children {
        let output = child.wait_with_output()?;
        let told = String::from_utf8(output.stdout)?;
        let (rate, slowest) = told.trim().split_once(' ').context("a process ended early")?;
        sum += rate.parse::<f64>()?;
        longest = longest.max(slowest.parse()?);
    }
    println!("  {processes} processes of {WRITERS_EACH} writers {sum:>7.0} /s   slowest {longest:>6.1} ms");
    Ok(())
}

/// The same statements without us.
fn pgbench(address: &str, clients: u32) -> anyhow::Result<()> {
    let script = tempfile::NamedTempFile::new()?;
    std::fs::write(script.path(), SCRIPT)?;
    let mut found: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")?.flatten().collect();
    found.sort_by_key(std::fs::DirEntry::path);
    let Some(newest) = found.pop() else { return Ok(()) };
    let output = Command::new(newest.path().join("bin/pgbench"))
        .args(["--no-vacuum", "--protocol=prepared", "-D", "v=0", "-j", "2"])
        .args(["-T", &LENGTH.as_secs().to_string(), "-c", &clients.to_string(), "-f"])
        .arg(script.path())
        .arg(address)
        .env("PGOPTIONS", format!("-csearch_path={SCHEMA}"))
        .output()?;
    let told = String::from_utf8(output.stdout)?;
    let rate = told.lines().find_map(|line| line.strip_prefix("tps = ")).unwrap_or("nothing: is it there?");
    println!("  pgbench with {clients} clients: {rate}");
    if !output.status.success() {
        println!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
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
    let entry = Entry {
        at: now,
        by: None,
        room: None,
        what: "/工单".into(),
        why: None,
        messages: Vec::new(),
        changes: vec![change],
    };
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
