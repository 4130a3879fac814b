//! The end of a video meeting, as the organisation's events tell it.

use jiuding::chat::What;
use serde_json::{Value, json};

use super::{Stage, WANG};
use crate::fake_dingtalk::{Fault, Way};

fn closed(creator: &str) -> Value {
    json!({
        "EventType": "meeting_status_change", "changeScene": "conference_closed", "statusSeqNum": 2,
        "openConfModel": {
            "conferenceId": "conf-1", "title": "项目例会", "creatorId": creator, "status": 1,
            "startTime": 1_795_395_600_000_i64, "endTime": "1795399200000", "bizType": "video",
        },
    })
}

#[tokio::test]
async fn a_closed_conference_is_told_of_once_for_whoever_made_it() {
    let stage = Stage::new().await;
    stage.ding.union("union-wang", WANG, false);
    for _ in 0..2 {
        let answer = stage.ding.event(&stage.url, &closed("union-wang")).await;
        assert_eq!(answer, (200, "success".to_owned()));
    }
    let heard = stage.recorder.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!((heard[0].sender.id.raw(), heard[0].sender.name.as_str()), (WANG, "王芳"));
    let What::MeetingEnded { topic, started, ended } = &heard[0].what else { panic!("{heard:?}") };
    assert_eq!(topic, "项目例会");
    assert_eq!(ended.as_millisecond() - started.unwrap().as_millisecond(), 3_600_000);
}

#[tokio::test]
async fn other_events_and_people_of_other_organisations_are_acknowledged_and_no_more() {
    let stage = Stage::new().await;
    stage.ding.union("union-guest", "guest1", true);
    let mut begun = closed("union-guest");
    begun["changeScene"] = json!("conference_created");
    for event in [begun, closed("union-guest"), closed("union-nobody"), json!({"EventType": "check_url"})] {
        assert_eq!(stage.ding.event(&stage.url, &event).await, (200, "success".to_owned()), "{event}");
    }
    let mut bare = closed("union-guest");
    bare["openConfModel"] = json!({});
    assert_eq!(stage.ding.event(&stage.url, &bare).await.0, 200);
    assert!(stage.recorder.heard().is_empty());
}

#[tokio::test]
async fn it_is_wanted_again_while_the_directory_or_the_store_is_out_of_reach() {
    let stage = Stage::new().await;
    stage.ding.union("union-wang", WANG, false);
    let busy = json!({"errcode": -1, "errmsg": "系统繁忙"}).to_string();
    stage.ding.fail_next(Way::UserByUnion, Fault::Refuse(200, busy));
    assert_eq!(stage.ding.event(&stage.url, &closed("union-wang")).await.0, 503);
    stage.recorder.fail(true);
    assert_eq!(stage.ding.event(&stage.url, &closed("union-wang")).await.0, 503);
    stage.recorder.fail(false);
    assert_eq!(stage.ding.event(&stage.url, &closed("union-wang")).await.0, 200);
    assert_eq!(stage.recorder.heard().len(), 1);
}
