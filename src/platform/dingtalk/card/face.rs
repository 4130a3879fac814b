//! A message as the variables of a card's template, all of them strings; `docs/dingtalk-card.md` says what the
//! template makes of them.
//!
//! A value may have 1 KB, so what a card says is spread over several. What one of its buttons says for its presser
//! is sealed together with where the card is: whatever comes back was offered there by us.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{
    chat::{Line, Message, Tone},
    platform::dingtalk::{
        render::{Manner, REPEATED, flat},
        writer::{BREAK, Writer},
    },
};

/// The most bytes of one value.
const MOST_OF_A_VALUE: usize = 1024;
/// How many values what it says may take.
const BODIES: usize = 4;
/// How many buttons a template has; more stand as words.
const BUTTONS: usize = 5;
/// How many characters of a line that is too long for a title stand as one.
const PART_OF_A_TITLE: usize = 40;

/// The variables for `message`; `None` where it is too long for a card.
pub fn face(message: &Message, repeated: bool, seal: &Seal<'_>) -> Option<Map<String, Value>> {
    let (title, mut lines) = match message.titled() {
        (Some(title), rest) => (flat(&title.plain(), usize::MAX), rest),
        (None, lines) => {
            let first = lines.iter().find(|line| !line.is_blank()).map(Line::plain).unwrap_or_default();
            (flat(&first, PART_OF_A_TITLE), lines)
        }
    };
    let (buttons, more) = message.buttons.split_at(message.buttons.len().min(BUTTONS));
    lines.extend(more.iter().map(|button| Line::text(format!("{}：{}", button.label, button.line))));
    lines.extend(repeated.then(|| Line::text(REPEATED)));
    let bodies = spread(&lines)?;
    let mut variables = Map::new();
    let mut set = |name: String, value: &str| variables.insert(name, json!(value));
    set("title".into(), if title.trim().is_empty() { "提醒" } else { &title });
    set("color".into(), color(message.tone));
    for n in 1..=BODIES {
        set(format!("body{n}"), bodies.get(n - 1).map_or("", String::as_str));
    }
    for n in 1..=BUTTONS {
        let button = buttons.get(n - 1);
        set(format!("button{n}"), &button.map(|button| flat(&button.label, 40)).unwrap_or_default());
        set(format!("say{n}"), &button.map(|button| seal.close(&button.line)).unwrap_or_default());
    }
    let fits = |value: &Value| value.as_str().is_some_and(|value| value.len() <= MOST_OF_A_VALUE);
    variables.values().all(fits).then_some(variables)
}

/// The names that the console offers for the colour of a tag.
fn color(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "blue",
        Tone::Good => "green",
        Tone::Warning => "orange",
        Tone::Alarm => "red",
    }
}

/// The lines as markdown, in as many values as they need; none is cut in two.
fn spread(lines: &[Line]) -> Option<Vec<String>> {
    let mut values: Vec<String> = Vec::new();
    for line in lines {
        let mut writer = Writer::new(Manner { mentions: false, repeated: false }, BODIES * MOST_OF_A_VALUE);
        writer.line(line);
        if writer.cut {
            return None;
        }
        for row in writer.text.split(BREAK) {
            match values.last_mut() {
                Some(value) if value.len() + BREAK.len() + row.len() <= MOST_OF_A_VALUE => {
                    value.push_str(BREAK);
                    value.push_str(row);
                }
                _ => values.push(row.to_owned()),
            }
        }
    }
    (values.len() <= BODIES).then_some(values)
}

/// Closes what a card's buttons say.
pub struct Seal<'a> {
    /// A secret of the app.
    pub secret: &'a str,
    /// The card's id.
    pub track: &'a str,
    /// The room it is in, as in our own ids.
    pub room: &'a str,
}

impl Seal<'_> {
    fn close(&self, line: &str) -> String {
        let mark: String = self.mark(line).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{mark} {} {line}", self.room)
    }

    fn mark(&self, line: &str) -> [u8; 16] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).expect("any length is a key");
        for part in ["a button of a card", self.track, self.room, line] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        let mut mark = [0; 16];
        mark.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        mark
    }
}

/// The room and the line of what came back from the card of this id; `None` where it is nothing of ours.
pub fn open<'s>(secret: &str, track: &str, sealed: &'s str) -> Option<(&'s str, &'s str)> {
    let (_, rest) = sealed.split_once(' ')?;
    let (room, line) = rest.split_once(' ')?;
    let ours = Seal { secret, track, room }.close(line);
    bool::from(ours.as_bytes().ct_eq(sealed.as_bytes())).then_some((room, line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Person, PersonId};

    const SEAL: Seal<'static> = Seal { secret: "s", track: "jiuding-1", room: "cidA==" };

    fn said(face: &Map<String, Value>, name: &str) -> String {
        face[name].as_str().expect("all are strings").to_owned()
    }

    #[test]
    fn a_message_fills_in_a_template() {
        let li = Person { id: PersonId::new("dingtalk", "0123"), name: "李工".into() };
        let message = Message::default()
            .line(Line::default().people([&li]).then("新紧急工单 T1 <登录页>"))
            .line("- 请在 11:00 前响应")
            .tone(Tone::Alarm)
            .button("响应", "/T1 响应");
        let face = face(&message, true, &SEAL).expect("it is short");
        let shown = ["title", "color", "body1", "body2", "button1", "button2", "say2"];
        assert_eq!(
            shown.map(|name| said(&face, name)),
            [
                "新紧急工单 T1 ＜登录页＞",
                "red",
                "@李工   \n  － 请在 11:00 前响应  \n  （可能重复）",
                "",
                "响应",
                "",
                ""
            ]
        );
        assert_eq!(open("s", "jiuding-1", &said(&face, "say1")), Some(("cidA==", "/T1 响应")));
    }

    #[test]
    fn only_what_a_card_offered_comes_back_from_it() {
        let sealed = SEAL.close("/T1 响应");
        for (secret, track, sealed) in [
            ("t", "jiuding-1", sealed.clone()),
            ("s", "jiuding-2", sealed.clone()),
            ("s", "jiuding-1", sealed.replace("响应", "关闭")),
            ("s", "jiuding-1", sealed.replace("cidA", "cidB")),
            ("s", "jiuding-1", String::new()),
            ("s", "jiuding-1", "0 cidA== /T1 响应".into()),
        ] {
            assert_eq!(open(secret, track, &sealed), None, "{sealed}");
        }
    }

    #[test]
    fn what_does_not_fit_is_no_card() {
        let long = |rows: usize| {
            Message::text(format!("题\n{}", "一行三十个字，一行三十个字，一行三十个字。\n".repeat(rows)))
        };
        let face = |message: &Message| face(message, false, &SEAL);
        let four = face(&long(55)).expect("it fits");
        assert!(!said(&four, "body4").is_empty());
        assert_eq!(face(&long(70)), None);
        assert_eq!(face(&Message::text(format!("题\n{}", "长".repeat(400)))), None);
        assert_eq!(face(&Message::text("题").button("改", "长".repeat(400))), None);
        let many = (0..7).fold(Message::text("题"), |message, n| message.button(format!("钮{n}"), "/T1"));
        assert_eq!(said(&face(&many).expect("it fits"), "body1"), "钮5：/T1  \n  钮6：/T1");
    }

    proptest::proptest! {
        #[test]
        fn whatever_was_typed_is_no_markup_and_short_enough(
            piece in r#"[\[\]()<>*_#!`~|\\&@"a字\n :/.-]{1,40}|https?://[a-z_*@]{1,9}|dtmd://x|</?b>|\u{202e}"#,
            times in 1usize..200,
            buttons in 0usize..9,
        ) {
            let typed = piece.repeat(times);
            let message = Message::text("标题").line(typed.clone()).line(piece.clone());
            let message = (0..buttons).fold(message, |message, _| message.button(typed.clone(), piece.clone()));
            let Some(face) = face(&message, true, &SEAL) else { return Ok(()) };
            for (name, value) in face {
                let value = value.as_str().expect("a string");
                proptest::prop_assert!(value.len() <= 1024 && name.len() <= 100);
                let markup = value.contains(|c| "[]()<>*_!`~|\\@\u{202e}".contains(c)) || value.contains("dtmd://");
                proptest::prop_assert!(!markup || name.starts_with("say"), "{}: {}", name, value);
            }
        }
    }
}
