//! A message of the bot as DingTalk shows it: markdown, or an action card where it has buttons.

use serde_json::{Value, json};

use super::{
    hear::NAME,
    markup::{push_plain, saying},
    wire::is_staff_id,
    writer::Writer,
};
use crate::chat::{Message, PersonId, Span};

/// Buttons of a card; more stand as links in its text.
const MOST_BUTTONS: usize = 5;
/// Bytes of all buttons together; what is longer than that is better typed.
const MOST_LINK_BYTES: usize = 8_000;
/// Longest `msgParam` of the API, in bytes.
pub(super) const MOST_PARAM: usize = 15_000;
/// Longest body of a webhook, in bytes: 20,000 less what its idempotency key takes.
pub(super) const MOST_BODY: usize = 19_900;
/// Cut away beyond what is needed, so that one more try fits.
const MARGIN: usize = 100;

const CUT: &str = "（内容过长，余下略去）";
pub(super) const REPEATED: &str = "（可能重复）";
const TYPE_IT: &str = "（按钮放不下，请直接输入命令）";

/// How a message is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Manner {
    /// The way it goes can mention; otherwise people are named.
    pub mentions: bool,
    /// It may have arrived before.
    pub repeated: bool,
}

/// What is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<'a> {
    pub message: &'a Message,
    /// The id of its picture, which can stand in markup.
    pub picture: Option<&'a str>,
}

impl<'a> Said<'a> {
    /// Words without a picture.
    pub fn words(message: &'a Message) -> Self {
        Self { message, picture: None }
    }
}

/// The parts that every form of message has.
struct Shown {
    title: String,
    text: String,
    at: Vec<String>,
    /// Label and link.
    buttons: Vec<(String, String)>,
}

/// The body for a reply address or a group's own robot.
pub(super) fn webhook_body(said: Said, manner: Manner) -> Value {
    fit(said, manner, MOST_BODY, |shown| {
        let mut body = if shown.buttons.is_empty() {
            json!({"msgtype": "markdown", "markdown": {"title": shown.title, "text": shown.text}})
        } else {
            json!({"msgtype": "actionCard", "actionCard": card(shown)})
        };
        if !shown.at.is_empty() {
            body["at"] = json!({"atUserIds": shown.at, "isAtAll": false});
        }
        body
    })
    .1
}

fn card(shown: &Shown) -> Value {
    // Two buttons stand side by side, more below one another.
    let orientation = if shown.buttons.len() == 2 { "1" } else { "0" };
    let mut card = json!({"title": shown.title, "text": shown.text, "btnOrientation": orientation});
    if let [(label, link)] = shown.buttons.as_slice() {
        card["singleTitle"] = json!(label);
        card["singleURL"] = json!(link);
    } else {
        card["btns"] =
            shown.buttons.iter().map(|(label, link)| json!({"title": label, "actionURL": link})).collect();
    }
    card
}

/// `msgKey` and `msgParam` for the API.
pub(super) fn msg_param(said: Said, manner: Manner) -> (&'static str, String) {
    let (shown, param) = fit(said, manner, MOST_PARAM, |shown| {
        let mut param = json!({"title": shown.title, "text": shown.text});
        for (index, (label, link)) in shown.buttons.iter().enumerate() {
            let (title, url) = match shown.buttons.len() {
                1 => ("singleTitle".to_owned(), "singleURL".to_owned()),
                _ => (format!("actionTitle{}", index + 1), format!("actionURL{}", index + 1)),
            };
            param[title] = json!(label);
            param[url] = json!(link);
        }
        param
    });
    let key = match shown.buttons.len() {
        0 => "sampleMarkdown",
        1 => "sampleActionCard",
        2 => "sampleActionCard2",
        3 => "sampleActionCard3",
        4 => "sampleActionCard4",
        _ => "sampleActionCard5",
    };
    (key, param.to_string())
}

/// Shows the message with as much of its text as lets `encode` stay within `most` bytes.
fn fit(said: Said, manner: Manner, most: usize, encode: impl Fn(&Shown) -> Value) -> (Shown, Value) {
    let mut budget = most;
    loop {
        let shown = Shown::new(said, manner, budget);
        let encoded = encode(&shown);
        let excess = encoded.to_string().len().saturating_sub(most);
        if excess == 0 || budget == 0 {
            return (shown, encoded);
        }
        budget = budget.min(shown.text.len()).saturating_sub(excess + MARGIN);
    }
}

impl Shown {
    fn new(Said { message, picture }: Said, manner: Manner, budget: usize) -> Self {
        let mut writer = Writer::new(manner, budget);
        if has_headline(message) {
            writer.put("### ");
        }
        for (index, line) in message.lines.iter().enumerate() {
            if index > 0 {
                writer.end_line();
            }
            writer.line(line);
        }
        if writer.cut {
            writer.finish(CUT);
            writer.call_the_rest(message);
        }
        if let Some(picture) = picture {
            writer.finish(&format!("![趋势]({picture})"));
        }

        let links: usize =
            message.buttons.iter().map(|button| saying(&button.line).len() + button.label.len() + 50).sum();
        let mut buttons: Vec<(String, String)> = Vec::new();
        if links > MOST_LINK_BYTES {
            writer.finish(TYPE_IT);
        } else {
            buttons
                .extend(message.buttons.iter().map(|button| (flat(&button.label, 40), saying(&button.line))));
        }
        for (label, link) in buttons.drain(buttons.len().min(MOST_BUTTONS)..) {
            writer.finish(&format!("[{label}]({link})"));
        }
        if manner.repeated {
            writer.finish(REPEATED);
        }
        let title = message.lines.first().map(|line| flat(&line.plain(), 40)).unwrap_or_default();
        // A message without a title is refused.
        let title = if title.trim().is_empty() { "提醒".to_owned() } else { title };
        Self { title, text: writer.text, at: writer.at, buttons }
    }
}

/// The first line stands out where more follow; not where it calls people, whom a heading might not notify.
fn has_headline(message: &Message) -> bool {
    message.lines.len() > 1 && message.lines[0].0.iter().all(|span| matches!(span, Span::Text(_)))
}

/// Text for a title or a label: one line, no markup, no longer than `most` characters.
pub(super) fn flat(text: &str, most: usize) -> String {
    let short: String = text.lines().next().unwrap_or_default().chars().take(most).collect();
    let mut flat = String::new();
    push_plain(&mut flat, &short, true);
    flat
}

/// The id by which somebody inside the organisation is mentioned and written to.
pub(super) fn staff_id(id: &PersonId) -> Option<&str> {
    (id.platform() == NAME).then(|| id.raw()).filter(|raw| is_staff_id(raw))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Line, Person};

    #[test]
    fn a_message_reads_well() {
        let li = Person { id: PersonId::new(NAME, "0123"), name: "李工".into() };
        let guest = Person { id: PersonId::new(NAME, "$:LWCP_v1:$x"), name: "王*工".into() };
        let message = Message::text("T1 登录页打不开 · 紧急")
            .line(Line::default().people([&li]).then("请响应，抄送 ").people([&guest]))
            .line(Line(vec![Span::Strong("11:00 ".into()), Span::Text("前\n- 解决".into())]))
            .button("响应", "/工单 T1 响应");
        let body = webhook_body(Said::words(&message), Manner { mentions: true, repeated: true });
        assert_eq!(
            body["actionCard"]["text"],
            "### T1 登录页打不开 · 紧急  \n  @0123 请响应，抄送 @王＊工   \n  **11:00** 前  \n  － 解决  \n  （可能重复）"
        );
        assert_eq!(body["actionCard"]["singleTitle"], "响应");
        assert_eq!(body["at"]["atUserIds"], json!(["0123"]));
        let (key, param) = msg_param(Said::words(&message), Manner { mentions: false, repeated: false });
        assert_eq!(key, "sampleActionCard");
        assert!(param.contains("@李工 请响应") && !param.contains("0123"));
    }

    proptest::proptest! {
        #[test]
        fn whatever_was_typed_fits_and_is_no_markup(
            piece in r#"[\[\]()<>*_#!`~|\\&@"a字\n :/.-]{1,40}|https?://[a-z_*@]{1,9}|dtmd://x|</?b>|\u{202e}"#,
            times in 1usize..2_000,
            buttons in 0usize..9,
        ) {
            let typed = piece.repeat(times);
            let message = Message::text("标题").line(typed.clone());
            let message = (0..buttons).fold(message, |message, _| message.button(typed.clone(), piece.clone()));
            let manner = Manner { mentions: true, repeated: true };
            let body = webhook_body(Said::words(&message), manner);
            proptest::prop_assert!(body.to_string().len() <= MOST_BODY);
            let (_, param) = msg_param(Said::words(&message), manner);
            proptest::prop_assert!(param.len() <= MOST_PARAM);

            let shown = Shown::new(Said::words(&Message::text("题").line(typed)), manner, MOST_BODY);
            let text = shown.text.strip_prefix("### ").unwrap_or(&shown.text);
            let markup = text.contains(|c| "[]()<>*_!`~|\\@\u{202e}".contains(c));
            proptest::prop_assert!(!markup, "{}", text);
            proptest::prop_assert!(!text.contains("dtmd://"));
            for line in text.split("  \n  ").skip(1) {
                proptest::prop_assert!(!line.starts_with(['#', ' ', '\t']) && !line.starts_with("- "), "{}", line);
            }
        }
    }
}
