//! The bot with the world around it.

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiuding::{
    bot::Bot,
    clock::{Clock, SimulatedClock},
    config::Config,
    store::{Store, sled::SledStore},
};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::{
    fake_dingtalk::{self, FakeDingTalk, Said},
    fake_feishu::{Answer, Delivery, FakeFeishu},
};

/// Feishu's group, with 李工, 张经理 and 陈主管 of the team and 王工 of the customer.
pub const FEISHU: &str = "oc_5ce6d572455d361153b7xx51da133945";
pub const LI: &str = "ou_li";
pub const ZHANG: &str = "ou_zhang";
pub const CHEN: &str = "ou_chen";
pub const WANG: &str = "ou_wang";
/// Administers the bot; in no group.
pub const BOSS: &str = "ou_boss";
/// DingTalk's group, with the same people.
pub const DING: &str = "cidQ0xhbmdhbG9yZUpEMjAyNg==";
pub const D_LI: &str = "0123456789";
pub const D_ZHANG: &str = "zhang001";
pub const D_CHEN: &str = "chen002";
pub const D_WANG: &str = "wang003";
/// Who administers the bot by HTTP.
pub const ADMIN_TOKEN: &str = "pretend-admin-token";

/// Fakes, clock, store and, while it runs, the bot.
pub struct Stage {
    pub feishu: FakeFeishu,
    pub ding: FakeDingTalk,
    pub clock: Arc<SimulatedClock>,
    pub http: reqwest::Client,
    /// Everything that the bot logged.
    pub log: Log,
    config: Config,
    folder: TempDir,
    running: Option<Running>,
}

struct Running {
    bot: Bot,
    url: String,
    store: Arc<SledStore>,
    runtime: Runtime,
}

impl Stage {
    /// A bot on Monday at nine, without a project.
    pub async fn new() -> Self {
        Self::with(|_| String::new()).await
    }

    /// A bot that holds long connections to both platforms.
    pub async fn over_sockets() -> Self {
        Self::heard_by(true, |_| String::new(), &[]).await
    }

    /// The same, and a silent connection is given up after some two seconds.
    pub async fn over_impatient_sockets() -> Self {
        let patience = [("JIUDING_FEISHU__PONG_WITHIN", "1s"), ("JIUDING_DINGTALK__PING_EVERY", "1s")];
        Self::heard_by(true, |_| String::new(), &patience).await
    }

    /// The same with more configuration, as it stands at the end of the file.
    pub async fn with(more: impl FnOnce(&FakeDingTalk) -> String) -> Self {
        Self::heard_by(false, more, &[]).await
    }

    async fn heard_by(
        sockets: bool,
        more: impl FnOnce(&FakeDingTalk) -> String,
        environment: &[(&str, &str)],
    ) -> Self {
        let clock = Arc::new(SimulatedClock::new("2026-11-23T01:00:00Z".parse().unwrap()));
        let feishu = FakeFeishu::start(clock.clone()).await;
        feishu.group(FEISHU, "远山银行项目群").per_chat_per_second(1000);
        feishu.person(LI, "李工").person(ZHANG, "张经理").person(CHEN, "陈主管").person(WANG, "王工");
        feishu.person(BOSS, "系统管理员");
        let ding = FakeDingTalk::start(clock.clone()).await;
        let people = [(D_LI, "李工"), (D_ZHANG, "张经理"), (D_CHEN, "陈主管"), (D_WANG, "王工")];
        ding.group(DING, "支付网关项目群", &people);
        let mut transport = "";
        if sockets {
            feishu.over_socket();
            ding.by_stream();
            transport = "transport = \"stream\"\n";
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("jiuding.toml");
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\nadmin_token = \"{ADMIN_TOKEN}\"\n\
             admins = [\"feishu:{BOSS}\"]\n\
             [jobs]\ndaily_digest = \"\"\nweekly_report = \"\"\n{}[dingtalk]\nenabled = true\n\
             client_id = \"{}\"\nclient_secret = \"{}\"\nrobot_code = \"{}\"\ncorp_id = \"{}\"\n\
             base_url = \"{base}\"\noapi_base_url = \"{base}\"\n{transport}{}",
            feishu.toml(),
            fake_dingtalk::CLIENT_ID,
            fake_dingtalk::CLIENT_SECRET,
            fake_dingtalk::ROBOT_CODE,
            fake_dingtalk::CORP_ID,
            more(&ding),
            base = ding.base_url(),
        );
        std::fs::write(&file, text).unwrap();
        let environment = environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let config = Config::read(Some(&file), environment).unwrap();
        let http = jiuding::platform::http::client();
        let log = Log::default();
        let mut stage = Self { feishu, ding, clock, http, log, config, folder, running: None };
        stage.start().await;
        stage
    }

    /// A bot whose Feishu group is a project with a full triangle, everything said so far forgotten.
    pub async fn with_feishu_project() -> Self {
        let stage = Self::new().await;
        stage.feishu_project().await;
        stage
    }

    pub async fn feishu_project(&self) {
        self.feishu_says(ZHANG, "/项目 新建 手机银行 客户:远山银行").await;
        let seats = format!("/角色 客户主管 {{{CHEN}}} 项目经理 {{{ZHANG}}} 技术对接人 {{{LI}}}");
        self.feishu_says(ZHANG, &seats).await;
        self.all_said().await;
        self.feishu.clear();
    }

    /// The same on DingTalk, where a line with several people takes typed names.
    pub async fn dingtalk_project(&self) {
        self.ding_says(D_ZHANG, "/项目 新建 支付网关 客户:远山银行").await;
        for (role, person) in [("项目经理", D_ZHANG), ("客户主管", D_CHEN), ("技术对接人", D_LI)]
        {
            let said = self.ding.said(DING, D_ZHANG, &format!("/角色 {role}")).mentioning(person);
            self.ding_deliver(&said).await;
        }
        self.all_said().await;
    }

    /// Starts the bot on what is in the store.
    pub async fn start(&mut self) {
        let (config, clock) = (self.config.clone(), self.clock.clone());
        let store = self.open().await;
        let recorder: &'static _ = Box::leak(Box::new(PrometheusBuilder::new().build_recorder()));
        let log = self.log.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .on_thread_start(move || {
                // For as long as the thread lives.
                std::mem::forget(metrics::set_default_local_recorder(recorder));
                std::mem::forget(tracing::subscriber::set_default(log.subscriber()));
            })
            .enable_all()
            .build()
            .unwrap();
        let shared: Arc<dyn Store> = store.clone();
        let metrics = recorder.handle();
        let bot = runtime.spawn(async move { Bot::start(&config, shared, clock, metrics).await });
        let bot = bot.await.unwrap().unwrap();
        let url = format!("http://{}", bot.address);
        self.feishu.deliver_to(&url);
        self.running = Some(Running { bot, url, store, runtime });
    }

    /// The store, as soon as whoever had it has let go.
    async fn open(&self) -> Arc<SledStore> {
        let (path, now) = (self.folder.path().join("data"), self.clock.now());
        for _ in 0..500 {
            let path = path.clone();
            match tokio::task::spawn_blocking(move || SledStore::open(&path, now)).await.unwrap() {
                Ok(store) => return Arc::new(store),
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
        SledStore::open(&path, now).map(Arc::new).unwrap()
    }

    /// Stops the bot as SIGTERM does.
    pub async fn stop(&mut self) {
        let Running { bot, store, runtime, .. } = self.running.take().unwrap();
        drop(store);
        let stopped = runtime.spawn(bot.stop());
        let stopped = tokio::time::timeout(Duration::from_secs(8), stopped).await;
        runtime.shutdown_background();
        stopped.expect("the bot stops in time").unwrap().unwrap();
    }

    /// Takes the bot away as a power cut does.
    pub fn crash(&mut self) {
        let Running { bot, store, runtime, .. } = self.running.take().unwrap();
        runtime.shutdown_background();
        drop((bot, store));
    }

    /// Time passes without anybody looking, as while the bot is down.
    pub fn time_passes(&self, minutes: i64) {
        self.clock.set(self.clock.now() + jiff::SignedDuration::from_mins(minutes));
    }

    pub fn url(&self) -> &str {
        &self.running.as_ref().unwrap().url
    }

    /// Where its store and its configuration lie.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub fn store(&self) -> Arc<SledStore> {
        self.running.as_ref().unwrap().store.clone()
    }

    /// Somebody says this in Feishu's group to the bot; the bot has taken it.
    pub async fn feishu_says(&self, open_id: &str, text: &str) -> Delivery {
        let said = self.feishu.text(FEISHU, open_id, &format!("{{bot}} {text}"));
        self.feishu_deliver(&said).await;
        said
    }

    pub async fn feishu_deliver(&self, delivery: &Delivery) -> Answer {
        let answer = self.feishu.deliver(delivery).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    /// Somebody says this in DingTalk's group to the bot; the bot has taken it.
    pub async fn ding_says(&self, staff_id: &str, text: &str) -> Said {
        let said = self.ding.said(DING, staff_id, text);
        self.ding_deliver(&said).await;
        said
    }

    pub async fn ding_deliver(&self, said: &Said) {
        let answer = self.ding.deliver(self.url(), said).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
    }

    /// Moves the clock; everything due on the way is said, or waits for another try.
    pub async fn advance(&self, by: &str) -> Value {
        let (status, answer) = self.post("/api/clock", json!({ "advance": by })).await;
        assert_eq!((status, &answer["pending"]), (200, &json!(0)), "{answer}");
        answer
    }

    pub async fn get(&self, path: &str) -> (u16, String) {
        let request = self.http.get(format!("{}{path}", self.url())).bearer_auth(ADMIN_TOKEN);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    pub async fn get_json(&self, path: &str) -> (u16, Value) {
        let (status, body) = self.get(path).await;
        (status, serde_json::from_str(&body).unwrap())
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let request = self.http.post(format!("{}{path}", self.url())).bearer_auth(ADMIN_TOKEN);
        let response = request.json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }

    /// All rows of all projects, each as `T1 {…}`.
    pub async fn records(&self) -> Vec<String> {
        let store = self.store();
        let mut records = Vec::new();
        for project in store.projects().await.unwrap() {
            for (key, value) in store.load(project).await.unwrap().rows {
                records.push(format!("{key} {}", String::from_utf8(value).unwrap()));
            }
        }
        records
    }

    /// The value of one row of the first project that has it.
    pub async fn record(&self, key: &str) -> Value {
        let records = self.records().await;
        let row = records.iter().find_map(|row| row.strip_prefix(&format!("{key} ")));
        serde_json::from_str(row.unwrap_or_else(|| panic!("no {key} in {records:#?}"))).unwrap()
    }

    /// Waits until something is so; panics after 30 s.
    pub async fn until(&self, what: &str, mut so: impl AsyncFnMut() -> bool) {
        let waited = tokio::time::timeout(Duration::from_secs(30), async {
            while !so().await {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        assert!(waited.await.is_ok(), "waited in vain: {what}");
    }

    /// Everything that is to be said is said.
    pub async fn all_said(&self) {
        let store = self.store();
        self.until("nothing waits to be said", async || store.outgoing().await.unwrap().is_empty()).await;
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if self.running.is_some() {
            self.crash();
        }
    }
}

/// What was logged.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    /// The bot's own warnings and errors.
    pub fn faults(&self) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().filter(|line| line.contains("jiuding::"));
        lines.filter(|line| line.contains(" WARN ") || line.contains("ERROR ")).map(str::to_owned).collect()
    }

    /// Waits until there are so many; panics after 30 s.
    pub async fn wait_faults(&self, count: usize) {
        let waited = tokio::time::timeout(Duration::from_secs(30), async {
            while self.faults().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        assert!(waited.await.is_ok(), "waited for {count} faults: {}", self.text());
    }

    /// Lets real time pass, of which nothing is waited for, until there is a fault; says how many seconds it took.
    pub async fn seconds_until_fault(&self) -> u64 {
        tokio::time::pause();
        let mut seconds = 0;
        while self.faults().is_empty() && seconds < 3600 {
            tokio::time::advance(Duration::from_secs(1)).await;
            // Whoever was waiting has its turn; nobody is ever idle, so that time goes on by this alone.
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            seconds += 1;
        }
        tokio::time::resume();
        seconds
    }

    pub fn subscriber(&self) -> impl tracing::Subscriber + use<> {
        // The bot's own lines down to the last, those of libraries as far as an operator would turn them up.
        let filter = EnvFilter::new("debug,jiuding=trace");
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(self.clone()).finish()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
