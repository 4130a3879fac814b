//! The power goes off between what was recorded and what is said.

use super::stage::{D_WANG, LI, Stage, WANG};
use crate::{fake_dingtalk, fake_feishu::Fault};

#[tokio::test]
async fn what_was_recorded_is_said_once_by_the_next_process() {
    let mut stage = Stage::with_feishu_project().await;
    stage.feishu.fail_always(Some(Fault::Drop));
    let said = stage.feishu_says(WANG, "/工单 登录页打不开 !紧急").await;
    stage.crash();
    stage.feishu.fail_always(None);
    stage.start().await;
    stage.all_said().await;
    let sent = stage.feishu.sent();
    assert_eq!(sent.len(), 2, "{sent:#?}");
    assert!(sent.iter().any(|sent| sent.reply_to.as_deref() == Some(said.message_id())));
    assert!(sent.iter().any(|sent| sent.mentions == [LI]));
    // It is known as seen, too.
    stage.feishu_deliver(&said).await;
    stage.all_said().await;
    assert_eq!(stage.feishu.sent().len(), 2);
    assert_eq!(stage.record("T1").await["title"], "登录页打不开");
}

#[tokio::test]
async fn what_was_accepted_without_our_knowing_goes_under_the_same_key() {
    let mut stage = Stage::with_feishu_project().await;
    let before = stage.feishu.calls("reply");
    stage.feishu.fail_next(Fault::DropAfterAccepting);
    stage.feishu.fail_always(Some(Fault::Drop));
    stage.feishu_says(WANG, "/需求 支付模块支持退款").await;
    stage.feishu.wait_sent(1).await;
    stage.crash();
    stage.feishu.fail_always(None);
    let tries = stage.feishu.calls("reply");
    stage.start().await;
    stage.all_said().await;
    assert!(tries > before && stage.feishu.calls("reply") > tries, "it was tried again");
    let sent = stage.feishu.sent();
    assert_eq!(sent.len(), 1, "{sent:#?}");
    assert!(!sent[0].words.contains("可能重复"));
}

#[tokio::test]
async fn what_was_accepted_longer_ago_than_the_key_is_remembered_says_so() {
    let mut stage = Stage::with_feishu_project().await;
    stage.feishu.fail_next(Fault::DropAfterAccepting);
    stage.feishu.fail_always(Some(Fault::Drop));
    stage.feishu_says(WANG, "/需求 支付模块支持退款").await;
    stage.feishu.wait_sent(1).await;
    stage.crash();
    stage.feishu.fail_always(None);
    stage.time_passes(61);
    stage.start().await;
    stage.all_said().await;
    let sent = stage.feishu.sent();
    assert_eq!(sent.len(), 2, "{sent:#?}");
    assert!(sent[1].words.contains("（可能重复）"), "{sent:#?}");
}

#[tokio::test]
async fn where_there_is_no_key_the_second_time_says_so() {
    let mut stage = Stage::new().await;
    stage.dingtalk_project().await;
    let before = stage.ding.sent().len();
    stage.ding.fail_next(fake_dingtalk::Way::Session, fake_dingtalk::Fault::DropAfterAccepting);
    stage.ding_says(D_WANG, "/需求 支付模块支持退款").await;
    stage.ding.wait_for(before + 1).await;
    stage.crash();
    stage.start().await;
    stage.all_said().await;
    let sent = stage.ding.sent().split_off(before);
    assert_eq!(sent.len(), 2, "{sent:#?}");
    assert!(!sent[0].text.contains("可能重复") && sent[1].text.contains("可能重复"), "{sent:#?}");
}

#[tokio::test]
async fn a_deadline_that_passed_while_the_bot_was_down_is_made_up_once() {
    let mut stage = Stage::with_feishu_project().await;
    stage.feishu_says(WANG, "/工单 登录页打不开 !紧急").await;
    stage.all_said().await;
    stage.crash();
    stage.time_passes(90);
    stage.start().await;
    let sent = stage.feishu.wait_sent(3).await;
    stage.all_said().await;
    assert!(sent[2].words.contains("补发") && sent[2].words.contains("已过一半"), "{sent:#?}");
    assert_eq!(stage.feishu.sent().len(), 3);
    stage.crash();
    stage.start().await;
    stage.all_said().await;
    assert_eq!(stage.feishu.sent().len(), 3);
}

#[tokio::test]
async fn what_was_said_meanwhile_counts_from_when_it_was_written() {
    let mut stage = Stage::with_feishu_project().await;
    stage.crash();
    let said = stage.feishu.text(super::stage::FEISHU, WANG, "{bot} /工单 登录页打不开 !紧急");
    stage.time_passes(90);
    stage.start().await;
    // The platform delivers it again for seven hours.
    stage.feishu_deliver(&said).await;
    let sent = stage.feishu.wait_sent(3).await;
    stage.all_said().await;
    assert_eq!(stage.record("T1").await["opened_at"], "2026-11-23T01:00:00Z");
    let answer = sent.iter().find(|sent| sent.reply_to.is_some()).unwrap();
    assert!(answer.words.starts_with("【补处理】T1 登录页打不开 · 紧急\n"), "{sent:#?}");
    assert!(answer.words.contains("11:00 前响应"), "{sent:#?}");
    // Half of the time is over already.
    assert!(sent.iter().any(|sent| sent.words.contains("已过一半")), "{sent:#?}");
}
