//! The platform's own meeting ended (CONTRACT 6), or can be seen again.

use jiff::{SignedDuration, Timestamp};

use super::{Meeting, State, Told};
use crate::dossier::{Context, Dossier, Outcome, ladder::later};

/// CONTRACT 6: an event belongs to a meeting from 30 minutes before its start …
const BEFORE: SignedDuration = SignedDuration::from_mins(30);
/// … until 2 hours after its end.
const AFTER: SignedDuration = SignedDuration::from_hours(2);

/// The project's meeting to which a platform's belongs, and whether by its name.
fn theirs<'d>(topic: &str, ended: Timestamp, dossier: &'d Dossier) -> Option<(&'d Meeting, bool)> {
    let near: Vec<&Meeting> = dossier
        .all::<Meeting>()
        .filter(|meeting| !matches!(meeting.state, State::Cancelled { .. }))
        .filter(|meeting| later(meeting.starts, -BEFORE) <= ended && ended <= later(meeting.ends, AFTER))
        .collect();
    let topic = topic.trim();
    let named = near.iter().rev().find(|meeting| !topic.is_empty() && meeting.title.trim() == topic);
    match (named, near.as_slice()) {
        (Some(named), _) => Some((named, true)),
        (None, [only]) => Some((only, false)),
        (None, _) => None,
    }
}

/// How well a platform's meeting fits a project: by a meeting's name, or by the time of its only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// By its time.
    Time,
    /// By its name.
    Name,
}

/// Whether a platform's meeting, of which no room is told, may be one of this project.
pub fn fits(topic: &str, ended: Timestamp, dossier: &Dossier) -> Option<Fit> {
    theirs(topic, ended, dossier).map(|(_, named)| if named { Fit::Name } else { Fit::Time })
}

/// What the end of a platform's meeting does to the project's own: `None` where it belongs to none, or to
/// one of which an end was told before.
pub fn ended_by_platform(
    topic: &str,
    started: Option<Timestamp>,
    ended: Timestamp,
    dossier: &Dossier,
    cx: &Context,
) -> Option<Outcome> {
    let ended = ended.min(cx.now);
    let (meeting, _) = theirs(topic, ended, dossier)?;
    if !meeting.is_ahead() {
        return None;
    }
    let mut told = meeting.clone();
    if let (Some(since), State::Planned) = (started, &meeting.state) {
        told.state = State::Running { since };
    }
    Some(told.end(ended, Told::Platform, dossier, cx.now, cx.rules))
}

/// How many recordings of one meeting are kept.
const MOST: usize = 5;

/// Keeps where a recording can be seen: `None` where it belongs to no meeting, or is known. Nobody is told; it stands
/// wherever the minutes are asked for.
pub fn recorded_by_platform(
    topic: &str,
    ready: Timestamp,
    url: &str,
    dossier: &Dossier,
    cx: &Context,
) -> Option<Outcome> {
    let (meeting, _) = theirs(topic, ready.min(cx.now), dossier)?;
    if meeting.recordings.len() >= MOST || meeting.recordings.iter().any(|known| known == url) {
        return None;
    }
    let mut next = meeting.clone();
    next.recordings.push(url.to_owned());
    Some(Outcome::change(next, "有妙记"))
}
