//! A playground on loopback, and who listens to it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use jiff::Timestamp;
use jiuding::{
    chat::{Inbound, Line, Message, Person, PersonId, RoomId, Target, Tone},
    clock::{SharedClock, SimulatedClock},
    platform::{Parcel, Received, Receiver, playground::Playground},
    store::{Store, sled::SledStore},
    web,
};
use serde_json::Value;
use tempfile::TempDir;

pub struct Stage {
    pub playground: Arc<Playground>,
    pub receiver: Arc<Recorder>,
    clock: SharedClock,
    store: Arc<dyn Store>,
    pub http: reqwest::Client,
    pub url: String,
    _folder: TempDir,
}

impl Stage {
    pub async fn new() -> Self {
        let clock: SharedClock = Arc::new(SimulatedClock::new("2026-11-23T01:00:00Z".parse().unwrap()));
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(SledStore::open(folder.path(), clock.now()).unwrap());
        let playground = Arc::new(Playground::new(store.clone(), clock.clone()));
        let receiver = Arc::new(Recorder::default());
        let routes = web::playground::chat_routes(playground.clone(), receiver.clone())
            .merge(web::playground::page_routes());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        // Ends with the test's runtime.
        tokio::spawn(web::serve(listener, web::finish(web::local_only(routes)), std::future::pending()));
        let http = jiuding::platform::http::client();
        Self { playground, receiver, clock, store, http, url, _folder: folder }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What came through, each thing once.
    pub fn heard(&self) -> Vec<Inbound> {
        self.receiver.heard.lock().unwrap().clone()
    }

    /// A playground on the same store that remembers nothing.
    pub fn another_playground(&self) -> Playground {
        Playground::new(self.store.clone(), self.clock.clone())
    }

    pub async fn say(&self, body: Value) -> (u16, Value) {
        self.post("/api/playground/messages", body).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let answer = self.http.post(format!("{}{path}", self.url)).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub async fn get(&self, path: &str) -> (u16, reqwest::header::HeaderMap, String) {
        let answer = self.http.get(format!("{}{path}", self.url)).send().await.unwrap();
        (answer.status().as_u16(), answer.headers().clone(), answer.text().await.unwrap())
    }

    pub async fn lines(&self, query: &str) -> Vec<Value> {
        let (status, _, text) = self.get(&format!("/api/playground/messages?{query}")).await;
        assert_eq!(status, 200, "{text}");
        let mut answer: Value = serde_json::from_str(&text).unwrap();
        serde_json::from_value(answer["messages"].take()).unwrap()
    }
}

/// Remembers what it heard, and its keys, as the engine does.
#[derive(Default)]
pub struct Recorder {
    heard: Mutex<Vec<Inbound>>,
    failing: AtomicBool,
}

impl Recorder {
    pub fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }
}

#[async_trait::async_trait]
impl Receiver for Recorder {
    async fn receive(&self, inbound: Inbound) -> anyhow::Result<Received> {
        anyhow::ensure!(!self.failing.load(Ordering::SeqCst), "the disk is full");
        let mut heard = self.heard.lock().unwrap();
        let before = heard.iter().any(|known| known.keys.iter().any(|key| inbound.keys.contains(key)));
        if before {
            return Ok(Received::SeenBefore);
        }
        heard.push(inbound);
        Ok(Received::Done)
    }
}

pub fn to_room(id: &str) -> Target {
    Target::Room(RoomId::new("playground", id))
}

pub fn parcel(id: &str, to: Target) -> Parcel {
    let li = Person { id: PersonId::new("playground", "li"), name: "李工".into() };
    let message = Message::text("T1 登录页打不开")
        .tone(Tone::Warning)
        .line(Line::text("请响应 ").people([&li]))
        .button("响应", "/工单 T1 响应");
    Parcel { id: id.into(), to, message, reply_to: None, maybe_repeated: false, lives: false }
}
