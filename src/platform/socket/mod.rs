//! Long connections: the bot calls the platform and holds the line, so that nobody has to be able to reach it.
//!
//! A platform gives a [`Line`], which asks where to connect, and for each connection a [`Link`], which reads and
//! writes its frames. [`hold`] keeps one connection up for as long as the bot runs, [`connection`] serves it,
//! [`dial`] opens it, and [`lanes`] keeps what is said in one room in order.
//!
//! A frame is answered when its effect is durable. What is not answered, because the connection broke or the bot
//! stopped, comes again and is known as seen. All waiting here is about the network and goes by real time.

mod connection;
mod dial;
mod lanes;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::http::HeaderMap;
use futures_util::future::BoxFuture;
use tokio::{sync::watch, task::JoinSet};
use tracing::{error, info, warn};

use connection::{Connection, End};

pub use dial::may_dial;
pub use lanes::{Lanes, Turn};
pub use tokio_tungstenite::tungstenite::Message as Frame;

/// The least wait before connecting again: whoever hangs up at once is not called in a tight loop.
const LEAST_PAUSE: Duration = Duration::from_millis(200);

/// A platform as somebody to call.
#[async_trait::async_trait]
pub trait Line: Send + Sync {
    /// The platform's name.
    fn name(&self) -> &'static str;

    /// Asks where to connect; each answer is good for one connection.
    ///
    /// # Errors
    /// Why there is none.
    async fn invite(&self) -> Result<Invitation, Unopened>;

    /// Reads the headers of an upgrade that was refused with this status.
    fn refused(&self, status: u16, headers: &HeaderMap) -> Unopened;

    /// How long to wait before the next try, after so many that led nowhere; 0 after a connection that was of
    /// use. `jitter` is between 0 and 1.
    fn pause(&self, failures: u32, jitter: f64) -> Duration;

    /// Where it is noted whether the last try succeeded.
    fn standing(&self) -> &Standing;
}

/// Where to connect, and what speaks there.
pub struct Invitation {
    /// A `wss` address, or one of this machine. Its query is a secret.
    pub url: reqwest::Url,
    /// What understands the frames.
    pub link: Box<dyn Link>,
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unopened {
    /// For people, without secrets.
    pub why: String,
    /// Trying again will not help before somebody changes something.
    pub needs_somebody: bool,
}

impl Unopened {
    /// Another try may succeed.
    pub fn for_now(why: impl Into<String>) -> Self {
        Self { why: why.into(), needs_somebody: false }
    }

    /// Somebody has to change something; `why` says what.
    pub fn for_good(why: impl Into<String>) -> Self {
        Self { why: why.into(), needs_somebody: true }
    }
}

/// One connection, as the platform speaks on it.
pub trait Link: Send {
    /// What keeps it alive.
    fn pace(&self) -> Pace;

    /// A frame that asks whether the other side is there.
    fn ping(&self) -> Frame;

    /// Understands a frame. It must not wait: whatever takes time is [`Heard::Work`].
    fn hear(&mut self, frame: Frame) -> Heard;
}

/// What keeps a connection alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How often to ping.
    pub every: Duration,
    /// After how long without any frame at all the other side is gone, whatever the connection looks like.
    pub silence: Duration,
}

/// What a frame asks for.
pub enum Heard {
    /// Nothing.
    Nothing,
    /// This answer, at once.
    Answer(Frame),
    /// Something to do first.
    Work(Work),
    /// A new connection in place of this one, on which nothing more will come; and this answer.
    Leave(Frame),
}

/// Something to do, and the answer when it is done.
pub struct Work {
    /// What happens in one lane is done in the order of its frames.
    pub lane: String,
    /// Does it, and gives the answer. What must keep the order waits for the [`Turn`].
    pub run: Box<dyn FnOnce(Turn) -> BoxFuture<'static, Frame> + Send>,
    /// The answer in case `run` panics.
    pub failed: Frame,
    /// Where the platform waits for no longer: what is answered after so long instead. The work goes on to its end, in
    /// its turn, and its own answer is nobody's any more.
    pub meanwhile: Option<(Duration, Frame)>,
}

/// Whether the last try to connect succeeded; for whoever asks if the platform can be heard.
#[derive(Default)]
pub struct Standing(Mutex<Option<String>>);

impl Standing {
    /// # Errors
    /// Why the last try failed. A connection that was lost and is about to be opened again is no error.
    pub fn check(&self) -> Result<(), String> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(why) => Err(format!("no long connection: {why}")),
            None => Ok(()),
        }
    }

    fn note(&self, failed: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    }
}

/// Keeps a connection up until `stop`, then finishes what is in hand.
pub async fn hold(line: Arc<dyn Line>, mut stop: watch::Receiver<bool>) {
    let name = line.name();
    let lanes = Arc::new(Lanes::default());
    let (mut failures, mut leaving) = (0, JoinSet::new());
    // Held while there is a connection that waits for its successor.
    let mut successor: Option<watch::Sender<bool>> = None;
    loop {
        let opened = tokio::select! {
            biased;
            () = told(&mut stop) => break,
            opened = open(&*line, lanes.clone()) => opened,
        };
        let pause = match opened {
            Err(Unopened { why, needs_somebody }) => {
                failures += 1;
                let pause = pause(&*line, failures);
                match needs_somebody {
                    true => error!("{name} refuses the long connection: {why}; trying again in {pause:.0?}"),
                    false => warn!("no long connection to {name}: {why}; trying again in {pause:.0?}"),
                }
                line.standing().note(Some(why));
                pause
            }
            Ok(mut connection) => {
                info!("the long connection to {name} stands");
                line.standing().note(None);
                successor = None;
                connected(name, true);
                let end = connection.serve(&mut stop).await;
                connected(name, false);
                let was_good = match end {
                    End::Replaced => connection.was_of_use(),
                    End::Stopped | End::Lost(_) => connection.was_heard(),
                };
                failures = if was_good { 0 } else { failures + 1 };
                match end {
                    End::Stopped => {
                        connection.finish().await;
                        break;
                    }
                    End::Lost(why) => {
                        let pause = pause(&*line, failures);
                        warn!(
                            "the long connection to {name} is lost: {why}; connecting again in {pause:.1?}"
                        );
                        pause
                    }
                    End::Replaced => {
                        info!("{name} asks for a new connection in place of this one");
                        let (opened, mut wait) = watch::channel(false);
                        successor = Some(opened);
                        leaving.spawn(async move {
                            connection.serve(&mut wait).await;
                            connection.finish().await;
                        });
                        if failures == 0 { Duration::ZERO } else { pause(&*line, failures) }
                    }
                }
            }
        };
        tokio::select! {
            () = told(&mut stop) => break,
            () = tokio::time::sleep(pause) => {}
        }
    }
    drop(successor);
    while leaving.join_next().await.is_some() {}
}

async fn open(line: &dyn Line, lanes: Arc<Lanes>) -> Result<Connection, Unopened> {
    let Invitation { url, link } = line.invite().await?;
    match dial::connect(&url).await {
        Ok(socket) => Ok(Connection::new(line.name(), socket, link, lanes)),
        Err(dial::Undialled::Refused(status, headers)) => Err(line.refused(status, &headers)),
        Err(dial::Undialled::Broken(why)) => Err(Unopened::for_now(why)),
    }
}

fn pause(line: &dyn Line, failures: u32) -> Duration {
    // None where the system has no randomness.
    let jitter = f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX);
    line.pause(failures, jitter).max(LEAST_PAUSE)
}

/// Done when it is told to stop; a sender that is gone means the same.
async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

fn connected(name: &'static str, is: bool) {
    metrics::gauge!("jiuding_connected", "platform" => name).set(f64::from(u8::from(is)));
}
