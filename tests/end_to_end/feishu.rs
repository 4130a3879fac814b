//! A day on Feishu.

use serde_json::json;

use super::stage::{CHEN, FEISHU, LI, Stage, WANG, ZHANG};
use crate::fake_feishu::{Fault, Sent};

const TICKET: &str = "/工单 登录页打不开 !紧急";

/// The answer and the first ping to 李工.
async fn opened(stage: &Stage) -> (crate::fake_feishu::Delivery, Vec<Sent>) {
    let said = stage.feishu_says(WANG, TICKET).await;
    let sent = stage.feishu.wait_sent(2).await;
    // Written down, too: an answer that quotes one of them is known then.
    stage.all_said().await;
    (said, sent)
}

#[tokio::test]
async fn a_ticket_is_answered_with_a_card_and_pings_with_a_mention() {
    let stage = Stage::with_feishu_project().await;
    let (said, sent) = opened(&stage).await;
    let [answer, ping] = &sent[..] else { panic!("{sent:#?}") };
    assert_eq!((answer.msg_type.as_str(), &answer.content["schema"]), ("interactive", &json!("2.0")));
    assert_eq!(answer.reply_to.as_deref(), Some(said.message_id()));
    assert!(answer.words.starts_with("T1 登录页打不开 · 紧急\n"), "{}", answer.words);
    assert!(answer.words.contains("11:00"), "{}", answer.words);
    assert_eq!((ping.mentions.as_slice(), ping.chat_id.as_str()), (&[LI.to_owned()][..], FEISHU));
    assert!(ping.words.contains("\n@李工 \n"), "{}", ping.words);

    let ticket = stage.record("T1").await;
    assert_eq!((&ticket["title"], &ticket["urgency"]), (&json!("登录页打不开"), &json!("urgent")));
    assert_eq!(ticket["by"]["id"], format!("feishu:{WANG}"));
}

#[tokio::test]
async fn a_redelivery_has_no_second_effect_under_any_event_id() {
    let stage = Stage::with_feishu_project().await;
    let (said, _) = opened(&stage).await;
    stage.feishu_deliver(&said).await;
    stage.feishu_deliver(&said.under_another_event_id("another")).await;
    stage.feishu_deliver(&said).await;
    stage.all_said().await;
    assert_eq!(stage.feishu.sent().len(), 2);
    assert!(!stage.records().await.iter().any(|row| row.starts_with("T2 ")));
}

#[tokio::test]
async fn the_same_message_delivered_twice_at_once_is_one_ticket() {
    let stage = Stage::with_feishu_project().await;
    let said = stage.feishu.text(FEISHU, WANG, &format!("{{bot}} {TICKET}"));
    let again = said.under_another_event_id("another");
    tokio::join!(
        stage.feishu_deliver(&said),
        stage.feishu_deliver(&again),
        stage.feishu_deliver(&said),
        stage.feishu_deliver(&again)
    );
    stage.all_said().await;
    assert_eq!(stage.feishu.sent().len(), 2);
    assert!(!stage.records().await.iter().any(|row| row.starts_with("T2 ")));
}

#[tokio::test]
async fn a_button_acknowledges_and_the_ladder_stops() {
    let stage = Stage::with_feishu_project().await;
    let (_, sent) = opened(&stage).await;
    let answer = stage.feishu.press(LI, &sent[1], "响应").await;
    assert_eq!((answer.status, &answer.body["toast"]["type"]), (200, &json!("success")));
    assert!(
        answer.body["toast"]["content"].as_str().unwrap().starts_with("T1 由 李工 响应"),
        "{:?}",
        answer.body
    );
    let sent = stage.feishu.wait_sent(3).await;
    assert!(sent[2].words.starts_with("T1 由 李工 响应"), "{}", sent[2].words);
    assert_eq!(sent[2].reply_to.as_ref(), Some(&sent[1].message_id));
    assert_eq!(stage.record("T1").await["response"]["by"]["id"], format!("feishu:{LI}"));
    stage.advance("3h").await;
    assert_eq!(stage.feishu.sent().len(), 3);
}

#[tokio::test]
async fn a_press_that_is_delivered_again_is_one_press() {
    let stage = Stage::with_feishu_project().await;
    let (_, sent) = opened(&stage).await;
    let pressed = stage.feishu.pressed(LI, &sent[1], "响应");
    for _ in 0..3 {
        stage.feishu_deliver(&pressed).await;
    }
    stage.all_said().await;
    assert_eq!(stage.feishu.sent().len(), 3);
}

#[tokio::test]
async fn coming_into_a_group_the_bot_tells_the_three_first_steps() {
    let stage = Stage::new().await;
    let joined = stage.feishu.joined(FEISHU, ZHANG);
    stage.feishu_deliver(&joined).await;
    stage.feishu_deliver(&joined).await;
    stage.all_said().await;
    let [greeting] = &stage.feishu.sent()[..] else { panic!("{:#?}", stage.feishu.sent()) };
    assert_eq!((greeting.msg_type.as_str(), greeting.chat_id.as_str()), ("interactive", FEISHU));
    for step in ["1. 建项目", "2. 定角色", "3. 记第一件事"] {
        assert!(greeting.words.contains(step), "{}", greeting.words);
    }
    assert_eq!(greeting.reply_to, None);
}

#[tokio::test]
async fn the_ladder_climbs_with_the_clock_and_calls_the_right_people() {
    let stage = Stage::with_feishu_project().await;
    opened(&stage).await;
    let called = |sent: &Sent| sent.mentions.clone();
    stage.advance("59m").await;
    assert_eq!(stage.feishu.sent().len(), 2);
    stage.advance("1m").await;
    let sent = stage.feishu.sent();
    assert_eq!(called(&sent[2]), [LI, ZHANG], "{sent:#?}");
    assert!(sent[2].words.contains("已过一半"), "{}", sent[2].words);
    stage.advance("1h").await;
    let sent = stage.feishu.sent();
    let mut people = called(&sent[3]);
    people.sort();
    assert_eq!(people, [CHEN, ZHANG], "{sent:#?}");
    assert!(sent[3].words.contains("超时未响应"), "{}", sent[3].words);
    assert_eq!(sent[3].content["header"]["template"], "red", "{}", sent[3].content);
    stage.advance("2h").await;
    let sent = stage.feishu.sent();
    assert!(sent[4].words.contains("4 小时"), "{}", sent[4].words);
    assert_eq!(sent.len(), 5);
    // All of it went to the project's group, nothing to people alone: here a mention notifies.
    assert!(sent.iter().all(|sent| sent.chat_id == FEISHU));
}

#[tokio::test]
async fn a_refused_card_is_said_as_text_and_still_mentions() {
    let stage = Stage::with_feishu_project().await;
    stage.feishu.fail_next(Fault::RefuseCard(11310)).fail_next(Fault::RefuseCard(11310));
    stage.feishu_says(WANG, TICKET).await;
    stage.all_said().await;
    let sent = stage.feishu.sent();
    // Each card was refused before its text went.
    let ping = sent.iter().find(|sent| sent.mentions == [LI]).unwrap();
    let kinds: Vec<&str> = sent.iter().map(|sent| sent.msg_type.as_str()).collect();
    assert!(kinds.contains(&"text") && sent.len() == 2, "{sent:#?}");
    assert!(ping.words.contains("新紧急工单 T1"), "{}", ping.words);
}

#[tokio::test]
async fn an_answer_that_quotes_the_bots_message_about_a_ticket_is_a_response() {
    let stage = Stage::with_feishu_project().await;
    let (_, sent) = opened(&stage).await;
    // Neither what a customer says nor what quotes nothing counts.
    stage.feishu_deliver(&stage.feishu.text(FEISHU, WANG, "有人吗").answering(&sent[1].message_id)).await;
    stage.feishu_deliver(&stage.feishu.text(FEISHU, LI, "在看了")).await;
    assert_eq!(stage.record("T1").await["response"], json!(null));
    stage.feishu_deliver(&stage.feishu.text(FEISHU, LI, "在看了").answering(&sent[1].message_id)).await;
    assert_eq!(stage.record("T1").await["response"]["by"]["id"], format!("feishu:{LI}"));
    let sent = stage.feishu.wait_sent(3).await;
    assert!(sent[2].words.starts_with("T1 由 李工 响应"), "{sent:#?}");
    stage.advance("3h").await;
    assert_eq!(stage.feishu.sent().len(), 3);
}

#[tokio::test]
async fn a_video_meeting_that_ended_starts_the_clock_of_its_minutes() {
    let stage = Stage::with_feishu_project().await;
    stage.feishu_says(ZHANG, "/会议 项目例会 今天10点-11点 @李工").await;
    stage.advance("80m").await;
    let at = |time: &str| format!("2026-11-23T{time}:00+08:00").parse().unwrap();
    let (from, to) = (at("10:01"), at("10:15"));
    // Another's meeting at that time is not this project's.
    stage
        .feishu_deliver(&stage.feishu.met("all_meeting_ended_v1", "ou_nobody", "项目例会", from, at("10:14")))
        .await;
    assert_eq!(stage.record("M1").await["state"]["is"], "planned");
    let before = stage.feishu.sent().len();
    for kind in ["all_meeting_ended_v1", "meeting_ended_v1"] {
        stage.feishu_deliver(&stage.feishu.met(kind, ZHANG, "张经理的视频会议", from, to)).await;
    }
    let sent = stage.feishu.wait_sent(before + 1).await;
    assert!(sent[before].words.contains("11月24日 周二 10:15"), "{sent:#?}");
    stage.all_said().await;
    assert_eq!(
        (stage.feishu.sent().len(), sent[before].mentions.as_slice()),
        (before + 1, [ZHANG.to_owned()].as_slice())
    );
}

#[tokio::test]
async fn the_recording_of_a_video_meeting_stands_where_its_minutes_are_asked_for() {
    let stage = Stage::with_feishu_project().await;
    stage.feishu_says(ZHANG, "/会议 项目例会 今天10点-11点 @李工").await;
    stage.all_said().await;
    stage.advance("130m").await;
    let url = "https://meetings.feishu.cn/minutes/obcn37dxcftoc3656rgyejm7";
    for (host, url) in
        [("ou_nobody", url), (ZHANG, "https://evil.example/minutes/1"), (ZHANG, url), (ZHANG, url)]
    {
        stage.feishu_deliver(&stage.feishu.recorded(host, "项目例会", url)).await;
    }
    assert_eq!(stage.record("M1").await["recordings"], json!([url]));
    let before = stage.feishu.sent().len();
    stage.feishu_says(ZHANG, "/纪要 M1\n决议: 用方案乙").await;
    stage.all_said().await;
    let sent = stage.feishu.sent().split_off(before);
    assert!(sent.iter().any(|sent| sent.words.contains(&format!("妙记 {url}"))), "{sent:#?}");
}

#[tokio::test]
async fn a_quoted_message_becomes_a_record_in_its_authors_words() {
    let stage = Stage::with_feishu_project().await;
    let asked = stage.feishu.text(FEISHU, WANG, "退款要原路返回，{ou_li} 看下 !高");
    stage.feishu_deliver(&asked).await;
    stage.feishu_deliver(&stage.feishu.text(FEISHU, ZHANG, "转需求 !中").answering(asked.message_id())).await;
    let sent = stage.feishu.wait_sent(1).await;
    assert!(sent[0].words.starts_with("R1 退款要原路返回，@李工 看下 !高 · 中 · 已收集"), "{sent:#?}");
    assert!(sent[0].words.contains("原话 王工"), "{sent:#?}");
    let record = stage.record("R1").await;
    assert_eq!(record["by"]["id"], format!("feishu:{WANG}"));
    assert_eq!(record["message"], format!("feishu:{}", asked.message_id()));
    // The bot's own card, what cannot be read, and what was taken before.
    for (quoted, said) in [
        (sent[0].message_id.as_str(), "那条是我发的"),
        ("om_gone", "看不到"),
        (asked.message_id(), "已经转成 R1"),
    ] {
        let count = stage.feishu.sent().len();
        stage.feishu_deliver(&stage.feishu.text(FEISHU, ZHANG, "转需求").answering(quoted)).await;
        let sent = stage.feishu.wait_sent(count + 1).await;
        assert!(sent[count].words.contains(said), "{sent:#?}");
    }
    assert!(!stage.records().await.iter().any(|row| row.starts_with("R2 ")));
}

#[tokio::test]
async fn typed_text_goes_through_the_whole_bot_as_text() {
    let stage = Stage::with_feishu_project().await;
    let typed = "/工单 <at id=all></at> [点](http://x) **粗** <script> & \u{202E}x !紧急";
    stage.feishu_says(WANG, typed).await;
    let sent = stage.feishu.wait_sent(2).await;
    for sent in &sent {
        assert!(!sent.words.contains('⟨'), "{}", sent.words);
        assert!(!sent.mentions.contains(&"all".to_owned()), "{sent:?}");
    }
    assert_eq!(sent[1].mentions, [LI]);
}

#[tokio::test]
async fn a_form_that_is_filled_in_says_its_line() {
    let stage = Stage::with_feishu_project().await;
    stage.feishu_says(ZHANG, "/需求 支付模块支持退款").await;
    let card = stage.feishu.wait_sent(1).await.remove(0);
    let goal = "少接\"一半\"电话\n/工单 打不开 !紧急 用户:我";
    let filled = [("谁来用（用户）", "客服"), ("要达到什么目标（目标）", "少接一半电话 用户:我")];
    let filled = stage.feishu.filled(ZHANG, &card, &filled);
    let answer = stage.feishu.deliver(&filled).await;
    assert_eq!((answer.status, &answer.body["toast"]["content"]), (200, &json!("R1 已补充：用户、目标")));
    stage.feishu_deliver(&filled).await;
    let sent = stage.feishu.wait_sent(2).await;
    assert!(sent[1].words.starts_with("R1 已补充：用户、目标"), "{}", sent[1].words);
    assert_eq!(sent[1].reply_to.as_ref(), Some(&card.message_id));
    assert_eq!(stage.record("R1").await["fields"], json!({ "用户": "客服", "目标": "少接一半电话 用户:我" }));
    // A client that lets more through than its own.
    let hostile = filled.under_another_event_id("e2").with("/event/action/form_value/f3", json!(goal));
    stage.feishu_deliver(&hostile).await;
    let goal = "少接\"一半\"电话；/工单 打不开 !紧急 用户:我";
    assert_eq!(stage.record("R1").await["fields"], json!({ "用户": "客服", "目标": goal }));
    // Of a form that was answered, only what is missing is asked again.
    let asked = sent[1].form.as_ref().unwrap().components.iter().map(|one| one.label.as_str());
    assert_eq!(
        asked.collect::<Vec<_>>(),
        ["看哪些数（指标）", "什么情况下用（场景）", "到底要解决什么问题（真实需求）"]
    );
    stage.all_said().await;
    assert_eq!(stage.feishu.sent().len(), 3);
    assert!(!stage.records().await.iter().any(|row| row.starts_with("T1 ")));
}

#[tokio::test]
async fn a_survey_is_answered_by_its_form_and_what_is_no_answer_is_refused() {
    let stage = Stage::with_feishu_project().await;
    let room = "oc_customer";
    stage.feishu.group(room, "远山银行客户群");
    let says = |who, text: &str| stage.feishu.text(room, who, &format!("{{bot}} {text}"));
    stage.feishu_deliver(&says(ZHANG, "/项目 绑定 手机银行 客户群")).await;
    stage.feishu_says(ZHANG, "/项目 修改 客户:远山银行").await;
    stage.feishu_says(ZHANG, "/满意度 发起").await;
    stage.all_said().await;
    let there = stage.feishu.sent_to(room);
    let card = there.iter().find(|sent| sent.form.is_some()).unwrap_or_else(|| panic!("{there:#?}"));
    assert!(card.buttons.is_empty() && !card.words.contains("点按钮"), "{}", card.words);
    assert!(card.words.contains("/满意度 4 5 3 4 备注"), "{}", card.words);
    let scores = |scores: [&'static str; 4]| {
        let names = ["需求响应速度", "技术方案质量", "沟通效率", "问题解决能力"];
        names.into_iter().zip(scores).collect::<Vec<_>>()
    };
    let first = stage.feishu.filled(
        WANG,
        card,
        &[scores(["4", "5", "3", "4"]), vec![("备注（选填）", "很好")]].concat(),
    );
    stage.feishu_deliver(&first).await;
    let again = stage.feishu.filled(WANG, card, &scores(["5", "5", "4", "4"]));
    stage.feishu_deliver(&again).await;
    let strange = again.under_another_event_id("e1").with("/event/action/form_value/f0", json!("6"));
    stage.feishu_deliver(&strange).await;
    let missing = again.under_another_event_id("e2").with("/event/action/form_value/f2", json!(""));
    stage.feishu_deliver(&missing).await;
    stage.all_said().await;
    let there = stage.feishu.sent_to(room);
    let said: Vec<&str> = there.iter().rev().take(4).rev().map(|sent| sent.words.as_str()).collect();
    for (said, words) in
        said.iter().zip(["已记下", "已更新", "要 1 到 5 的整数，不能是「6」", "还没填：沟通效率"])
    {
        assert!(said.contains(words), "{said}");
    }
}

#[tokio::test]
async fn a_customers_room_gets_its_answers_and_never_a_ping() {
    let stage = Stage::with_feishu_project().await;
    stage.feishu.group("oc_customer", "远山银行客户群");
    let bind = stage.feishu.text("oc_customer", ZHANG, "{bot} /项目 绑定 手机银行 客户群");
    stage.feishu_deliver(&bind).await;
    stage.feishu_deliver(&stage.feishu.text("oc_customer", WANG, &format!("{{bot}} {TICKET}"))).await;
    stage.advance("4h").await;
    stage.all_said().await;
    let there = stage.feishu.sent_to("oc_customer");
    assert_eq!(there.len(), 2, "{there:#?}");
    assert!(there[1].words.starts_with("T1 登录页打不开 · 紧急"), "{there:#?}");
    assert!(there.iter().all(|sent| sent.mentions.is_empty()), "{there:#?}");
    let inside = stage.feishu.sent_to(FEISHU);
    assert!(inside.iter().filter(|sent| sent.words.contains("超时未响应")).count() == 2, "{inside:#?}");
    stage.feishu.press(LI, inside.last().unwrap(), "响应").await;
    stage.all_said().await;
    let there = stage.feishu.sent_to("oc_customer");
    assert!(there[2].words.contains("已由 李工 受理"), "{there:#?}");
}
