//! Three processes of the real program on one database, behind the pretended platforms, while they are killed, paused
//! and cut off, and the database crashes under them.
//!
//! `CLUSTER_SECONDS` says for how long; by default a little.

mod machine;

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use jiuding::clock::{SharedClock, SystemClock};
use tokio::{sync::Mutex, time::sleep};

use crate::{
    fake_dingtalk::{self, FakeDingTalk},
    fake_feishu::FakeFeishu,
};
use machine::{Database, Process, within};

/// Within what time another process takes over.
const TAKEOVER: Duration = Duration::from_secs(4);
const ROOMS: usize = 4;
const ZHANG: &str = "ou_zhang";
const LI: &str = "ou_li";
const CHEN: &str = "ou_chen";
const DING: &str = "cidQ0xhbmdhbG9yZUpEMjAyNg==";
const D_LI: &str = "0123456789";
/// How long the platforms repeat what is not answered.
const PATIENCE: Duration = Duration::from_secs(60);

/// The platforms, the database, and the processes.
struct Cluster {
    feishu: Arc<FakeFeishu>,
    ding: Arc<FakeDingTalk>,
    database: Database,
    processes: Vec<Process>,
    folder: tempfile::TempDir,
    config: String,
}

impl Cluster {
    async fn start(processes: usize) -> Self {
        let clock: SharedClock = Arc::new(SystemClock);
        let feishu = FakeFeishu::start(clock.clone()).await;
        feishu.person(LI, "李工").person(ZHANG, "张经理").person(CHEN, "陈主管").per_chat_per_second(1000);
        (0..ROOMS).for_each(|room| _ = feishu.group(&chat(room), &format!("项目群{room}")));
        let ding = FakeDingTalk::start(clock).await;
        ding.group(DING, "支付网关项目群", &[(D_LI, "李工")]);
        let config = format!(
            "[jobs]\ndaily_digest = \"\"\nweekly_report = \"\"\n[sla.urgent]\nrespond = \"40s\"\n{}[dingtalk]\n\
             enabled = true\nclient_id = \"{}\"\nclient_secret = \"{}\"\nrobot_code = \"{}\"\ncorp_id = \"{}\"\n\
             base_url = \"{base}\"\noapi_base_url = \"{base}\"\n",
            feishu.toml(),
            fake_dingtalk::CLIENT_ID,
            fake_dingtalk::CLIENT_SECRET,
            fake_dingtalk::ROBOT_CODE,
            fake_dingtalk::CORP_ID,
            base = ding.base_url(),
        );
        let mut cluster = Self {
            feishu: Arc::new(feishu),
            ding: Arc::new(ding),
            database: Database::start().await,
            processes: Vec::new(),
            folder: tempfile::tempdir().unwrap(),
            config,
        };
        for number in 0..processes {
            cluster.add(&number.to_string()).await;
        }
        cluster
    }

    async fn add(&mut self, name: &str) {
        let folder: &Path = self.folder.path();
        self.processes.push(Process::start(&self.database, folder, name, &self.config).await);
    }

    fn urls(&self) -> Vec<String> {
        self.processes.iter().map(|process| process.url.clone()).collect()
    }

    async fn set_up(&self) {
        let mouth = Mouth { feishu: self.feishu.clone(), ding: self.ding.clone(), urls: self.urls() };
        for room in 0..ROOMS {
            for (turn, line) in [
                format!("/项目 新建 项目{room} 客户:远山银行"),
                format!("/角色 客户主管 {{{CHEN}}} 项目经理 {{{ZHANG}}} 技术对接人 {{{LI}}}"),
            ]
            .iter()
            .enumerate()
            {
                mouth.say(room, room + turn, line).await;
            }
        }
        mouth.ding_says(0, "/项目 新建 支付网关").await;
    }

    /// How often each record of a kind is there, by title.
    async fn records(&self, view: &str) -> HashMap<String, usize> {
        let client = self.database.connect().await.unwrap();
        let mut records = HashMap::new();
        for row in client.query(&format!("SELECT title FROM {view}"), &[]).await.unwrap() {
            *records.entry(row.get(0)).or_default() += 1;
        }
        records
    }

    async fn count(&self, table: &str) -> i64 {
        let client = self.database.connect().await.unwrap();
        client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0)
    }

    fn logs(&self) -> String {
        let logs = self.processes.iter().map(|process| {
            let log = process.log();
            let lines: Vec<&str> = log.lines().collect();
            lines[lines.len().saturating_sub(40)..].join("\n")
        });
        logs.collect::<Vec<_>>().join("\n----\n")
    }
}

fn chat(room: usize) -> String {
    format!("oc_cluster{room}")
}

/// What people say comes to one process after the other until one takes it.
#[derive(Clone)]
struct Mouth {
    feishu: Arc<FakeFeishu>,
    ding: Arc<FakeDingTalk>,
    urls: Vec<String>,
}

impl Mouth {
    /// Says something in a room; gives the message's id.
    async fn say(&self, room: usize, turn: usize, text: &str) -> String {
        let said = self.feishu.text(&chat(room), ZHANG, &format!("{{bot}} {text}"));
        let began = Instant::now();
        for url in self.urls.iter().cycle().skip(turn) {
            if self.feishu.deliver_at(url, &said).await.status == 200 {
                break;
            }
            assert!(began.elapsed() < PATIENCE, "nobody takes {text}");
            sleep(Duration::from_millis(100)).await;
        }
        // The platform repeats what it thinks was not heard.
        self.feishu.deliver_at(&self.urls[(turn + 1) % self.urls.len()], &said).await;
        said.message_id().to_owned()
    }

    async fn ding_says(&self, turn: usize, text: &str) {
        let said = self.ding.said(DING, D_LI, text);
        let began = Instant::now();
        for url in self.urls.iter().cycle().skip(turn) {
            if self.ding.deliver(url, &said).await.status == 200 {
                break;
            }
            assert!(began.elapsed() < PATIENCE, "nobody takes {text}");
            sleep(Duration::from_millis(100)).await;
        }
    }
}

/// A line that was taken.
struct Taken {
    id: String,
    title: String,
    at: Timestamp,
}

#[derive(Default)]
struct Ledger {
    lines: Vec<Taken>,
    tickets: Vec<Taken>,
}

async fn talk_in(mouth: Mouth, room: usize, over: Arc<AtomicBool>) -> Ledger {
    let mut ledger = Ledger::default();
    for n in 0.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        // Tickets first, so that their clocks run out while there is harm.
        let (title, ticket) = (format!("第{room}间第{n}件"), n < 16 && n % 4 == 0);
        let line = if ticket { format!("/工单 {title} !紧急") } else { format!("/需求 {title}") };
        let id = mouth.say(room, n, &line).await;
        let taken = Taken { id, title, at: Timestamp::now() };
        if ticket {
            ledger.tickets.push(taken)
        } else {
            ledger.lines.push(taken)
        }
        // Slower than a platform takes them into one room, so that what is late is late because of us.
        sleep(Duration::from_millis(600)).await;
    }
    ledger
}

async fn talk_on_dingtalk(mouth: Mouth, over: Arc<AtomicBool>) -> Vec<String> {
    let mut titles = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let title = format!("钉钉第{}件", titles.len());
        mouth.ding_says(titles.len(), &format!("/需求 {title}")).await;
        titles.push(title);
        sleep(Duration::from_secs(4)).await;
    }
    titles
}

/// Harms the cluster in turn.
async fn harm(cluster: &Mutex<Cluster>, until: Instant) -> usize {
    let mut turn = 0;
    while Instant::now() < until {
        sleep(Duration::from_secs(3)).await;
        let mut cluster = cluster.lock().await;
        let victim = turn % cluster.processes.len();
        match turn % 5 {
            0 | 3 => {
                cluster.processes[victim].kill();
                sleep(Duration::from_secs(1)).await;
                cluster.processes[victim].start_again();
            }
            1 => {
                cluster.processes[victim].wire.cut.send_replace(true);
                sleep(Duration::from_millis(1500)).await;
                cluster.processes[victim].wire.cut.send_replace(false);
            }
            2 => {
                // For so long that it counts as dead, and goes on then with what it had in hand.
                cluster.processes[victim].pause();
                sleep(TAKEOVER + Duration::from_secs(1)).await;
                cluster.processes[victim].go_on();
            }
            _ => cluster.database.crash().await,
        }
        turn += 1;
    }
    turn
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_dies_nothing_is_lost_doubled_or_out_of_order() {
    let seconds = std::env::var("CLUSTER_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(40);
    let cluster = Cluster::start(3).await;
    cluster.set_up().await;
    let mouth = Mouth { feishu: cluster.feishu.clone(), ding: cluster.ding.clone(), urls: cluster.urls() };
    let over = Arc::new(AtomicBool::new(false));
    let talks: Vec<_> =
        (0..ROOMS).map(|room| tokio::spawn(talk_in(mouth.clone(), room, over.clone()))).collect();
    let ding = tokio::spawn(talk_on_dingtalk(mouth, over.clone()));
    let cluster = Mutex::new(cluster);
    let harms = harm(&cluster, Instant::now() + Duration::from_secs(seconds)).await;
    over.store(true, Ordering::Relaxed);
    let cluster = cluster.into_inner();
    let mut ledgers = Vec::new();
    for talk in talks {
        ledgers.push(talk.await.unwrap());
    }
    let ding = ding.await.unwrap();

    // Everything that is owed is said: the last clock runs out forty seconds after the last ticket.
    let last = ledgers.iter().flat_map(|ledger| &ledger.tickets).map(|ticket| ticket.at).max().unwrap();
    let what = format!("all is said\n{}", cluster.logs());
    within(PATIENCE, &what, async || {
        Timestamp::now().duration_since(last) > SignedDuration::from_secs(41)
            && cluster.count("outgoing").await == 0
    })
    .await;
    assert_eq!(cluster.count("dead_letters").await, 0);

    let (requirements, tickets) = (cluster.records("requirements").await, cluster.records("tickets").await);
    let sent = cluster.feishu.sent();
    let (mut lags, mut wrong) = (Vec::new(), Vec::new());
    for (room, Ledger { lines, tickets: opened }) in ledgers.iter().enumerate() {
        let mut taken: Vec<&Taken> = lines.iter().chain(opened).collect();
        taken.sort_by_key(|taken| taken.at);
        let answers = sent.iter().filter(|sent| sent.chat_id == chat(room));
        let answers: Vec<&str> = answers.filter_map(|sent| sent.reply_to.as_deref()).collect();
        let mine: Vec<&str> =
            answers.iter().copied().filter(|id| taken.iter().any(|t| t.id == *id)).collect();
        let order: Vec<&str> = taken.iter().map(|taken| taken.id.as_str()).collect();
        if mine != order {
            let at = mine.iter().zip(&order).position(|(one, other)| one != other);
            wrong.push(format!(
                "room {room}: answers out of order at {at:?}: {} of {}",
                mine.len(),
                order.len()
            ));
        }
        for (taken, records) in
            lines.iter().map(|t| (t, &requirements)).chain(opened.iter().map(|t| (t, &tickets)))
        {
            if records.get(&taken.title) != Some(&1) {
                wrong.push(format!("{} is recorded {:?} times", taken.title, records.get(&taken.title)));
            }
            if let Some(answer) = sent.iter().find(|sent| sent.reply_to.as_ref() == Some(&taken.id)) {
                lags.push(answer.at.duration_since(taken.at));
            }
        }
        for ticket in opened {
            for ping in ["已过一半响应时限", "超时未响应"] {
                let names = |words: &str| {
                    words
                        .lines()
                        .any(|line| line.contains(ping) && line.contains(&format!("{} ", ticket.title)))
                };
                let times =
                    sent.iter().filter(|sent| sent.chat_id == chat(room) && names(&sent.words)).count();
                if times != 1 {
                    wrong.push(format!("{}: {ping} said {times} times", ticket.title));
                }
            }
        }
    }
    let ding_sent = cluster.ding.sent();
    for title in &ding {
        let answers: Vec<_> = ding_sent.iter().filter(|sent| sent.text.contains(title)).collect();
        let unmarked = answers.iter().filter(|sent| !sent.text.contains("可能重复")).count();
        if requirements.get(title) != Some(&1) || answers.is_empty() || unmarked > 1 {
            wrong.push(format!("{title}: {:?}, {} answers", requirements.get(title), answers.len()));
        }
    }
    lags.sort();
    let all: usize = ledgers.iter().map(|ledger| ledger.lines.len() + ledger.tickets.len()).sum();
    let opened: usize = ledgers.iter().map(|ledger| ledger.tickets.len()).sum();
    println!(
        "{harms} harms, {all} lines taken, {opened} of them tickets, {} on DingTalk; from taken to said: half within \
         {:?}, all within {:?}",
        ding.len(),
        lags.get(lags.len() / 2),
        lags.last()
    );
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), cluster.logs());
    assert!(all > 50, "hardly anything was taken: {all}\n{}", cluster.logs());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_process_had_is_said_by_another_within_the_lease() {
    let mut cluster = Cluster::start(2).await;
    cluster.set_up().await;
    let first = Mouth {
        feishu: cluster.feishu.clone(),
        ding: cluster.ding.clone(),
        urls: vec![cluster.urls()[0].clone()],
    };
    let other = Mouth { urls: vec![cluster.urls()[1].clone()], ..first.clone() };
    let said = |sent: &[crate::fake_feishu::Sent], id: &str| {
        sent.iter().filter(|sent| sent.reply_to.as_deref() == Some(id)).count()
    };
    // Whoever says it keeps the room for a while.
    let id = first.say(0, 0, "/需求 第一件").await;
    cluster.feishu.wait_until(|sent| said(sent, &id) == 1).await;
    for dead in [0, 1] {
        let (living, name) = if dead == 0 { (&other, "第二件") } else { (&first, "第三件") };
        cluster.processes[dead].kill();
        let began = Instant::now();
        let id = living.say(0, 0, &format!("/需求 {name}")).await;
        cluster.feishu.wait_until(|sent| said(sent, &id) == 1).await;
        let took = began.elapsed();
        println!("process {dead} died; what it had was said by the other one after {took:?}");
        assert!(took < TAKEOVER + Duration::from_secs(1), "{took:?}\n{}", cluster.logs());
        cluster.processes[dead].start_again();
        cluster.processes[dead].answers().await;
    }
}
