//! Exports while the bot serves and of a store at rest, and the way back from one.

use std::{collections::BTreeSet, fs, path::Path};

use jiff::Timestamp;
use jiuding::store::Store;

use super::stage::{ADMIN_TOKEN, LI, Stage, WANG, ZHANG};
use crate::command_line::{jiuding, said};

/// Runs a line beside the bot: what is told it by the environment is the bot's own.
fn run(folder: &Path, url: &str, line: &[&str]) -> (Option<i32>, String, String) {
    let mut command = jiuding(folder, line);
    command.env("JIUDING_SERVER__LISTEN", url.trim_start_matches("http://"));
    command.env("JIUDING_SERVER__ADMIN_TOKEN", ADMIN_TOKEN).env("RUST_LOG", "error");
    said(&command.output().unwrap())
}

async fn wakes(store: &dyn Store) -> BTreeSet<(Timestamp, String)> {
    let due = store.due(Timestamp::MAX, usize::MAX).await.unwrap();
    due.into_iter().map(|(at, row)| (at, format!("{}/{}", row.project.0, row.key))).collect()
}

#[tokio::test]
async fn what_was_exported_while_it_served_makes_an_equal_bot_that_goes_on() {
    let mut stage = Stage::with_feishu_project().await;
    stage.feishu_says(WANG, "/工单 登录页打不开 !紧急").await;
    stage.feishu_says(ZHANG, "/需求 =1+1 !高").await;
    stage.feishu_says(ZHANG, "/客户 新建 远山银行 行业:银行 级别:A").await;
    stage.feishu_says(ZHANG, "/待办 出退款接口文档 周四").await;
    stage.feishu_says(ZHANG, "/撤销").await;
    stage.all_said().await;
    let (folder, url) = (stage.folder().to_owned(), stage.url().to_owned());
    let written = (Some(0), "written to first.json\n".to_owned(), String::new());
    assert_eq!(run(&folder, &url, &["export", "--format", "json", "--out", "first.json"]), written);
    let before = wakes(stage.store().as_ref()).await;
    assert!(before.iter().any(|(_, row)| row == "1/T1"), "{before:?}");
    let (code, _, why) = run(&folder, &url, &["import", "first.json"]);
    assert_eq!((code, why.lines().count()), (Some(1), 1), "while it serves: {why}");

    stage.stop().await;
    fs::rename(folder.join("data"), folder.join("old")).unwrap();
    let (code, told, why) = run(&folder, &url, &["import", "first.json"]);
    assert_eq!((code, told.as_str()), (Some(0), "3 records of 1 projects imported into data\n"), "{why}");
    assert_eq!(run(&folder, &url, &["export", "--format", "json", "--out", "second.json"]).0, Some(0));
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(text("first.json"), text("second.json"));

    stage.start().await;
    assert_eq!(wakes(stage.store().as_ref()).await, before);
    stage.feishu.clear();
    stage.advance("1h").await;
    let sent = stage.feishu.sent();
    assert!(
        sent.iter().any(|sent| sent.mentions.contains(&LI.into()) && sent.words.contains("T1")),
        "{sent:#?}"
    );
    stage.feishu_says(ZHANG, "/待办 准备压测环境 周四").await;
    stage.feishu_says(ZHANG, "/工单 对账单导出慢").await;
    assert_eq!(stage.record("A2").await["title"], "准备压测环境", "A1 was given once");
    assert_eq!(stage.record("T2").await["title"], "对账单导出慢");
    stage.feishu_says(ZHANG, "/历史 T1").await;
    stage.all_said().await;
    let sent = stage.feishu.sent();
    assert!(sent.iter().any(|sent| sent.words.contains("T1 登录页打不开 的历史")), "{sent:#?}");
}

#[tokio::test]
async fn a_store_at_rest_is_exported_for_people() {
    let mut stage = Stage::with_feishu_project().await;
    stage.feishu_says(ZHANG, "/需求 =1+1 !高").await;
    stage.feishu_says(ZHANG, "/工单 \"登录页\"打不开，急 !紧急").await;
    stage.stop().await;
    let folder = stage.folder().to_owned();
    // Nobody listens there any more.
    let run = |line: &[&str]| run(&folder, "127.0.0.1:1", line);
    for (format, out) in [("xlsx", "a.xlsx"), ("md", "a.md"), ("csv", "a"), ("json", "a.json")] {
        let line = ["export", "--format", format, "--project", "手机银行", "--out", out];
        assert_eq!(run(&line), (Some(0), format!("written to {out}\n"), String::new()));
    }
    let markdown = fs::read_to_string(folder.join("a.md")).unwrap();
    assert!(
        markdown.starts_with("# 手机银行\n") && markdown.contains("- R1 · =1+1 · 已收集\n"),
        "{markdown}"
    );
    let requirements = fs::read_to_string(folder.join("a/需求.csv")).unwrap();
    assert!(
        requirements.starts_with("\u{feff}项目,编号,") && requirements.contains(",'=1+1,"),
        "{requirements}"
    );
    assert!(
        fs::read_to_string(folder.join("a/工单.csv")).unwrap().contains(",\"\"\"登录页\"\"打不开，急\",")
    );
    assert!(fs::read(folder.join("a.xlsx")).unwrap().starts_with(b"PK"));

    let (code, told, why) = run(&["export", "--format", "json", "--project", "手机", "--out", "b.json"]);
    assert_eq!((code, told.as_str()), (Some(1), ""));
    assert_eq!(why, "jiuding: there is no project \"手机\", expected one of 手机银行\n");
    assert!(!folder.join("b.json").exists() && !folder.join("b.json.part").exists(), "no half of a file");
    let (code, _, why) = run(&["export", "--format", "md", "--out", "no/where.md"]);
    assert_eq!((code, why.lines().count()), (Some(1), 1), "{why}");

    // What is not empty, and what is no whole export, is not imported.
    let (_, _, why) = run(&["import", "a.json"]);
    assert_eq!(why, "jiuding: the store in data is not empty; an import needs one that is\n");
    fs::rename(folder.join("data"), folder.join("old")).unwrap();
    let whole = fs::read_to_string(folder.join("a.json")).unwrap();
    let refused = [
        ("half", whole.chars().take(whole.chars().count() / 2).collect()),
        ("other", "{}".to_owned()),
        ("newer", whole.replace("\"format\":1", "\"format\":2")),
        ("unread", whole.replace("\"title\":\"=1+1\"", "\"title\":1")),
    ];
    for (name, text) in refused {
        fs::write(folder.join(name), text).unwrap();
        let (code, told, why) = run(&["import", name]);
        assert_eq!((code, told.as_str(), why.lines().count()), (Some(1), "", 1), "{name}: {why}");
        assert!(why.starts_with(&format!("jiuding: {name} cannot be imported: ")), "{why}");
        assert!(!folder.join("data").exists(), "{name}: nothing was touched");
    }
}
