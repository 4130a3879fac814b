//! A day on long connections: nobody has to be able to reach the bot.

use serde_json::json;

use super::stage::{CHEN, D_WANG, DING, FEISHU, LI, Stage, WANG, ZHANG};

const TICKET: &str = "/工单 登录页打不开 !紧急";

async fn stage() -> Stage {
    let stage = Stage::over_sockets().await;
    stage.feishu_project().await;
    stage
}

#[tokio::test]
async fn a_ticket_is_opened_pinged_and_acknowledged_by_a_button() {
    let stage = stage().await;
    let said = stage.feishu_says(WANG, TICKET).await;
    let sent = stage.feishu.wait_sent(2).await;
    assert_eq!(sent[0].reply_to.as_deref(), Some(said.message_id()));
    assert_eq!(sent[1].mentions, [LI]);
    let answer = stage.feishu.press(LI, &sent[1], "响应").await;
    assert_eq!((answer.status, &answer.body["toast"]["type"]), (200, &json!("success")));
    assert_eq!(stage.record("T1").await["response"]["by"]["id"], format!("feishu:{LI}"));
    stage.ding_says(D_WANG, "/需求 支付模块支持退款").await;
    let sent = stage.ding.wait_for(1).await;
    assert_eq!(sent[0].conversation.as_deref(), Some(DING));
    // By this way alone.
    for path in ["/feishu/event", "/feishu/card", "/dingtalk/robot", "/dingtalk/event"] {
        assert_eq!(stage.post(path, json!({})).await.0, 404, "{path}");
    }
    let (status, ready) = stage.get_json("/readyz").await;
    assert_eq!(status, 200, "{ready}");
    let (_, metrics) = stage.get("/metrics").await;
    assert!(metrics.contains("jiuding_connected{platform=\"feishu\"} 1"), "{metrics}");
}

#[tokio::test]
async fn what_is_in_hand_when_the_bot_stops_is_done_once() {
    let mut stage = stage().await;
    let said: Vec<_> =
        (1..=5).map(|n| stage.feishu.text(FEISHU, WANG, &format!("{{bot}} /需求 第{n}件"))).collect();
    let mut acknowledged = Vec::new();
    for said in &said {
        acknowledged.push(stage.feishu.push_on(said).await);
    }
    stage.stop().await;
    stage.start().await;
    // Whatever was not acknowledged is delivered again, and the rest once more to be sure.
    for said in &said {
        stage.feishu_deliver(said).await;
    }
    stage.all_said().await;
    let records = stage.records().await;
    for n in 1..=5 {
        let title = format!("第{n}件");
        assert_eq!(
            records.iter().filter(|row| row.starts_with('R') && row.contains(&title)).count(),
            1,
            "{title}"
        );
    }
    for said in &said {
        let sent = stage.feishu.sent();
        let answers = sent.iter().filter(|sent| sent.reply_to.as_deref() == Some(said.message_id()));
        assert_eq!(answers.count(), 1, "{sent:#?}");
    }
}

#[tokio::test]
async fn a_power_cut_before_the_acknowledgement_loses_nothing() {
    let mut stage = stage().await;
    stage.feishu.lose_acks(1);
    let said = stage.feishu.text(FEISHU, WANG, &format!("{{bot}} {TICKET}"));
    let _lost = stage.feishu.push_on(&said).await;
    stage.feishu.wait_sent(1).await;
    stage.crash();
    stage.start().await;
    stage.feishu_deliver(&said).await;
    stage.all_said().await;
    assert!(!stage.records().await.iter().any(|row| row.starts_with("T2 ")));
    assert_eq!(stage.feishu.sent().len(), 2, "{:#?}", stage.feishu.sent());
}

#[tokio::test]
async fn lines_that_break_again_and_again_lose_double_and_reorder_nothing() {
    let stage = stage().await;
    for round in 0..6 {
        let said: Vec<_> = (0..4)
            .map(|n| stage.feishu.text(FEISHU, ZHANG, &format!("{{bot}} /需求 {round}轮{n}件")))
            .collect();
        for said in &said[..2] {
            stage.feishu.push_on(said).await;
        }
        stage.feishu.push_in_part(&said[2], 3).await;
        match round % 2 {
            0 => stage.feishu.drop_connections(),
            _ => stage.feishu.close_connections(),
        }
        // The platform delivers again whatever was not acknowledged, in order.
        for said in &said {
            stage.feishu_deliver(said).await;
        }
    }
    stage.all_said().await;
    let titles: Vec<String> =
        (0..6).flat_map(|round| (0..4).map(move |n| format!("{round}轮{n}件"))).collect();
    for (index, title) in titles.iter().enumerate() {
        assert_eq!(stage.record(&format!("R{}", index + 1)).await["title"], json!(title));
    }
    assert_eq!(stage.feishu.sent().len(), titles.len());
    let faults = stage.log.faults();
    assert_eq!(faults.iter().filter(|line| line.contains("is lost")).count(), 6, "{faults:#?}");
}

#[tokio::test]
async fn deadlines_run_by_the_bots_clock_and_connections_by_the_real_one() {
    let stage = stage().await;
    stage.feishu_says(WANG, TICKET).await;
    stage.feishu.wait_sent(2).await;
    stage.advance("2h").await;
    let sent = stage.feishu.sent();
    assert!(sent.iter().any(|sent| sent.mentions.contains(&CHEN.to_owned())), "{sent:#?}");
    // Nobody pinged, timed out or connected anew because two hours passed.
    assert_eq!((stage.feishu.opened(), stage.ding.opened()), (1, 1));
    assert!(!stage.log.text().contains("is lost"), "{:#?}", stage.log.faults());
}
