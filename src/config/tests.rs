//! Layers, refusals, and secrets that stay secret.

use std::{fs, path::PathBuf};

use tempfile::TempDir;

use super::*;

/// A folder with a configuration file in it.
struct Folder(TempDir);

impl Folder {
    fn with(text: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("jiuding.toml"), text).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("jiuding.toml")
    }

    fn read(&self, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let environment = environment.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        Config::read(Some(&self.file()), environment)
    }

    /// The refusal, with the file's name in place of its path.
    fn refusal(&self, environment: &[(&str, &str)]) -> String {
        let refusal = self.read(environment).unwrap_err().to_string();
        assert!(!refusal.contains('\n'), "{refusal}");
        refusal.replace(&format!("{}/", self.0.path().display()), "")
    }
}

fn refusal(text: &str) -> String {
    Folder::with(text).refusal(&[])
}

fn ready_feishu() -> &'static str {
    "[feishu]\nenabled = true\napp_id = 'cli_1'\napp_secret = 's3cret'\nverification_token = 'v'\n"
}

#[test]
fn the_shipped_file_is_a_configuration() {
    let config = Config::default();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.sla.urgent.respond, Span::hours(2));
    assert_eq!(config.minutes.remind_before, [Span::hours(12), Span::hours(4), Span::hours(1)]);
    assert_eq!(config.feishu.timestamp_window, Duration::from_secs(8 * 3600));
    assert!(config.playground.enabled && !config.feishu.enabled && !config.dingtalk.enabled);
    assert!(config.dingtalk.group_robot.is_empty() && config.webhook_room.is_empty());
    assert!(config.server.admin_token.is_none() && config.server.public_url.is_none());
}

#[test]
fn the_rules_are_built_on_the_configured_calendar() {
    let rules = Folder::with("[time]\nzone = 'Europe/Berlin'").read(&[]).unwrap().rules().unwrap();
    assert_eq!(rules.calendar.zone().iana_name(), Some("Europe/Berlin"));
    assert_eq!(rules.risk.high_from, 15);
    let shipped = Folder::with("").read(&[]).unwrap().rules().unwrap();
    assert_eq!(*shipped.calendar, Calendar::shanghai());
}

#[test]
fn a_job_with_an_empty_schedule_is_switched_off() {
    let jobs = Folder::with("[jobs]\ndaily_digest = ''").read(&[]).unwrap().jobs;
    assert_eq!(jobs.all()[..2], [("daily_digest", None), ("weekly_report", Some("0 0 17 * * FRI"))]);
}

#[test]
fn the_shipped_file_itself_may_be_the_operators_file() {
    Folder::with(SHIPPED).read(&[]).unwrap();
}

#[test]
fn a_missing_named_file_is_refused() {
    let missing = Path::new("/nowhere/jiuding.toml");
    let refusal = Config::read(Some(missing), []).unwrap_err().to_string();
    assert!(refusal.starts_with("/nowhere/jiuding.toml: cannot be read"), "{refusal}");
}

#[test]
fn the_environment_lies_over_the_file_and_the_file_over_the_defaults() {
    let folder = Folder::with("[sla.urgent]\nrespond = '3h'\nclose = '30h'\n");
    let config = folder
        .read(&[
            ("JIUDING_SLA__URGENT__RESPOND", "90m"),
            ("JIUDING_SLA__URGENT__MOST_REPEATS", "3"),
            ("JIUDING_PLAYGROUND__ENABLED", "false"),
            ("JIUDING_SERVER__ADMINS", "feishu:ou_1, dingtalk:manager"),
            ("JIUDING_MINUTES__REMIND_BEFORE", "['2h']"),
            ("PATH", "/bin"),
        ])
        .unwrap();
    assert_eq!(config.sla.urgent.respond, Span::minutes(90));
    assert_eq!(config.sla.urgent.close, Span::hours(30));
    assert_eq!(config.sla.urgent.repeat, Span::hours(2));
    assert_eq!(config.sla.urgent.most_repeats, 3);
    assert_eq!(config.server.admins, ["feishu:ou_1", "dingtalk:manager"]);
    assert_eq!(config.minutes.remind_before, [Span::hours(2)]);
    assert!(!config.playground.enabled);
}

#[test]
fn blocks_of_a_list_are_read_from_the_file_and_from_the_environment() {
    let block =
        "[[dingtalk.group_robot]]\nconversation = 'cid1'\nurl = 'https://oapi.dingtalk.com/robot/send'\n";
    let config = Folder::with(block).read(&[]).unwrap();
    assert_eq!(config.dingtalk.group_robot[0].conversation, "cid1");
    assert!(config.dingtalk.group_robot[0].secret.is_none());

    let variable =
        ("JIUDING_DINGTALK__GROUP_ROBOT", "[{ conversation = 'cid2', url = 'http://127.0.0.1:1/' }]");
    let config = Folder::with(block).read(&[variable]).unwrap();
    assert_eq!(config.dingtalk.group_robot.len(), 1);
    assert_eq!(config.dingtalk.group_robot[0].conversation, "cid2");
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_known_one() {
    for (text, key, nearest) in [
        ("[feishu]\napp_sceret = 's'", "feishu.app_sceret", "feishu.app_secret"),
        ("[feishuu]\nenabled = true", "feishuu", "feishu"),
        ("[sla]\nurgent.responds = '1h'", "sla.urgent.responds", "sla.urgent.respond"),
        (
            "[[dingtalk.group_robot]]\nconversaton = 'c'",
            "dingtalk.group_robot[0].conversaton",
            "dingtalk.group_robot.conversation",
        ),
    ] {
        let expected = format!("jiuding.toml: {key}: is no known key, did you mean {nearest}?");
        assert_eq!(refusal(text), expected);
    }
    assert_eq!(
        Folder::with("").refusal(&[("JIUDING_FEISHU__APP_SCERET", "s3cret")]),
        "unknown environment variable JIUDING_FEISHU__APP_SCERET, did you mean JIUDING_FEISHU__APP_SECRET?"
    );
}

#[test]
fn a_wrong_value_is_refused_with_its_key_its_place_and_what_was_expected() {
    for (text, expected) in [
        ("a = ", "jiuding.toml: line 1 is no TOML: "),
        (
            "[server]\nlisten = 8080",
            "jiuding.toml: server.listen: is a whole number, expected a text in quotes",
        ),
        ("[server]\nlisten = 'here'", "jiuding.toml: server.listen: invalid socket address"),
        (
            "[server]\nadmins = ['ou_1']",
            "jiuding.toml: server.admins[0]: expected for instance \"feishu:ou_xxx\"",
        ),
        (
            "[sla.urgent]\nrespond = '2 hours'",
            "jiuding.toml: sla.urgent.respond: no duration: \"2 hours\", expected",
        ),
        ("[sla.urgent]\nmost_repeats = -1", "jiuding.toml: sla.urgent.most_repeats: invalid value"),
        (
            "[sla.normal]\ncount = 'sometimes'",
            "jiuding.toml: sla.normal.count: unknown variant `sometimes`, expected",
        ),
        ("[minutes]\nremind_before = ['1h', 'x']", "jiuding.toml: minutes.remind_before[1]: no duration"),
        (
            "[feishu]\ntimestamp_window = '1wd'",
            "jiuding.toml: feishu.timestamp_window: working days make no sense",
        ),
        ("[feishu]\nbase_url = 'open.feishu.cn'", "jiuding.toml: feishu.base_url: is no address"),
        (
            "[customer]\ndialogue_remind_days = [100]",
            "jiuding.toml: customer.dialogue_remind_days: expected 1 to 80 each",
        ),
        ("[milestone]\nremind_days = [7, 0]", "jiuding.toml: milestone.remind_days: expected 1 to 365 each"),
        (
            "[acceptance]\naftercare_months = 0",
            "jiuding.toml: acceptance.aftercare_months: expected 1 to 120",
        ),
        (
            "[acceptance]\nindustry_misunderstood_percent = 101",
            "jiuding.toml: acceptance.industry_misunderstood_percent: expected 0 to 100",
        ),
        (
            "[acceptance]\nmeet_days_before = 366",
            "jiuding.toml: acceptance.meet_days_before: expected 0 to 365",
        ),
        ("[risk]\nmedium_from = 20", "jiuding.toml: risk.medium_from: expected more than 0 and less than"),
        ("[time]\nzone = 'Asia/Shanghi'", "jiuding.toml: time.zone: unknown zone \"Asia/Shanghi\""),
        ("[time]\nquiet_hours = 'night'", "jiuding.toml: time.quiet_hours: no window \"night\""),
        (
            "[jobs]\ndaily_digest = '30 9 * *'",
            "jiuding.toml: jobs.daily_digest: no cron expression: \"30 9 * *\"",
        ),
    ] {
        let refusal = refusal(text);
        assert!(refusal.starts_with(expected), "{refusal}");
    }
    assert_eq!(
        Folder::with("").refusal(&[("JIUDING_SLA__URGENT__MOST_REPEATS", "many")]),
        "environment variable JIUDING_SLA__URGENT__MOST_REPEATS (sla.urgent.most_repeats): expected a whole number"
    );
    let refusal = Folder::with("").refusal(&[("JIUDING_SLA__URGENT__RESPOND", "soon")]);
    let place =
        "environment variable JIUDING_SLA__URGENT__RESPOND: sla.urgent.respond: no duration: \"soon\"";
    assert!(refusal.starts_with(place), "{refusal}");
}

#[test]
fn an_enabled_platform_needs_its_credentials() {
    Folder::with(ready_feishu()).read(&[]).unwrap();
    for (text, key) in [
        ("[feishu]\nenabled = true", "feishu.app_id"),
        ("[feishu]\nenabled = true\napp_id = 'a'", "feishu.app_secret"),
        ("[feishu]\nenabled = true\napp_id = 'a'\napp_secret = 's'", "feishu.encrypt_key"),
        ("[dingtalk]\nenabled = true", "dingtalk.client_id"),
        ("[dingtalk]\nenabled = true\nclient_id = 'a'", "dingtalk.client_secret"),
        ("[dingtalk]\nenabled = true\nclient_id = 'a'\nclient_secret = 's'", "dingtalk.robot_code"),
    ] {
        let refusal = refusal(text);
        assert!(refusal.starts_with(&format!("jiuding.toml: {key}: ")), "{refusal}");
    }
}

#[test]
fn a_long_connection_needs_no_keys_of_the_webhook() {
    let keys = "enabled = true\napp_id = 'a'\napp_secret = 's'";
    let config = Folder::with(&format!("[feishu]\ntransport = 'websocket'\n{keys}")).read(&[]).unwrap();
    assert_eq!(config.feishu.transport, FeishuTransport::Websocket);
    for (text, key) in [
        ("[feishu]\npong_within = '0s'", "feishu.pong_within"),
        ("[feishu]\nanswer_within = '3s'", "feishu.answer_within"),
        ("[dingtalk]\nping_every = '1h'", "dingtalk.ping_every"),
    ] {
        assert!(refusal(text).starts_with(&format!("jiuding.toml: {key}: ")), "{key}");
    }
}

#[test]
fn a_room_that_is_only_spoken_into_is_checked() {
    let room = |name: &str, platform: &str, url: &str| {
        format!("[[webhook_room]]\nname = '{name}'\nplatform = '{platform}'\nurl = '{url}'\n")
    };
    let good = room("客户群", "dingtalk", "https://oapi.dingtalk.com/robot/send?access_token=s3cret");
    for (text, wrong) in [
        (room("", "feishu", "https://a.example"), "webhook_room[0].name: needs a name"),
        (room("客户群", "wecom", "https://a.example"), "webhook_room[0].platform: expected"),
        (room("客户群", "feishu", "http://a.example/s3cret"), "webhook_room[0].url: must begin with https"),
        (room("客户群", "feishu", "s3cret"), "webhook_room[0].url: is no address"),
        (format!("{good}{good}"), "webhook_room[1].name: another room has this name"),
    ] {
        let refusal = refusal(&text);
        assert!(refusal.contains(wrong) && !refusal.contains("s3cret"), "{refusal}");
    }
    let config = Folder::with(&good).read(&[]).unwrap();
    assert_eq!(config.webhook_room[0].is_feishu(), Some(false));
    assert!(!config.opens_playground() && config.allow_simulated_clock().is_err());
}

#[test]
fn a_secret_may_lie_in_a_file_beside_the_configuration() {
    let folder = Folder::with("[server]\nadmin_token_file = 'admin'");
    fs::write(folder.0.path().join("admin"), "t0ken\n").unwrap();
    let config = folder.read(&[]).unwrap();
    assert_eq!(config.server.admin_token.unwrap().reveal(), "t0ken");

    let from_environment = folder.read(&[("JIUDING_SERVER__ADMIN_TOKEN", "other")]).unwrap();
    assert_eq!(from_environment.server.admin_token.unwrap().reveal(), "other");

    fs::write(folder.0.path().join("admin"), "\n").unwrap();
    assert!(folder.refusal(&[]).starts_with("jiuding.toml: server.admin_token_file: admin: is empty"));
    fs::remove_file(folder.0.path().join("admin")).unwrap();
    assert!(folder.refusal(&[]).starts_with("jiuding.toml: server.admin_token_file: admin: cannot be read"));
}

#[test]
fn a_secret_in_both_forms_is_refused() {
    assert_eq!(
        refusal("[server]\nadmin_token = 'a'\nadmin_token_file = 'b'"),
        "jiuding.toml: server.admin_token_file: server.admin_token is given too; keep one of the two"
    );
    let robot = "[[dingtalk.group_robot]]\nsecret = 'SEC'\nsecret_file = 'b'";
    assert!(refusal(robot).contains("dingtalk.group_robot[0].secret is given too"));
}

#[test]
fn secrets_are_never_shown() {
    let text = format!("{}[server]\nadmin_token = 's3cret'", ready_feishu());
    let config = Folder::with(&text).read(&[("JIUDING_FEISHU__ENCRYPT_KEY", "s3cret")]).unwrap();
    assert!(!format!("{config:?} {}", config.feishu.app_secret).contains("s3cret"));
    assert_eq!(config.feishu.app_secret.reveal(), "s3cret");

    let robot = "[dingtalk]\nenabled = true\nclient_id = 'a'\nclient_secret = 's3cret'\nrobot_code = 'r'\n\
                 [[dingtalk.group_robot]]\nconversation = 'c'\nurl = 's3cret'\nsecret = 's3cret'";
    let refusal = refusal(robot);
    assert!(refusal.contains("group_robot[0].url") && !refusal.contains("s3cret"), "{refusal}");
}

#[test]
fn settings_say_where_they_come_from() {
    let folder = Folder::with("[sla.urgent]\nclose = '30h'\n");
    let settings = folder.read(&[("JIUDING_SLA__URGENT__RESPOND", "1h")]).unwrap().origin.settings;
    let place = |key: &str| settings.iter().find(|setting| setting.0 == key).unwrap().2.clone();
    assert_eq!(place("sla.urgent.respond"), Place::Environment);
    assert_eq!(place("sla.urgent.close"), Place::File(folder.file()));
    assert_eq!(place("sla.urgent.repeat"), Place::Shipped);
    assert!(settings.iter().all(|setting| !setting.0.ends_with("app_secret")));
}

#[test]
fn a_simulated_clock_speaks_to_loopback_only() {
    Folder::with("").read(&[]).unwrap().allow_simulated_clock().unwrap();
    let real = Folder::with(ready_feishu()).read(&[]).unwrap();
    assert!(real.allow_simulated_clock().unwrap_err().to_string().starts_with("feishu.base_url: "));
    assert!(real.playground.enabled && !real.opens_playground());
    for (url, allowed) in [
        ("http://127.0.0.1:9000", true),
        ("http://[::1]:9000/", true),
        ("http://localhost:9000", true),
        ("http://127.0.0.1.example.com", false),
        ("http://localhost@example.com", false),
    ] {
        let config = Folder::with(ready_feishu()).read(&[("JIUDING_FEISHU__BASE_URL", url)]).unwrap();
        assert_eq!(config.allow_simulated_clock().is_ok(), allowed, "{url}");
        assert_eq!(config.opens_playground(), allowed, "{url}");
    }
}

#[test]
fn a_cadence_of_ones_own_replaces_the_shipped_one_and_what_is_wrong_is_named() {
    let shipped = Config::default().cadence;
    let names: Vec<&str> = shipped.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["启动期正式会议", "开发期沟通", "测试结果同步", "交付后回访", "项目例会"]);
    assert!(Folder::with("cadence = []").read(&[]).unwrap().cadence.is_empty());
    let block = |changed: &str| {
        let rest = "phases = ['development']\ncounts = ['touch']\nby = ['pm']\nevery = '1w'\n";
        let rest: Vec<&str> =
            rest.lines().filter(|line| changed.split(' ').next() != line.split(' ').next()).collect();
        format!("[[cadence]]\nname = '碰头'\n{}\n{changed}\n", rest.join("\n"))
    };
    let own = Folder::with(&block("times = 3")).read(&[]).unwrap().cadence;
    assert_eq!((own.len(), own[0].times, own[0].most), (1, 3, 0));
    for (changed, wrong) in [
        ("every = 'weekly'", "cadence[0].every: no period: \"weekly\", expected for instance"),
        ("every = '0d'", "cadence[0].every: expected more than 0"),
        ("times = 0", "cadence[0].times: expected 1 to 100"),
        ("phases = ['研发']", "cadence[0].phases: no phase: \"研发\", expected one of 接触, 启动"),
        ("by = []", "cadence[0].by: is empty, expected for instance"),
        (
            "counts = ['周会谈']",
            "nothing that counts: \"周会谈\", expected 沟通 or a kind of meeting: 启动会",
        ),
        ("perid = '1w'", "is no known key, did you mean"),
    ] {
        assert!(refusal(&block(changed)).contains(wrong), "{}", refusal(&block(changed)));
    }
    let twice = format!("{}{}", block("times = 1"), block("times = 2"));
    assert!(refusal(&twice).contains("cadence[1].name: stands twice"));
    let figures = block("figures = true").replace("'touch'", "'weekly'");
    assert!(refusal(&figures).contains("cadence[0].figures: only 沟通 carries numbers"));
    assert!(refusal("[touch]\nremind_percent = 100").contains("touch.remind_percent: expected 1 to 99"));
}

#[test]
fn a_database_needs_its_address_and_does_not_show_it() {
    let why = refusal("[store]\nengine = 'postgres'");
    assert!(why.starts_with("jiuding.toml: store.url: ") && why.contains("postgres://user@host/db"), "{why}");
    let why = refusal("[store]\nengine = 'postgres'\nurl = 'mysql://u:hush@h/db'");
    assert!(why.starts_with("jiuding.toml: store.url: ") && !why.contains("hush"), "{why}");
}
