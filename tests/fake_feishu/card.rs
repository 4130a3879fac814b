//! What people would read of a message, and the rules that a card of schema 2.0 must keep.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::form::Shown;

/// A message as people see it.
#[derive(Debug, Default)]
pub struct Read {
    pub words: String,
    pub mentions: Vec<String>,
    pub buttons: Vec<(String, String)>,
    pub form: Option<Shown>,
}

pub(super) type Refused = (i64, String);
type People = HashMap<String, String>;

/// Reads a text message; `None` if it has none.
pub fn read_text(content: &Value, people: &People) -> Option<Read> {
    let text = content["text"].as_str().filter(|text| !text.is_empty())?;
    let mut read = Read::default();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<at user_id=\"") {
        let (id, after) = after.split_once("\">")?;
        let (name, after) = after.split_once("</at>")?;
        read.words += before;
        // Somebody unknown is shown by the name given and notified by nobody.
        let shown = if id == "all" { "所有人" } else { people.get(id).map_or(name, String::as_str) };
        read.words += &format!("@{shown}");
        if id == "all" || people.contains_key(id) {
            read.mentions.push(id.to_owned());
        }
        rest = after;
    }
    read.words += rest;
    Some(read)
}

/// Reads a card, or says why the platform refuses it.
pub fn read_card(card: &Value, people: &People) -> Result<Read, Refused> {
    let mut reader = Reader {
        people,
        read: Read::default(),
        elements: 0,
        lines: Vec::new(),
        names: HashSet::new(),
        form: None,
    };
    reader.card(card)?;
    reader.read.words = reader.lines.join("\n");
    Ok(reader.read)
}

pub(super) struct Reader<'a> {
    people: &'a People,
    pub(super) read: Read,
    elements: usize,
    pub(super) lines: Vec<String>,
    /// Those of components; none stands twice in a card.
    pub(super) names: HashSet<String>,
    /// The form that is being read.
    pub(super) form: Option<Shown>,
}

impl Reader<'_> {
    fn card(&mut self, card: &Value) -> Result<(), Refused> {
        let card = object(card, "card", &["schema", "config", "card_link", "header", "body"])?;
        if card.get("schema").and_then(Value::as_str) != Some("2.0") {
            return Err((200861, "schema is not 2.0".into()));
        }
        if let Some(config) = card.get("config") {
            let known =
                ["update_multi", "enable_forward", "enable_forward_interaction", "width_mode", "summary"];
            let config = object(config, "config", &known)?;
            if config.get("update_multi").is_some_and(|value| value != &Value::Bool(true)) {
                return Err((200861, "update_multi".into()));
            }
            if let Some(summary) = config.get("summary") {
                string(object(summary, "summary", &["content", "i18n_content"])?, "content")?;
            }
        }
        if let Some(header) = card.get("header") {
            let header = object(
                header,
                "header",
                &["title", "subtitle", "template", "icon", "text_tag_list", "padding"],
            )?;
            let title = self.plain_text(header.get("title"))?;
            self.lines.push(title);
            let template = header.get("template").and_then(Value::as_str).unwrap_or("default");
            one_of(
                template,
                &[
                    "blue",
                    "wathet",
                    "turquoise",
                    "green",
                    "yellow",
                    "orange",
                    "red",
                    "carmine",
                    "violet",
                    "purple",
                    "indigo",
                    "grey",
                    "default",
                ],
            )?;
        }
        let known = [
            "direction",
            "padding",
            "horizontal_spacing",
            "vertical_spacing",
            "horizontal_align",
            "vertical_align",
            "elements",
        ];
        let body = object(card.get("body").unwrap_or(&Value::Null), "body", &known)?;
        self.elements(body.get("elements"), 1)
    }

    pub(super) fn elements(&mut self, elements: Option<&Value>, depth: usize) -> Result<(), Refused> {
        let elements = elements.and_then(Value::as_array).filter(|elements| !elements.is_empty());
        let elements = elements.ok_or((200621, "no elements".to_owned()))?;
        if depth > 5 {
            return Err((11310, "nested too deep".into()));
        }
        elements.iter().try_for_each(|element| self.element(element, depth))
    }

    fn element(&mut self, element: &Value, depth: usize) -> Result<(), Refused> {
        self.elements += 1;
        if self.elements > 200 {
            return Err((11310, "element exceeds the limit".into()));
        }
        match element["tag"].as_str().unwrap_or_default() {
            "markdown" => {
                let known = ["tag", "content", "text_align", "text_size", "icon", "element_id", "margin"];
                let content = string(object(element, "markdown", &known)?, "content")?;
                let words = self.markdown(&content)?;
                self.lines.extend(words.split('\n').map(str::to_owned));
                Ok(())
            }
            "div" => {
                let div = object(element, "div", &["tag", "text", "icon", "width", "element_id", "margin"])?;
                let words = self.plain_text(div.get("text"))?;
                self.lines.extend(words.split('\n').map(str::to_owned));
                Ok(())
            }
            "hr" => object(element, "hr", &["tag", "element_id", "margin"]).map(drop),
            "column_set" => {
                let known = [
                    "tag",
                    "flex_mode",
                    "horizontal_spacing",
                    "horizontal_align",
                    "columns",
                    "element_id",
                    "margin",
                ];
                let set = object(element, "column_set", &known)?;
                let mode = set.get("flex_mode").and_then(Value::as_str).unwrap_or("none");
                one_of(mode, &["none", "stretch", "flow", "bisect", "trisect"])?;
                let columns = set.get("columns").and_then(Value::as_array);
                for column in columns.ok_or((200621, "no columns".to_owned()))? {
                    self.elements += 1;
                    let known =
                        ["tag", "width", "weight", "vertical_align", "elements", "element_id", "margin"];
                    let column = object(column, "column", &known)?;
                    if column.get("tag").and_then(Value::as_str) != Some("column") {
                        return Err((200861, "not a column".into()));
                    }
                    self.elements(column.get("elements"), depth + 1)?;
                }
                Ok(())
            }
            "button" => self.button(element),
            "chart" if self.form.is_none() => chart(element),
            "form" => self.form(element, depth),
            "input" | "select_static" | "date_picker" => self.component(element),
            tag => Err((200861, format!("unsupported tag {tag}"))),
        }
    }

    fn button(&mut self, button: &Value) -> Result<(), Refused> {
        let known = [
            "tag",
            "text",
            "type",
            "size",
            "width",
            "icon",
            "behaviors",
            "disabled",
            "confirm",
            "name",
            "element_id",
            "margin",
            "form_action_type",
        ];
        let button = object(button, "button", &known)?;
        let label = self.plain_text(button.get("text"))?;
        if self.form.is_some() {
            return self.submit(button);
        }
        if button.contains_key("form_action_type") {
            return Err((200861, "form_action_type outside of a form".into()));
        }
        let kind = button.get("type").and_then(Value::as_str).unwrap_or("default");
        one_of(
            kind,
            &[
                "default",
                "primary",
                "danger",
                "text",
                "primary_text",
                "danger_text",
                "primary_filled",
                "danger_filled",
                "laser",
            ],
        )?;
        for behavior in button.get("behaviors").and_then(Value::as_array).unwrap_or(&Vec::new()) {
            match behavior["type"].as_str() {
                Some("callback") => {
                    let behavior = object(behavior, "behavior", &["type", "value"])?;
                    let line =
                        behavior.get("value").and_then(|value| value.get("line")).and_then(Value::as_str);
                    self.read.buttons.push((label.clone(), line.unwrap_or_default().to_owned()));
                }
                Some("open_url") => {
                    object(
                        behavior,
                        "behavior",
                        &["type", "default_url", "pc_url", "ios_url", "android_url"],
                    )?;
                }
                _ => return Err((200861, "unknown behavior".into())),
            }
        }
        Ok(())
    }

    /// A button of a form.
    fn submit(&mut self, button: &Map<String, Value>) -> Result<(), Refused> {
        let name = string(button, "name").map_err(|_| (200530, "a button has no name".to_owned()))?;
        self.named(&name)?;
        let action = button.get("form_action_type").and_then(Value::as_str).unwrap_or_default();
        one_of(action, &["submit", "reset"])?;
        let carried = button.get("behaviors").and_then(|all| all[0].get("value")).cloned();
        if action == "submit"
            && let Some(form) = &mut self.form
        {
            form.submit = Some((name, carried.unwrap_or_default()));
        }
        Ok(())
    }

    pub(super) fn plain_text(&self, text: Option<&Value>) -> Result<String, Refused> {
        let known = ["tag", "content", "text_size", "text_color", "text_align", "lines", "i18n_content"];
        let text = object(text.unwrap_or(&Value::Null), "text", &known)?;
        match text.get("tag").and_then(Value::as_str) {
            Some("plain_text") => string(text, "content"),
            tag => Err((200861, format!("unsupported text tag {tag:?}"))),
        }
    }

    /// Mentions become `@name`, entities what they stand for, `**` vanishes. Anything else that markdown
    /// would interpret is shown in pointed brackets, so that a test sees it.
    fn markdown(&mut self, content: &str) -> Result<String, Refused> {
        let mut words = String::new();
        let mut rest = content;
        while let Some(c) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("<at id=") {
                let (id, after) = after.split_once('>').ok_or((200621, "an open tag".to_owned()))?;
                let after = after.strip_prefix("</at>").ok_or((200621, "an open tag".to_owned()))?;
                let name = match id {
                    "all" => "所有人",
                    id => self.people.get(id).ok_or((100290, format!("invalid user id {id}")))?,
                };
                words += &format!("@{name}");
                self.read.mentions.push(id.to_owned());
                rest = after;
            } else if let Some(after) = rest.strip_prefix("**") {
                rest = after;
            } else if c == '&' {
                let (entity, after) = rest[1..].split_once(';').ok_or((200621, "a bare &".to_owned()))?;
                let meant = match entity {
                    "nbsp" => Some(' '),
                    "sim" => Some('~'),
                    entity => entity.strip_prefix('#').and_then(|code| char::from_u32(code.parse().ok()?)),
                };
                words.push(meant.ok_or((200621, format!("unknown entity {entity}")))?);
                rest = after;
            } else {
                match "<>*_`[]#~".contains(c) {
                    true => words += &format!("⟨{c}⟩"),
                    false => words.push(c),
                }
                rest = &rest[c.len_utf8()..];
            }
        }
        Ok(words)
    }
}

/// A chart of the client's own library: a specification with its kind and its data.
fn chart(element: &Value) -> Result<(), Refused> {
    let known =
        ["tag", "chart_spec", "aspect_ratio", "color_theme", "preview", "height", "element_id", "margin"];
    let chart = object(element, "chart", &known)?;
    let ratio = chart.get("aspect_ratio").and_then(Value::as_str).unwrap_or("16:9");
    one_of(ratio, &["16:9", "4:3", "2:1", "1:1"])?;
    let spec = chart.get("chart_spec").and_then(Value::as_object);
    let spec = spec.ok_or((200861, "chart_spec is not an object".to_owned()))?;
    string(spec, "type")?;
    let values = spec.get("data").and_then(|data| data["values"].as_array());
    match values.is_some_and(|values| !values.is_empty()) {
        true => Ok(()),
        false => Err((200861, "a chart without data".into())),
    }
}

/// The object, if it has known attributes only: schema 2.0 refuses all others.
pub(super) fn object<'a>(
    value: &'a Value,
    what: &str,
    known: &[&str],
) -> Result<&'a Map<String, Value>, Refused> {
    let object = value.as_object().ok_or((200621, format!("{what} is not an object")))?;
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err((200861, format!("unknown attribute {key} of {what}"))),
        None => Ok(object),
    }
}

pub(super) fn string(object: &Map<String, Value>, name: &str) -> Result<String, Refused> {
    let text = object.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    text.map(str::to_owned).ok_or((200621, format!("{name} is no string, or empty")))
}

pub(super) fn one_of(value: &str, known: &[&str]) -> Result<(), Refused> {
    match known.contains(&value) {
        true => Ok(()),
        false => Err((200861, format!("unknown value {value}"))),
    }
}
