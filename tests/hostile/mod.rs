//! What the bot makes of requests and words that mean it no good: a clear answer, nothing recorded,
//! nothing logged that should not be, and the next honest request is served.

#![allow(clippy::unwrap_used)]

mod doors;
mod playground;
mod words;

use crate::{
    end_to_end::stage::{ADMIN_TOKEN, Stage, WANG},
    fake_dingtalk, fake_feishu,
};

/// Stands in every hostile body, and so must stand nowhere else.
const MARK: &str = "机密标记7f3a";

/// Nothing came of it: no record, nothing said or to be said.
async fn nothing_happened(stage: &Stage) {
    assert!(stage.records().await.is_empty());
    stage.all_said().await;
    assert!(stage.feishu.sent().is_empty(), "{:#?}", stage.feishu.sent());
    assert!(stage.ding.sent().is_empty(), "{:#?}", stage.ding.sent());
}

/// An honest message is served as ever.
async fn it_lives(stage: &Stage) {
    stage.feishu_says(WANG, "/需求 支付模块支持退款").await;
    let sent = stage.feishu.wait_sent(1).await;
    assert!(sent.last().unwrap().words.starts_with("R1 支付模块支持退款"), "{sent:#?}");
}

/// Neither bodies nor secrets are in the log, and nothing of ours broke.
fn the_log_tells_nothing(stage: &Stage) {
    let log = stage.log.text();
    let secrets = [
        fake_feishu::APP_SECRET,
        fake_feishu::ENCRYPT_KEY,
        fake_feishu::TOKEN,
        fake_dingtalk::CLIENT_SECRET,
        ADMIN_TOKEN,
        "sendBySession?",
        "t-0000",
        "token0000",
        "支付模块",
        MARK,
    ];
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is in the log");
    }
    for broken in ["panicked", "could not be carried out"] {
        assert!(!log.contains(broken), "{log}");
    }
    assert!(log.contains("listening on"), "the log was caught");
}
