//! What is said in one room is carried out in the order in which it came.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;

/// From this many lanes on those where nobody waits are forgotten.
const TIDY_AT: usize = 256;

/// Queues by name. Turns are taken in the order of frames, and waited for by whoever does the work.
#[derive(Default)]
pub struct Lanes {
    // Held for no longer than taking a number.
    lanes: Mutex<HashMap<String, Lane>>,
}

struct Lane {
    // How many turns are over.
    over: Arc<watch::Sender<u64>>,
    taken: u64,
}

/// A place in a queue.
#[derive(Clone)]
pub struct Turn {
    over: Arc<watch::Sender<u64>>,
    number: u64,
}

impl Lanes {
    /// The next turn in a lane. Whoever takes it must end it.
    pub fn take(&self, lane: String) -> Turn {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.len() >= TIDY_AT {
            lanes.retain(|_, lane| *lane.over.borrow() < lane.taken);
        }
        let lane =
            lanes.entry(lane).or_insert_with(|| Lane { over: Arc::new(watch::Sender::new(0)), taken: 0 });
        lane.taken += 1;
        Turn { over: lane.over.clone(), number: lane.taken - 1 }
    }
}

impl Turn {
    /// Waits until all turns before this one are over.
    pub async fn comes(&self) {
        let mut over = self.over.subscribe();
        // The sender lives as long as `self`, so the wait cannot fail.
        let _ = over.wait_for(|over| *over >= self.number).await;
    }

    /// Lets the next one go on.
    pub async fn ends(&self) {
        self.comes().await;
        self.over.send_replace(self.number + 1);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_turn_comes_when_all_before_it_are_over_and_other_lanes_do_not_wait() {
        let lanes = Lanes::default();
        let [first, second, third] = [(); 3].map(|()| lanes.take("a".into()));
        assert!(first.comes().now_or_never().is_some());
        assert!(lanes.take("b".into()).comes().now_or_never().is_some());
        // Whoever had nothing to wait for still does not let others overtake.
        assert!(second.ends().now_or_never().is_none());
        assert!(third.comes().now_or_never().is_none());
        assert!(first.ends().now_or_never().is_some());
        assert!(third.comes().now_or_never().is_none());
        assert!(second.ends().now_or_never().is_some());
        assert!(third.comes().now_or_never().is_some());
    }

    #[test]
    fn lanes_where_nobody_waits_are_forgotten() {
        let lanes = Lanes::default();
        let waits = lanes.take("waits".into());
        for n in 0..TIDY_AT * 2 {
            lanes.take(n.to_string()).ends().now_or_never().unwrap();
        }
        assert!(lanes.lanes.lock().unwrap().len() <= TIDY_AT);
        let next = lanes.take("waits".into());
        assert!(next.comes().now_or_never().is_none());
        waits.ends().now_or_never().unwrap();
        assert!(next.comes().now_or_never().is_some());
    }
}
