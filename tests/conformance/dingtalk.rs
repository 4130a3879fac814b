//! DingTalk, against the pretend one; its group has no robot of its own.

use std::{sync::Arc, time::Duration};

use jiuding::{
    chat::{Inbound, Person, PersonId, RoomId, Target},
    platform::{
        Platform,
        dingtalk::{DingTalk, listen, routes},
    },
};
use tokio::sync::watch;

use super::{Recorder, Rig, Shown, Speech, Trouble, clock};
use crate::fake_dingtalk::{FakeDingTalk, Fault, Said, Way};

const GROUP: &str = "cidConformance==";
const LI: &str = "0123456789";
const WANG: &str = "manager4421";

pub struct DingTalkRig {
    ding: FakeDingTalk,
    bot: Arc<DingTalk>,
    url: String,
    recorder: Arc<Recorder>,
    /// The way that a message with buttons takes into the group.
    way: Way,
}

impl DingTalkRig {
    /// Heard by its webhook.
    pub async fn new() -> Self {
        Self::heard(Self::silent(false).await).await
    }

    /// The same with a template, so that what has buttons is a card.
    pub async fn with_cards() -> Self {
        Self::heard(Self::silent(true).await).await
    }

    async fn heard(mut rig: Self) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        rig.url = format!("http://{}", listener.local_addr().unwrap());
        let doors = routes(rig.bot.clone(), rig.recorder.clone());
        tokio::spawn(async move { axum::serve(listener, doors).await });
        rig
    }

    /// Heard over a long connection.
    pub async fn by_stream() -> Self {
        let rig = Self::silent(false).await;
        rig.ding.by_stream();
        let (never, stop) = watch::channel(false);
        std::mem::forget(never);
        tokio::spawn(listen(rig.bot.clone(), rig.recorder.clone(), stop));
        rig
    }

    async fn silent(cards: bool) -> Self {
        let clock = clock();
        let ding = FakeDingTalk::start(clock.clone()).await;
        ding.group(GROUP, "远山项目群", &[(WANG, "王工"), (LI, "李工")]);
        let mut settings = ding.settings();
        if cards {
            settings.card_template = Some(ding.card_template(true).into());
            settings.card_callback = Some("https://bot.example.com/dingtalk/card".into());
        }
        let bot = DingTalk::with_patience(settings, clock, Duration::from_secs(2)).unwrap();
        let way = if cards { Way::Card } else { Way::GroupApi };
        Self { ding, bot: Arc::new(bot), url: String::new(), recorder: Arc::default(), way }
    }

    /// What a message into the group meets.
    fn fail(&self, way: Way, status: u16, body: &str) {
        self.ding.fail_next(way, Fault::Refuse(status, body.into()));
    }
}

#[async_trait::async_trait]
impl Rig for DingTalkRig {
    fn platform(&self) -> Arc<dyn Platform> {
        self.bot.clone()
    }

    fn group(&self) -> RoomId {
        RoomId::new("dingtalk", GROUP)
    }

    fn li(&self) -> Person {
        Person { id: PersonId::new("dingtalk", LI), name: "李工".into() }
    }

    fn wang(&self) -> Person {
        Person { id: PersonId::new("dingtalk", WANG), name: "王工".into() }
    }

    async fn shown(&self) -> Vec<Shown> {
        let sent = self.ding.sent().into_iter().enumerate();
        sent.map(|(index, sent)| {
            let at = match &sent.conversation {
                Some(conversation) => Target::Room(RoomId::new("dingtalk", conversation)),
                None => Target::Person(PersonId::new("dingtalk", &sent.people.join(","))),
            };
            let buttons = sent.buttons.iter().map(|(label, _)| label.clone()).zip(sent.button_lines());
            let text = sent.text.strip_prefix("### ").unwrap_or(&sent.text);
            // The bot's own: it calls people.
            let mut text = text.strip_prefix('@').unwrap_or(text).to_owned();
            for own in [format!("@{LI}"), format!("@{WANG}"), "@李工".into(), "@王工".into()] {
                text = text.replace(&own, "");
            }
            let marks = |c: char| "[]()<>*_!`~|\\@\u{202e}\0".contains(c);
            let lines = text.split("  \n  ").skip(1);
            let heads = lines.filter(|line| line.starts_with(['#', '\t']) || line.starts_with("- "));
            let mut live: Vec<String> = heads.map(str::to_owned).collect();
            if text.contains(marks) || text.contains("dtmd://") {
                live.push(text.clone());
            }
            let everybody = sent.raw["at"]["isAtAll"].as_bool() == Some(true);
            let mut notified = sent.notified.clone();
            notified.extend(everybody.then(|| "all".to_owned()));
            // A direct message rings by itself.
            notified.extend(sent.people.clone());
            let words = match sent.way {
                // As a client shows it: its rows, and what was typed.
                Way::Card => sent.text.replace("  \n  ", "\n").replace('＠', "@"),
                _ => sent.text,
            };
            Shown { at, buttons: buttons.collect(), words, notified, file: sent.file, live, index }
        })
        .collect()
    }

    fn says(&self, text: &str) -> Speech {
        Speech(self.ding.said(GROUP, WANG, text).body)
    }

    async fn deliver(&self, speech: &Speech) {
        let answer = self.ding.deliver(&self.url, &Said { body: speech.0.clone() }).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// A card calls back; else the client says the button's line as the person's own message.
    async fn press(&self, shown: &Shown, label: &str) {
        let sent = &self.ding.sent()[shown.index];
        if sent.way == Way::Card {
            let answer = self.ding.press(&self.url, sent, LI, label).await;
            return assert_eq!(answer.status, 200);
        }
        let (_, line) = shown.buttons.iter().find(|(known, _)| known == label).unwrap();
        let answer = self.ding.deliver_text(&self.url, GROUP, LI, line).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    fn heard(&self) -> Vec<Inbound> {
        self.recorder.heard()
    }

    fn meets(&self, trouble: Trouble) -> bool {
        match trouble {
            Trouble::Limit => self.fail(self.way, 403, r#"{"code":"Forbidden.AccessDenied.QpsLimitForApi"}"#),
            Trouble::ServerError => self.fail(self.way, 502, ""),
            Trouble::LostAnswer => {
                // A file is no card.
                for way in [Way::Card, Way::GroupApi] {
                    self.ding.fail_next(way, Fault::DropAfterAccepting);
                }
            }
            Trouble::StaleToken => self.ding.revoke_tokens(),
            Trouble::NoToken => {
                self.ding.revoke_tokens();
                for _ in 0..3 {
                    self.ding.fail_next(Way::Token, Fault::Refuse(503, String::new()));
                }
            }
            // Without a template there is no card to refuse.
            Trouble::RefusedCard if self.way != Way::Card => return false,
            Trouble::RefusedCard => self.fail(Way::Card, 400, r#"{"code":"param.templateUnpublished"}"#),
            Trouble::DeadReply => self.ding.kill_sessions(),
            Trouble::RoomGone => {
                self.ding.deliver_no_cards(1);
                self.fail(Way::GroupApi, 400, r#"{"code":"group.disbanded"}"#);
            }
            Trouble::NoUpload => {
                let refused = r#"{"errcode":88,"sub_code":"60011","sub_msg":"没有权限"}"#;
                self.ding.fail_next(Way::Upload, Fault::Refuse(200, refused.into()));
            }
            Trouble::RefusedFile => {
                self.fail(Way::GroupApi, 400, r#"{"code":"invalidParameter.msgKey.notFound"}"#)
            }
            Trouble::LostUpload => self.ding.fail_next(Way::Upload, Fault::DropAfterAccepting),
        }
        true
    }
}
