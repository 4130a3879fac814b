//! Promises about messages on their way out.

use jiuding::{chat::MessageId, store::Settlement};

use super::{
    conformance::{Ground, Story},
    dossier::wrong,
    sample::{about, at, outgoing, said, texts},
};

pub const STORIES: &[(&str, Story)] = &[
    ("messages get ids that rise and are never given twice", |ground| Box::pin(ids(ground))),
    ("a delivered message is gone and quotes of it are understood", |ground| Box::pin(delivered(ground))),
    ("quotes are understood until their time is over", |ground| Box::pin(quotes_end(ground))),
    ("tries are counted", |ground| Box::pin(tries(ground))),
    ("a message that became untrue is dropped", |ground| Box::pin(dropped(ground))),
    ("a dead letter can be put back or forgotten", |ground| Box::pin(dead_letters(ground))),
    ("what became of an unknown message does not matter", |ground| Box::pin(unknown(ground))),
];

fn id(raw: &str) -> MessageId {
    MessageId::new("playground", raw)
}

fn delivered_as(raw: &str, until: i64) -> Settlement {
    Settlement::Delivered { message: Some(id(raw)), about: Some(about("T1")), until: at(until) }
}

async fn ids(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let first = said(&*store, &["a", "b"]).await;
    let second = said(&*store, &["c"]).await;
    assert!(0 < first[0] && first[0] < first[1] && first[1] < second[0]);
    let waiting = store.outgoing().await.unwrap();
    assert_eq!(texts(&waiting), ["a", "b", "c"]);
    assert_eq!(waiting[1], jiuding::store::Outgoing { id: first[1], ..outgoing("b") });
    // Not even when all are gone and the program started anew.
    for id in [first[0], first[1], second[0]] {
        store.settle(id, Settlement::Dropped).await.unwrap();
    }
    let store = ground.reopen(store);
    assert_eq!(store.outgoing().await.unwrap(), []);
    assert!(said(&*store, &["d"]).await[0] > second[0]);
    // More than one digit and more than one byte keep their order.
    let many: Vec<String> = (0..300).map(|n| n.to_string()).collect();
    let ids = said(&*store, &many.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert!(ids.is_sorted());
    assert_eq!(texts(&store.outgoing().await.unwrap())[1..], many);
}

async fn delivered(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let ids = said(&*store, &["a", "b", "c"]).await;
    store.settle(ids[0], delivered_as("om_1", 100)).await.unwrap();
    let silent = Settlement::Delivered { message: None, about: Some(about("T1")), until: at(100) };
    store.settle(ids[1], silent).await.unwrap();
    let plain = Settlement::Delivered { message: Some(id("om_3")), about: None, until: at(100) };
    store.settle(ids[2], plain).await.unwrap();
    let store = ground.reopen(store);
    assert_eq!(store.outgoing().await.unwrap(), []);
    assert_eq!(store.about(&id("om_1")).await.unwrap(), Some(about("T1")));
    assert_eq!(store.about(&id("om_2")).await.unwrap(), None);
    assert_eq!(store.about(&id("om_3")).await.unwrap(), None);
}

async fn quotes_end(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let ids = said(&*store, &["a", "b", "c"]).await;
    store.settle(ids[0], delivered_as("om_1", 100)).await.unwrap();
    store.settle(ids[1], delivered_as("om_2", 200)).await.unwrap();
    store.settle(ids[2], delivered_as("om_1", 200)).await.unwrap();
    assert_eq!(store.sweep(at(150)).await.unwrap(), 0);
    assert!(store.about(&id("om_1")).await.unwrap().is_some());
    assert_eq!(store.sweep(at(200)).await.unwrap(), 2);
    assert_eq!(store.about(&id("om_1")).await.unwrap(), None);
    assert_eq!(wrong(&*store).await, Vec::<String>::new());
}

async fn tries(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let ids = said(&*store, &["a", "b"]).await;
    store.settle(ids[0], Settlement::Trying(1)).await.unwrap();
    store.settle(ids[0], Settlement::Trying(2)).await.unwrap();
    let store = ground.reopen(store);
    let tries: Vec<u32> = store.outgoing().await.unwrap().iter().map(|outgoing| outgoing.tries).collect();
    assert_eq!(tries, [2, 0]);
}

async fn dropped(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let ids = said(&*store, &["a", "b"]).await;
    store.settle(ids[0], Settlement::Dropped).await.unwrap();
    assert_eq!(texts(&store.outgoing().await.unwrap()), ["b"]);
    assert_eq!(store.dead_letters().await.unwrap(), []);
}

async fn dead_letters(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let ids = said(&*store, &["a", "b", "c"]).await;
    store.settle(ids[0], Settlement::Trying(7)).await.unwrap();
    store.settle(ids[0], Settlement::Dead { why: "no such room".into(), at: at(60) }).await.unwrap();
    store.settle(ids[1], Settlement::Dead { why: "too old".into(), at: at(50) }).await.unwrap();
    assert_eq!(texts(&store.outgoing().await.unwrap()), ["c"]);
    let store = ground.reopen(store);
    let letters = store.dead_letters().await.unwrap();
    assert_eq!(
        letters.iter().map(|letter| letter.why.as_str()).collect::<Vec<_>>(),
        ["too old", "no such room"]
    );
    assert_eq!((letters[1].at, letters[1].outgoing.tries, letters[1].outgoing.id), (at(60), 7, ids[0]));
    let revived = store.revive(ids[0]).await.unwrap().unwrap();
    assert_eq!(revived, jiuding::store::Outgoing { id: ids[0], ..outgoing("a") });
    assert_eq!(store.revive(ids[0]).await.unwrap(), None);
    assert_eq!(texts(&store.outgoing().await.unwrap()), ["a", "c"]);
    assert!(store.forget(ids[1]).await.unwrap());
    assert!(!store.forget(ids[1]).await.unwrap());
    assert_eq!(store.dead_letters().await.unwrap(), []);
}

async fn unknown(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let dead = Settlement::Dead { why: "no such room".into(), at: at(60) };
    for settlement in [delivered_as("om_9", 100), Settlement::Dropped, Settlement::Trying(1), dead] {
        store.settle(12_345, settlement).await.unwrap();
    }
    assert_eq!(store.outgoing().await.unwrap(), []);
    assert_eq!(store.dead_letters().await.unwrap(), []);
    assert_eq!(store.about(&id("om_9")).await.unwrap(), None);
}
