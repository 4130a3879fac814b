//! The form container of a card: its rules, and what its client sends when somebody fills it in.
//!
//! <https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/containers/form-container>

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::card::{Reader, Refused, object, one_of, string};

/// A form as people see it.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// What can be filled in, in order.
    pub components: Vec<Component>,
    /// The name of the submit button, and what it carries.
    pub submit: Option<(String, Value)>,
}

/// One of its components.
#[derive(Debug, Clone)]
pub struct Component {
    /// What stands beside it.
    pub label: String,
    pub name: String,
    pub required: bool,
    /// What stands in it at first.
    pub default: Option<String>,
    pub takes: Takes,
}

/// What a component takes.
#[derive(Debug, Clone)]
pub enum Takes {
    Text { most: usize, lines: bool },
    One(Vec<String>),
    Day,
}

impl Shown {
    /// The `action` of the callback that the client sends; what it does not let through ends the test.
    pub fn action(&self, filled: &[(&str, &str)]) -> Value {
        let known = |label: &str| self.components.iter().any(|component| component.label == label);
        assert!(filled.iter().all(|(label, _)| known(label)), "{filled:?} are not all in {self:#?}");
        let mut values = Map::new();
        for component in &self.components {
            let typed = filled.iter().find(|(label, _)| *label == component.label).map(|(_, value)| *value);
            let value = typed.or(component.default.as_deref()).unwrap_or_default();
            assert!(!component.required || !value.is_empty(), "有必填项未填写: {}", component.label);
            let value = match &component.takes {
                Takes::Text { most, lines } => {
                    assert!(
                        value.chars().count() <= *most && (*lines || !value.contains('\n')),
                        "{component:?}"
                    );
                    json!(value)
                }
                _ if value.is_empty() => continue,
                Takes::One(options) => {
                    assert!(options.iter().any(|option| option == value), "{value} is not in {options:?}");
                    json!(value)
                }
                Takes::Day => json!(format!("{} +0800", value.parse::<Date>().expect("it is a day"))),
            };
            values.insert(component.name.clone(), value);
        }
        let (name, carried) = self.submit.as_ref().expect("a form has a submit button");
        json!({
            "value": carried, "tag": "button", "name": name, "form_value": values, "timezone": "Asia/Shanghai",
        })
    }
}

impl Reader<'_> {
    /// Reads the container, which stands nowhere but in the body.
    pub(super) fn form(&mut self, element: &Value, depth: usize) -> Result<(), Refused> {
        let known = [
            "tag",
            "name",
            "elements",
            "element_id",
            "direction",
            "padding",
            "margin",
            "horizontal_spacing",
            "vertical_spacing",
            "horizontal_align",
            "vertical_align",
        ];
        let form = object(element, "form", &known)?;
        if depth != 1 || self.form.is_some() {
            return Err((11310, "a form stands in the body alone, and holds no other".into()));
        }
        let name = string(form, "name")?;
        self.named(&name)?;
        self.form = Some(Shown::default());
        self.elements(form.get("elements"), depth + 1)?;
        let shown = self.form.take().unwrap_or_default();
        if shown.submit.is_none() {
            return Err((200861, "a form without a submit button".into()));
        }
        self.read.form = Some(shown);
        Ok(())
    }

    /// A name is needed inside a form, and stands once in a card.
    pub(super) fn named(&mut self, name: &str) -> Result<(), Refused> {
        match self.names.insert(name.to_owned()) {
            true => Ok(()),
            false => Err((200530, format!("the name {name} stands twice"))),
        }
    }

    /// An input, a choice or a day. They stand in forms only: outside each would need a callback of its own.
    pub(super) fn component(&mut self, element: &Value) -> Result<(), Refused> {
        let tag = element["tag"].as_str().unwrap_or_default();
        let own: &[&str] = match tag {
            "input" => &[
                "label",
                "label_position",
                "default_value",
                "max_length",
                "input_type",
                "rows",
                "auto_resize",
                "max_rows",
            ],
            "select_static" => &["options", "initial_option", "initial_index"],
            _ => &["initial_date"],
        };
        let common = [
            "tag",
            "name",
            "required",
            "disabled",
            "width",
            "placeholder",
            "confirm",
            "element_id",
            "margin",
        ];
        let component = object(element, tag, &[own, &common].concat())?;
        if self.form.is_none() {
            return Err((200861, format!("{tag} outside of a form")));
        }
        let name = string(component, "name").map_err(|_| (200530, format!("{tag} has no name")))?;
        self.named(&name)?;
        if let Some(placeholder) = component.get("placeholder") {
            self.plain_text(Some(placeholder))?;
        }
        let mut label = self.lines.last().cloned().unwrap_or_default();
        let (takes, default) = match tag {
            "input" => {
                label = self.plain_text(component.get("label"))?;
                self.lines.push(label.clone());
                let kind = component.get("input_type").and_then(Value::as_str).unwrap_or("text");
                one_of(kind, &["text", "multiline_text", "password"])?;
                let most = component.get("max_length").map_or(Some(1000), Value::as_u64);
                let most = most.filter(|most| (1..=1000).contains(most));
                let most = most.ok_or((200861, "max_length is not 1 to 1000".to_owned()))? as usize;
                (Takes::Text { most, lines: kind == "multiline_text" }, component.get("default_value"))
            }
            "select_static" => {
                let options = component.get("options").and_then(Value::as_array);
                let options = options.filter(|options| !options.is_empty());
                let mut values = Vec::new();
                for option in options.ok_or((200621, "no options".to_owned()))? {
                    let option = object(option, "option", &["text", "value", "icon"])?;
                    self.plain_text(option.get("text"))?;
                    values.push(string(option, "value")?);
                }
                let default = component.get("initial_option");
                if default.is_some_and(|default| !values.iter().any(|value| default == value)) {
                    return Err((200861, "initial_option is no option".into()));
                }
                (Takes::One(values), default)
            }
            _ => {
                let default = component.get("initial_date");
                let is_day = |day: &Value| day.as_str().is_some_and(|day| day.parse::<Date>().is_ok());
                if default.is_some_and(|day| !is_day(day)) {
                    return Err((200861, "initial_date is no day".into()));
                }
                (Takes::Day, default)
            }
        };
        let required = component.get("required").and_then(Value::as_bool).unwrap_or_default();
        let default = default.and_then(Value::as_str).map(str::to_owned);
        let read = Component { label, name, required, default, takes };
        self.form.as_mut().expect("it stands in a form").components.push(read);
        Ok(())
    }
}
