//! What is still owed of what was said: the steps of pings about a project's rhythm.

use jiff::Timestamp;

use super::{Fate, Rhythm, Told, verdict, verdicts};
use crate::{
    chat::{Message, Tone},
    dossier::{Call, Dossier, Ping, Record},
    features::{brief, value},
};

/// The step of a reminder: with the second in which its period began, and its beat.
const REMIND: &str = "remind";
/// The step of a miss: with the second in which its period ended, and its beat.
const MISSED: &str = "missed";
/// The step of asking for the week's value: with the second from which on it counts.
pub const VALUE: &str = "value";
/// The step of asking for the month's brief: with the second in which the month began.
pub const BRIEF: &str = "brief";

/// The step of what is said of a beat.
pub(super) fn step(beat: &str, told: &Told) -> String {
    match told.missed {
        0 => format!("{REMIND} {} {beat}", told.from.as_second()),
        _ => format!("{MISSED} {} {beat}", told.until.as_second()),
    }
}

/// What a job asks for in a period that began then: looked at again when it is said. A project that has no
/// rhythm yet is asked all the same.
pub fn ask(dossier: &Dossier, call: Call, (what, from): (&str, Timestamp), message: Message) -> Ping {
    let about = Rhythm::of(dossier).map_or_else(|| Record::key(dossier.project()), Record::key);
    Ping::new(call, about, format!("{what} {}", from.as_second()), message)
}

/// Says two things to the same people in one message: the louder tone, and both steps.
pub(super) fn join(ping: &mut Ping, other: Ping) {
    ping.step = format!("{}\n{}", ping.step, other.step);
    if other.message.tone == Tone::Alarm {
        ping.message.tone = Tone::Alarm;
    }
    ping.message.lines.extend(other.message.lines);
    ping.message.buttons.extend(other.message.buttons);
}

impl Rhythm {
    /// Whether one step is still owed.
    pub(super) fn owes_step(&self, step: &str, dossier: &Dossier) -> bool {
        let mut words = step.splitn(3, ' ');
        let (Some(what), Some(Ok(second))) = (words.next(), words.next().map(str::parse::<i64>)) else {
            return false;
        };
        let beat = words.next().unwrap_or_default();
        let running = self.running.get(beat);
        let from = Timestamp::from_second(second).unwrap_or_default();
        match what {
            REMIND => running.is_some_and(|one| one.from.as_second() == second && one.owes()),
            MISSED => verdict::counted(verdicts(dossier), beat).next().is_some_and(|last| {
                let holds = running.is_some() || self.since < last.until;
                holds && last.until.as_second() == second && last.fate == Fate::Missed
            }),
            VALUE => !value::any_since(dossier, from),
            BRIEF => !brief::sent_since(dossier, from),
            _ => false,
        }
    }
}
