//! From the content of a Feishu message to [`Typed`] text.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::chat::{Person, PersonId, Typed};

/// Somebody mentioned, as `message.mentions[]` lists them.
#[derive(Debug, Clone, Deserialize)]
pub struct Mention {
    /// What stands for it in the text: `@_user_1`, or `@_all`.
    pub key: String,
    #[serde(default, deserialize_with = "or_default")]
    id: Ids,
    /// `user` or `bot`.
    #[serde(default, deserialize_with = "or_default")]
    mentioned_type: String,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
}

/// The ids of one person; only the `open_id` is always told.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Ids {
    /// The person's id for this app.
    #[serde(default, deserialize_with = "or_default")]
    pub open_id: String,
}

/// Reads `null` like a field that is not there: Feishu writes both.
pub fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A message as it was typed.
#[derive(Debug, PartialEq)]
pub struct Read {
    /// Text and mentions, without the bot's own.
    pub text: Typed,
    /// The bot itself was mentioned.
    pub addressed: bool,
}

impl Mention {
    /// A mention that was not told by an event.
    pub fn of(key: String, open_id: String, name: String) -> Self {
        Self { key, id: Ids { open_id }, mentioned_type: String::new(), name }
    }

    /// Whoever it is, where an id is told; `@_all` has none.
    pub fn person(&self) -> Option<Person> {
        let id = &self.id.open_id;
        (!id.is_empty() && self.key != "@_all").then(|| Person {
            id: PersonId::new(super::NAME, id),
            name: if self.name.is_empty() { id.clone() } else { self.name.clone() },
        })
    }

    /// Whether it is a bot's.
    pub fn is_bot(&self) -> bool {
        self.mentioned_type == "bot"
    }
}

/// The mention that is the bot's own. Where the bot's id is not known yet, the only bot mentioned is
/// taken for it: Feishu delivers to a bot foremost what mentions it.
pub fn own<'a>(mentions: &'a [Mention], open_id: Option<&str>) -> Option<&'a Mention> {
    match open_id {
        Some(open_id) => mentions.iter().find(|mention| mention.id.open_id == open_id),
        None => {
            let mut bots = mentions.iter().filter(|mention| mention.is_bot());
            bots.next().filter(|_| bots.next().is_none())
        }
    }
}

/// Reads a `text` or `post`; `None` for every other type, and for a message recalled before it came.
pub fn read(message_type: &str, content: &str, mentions: &[Mention], own: Option<&Mention>) -> Option<Read> {
    let content: Value = serde_json::from_str(content).ok()?;
    let mut reader =
        Reader { mentions, own: own.map(|own| own.key.as_str()), text: Typed::default(), addressed: false };
    match message_type {
        "text" => reader.text(content.get("text")?.as_str()?),
        "post" => reader.post(&content),
        _ => return None,
    }
    let text = reader.text.with_text(reader.text.text().trim());
    Some(Read { text, addressed: reader.addressed })
}

struct Reader<'a> {
    mentions: &'a [Mention],
    own: Option<&'a str>,
    text: Typed,
    addressed: bool,
}

impl Reader<'_> {
    /// Plain text in which keys stand for mentions. A key counts only as a whole: `@_user_1` is no part
    /// of `@_user_10`.
    fn text(&mut self, mut rest: &str) {
        while let Some(at) = rest.find('@') {
            self.push(&rest[..at]);
            rest = &rest[at..];
            let whole = |key: &str| {
                rest.strip_prefix(key).is_some_and(|after| !after.starts_with(|c: char| c.is_ascii_digit()))
            };
            match self.mentions.iter().find(|mention| !mention.key.is_empty() && whole(&mention.key)) {
                Some(mention) => {
                    rest = &rest[mention.key.len()..];
                    if self.mention(mention) {
                        // The blank that the client sets after a mention goes with it.
                        rest = rest.strip_prefix(' ').unwrap_or(rest);
                    }
                }
                None => {
                    let all = rest
                        .strip_prefix("@_all")
                        .filter(|after| !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'));
                    match all {
                        Some(after) => {
                            self.text.push_text(EVERYBODY);
                            rest = after;
                        }
                        None => {
                            self.text.push_text("@");
                            rest = &rest[1..];
                        }
                    }
                }
            }
        }
        self.push(rest);
    }

    /// Appends text in which a link whose words are its address is the address alone.
    fn push(&mut self, text: &str) {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('[') {
            self.text.push_text(before);
            let link = after.split_once("](").and_then(|(words, after)| {
                let after = after.strip_prefix(words)?.strip_prefix(')')?;
                words.starts_with("http").then_some((words, after))
            });
            match link {
                Some((address, after)) => {
                    self.text.push_text(address);
                    rest = after;
                }
                None => {
                    self.text.push_text("[");
                    rest = after;
                }
            }
        }
        self.text.push_text(rest);
    }

    /// A rich text: the title, then a line for each paragraph.
    fn post(&mut self, content: &Value) {
        let title = text_of(content, "title");
        self.text.push_text(title);
        let none = Vec::new();
        let paragraphs = content.get("content").and_then(Value::as_array).unwrap_or(&none);
        for (index, paragraph) in paragraphs.iter().enumerate() {
            if index > 0 || !title.is_empty() {
                self.text.push_text("\n");
            }
            for node in paragraph.as_array().unwrap_or(&none) {
                self.node(node);
            }
        }
    }

    fn node(&mut self, node: &Value) {
        match text_of(node, "tag") {
            "text" | "md" | "code_block" => self.text.push_text(text_of(node, "text")),
            "a" => {
                let (words, address) = (text_of(node, "text"), text_of(node, "href"));
                self.text.push_text(words);
                if words != address && !address.is_empty() {
                    self.text.push_text(&format!("（{address}）"));
                }
            }
            "at" => self.at(node),
            "emotion" => self.text.push_text(&format!("[{}]", text_of(node, "emoji_type"))),
            "img" => self.text.push_text("[图片]"),
            "media" => self.text.push_text("[视频]"),
            "hr" => self.text.push_text("———"),
            _ => self.text.push_text(text_of(node, "text")),
        }
    }

    fn at(&mut self, node: &Value) {
        let key = text_of(node, "user_id");
        match self.mentions.iter().find(|mention| mention.key == key) {
            Some(mention) => {
                self.mention(mention);
            }
            None if key == "@_all" || key == "all" => self.text.push_text(EVERYBODY),
            None => self.text.push_text(&format!("@{}", text_of(node, "user_name"))),
        }
    }

    /// Appends a mention; the bot's own is only noted. Returns whether it was the bot's own.
    fn mention(&mut self, mention: &Mention) -> bool {
        if Some(mention.key.as_str()) == self.own {
            self.addressed = true;
            return true;
        }
        match mention.person() {
            Some(person) => self.text.push_mention(person),
            // A call to everybody is not a call to the bot, and nobody's name.
            None if mention.key == "@_all" => self.text.push_text(EVERYBODY),
            None => self.text.push_text(&format!("@{}", mention.name)),
        }
        false
    }
}

/// How a call to everybody reads.
const EVERYBODY: &str = "@所有人";

fn text_of<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mention(key: &str, open_id: &str, name: &str, kind: &str) -> Mention {
        Mention {
            key: key.into(),
            id: Ids { open_id: open_id.into() },
            mentioned_type: kind.into(),
            name: name.into(),
        }
    }

    fn words(kind: &str, content: Value, mentions: &[Mention]) -> (String, bool) {
        let read =
            read(kind, &content.to_string(), mentions, own(mentions, Some("ou_bot"))).expect("it reads");
        (read.text.words(), read.addressed)
    }

    #[test]
    fn a_key_counts_only_as_a_whole() {
        let mentions = [
            mention("@_user_1", "ou_bot", "九鼎", "bot"),
            mention("@_user_2", "ou_2", "李工", "user"),
            mention("@_user_10", "ou_10", "赵工", "user"),
        ];
        let text = "@_user_1 /工单 @_user_10和@_user_2 看 @_user_3 a@b @";
        let (words, addressed) = words("text", serde_json::json!({ "text": text }), &mentions);
        assert_eq!(words, "/工单 @赵工和@李工 看 @_user_3 a@b @");
        assert!(addressed);
    }

    #[test]
    fn a_call_to_everybody_is_not_a_call_to_the_bot() {
        let all = [mention("@_all", "", "所有人", "")];
        for mentions in [&all[..], &[]] {
            let (words, addressed) =
                words("text", serde_json::json!({"text": "@_all 开会 @_allx"}), mentions);
            assert!(words.starts_with("@所有人 开会"), "{words}");
            assert!(!addressed);
        }
    }

    #[test]
    fn the_only_bot_mentioned_is_taken_for_us_while_our_id_is_unknown() {
        let mut mentions =
            vec![mention("@_user_1", "ou_x", "某", "bot"), mention("@_user_2", "ou_2", "李", "user")];
        assert_eq!(own(&mentions, None).map(|m| m.key.as_str()), Some("@_user_1"));
        mentions.push(mention("@_user_3", "ou_y", "另", "bot"));
        assert!(own(&mentions, None).is_none());
    }

    #[test]
    fn a_post_reads_line_by_line() {
        let mentions =
            [mention("@_user_1", "ou_bot", "九鼎", "bot"), mention("@_user_2", "ou_2", "李工", "user")];
        let content = serde_json::json!({"title": "/纪要 M3", "content": [
            [{"tag":"at","user_id":"@_user_1","user_name":"九鼎"},{"tag":"text","text":"决议: 退款 @_user_2"}],
            [{"tag":"text","text":"待办: 看 "},{"tag":"at","user_id":"@_user_2","user_name":"李工"}],
            [{"tag":"a","text":"https://a.b","href":"https://a.b"},{"tag":"a","text":"原型","href":"https://c.d"}],
            [{"tag":"img","image_key":"k"},{"tag":"emotion","emoji_type":"OK"},{"tag":"hr"}],
            [{"tag":"code_block","language":"RUST","text":"fn a() {}"}],
            [{"tag":"md","text":"**x**"},{"tag":"new","text":"y"},{"tag":"newer"}]
        ]});
        let (words, addressed) = words("post", content, &mentions);
        assert_eq!(
            words,
            "/纪要 M3\n决议: 退款 @_user_2\n待办: 看 @李工\nhttps://a.b原型（https://c.d）\n[图片][OK]———\nfn a() {}\n**x**y"
        );
        assert!(addressed);
    }

    #[test]
    fn a_bare_link_is_its_address() {
        let text = "原型:[https://a.b/c](https://a.b/c) [x](https://d) [";
        let (words, _) = words("text", serde_json::json!({ "text": text }), &[]);
        assert_eq!(words, "原型:https://a.b/c [x](https://d) [");
    }

    #[test]
    fn what_is_no_text_is_nothing() {
        assert_eq!(read("image", r#"{"image_key":"k"}"#, &[], None), None);
        assert_eq!(read("text", "", &[], None), None);
        assert_eq!(read("text", "[]", &[], None), None);
    }

    proptest::proptest! {
        #[test]
        fn what_mentions_nobody_reads_as_it_was_typed(text in r"[@_user10al \[\](中\n]{0,40}") {
            proptest::prop_assume!(!text.contains("@_all"));
            let mentions = [mention("@_user_99", "ou_2", "李工", "user")];
            let read = read("text", &serde_json::json!({ "text": text }).to_string(), &mentions, None);
            proptest::prop_assert_eq!(read.map(|read| read.text.words()), Some(text.trim().to_owned()));
        }
    }
}
