//! What the store in a database promises: all that every store does, its lock, and how it takes a failing database.

use std::{path::Path, sync::Arc};

use jiff::Timestamp;
use jiuding::store::{
    Commit, CommitError, DossierCopy, Store,
    postgres::{PostgresStore, restore},
    sled::SledStore,
};
use tokio::{runtime::Handle, task::block_in_place};

use super::{
    conformance::{Ground, keeps_every_promise},
    sample::{ONE, TWO, at, entry, key, row, said, set, texts},
};
use crate::postgres::{Schema, connect};

struct Database(Schema);

impl Ground for Database {
    fn open(&self, now: Timestamp) -> Arc<dyn Store> {
        wait(async { Arc::new(PostgresStore::open(&self.0.url, now).await.unwrap()) })
    }

    fn restore(&self, backup: &Path) -> Arc<dyn Store> {
        wait(async { restore(backup, &self.0.url, true, at(0)).await.unwrap() });
        self.open(at(0))
    }
}

impl Drop for Database {
    /// Where a story fails its schema stays, to be looked at.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let sql = format!("DROP SCHEMA {} CASCADE", self.0.name);
            wait(async { connect().await.batch_execute(&sql).await.unwrap() });
        }
    }
}

pub fn wait<T>(work: impl Future<Output = T>) -> T {
    block_in_place(|| Handle::current().block_on(work))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_every_promise_of_a_store_in_a_database() {
    keeps_every_promise(|| Box::new(Database(wait(Schema::new())))).await;
}

async fn open(schema: &Schema) -> anyhow::Result<PostgresStore> {
    PostgresStore::open(&schema.url, at(0)).await
}

async fn refused(schema: &Schema) -> String {
    format!("{:#}", open(schema).await.map(drop).expect_err("it opened"))
}

/// The lock on the store in schema `$1`, named by the first bytes of its name's digest.
const OUR_LOCK: &str = "FROM pg_locks WHERE locktype = 'advisory' AND objid = \
     ('x' || encode(substring(sha256(convert_to($1, 'UTF8')) FROM 1 FOR 4), 'hex'))::bit(32)::bigint::oid";

/// Has the database end every connection of this store, as a restart of it does.
pub async fn cut(schema: &Schema) {
    let cut = format!("SELECT pg_terminate_backend(pid) {OUR_LOCK}");
    assert_eq!(connect().await.query(&cut, &[&schema.name]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn only_one_process_has_it() {
    let schema = Schema::new().await;
    let store = open(&schema).await.unwrap();
    assert!(refused(&schema).await.contains("another process has the store"));
    drop(store);
    open(&schema).await.unwrap();
    schema.drop().await;
}

#[tokio::test]
async fn whoever_lost_it_to_another_process_writes_no_more() {
    let schema = Schema::new().await;
    let store = open(&schema).await.unwrap();
    store.commit(set(ONE, 0, "T1", "{}")).await.unwrap();
    cut(&schema).await;
    let other = open(&schema).await.unwrap();
    for _ in 0..2 {
        let refused = store.commit(set(ONE, 1, "T1", "[]")).await;
        assert!(matches!(&refused, Err(CommitError::Failed(_))), "{refused:?}");
        assert!(store.writable().await.is_err());
    }
    other.commit(set(ONE, 1, "T1", "[2]")).await.unwrap();
    drop(other);
    // Neither when the other one is gone: what this one has in memory is old.
    let why = format!("{:?}", store.commit(set(ONE, 2, "T1", "[]")).await);
    assert!(why.contains("started anew"), "{why}");
    drop(store);
    schema.drop().await;
}

#[tokio::test]
async fn it_comes_back_when_the_database_does() {
    let schema = Schema::new().await;
    let store = open(&schema).await.unwrap();
    store.commit(set(ONE, 0, "T1", "{}")).await.unwrap();
    cut(&schema).await;
    let mut written = store.commit(set(ONE, 1, "T1", "[]")).await;
    for _ in 0..50 {
        if written.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        written = store.commit(set(ONE, 1, "T1", "[]")).await;
    }
    written.unwrap();
    // It may not have noticed yet that the lock went with the connection.
    let locked = format!("SELECT 1 {OUR_LOCK}");
    while connect().await.query(&locked, &[&schema.name]).await.unwrap().is_empty() {
        store.writable().await.unwrap();
    }
    assert!(refused(&schema).await.contains("another process has the store"));
    drop(store);
    schema.drop().await;
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let schema = Schema::new().await;
    drop(open(&schema).await.unwrap());
    let newer = format!("UPDATE {}.store_state SET value = '99' WHERE name = 'schema'", schema.name);
    connect().await.batch_execute(&newer).await.unwrap();
    assert!(refused(&schema).await.contains("newer version"));
    schema.drop().await;
}

#[tokio::test]
async fn a_commit_that_is_given_up_half_way_leaves_nothing_behind() {
    let schema = Schema::new().await;
    let store = Arc::new(open(&schema).await.unwrap());
    let mut version = 0;
    for round in 0..60_u64 {
        let commit =
            Commit { log: vec![(ONE, entry("a", &["T1"]))], ..set(ONE, version, "T1", &round.to_string()) };
        let patience = std::time::Duration::from_micros(round * 150);
        let _ = tokio::time::timeout(patience, store.commit(commit)).await;
        let stored = store.load(ONE).await.unwrap();
        assert!(stored.version <= version + 1);
        version = stored.version;
        // Whether or not it was written, the next one is not held up by it.
        store
            .commit(Commit { guards: vec![(ONE, version)], ..Commit::default() })
            .await
            .map(drop)
            .or_else(stale)
            .unwrap();
        version = store.load(ONE).await.unwrap().version;
    }
    let written = store.log(ONE, None, 999).await.unwrap().len();
    assert_eq!(store.log(ONE, Some(key("T1")), 999).await.unwrap().len(), written);
    drop(store);
    schema.drop().await;
}

fn stale(error: CommitError) -> Result<(), CommitError> {
    match error {
        CommitError::Stale(_) => Ok(()),
        error => Err(error),
    }
}

#[tokio::test]
async fn those_who_query_find_columns_and_views() {
    let schema = Schema::new().await;
    let store = open(&schema).await.unwrap();
    let ticket = r#"{"title":"登录页打不开","state":{"is":"new"},"owner":{"id":"feishu:ou_li","name":"李工"},
        "close":{"due":"2026-11-24T01:00:00Z"},"said":"a\u0000b"}"#;
    store.commit(set(ONE, 0, "T7", ticket.replace(r"\u0000", "").as_str())).await.unwrap();
    store.commit(set(ONE, 1, "*0", r#"{"name":"远山支付","phase":"开发","archived":false}"#)).await.unwrap();
    // What no text of a database can hold is kept all the same.
    store.commit(set(ONE, 2, "T8", ticket)).await.unwrap();
    let asked = format!("SET search_path = {}", schema.name);
    let client = connect().await;
    client.batch_execute(&asked).await.unwrap();
    let row = client
        .query_one(
            "SELECT project_name, id, title, state, owner, owner_id, due::text, body ->> 'said' FROM tickets \
             WHERE number = 7",
            &[],
        )
        .await
        .unwrap();
    let shown: Vec<Option<String>> = (0..8).map(|at| row.get(at)).collect();
    let shown: Vec<&str> = shown.iter().map(|shown| shown.as_deref().unwrap_or("-")).collect();
    let due = shown[6].to_owned();
    assert_eq!(
        [&shown[..6], &shown[7..]].concat(),
        ["远山支付", "T7", "登录页打不开", "new", "李工", "feishu:ou_li", "ab"]
    );
    assert!(due.starts_with("2026-11-24"), "{due}");
    assert_eq!(store.load(ONE).await.unwrap().rows.len(), 3);
    let empty = client.query_one("SELECT body IS NULL FROM tickets WHERE number = 8", &[]).await.unwrap();
    assert!(empty.get::<_, bool>(0));
    drop(store);
    schema.drop().await;
}

#[tokio::test]
async fn dossiers_from_elsewhere_are_taken_whole_all_or_none() {
    let (folder, schema) = (tempfile::tempdir().unwrap(), Schema::new().await);
    let sled = SledStore::open(folder.path(), at(0)).unwrap();
    let mut commit = set(ONE, 0, "T1", "{\"b\":1.50,\"a\":\"长\"}");
    commit.guards.push((TWO, 0));
    commit.rows.push((row(TWO, "R1"), Some(b"{}".to_vec())));
    commit.log = vec![(ONE, entry("开", &["T1"])), (ONE, entry("改", &["T1"]))];
    sled.commit(commit).await.unwrap();
    let copies = async || {
        let of = async |id| DossierCopy::of(&sled, id).await.unwrap();
        vec![of(ONE).await, of(TWO).await]
    };
    let store = open(&schema).await.unwrap();
    store.commit(set(TWO, 0, "R9", "{}")).await.unwrap();
    assert!(store.adopt(copies().await).await.is_err());
    assert_eq!(store.load(ONE).await.unwrap().version, 0, "all or none");
    drop(store);
    schema.drop().await;

    let schema = Schema::new().await;
    let store = open(&schema).await.unwrap();
    store.adopt(copies().await).await.unwrap();
    for id in [ONE, TWO] {
        assert_eq!(store.load(id).await.unwrap(), sled.load(id).await.unwrap());
    }
    assert_eq!(store.log(ONE, Some(key("T1")), 1).await.unwrap(), [entry("改", &["T1"])]);
    store.commit(set(ONE, 1, "T1", "{}")).await.unwrap();
    drop(store);
    schema.drop().await;
}

#[tokio::test]
async fn a_damaged_backup_is_refused_before_anything_is_touched() {
    let (schema, folder) = (Schema::new().await, tempfile::tempdir().unwrap());
    let file = folder.path().join("copy");
    let store = open(&schema).await.unwrap();
    said(&store, &["a"]).await;
    store.backup(&file).await.unwrap();
    said(&store, &["b"]).await;
    drop(store);
    let whole = std::fs::read(&file).unwrap();
    let why = format!("{:#}", restore(&file, &schema.url, false, at(0)).await.unwrap_err());
    assert!(why.contains("--force"), "{why}");
    for cut in [0, 5, whole.len() / 2, whole.len() - 2] {
        std::fs::write(&file, &whole[..cut]).unwrap();
        assert!(restore(&file, &schema.url, true, at(0)).await.is_err(), "cut at {cut}");
    }
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    std::fs::write(&file, &flipped).unwrap();
    assert!(restore(&file, &schema.url, true, at(0)).await.is_err());
    assert_eq!(texts(&open(&schema).await.unwrap().outgoing().await.unwrap()), ["a", "b"]);
    std::fs::write(&file, &whole).unwrap();
    restore(&file, &schema.url, true, at(0)).await.unwrap();
    assert_eq!(texts(&open(&schema).await.unwrap().outgoing().await.unwrap()), ["a"]);
    schema.drop().await;
}
