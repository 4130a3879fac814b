//! How a meeting stands in people's calendars.

use super::{Meeting, State};
use crate::chat::Invite;

impl Meeting {
    /// One that is over stays in them as it was planned.
    pub(super) fn invited(&self) -> Option<Invite> {
        let cancelled = match self.state {
            State::Planned | State::Running { .. } => false,
            State::Cancelled { .. } => true,
            State::Ended { .. } => return None,
        };
        Some(Invite {
            uid: format!("M{}-{}", self.number, self.created_at.as_second()),
            title: self.title.clone(),
            starts: self.starts,
            ends: self.ends,
            place: self.place.clone(),
            online: self.online.clone(),
            host: self.by.clone(),
            people: self.people.clone(),
            since: self.created_at,
            cancelled,
        })
    }
}
