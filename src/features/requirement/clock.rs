//! The two clocks of RULES 2: three working days for the analysis, three for the confirmation.

use jiff::Timestamp;

use super::{Requirement, State, words};
use crate::{
    calendar::Span,
    chat::Person,
    dossier::{
        Context, Dossier, Outcome, Ping, Role, Rules, Say, Waking,
        ladder::{Climb, Ladder},
    },
};

/// The clock until the analysis is there.
pub(super) fn analyse_ladder(from: Timestamp, rules: &Rules) -> Ladder {
    ladder(from, rules.requirement.analyse_within, "analyse", rules)
}

/// The clock until the signer confirms.
fn confirm_ladder(from: Timestamp, rules: &Rules) -> Ladder {
    ladder(from, rules.requirement.confirm_within, "confirm", rules)
}

fn ladder(from: Timestamp, within: Span, step: &str, rules: &Rules) -> Ladder {
    let due = rules.calendar.add(from, within);
    Ladder::new(due).rung(due, step)
}

impl Requirement {
    /// The step that its clock is about, while it runs.
    pub(super) fn step(&self) -> Option<&'static str> {
        match self.state {
            State::Collected | State::Analysing => Some("analyse"),
            State::AwaitingConfirmation => Some("confirm"),
            State::Confirmed { .. }
            | State::InProgress
            | State::Delivered { .. }
            | State::Accepted { .. }
            | State::Waived { .. }
            | State::Rejected { .. }
            | State::Withdrawn { .. } => None,
        }
    }

    /// Whose turn it is.
    pub(super) fn turn(&self) -> Role {
        match self.state {
            State::Collected | State::Analysing => Role::TechnicalContact,
            _ => Role::ProjectManager,
        }
    }

    /// The same, waiting for its signer once the analysis and 真实需求 are complete.
    pub(super) fn advanced(mut self, now: Timestamp, rules: &Rules) -> Self {
        let analysing = matches!(self.state, State::Collected | State::Analysing);
        if analysing && self.analysis.missing().is_empty() && self.has("真实需求") {
            self.state = State::AwaitingConfirmation;
            self.clock = Some(confirm_ladder(now, rules));
        }
        self
    }

    /// The same after something was done about it: the first such act of ours is the first answer.
    pub(super) fn heard(mut self, dossier: &Dossier, cx: &Context) -> Self {
        if self.answered.is_none() && cx.is_triangle(dossier) {
            self.answered = Some(Answer { by: cx.actor.clone(), at: cx.now });
        }
        self
    }

    pub(super) fn climb(&self, climb: Climb, dossier: &Dossier, cx: &Waking) -> Outcome {
        let mut next = self.clone();
        next.clock = Some(climb.ladder.clone());
        let call = dossier.project().call(&[self.turn()]);
        let (what, message) = match climb.rung.as_str() {
            "analyse" => ("提醒分析", words::not_analysed_yet(self, climb.at, cx)),
            _ => ("提醒确认", words::not_confirmed_yet(self, climb.at, cx)),
        };
        let about = crate::dossier::Record::key(self);
        let ping = Ping::of(&climb, call, about, climb.rung.clone(), message);
        Outcome::change(next, what).saying(Say::Ping(ping))
    }
}

/// The first word of ours on a requirement.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Answer {
    /// Whose.
    pub by: Person,
    /// When.
    pub at: Timestamp,
}
