//! The panel of commands, and the bot's menu.

use jiuding::{chat::What, platform::Entry};
use serde_json::json;

use super::{LI, Stage};

const ENTRIES: [Entry; 2] = [
    Entry { word: "工单", english: "ticket", summary: "客户的问题" },
    Entry { word: "需求", english: "req", summary: "客户要的" },
];

fn panel(stage: &Stage) -> Vec<(String, String)> {
    stage.fake.panel()
}

#[tokio::test]
async fn the_panel_holds_what_the_bot_understands_and_keeps_what_is_not_its_own() {
    let stage = Stage::new().await;
    stage.fake.put_in_panel("报销", "别人的");
    stage.fake.put_in_panel("工单", "旧的说明");
    let wanted = [("报销", "别人的"), ("工单", "客户的问题"), ("需求", "客户要的")];
    let mut wanted: Vec<(String, String)> = wanted.map(|(word, about)| (word.into(), about.into())).into();
    wanted.sort();
    for _ in 0..2 {
        stage.feishu.fill_panel(&ENTRIES).await;
        assert_eq!(panel(&stage), wanted);
    }
}

#[tokio::test]
async fn without_the_permission_it_stays_as_it_is() {
    let stage = Stage::new().await;
    stage.fake.without_scope("application:app_slash_command:write");
    stage.feishu.fill_panel(&ENTRIES).await;
    assert!(panel(&stage).is_empty());
}

#[tokio::test]
async fn an_entry_of_the_menu_says_its_line_alone_with_the_bot() {
    let stage = Stage::new().await;
    for (key, line) in [("我的", "/我的"), ("/帮助 工单", "/帮助 工单")] {
        let event = json!({
            "operator": { "operator_name": "李工", "operator_id": { "open_id": LI } },
            "event_key": key, "timestamp": 1_795_395_600,
        });
        let delivery = stage.fake.event("application.bot.menu_v6", event);
        assert_eq!(stage.fake.deliver(&delivery).await.status, 200);
        let heard = stage.recorder.only();
        assert_eq!((&heard.what, heard.room.direct), (&What::Pressed { line: line.into() }, true));
        assert_eq!(heard.sender.id.raw(), LI);
        stage.recorder.heard.lock().unwrap().clear();
    }
}
