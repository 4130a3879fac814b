//! The long connection: endpoint, frames, acknowledgements, and all the ways in which it breaks.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::State as Extract,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::{SinkExt, StreamExt};
use prost::Message as _;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot, watch},
    time::Instant,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response as Upgrade},
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::{APP_ID, APP_SECRET, Answer, Delivery, FakeFeishu, Fault, Shared, server};

/// The platform gives up on an acknowledgement after this long.
const PATIENCE: Duration = Duration::from_secs(3);
/// Within what is waited for.
const SOON: Duration = Duration::from_secs(20);
const SERVICE: i32 = 33_554_678;

#[derive(Clone, PartialEq, prost::Message)]
struct Frame {
    #[prost(uint64, required, tag = "1")]
    seq_id: u64,
    #[prost(uint64, required, tag = "2")]
    log_id: u64,
    #[prost(int32, required, tag = "3")]
    service: i32,
    #[prost(int32, required, tag = "4")]
    method: i32,
    #[prost(message, repeated, tag = "5")]
    headers: Vec<Header>,
    #[prost(string, optional, tag = "6")]
    payload_encoding: Option<String>,
    #[prost(string, optional, tag = "7")]
    payload_type: Option<String>,
    #[prost(bytes = "vec", optional, tag = "8")]
    payload: Option<Vec<u8>>,
    #[prost(string, optional, tag = "9")]
    log_id_new: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Header {
    #[prost(string, required, tag = "1")]
    key: String,
    #[prost(string, required, tag = "2")]
    value: String,
}

impl Frame {
    fn header(&self, key: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.key == key).map(|header| header.value.as_str())
    }
}

/// Everything about connections.
pub(super) struct Sockets {
    pub address: String,
    /// Deliveries go here rather than to the webhook.
    on: bool,
    tickets: Vec<String>,
    wishes: Option<Value>,
    refusal: Option<i64>,
    upgrade: Option<(u16, i64)>,
    endpoint: Option<Fault>,
    connections: Vec<Connection>,
    /// Frames sent whose acknowledgement is waited for.
    waiting: HashMap<String, (Frame, oneshot::Sender<Answer>, Instant)>,
    lose_acks: usize,
    answers_pings: bool,
    pub opened: watch::Sender<usize>,
    pub pings: watch::Sender<usize>,
}

impl Default for Sockets {
    fn default() -> Self {
        Self {
            address: String::new(),
            on: false,
            tickets: Vec::new(),
            wishes: Some(wishes(-1, 1, 0, 120)),
            refusal: None,
            upgrade: None,
            endpoint: None,
            connections: Vec::new(),
            waiting: HashMap::new(),
            lose_acks: 0,
            answers_pings: true,
            opened: watch::Sender::new(0),
            pings: watch::Sender::new(0),
        }
    }
}

/// The `ClientConfig` with these numbers.
pub fn wishes(count: i64, interval: i64, nonce: i64, ping: i64) -> Value {
    json!({
        "ReconnectCount": count, "ReconnectInterval": interval, "ReconnectNonce": nonce, "PingInterval": ping,
    })
}

struct Connection {
    orders: mpsc::UnboundedSender<Order>,
}

enum Order {
    Send(Vec<u8>),
    Close,
    /// The line breaks without a word.
    Drop,
    /// Nothing is read or written any more, and nobody is told.
    Freeze,
}

impl FakeFeishu {
    /// From now on deliveries go over the long connection, decrypted and without a token.
    pub fn over_socket(&self) -> &Self {
        self.state().sockets.on = true;
        self
    }

    pub fn is_over_socket(&self) -> bool {
        self.state().sockets.on
    }

    /// What the endpoint and later pongs ask of clients.
    pub fn wish(&self, wishes: Option<Value>) -> &Self {
        self.state().sockets.wishes = wishes;
        self
    }

    /// The endpoint refuses with this code, until `None`.
    pub fn refuse_connections(&self, code: Option<i64>) -> &Self {
        self.state().sockets.refusal = code;
        self
    }

    /// The upgrade is refused with `Handshake-Status` and `Handshake-Autherrcode`, until `None`.
    pub fn refuse_upgrades(&self, with: Option<(u16, i64)>) -> &Self {
        self.state().sockets.upgrade = with;
        self
    }

    /// Every call of the endpoint fails so, until `None`.
    pub fn fail_endpoint(&self, fault: Option<Fault>) -> &Self {
        self.state().sockets.endpoint = fault;
        self
    }

    /// Pings stay without an answer.
    pub fn ignore_pings(&self) -> &Self {
        self.state().sockets.answers_pings = false;
        self
    }

    /// The next acknowledgements never arrive.
    pub fn lose_acks(&self, count: usize) -> &Self {
        self.state().sockets.lose_acks = count;
        self
    }

    /// All lines break without a word.
    pub fn drop_connections(&self) {
        self.order(|| Order::Drop);
    }

    /// All connections are closed in good order.
    pub fn close_connections(&self) {
        self.order(|| Order::Close);
    }

    /// All connections go half-open: this side is gone and the other is not told.
    pub fn freeze_connections(&self) {
        self.order(|| Order::Freeze);
    }

    fn order(&self, order: impl Fn() -> Order) {
        for connection in self.state().sockets.connections.drain(..) {
            let _ = connection.orders.send(order());
        }
    }

    /// Any bytes as one frame on every connection.
    pub fn send_raw(&self, bytes: &[u8]) {
        for connection in &self.state().sockets.connections {
            let _ = connection.orders.send(Order::Send(bytes.to_vec()));
        }
    }

    /// How many connections were ever open.
    pub fn opened(&self) -> usize {
        *self.state().sockets.opened.borrow()
    }

    /// Waits until so many connections were opened; panics after 20 s.
    pub async fn wait_opened(&self, count: usize) {
        self.wait_opened_within(count, SOON).await;
    }

    /// The same for whoever is slow to start.
    pub async fn wait_opened_within(&self, count: usize, limit: Duration) {
        let opened = self.state().sockets.opened.subscribe();
        wait_within(limit, opened, count, "connections").await;
    }

    /// How many pings came.
    pub fn pings(&self) -> usize {
        *self.state().sockets.pings.borrow()
    }

    /// Waits until so many pings came; panics after 20 s.
    pub async fn wait_pings(&self, count: usize) {
        let pings = self.state().sockets.pings.subscribe();
        wait(pings, count, "pings").await;
    }

    /// Delivers on one connection and waits for the acknowledgement; `status` is its code, or 0 without one.
    pub async fn push(&self, delivery: &Delivery) -> Answer {
        self.push_pieces(delivery, 1).await
    }

    /// The same in so many pieces, the last one first.
    pub async fn push_pieces(&self, delivery: &Delivery, count: usize) -> Answer {
        let (pieces, acknowledged) = self.pieces(delivery, count);
        let orders = self.connection().await;
        for piece in pieces.into_iter().rev() {
            let _ = orders.send(Order::Send(piece));
        }
        let none = Answer { status: 0, body: Value::Null, took: PATIENCE };
        tokio::time::timeout(PATIENCE, acknowledged).await.ok().and_then(Result::ok).unwrap_or(none)
    }

    /// Sends without waiting; the acknowledgement comes later, or never.
    pub async fn push_on(&self, delivery: &Delivery) -> oneshot::Receiver<Answer> {
        let (pieces, acknowledged) = self.pieces(delivery, 1);
        let orders = self.connection().await;
        pieces.into_iter().for_each(|piece| drop(orders.send(Order::Send(piece))));
        acknowledged
    }

    /// Sends all pieces but the last.
    pub async fn push_in_part(&self, delivery: &Delivery, count: usize) {
        let (mut pieces, _) = self.pieces(delivery, count);
        pieces.pop();
        let orders = self.connection().await;
        pieces.into_iter().for_each(|piece| drop(orders.send(Order::Send(piece))));
    }

    /// An acknowledged frame of another type than `event`, which clients ignore.
    pub async fn push_card_frame(&self, delivery: &Delivery) {
        let (pieces, _) = self.pieces(delivery, 1);
        let mut frame = Frame::decode(&pieces[0][..]).expect("it was encoded here");
        frame.headers[0].value = "card".into();
        let _ = self.connection().await.send(Order::Send(frame.encode_to_vec()));
    }

    /// The newest connection, waited for.
    async fn connection(&self) -> mpsc::UnboundedSender<Order> {
        let mut opened = self.state().sockets.opened.subscribe();
        let found = tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                if let Some(connection) = self.live() {
                    return connection;
                }
                opened.changed().await.expect("the server lives");
            }
        });
        found.await.expect("the bot connects")
    }

    fn live(&self) -> Option<mpsc::UnboundedSender<Order>> {
        let mut state = self.state();
        state.sockets.connections.retain(|connection| !connection.orders.is_closed());
        state.sockets.connections.last().map(|connection| connection.orders.clone())
    }

    fn pieces(&self, delivery: &Delivery, count: usize) -> (Vec<Vec<u8>>, oneshot::Receiver<Answer>) {
        let mut body = delivery.body.clone();
        for pointer in ["/header/token", "/token"] {
            if let Some(token) = body.pointer_mut(pointer) {
                *token = json!("");
            }
        }
        let payload = body.to_string().into_bytes();
        let mut state = self.state();
        let (message_id, trace_id) = (state.fresh("frame-"), state.fresh("trace-"));
        let size = payload.len().div_ceil(count);
        let frames: Vec<Frame> = payload
            .chunks(size)
            .enumerate()
            .map(|(seq, chunk)| {
                let header = |key: &str, value: String| Header { key: key.into(), value };
                Frame {
                    seq_id: seq as u64 + 1,
                    // Beyond what a double can hold.
                    log_id: 15_831_205_127_441_953_614,
                    service: SERVICE,
                    method: 1,
                    headers: vec![
                        header("type", "event".into()),
                        header("message_id", message_id.clone()),
                        header("sum", count.to_string()),
                        header("seq", seq.to_string()),
                        header("trace_id", trace_id.clone()),
                    ],
                    payload: Some(chunk.to_vec()),
                    ..Frame::default()
                }
            })
            .collect();
        let (sender, acknowledged) = oneshot::channel();
        // Whichever piece completes it is acknowledged; all but its number is the same.
        state.sockets.waiting.insert(message_id, (frames[0].clone(), sender, Instant::now()));
        (frames.iter().map(Frame::encode_to_vec).collect(), acknowledged)
    }
}

async fn wait(counted: watch::Receiver<usize>, count: usize, what: &str) {
    wait_within(SOON, counted, count, what).await;
}

async fn wait_within(limit: Duration, mut counted: watch::Receiver<usize>, count: usize, what: &str) {
    let waited = tokio::time::timeout(limit, counted.wait_for(|it| *it >= count)).await.is_ok();
    assert!(waited, "waited for {count} {what}, there were {}", *counted.borrow());
}

/// `POST /callback/ws/endpoint`.
pub(super) async fn endpoint(
    Extract(shared): Extract<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    server::count(&shared, "endpoint");
    let fault = shared.state().sockets.endpoint.clone();
    if let Some(refusal) = server::before(fault.as_ref()).await {
        return refusal;
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut state = shared.state();
    let code = match state.sockets.refusal {
        Some(code) => code,
        None if body["AppID"] != APP_ID || body["AppSecret"] != APP_SECRET => 514,
        None if headers.get("locale").is_none() => 1,
        None => 0,
    };
    if code != 0 {
        return Json(json!({ "code": code, "msg": "pretended", "data": null })).into_response();
    }
    let ticket = state.fresh("ticket-");
    state.sockets.tickets.push(ticket.clone());
    let url = format!(
        "ws://{}/ws/v2?device_id=7561&service_id={SERVICE}&access_key={ticket}",
        state.sockets.address
    );
    let mut data = json!({ "URL": url });
    if let Some(wishes) = &state.sockets.wishes {
        data["ClientConfig"] = wishes.clone();
    }
    Json(json!({ "code": 0, "msg": "", "data": data })).into_response()
}

/// Takes connections on a port of its own.
pub(super) async fn listen(shared: Arc<Shared>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    shared.state().sockets.address = listener.local_addr().expect("it is bound").to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(shared.clone(), stream));
        }
    });
}

#[allow(clippy::result_large_err)]
async fn converse(shared: Arc<Shared>, stream: TcpStream) {
    let admit = |request: &Request, upgrade: Upgrade| {
        let mut state = shared.state();
        let query = request.uri().query().unwrap_or_default();
        let ticket = query.split("access_key=").nth(1).unwrap_or_default();
        let known = state.sockets.tickets.iter().position(|known| known == ticket);
        let refusal = match (state.sockets.upgrade, known) {
            (Some(refusal), _) => Some(refusal),
            (None, None) => Some((514, 1_000_040_343)),
            (None, Some(at)) => {
                // Good for one connection.
                state.sockets.tickets.remove(at);
                None
            }
        };
        match refusal {
            None => Ok(upgrade),
            Some((status, code)) => {
                let mut response = ErrorResponse::new(None);
                *response.status_mut() = axum::http::StatusCode::BAD_REQUEST;
                response.headers_mut().insert("Handshake-Status", status.into());
                response.headers_mut().insert("Handshake-Autherrcode", code.into());
                Err(response)
            }
        }
    };
    let Ok(mut socket) = accept_hdr_async(stream, admit).await else { return };
    let (orders, mut ordered) = mpsc::unbounded_channel();
    {
        let mut state = shared.state();
        state.sockets.connections.push(Connection { orders });
        state.sockets.opened.send_modify(|opened| *opened += 1);
    }
    loop {
        tokio::select! {
            order = ordered.recv() => match order {
                Some(Order::Send(bytes)) => drop(socket.send(Message::Binary(bytes.into())).await),
                Some(Order::Close) => {
                    let frame = CloseFrame { code: CloseCode::Away, reason: "".into() };
                    let _ = socket.close(Some(frame)).await;
                    while socket.next().await.is_some_and(|next| next.is_ok()) {}
                    return;
                }
                Some(Order::Drop) => return,
                Some(Order::Freeze) => std::future::pending().await,
                // Replaced connections still read.
                None => if !read(&shared, &mut socket).await { return },
            },
            alive = read(&shared, &mut socket) => if !alive { return },
        }
    }
}

/// Reads one frame; false when there will be no more.
async fn read(shared: &Shared, socket: &mut WebSocketStream<TcpStream>) -> bool {
    let Some(Ok(message)) = socket.next().await else { return false };
    if let Message::Close(_) = message {
        // The farewell is written already.
        let _ = socket.flush().await;
        return false;
    }
    let Message::Binary(bytes) = message else { return true };
    let frame = Frame::decode(bytes).expect("the bot sends frames");
    assert_eq!(frame.service, SERVICE);
    match (frame.method, frame.header("type")) {
        (0, Some("ping")) => {
            let pong = {
                let state = shared.state();
                state.sockets.pings.send_modify(|pings| *pings += 1);
                let payload = state.sockets.wishes.as_ref().map(|wishes| wishes.to_string().into_bytes());
                let headers = vec![Header { key: "type".into(), value: "pong".into() }];
                let pong = Frame { service: SERVICE, headers, payload, ..Frame::default() };
                state.sockets.answers_pings.then_some(pong)
            };
            if let Some(pong) = pong {
                let _ = socket.send(Message::Binary(pong.encode_to_vec().into())).await;
            }
        }
        (1, Some("event")) => acknowledged(shared, frame),
        other => panic!("the bot sent {other:?}"),
    }
    true
}

/// Holds an acknowledgement against the rules.
fn acknowledged(shared: &Shared, mut ack: Frame) {
    let mut state = shared.state();
    if state.sockets.lose_acks > 0 {
        state.sockets.lose_acks -= 1;
        return;
    }
    let message_id = ack.header("message_id").expect("headers are sent back").to_owned();
    let (mut sent, sender, since) =
        state.sockets.waiting.remove(&message_id).expect("one acknowledgement each");
    let payload: Value = serde_json::from_slice(&ack.payload.take().unwrap_or_default()).expect("it is JSON");
    let time = ack.headers.pop().expect("the time is told");
    // The client for Node tells it the wrong way round.
    assert!(time.key == "biz_rt" && time.value.parse::<i64>().is_ok(), "{time:?}");
    // Everything else as it was sent.
    sent.payload = None;
    // The client for Node knows no whole numbers beyond a double's; the vectors of frames hold ours to every digit.
    assert_eq!(ack.log_id as f64, sent.log_id as f64);
    sent.log_id = ack.log_id;
    for frame in [&mut ack, &mut sent] {
        frame.seq_id = 0;
        frame.headers.retain(|header| header.key != "seq");
    }
    assert_eq!(ack, sent);
    let data = payload["data"].as_str().map(|data| STANDARD.decode(data).expect("it is base64"));
    let body = data.map(|data| serde_json::from_slice(&data).expect("it is JSON")).unwrap_or_default();
    let status = payload["code"].as_u64().and_then(|code| u16::try_from(code).ok()).expect("there is a code");
    let _ = sender.send(Answer { status, body, took: since.elapsed() });
}
