//! The specification as a Word file: made with the confirmation, and in the chat as a file.

use std::time::Duration;

use super::stage::{D_LI, D_WANG, D_ZHANG, DING, FEISHU, LI, Stage, WANG, ZHANG};
use crate::{
    fake_dingtalk::{self, Way},
    fake_feishu::{Fault, Sent},
};

const ASKED: &str = "/需求 支付模块支持退款";
const ANALYSED: &str = "/R1 分析 可行性:4 说明:能做 价值:3 贡献:少接电话 开发:3 测试:1 设计:0 工期:1周 成本:2万 真实需求:少接退款电话";
const FILLED: &str =
    "/R1 补充 目标:退款当天到账 性能:2秒内 界面:无 兼容:Chrome 用例:12条 流程:现场走一遍 变更规则:走变更单";
const NAME: &str = "需求规格说明书-R1-支付模块支持退款-V1.docx";

/// A requirement that waits for 王工's word, everything said so far forgotten.
async fn waiting() -> Stage {
    let stage = Stage::with_feishu_project().await;
    stage.feishu_says(WANG, ASKED).await;
    stage.feishu_says(LI, ANALYSED).await;
    stage.feishu_says(ZHANG, &format!("{FILLED} 签字人:{{{WANG}}}")).await;
    stage.all_said().await;
    stage.feishu.clear();
    stage
}

async fn confirmed(stage: &Stage) -> Vec<Sent> {
    stage.feishu_says(WANG, "/R1 确认 面对面:今天").await;
    stage.all_said().await;
    stage.feishu.sent()
}

/// The words of a Word file; it is a zip with a `word/document.xml`.
fn words(bytes: &[u8]) -> String {
    docx_rs::read_docx(bytes).unwrap().json()
}

#[tokio::test]
async fn a_confirmation_on_feishu_brings_the_word_file_behind_its_words() {
    let stage = waiting().await;
    let sent = confirmed(&stage).await;
    let [said, file] = &sent[..] else { panic!("{sent:#?}") };
    assert!(said.words.contains("R1 支付模块支持退款 已确认"), "{}", said.words);
    assert_eq!((file.msg_type.as_str(), file.chat_id.as_str()), ("file", FEISHU));
    assert!(file.reply_to.is_some() && file.reply_to == said.reply_to && file.uuid != said.uuid);
    let (name, bytes) = file.file.as_ref().unwrap();
    assert_eq!(name, NAME);
    let fingerprint = stage.record("R1").await["editions"][0]["fingerprint"].as_str().unwrap().to_owned();
    for part in ["支付模块支持退款", "少接退款电话", "退款当天到账", "王工", &fingerprint]
    {
        assert!(words(bytes).contains(part), "{part}");
    }
    // Neither as text nor as numbers is any of it in the log.
    let log = stage.log.text();
    assert!(!log.contains("UEsDB") && !log.contains("80, 75, 3, 4") && log.len() > 1_000);

    // The same again, and no other version.
    stage.feishu_says(LI, "/R1 规格 1").await;
    stage.all_said().await;
    let again = stage.feishu.sent();
    assert!(again[2].words.starts_with("《需求规格说明书》R1 支付模块支持退款 V1"), "{}", again[2].words);
    assert_eq!(again[3].file.as_ref(), Some(&(NAME.to_owned(), bytes.clone())));
    stage.feishu_says(LI, "/R1 规格 2").await;
    stage.all_said().await;
    assert_eq!(stage.feishu.sent().len(), 5);
}

#[tokio::test]
async fn an_app_that_may_not_upload_says_so_where_the_file_would_be() {
    let stage = waiting().await;
    stage.feishu.fail_uploads(Some(Fault::Code(99991672)));
    let sent = confirmed(&stage).await;
    let [said, line] = &sent[..] else { panic!("{sent:#?}") };
    assert!(said.words.contains("R1 支付模块支持退款 已确认"), "{}", said.words);
    assert!(line.words.contains("Word 文件发不出来，看内容发 /R1 规格 1"), "{}", line.words);
    assert!(line.words.contains("im:resource:upload"), "{}", line.words);
    assert_eq!((line.file.as_ref(), line.chat_id.as_str()), (None, FEISHU));
    let (_, dead) = stage.get_json("/api/admin/dead-letters").await;
    assert_eq!(dead["dead_letters"].as_array().unwrap().len(), 0, "{dead}");
}

#[tokio::test]
async fn a_file_whose_answer_was_lost_is_uploaded_again_and_handed_over_once() {
    let stage = waiting().await;
    stage.feishu.fail_next(Fault::Slow(Duration::ZERO)).fail_next(Fault::DropAfterAccepting);
    let sent = confirmed(&stage).await;
    assert_eq!(sent.len(), 2, "{sent:#?}");
    assert_eq!(stage.feishu.calls("upload"), 2);
}

#[tokio::test]
async fn a_crash_before_anything_is_said_loses_no_file() {
    let mut stage = waiting().await;
    stage.feishu.fail_always(Some(Fault::Drop));
    stage.feishu_says(WANG, "/R1 确认 面对面:今天").await;
    stage.crash();
    stage.feishu.fail_always(None);
    stage.start().await;
    stage.all_said().await;
    let sent = stage.feishu.sent();
    assert_eq!(sent.len(), 2, "{sent:#?}");
    assert!(words(&sent[1].file.as_ref().unwrap().1).contains("支付模块支持退款"));
}

#[tokio::test]
async fn a_file_that_is_given_up_is_known_by_its_name_alone() {
    let stage = waiting().await;
    stage.feishu.fail_next(Fault::Slow(Duration::ZERO));
    stage.feishu.fail_next(Fault::Code(230002)).fail_next(Fault::Code(230002));
    assert_eq!(confirmed(&stage).await.len(), 1);
    let (_, dead) = stage.get_json("/api/admin/dead-letters").await;
    assert_eq!(dead["dead_letters"][0]["headline"], format!("📎 {NAME}"), "{dead}");
    assert!(!dead.to_string().contains("UEsDB"));
    let id = dead["dead_letters"][0]["id"].to_string();
    let (status, _) = stage.post(&format!("/api/admin/dead-letters/{id}/retry"), serde_json::json!({})).await;
    assert_eq!(status, 200);
    stage.all_said().await;
    assert_eq!(stage.feishu.sent()[1].file.as_ref().unwrap().0, NAME);
}

#[tokio::test]
async fn on_dingtalk_the_words_go_by_the_reply_address_and_the_file_by_the_api() {
    let stage = Stage::new().await;
    stage.dingtalk_project().await;
    stage.ding_says(D_WANG, ASKED).await;
    stage.ding_says(D_LI, ANALYSED).await;
    stage.ding_says(D_ZHANG, &format!("{FILLED} 签字人:@王工")).await;
    stage.all_said().await;
    let before = stage.ding.sent().len();
    stage.ding_says(D_WANG, "/R1 确认 面对面:今天").await;
    stage.all_said().await;
    let sent = stage.ding.sent().split_off(before);
    let ways: Vec<Way> = sent.iter().map(|sent| sent.way).collect();
    assert_eq!(ways, [Way::Session, Way::GroupApi], "{sent:#?}");
    assert_eq!((sent[1].kind.as_str(), sent[1].conversation.as_deref()), ("sampleFile", Some(DING)));
    let (name, bytes) = sent[1].file.as_ref().unwrap();
    assert_eq!(name, NAME);
    assert!(words(bytes).contains("支付模块支持退款"));

    // Without the permission the line goes by the reply address.
    let refused = r#"{"errcode":60011,"errmsg":"没有调用该接口的权限"}"#;
    stage.ding.fail_next(Way::Upload, fake_dingtalk::Fault::Refuse(200, refused.into()));
    stage.ding_says(D_LI, "/R1 规格").await;
    stage.all_said().await;
    let sent = stage.ding.sent().split_off(before + 2);
    assert_eq!(sent.len(), 2, "{sent:#?}");
    assert!(
        sent[1].way == Way::Session && sent[1].text.contains("Word 文件发不出来，内容见上一条"),
        "{sent:#?}"
    );
    assert!(sent[1].text.contains("钉钉应用缺权限"), "{}", sent[1].text);
}
