//! Promises about commits: rows, guards, marks, wakes, the log.

use jiuding::store::{Commit, CommitError, Copies, DossierCopy, ProjectId, Store, read_copies};

use super::{
    conformance::{Ground, Story},
    sample::{ONE, TWO, at, entry, is_seen_before, is_stale, key, outgoing, row, seen, set, texts, wake},
};

pub const STORIES: &[(&str, Story)] = &[
    ("a dossier that does not exist is empty", |ground| Box::pin(nothing(ground))),
    ("rows come back, are replaced and removed", |ground| Box::pin(rows(ground))),
    ("values of any size come back", |ground| Box::pin(sizes(ground))),
    ("a stale commit changes nothing", |ground| Box::pin(stale(ground))),
    ("a commit of two dossiers needs both to be fresh", |ground| Box::pin(two_dossiers(ground))),
    ("a row without its guard is refused", |ground| Box::pin(unguarded(ground))),
    ("what was seen has no second effect", |ground| Box::pin(marks(ground))),
    ("a mark is forgotten when its time is over", |ground| Box::pin(expiry(ground))),
    ("a sweep forgets everything that is over", |ground| Box::pin(sweep(ground))),
    ("wakes come in order of time and move", |ground| Box::pin(wakes(ground))),
    ("a row has at most one wake", |ground| Box::pin(one_wake(ground))),
    ("the log is told newest first", |ground| Box::pin(log(ground))),
    ("dossiers from elsewhere are taken whole, all or none", |ground| Box::pin(adopted(ground))),
    ("all of it outlives a restart", |ground| Box::pin(restart(ground))),
];

async fn nothing(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let stored = store.load(ONE).await.unwrap();
    assert_eq!((stored.version, stored.rows), (0, vec![]));
    assert_eq!(store.projects().await.unwrap(), []);
    assert_eq!(store.next_wake().await.unwrap(), None);
    assert_eq!(store.log(ONE, None, 9).await.unwrap(), []);
    assert_eq!(store.outgoing().await.unwrap(), []);
    assert_eq!(store.dead_letters().await.unwrap(), []);
    assert!(!store.has_seen("e1").await.unwrap());
    store.writable().await.unwrap();
    assert_eq!(store.verify().await.unwrap().rows, 0);
}

async fn rows(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let mut commit = set(ONE, 0, "T2", "{}");
    commit.rows.push((row(ONE, "R1"), Some(b"[1]".to_vec())));
    commit.rows.push((row(ONE, "T10"), Some(b"10".to_vec())));
    store.commit(commit).await.unwrap();
    store.commit(set(TWO, 0, "T2", "two")).await.unwrap();
    let stored = store.load(ONE).await.unwrap();
    assert_eq!(stored.version, 1);
    assert_eq!(
        stored.rows,
        [(key("R1"), b"[1]".to_vec()), (key("T2"), b"{}".to_vec()), (key("T10"), b"10".to_vec())]
    );
    let mut commit = set(ONE, 1, "R1", "[2]");
    commit.rows.push((row(ONE, "T2"), None));
    commit.rows.push((row(ONE, "T77"), None));
    store.commit(commit).await.unwrap();
    let stored = store.load(ONE).await.unwrap();
    assert_eq!(stored.version, 2);
    assert_eq!(stored.rows, [(key("R1"), b"[2]".to_vec()), (key("T10"), b"10".to_vec())]);
    assert_eq!(store.load(TWO).await.unwrap().rows, [(key("T2"), b"two".to_vec())]);
    assert_eq!(store.projects().await.unwrap(), [ONE, TWO]);
}

async fn sizes(ground: &dyn Ground) {
    let mut store = ground.open(at(0));
    for (version, size) in [0, 1, 3_499, 3_500, 3_501, 300_000, 7_001, 2].into_iter().enumerate() {
        let value = "x".repeat(size);
        store.commit(set(ONE, version as u64, "T1", &value)).await.unwrap();
        store = ground.reopen(store);
        assert_eq!(store.load(ONE).await.unwrap().rows, [(key("T1"), value.into_bytes())], "{size} bytes");
        assert_eq!(store.verify().await.unwrap().rows, 1);
        assert_eq!(wrong(&*store).await, Vec::<String>::new(), "{size} bytes");
    }
}

async fn stale(ground: &dyn Ground) {
    let store = ground.open(at(0));
    store.commit(set(ONE, 0, "T1", "first")).await.unwrap();
    let mut commit = set(ONE, 0, "T1", "second");
    commit.seen = seen("e1", at(100)).seen;
    commit.wakes = wake(ONE, "T1", None, Some(at(50))).wakes;
    commit.log = vec![(ONE, entry("second", &["T1"]))];
    commit.outgoing = vec![outgoing("second")];
    assert!(is_stale(&store.commit(commit.clone()).await, ONE));
    assert_eq!(store.load(ONE).await.unwrap().rows, [(key("T1"), b"first".to_vec())]);
    assert_eq!(store.load(ONE).await.unwrap().version, 1);
    assert!(!store.has_seen("e1").await.unwrap());
    assert_eq!(store.next_wake().await.unwrap(), None);
    assert_eq!(store.log(ONE, None, 9).await.unwrap(), []);
    assert_eq!(store.outgoing().await.unwrap(), []);
    // Decided again, it goes through.
    commit.guards = vec![(ONE, 1)];
    store.commit(commit).await.unwrap();
    assert_eq!(store.load(ONE).await.unwrap().version, 2);
    assert!(store.has_seen("e1").await.unwrap());
    assert_eq!(texts(&store.outgoing().await.unwrap()), ["second"]);
}

async fn two_dossiers(ground: &dyn Ground) {
    let store = ground.open(at(0));
    store.commit(set(TWO, 0, "T1", "two")).await.unwrap();
    let both = |versions: (u64, u64)| Commit {
        guards: vec![(ONE, versions.0), (TWO, versions.1)],
        rows: vec![(row(ONE, "T1"), Some(b"both".to_vec())), (row(TWO, "T1"), Some(b"both".to_vec()))],
        ..Commit::default()
    };
    assert!(is_stale(&store.commit(both((0, 0))).await, TWO));
    assert_eq!(store.load(ONE).await.unwrap().version, 0);
    store.commit(both((0, 1))).await.unwrap();
    assert_eq!(store.load(ONE).await.unwrap().rows, store.load(TWO).await.unwrap().rows);
    assert_eq!(store.load(TWO).await.unwrap().version, 2);
}

async fn unguarded(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let commit = Commit { guards: vec![(TWO, 0)], ..set(ONE, 0, "T1", "{}") };
    assert!(matches!(store.commit(commit).await, Err(CommitError::Failed(_))));
    assert_eq!(store.projects().await.unwrap(), []);
    store.commit(set(ONE, 0, "T1", "{}")).await.unwrap();
}

async fn marks(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let mut commit = set(ONE, 0, "T1", "first");
    commit.seen = [seen("event", at(100)).seen, seen("message", at(100)).seen].concat();
    store.commit(commit).await.unwrap();
    assert!(store.has_seen("event").await.unwrap() && store.has_seen("message").await.unwrap());
    let mut again = set(ONE, 1, "T1", "second");
    again.seen = [seen("another event", at(100)).seen, seen("message", at(100)).seen].concat();
    assert!(is_seen_before(&store.commit(again.clone()).await));
    assert!(!store.has_seen("another event").await.unwrap());
    // That it was carried out matters more than that it is stale too.
    again.guards = vec![(ONE, 0)];
    assert!(is_seen_before(&store.commit(again).await));
    assert_eq!(store.load(ONE).await.unwrap().rows, [(key("T1"), b"first".to_vec())]);
    let long = "e".repeat(5_000);
    store.commit(seen(&long, at(100))).await.unwrap();
    assert!(store.has_seen(&long).await.unwrap());
    assert!(!store.has_seen(&long[1..]).await.unwrap());
}

async fn expiry(ground: &dyn Ground) {
    let store = ground.open(at(0));
    store.commit(seen("e1", at(100))).await.unwrap();
    store.commit(seen("e2", at(200))).await.unwrap();
    assert_eq!(store.sweep(at(99)).await.unwrap(), 0);
    assert!(store.has_seen("e1").await.unwrap());
    assert_eq!(store.sweep(at(100)).await.unwrap(), 1);
    assert!(!store.has_seen("e1").await.unwrap());
    assert!(store.has_seen("e2").await.unwrap());
    // Set anew, it lives as long as the new mark says.
    store.commit(seen("e1", at(300))).await.unwrap();
    assert_eq!(store.sweep(at(250)).await.unwrap(), 1);
    assert!(store.has_seen("e1").await.unwrap());
    // Time does not go back.
    assert_eq!(store.sweep(at(1)).await.unwrap(), 0);
    assert!(is_seen_before(&store.commit(seen("e1", at(400))).await));
    // A store that is opened later than a mark's end does not know the mark any more, swept or not.
    drop(store);
    let store = ground.open(at(300));
    assert!(!store.has_seen("e1").await.unwrap());
    store.commit(seen("e1", at(500))).await.unwrap();
    assert_eq!(store.sweep(at(400)).await.unwrap(), 0);
    assert!(store.has_seen("e1").await.unwrap());
}

async fn sweep(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let marks = |range: std::ops::Range<u32>, until| Commit {
        seen: range.flat_map(|n| seen(&format!("e{n}"), until).seen).collect(),
        ..Commit::default()
    };
    store.commit(marks(0..1_234, at(10))).await.unwrap();
    store.commit(marks(1_234..1_300, at(20))).await.unwrap();
    assert_eq!(store.sweep(at(15)).await.unwrap(), 1_234);
    assert!(!store.has_seen("e7").await.unwrap());
    assert!(store.has_seen("e1299").await.unwrap());
    assert_eq!(store.sweep(at(30)).await.unwrap(), 66);
    assert_eq!(store.sweep(at(30)).await.unwrap(), 0);
    assert_eq!(wrong(&*store).await, Vec::<String>::new());
}

async fn wakes(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let before_1970 = at(-5);
    for (id, after) in
        [("T1", at(300)), ("T2", at(100)), ("M1", before_1970), ("T3", at(200)), ("A1", at(200))]
    {
        store.commit(wake(ONE, id, None, Some(after))).await.unwrap();
    }
    store.commit(wake(TWO, "T1", None, Some(at(200)))).await.unwrap();
    assert_eq!(store.next_wake().await.unwrap(), Some(before_1970));
    let due = store.due(at(200), 99).await.unwrap();
    let expected = [
        (before_1970, row(ONE, "M1")),
        (at(100), row(ONE, "T2")),
        (at(200), row(ONE, "A1")),
        (at(200), row(ONE, "T3")),
        (at(200), row(TWO, "T1")),
    ];
    assert_eq!(due, expected);
    assert_eq!(store.due(at(200), 2).await.unwrap(), expected[..2]);
    assert_eq!(store.due(at(-6), 2).await.unwrap(), []);
    store.commit(wake(ONE, "M1", Some(before_1970), None)).await.unwrap();
    store.commit(wake(ONE, "T2", Some(at(100)), Some(at(400)))).await.unwrap();
    assert_eq!(store.next_wake().await.unwrap(), Some(at(200)));
    let rest: Vec<_> = store.due(at(999), 99).await.unwrap().into_iter().map(|(_, row)| row.key).collect();
    assert_eq!(rest, [key("A1"), key("T3"), key("T1"), key("T1"), key("T2")]);
}

async fn one_wake(ground: &dyn Ground) {
    let store = ground.open(at(0));
    store.commit(wake(ONE, "T1", None, Some(at(100)))).await.unwrap();
    store.commit(wake(ONE, "T1", None, Some(at(200)))).await.unwrap();
    store.commit(wake(ONE, "T1", Some(at(7)), Some(at(300)))).await.unwrap();
    assert_eq!(store.due(at(999), 9).await.unwrap(), [(at(300), row(ONE, "T1"))]);
    store.commit(wake(ONE, "T1", None, None)).await.unwrap();
    assert_eq!(store.next_wake().await.unwrap(), None);
}

async fn log(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let entries = [entry("a", &["T1"]), entry("b", &["T1", "T2"]), entry("c", &["T2"]), entry("d", &["T10"])];
    for entry in &entries {
        store.commit(Commit { log: vec![(ONE, entry.clone())], ..Commit::default() }).await.unwrap();
    }
    let log = vec![(TWO, entry("e", &["T1"])), (TWO, entry("f", &[]))];
    store.commit(Commit { log, ..Commit::default() }).await.unwrap();
    let [a, b, c, d] = entries;
    assert_eq!(store.log(ONE, None, 99).await.unwrap(), [d, c.clone(), b.clone(), a.clone()]);
    assert_eq!(store.log(ONE, None, 1).await.unwrap().len(), 1);
    assert_eq!(store.log(ONE, Some(key("T1")), 99).await.unwrap(), [b.clone(), a]);
    assert_eq!(store.log(ONE, Some(key("T2")), 1).await.unwrap(), [c]);
    assert_eq!(store.log(ONE, Some(key("R1")), 99).await.unwrap(), []);
    assert_eq!(store.log(TWO, None, 99).await.unwrap(), [entry("f", &[]), entry("e", &["T1"])]);
}

async fn restart(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let mut commit = set(ONE, 0, "T1", "{}");
    commit.seen = seen("e1", at(100)).seen;
    commit.wakes = wake(ONE, "T1", None, Some(at(50))).wakes;
    commit.log = vec![(ONE, entry("opened", &["T1"]))];
    store.commit(commit).await.unwrap();
    let store = ground.reopen(store);
    assert_eq!(store.projects().await.unwrap(), [ONE]);
    assert_eq!(store.load(ONE).await.unwrap().version, 1);
    assert_eq!(store.load(ONE).await.unwrap().rows, [(key("T1"), b"{}".to_vec())]);
    assert!(is_seen_before(&store.commit(seen("e1", at(100))).await));
    assert!(is_stale(&store.commit(set(ONE, 0, "T1", "{}")).await, ONE));
    assert_eq!(store.due(at(50), 9).await.unwrap(), [(at(50), row(ONE, "T1"))]);
    store.commit(Commit { log: vec![(ONE, entry("closed", &["T1"]))], ..Commit::default() }).await.unwrap();
    let log = store.log(ONE, Some(key("T1")), 9).await.unwrap();
    assert_eq!(log, [entry("closed", &["T1"]), entry("opened", &["T1"])]);
    store.commit(set(ProjectId(0), 0, "P1", "registry")).await.unwrap();
    assert_eq!(store.projects().await.unwrap(), [ProjectId(0), ONE]);
}

/// What verifying finds wrong, beside a file system that is weaker than it should be.
pub async fn wrong(store: &dyn jiuding::store::Store) -> Vec<String> {
    let warnings = store.verify().await.unwrap().warnings;
    warnings.into_iter().filter(|warning| !warning.contains("synchronous-updates")).collect()
}

async fn adopted(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let mut commit = set(ONE, 0, "T1", "{\"b\":1.50,\"a\":\"长\"}");
    commit.rows.push((row(ONE, "#84"), Some(b"7".to_vec())));
    commit.log =
        vec![(ONE, entry("开", &["T1"])), (ONE, entry("改", &["T1"])), (TWO, entry("别的", &["R1"]))];
    commit.guards.push((TWO, 0));
    store.commit(commit).await.unwrap();
    let before = exported(store.as_ref()).await;
    let copies = || read_copies(before.as_slice()).unwrap();
    assert!(store.adopt(copies()).await.is_err(), "they are there already");

    // Another store, in which one of the two is there.
    let elsewhere = tempfile::tempdir().unwrap();
    let other = jiuding::store::sled::SledStore::open(elsewhere.path(), at(0)).unwrap();
    other.commit(set(TWO, 0, "R1", "{}")).await.unwrap();
    assert!(other.adopt(copies()).await.is_err());
    assert_eq!(other.load(ONE).await.unwrap().version, 0, "all or none");

    let elsewhere = tempfile::tempdir().unwrap();
    let other = jiuding::store::sled::SledStore::open(elsewhere.path(), at(0)).unwrap();
    other.adopt(copies()).await.unwrap();
    assert_eq!(String::from_utf8(exported(&other).await).unwrap(), String::from_utf8(before).unwrap());
    assert_eq!(other.load(ONE).await.unwrap(), store.load(ONE).await.unwrap());
    assert_eq!(other.log(ONE, Some(key("T1")), 1).await.unwrap(), [entry("改", &["T1"])]);
    other.commit(set(ONE, 1, "T1", "{}")).await.unwrap();
}

async fn exported(store: &dyn Store) -> Vec<u8> {
    let mut copies = Copies::begin(Vec::new()).unwrap();
    for id in store.projects().await.unwrap() {
        copies.add(&DossierCopy::of(store, id).await.unwrap()).unwrap();
    }
    copies.end().unwrap()
}
