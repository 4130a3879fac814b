//! The bot on a database that goes away and comes back.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::AtomicBool, atomic::Ordering},
    time::Duration,
};

use jiuding::{
    bot::Bot,
    clock::{Clock, SimulatedClock},
    config::Config,
    store::{Store, postgres::PostgresStore},
};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
};
use tokio_postgres::config::Host;

use crate::postgres::{Schema, url};

/// The wire to the database, which can be cut and mended.
pub struct Wire {
    pub address: SocketAddr,
    pub cut: watch::Sender<bool>,
}

impl Wire {
    async fn lay() -> Self {
        Self::to(url()).await
    }

    /// To the database of this address.
    pub async fn to(url: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, cut) = (listener.local_addr().unwrap(), watch::Sender::new(false));
        let is_cut = cut.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let mut is_cut = is_cut.clone();
                if *is_cut.borrow() {
                    continue;
                }
                let config: tokio_postgres::Config = url.parse().unwrap();
                tokio::spawn(async move {
                    tokio::select! {
                        () = carry(client, config) => {}
                        _ = is_cut.wait_for(|cut| *cut) => {}
                    }
                });
            }
        });
        Self { address, cut }
    }

    /// The address of a schema through this wire.
    fn url(&self, schema: &Schema) -> String {
        let config: tokio_postgres::Config = schema.url.parse().unwrap();
        let (user, database) = (config.get_user().unwrap(), config.get_dbname().unwrap());
        format!("postgres://{user}@{}/{database}?options=-csearch_path%3D{}", self.address, schema.name)
    }
}

async fn carry(mut client: TcpStream, config: tokio_postgres::Config) {
    let port = config.get_ports().first().copied().unwrap_or(5432);
    // Where nobody listens the client is hung up on.
    match &config.get_hosts()[0] {
        Host::Unix(folder) => {
            if let Ok(mut server) = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await {
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        }
        Host::Tcp(host) => {
            if let Ok(mut server) = TcpStream::connect((host.as_str(), port)).await {
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        }
    }
}

struct Stage {
    bot: Bot,
    clock: Arc<SimulatedClock>,
    http: reqwest::Client,
}

impl Stage {
    async fn start(url: &str) -> Self {
        let clock = Arc::new(SimulatedClock::new("2026-11-23T01:00:00Z".parse().unwrap()));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("jiuding.toml");
        std::fs::write(
            &file,
            "[server]\nlisten = '127.0.0.1:0'\n[jobs]\ndaily_digest = ''\nweekly_report = ''\n",
        )
        .unwrap();
        let config = Config::read(Some(&file), []).unwrap();
        let store: Arc<dyn Store> = Arc::new(PostgresStore::open(url, clock.now()).await.unwrap());
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let bot = Bot::start(&config, store, clock.clone(), metrics).await.unwrap();
        Self { bot, clock, http: jiuding::platform::http::client() }
    }

    async fn says(&self, id: &str, text: &str) -> u16 {
        let said = json!({ "room": "g", "room_name": "项目群", "sender": { "id": "li", "name": "李工" }, "text": text, "message_id": id });
        let url = format!("http://{}/api/playground/messages", self.bot.address);
        self.http.post(url).json(&said).send().await.unwrap().status().as_u16()
    }

    async fn heard(&self) -> Vec<String> {
        let url = format!("http://{}/api/playground/messages?room=g", self.bot.address);
        let answer = self.http.get(url).send().await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let messages = answer["messages"].as_array().cloned().unwrap_or_default();
        messages.iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect()
    }

    async fn ready(&self) -> u16 {
        let url = format!("http://{}/readyz", self.bot.address);
        self.http.get(url).send().await.unwrap().status().as_u16()
    }
}

async fn until(what: &str, mut is: impl AsyncFnMut() -> bool) {
    for _ in 0..300 {
        if is().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{what}: not within half a minute");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_nothing_is_acknowledged_and_afterwards_all_is_made_up() {
    let schema = Schema::new().await;
    let wire = Wire::lay().await;
    let stage = Stage::start(&wire.url(&schema)).await;
    assert_eq!(stage.says("m1", "/项目 新建 远山支付 客户:远山银行").await, 200);
    assert_eq!(stage.says("m2", "/工单 登录页打不开 !紧急").await, 200);
    until("ready", async || stage.ready().await == 200).await;

    wire.cut.send_replace(true);
    assert_eq!(stage.says("m3", "/工单 T1 响应").await, 503);
    assert_eq!(stage.says("m3", "/工单 T1 响应").await, 503);
    until("not ready", async || stage.ready().await == 503).await;
    // Half of the ticket's time passes, and nobody who could look is there.
    stage.clock.set(stage.clock.now() + jiff::SignedDuration::from_mins(61));
    tokio::time::sleep(Duration::from_millis(300)).await;

    wire.cut.send_replace(false);
    until("halfway is said", async || stage.heard().await.iter().any(|said| said.contains("已过一半"))).await;
    until("ready again", async || stage.ready().await == 200).await;
    assert_eq!(stage.says("m3", "/工单 T1 响应").await, 200);
    until("m3 is answered", async || stage.heard().await.iter().any(|said| said.contains("响应，用时")))
        .await;
    let answered = |heard: Vec<String>| heard.iter().filter(|said| said.contains("响应，用时")).count();
    assert_eq!(stage.says("m3", "/工单 T1 响应").await, 200);
    stage.bot.engine.said(Duration::from_secs(10)).await;
    assert_eq!(answered(stage.heard().await), 1);
    stage.bot.stop().await.unwrap();
    drop(wire);
    schema.drop().await;
}

/// Cuts the wire again and again while people talk: every line is recorded once and answered once in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_over_a_bad_wire_is_recorded_and_answered_once() {
    const LINES: usize = 8;
    let schema = Schema::new().await;
    let wire = Arc::new(Wire::lay().await);
    let stage = Stage::start(&wire.url(&schema)).await;
    assert_eq!(stage.says("m", "/项目 新建 远山支付").await, 200);
    let over = Arc::new(AtomicBool::new(false));
    let cutting = tokio::spawn({
        let (wire, over) = (wire.clone(), over.clone());
        async move {
            let mut pause = 3;
            while !over.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(150 + pause)).await;
                pause = (pause * 7 + 11) % 97;
                wire.cut.send_replace(true);
                tokio::time::sleep(Duration::from_millis(20)).await;
                wire.cut.send_replace(false);
            }
        }
    });
    for n in 0..LINES {
        let (id, line) = (format!("r{n}"), format!("/需求 第{n}件"));
        until("a line is taken", async || stage.says(&id, &line).await == 200).await;
    }
    over.store(true, Ordering::Relaxed);
    cutting.await.unwrap();
    let first_lines = |heard: Vec<String>| -> Vec<String> {
        heard
            .iter()
            .filter_map(|said| said.lines().next())
            .filter(|line| line.starts_with('R'))
            .map(str::to_owned)
            .collect()
    };
    until("all are answered", async || first_lines(stage.heard().await).len() >= LINES).await;
    // What a commit in doubt was to say is found some seconds later, and said once.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let answers = first_lines(stage.heard().await);
    for n in 0..LINES {
        let expected = format!("第{n}件");
        assert_eq!(
            answers.iter().filter(|line| line.split([' ', '·']).any(|word| word == expected)).count(),
            1,
            "{n}: {answers:#?}"
        );
    }
    stage.bot.stop().await.unwrap();
    drop(wire);
    schema.drop().await;
}
