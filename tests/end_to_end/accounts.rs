//! One person with an account on Feishu and one on DingTalk, and one project in both.

use super::{
    dingtalk::own_robot,
    stage::{D_LI, D_ZHANG, DING, FEISHU, LI, Stage, ZHANG},
};
use crate::fake_dingtalk::Way;

/// What a person hears alone in Feishu.
async fn in_feishu(stage: &Stage, open_id: &str, text: &str) -> String {
    let chat = stage.feishu.direct(open_id);
    stage.feishu_deliver(&stage.feishu.text(&chat, open_id, text)).await;
    stage.all_said().await;
    stage.feishu.sent_to(&chat).last().unwrap().words.clone()
}

/// What a person hears alone in DingTalk.
async fn in_dingtalk(stage: &Stage, staff_id: &str, text: &str) -> String {
    stage.ding_deliver(&stage.ding.said_directly(staff_id, text)).await;
    stage.all_said().await;
    stage.ding.sent_to_person(staff_id).last().unwrap().text.clone()
}

fn code_in(answer: &str) -> String {
    let code = answer.split_once("关联码 ").expect("it tells a code").1;
    code.chars().take_while(char::is_ascii_alphanumeric).collect()
}

async fn link(stage: &Stage, open_id: &str, staff_id: &str) {
    let code = code_in(&in_feishu(stage, open_id, "/账号 关联").await);
    let answer = in_dingtalk(stage, staff_id, &format!("/账号 关联 {code}")).await;
    assert!(answer.contains("已关联：飞书") && answer.contains("= 钉钉"), "{answer}");
}

#[tokio::test]
async fn a_linked_person_is_one_to_a_project_on_both_platforms() {
    let mut stage = Stage::with_feishu_project().await;
    stage.ding_says(D_ZHANG, "/项目 绑定 手机银行 客户群").await;
    stage.all_said().await;
    assert!(stage.ding.sent_to(DING).last().unwrap().text.contains("须由"), "a stranger binds no room");
    link(&stage, ZHANG, D_ZHANG).await;
    stage.ding_says(D_ZHANG, "/项目 绑定 手机银行").await;
    stage.all_said().await;
    assert!(stage.ding.sent_to(DING).last().unwrap().text.contains("项目「手机银行」的项目群"));

    // Said with one account, it is the other's doing in the records.
    stage.feishu.clear();
    stage.ding_says(D_ZHANG, "/待办 出文档 @张经理 周四").await;
    stage.all_said().await;
    assert_eq!(stage.record("A1").await["owner"]["id"], format!("feishu:{ZHANG}"));
    let mine = in_dingtalk(&stage, D_ZHANG, "/我的").await;
    assert!(mine.contains("A1"), "{mine}");

    // It holds after a restart.
    stage.stop().await;
    stage.start().await;
    stage.ding_says(D_ZHANG, "/A1 完成").await;
    stage.all_said().await;
    assert!(stage.ding.sent_to(DING).pop().unwrap().text.contains("A1"), "he may");
    assert!(stage.feishu.sent_to(FEISHU).is_empty());
}

#[tokio::test]
async fn what_was_an_accounts_before_is_the_persons_after_and_a_mention_reaches_the_account_that_is_there() {
    let stage = Stage::with(own_robot).await;
    stage.feishu_project().await;
    stage.dingtalk_project().await;
    let todo = stage.ding.said(DING, D_ZHANG, "/待办 出文档 周四").mentioning(D_LI);
    stage.ding_deliver(&todo).await;
    stage.all_said().await;
    assert_eq!(stage.record("A1").await["owner"]["id"], format!("dingtalk:{D_LI}"));
    link(&stage, LI, D_LI).await;
    assert_eq!(stage.record("A1").await["owner"]["id"], format!("feishu:{LI}"));
    let both = in_feishu(&stage, LI, "/我的").await;
    assert!(both.contains("支付网关") && both.contains("A1"), "{both}");

    let before = stage.ding.sent().len();
    stage.ding_says(D_ZHANG, "/工单 登录页打不开 !紧急").await;
    stage.all_said().await;
    let sent = stage.ding.sent().split_off(before);
    let ping = sent.iter().find(|sent| sent.way == Way::GroupRobot).unwrap();
    assert_eq!(ping.notified, [D_LI], "{sent:#?}");
    let records = stage.records().await;
    assert!(!records.iter().any(|row| row.starts_with("T1") && row.contains(&format!("dingtalk:{D_LI}"))));
}

#[tokio::test]
async fn a_code_is_said_alone_once_in_time_and_on_the_other_platform() {
    let stage = Stage::with_feishu_project().await;
    stage.feishu_says(ZHANG, "/账号 关联").await;
    stage.all_said().await;
    assert!(stage.feishu.sent_to(FEISHU).last().unwrap().words.contains("请私聊我"));
    let code = code_in(&in_feishu(&stage, ZHANG, "/账号 关联").await);
    let same = in_feishu(&stage, LI, &format!("/账号 关联 {code}")).await;
    assert!(same.contains("同一个平台"), "{same}");
    for wrong in ["ABCDEFGH", ""] {
        let answer = in_dingtalk(&stage, D_LI, &format!("/账号 关联 {wrong}")).await;
        assert!(answer.contains("关联码"), "{answer}");
    }
    stage.advance("10m").await;
    let late = in_dingtalk(&stage, D_ZHANG, &format!("/账号 关联 {code}")).await;
    assert!(late.contains("不对或已过期"), "{late}");
    let code = code_in(&in_feishu(&stage, ZHANG, "/账号 关联").await);
    let small = code.to_ascii_lowercase();
    assert!(in_dingtalk(&stage, D_ZHANG, &format!("/账号 关联 {small}")).await.contains("已关联"));
    let again = in_dingtalk(&stage, D_LI, &format!("/账号 关联 {code}")).await;
    assert!(again.contains("不对或已过期"), "{again}");
    let shown = in_dingtalk(&stage, D_ZHANG, "/账号").await;
    assert!(shown.contains("飞书 张经理 = 钉钉 张经理"), "{shown}");
    assert!(in_feishu(&stage, ZHANG, "/账号 取消").await.contains("各算各的"));
    assert!(in_dingtalk(&stage, D_ZHANG, "/账号").await.contains("还没有关联"));
}
