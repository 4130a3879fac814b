//! Stream mode: opening, frames, answers, and all the ways in which it breaks.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::State as Extract,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot, watch},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response as Upgrade},
        protocol::frame::{
            self,
            coding::{Data, OpCode},
        },
    },
};

use super::{Answer, CLIENT_ID, CLIENT_SECRET, FakeDingTalk, Said, Shared};

/// The platform gives up on an answer after this long.
const PATIENCE: Duration = Duration::from_secs(3);
/// Within what is waited for.
const SOON: Duration = Duration::from_secs(20);

/// Everything about connections.
pub(super) struct Streams {
    address: String,
    /// Deliveries go here rather than to the webhook.
    pub on: bool,
    tickets: Vec<String>,
    /// Opening is refused with this status.
    refusal: Option<u16>,
    /// Tickets are dead when they are used.
    stale: bool,
    connections: Vec<mpsc::UnboundedSender<Order>>,
    waiting: HashMap<String, oneshot::Sender<Value>>,
    lose_answers: usize,
    replaces_at_once: bool,
    opened: watch::Sender<usize>,
    pings: watch::Sender<usize>,
    closed: watch::Sender<usize>,
}

impl Default for Streams {
    fn default() -> Self {
        let zero = || watch::Sender::new(0);
        Self {
            address: String::new(),
            on: false,
            tickets: Vec::new(),
            refusal: None,
            stale: false,
            connections: Vec::new(),
            waiting: HashMap::new(),
            lose_answers: 0,
            replaces_at_once: false,
            opened: zero(),
            pings: zero(),
            closed: zero(),
        }
    }
}

enum Order {
    Send(String),
    /// The first half of a message, and then nothing more of it.
    SendHalf(String),
    /// The line breaks without a word.
    Drop,
    /// Nothing is read or written any more, and nobody is told.
    Freeze,
}

impl FakeDingTalk {
    /// From now on deliveries go over the long connection.
    pub fn by_stream(&self) -> &Self {
        self.shared.state().streams.on = true;
        self
    }

    pub fn is_by_stream(&self) -> bool {
        self.shared.state().streams.on
    }

    /// Opening is refused with this status, until `None`.
    pub fn refuse_connections(&self, status: Option<u16>) {
        self.shared.state().streams.refusal = status;
    }

    /// Whether tickets have run out by the time they are used.
    pub fn stale_tickets(&self, stale: bool) {
        self.shared.state().streams.stale = stale;
    }

    /// Every connection is to be replaced as soon as it stands.
    pub fn replace_at_once(&self) {
        self.shared.state().streams.replaces_at_once = true;
    }

    /// The next answers never arrive.
    pub fn lose_answers(&self, count: usize) {
        self.shared.state().streams.lose_answers = count;
    }

    /// All lines break without a word.
    pub fn drop_connections(&self) {
        self.order(|| Order::Drop);
    }

    /// All connections go half-open: this side is gone and the other is not told.
    pub fn freeze_connections(&self) {
        self.order(|| Order::Freeze);
    }

    /// Wants all connections replaced; nothing is delivered on them any more.
    pub fn ask_to_disconnect(&self) {
        let frame = self.frame("SYSTEM", "disconnect", r#"{"reason":"connection is expired"}"#);
        self.order(|| Order::Send(frame.to_string()));
    }

    fn order(&self, order: impl Fn() -> Order) {
        for connection in self.shared.state().streams.connections.drain(..) {
            // Lives on until the other side closes.
            let _ = connection.send(order());
            std::mem::forget(connection);
        }
    }

    pub fn opened(&self) -> usize {
        *self.shared.state().streams.opened.borrow()
    }

    /// Waits until so many connections were opened; panics after 20 s.
    pub async fn wait_opened(&self, count: usize) {
        self.wait_opened_within(count, SOON).await;
    }

    /// The same for whoever is slow to start.
    pub async fn wait_opened_within(&self, count: usize, limit: Duration) {
        let opened = self.shared.state().streams.opened.subscribe();
        wait_within(limit, opened, count, "connections").await;
    }

    /// Waits until so many connections were closed by the bot in good order; panics after 20 s.
    pub async fn wait_closed(&self, count: usize) {
        let counted = self.shared.state().streams.closed.subscribe();
        wait(counted, count, "closed connections").await;
    }

    /// Waits until so many pings came; panics after 20 s.
    pub async fn wait_pings(&self, count: usize) {
        let counted = self.shared.state().streams.pings.subscribe();
        wait(counted, count, "pings").await;
    }

    /// A frame of this kind.
    pub fn frame(&self, kind: &str, topic: &str, data: &str) -> Value {
        let mut state = self.shared.state();
        state.counter += 1;
        json!({
            "specVersion": "1.0", "type": kind,
            "headers": {
                "appId": "1d5e5a33-0f52-4f5e-9d8a-aaaaaaaaaaaa", "connectionId": "9c1f6a70",
                "contentType": "application/json", "messageId": format!("frame{:08}", state.counter),
                "time": self.shared.clock.now().as_millisecond().to_string(), "topic": topic,
            },
            "data": data,
        })
    }

    /// Sends a frame and gives the answer to come.
    pub async fn push(&self, frame: &Value) -> oneshot::Receiver<Value> {
        let (sender, answered) = oneshot::channel();
        let message_id = frame["headers"]["messageId"].as_str().unwrap_or_default().to_owned();
        let connection = self.connection().await;
        self.shared.state().streams.waiting.insert(message_id, sender);
        let _ = connection.send(Order::Send(frame.to_string()));
        answered
    }

    /// Sends what somebody said and gives the answer to come.
    pub async fn push_said(&self, said: &Said) -> oneshot::Receiver<Value> {
        let frame = self.frame("CALLBACK", "/v1.0/im/bot/messages/get", &said.body.to_string());
        self.push(&frame).await
    }

    /// Sends half of what somebody said.
    pub async fn push_half(&self, said: &Said) {
        let frame = self.frame("CALLBACK", "/v1.0/im/bot/messages/get", &said.body.to_string()).to_string();
        let _ = self.connection().await.send(Order::SendHalf(frame));
    }

    /// Any text as a frame, without an answer.
    pub async fn push_raw(&self, text: &str) {
        let _ = self.connection().await.send(Order::Send(text.to_owned()));
    }

    /// Delivers over the connection; as the webhook's answer it reads 200 and `{}`.
    pub(super) async fn deliver_by_stream(&self, said: &Said) -> Answer {
        let answered = self.push_said(said).await;
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(answer)) => {
                let status = answer["code"].as_u64().unwrap() as u16;
                if status == 200 {
                    assert_eq!(answer["data"], r#"{"response":null}"#);
                }
                Answer { status, body: if status == 200 { "{}".into() } else { String::new() } }
            }
            _ => Answer { status: 0, body: String::new() },
        }
    }

    async fn connection(&self) -> mpsc::UnboundedSender<Order> {
        let mut opened = self.shared.state().streams.opened.subscribe();
        let found = tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                let live = {
                    let streams = &mut self.shared.state().streams;
                    streams.connections.retain(|connection| !connection.is_closed());
                    streams.connections.last().cloned()
                };
                if let Some(live) = live {
                    return live;
                }
                opened.changed().await.unwrap();
            }
        });
        found.await.expect("the bot connects")
    }
}

async fn wait(counted: watch::Receiver<usize>, count: usize, what: &str) {
    wait_within(SOON, counted, count, what).await;
}

async fn wait_within(limit: Duration, mut counted: watch::Receiver<usize>, count: usize, what: &str) {
    let waited = tokio::time::timeout(limit, counted.wait_for(|it| *it >= count)).await.is_ok();
    assert!(waited, "waited for {count} {what}, there were {}", *counted.borrow());
}

/// `POST /v1.0/gateway/connections/open`.
pub(super) async fn open(Extract(shared): Extract<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut state = shared.state();
    state.calls.push(super::Way::Open);
    let refuse = |status: u16, code: &str| {
        let body = json!({ "code": code, "message": code, "requestId": "1" }).to_string();
        (StatusCode::from_u16(status).unwrap(), body).into_response()
    };
    if let Some(status) = state.streams.refusal {
        return refuse(status, "ServiceUnavailable");
    }
    if headers.get("accept").is_none_or(|accept| accept != "application/json") {
        return "<xml/>".into_response();
    }
    let subscribed = |kind: &str, topic: &str| {
        let all = body["subscriptions"].as_array().into_iter().flatten();
        all.into_iter().any(|one| one["type"] == kind && one["topic"] == topic)
    };
    if body["clientId"] != CLIENT_ID
        || body["clientSecret"] != CLIENT_SECRET
        || !subscribed("CALLBACK", "/v1.0/im/bot/messages/get")
        || !subscribed("EVENT", "*")
    {
        return refuse(400, "invalidParameter");
    }
    state.counter += 1;
    // It needs encoding.
    let ticket = format!("tkt/{:08}+b=c&d 1", state.counter);
    state.streams.tickets.push(ticket.clone());
    let endpoint = format!("ws://{}/connect", state.streams.address);
    json!({ "endpoint": endpoint, "ticket": ticket }).to_string().into_response()
}

/// Takes connections on a port of its own.
pub(super) async fn listen(shared: Arc<Shared>) -> tokio::task::JoinHandle<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    shared.state().streams.address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(shared.clone(), stream));
        }
    })
}

#[allow(clippy::result_large_err)]
async fn converse(shared: Arc<Shared>, stream: TcpStream) {
    let admit = |request: &Request, upgrade: Upgrade| {
        let query = request.uri().query().unwrap_or_default();
        let ticket = query.strip_prefix("ticket=").unwrap_or_default().replace('+', " ");
        let ticket = percent_encoding::percent_decode_str(&ticket).decode_utf8_lossy().into_owned();
        let streams = &mut shared.state().streams;
        match streams.tickets.iter().position(|known| *known == ticket) {
            Some(at) if !streams.stale => {
                // Good for one connection.
                streams.tickets.remove(at);
                Ok(upgrade)
            }
            _ => {
                let mut response = ErrorResponse::new(None);
                *response.status_mut() = StatusCode::UNAUTHORIZED;
                Err(response)
            }
        }
    };
    let Ok(mut socket) = accept_hdr_async(stream, admit).await else { return };
    let (orders, mut ordered) = mpsc::unbounded_channel();
    {
        let streams = &mut shared.state().streams;
        streams.connections.push(orders);
        streams.opened.send_modify(|opened| *opened += 1);
    }
    if shared.state().streams.replaces_at_once {
        let notice = r#"{"type":"SYSTEM","headers":{"topic":"disconnect","messageId":"m"},"data":"{}"}"#;
        let _ = socket.send(Message::text(notice)).await;
    }
    loop {
        tokio::select! {
            order = ordered.recv() => match order {
                Some(Order::Send(text)) => drop(socket.send(Message::text(text)).await),
                Some(Order::SendHalf(text)) => {
                    let half = text.as_bytes()[..text.len() / 2].to_vec();
                    let half = frame::Frame::message(half, OpCode::Data(Data::Text), false);
                    drop(socket.send(Message::Frame(half)).await);
                }
                Some(Order::Freeze) => std::future::pending().await,
                Some(Order::Drop) | None => return,
            },
            alive = read(&shared, &mut socket) => if !alive { return },
        }
    }
}

/// Reads one frame; false when there will be no more.
async fn read(shared: &Shared, socket: &mut WebSocketStream<TcpStream>) -> bool {
    match socket.next().await {
        Some(Ok(Message::Ping(_))) => shared.state().streams.pings.send_modify(|pings| *pings += 1),
        Some(Ok(Message::Text(text))) => answered(shared, &text),
        Some(Ok(Message::Close(_))) => {
            shared.state().streams.closed.send_modify(|closed| *closed += 1);
            // The farewell is written already.
            let _ = socket.flush().await;
            return false;
        }
        Some(Ok(_)) => {}
        _ => return false,
    }
    true
}

fn answered(shared: &Shared, text: &str) {
    let answer: Value = serde_json::from_str(text).expect("the bot sends JSON");
    assert_eq!(answer["headers"]["contentType"], "application/json");
    assert!(answer["data"].is_string() && answer["code"].is_u64(), "{answer}");
    let streams = &mut shared.state().streams;
    if streams.lose_answers > 0 {
        streams.lose_answers -= 1;
        return;
    }
    if let Some(sender) = streams.waiting.remove(answer["headers"]["messageId"].as_str().unwrap_or_default())
    {
        let _ = sender.send(answer);
    }
}
