//! Interactive cards: messages with buttons that call back, which can be edited.
//!
//! Their template is made in DingTalk's card console, and `dingtalk.card_template` names it. [`face`] fills it in,
//! [`press`] reads what its buttons call back with. A card's id is made of its parcel's, so that DingTalk makes one
//! card of it however often it is tried. What it does not take as a card goes as it would without a template.
//!
//! <https://open.dingtalk.com/document/development/create-and-deliver-cards>,
//! <https://open.dingtalk.com/document/development/interactive-card-update-interface>

mod face;
pub(super) mod press;

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    DingTalk,
    answer::{self, Refusal},
    api::Call,
    hear::{NAME, direct_room, direct_with},
    render::{Said, staff_id},
    send::{Closed, idempotency_key},
    wire::is_staff_id,
};
use crate::{
    chat::{Message, MessageId, Target},
    platform::{
        Accepted, Edits, Parcel, Undelivered,
        resting::{AN_HOUR, Resting},
    },
};
use face::Seal;

/// What the ids of our cards begin with.
const OURS: &str = "jiuding-";
/// Whoever has to wait longer than this for a card gets the message without one.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a card is left alone after a press of it was answered: DingTalk does not want it edited meanwhile.
const AFTER_A_PRESS: Duration = Duration::from_secs(1);
/// How long at the most.
const IN_A_PRESS: Duration = Duration::from_secs(5);
/// As many people are called by one card.
const MOST_MENTIONS: usize = 50;

/// What is known of cards.
#[derive(Default)]
pub(super) struct Cards {
    /// All of them: the template or the permission is missing.
    resting: Resting,
    /// Rooms and people that cards do not get to.
    closed: Closed,
    /// DingTalk knows where to call; held while it is told, so that it is told once.
    told: tokio::sync::Mutex<bool>,
    /// Cards of which a press is being answered, each until when it is left alone. Held only for a look or an entry.
    pressed: Mutex<HashMap<String, Instant>>,
}

impl Cards {
    fn leave_alone(&self, track: &str, time: Duration) {
        let now = Instant::now();
        let mut pressed = self.pressed();
        pressed.retain(|_, until| *until > now);
        pressed.insert(track.to_owned(), now + time);
    }

    fn is_left_alone(&self, track: &str) -> Option<Duration> {
        let left = self.pressed().get(track)?.checked_duration_since(Instant::now())?;
        (!left.is_zero()).then_some(left)
    }

    fn pressed(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.pressed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a card stands.
#[derive(Debug, Clone, Copy)]
enum Place<'a> {
    /// In a group, by its conversation id.
    Group(&'a str),
    /// In the direct chat with somebody, by the id inside the organisation.
    Direct(&'a str),
}

impl<'a> Place<'a> {
    /// `None` where no card can stand.
    fn of(to: &'a Target) -> Option<Self> {
        match to {
            Target::Person(person) => staff_id(person).map(Place::Direct),
            Target::Room(room) => match direct_with(room) {
                Some(staff) => is_staff_id(staff).then_some(Place::Direct(staff)),
                None => Some(Place::Group(room.raw())),
            },
        }
    }

    /// The room in our own ids, without the platform's name.
    fn room(self) -> String {
        match self {
            Place::Group(conversation) => conversation.to_owned(),
            Place::Direct(staff) => direct_room(staff).raw().to_owned(),
        }
    }
}

impl DingTalk {
    /// How cards can be edited, where there are any. For how long is not limited, how often not said.
    pub(super) fn card_edits(&self) -> Option<Edits> {
        let edits = Edits { within: Duration::MAX, every: Duration::from_secs(1) };
        self.settings.card_template.as_ref().map(|_| edits)
    }

    /// Sends a message as a card; `None` where it is to go another way.
    pub(super) async fn as_card(&self, parcel: &Parcel, said: Said<'_>) -> Result<Option<Accepted>, Refusal> {
        let wanted = parcel.lives || !said.message.buttons.is_empty();
        let now = self.clock.now();
        let (Some(template), Some(place)) = (&self.settings.card_template, Place::of(&parcel.to)) else {
            return Ok(None);
        };
        let room = place.room();
        let closed = self.cards.resting.is_on(now) || self.cards.closed.contains(&room, now);
        if !wanted || said.picture.is_some() || closed {
            return Ok(None);
        }
        let track = track(&parcel.id);
        let seal = Seal { secret: &self.settings.client_secret, track: &track, room: &room };
        let Some(face) = face::face(said.message, parcel.maybe_repeated, &seal) else { return Ok(None) };
        let calls = match &parcel.to {
            // As the way it would go without a card: whoever made the message counted on that.
            Target::Room(room) => parcel.reply_to.is_some() || self.group_robot(room).is_some(),
            Target::Person(_) => false,
        };
        let people = if calls { called(said.message) } else { Map::new() };
        let body = self.creation(template, &track, place, &face, people);
        let accepted = Accepted { message: Some(MessageId::new(NAME, &track)) };
        let created = match self.tell_where_to_call().await {
            Ok(()) => self.create_card(&body).await,
            Err(refusal) => Err(refusal),
        };
        match created {
            Ok(()) => Ok(Some(accepted)),
            // An earlier try made it. It is there, unless it is known that it was not delivered.
            Err(Refusal::Undelivered(Undelivered::Never { why })) if why == "param.cardAlreadyExist" => {
                Ok(parcel.maybe_repeated.then_some(accepted))
            }
            Err(refusal) => self.without_a_card(refusal, &room).map(|()| None),
        }
    }

    /// What a refused card means for this message and the next.
    ///
    /// # Errors
    /// The message is to be tried again as a card.
    fn without_a_card(&self, refusal: Refusal, room: &str) -> Result<(), Refusal> {
        let now = self.clock.now();
        let why = match refusal {
            Refusal::Undelivered(Undelivered::Later { after: Some(after), why }) if after >= PATIENCE => {
                let after = SignedDuration::try_from(after).unwrap_or(AN_HOUR);
                self.cards.resting.until(now + after);
                why
            }
            // Not delivered: the card is made, and nobody sees it.
            Refusal::NoSuchWay(why) => {
                self.cards.closed.mark(room, now + AN_HOUR);
                why
            }
            refusal if refusal.is_final() => {
                let of_all = matches!(refusal, Refusal::NotPermitted { .. });
                let why = refusal.into_undelivered().to_string();
                if of_all || why.contains("param.template") {
                    self.cards.resting.until(now + AN_HOUR);
                }
                why
            }
            refusal => return Err(refusal),
        };
        metrics::counter!("jiuding_dingtalk_cards_refused_total").increment(1);
        tracing::warn!(why, "DingTalk took no card of dingtalk.card_template, the message goes without one");
        Ok(())
    }

    fn creation(
        &self,
        template: &str,
        track: &str,
        place: Place<'_>,
        face: &Map<String, Value>,
        people: Map<String, Value>,
    ) -> Value {
        let space = json!({
            "supportForward": false,
            "lastMessageI18n": { "ZH_CN": face["title"] },
            "notification": { "alertContent": face["title"], "notificationOff": false },
        });
        let mut body = json!({
            "cardTemplateId": template,
            "outTrackId": track,
            "cardData": { "cardParamMap": face },
            "userIdType": 1,
        });
        match &self.settings.card_callback {
            Some(address) => {
                body["callbackType"] = json!("HTTP");
                body["callbackRouteKey"] = json!(press::route(address));
            }
            None => body["callbackType"] = json!("STREAM"),
        }
        let robot = &self.settings.robot_code;
        match place {
            Place::Group(conversation) => {
                body["openSpaceId"] = json!(format!("dtv1.card//IM_GROUP.{conversation}"));
                body["imGroupOpenSpaceModel"] = space;
                body["imGroupOpenDeliverModel"] = json!({ "robotCode": robot });
                // What may be left out must not be empty.
                if !people.is_empty() {
                    body["imGroupOpenDeliverModel"]["atUserIds"] = Value::Object(people);
                }
            }
            Place::Direct(staff) => {
                body["openSpaceId"] = json!(format!("dtv1.card//IM_ROBOT.{staff}"));
                body["imRobotOpenSpaceModel"] = space;
                body["imRobotOpenDeliverModel"] = json!({ "spaceType": "IM_ROBOT", "robotCode": robot });
            }
        }
        body
    }

    /// Makes a card in a group of this name; for looking whether it can be made.
    pub(super) async fn try_card(&self, conversation: &str) -> Result<(), Refusal> {
        let template = self.settings.card_template.as_deref().unwrap_or_default();
        let seal = Seal { secret: &self.settings.client_secret, track: conversation, room: conversation };
        let face = face::face(&Message::text("-"), false, &seal).unwrap_or_default();
        let place = Place::Group(conversation);
        self.create_card(&self.creation(template, conversation, place, &face, Map::new())).await
    }

    async fn create_card(&self, body: &Value) -> Result<(), Refusal> {
        let answer = self.api.call("/v1.0/card/instances/createAndDeliver", body).await?;
        let answer = succeeded(answer::read(answer.status, &answer.body)?)?;
        let delivered = answer["result"]["deliverResults"].as_array().ok_or_else(unclear)?;
        match delivered.iter().any(|one| one["success"] == true) {
            true => Ok(()),
            false => Err(Refusal::NoSuchWay("the card was not delivered".into())),
        }
    }

    /// Puts another face on a card that was sent.
    pub(super) async fn edit_card(
        &self,
        message: &MessageId,
        to: &Target,
        fresh: &Message,
    ) -> Result<(), Undelivered> {
        let never = |why: &str| Undelivered::Never { why: why.into() };
        let track = message.raw();
        let place = Place::of(to).filter(|_| message.platform() == NAME && track.starts_with(OURS));
        let Some(place) = place else { return Err(never("it is no card")) };
        if let Some(left) = self.cards.is_left_alone(track) {
            return Err(Undelivered::Later {
                after: Some(left),
                why: "a press of it is being answered".into(),
            });
        }
        let Some(face) = self.fresh_face(track, &place.room(), fresh) else {
            return Err(never("it is too long for a card"));
        };
        let body = json!({
            "outTrackId": track,
            "cardData": { "cardParamMap": face },
            "cardUpdateOptions": { "updateCardDataByKey": true },
        });
        let call = Call {
            method: Method::PUT,
            path: "/v1.0/card/instances",
            query: &[],
            once: None,
            body: Some(&body),
        };
        let edited = self.api.request(call).await;
        let edited = edited.and_then(|answer| succeeded(answer::read(answer.status, &answer.body)?));
        edited.map(drop).map_err(Refusal::into_undelivered)
    }

    fn fresh_face(&self, track: &str, room: &str, fresh: &Message) -> Option<Map<String, Value>> {
        let seal = Seal { secret: &self.settings.client_secret, track, room };
        face::face(&fresh.clone().formless(), false, &seal)
    }
}

/// The id of a parcel's card, at most 64 characters.
fn track(parcel: &str) -> String {
    format!("{OURS}{}", idempotency_key(parcel))
}

/// Everybody whom a card calls: names by id.
fn called(message: &Message) -> Map<String, Value> {
    let people = message.mentions().into_iter();
    let people = people.filter_map(|person| Some((staff_id(&person.id)?.to_owned(), json!(person.name))));
    people.take(MOST_MENTIONS).collect()
}

fn succeeded(answer: Value) -> Result<Value, Refusal> {
    match answer["success"].as_bool() {
        Some(true) => Ok(answer),
        Some(false) => Err(Undelivered::Never { why: "not a success".into() }.into()),
        None => Err(unclear()),
    }
}

fn unclear() -> Refusal {
    Refusal::Undelivered(Undelivered::Unknown { why: "an answer that says neither yes nor no".into() })
}
