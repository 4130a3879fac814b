//! The configuration: the shipped file, an operator's file over it, the environment over both.
//!
//! `config/jiuding.toml` is compiled in and is the only set of defaults. What does not fit is refused at
//! start with one line that names the key, where it stands, and the fix.

mod check;
mod layers;
mod secret;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Deserializer};
use toml::Table;

use crate::{
    calendar::{self, Calendar, Span},
    dossier::{
        CadenceRule, TouchRules,
        rules::{
            AcceptanceRules, ActionRules, ChangeRules, CustomerRules, DocumentRules, HealthRules,
            ImprovementRules, MeetingRules, MilestoneRules, MinutesRules, NoticeRules, RequirementRules,
            ReviewRules, RiskRules, Rules, SearchRules, Sla, SurveyRules, UndoRules, WeeklyRules,
        },
    },
};
use layers::Layers;

pub use layers::Place;
pub use secret::Secret;

/// The shipped file.
pub const SHIPPED: &str = include_str!("../../config/jiuding.toml");

/// The file that is read where the command line names none.
pub const DEFAULT_FILE: &str = "config/jiuding.toml";

/// What an operator can set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The HTTP server and who administers it.
    pub server: Server,
    /// Logging.
    pub log: Log,
    /// Where everything is kept.
    pub store: StoreSettings,
    /// The chat page.
    pub playground: Playground,
    /// Feishu or Lark.
    pub feishu: Feishu,
    /// DingTalk.
    pub dingtalk: DingTalk,
    /// Rooms the bot can only speak into.
    pub webhook_room: Vec<WebhookRoom>,
    /// Zone, working time, quiet hours.
    pub time: calendar::Settings,
    /// When the scheduled jobs run.
    pub jobs: Jobs,
    /// RULES 5.
    pub sla: Sla,
    /// RULES 6.
    pub minutes: MinutesRules,
    /// RULES 6.
    pub meeting: MeetingRules,
    /// RULES 6.
    pub action: ActionRules,
    /// RULES 4.
    pub risk: RiskRules,
    /// RULES 2.
    pub requirement: RequirementRules,
    /// RULES 3.
    pub change: ChangeRules,
    /// RULES 7.
    pub notice: NoticeRules,
    /// RULES 1.
    pub customer: CustomerRules,
    /// RULES 10.
    pub milestone: MilestoneRules,
    /// RULES 10.
    pub acceptance: AcceptanceRules,
    /// RULES 8.
    pub cadence: Vec<CadenceRule>,
    /// RULES 8.
    pub touch: TouchRules,
    /// RULES 9.
    pub document: DocumentRules,
    /// RULES 13.
    pub weekly: WeeklyRules,
    /// RULES 11.
    pub survey: SurveyRules,
    /// RULES 11.
    pub review: ReviewRules,
    /// RULES 11.
    pub improvement: ImprovementRules,
    /// RULES 12.
    pub health: HealthRules,
    /// CONTRACT 4.
    pub search: SearchRules,
    /// CONTRACT 4.
    pub undo: UndoRules,
    /// Where all this was read.
    #[serde(skip)]
    pub origin: Origin,
}

/// Where a configuration was read.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The operator's file; `None` where there is none and the defaults hold.
    pub file: Option<PathBuf>,
    /// Every key as it holds, sorted, without secrets: its path, its value as TOML writes it, and where that
    /// comes from if it is not the default.
    pub settings: Vec<(String, String, Place)>,
}

/// `[server]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address and port.
    pub listen: SocketAddr,
    /// How people's browsers reach it.
    #[serde(deserialize_with = "filled")]
    pub public_url: Option<String>,
    /// The bearer token of `/metrics` and `/api/admin`; without one they answer on loopback only.
    #[serde(deserialize_with = "filled")]
    pub admin_token: Option<Secret>,
    /// People with every permission, each `platform:id`.
    pub admins: Vec<String>,
}

/// `[log]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// How a line looks.
    pub format: LogFormat,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// `[store]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// Which kind.
    pub engine: StoreEngine,
    /// The folder of the embedded store.
    pub path: PathBuf,
    /// The address of the database, with its password.
    #[serde(deserialize_with = "filled")]
    pub url: Option<Secret>,
    /// Of several processes on one database: within what time another one takes over what one that died had.
    #[serde(deserialize_with = "natural")]
    pub takeover: Duration,
}

/// What keeps the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreEngine {
    /// Embedded, one process.
    Sled,
    /// A PostgreSQL database.
    Postgres,
}

/// `[playground]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playground {
    /// Whether the chat page is served.
    pub enabled: bool,
}

/// `[feishu]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feishu {
    /// Whether it is used at all.
    pub enabled: bool,
    /// How events arrive.
    pub transport: FeishuTransport,
    /// The app.
    pub app_id: String,
    /// Its secret.
    pub app_secret: Secret,
    /// Signs and encrypts events.
    #[serde(deserialize_with = "filled")]
    pub encrypt_key: Option<Secret>,
    /// Stands in every event.
    #[serde(deserialize_with = "filled")]
    pub verification_token: Option<Secret>,
    /// Where its API is, without a slash at the end.
    #[serde(deserialize_with = "base_url")]
    pub base_url: String,
    /// How old a signed event may be.
    #[serde(deserialize_with = "natural")]
    pub timestamp_window: Duration,
    /// How far ahead of our clock it may be.
    #[serde(deserialize_with = "natural")]
    pub timestamp_window_ahead: Duration,
    /// How long after a ping the long connection may stay silent.
    #[serde(deserialize_with = "natural")]
    pub pong_within: Duration,
    /// How long a pressed button may take before it is answered for meanwhile.
    #[serde(deserialize_with = "natural")]
    pub answer_within: Duration,
    /// How people are called to an escalation: `sms` is none of Feishu's.
    pub urgent: Loudness,
    /// Whether meetings are put into people's calendars.
    pub calendar: bool,
}

/// How Feishu's events arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeishuTransport {
    /// Feishu calls us.
    Webhook,
    /// We hold a long connection.
    Websocket,
}

/// How people are called to an escalation of something urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loudness {
    /// By messages alone.
    Off,
    /// By the app's own loud call.
    App,
    /// The same, and by SMS once it is late.
    Sms,
    /// The same, and by telephone once it is late.
    Phone,
}

/// `[dingtalk]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DingTalk {
    /// Whether it is used at all.
    pub enabled: bool,
    /// How messages arrive.
    pub transport: DingTalkTransport,
    /// The app.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// The robot.
    pub robot_code: String,
    /// The organisation, where messages of others are to be refused.
    #[serde(deserialize_with = "filled")]
    pub corp_id: Option<String>,
    /// Where the API is, without a slash at the end.
    #[serde(deserialize_with = "base_url")]
    pub base_url: String,
    /// Where the older API is, without a slash at the end.
    #[serde(deserialize_with = "base_url")]
    pub oapi_base_url: String,
    /// One more host (with its port, if not the usual one) that session webhooks may lead to.
    #[serde(deserialize_with = "filled")]
    pub session_host: Option<String>,
    /// Calls a month; 0 is unmetered.
    pub monthly_call_budget: u32,
    /// The token of encrypted organisation events.
    #[serde(deserialize_with = "filled")]
    pub event_token: Option<Secret>,
    /// The key of encrypted organisation events.
    #[serde(deserialize_with = "filled")]
    pub event_aes_key: Option<Secret>,
    /// How old a signed message may be.
    #[serde(deserialize_with = "natural")]
    pub timestamp_window: Duration,
    /// How far ahead of our clock it may be.
    #[serde(deserialize_with = "natural")]
    pub timestamp_window_ahead: Duration,
    /// How often the long connection is pinged.
    #[serde(deserialize_with = "natural")]
    pub ping_every: Duration,
    /// How people are called to an escalation.
    pub ding: Loudness,
    /// Whether meetings are put into people's calendars.
    pub calendar: bool,
    /// Groups with a webhook robot of their own.
    pub group_robot: Vec<GroupRobot>,
}

/// How DingTalk's messages arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DingTalkTransport {
    /// DingTalk calls us.
    Webhook,
    /// We hold a long connection.
    Stream,
}

/// `[[dingtalk.group_robot]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRobot {
    /// The group.
    pub conversation: String,
    /// The robot's address, with its access token.
    pub url: Secret,
    /// What it signs with, where it is set to sign.
    #[serde(deserialize_with = "filled")]
    pub secret: Option<Secret>,
}

/// `[[webhook_room]]`: a room that is only spoken into, by a group's own robot.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookRoom {
    /// How people call it.
    pub name: String,
    /// Whose robot it is: `dingtalk` or `feishu`.
    pub platform: String,
    /// The robot's address, with its access token.
    pub url: Secret,
    /// What it signs with, where it is set to sign.
    #[serde(deserialize_with = "filled")]
    pub secret: Option<Secret>,
}

impl WebhookRoom {
    /// Whether its robot is a Feishu one; `None` where no such platform is known.
    pub fn is_feishu(&self) -> Option<bool> {
        match self.platform.as_str() {
            "feishu" => Some(true),
            "dingtalk" => Some(false),
            _ => None,
        }
    }
}

/// `[jobs]`: cron expressions with seconds; `None` is switched off.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// RULES 13, on working days.
    #[serde(deserialize_with = "filled")]
    pub daily_digest: Option<String>,
    /// RULES 13, on working days.
    #[serde(deserialize_with = "filled")]
    pub weekly_report: Option<String>,
    /// RULES 9, on working days.
    #[serde(deserialize_with = "filled")]
    pub value_reminder: Option<String>,
    /// RULES 13, on working days.
    #[serde(deserialize_with = "filled")]
    pub progress_reminder: Option<String>,
    /// RULES 9: looked at on every working day, said once a month.
    #[serde(deserialize_with = "filled")]
    pub brief_reminder: Option<String>,
    /// RULES 13: looked at on every working day, said once a month, on its first.
    #[serde(deserialize_with = "filled")]
    pub monthly_cadence: Option<String>,
    /// RULES 12: for the quarter that is over, of each customer.
    #[serde(deserialize_with = "filled")]
    pub health_report: Option<String>,
    /// Every day: what the administrators have to know.
    #[serde(deserialize_with = "filled")]
    pub admin_notice: Option<String>,
}

impl Jobs {
    /// Every job under its key with what the configuration says.
    pub fn all(&self) -> [(&'static str, Option<&str>); 8] {
        [
            ("daily_digest", self.daily_digest.as_deref()),
            ("weekly_report", self.weekly_report.as_deref()),
            ("value_reminder", self.value_reminder.as_deref()),
            ("progress_reminder", self.progress_reminder.as_deref()),
            ("brief_reminder", self.brief_reminder.as_deref()),
            ("monthly_cadence", self.monthly_cadence.as_deref()),
            ("health_report", self.health_report.as_deref()),
            ("admin_notice", self.admin_notice.as_deref()),
        ]
    }
}

/// A configuration that cannot be used: one line that names the key and the fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl Config {
    /// Reads the file (by default [`DEFAULT_FILE`], which may be missing) and the process's environment.
    ///
    /// # Errors
    /// Something in it cannot be used.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        });
        Self::read(file, variables)
    }

    /// The same with a given environment.
    ///
    /// # Errors
    /// Something in it cannot be used.
    pub fn read(
        named: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let file = named.unwrap_or(Path::new(DEFAULT_FILE));
        let mut layers = Layers::new(shipped(), file.to_owned());
        let text = match std::fs::read_to_string(file) {
            Ok(text) => Some(text),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                let file = file.display();
                return Err(ConfigError(format!(
                    "{file}: cannot be read ({error}); name another with --config"
                )));
            }
        };
        if let Some(text) = &text {
            layers.lay_file(text, file.to_owned())?;
        }
        layers.lay_environment(environment)?;
        let mut config = Self::build(&layers, file.parent().unwrap_or(Path::new("")))?;
        config.origin.file = text.map(|_| file.to_owned());
        Ok(config)
    }

    /// Reads the text of a configuration file that stands in no folder, without an environment.
    ///
    /// # Errors
    /// Something in it cannot be used.
    pub fn read_text(text: &str) -> Result<Self, ConfigError> {
        let mut layers = Layers::new(shipped(), PathBuf::from(DEFAULT_FILE));
        layers.lay_file(text, PathBuf::from(DEFAULT_FILE))?;
        Self::build(&layers, Path::new(""))
    }

    /// What the layers say; the files they name are in `folder`.
    fn build(layers: &Layers, folder: &Path) -> Result<Self, ConfigError> {
        let table = layers.resolve(folder)?;
        let mut config: Config = serde_path_to_error::deserialize(table)
            .map_err(|error| layers.wrong(&error.path().to_string(), error.inner().message()))?;
        let holidays = config.time.holiday_folder.take().filter(|holidays| !holidays.as_os_str().is_empty());
        config.time.holiday_folder = holidays.map(|holidays| folder.join(holidays));
        check::validate(&config).map_err(|(key, wrong)| layers.wrong(&key, &wrong))?;
        config.origin.settings = layers.settings();
        Ok(config)
    }

    /// The numbers of the rules with their calendar.
    ///
    /// # Errors
    /// `[time]` cannot be used. A configuration that was read has passed this.
    pub fn rules(&self) -> Result<Rules, ConfigError> {
        Ok(Rules {
            calendar: Arc::new(Calendar::new(&self.time).map_err(ConfigError)?),
            sla: self.sla.clone(),
            minutes: self.minutes.clone(),
            meeting: self.meeting.clone(),
            action: self.action.clone(),
            risk: self.risk.clone(),
            requirement: self.requirement.clone(),
            change: self.change.clone(),
            notice: self.notice.clone(),
            customer: self.customer.clone(),
            one_way_rooms: self.webhook_room.iter().map(|room| room.name.clone()).collect(),
            milestone: self.milestone.clone(),
            acceptance: self.acceptance.clone(),
            cadence: self.cadence.clone(),
            touch: self.touch.clone(),
            document: self.document.clone(),
            weekly: self.weekly.clone(),
            survey: self.survey.clone(),
            review: self.review.clone(),
            improvement: self.improvement.clone(),
            health: self.health.clone(),
            search: self.search.clone(),
            undo: self.undo.clone(),
        })
    }

    /// Refuses to run on a simulated clock while a real platform could be spoken to.
    ///
    /// # Errors
    /// An enabled platform has an address that is not loopback.
    pub fn allow_simulated_clock(&self) -> Result<(), ConfigError> {
        check::only_loopback(self).map_err(|(key, wrong)| ConfigError(format!("{key}: {wrong}")))
    }

    /// Whether the playground is open: it is switched on, and no real platform is spoken to. On the page
    /// anybody speaks as anybody, and a proxy in front of the bot could hand it to the network.
    pub fn opens_playground(&self) -> bool {
        self.playground.enabled && check::only_loopback(self).is_ok()
    }
}

impl Default for Config {
    /// The shipped configuration, whatever lies in the file system and the environment.
    fn default() -> Self {
        let layers = Layers::new(shipped(), PathBuf::from(DEFAULT_FILE));
        Self::build(&layers, Path::new("")).expect("the shipped file is a configuration, as the tests see")
    }
}

fn shipped() -> Table {
    SHIPPED.parse().expect("the shipped file is TOML, as the tests see")
}

/// An empty text means "not set".
fn filled<'de, D: Deserializer<'de>, T: From<String>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.is_empty()).then(|| T::from(text)))
}

/// A duration that does not depend on working days.
fn natural<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let wrong = || serde::de::Error::custom("working days make no sense here, expected for instance \"90m\"");
    match Span::deserialize(deserializer)? {
        Span::Elapsed(time) => Duration::try_from(time).map_err(|_| wrong()),
        Span::WorkingDays(_) => Err(wrong()),
    }
}

/// An address to which paths are appended.
fn base_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(String::deserialize(deserializer)?.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests;
