//! The playground, on a store of its own.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use jiuding::{
    chat::{Inbound, Person, PersonId, RoomId, Target},
    clock::Clock,
    platform::{
        Platform,
        playground::{Playground, Pressed, Said, Whose},
    },
    store::sled::SledStore,
};
use serde_json::json;

use super::{Recorder, Rig, Shown, Speech, Trouble, clock};

const GROUP: &str = "demo";

pub struct PlaygroundRig {
    playground: Arc<Playground>,
    recorder: Recorder,
    counter: AtomicU64,
    _folder: tempfile::TempDir,
}

impl PlaygroundRig {
    pub fn new() -> Self {
        let (clock, folder) = (clock(), tempfile::tempdir().unwrap());
        let store = Arc::new(SledStore::open(folder.path(), clock.now()).unwrap());
        Self {
            playground: Arc::new(Playground::new(store, clock)),
            recorder: Recorder::default(),
            counter: AtomicU64::new(0),
            _folder: folder,
        }
    }
}

#[async_trait::async_trait]
impl Rig for PlaygroundRig {
    fn platform(&self) -> Arc<dyn Platform> {
        self.playground.clone()
    }

    fn group(&self) -> RoomId {
        RoomId::new("playground", GROUP)
    }

    fn li(&self) -> Person {
        Person { id: PersonId::new("playground", "li"), name: "李工".into() }
    }

    fn wang(&self) -> Person {
        Person { id: PersonId::new("playground", "wang"), name: "王工".into() }
    }

    async fn shown(&self) -> Vec<Shown> {
        let mut all = Vec::new();
        for room in [GROUP, "dm:li", "dm:wang"] {
            for (seq, entry) in self.playground.read(room, 0, Whose::Bot, Default::default()).await.unwrap() {
                let file = self.playground.file(room, seq).await.unwrap();
                let at = match room.strip_prefix("dm:") {
                    Some(person) => Target::Person(PersonId::new("playground", person)),
                    None => Target::Room(RoomId::new("playground", room)),
                };
                let mut notified = entry.mentions.clone();
                let entry = entry.edited.clone().map_or(entry, |edited| *edited);
                notified.extend(room.strip_prefix("dm:").map(str::to_owned));
                all.push(Shown {
                    at,
                    notified,
                    words: entry.text,
                    buttons: entry.buttons.into_iter().map(|button| (button.label, button.value)).collect(),
                    // Text and people are apart here, nothing is interpreted.
                    live: Vec::new(),
                    file: file.map(|file| (file.name, file.content.to_vec())),
                    index: all.len(),
                });
            }
        }
        all
    }

    fn says(&self, text: &str) -> Speech {
        let message_id = format!("m{}", self.counter.fetch_add(1, Ordering::Relaxed));
        Speech(json!({
            "room": GROUP, "room_name": "远山项目群", "sender": {"id": "wang", "name": "王工"},
            "text": format!("@jiuding {text}"), "message_id": message_id,
            "mentions": [{"id": "jiuding", "name": "鼎鼎"}],
        }))
    }

    async fn deliver(&self, speech: &Speech) {
        let said: Said = serde_json::from_value(speech.0.clone()).unwrap();
        self.playground.say(said, &self.recorder).await.unwrap();
    }

    async fn press(&self, shown: &Shown, label: &str) {
        let (_, line) = shown.buttons.iter().find(|(known, _)| known == label).unwrap();
        let pressed = json!({"room": GROUP, "sender": {"id": "li", "name": "李工"}, "value": line});
        let pressed: Pressed = serde_json::from_value(pressed).unwrap();
        self.playground.press(pressed, &self.recorder).await.unwrap();
    }

    fn heard(&self) -> Vec<Inbound> {
        self.recorder.heard()
    }

    /// There is no network in between.
    fn meets(&self, _trouble: Trouble) -> bool {
        false
    }
}
