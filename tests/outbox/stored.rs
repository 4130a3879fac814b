//! With the real store: a bundle is one row, and nothing is left behind.

use std::{sync::Arc, time::Duration};

use jiuding::store::{Commit, Settlement, Store, sled::SledStore};

use super::fakes::*;

#[tokio::test]
async fn a_bundle_is_one_row_from_its_writing_on() {
    let world = World::new(HOUR);
    let a = room("a");
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SledStore::open(folder.path(), world.now()).unwrap());
    let outgoing: Vec<_> = (1..=7).map(|n| world.commit(&a, &n.to_string())).collect();
    let given = store.commit(Commit { outgoing, ..Commit::default() }).await.unwrap().outgoing;
    let there = store.outgoing().await.unwrap();
    assert_eq!(there.iter().map(|it| it.id).collect::<Vec<_>>(), given);
    store.settle(given[1], Settlement::Bundled(there[2..4].to_vec())).await.unwrap();
    let now_there = store.outgoing().await.unwrap();
    assert_eq!(now_there.len(), 5);
    assert_eq!(now_there[1].bundled, there[2..4]);

    let process = world.start_on(store.clone(), Power::on()).await;
    assert_eq!(process.outbox.idle(Duration::from_secs(30)).await, 0);
    assert_eq!(world.said(&a), ["1", "2\n\n3\n\n4", "5", "6", "7"]);
    assert!(store.outgoing().await.unwrap().is_empty());
    process.stop().await;
}
