//! Feishu, against the pretend one.

use std::sync::Arc;

use jiuding::{
    chat::{Inbound, Person, PersonId, RoomId, Target},
    platform::{
        Platform,
        feishu::{Feishu, listen, routes},
    },
};
use tokio::sync::watch;

use super::{Recorder, Rig, Shown, Speech, Trouble, clock};
use crate::fake_feishu::{Delivery, FakeFeishu, Fault};

const GROUP: &str = "oc_conformance";
const LI: &str = "ou_li";
const WANG: &str = "ou_wang";

pub struct FeishuRig {
    fake: FakeFeishu,
    feishu: Arc<Feishu>,
    recorder: Arc<Recorder>,
}

impl FeishuRig {
    /// Heard by its webhook.
    pub async fn new() -> Self {
        let rig = Self::with(|_| {}).await;
        rig.fake.serve(routes(rig.feishu.clone(), rig.recorder.clone())).await;
        rig
    }

    /// Heard over a long connection.
    pub async fn over_socket() -> Self {
        let rig = Self::with(|fake| {
            fake.over_socket();
        })
        .await;
        let (never, stop) = watch::channel(false);
        std::mem::forget(never);
        tokio::spawn(listen(rig.feishu.clone(), rig.recorder.clone(), stop));
        rig
    }

    async fn with(prepare: impl FnOnce(&FakeFeishu)) -> Self {
        let clock = clock();
        let fake = FakeFeishu::start(clock.clone()).await;
        prepare(&fake);
        fake.group(GROUP, "远山项目群").person(LI, "李工").person(WANG, "王工").per_chat_per_second(1000);
        let (feishu, recorder) =
            (Arc::new(Feishu::new(fake.settings(), clock)), Arc::new(Recorder::default()));
        Self { fake, feishu, recorder }
    }
}

#[async_trait::async_trait]
impl Rig for FeishuRig {
    fn platform(&self) -> Arc<dyn Platform> {
        self.feishu.clone()
    }

    fn group(&self) -> RoomId {
        RoomId::new("feishu", GROUP)
    }

    fn li(&self) -> Person {
        Person { id: PersonId::new("feishu", LI), name: "李工".into() }
    }

    fn wang(&self) -> Person {
        Person { id: PersonId::new("feishu", WANG), name: "王工".into() }
    }

    async fn shown(&self) -> Vec<Shown> {
        let sent = self.fake.sent().into_iter().enumerate();
        sent.map(|(index, sent)| {
            let at = match &sent.open_id {
                Some(person) => Target::Person(PersonId::new("feishu", person)),
                None => Target::Room(RoomId::new("feishu", &sent.chat_id)),
            };
            // The pretend one puts what markdown would interpret in pointed brackets.
            let live = match sent.words.contains('⟨') {
                true => vec![sent.words.clone()],
                false => Vec::new(),
            };
            let now = self.fake.edits().into_iter().rfind(|edit| edit.message_id == sent.message_id);
            let (words, buttons) = now.map_or((sent.words, sent.buttons), |now| (now.words, now.buttons));
            Shown { at, words, notified: sent.mentions, buttons, file: sent.file, live, index }
        })
        .collect()
    }

    fn says(&self, text: &str) -> Speech {
        let said = self.fake.text(GROUP, WANG, "{bot} ");
        // Not through the pretend one's own way to write mentions, so that any text passes.
        let content = serde_json::json!({ "text": format!("@_user_1 {text}") }).to_string();
        Speech(said.with("/event/message/content", content.into()).body)
    }

    async fn deliver(&self, speech: &Speech) {
        let answer = self.fake.deliver(&Delivery { body: speech.0.clone() }).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
    }

    async fn press(&self, shown: &Shown, label: &str) {
        let answer = self.fake.press(LI, &self.fake.sent()[shown.index], label).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
    }

    fn heard(&self) -> Vec<Inbound> {
        self.recorder.heard()
    }

    fn meets(&self, trouble: Trouble) -> bool {
        match trouble {
            Trouble::Limit => drop(self.fake.fail_next(Fault::Gateway(3))),
            Trouble::ServerError => drop(self.fake.fail_next(Fault::Status(502))),
            Trouble::LostAnswer => drop(self.fake.fail_next(Fault::DropAfterAccepting)),
            Trouble::StaleToken => self.fake.expire_tokens(),
            Trouble::NoToken => {
                self.fake.expire_tokens();
                self.fake.fail_authorisation(Some(Fault::Status(503)));
            }
            Trouble::RefusedCard => drop(self.fake.fail_next(Fault::RefuseCard(11310))),
            Trouble::DeadReply => {
                let heard = self.heard().pop().unwrap();
                self.fake.recall(heard.reply_to.unwrap().message.raw());
            }
            Trouble::RoomGone => drop(self.fake.fail_next(Fault::Code(230002))),
            Trouble::NoUpload => drop(self.fake.fail_uploads(Some(Fault::Code(99991672)))),
            Trouble::RefusedFile => drop(self.fake.fail_next(Fault::Code(230055))),
            Trouble::LostUpload => drop(self.fake.fail_uploads(Some(Fault::DropAfterAccepting))),
        }
        true
    }
}
