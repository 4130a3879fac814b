//! Promises about the playground's chats.

use jiuding::store::Store;
use tokio::task::JoinSet;

use super::{
    conformance::{Ground, Story},
    dossier::wrong,
    sample::at,
};

pub const STORIES: &[(&str, Story)] = &[
    ("lines are counted and read on from any place", |ground| Box::pin(lines(ground))),
    ("a line is appended once under one name", |ground| Box::pin(once(ground))),
    ("rooms do not mix", |ground| Box::pin(rooms(ground))),
    ("a room keeps its newest two thousand lines", |ground| Box::pin(bounded(ground))),
];

async fn read(store: &dyn Store, room: &str, after: u64, most: usize) -> Vec<(u64, String)> {
    let lines = store.chat_since(room, after, most).await.unwrap();
    lines.into_iter().map(|line| (line.seq, String::from_utf8(line.value).unwrap())).collect()
}

fn expect(lines: &[(u64, &str)]) -> Vec<(u64, String)> {
    lines.iter().map(|(seq, text)| (*seq, (*text).to_owned())).collect()
}

async fn lines(ground: &dyn Ground) {
    let store = ground.open(at(0));
    assert_eq!(read(&*store, "g1", 0, 9).await, []);
    for (n, text) in ["a", "b", "c"].into_iter().enumerate() {
        assert_eq!(store.chat_append("g1", text, text.into()).await.unwrap(), n as u64 + 1);
    }
    let store = ground.reopen(store);
    assert_eq!(read(&*store, "g1", 0, 9).await, expect(&[(1, "a"), (2, "b"), (3, "c")]));
    assert_eq!(read(&*store, "g1", 1, 1).await, expect(&[(2, "b")]));
    assert_eq!(read(&*store, "g1", 3, 9).await, []);
    assert_eq!(read(&*store, "g1", u64::MAX, 9).await, []);
    let long = "长".repeat(9_000);
    assert_eq!(store.chat_append("g1", "long", long.clone().into()).await.unwrap(), 4);
    assert_eq!(read(&*store, "g1", 3, 9).await, [(4, long)]);
}

async fn once(ground: &dyn Ground) {
    let store = ground.open(at(0));
    assert_eq!(store.chat_append("g1", "k1", b"a".to_vec()).await.unwrap(), 1);
    assert_eq!(store.chat_append("g1", "k2", b"b".to_vec()).await.unwrap(), 2);
    let store = ground.reopen(store);
    assert_eq!(store.chat_append("g1", "k1", b"again".to_vec()).await.unwrap(), 1);
    assert_eq!(read(&*store, "g1", 0, 9).await, expect(&[(1, "a"), (2, "b")]));
}

async fn rooms(ground: &dyn Ground) {
    let store = ground.open(at(0));
    for room in ["项目群", "dm:li", "dm:l", ""] {
        assert_eq!(store.chat_append(room, "k", room.into()).await.unwrap(), 1);
    }
    assert_eq!(store.chat_append("dm:l", "ik", b"second".to_vec()).await.unwrap(), 2);
    assert_eq!(read(&*store, "dm:l", 0, 9).await, expect(&[(1, "dm:l"), (2, "second")]));
    assert_eq!(read(&*store, "dm:li", 0, 9).await, expect(&[(1, "dm:li")]));
    assert_eq!(store.chat_rooms().await.unwrap(), ["", "dm:l", "dm:li", "项目群"]);
}

async fn bounded(ground: &dyn Ground) {
    let store = ground.open(at(0));
    let mut tasks = JoinSet::new();
    for name in (1..=2_005).map(|n| format!("k{n}")) {
        let store = store.clone();
        tasks.spawn(async move { store.chat_append("g1", &name, name.clone().into()).await.unwrap() });
    }
    let mut places = tasks.join_all().await;
    places.sort_unstable();
    assert!(places.into_iter().eq(1..=2_005));
    let kept = read(&*store, "g1", 0, 9_999).await;
    assert!(kept.iter().map(|(seq, _)| *seq).eq(6..=2_005));
    // The oldest that is kept is still known under its name; one that was forgotten is not.
    assert_eq!(store.chat_append("g1", &kept[0].1, b"again".to_vec()).await.unwrap(), 6);
    let forgotten =
        (1..=2_005).map(|n| format!("k{n}")).find(|name| kept.iter().all(|(_, kept)| kept != name));
    assert_eq!(store.chat_append("g1", &forgotten.unwrap(), b"new".to_vec()).await.unwrap(), 2_006);
    assert_eq!(wrong(&*store).await, Vec::<String>::new());
}
