//! How the promises of tickets were kept in a week.

use super::report::Week;
use crate::features::ticket::{Clock, Ticket};

/// The figures of some tickets in a week.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// Opened in it.
    pub(super) opened: usize,
    /// Solved in it.
    pub(super) solved: usize,
    /// Still open now.
    pub(super) open: usize,
    /// First responses in time.
    pub(super) response_kept: usize,
    /// First responses that were late, or still are.
    pub(super) response_breached: usize,
    /// Solved in time.
    pub(super) closing_kept: usize,
    /// Closing times that ran out.
    pub(super) closing_breached: usize,
}

impl Figures {
    pub(super) fn of<'a>(tickets: impl Iterator<Item = &'a Ticket>, week: Week) -> Self {
        let mut figures = Self::default();
        for ticket in tickets {
            let breached = |clock| ticket.breaches.iter().any(move |breach| breach.clock == clock);
            let breaches = |clock| {
                ticket
                    .breaches
                    .iter()
                    .filter(move |breach| breach.clock == clock && week.has(breach.at))
                    .count()
            };
            let solved = ticket.solved_at.is_some_and(|at| week.has(at));
            // Only urgent tickets have a response clock; who answers leaves it without one.
            let responded = ticket.urgency == crate::features::ticket::Urgency::Urgent
                && ticket.response.as_ref().is_some_and(|response| week.has(response.at));
            figures.opened += usize::from(week.has(ticket.opened_at));
            figures.open += usize::from(ticket.is_open());
            figures.solved += usize::from(solved);
            figures.response_kept += usize::from(responded && !breached(Clock::Respond));
            figures.response_breached += breaches(Clock::Respond);
            figures.closing_kept += usize::from(solved && !breached(Clock::Close));
            figures.closing_breached += breaches(Clock::Close);
        }
        figures
    }

    /// Whether there is nothing to say.
    pub(super) fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// `新增 2 · 解决 1 · 处理中 1 · 响应按时 1/1 · 解决按时 1/2`.
    pub(super) fn words(self) -> String {
        let mut words = format!("新增 {} · 解决 {} · 处理中 {}", self.opened, self.solved, self.open);
        for (what, kept, breached) in [
            ("响应", self.response_kept, self.response_breached),
            ("解决", self.closing_kept, self.closing_breached),
        ] {
            if kept + breached > 0 {
                words.push_str(&format!(" · {what}按时 {kept}/{}", kept + breached));
            }
        }
        words
    }
}
