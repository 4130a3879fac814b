//! Who may do what, and which records are there for whom.

use crate::{
    chat::PersonId,
    dossier::{Context, Dossier, Refusal, RoomKind},
    features,
    grammar::{Args, Who},
    store::Key,
};

/// Whether whoever asks may; a refusal says who may.
pub(super) fn permitted(who: Who, id: Option<Key>, dossier: &Dossier, cx: &Context) -> Result<(), Refusal> {
    let Some(project) = dossier.founded() else { return Ok(()) };
    let triangle = cx.is_triangle(dossier);
    let representative = project.holds(&cx.actor.id, crate::dossier::Role::CustomerRepresentative);
    let allowed = match who {
        Who::Anyone => true,
        Who::Triangle => triangle,
        Who::TriangleOrOwner => triangle || id.is_some_and(|id| waits_for(dossier, id, &cx.actor.id)),
        Who::TriangleOnceSet => triangle || project.seats.is_empty(),
        Who::TriangleOrRepresentative => triangle || representative,
    };
    if allowed { Ok(()) } else { Err(features::who_may(who, project)) }
}

/// Whether it is this person who has to act on a record.
fn waits_for(dossier: &Dossier, key: Key, person: &PersonId) -> bool {
    let open = dossier.record(key).map(|record| record.open(dossier)).unwrap_or_default();
    open.iter().flat_map(|open| &open.who).any(|who| who.id == *person)
}

/// Nothing internal is written where customers read along.
pub(super) fn kept_inside(args: &Args, dossier: &Dossier, cx: &Context) -> Result<(), Refusal> {
    if !args.internal || cx.sees_internal(dossier) {
        return Ok(());
    }
    Err(features::not_internal_here(&args.said, cx))
}

/// A record that this room or person may not see is as if it were not there.
pub(super) fn visible(args: &Args, dossier: &Dossier, cx: &Context) -> Result<(), Refusal> {
    let Some(key) = args.id else { return Ok(()) };
    let seen = dossier.record(key).is_some_and(|record| {
        let asked = cx.place.kind != RoomKind::Customer && record.asks(&cx.actor.id, dossier);
        record.shared() || asked || cx.sees_internal(dossier)
    });
    if seen {
        return Ok(());
    }
    if let Some(receipt) = dossier.record(key).and_then(|record| record.receipt()) {
        return Err(Refusal::new(receipt));
    }
    Err(Refusal::new(format!("没有 {key}。看编号发 {}", features::list_line(key.letter))))
}
