//! The gate before 交付后 (RULES 10): every confirmed requirement delivered or waived, face to face or with a
//! reason why not, and a signer.

use jiff::civil::Date;

use super::{Acceptance, Accepted, care_until, words};
use crate::{
    dossier::{Context, Dossier, Refusal, Role},
    features::{
        delay::{Delay, Reason},
        proof::Proof,
        requirement::{Requirement, State},
    },
};

/// What a line says of an acceptance.
pub struct Asked {
    /// Whether people sat together over it, where it says so.
    pub proof: Option<Proof>,
    /// Who signed, where it says so.
    pub signer: Option<String>,
    /// Why it is late, where it says so.
    pub why: Option<String>,
    /// The planned completion.
    pub completion: Option<Date>,
    /// The line, to be sent again with what it misses.
    pub line: String,
}

/// Something the gate misses.
pub enum Lack<'a> {
    /// A confirmed requirement that is neither delivered nor waived.
    Requirement(&'a Requirement),
    /// A face-to-face meeting, or the reason why there was none.
    Proof,
    /// A signer.
    Signer,
    /// The category of the cause of a late acceptance: so many days.
    Cause(i32),
}

/// The confirmed requirements that are neither delivered nor waived.
pub fn undelivered(dossier: &Dossier) -> impl Iterator<Item = &Requirement> {
    dossier.all::<Requirement>().filter(|requirement| {
        let settled = matches!(
            requirement.state,
            State::Delivered { .. } | State::Accepted { .. } | State::Waived { .. }
        );
        requirement.is_confirmed() && !settled
    })
}

/// Takes a project through the gate.
///
/// # Errors
/// Everything that is missing, with the lines to send.
pub fn pass(
    before: Acceptance,
    asked: Asked,
    dossier: &Dossier,
    cx: &Context,
) -> Result<Acceptance, Refusal> {
    let calendar = &cx.rules.calendar;
    let signer = asked.signer.or_else(|| {
        // One holder is meant without being named; several are not.
        let [only] = dossier.project().holders(Role::Signer) else { return None };
        Some(only.name.clone())
    });
    let today = calendar.date(cx.now);
    let on = asked.proof.as_ref().and_then(|proof| proof.day(dossier, calendar)).unwrap_or(today);
    let late = asked.completion.filter(|planned| *planned < on);
    let reason = asked.why.as_deref().and_then(Reason::parse);
    let mut lacks: Vec<Lack> = undelivered(dossier).map(Lack::Requirement).collect();
    if asked.proof.is_none() {
        lacks.push(Lack::Proof);
    }
    if signer.is_none() {
        lacks.push(Lack::Signer);
    }
    if let Some(planned) = late.filter(|_| reason.is_none()) {
        lacks.push(Lack::Cause(planned.until(on).map_or(0, |span| span.get_days())));
    }
    let (Some(proof), Some(signer), true) = (asked.proof, signer, lacks.is_empty()) else {
        return Err(words::not_yet(&lacks, &asked.line, cx.sees_internal(dossier)));
    };
    let waived = dossier.all::<Requirement>().filter(|one| matches!(one.state, State::Waived { .. }));
    let accepted = Accepted {
        on,
        planned: asked.completion,
        signer,
        proof,
        waived: waived.map(|one| one.number).collect(),
        care_until: care_until(on, cx.rules),
    };
    let mut next = before.passed(accepted, cx.now, cx.rules);
    if let (Some(from), Some(reason)) = (late, reason) {
        next.delays.push(Delay { from, to: on, reason, by: cx.actor.clone(), at: cx.now });
    }
    Ok(next)
}
