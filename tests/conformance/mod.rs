//! What every platform has to keep, told once and held against Feishu, DingTalk and the playground.
//!
//! A platform joins by a [`Rig`]: itself, a world around it that keeps the real one's rules, and a way to
//! look at what people there would see. The laws are in [`outward`], [`file`], [`failing`] and [`inward`]; none of
//! them knows which platform it is held against.

#![allow(clippy::unwrap_used)]

mod dingtalk;
mod failing;
mod feishu;
mod file;
mod inward;
mod outward;
mod playground;

pub use outward::NASTY;

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use jiuding::{
    chat::{Inbound, Message, Person, ReplyTo, RoomId, Target},
    clock::SimulatedClock,
    platform::{Accepted, Parcel, Platform, Received, Receiver, Undelivered},
};

/// A platform with a world around it: one group, and two people in it, 李工 and 王工.
#[async_trait::async_trait]
trait Rig: Send + Sync {
    fn platform(&self) -> Arc<dyn Platform>;

    fn group(&self) -> RoomId;

    fn li(&self) -> Person;

    fn wang(&self) -> Person;

    /// Everything people can read, oldest first.
    async fn shown(&self) -> Vec<Shown>;

    /// 王工 says this in the group to the bot.
    fn says(&self, text: &str) -> Speech;

    /// What the world tells the bot; again for the same speech is a redelivery.
    async fn deliver(&self, speech: &Speech);

    /// 李工 presses the button with this label on something shown.
    async fn press(&self, shown: &Shown, label: &str);

    /// What the adapter made of it so far.
    fn heard(&self) -> Vec<Inbound>;

    /// Lets the next message meet this; false where there is no such thing here.
    fn meets(&self, trouble: Trouble) -> bool;
}

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// The platform's own limits.
    Limit,
    /// A server error, nobody knows of what.
    ServerError,
    /// It is accepted, and the connection breaks before the answer.
    LostAnswer,
    /// The access token is not valid any more.
    StaleToken,
    /// No access token can be had.
    NoToken,
    /// The form with buttons is refused.
    RefusedCard,
    /// The message to be answered, or the address to answer to, is gone.
    DeadReply,
    /// The group is gone, or the bot is no longer in it.
    RoomGone,
    /// The app may not upload files.
    NoUpload,
    /// The message that hands over the file is refused.
    RefusedFile,
    /// The upload breaks off, and nobody knows whether it is there.
    LostUpload,
}

/// A message as people see it.
#[derive(Debug, Clone)]
struct Shown {
    at: Target,
    words: String,
    /// Whose client rings, raw ids.
    notified: Vec<String>,
    /// Label, and the line it says.
    buttons: Vec<(String, String)>,
    /// Name and bytes of the file that it hands over.
    file: Option<(String, Vec<u8>)>,
    /// What the platform would take for markup, a mention or a link.
    live: Vec<String>,
    /// For the rig: which of its messages.
    index: usize,
}

/// Something said to the bot, as the platform's wire has it.
struct Speech(serde_json::Value);

/// An engine that only remembers; unlike the real one it does not care for repetitions.
#[derive(Default)]
struct Recorder(Mutex<Vec<Inbound>>);

impl Recorder {
    fn heard(&self) -> Vec<Inbound> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait::async_trait]
impl Receiver for Recorder {
    async fn receive(&self, inbound: Inbound) -> anyhow::Result<Received> {
        self.0.lock().unwrap().push(inbound);
        Ok(Received::Done)
    }
}

/// One of each platform and way to hear it.
async fn rigs() -> Vec<Box<dyn Rig>> {
    vec![
        Box::new(feishu::FeishuRig::new().await),
        Box::new(feishu::FeishuRig::over_socket().await),
        Box::new(dingtalk::DingTalkRig::new().await),
        Box::new(dingtalk::DingTalkRig::by_stream().await),
        Box::new(dingtalk::DingTalkRig::with_cards().await),
        Box::new(playground::PlaygroundRig::new()),
    ]
}

fn clock() -> Arc<SimulatedClock> {
    Arc::new(SimulatedClock::new("2026-11-23T01:00:00Z".parse::<Timestamp>().unwrap()))
}

impl dyn Rig + '_ {
    fn name(&self) -> &'static str {
        self.platform().name()
    }

    /// Sends into the group, as something nobody asked for.
    async fn send(&self, id: &str, message: Message) -> Result<Accepted, Undelivered> {
        self.send_to(id, Target::Room(self.group()), message, None).await
    }

    async fn send_to(
        &self,
        id: &str,
        to: Target,
        message: Message,
        reply_to: Option<ReplyTo>,
    ) -> Result<Accepted, Undelivered> {
        let parcel = Parcel { id: id.into(), to, message, reply_to, maybe_repeated: false, lives: false };
        self.platform().deliver(&parcel).await
    }

    /// Hears 王工 say something, and gives how to answer it.
    async fn asked(&self, text: &str) -> ReplyTo {
        self.deliver(&self.says(text)).await;
        self.heard().pop().unwrap().reply_to.unwrap()
    }

    /// What was said into the group.
    async fn shown_in_group(&self) -> Vec<Shown> {
        let group = Target::Room(self.group());
        self.shown().await.into_iter().filter(|shown| shown.at == group).collect()
    }
}
