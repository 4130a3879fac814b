//! `/历史 T1`: every change of a record, who, when, from what to what, and why. `/撤销`: the last one of
//! one's own taken back.

use serde_json::Value;

use crate::{
    calendar::typed,
    chat::{Message, short},
    dossier::{Context, Dossier, Outcome, Project, Record, Refusal, RoomKind},
    grammar::{Args, Command, Form, Object, Rest, Spec},
    store::{Change, Entry, Key},
};

/// How the table calls 历史.
pub const HISTORY: Object = Object {
    name: "历史",
    english: "history",
    aliases: &[],
    letter: None,
    summary: "一条记录的每次变化：/历史 T1",
};

/// How the table calls 撤销.
pub const UNDO: Object = Object {
    name: "撤销",
    english: "undo",
    aliases: &[],
    letter: None,
    summary: "10 分钟内撤回自己刚发的命令",
};

/// How many changes are shown.
const SHOWN: usize = 20;
/// What the log calls an undo.
const UNDONE: &str = "撤销";

/// Shows the history of a record.
pub struct History {
    key: Key,
}

impl Command for History {
    const SPEC: Spec = Spec {
        reads_log: true,
        ..Spec::new("历史", Form::AnyId, "/历史 T1", "谁在什么时候改了什么").rest(Rest::Refused)
    };

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        match args.id {
            Some(key) => Ok(Self { key }),
            None => Err(Refusal::new("看哪一条的历史？例如：/历史 T1")),
        }
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let Some(record) = dossier.record(self.key) else {
            return Err(Refusal::new(format!("没有 {}", self.key)));
        };
        let of_it = |entry: &&Entry| entry.changes.iter().any(|change| change.key == self.key);
        let entries = cx.log.iter().filter(of_it).filter(|entry| is_heard(entry, dossier, cx));
        let entries: Vec<&Entry> = entries.collect();
        let mut message = Message::text(format!("{} {} 的历史", self.key, short(&record.title())));
        for entry in entries.iter().take(SHOWN).rev() {
            message = message.line(told(entry, self.key, record.as_ref(), dossier, cx));
        }
        if entries.len() > SHOWN {
            message = message.line(format!("更早的还有 {} 次", entries.len() - SHOWN));
        }
        Ok(Outcome::reply(message))
    }
}

/// Whether an entry may be told here. Before customers, only what was said in their own room: a remark made among us
/// stays with us.
pub(super) fn is_heard(entry: &Entry, dossier: &Dossier, cx: &Context) -> bool {
    let kind = entry.room.as_ref().and_then(|room| dossier.project().room_kind(room));
    cx.sees_internal(dossier) || kind == Some(RoomKind::Customer)
}

/// The fields whose changes everybody hears of who may see the record.
const EVERYBODYS: [&str; 4] = ["title", "state", "owner", "due"];

/// One change in one line. Before customers without our reasons and without fields that are ours.
fn told(entry: &Entry, key: Key, record: &dyn Record, dossier: &Dossier, cx: &Context) -> String {
    let internal = cx.sees_internal(dossier);
    let at = typed::echo(entry.at, cx.now, &cx.rules.calendar);
    let by = entry.by.as_ref().map_or("鼎鼎", |person| person.name.as_str());
    let mut line = format!("{at} {by} {}", entry.what);
    let ours = entry.by.as_ref().is_some_and(|by| dossier.project().is_ours(&by.id));
    if let Some(why) = entry.why.as_ref().filter(|_| internal || !ours) {
        line.push_str(&format!("：{why}"));
    }
    if let Some(change) = entry.changes.iter().find(|change| change.key == key) {
        let is_told = |(field, name): &&(&'static str, &'static str)| {
            internal || EVERYBODYS.contains(field) || record.shown().contains(name)
        };
        let fields: Vec<(&str, &str)> = record.fields().iter().filter(is_told).copied().collect();
        let withheld = if internal { &[] } else { record.withheld() };
        let fields = differences(change, &fields, withheld, cx);
        if !fields.is_empty() {
            line.push_str(&format!("（{}）", fields.join("；")));
        }
    }
    line
}

/// The plain fields that differ, from and to, by the names people use. A new record differs in all and
/// tells none.
fn differences(change: &Change, names: &[(&str, &str)], withheld: &[&str], cx: &Context) -> Vec<String> {
    if change.before.is_null() || change.after.is_null() {
        return Vec::new();
    }
    let mut differences = Vec::new();
    for (field, name) in names {
        // A slash goes into a part of the record: `analysis/value`.
        let path = format!("/{field}");
        let at = |value: &'_ Value| value.pointer(&path).cloned().unwrap_or_default();
        let (before, after) = (&at(&change.before), &at(&change.after));
        match (before, after) {
            _ if before == after => {}
            (Value::Object(_), _) | (_, Value::Object(_)) if *field == "fields" => {
                let parts = after.as_object().into_iter().flatten();
                let parts = parts.filter(|(part, _)| !withheld.contains(&part.as_str()));
                for (part, value) in parts.filter(|(part, value)| before.get(part.as_str()) != Some(*value)) {
                    let before = before.get(part.as_str()).and_then(plain).unwrap_or("空".into());
                    differences.push(format!("{part}：{before} → {}", plain(value).unwrap_or_default()));
                }
            }
            _ if *field == "state" => {
                let state = |value: &Value| {
                    let record = crate::features::decode(change.key, value.to_string().as_bytes());
                    record.map(|record| record.state())
                };
                if let (Ok(before), Ok(after)) = (state(&change.before), state(&change.after))
                    && before != after
                {
                    differences.push(format!("{name}：{before} → {after}"));
                }
            }
            _ => {
                if let (Some(before), Some(after)) = (told_at(before, cx), told_at(after, cx)) {
                    differences.push(format!("{name}：{before} → {after}"));
                }
            }
        }
    }
    differences
}

/// A value in words; an instant or a day as people write it.
fn told_at(value: &Value, cx: &Context) -> Option<String> {
    let at = value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let day = value.as_str().and_then(|text| text.parse::<jiff::civil::Date>().ok());
    at.map(|at| typed::echo(at, cx.now, &cx.rules.calendar))
        .or_else(|| day.map(|day| typed::echo_date(day, cx.now, &cx.rules.calendar)))
        .or_else(|| plain(value))
}

/// A value in words, where it is one that people read.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("空".into()),
        Value::Bool(yes) => Some(if *yes { "是" } else { "否" }.into()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(match text.as_str() {
            "low" => "低".into(),
            "medium" => "中".into(),
            "high" => "高".into(),
            "urgent" => "紧急".into(),
            "normal" => "一般".into(),
            other => other.to_owned(),
        }),
        Value::Object(person) => person.get("name").and_then(Value::as_str).map(str::to_owned),
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(plain).collect();
            items.map(|items| if items.is_empty() { "空".into() } else { items.join("、") })
        }
    }
}

/// Takes back one's own last command.
pub struct Undo;

impl Command for Undo {
    const SPEC: Spec = Spec {
        reads_log: true,
        ..Spec::new("撤销", Form::Any, "/撤销", "撤回自己在本群刚发的命令").rest(Rest::Refused)
    };

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        if args.text.is_empty() && args.id.is_none() {
            return Ok(Self);
        }
        Err(only_the_last())
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mine = cx.log.iter().find(|entry| {
            entry.by.as_ref().is_some_and(|by| by.id == cx.actor.id)
                && entry.room.as_ref() == Some(&cx.place.room)
        });
        let Some(entry) = mine else {
            return Err(Refusal::new("没有可撤销的命令"));
        };
        if entry.what.starts_with(UNDONE) {
            return Err(Refusal::new("上一条命令已经撤销过"));
        }
        let until = cx.rules.calendar.add(entry.at, cx.rules.undo.within);
        if cx.now > until {
            let at = typed::echo(entry.at, cx.now, &cx.rules.calendar);
            return Err(Refusal::new(format!("上一条「{}」是 {at} 的，超过 10 分钟，不能撤销", entry.what)));
        }
        taken_back(entry, dossier, cx)
    }
}

/// The refusal of what is not one's own last command.
pub(super) fn only_the_last() -> Refusal {
    Refusal::new("撤销只撤回自己最后一条命令，直接发 /撤销").button("撤销", "/撤销")
}

/// Everything as it was before an entry.
///
/// # Errors
/// Somebody built on it, or it founds the project.
pub(super) fn taken_back(entry: &Entry, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
    let founds = entry.changes.iter().any(|change| change.key.letter == '*' && change.before.is_null());
    if founds {
        return Err(Refusal::new("建项目不能撤销；不再用请 /项目 归档"));
    }
    let mut outcome = Outcome::default();
    for change in &entry.changes {
        let now = dossier.record(change.key).map_or(Value::Null, |record| record.encode());
        if !same(change.key, &now, &change.after) {
            let named = match change.key {
                key if !has_id(key) => crate::features::name_of(key.letter).to_owned(),
                _ if is_told(change, dossier, cx) => change.key.to_string(),
                _ => "关联的记录".into(),
            };
            return Err(Refusal::new(format!("{named} 之后又有变化，不能撤销")));
        }
        if change.before.is_null() {
            outcome.removed.push(change.key);
        } else {
            let before = restored(change, &now).to_string();
            let record = crate::features::decode(change.key, before.as_bytes())
                .map_err(|_| Refusal::new("这条命令不能撤销"))?;
            outcome.records.push(record);
        }
    }
    let ids: Vec<String> = entry
        .changes
        .iter()
        .filter(|change| has_id(change.key))
        .filter(|change| is_told(change, dossier, cx))
        .map(|change| change.key.to_string())
        .collect();
    outcome.what = format!("{UNDONE}「{}」", entry.what);
    let message = Message::text(format!("已撤销：{} {}", entry.what, ids.join("、")).trim_end());
    Ok(outcome.replying(message))
}

/// Whether people know its id: not of what a project has one of, of what only waits, and of our own notes.
pub(super) fn has_id(key: Key) -> bool {
    key.number != 0 && key.letter.is_ascii_alphabetic()
}

/// Whether the id of what changed may be named here. What is taken back now still stands in the dossier.
pub(super) fn is_told(change: &Change, dossier: &Dossier, cx: &Context) -> bool {
    cx.sees_internal(dossier) || dossier.record(change.key).is_some_and(|record| record.shared())
}

/// Whether a record is as the command left it. Who was met since does not count.
fn same(key: Key, now: &Value, after: &Value) -> bool {
    if key.letter != <Project as crate::dossier::Kind>::LETTER {
        return now == after;
    }
    let mut now = now.clone();
    for field in ["guests", "insiders", "missed_seats"] {
        match after.get(field) {
            Some(value) => now[field] = value.clone(),
            None => {
                now.as_object_mut().map(|object| object.remove(field));
            }
        }
    }
    now == *after
}

/// The value before; of a project, with everybody met since.
fn restored(change: &Change, now: &Value) -> Value {
    let mut before = change.before.clone();
    if change.key.letter == <Project as crate::dossier::Kind>::LETTER {
        for field in ["guests", "insiders"] {
            if let Some(met) = now.get(field) {
                before[field] = met.clone();
            }
        }
    }
    before
}
