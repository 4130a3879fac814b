//! The playground over HTTP, on a real listener and a real store, before a receiver that only listens.

#![allow(clippy::unwrap_used)]

mod page;
mod stage;

use jiuding::{
    chat::{File, Message, MessageId, Person, PersonId, ReplyTo, RoomId, Target, What},
    platform::{Platform, Undelivered},
};
use serde_json::{Value, json};
use stage::{Stage, parcel, to_room};

#[tokio::test]
async fn a_message_becomes_one_event_however_often_it_is_sent() {
    let stage = Stage::new().await;
    let body = json!({
        "room": "demo", "room_name": "远山支付", "sender": {"id": "chen", "name": "陈主管"}, "message_id": "m1",
        "text": "@鼎鼎 /需求 退款 @李工", "mentions": [{"id": "jiuding", "name": "鼎鼎"}, {"id": "li", "name": "李工"}],
    });
    assert_eq!(stage.say(body.clone()).await, (200, json!({"message_id": "m1", "seen": false})));
    assert_eq!(stage.say(body).await, (200, json!({"message_id": "m1", "seen": true})));

    let heard = stage.heard();
    assert_eq!(heard.len(), 1);
    let inbound = &heard[0];
    assert_eq!(inbound.keys, ["playground:msg:demo:m1"]);
    assert_eq!(inbound.room.id, RoomId::new("playground", "demo"));
    assert_eq!((inbound.room.name.as_deref(), inbound.room.direct), (Some("远山支付"), false));
    assert_eq!(inbound.sender, Person { id: PersonId::new("playground", "chen"), name: "陈主管".into() });
    assert_eq!(inbound.written_at, Some(stage.now()));
    let reply = ReplyTo { message: MessageId::new("playground", "demo:m1"), session: None };
    assert_eq!(inbound.reply_to, Some(reply));
    let What::Said { text, addressed, quotes } = &inbound.what else { panic!("{inbound:?}") };
    assert_eq!((text.words().as_str(), *addressed, quotes), ("/需求 退款 @李工", true, &None));
    assert_eq!(text.people()[0].id, PersonId::new("playground", "li"));
    assert_eq!(stage.lines("room=demo&all=true").await.len(), 1);
}

#[tokio::test]
async fn a_message_without_an_id_is_given_one() {
    let stage = Stage::new().await;
    let body = json!({"room": "dm:li", "sender": {"id": "li"}, "text": "我的"});
    let (_, first) = stage.say(body.clone()).await;
    let (_, second) = stage.say(body).await;
    assert_ne!(first["message_id"], second["message_id"]);
    assert_eq!(second["seen"], false);
    let heard = stage.heard();
    assert_eq!(heard.len(), 2);
    assert!(heard[0].room.direct);
    assert_eq!(heard[0].sender.name, "li");
}

#[tokio::test]
async fn what_the_bot_says_is_read_as_promised_and_said_once() {
    let stage = Stage::new().await;
    stage.say(json!({"room": "demo", "sender": {"id": "chen"}, "text": "/工单 登录页打不开", "message_id": "m1"})).await;
    let mut parcel = parcel("1", to_room("demo"));
    parcel.reply_to = Some(ReplyTo { message: MessageId::new("playground", "demo:m1"), session: None });
    for _ in 0..2 {
        let accepted = stage.playground.deliver(&parcel).await.unwrap();
        assert_eq!(accepted.message, Some(MessageId::new("playground", "demo:2")));
    }
    let promised = json!([{
        "seq": 2, "time": stage.now(), "text": "T1 登录页打不开\n请响应 @李工 ", "mentions": ["li"],
        "buttons": [{"label": "响应", "value": "/工单 T1 响应"}], "reply_to": "m1",
    }]);
    assert_eq!(json!(stage.lines("room=demo").await), promised);
    assert_eq!(json!(stage.lines("room=demo&after=1").await), promised);
    assert!(stage.lines("room=demo&after=2").await.is_empty());
    assert!(stage.lines("room=nowhere").await.is_empty());
    let whole = stage.lines("room=demo&all=true").await;
    assert_eq!((&whole[0]["from"], &whole[1]["from"]), (&json!("person"), &json!("bot")));
    assert_eq!(whole[1]["tone"], "warning");
}

#[tokio::test]
async fn a_file_is_told_of_by_name_and_size_and_fetched_by_its_place() {
    let stage = Stage::new().await;
    let content: Vec<u8> = (0..=255).cycle().take(30_000).collect();
    let file = File::new("规格 (1)-V1.docx", content.clone(), "发不了文件").unwrap();
    let mut parcel = parcel("1", to_room("demo"));
    stage.playground.deliver(&parcel).await.unwrap();
    (parcel.id, parcel.message) = ("2".into(), Message::text("已确认").attach(file).apart().unwrap());
    stage.playground.deliver(&parcel).await.unwrap();
    for query in ["room=demo", "room=demo&all=true"] {
        let lines = stage.lines(query).await;
        assert_eq!(lines[0].get("file"), None);
        assert_eq!(lines[1]["text"], "📎 规格 (1)-V1.docx");
        assert_eq!(lines[1]["file"], json!({"name": "规格 (1)-V1.docx", "size": 30_000}));
        // Its bytes are not in what the page asks for every second.
        assert!(lines[1].to_string().len() < 1_000, "{}", lines[1]);
    }
    let url = |query: &str| format!("{}/api/playground/files?{query}", stage.url);
    let answer = stage.http.get(url("room=demo&seq=2")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert!(header("content-type").starts_with("application/vnd.openxmlformats-officedocument.word"));
    assert_eq!(
        header("content-disposition"),
        "attachment; filename=\"file.docx\"; filename*=UTF-8''%E8%A7%84%E6%A0%BC%20%281%29%2DV1%2Edocx"
    );
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(answer.bytes().await.unwrap() == content);
    for query in ["room=demo&seq=1", "room=demo&seq=3", "room=demo&seq=0", "room=nowhere&seq=2"] {
        assert_eq!(stage.http.get(url(query)).send().await.unwrap().status(), 404, "{query}");
    }
    assert_eq!(stage.http.get(url("room=demo")).send().await.unwrap().status(), 400);
    // Through a proxy nobody gets it.
    let proxied = stage.http.get(url("room=demo&seq=2")).header("x-forwarded-for", "10.0.0.1");
    assert_eq!(proxied.send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn a_person_is_told_in_the_direct_chat_and_other_platforms_not_at_all() {
    let stage = Stage::new().await;
    stage.playground.deliver(&parcel("1", Target::Person(PersonId::new("playground", "li")))).await.unwrap();
    assert_eq!(stage.lines("room=dm:li").await.len(), 1);
    let elsewhere = parcel("2", Target::Room(RoomId::new("feishu", "oc_1")));
    let refused = stage.playground.deliver(&elsewhere).await;
    assert!(matches!(refused, Err(Undelivered::Never { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_quote_names_the_message_by_place_or_id() {
    let stage = Stage::new().await;
    let say = |id: &str, reply_to: Value| json!({"room": "demo", "sender": {"id": "li"}, "text": "收到", "message_id": id, "reply_to": reply_to});
    stage.say(say("7", Value::Null)).await;
    let accepted = stage.playground.deliver(&parcel("1", to_room("demo"))).await.unwrap();
    let of_bot = accepted.message.unwrap();
    let of_person = MessageId::new("playground", "demo:7");
    let cases = [
        (json!("2"), &of_bot),
        (json!(2), &of_bot),
        (json!("demo:2"), &of_bot),
        (json!("playground:demo:2"), &of_bot),
        (json!("7"), &of_person),
        (json!("playground:demo:7"), &of_person),
    ];
    for (at, (reply_to, meant)) in cases.into_iter().enumerate() {
        stage.say(say(&format!("q{at}"), reply_to.clone())).await;
        let inbound = stage.heard().pop().unwrap();
        let What::Said { quotes, .. } = inbound.what else { panic!("no message") };
        assert_eq!(quotes.map(|quote| quote.message).as_ref(), Some(meant), "{reply_to}");
    }
}

#[tokio::test]
async fn a_pressed_button_says_its_line() {
    let stage = Stage::new().await;
    let body = json!({"room": "demo", "sender": {"id": "li", "name": "李工"}, "value": "/工单 T1 响应", "label": "响应"});
    let (status, _) = stage.post("/api/playground/buttons", body).await;
    assert_eq!(status, 200);
    let inbound = stage.heard().pop().unwrap();
    assert_eq!(inbound.what, What::Pressed { line: "/工单 T1 响应".into() });
    let shown = stage.lines("room=demo&all=true").await.pop().unwrap();
    assert_eq!((&shown["text"], &shown["pressed"]), (&json!("响应"), &json!(true)));
    assert!(stage.lines("room=demo").await.is_empty());
}

#[tokio::test]
async fn a_reader_that_waits_is_woken_by_the_bots_line_and_sent_home_at_the_end() {
    let stage = Stage::new().await;
    let speaks = async {
        // Whichever comes first, the reader has the line.
        stage.say(json!({"room": "demo", "sender": {"id": "li"}, "text": "/帮助"})).await;
        stage.playground.deliver(&parcel("1", to_room("demo"))).await.unwrap();
    };
    let (lines, ()) = tokio::join!(stage.lines("room=demo&wait=30"), speaks);
    assert_eq!(lines[0]["seq"], 2);

    let closes = async { stage.playground.close() };
    let (lines, ()) = tokio::join!(stage.lines("room=demo&after=2&wait=30"), closes);
    assert!(lines.is_empty());
}

#[tokio::test]
async fn a_message_whose_effect_could_not_be_written_is_carried_out_when_it_comes_again() {
    let stage = Stage::new().await;
    let body = json!({"room": "demo", "sender": {"id": "li"}, "text": "/工单 慢", "message_id": "m1"});
    stage.receiver.fail(true);
    let (status, answer) = stage.say(body.clone()).await;
    assert_eq!(status, 503);
    assert!(answer["error"].is_string());
    stage.receiver.fail(false);
    assert_eq!(stage.say(body).await.1["seen"], false);
    assert_eq!(stage.heard().len(), 1);
    assert_eq!(stage.lines("room=demo&all=true").await.len(), 1);
}

#[tokio::test]
async fn rooms_are_known_by_name_after_a_restart() {
    let stage = Stage::new().await;
    stage.say(json!({"room": "demo", "room_name": "旧名", "sender": {"id": "li"}, "text": "一"})).await;
    stage.say(json!({"room": "demo", "room_name": "新名", "sender": {"id": "li"}, "text": "二"})).await;
    let again = stage.another_playground();
    let rooms = again.rooms().await.unwrap();
    assert_eq!((rooms[0].id.as_str(), rooms[0].name.as_deref(), rooms[0].latest), ("demo", Some("新名"), 2));
    again.deliver(&parcel("1", to_room("demo"))).await.unwrap();
    let rooms = again.rooms().await.unwrap();
    assert_eq!((rooms[0].name.as_deref(), rooms[0].latest), (Some("新名"), 3));
}

#[tokio::test]
async fn what_cannot_be_read_is_answered_with_the_reason() {
    let stage = Stage::new().await;
    let missing = json!({"room": "demo", "text": "/帮助"});
    let (status, answer) = stage.say(missing).await;
    assert_eq!(status, 400);
    assert!(answer["error"].as_str().unwrap().contains("sender"), "{answer}");
    for query in ["", "room=demo&after=x", "room=demo&after=-1"] {
        assert_eq!(stage.get(&format!("/api/playground/messages?{query}")).await.0, 400, "{query}");
    }
    assert_eq!(stage.get("/api/nothing").await.0, 404);
    assert_eq!(stage.get("/api/playground/buttons").await.0, 405);
    assert!(stage.heard().is_empty());
}
