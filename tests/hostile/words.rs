//! Words that would be something else: in a message that is rightly signed, to the end of the way.

use serde_json::json;

use super::the_log_tells_nothing;
use crate::{
    conformance::NASTY,
    end_to_end::stage::{D_WANG, Stage, WANG},
    fake_feishu::Delivery,
};

/// A message to the bot with exactly these words, past the pretend platform's own way to write mentions.
///
/// Each in a group of its own, so that the pace in one does not matter.
fn feishu_text(stage: &Stage, group: &str, text: &str) -> Delivery {
    stage.feishu.group(group, group);
    let said = stage.feishu.text(group, WANG, "{bot} ");
    said.with("/event/message/content", json!(json!({ "text": format!("@_user_1 {text}") }).to_string()))
}

/// Long texts that could make a reader slow.
fn long() -> Vec<String> {
    let times = |piece: &str| piece.repeat(100_000 / piece.len());
    let mut long: Vec<String> = [
        "长",
        "!高 ",
        "截止:",
        "截止:明天 ",
        "@",
        "@李工 ",
        "\"",
        "「",
        " ",
        "标签:a,b ",
        "/",
        "\\n",
        "１",
        "R1 ",
        "三个工作日后",
        "[](",
        "\n",
        "\u{0}",
        "\u{202E}",
        "😀",
        "e\u{301}",
        "原型:http://a.example/ ",
    ]
    .iter()
    .map(|piece| format!("/需求 支付模块支持退款 {}", times(piece)))
    .collect();
    long.push(times("/需求 支付模块支持退款\n"));
    long.push(times("/帮助\n"));
    long.push(times("/x\n"));
    long.push(times("无"));
    long
}

#[tokio::test]
async fn nasty_words_are_kept_and_said_as_words_on_feishu() {
    let stage = Stage::new().await;
    for (n, nasty) in NASTY.into_iter().enumerate() {
        for text in [format!("/需求 甲{nasty}乙"), format!("/工单 {nasty} !紧急"), nasty.to_owned()] {
            stage.feishu_deliver(&feishu_text(&stage, &format!("oc_{n}"), &text)).await;
        }
    }
    let records = stage.records().await;
    for nasty in NASTY.iter().filter(|nasty| !nasty.contains(|c| "@!\u{E000}\u{F0000}".contains(c))) {
        // Verbatim, for ever.
        let said = serde_json::to_string(&format!("甲{nasty}乙")).unwrap();
        let said = said.trim_matches('"');
        assert!(records.iter().any(|row| row.starts_with('R') && row.contains(said)), "{said} {records:#?}");
    }
    stage.all_said().await;
    let sent = stage.feishu.sent();
    assert!(sent.len() > 2 * NASTY.len(), "{}", sent.len());
    for sent in sent {
        assert!(!sent.words.contains('⟨'), "{sent:?}");
        // Whoever made the project, since it has no triangle.
        assert!(sent.mentions.iter().all(|id| id == WANG), "{sent:?}");
    }
    the_log_tells_nothing(&stage);
}

#[tokio::test]
async fn nasty_words_are_kept_and_said_as_words_on_dingtalk() {
    let stage = Stage::new().await;
    for nasty in NASTY {
        stage.ding_deliver(&stage.ding.said("cidNasty==", D_WANG, &format!("/需求 甲{nasty}"))).await;
    }
    let titles = stage.records().await.iter().filter(|row| row.starts_with('R')).count();
    assert!(titles > NASTY.len() / 2, "{titles}");
    // Its group takes 18 messages a minute; what is said is looked at as far as it got.
    for sent in stage.ding.wait_for(10).await {
        assert!(sent.notified.is_empty(), "{sent:?}");
        for bad in ["](", "![", "<", "dtmd://", "@0123456789", "\u{202E}", "\0"] {
            assert!(!sent.text.contains(bad), "{bad:?} in {sent:?}");
        }
    }
    the_log_tells_nothing(&stage);
}

#[tokio::test]
async fn a_hundred_kilobytes_are_answered_in_time() {
    let stage = Stage::new().await;
    for (n, text) in long().into_iter().enumerate() {
        let answer = stage.feishu.deliver(&feishu_text(&stage, &format!("oc_{n}"), &text)).await;
        let begin: String = text.chars().take(40).collect();
        assert_eq!(answer.status, 200, "{begin:?} took {:?}", answer.took);
    }
    stage.all_said().await;
    the_log_tells_nothing(&stage);
}

#[tokio::test]
async fn a_hundred_commands_are_carried_out_and_more_are_refused_together() {
    let stage = Stage::new().await;
    stage.feishu_deliver(&feishu_text(&stage, "oc_many", &"/需求 支付模块支持退款\n".repeat(101))).await;
    let sent = stage.feishu.wait_sent(1).await;
    assert_eq!(sent[0].words, "一条消息最多 100 条命令，都没有执行，请分开发");
    assert!(stage.records().await.is_empty());
    stage.feishu_deliver(&feishu_text(&stage, "oc_many", &"/需求 支付模块支持退款\n".repeat(100))).await;
    let made = stage.records().await.iter().filter(|row| row.starts_with('R')).count();
    assert_eq!(made, 100);
}
