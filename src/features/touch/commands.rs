//! `/沟通 电话，确认了退款方案 价值:…`, listing, showing, and filling in.

use jiff::Timestamp;

use super::{Bugs, Touch, read, words};
use crate::{
    chat::Person,
    dossier::{self, Call, Context, Dossier, Outcome, Ping, Refusal, RoomKind, Say},
    features::quote,
    grammar::{Args, Command, Form, KeySpec, Lines, On, Spec},
};

/// The step of the question what a touch still has to tell.
pub(super) const ASK: &str = "ask";

/// The keys of a touch.
const KEYS: &[KeySpec] = &[
    KeySpec::text("方式", "mode"),
    KeySpec::text("价值", "value"),
    KeySpec::text("参与", "people"),
    KeySpec::text("未解决", "open"),
    KeySpec::text("已修复", "fixed"),
    KeySpec::text("新增", "new"),
    KeySpec::text("时间", "time"),
];

/// Takes a touch down.
pub struct Add {
    text: String,
    said: String,
    mode: Option<String>,
    value: Option<String>,
    bugs: Bugs,
    who: Who,
    at: Timestamp,
    internal: bool,
}

/// Who was there, as a line tells it.
struct Who {
    people: Vec<Person>,
    names: Vec<String>,
}

impl Who {
    fn read(args: &Args) -> Self {
        let names = read::names(args.key("参与").unwrap_or_default()).map(str::to_owned).collect();
        Self { people: args.people.clone(), names }
    }

    /// Adds them; a name that nobody here has stays a name.
    fn join(self, touch: &mut Touch, dossier: &Dossier) {
        let named = |name: &String| dossier.people().find(|person| person.name == *name).cloned();
        let known = self.people.iter().cloned().chain(self.names.iter().filter_map(named));
        for person in known {
            if !touch.people.iter().any(|other| other.id == person.id) {
                touch.people.push(person);
            }
        }
        for name in self.names.iter().filter(|name| named(name).is_none()) {
            if !touch.guests.contains(name) {
                touch.guests.push(name.clone());
            }
        }
    }
}

impl Command for Add {
    const SPEC: Spec = Spec {
        lines: Lines::Keys,
        ..Spec::new(
            "沟通",
            Form::Text,
            "/沟通 昨天和王总电话，确认了退款方案 价值:明确了退款范围 参与:王总",
            "记一次和客户的沟通；价值必写，测试阶段还要 未解决 已修复 新增 的个数；以前的写上哪天",
        )
        .keys(KEYS)
        .on(On::ProjectOrNew)
    };

    fn parse(mut args: Args, cx: &Context) -> Result<Self, Refusal> {
        let at = read::when(&mut args, cx)?;
        let bugs = read::bugs(&args)?;
        let text = [Some(args.text.trim().to_owned()).filter(|text| !text.is_empty()), args.description()];
        let text = text.into_iter().flatten().collect::<Vec<_>>().join("\n");
        let mode = args.key("方式").map(str::to_owned).or_else(|| read::mode(&text));
        let value = args.key("价值").map(str::to_owned);
        if text.is_empty() && mode.is_none() && value.is_none() {
            return Err(Refusal::new(
                "和客户沟通了什么？没有记录。例如：/沟通 电话，确认了退款方案 价值:明确了退款范围 @王总",
            ));
        }
        let text = if mode.as_ref() == Some(&text) { String::new() } else { text };
        Ok(Self {
            text,
            mode,
            value,
            bugs,
            who: Who::read(&args),
            at,
            said: args.said,
            internal: args.internal,
        })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let customer = cx.place.kind == RoomKind::Customer || dossier.project().is_customer(&cx.actor.id);
        let mut touch = Touch {
            number: Outcome::default().next_number::<Touch>(dossier),
            text: self.text,
            said: self.said,
            mode: self.mode,
            people: Vec::new(),
            guests: Vec::new(),
            value: self.value,
            bugs: self.bugs,
            by: cx.actor.clone(),
            room: cx.place.room.clone(),
            at: self.at,
            told_at: cx.now,
            shared: customer && !self.internal,
            internal: self.internal,
            counted: Vec::new(),
        };
        self.who.join(&mut touch, dossier);
        Ok(told(touch, None, "记沟通", dossier, cx))
    }
}

/// A new or changed touch: counted, answered, and what is missing asked for where only the team reads it.
fn told(touch: Touch, before: Option<&Touch>, what: &str, dossier: &Dossier, cx: &Context) -> Outcome {
    let (mut outcome, touch, tallies) = touch.told(before, dossier, (cx.now, cx.rules));
    let waiting = touch.waiting(dossier, cx.rules);
    outcome.what = what.into();
    outcome.about = Some(dossier::Record::key(&touch));
    if cx.sees_internal(dossier) {
        return outcome.replying(words::recorded(&touch, &tallies, &waiting, dossier, cx));
    }
    let outcome = outcome.replying(words::recorded_outside(&touch, cx));
    let asked = words::asked(&touch, &waiting).filter(|_| !dossier.project().is_customer(&cx.actor.id));
    match asked {
        Some(message) => {
            let (call, about) = (Call::only([cx.actor.clone()]), dossier::Record::key(&touch));
            let ping = Ping::new(call, about, ASK, words::about(&touch, message));
            outcome.saying(Say::Ping(Ping { urgent: true, ..ping }))
        }
        None => outcome,
    }
}

/// `/沟通`: the latest first, and how the phase's contacts stand.
pub struct List;

impl Command for List {
    const SPEC: Spec = Spec::new("沟通", Form::List, "/沟通 列表", "记过的沟通，和本阶段的沟通次数");

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let internal = cx.sees_internal(dossier);
        let mut touches: Vec<&Touch> =
            dossier.all::<Touch>().filter(|touch| touch.shared || internal).collect();
        touches.sort_by_key(|touch| std::cmp::Reverse((touch.at, touch.number)));
        Ok(Outcome::reply(words::list(&touches, dossier, cx)))
    }
}

/// `/U3`: shows it; with keys it fills it in.
pub struct Show {
    number: u32,
    mode: Option<String>,
    value: Option<String>,
    bugs: Bugs,
    who: Who,
    rest: String,
    moved: bool,
}

impl Command for Show {
    const SPEC: Spec = Spec {
        lines: Lines::Keys,
        ..Spec::new("沟通", Form::Id, "/沟通 U3 价值:明确了退款范围", "看一次沟通，或补上价值、缺陷个数")
            .keys(KEYS)
    };

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self {
            number: args.number(),
            mode: args.key("方式").map(str::to_owned),
            value: args.key("价值").map(str::to_owned),
            bugs: read::bugs(&args)?,
            who: Who::read(&args),
            moved: args.key("时间").is_some(),
            rest: args.text,
        })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let number = self.number;
        let before = dossier
            .find::<Touch>(number)
            .ok_or_else(|| Refusal::new(format!("没有 U{number}。看编号：/沟通 列表")))?;
        if self.moved {
            return Err(Refusal::new(format!("U{number} 的时间不能改。记错了，10 分钟内发 /撤销 再记一次")));
        }
        if !self.rest.is_empty() {
            return Err(Refusal::new(format!(
                "看不懂「{}」，没有记录。补价值：/U{number} 价值:…",
                self.rest
            )));
        }
        let mut next = before.clone();
        next.mode = self.mode.or(next.mode);
        next.value = self.value.or(next.value);
        next.bugs = self.bugs.or(next.bugs);
        self.who.join(&mut next, dossier);
        if next == *before {
            return Ok(Outcome::reply(words::shown(before, dossier, cx)));
        }
        Ok(told(next, Some(before), "补沟通", dossier, cx))
    }
}

/// What a plain message `said` of the team that quotes a message about this touch does: it is the value, or the
/// numbers, that the bot asked for.
pub fn answer_by_quote(number: u32, said: &str, dossier: &Dossier, cx: &Context) -> Option<Outcome> {
    let before = dossier.find::<Touch>(number)?;
    let waiting = before.waiting(dossier, cx.rules);
    words::asked(before, &waiting)?;
    if dossier.project().is_customer(&cx.actor.id) || !(before.shared || cx.sees_internal(dossier)) {
        return None;
    }
    let (bugs, rest) = read::bugs_in(quote::answer(said)?);
    let mut next = before.clone();
    next.bugs = bugs.or(next.bugs);
    if next.value.is_none() && !rest.is_empty() {
        next.value = Some(rest);
    }
    (next != *before).then(|| told(next, Some(before), "补沟通", dossier, cx))
}
