//! A pretend Feishu on loopback that keeps the real one's rules.
//!
//! It wants valid tokens, known chats and people, cards of schema 2.0, at most 5 messages a second into
//! one chat; it takes a `uuid` once an hour; it signs and encrypts what it delivers, or pushes it over a long
//! connection ([`over_socket`](FakeFeishu::over_socket)). Tests tell it who
//! there is, let people speak and press, look at what the bot [`sent`](FakeFeishu::sent), and make it
//! [`fail`](FakeFeishu::fail_next) in all the ways the real one does.
//!
//! ```ignore
//! let fake = FakeFeishu::start(clock.clone()).await;
//! fake.group("oc_1", "远山项目群").person("ou_li", "李工");
//! let feishu = Arc::new(Feishu::new(fake.settings(), clock));
//! fake.serve(feishu::routes(feishu.clone(), receiver)).await;
//! let said = fake.text("oc_1", "ou_li", "{bot} /工单 登录不了 {ou_wang}");
//! assert_eq!(fake.deliver(&said).await.status, 200);
//! assert_eq!(fake.deliver(&said).await.status, 200); // and again, as after a lost answer
//! let sent = fake.wait_sent(1).await;
//! fake.press("ou_li", &sent[0], "响应").await;
//! ```

#![allow(dead_code)]

mod calendar;
mod card;
mod deliver;
mod form;
mod panel;
mod seal;
mod server;
mod socket;
mod urgent;
mod versions;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use jiuding::{clock::SharedClock, platform::feishu::Settings};
use serde_json::Value;
use tokio::{sync::watch, time::Instant};

#[allow(unused_imports)]
pub use deliver::{Answer, Delivery};
#[allow(unused_imports)]
pub use seal::{encrypt, encrypt_with, signature};
#[allow(unused_imports)]
pub use socket::wishes;
#[allow(unused_imports)]
pub use versions::{EVENTS, version};

pub const APP_ID: &str = "cli_a9f0c0ffee00d00d";
pub const APP_SECRET: &str = "pretend-app-secret";
pub const ENCRYPT_KEY: &str = "pretend-encrypt-key";
pub const TOKEN: &str = "pretend-verification-token";
pub const BOT: &str = "ou_b0700000000000000000000000000001";

/// The server; it ends with the test's runtime. Clones are the same server.
#[derive(Clone)]
pub struct FakeFeishu {
    shared: Arc<Shared>,
    address: SocketAddr,
}

struct Shared {
    clock: SharedClock,
    state: Mutex<State>,
    // How many messages were accepted; for those who wait.
    accepted: watch::Sender<usize>,
    http: reqwest::Client,
}

struct State {
    people: HashMap<String, String>,
    // In chats, and not in the contacts.
    outsiders: HashMap<String, String>,
    chats: HashMap<String, Chat>,
    // The chat of each message.
    messages: HashMap<String, String>,
    // What the reading call tells of each message that a person wrote.
    written: HashMap<String, Value>,
    recalled: HashSet<String>,
    tokens: HashMap<String, Timestamp>,
    token_life: SignedDuration,
    sent: Vec<Sent>,
    edits: Vec<Edited>,
    // Of which message, and when.
    recent_edits: VecDeque<(String, Instant)>,
    by_uuid: HashMap<String, (Timestamp, String)>,
    // Name and bytes by file key.
    files: HashMap<String, (String, Vec<u8>)>,
    uploads: Option<Fault>,
    per_chat_per_second: usize,
    recent: HashMap<String, VecDeque<Instant>>,
    next: VecDeque<Fault>,
    always: Option<Fault>,
    directory: Option<Fault>,
    authorisation: Option<Fault>,
    calls: HashMap<String, usize>,
    webhook: Option<String>,
    encrypt_key: Option<String>,
    sockets: socket::Sockets,
    ungranted: HashSet<String>,
    panel: Vec<Value>,
    called: Vec<urgent::Called>,
    absent: HashSet<String>,
    calendar: calendar::Calendar,
    app_status: i64,
    versions: Vec<Value>,
    counter: u64,
}

struct Chat {
    name: String,
    direct: bool,
}

/// A message that the bot sent and Feishu accepted.
#[derive(Debug, Clone)]
pub struct Sent {
    pub message_id: String,
    /// The chat it landed in; for a person the direct chat.
    pub chat_id: String,
    /// The person, where it was sent to an `open_id`.
    pub open_id: Option<String>,
    /// The message it answers.
    pub reply_to: Option<String>,
    pub uuid: String,
    /// `interactive`, `text` or `file`.
    pub msg_type: String,
    /// The parsed content.
    pub content: Value,
    /// What people read, mentions as `@name`, a line for each line.
    pub words: String,
    /// Name and bytes of a file.
    pub file: Option<(String, Vec<u8>)>,
    /// The `open_id`s that are notified.
    pub mentions: Vec<String>,
    /// Label and line of each button.
    pub buttons: Vec<(String, String)>,
    /// What can be filled in.
    pub form: Option<form::Shown>,
    /// The clock's time of acceptance.
    pub at: Timestamp,
}

/// A card that the bot put in the place of one that it had sent.
#[derive(Debug, Clone)]
pub struct Edited {
    pub message_id: String,
    /// What people read now.
    pub words: String,
    /// Whom it mentions.
    pub mentions: Vec<String>,
    pub buttons: Vec<(String, String)>,
    /// The clock's time of acceptance.
    pub at: Timestamp,
}

/// What goes wrong with a call.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Nothing is done; this status and no body.
    Status(u16),
    /// Nothing is done; status 400 and this code.
    Code(i64),
    /// The gateway's limit: status 429 and the seconds to wait.
    Gateway(u64),
    /// Done, but only after so long.
    Slow(Duration),
    /// Nothing is done, and the connection breaks.
    Drop,
    /// Done, but the connection breaks before the answer.
    DropAfterAccepting,
    /// A card is refused with 230099 and this code inside; text passes.
    RefuseCard(i64),
}

impl FakeFeishu {
    /// Starts on a free port. `clock` is the time by which tokens and `uuid`s expire and deliveries are
    /// signed.
    pub async fn start(clock: SharedClock) -> Self {
        let state = State {
            people: HashMap::new(),
            outsiders: HashMap::new(),
            chats: HashMap::new(),
            messages: HashMap::new(),
            written: HashMap::new(),
            recalled: HashSet::new(),
            tokens: HashMap::new(),
            token_life: SignedDuration::from_hours(2),
            sent: Vec::new(),
            edits: Vec::new(),
            recent_edits: VecDeque::new(),
            by_uuid: HashMap::new(),
            files: HashMap::new(),
            uploads: None,
            per_chat_per_second: 5,
            recent: HashMap::new(),
            next: VecDeque::new(),
            always: None,
            directory: None,
            authorisation: None,
            calls: HashMap::new(),
            webhook: None,
            encrypt_key: Some(ENCRYPT_KEY.into()),
            sockets: socket::Sockets::default(),
            ungranted: HashSet::new(),
            panel: Vec::new(),
            called: Vec::new(),
            absent: HashSet::new(),
            calendar: calendar::Calendar::default(),
            app_status: 2,
            versions: vec![versions::version("1.0.0", 1, &versions::EVENTS)],
            counter: 0,
        };
        let shared = Arc::new(Shared {
            clock,
            state: Mutex::new(state),
            accepted: watch::Sender::new(0),
            http: jiuding::platform::http::client(),
        });
        let address = serve(server::routes(shared.clone())).await;
        socket::listen(shared.clone()).await;
        Self { shared, address }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Settings with which a bot belongs to this server.
    pub fn settings(&self) -> Settings {
        Settings {
            app_id: APP_ID.into(),
            app_secret: APP_SECRET.into(),
            encrypt_key: self.state().encrypt_key.clone(),
            verification_token: TOKEN.into(),
            base_url: self.base_url(),
            window_back: SignedDuration::from_hours(8),
            window_ahead: SignedDuration::from_mins(5),
            pong_within: std::time::Duration::from_secs(30),
            answer_within: std::time::Duration::from_secs(2),
            urgent: jiuding::platform::feishu::Urgent::App,
            calendar: true,
        }
    }

    /// The same settings as a section of the bot's configuration file.
    pub fn toml(&self) -> String {
        let mut toml = format!(
            "[feishu]\nenabled = true\napp_id = \"{APP_ID}\"\napp_secret = \"{APP_SECRET}\"\n\
             base_url = \"{}\"\n",
            self.base_url()
        );
        match (self.is_over_socket(), &self.state().encrypt_key) {
            (true, _) => toml += "transport = \"websocket\"\n",
            (false, Some(key)) => {
                toml += &format!("encrypt_key = \"{key}\"\nverification_token = \"{TOKEN}\"\n")
            }
            (false, None) => toml += &format!("verification_token = \"{TOKEN}\"\n"),
        }
        toml
    }

    /// Deliveries are plain and unsigned from now on, as without an Encrypt Key in the console.
    pub fn without_encryption(&self) -> &Self {
        self.state().encrypt_key = None;
        self
    }

    /// There is a person of this name.
    pub fn person(&self, open_id: &str, name: &str) -> &Self {
        self.state().people.insert(open_id.into(), name.into());
        self
    }

    /// There is a person of another company: a member of chats whom the contacts do not name.
    pub fn outsider(&self, open_id: &str, name: &str) -> &Self {
        self.state().outsiders.insert(open_id.into(), name.into());
        self
    }

    /// There is a group with the bot in it.
    pub fn group(&self, chat_id: &str, name: &str) -> &Self {
        self.state().chats.insert(chat_id.into(), Chat { name: name.into(), direct: false });
        self
    }

    /// The direct chat of a person with the bot.
    pub fn direct(&self, open_id: &str) -> String {
        self.state().direct(open_id)
    }

    /// Serves a bot's routes on loopback and delivers there from now on; returns its base address.
    pub async fn serve(&self, routes: axum::Router) -> String {
        let url = format!("http://{}", serve(routes).await);
        self.deliver_to(&url);
        url
    }

    /// Delivers to a bot at this base address (`http://127.0.0.1:8080`) from now on.
    pub fn deliver_to(&self, base_url: &str) {
        self.state().webhook = Some(base_url.trim_end_matches('/').to_owned());
    }

    /// Everything accepted so far.
    pub fn sent(&self) -> Vec<Sent> {
        self.state().sent.clone()
    }

    /// Every edit accepted so far.
    pub fn edits(&self) -> Vec<Edited> {
        self.state().edits.clone()
    }

    /// Waits until the newest edit of a message satisfies `enough`; panics after 10 s.
    pub async fn wait_edit(&self, message_id: &str, enough: impl Fn(&Edited) -> bool) -> Edited {
        let newest = || self.edits().into_iter().rfind(|edit| edit.message_id == message_id).filter(&enough);
        self.wait_until(|_| newest().is_some()).await;
        newest().expect("it was just there")
    }

    /// What was accepted into one chat.
    pub fn sent_to(&self, chat_id: &str) -> Vec<Sent> {
        self.sent().into_iter().filter(|sent| sent.chat_id == chat_id).collect()
    }

    /// Waits until `count` messages were accepted, and returns all; panics after 10 s.
    pub async fn wait_sent(&self, count: usize) -> Vec<Sent> {
        self.wait_until(|sent| sent.len() >= count).await
    }

    /// Waits until what was accepted satisfies `enough`; panics after 10 s.
    pub async fn wait_until(&self, enough: impl Fn(&[Sent]) -> bool) -> Vec<Sent> {
        let mut accepted = self.shared.accepted.subscribe();
        let done = tokio::time::timeout(Duration::from_secs(10), async {
            accepted.wait_for(|_| enough(&self.sent())).await.expect("the server lives");
        });
        if done.await.is_err() {
            panic!("the bot did not send what was waited for; it sent {:#?}", self.sent());
        }
        self.sent()
    }

    /// Forgets what was sent (not the `uuid`s).
    pub fn clear(&self) {
        self.state().sent.clear();
    }

    /// The next call that sends fails so; several are used up in order.
    pub fn fail_next(&self, fault: Fault) -> &Self {
        self.state().next.push_back(fault);
        self
    }

    /// Every call that sends fails so, until `None`.
    pub fn fail_always(&self, fault: Option<Fault>) -> &Self {
        self.state().always = fault;
        self
    }

    /// Every question for names, chats and the bot itself fails so, until `None`.
    pub fn fail_directory(&self, fault: Option<Fault>) -> &Self {
        self.state().directory = fault;
        self
    }

    /// Every call for a token fails so, until `None`.
    pub fn fail_authorisation(&self, fault: Option<Fault>) -> &Self {
        self.state().authorisation = fault;
        self
    }

    /// Every upload fails so, until `None`.
    pub fn fail_uploads(&self, fault: Option<Fault>) -> &Self {
        self.state().uploads = fault;
        self
    }

    /// All tokens are invalid from now on.
    pub fn expire_tokens(&self) {
        self.state().tokens.clear();
    }

    /// How long new tokens live; two hours otherwise.
    pub fn token_life(&self, life: SignedDuration) -> &Self {
        self.state().token_life = life;
        self
    }

    /// How many messages a second one chat takes; 5 otherwise.
    pub fn per_chat_per_second(&self, most: usize) -> &Self {
        self.state().per_chat_per_second = most;
        self
    }

    /// A scope that the app asks for and was not granted.
    pub fn without_scope(&self, scope: &str) -> &Self {
        self.state().ungranted.insert(scope.into());
        self
    }

    /// The app's `activate_status`; 2, in use, otherwise.
    pub fn app_status(&self, status: i64) -> &Self {
        self.state().app_status = status;
        self
    }

    /// The message is gone; answers to it are refused.
    pub fn recall(&self, message_id: &str) {
        self.state().recalled.insert(message_id.into());
    }

    /// How often a path was called: `endpoint`, `auth`, `bot`, `send`, `reply`, `patch`, `upload`, `chat`, `names`, `user`.
    pub fn calls(&self, path: &str) -> usize {
        self.state().calls.get(path).copied().unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    /// An id or token that nobody had before.
    fn fresh(&mut self, prefix: &str) -> String {
        self.counter += 1;
        format!("{prefix}{:032x}", self.counter)
    }

    fn everybody(&self) -> HashMap<String, String> {
        self.people.iter().chain(&self.outsiders).map(|(id, name)| (id.clone(), name.clone())).collect()
    }

    fn direct(&mut self, open_id: &str) -> String {
        let chat_id = format!("oc_direct_{}", open_id.trim_start_matches("ou_"));
        self.chats.entry(chat_id.clone()).or_insert(Chat { name: String::new(), direct: true });
        chat_id
    }
}

async fn serve(routes: axum::Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}
