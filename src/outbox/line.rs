//! The line in front of one platform's app: who goes next when there is room for one.
//!
//! First come, first served among those in the same haste; who is in more goes ahead of them. Only the first one takes
//! from the bucket, so that nobody behind it does.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};

use super::{bucket::Bucket, haste::Haste};
use crate::platform::Rate;

/// How many parcels are on their way to one platform at once; one that hangs does not hold up another. At the
/// platforms' pace of about sixteen a second, answers may take four.
const IN_FLIGHT: usize = 64;
/// How many of them are urgent in any case.
const KEPT: usize = 8;

/// The line.
#[derive(Debug)]
pub struct Line {
    /// Held for a look or a step, never over an await.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    bucket: Bucket,
    in_flight: usize,
    waiting: BTreeMap<Place, Arc<Notify>>,
    came: u64,
    /// Until when the platform wants to hear nothing of the app.
    silent_until: Option<Instant>,
}

/// The most hasty first, then who came first.
type Place = (Reverse<Haste>, u64);

impl Line {
    /// A line of nobody.
    pub fn new(rate: Rate) -> Self {
        let bucket = Bucket::new(rate);
        Self {
            state: Mutex::new(State {
                bucket,
                in_flight: 0,
                waiting: BTreeMap::new(),
                came: 0,
                silent_until: None,
            }),
        }
    }

    /// Lets everybody wait for so long; whether nobody had to before.
    pub fn silence(&self, long: Duration) -> bool {
        let mut state = self.state();
        let (now, before) = (Instant::now(), state.silent_until);
        state.silent_until = before.max(Some(now + long));
        before.is_none_or(|before| before <= now)
    }

    /// Returns when one may go. So many processes share the bucket.
    pub async fn pass(&self, haste: Haste, processes: impl Fn() -> u32) -> Passage<'_> {
        let standing = self.stand(haste);
        loop {
            match self.step(standing.place, processes()) {
                Step::Go => return Passage { line: self },
                Step::Wait => standing.called.notified().await,
                Step::Sleep(left) => tokio::select! {
                    () = sleep(left) => {}
                    () = standing.called.notified() => {}
                },
            }
        }
    }

    fn stand(&self, haste: Haste) -> Standing<'_> {
        let mut state = self.state();
        state.came += 1;
        let place = (Reverse(haste), state.came);
        let called = Arc::new(Notify::new());
        state.waiting.insert(place, called.clone());
        Standing { line: self, place, called }
    }

    fn step(&self, place: Place, processes: u32) -> Step {
        let mut state = self.state();
        let urgent = place.0 == Reverse(Haste::Urgent);
        let room = if urgent { IN_FLIGHT } else { IN_FLIGHT - KEPT };
        if state.waiting.keys().next() != Some(&place) || state.in_flight >= room {
            return Step::Wait;
        }
        let now = Instant::now();
        if let Some(until) = state.silent_until.filter(|until| *until > now) {
            return Step::Sleep(until - now);
        }
        let now = now.into_std();
        let taken = match urgent {
            true => state.bucket.take_last(processes, now),
            false => state.bucket.take_share(processes, now),
        };
        match taken {
            Ok(()) => {
                state.in_flight += 1;
                Step::Go
            }
            Err(left) => Step::Sleep(left),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn call_first(&self) {
        if let Some(first) = self.waiting.values().next() {
            first.notify_one();
        }
    }
}

enum Step {
    Go,
    /// Until called.
    Wait,
    /// So long, or until called.
    Sleep(Duration),
}

/// One who stands in the line until it is dropped.
struct Standing<'a> {
    line: &'a Line,
    place: Place,
    called: Arc<Notify>,
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        let mut state = self.line.state();
        state.waiting.remove(&self.place);
        state.call_first();
    }
}

/// One that is on its way until this is dropped.
#[derive(Debug)]
pub struct Passage<'a> {
    line: &'a Line,
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        let mut state = self.line.state();
        state.in_flight -= 1;
        state.call_first();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_most_hasty_goes_first_and_the_last_places_are_for_the_urgent() {
        let rate = Rate { burst: 3, per: Duration::from_secs(10), reserve: 1 };
        let line = Arc::new(Line::new(rate));
        let went = Arc::new(Mutex::new(Vec::new()));
        let go = |name: &'static str, haste| {
            let (line, went) = (line.clone(), went.clone());
            tokio::spawn(async move {
                drop(line.pass(haste, || 1).await);
                went.lock().unwrap().push(name);
            })
        };
        let first = ["a", "b", "c", "d"].map(|name| go(name, Haste::Ordinary));
        sleep(Duration::from_secs(1)).await;
        assert_eq!(*went.lock().unwrap(), ["a", "b"]);
        let answer = go("answer", Haste::Answer);
        let urgent = go("urgent", Haste::Urgent);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(*went.lock().unwrap(), ["a", "b", "urgent"]);
        sleep(Duration::from_secs(20)).await;
        assert_eq!(*went.lock().unwrap(), ["a", "b", "urgent", "answer", "c", "d"]);
        for one in first.into_iter().chain([answer, urgent]) {
            one.await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_the_line_or_hangs_holds_up_nobody() {
        let rate = Rate { burst: 1_000, per: Duration::from_secs(1), reserve: 0 };
        let line = Line::new(rate);
        let mut hanging = Vec::new();
        for _ in 0..IN_FLIGHT - KEPT {
            hanging.push(line.pass(Haste::Ordinary, || 1).await);
        }
        let full = tokio::time::timeout(Duration::from_secs(9), line.pass(Haste::Answer, || 1)).await;
        assert!(full.is_err());
        let urgent = line.pass(Haste::Urgent, || 1).await;
        hanging.truncate(9);
        drop(urgent);
        line.pass(Haste::Ordinary, || 1).await;
    }
}
