//! What every store promises, told once. A store takes part by a [`Ground`] and one test that calls
//! [`keeps_every_promise`].

use std::{future::Future, path::Path, pin::Pin, sync::Arc};

use jiff::Timestamp;
use jiuding::store::Store;

use super::{chat, concurrent, dossier, messages};

/// A place for one store, which can be opened again and again.
pub trait Ground: Send + Sync {
    /// Opens the store that lies here; an empty one the first time.
    fn open(&self, now: Timestamp) -> Arc<dyn Store>;

    /// Puts a backup in the place of what lies here, and opens it.
    fn restore(&self, backup: &Path) -> Arc<dyn Store>;

    /// Closes the store as a restart of the program does, and opens it.
    fn reopen(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        assert_eq!(Arc::strong_count(&store), 1, "somebody still holds the store");
        drop(store);
        self.open(super::sample::at(0))
    }
}

/// A story about a ground.
pub type Story = for<'a> fn(&'a dyn Ground) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Plays every story on ground of its own; the last name printed is the one that failed.
pub async fn keeps_every_promise(fresh: impl Fn() -> Box<dyn Ground>) {
    for (name, story) in [dossier::STORIES, messages::STORIES, chat::STORIES, concurrent::STORIES].concat() {
        println!("{name}");
        story(fresh().as_ref()).await;
    }
}
