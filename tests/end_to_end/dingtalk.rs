//! A day on DingTalk.

use jiuding::{clock::Clock, platform::dingtalk::sign::sign};

use super::stage::{BOSS, D_CHEN, D_LI, D_WANG, D_ZHANG, DING, Stage};
use crate::fake_dingtalk::{CLIENT_SECRET, FakeDingTalk, Fault, Sent, Way};

const TICKET: &str = "/工单 登录页打不开 !紧急";

/// What was sent after the first `count`.
fn since(stage: &Stage, count: usize) -> Vec<Sent> {
    stage.ding.sent().split_off(count)
}

pub fn own_robot(ding: &FakeDingTalk) -> String {
    let robot = ding.own_robot(DING);
    let (url, secret) = (robot.url, robot.secret);
    format!("[[dingtalk.group_robot]]\nconversation = \"{DING}\"\nurl = \"{url}\"\nsecret = \"{secret}\"\n")
}

#[tokio::test]
async fn a_message_is_answered_in_markdown_through_its_reply_address() {
    let stage = Stage::new().await;
    stage.dingtalk_project().await;
    let before = stage.ding.sent().len();
    let said = stage.ding_says(D_WANG, TICKET).await;
    stage.all_said().await;
    let sent = since(&stage, before);
    let answer = sent.iter().find(|sent| sent.way == Way::Session).unwrap();
    assert!(answer.text.starts_with("### T1 登录页打不开 · 紧急"), "{}", answer.text);
    assert_eq!((answer.kind.as_str(), answer.button_lines()[0].as_str()), ("actionCard", "/T1 响应"));
    assert_eq!(stage.record("T1").await["by"]["id"], format!("dingtalk:{D_WANG}"));

    // Again: 200, and nothing more.
    let count = stage.ding.sent().len();
    stage.ding_deliver(&said).await;
    stage.all_said().await;
    assert_eq!(stage.ding.sent().len(), count);
    // An answer without buttons is plain markdown.
    stage.ding_says(D_WANG, "/客户 列表").await;
    stage.all_said().await;
    assert_eq!(since(&stage, count)[0].kind, "markdown");
}

#[tokio::test]
async fn a_dead_reply_address_gives_way_to_the_group() {
    let stage = Stage::new().await;
    stage.dingtalk_project().await;
    let before = stage.ding.sent().len();
    let said = stage.ding.said(DING, D_WANG, "/需求 支付模块支持退款");
    stage.ding.kill_sessions();
    stage.ding_deliver(&said).await;
    stage.all_said().await;
    let sent = since(&stage, before);
    assert_eq!((sent[0].way, sent[0].conversation.as_deref()), (Way::GroupApi, Some(DING)), "{sent:#?}");
    assert!(sent[0].text.contains("R1"), "{}", sent[0].text);
}

#[tokio::test]
async fn a_timed_ping_mentions_through_the_groups_own_robot() {
    let stage = Stage::with(own_robot).await;
    stage.dingtalk_project().await;
    let before = stage.ding.sent().len();
    stage.ding_says(D_WANG, TICKET).await;
    stage.all_said().await;
    stage.advance("1h").await;
    stage.all_said().await;
    let sent = since(&stage, before);
    let ways: Vec<Way> = sent.iter().map(|sent| sent.way).collect();
    assert_eq!(ways, [Way::Session, Way::GroupRobot, Way::GroupRobot], "{sent:#?}");
    assert_eq!(
        (&sent[1].notified[..], &sent[2].notified[..]),
        (&[D_LI.to_owned()][..], &[D_LI.to_owned(), D_ZHANG.to_owned()][..])
    );
}

#[tokio::test]
async fn without_one_the_group_reads_the_names_and_each_is_told_alone() {
    let stage = Stage::new().await;
    stage.dingtalk_project().await;
    stage.ding_says(D_WANG, TICKET).await;
    stage.all_said().await;
    let before = stage.ding.sent().len();
    stage.advance("2h").await;
    stage.all_said().await;
    let sent = since(&stage, before);
    let group: Vec<&Sent> = sent.iter().filter(|sent| sent.way == Way::GroupApi).collect();
    assert_eq!(group.len(), 2, "{sent:#?}");
    assert!(group[0].text.contains("@李工") && group[0].text.contains("@张经理"), "{}", group[0].text);
    assert!(group[1].text.contains("@陈主管") && group[1].text.contains("@张经理"), "{}", group[1].text);
    for (person, count) in [(D_LI, 1), (D_ZHANG, 2), (D_CHEN, 1)] {
        let told: Vec<&Sent> = sent.iter().filter(|sent| sent.people == [person]).collect();
        assert_eq!(told.len(), count, "{person}: {sent:#?}");
        assert!(told.iter().all(|sent| sent.text.contains("支付网关") && sent.text.contains("T1")));
    }

    // The button of the direct message acknowledges from there.
    let line = stage.ding.sent_to_person(D_LI).pop().unwrap().button_lines().remove(0);
    stage.ding_deliver(&stage.ding.said_directly(D_LI, &line)).await;
    assert_eq!(stage.record("T1").await["response"]["by"]["id"], format!("dingtalk:{D_LI}"));
}

#[tokio::test]
async fn an_over_quota_message_is_taken_records_nothing_and_the_administrators_hear_of_it_once_a_day() {
    let stage = Stage::new().await;
    stage.dingtalk_project().await;
    let (rows, sent) = (stage.records().await, stage.ding.sent().len());
    let said = stage.ding.said(DING, D_WANG, TICKET).over_quota();
    stage.ding_deliver(&said).await;
    stage.all_said().await;
    assert_eq!(stage.records().await, rows);
    assert_eq!(stage.ding.sent().len(), sent);
    let told = || stage.feishu.sent_to(&stage.feishu.direct(BOSS));
    assert!(told().len() == 1 && told()[0].words.contains("用量已用完"), "{:#?}", told());

    stage.ding_deliver(&stage.ding.said(DING, D_WANG, TICKET).over_quota()).await;
    stage.all_said().await;
    assert_eq!(told().len(), 1);
    stage.advance("24h").await;
    stage.ding_deliver(&stage.ding.said(DING, D_WANG, TICKET).over_quota()).await;
    stage.all_said().await;
    assert_eq!(told().len(), 2);
}

#[tokio::test]
async fn when_most_of_the_months_calls_are_used_the_administrators_hear_of_it_once() {
    let stage = Stage::with(|_| "monthly_call_budget = 1\n".into()).await;
    stage.dingtalk_project().await;
    stage.ding_says(D_WANG, TICKET).await;
    // Before it is solved: a call that is no longer true is not made, and so not counted.
    stage.all_said().await;
    stage.ding_says(D_LI, "/T1 解决 原因:证书过期 说明:已更换证书").await;
    stage.all_said().await;
    let told = || {
        let sent = stage.feishu.sent_to(&stage.feishu.direct(BOSS));
        sent.into_iter().filter(|sent| sent.words.contains("本月已调用")).count()
    };
    assert_eq!(told(), 0);
    stage.advance("24h").await;
    assert_eq!(told(), 1);
    stage.advance("24h").await;
    assert_eq!(told(), 1);
}

#[tokio::test]
async fn a_group_that_is_gone_is_a_dead_letter_and_holds_up_nobody() {
    let stage = Stage::new().await;
    stage.dingtalk_project().await;
    let before = stage.ding.sent().len();
    stage.ding.fail_next(Way::GroupApi, Fault::Refuse(400, r#"{"code":"group.disbanded"}"#.into()));
    stage.ding_says(D_WANG, TICKET).await;
    stage.all_said().await;
    let ways: Vec<Way> = since(&stage, before).iter().map(|sent| sent.way).collect();
    assert!(ways.len() == 2 && ways.contains(&Way::Session) && ways.contains(&Way::DirectApi), "{ways:?}");
    let (_, dead) = stage.get_json("/api/admin/dead-letters").await;
    assert_eq!(dead["dead_letters"].as_array().unwrap().len(), 1, "{dead}");
    assert!(dead["dead_letters"][0]["why"].as_str().unwrap().contains("group.disbanded"), "{dead}");
}

#[tokio::test]
async fn an_old_or_wrongly_signed_delivery_is_refused() {
    let stage = Stage::new().await;
    let said = stage.ding.said(DING, D_WANG, TICKET).body.to_string();
    let now = stage.clock.now().as_millisecond();
    for timestamp in [now - 3_600_001, now + 300_001, 0] {
        let timestamp = timestamp.to_string();
        let answer =
            stage.ding.post(stage.url(), &timestamp, &sign(&timestamp, CLIENT_SECRET), said.clone()).await;
        assert_eq!(answer.status, 401, "{timestamp}");
    }
    let answer = stage.ding.post(stage.url(), &now.to_string(), &sign("1", CLIENT_SECRET), said).await;
    assert_eq!(answer.status, 401);
    assert!(stage.records().await.is_empty());
    assert!(stage.ding.sent().is_empty());
}

#[tokio::test]
async fn both_platforms_serve_at_once_each_its_own_project() {
    let stage = Stage::with_feishu_project().await;
    stage.dingtalk_project().await;
    let ding = stage.ding.sent().len();
    stage.ding_says(D_WANG, "/需求 钉钉的").await;
    stage.feishu_says(super::stage::WANG, "/需求 飞书的").await;
    stage.all_said().await;
    let titles: Vec<String> =
        stage.records().await.into_iter().filter(|row| row.starts_with("R1 ")).collect();
    assert_eq!(titles.len(), 2, "{titles:#?}");
    assert_eq!(since(&stage, ding).len(), 1);
    assert_eq!(stage.feishu.sent().len(), 1);
}
