//! The process is killed in the middle of its writing, for real, and what it acknowledged is there.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use jiuding::store::{Commit, ProjectId, Store, sled::SledStore};

use super::{
    dossier::wrong,
    sample::{at, entry, outgoing, row, seen, wake},
};

/// Tells the child where to write.
const FOLDER: &str = "STORE_CRASH_FOLDER";
const WRITERS: u32 = 16;
const ROUNDS: usize = 6;

/// Commit number `n` of a project, which touches everything that a commit can touch.
fn nth(project: ProjectId, n: u64) -> Commit {
    let time = |n: u64| (n > 0).then(|| at(n as i64));
    Commit {
        guards: vec![(project, n - 1)],
        rows: vec![
            (row(project, "P1"), Some(n.to_string().into_bytes())),
            (row(project, &format!("T{n}")), Some(n.to_string().repeat(2_000).into_bytes())),
        ],
        wakes: wake(project, "P1", time(n - 1), time(n)).wakes,
        seen: seen(&mark(project, n), at(1_000_000)).seen,
        log: vec![(project, entry(&n.to_string(), &["P1"]))],
        outgoing: vec![outgoing(&project.0.to_string())],
    }
}

fn mark(project: ProjectId, n: u64) -> String {
    format!("{}:{n}", project.0)
}

/// Not a test: the process that is killed. It writes for ever, and prints what was acknowledged.
#[test]
#[ignore = "started and killed by the test below"]
fn writes_until_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let store = Arc::new(SledStore::open(Path::new(&folder), at(0)).unwrap());
        let mut tasks = tokio::task::JoinSet::new();
        for project in (1..=WRITERS).map(ProjectId) {
            let store = store.clone();
            tasks.spawn(async move {
                for n in store.load(project).await.unwrap().version + 1.. {
                    store.commit(nth(project, n)).await.unwrap();
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "\nack {} {n}", project.0).unwrap();
                }
            });
        }
        tasks.join_all().await;
    });
}

/// Lets the child acknowledge so many commits, kills it, and returns the last one of each project.
fn killed_after(folder: &Path, most: usize) -> BTreeMap<u32, u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "store::crash::writes_until_killed",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut acknowledged = BTreeMap::new();
    let mut count = 0;
    // After the kill, too: what it had printed by then it had acknowledged.
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split(' ').collect();
        // The last line may be cut in half, and a number with it.
        if let ["ack", project, n] = words[..]
            && let (Ok(project), Ok(n)) = (project.parse::<u32>(), n.parse::<u64>())
        {
            let last = acknowledged.entry(project).or_insert(0);
            *last = n.max(*last);
            count += 1;
        }
        if count == most {
            child.kill().unwrap();
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(count >= most, "the child stopped by itself after {count} commits");
    acknowledged
}

/// Everything of a project is what its version says.
async fn is_whole(store: &dyn Store, project: ProjectId, waiting: u64) -> u64 {
    let stored = store.load(project).await.unwrap();
    let version = stored.version;
    let mut expected: Vec<_> = (1..=version).flat_map(|n| nth(project, n).rows.split_off(1)).collect();
    expected.extend(nth(project, version.max(1)).rows.drain(..1));
    let mut expected: Vec<_> = expected.into_iter().map(|(row, value)| (row.key, value.unwrap())).collect();
    expected.sort();
    assert_eq!(stored.rows, expected, "project {}", project.0);
    for n in 1..=version + 1 {
        assert_eq!(store.has_seen(&mark(project, n)).await.unwrap(), n <= version);
    }
    let log = store.log(project, None, usize::MAX).await.unwrap();
    assert!(log.iter().map(|entry| entry.what.clone()).eq((1..=version).rev().map(|n| n.to_string())));
    assert_eq!(waiting, version);
    version
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    for round in 1..=ROUNDS {
        let acknowledged = killed_after(folder.path(), 40 + 37 * round);
        let store = SledStore::open(folder.path(), at(0)).unwrap();
        let mut waiting = BTreeMap::<String, u64>::new();
        for outgoing in store.outgoing().await.unwrap() {
            *waiting.entry(outgoing.message.plain()).or_default() += 1;
        }
        let due = store.due(at(1_000_000), usize::MAX).await.unwrap();
        for project in (1..=WRITERS).map(ProjectId) {
            let waiting = waiting.get(&project.0.to_string()).copied().unwrap_or_default();
            let version = is_whole(&store, project, waiting).await;
            let last = acknowledged.get(&project.0).copied().unwrap_or_default();
            assert!(version >= last, "round {round}: project {} lost {last}, has {version}", project.0);
            let wakes: Vec<_> =
                due.iter().filter(|(_, row)| row.project == project).map(|(at, _)| *at).collect();
            assert!(wakes == [at(version as i64)] || version == 0);
        }
        assert_eq!(wrong(&store).await, Vec::<String>::new(), "round {round}");
    }
}
