//! What a process does while a newer version of the program serves from the same store: nothing.
//!
//! Its doors stay open and refuse, so that whoever knocks goes to the next process; the long connections, the clocks and
//! the outbox rest. They go on when no newer one is there any more.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use crate::store::Store;

/// What can be begun, told to stop, and begun again.
pub(super) type Task = Box<dyn Fn(watch::Receiver<bool>) -> BoxFuture<'static, ()> + Send + Sync>;

/// A task.
pub(super) fn task<F>(begin: impl Fn(watch::Receiver<bool>) -> F + Send + Sync + 'static) -> Task
where
    F: Future<Output = ()> + Send + 'static,
{
    Box::new(move |stop| Box::pin(begin(stop)))
}

/// Does it until told to stop, or it ends by itself, but not while this process stands aside.
pub(super) async fn while_serving(store: Arc<dyn Store>, work: Task, mut stop: watch::Receiver<bool>) {
    let Some(mut aside) = store.shared().map(|shared| shared.aside()) else { return work(stop).await };
    while !*stop.borrow() {
        tokio::select! {
            () = turns(&mut stop, true) => return,
            () = turns(&mut aside, false) => {}
        }
        let ends = watch::Sender::new(false);
        let mut doing = work(ends.subscribe());
        tokio::select! {
            () = &mut doing => return,
            () = turns(&mut stop, true) => {}
            () = turns(&mut aside, true) => {}
        }
        ends.send_replace(true);
        doing.await;
    }
}

/// Done when it is so; a sender that is gone means the same.
async fn turns(watched: &mut watch::Receiver<bool>, to: bool) {
    let _ = watched.wait_for(|is| *is == to).await;
}
