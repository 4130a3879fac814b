//! The command line as scripts see it: what is printed where, and exit codes.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use jiuding::store::{Commit, Entry, ProjectId, Store, sled::SledStore};
use tempfile::TempDir;

/// The built binary, in an empty folder and without the environment's own settings.
pub(crate) fn jiuding(folder: &Path, line: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jiuding"));
    let ours = std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| name.to_string_lossy().starts_with("JIUDING_"));
    ours.for_each(|name| {
        command.env_remove(name);
    });
    command.current_dir(folder).args(line).stdin(Stdio::null());
    command
}

pub(crate) fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Runs a line that must be refused as wrong usage or configuration, and returns why.
#[track_caller]
fn refused(command: &mut Command) -> String {
    let (code, stdout, stderr) = said(&command.output().unwrap());
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    stderr
}

#[test]
fn check_shows_the_rules_and_the_next_runs_of_the_shipped_configuration() {
    let folder = TempDir::new().unwrap();
    let (code, report, stderr) = said(&jiuding(folder.path(), &["check"]).output().unwrap());
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{report}");
    for line in [
        "  sla.urgent.respond = \"2h\"",
        "  touch.remind_percent = 60",
        "  开发期沟通: 开发, 2 in 1w, 沟通 by 项目经理 with 客户对接人",
        "  交付后回访: 交付后, 1 in 1mo (12 periods), 沟通 by 客户主管, 技术对接人 with 客户代表",
        "  2026: announced",
        "  feishu (feishu.enabled)",
    ] {
        assert!(report.lines().any(|shown| shown == line), "{line} is not in:\n{report}");
    }
    // The daily digest, the reminders of values and briefs, the month's figures of contacts, the administrators'.
    assert_eq!(report.matches(" 09:30:00").count(), 25, "{report}");
    assert!(report.contains("admin_notice = \"0 30 9 * * *\", every day"), "{report}");
    assert_eq!(report.matches(" Fri 17:00:00").count(), 5, "{report}");
    assert!(!folder.path().join("data").exists(), "check only looks");
}

#[test]
fn check_says_how_each_platform_is_heard() {
    let folder = TempDir::new().unwrap();
    let keys = "client_id = 'd'\nclient_secret = 's'\nrobot_code = 'r'";
    let text = format!(
        "[feishu]\nenabled = true\ntransport = 'websocket'\napp_id = 'cli_1'\napp_secret = 's'\n\
         [dingtalk]\nenabled = true\n{keys}\n[server]\npublic_url = 'https://bot.example.com'\n"
    );
    fs::write(folder.path().join("my.toml"), text).unwrap();
    let mut check = jiuding(folder.path(), &["check", "--config", "my.toml"]);
    let (code, report, _) = said(&check.output().unwrap());
    assert_eq!(code, Some(0));
    for line in [
        "  feishu: over a long connection (websocket, https://open.feishu.cn), no public address needed",
        "  dingtalk: by webhook, https://bot.example.com/dingtalk/robot must be reachable from outside",
    ] {
        assert!(report.lines().any(|shown| shown == line), "{line} is not in:\n{report}");
    }
}

#[test]
fn check_says_what_the_environment_overrides() {
    let folder = TempDir::new().unwrap();
    let mut check = jiuding(folder.path(), &["check"]);
    let (code, report, _) = said(&check.env("JIUDING_SLA__URGENT__RESPOND", "90m").output().unwrap());
    assert_eq!(code, Some(0));
    let line = "  sla.urgent.respond = \"90m\"   # environment variable JIUDING_SLA__URGENT__RESPOND";
    assert!(report.lines().any(|shown| shown == line), "{report}");
}

#[test]
fn a_wrong_configuration_is_one_line_and_exit_2() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("my.toml"), "[feishu]\napp_sceret = 'hush'\n").unwrap();
    for command in ["check", "serve", "when"] {
        let line = if command == "when" { vec![command, "明天"] } else { vec![command] };
        let why = refused(jiuding(folder.path(), &line).args(["--config", "my.toml"]));
        let expected =
            "jiuding: my.toml: feishu.app_sceret: is no known key, did you mean feishu.app_secret?\n";
        assert_eq!(why, expected);
    }
    let why = refused(jiuding(folder.path(), &["--config", "none.toml", "check"]).env("RUST_LOG", "debug"));
    assert!(why.starts_with("jiuding: none.toml: cannot be read") && why.lines().count() == 1, "{why}");
    let why = refused(jiuding(folder.path(), &["check"]).env("JIUDING_SERVER__LISTN", "127.0.0.1:1"));
    assert!(why.contains("did you mean JIUDING_SERVER__LISTEN?") && why.lines().count() == 1, "{why}");
}

#[test]
fn a_simulated_clock_is_refused_where_a_real_platform_could_be_spoken_to() {
    let folder = TempDir::new().unwrap();
    let feishu = "[feishu]\nenabled = true\napp_id = 'a'\napp_secret = 's'\nverification_token = 'v'\n";
    fs::write(folder.path().join("my.toml"), feishu).unwrap();
    let line = ["serve", "--config", "my.toml", "--simulated-clock", "2026-11-23T09:00:00+08:00"];
    let why = refused(&mut jiuding(folder.path(), &line));
    assert!(why.starts_with("jiuding: feishu.base_url: ") && why.lines().count() == 1, "{why}");
}

#[test]
fn wrong_usage_is_exit_2() {
    let folder = TempDir::new().unwrap();
    for line in [
        &["serv"][..],
        &["when"],
        &["when", "明天", "--at", "nine"],
        &["when", "-", "--at", "2026-11-23T09:00"],
        &["serve", "--simulated-clock", "nine"],
        &["check", "--log-format", "xml"],
        &["dead-letters"],
        &["dead-letters", "retry", "one"],
        &["export", "--format", "pdf", "--out", "x"],
    ] {
        let why = refused(&mut jiuding(folder.path(), line));
        assert!(why.starts_with("jiuding: ") && why.lines().count() == 1, "{why}");
    }
    let why = refused(&mut jiuding(folder.path(), &["serv"]));
    assert!(why.contains("'serve'"), "{why}");
    assert!(jiuding(folder.path(), &["--help"]).output().unwrap().status.success());
}

#[test]
fn when_says_how_a_date_is_read() {
    let folder = TempDir::new().unwrap();
    for at in ["2026-11-23T09:00:00+08:00", "2026-11-23T09:00", "2026-11-23T01:00:00Z"] {
        let (code, answer, _) =
            said(&jiuding(folder.path(), &["when", "明天", "--at", at]).output().unwrap());
        assert_eq!(code, Some(0));
        assert!(answer.starts_with("2026-11-24T18:00:00+08:00\t"), "{answer}");
        assert_eq!(answer.lines().count(), 1, "{answer}");
    }
    let (code, answer, why) = said(&jiuding(folder.path(), &["when", "随便什么"]).output().unwrap());
    assert_eq!((code, answer.as_str()), (Some(1), ""));
    assert_eq!(why.lines().count(), 1, "{why}");
}

#[test]
fn when_reads_the_zone_of_the_configuration() {
    let folder = TempDir::new().unwrap();
    let mut when = jiuding(folder.path(), &["when", "明天", "--at", "2026-11-23T09:00"]);
    let (_, answer, _) = said(&when.env("JIUDING_TIME__ZONE", "Europe/Berlin").output().unwrap());
    assert!(answer.starts_with("2026-11-24T18:00:00+01:00\t"), "{answer}");
}

#[test]
fn when_answers_line_by_line() {
    let folder = TempDir::new().unwrap();
    let mut when = jiuding(folder.path(), &["when", "-"]);
    let mut child = when.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = "2026-11-23T09:00:00+08:00\t明天\n2026-11-23T09:00:00+08:00\t随便什么\n";
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let (code, answers, _) = said(&child.wait_with_output().unwrap());
    let answers: Vec<&str> = answers.lines().collect();
    assert_eq!((code, answers.len()), (Some(0), 2));
    assert!(answers[0].starts_with("2026-11-24T18:00:00+08:00\t"), "{}", answers[0]);
    assert!(answers[1].starts_with("?\t"), "{}", answers[1]);
}

#[test]
fn a_move_that_cannot_begin_says_why_and_shows_no_password() {
    let folder = TempDir::new().unwrap();
    for (to, expected) in [
        ("postgres://u:hush@h/db", "there is no store in data"),
        ("mysql://u:hush@h/db", "expected postgres://user@host/db or sled:FOLDER"),
        ("sled:other", "already"),
    ] {
        let line = ["migrate", "--to", to];
        let (code, stdout, stderr) = said(&jiuding(folder.path(), &line).output().unwrap());
        assert_eq!((code, stdout.as_str()), (Some(1), ""));
        assert!(stderr.contains(expected) && !stderr.contains("hush"), "{stderr}");
    }
}

#[test]
fn dead_letters_are_asked_from_the_bot_that_serves() {
    let folder = TempDir::new().unwrap();
    let bot = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = bot.local_addr().unwrap().to_string();
    let answering = std::thread::spawn(move || {
        use std::io::{BufRead, BufReader};
        let (stream, _) = bot.accept().unwrap();
        let lines = BufReader::new(&stream).lines().map(Result::unwrap);
        let request: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        let body = r#"{"dead_letters":[{"id":7,"to":{"room":"feishu:oc_1"},"headline":"T1\n登录页","died":"2026-11-23T01:00:00Z","why":"no such room"}]}"#;
        let length = body.len();
        write!(&stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
            .unwrap();
        request
    });
    let mut list = jiuding(folder.path(), &["dead-letters", "list"]);
    let list = list.env("JIUDING_SERVER__LISTEN", listen).env("JIUDING_SERVER__ADMIN_TOKEN", "t0ken");
    let (code, answer, stderr) = said(&list.output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(answer, "7\t2026-11-23T01:00:00Z\tfeishu:oc_1\tT1 登录页\tno such room\n");
    let request = answering.join().unwrap();
    assert_eq!(request[0], "GET /api/admin/dead-letters HTTP/1.1");
    assert!(
        request.iter().any(|header| header.eq_ignore_ascii_case("authorization: Bearer t0ken")),
        "{request:?}"
    );
}

#[test]
fn a_store_is_backed_up_and_restored_where_no_bot_serves() {
    let folder = TempDir::new().unwrap();
    // Nobody listens on a port that was just given back.
    let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let run = |line: &[&str]| {
        let mut command = jiuding(folder.path(), line);
        said(&command.env("JIUDING_SERVER__LISTEN", &listen).env("RUST_LOG", "error").output().unwrap())
    };
    let (code, _, stderr) = run(&["dead-letters", "list"]);
    assert_eq!((code, stderr.lines().count()), (Some(1), 1), "{stderr}");
    assert!(stderr.contains("there is no store in data"), "{stderr}");

    fs::create_dir(folder.path().join("data")).unwrap();
    assert_eq!(run(&["dead-letters", "list"]), (Some(0), String::new(), String::new()));
    let (code, _, stderr) = run(&["dead-letters", "drop", "7"]);
    assert_eq!((code, stderr.as_str()), (Some(1), "jiuding: there is no dead letter 7\n"));
    let (code, _, stderr) = run(&["backup", "copy"]);
    assert_eq!(code, Some(0), "{stderr}");
    let (code, said, stderr) = run(&["restore", "copy"]);
    assert_eq!((code, said.as_str()), (Some(0), "0 records of 0 projects restored into data\n"), "{stderr}");
    assert_eq!(run(&["restore", "nothing"]).0, Some(1));
}

#[test]
fn a_simulated_clock_that_goes_back_behind_the_store_is_refused() {
    let folder = TempDir::new().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let now = "2026-11-23T01:00:00Z".parse().unwrap();
        let store = SledStore::open(&folder.path().join("data"), now).unwrap();
        let (at, by, room) = (now, None, None);
        let entry = Entry {
            at,
            by,
            room,
            what: "换阶段".into(),
            why: None,
            messages: Vec::new(),
            changes: Vec::new(),
        };
        let project = ProjectId(1);
        let commit = Commit { guards: vec![(project, 0)], log: vec![(project, entry)], ..Commit::default() };
        store.commit(commit).await.unwrap();
    });
    let line = ["serve", "--simulated-clock", "2026-11-22T09:00:00+08:00"];
    let why = refused(&mut jiuding(folder.path(), &line));
    assert!(why.contains("--simulated-clock 2026-11-22T01:00:00Z is earlier"), "{why}");
    assert!(why.contains("reaches to 2026-11-23T01:00:00Z"), "{why}");
}

#[tokio::test]
async fn a_store_moves_into_a_database_and_back_by_the_command_line() {
    use jiff::Timestamp;
    use jiuding::store::{Commit, Key, ProjectId, RowKey, Store, Transfer, sled::SledStore, tally};

    let (folder, schema) = (TempDir::new().unwrap(), crate::postgres::Schema::new().await);
    let open = |name: &str| SledStore::open(&folder.path().join(name), Timestamp::UNIX_EPOCH).unwrap();
    let row = RowKey { project: ProjectId(1), key: Key { letter: 'T', number: 1 } };
    let commit = Commit {
        guards: vec![(row.project, 0)],
        rows: vec![(row, Some(b"{}".to_vec()))],
        ..Commit::default()
    };
    fs::create_dir(folder.path().join("data")).unwrap();
    let store = open("data");
    store.commit(commit).await.unwrap();
    let before = tally(&store as &dyn Transfer).await.unwrap();
    drop(store);

    // Nobody listens on a port that was just given back.
    let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let run = |engine: &str, line: &[&str]| {
        let mut command = jiuding(folder.path(), line);
        command.env("JIUDING_SERVER__LISTEN", &listen).env("RUST_LOG", "error");
        command.env("JIUDING_STORE__ENGINE", engine).env("JIUDING_STORE__URL", &schema.url);
        said(&command.output().unwrap())
    };
    let (code, told, stderr) = run("sled", &["migrate", "--to", &schema.url]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(told.starts_with("dossiers\t1\t") && told.contains("rows\t1\t"), "{told}");
    assert!(told.contains("both are equal; now set store.engine = \"postgres\""), "{told}");
    let (code, _, stderr) = run("sled", &["migrate", "--to", &schema.url]);
    assert_eq!((code, stderr.contains("is not empty")), (Some(1), true), "{stderr}");

    let (_, report, _) = run("postgres", &["check"]);
    assert!(report.contains("  postgres, database "), "{report}");
    assert_eq!(run("postgres", &["dead-letters", "list"]), (Some(0), String::new(), String::new()));
    let (code, _, stderr) = run("postgres", &["backup", "copy"]);
    assert_eq!(code, Some(0), "{stderr}");
    let (code, told, stderr) = run("postgres", &["restore", "copy", "--force"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(told.starts_with("1 records of 1 projects restored into database "), "{told}");
    let (code, _, stderr) = run("postgres", &["migrate", "--to", "sled:back"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(tally(&open("back") as &dyn Transfer).await.unwrap(), before);
    schema.drop().await;
}
