//! Promises under load: nothing lost, nothing mixed, a copy that is of one moment.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use jiuding::store::{Commit, CommitError, ProjectId, Store};
use tokio::task::JoinSet;

use super::{
    conformance::{Ground, Story},
    dossier::wrong,
    sample::{ONE, TWO, at, entry, key, outgoing, row, said, seen, set},
};

pub const STORIES: &[(&str, Story)] = &[
    ("of many commits on one version one wins", |ground| Box::pin(one_wins(ground))),
    ("of many deliveries of one event one counts", |ground| Box::pin(one_counts(ground))),
    ("64 tasks, 16 projects, 3,200 commits, all there", |ground| Box::pin(many(ground))),
    ("a backup brings everything back", |ground| Box::pin(backup(ground))),
    ("a backup while serving is of one moment", |ground| Box::pin(backup_while_serving(ground))),
];

async fn all(store: &Arc<dyn Store>, commits: impl Iterator<Item = Commit>) -> Vec<Result<(), CommitError>> {
    let mut tasks = JoinSet::new();
    for commit in commits {
        let store = store.clone();
        tasks.spawn(async move { store.commit(commit).await.map(drop) });
    }
    tasks.join_all().await
}

async fn one_wins(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let results = all(&store, (0..50).map(|n| set(ONE, 0, &format!("T{n}"), "{}"))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().all(|result| matches!(result, Ok(()) | Err(CommitError::Stale(ONE)))));
    let stored = store.load(ONE).await.unwrap();
    assert_eq!((stored.version, stored.rows.len()), (1, 1));
}

async fn one_counts(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let event = |n| Commit { seen: seen("event", at(9)).seen, ..set(ProjectId(n), 0, "T1", "{}") };
    let results = all(&store, (0..50).map(event)).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().all(|result| matches!(result, Ok(()) | Err(CommitError::SeenBefore))));
    assert_eq!(store.projects().await.unwrap().len(), 1);
}

async fn many(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let mut tasks = JoinSet::new();
    for task in 0..64_u32 {
        let store = store.clone();
        tasks.spawn(async move {
            let project = ProjectId(task % 16);
            let mut ids = Vec::new();
            for n in 0..50 {
                let number = task * 50 + n;
                loop {
                    let version = store.load(project).await.unwrap().version;
                    let mut commit = set(project, version, &format!("T{number}"), &number.to_string());
                    commit.log = vec![(project, entry("opened", &[&format!("T{number}")]))];
                    commit.outgoing = vec![outgoing(&number.to_string())];
                    match store.commit(commit).await {
                        Ok(committed) => break ids.extend(committed.outgoing),
                        Err(CommitError::Stale(stale)) => assert_eq!(stale, project),
                        Err(error) => panic!("{error}"),
                    }
                }
            }
            ids
        });
    }
    let mut ids: Vec<u64> = tasks.join_all().await.concat();
    ids.sort_unstable();
    let store = ground.reopen(store);
    for project in (0..16).map(ProjectId) {
        let stored = store.load(project).await.unwrap();
        assert_eq!((stored.version, stored.rows.len()), (200, 200));
        assert!(stored.rows.iter().all(|(key, value)| key.number.to_string().as_bytes() == value));
        assert_eq!(store.log(project, None, 999).await.unwrap().len(), 200);
    }
    let waiting: Vec<u64> = store.outgoing().await.unwrap().iter().map(|outgoing| outgoing.id).collect();
    assert_eq!((waiting.len(), &waiting), (3_200, &ids));
    assert_eq!(wrong(&*store).await, Vec::<String>::new());
}

async fn backup(ground: &dyn Ground) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy");
    let store = ground.open(at(0));
    let mut commit = set(ONE, 0, "T1", &"x".repeat(20_000));
    commit.seen = seen("e1", at(100)).seen;
    commit.log = vec![(ONE, entry("opened", &["T1"]))];
    store.commit(commit).await.unwrap();
    let id = said(&*store, &["a"]).await[0];
    store.chat_append("g1", "k1", b"line".to_vec()).await.unwrap();
    assert_eq!(store.backup(&file).await.unwrap(), std::fs::metadata(&file).unwrap().len());
    store.commit(set(ONE, 1, "T2", "after the backup")).await.unwrap();
    drop(store);
    let store = ground.restore(&file);
    let stored = store.load(ONE).await.unwrap();
    assert_eq!((stored.version, stored.rows), (1, vec![(key("T1"), vec![b'x'; 20_000])]));
    assert!(store.has_seen("e1").await.unwrap());
    assert_eq!(store.log(ONE, Some(key("T1")), 9).await.unwrap(), [entry("opened", &["T1"])]);
    assert_eq!(store.outgoing().await.unwrap()[0].id, id);
    assert_eq!(store.chat_append("g1", "k1", b"line".to_vec()).await.unwrap(), 1);
    assert_eq!(wrong(&*store).await, Vec::<String>::new());
    assert!(said(&*store, &["b"]).await[0] > id);
    let store = ground.reopen(store);
    assert_eq!(store.outgoing().await.unwrap().len(), 2);
}

async fn backup_while_serving(ground: &dyn Ground) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy");
    let store = ground.open(at(0));
    let done = Arc::new(AtomicBool::new(false));
    let written = {
        let (store, done) = (store.clone(), done.clone());
        tokio::spawn(async move {
            let mut version = 0;
            while !done.load(Ordering::SeqCst) || version < 20 {
                let value = version.to_string().repeat(3_000).into_bytes();
                let rows = [ONE, TWO].map(|project| (row(project, "T1"), Some(value.clone()))).to_vec();
                let guards = vec![(ONE, version), (TWO, version)];
                store.commit(Commit { guards, rows, ..Commit::default() }).await.unwrap();
                version += 1;
            }
            version
        })
    };
    while store.load(ONE).await.unwrap().version < 3 {
        tokio::task::yield_now().await;
    }
    for _ in 0..5 {
        store.backup(&file).await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    let written = written.await.unwrap();
    drop(store);
    let store = ground.restore(&file);
    let (one, two) = (store.load(ONE).await.unwrap(), store.load(TWO).await.unwrap());
    assert_eq!(one, two);
    assert!((3..=written).contains(&one.version));
    assert_eq!(one.rows[0].1, (one.version - 1).to_string().repeat(3_000).into_bytes());
    assert_eq!(wrong(&*store).await, Vec::<String>::new());
}
