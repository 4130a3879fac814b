//! Rooms that the bot can only speak into, by a group's own webhook robot: where no bot may sit, a customer's group
//! for instance. Nothing is heard there, so what is said has no buttons; files are named instead of sent, and people
//! are named, not mentioned, since nobody there is known by an id.
//!
//! A robot that speaks more than 20 times a minute is silenced for ten minutes by DingTalk; Feishu takes 100. The
//! stricter holds for both. <https://open.dingtalk.com/document/development/custom-robots-send-group-messages>,
//! <https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot>

mod feishu;

use std::{collections::HashMap, time::Duration};

use reqwest::Client;
use serde_json::Value;

use super::{Accepted, Limits, Parcel, Platform, Rate, Undelivered, dingtalk, feishu::HALF_HOURS, http};
use crate::{
    chat::{Line, Message, ONE_WAY, PersonId, RoomId, Span, Target},
    clock::SharedClock,
};

/// Whose robot it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Robot {
    /// A custom bot of a Feishu group.
    Feishu,
    /// A custom robot of a DingTalk group.
    DingTalk,
}

/// One room.
#[derive(Clone)]
pub struct Settings {
    /// How people call it.
    pub name: String,
    /// Whose robot speaks there.
    pub robot: Robot,
    /// The robot's address. A secret.
    pub url: String,
    /// What it signs with; empty where it is secured by keyword or address.
    pub secret: String,
}

/// All of them.
pub struct OneWay {
    rooms: HashMap<String, Settings>,
    http: Client,
    clock: SharedClock,
}

impl OneWay {
    /// The adapter for these rooms.
    pub fn new(rooms: Vec<Settings>, clock: SharedClock) -> Self {
        let rooms = rooms.into_iter().map(|room| (room.name.clone(), room)).collect();
        Self { rooms, http: http::client(), clock }
    }

    async fn post(&self, room: &Settings, parcel: &Parcel) -> Result<(), Undelivered> {
        let message = readable(&parcel.message, parcel.maybe_repeated);
        let now = self.clock.now();
        let (url, body) = match room.robot {
            Robot::Feishu => (reqwest::Url::parse(&room.url).ok(), feishu::body(&message, &room.secret, now)),
            Robot::DingTalk => (
                dingtalk::sign::webhook_url(&room.url, &room.secret, now.as_millisecond()),
                dingtalk::robot_body(&message, &parcel.id),
            ),
        };
        let Some(url) = url else {
            return Err(Undelivered::Never { why: "the room's address is not a URL".into() });
        };
        let (status, bytes) = self.exchange(url, &body).await?;
        match room.robot {
            Robot::Feishu => feishu::read(status, &bytes),
            Robot::DingTalk => dingtalk::robot_answer(status, &bytes),
        }
    }

    /// The address carries a secret: errors keep it out.
    async fn exchange(&self, url: reqwest::Url, body: &Value) -> Result<(u16, Vec<u8>), Undelivered> {
        let sent = self.http.post(url).json(body).send().await;
        let answer = sent.map_err(|error| match error.is_connect() {
            true => Undelivered::Later { after: None, why: "the platform cannot be reached".into() },
            false => Undelivered::Unknown { why: "no answer".into() },
        })?;
        let status = answer.status().as_u16();
        let bytes =
            answer.bytes().await.map_err(|_| Undelivered::Unknown { why: "half an answer".into() })?;
        Ok((status, bytes.to_vec()))
    }
}

#[async_trait::async_trait]
impl Platform for OneWay {
    fn name(&self) -> &'static str {
        ONE_WAY
    }

    async fn deliver(&self, parcel: &Parcel) -> Result<Accepted, Undelivered> {
        let never = |why: &str| Undelivered::Never { why: why.to_owned() };
        let Target::Room(room) = &parcel.to else {
            return Err(never("nobody is reached alone by a webhook robot"));
        };
        let Some(room) = self.rooms.get(room.raw()) else {
            return Err(never("no [[webhook_room]] of this name is configured any more"));
        };
        self.post(room, parcel).await?;
        Ok(Accepted::default())
    }

    fn notifies_in(&self, _room: &RoomId) -> bool {
        false
    }

    fn limits(&self) -> Limits {
        Limits {
            per_target: Rate { burst: 18, per: Duration::from_secs(60), reserve: 3 },
            per_app: Rate { burst: 16, per: Duration::from_secs(1), reserve: 1 },
            // Feishu's custom bots are to avoid them.
            peak: Some(HALF_HOURS),
        }
    }

    fn remembers(&self) -> Duration {
        Duration::ZERO
    }

    async fn name_of(&self, _person: &PersonId) -> Option<String> {
        None
    }

    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }
}

/// The message as it stands where nobody can press and nobody is known.
fn readable(message: &Message, repeated: bool) -> Message {
    let mut lines: Vec<Line> = match &message.file {
        Some(file) => vec![Line::text(&file.instead)],
        None => message.lines.iter().map(|line| Line(line.0.iter().map(named).collect())).collect(),
    };
    if repeated && let Some(first) = lines.first_mut() {
        first.0.insert(0, Span::Text("（可能重复）".into()));
    }
    Message { lines, buttons: Vec::new(), form: None, file: None, ..message.clone() }
}

fn named(span: &Span) -> Span {
    match span {
        Span::Person(person) => Span::Text(format!("@{} ", person.name)),
        Span::Text(_) | Span::Strong(_) => span.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Person;

    #[test]
    fn nobody_is_mentioned_and_nothing_can_be_pressed() {
        let wang = Person { id: PersonId::new("feishu", "ou_1"), name: "王女士".into() };
        let message =
            Message::default().line(Line::default().people([&wang]).then("请看")).button("响应", "/T1 响应");
        let said = readable(&message, true);
        assert!(said.mentions().is_empty() && said.buttons.is_empty());
        assert!(said.plain().starts_with("（可能重复）@王女士"), "{}", said.plain());
    }
}
