//! The entries above the input of a chat alone with the robot.

use jiuding::platform::Entry;
use serde_json::Value;

use super::Stage;
use crate::fake_dingtalk::Way;

const ENTRIES: [Entry; 2] = [
    Entry { word: "我的", english: "mine", summary: "等我做的事" },
    Entry { word: "帮助", english: "help", summary: "所有命令" },
];
const MINE: &str = "dtmd://dingtalkclient/sendMessage?content=%2F%E6%88%91%E7%9A%84";

fn names(stage: &Stage) -> Vec<String> {
    let name = |entry: &Value| {
        let name: Value = serde_json::from_str(entry["name"].as_str().unwrap()).unwrap();
        name["zh_CN"].as_str().unwrap().to_owned()
    };
    stage.ding.shortcuts().iter().map(name).collect()
}

#[tokio::test]
async fn each_says_its_line_and_they_are_put_there_once() {
    let stage = Stage::new().await;
    stage.ding.permit_shortcuts();
    for _ in 0..3 {
        stage.bot.put_shortcuts(&ENTRIES).await;
        assert_eq!(names(&stage), ["我的", "帮助"]);
    }
    let mine = &stage.ding.shortcuts()[0];
    assert_eq!((mine["pcUrl"].as_str(), mine["mobileUrl"].as_str()), (Some(MINE), Some(MINE)));
    assert_eq!(stage.ding.calls(Way::Upload), 1);
}

#[tokio::test]
async fn those_of_an_earlier_version_are_replaced_and_those_of_others_left_alone() {
    let stage = Stage::new().await;
    stage.ding.permit_shortcuts();
    stage.ding.put_shortcut("老的", "dtmd://dingtalkclient/sendMessage?content=%2F%E8%80%81");
    stage.bot.put_shortcuts(&ENTRIES).await;
    assert_eq!(names(&stage), ["我的", "帮助"]);
    stage.ding.put_shortcut("请假", "https://oa.example.com/leave");
    stage.bot.put_shortcuts(&ENTRIES[..1]).await;
    assert_eq!(names(&stage), ["我的", "帮助", "请假"]);
}

#[tokio::test]
async fn without_the_permission_there_are_none() {
    let stage = Stage::new().await;
    stage.bot.put_shortcuts(&ENTRIES).await;
    assert_eq!((stage.ding.shortcuts().len(), stage.ding.calls(Way::Shortcuts)), (0, 1));
}
