//! A [`Message`] as a text message: what is said where a card is refused, or would be too big.
//!
//! Text messages have no escape: Feishu interprets `<at>`, `<b>` and `[words](address)` as they are, so
//! typed text must not hold them.

use crate::chat::{Message, Person, PersonId, Span};

/// The text for `message`. A button becomes the line that it would have said.
pub fn text(message: &Message) -> String {
    let mut lines: Vec<String> = message
        .lines
        .iter()
        .map(|line| {
            line.0
                .iter()
                .map(|span| match span {
                    Span::Text(words) | Span::Strong(words) => unmarked(words),
                    Span::Person(person) => {
                        call(person).unwrap_or_else(|| unmarked(&format!("@{}", person.name)))
                    }
                })
                .collect()
        })
        .collect();
    lines.extend(
        message
            .buttons
            .iter()
            .map(|button| format!("{}：发送 {}", unmarked(&button.label), unmarked(&button.line))),
    );
    lines.join("\n")
}

/// The text that a group's own bot says, short enough for `most` bytes.
pub fn robot_text(message: &Message, most: usize) -> String {
    let words = text(message);
    let mut room = most;
    loop {
        let short = shortened(message, &words, room);
        // Quotes and line breaks take more in JSON.
        if serde_json::json!(short).to_string().len() <= most || room == 0 {
            return short;
        }
        room = room * 3 / 4;
    }
}

/// The text for `message`, short enough for `most` bytes, with a note of what is missing. Whoever is
/// mentioned in what is missing is called all the same: a ping must notify however long it is.
pub fn shortened(message: &Message, text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let mut short = cut(text, most);
    for call in message.mentions().into_iter().filter_map(call) {
        if !short.contains(&call) {
            short.push(' ');
            short += &call;
        }
    }
    short
}

fn cut(text: &str, most: usize) -> String {
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // At a line's end, so that no mention is cut in two.
    let kept = text[..end].rfind('\n').map_or("", |end| &text[..end]);
    let missing = text[kept.len()..].lines().filter(|line| !line.is_empty()).count();
    format!("{kept}\n……（内容过长，还有 {missing} 行没有显示）")
}

/// Typed text that Feishu cannot take for markup, a mention or a link.
pub fn unmarked(words: &str) -> String {
    printable(words).replace('<', "＜").replace("](", "] (")
}

/// The text without control characters other than line breaks and tabs: as JSON they would be `\u`
/// escapes, which the platform does not accept.
pub fn printable(words: &str) -> String {
    words.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// The person's `open_id`, where it is one. Only such an id becomes a mention.
pub fn open_id(id: &PersonId) -> Option<&str> {
    let raw = id.raw();
    let tail = raw.strip_prefix("ou_")?;
    (id.platform() == super::NAME && !tail.is_empty() && super::directory::is_id(raw)).then_some(raw)
}

/// A mention; `None` for whoever cannot be mentioned here.
fn call(person: &Person) -> Option<String> {
    let id = open_id(&person.id)?;
    Some(format!(r#"<at user_id="{id}">{}</at>"#, attribute(&person.name)))
}

fn attribute(name: &str) -> String {
    printable(name).chars().filter(|c| !matches!(c, '<' | '>' | '"' | '&' | '\n')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Line;

    #[test]
    fn only_ids_of_people_become_mentions() {
        let li = Person { id: PersonId::new("feishu", "ou_li"), name: "李\"<工>".into() };
        let all = Person { id: PersonId::new("feishu", "all"), name: "所有人".into() };
        let message = Message::default()
            .line(Line::default().people([&li, &all]).then("<at user_id=\"all\"></at> [x](http://y)\u{7}"))
            .button("响应", "/工单 T1 响应");
        assert_eq!(
            text(&message),
            "<at user_id=\"ou_li\">李工</at> @所有人 ＜at user_id=\"all\">＜/at> [x] (http://y)\n响应：发送 /工单 T1 响应"
        );
    }

    #[test]
    fn what_is_too_long_ends_at_a_line_and_says_so() {
        let li = Person { id: PersonId::new("feishu", "ou_li"), name: "李工".into() };
        let short = |message: &Message, most| shortened(message, &text(message), most);
        let message = Message::text("一二\n三四\n五");
        assert_eq!(short(&message, 100), "一二\n三四\n五");
        assert_eq!(short(&message, 9), "一二\n……（内容过长，还有 2 行没有显示）");
        let message = message.line(Line::default().people([&li]));
        assert!(short(&message, 9).ends_with("还有 3 行没有显示） <at user_id=\"ou_li\">李工</at>"));
    }
}
