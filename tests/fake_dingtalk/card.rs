//! Interactive cards: templates, cards made of them, and what a press of a button calls back with.
//!
//! A template declares its variables, and each is a string of at most 1 KB. A card is made once under its
//! `outTrackId`; where it may stand is asked only then. A press is answered within two seconds, and while it is not,
//! nobody may edit the card. Over HTTP a press goes where the route of the card was registered.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::HeaderMap,
    response::Response,
    routing::{post, put},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::{
    CORP_ID, FakeDingTalk, ROBOT_CODE, Sent, Shared, State as Kept, Way,
    server::{Outcome, answer, authorised, keep, named},
};

/// The template that `docs/dingtalk-card.md` describes.
pub const TEMPLATE: &str = "0f1e2d3c-card-template.schema";
/// A press has to be answered by then.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Default)]
pub(super) struct Cards {
    /// Whether each template is published.
    templates: HashMap<String, bool>,
    cards: HashMap<String, Card>,
    /// Address and secret by route.
    routes: HashMap<String, (String, String)>,
    /// The next cards are made and not delivered.
    undelivered: usize,
    edits: Vec<(String, Sent)>,
    toasts: Vec<(String, String)>,
}

struct Card {
    face: Map<String, Value>,
    /// Of what was sent, which one; none where it was not delivered.
    sent: Option<usize>,
    space: (String, String),
    /// None over Stream.
    route: Option<String>,
    in_press: bool,
}

/// How the bot answered a press.
#[derive(Debug, Clone, PartialEq)]
pub struct PressAnswer {
    /// Zero where no answer came in time.
    pub status: u16,
    pub body: Value,
}

impl FakeDingTalk {
    /// Makes the template of cards, published or not.
    pub fn card_template(&self, published: bool) -> &'static str {
        self.shared.state().cards.templates.insert(TEMPLATE.into(), published);
        TEMPLATE
    }

    /// The next cards are made, and nobody sees them.
    pub fn deliver_no_cards(&self, count: usize) {
        self.shared.state().cards.undelivered = count;
    }

    /// Every edit of a card: its id, and what it showed from then on.
    pub fn edits(&self) -> Vec<(String, Sent)> {
        self.shared.state().cards.edits.clone()
    }

    /// What the presses so far told each presser alone.
    pub fn toasts(&self) -> Vec<(String, String)> {
        self.shared.state().cards.toasts.clone()
    }

    /// What a card shows now, as everybody sees it.
    pub fn shows(&self, sent: &Sent) -> Sent {
        let state = self.shared.state();
        let card = &state.cards.cards[track(sent)];
        state.sent[card.sent.unwrap()].clone()
    }

    /// Waits until a card is so; panics after 20 s.
    pub async fn wait_shows(&self, sent: &Sent, so: impl Fn(&Sent) -> bool) -> Sent {
        let waited = tokio::time::timeout(Duration::from_secs(20), async {
            while !so(&self.shows(sent)) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        let waited = waited.await.is_ok();
        assert!(waited, "waited in vain, it shows {:#?}", self.shows(sent));
        self.shows(sent)
    }

    /// Somebody presses what a card showed when it was `sent`; the client sends what the button carried then.
    pub async fn press(&self, bot: &str, sent: &Sent, who: &str, label: &str) -> PressAnswer {
        let (_, say) = sent.buttons.iter().find(|(known, _)| known == label).expect("there is such a button");
        self.press_saying(bot, sent, who, say).await
    }

    /// Somebody presses a button that carries this.
    pub async fn press_saying(&self, bot: &str, sent: &Sent, who: &str, say: &str) -> PressAnswer {
        let body = self.callback(sent, who, say);
        self.shared.state().cards.cards.get_mut(track(sent)).unwrap().in_press = true;
        let answer = tokio::time::timeout(PATIENCE, self.call_back(bot, sent, &body)).await;
        let answer = answer.unwrap_or(PressAnswer { status: 0, body: Value::Null });
        let mut state = self.shared.state();
        state.cards.cards.get_mut(track(sent)).unwrap().in_press = false;
        if answer.status == 200 {
            apply(&mut state, track(sent), who, &answer.body);
        }
        answer
    }

    /// The body of a press.
    pub fn callback(&self, sent: &Sent, who: &str, say: &str) -> Value {
        let state = self.shared.state();
        let (space, id) = &state.cards.cards[track(sent)].space;
        json!({
            "type": "actionCallback", "outTrackId": track(sent), "corpId": CORP_ID, "userId": who, "userIdType": 1,
            "spaceType": space, "spaceId": id, "extension": "{}",
            "content": json!({"cardPrivateData": {"actionIds": ["button1"], "params": {"say": say}}}).to_string(),
        })
    }

    async fn call_back(&self, bot: &str, sent: &Sent, body: &Value) -> PressAnswer {
        let route = self.shared.state().cards.cards[track(sent)].route.clone();
        let Some(route) = route else {
            let frame = self.frame("CALLBACK", "/v1.0/card/instances/callback", &body.to_string());
            let answer = self.push(&frame).await.await.unwrap_or_default();
            let data: Value =
                serde_json::from_str(answer["data"].as_str().unwrap_or_default()).unwrap_or_default();
            let status = answer["code"].as_u64().unwrap_or_default() as u16;
            return PressAnswer { status, body: data["response"].clone() };
        };
        let (address, secret) = self.shared.state().cards.routes[&route].clone();
        assert!(address.starts_with("https://") && address.ends_with("/dingtalk/card"), "{address}");
        let timestamp = self.shared.clock.now().as_millisecond().to_string();
        self.post_press(bot, &timestamp, &sign(&timestamp, &secret), body).await
    }

    /// Delivers a press by HTTP with these two headers.
    pub async fn post_press(&self, bot: &str, timestamp: &str, sign: &str, body: &Value) -> PressAnswer {
        let request = self.http.post(format!("{bot}/dingtalk/card")).body(body.to_string());
        let request = request.header("x-ddpaas-signature-timestamp", timestamp);
        let response = request.header("x-ddpaas-signature", sign).send().await.unwrap();
        let status = response.status().as_u16();
        PressAnswer { status, body: response.json().await.unwrap_or_default() }
    }

    /// The signature with which presses come by HTTP now.
    pub fn press_sign(&self, timestamp: &str) -> String {
        let state = self.shared.state();
        let (_, secret) = state.cards.routes.values().next().expect("a route is registered");
        sign(timestamp, secret)
    }
}

fn track(sent: &Sent) -> &str {
    sent.raw["outTrackId"].as_str().expect("it is a card")
}

fn sign(timestamp: &str, secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(timestamp.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// What the answer to a press changes.
fn apply(state: &mut Kept, track: &str, who: &str, answer: &Value) {
    let known = ["cardUpdateOptions", "cardData", "userPrivateData"];
    assert!(answer.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{answer}");
    for data in ["cardData", "userPrivateData"] {
        let given = &answer[data]["cardParamMap"];
        assert!(given.is_null() || is_face(given, data == "cardData"), "{answer}");
    }
    if let Some(toast) = answer["userPrivateData"]["cardParamMap"]["toast"].as_str() {
        state.cards.toasts.push((who.to_owned(), toast.to_owned()));
    }
    if let Some(fresh) = answer["cardData"]["cardParamMap"].as_object() {
        let by_key = answer["cardUpdateOptions"]["updateCardDataByKey"] == true;
        put_on(state, track, fresh, by_key);
    }
}

fn put_on(state: &mut Kept, track: &str, fresh: &Map<String, Value>, by_key: bool) {
    let card = state.cards.cards.get_mut(track).unwrap();
    if !by_key {
        card.face.clear();
    }
    card.face.extend(fresh.clone());
    if let Some(index) = card.sent {
        let face = card.face.clone();
        show(&mut state.sent[index], &face);
    }
}

/// Strings, of variables that the template declares for everybody, or for one person alone.
fn is_face(given: &Value, public: bool) -> bool {
    let mut declared = vec!["title".to_owned(), "color".to_owned()];
    declared.extend((1..=4).map(|n| format!("body{n}")));
    declared.extend((1..=5).flat_map(|n| [format!("button{n}"), format!("say{n}")]));
    let toast = ["toast".to_owned()];
    let declared: &[String] = if public { &declared } else { &toast };
    let Some(given) = given.as_object() else { return false };
    given.iter().all(|(name, value)| {
        declared.contains(name) && value.as_str().is_some_and(|value| value.len() <= 1024)
    }) && (!public
        || ["blue", "green", "orange", "red"].iter().any(|color| given.get("color") == Some(&json!(color))))
}

/// What a client makes of the variables.
fn show(sent: &mut Sent, face: &Map<String, Value>) {
    let value = |name: String| face.get(&name).and_then(Value::as_str).unwrap_or_default().to_owned();
    sent.title = value("title".into());
    let bodies = (1..=4).map(|n| value(format!("body{n}"))).filter(|body| !body.is_empty());
    sent.text = std::iter::once(sent.title.clone()).chain(bodies).collect::<Vec<_>>().join("  \n  ");
    let buttons = (1..=5).map(|n| (value(format!("button{n}")), value(format!("say{n}"))));
    sent.buttons = buttons.filter(|(label, _)| !label.is_empty()).collect();
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1.0/card/instances/createAndDeliver", post(create))
        .route("/v1.0/card/instances", put(update))
        .route("/v1.0/card/callbacks/register", post(register))
}

async fn create(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&shared, Way::Card, |state| {
        let body = authorised(state, &shared, &headers, &body)?;
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (template, track) = (text("cardTemplateId"), text("outTrackId"));
        if template.is_empty() {
            return Err(named(400, "param.cardTemplateIdEmpty"));
        }
        if track.is_empty() {
            return Err(named(400, "param.outTrackIdEmpty"));
        }
        match state.cards.templates.get(&template) {
            None => return Err(named(400, "param.templateNotExist")),
            Some(false) => return Err(named(400, "param.templateUnpublished")),
            Some(true) => {}
        }
        if state.cards.cards.contains_key(&track) {
            return Err(named(400, "param.cardAlreadyExist"));
        }
        let route = match text("callbackType").as_str() {
            "STREAM" => None,
            "HTTP" => Some(text("callbackRouteKey")),
            _ => return Err(named(400, "param.invalid")),
        };
        let face = &body["cardData"]["cardParamMap"];
        if track.len() > 64
            || !is_face(face, true)
            || route.as_ref().is_some_and(|route| !state.cards.routes.contains_key(route))
            || body["userIdType"] != 1
        {
            return Err(named(400, "param.invalid"));
        }
        let mut sent = place(&body).ok_or_else(|| named(400, "param.openSpaceModelInvalid"))?;
        let known = match &sent.conversation {
            Some(group) => state.groups.contains_key(group),
            None => state.people.contains_key(&sent.people[0]),
        };
        let delivered = known && state.cards.undelivered == 0;
        state.cards.undelivered = state.cards.undelivered.saturating_sub(1);
        let face = face.as_object().unwrap().clone();
        show(&mut sent, &face);
        if let Some(group) = &sent.conversation {
            let members = state.groups.get(group).map(|group| group.members.clone()).unwrap_or_default();
            let at = &body["imGroupOpenDeliverModel"]["atUserIds"];
            let called = at.as_object().into_iter().flat_map(|at| at.keys().cloned());
            sent.notified = called.filter(|id| members.contains(id)).collect();
        }
        let space = match &sent.conversation {
            Some(group) => ("IM_GROUP".to_owned(), group.clone()),
            None => ("IM_ROBOT".to_owned(), sent.people[0].clone()),
        };
        let result = json!({
            "spaceType": space.0, "spaceId": space.1, "success": delivered, "carrierId": "c",
            "errorMsg": if delivered { "" } else { "deliver failed" },
        });
        let index = delivered.then(|| {
            keep(state, sent);
            state.sent.len() - 1
        });
        state.cards.cards.insert(track.clone(), Card { face, sent: index, space, route, in_press: false });
        Ok(json!({"success": true, "result": {"outTrackId": track, "deliverResults": [result]}}))
    })
    .await
}

/// Where a card goes, with what that kind of place requires.
fn place(body: &Value) -> Option<Sent> {
    let space = body["openSpaceId"].as_str()?.strip_prefix("dtv1.card//")?;
    let (space, id) = space.split_once('.')?;
    let (model, deliver) = match space {
        "IM_GROUP" => (&body["imGroupOpenSpaceModel"], &body["imGroupOpenDeliverModel"]),
        "IM_ROBOT" => (&body["imRobotOpenSpaceModel"], &body["imRobotOpenDeliverModel"]),
        _ => return None,
    };
    let group = space == "IM_GROUP";
    let empty_people =
        deliver.get("atUserIds").is_some_and(|people| people.as_object().is_none_or(Map::is_empty));
    let good = model["supportForward"].is_boolean()
        && model["lastMessageI18n"]["ZH_CN"].is_string()
        && deliver["robotCode"] == ROBOT_CODE
        && (group || deliver["spaceType"] == "IM_ROBOT")
        && !empty_people;
    good.then(|| Sent {
        way: Way::Card,
        conversation: group.then(|| id.to_owned()),
        people: if group { Vec::new() } else { vec![id.to_owned()] },
        kind: "card".into(),
        title: String::new(),
        text: String::new(),
        buttons: Vec::new(),
        file: None,
        pictures: Vec::new(),
        notified: Vec::new(),
        raw: body.clone(),
    })
}

async fn update(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&shared, Way::CardEdit, |state| {
        let body = authorised(state, &shared, &headers, &body)?;
        let track = body["outTrackId"].as_str().unwrap_or_default().to_owned();
        if track.is_empty() {
            return Err(named(400, "param.outTrackIdEmpty"));
        }
        let Some(card) = state.cards.cards.get(&track) else { return Err(named(400, "param.cardNotExist")) };
        assert!(!card.in_press, "a card is edited while a press of it is answered");
        let fresh = &body["cardData"]["cardParamMap"];
        if !is_face(fresh, true) {
            return Err(named(400, "param.invalid"));
        }
        let by_key = body["cardUpdateOptions"]["updateCardDataByKey"] == true;
        let fresh = fresh.as_object().unwrap().clone();
        put_on(state, &track, &fresh, by_key);
        if let Some(index) = state.cards.cards[&track].sent {
            let now = state.sent[index].clone();
            state.cards.edits.push((track, now));
        }
        Ok(json!({"success": true, "result": true}))
    })
    .await
}

async fn register(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&shared, Way::CardRoute, |state| -> Outcome {
        let body = authorised(state, &shared, &headers, &body)?;
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (route, address, secret) = (text("callbackRouteKey"), text("callbackUrl"), text("apiSecret"));
        if route.is_empty() {
            return Err(named(400, "param.callbackRouteKeyEmpty"));
        }
        if address.is_empty() {
            return Err(named(400, "param.callbackUrlEmpty"));
        }
        if state.cards.routes.contains_key(&route) && body["forceUpdate"] != true {
            return Err(named(500, "param.callbackRouteKeyExist"));
        }
        state.cards.routes.insert(route, (address.clone(), secret.clone()));
        Ok(json!({"success": true, "result": {"callbackUrl": address, "apiSecret": secret}}))
    })
    .await
}
