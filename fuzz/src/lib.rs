//! What each fuzz target does with made-up bytes. None of it may panic, hang, or take as good what nobody wrote.

use std::sync::OnceLock;

use jiff::{SignedDuration, Timestamp};
use jiuding::{
    calendar::{Calendar, typed},
    chat::{Person, PersonId, Typed},
    config::Config,
    features::{self, COMMANDS, OBJECTS},
    grammar::{Heard, Reader, hear, parse},
    platform::{
        dingtalk::{self, envelope::Envelope},
        feishu,
    },
    store::{Key, sled},
};

/// A parser of strangers' bytes: its name, and what feeds it.
pub type Target = (&'static str, fn(&[u8]));

/// Every target by name.
pub const TARGETS: [Target; 7] = [
    ("line", line),
    ("date", date),
    ("feishu", feishu_delivery),
    ("dingtalk", dingtalk_delivery),
    ("letter", letter),
    ("stored", stored),
    ("config", config),
];

/// A typed message: heard, and each of its lines read. Its first byte says how it was said.
pub fn line(bytes: &[u8]) {
    let Some((how, text)) = bytes.split_first() else { return };
    let person = |name: &str| Person { id: PersonId::new("test", name), name: name.to_owned() };
    let known = [person("李工"), person("Tom"), person("Anna Lee"), person("李工程师")];
    let mut typed = Typed::plain(&String::from_utf8_lossy(text));
    if how & 1 == 1 {
        typed.push_mention(known[0].clone());
        typed.push_text(&String::from_utf8_lossy(text));
    }
    if how & 2 == 2 {
        typed.add_unplaced(known[1].clone());
    }
    let quoted = (how & 4 == 4).then_some(Key { letter: 'T', number: 1 });
    let lines = match hear(&typed, how & 8 == 8, how & 16 == 16, OBJECTS) {
        Heard::Nothing | Heard::Called => return,
        Heard::One(line) => vec![line],
        Heard::Batch(lines) => lines,
    };
    let reader = Reader {
        objects: OBJECTS,
        commands: COMMANDS,
        known: &known,
        sender: &known[2],
        quoted,
        quote: None,
    };
    for line in lines {
        if let Ok(parsed) = parse(&line, &reader) {
            assert_eq!(parsed.args.said, line.words());
        }
    }
}

/// A typed date or duration, alone and within a text.
pub fn date(bytes: &[u8]) {
    static CALENDAR: OnceLock<Calendar> = OnceLock::new();
    let calendar = CALENDAR.get_or_init(Calendar::shanghai);
    let text = String::from_utf8_lossy(bytes);
    if let Ok(reading) = typed::read(&text, now(), calendar) {
        let _ = typed::echo(reading.at, now(), calendar);
    }
    let _ = typed::read_duration(&text);
    if let Some((rest, _)) = typed::split_trailing(&text, now(), calendar) {
        assert!(text.starts_with(rest));
    }
    let _ = typed::find_anywhere(&text, now(), calendar);
}

/// A delivery of Feishu's, sealed and signed or plain, or a frame of the long connection.
pub fn feishu_delivery(bytes: &[u8]) {
    let plain = feishu::Settings {
        app_id: "cli_a".into(),
        app_secret: "secret".into(),
        encrypt_key: None,
        verification_token: "token".into(),
        base_url: "http://127.0.0.1:9".into(),
        window_back: SignedDuration::from_hours(8),
        window_ahead: SignedDuration::from_mins(5),
        pong_within: std::time::Duration::from_secs(30),
        answer_within: std::time::Duration::from_secs(2),
        urgent: feishu::Urgent::Off,
        calendar: false,
    };
    let sealed = feishu::Settings { encrypt_key: Some("key".into()), ..plain.clone() };
    let _ = feishu::examine(&plain, now(), bytes);
    let _ = feishu::examine(&sealed, now(), bytes);
    let _ = feishu::examine_frame(&plain, bytes);
}

/// A robot message of DingTalk's, or a frame of Stream mode.
pub fn dingtalk_delivery(bytes: &[u8]) {
    let _ = dingtalk::examine(bytes);
    let _ = dingtalk::examine_frame(bytes);
}

/// The envelope of DingTalk's organisation events, rightly signed: its cipher text is what strangers send.
pub fn letter(bytes: &[u8]) {
    let key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    let envelope = Envelope::new("token", key).expect("the key has 43 letters and digits");
    let text = String::from_utf8_lossy(bytes);
    let open = |sealed: &str| {
        let signature = envelope.signature("1", "n", sealed);
        envelope.open(&signature, "1", "n", sealed, &["ours"])
    };
    let _ = open(&text);
    let sealed = envelope.seal([7; 16], &text, "ours");
    assert_eq!(open(&sealed).map(|opened| opened.text).as_deref(), Ok(text.as_ref()));
    let cut: String = sealed.chars().skip(bytes.len() % 64).collect();
    assert!(bytes.len().is_multiple_of(64) || open(&cut).is_err());
}

/// A row of the store, and a record's value.
pub fn stored(bytes: &[u8]) {
    let (key, row) = bytes.split_at(bytes.len().min(8));
    let _ = sled::examine(key, row);
    for entry in features::KINDS {
        let _ = features::decode(Key { letter: entry.letter, number: 1 }, bytes);
    }
}

/// A configuration file. Keys that name files are left out: nothing here opens any.
pub fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if !text.contains("file") && !text.contains("folder") {
        let _ = Config::read_text(&text);
    }
}

fn now() -> Timestamp {
    Timestamp::constant(1_795_481_000, 0)
}
