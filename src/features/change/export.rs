//! What an export tells of a change request beside its fields.

use super::{ChangeRequest, Reason, State};
use crate::dossier::Cell;

/// See [`crate::dossier::Kind::cells`].
pub(super) fn cells(change: &ChangeRequest) -> Vec<(&'static str, Cell)> {
    let impact = change.impact.as_ref();
    let votes = change.votes.values().map(|vote| {
        let word = if vote.agrees { "同意" } else { "反对" };
        let why = vote.why.as_ref().map(|why| format!("（{why}）")).unwrap_or_default();
        format!("{} {word}{why}", vote.by.name)
    });
    let (decided, why) = match &change.state {
        State::Open => (None, None),
        State::Approved { at, .. } => (Some(*at), None),
        State::Rejected { at, why, .. } => (Some(*at), Some(why.as_str())),
        State::Withdrawn { at, why } => (Some(*at), why.as_deref()),
    };
    let id = |letter: char, number: Option<u32>| number.map(|number| format!("{letter}{number}"));
    vec![
        ("需求", format!("R{}", change.requirement).into()),
        ("描述", change.description.as_deref().into()),
        ("原因", change.reason.map(Reason::name).into()),
        ("进度（天）", impact.map(|impact| impact.days).into()),
        ("成本（元）", impact.map(|impact| impact.cost).into()),
        ("会议", id('M', change.meeting).into()),
        ("合同待办", id('A', change.contract).into()),
        ("表决", votes.collect::<Vec<_>>().join("；").into()),
        ("决定", decided.into()),
        ("决定说明", why.into()),
    ]
}
