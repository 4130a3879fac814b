//! DingTalk: a robot of an organisation's own app.
//!
//! In: `POST /dingtalk/robot` is verified ([`sign`]), or a frame comes over the long connection (`stream`); either is
//! read ([`wire`]) and handed on (`hear`). `POST /dingtalk/event` carries encrypted organisation events
//! ([`envelope`]). Out: `send` picks the way,
//! `render` the form, `answer` sorts what the platform said.
//!
//! What the platform cannot do shapes the adapter. In a group the robot hears only what mentions it. The
//! API that sends into a group cannot mention; only the reply address of a message (for some 90 minutes)
//! and a group's own webhook robot can. <https://open.dingtalk.com/document/development/receive-message>

mod answer;
mod api;
mod calendar;
mod ding;
mod directory;
mod doctor;
pub mod envelope;
mod event;
mod file;
mod hear;
mod markup;
mod picture;
mod render;
mod routes;
mod send;
mod session;
mod shortcuts;
pub mod sign;
mod stream;
mod uploaded;
mod usage;
#[cfg(test)]
mod vectors;
mod wire;
mod writer;

use std::{sync::Arc, time::Duration};

use api::Api;
use calendar::Calendar;
use directory::Directory;
use envelope::Envelope;
use send::BrokenRobots;
use session::ReplyHosts;
use uploaded::Uploaded;

pub use ding::Ding;
pub use doctor::CONSOLE;
pub use hear::examine;
pub use routes::routes;
pub use stream::{examine_frame, listen};
pub use usage::Usage;

use super::{
    Accepted, Allowance, Limits, Parcel, Platform, Rate, Undelivered, calendars::Calendars, resting::Resting,
    socket::Standing,
};
use crate::{
    chat::{Message, PersonId, RoomId, Target},
    clock::SharedClock,
};

/// The body for a group's own robot where nobody can be mentioned; a second try of the same parcel is swallowed for as
/// long as the platform remembers its key.
pub fn robot_body(message: &Message, parcel: &str) -> serde_json::Value {
    let mut body = render::webhook_body(
        render::Said::words(message),
        render::Manner { mentions: false, repeated: false },
    );
    body["msgUuid"] = serde_json::json!(send::idempotency_key(parcel));
    body
}

/// What the answer to a group's own robot means.
///
/// # Errors
/// The platform refused, or nobody knows.
pub fn robot_answer(status: u16, body: &[u8]) -> Result<(), Undelivered> {
    match answer::receipt(status, body).map_err(answer::Refusal::into_undelivered) {
        // Rooms of other platforms are spoken to beside this one.
        Err(Undelivered::TooFast { after, why }) => Err(Undelivered::Later { after: Some(after), why }),
        answered => answered.map(drop),
    }
}

/// Everything the adapter is told by the configuration.
#[derive(Clone)]
pub struct Settings {
    /// The app's Client ID (AppKey).
    pub client_id: String,
    /// The app's Client Secret; it also signs what the robot hears.
    pub client_secret: String,
    /// The robot's code.
    pub robot_code: String,
    /// Where the API is, `https://api.dingtalk.com`.
    pub base_url: String,
    /// Where the old API and the webhooks are, `https://oapi.dingtalk.com`.
    pub oapi_base_url: String,
    /// Groups' own webhook robots, through which timed pings mention.
    pub group_robots: Vec<GroupRobot>,
    /// The token of the event subscription; without it or the key events are refused.
    pub event_token: Option<String>,
    /// The 43-character key of the event subscription.
    pub event_aes_key: Option<String>,
    /// One further host of reply addresses, for dedicated tenants.
    pub session_host: Option<String>,
    /// How old a delivery may be.
    pub window_back: Duration,
    /// How far ahead of our clock a delivery may be.
    pub window_ahead: Duration,
    /// The organisation, where known: deliveries of others are refused.
    pub corp_id: Option<String>,
    /// Calls a month; 0 is unmetered.
    pub monthly_calls: u32,
    /// How often the long connection is pinged; after twice as long without a frame it is dead.
    pub ping_every: Duration,
    /// How people are called to an escalation.
    pub ding: Ding,
    /// Whether meetings are put into people's calendars.
    pub calendar: bool,
}

/// A group's own webhook robot.
#[derive(Clone)]
pub struct GroupRobot {
    /// The group's conversation id, `cid…`.
    pub conversation: String,
    /// The robot's address, with its access token. A secret.
    pub url: String,
    /// Its signing secret, `SEC…`; empty where it is secured by keyword or address.
    pub secret: String,
}

/// The adapter.
pub struct DingTalk {
    settings: Settings,
    clock: SharedClock,
    api: Arc<Api>,
    directory: Arc<Directory>,
    reply_hosts: ReplyHosts,
    /// `None` where events are not configured.
    envelope: Option<Envelope>,
    broken_robots: BrokenRobots,
    calendars: Arc<Calendars<Calendar>>,
    uploaded: Uploaded,
    /// DINGs.
    resting: Resting,
    /// Of the long connection, where there is one.
    standing: Standing,
}

impl DingTalk {
    /// The adapter for one app.
    ///
    /// # Errors
    /// The key of the event subscription is no key.
    pub fn new(settings: Settings, clock: SharedClock) -> Result<Self, envelope::EnvelopeError> {
        let api = Api::new(&settings, clock.clone());
        Self::with_api(settings, clock, api)
    }

    /// The adapter with a time limit for each call shorter than the usual one.
    ///
    /// # Errors
    /// The key of the event subscription is no key.
    pub fn with_patience(
        settings: Settings,
        clock: SharedClock,
        patience: Duration,
    ) -> Result<Self, envelope::EnvelopeError> {
        let mut api = Api::new(&settings, clock.clone());
        api.patience = Some(patience);
        Self::with_api(settings, clock, api)
    }

    fn with_api(settings: Settings, clock: SharedClock, api: Api) -> Result<Self, envelope::EnvelopeError> {
        let api = Arc::new(api);
        let envelope = match (&settings.event_token, &settings.event_aes_key) {
            (Some(token), Some(key)) => Some(Envelope::new(token, key)?),
            _ => None,
        };
        Ok(Self {
            directory: Arc::new(Directory::new(api.clone(), clock.clone())),
            reply_hosts: ReplyHosts::new(&settings.oapi_base_url, settings.session_host.as_deref()),
            envelope,
            broken_robots: BrokenRobots::default(),
            calendars: Arc::new(Calendars::new(Calendar::new(api.clone()), clock.clone())),
            uploaded: Uploaded::default(),
            resting: Resting::default(),
            standing: Standing::default(),
            settings,
            clock,
            api,
        })
    }

    /// What this process has used of the monthly quotas.
    pub fn usage(&self) -> Usage {
        self.api.meter.read(self.clock.now())
    }

    /// Whether the bot may post to this reply address.
    pub fn may_reply_to(&self, url: &str) -> bool {
        self.reply_hosts.admit(url).is_some()
    }
}

#[async_trait::async_trait]
impl Platform for DingTalk {
    fn name(&self) -> &'static str {
        hear::NAME
    }

    async fn deliver(&self, parcel: &Parcel) -> Result<Accepted, Undelivered> {
        let delivered = self.send(parcel).await;
        if matches!(delivered, Ok(_) | Err(Undelivered::Never { .. })) {
            self.uploaded.forget(&parcel.id);
        }
        if self.settings.calendar && delivered.is_ok() {
            self.calendars.keep(parcel).await;
        }
        let outcome = match &delivered {
            Ok(_) => "accepted",
            Err(Undelivered::Later { .. } | Undelivered::TooFast { .. }) => "later",
            Err(Undelivered::Never { .. }) => "never",
            Err(Undelivered::Unknown { .. }) => "unknown",
        };
        metrics::counter!("jiuding_dingtalk_sent_total", "outcome" => outcome).increment(1);
        delivered
    }

    fn notifies_in(&self, room: &RoomId) -> bool {
        self.group_robot(room).is_some()
    }

    fn limits(&self) -> Limits {
        Limits {
            // The platform silences a robot for ten minutes after 20 messages in one minute.
            per_target: Rate { burst: 18, per: Duration::from_secs(60), reserve: 3 },
            // 20 a second for each app and call, with one burst more in a second of the platform's own. Of so few none is
            // kept back: the next comes after a moment, and is the most hasty's.
            per_app: Rate { burst: 2, per: Duration::from_millis(111), reserve: 0 },
            peak: None,
        }
    }

    fn allowance(&self) -> Option<Allowance> {
        let usage = self.usage();
        let of = u64::from(self.settings.monthly_calls);
        (of > 0).then_some(Allowance { month: (usage.year, usage.month), used: usage.api, of })
    }

    fn remembers(&self) -> Duration {
        // Only a group's own robot has a key, and for how long it is remembered is not said.
        Duration::ZERO
    }

    /// Not said of robots; but what else the platform sends for an app comes to one person once a day for the same
    /// words. <https://open.dingtalk.com/document/orgapp/asynchronous-sending-of-enterprise-session-messages>
    fn swallows(&self, to: &Target) -> Duration {
        match to {
            Target::Person(_) => Duration::from_secs(24 * 3600),
            Target::Room(_) => Duration::ZERO,
        }
    }

    async fn name_of(&self, person: &PersonId) -> Option<String> {
        self.directory.name_in_time(render::staff_id(person)?).await
    }

    async fn ready(&self) -> Result<(), String> {
        self.standing.check()?;
        self.api.token(None).await.map(drop).map_err(|undelivered| undelivered.why().to_owned())
    }
}
