//! Feishu (and Lark): events in, messages out.
//!
//! [`webhook`] takes a delivery, or [`socket`] a frame of the long connection; [`delivery`] opens it, [`event`] and
//! [`typed`] understand it, [`Feishu::inbound`] adds the names, and [`door`] hands it on. Outwards [`card`] and [`text`] render, [`file`] uploads,
//! [`api`] calls, and [`fault`] sorts what goes wrong.
//!
//! Start of the documentation: <https://open.feishu.cn/document/home/index>

mod api;
mod calendar;
mod card;
mod delivery;
mod directory;
mod doctor;
mod door;
mod event;
mod fault;
mod file;
mod form;
mod met;
mod panel;
mod quoted;
mod seal;
mod send;
mod socket;
mod text;
mod token;
mod typed;
mod urgent;
mod webhook;

use std::{sync::Arc, time::Duration};

use axum::http::{HeaderMap, HeaderValue};
use jiff::{SignedDuration, Timestamp};

use crate::{
    chat::{
        Inbound, Message, MessageId, Newcomer, Person, PersonId, Quote, ReplyTo, Room, RoomId, Target, What,
        Words,
    },
    clock::SharedClock,
};

use super::{
    Accepted, Edits, Limits, Parcel, Peak, Platform, Rate, Undelivered, calendars::Calendars,
    socket::Standing,
};
use api::Api;
use calendar::Calendar;
use directory::{Chat, Directory};
use event::{Deed, Happened, Member};

pub use card::card as robot_card;
pub use delivery::Refusal;
pub use socket::listen;
pub use text::robot_text;
pub use urgent::Urgent;
pub use webhook::routes;

/// Feishu is overloaded at full and half hours (code 11232). `[D:im-faq]`
pub(super) const HALF_HOURS: Peak = Peak {
    every: Duration::from_secs(30 * 60),
    calm: Duration::from_secs(5),
    spread: Duration::from_secs(25),
};

/// Opens a body as if Feishu had just signed it, and says whether anything in it is of interest. Nothing
/// comes of it: for throwing made-up bytes at.
///
/// # Errors
/// Why it would be refused.
pub fn examine(settings: &Settings, now: Timestamp, raw: &[u8]) -> Result<bool, Refusal> {
    let mut headers = HeaderMap::new();
    if let Some(key) = &settings.encrypt_key {
        let at = now.as_second();
        headers.insert("x-lark-request-timestamp", HeaderValue::from(at));
        let signature = seal::signature(at.to_string().as_bytes(), b"", key, raw);
        let signature = HeaderValue::try_from(signature).expect("a signature is hexadecimal digits");
        headers.insert(delivery::SIGNATURE, signature);
    }
    match delivery::open(settings, now, &headers, raw)? {
        delivery::Delivery::Challenge(_) => Ok(true),
        delivery::Delivery::Event(envelope) => {
            event::understand(envelope).map(|what| what.is_some()).map_err(|_| Refusal::Body)
        }
    }
}

/// Reads a frame of the long connection and, where it holds a whole event, that. Nothing comes of it: for throwing
/// made-up bytes at.
pub fn examine_frame(settings: &Settings, raw: &[u8]) -> bool {
    let payload = socket::examine(raw).unwrap_or_else(|| raw.to_vec());
    match delivery::open_plain(settings, &payload) {
        Ok(delivery::Delivery::Event(envelope)) => event::understand(envelope).is_ok(),
        _ => false,
    }
}

/// What ids of this platform begin with.
pub const NAME: &str = "feishu";

/// How to reach Feishu, and how to know that it is Feishu who calls.
#[derive(Clone)]
pub struct Settings {
    /// `cli_…`.
    pub app_id: String,
    /// The app's secret.
    pub app_secret: String,
    /// The Encrypt Key of the console, where one is set there.
    pub encrypt_key: Option<String>,
    /// The Verification Token of the console.
    pub verification_token: String,
    /// `https://open.feishu.cn`, or Lark's.
    pub base_url: String,
    /// How old a delivery may be.
    pub window_back: SignedDuration,
    /// How far ahead of our clock a delivery may be.
    pub window_ahead: SignedDuration,
    /// After how long without a frame beyond the usual pause between pings the long connection is dead.
    pub pong_within: Duration,
    /// How long a pressed button may take before it is answered for meanwhile; Feishu waits 3 s.
    pub answer_within: Duration,
    /// How people are called to an escalation.
    pub urgent: Urgent,
    /// Whether meetings are put into people's calendars.
    pub calendar: bool,
}

/// The app on Feishu.
pub struct Feishu {
    settings: Settings,
    clock: SharedClock,
    api: Arc<Api>,
    directory: Directory,
    calendars: Arc<Calendars<Calendar>>,
    /// Of the long connection, where there is one.
    standing: Standing,
}

impl Feishu {
    /// Connects to nobody yet. An empty Encrypt Key counts as none.
    pub fn new(mut settings: Settings, clock: SharedClock) -> Self {
        settings.encrypt_key = settings.encrypt_key.filter(|key| !key.is_empty());
        let api = Arc::new(Api::new(&settings, clock.clone()));
        let directory = Directory::new(api.clone(), clock.clone());
        let calendars = Arc::new(Calendars::new(Calendar::new(api.clone()), clock.clone()));
        Self { settings, clock, api, directory, calendars, standing: Standing::default() }
    }

    /// Adds names to what happened; `None` where nothing was said.
    async fn inbound(&self, happened: Happened) -> Option<Inbound> {
        let Happened { keys, chat, open_id, at, message, deed } = happened;
        let mentioned = matches!(&deed, Deed::Wrote { mentions, .. } if !mentions.is_empty());
        // All at once, so that the budget is spent once.
        let chat_id = chat.id.clone();
        let (room, sender, me) = tokio::join!(self.room(chat), self.person(open_id, &chat_id), async {
            match mentioned {
                true => self.directory.me().await,
                false => None,
            }
        });
        let what = match deed {
            Deed::Wrote { message_type, content, mentions, parent } => {
                self.note_names(&mentions);
                let own = typed::own(&mentions, me.as_deref());
                let typed::Read { text, addressed } = typed::read(&message_type, &content, &mentions, own)?;
                What::Said { text, addressed, quotes: parent.map(|id| Quote::of(MessageId::new(NAME, &id))) }
            }
            Deed::Pressed(line) => What::Pressed { line },
            Deed::Filled(form, values) => What::Filled { form, values },
            Deed::Added => What::Joined,
            Deed::Removed => What::Gone,
            Deed::Renamed => What::Renamed,
            Deed::Brought(members) => {
                let newcomer = |member: Member| {
                    let outside = member.outside;
                    Newcomer { person: self.member(member), outside }
                };
                What::Came { people: members.into_iter().map(newcomer).collect() }
            }
            Deed::TookOut(members) => {
                What::Left { people: members.into_iter().map(|member| self.member(member)).collect() }
            }
            Deed::Met { topic, started, ended } => What::MeetingEnded { topic, started, ended },
            Deed::Recorded { topic, ready, url } => What::Recorded { topic, ready, url },
        };
        Some(Inbound {
            // Two apps in one chat see the same message under the same id.
            keys: keys.into_iter().map(|key| format!("{NAME}:{}:{key}", self.settings.app_id)).collect(),
            room,
            sender,
            written_at: at,
            reply_to: message.map(|id| ReplyTo { message: MessageId::new(NAME, &id), session: None }),
            what,
        })
    }

    async fn room(&self, chat: event::Chat) -> Room {
        let id = RoomId::new(NAME, &chat.id);
        if chat.id.is_empty() {
            return Room { id, name: None, direct: false };
        }
        if chat.direct == Some(true) {
            self.directory.note_chat(&chat.id, Chat { name: None, direct: true });
            return Room { id, name: None, direct: true };
        }
        if let Some(name) = chat.name {
            self.directory.note_chat(&chat.id, Chat { name: Some(name.clone()), direct: false });
            return Room { id, name: Some(name), direct: false };
        }
        let known = self.directory.chat(&chat.id).await.unwrap_or_default();
        Room { id, name: known.name, direct: chat.direct.unwrap_or(known.direct) }
    }

    async fn person(&self, open_id: String, chat_id: &str) -> Person {
        let name = match open_id.is_empty() {
            true => None,
            false => self.directory.person(&open_id, Some(chat_id)).await,
        };
        Person { id: PersonId::new(NAME, &open_id), name: name.unwrap_or(open_id) }
    }

    /// The event tells the name, and it is noted.
    fn member(&self, member: Member) -> Person {
        let Member { open_id, name, .. } = member;
        if !name.is_empty() {
            self.directory.note_person(&open_id, &name);
        }
        let id = PersonId::new(NAME, &open_id);
        Person { id, name: if name.is_empty() { open_id } else { name } }
    }

    /// Mentions come with names: no need to ask for those later.
    fn note_names(&self, mentions: &[typed::Mention]) {
        for person in mentions.iter().filter_map(typed::Mention::person) {
            if person.name != person.id.raw() {
                self.directory.note_person(person.id.raw(), &person.name);
            }
        }
    }
}

#[async_trait::async_trait]
impl Platform for Feishu {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn deliver(&self, parcel: &Parcel) -> Result<Accepted, Undelivered> {
        self.send(parcel).await
    }

    /// 14 days, and 5 times a second each, of which one is left free. `[D:card-patch]`
    fn edits(&self) -> Option<Edits> {
        Some(Edits { within: Duration::from_secs(14 * 24 * 3600), every: Duration::from_millis(250) })
    }

    async fn edit(&self, message: &MessageId, _to: &Target, fresh: &Message) -> Result<(), Undelivered> {
        self.edit_card(message, fresh).await
    }

    fn notifies_in(&self, _room: &RoomId) -> bool {
        true
    }

    /// `uuid` is remembered for one hour. `[D:msg-create]`
    fn remembers(&self) -> Duration {
        Duration::from_secs(3600)
    }

    fn limits(&self) -> Limits {
        Limits {
            // Feishu: 5 a second into one chat, all its bots together; one place is left to the others.
            per_target: Rate { burst: 1, per: Duration::from_millis(250), reserve: 0 },
            // Feishu: 50 a second and 1000 a minute. Its seconds begin elsewhere, and what is on its way arrives early or
            // late: one burst more may fall into each. So 32 in a second, 996 in a minute.
            per_app: Rate { burst: 16, per: Duration::from_millis(980), reserve: 1 },
            peak: Some(HALF_HOURS),
        }
    }

    async fn name_of(&self, person: &PersonId) -> Option<String> {
        match person.platform() == NAME {
            true => self.directory.person(person.raw(), None).await,
            false => None,
        }
    }

    async fn words_of(&self, _room: &RoomId, message: &MessageId) -> Option<Words> {
        self.quoted(message.raw()).await
    }

    async fn ready(&self) -> Result<(), String> {
        self.standing.check()?;
        self.api.token().await.map(drop).map_err(|fault| fault.why())
    }
}
