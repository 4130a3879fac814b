//! People who talk to several processes, and what became of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use tokio::{task::JoinHandle, time::sleep};

use super::{Cluster, D_LI, DING, ROOMS, ZHANG, chat, machine::within};
use crate::{fake_dingtalk::FakeDingTalk, fake_feishu::FakeFeishu};

/// How long the platforms repeat what is not answered.
const PATIENCE: Duration = Duration::from_secs(60);

/// What people say comes to one process after the other until one takes it.
#[derive(Clone)]
pub struct Mouth {
    pub feishu: Arc<FakeFeishu>,
    pub ding: Arc<FakeDingTalk>,
    pub urls: Vec<String>,
}

impl Mouth {
    /// Says something in a room; gives the message's id.
    pub async fn say(&self, room: usize, turn: usize, text: &str) -> String {
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

    pub async fn ding_says(&self, turn: usize, text: &str) {
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
    /// How long the platform had to repeat a line until it was taken.
    longest: Duration,
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
        let began = Instant::now();
        let id = mouth.say(room, n, &line).await;
        ledger.longest = ledger.longest.max(began.elapsed());
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

/// People who talk in all rooms until told to stop.
pub struct Talk {
    over: Arc<AtomicBool>,
    rooms: Vec<JoinHandle<Ledger>>,
    ding: JoinHandle<Vec<String>>,
}

/// What was said and taken.
pub struct Said {
    rooms: Vec<Ledger>,
    ding: Vec<String>,
}

impl Talk {
    pub fn start(mouth: &Mouth) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let rooms = (0..ROOMS).map(|room| tokio::spawn(talk_in(mouth.clone(), room, over.clone())));
        let ding = tokio::spawn(talk_on_dingtalk(mouth.clone(), over.clone()));
        Self { rooms: rooms.collect(), ding, over }
    }

    pub async fn end(self) -> Said {
        self.over.store(true, Ordering::Relaxed);
        let mut rooms = Vec::new();
        for room in self.rooms {
            rooms.push(room.await.unwrap());
        }
        Said { rooms, ding: self.ding.await.unwrap() }
    }
}

impl Said {
    /// How many lines were taken in Feishu.
    pub fn count(&self) -> usize {
        self.rooms.iter().map(|ledger| ledger.lines.len() + ledger.tickets.len()).sum()
    }

    /// The longest that somebody was not heard.
    pub fn longest(&self) -> Duration {
        self.rooms.iter().map(|ledger| ledger.longest).max().unwrap_or_default()
    }

    /// Waits until all that is owed is said; then everything was recorded once and said once, in order.
    pub async fn is_kept(&self, cluster: &Cluster) {
        let Self { rooms: ledgers, ding } = self;
        // Everything that is owed is said: the last clock runs out forty seconds after the last ticket.
        let last = ledgers.iter().flat_map(|ledger| &ledger.tickets).map(|ticket| ticket.at).max().unwrap();
        let what = format!("all is said\n{}", cluster.logs());
        within(PATIENCE, &what, async || {
            Timestamp::now().duration_since(last) > SignedDuration::from_secs(41)
                && cluster.count("outgoing").await == 0
        })
        .await;
        assert_eq!(cluster.count("dead_letters").await, 0);

        let (requirements, tickets) =
            (cluster.records("requirements").await, cluster.records("tickets").await);
        let sent = cluster.feishu.sent();
        let (mut lags, mut wrong) = (Vec::new(), Vec::new());
        for (room, Ledger { lines, tickets: opened, .. }) in ledgers.iter().enumerate() {
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
        for title in ding {
            let answers: Vec<_> = ding_sent.iter().filter(|sent| sent.text.contains(title)).collect();
            let unmarked = answers.iter().filter(|sent| !sent.text.contains("可能重复")).count();
            if requirements.get(title) != Some(&1) || answers.is_empty() || unmarked > 1 {
                wrong.push(format!("{title}: {:?}, {} answers", requirements.get(title), answers.len()));
            }
        }
        lags.sort();
        println!(
            "{} lines taken, {} on DingTalk, each after {:?} at most; said half within {:?}, all within {:?} after that",
            self.count(),
            ding.len(),
            self.longest(),
            lags.get(lags.len() / 2),
            lags.last()
        );
        assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), cluster.logs());
        assert!(self.count() > 50, "hardly anything was taken: {}\n{}", self.count(), cluster.logs());
    }
}
