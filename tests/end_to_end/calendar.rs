//! What people say of meetings, and what their calendars show.

use super::stage::{LI, Stage, WANG, ZHANG};
use crate::fake_feishu::Fault;

/// Title and start of each event, and who is invited.
fn shown(stage: &Stage) -> Vec<(String, String, Vec<String>)> {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let starts = |second| {
        let at = jiff::Timestamp::from_second(second).unwrap().to_zoned(zone.clone());
        at.strftime("%m-%d %H:%M").to_string()
    };
    let events = stage.feishu.events().into_iter();
    events.map(|event| (event.summary, starts(event.starts), event.people.into_iter().collect())).collect()
}

fn event(title: &str, starts: &str, people: &[&str]) -> (String, String, Vec<String>) {
    let mut people: Vec<String> = people.iter().map(|id| (*id).to_owned()).collect();
    people.sort();
    (title.into(), starts.into(), people)
}

#[tokio::test]
async fn calendars_follow_what_is_said_of_a_meeting_over_a_restart_and_an_undo() {
    let mut stage = Stage::with_feishu_project().await;
    stage.feishu_says(ZHANG, &format!("/会议 接口评审 明天10点-11点 {{{LI}}}")).await;
    stage.all_said().await;
    assert_eq!(shown(&stage), [event("接口评审", "11-24 10:00", &[ZHANG, LI])]);

    stage.stop().await;
    stage.start().await;
    stage.feishu_says(ZHANG, "/会议 M1 时间:明天15点").await;
    stage.feishu_says(ZHANG, &format!("/会议 M1 {{{WANG}}}")).await;
    stage.all_said().await;
    assert_eq!(shown(&stage), [event("接口评审", "11-24 15:00", &[ZHANG, LI, WANG])]);

    stage.feishu_says(ZHANG, "/会议 M1 取消 客户出差").await;
    stage.all_said().await;
    assert_eq!(shown(&stage), []);

    stage.feishu_says(ZHANG, "/撤销").await;
    stage.all_said().await;
    assert_eq!(shown(&stage), [event("接口评审", "11-24 15:00", &[ZHANG, LI, WANG])]);

    stage.feishu_says(ZHANG, "/会议 多余的会 后天9点").await;
    stage.feishu_says(ZHANG, "/撤销").await;
    stage.all_said().await;
    assert_eq!(shown(&stage).len(), 1);
}

#[tokio::test]
async fn a_weekly_meeting_has_its_next_one_in_the_calendars() {
    let stage = Stage::with_feishu_project().await;
    stage.feishu_says(ZHANG, &format!("/会议 项目例会 今天10点-11点 重复:每周 {{{LI}}}")).await;
    stage.all_said().await;
    stage.advance("150m").await;
    stage.all_said().await;
    let both = ["11-23 10:00", "11-30 10:00"];
    assert_eq!(shown(&stage), both.map(|starts| event("项目例会", starts, &[ZHANG, LI])));
}

#[tokio::test]
async fn a_platform_without_calendars_costs_one_line_in_the_log() {
    let stage = Stage::with_feishu_project().await;
    stage.feishu.fail_calendar(Some(Fault::Status(404)));
    for title in ["一", "二", "三"] {
        stage.feishu_says(ZHANG, &format!("/会议 {title} 明天10点 {{{LI}}}")).await;
    }
    stage.all_said().await;
    assert_eq!((stage.feishu.sent().len(), stage.feishu.calls("calendar")), (3, 1));
}
