//! Several processes on one store in a database.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use jiuding::{
    chat::{RoomId, Target},
    store::{Claimed, CommitError, GENERATION, News, Settlement, Shared, Store, postgres::PostgresStore},
};
use tokio::time::timeout;

use super::{
    conformance::{Ground, keeps_every_promise},
    postgres::{cut, wait},
    sample::{ONE, TWO, at, said, set},
};
use crate::postgres::{Schema, connect};

/// Long enough for a loaded machine, short enough to wait for.
const TAKEOVER: Duration = Duration::from_secs(2);
const LONG: Duration = Duration::from_secs(60);

async fn join(schema: &Schema) -> PostgresStore {
    PostgresStore::join(&schema.url, TAKEOVER, GENERATION, at(0)).await.unwrap()
}

async fn join_as(generation: i32, schema: &Schema) -> anyhow::Result<PostgresStore> {
    PostgresStore::join(&schema.url, TAKEOVER, generation, at(0)).await
}

async fn refused(schema: &Schema) -> String {
    format!("{:#}", PostgresStore::open(&schema.url, at(0)).await.map(drop).expect_err("it opened"))
}

async fn until(what: &str, mut is: impl AsyncFnMut() -> bool) {
    let so = async {
        while !is().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(timeout(Duration::from_secs(20), so).await.is_ok(), "{what}: not in time");
}

/// A store that one process among others has.
struct Among(Schema);

impl Ground for Among {
    fn open(&self, now: Timestamp) -> Arc<dyn Store> {
        wait(async { Arc::new(PostgresStore::join(&self.0.url, LONG, GENERATION, now).await.unwrap()) })
    }

    fn restore(&self, backup: &std::path::Path) -> Arc<dyn Store> {
        wait(async {
            connect().await.batch_execute(&format!("DELETE FROM {}.members", self.0.name)).await.unwrap();
            jiuding::store::postgres::restore(backup, &self.0.url, true, at(0)).await.unwrap();
        });
        self.open(at(0))
    }
}

impl Drop for Among {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let sql = format!("DROP SCHEMA {} CASCADE", self.0.name);
            wait(async { connect().await.batch_execute(&sql).await.unwrap() });
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_every_promise_of_a_store_among_others() {
    keeps_every_promise(|| Box::new(Among(wait(Schema::new())))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_start_at_the_same_moment() {
    let schema = Schema::new().await;
    let stores = futures_util::future::join_all((0..5).map(|_| join(&schema))).await;
    until("all are counted", async || stores.iter().all(|store| store.members() == 5)).await;
    stores[0].commit(set(ONE, 0, "T1", "{}")).await.unwrap();
    assert!(matches!(stores[1].commit(set(ONE, 0, "T1", "[]")).await, Err(CommitError::Stale(ONE))));
    stores[1].commit(set(ONE, 1, "T1", "[]")).await.unwrap();
    assert_eq!(stores[2].version_of(ONE).await.unwrap(), 2);
    assert_eq!(stores[2].version_of(TWO).await.unwrap(), 0);
    assert_eq!(stores[3].versions().await.unwrap(), [(ONE, 2)]);
    for store in &stores {
        store.leave().await.unwrap();
    }
    // Nobody is there any more: at once it can be had alone.
    drop(stores);
    PostgresStore::open(&schema.url, at(0)).await.unwrap();
    schema.drop().await;
}

#[tokio::test]
async fn it_cannot_be_had_alone_while_a_member_is_there_nor_joined_while_it_is_had_alone() {
    let schema = Schema::new().await;
    let store = join(&schema).await;
    assert!(refused(&schema).await.contains("another process has the store"));
    store.leave().await.unwrap();
    drop(store);
    let alone = PostgresStore::open(&schema.url, at(0)).await.unwrap();
    let why = PostgresStore::join(&schema.url, TAKEOVER, GENERATION, at(0))
        .await
        .map(drop)
        .unwrap_err()
        .to_string();
    assert!(why.contains("for itself"), "{why}");
    alone.commit(set(ONE, 0, "T1", "{}")).await.unwrap();
    drop(alone);
    schema.drop().await;
}

#[tokio::test]
async fn whoever_was_taken_for_dead_joins_anew_and_goes_on() {
    let schema = Schema::new().await;
    let store = join(&schema).await;
    let before = store.membership().unwrap();
    let bury = format!("DELETE FROM {}.members", schema.name);
    connect().await.batch_execute(&bury).await.unwrap();
    store.commit(set(ONE, 0, "T1", "{}")).await.unwrap();
    assert!(store.membership().unwrap() > before);
    // Its connections end, all of them, as when the database restarts.
    cut(&schema).await;
    until("it is back", async || store.commit(set(TWO, 0, "T1", "{}")).await.is_ok()).await;
    store.leave().await.unwrap();
    drop(store);
    schema.drop().await;
}

#[tokio::test]
async fn what_is_new_is_told_to_the_others() {
    let schema = Schema::new().await;
    let (one, two) = (join(&schema).await, join(&schema).await);
    let mut news = two.news();
    one.commit(set(ONE, 0, "T1", "{}")).await.unwrap();
    let heard = async {
        loop {
            let News { projects, .. } = news.recv().await.unwrap();
            if projects == [ONE] {
                break;
            }
        }
    };
    timeout(Duration::from_secs(10), heard).await.unwrap();
    one.leave().await.unwrap();
    two.leave().await.unwrap();
    schema.drop().await;
}

#[tokio::test]
async fn a_lane_is_in_one_hand_until_that_is_gone() {
    let schema = Schema::new().await;
    let (one, two) = (join(&schema).await, join(&schema).await);
    let ids = said(&one, &["a", "b"]).await;
    let target = one.outgoing().await.unwrap()[0].to.clone();
    let elsewhere = Target::Room(RoomId("playground:nowhere".into()));
    assert_eq!(two.lonely(vec![], 9).await.unwrap(), std::slice::from_ref(&target));
    let mine = |left_behind| [Claimed { what: target.clone(), left_behind }];
    assert_eq!(one.claim_lanes(vec![target.clone()]).await.unwrap(), mine(false));
    assert!(two.claim_lanes(vec![target.clone()]).await.unwrap().is_empty());
    assert!(two.lonely(vec![], 9).await.unwrap().is_empty());
    assert_eq!(one.still_ours(vec![target.clone(), elsewhere]).await.unwrap(), [(target.clone(), 2)]);

    // Only whoever has it settles what is in it, and lets go of it when it is empty.
    two.settle(ids[0], Settlement::Dropped).await.unwrap_err();
    two.settle(ids[0], Settlement::Trying(1)).await.unwrap_err();
    two.settle(ids[0], Settlement::Bundled(vec![])).await.unwrap_err();
    one.settle(ids[0], Settlement::Dropped).await.unwrap();
    one.settle(ids[0], Settlement::Dropped).await.unwrap();
    assert!(!one.release_lane(&target).await.unwrap());

    // It is gone without a word.
    drop(one);
    let mut taken = Vec::new();
    until("it is taken over", async || {
        taken = two.claim_lanes(vec![target.clone()]).await.unwrap();
        !taken.is_empty()
    })
    .await;
    assert_eq!(taken, mine(true));
    two.settle(ids[1], Settlement::Dropped).await.unwrap();
    assert!(two.release_lane(&target).await.unwrap());
    assert!(!two.release_lane(&target).await.unwrap());
    two.leave().await.unwrap();
    drop(two);
    schema.drop().await;
}

#[tokio::test]
async fn work_is_claimed_by_one() {
    let schema = Schema::new().await;
    let (one, two) = (join(&schema).await, join(&schema).await);
    let work = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(one.claim_work(work(&["b", "a"])).await.unwrap(), ["b", "a"]);
    assert_eq!(two.claim_work(work(&["a", "c"])).await.unwrap(), ["c"]);
    one.release_work(work(&["a"])).await.unwrap();
    assert_eq!(two.claim_work(work(&["a", "b"])).await.unwrap(), ["a"]);
    assert_eq!((one.count("calls", 2).await.unwrap(), two.count("calls", 3).await.unwrap()), (2, 5));
    one.leave().await.unwrap();
    assert_eq!(two.claim_work(work(&["b"])).await.unwrap(), ["b"]);
    two.leave().await.unwrap();
    schema.drop().await;
}

/// As a newer version of this program does it: it adds, and those who are there go on.
#[tokio::test]
async fn a_schema_that_grows_does_not_disturb_who_is_there_and_keeps_older_ones_from_starting() {
    let schema = Schema::new().await;
    let store = join(&schema).await;
    store.commit(set(ONE, 0, "T1", "{}")).await.unwrap();
    let grown = format!(
        "SET search_path = {}; ALTER TABLE rows ADD COLUMN colour text; ALTER TABLE outgoing ADD COLUMN colour text \
         DEFAULT 'red'; CREATE TABLE colours (name text); UPDATE store_state SET value = '99' WHERE name = 'schema'",
        schema.name
    );
    connect().await.batch_execute(&grown).await.unwrap();
    store.commit(set(ONE, 1, "T1", "[]")).await.unwrap();
    let id = said(&store, &["a"]).await[0];
    store.settle(id, Settlement::Trying(1)).await.unwrap();
    store.settle(id, Settlement::Dropped).await.unwrap();
    cut(&schema).await;
    until("it is back", async || store.commit(set(TWO, 0, "T1", "{}")).await.is_ok()).await;
    let why = PostgresStore::join(&schema.url, TAKEOVER, GENERATION, at(0))
        .await
        .map(drop)
        .unwrap_err()
        .to_string();
    assert!(why.contains("newer version"), "{why}");
    store.leave().await.unwrap();
    drop(store);
    schema.drop().await;
}

#[tokio::test]
async fn messages_of_an_older_schema_find_their_lanes() {
    let schema = Schema::new().await;
    let store = PostgresStore::open(&schema.url, at(0)).await.unwrap();
    said(&store, &["a \"to\":{\"room\":\"x\"}", "b\u{0}\\"]).await;
    drop(store);
    let back = format!(
        "SET search_path = {}; DROP TABLE members; DROP TABLE leases; DROP TABLE counts; \
         ALTER TABLE outgoing DROP COLUMN target; \
         UPDATE store_state SET value = '2' WHERE name = 'schema'",
        schema.name
    );
    connect().await.batch_execute(&back).await.unwrap();
    let store = join(&schema).await;
    let waiting = store.outgoing().await.unwrap();
    let target = waiting[0].to.clone();
    assert_eq!(store.claim_lanes(vec![target.clone()]).await.unwrap().len(), 1);
    assert_eq!(store.lane(&target).await.unwrap(), waiting);
    store.leave().await.unwrap();
    drop(store);
    schema.drop().await;
}

#[tokio::test]
async fn once_a_newer_generation_serves_the_older_ones_stand_aside_until_it_is_gone() {
    let schema = Schema::new().await;
    let older = join_as(1, &schema).await.unwrap();
    older.serve().await.unwrap();
    let newer = join_as(2, &schema).await.unwrap();
    let room = Target::Room(RoomId::new("playground", "g"));
    older.commit(set(ONE, 0, "T1", "[]")).await.unwrap();
    assert_eq!(older.claim_lanes(vec![room.clone()]).await.unwrap().len(), 1);

    // It has come up, and not before.
    newer.serve().await.unwrap();
    let refused = older.commit(set(ONE, 1, "T1", "{}")).await;
    assert!(
        matches!(&refused, Err(CommitError::Failed(why)) if why.contains("newer version")),
        "{refused:?}"
    );
    until("it stands aside", async || *older.aside().borrow()).await;
    assert_eq!((older.membership(), newer.members()), (None, 1));
    assert!(older.writable().await.is_err());
    newer.commit(set(ONE, 1, "T1", "{}")).await.unwrap();
    // What it had is anybody's, without waiting for it to be taken for dead.
    let left = newer.claim_lanes(vec![room.clone()]).await.unwrap();
    assert_eq!(left, [Claimed { what: room, left_behind: true }]);
    let why = format!("{:#}", join_as(1, &schema).await.map(drop).unwrap_err());
    assert!(why.contains("start that one"), "{why}");

    newer.leave().await.unwrap();
    until("it goes on", async || older.commit(set(ONE, 2, "T1", "[]")).await.is_ok()).await;
    assert!(!*older.aside().borrow());
    older.leave().await.unwrap();
    drop((older, newer));
    schema.drop().await;
}

/// Others speak PostgreSQL's protocol without these two.
#[tokio::test]
async fn a_database_without_advisory_locks_and_notifications_serves_several_too() {
    let mut schema = Schema::new().await;
    let without =
        ["pg_try_advisory_lock(int, int)", "pg_try_advisory_lock_shared(int, int)", "pg_notify(text, text)"];
    for function in without {
        let made = format!(
            "CREATE FUNCTION {}.{function} RETURNS boolean LANGUAGE plpgsql AS \
             $$BEGIN RAISE EXCEPTION 'none' USING ERRCODE = '0A000'; END$$",
            schema.name
        );
        connect().await.batch_execute(&made).await.unwrap();
    }
    schema.url.push_str("%2Cpg_catalog");
    let (one, other) = (join(&schema).await, join(&schema).await);
    one.serve().await.unwrap();
    one.commit(set(ONE, 0, "T1", "{}")).await.unwrap();
    other.commit(set(ONE, 1, "T1", "[]")).await.unwrap();
    assert!(matches!(one.commit(set(ONE, 1, "T1", "{}")).await, Err(CommitError::Stale(ONE))));
    other.serve().await.unwrap();
    until("both are counted", async || one.members() == 2 && other.members() == 2).await;
    one.leave().await.unwrap();
    other.leave().await.unwrap();
    drop((one, other));
    PostgresStore::open(&schema.url, at(0)).await.unwrap();
    schema.drop().await;
}
