//! A DingTalk of our own on loopback, with the real one's rules: tokens that end, `msgParam` as a string,
//! size limits, twenty messages a minute in a group, reply addresses that die, signed group robots, and
//! mentions that notify only where the id stands in `atUserIds` *and* behind an `@` in the text.
//!
//! It keeps everything it accepted, says who was really notified, fails on demand, and signs deliveries to
//! the bot as the platform does, or pushes them over a long connection
//! ([`by_stream`](FakeDingTalk::by_stream)). Tokens and reply addresses go by the clock it is given, the pace by real time.
//!
//! ```text
//! let ding = FakeDingTalk::start(clock.clone()).await;
//! ding.group("cidA", "支付网关-项目群", &[("manager4421", "王芳"), ("0123456789", "李工")]);
//! let said = ding.said("cidA", "manager4421", "/需求 支付模块支持退款").mentioning("0123456789");
//! let answer = ding.deliver(bot_url, &said).await;         // deliver it again to repeat it
//! let sent = ding.wait_for(1).await;
//! assert_eq!(sent[0].notified, ["0123456789"]);
//! ```

// Others use what these tests do not.
#![allow(dead_code, unused_imports)]

mod calendar;
mod picture;
mod said;
mod server;
mod shortcuts;
mod stream;

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use jiff::Timestamp;
use jiuding::{
    clock::SharedClock,
    platform::dingtalk::{GroupRobot, Settings, envelope::Envelope},
};
use serde_json::Value;
use tokio::{sync::watch, task::JoinHandle, time::Instant};

pub use said::{Answer, Said, opaque};

pub const CLIENT_ID: &str = "dingfakeclientid0001";
pub const CLIENT_SECRET: &str = "fake-app-secret-0123456789abcdefghijklmnopqrstuvwxyz";
pub const ROBOT_CODE: &str = "dingfakerobotcode001";
pub const CORP_ID: &str = "dingfakecorp00000001";
pub const ROBOT_ID: &str = "$:LWCP_v1:$FakeRobot0001==";
pub const EVENT_TOKEN: &str = "fakeEventToken0123";
pub const EVENT_AES_KEY: &str = "sh4redAesKey0123456789abcdefghijklmnopqrstX";

/// The server; stops when it is dropped.
pub struct FakeDingTalk {
    shared: Arc<Shared>,
    tasks: [JoinHandle<()>; 2],
    http: reqwest::Client,
}

/// By which way a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// A reply address.
    Session,
    /// A group's own webhook robot.
    GroupRobot,
    /// `groupMessages/send`.
    GroupApi,
    /// `oToMessages/batchSend`.
    DirectApi,
    /// `ding/send`.
    Ding,
    /// Not a message: the request for a token.
    Token,
    /// Not a message: `user/get`.
    UserGet,
    /// Not a message: `user/getbyunionid`.
    UserByUnion,
    /// Not a message: `media/upload`.
    Upload,
    /// Not a message: `gateway/connections/open`.
    Open,
    /// Not a message: anything about calendars.
    Calendar,
    /// Not a message: anything about the robot's shortcuts.
    Shortcuts,
}

/// What goes wrong with the next call of a way.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This status and body, nothing accepted.
    Refuse(u16, String),
    /// A web page with status 200, nothing accepted.
    Html,
    /// Accepted, and the connection breaks before the answer is whole.
    DropAfterAccepting,
    /// Accepted, and answered this much later.
    Slow(Duration),
}

/// One accepted message.
#[derive(Debug, Clone)]
pub struct Sent {
    pub way: Way,
    /// The group, or `None` for a direct message.
    pub conversation: Option<String>,
    /// Who has it in a direct chat.
    pub people: Vec<String>,
    /// `markdown`, `actionCard`, `sampleMarkdown`…
    pub kind: String,
    pub title: String,
    pub text: String,
    /// Label and address.
    pub buttons: Vec<(String, String)>,
    /// Name and bytes of a file.
    pub file: Option<(String, Vec<u8>)>,
    /// The bytes of each picture in the text.
    pub pictures: Vec<Vec<u8>>,
    /// Who was mentioned so that the client rang.
    pub notified: Vec<String>,
    /// The whole body.
    pub raw: Value,
}

impl Sent {
    /// The lines that the buttons say when they are pressed.
    pub fn button_lines(&self) -> Vec<String> {
        let lines = self.buttons.iter().filter_map(|(_, url)| {
            let line = url.strip_prefix("dtmd://dingtalkclient/sendMessage?content=")?;
            Some(percent_encoding::percent_decode_str(line).decode_utf8().ok()?.into_owned())
        });
        lines.collect()
    }
}

struct Shared {
    base: String,
    clock: SharedClock,
    state: Mutex<State>,
    count: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    counter: u64,
    tokens: HashMap<String, Timestamp>,
    people: BTreeMap<String, String>,
    /// Staff ids by union id, and whether they are of another organisation.
    unions: HashMap<String, (String, bool)>,
    groups: HashMap<String, Group>,
    sessions: HashMap<String, ReplyAddress>,
    robots: HashMap<String, OwnRobot>,
    sent: Vec<Sent>,
    paces: HashMap<(Way, String), VecDeque<Instant>>,
    faults: HashMap<Way, VecDeque<Fault>>,
    uuids: HashSet<String>,
    /// Kind and bytes by media id.
    media: HashMap<String, (String, Vec<u8>)>,
    held_back: HashSet<String>,
    /// Ways of a DING that the organisation may use: 1 by the app, 2 by SMS, 3 by telephone.
    dings: HashSet<u64>,
    calendar: calendar::Calendar,
    shortcuts: shortcuts::Shortcuts,
    calls: Vec<Way>,
    streams: stream::Streams,
}

#[derive(Default)]
struct Group {
    title: String,
    members: Vec<String>,
}

struct ReplyAddress {
    conversation: String,
    /// Set in a direct chat.
    person: Option<String>,
    expires: Timestamp,
}

struct OwnRobot {
    conversation: String,
    secret: String,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl FakeDingTalk {
    /// Starts on a free port.
    pub async fn start(clock: SharedClock) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shared = Arc::new(Shared {
            base: format!("http://{}", listener.local_addr().unwrap()),
            clock,
            state: Mutex::default(),
            count: watch::Sender::new(0),
        });
        let app = server::app(shared.clone());
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let tasks = [task, stream::listen(shared.clone()).await];
        Self { shared, tasks, http: jiuding::platform::http::client() }
    }

    /// For `base_url` and `oapi_base_url`.
    pub fn base_url(&self) -> &str {
        &self.shared.base
    }

    /// Settings of the adapter that fit.
    pub fn settings(&self) -> Settings {
        Settings {
            client_id: CLIENT_ID.into(),
            client_secret: CLIENT_SECRET.into(),
            robot_code: ROBOT_CODE.into(),
            base_url: self.shared.base.clone(),
            oapi_base_url: self.shared.base.clone(),
            group_robots: Vec::new(),
            event_token: Some(EVENT_TOKEN.into()),
            event_aes_key: Some(EVENT_AES_KEY.into()),
            session_host: None,
            window_back: Duration::from_secs(3600),
            window_ahead: Duration::from_secs(300),
            corp_id: Some(CORP_ID.into()),
            monthly_calls: 0,
            ping_every: Duration::from_secs(30),
            ding: jiuding::platform::dingtalk::Ding::App,
            calendar: true,
        }
    }

    /// Makes somebody of the organisation known to the directory.
    pub fn person(&self, staff_id: &str, name: &str) {
        self.shared.state().people.insert(staff_id.into(), name.into());
    }

    /// Gives somebody a union id; `outside` of the organisation or in it.
    pub fn union(&self, union_id: &str, staff_id: &str, outside: bool) {
        self.shared.state().unions.insert(union_id.into(), (staff_id.into(), outside));
    }

    /// Sends an organisation event, sealed as the platform does; gives the status and, where it is 200, what the
    /// answer's envelope holds.
    pub async fn event(&self, url: &str, event: &Value) -> (u16, String) {
        let envelope = Envelope::new(EVENT_TOKEN, EVENT_AES_KEY).unwrap();
        let (timestamp, nonce) = (self.shared.clock.now().as_millisecond().to_string(), "n0nce");
        let encrypt = envelope.seal([7; 16], &event.to_string(), CLIENT_ID);
        let signature = envelope.signature(&timestamp, nonce, &encrypt);
        let query = [("msg_signature", signature.as_str()), ("timestamp", &timestamp), ("nonce", nonce)];
        let url = reqwest::Url::parse_with_params(&format!("{url}/dingtalk/event"), query).unwrap();
        let body = serde_json::json!({ "encrypt": encrypt }).to_string();
        let response = self.http.post(url).body(body).send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let field = |answer: &Value, name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let opened = serde_json::from_str(&text).ok().and_then(|answer: Value| {
            let parts = ["msg_signature", "timeStamp", "nonce", "encrypt"].map(|name| field(&answer, name));
            envelope.open(&parts[0], &parts[1], &parts[2], &parts[3], &[CLIENT_ID]).ok()
        });
        (status, opened.map(|opened| opened.text).unwrap_or_default())
    }

    /// Makes a group of these people.
    pub fn group(&self, conversation: &str, title: &str, members: &[(&str, &str)]) {
        let mut state = self.shared.state();
        for (id, name) in members {
            state.people.insert((*id).into(), (*name).into());
        }
        let members = members.iter().map(|(id, _)| (*id).to_owned()).collect();
        state.groups.insert(conversation.into(), Group { title: title.into(), members });
    }

    /// Gives a group its own webhook robot.
    pub fn own_robot(&self, conversation: &str) -> GroupRobot {
        let mut state = self.shared.state();
        state.counter += 1;
        let (token, secret) = (format!("{:064x}", state.counter), format!("SEC{:061x}", state.counter));
        let robot = OwnRobot { conversation: conversation.into(), secret: secret.clone() };
        state.robots.insert(token.clone(), robot);
        let url = format!("{}/robot/send?access_token={token}", self.shared.base);
        GroupRobot { conversation: conversation.into(), url, secret }
    }

    /// Takes every group robot away.
    pub fn remove_own_robots(&self) {
        self.shared.state().robots.clear();
    }

    /// Kills every reply address, whatever it was promised.
    pub fn kill_sessions(&self) {
        self.shared.state().sessions.clear();
    }

    /// Makes every token handed out so far invalid.
    pub fn revoke_tokens(&self) {
        self.shared.state().tokens.clear();
    }

    /// Lets the organisation use DINGs of these kinds: 1 by the app, 2 by SMS, 3 by telephone.
    pub fn permit_dings(&self, kinds: &[u64]) {
        self.shared.state().dings = kinds.iter().copied().collect();
    }

    /// Somebody whom direct messages do not reach this time.
    pub fn hold_back(&self, staff_id: &str) {
        self.shared.state().held_back.insert(staff_id.into());
    }

    /// What goes wrong next on a way, in the order it is told; then all is well again.
    pub fn fail_next(&self, way: Way, fault: Fault) {
        self.shared.state().faults.entry(way).or_default().push_back(fault);
    }

    /// Everything accepted so far.
    pub fn sent(&self) -> Vec<Sent> {
        self.shared.state().sent.clone()
    }

    /// What was accepted for one group.
    pub fn sent_to(&self, conversation: &str) -> Vec<Sent> {
        self.sent().into_iter().filter(|sent| sent.conversation.as_deref() == Some(conversation)).collect()
    }

    /// What one person got in the direct chat.
    pub fn sent_to_person(&self, staff_id: &str) -> Vec<Sent> {
        self.sent().into_iter().filter(|sent| sent.people.iter().any(|id| id == staff_id)).collect()
    }

    /// How often a way was called, refused calls included.
    pub fn calls(&self, way: Way) -> usize {
        self.shared.state().calls.iter().filter(|call| **call == way).count()
    }

    /// Waits until at least `count` messages were accepted, and returns all.
    pub async fn wait_for(&self, count: usize) -> Vec<Sent> {
        let mut counted = self.shared.count.subscribe();
        let enough = counted.wait_for(|sent| *sent >= count);
        let waited = tokio::time::timeout(Duration::from_secs(20), enough).await.is_ok();
        assert!(waited, "waited for {count} messages, there are {:#?}", self.sent());
        self.sent()
    }
}

impl Drop for FakeDingTalk {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
