//! What only shows from inside: groups, the gate, a disk that fails.

use std::sync::atomic::Ordering;

use super::*;
use crate::store::Seen;

fn mark(name: &str) -> Commit {
    Commit { seen: vec![Seen { key: name.into(), until: Timestamp::MAX }], ..Commit::default() }
}

#[tokio::test]
async fn after_a_failed_write_nothing_is_believed_until_the_store_is_opened_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap();
    store.commit(mark("first")).await.unwrap();
    store.shared.disk.broken.store(true, Ordering::SeqCst);
    assert!(matches!(store.commit(mark("lost")).await, Err(CommitError::Failed(_))));
    store.shared.disk.broken.store(false, Ordering::SeqCst);
    assert!(matches!(store.commit(mark("later")).await, Err(CommitError::Failed(_))));
    assert!(store.has_seen("lost").await.is_err());
    assert!(store.writable().await.is_err());
    drop(store);
    let store = SledStore::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap();
    assert!(store.has_seen("first").await.unwrap());
    assert!(!store.has_seen("later").await.unwrap());
    store.commit(mark("later")).await.unwrap();
}

#[tokio::test]
async fn commits_of_one_group_see_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SledStore::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap());
    let project = ProjectId(1);
    let guarded = |version| Commit { guards: vec![(project, version)], ..Commit::default() };
    // The writer takes the first commit and waits for the reader; what comes meanwhile is one group.
    let reading = store.reading().await.unwrap();
    let commits = [
        mark("holds the writer"),
        guarded(0),
        guarded(0),
        mark("event"),
        Commit { guards: vec![(ProjectId(2), 0)], ..mark("event") },
        guarded(1),
    ];
    let mut answers = Vec::new();
    for commit in commits {
        let store = store.clone();
        answers.push(tokio::spawn(async move { store.commit(commit).await }));
        // On this one thread the task runs now, up to its place in the queue.
        tokio::task::yield_now().await;
    }
    assert!(answers.iter().all(|answer| !answer.is_finished()));
    drop(reading);
    let mut results = Vec::new();
    for answer in answers {
        results.push(match answer.await.unwrap() {
            Ok(_) => "written",
            Err(CommitError::Stale(stale)) if stale == project => "stale",
            Err(CommitError::SeenBefore) => "seen",
            Err(error) => panic!("{error}"),
        });
    }
    assert_eq!(results, ["written", "written", "stale", "written", "seen", "written"]);
    assert_eq!(store.load(project).await.unwrap().version, 2);
    assert_eq!(store.load(ProjectId(2)).await.unwrap().version, 0);
    let writes = read_state(&store.shared.disk.db).unwrap().unwrap().writes;
    assert!(writes <= 2, "six commits took {writes} groups");
}

#[tokio::test]
async fn nobody_sees_what_is_not_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SledStore::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap());
    let reading = store.reading().await.unwrap();
    let written = tokio::spawn({
        let store = store.clone();
        async move { store.commit(mark("event")).await }
    });
    // A lock with a writer in its queue lets no further readers in.
    while store.shared.gate.try_read().is_ok() {
        assert!(!written.is_finished(), "the writer did not wait for the reader");
        tokio::task::yield_now().await;
    }
    assert_eq!(reading.get(&Kind::Seen.key().name("event")).unwrap(), None);
    // A mark that is not there is said so at once; everything else waits for the disk.
    assert!(!store.has_seen("event").await.unwrap());
    let asked = tokio::spawn({
        let store = store.clone();
        async move { store.projects().await.unwrap() }
    });
    tokio::task::yield_now().await;
    assert!(!asked.is_finished(), "a reader did not wait for the writer");
    drop(reading);
    asked.await.unwrap();
    written.await.unwrap().unwrap();
    assert!(store.has_seen("event").await.unwrap());
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    drop(SledStore::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap());
    let store = SledStore::open_keeping(folder.path(), Timestamp::UNIX_EPOCH, u64::MAX).unwrap();
    assert!(matches!(store.commit(mark("first")).await, Err(CommitError::Failed(_))));
    assert!(store.writable().await.unwrap_err().to_string().contains("disk is full"));
    assert!(!store.has_seen("first").await.unwrap());
}
