//! What happens to a chat and its people.

use jiuding::chat::{Newcomer, Person, PersonId, What};
use serde_json::json;

use super::{GROUP, LI, Stage};

fn person(open_id: &str, name: &str) -> Person {
    Person { id: PersonId::new("feishu", open_id), name: name.into() }
}

#[tokio::test]
async fn a_chat_is_left_renamed_and_dissolved() {
    let stage = Stage::new().await;
    let of_chat = json!({ "chat_id": GROUP, "operator_id": { "open_id": LI }, "name": "远山项目群" });
    let renamed = json!({
        "chat_id": GROUP, "operator_id": { "open_id": LI },
        "before_change": { "name": "远山项目群" }, "after_change": { "name": "远山一期" },
    });
    let other_change = json!({ "chat_id": GROUP, "after_change": { "description": "新说明" } });
    for (kind, event, what, name) in [
        ("im.chat.member.bot.deleted_v1", &of_chat, Some(What::Gone), "远山项目群"),
        ("im.chat.disbanded_v1", &of_chat, Some(What::Gone), "远山项目群"),
        ("im.chat.updated_v1", &renamed, Some(What::Renamed), "远山一期"),
        ("im.chat.updated_v1", &other_change, None, ""),
    ] {
        let delivery = stage.fake.event(kind, event.clone());
        for _ in 0..2 {
            assert_eq!(stage.fake.deliver(&delivery).await.status, 200);
        }
        let heard = stage.recorder.heard();
        stage.recorder.heard.lock().unwrap().clear();
        let told: Vec<_> = heard.iter().map(|heard| (&heard.what, heard.room.name.as_deref())).collect();
        assert_eq!(told, what.iter().map(|what| (what, Some(name))).collect::<Vec<_>>(), "{kind}");
    }
}

#[tokio::test]
async fn people_come_leave_and_resign_and_their_tenant_is_told_apart() {
    let stage = Stage::new().await;
    let users = json!([
        { "name": "李工", "tenant_key": "ours", "user_id": { "open_id": LI } },
        { "name": "王女士", "tenant_key": "theirs", "user_id": { "open_id": "ou_wang_outside" } },
        { "name": "没有编号", "tenant_key": "ours", "user_id": {} },
    ]);
    let event = json!({ "chat_id": GROUP, "operator_id": { "open_id": LI }, "users": users });
    let (li, wang) = (person(LI, "李工"), person("ou_wang_outside", "王女士"));
    let came = What::Came {
        people: vec![
            Newcomer { person: li.clone(), outside: false },
            Newcomer { person: wang.clone(), outside: true },
        ],
    };
    let left = What::Left { people: vec![li.clone(), wang] };
    let resigned = json!({ "object": { "open_id": LI, "name": "李工" }, "old_object": {} });
    for (kind, event, what, room) in [
        ("im.chat.member.user.added_v1", &event, came, GROUP),
        ("im.chat.member.user.deleted_v1", &event, left.clone(), GROUP),
        ("im.chat.member.user.withdrawn_v1", &event, left, GROUP),
        ("contact.user.deleted_v3", &resigned, What::Left { people: vec![li] }, ""),
    ] {
        let delivery = stage.fake.event(kind, event.clone()).with("/header/tenant_key", json!("ours"));
        assert_eq!(stage.fake.deliver(&delivery).await.status, 200);
        let heard = stage.recorder.only();
        assert_eq!((&heard.what, heard.room.id.raw()), (&what, room), "{kind}");
        stage.recorder.heard.lock().unwrap().clear();
    }
}

#[tokio::test]
async fn a_message_is_taken_back_by_whoever_wrote_it() {
    let stage = Stage::new().await;
    let said = stage.fake.text(GROUP, LI, "/工单 登录页打不开");
    for kind in ["group_owner", "group_manager", "enterprise_manager"] {
        let removed = stage.fake.recalled(GROUP, said.message_id(), kind);
        assert_eq!(stage.fake.deliver(&removed).await.status, 200);
    }
    assert!(stage.recorder.heard().is_empty());
    stage.fake.deliver(&said).await;
    let key = stage.recorder.only().keys.remove(0);
    stage.recorder.heard.lock().unwrap().clear();
    let recalled = stage.fake.recalled(GROUP, said.message_id(), "message_owner");
    for event_id in ["e1", "e2"] {
        assert_eq!(stage.fake.deliver(&recalled.under_another_event_id(event_id)).await.status, 200);
    }
    let heard = stage.recorder.only();
    let message = jiuding::chat::MessageId::new("feishu", said.message_id());
    assert_eq!((&heard.what, heard.room.id.raw()), (&What::Recalled { message, heard_as: key }, GROUP));
}
