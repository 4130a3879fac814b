//! Notes of progress: a sentence from each of the team, collected for the weekly report and the weekly
//! meeting (RULES 13). They are the team's own; a customer reads of progress in the report that is sent.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    chat::{Message, Person, Tone},
    dossier::{
        Call, Context, Dossier, Kind, Outcome, Ping, Record, Refusal, Role, Say, Waking, ladder::later,
    },
    features::{listing, weekly},
    grammar::{Args, Command, Form, Object, On, Spec},
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "进展",
    english: "progress",
    aliases: &[],
    letter: None,
    summary: "各写一句进展，汇总进周报和例会议程",
};

/// What somebody got done, in their own words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Its number.
    pub number: u32,
    /// What was done, and what is left.
    pub text: String,
    /// Who says so.
    pub by: Person,
    /// When.
    pub at: Timestamp,
}

/// Who is asked for a note.
const TEAM: [Role; 4] =
    [Role::ProjectManager, Role::TechnicalContact, Role::TechnicalLead, Role::CoreEngineer];

/// The notes from `from` on and before `until`, oldest first, a line each: `李工：退款联调完成`.
pub fn between(dossier: &Dossier, from: Timestamp, until: Timestamp) -> impl Iterator<Item = String> {
    let notes = dossier.all::<Progress>().filter(move |note| from <= note.at && note.at < until);
    notes.map(|note| format!("{}：{}", note.by.name, note.text))
}

fn not_before_customers(dossier: &Dossier, cx: &Context) -> Result<(), Refusal> {
    if cx.sees_internal(dossier) {
        return Ok(());
    }
    Err(Refusal::new("进展由团队在项目群里写"))
}

/// `/进展 退款接口联调完成，剩对账`.
pub struct Add {
    text: String,
}

impl Command for Add {
    const SPEC: Spec = Spec::new(
        "进展",
        Form::Text,
        "/进展 退款接口联调完成，剩对账",
        "写一句进展：做完了什么、还差什么；汇总进周报内部版和例会议程",
    )
    .on(On::ProjectOrNew);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let text = [Some(args.text.clone()).filter(|text| !text.is_empty()), args.description()];
        let text = text.into_iter().flatten().collect::<Vec<_>>().join("\n");
        if text.is_empty() {
            return Err(Refusal::new("有什么进展？例如：/进展 退款接口联调完成，剩对账"));
        }
        Ok(Self { text })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        not_before_customers(dossier, cx)?;
        let number = Outcome::default().next_number::<Progress>(dossier);
        let note = Progress { number, text: self.text, by: cx.actor.clone(), at: cx.now };
        let reply = Message::text(format!("已记进展，写进周报内部版：{}", note.text));
        Ok(Outcome::change(note, "写进展").replying(reply))
    }
}

/// `/进展`: the notes of the last seven days.
pub struct List;

impl Command for List {
    const SPEC: Spec = Spec::new("进展", Form::List, "/进展 列表", "近 7 天的进展");

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        not_before_customers(dossier, cx)?;
        let lines =
            between(dossier, later(cx.now, -weekly::WEEK), Timestamp::MAX).map(|line| format!("· {line}"));
        let empty = Message::text("近 7 天还没有人写进展。写一句：/进展 做完了什么，还差什么");
        Ok(Outcome::reply(listing("近 7 天的进展", lines.collect(), empty)))
    }
}

/// The job on the day before the weekly report: whoever of the team has written nothing since the last is
/// asked for a sentence, all in one message.
pub fn remind(dossier: &Dossier, cx: &Waking) -> Outcome {
    let calendar = &cx.rules.calendar;
    let project = dossier.project();
    if !weekly::is_expected(project) || !calendar.is_working_day(calendar.date(cx.due)) {
        return Outcome::default();
    }
    let since = weekly::since_last(dossier, cx.due);
    let wrote =
        |person: &Person| dossier.all::<Progress>().any(|note| note.by.id == person.id && note.at >= since);
    let mut silent: Vec<Person> = Vec::new();
    for person in TEAM.iter().flat_map(|role| project.holders(*role)) {
        if !wrote(person) && !silent.iter().any(|other| other.id == person.id) {
            silent.push(person.clone());
        }
    }
    if silent.is_empty() {
        return Outcome::default();
    }
    let message = Message::text("快出周报了，请各写一句进展")
        .line("做完了什么、还差什么：/进展 退款接口联调完成，剩对账")
        .tone(Tone::Warning);
    let ping = Ping::new(Call::only(silent), Record::key(project), "progress", message);
    Outcome::default().saying(Say::Ping(ping))
}

impl Kind for Progress {
    const LETTER: char = 'L';
    const NAME: &'static str = "进展";
    const FIELDS: &'static [(&'static str, &'static str)] = &[("text", "内容")];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        self.text.clone()
    }

    fn state(&self) -> &'static str {
        "已记"
    }

    fn shared(&self) -> bool {
        false
    }
}
