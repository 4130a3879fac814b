//! Messages out: what people read, and what becomes of refusals.

use jiff::SignedDuration;
use jiuding::{
    chat::{Chart, Line, Message, MessageId, PersonId, ReplyTo, RoomId, Span, Target, Tone, What},
    platform::{Parcel, Platform, Undelivered},
};

use super::{GROUP, LI, Stage, WANG, into_group, person};
use crate::fake_feishu::Fault;

fn answering(parcel: Parcel, message: &str) -> Parcel {
    let reply_to = ReplyTo { message: MessageId::new("feishu", message), session: None };
    Parcel { reply_to: Some(reply_to), ..parcel }
}

fn ping() -> Message {
    Message::text("T1 已过一半时限")
        .tone(Tone::Warning)
        .line(Line::default().people([&person(LI, "李工")]).then("请响应"))
        .button("响应", "/工单 T1 响应")
}

#[tokio::test]
async fn a_card_reads_as_it_was_meant_and_its_button_says_its_line() {
    let stage = Stage::new().await;
    let accepted = stage.feishu.deliver(&into_group("p1", ping())).await.unwrap();
    let sent = stage.fake.wait_sent(1).await.remove(0);
    assert_eq!(accepted.message, Some(MessageId::new("feishu", &sent.message_id)));
    assert_eq!(
        (sent.msg_type.as_str(), sent.words.as_str()),
        ("interactive", "T1 已过一半时限\n@李工 请响应")
    );
    assert_eq!(sent.mentions, [LI]);
    assert_eq!(sent.content["header"]["template"], "orange");

    let answer = stage.fake.press(WANG, &sent, "响应").await;
    assert_eq!((answer.status, &answer.body["toast"]["content"]), (200, &"已收到".into()));
    let heard = stage.recorder.only();
    assert_eq!(heard.what, What::Pressed { line: "/工单 T1 响应".into() });
    assert_eq!((heard.sender.id.raw(), heard.sender.name.as_str()), (WANG, "王工"));
    assert_eq!((heard.room.id.raw(), heard.room.name.as_deref()), (GROUP, Some("远山项目群")));
    assert_eq!(heard.reply_to.unwrap().message.raw(), sent.message_id);
}

#[tokio::test]
async fn a_chart_is_drawn_by_the_client_and_its_line_says_the_same() {
    let stage = Stage::new().await;
    let points = vec![("2026Q3".into(), 80), ("2026Q4".into(), 72)];
    let chart = Some(Box::new(Chart { title: "趋势".into(), most: 100, points, bands: None }));
    let message = Message { chart, ..Message::text("72 分\n趋势 2026Q3 80 → 2026Q4 72 ↓") };
    stage.feishu.deliver(&into_group("p1", message)).await.unwrap();
    let sent = stage.fake.wait_sent(1).await.remove(0);
    assert_eq!(sent.words, "72 分\n趋势 2026Q3 80 → 2026Q4 72 ↓");
    assert_eq!(sent.content["body"]["elements"][1]["tag"], "chart");
}

#[tokio::test]
async fn an_answer_quotes_and_falls_back_where_the_question_is_gone() {
    let stage = Stage::new().await;
    let question = stage.fake.text(GROUP, LI, "{bot} 帮助");
    let parcel = answering(into_group("p1", Message::text("在")), question.message_id());
    stage.feishu.deliver(&parcel).await.unwrap();
    assert_eq!(stage.fake.sent()[0].reply_to.as_deref(), Some(question.message_id()));
    assert_eq!(stage.fake.sent()[0].chat_id, GROUP);

    stage.fake.recall(question.message_id());
    let parcel = answering(into_group("p2", Message::text("还在")), question.message_id());
    stage.feishu.deliver(&parcel).await.unwrap();
    let sent = &stage.fake.sent()[1];
    assert_eq!((sent.reply_to.as_deref(), sent.words.as_str()), (None, "还在"));
}

#[tokio::test]
async fn a_message_for_one_person_lands_in_the_direct_chat_even_as_an_answer() {
    let stage = Stage::new().await;
    let question = stage.fake.text(GROUP, LI, "{bot} 帮助");
    let to = Target::Person(PersonId::new("feishu", LI));
    let parcel = Parcel { to, ..answering(into_group("p1", ping()), question.message_id()) };
    stage.feishu.deliver(&parcel).await.unwrap();
    let sent = stage.fake.sent().remove(0);
    assert_eq!((sent.open_id.as_deref(), sent.chat_id.as_str()), (Some(LI), stage.fake.direct(LI).as_str()));
    // A press there is known to be in a direct chat.
    assert_eq!(stage.fake.press(LI, &sent, "响应").await.status, 200);
    assert!(stage.recorder.only().room.direct);
}

#[tokio::test]
async fn typed_text_is_no_markup_in_a_card_or_a_text() {
    let stage = Stage::new().await;
    let typed = "<at id=all></at><at user_id=\"all\"></at> [点](http://x) **粗** <b>b</b> \u{8}&lt; 1. a";
    let line =
        Line(vec![Span::Person(person(LI, "李工")), Span::Text(typed.into()), Span::Strong(typed.into())]);
    let message = Message::text(typed).line(line).line(typed).button(typed, typed);
    stage.feishu.deliver(&into_group("p1", message.clone())).await.unwrap();
    stage.fake.fail_next(Fault::RefuseCard(11310));
    stage.feishu.deliver(&into_group("p2", message)).await.unwrap();
    let [card, text] = &stage.fake.sent()[..] else { panic!("two were sent") };
    let shown = typed.replace('\u{8}', "");
    // The blank before the emphasis is the only thing added.
    assert_eq!(card.words, format!("{shown}\n@李工{shown} {shown}\n{shown}"));
    assert_eq!(card.mentions, [LI]);
    assert_eq!(text.msg_type, "text");
    assert_eq!(text.mentions, [LI]);
    assert!(!text.words.contains('<') && !text.words.contains("]("), "{}", text.words);
}

#[tokio::test]
async fn blank_and_long_lines_make_a_card_that_is_taken() {
    let stage = Stage::new().await;
    stage.fake.per_chat_per_second(1000);
    let li = || Line::default().people([&person(LI, "李工")]);
    let bold = |words: &str| {
        Line(vec![Span::Text("见".into()), Span::Strong(words.into()), Span::Text("处理".into())])
    };
    let long = "长".repeat(200);
    let messages = [
        Message::text("只有一行"),
        Message::text("标题\n\n"),
        Message::text("\n\n正文"),
        Message::text("标题\n甲\n\n乙").line("").line(li()).line("").line("丙").line(""),
        Message::text(&long).line("正文"),
        Message::text("标题").line(bold("【T1】")).line(bold("T1")).line(bold("")).line(bold(" ")),
        Message::text("").line(li()).line("").button("好", "/好"),
    ];
    for (n, message) in messages.into_iter().enumerate() {
        stage.feishu.deliver(&into_group(&format!("p{n}"), message)).await.unwrap();
    }
    let sent = stage.fake.sent();
    assert!(sent.iter().all(|sent| sent.msg_type == "interactive"), "{sent:#?}");
    assert_eq!(sent[3].words, "标题\n甲\n\n乙\n\n@李工 \n\n丙\n");
    assert_eq!(sent[4].content.get("header"), None);
    assert!(sent[5].words.starts_with("标题\n见 【T1】 处理\n见T1处理\n"), "{}", sent[5].words);
}

#[tokio::test]
async fn a_refused_card_is_said_as_text_under_another_key() {
    let stage = Stage::new().await;
    stage.fake.fail_next(Fault::RefuseCard(200861));
    stage.feishu.deliver(&into_group("p1", ping())).await.unwrap();
    let sent = stage.fake.sent().remove(0);
    assert_eq!(sent.words, "T1 已过一半时限\n@李工 请响应\n响应：发送 /工单 T1 响应");
    assert_eq!((sent.msg_type.as_str(), &sent.mentions[..]), ("text", &[LI.to_owned()][..]));
    // Somebody whom Feishu does not know makes it refuse the card; the others are still notified.
    let both = [person("ou_gone", "赵工"), person(LI, "李工")];
    let message = Message::default().line(Line::default().people(&both).then("请看"));
    stage.feishu.deliver(&into_group("p2", message)).await.unwrap();
    let sent = &stage.fake.sent()[1];
    assert_eq!((sent.words.as_str(), &sent.mentions[..]), ("@赵工 @李工 请看", &[LI.to_owned()][..]));
}

#[tokio::test]
async fn what_is_too_long_for_a_card_is_said_whole_as_text() {
    let stage = Stage::new().await;
    let message = Message::text(vec!["远山银行的一条需求记录"; 1000].join("\n"));
    stage.feishu.deliver(&into_group("p1", message.clone())).await.unwrap();
    assert_eq!(
        (stage.fake.sent()[0].msg_type.as_str(), stage.fake.sent()[0].words.clone()),
        ("text", message.plain())
    );
    let message = Message::text(vec!["远山银行的一条需求记录"; 10_000].join("\n"));
    stage.feishu.deliver(&into_group("p2", message)).await.unwrap();
    assert!(stage.fake.sent()[1].words.ends_with("行没有显示）"));
    // Quotes and line breaks take more of the body than they seem to.
    let message = Message::text("\"\n".repeat(60_000));
    stage.feishu.deliver(&into_group("p3", message)).await.unwrap();
    assert!(stage.fake.sent()[2].words.ends_with("行没有显示）"));
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_message() {
    let stage = Stage::new().await;
    stage.fake.fail_next(Fault::DropAfterAccepting);
    let lost = stage.feishu.deliver(&into_group("p1", ping())).await;
    assert!(matches!(lost, Err(Undelivered::Unknown { .. })), "{lost:?}");
    let accepted = stage.feishu.deliver(&into_group("p1", ping())).await.unwrap();
    let sent = stage.fake.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(accepted.message, Some(MessageId::new("feishu", &sent[0].message_id)));
}

#[tokio::test]
async fn failures_are_later_never_or_unknown() {
    let stage = Stage::new().await;
    stage.fake.fail_next(Fault::Gateway(7));
    let met = stage.feishu.deliver(&into_group("p1", ping())).await;
    assert!(matches!(met, Err(Undelivered::TooFast { after, .. }) if after.as_secs() == 7), "{met:?}");
    for code in [230020, 11232] {
        stage.fake.fail_next(Fault::Code(code));
        let met = stage.feishu.deliver(&into_group("p1", ping())).await;
        assert!(matches!(met, Err(Undelivered::Later { after: None, .. })), "{code}: {met:?}");
    }
    for fault in [Fault::Status(502), Fault::Drop] {
        stage.fake.fail_next(fault.clone());
        let lost = stage.feishu.deliver(&into_group("p1", ping())).await;
        assert!(matches!(lost, Err(Undelivered::Unknown { .. })), "{fault:?}: {lost:?}");
    }
    for code in [230002, 230013, 230022, 99991672] {
        stage.fake.fail_next(Fault::Code(code));
        let refused = stage.feishu.deliver(&into_group("p1", ping())).await;
        assert!(matches!(refused, Err(Undelivered::Never { .. })), "{code}: {refused:?}");
    }
    let elsewhere = Parcel { to: Target::Room(RoomId::new("dingtalk", "cid")), ..into_group("p1", ping()) };
    assert!(matches!(stage.feishu.deliver(&elsewhere).await, Err(Undelivered::Never { .. })));
    assert!(stage.fake.sent().is_empty());
}

#[tokio::test]
async fn the_sixth_message_within_a_second_waits() {
    let stage = Stage::new().await;
    let mut last = Ok(Default::default());
    for n in 0..6 {
        last = stage.feishu.deliver(&into_group(&format!("p{n}"), Message::text("x"))).await;
    }
    assert!(matches!(last, Err(Undelivered::Later { after: None, .. })), "{last:?}");
    assert_eq!(stage.fake.sent().len(), 5);
}

#[tokio::test]
async fn a_token_is_renewed_by_the_bots_clock_and_replaced_when_refused() {
    let stage = Stage::new().await;
    stage.fake.per_chat_per_second(1000);
    let send = async |id: &str| stage.feishu.deliver(&into_group(id, Message::text("x"))).await.unwrap();
    let (_, _) = tokio::join!(send("p1"), send("p2"));
    assert_eq!(stage.fake.calls("auth"), 1);
    stage.clock.set(stage.now() + SignedDuration::from_mins(91));
    send("p3").await;
    assert_eq!(stage.fake.calls("auth"), 2);
    stage.fake.expire_tokens();
    send("p4").await;
    assert_eq!((stage.fake.calls("auth"), stage.fake.sent().len()), (3, 4));
}

#[tokio::test]
async fn without_a_token_nothing_is_sent_and_the_bot_is_not_ready() {
    let stage = Stage::new().await;
    stage.fake.fail_authorisation(Some(Fault::Status(503)));
    assert!(stage.feishu.ready().await.is_err());
    let waits = stage.feishu.deliver(&into_group("p1", ping())).await;
    assert!(matches!(waits, Err(Undelivered::Later { .. })), "{waits:?}");
    assert_eq!(stage.fake.calls("send"), 0);
    stage.fake.fail_authorisation(None);
    assert_eq!(stage.feishu.ready().await, Ok(()));
}

#[tokio::test]
async fn somebody_known_by_id_alone_is_named() {
    let stage = Stage::new().await;
    assert_eq!(stage.feishu.name_of(&PersonId::new("feishu", LI)).await.as_deref(), Some("李工"));
    assert_eq!(stage.feishu.name_of(&PersonId::new("feishu", "ou_nobody")).await, None);
    assert_eq!(stage.feishu.name_of(&PersonId::new("dingtalk", LI)).await, None);
}
