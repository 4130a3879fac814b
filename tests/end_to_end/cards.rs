//! Cards that are edited in place while their records change.

use serde_json::json;

use super::stage::{D_LI, D_WANG, D_ZHANG, FEISHU, LI, Stage, WANG, ZHANG};
use crate::{
    fake_dingtalk::{self as ding, Way},
    fake_feishu::{Fault, Sent},
};

const TICKET: &str = "/工单 登录页打不开 !紧急";

/// The answer to a new ticket, and the first ping.
async fn opened(stage: &Stage) -> Vec<Sent> {
    stage.feishu_says(WANG, TICKET).await;
    stage.feishu.wait_sent(2).await;
    stage.all_said().await;
    assert!(stage.feishu.edits().is_empty(), "{:#?}", stage.feishu.edits());
    stage.feishu.sent()
}

#[tokio::test]
async fn a_press_edits_every_card_and_is_answered_with_a_toast_and_the_card() {
    let stage = Stage::with_feishu_project().await;
    let sent = opened(&stage).await;
    let answer = stage.feishu.press(LI, &sent[0], "响应").await;
    let toast = &answer.body["toast"];
    assert_eq!((answer.status, &toast["type"]), (200, &json!("success")), "{:?}", answer.body);
    assert!(toast["content"].as_str().unwrap().starts_with("T1 由 李工 响应"), "{toast}");
    let card = answer.body["card"].to_string();
    assert!(card.contains("T1 登录页打不开 · 紧急 · 已响应") && card.contains("/T1 处理"), "{card}");
    assert!(!card.contains("/T1 响应"), "{card}");
    let edit = stage.feishu.wait_edit(&sent[0].message_id, |edit| edit.words.contains("已响应")).await;
    assert_eq!(edit.buttons, [("处理".to_owned(), "/T1 处理".to_owned())]);
    // The ping keeps its words, and says who did it.
    let edit = stage.feishu.wait_edit(&sent[1].message_id, |edit| edit.buttons.is_empty()).await;
    assert!(
        edit.words.starts_with("@李工 新紧急工单 T1") && edit.words.contains("T1 已由 李工 于"),
        "{}",
        edit.words
    );
    assert!(stage.feishu.edits().iter().all(|edit| edit.mentions.is_empty()));
}

#[tokio::test]
async fn a_press_that_comes_too_late_is_told_who_did_it_and_when() {
    let stage = Stage::with_feishu_project().await;
    let sent = opened(&stage).await;
    stage.feishu_says(LI, "/T1 响应").await;
    stage.feishu.wait_edit(&sent[0].message_id, |edit| edit.words.contains("已响应")).await;
    stage.advance("12m").await;
    let before = stage.record("T1").await;
    let answer = stage.feishu.press(ZHANG, &sent[0], "响应").await;
    let toast = &answer.body["toast"];
    assert_eq!(toast["type"], "error", "{:?}", answer.body);
    let words = toast["content"].as_str().unwrap();
    assert!(words.starts_with("T1 已由 李工 在") && words.ends_with("09:00 响应"), "{words}");
    assert!(answer.body["card"].to_string().contains("/T1 处理"), "{:?}", answer.body);
    assert_eq!(stage.record("T1").await, before);
}

#[tokio::test]
async fn changes_that_come_while_an_edit_waits_are_one_edit() {
    let stage = Stage::with_feishu_project().await;
    let sent = opened(&stage).await;
    stage.feishu.fail_always(Some(Fault::Status(503)));
    for line in ["/T1 响应", "/T1 处理", "/T1 等待 请提供出错的账号"] {
        stage.feishu_says(LI, line).await;
    }
    stage.until("an edit was tried", async || stage.feishu.calls("patch") > 0).await;
    stage.feishu.fail_always(None);
    stage.feishu.wait_edit(&sent[0].message_id, |edit| edit.words.contains("等待客户")).await;
    let edits = stage.feishu.edits();
    let of_card = edits.iter().filter(|edit| edit.message_id == sent[0].message_id).count();
    assert_eq!(of_card, 1, "{edits:#?}");
}

#[tokio::test]
async fn a_crash_between_a_change_and_its_edit_loses_no_edit() {
    let mut stage = Stage::with_feishu_project().await;
    let sent = opened(&stage).await;
    stage.feishu.fail_always(Some(Fault::Status(503)));
    stage.feishu_says(LI, "/T1 响应").await;
    stage.until("an edit was tried", async || stage.feishu.calls("patch") > 0).await;
    assert!(stage.feishu.edits().is_empty(), "{:#?}", stage.feishu.edits());
    stage.crash();
    stage.feishu.fail_always(None);
    stage.start().await;
    stage.feishu.wait_edit(&sent[0].message_id, |edit| edit.words.contains("已响应")).await;
}

#[tokio::test]
async fn what_can_no_longer_be_edited_is_not_tried_for_ever() {
    let stage = Stage::with_feishu_project().await;
    let sent = opened(&stage).await;
    for message in &sent {
        stage.feishu.recall(&message.message_id);
    }
    stage.feishu_says(LI, "/T1 响应").await;
    stage.all_said().await;
    stage.until("both are given up", async || stage.feishu.calls("patch") == 2).await;
    let said = stage.feishu.sent().len();
    stage.feishu_says(LI, "/T1 处理").await;
    stage.all_said().await;
    stage.advance("1m").await;
    assert_eq!(stage.feishu.calls("patch"), 2);
    // And it holds up nothing that is said.
    assert_eq!(stage.feishu.sent().len(), said + 1);
    let (_, dead) = stage.get_json("/api/admin/dead-letters").await;
    assert!(dead.to_string().matches("T1").count() == 0, "{dead}");
}

#[tokio::test]
async fn a_card_that_is_nearly_too_old_is_said_anew() {
    let stage = Stage::with_feishu_project().await;
    stage.feishu_says(ZHANG, "/需求 支付模块支持退款").await;
    let [card] = &stage.feishu.wait_sent(1).await[..] else { panic!("one answer") };
    let card = card.clone();
    stage.all_said().await;
    stage.advance("321h").await;
    stage.feishu_says(ZHANG, "/R1 补充 目标:减少人工退款").await;
    // Not before the end of the weekend.
    stage.advance("15h").await;
    let is_card = |sent: &Sent| sent.words.contains("目标：减少人工退款") && !sent.buttons.is_empty();
    let sent = stage.feishu.wait_until(|sent| sent.iter().any(is_card)).await;
    let anew = sent.iter().find(|sent| is_card(sent)).unwrap();
    assert_eq!((anew.chat_id.as_str(), anew.reply_to.as_ref()), (FEISHU, None));
    assert!(anew.words.contains("目标：减少人工退款"), "{}", anew.words);
    assert_ne!(anew.message_id, card.message_id);
    stage.all_said().await;
    // 14 days on the one before cannot be edited; the new one is.
    stage.advance("48h").await;
    stage.feishu_says(ZHANG, "/R1 补充 场景:月底对账").await;
    stage.feishu.wait_edit(&anew.message_id, |edit| edit.words.contains("场景：月底对账")).await;
}

/// A project in DingTalk with a template of cards, heard over sockets or webhooks; the answer to a new ticket, and the
/// first ping into the group.
async fn ding_opened(sockets: bool) -> (Stage, [ding::Sent; 2]) {
    let config = |ding: &ding::FakeDingTalk| {
        format!("card_template = \"{}\"\n{}", ding.card_template(true), super::dingtalk::own_robot(ding))
    };
    let stage = Stage::heard_by(sockets, config, &[]).await;
    stage.dingtalk_project().await;
    let before = stage.ding.sent().len();
    stage.ding_says(D_WANG, TICKET).await;
    stage.all_said().await;
    let sent = stage.ding.sent().split_off(before);
    let [answer, ping] = &sent[..] else { panic!("{sent:#?}") };
    assert_eq!([answer.way, ping.way], [Way::Card; 2]);
    assert_eq!(ping.notified, [D_LI]);
    assert!(stage.ding.edits().is_empty(), "{:#?}", stage.ding.edits());
    let sent = [answer.clone(), ping.clone()];
    (stage, sent)
}

#[tokio::test]
async fn on_dingtalk_a_press_edits_every_card_and_is_answered_with_the_card() {
    for sockets in [true, false] {
        let (stage, [card, ping]) = ding_opened(sockets).await;
        let answer = stage.ding.press(stage.url(), &card, D_LI, "响应").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        // Before anything is edited, the answer shows what is so.
        let now = stage.ding.shows(&card);
        assert!(now.title.starts_with("T1 登录页打不开 · 紧急 · 已响应"), "{}", now.title);
        assert_eq!(now.button_lines(), ["/T1 处理"]);
        let (who, toast) = stage.ding.toasts().remove(0);
        assert!(who == D_LI && toast.starts_with("T1 由 李工 响应"), "{toast}");
        assert_eq!(stage.record("T1").await["response"]["by"]["id"], format!("dingtalk:{D_LI}"));
        // The ping keeps its words, and says who did it.
        let now = stage.ding.wait_shows(&ping, |ping| ping.buttons.is_empty()).await;
        assert!(now.text.contains("新紧急工单 T1") && now.text.contains("T1 已由 李工 于"), "{}", now.text);

        // Too late: who did it, and when, for whoever pressed and in the group.
        stage.all_said().await;
        stage.advance("12m").await;
        let (before, said) = (stage.record("T1").await, stage.ding.sent().len());
        let answer = stage.ding.press(stage.url(), &card, D_ZHANG, "响应").await;
        assert_eq!((answer.status, stage.record("T1").await), (200, before));
        let (who, toast) = stage.ding.toasts().pop().unwrap();
        assert!(who == D_ZHANG && toast.starts_with("T1 已由 李工 在") && toast.ends_with("响应"), "{toast}");
        stage.all_said().await;
        let told = stage.ding.sent().split_off(said);
        assert!(told.len() == 1 && told[0].text.contains("T1 已由 李工 在"), "{told:#?}");

        // What is said is edited too.
        stage.ding_says(D_LI, "/T1 处理").await;
        stage.ding.wait_shows(&card, |card| card.title.contains("处理中")).await;
        let faults = stage.log.faults();
        assert!(!faults.iter().any(|fault| fault.contains("DingTalk")), "{faults:#?}");
    }
}

#[tokio::test]
async fn on_dingtalk_a_crash_between_a_change_and_its_edit_loses_no_edit() {
    let (mut stage, [card, _]) = ding_opened(false).await;
    for _ in 0..2 {
        stage.ding.fail_next(Way::CardEdit, ding::Fault::Refuse(503, String::new()));
    }
    stage.ding_says(D_LI, "/T1 响应").await;
    stage.until("both edits were tried", async || stage.ding.calls(Way::CardEdit) >= 2).await;
    assert!(stage.ding.edits().is_empty(), "{:#?}", stage.ding.edits());
    stage.crash();
    stage.start().await;
    stage.ding.wait_shows(&card, |card| card.title.contains("已响应")).await;
}

#[tokio::test]
async fn on_dingtalk_a_press_that_arrives_twice_is_one() {
    let (stage, [card, _]) = ding_opened(false).await;
    stage.ding.press(stage.url(), &card, D_LI, "响应").await;
    stage.all_said().await;
    let (before, said) = (stage.record("T1").await, stage.ding.sent().len());
    // By HTTP the same moment is the same press.
    let answer = stage.ding.press(stage.url(), &card, D_LI, "响应").await;
    stage.all_said().await;
    assert_eq!((answer.status, stage.record("T1").await, stage.ding.sent().len()), (200, before, said));
}
