//! What an export tells of a ticket beside its fields.

use jiff::Timestamp;

use super::{Clock, State, Ticket, Urgency};
use crate::dossier::Cell;

/// See [`crate::dossier::Kind::cells`]. The cause is ours; the customer reads the explanation.
pub(super) fn cells(ticket: &Ticket) -> Vec<(&'static str, Cell)> {
    let urgency = match ticket.urgency {
        Urgency::Normal => "一般",
        Urgency::Urgent => "紧急",
    };
    let solved: Option<(Timestamp, &String, &String)> = match &ticket.state {
        State::Resolved { at, cause, explanation, .. } | State::Closed { at, cause, explanation } => {
            Some((ticket.solved_at.unwrap_or(*at), cause, explanation))
        }
        State::New | State::Acknowledged | State::Working | State::Waiting { .. } | State::Reopened => None,
    };
    let broken =
        |clock: Clock| ticket.breaches.iter().find(|breach| breach.clock == clock).map(|breach| breach.at);
    let remarks = ticket.remarks.iter().map(|remark| format!("{}：{}", remark.by.name, remark.text));
    vec![
        ("优先级", urgency.into()),
        ("响应时限", ticket.respond.as_ref().map(|respond| respond.due).into()),
        ("响应", ticket.response.as_ref().map(|response| response.at).into()),
        ("响应人", ticket.response.as_ref().map(|response| &response.by).into()),
        ("解决时限", ticket.close.due.into()),
        ("解决", solved.map(|(at, ..)| at).into()),
        ("原因", solved.map(|(_, cause, _)| cause.as_str()).into()),
        ("说明", solved.map(|(.., explanation)| explanation.as_str()).into()),
        ("等客户（分钟）", Cell::times(usize::try_from(ticket.paused / 60).unwrap_or(0))),
        ("响应超时", broken(Clock::Respond).into()),
        ("解决超时", broken(Clock::Close).into()),
        ("备注", remarks.collect::<Vec<_>>().join("\n").into()),
        ("重开次数", Cell::times(ticket.reopened.len())),
    ]
}
