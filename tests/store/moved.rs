//! From one kind of store into the other and back: everything, equal, and to be gone on with.

use jiuding::{
    chat::MessageId,
    store::{
        Commit, Counters, Move, Page, Settlement, Store, Transfer, move_all, postgres::PostgresStore,
        sled::SledStore, tally,
    },
};

use super::{
    dossier::wrong,
    sample::{ONE, TWO, about, at, entry, is_seen_before, key, outgoing, row, said, seen, set, wake},
};
use crate::postgres::Schema;

/// A store with something of everything, and much of some.
async fn filled(store: &dyn Store) {
    let mut commit = set(ONE, 0, "T1", &"长".repeat(9_000));
    commit.rows.push((row(ONE, "T2"), Some(b"two\xFF".to_vec())));
    commit.seen = [seen("e1", at(100)).seen, seen(&"长".repeat(300), at(200)).seen].concat();
    commit.wakes = wake(ONE, "T1", None, Some(jiff::Timestamp::new(50, 123_456_789).unwrap())).wakes;
    commit.log = vec![(ONE, entry("opened", &["T1", "T2"])), (ONE, entry("again", &["T1"]))];
    commit.outgoing = vec![outgoing("a"), outgoing("b"), outgoing("c"), outgoing("d"), outgoing("e")];
    let ids = store.commit(commit).await.unwrap().outgoing;
    store.settle(ids[0], Settlement::Trying(3)).await.unwrap();
    let message = Some(MessageId::new("playground", "om_1"));
    let told = Settlement::Delivered { message, about: Some(about("T1")), until: at(90) };
    store.settle(ids[1], told).await.unwrap();
    store.settle(ids[2], Settlement::Dead { why: "no such room".into(), at: at(60) }).await.unwrap();
    let parts = store.outgoing().await.unwrap().into_iter().filter(|part| part.id == ids[4]).collect();
    store.settle(ids[3], Settlement::Bundled(parts)).await.unwrap();
    for n in 0..2_500_u64 {
        let line = format!("{n}").into_bytes();
        store.chat_append("项目群", &format!("k{n}"), line).await.unwrap();
    }
    for n in 0..30 {
        let rows =
            (0..50).map(|m| (row(TWO, &format!("R{}", n * 50 + m)), Some(format!("[{m}]").into_bytes())));
        let commit = Commit { guards: vec![(TWO, n)], rows: rows.collect(), ..Commit::default() };
        store.commit(commit).await.unwrap();
    }
}

/// Everything that can be asked of a store.
async fn is_filled(store: &dyn Store, ids: u64) {
    let one = store.load(ONE).await.unwrap();
    assert_eq!((one.version, one.rows.len()), (1, 2));
    assert_eq!(one.rows[1], (key("T2"), b"two\xFF".to_vec()));
    assert_eq!(store.load(TWO).await.unwrap().rows.len(), 1_500);
    let log = store.log(ONE, Some(key("T1")), 9).await.unwrap();
    assert_eq!(log, [entry("again", &["T1"]), entry("opened", &["T1", "T2"])]);
    assert!(is_seen_before(&store.commit(seen(&"长".repeat(300), at(200))).await));
    assert!(store.has_seen("e1").await.unwrap());
    let woken = (jiff::Timestamp::new(50, 123_456_789).unwrap(), row(ONE, "T1"));
    assert_eq!(store.due(at(99), 9).await.unwrap(), [woken]);
    let waiting = store.outgoing().await.unwrap();
    assert_eq!((waiting.len(), waiting[0].tries, waiting[1].bundled.len()), (2, 3, 1));
    assert_eq!(store.about(&MessageId::new("playground", "om_1")).await.unwrap(), Some(about("T1")));
    assert_eq!(store.dead_letters().await.unwrap()[0].why, "no such room");
    assert_eq!(store.chat_since("项目群", 0, 9_999).await.unwrap().len(), 2_000);
    assert_eq!(store.chat_append("项目群", "k2499", b"again".to_vec()).await.unwrap(), 2_500);
    assert!(said(store, &["next"]).await[0] > ids);
    assert_eq!(wrong(store).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_and_back_all_is_equal() {
    let (folder, schema) = (tempfile::tempdir().unwrap(), Schema::new().await);
    let sled = SledStore::open(folder.path(), at(0)).unwrap();
    filled(&sled).await;
    let before = tally(&sled).await.unwrap();
    assert_eq!(before.len(), 10, "something of everything");
    let postgres = PostgresStore::open(&schema.url, at(0)).await.unwrap();
    assert_eq!(move_all(&sled, &postgres, |_| {}).await.unwrap(), before);
    assert!(move_all(&sled, &postgres, |_| {}).await.unwrap_err().to_string().contains("not empty"));

    let folder = tempfile::tempdir().unwrap();
    let back = SledStore::open(folder.path(), at(0)).unwrap();
    assert_eq!(move_all(&postgres, &back, |_| {}).await.unwrap(), before);
    assert_eq!(back.counters().await.unwrap(), sled.counters().await.unwrap());
    is_filled(&back, 5).await;
    is_filled(&postgres, 5).await;
    drop(postgres);
    schema.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_was_cut_off_goes_on_and_nobody_serves_from_it_before() {
    let (folder, schema) = (tempfile::tempdir().unwrap(), Schema::new().await);
    let sled = SledStore::open(folder.path(), at(0)).unwrap();
    filled(&sled).await;
    let before = tally(&sled).await.unwrap();
    let postgres = PostgresStore::open(&schema.url, at(0)).await.unwrap();
    let from = sled.fingerprint().await.unwrap();
    let mut after = None;
    postgres.clear(Move { from: from.clone(), after: None }).await.unwrap();
    for _ in 0..3 {
        let Page { pieces, next } = sled.pieces(after, 700).await.unwrap();
        postgres.take_in(pieces, Move { from: from.clone(), after: next.clone() }).await.unwrap();
        after = next;
    }
    drop(postgres);
    let why = PostgresStore::open(&schema.url, at(0)).await.map(drop).unwrap_err().to_string();
    assert!(why.contains("migrate"), "{why}");
    let postgres = PostgresStore::open_unfinished(&schema.url, at(0)).await.unwrap();
    let mut moved = 0;
    assert_eq!(move_all(&sled, &postgres, |far| moved = far).await.unwrap(), before);
    let all: u64 = before.values().map(|(count, _)| count).sum();
    assert_eq!(moved, all - 2_100, "it went on where it was");
    drop(postgres);

    // The same into a folder; and where it is moved from was written meanwhile, it begins anew.
    let postgres = PostgresStore::open(&schema.url, at(0)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let back = SledStore::open(folder.path(), at(0)).unwrap();
    let from = postgres.fingerprint().await.unwrap();
    back.clear(Move { from: from.clone(), after: None }).await.unwrap();
    let Page { pieces, next } = postgres.pieces(None, 2_000).await.unwrap();
    back.take_in(pieces, Move { from, after: next }).await.unwrap();
    drop(back);
    let why = SledStore::open(folder.path(), at(0)).unwrap_err().to_string();
    assert!(why.contains("migrate"), "{why}");
    postgres.commit(set(ONE, 1, "T2", "changed")).await.unwrap();
    let back = SledStore::open_unfinished(folder.path(), at(0)).unwrap();
    let tally = move_all(&postgres, &back, |_| {}).await.unwrap();
    assert_ne!(tally["rows"].1, before["rows"].1);
    assert_eq!(back.load(ONE).await.unwrap(), postgres.load(ONE).await.unwrap());
    assert_eq!(back.counters().await.unwrap(), Counters { outgoing: 5, log: 2 });
    drop(back);
    SledStore::open(folder.path(), at(0)).unwrap();
    drop(postgres);
    schema.drop().await;
}
