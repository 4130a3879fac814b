//! One connection, from its upgrade to its close.

use std::{panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Duration};

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::{
    Error, Utf8Bytes,
    protocol::{CloseFrame, frame::coding::CloseCode},
};
use tracing::{error, info};

use super::{
    Frame, Heard, Lanes, Link, Pace, Turn, Work,
    dial::{self, Socket},
    told,
};

/// So many events are worked on at once; more wait in the network.
const MOST_IN_HAND: usize = 100;
/// How long one frame may take to leave.
const SLOWEST_SEND: Duration = Duration::from_secs(10);
/// How long stopping waits for what is in hand: longer than a platform waits for an answer.
const GRACE: Duration = Duration::from_secs(4);
/// How long it then takes to close, and waits for the other side to do so.
const LAST_WORDS: Duration = Duration::from_secs(1);

const FAREWELL: CloseFrame = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::from_static("") };
/// A connection that lived this long was no mistake.
const STEADY: Duration = Duration::from_secs(10);

/// How a connection came to its end.
pub(super) enum End {
    /// We were told to stop.
    Stopped,
    /// The platform wants a new one in its place.
    Replaced,
    /// It broke, for this reason.
    Lost(String),
}

/// What a piece of work says.
enum Said {
    /// An answer in its place, before its end.
    Meanwhile(Frame),
    /// It is over; its answer, unless it was answered for.
    Over(Option<Frame>),
}

/// An open connection.
pub(super) struct Connection {
    name: &'static str,
    socket: Socket,
    link: Box<dyn Link>,
    lanes: Arc<Lanes>,
    /// What work says: its end each exactly once.
    answers: (mpsc::UnboundedSender<Said>, mpsc::UnboundedReceiver<Said>),
    in_hand: usize,
    since: Instant,
    was_heard: bool,
    had_work: bool,
}

impl Connection {
    pub fn new(name: &'static str, socket: Socket, link: Box<dyn Link>, lanes: Arc<Lanes>) -> Self {
        let answers = mpsc::unbounded_channel();
        let since = Instant::now();
        Self { name, socket, link, lanes, answers, in_hand: 0, since, was_heard: false, had_work: false }
    }

    /// Whether the other side said anything at all.
    pub fn was_heard(&self) -> bool {
        self.was_heard
    }

    /// Whether it was good for something: to open another one at once is no tight loop then.
    pub fn was_of_use(&self) -> bool {
        self.had_work || self.since.elapsed() >= STEADY
    }

    /// Listens, works and answers until it ends.
    pub async fn serve(&mut self, stop: &mut watch::Receiver<bool>) -> End {
        match self.talk(stop).await {
            Ok(end) => end,
            Err(why) => End::Lost(why),
        }
    }

    async fn talk(&mut self, stop: &mut watch::Receiver<bool>) -> Result<End, String> {
        self.say(self.link.ping()).await?;
        let (mut pinged, mut heard) = (Instant::now(), Instant::now());
        loop {
            let Pace { every, silence } = self.link.pace();
            tokio::select! {
                biased;
                () = told(stop) => return Ok(End::Stopped),
                () = sleep_until(pinged + every) => {
                    pinged = Instant::now();
                    self.say(self.link.ping()).await?;
                }
                Some(said) = self.answers.1.recv() => {
                    if self.in_hand == MOST_IN_HAND {
                        // Nobody was listening.
                        heard = Instant::now();
                    }
                    self.in_hand -= usize::from(matches!(said, Said::Over(_)));
                    self.pass_on(said).await?;
                }
                frame = self.socket.next(), if self.in_hand < MOST_IN_HAND => {
                    let frame = heard_of(frame)?;
                    heard = Instant::now();
                    self.was_heard = true;
                    match self.link.hear(frame) {
                        Heard::Leave(answer) => {
                            self.say(answer).await?;
                            return Ok(End::Replaced);
                        }
                        Heard::Nothing => {}
                        Heard::Answer(answer) => self.say(answer).await?,
                        Heard::Work(work) => self.start(work),
                    }
                }
                () = sleep_until(heard + silence), if self.in_hand < MOST_IN_HAND => {
                    return Err(format!("nothing was heard for {silence:.0?}"));
                }
            }
        }
    }

    /// Answers what is in hand, then closes. What was still on its way is carried out without an answer: a
    /// platform that does not repeat has it done, and one that repeats finds it done.
    pub async fn finish(mut self) {
        let (lost, nobody) = mpsc::unbounded_channel();
        drop(nobody);
        // The receiver ends with the last work in hand.
        self.answers.0 = lost;
        let _ = timeout(GRACE, async {
            while let Some(said) = self.answers.1.recv().await {
                self.pass_on(said).await?;
            }
            Ok::<(), String>(())
        })
        .await;
        let _ = timeout(LAST_WORDS, self.socket.close(Some(FAREWELL))).await;
        let mut late = JoinSet::new();
        let _ = timeout(LAST_WORDS, async {
            while let Some(Ok(frame)) = self.socket.next().await {
                if let Heard::Work(work) = self.link.hear(frame) {
                    let turn = self.lanes.take(work.lane.clone());
                    late.spawn(carry_out(self.name, work, turn));
                }
            }
        })
        .await;
        let _ = timeout(GRACE, async { while late.join_next().await.is_some() {} }).await;
    }

    /// Begins a piece of work. It goes on to its end whatever becomes of the connection.
    fn start(&mut self, mut work: Work) {
        self.in_hand += 1;
        self.had_work = true;
        let turn = self.lanes.take(work.lane.clone());
        let (name, answers) = (self.name, self.answers.0.clone());
        let meanwhile = work.meanwhile.take();
        tokio::spawn(async move {
            let mut over = pin!(carry_out(name, work, turn));
            let answer = match meanwhile {
                None => Some(over.await),
                Some((patience, frame)) => match timeout(patience, &mut over).await {
                    Ok(answer) => Some(answer),
                    Err(_) => {
                        info!(
                            "an event of {name}'s takes longer than {patience:.1?}, it is answered for meanwhile"
                        );
                        let _ = answers.send(Said::Meanwhile(frame));
                        over.await;
                        None
                    }
                },
            };
            // Where the connection is gone, it comes again and is known as seen.
            let _ = answers.send(Said::Over(answer));
        });
    }

    async fn pass_on(&mut self, said: Said) -> Result<(), String> {
        match said {
            Said::Meanwhile(frame) | Said::Over(Some(frame)) => self.say(frame).await,
            Said::Over(None) => Ok(()),
        }
    }

    async fn say(&mut self, frame: Frame) -> Result<(), String> {
        match timeout(SLOWEST_SEND, self.socket.send(frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(dial::describe(&error)),
            Err(_) => Err("what is said does not leave".into()),
        }
    }
}

async fn carry_out(name: &'static str, work: Work, turn: Turn) -> Frame {
    let done = AssertUnwindSafe((work.run)(turn.clone())).catch_unwind().await;
    turn.ends().await;
    done.unwrap_or_else(|_| {
        error!("an event of {name}'s could not be carried out");
        work.failed
    })
}

/// A frame, or why there will be no more.
fn heard_of(next: Option<Result<Frame, Error>>) -> Result<Frame, String> {
    match next {
        Some(Ok(Frame::Close(Some(CloseFrame { code, .. })))) => Err(format!("closed with code {code}")),
        Some(Ok(Frame::Close(None)) | Err(Error::ConnectionClosed)) | None => Err("closed".into()),
        Some(Ok(frame)) => Ok(frame),
        Some(Err(error)) => Err(dial::describe(&error)),
    }
}
