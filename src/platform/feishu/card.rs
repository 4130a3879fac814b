//! A [`Message`] as an interactive card, JSON 2.0.
//!
//! Lines of words alone are `plain_text`, which nothing interprets; only a line that mentions or
//! emphasises is markdown, with every typed character that could mean something escaped. JSON 2.0
//! refuses unknown attributes, so only documented ones are used.
//!
//! Source: <https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-structure>

use serde_json::{Value, json};

use crate::chat::{Button, Chart, Line, Message, Span, Tone};

use super::{form, text};

/// A card may have 200 elements; lines get what buttons and containers leave.
const MOST_ELEMENTS: usize = 100;
/// How much of the headline the list of chats shows.
const SUMMARY: usize = 80;

/// The card for `message`.
pub fn card(message: &Message) -> Value {
    let (headline, lines) = match message.titled() {
        // A body must not be empty.
        (Some(headline), rest) if !rest.iter().all(Line::is_blank) => (Some(headline), rest),
        _ => (None, message.lines.clone()),
    };
    let mut elements = body(&lines);
    elements.extend(message.chart.as_deref().map(chart));
    elements.extend(message.form.as_deref().map(form::container));
    if let Some(buttons) = buttons(&message.buttons) {
        elements.push(buttons);
    }
    let mut card = json!({
        "schema": "2.0",
        "config": { "update_multi": true, "summary": { "content": summary(message) } },
        "body": { "direction": "vertical", "vertical_spacing": "4px", "elements": elements },
    });
    if let Some(headline) = headline {
        card["header"] = json!({
            "title": plain_text(&headline.plain()),
            "template": template(message.tone),
        });
    }
    card
}

fn template(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "blue",
        Tone::Good => "green",
        Tone::Warning => "orange",
        Tone::Alarm => "red",
    }
}

fn summary(message: &Message) -> String {
    let headline = message.lines.iter().find(|line| !line.is_blank()).map(Line::plain).unwrap_or_default();
    text::unmarked(&headline).chars().take(SUMMARY).collect()
}

fn body(lines: &[Line]) -> Vec<Value> {
    let elements = grouped(lines, is_words);
    match elements.len() > MOST_ELEMENTS {
        // One element says the same.
        true => grouped(lines, |_| false),
        false => elements,
    }
}

/// Neighbouring lines of the same sort make one element, blank ones beside them are of either sort.
fn grouped(lines: &[Line], is_words: impl Fn(&Line) -> bool) -> Vec<Value> {
    lines
        .chunk_by(|a, b| a.is_blank() || b.is_blank() || is_words(a) == is_words(b))
        .filter(|lines| !lines.iter().all(Line::is_blank))
        .map(|lines| match lines.iter().all(&is_words) {
            true => {
                let words: Vec<String> = lines.iter().map(Line::plain).collect();
                json!({ "tag": "div", "text": plain_text(&words.join("\n")) })
            }
            false => {
                let lines: Vec<String> = lines.iter().map(markdown).collect();
                json!({ "tag": "markdown", "content": lines.join("\n") })
            }
        })
        .collect()
}

/// A line over the moments, with its values on it; the client draws it in its own fonts. The lines of the message say
/// the same, for clients too old to draw.
///
/// Source: <https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/content-components/chart>
fn chart(chart: &Chart) -> Value {
    let values = chart.points.iter().map(|(at, score)| json!({ "at": text::printable(at), "score": score }));
    json!({
        "tag": "chart",
        "aspect_ratio": "16:9",
        "chart_spec": {
            "type": "line",
            "title": { "text": text::printable(&chart.title) },
            "data": { "values": values.collect::<Vec<Value>>() },
            "xField": "at",
            "yField": "score",
            "axes": [
                { "orient": "bottom", "type": "band" },
                { "orient": "left", "type": "linear", "min": 0, "max": chart.most },
            ],
            "point": { "visible": true },
            "label": { "visible": true },
        },
    })
}

pub(super) fn plain_text(words: &str) -> Value {
    json!({ "tag": "plain_text", "content": text::printable(words) })
}

fn is_words(line: &Line) -> bool {
    line.0.iter().all(|span| matches!(span, Span::Text(_)))
}

fn markdown(line: &Line) -> String {
    let mut out = Escaped::default();
    for span in &line.0 {
        match span {
            Span::Text(words) => out.words(words),
            // Emphasis with blanks at its edge is none.
            Span::Strong(words) if words.trim().is_empty() => out.words(words),
            Span::Strong(words) => out.strong(words.trim()),
            Span::Person(person) => match text::open_id(&person.id) {
                Some(id) => out.markup(&format!("<at id={id}></at>")),
                None => out.words(&format!("@{}", person.name)),
            },
        }
    }
    out.text
}

/// Markdown in which typed words mean nothing.
#[derive(Default)]
struct Escaped {
    text: String,
    place: Place,
}

/// Where in its line the next character stands.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// Nothing or blanks before it.
    #[default]
    Start,
    /// A number alone before it.
    Number,
    /// Something else before it.
    Inside,
}

impl Escaped {
    /// Markup of our own.
    fn markup(&mut self, markup: &str) {
        self.text += markup;
        self.place = Place::Inside;
    }

    /// Emphasised words. Between punctuation and a letter `**` is none, so a blank stands there.
    fn strong(&mut self, words: &str) {
        let blank = |edge: Option<char>| if edge.is_some_and(char::is_alphanumeric) { "" } else { " " };
        let before =
            if self.text.is_empty() || self.text.ends_with(' ') { "" } else { blank(words.chars().next()) };
        self.markup(&format!("{before}**"));
        self.words(words);
        self.markup(&format!("**{}", blank(words.chars().next_back())));
    }

    /// Takes every meaning from typed words: the entities of Feishu's own table, `&` itself, and what
    /// means something only at the beginning of a line (numbered lists, underlines of headings, rows of
    /// tables, blanks that make a code block).
    fn words(&mut self, words: &str) {
        use std::fmt::Write;
        for c in text::printable(words).chars() {
            // Writing to a string cannot fail.
            let _ = match (c, self.place) {
                (' ' | '\t', Place::Start) => write!(self.text, "&nbsp;"),
                ('=' | '|', Place::Start) | ('.', Place::Number) => write!(self.text, "&#{};", u32::from(c)),
                ('~', _) => write!(self.text, "&sim;"),
                (c, _) if MEANINGFUL.contains(c) => write!(self.text, "&#{};", u32::from(c)),
                (c, _) => self.text.write_char(c),
            };
            self.place = match (c, self.place) {
                ('\n', _) => Place::Start,
                (' ' | '\t', Place::Start) => Place::Start,
                (c, Place::Start | Place::Number) if c.is_ascii_digit() => Place::Number,
                _ => Place::Inside,
            };
        }
    }
}

/// What Feishu's table of entities lists besides `~`, and `&`.
const MEANINGFUL: &str = r#"&<>-!*/\[]()#:+"'`$_"#;

fn buttons(buttons: &[Button]) -> Option<Value> {
    let columns: Vec<Value> = buttons
        .iter()
        .enumerate()
        .map(|(index, button)| {
            let button = json!({
                "tag": "button",
                "text": plain_text(&button.label),
                "type": if index == 0 { "primary" } else { "default" },
                "behaviors": [{ "type": "callback", "value": { "line": button.line } }],
            });
            json!({ "tag": "column", "width": "auto", "elements": [button] })
        })
        .collect();
    (!columns.is_empty()).then(|| {
        json!({ "tag": "column_set", "flex_mode": "flow", "horizontal_spacing": "8px", "columns": columns })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Person, PersonId};

    fn li() -> Person {
        Person { id: PersonId::new("feishu", "ou_li"), name: "李工".into() }
    }

    #[test]
    fn the_headline_is_a_title_in_the_colour_of_its_tone() {
        let card =
            card(&Message::text("T1 已超时\n请处理").tone(Tone::Alarm).button("响应", "/工单 T1 响应"));
        assert_eq!(card["header"]["title"], json!({ "tag": "plain_text", "content": "T1 已超时" }));
        assert_eq!(card["header"]["template"], "red");
        assert_eq!(card["body"]["elements"][0]["text"]["content"], "请处理");
        let button = &card["body"]["elements"][1]["columns"][0]["elements"][0];
        assert_eq!(button["behaviors"][0]["value"]["line"], "/工单 T1 响应");
    }

    #[test]
    fn a_title_calls_nobody_and_those_it_called_stand_in_the_body_where_it_notifies() {
        let card =
            card(&Message::default().line(Line::default().people([&li()]).then("请响应")).line("第二行"));
        assert_eq!(card["header"]["title"]["content"], "请响应");
        assert_eq!(card["body"]["elements"][0]["content"], "<at id=ou_li></at> ");
        assert_eq!(card["body"]["elements"][1]["text"]["tag"], "plain_text");
    }

    #[test]
    fn a_chart_stands_between_words_and_buttons() {
        let points = vec![("2026Q3".into(), 80), ("2026Q4".into(), 72)];
        let chart = Chart { title: "健康度趋势".into(), most: 100, points, bands: None };
        let message = Message {
            chart: Some(Box::new(chart)),
            ..Message::text("72 分\n趋势 2026Q3 80 → 2026Q4 72 ↓")
        };
        let card = card(&message.button("发送", "/健康度 发送"));
        let tags = |at: usize| card["body"]["elements"][at]["tag"].as_str().map(str::to_owned);
        assert_eq!([tags(0), tags(1), tags(2)].map(Option::unwrap), ["div", "chart", "column_set"]);
        let spec = &card["body"]["elements"][1]["chart_spec"];
        assert_eq!(spec["data"]["values"][1], json!({ "at": "2026Q4", "score": 72 }));
        assert_eq!((&spec["axes"][1]["max"], &spec["title"]["text"]), (&json!(100), &json!("健康度趋势")));
    }

    #[test]
    fn typed_text_beside_a_mention_is_no_markup() {
        let typed = "<at id=all></at> [点我](http://x) **b** `c` # d\n1. e\n    f\n===\n| g |";
        let line = Line(vec![Span::Person(li()), Span::Text(typed.into()), Span::Strong(" <b> ".into())]);
        let text = markdown(&line);
        assert_eq!(text.matches('<').count(), 2, "{text}");
        assert_eq!(text.matches("**").count(), 2, "{text}");
        for forbidden in ["](", "`", "#d", "\n1.", "\n ", "\n=", "\n|"] {
            assert!(!text.contains(forbidden), "{forbidden} in {text}");
        }
    }

    #[test]
    fn somebody_without_a_feishu_id_is_named() {
        for id in ["dingtalk:ou_li", "feishu:ou_a></at><at id=all", "feishu:all", "feishu:"] {
            let person = Person { id: PersonId(id.into()), name: "<王>".into() };
            assert_eq!(markdown(&Line(vec![Span::Person(person)])), "@&#60;王&#62;");
        }
    }

    #[test]
    fn a_card_of_many_lines_keeps_few_elements() {
        let lines =
            (0..400).map(|i| if i % 2 == 0 { Line::text("a") } else { Line::default().people([&li()]) });
        let card = card(&Message { lines: lines.collect(), ..Message::default() });
        assert_eq!(card["body"]["elements"].as_array().map(Vec::len), Some(1));
    }

    proptest::proptest! {
        #[test]
        fn typed_words_come_back_and_mean_nothing(words in r##"[ \t\n0-9.=|*_~`<>&;\[\]()#:+"'$/!\\a中\-]{0,40}"##) {
            let mut escaped = Escaped::default();
            escaped.words(&words);
            let mut pieces = escaped.text.split('&');
            let mut back = pieces.next().unwrap_or_default().to_owned();
            for piece in pieces {
                let (entity, rest) = piece.split_once(';').expect("every & begins an entity");
                back.push(match entity {
                    "nbsp" => ' ',
                    "sim" => '~',
                    _ => entity.strip_prefix('#').and_then(|code| char::from_u32(code.parse().ok()?)).expect("a code"),
                });
                back += rest;
            }
            // Tabs at the start of a line are blanks.
            proptest::prop_assert_eq!(back.replace('\t', " "), words.replace('\t', " "));
            let active = |c: char| "<>*_`[]()!\\~:/".contains(c);
            proptest::prop_assert!(!escaped.text.contains(active), "{}", escaped.text);
        }
    }
}
