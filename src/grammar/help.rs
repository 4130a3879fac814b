//! Help and completion, from the table that parses.

use serde_json::{Value, json};

use super::{Erased, Form, Object, Who};
use crate::chat::{Line, Message, Span};

/// Help: everything in one message, or all of one object.
pub fn help(objects: &[Object], commands: &[Erased], object: Option<&Object>) -> Message {
    match object {
        Some(object) => one(object, commands),
        None => all(objects, commands),
    }
}

fn all(objects: &[Object], commands: &[Erased]) -> Message {
    let mut message = Message::text("鼎鼎能记、能催、能汇总。常用命令：");
    for object in objects {
        if commands.iter().any(|command| command.spec.object == object.name) {
            let name = Span::Strong(format!("/{}", object.name));
            message = message.line(Line(vec![name, Span::Text(format!(" {}", object.summary))]));
        }
    }
    message
        .line("优先级写 !紧急 !高 !中 !低；找人写 @某人；时间写 截止:下周五、明天10点、3天后。")
        .line("群里若只有 @ 机器人的消息才能收到，请写：@鼎鼎 /工单 …")
        .line("每个命令的全部写法：/帮助 工单")
        .button("工单怎么用", "/帮助 工单")
        .button("需求怎么用", "/帮助 需求")
        .button("纪要怎么用", "/帮助 纪要")
}

fn one(object: &Object, commands: &[Erased]) -> Message {
    let mut message = Message::text(format!("/{}（/{}）{}", object.name, object.english, object.summary));
    for command in commands.iter().filter(|command| command.spec.object == object.name) {
        let spec = command.spec;
        let who = match spec.who {
            Who::Anyone => "",
            Who::Triangle | Who::TriangleOnceSet => "（铁三角）",
            Who::TriangleOrOwner => "（铁三角或负责人）",
            Who::TriangleOrRepresentative => "（铁三角或客户代表）",
        };
        let usage = Span::Strong(spec.usage.to_owned());
        message = message.line(Line(vec![usage, Span::Text(format!("　{}{who}", spec.summary))]));
        if spec.from_quote {
            let usage = Span::Strong(format!("转{}", spec.object));
            message = message
                .line(Line(vec![usage, Span::Text("　回复一条消息这样写，就用那条消息的原话".into())]));
        }
        if !spec.keys.is_empty() {
            let keys: Vec<String> =
                spec.keys.iter().map(|key| format!("{}({})", key.name, key.english)).collect();
            message = message.line(format!("　可写：{}", keys.join("、")));
        }
    }
    message
}

/// The table for a page that completes what is typed.
pub fn completion(objects: &[Object], commands: &[Erased]) -> Value {
    let entries = objects.iter().filter_map(|object| {
        let mine: Vec<&Erased> =
            commands.iter().filter(|command| command.spec.object == object.name).collect();
        if mine.is_empty() {
            return None;
        }
        let actions: Vec<Value> = mine
            .iter()
            .filter_map(|command| match command.spec.form {
                Form::Act(name, english) | Form::IdAct(name, english) => Some(json!({
                    "zh": name,
                    "en": english,
                    "usage": command.spec.usage,
                    "help": command.spec.summary,
                    "id": matches!(command.spec.form, Form::IdAct(..)),
                })),
                Form::List | Form::Text | Form::Any | Form::Id | Form::AnyId => None,
            })
            .collect();
        let mut keys: Vec<&str> = Vec::new();
        for key in mine.iter().flat_map(|command| command.spec.keys) {
            if !keys.contains(&key.name) {
                keys.push(key.name);
            }
        }
        let commands: Vec<Value> = mine
            .iter()
            .map(|command| json!({"usage": command.spec.usage, "help": command.spec.summary}))
            .collect();
        let usage = mine.iter().find(|c| matches!(c.spec.form, Form::Text | Form::Any)).unwrap_or(&mine[0]);
        Some(json!({
            "zh": object.name,
            "en": object.english,
            "help": object.summary,
            "usage": usage.spec.usage,
            "actions": actions,
            "commands": commands,
            "keys": keys,
        }))
    });
    entries.collect()
}
