//! What an operator sees of it: figures, readiness, an orderly stop.

use std::time::Duration;

use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::stage::{Stage, WANG};
use crate::fake_feishu::Fault;

#[tokio::test]
async fn the_figures_tell_what_was_taken_refused_and_said() {
    let stage = Stage::with_feishu_project().await;
    let said = stage.feishu_says(WANG, "/需求 支付模块支持退款").await;
    stage.feishu_deliver(&said).await;
    stage.feishu.post(&[("X-Lark-Signature", "no")], b"{}".to_vec()).await;
    stage.all_said().await;
    let (status, figures) = stage.get("/metrics").await;
    assert_eq!(status, 200);
    for line in [
        "jiuding_deliveries_accepted_total{platform=\"feishu\",outcome=\"done\"} 3",
        "jiuding_deliveries_accepted_total{platform=\"feishu\",outcome=\"seen\"} 1",
        "jiuding_deliveries_refused_total{platform=\"feishu\",reason=\"signature\"} 1",
        "jiuding_outbox_accepted_total{platform=\"feishu\"} 3",
    ] {
        assert!(figures.contains(line), "{line} is not in\n{figures}");
    }
    assert!(!figures.contains("支付"), "{figures}");
    // Not for everybody.
    let nobody = stage.http.get(format!("{}/metrics", stage.url())).send().await.unwrap();
    assert_eq!(nobody.status(), 401);
}

#[tokio::test]
async fn it_is_ready_while_every_platform_hands_out_a_token() {
    let stage = Stage::new().await;
    let (status, ready) = stage.get_json("/readyz").await;
    assert_eq!(status, 200, "{ready}");

    let stage = Stage::new().await;
    stage.feishu.fail_authorisation(Some(Fault::Status(503)));
    // The token that it may have is dead by then.
    stage.advance("3h").await;
    let (status, ready) = stage.get_json("/readyz").await;
    assert_eq!((status, &ready["ready"]), (503, &false.into()), "{ready}");
    assert_eq!(ready["parts"]["dingtalk"], "ok");
    assert!(ready["parts"]["feishu"].as_str().unwrap().contains("no access token"), "{ready}");
    assert!(!ready.to_string().contains(crate::fake_feishu::APP_SECRET));
    assert_eq!(stage.get("/healthz").await.0, 200);
}

#[tokio::test]
async fn the_panel_shows_every_clock_of_a_record() {
    let stage = Stage::with_feishu_project().await;
    stage.feishu_says(WANG, "/工单 登录页打不开 !紧急").await;
    let (_, state) = stage.get_json("/api/playground/state").await;
    let shown = |clock: &serde_json::Value| {
        let word = |key: &str| clock[key].as_str().unwrap().to_owned();
        [word("id"), word("what"), word("at")].join(" ")
    };
    let clocks: Vec<String> = state["upcoming"].as_array().unwrap().iter().map(shown).collect();
    assert_eq!(clocks, ["T1 首次响应 2026-11-23T03:00:00Z", "T1 解决 2026-11-24T01:00:00Z"]);
}

#[tokio::test]
async fn moving_the_clock_counts_what_waited_for_the_morning() {
    let stage = Stage::with_feishu_project().await;
    stage.advance("13h").await;
    stage.feishu_says(WANG, "/工单 报表导出慢").await;
    let answer = stage.advance("10h").await;
    assert_eq!(answer["fired"], 0, "{answer}");
    let answer = stage.advance("1h").await;
    assert_eq!(answer["fired"], 1, "the call of 22:00 is said at 08:30: {answer}");
}

#[tokio::test]
async fn stopping_finishes_what_is_in_hand_and_keeps_the_rest() {
    let mut stage = Stage::with_feishu_project().await;
    // The first answer is on its way while the bot stops, the second is behind it.
    stage.feishu.fail_next(Fault::Slow(Duration::from_millis(600)));
    stage.feishu_says(WANG, "/需求 一").await;
    stage.feishu_says(WANG, "/需求 二").await;
    stage.until("the first is on its way", async || stage.feishu.calls("reply") > 2).await;
    stage.stop().await;
    assert_eq!(stage.feishu.sent().len(), 1, "{:#?}", stage.feishu.sent());
    stage.start().await;
    stage.all_said().await;
    let words: Vec<String> = stage.feishu.sent().into_iter().map(|sent| sent.words).collect();
    assert_eq!(words.len(), 2, "{words:#?}");
    assert!(words[0].starts_with("R1 ") && words[1].starts_with("R2 "), "{words:#?}");
}

#[tokio::test]
async fn a_delivery_in_hand_while_it_stops_is_answered() {
    let mut stage = Stage::with_feishu_project().await;
    // The sender's name takes a while.
    stage.feishu.person("ou_new", "新人");
    stage.feishu.fail_directory(Some(Fault::Slow(Duration::from_millis(300))));
    let feishu = stage.feishu.clone();
    let said = feishu.text(super::stage::FEISHU, "ou_new", "{bot} /需求 最后一件");
    let names = feishu.calls("names") + feishu.calls("members");
    let asked = tokio::spawn({
        let feishu = feishu.clone();
        async move { feishu.deliver(&said).await }
    });
    stage
        .until("the bot works on it", async || feishu.calls("names") + feishu.calls("members") > names)
        .await;
    stage.stop().await;
    assert_eq!(asked.await.unwrap().status, 200);
    stage.feishu.fail_directory(None);
    stage.start().await;
    assert_eq!(stage.record("R1").await["title"], "最后一件");
    stage.all_said().await;
    assert_eq!(stage.feishu.sent().len(), 1);
}

#[tokio::test]
async fn callers_that_never_finish_do_not_keep_it_from_stopping() {
    let mut stage = Stage::with_feishu_project().await;
    let address = stage.url().trim_start_matches("http://").to_owned();
    let mut callers = Vec::new();
    for begun in ["", "POST /feishu/event HT", "GET /healthz HTTP/1.1\r\nHost: x\r\n"] {
        let mut caller = TcpStream::connect(&address).await.unwrap();
        caller.write_all(begun.as_bytes()).await.unwrap();
        callers.push(caller);
    }
    // A platform that is down does not keep it either.
    stage.feishu.fail_always(Some(Fault::Status(503)));
    stage.feishu_says(WANG, "/需求 支付模块支持退款").await;
    stage.stop().await;
    stage.feishu.fail_always(None);
    stage.start().await;
    stage.feishu.wait_sent(1).await;
}
