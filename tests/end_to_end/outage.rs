//! A platform is down for a while, or for good.

use serde_json::json;

use super::stage::{D_WANG, FEISHU, Stage, WANG};
use crate::fake_feishu::Fault;

#[tokio::test]
async fn what_is_said_meanwhile_arrives_afterwards_in_order_and_once() {
    let stage = Stage::with_feishu_project().await;
    stage.feishu.fail_always(Some(Fault::Status(503)));
    for n in 1..=4 {
        stage.feishu_says(WANG, &format!("/需求 第{n}件")).await;
    }
    stage.until("a try was made", async || stage.feishu.calls("reply") > 2).await;
    assert!(stage.feishu.sent().is_empty());
    // Another platform is not held up by it.
    stage.ding_says(D_WANG, "/帮助").await;
    stage.ding.wait_for(1).await;

    stage.feishu.fail_always(None);
    let sent = stage.feishu.wait_sent(4).await;
    stage.all_said().await;
    let said: Vec<String> =
        sent.iter().map(|sent| sent.words.lines().next().unwrap().chars().take(6).collect()).collect();
    assert_eq!(said, ["R1 第1件", "R2 第2件", "R3 第3件", "R4 第4件"]);
    assert_eq!(stage.feishu.sent().len(), 4);
}

#[tokio::test]
async fn after_a_day_it_is_a_dead_letter_that_can_be_sent_again() {
    let stage = Stage::with_feishu_project().await;
    stage.feishu.fail_always(Some(Fault::Status(503)));
    stage.feishu_says(WANG, "/需求 支付模块支持退款").await;
    stage.until("a try was made", async || stage.feishu.calls("reply") > 2).await;
    stage.advance("23h").await;
    assert_eq!(stage.get_json("/api/admin/dead-letters").await.1, json!({ "dead_letters": [] }));
    stage.advance("1h").await;
    stage.all_said().await;
    let (status, dead) = stage.get_json("/api/admin/dead-letters").await;
    let letters = dead["dead_letters"].as_array().unwrap().clone();
    assert_eq!((status, letters.len()), (200, 1), "{dead}");
    let letter = &letters[0];
    assert_eq!(letter["to"], json!({ "room": format!("feishu:{FEISHU}") }));
    assert!(letter["headline"].as_str().unwrap().starts_with("R1 支付模块支持退款"), "{letter}");
    assert!(letter["why"].as_str().unwrap().contains("24 hours"), "{letter}");

    stage.feishu.fail_always(None);
    let (status, _) = stage.post(&format!("/api/admin/dead-letters/{}/retry", letter["id"]), json!({})).await;
    assert_eq!(status, 200);
    let sent = stage.feishu.wait_sent(1).await;
    assert!(sent[0].words.starts_with("R1 支付模块支持退款"), "{sent:#?}");
    stage.all_said().await;
    assert_eq!(stage.get_json("/api/admin/dead-letters").await.1, json!({ "dead_letters": [] }));
    let (status, _) = stage.post(&format!("/api/admin/dead-letters/{}/retry", letter["id"]), json!({})).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_ping_that_is_no_longer_owed_when_the_platform_returns_is_not_said() {
    let stage = Stage::with_feishu_project().await;
    stage.feishu.fail_always(Some(Fault::Status(503)));
    stage.feishu_says(WANG, "/工单 登录页打不开 !紧急").await;
    stage.advance("1h").await;
    stage.feishu_says(super::stage::LI, "/T1 响应").await;
    stage.feishu.fail_always(None);
    stage.all_said().await;
    let words: Vec<String> = stage.feishu.sent().into_iter().map(|sent| sent.words).collect();
    // The first ping's try may have been made before; what is still in line is looked at again.
    assert!(!words.iter().any(|words| words.contains("已过一半")), "{words:#?}");
    assert!(words.iter().any(|words| words.contains("T1 由 李工 响应")), "{words:#?}");
}

#[tokio::test]
async fn many_at_once_each_delivered_twice_are_each_recorded_and_answered_once() {
    let stage = Stage::new().await;
    let mut said = Vec::new();
    for n in 0..8 {
        let group = format!("oc_{n}");
        stage.feishu.group(&group, &format!("第{n}群"));
        for k in 0..4 {
            said.push(stage.feishu.text(&group, WANG, &format!("{{bot}} /需求 第{n}群的第{k}件")));
        }
    }
    let again: Vec<_> = said.iter().map(|said| said.under_another_event_id(said.message_id())).collect();
    let deliveries: Vec<_> = said
        .iter()
        .chain(&again)
        .map(|delivery| {
            let (feishu, delivery) = (stage.feishu.clone(), delivery.clone());
            tokio::spawn(async move { feishu.deliver(&delivery).await.status })
        })
        .collect();
    for delivery in deliveries {
        assert_eq!(delivery.await.unwrap(), 200);
    }
    stage.all_said().await;
    let sent = stage.feishu.sent();
    assert_eq!(sent.len(), said.len(), "{sent:#?}");
    for said in &said {
        assert!(sent.iter().any(|sent| sent.reply_to.as_deref() == Some(said.message_id())));
    }
    let records = stage.records().await;
    assert_eq!(records.iter().filter(|row| row.starts_with('R')).count(), said.len());
    for number in 1..=4 {
        let key = format!("R{number} ");
        assert_eq!(records.iter().filter(|row| row.starts_with(&key)).count(), 8, "{key}");
    }
}
