//! Minutes: owed within a day of a meeting's end, filed in one message, corrected in versions (RULES 6).
//!
//! They live with their meeting and have no ids of their own.

mod excuse;
mod export;
mod file;
mod line;
mod list;
mod sheet;
#[cfg(test)]
mod tests;
mod words;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use excuse::Excuse;
pub use export::Export;
pub use file::{File, FileUnnamed};
pub use list::List;
pub(crate) use words::{ask, recorded, status};

use crate::{
    calendar::Span,
    chat::Person,
    dossier::{
        Dossier, Outcome, Ping, Role, Rules, Say, Waking,
        ladder::{Climb, Ladder},
    },
    features::meeting::Meeting,
    grammar::Object,
};

/// How the table calls it. Its ids are those of meetings.
pub const OBJECT: Object = Object {
    name: "纪要",
    english: "minutes",
    aliases: &["会议纪要"],
    letter: Some('M'),
    summary: "一条消息交纪要：决议、待办、风险、待确认，每行一条",
};

/// The step of a meeting's pings about minutes.
pub const STEP: &str = "minutes";

/// What was written down of a meeting, and the clock until it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Minutes {
    /// The clock; it runs from the meeting's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Ladder>,
    /// What was filed, oldest first; the last one counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<Version>,
    /// Nobody has to write any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excused: Option<Excused>,
    /// When the time ran out without them. It stays for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breached: Option<Timestamp>,
}

/// Minutes as they were filed at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// By whom.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// 决议.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Point>,
    /// 待办.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Made>,
    /// 风险.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risks: Vec<Made>,
    /// 待确认.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Point>,
    /// Everything else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Point>,
}

/// One line of minutes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Its words.
    pub text: String,
    /// `!内部`: not for the customer.
    #[serde(default)]
    pub internal: bool,
}

/// A line that made a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// The record's title, by which a correction finds it again.
    pub text: String,
    /// The number of its `A` or `K`.
    pub number: u32,
}

/// Why nobody has to write minutes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Excused {
    /// Who said so.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

impl Version {
    /// What a search reads of it: what everybody may read, and what the team alone may.
    pub fn words(&self) -> (Vec<String>, Vec<String>) {
        let points = self.decisions.iter().chain(&self.questions).chain(&self.remarks);
        let (internal, open): (Vec<&Point>, Vec<&Point>) = points.partition(|point| point.internal);
        let texts = |points: Vec<&Point>| points.into_iter().map(|point| point.text.clone()).collect();
        let (open, mut internal): (Vec<String>, Vec<String>) = (texts(open), texts(internal));
        // What became records of their own may be seen there by whom they are for.
        internal.extend(self.actions.iter().chain(&self.risks).map(|made| made.text.clone()));
        (open, internal)
    }
}

impl Minutes {
    /// Whether they are still to be filed.
    pub fn are_missing(&self) -> bool {
        self.versions.is_empty() && self.excused.is_none()
    }

    /// The version that counts.
    pub fn latest(&self) -> Option<&Version> {
        self.versions.last()
    }

    /// By how much the first version was late.
    pub fn late_by(&self) -> Option<SignedDuration> {
        let (first, clock) = (self.versions.first()?, self.clock.as_ref()?);
        let late = first.at.duration_since(clock.due);
        (late > SignedDuration::ZERO || self.breached.is_some()).then(|| late.max(SignedDuration::ZERO))
    }

    /// The number of the record that an earlier version made of this line.
    fn made(&self, text: &str, of: impl Fn(&Version) -> &[Made]) -> Option<u32> {
        let lines = self.versions.iter().rev().flat_map(of);
        lines.into_iter().find(|line| same(&line.text, text)).map(|line| line.number)
    }
}

/// Whether two lines say the same, blanks and final stops aside.
fn same(a: &str, b: &str) -> bool {
    let bare = |text: &str| {
        text.chars().filter(|c| !c.is_whitespace() && !"。.；;".contains(*c)).collect::<String>()
    };
    bare(a) == bare(b)
}

/// The clock of minutes: reminders before they are due, a breach when they are, and again until they come.
pub(crate) fn clock(ended: Timestamp, now: Timestamp, rules: &Rules) -> Ladder {
    let due = rules.calendar.add(ended, rules.minutes.due);
    let mut ladder = Ladder::new(due);
    for before in &rules.minutes.remind_before {
        let at = rules.calendar.subtract(due, *before);
        if at > ended {
            ladder = ladder.rung(at, "remind");
        }
    }
    let every = match rules.minutes.repeat {
        Span::Elapsed(time) => time,
        Span::WorkingDays(days) => SignedDuration::from_hours(24 * i64::from(days)),
    };
    // They are asked for at the end; what is due before that is heard would be said beside it.
    let asked = rules.calendar.after_quiet(now);
    ladder.rung(due, "breach").repeating(every, None).from_now(asked)
}

/// What a rung of that clock says.
pub(crate) fn climb(meeting: &Meeting, climb: Climb, dossier: &Dossier, cx: &Waking) -> Outcome {
    let mut next = meeting.clone();
    next.minutes.clock = Some(climb.ladder.clone());
    if let Some(rung) = climb.passed.iter().find(|rung| rung.name == "breach") {
        next.minutes.breached = Some(rung.at);
    }
    let what = match (climb.rung.as_str(), climb.repeat) {
        ("remind", _) => "提醒交纪要",
        (_, 0) => "纪要超时",
        _ => "提醒纪要超时",
    };
    let outcome = Outcome::change(next, what);
    // At night and on days off pings wait. Where the next one is due before this one is heard, that one
    // speaks: nobody finds a pile of them on Monday.
    let heard = cx.rules.calendar.after_quiet(cx.now);
    if climb.ladder.next().is_some_and(|next| next <= heard) {
        return outcome;
    }
    let (roles, message): (&[Role], _) = match climb.rung.as_str() {
        "remind" => (&[Role::ProjectManager], words::remind(meeting, heard, cx.rules)),
        _ => (&[Role::ProjectManager, Role::CustomerLead], words::breach(meeting, heard, cx.rules)),
    };
    let ping = meeting.minutes_ping(roles, dossier, message);
    outcome.saying(Say::Ping(Ping { since: climb.since, ..ping }))
}
