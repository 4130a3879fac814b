//! What a person sends to the playground, and how its mentions find their places in the text.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::{BOT, NAME};
use crate::chat::{Person, PersonId, Typed};

/// The longest text, in bytes.
const LONGEST_TEXT: usize = 64 * 1024;
/// The longest id or name, in bytes.
const LONGEST_NAME: usize = 256;
/// How many people one message can mention.
const MOST_MENTIONS: usize = 200;

/// A message of a person, as `POST /api/playground/messages` takes it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Said {
    /// The room's id.
    pub room: String,
    /// The room's title.
    #[serde(default)]
    pub room_name: Option<String>,
    /// Who says it.
    pub sender: Mentioned,
    /// The words, mentions as `@name`.
    pub text: String,
    /// Who is meant by the names.
    #[serde(default)]
    pub mentions: Vec<Mentioned>,
    /// The message's id; the same id again has no second effect.
    #[serde(default, deserialize_with = "text_or_number")]
    pub message_id: Option<String>,
    /// The message that this one answers.
    #[serde(default, deserialize_with = "text_or_number")]
    pub reply_to: Option<String>,
    /// The room is a chat of one person with the bot.
    #[serde(default)]
    pub direct: bool,
}

/// A pressed button, as `POST /api/playground/buttons` takes it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Pressed {
    /// The room's id.
    pub room: String,
    /// The room's title.
    #[serde(default)]
    pub room_name: Option<String>,
    /// Who presses.
    pub sender: Mentioned,
    /// What the button says; of a form, what its line begins with.
    pub value: String,
    /// What was filled in, by the names of the fields, where it is the button of a form.
    #[serde(default, deserialize_with = "filled_in")]
    pub form: Option<BTreeMap<String, String>>,
    /// What stands on the button.
    #[serde(default)]
    pub label: Option<String>,
    /// The press's id; the same id again has no second effect.
    #[serde(default, deserialize_with = "text_or_number")]
    pub message_id: Option<String>,
    /// The room is a chat of one person with the bot.
    #[serde(default)]
    pub direct: bool,
}

/// A person: an id, and the name that the text calls them by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mentioned {
    /// Who.
    pub id: String,
    /// Their name; where it is missing, the id.
    #[serde(default)]
    pub name: String,
}

impl Mentioned {
    pub(super) fn person(&self) -> Person {
        Person { id: PersonId::new(NAME, &self.id), name: self.called().to_owned() }
    }

    fn called(&self) -> &str {
        if self.name.is_empty() { &self.id } else { &self.name }
    }

    fn is_bot(&self) -> bool {
        self.id == BOT
    }
}

impl Said {
    /// Says what is wrong with it.
    pub(super) fn check(&self) -> Result<(), String> {
        check_ends(&self.room, &self.sender, self.message_id.as_deref())?;
        if self.text.trim().is_empty() {
            return Err("\"text\" is empty".into());
        }
        if self.text.len() > LONGEST_TEXT {
            return Err(format!("\"text\" is longer than {LONGEST_TEXT} bytes"));
        }
        check_name("reply_to", self.reply_to.as_deref().unwrap_or("-"))?;
        if self.mentions.len() > MOST_MENTIONS {
            return Err(format!("more than {MOST_MENTIONS} \"mentions\""));
        }
        self.mentions.iter().try_for_each(|mentioned| {
            check_name("mentions.id", &mentioned.id)?;
            check_name("mentions.name", mentioned.called())
        })
    }

    /// The text with its mentions in their places, and whether the bot is among them.
    ///
    /// Each `@name` of a mention is that mention, the longest name first; of two people with one name
    /// the first stands at the first place. Whoever is not named in the text is unplaced. `@name` of
    /// nobody mentioned stays text.
    pub(super) fn typed(&self) -> (Typed, bool) {
        let mut names: Vec<(&str, &Mentioned)> = Vec::new();
        for mentioned in &self.mentions {
            names.push((mentioned.called(), mentioned));
            if mentioned.is_bot() {
                names.extend([("鼎鼎", mentioned), (BOT, mentioned)]);
            }
        }
        // Stable, so that people with one name keep their order.
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));

        let mut typed = Typed::default();
        let mut placed = vec![false; names.len()];
        let mut rest = self.text.as_str();
        while let Some(at) = rest.find(['@', '＠']) {
            let (before, from) = rest.split_at(at);
            typed.push_text(before);
            let sign = from.chars().next().map_or(0, char::len_utf8);
            let called = &from[sign..];
            let Some(first) = names.iter().position(|(name, _)| called.starts_with(name)) else {
                typed.push_text(&from[..sign]);
                rest = called;
                continue;
            };
            let name = names[first].0;
            let namesakes =
                first..first + names[first..].iter().take_while(|(other, _)| *other == name).count();
            let chosen = namesakes.clone().find(|index| !placed[*index]).unwrap_or(namesakes.end - 1);
            placed[chosen] = true;
            rest = &called[name.len()..];
            if names[chosen].1.is_bot() {
                rest = rest.strip_prefix(' ').unwrap_or(rest);
            } else {
                typed.push_mention(names[chosen].1.person());
            }
        }
        typed.push_text(rest);

        for mentioned in self.mentions.iter().filter(|mentioned| !mentioned.is_bot()) {
            let person = mentioned.person();
            if !typed.people().iter().chain(typed.unplaced()).any(|known| known.id == person.id) {
                typed.add_unplaced(person);
            }
        }
        (typed, self.mentions.iter().any(Mentioned::is_bot))
    }
}

impl Pressed {
    /// Says what is wrong with it.
    pub(super) fn check(&self) -> Result<(), String> {
        check_ends(&self.room, &self.sender, self.message_id.as_deref())?;
        check_name("label", self.label.as_deref().unwrap_or("-"))?;
        if self.value.trim().is_empty() {
            return Err("\"value\" is empty".into());
        }
        if self.value.len() > LONGEST_TEXT {
            return Err(format!("\"value\" is longer than {LONGEST_TEXT} bytes"));
        }
        let filled = self.form.iter().flatten().map(|(name, value)| name.len() + value.len());
        if filled.sum::<usize>() > LONGEST_TEXT {
            return Err(format!("\"form\" is longer than {LONGEST_TEXT} bytes"));
        }
        Ok(())
    }
}

fn check_ends(room: &str, sender: &Mentioned, message_id: Option<&str>) -> Result<(), String> {
    check_name("room", room)?;
    check_name("sender.id", &sender.id)?;
    check_name("sender.name", sender.called())?;
    check_name("message_id", message_id.unwrap_or("-"))?;
    if sender.is_bot() {
        return Err(format!("\"sender.id\" {BOT:?} is the bot itself"));
    }
    Ok(())
}

fn check_name(field: &str, name: &str) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err(format!("{field:?} is empty"));
    }
    if name.len() > LONGEST_NAME {
        return Err(format!("{field:?} is longer than {LONGEST_NAME} bytes"));
    }
    if name.chars().any(char::is_control) {
        return Err(format!("{field:?} holds control characters"));
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrNumber {
    Text(String),
    Number(u64),
}

impl TextOrNumber {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

/// Reads an id as text or number; an empty one is none.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let id = Option::<TextOrNumber>::deserialize(deserializer)?.map(TextOrNumber::into_text);
    Ok(id.filter(|id| !id.is_empty()))
}

/// Reads the values of a form, each as text or number.
fn filled_in<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    let values = Option::<BTreeMap<String, TextOrNumber>>::deserialize(deserializer)?;
    Ok(values.map(|values| values.into_iter().map(|(name, value)| (name, value.into_text())).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, mentions: &[(&str, &str)]) -> Said {
        let mentions: Vec<_> =
            mentions.iter().map(|(id, name)| serde_json::json!({"id": id, "name": name})).collect();
        serde_json::from_value(serde_json::json!({
            "room": "demo", "sender": {"id": "chen", "name": "陈主管"}, "text": text, "mentions": mentions,
        }))
        .unwrap()
    }

    fn ids(people: &[Person]) -> Vec<&str> {
        people.iter().map(|person| person.id.raw()).collect()
    }

    #[test]
    fn the_longest_name_wins_at_each_place() {
        let (typed, addressed) = said("@张三丰 和@张三 @张三丰", &[("z", "张三"), ("f", "张三丰")]).typed();
        assert_eq!(ids(typed.people()), ["f", "z", "f"]);
        assert_eq!(typed.words(), "@张三丰 和@张三 @张三丰");
        assert!(!addressed);
    }

    #[test]
    fn the_bots_own_mention_is_taken_out_wherever_it_stands() {
        for text in ["@鼎鼎 需求 退款", "需求 @jiuding 退款", "需求 退款@九鼎"] {
            let (typed, addressed) = said(text, &[("jiuding", "九鼎")]).typed();
            assert!(addressed);
            assert_eq!(typed.text(), "需求 退款", "{text}");
        }
        let (typed, addressed) = said("需求 退款", &[("jiuding", "")]).typed();
        assert!(addressed && typed.text() == "需求 退款");
    }

    #[test]
    fn text_is_no_mention_and_no_call() {
        let (typed, addressed) = said("@鼎鼎 @李工 a@b.cn ＠", &[]).typed();
        assert!(!addressed && typed.people().is_empty());
        assert_eq!(typed.text(), "@鼎鼎 @李工 a@b.cn ＠");
    }

    #[test]
    fn whoever_is_not_named_is_unplaced() {
        let (typed, _) = said("/通知 你好", &[("li", "李工"), ("zhao", ""), ("li", "李工")]).typed();
        assert_eq!(ids(typed.unplaced()), ["li", "zhao"]);
        assert_eq!(typed.unplaced()[1].name, "zhao");
    }

    #[test]
    fn namesakes_take_their_places_in_order() {
        let (typed, _) = said("@李工 @李工 @李工", &[("li1", "李工"), ("li2", "李工")]).typed();
        assert_eq!(ids(typed.people()), ["li1", "li2", "li2"]);
    }

    #[test]
    fn what_is_not_a_message_is_said() {
        assert!(said("好", &[]).check().is_ok());
        assert_eq!(said(" ", &[]).check().unwrap_err(), "\"text\" is empty");
        assert!(said(&"长".repeat(30_000), &[]).check().unwrap_err().contains("longer than 65536"));
        assert!(said("好", &[("", "李工")]).check().unwrap_err().contains("mentions.id"));
        let mut bot = said("好", &[]);
        bot.sender.id = BOT.into();
        assert!(bot.check().is_err());
    }
}
