//! `jiuding doctor` against the pretend platforms: what is wrong is named, with the place where it is put right.

use std::{process::Output, sync::Arc};

use jiuding::{
    clock::{SimulatedClock, SystemClock},
    platform::{
        dingtalk::{self, DingTalk},
        feishu::{self, Feishu},
    },
};
use tempfile::TempDir;

use crate::{
    command_line::{jiuding, said},
    fake_dingtalk::{self, FakeDingTalk, Fault, Way},
    fake_feishu::{self, EVENTS, FakeFeishu, version},
    gated::Gated,
};

/// Two pretend platforms, and a configuration that names them.
struct Ward {
    feishu: FakeFeishu,
    ding: FakeDingTalk,
    folder: TempDir,
}

impl Ward {
    async fn new() -> Self {
        let clock = Arc::new(SimulatedClock::new("2026-11-23T01:00:00Z".parse().unwrap()));
        let feishu = FakeFeishu::start(clock.clone()).await;
        let ding = FakeDingTalk::start(clock).await;
        feishu.over_socket();
        Self { feishu, ding, folder: TempDir::new().unwrap() }
    }

    /// What doctor prints, and its exit code.
    async fn doctor(&self, more: &str) -> (Option<i32>, String) {
        let text = format!(
            "[dingtalk]\nenabled = true\ntransport = \"stream\"\nclient_id = \"{}\"\nclient_secret = \"{}\"\n\
             robot_code = \"{}\"\nbase_url = \"{base}\"\noapi_base_url = \"{base}\"\n{}{more}",
            fake_dingtalk::CLIENT_ID,
            fake_dingtalk::CLIENT_SECRET,
            fake_dingtalk::ROBOT_CODE,
            self.feishu.toml(),
            base = self.ding.base_url(),
        );
        std::fs::write(self.folder.path().join("my.toml"), text).unwrap();
        self.run("my.toml").await
    }

    /// The same with a file of the folder.
    async fn run(&self, file: &str) -> (Option<i32>, String) {
        let mut command = jiuding(self.folder.path(), &["doctor", "--config", file]);
        let output: Output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let (code, told, faults) = said(&output);
        assert_eq!(faults, "");
        // Whatever is not well, there is a place where it is put right.
        for line in told.lines().filter(|line| !line.starts_with("well ")) {
            let places =
                ["/app/cli_a9f0c0ffee00d00d/", "https://open-dev.dingtalk.com", "[[dingtalk.group_robot]]"];
            assert!(places.iter().any(|place| line.contains(place)), "{line}");
        }
        (code, told)
    }

    /// Both platforms by webhook, which is reached at this address.
    async fn by_webhook(&self, public_url: &str, change: impl Fn(String) -> String) -> (Option<i32>, String) {
        let text = format!(
            "[server]\npublic_url = \"{public_url}\"\n[feishu]\nenabled = true\napp_id = \"{}\"\napp_secret = \"{}\"\n\
             base_url = \"{}\"\nencrypt_key = \"{}\"\nverification_token = \"{}\"\n\
             [dingtalk]\nenabled = true\nclient_id = \"{}\"\nclient_secret = \"{}\"\nrobot_code = \"{}\"\n\
             event_token = \"{}\"\nevent_aes_key = \"{}\"\nbase_url = \"{base}\"\noapi_base_url = \"{base}\"\n",
            fake_feishu::APP_ID,
            fake_feishu::APP_SECRET,
            self.feishu.base_url(),
            fake_feishu::ENCRYPT_KEY,
            fake_feishu::TOKEN,
            fake_dingtalk::CLIENT_ID,
            fake_dingtalk::CLIENT_SECRET,
            fake_dingtalk::ROBOT_CODE,
            fake_dingtalk::EVENT_TOKEN,
            fake_dingtalk::EVENT_AES_KEY,
            base = self.ding.base_url(),
        );
        std::fs::write(self.folder.path().join("webhook.toml"), change(text)).unwrap();
        self.run("webhook.toml").await
    }
}

/// The line about `what`.
fn line<'a>(told: &'a str, what: &str) -> &'a str {
    let found = told.lines().find(|line| line[9..].starts_with(&format!("{what}:")));
    found.unwrap_or_else(|| panic!("nothing about {what} in:\n{told}"))
}

#[tokio::test]
async fn where_all_is_well_it_says_so_and_nothing_to_anybody() {
    let ward = Ward::new().await;
    let (code, told) = ward.doctor("").await;
    assert_eq!(code, Some(0), "{told}");
    for what in [
        "store",
        "disk",
        "feishu clock",
        "feishu credentials",
        "feishu bot",
        "feishu scopes",
        "feishu long connection",
        "dingtalk clock",
        "dingtalk credentials",
        "dingtalk permission qyapi_robot_sendmsg",
        "dingtalk permission qyapi_get_member",
        "dingtalk permission qyapi_base",
        "dingtalk permission Calendar.Event.Write",
        "dingtalk permission Calendar.Event.Read",
        "dingtalk long connection",
        "feishu events",
    ] {
        assert!(line(&told, what).starts_with("well "), "{told}");
    }
    // What nobody can see from here is said to be so.
    for what in [
        "feishu callbacks",
        "feishu other connections",
        "dingtalk version",
        "dingtalk events",
        "dingtalk other connections",
    ] {
        assert!(
            line(&told, what).starts_with("unsure ") && line(&told, what).contains("from here"),
            "{told}"
        );
    }
    assert!(ward.feishu.sent().is_empty() && ward.ding.sent().is_empty());
    // It asks where to connect and does not: a connection would take events away.
    assert_eq!((ward.feishu.opened(), ward.ding.opened()), (0, 0));
    for secret in [fake_dingtalk::CLIENT_SECRET, fake_feishu::APP_SECRET, "ticket", "tkt"] {
        assert!(!told.contains(secret), "{told}");
    }
}

#[tokio::test]
async fn a_missing_scope_and_an_unpublished_version_are_named_with_their_page() {
    let ward = Ward::new().await;
    ward.feishu.without_scope("im:message:send_as_bot").without_scope("im:message.group_msg").app_status(3);
    ward.feishu.refuse_connections(Some(1000040350));
    let (code, told) = ward.doctor("").await;
    assert_eq!(code, Some(1), "{told}");
    let page = |what: &str, page: &str| {
        let line = line(&told, what);
        assert!(line.contains(&format!("/app/cli_a9f0c0ffee00d00d/{page}")), "{line}");
        line.split(' ').next().unwrap().to_owned()
    };
    assert_eq!(page("feishu scope im:message:send_as_bot", "auth"), "WRONG");
    assert_eq!(page("feishu scope im:message.group_msg", "auth"), "without");
    assert_eq!(page("feishu bot", "version"), "WRONG");
    assert_eq!(page("feishu long connection", "event"), "WRONG");
    assert!(line(&told, "feishu long connection").contains("50 connections"), "{told}");
}

#[tokio::test]
async fn what_dingtalk_does_not_permit_is_named() {
    let ward = Ward::new().await;
    let denied = r#"{"code":"Forbidden.AccessDenied.AccessTokenPermissionDenied","accessdenieddetail":{"requiredScopes":["qyapi_robot_sendmsg"]}}"#;
    ward.ding.fail_next(Way::GroupApi, Fault::Refuse(403, denied.into()));
    ward.ding.fail_next(Way::UserGet, Fault::Refuse(200, r#"{"errcode":88,"sub_code":"60011"}"#.into()));
    ward.ding.refuse_connections(Some(400));
    let (code, told) = ward.doctor("").await;
    assert_eq!(code, Some(1), "{told}");
    for what in ["permission qyapi_robot_sendmsg", "permission qyapi_get_member", "long connection"] {
        let line = line(&told, &format!("dingtalk {what}"));
        assert!(line.starts_with("WRONG") && line.contains("https://open-dev.dingtalk.com"), "{line}");
    }
    assert!(line(&told, "dingtalk long connection").contains("Stream mode"), "{told}");
}

#[tokio::test]
async fn wrong_credentials_addresses_and_robots_are_named() {
    let ward = Ward::new().await;
    let (code, told) = ward.doctor("[server]\npublic_url = \"http://127.0.0.1:9\"\n").await;
    assert_eq!(code, Some(0), "{told}");
    let text = std::fs::read_to_string(ward.folder.path().join("my.toml")).unwrap();
    let broken = text
        .replace(fake_feishu::APP_SECRET, "another")
        .replace(fake_dingtalk::ROBOT_CODE, "another")
        .replace("transport = \"stream\"\n", "");
    std::fs::write(ward.folder.path().join("broken.toml"), broken).unwrap();
    let (code, told) = ward.run("broken.toml").await;
    assert_eq!(code, Some(1), "{told}");
    assert!(line(&told, "feishu credentials").contains("feishu.app_secret"), "{told}");
    let robot = line(&told, "dingtalk permission qyapi_robot_sendmsg");
    assert!(robot.starts_with("WRONG") && robot.contains("dingtalk.robot_code"), "{robot}");
    let webhook = line(&told, "dingtalk webhook");
    assert!(
        webhook.starts_with("WRONG") && webhook.contains("/dingtalk/robot cannot be reached"),
        "{webhook}"
    );
    assert_eq!(told.lines().filter(|line| line.contains("feishu")).count(), 2, "{told}");
}

#[tokio::test]
async fn a_missing_event_and_a_version_that_waits_are_named_with_their_page() {
    let ward = Ward::new().await;
    let few = ["im.message.receive_v1", "im.chat.updated_v1"];
    ward.feishu.versions(vec![version("1.1.0", 3, &EVENTS[..9]), version("1.0.0", 1, &few)]);
    let (code, told) = ward.doctor("").await;
    assert_eq!(code, Some(0), "{told}");
    let waits = line(&told, "feishu version");
    assert!(waits.starts_with("without ") && waits.contains("1.1.0 is waiting"), "{waits}");
    // It is subscribed there, and only has to be published.
    let greets = line(&told, "feishu event im.chat.member.bot.added_v1");
    assert!(greets.contains("publish version 1.1.0") && greets.contains("/version"), "{greets}");
    let menu = line(&told, "feishu event application.bot.menu_v6");
    assert!(menu.contains("its menu does nothing") && menu.contains("/event,"), "{menu}");
    assert_eq!(told.matches("feishu event ").count(), EVENTS.len() - few.len(), "{told}");

    ward.feishu.versions(vec![version("1.1.0", 1, &EVENTS[1..])]);
    let (code, told) = ward.doctor("").await;
    assert_eq!(code, Some(1), "{told}");
    assert!(line(&told, "feishu event im.message.receive_v1").contains("it hears nothing"), "{told}");

    ward.feishu.versions(vec![version("1.0.0", 4, &EVENTS)]);
    let (code, told) = ward.doctor("").await;
    assert_eq!(code, Some(1), "{told}");
    assert!(line(&told, "feishu version").contains("none is published: 1.0.0 is not handed in"), "{told}");

    ward.feishu.without_scope("application:application.app_version:readonly");
    let (code, told) = ward.doctor("").await;
    assert_eq!(code, Some(0), "{told}");
    let events = line(&told, "feishu events");
    assert!(events.starts_with("unsure ") && events.contains("application.app_version:readonly"), "{events}");
}

#[tokio::test]
async fn a_webhook_is_tried_as_the_platforms_try_it() {
    let ward = Ward::new().await;
    let receiver = Arc::new(Gated::default());
    let feishu = Feishu::new(ward.feishu.settings(), Arc::new(SystemClock));
    let ding = DingTalk::new(ward.ding.settings(), Arc::new(SystemClock)).unwrap();
    let routes = feishu::routes(Arc::new(feishu), receiver.clone())
        .merge(dingtalk::routes(Arc::new(ding), receiver.clone()));
    let url = ward.feishu.serve(routes).await;
    let doors = ["feishu webhook", "dingtalk webhook", "dingtalk event webhook"];
    let (code, told) = ward.by_webhook(&url, |text| text).await;
    assert_eq!(code, Some(0), "{told}");
    for what in doors {
        assert!(line(&told, what).starts_with("well ") && line(&told, what).contains(&url), "{told}");
    }
    // The bot that answers there has other secrets than this file.
    let other = |text: String| {
        text.replace(fake_feishu::TOKEN, "another")
            .replace(fake_dingtalk::EVENT_TOKEN, "another")
            .replace(fake_dingtalk::CLIENT_SECRET, "another")
    };
    let (code, told) = ward.by_webhook(&url, other).await;
    assert_eq!(code, Some(1), "{told}");
    let wrong =
        [("feishu webhook", "feishu.verification_token"), ("dingtalk webhook", "dingtalk.client_secret")];
    for (what, key) in wrong {
        let line = line(&told, what);
        assert!(line.starts_with("WRONG ") && line.contains(key), "{line}");
    }
    let (code, told) =
        ward.by_webhook(&url, |text| text.replace(fake_dingtalk::EVENT_TOKEN, "another")).await;
    assert_eq!(code, Some(1), "{told}");
    assert!(line(&told, doors[2]).contains("dingtalk.event_token"), "{told}");
    // Somebody else is there.
    let (code, told) = ward.by_webhook(ward.ding.base_url(), |text| text).await;
    assert_eq!(code, Some(1), "{told}");
    for what in doors {
        assert!(line(&told, what).contains("server.public_url"), "{told}");
    }
    assert!(receiver.heard().is_empty());
}
