//! A chart goes as a picture behind the words, and the words go whatever becomes of it.

use std::time::Duration;

use jiuding::{
    chat::{Chart, Message, PersonId, RoomId, Target},
    platform::{Parcel, Platform},
};

use super::{GROUP, LI, Stage};
use crate::fake_dingtalk::{Fault, Way};

fn report() -> Message {
    let points = [("2026Q1", 92), ("2026Q2", 71), ("2026Q3", 55), ("2026Q4", 83)];
    let chart = Chart {
        title: "健康度趋势".into(),
        most: 100,
        points: points.map(|(at, score)| (at.to_owned(), score)).to_vec(),
        bands: Some((60, 80)),
    };
    let words = Message::text("远山银行 2026年四季度 健康度 83 分 · 绿灯\n趋势 2026Q1 92 → 2026Q4 83 ↑");
    Message { chart: Some(Box::new(chart)), ..words.button("发送", "/健康度 发送") }
}

fn parcel(to: Target) -> Parcel {
    Parcel { id: "parcel-1".into(), to, message: report(), reply_to: None, maybe_repeated: false }
}

fn group() -> Parcel {
    parcel(Target::Room(RoomId(format!("dingtalk:{GROUP}"))))
}

#[tokio::test]
async fn words_and_picture_are_one_message_by_every_way() {
    let stage = Stage::with(|ding, settings| settings.group_robots.push(ding.own_robot(GROUP))).await;
    stage.bot.deliver(&group()).await.unwrap();
    stage.bot.deliver(&parcel(Target::Person(PersonId(format!("dingtalk:{LI}"))))).await.unwrap();
    let sent = stage.ding.sent();
    assert_eq!((sent[0].way, sent[1].way, sent.len()), (Way::GroupRobot, Way::DirectApi, 2));
    for sent in &sent {
        let [picture] = &sent.pictures[..] else { panic!("{sent:?}") };
        assert!(picture.starts_with(b"\x89PNG"));
        let (words, picture) = sent.text.split_once("![").unwrap();
        assert!(
            words.contains("趋势 2026Q1 92 → 2026Q4 83 ↑") && !picture.contains("远山银行"),
            "{}",
            sent.text
        );
        assert_eq!(sent.button_lines(), ["/健康度 发送"]);
    }
}

#[tokio::test]
async fn without_its_picture_the_message_goes_all_the_same() {
    let stage = Stage::new().await;
    let refused = r#"{"errcode":88,"sub_code":"60011","sub_msg":"没有权限"}"#;
    for fault in [
        Fault::Refuse(200, refused.into()),
        Fault::Refuse(500, String::new()),
        Fault::Html,
        Fault::DropAfterAccepting,
        Fault::Slow(Duration::from_secs(60)),
        Fault::Refuse(200, r#"{"errcode":0,"media_id":"x](http://evil) "}"#.into()),
    ] {
        let before = stage.ding.sent().len();
        stage.ding.fail_next(Way::Upload, fault.clone());
        stage.bot.deliver(&group()).await.unwrap();
        let sent = &stage.ding.sent()[before..];
        assert_eq!(sent.len(), 1, "{fault:?}");
        assert!(sent[0].text.contains("2026Q4 83") && !sent[0].text.contains("!["), "{fault:?} {sent:?}");
    }
}

#[tokio::test]
async fn a_picture_is_uploaded_once_for_all_tries_of_its_message() {
    let stage = Stage::new().await;
    for fault in [
        Fault::Refuse(403, r#"{"code":"Forbidden.AccessDenied.QpsLimitForApi"}"#.into()),
        Fault::Refuse(500, String::new()),
    ] {
        stage.ding.fail_next(Way::GroupApi, fault);
        assert!(stage.bot.deliver(&group()).await.is_err());
    }
    stage.bot.deliver(&group()).await.unwrap();
    assert_eq!((stage.ding.calls(Way::Upload), stage.ding.sent()[0].pictures.len()), (1, 1));
    // Another message has its own, and what arrived is no longer kept.
    stage.bot.deliver(&Parcel { id: "parcel-2".into(), ..group() }).await.unwrap();
    stage.bot.deliver(&group()).await.unwrap();
    assert_eq!(stage.ding.calls(Way::Upload), 3);
}
