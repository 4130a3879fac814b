//! A button of a card: `POST /dingtalk/card`, or a callback of Stream mode.
//!
//! Either is answered within two seconds with what the card says from now on, and with a word for whoever pressed,
//! as the variable `toast` of theirs alone; what takes longer is answered for meanwhile ([`press::kept`]). Over HTTP a signature covers the time and nothing else; what a button
//! says is sealed by us.
//!
//! <https://open.dingtalk.com/document/development/event-callback-card>,
//! <https://open.dingtalk.com/document/development/register-card-callback-address>

use std::time::Duration;

use axum::http::HeaderMap;
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use tokio::time::Instant;

use super::{AFTER_A_PRESS, DingTalk, IN_A_PRESS, NAME, OURS, direct_with, face::open, idempotency_key};
use crate::{
    chat::{Inbound, MessageId, Person, PersonId, ReplyTo, Room, RoomId, What},
    platform::{
        Press, Received, Receiver, Undelivered,
        dingtalk::{
            answer::{self, Refusal},
            routes::{Failed, Refused, count},
            wire::{is_staff_id, present},
        },
        press,
    },
};

/// DingTalk waits two seconds for an answer.
pub(in crate::platform::dingtalk) const ANSWER_WITHIN: Duration = Duration::from_millis(1_500);

/// What is answered to a press that takes longer than that.
pub(in crate::platform::dingtalk) fn working_on_it() -> Value {
    json!({
        "cardUpdateOptions": { "updateCardDataByKey": true, "updatePrivateDataByKey": true },
        "userPrivateData": { "cardParamMap": { "toast": "正在处理" } },
    })
}

/// The name under which DingTalk knows an address. Two installations of one app have two.
pub fn route(address: &str) -> String {
    format!("{OURS}{}", &idempotency_key(address)[..16])
}

/// The signature of a callback over HTTP.
pub fn sign(timestamp: &str, secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length is a key");
    mac.update(timestamp.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Callback {
    out_track_id: String,
    corp_id: Option<String>,
    user_id: Option<String>,
    /// JSON within a string.
    content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    card_private_data: Data,
}

#[derive(Deserialize)]
struct Data {
    params: Params,
}

/// What the template gives along with a button.
#[derive(Deserialize)]
struct Params {
    say: String,
}

/// A callback, and what its button sent back.
fn read(body: &[u8]) -> Option<(Callback, String)> {
    let callback: Callback = serde_json::from_slice(body).ok()?;
    let content: Content = serde_json::from_str(&callback.content).ok()?;
    Some((callback, content.card_private_data.params.say))
}

/// Reads the body of a press, and says whether it holds one of a card of nobody's. Nothing comes of it: for throwing
/// made-up bytes at.
pub fn examine(body: &[u8]) -> bool {
    read(body).is_some_and(|(callback, sealed)| open("", &callback.out_track_id, &sealed).is_some())
}

/// A button that was pressed.
pub struct Pressed {
    track: String,
    /// Its room, as in our own ids.
    pub room: String,
    line: String,
    staff: String,
    /// Under what it may come again.
    told_as: String,
    at: Option<Timestamp>,
}

impl DingTalk {
    /// Reads a callback; `None` where it is of no card of ours. `told_as` is what tells it from the next press.
    pub(in crate::platform::dingtalk) fn read_press(
        &self,
        body: &[u8],
        told_as: &str,
        at: Option<i64>,
    ) -> Option<Pressed> {
        let (callback, sealed) = read(body)?;
        let corp_id = self.settings.corp_id.as_deref();
        let others =
            corp_id.is_some_and(|ours| present(&callback.corp_id).is_some_and(|given| given != ours));
        let staff = present(&callback.user_id).filter(|id| is_staff_id(id))?;
        let (room, line) = open(&self.settings.client_secret, &callback.out_track_id, &sealed)?;
        // What is for one person alone only that one presses.
        let foreign = direct_with(&RoomId::new(NAME, room)).is_some_and(|owner| owner != staff);
        (!others && !foreign).then(|| Pressed {
            room: room.to_owned(),
            line: line.to_owned(),
            staff: staff.to_owned(),
            told_as: told_as.to_owned(),
            at: at.and_then(|at| Timestamp::from_millisecond(at).ok()),
            track: callback.out_track_id,
        })
    }

    /// Carries a press out; gives the answer once its effect is durable. The name is asked for at once, the effect
    /// waits for `turn`.
    pub(in crate::platform::dingtalk) async fn press(
        &self,
        pressed: &Pressed,
        receiver: &dyn Receiver,
        turn: impl Future<Output = ()>,
    ) -> Result<Value, Failed> {
        let answer_by = Instant::now() + ANSWER_WITHIN;
        let Pressed { track, room, line, staff, told_as, at } = pressed;
        self.cards.leave_alone(track, IN_A_PRESS);
        let name = self.directory.name_in_time(staff).await.unwrap_or_else(|| staff.clone());
        let robot = &self.settings.robot_code;
        let said = idempotency_key(line);
        let id = RoomId::new(NAME, room);
        let inbound = Inbound {
            keys: vec![format!("{NAME}:{robot}:card:{track}:{staff}:{said}:{told_as}")],
            room: Room { direct: direct_with(&id).is_some(), id, name: None },
            sender: Person { id: PersonId::new(NAME, staff), name },
            written_at: *at,
            reply_to: Some(ReplyTo { message: MessageId::new(NAME, track), session: None }),
            what: What::Pressed { line: line.clone() },
        };
        turn.await;
        let press = press::kept(receiver, inbound, answer_by).await;
        self.cards.leave_alone(track, AFTER_A_PRESS);
        match press {
            Ok(press) => {
                count(if press.received == Received::Done { "received" } else { "seen before" });
                Ok(self.answer_to(pressed, &press))
            }
            Err(error) => {
                count("failed");
                tracing::error!(
                    error = format!("{error:#}"),
                    "a press of a DingTalk card could not be recorded"
                );
                Err(Failed)
            }
        }
    }

    fn answer_to(&self, pressed: &Pressed, press: &Press) -> Value {
        let mut answer = json!({
            "cardUpdateOptions": { "updateCardDataByKey": true, "updatePrivateDataByKey": true },
        });
        let fresh = press.fresh.as_ref();
        if let Some(face) = fresh.and_then(|fresh| self.fresh_face(&pressed.track, &pressed.room, fresh)) {
            answer["cardData"] = json!({ "cardParamMap": face });
        }
        let toast = press.toast.as_ref().map_or("已收到", |toast| toast.words.as_str());
        answer["userPrivateData"] = json!({ "cardParamMap": { "toast": short(toast) } });
        answer
    }

    /// Tells DingTalk where its callbacks go, once; over the long connection there is nothing to tell.
    ///
    /// # Errors
    /// It was not told; no card was made either.
    pub(super) async fn tell_where_to_call(&self) -> Result<(), Refusal> {
        let Some(address) = &self.settings.card_callback else { return Ok(()) };
        let mut told = self.cards.told.lock().await;
        if *told {
            return Ok(());
        }
        let body = json!({
            "callbackRouteKey": route(address),
            "callbackUrl": address,
            "apiSecret": self.card_secret(),
            "forceUpdate": true,
        });
        let answer = self.api.call("/v1.0/card/callbacks/register", &body).await;
        match answer.and_then(|answer| super::succeeded(answer::read(answer.status, &answer.body)?)) {
            Ok(_) => *told = true,
            Err(Refusal::Undelivered(Undelivered::Unknown { why })) => {
                return Err(Undelivered::Later { after: None, why }.into());
            }
            Err(refusal) => return Err(refusal),
        }
        Ok(())
    }

    /// What DingTalk signs its callbacks with. It follows from the app's own secret, which DingTalk has.
    fn card_secret(&self) -> String {
        sign("callbacks of cards", &self.settings.client_secret)
    }

    /// The headers of a callback; gives its time.
    pub(in crate::platform::dingtalk) fn verify_press(&self, headers: &HeaderMap) -> Result<i64, Refused> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let (Some(timestamp), Some(given)) =
            (header("x-ddpaas-signature-timestamp"), header("x-ddpaas-signature"))
        else {
            return Err(Refused::Unverified("headers missing"));
        };
        let ours = sign(timestamp, &self.card_secret());
        if !bool::from(ours.as_bytes().ct_eq(given.as_bytes())) {
            return Err(Refused::Unverified("wrong sign"));
        }
        timestamp.parse().ok().filter(|sent| self.is_timely(*sent)).ok_or(Refused::Unverified("out of time"))
    }
}

/// A value may have 1 KB.
fn short(words: &str) -> String {
    words.chars().take(200).collect()
}
