//! What happens to a group and its people, as the organisation's events tell it.

use jiuding::chat::What;
use serde_json::json;

use super::{Stage, WANG};

#[tokio::test]
async fn groups_are_renamed_and_dissolved_and_people_leave_them_and_the_organisation() {
    let stage = Stage::new().await;
    for event in [
        json!({"EventType": "chat_update_title", "openConversationId": "cid1", "title": "远山一期", "eventId": "e1"}),
        json!({"EventType": "chat_disband", "openConversationId": "cid1", "eventId": "e2"}),
        json!({"EventType": "chat_quit", "openConversationId": "cid1", "userId": [WANG], "eventId": "e3"}),
        json!({"EventType": "user_leave_org", "userId": [WANG, "gone2"], "eventId": "e4"}),
        // No group, no id, nobody: nothing can be told of them.
        json!({"EventType": "chat_disband", "eventId": "e5"}),
        json!({"EventType": "chat_disband", "openConversationId": "cid1"}),
        json!({"EventType": "chat_add_member", "openConversationId": "cid1", "userId": [WANG], "eventId": "e6"}),
    ] {
        assert_eq!(stage.ding.event(&stage.url, &event).await, (200, "success".to_owned()), "{event}");
    }
    let heard = stage.recorder.heard();
    let rooms: Vec<_> = heard.iter().map(|heard| heard.room.id.raw()).collect();
    assert_eq!(rooms, ["cid1", "cid1", "cid1", ""]);
    assert_eq!((&heard[0].what, heard[0].room.name.as_deref()), (&What::Renamed, Some("远山一期")));
    assert_eq!(heard[1].what, What::Gone);
    let ids = |what: &What| match what {
        What::Left { people } => people.iter().map(|person| person.id.raw().to_owned()).collect(),
        _ => Vec::new(),
    };
    assert_eq!(
        (ids(&heard[2].what), ids(&heard[3].what)),
        (vec![WANG.into()], vec![WANG.into(), "gone2".into()])
    );
}
