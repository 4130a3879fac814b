//! The DingTalk adapter against a DingTalk of our own.

mod calendar;
mod ding;
mod heard;
mod meetings;
mod pictures;
mod rooms;
mod shortcuts;
mod spoken;
mod stream;
mod vectors;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiuding::{
    chat::Inbound,
    clock::SimulatedClock,
    platform::{
        Received, Receiver,
        dingtalk::{DingTalk, Settings, routes},
    },
};

use crate::fake_dingtalk::FakeDingTalk;

/// An engine that only remembers, and can be told to fail.
#[derive(Default)]
pub struct Recorder {
    heard: Mutex<Vec<Inbound>>,
    fails: AtomicBool,
}

impl Recorder {
    pub fn heard(&self) -> Vec<Inbound> {
        self.heard.lock().unwrap().clone()
    }

    pub fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }
}

#[async_trait::async_trait]
impl Receiver for Recorder {
    async fn receive(&self, inbound: Inbound) -> anyhow::Result<Received> {
        anyhow::ensure!(!self.fails.load(Ordering::SeqCst), "the disk is full");
        let mut heard = self.heard.lock().unwrap();
        if heard.iter().any(|known| known.keys == inbound.keys) {
            return Ok(Received::SeenBefore);
        }
        heard.push(inbound);
        Ok(Received::Done)
    }
}

/// The adapter on a port of its own, with a pretend platform and a clock that stands still.
pub struct Stage {
    pub ding: FakeDingTalk,
    pub clock: Arc<SimulatedClock>,
    pub bot: Arc<DingTalk>,
    pub url: String,
    pub recorder: Arc<Recorder>,
}

pub const GROUP: &str = "cidQ0xhbmdhbG9yZUpEMjAyNg==";
pub const WANG: &str = "manager4421";
pub const LI: &str = "0123456789";

impl Stage {
    pub async fn new() -> Self {
        Self::with(|_, _| {}).await
    }

    /// With other settings.
    pub async fn with(change: impl FnOnce(&FakeDingTalk, &mut Settings)) -> Self {
        let clock = Arc::new(SimulatedClock::new("2026-11-23T01:00:00Z".parse().unwrap()));
        let ding = FakeDingTalk::start(clock.clone()).await;
        ding.group(GROUP, "支付网关-项目群", &[(WANG, "王芳"), (LI, "李工")]);
        let mut settings = ding.settings();
        change(&ding, &mut settings);
        let bot = DingTalk::with_patience(settings, clock.clone(), Duration::from_secs(2)).unwrap();
        let (bot, recorder) = (Arc::new(bot), Arc::new(Recorder::default()));
        let url = serve(bot.clone(), recorder.clone()).await;
        Self { ding, clock, bot, url, recorder }
    }

    /// What the bot heard of one message that is delivered now.
    pub async fn hear(&self, said: &crate::fake_dingtalk::Said) -> Inbound {
        let before = self.recorder.heard().len();
        let answer = self.ding.deliver(&self.url, said).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
        let heard = self.recorder.heard();
        assert_eq!(heard.len(), before + 1);
        heard.into_iter().next_back().unwrap()
    }
}

/// Serves the adapter's routes on a free port.
pub async fn serve(bot: Arc<DingTalk>, recorder: Arc<Recorder>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes(bot, recorder)).await.unwrap() });
    url
}
