//! A message of Feishu's that is taken back, and what it made.

use super::stage::{CHEN, FEISHU, LI, Stage, WANG};
use crate::fake_feishu::Delivery;

const TICKET: &str = "/工单 登录页打不开";
const ASKED: &str = "撤回了提出 T1「登录页打不开」的消息，要一并撤销吗？";

impl Stage {
    /// Whoever wrote it takes it back, and it is told twice.
    async fn recall(&self, said: &Delivery) {
        let recalled = self.feishu.recalled(FEISHU, said.message_id(), "message_owner");
        for event in ["r1", "r2"] {
            self.feishu_deliver(&recalled.under_another_event_id(event)).await;
        }
        self.all_said().await;
    }

    /// How often it was asked about.
    fn asked(&self) -> usize {
        self.feishu.sent().iter().filter(|sent| sent.words.contains(ASKED)).count()
    }
}

#[tokio::test]
async fn it_is_asked_about_once_and_a_press_takes_the_record_back() {
    let mut stage = Stage::with_feishu_project().await;
    let said = stage.feishu_says(WANG, TICKET).await;
    stage.all_said().await;
    stage.recall(&said).await;
    assert_eq!(stage.asked(), 1);
    // Days later it is told again: the mark of the event is gone, what was asked is not forgotten.
    stage.advance("1h").await;
    stage.crash();
    stage.start().await;
    let asked = stage.feishu.sent().into_iter().find(|sent| sent.words.contains(ASKED)).unwrap();
    assert_eq!((asked.reply_to.as_ref(), asked.chat_id.as_str()), (None, FEISHU));
    let answer = stage.feishu.press(CHEN, &asked, "撤销 T1").await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert!(answer.body["card"].to_string().contains("T1 已撤销"), "{:?}", answer.body);
    assert!(!stage.records().await.iter().any(|row| row.starts_with("T1 ")));
    stage.feishu.wait_edit(&asked.message_id, |edit| edit.buttons.is_empty()).await;
    // Nobody is called for what is not there any more.
    let said = stage.feishu.sent().len();
    stage.all_said().await;
    stage.advance("24h").await;
    assert!(!stage.feishu.sent().split_off(said).iter().any(|sent| sent.words.contains("超时")));
    let again = stage.feishu.press(LI, &asked, "撤销 T1").await;
    assert!(again.body["toast"]["content"].as_str().unwrap().starts_with("没有 T1"), "{:?}", again.body);
}

#[tokio::test]
async fn days_later_it_is_asked_about_too_and_never_twice() {
    let stage = Stage::with_feishu_project().await;
    let said = stage.feishu_says(WANG, "/需求 导出对账单").await;
    let asked = || {
        let sent = stage.feishu.sent().into_iter();
        sent.filter(|sent| sent.words.contains("撤回了提出 R1")).count()
    };
    stage.all_said().await;
    for times in [1, 1] {
        stage.advance("60h").await;
        stage.recall(&said).await;
        assert_eq!(asked(), times);
    }
}

#[tokio::test]
async fn what_made_nothing_what_others_removed_and_what_stands_elsewhere_is_passed_over() {
    let stage = Stage::with_feishu_project().await;
    let ticket = stage.feishu_says(WANG, TICKET).await;
    stage.all_said().await;
    let said = stage.feishu.sent().len();
    let chatter = stage.feishu.text(FEISHU, WANG, "今天先这样");
    stage.feishu_deliver(&chatter).await;
    stage.recall(&chatter).await;
    let removed = stage.feishu.recalled(FEISHU, ticket.message_id(), "group_owner");
    stage.feishu_deliver(&removed).await;
    let elsewhere = stage.feishu.recalled("oc_elsewhere", ticket.message_id(), "message_owner");
    stage.feishu_deliver(&elsewhere).await;
    stage.all_said().await;
    assert_eq!(stage.feishu.sent().len(), said);
}

#[tokio::test]
async fn a_message_that_comes_after_its_recall_is_nothing_any_more() {
    let stage = Stage::with_feishu_project().await;
    let said = stage.feishu.text(FEISHU, WANG, &format!("{{bot}} {TICKET}"));
    stage.recall(&said).await;
    stage.feishu_deliver(&said).await;
    stage.all_said().await;
    assert!(!stage.records().await.iter().any(|row| row.starts_with("T1 ")));
    assert!(stage.feishu.sent().is_empty());
}
