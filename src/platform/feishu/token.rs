//! The tenant access token: kept, renewed early, fetched once however many ask.
//!
//! Source: <https://open.feishu.cn/document/ukTMukTMukTM/ukDNz4SO0MjL5QzM/auth-v3/auth/tenant_access_token_internal>

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

use crate::clock::SharedClock;

use super::fault::Fault;

/// From this long before its end on, Feishu hands out a new token beside the old one.
const EARLY: SignedDuration = SignedDuration::from_mins(30);

/// The token in use.
pub struct Token {
    clock: SharedClock,
    // Read and replaced in one step each; never held over an await.
    held: Mutex<Option<Held>>,
    // Held while a new one is fetched, so that one call is made for all who wait; hence of tokio.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Held {
    value: String,
    renew: Timestamp,
    expires: Timestamp,
}

/// A token as Feishu hands it out.
pub struct Fetched {
    /// `t-…`.
    pub value: String,
    /// How long it lives.
    pub life: SignedDuration,
}

impl Token {
    /// No token yet.
    pub fn new(clock: SharedClock) -> Self {
        Self { clock, held: Mutex::default(), fetching: tokio::sync::Mutex::new(()) }
    }

    /// A valid token; `fetch` is called where there is none, or the one there is nears its end.
    pub async fn obtain(&self, fetch: impl AsyncFnOnce() -> Result<Fetched, Fault>) -> Result<String, Fault> {
        let now = self.clock.now();
        let held = self.held();
        if let Some(held) = held.as_ref().filter(|held| now < held.renew) {
            return Ok(held.value.clone());
        }
        let still_valid = held.filter(|held| now < held.expires);
        let _fetching = match (self.fetching.try_lock(), &still_valid) {
            (Ok(fetching), _) => fetching,
            // Somebody else renews it; nobody has to wait for that yet.
            (Err(_), Some(held)) => return Ok(held.value.clone()),
            (Err(_), None) => self.fetching.lock().await,
        };
        if let Some(held) = self.held().filter(|held| self.clock.now() < held.renew) {
            return Ok(held.value);
        }
        match fetch().await {
            Ok(Fetched { value, life }) => {
                let now = self.clock.now();
                // A token that is short-lived from the start is used for half its life at least.
                let early = EARLY.min(life / 2);
                let held = Held { value: value.clone(), renew: now + (life - early), expires: now + life };
                self.replace(Some(held));
                Ok(value)
            }
            Err(fault) => still_valid.map(|held| held.value).ok_or(fault),
        }
    }

    /// Forgets `refused`, unless it was replaced meanwhile.
    pub fn drop_refused(&self, refused: &str) {
        if self.held().is_some_and(|held| held.value == refused) {
            tracing::warn!("feishu calls the access token invalid before its time, another one is fetched");
            self.replace(None);
        }
    }

    fn held(&self) -> Option<Held> {
        self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    fn replace(&self, held: Option<Held>) {
        *self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = held;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;
    use crate::clock::SimulatedClock;

    #[tokio::test]
    async fn a_token_is_fetched_once_and_renewed_half_an_hour_early() {
        let start: Timestamp = "2026-11-23T01:00:00Z".parse().expect("a time");
        let clock = Arc::new(SimulatedClock::new(start));
        let token = Token::new(clock.clone());
        let fetched = AtomicUsize::new(0);
        let fetch = async || {
            let n = fetched.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Ok(Fetched { value: format!("t-{n}"), life: SignedDuration::from_hours(2) })
        };
        let (a, b) = tokio::join!(token.obtain(fetch), token.obtain(fetch));
        assert_eq!((a.expect("a token"), b.expect("a token")), ("t-0".into(), "t-0".into()));
        clock.set(start + SignedDuration::from_mins(89));
        assert_eq!(token.obtain(fetch).await.expect("a token"), "t-0");
        clock.set(start + SignedDuration::from_mins(90));
        assert_eq!(token.obtain(fetch).await.expect("a token"), "t-1");
        token.drop_refused("t-0");
        assert_eq!(token.obtain(fetch).await.expect("a token"), "t-1");
        token.drop_refused("t-1");
        assert_eq!(token.obtain(fetch).await.expect("a token"), "t-2");
    }

    #[tokio::test]
    async fn a_token_that_cannot_be_renewed_serves_to_its_end() {
        let start: Timestamp = "2026-11-23T01:00:00Z".parse().expect("a time");
        let clock = Arc::new(SimulatedClock::new(start));
        let token = Token::new(clock.clone());
        let good = async || Ok(Fetched { value: "t-0".into(), life: SignedDuration::from_hours(2) });
        let bad = async || Err(Fault::Unsent("down".into()));
        token.obtain(good).await.expect("a token");
        clock.set(start + SignedDuration::from_mins(100));
        assert_eq!(token.obtain(bad).await.expect("still the old one"), "t-0");
        clock.set(start + SignedDuration::from_mins(120));
        assert!(token.obtain(bad).await.is_err());
    }
}
