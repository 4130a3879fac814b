//! One process among several that have the store: a row that it renews by the database's clock.
//!
//! Whoever does not renew it in time counts as gone: another one buries the row, and what this one had is anybody's.
//! Until then nobody takes it, and from then on nothing that this one writes of it is taken ([`Presence::fence`]); it
//! joins anew under another name. Once a member of a newer generation of the program serves, those of the older ones
//! leave, and stand aside until it is gone ([`Us::stands_aside`]). On the same connection it hears and tells what is new; where the database knows no
//! `LISTEN`, everybody looks by itself.
//!
//! Members share the lock that whoever wants the store alone takes for itself (`held.rs`).

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use tokio::{
    sync::{Notify, broadcast, watch},
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_postgres::{Config, types::ToSql};

use super::{
    connection::Told,
    held::{self, random_name},
    line::Line,
    schema,
};
use crate::store::News;

const JOIN: &str = "WITH old AS (DELETE FROM members WHERE name = $2), \
     ours AS (UPDATE leases SET member = $1 WHERE member = $2) \
     INSERT INTO members (name, alive_until, generation) VALUES ($1, clock_timestamp() + $3::text::interval, $4)";
const RENEW: &str = "UPDATE members SET alive_until = clock_timestamp() + $2::text::interval, generation = $3 \
     WHERE name = $1 AND alive_until > clock_timestamp()";
const SERVE: &str = "UPDATE members SET generation = $2 WHERE name = $1";
const NEWER: &str = "SELECT 1 FROM members WHERE generation > $1 AND alive_until > clock_timestamp() LIMIT 1";
/// Those that only read what is there, as the commands of an administrator do, share in nothing.
const COUNT: &str = "SELECT count(*) FROM members WHERE generation = (SELECT max(generation) FROM members)";
const LEAVE: &str = "DELETE FROM members WHERE name = $1";
const BURY: &str = "DELETE FROM members WHERE alive_until < clock_timestamp() - $1::text::interval";
/// How much news is kept for whoever is slow to hear it.
const NEWS_KEPT: usize = 256;
/// How long to rest before the database is tried again.
const REST: Duration = Duration::from_millis(300);

/// How long is what, as parts of the time within which another process takes over.
#[derive(Clone, Copy)]
pub(super) struct Lease {
    /// How long a member counts as there after it renewed its row.
    alive: Duration,
    /// How often it does, and looks for others that did not.
    beat: Duration,
    /// How long after its end a member is buried.
    grace: Duration,
}

impl Lease {
    pub(super) fn within(takeover: Duration) -> Self {
        let part = takeover / 10;
        Self { alive: part * 6, beat: part * 2, grace: part }
    }
}

/// Us.
pub(super) struct Member {
    us: Arc<Us>,
    task: Mutex<Option<JoinHandle<()>>>,
}

pub(super) struct Us {
    config: Config,
    lease: Lease,
    /// Of this program.
    generation: i32,
    /// Whether others may know of our generation yet.
    serves: AtomicBool,
    /// See [`Presence::fence`](super::presence::Presence::fence).
    fence: String,
    standing: watch::Sender<Standing>,
    /// Whether a newer generation serves.
    aside: watch::Sender<bool>,
    members: AtomicU32,
    heard: broadcast::Sender<News>,
    /// What is told with the next notification. Held for adding to it.
    told: Mutex<News>,
    something_to_tell: Notify,
}

#[derive(Clone)]
struct Standing {
    name: String,
    number: u64,
    until: Instant,
}

impl Member {
    /// Joins those who have the store, bringing the schema up to date.
    ///
    /// # Errors
    /// The database cannot be reached, or somebody has the store alone, or a newer version of this program serves.
    pub(super) async fn join(config: Config, takeover: Duration, generation: i32) -> Result<Self> {
        let us = Arc::new(Us {
            config,
            lease: Lease::within(takeover),
            generation,
            serves: AtomicBool::new(false),
            fence: format!(
                "SELECT 1 FROM members WHERE name = $1 AND alive_until > clock_timestamp() AND NOT EXISTS \
                 (SELECT 1 FROM members WHERE generation > {generation} AND alive_until > clock_timestamp())"
            ),
            standing: watch::Sender::new(Standing { name: String::new(), number: 0, until: Instant::now() }),
            aside: watch::Sender::new(false),
            members: AtomicU32::new(1),
            heard: broadcast::Sender::new(NEWS_KEPT),
            told: Mutex::default(),
            something_to_tell: Notify::new(),
        });
        let mut line = Line::open(&us.config).await?;
        let mut tries = 0;
        while !line.lock_shared().await? {
            tries += 1;
            ensure!(
                tries < held::TRIES,
                "another process has the store in this database for itself; stop it first"
            );
            sleep(held::BETWEEN).await;
        }
        schema::migrate(&mut line.client).await?;
        us.beat(&line).await?;
        ensure!(
            !*us.aside.borrow(),
            "a newer version of this program serves from this database; start that one"
        );
        let task = tokio::spawn(us.clone().pulse(Some(line)));
        Ok(Self { us, task: Mutex::new(Some(task)) })
    }

    pub(super) fn us(&self) -> &Us {
        &self.us
    }

    /// From now on those of an older generation stand aside.
    ///
    /// # Errors
    /// The database did not take it. Sooner or later it is told it again.
    pub(super) async fn serve(&self) -> Result<()> {
        self.us.serves.store(true, Ordering::Relaxed);
        self.us.write_at_once(SERVE, &[&self.us.name(), &self.us.generation]).await
    }

    /// Leaves at once.
    pub(super) async fn leave(&self) -> Result<()> {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(task) = task else { return Ok(()) };
        task.abort();
        // Until it has ended it could join again.
        let _ = task.await;
        self.us.standing.send_modify(|standing| standing.until = Instant::now());
        self.us.write_at_once(LEAVE, &[&self.us.name()]).await
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

impl Us {
    pub(super) fn name(&self) -> String {
        self.standing.borrow().name.clone()
    }

    pub(super) fn members(&self) -> u32 {
        self.members.load(Ordering::Relaxed).max(1)
    }

    pub(super) fn membership(&self) -> Option<u64> {
        let standing = self.standing.borrow();
        (Instant::now() < standing.until).then_some(standing.number)
    }

    pub(super) fn fence(&self) -> &str {
        &self.fence
    }

    pub(super) fn aside(&self) -> watch::Receiver<bool> {
        self.aside.subscribe()
    }

    pub(super) fn news(&self) -> broadcast::Receiver<News> {
        self.heard.subscribe()
    }

    pub(super) fn tell(&self, news: News) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).add(news);
        self.something_to_tell.notify_one();
    }

    /// Writes something of ours on a connection of its own, and has the others look.
    async fn write_at_once(&self, sql: &str, with: &[&(dyn ToSql + Sync)]) -> Result<()> {
        let line = Line::open(&self.config).await?;
        line.client.execute(sql, with).await.told()?;
        line.tell(&News::anything(), &self.name()).await
    }

    /// Waits a little for being a member.
    ///
    /// # Errors
    /// This process is none, and could not join anew in that time.
    pub(super) async fn ensure(&self) -> Result<()> {
        if self.membership().is_some() {
            return Ok(());
        }
        let (mut standing, mut aside) = (self.standing.subscribe(), self.aside.subscribe());
        tokio::select! {
            Ok(_) = standing.wait_for(|standing| Instant::now() < standing.until) => Ok(()),
            Ok(_) = aside.wait_for(|aside| *aside) => bail!("a newer version of this program serves in its place"),
            () = sleep(self.lease.beat) => {
                bail!("this process lost its place among those who have the store, and is not back yet")
            }
        }
    }

    /// What we wrote was not taken: we are no member any more.
    pub(super) fn is_out(&self, name: &str) {
        self.standing.send_if_modified(|standing| {
            let was = standing.name == name;
            if was {
                standing.until = Instant::now();
            }
            was
        });
        self.something_to_tell.notify_one();
    }

    /// Renews, hears and tells for as long as the store is open.
    async fn pulse(self: Arc<Self>, mut line: Option<Line>) {
        loop {
            let opened = match line.take() {
                Some(line) => Ok(line),
                None => self.reopen().await,
            };
            let ended = match opened {
                Ok(line) => self.beat_on(line).await,
                Err(error) => Err(error),
            };
            if let Err(error) = ended {
                tracing::warn!("the place among those who have the store could not be renewed: {error:#}");
            }
            sleep(REST).await;
        }
    }

    async fn reopen(&self) -> Result<Line> {
        let line =
            timeout(self.lease.alive, Line::open(&self.config)).await.context("no answer in time")??;
        ensure!(line.lock_shared().await?, "another process has the store for itself");
        self.beat(&line).await?;
        tracing::info!("the database is back");
        // Nobody knows what was missed.
        let _ = self.heard.send(News::anything());
        Ok(line)
    }

    async fn beat_on(&self, mut line: Line) -> Result<()> {
        if let Err(error) = line.client.batch_execute(&format!("LISTEN {}", line.channel)).await.told() {
            tracing::warn!("this database tells nobody what is new: {error:#}");
        }
        let mut beat = interval(self.lease.beat);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                heard = line.heard.recv() => {
                    let payload = heard.context("the connection ended")?;
                    if let Some((by, news)) = payload.split_once(' ')
                        && by != self.name()
                    {
                        let anything = News::anything();
                        let news: News = serde_json::from_str(news).unwrap_or(anything);
                        if news.anything {
                            // Somebody may be there who was not.
                            beat.reset_immediately();
                        }
                        // Nobody may be there to hear it.
                        let _ = self.heard.send(news);
                    }
                }
                _ = beat.tick() => timeout(self.lease.alive, self.beat(&line)).await.context("no answer in time")??,
                () = self.something_to_tell.notified() => {
                    if self.membership().is_none() {
                        self.beat(&line).await?;
                    }
                    let news = std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner));
                    if !news.is_none() {
                        line.tell(&news, &self.name()).await?;
                    }
                }
            }
        }
    }

    /// Whether a newer generation of the program serves. What we had is left to its members at once.
    async fn stands_aside(&self, line: &Line) -> Result<bool> {
        let newer = line.client.query_opt(NEWER, &[&self.generation]).await.told()?.is_some();
        if newer == *self.aside.borrow() {
            return Ok(newer);
        }
        if newer {
            self.standing.send_modify(|standing| standing.until = Instant::now());
            line.client.execute(LEAVE, &[&self.name()]).await.told()?;
            line.tell(&News::anything(), &self.name()).await?;
            tracing::warn!("a newer version of this program serves; this process stands aside");
        } else {
            tracing::warn!("no newer version of this program is there any more; this process goes on");
        }
        self.aside.send_replace(newer);
        Ok(newer)
    }

    /// Renews our row, or joins anew; and buries those who did not renew theirs.
    async fn beat(&self, line: &Line) -> Result<()> {
        if self.stands_aside(line).await? {
            return Ok(());
        }
        let (began, name, alive) = (Instant::now(), self.name(), seconds(self.lease.alive));
        let generation = if self.serves.load(Ordering::Relaxed) { self.generation } else { 0 };
        if line.client.execute(RENEW, &[&name, &alive, &generation]).await.told()? == 0 {
            let fresh = random_name()?;
            line.client.execute(JOIN, &[&fresh, &name, &alive, &generation]).await.told()?;
            self.standing.send_modify(|standing| {
                *standing =
                    Standing { name: fresh, number: standing.number + 1, until: began + self.lease.alive };
            });
            if !name.is_empty() {
                tracing::warn!("this process was taken for dead and has joined anew");
                let _ = self.heard.send(News::anything());
            }
        } else {
            self.standing.send_modify(|standing| standing.until = began + self.lease.alive);
        }
        let buried = line.client.execute(BURY, &[&seconds(self.lease.grace)]).await.told()?;
        if buried > 0 {
            tracing::warn!("{buried} of those who have the store did not answer in time and count as gone");
            let _ = self.heard.send(News::anything());
        }
        let count = line.client.query_one(COUNT, &[]).await.told()?;
        self.members.store(u32::try_from(count.get::<_, i64>(0))?, Ordering::Relaxed);
        Ok(())
    }
}

fn seconds(time: Duration) -> String {
    format!("{} milliseconds", time.as_millis())
}
