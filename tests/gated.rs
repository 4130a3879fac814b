//! An engine that only remembers, once it is let: for looking at what is in hand.

use std::{sync::Mutex, time::Duration};

use jiuding::{
    chat::Inbound,
    platform::{Received, Receiver},
};
use tokio::sync::watch;

/// Records once its gate is open; can be told to fail or to panic.
pub struct Gated {
    heard: Mutex<Vec<Inbound>>,
    came: watch::Sender<usize>,
    gate: watch::Sender<bool>,
    trouble: Mutex<Option<Trouble>>,
}

/// What becomes of the next events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    Fails,
    Panics,
}

impl Default for Gated {
    fn default() -> Self {
        let (came, gate) = (watch::Sender::new(0), watch::Sender::new(true));
        Self { heard: Mutex::default(), came, gate, trouble: Mutex::default() }
    }
}

impl Gated {
    /// What was recorded.
    pub fn heard(&self) -> Vec<Inbound> {
        self.heard.lock().unwrap().clone()
    }

    /// Opens the gate or shuts it.
    pub fn open(&self, open: bool) {
        self.gate.send_replace(open);
    }

    pub fn meets(&self, trouble: Option<Trouble>) {
        *self.trouble.lock().unwrap() = trouble;
    }

    /// Waits until so many events have come to the gate; panics after 20 s.
    pub async fn came(&self, count: usize) {
        let mut came = self.came.subscribe();
        let waited = tokio::time::timeout(Duration::from_secs(20), came.wait_for(|it| *it >= count)).await;
        assert!(waited.is_ok(), "waited for {count} events");
    }
}

#[async_trait::async_trait]
impl Receiver for Gated {
    async fn receive(&self, inbound: Inbound) -> anyhow::Result<Received> {
        self.came.send_modify(|came| *came += 1);
        self.gate.subscribe().wait_for(|open| *open).await?;
        let trouble = *self.trouble.lock().unwrap();
        match trouble {
            Some(Trouble::Fails) => anyhow::bail!("the disk is full"),
            Some(Trouble::Panics) => std::panic::resume_unwind(Box::new(())),
            None => {}
        }
        let mut heard = self.heard.lock().unwrap();
        if heard.iter().any(|known| known.keys == inbound.keys) {
            return Ok(Received::SeenBefore);
        }
        heard.push(inbound);
        Ok(Received::Done)
    }
}
