//! Which way a message goes.
//!
//! | to | ways, the first that works |
//! | --- | --- |
//! | anywhere, with buttons or to be edited | a card where there is a template; then as below |
//! | a group, as an answer | the reply address; then as below |
//! | a group | its own webhook robot where configured; else the API, which cannot mention |
//! | a direct chat, as an answer | the reply address; else the API |
//! | a person | the API |
//!
//! A file goes by the API alone: `send_file`.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    DingTalk, GroupRobot,
    answer::{self, Receipt, Refusal},
    hear::{NAME, direct_with},
    render::{self, Manner, Said},
    sign::webhook_url,
    usage::Use,
    wire::is_staff_id,
};
use crate::{
    chat::{Message, MessageId, RoomId, Span, Target},
    platform::{Accepted, Parcel, Undelivered},
};

/// How long a group's own robot that was refused for good is left alone.
const BROKEN: SignedDuration = SignedDuration::from_hours(1);
/// The wait after the platform held a direct message back.
const HELD_BACK: Duration = Duration::from_secs(60);
/// Most receivers of one direct send.
const MOST_RECEIVERS: usize = 20;

/// Ways that are closed for a while, each with when to try again: groups' own robots that somebody removed or locked,
/// places where no card arrives. Held only for a look or an entry.
#[derive(Default)]
pub(super) struct Closed(Mutex<HashMap<String, Timestamp>>);

/// An address of one room's own: what stands behind it may be somebody's proxy, and is no reason to be silent elsewhere.
/// Where DingTalk shuts this machine out it is known by its answer ([`answer::shuts_out`]).
fn of_one_room(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Undelivered(Undelivered::TooFast { after, why }) => {
            Undelivered::Later { after: Some(after), why }.into()
        }
        refusal => refusal,
    }
}

impl DingTalk {
    /// Sends one message, once, by the first way that works.
    pub(super) async fn send(&self, parcel: &Parcel) -> Result<Accepted, Undelivered> {
        let sent = match &parcel.message.file {
            Some(file) => self.send_file(parcel, file).await,
            // A template has no form.
            None => {
                let message = parcel.message.clone().formless();
                let picture = match &message.chart {
                    Some(chart) => self.picture(parcel, chart).await,
                    None => None,
                };
                self.by_any_way(parcel, Said { message: &message, picture: picture.as_deref() }).await
            }
        };
        match sent {
            Ok(accepted) => Ok(accepted),
            Err(Refusal::Censored(why)) => {
                tracing::warn!(
                    parcel.id,
                    why,
                    "DingTalk censored a message, a plain notice goes in its place"
                );
                let notice = notice_in_place_of(&parcel.message);
                self.by_any_way(parcel, Said::words(&notice)).await.map_err(Refusal::into_undelivered)
            }
            Err(refusal) => Err(refusal.into_undelivered()),
        }
    }

    pub(super) async fn by_any_way(&self, parcel: &Parcel, said: Said<'_>) -> Result<Accepted, Refusal> {
        let room = match &parcel.to {
            // A reply address leads into the conversation, so what is for one person never goes there.
            Target::Person(person) => {
                let Some(staff_id) = render::staff_id(person) else {
                    let why = "somebody outside the organisation cannot be written to directly".into();
                    return Err(Undelivered::Never { why }.into());
                };
                if said.message.urgent && self.ding(said.message, &[staff_id]).await.is_empty() {
                    return Ok(Accepted::default());
                }
                return match self.as_card(parcel, said).await? {
                    Some(accepted) => Ok(accepted),
                    None => self.to_person(staff_id, shown(said, parcel.maybe_repeated)).await,
                };
            }
            Target::Room(room) => room,
        };
        if let Some(accepted) = self.as_card(parcel, said).await? {
            if said.message.urgent && self.group_robot(room).is_some() {
                self.ding_the_mentioned(said.message).await;
            }
            return Ok(accepted);
        }
        match self.by_session(room, parcel, said).await {
            Some(Ok(receipt)) => return Ok(accepted(receipt)),
            Some(Err(Refusal::NoSuchWay(why))) => {
                tracing::info!(parcel.id, why, "a reply address is gone, the message goes another way");
            }
            None => {}
            Some(Err(refusal)) => return Err(refusal),
        }
        match direct_with(room) {
            Some(staff_id) if is_staff_id(staff_id) => {
                self.to_person(staff_id, shown(said, parcel.maybe_repeated)).await
            }
            _ => self.to_group(room, parcel, said).await,
        }
    }

    /// By the reply address; `None` where there is none that lives.
    async fn by_session(
        &self,
        room: &RoomId,
        parcel: &Parcel,
        said: Said<'_>,
    ) -> Option<Result<Receipt, Refusal>> {
        let session = parcel.reply_to.as_ref()?.session.as_ref()?;
        if session.expires <= self.clock.now() {
            return Some(Err(Refusal::NoSuchWay("it ran out".into())));
        }
        // Checked again: the configuration may have changed since it was stored.
        let url = self.reply_hosts.admit(&session.url)?;
        let manner = Manner { mentions: direct_with(room).is_none(), repeated: parcel.maybe_repeated };
        let body = render::webhook_body(said, manner);
        self.api.meter.count(Use::Session, self.clock.now());
        Some(
            self.api
                .post_webhook(url, &body)
                .await
                .and_then(|answer| answer::receipt(answer.status, &answer.body).map_err(of_one_room)),
        )
    }

    async fn to_group(&self, room: &RoomId, parcel: &Parcel, said: Said<'_>) -> Result<Accepted, Refusal> {
        let own_robot = self.group_robot(room);
        if let Some(robot) = own_robot {
            match self.by_group_robot(robot, parcel, said).await {
                Err(Refusal::NoSuchWay(why)) => {
                    tracing::warn!(
                        room = room.raw(),
                        why,
                        "a group's own robot is refused, the API speaks for it"
                    );
                    self.broken_robots.mark(room.raw(), self.clock.now() + BROKEN);
                }
                Ok(receipt) => {
                    if said.message.urgent {
                        self.ding_the_mentioned(said.message).await;
                    }
                    return Ok(accepted(receipt));
                }
                Err(refusal) => return Err(refusal),
            }
        }
        let receipt = self.by_group_api(room, shown(said, parcel.maybe_repeated)).await?;
        // Whoever made this message counted on the mention; this way has none.
        if own_robot.is_some() || parcel.reply_to.is_some() {
            self.tell_the_mentioned(said).await;
        }
        Ok(accepted(receipt))
    }

    /// <https://open.dingtalk.com/document/development/custom-robots-send-group-messages>
    async fn by_group_robot(
        &self,
        robot: &GroupRobot,
        parcel: &Parcel,
        said: Said<'_>,
    ) -> Result<Receipt, Refusal> {
        let now = self.clock.now();
        let Some(url) = webhook_url(&robot.url, &robot.secret, now.as_millisecond()) else {
            return Err(Refusal::NoSuchWay("its address is not a URL".into()));
        };
        let manner = Manner { mentions: true, repeated: parcel.maybe_repeated };
        let mut body = render::webhook_body(said, manner);
        // Swallows a second try, for as long as the platform remembers the key.
        body["msgUuid"] = json!(idempotency_key(&parcel.id));
        self.api.meter.count(Use::GroupRobot, now);
        let answer = self.api.post_webhook(url, &body).await?;
        answer::receipt(answer.status, &answer.body).map_err(of_one_room)
    }

    /// <https://open.dingtalk.com/document/development/the-robot-sends-a-group-message>
    pub(super) async fn by_group_api(
        &self,
        room: &RoomId,
        (key, param): ApiMessage,
    ) -> Result<Receipt, Refusal> {
        let body = json!({
            "robotCode": self.settings.robot_code,
            "openConversationId": room.raw(),
            "msgKey": key,
            "msgParam": param,
        });
        let answer = self.api.call("/v1.0/robot/groupMessages/send", &body).await?;
        answer::receipt(answer.status, &answer.body)
    }

    pub(super) async fn to_person(&self, staff_id: &str, shown: ApiMessage) -> Result<Accepted, Refusal> {
        let receipt = self.to_people(&[staff_id], shown).await?;
        if receipt.invalid.iter().any(|id| id == staff_id) {
            let why = "DingTalk knows nobody by this id, or the app may not see them".into();
            return Err(Undelivered::Never { why }.into());
        }
        if receipt.held_back.iter().any(|id| id == staff_id) {
            let why = "DingTalk held the direct message back, too many at once".into();
            return Err(Undelivered::Later { after: Some(HELD_BACK), why }.into());
        }
        Ok(accepted(receipt))
    }

    /// <https://open.dingtalk.com/document/development/chatbots-send-one-on-one-chat-messages-in-batches>
    async fn to_people(&self, ids: &[&str], (key, param): ApiMessage) -> Result<Receipt, Refusal> {
        let body = json!({
            "robotCode": self.settings.robot_code,
            "userIds": ids,
            "msgKey": key,
            "msgParam": param,
        });
        let answer = self.api.call("/v1.0/robot/oToMessages/batchSend", &body).await?;
        answer::receipt(answer.status, &answer.body)
    }

    /// Tells people directly what a group message could not mention them for. The group has the message,
    /// so a failure here is no failure of it.
    async fn tell_the_mentioned(&self, said: Said<'_>) {
        let people = said.message.mentions();
        let ids: Vec<&str> = people.iter().filter_map(|person| render::staff_id(&person.id)).collect();
        let ids = if said.message.urgent { self.ding(said.message, &ids).await } else { ids };
        for some in ids.chunks(MOST_RECEIVERS) {
            if let Err(refusal) = self.to_people(some, shown(said, false)).await {
                let why = refusal.into_undelivered().to_string();
                tracing::warn!(why, "people named in a group could not be told directly");
            }
        }
    }

    /// The group's own robot, if it has one that works.
    pub(super) fn group_robot(&self, room: &RoomId) -> Option<&GroupRobot> {
        let robot = self.settings.group_robots.iter().find(|robot| robot.conversation == room.raw())?;
        let broken = room.platform() != NAME || self.broken_robots.contains(room.raw(), self.clock.now());
        (!broken).then_some(robot)
    }
}

impl Closed {
    pub fn mark(&self, way: &str, until: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(way.to_owned(), until);
    }

    pub fn contains(&self, way: &str, now: Timestamp) -> bool {
        let closed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        closed.get(way).is_some_and(|until| *until > now)
    }
}

/// `msgKey` and `msgParam` of the API.
pub(super) type ApiMessage = (&'static str, String);

fn shown(said: Said, repeated: bool) -> ApiMessage {
    render::msg_param(said, Manner { mentions: false, repeated })
}

pub(super) fn accepted(receipt: Receipt) -> Accepted {
    Accepted { message: receipt.query_key.map(|key| MessageId::new(NAME, &key)) }
}

/// The platform's key against doubles; the same for every try of one parcel.
pub(super) fn idempotency_key(parcel_id: &str) -> String {
    Sha256::digest(parcel_id).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// What is said where the platform's censors refuse the words: that there is something, and to whom.
fn notice_in_place_of(message: &Message) -> Message {
    let mut notice = Message::text("有一条消息被钉钉的内容审核拦下，未能原样发出，请发送「我的」查看。");
    for person in message.mentions() {
        notice.lines[0].0.push(Span::Text(" ".into()));
        notice.lines[0].0.push(Span::Person(person.clone()));
    }
    notice
}
