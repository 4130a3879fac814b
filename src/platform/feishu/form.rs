//! A [`Form`] as the form container of a card, and what comes back of it.
//!
//! Its submit button carries the form, as any button carries its line. Components are named by their place: what
//! people call a field need not be a name to Feishu.
//!
//! Source: <https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/containers/form-container>

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::card::plain_text;
use crate::chat::{Field, FieldKind, Form, Instead, LONGEST_VALUE};

/// The name of the container and of its button; one card holds one form.
const NAME: &str = "form";
const SUBMIT: &str = "submit";
/// How many lines a field for several shows at first.
const ROWS: u32 = 2;

/// The container.
pub fn container(form: &Form) -> Value {
    // What stands in place of a form is of no use where it is shown.
    let carried = Form { instead: Instead::default(), ..form.clone() };
    let fields = form.fields.iter().enumerate().map(|(place, field)| component(place, field));
    let submit = json!({
        "tag": "button",
        "name": SUBMIT,
        "text": plain_text(&form.submit),
        "type": "primary",
        "form_action_type": "submit",
        "behaviors": [{ "type": "callback", "value": { "form": carried } }],
    });
    json!({
        "tag": "form",
        "name": NAME,
        "vertical_spacing": "8px",
        "elements": fields.chain([submit]).collect::<Vec<Value>>(),
    })
}

fn component(place: usize, field: &Field) -> Value {
    let mut component = json!({ "name": name(place), "width": "fill", "required": field.required });
    let mut put = |key: &str, value: Value| component[key] = value;
    match &field.kind {
        FieldKind::Short | FieldKind::Long => {
            put("tag", json!("input"));
            put("label", plain_text(&field.label));
            put("max_length", json!(LONGEST_VALUE));
            if field.kind == FieldKind::Long {
                put("input_type", json!("multiline_text"));
                put("rows", json!(ROWS));
                put("auto_resize", json!(true));
            }
            if let Some(default) = &field.default {
                put("default_value", json!(default));
            }
            return component;
        }
        FieldKind::Score | FieldKind::Choice(_) => {
            let options = field.kind.options().unwrap_or_default();
            let options = options.iter().map(|option| json!({ "text": plain_text(option), "value": option }));
            put("tag", json!("select_static"));
            put("placeholder", plain_text("请选择"));
            put("options", options.collect());
            if let Some(default) = &field.default {
                put("initial_option", json!(default));
            }
        }
        FieldKind::Date => {
            put("tag", json!("date_picker"));
            put("placeholder", plain_text("选日期"));
            if let Some(default) = &field.default {
                put("initial_date", json!(default));
            }
        }
    }
    // Only inputs have labels of their own.
    let column = |weight: u32, element: Value| json!({ "tag": "column", "width": "weighted", "weight": weight, "vertical_align": "center", "elements": [element] });
    let label = json!({ "tag": "div", "text": plain_text(&field.label) });
    json!({ "tag": "column_set", "flex_mode": "none", "columns": [column(2, label), column(3, component)] })
}

fn name(place: usize) -> String {
    format!("f{place}")
}

/// The form that a pressed button carries, and what was filled in; `None` where it is no form of ours.
pub fn read(carried: &Value, filled: &Map<String, Value>) -> Option<(Form, BTreeMap<String, String>)> {
    let form: Form = serde_json::from_value(carried.get("form")?.clone()).ok()?;
    let value = |(place, field): (usize, &Field)| {
        let value = filled.get(&name(place))?.as_str()?;
        let value = match field.kind {
            // Days come with the offset of whoever chose them: `2026-12-05 +0800`.
            FieldKind::Date => value.split(' ').next().unwrap_or_default(),
            FieldKind::Score | FieldKind::Choice(_) | FieldKind::Short | FieldKind::Long => value,
        };
        Some((field.name.clone(), value.to_owned()))
    };
    let values = form.fields.iter().enumerate().filter_map(value).collect();
    Some((form, values))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract() -> Form {
        Form::new("/C1 合同", "提交")
            .field(Field::new("负责", FieldKind::Choice(vec!["李工".into(), "赵工".into()])).required())
            .field(Field::new("截止", FieldKind::Date).filled(Some("2026-12-05".into())))
            .field(Field::new("说明", FieldKind::Long))
            .or_line("发一行也行")
    }

    #[test]
    fn each_kind_is_its_component_and_the_button_carries_the_form() {
        let container = container(&contract());
        let elements = container["elements"].as_array().unwrap();
        let [owner, due, note, submit] = &elements[..] else { panic!("{container:#}") };
        let owner = &owner["columns"][1]["elements"][0];
        assert_eq!((&owner["tag"], &owner["required"]), (&json!("select_static"), &json!(true)));
        assert_eq!(owner["options"][1]["value"], "赵工");
        let due = &due["columns"][1]["elements"][0];
        assert_eq!((&due["tag"], &due["initial_date"]), (&json!("date_picker"), &json!("2026-12-05")));
        assert_eq!((&note["tag"], &note["input_type"]), (&json!("input"), &json!("multiline_text")));
        assert_eq!(submit["form_action_type"], "submit");
        let carried = &submit["behaviors"][0]["value"];
        let filled = json!({ "f0": "李工", "f1": "2026-12-06 +0800", "f2": "", "f9": "x" });
        let (form, values) = read(carried, filled.as_object().unwrap()).unwrap();
        assert_eq!(form, Form { instead: Instead::default(), ..contract() });
        assert_eq!(values["负责"], "李工");
        assert_eq!((values["截止"].as_str(), values.len()), ("2026-12-06", 3));
    }

    #[test]
    fn what_carries_no_form_is_none() {
        for carried in [json!({ "line": "/T1" }), json!({ "form": "/T1" }), json!("x"), json!(null)] {
            assert_eq!(read(&carried, &Map::new()), None);
        }
    }
}
