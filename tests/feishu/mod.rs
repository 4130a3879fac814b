//! The Feishu adapter against a pretend Feishu.

#![allow(clippy::unwrap_used)]

mod calendar;
mod inbound;
mod late;
mod outbound;
mod panel;
mod rooms;
mod socket;
mod urgent;
mod vectors;

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use jiuding::{
    chat::{Inbound, Message, Person, PersonId, RoomId, Target, What},
    clock::{Clock, SimulatedClock},
    platform::{
        Parcel, Received, Receiver,
        feishu::{self, Feishu},
    },
};

use crate::fake_feishu::FakeFeishu;

const GROUP: &str = "oc_5ce6d572455d361153b7xx51da133945";
const LI: &str = "ou_84aad35d084aa403a838cf73ee18467";
const WANG: &str = "ou_155184d1e73cbfb8973e5a9e698e74f2";

/// Keeps what it is told, and fails when it is told to.
#[derive(Default)]
struct Recorder {
    heard: Mutex<Vec<Inbound>>,
    fails: Mutex<bool>,
}

impl Recorder {
    fn heard(&self) -> Vec<Inbound> {
        self.heard.lock().unwrap().clone()
    }

    /// The only thing heard.
    fn only(&self) -> Inbound {
        let heard = self.heard();
        assert_eq!(heard.len(), 1, "{heard:?}");
        heard.into_iter().next().unwrap()
    }
}

#[async_trait::async_trait]
impl Receiver for Recorder {
    async fn receive(&self, inbound: Inbound) -> anyhow::Result<Received> {
        if *self.fails.lock().unwrap() {
            anyhow::bail!("the disk is full");
        }
        let mut heard = self.heard.lock().unwrap();
        let seen = heard.iter().any(|known| known.keys.iter().any(|key| inbound.keys.contains(key)));
        if seen {
            return Ok(Received::SeenBefore);
        }
        heard.push(inbound);
        Ok(Received::Done)
    }
}

/// A pretend Feishu with a group, two people, and a bot that records.
struct Stage {
    fake: FakeFeishu,
    clock: Arc<SimulatedClock>,
    feishu: Arc<Feishu>,
    recorder: Arc<Recorder>,
}

impl Stage {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(prepare: impl FnOnce(&FakeFeishu)) -> Self {
        let clock = Arc::new(SimulatedClock::new("2026-11-23T01:00:00Z".parse::<Timestamp>().unwrap()));
        let fake = FakeFeishu::start(clock.clone()).await;
        fake.group(GROUP, "远山项目群").person(LI, "李工").person(WANG, "王工");
        prepare(&fake);
        let feishu = Arc::new(Feishu::new(fake.settings(), clock.clone()));
        let recorder = Arc::new(Recorder::default());
        fake.serve(feishu::routes(feishu.clone(), recorder.clone())).await;
        Self { fake, clock, feishu, recorder }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// The words of something said, and whether it was said to the bot.
fn said(inbound: &Inbound) -> (String, bool) {
    match &inbound.what {
        What::Said { text, addressed, .. } => (text.words(), *addressed),
        what => panic!("{what:?} is not said"),
    }
}

fn person(open_id: &str, name: &str) -> Person {
    Person { id: PersonId::new("feishu", open_id), name: name.into() }
}

fn into_group(id: &str, message: Message) -> Parcel {
    let to = Target::Room(RoomId::new("feishu", GROUP));
    Parcel { id: id.into(), to, message, reply_to: None, maybe_repeated: false }
}
