//! Everything that goes wrong between the bot and the platforms, against the whole bot: nothing that was said is lost or
//! recorded twice, all of it is answered once and in order, and the log says in one line what happened.

use serde_json::json;

use super::stage::{D_WANG, DING, FEISHU, Stage, WANG};
use crate::{
    fake_dingtalk::{Fault as DingFault, Said, Way},
    fake_feishu::{Delivery, Fault, wishes},
};

/// A bot on both platforms, each with a project, and what it logged before anything went wrong.
struct Run {
    stage: Stage,
    calm: usize,
}

impl Run {
    async fn new() -> Self {
        Self::on(Stage::over_sockets().await).await
    }

    async fn on(stage: Stage) -> Self {
        stage.feishu_project().await;
        stage.dingtalk_project().await;
        let calm = stage.log.faults().len();
        Self { stage, calm }
    }

    /// Requirements with these numbers, as Feishu delivers them.
    fn feishu(&self, numbers: impl IntoIterator<Item = usize>) -> Vec<Delivery> {
        let said = |n| self.stage.feishu.text(FEISHU, WANG, &format!("{{bot}} /需求 飞书第{n}件"));
        numbers.into_iter().map(said).collect()
    }

    /// The same on DingTalk.
    fn ding(&self, numbers: impl IntoIterator<Item = usize>) -> Vec<Said> {
        let said = |n| self.stage.ding.said(DING, D_WANG, &format!("/需求 钉钉第{n}件"));
        numbers.into_iter().map(said).collect()
    }

    /// Both platforms deliver until the bot has taken it.
    async fn deliver(&self, feishu: &[Delivery], ding: &[Said]) {
        for said in feishu {
            self.stage.feishu_deliver(said).await;
        }
        for said in ding {
            self.stage.ding_deliver(said).await;
        }
    }

    /// Of each platform there are `1` to `most`: recorded once and in order, answered once and in order.
    async fn all_is_there(&self, most: usize) {
        self.stage.all_said().await;
        let records = self.stage.records().await;
        let feishu = self.stage.feishu.sent_to(FEISHU);
        let feishu: Vec<&str> = feishu.iter().map(|sent| first_line(&sent.words)).collect();
        let ding = self.stage.ding.sent_to(DING);
        let ding: Vec<&str> = ding.iter().map(|sent| first_line(&sent.text)).collect();
        for (platform, answers) in [("飞书", &feishu), ("钉钉", &ding)] {
            let title = |n: usize| format!("{platform}第{n}件");
            let mut recorded = Vec::new();
            for n in 1..=most {
                let row = |row: &&String| row.contains(&format!("\"title\":\"{}\"", title(n)));
                recorded.extend(records.iter().filter(row).map(|row| row.split(' ').next().unwrap()));
            }
            let expected: Vec<String> = (1..=most).map(|n| format!("R{n}")).collect();
            assert_eq!(recorded, expected, "{platform}: {records:#?}");
            let prefix = format!("{platform}第");
            let said: Vec<&str> = answers.iter().filter_map(|line| line.split(&prefix).nth(1)).collect();
            let said: Vec<&str> = said.iter().filter_map(|rest| rest.split('件').next()).collect();
            let expected: Vec<String> = (1..=most).map(|n| n.to_string()).collect();
            assert_eq!(said, expected, "{platform}: {answers:#?}");
        }
    }

    /// The warnings and errors since all was well, by what they say: so many of each, and no others.
    fn told(&self, expected: &[(&str, usize)]) {
        let faults = self.stage.log.faults().split_off(self.calm);
        for (words, count) in expected {
            let told = faults.iter().filter(|line| line.contains(words)).count();
            assert_eq!(told, *count, "{words}: {faults:#?}");
        }
        let known = |line: &&String| expected.iter().any(|(words, _)| line.contains(words));
        let others: Vec<&String> = faults.iter().filter(|line| !known(line)).collect();
        assert!(others.is_empty(), "{others:#?}");
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

const FEISHU_LOST: &str = "the long connection to feishu is lost";
const DING_LOST: &str = "the long connection to dingtalk is lost";

#[tokio::test]
async fn a_line_cut_within_a_message() {
    let run = Run::new().await;
    let (feishu, ding) = (run.feishu(1..=6), run.ding(1..=6));
    for round in 0..2 {
        let (feishu, ding) = (&feishu[round * 3..][..3], &ding[round * 3..][..3]);
        let (unread, unanswered) =
            (run.stage.feishu.push_on(&feishu[0]).await, run.stage.ding.push_said(&ding[0]).await);
        run.stage.feishu.push_in_part(&feishu[1], 3).await;
        run.stage.ding.push_half(&ding[1]).await;
        run.stage.feishu.drop_connections();
        run.stage.ding.drop_connections();
        // Whatever became of the first, it comes again with the others.
        run.deliver(feishu, ding).await;
        drop((unread, unanswered));
    }
    run.all_is_there(6).await;
    run.told(&[(FEISHU_LOST, 2), (DING_LOST, 2)]);
}

#[tokio::test]
async fn connections_that_are_half_open() {
    let run = Run::on(Stage::over_impatient_sockets().await).await;
    run.stage.feishu.wish(Some(wishes(-1, 1, 0, 1)));
    // The next connection hears of it.
    run.stage.feishu.close_connections();
    let (feishu, ding) = (run.feishu(1..=6), run.ding(1..=6));
    run.deliver(&feishu[..3], &ding[..3]).await;
    run.stage.feishu.freeze_connections();
    run.stage.ding.freeze_connections();
    run.deliver(&feishu[3..], &ding[3..]).await;
    run.all_is_there(6).await;
    run.told(&[("closed with code 1001", 1), ("nothing was heard for", 2)]);
}

#[tokio::test]
async fn frames_that_come_thrice_at_once() {
    let run = Run::new().await;
    for n in 1..=6 {
        let (feishu, ding) = (run.feishu([n]).remove(0), run.ding([n]).remove(0));
        let (mut acknowledged, mut answered) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            acknowledged.push(run.stage.feishu.push_on(&feishu).await);
            answered.push(run.stage.ding.push_said(&ding).await);
        }
        for acknowledged in acknowledged {
            assert_eq!(acknowledged.await.unwrap().status, 200);
        }
        for answered in answered {
            assert_eq!(answered.await.unwrap()["code"], 200);
        }
    }
    run.all_is_there(6).await;
    run.told(&[]);
    // That something came again is no fault, and can be found.
    assert_eq!(run.stage.log.text().matches("came again, nothing is done").count(), 24);
}

#[tokio::test]
async fn acknowledgements_that_are_lost() {
    let run = Run::new().await;
    let (feishu, ding) = (run.feishu(1..=6), run.ding(1..=6));
    run.stage.feishu.lose_acks(4);
    run.stage.ding.lose_answers(4);
    let mut lost = (Vec::new(), Vec::new());
    for (feishu, ding) in feishu[..4].iter().zip(&ding[..4]) {
        lost.0.push(run.stage.feishu.push_on(feishu).await);
        lost.1.push(run.stage.ding.push_said(ding).await);
    }
    let carried_out =
        async || run.stage.records().await.iter().filter(|row| row.contains("第4件")).count() == 2;
    run.stage.until("all of it is recorded", carried_out).await;
    run.deliver(&feishu, &ding).await;
    run.all_is_there(6).await;
    run.told(&[]);
    drop(lost);
}

#[tokio::test]
async fn a_server_that_allows_no_reconnection() {
    let run = Run::new().await;
    run.stage.feishu.wish(Some(wishes(0, 1, 0, 120)));
    for n in 1..=5 {
        // Its first loss is under the wishes before.
        run.stage.feishu.close_connections();
        run.stage.ding.drop_connections();
        run.deliver(&run.feishu([n]), &run.ding([n])).await;
    }
    run.all_is_there(5).await;
    run.told(&[(FEISHU_LOST, 5), (DING_LOST, 5)]);
}

#[tokio::test]
async fn tokens_that_are_called_invalid_with_status_200() {
    let run = Run::new().await;
    run.deliver(&run.feishu(1..=3), &run.ding(1..=3)).await;
    run.stage.all_said().await;
    let (feishu, ding) = (run.feishu(4..=6), run.ding(4..=6));
    run.stage.ding.kill_sessions();
    // An answer by the API needs a token, which is there already.
    run.deliver(&feishu[..1], &ding[..1]).await;
    run.stage.all_said().await;
    let tokens = || (run.stage.feishu.calls("auth"), run.stage.ding.calls(Way::Token));
    let before = tokens();
    run.stage.feishu.expire_tokens();
    let stale = r#"{"errcode":40014,"errmsg":"不合法的access_token"}"#;
    run.stage.ding.fail_next(Way::GroupApi, DingFault::Refuse(200, stale.into()));
    run.deliver(&feishu[1..], &ding[1..]).await;
    run.all_is_there(6).await;
    assert_eq!(tokens(), (before.0 + 1, before.1 + 1));
    run.told(&[("feishu calls the access token invalid", 1), ("dingtalk calls an access token invalid", 1)]);
}

#[tokio::test]
async fn limits_of_the_app_as_a_whole() {
    let run = Run::new().await;
    let (feishu, ding) = (run.feishu(1..=6), run.ding(1..=6));
    run.stage.ding.kill_sessions();
    run.stage.feishu.fail_next(Fault::Gateway(2));
    let qps = r#"{"code":"Forbidden.AccessDenied.QpsLimitForAppkeyAndApi","message":"qps"}"#;
    run.stage.ding.fail_next(Way::GroupApi, DingFault::Refuse(403, qps.into()));
    let before = run.stage.ding.calls(Way::GroupApi);
    run.deliver(&feishu, &ding).await;
    run.all_is_there(6).await;
    // What waits does not ask whether it may.
    assert_eq!(run.stage.feishu.calls("reply"), 7 + 2);
    assert_eq!(run.stage.ding.calls(Way::GroupApi) - before, 7);
    run.told(&[("nothing is sent for 2s", 1), ("nothing is sent for 1s", 1)]);
}

#[tokio::test]
async fn a_room_that_takes_less_than_was_said() {
    let run = Run::new().await;
    // Other bots in the group use up what it takes.
    run.stage.feishu.per_chat_per_second(2);
    run.deliver(&run.feishu(1..=6), &[]).await;
    run.stage.feishu.wait_until(|sent| sent.len() >= 6).await;
    run.deliver(&[], &run.ding(1..=6)).await;
    run.all_is_there(6).await;
    let faults = run.stage.log.faults();
    let refused = faults.iter().filter(|line| line.contains("code 230020")).count();
    assert!(refused > 0, "{faults:#?}");
    run.told(&[("message not accepted, will try again", refused)]);
}

#[tokio::test]
async fn reply_addresses_that_ran_out() {
    let run = Run::new().await;
    let (feishu, ding) = (run.feishu(1..=4), run.ding(1..=4));
    run.stage.time_passes(91);
    run.deliver(&feishu, &ding[..2]).await;
    run.stage.ding.kill_sessions();
    run.deliver(&[], &ding[2..]).await;
    run.all_is_there(4).await;
    let sent = run.stage.ding.sent_to(DING);
    let by_api = sent.iter().filter(|sent| sent.way == Way::GroupApi && sent.text.contains("钉钉第"));
    assert_eq!(by_api.count(), 4, "{sent:#?}");
    assert_eq!(run.stage.log.text().matches("a reply address is gone").count(), 4);
    run.told(&[]);
}

#[tokio::test]
async fn cards_that_are_refused_for_their_elements() {
    let run = Run::new().await;
    run.stage.feishu.fail_always(Some(Fault::RefuseCard(11310)));
    let tickets: Vec<Delivery> = (1..=3)
        .map(|n| run.stage.feishu.text(FEISHU, WANG, &format!("{{bot}} /工单 飞书第{n}件 !紧急")))
        .collect();
    run.deliver(&tickets, &[]).await;
    run.stage.all_said().await;
    let sent = run.stage.feishu.sent_to(FEISHU);
    for n in 1..=3 {
        assert_eq!(run.stage.record(&format!("T{n}")).await["title"], json!(format!("飞书第{n}件")));
        // The answer, and the ping of whoever is to respond: as text, with all that the card would have said.
        let of: Vec<_> = sent.iter().filter(|sent| sent.words.contains(&format!("T{n} 飞书第"))).collect();
        assert!(of.iter().all(|sent| sent.msg_type == "text"), "{of:#?}");
        assert_eq!(of.len(), 2, "{sent:#?}");
        assert!(of.iter().all(|sent| sent.words.contains(&format!("发送 /T{n} 响应"))), "{of:#?}");
        assert_eq!(of.iter().filter(|sent| !sent.mentions.is_empty()).count(), 1, "{of:#?}");
    }
    assert_eq!(sent.len(), 6);
    run.told(&[("feishu refused a card, its text is sent", 6)]);
}
