//! What people say on a ticket, kept with it: anyone may comment (RULES 1), and no word of it is lost.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Ticket;
use crate::{
    calendar::typed,
    chat::{Line, Message, Person},
    dossier::{Context, Dossier, Hearing, Role, RoomKind, Say},
};

/// How many remarks a ticket's message shows; its history has all.
const SHOWN: usize = 5;

/// A comment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remark {
    /// Whose.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// The words.
    pub text: String,
    /// The customer said it, or heard it.
    pub shared: bool,
}

impl Ticket {
    /// The same with a remark of whoever speaks.
    pub(super) fn with_remark(mut self, text: &str, dossier: &Dossier, cx: &Context) -> Self {
        let shared = cx.place.kind == RoomKind::Customer || dossier.project().is_customer(&cx.actor.id);
        self.remarks.push(Remark { by: cx.actor.clone(), at: cx.now, text: text.to_owned(), shared });
        self
    }

    /// What a remark made where the team does not read it says to the team, with whoever works on it called.
    pub(super) fn pass_on(&self, text: &str, dossier: &Dossier, cx: &Context) -> Option<Say> {
        if cx.place.kind == RoomKind::Internal {
            return None;
        }
        let called = self.call(dossier, &[Role::TechnicalContact]).people;
        let called = called.iter().filter(|person| person.id != cx.actor.id);
        let first = Line::default()
            .people(called)
            .then(format!("{} 在 T{} {} 里说：", cx.actor.name, self.number, self.title));
        let message = Message { lines: vec![first, Line::text(text)], ..Message::default() };
        let message = match self.is_waiting() {
            true => message.button("恢复", format!("/T{} 恢复", self.number)),
            false => message,
        };
        Some(Say::Announce {
            hearing: Hearing::Internal,
            message,
            about: Some(crate::dossier::Record::key(self)),
        })
    }

    /// The newest remarks that this reader may see, oldest first.
    pub(super) fn shown_remarks(&self, internal: bool, cx: &Context) -> Vec<String> {
        let seen = self.remarks.iter().filter(|remark| internal || remark.shared);
        let mut lines: Vec<String> = seen
            .rev()
            .take(SHOWN)
            .map(|remark| {
                let at = typed::echo(remark.at, cx.now, &cx.rules.calendar);
                format!("{at} {}：{}", remark.by.name, remark.text)
            })
            .collect();
        lines.reverse();
        lines
    }
}
