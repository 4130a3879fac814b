//! What can be recorded and done: one folder per kind of record. The lists below are the only place
//! where they are named together.

pub mod acceptance;
pub mod account;
pub mod action;
#[cfg(test)]
mod bench;
mod bot;
pub mod brief;
pub mod card;
pub mod change;
mod commands;
pub mod customer;
pub mod delay;
pub mod document;
pub mod export;
pub mod health;
pub mod help;
pub mod history;
pub mod improvement;
mod inside;
mod line;
pub mod meeting;
pub mod milestone;
pub mod minutes;
pub mod notice;
mod origin;
pub mod overview;
pub mod progress;
pub mod project;
pub mod proof;
mod quote;
pub mod requirement;
pub mod review;
pub mod rhythm;
pub mod risk;
pub mod role;
pub mod search;
pub mod suggestion;
pub mod survey;
pub mod ticket;
pub mod touch;
pub mod value;
pub mod weekly;
pub mod why;
mod wide;

use std::sync::Arc;

pub use bot::{allowance, dead_letters, greeting, over_quota};
pub use commands::COMMANDS;
pub use inside::not_internal_here;
pub use wide::{Wide, wide};

use crate::{
    chat::Message,
    dossier::{
        COUNTER, Context, Dossier, KindEntry, Outcome, Posted, Project, Record, Refusal, Role, Waking, kind,
    },
    grammar::{self, Object, Who},
    store::{Key, ProjectId, Stored},
};

/// Everything that can be spoken of, in the order of the help.
pub const OBJECTS: &[Object] = &[
    help::OBJECT,
    project::OBJECT,
    role::OBJECT,
    customer::OBJECT,
    milestone::OBJECT,
    requirement::OBJECT,
    change::OBJECT,
    risk::OBJECT,
    ticket::OBJECT,
    meeting::OBJECT,
    minutes::OBJECT,
    action::OBJECT,
    notice::OBJECT,
    touch::OBJECT,
    value::OBJECT,
    progress::OBJECT,
    document::OBJECT,
    brief::OBJECT,
    suggestion::OBJECT,
    survey::OBJECT,
    review::OBJECT,
    improvement::OBJECT,
    overview::STATUS,
    overview::MINE,
    account::OBJECT,
    overview::DIGEST,
    weekly::OBJECT,
    health::OBJECT,
    search::OBJECT,
    history::HISTORY,
    why::OBJECT,
    export::OBJECT,
    history::UNDO,
];

/// Every kind of record.
pub const KINDS: &[KindEntry] = &[
    kind::<Project>(),
    kind::<customer::Customer>(),
    kind::<customer::File>(),
    kind::<customer::PlanItem>(),
    kind::<milestone::Milestone>(),
    kind::<milestone::Plan>(),
    kind::<acceptance::Acceptance>(),
    kind::<requirement::Requirement>(),
    kind::<requirement::Paste>(),
    kind::<change::ChangeRequest>(),
    kind::<risk::Risk>(),
    kind::<ticket::Ticket>(),
    kind::<meeting::Meeting>(),
    kind::<action::ActionItem>(),
    kind::<notice::Notice>(),
    kind::<touch::Touch>(),
    kind::<value::Value>(),
    kind::<progress::Progress>(),
    kind::<document::Document>(),
    kind::<brief::Brief>(),
    kind::<suggestion::Suggestion>(),
    kind::<survey::Survey>(),
    kind::<review::Review>(),
    kind::<improvement::Improvement>(),
    kind::<rhythm::Rhythm>(),
    kind::<rhythm::Verdict>(),
    kind::<weekly::Weekly>(),
    kind::<health::HealthReport>(),
    kind::<Posted>(),
    kind::<account::Identity>(),
];

/// The letters of what lies in customers' files.
const FILED: &[char] = &['J', 'S', 'W', 'I'];

/// Something that happens on a schedule, once per project and scheduled time.
pub struct Job {
    /// Its name in the configuration.
    pub name: &'static str,
    /// What it says and changes; nothing, where there is nothing to say.
    pub run: fn(&Dossier, &Waking) -> Outcome,
}

/// Every scheduled job.
pub const JOBS: &[Job] = &[
    Job { name: "daily_digest", run: overview::daily },
    Job { name: "weekly_report", run: weekly::friday },
    Job { name: "value_reminder", run: value::remind },
    Job { name: "progress_reminder", run: progress::remind },
    Job { name: "brief_reminder", run: brief::remind },
    Job { name: "monthly_cadence", run: rhythm::monthly },
];

/// Something that happens on a schedule, once per customer and scheduled time.
pub struct CustomerJob {
    /// Its name in the configuration.
    pub name: &'static str,
    /// What it says and changes in the customer's file, having read the customer's projects.
    pub run: fn(&Dossier, &[Dossier], &Waking) -> Outcome,
}

/// Every scheduled job of customers.
pub const CUSTOMER_JOBS: &[CustomerJob] = &[CustomerJob { name: "health_report", run: health::quarterly }];

/// The objects whose name alone is a line that people say often, alone with the bot.
pub const SHORTCUTS: &[&str] = &[overview::MINE.name, overview::STATUS.name, help::OBJECT.name];

/// The objects whose commands can touch more than the project of their room.
pub const SPANNING: &[Object] =
    &[project::OBJECT, customer::OBJECT, overview::MINE, health::OBJECT, account::OBJECT];

/// Those of them whose commands may read every project of the customer.
pub const READING_PROJECTS: &[Object] = &[health::OBJECT];

/// Whether administrators read every project with it, and not only their own.
pub fn spans_everything(object: &str) -> bool {
    object == project::OBJECT.name
}

/// Help, of everything or of one object.
pub fn help(object: Option<&Object>) -> Message {
    grammar::help(OBJECTS, COMMANDS, object)
}

/// What an answer `said` that quotes a message about a record does; `None`: nothing.
pub fn answer_by_quote(key: Key, said: &str, dossier: &Dossier, cx: &Context) -> Option<Outcome> {
    match key.letter {
        'R' => requirement::answer_by_quote(key.number, said, dossier, cx),
        'T' => ticket::answer_by_quote(key.number, dossier, cx),
        'U' => touch::answer_by_quote(key.number, said, dossier, cx),
        'S' => survey::answer_by_quote(key.number, said, dossier, cx),
        'W' => review::answer_by_quote(key.number, said, dossier, cx),
        _ => None,
    }
}

/// Whether records of this letter lie in the file of a customer, not in a project.
pub fn is_filed(letter: char) -> bool {
    FILED.contains(&letter)
}

/// Whether a record only waits for its writer to say that it counts: the team hears nothing of it yet.
pub fn is_unsaid(key: Key) -> bool {
    key.letter == <requirement::Paste as crate::dossier::Kind>::LETTER
}

/// The name of a kind of record.
pub fn name_of(letter: char) -> &'static str {
    KINDS.iter().find(|entry| entry.letter == letter).map_or("帮助", |entry| entry.name)
}

/// The line that lists the records of a letter.
pub fn list_line(letter: char) -> String {
    match letter {
        <customer::PlanItem as crate::dossier::Kind>::LETTER => "/客户 计划".into(),
        _ => format!("/{} 列表", name_of(letter)),
    }
}

/// A refusal that says who may.
pub fn who_may(who: Who, project: &Project) -> Refusal {
    let mut roles: Vec<Role> = Role::TRIANGLE.to_vec();
    if who == Who::TriangleOrRepresentative {
        roles.push(Role::CustomerRepresentative);
    }
    let holders: Vec<String> = roles
        .into_iter()
        .flat_map(|role| project.holders(role).iter().map(move |person| (role, person)))
        .map(|(role, person)| format!("{} {}", role.name(), person.name))
        .collect();
    if holders.is_empty() {
        let creator = &project.created_by.name;
        return Refusal::new(format!(
            "还没有设置铁三角，这件事现在只有建项目的 {creator} 可以做。先设置：/角色 项目经理 @某人 技术对接人 @某人"
        ));
    }
    Refusal::new(format!("这件事须由 {} 来做", holders.join("、")))
}

/// Reads a record's value.
///
/// # Errors
/// The kind is unknown or the value is not of that kind.
pub fn decode(key: Key, value: &[u8]) -> Result<Arc<dyn Record>, String> {
    let entry = KINDS
        .iter()
        .find(|entry| entry.letter == key.letter)
        .ok_or_else(|| format!("no kind of record has the letter {:?}", key.letter))?;
    (entry.decode)(value).map_err(|error| format!("record {key} cannot be read: {error}"))
}

/// Reads a dossier as it lies in the store.
///
/// # Errors
/// A row cannot be read.
pub fn dossier(id: ProjectId, stored: Stored) -> Result<Dossier, String> {
    let mut dossier = Dossier::empty(id);
    dossier.version = stored.version;
    for (key, value) in stored.rows {
        if key.letter != COUNTER {
            dossier.put(decode(key, &value)?);
            continue;
        }
        let counted =
            serde_json::from_slice(&value).map_err(|error| format!("a counter cannot be read: {error}"))?;
        let letter = char::from_u32(key.number).ok_or_else(|| format!("{} counts no kind", key.number))?;
        dossier.count(letter, counted);
    }
    Ok(dossier)
}

/// How many lines a list shows before it counts the rest.
const LISTED: usize = 20;

/// A list as one message.
pub(crate) fn listing(title: &str, lines: Vec<String>, empty: Message) -> Message {
    if lines.is_empty() {
        return empty;
    }
    let count = lines.len();
    let mut message = Message::text(format!("{title} {count} 条"));
    for line in lines.iter().take(LISTED) {
        message = message.line(line.clone());
    }
    if count > LISTED {
        message = message.line(format!("……还有 {} 条", count - LISTED));
    }
    message
}
