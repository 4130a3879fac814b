//! `/需求 R12 确认 面对面:M3`: the signer confirms, and version 1 of the specification is made.

use super::{Requirement, State, frozen, refusal, requirement, with_newest, words};
use crate::{
    chat::{Message, Person},
    dossier::{Context, Dossier, Hearing, Outcome, Refusal, RoomKind, Say},
    features::proof::{FACE_TO_FACE, NO_FACE_TO_FACE, Proof},
    grammar::{Args, Command, Form, Rest, Spec},
};

/// Confirms a requirement; said by one of us, it asks the signer to.
pub struct Confirm {
    number: u32,
    args: Args,
}

impl Command for Confirm {
    const SPEC: Spec = Spec::new(
        "需求",
        Form::IdAct("确认", "confirm"),
        "/需求 R1 确认 面对面:M3",
        "签字人确认，生成《需求规格说明书》；没有面谈写 无面对面:原因",
    )
    .keys(&[FACE_TO_FACE, NO_FACE_TO_FACE])
    .rest(Rest::Read);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        let rest = args.words();
        if !rest.is_empty() {
            return Err(Refusal::new(format!(
                "看不懂「{}」，没有确认。写法：/R{number} 确认 面对面:M3，或 /R{number} 确认 无面对面:原因",
                rest
            )));
        }
        Ok(Self { number, args })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = requirement(dossier, self.number)?;
        if before.is_confirmed() {
            return Err(frozen(before));
        }
        if before.state != State::AwaitingConfirmation {
            return Err(refusal::not_to_be_confirmed(before, dossier, cx));
        }
        let missing = before.missing_for_confirmation(dossier.project());
        let proof = Proof::of(&self.args, dossier, cx)?;
        let has_proof = proof.is_some();
        let Some(proof) = proof.filter(|_| missing.is_empty()) else {
            return Err(refusal::incomplete(before, &missing, has_proof));
        };
        let signers = before.signers(dossier);
        if signers.iter().any(|signer| signer.id == cx.actor.id) {
            return Ok(confirmed(before, proof, dossier, cx));
        }
        if signers.is_empty() {
            return Err(refusal::unknown_signer(before, dossier));
        }
        if !cx.is_triangle(dossier) {
            return Err(refusal::signer_only(before, &signers));
        }
        Ok(asked(before, &signers, &line(self.number, &proof), dossier, cx))
    }
}

/// The line that says the same, for the signer's button. A day is named by its date: the button may be pressed
/// days later.
fn line(number: u32, proof: &Proof) -> String {
    let proof = match proof {
        Proof::Meeting(number) => format!("面对面:M{number}"),
        Proof::Date(day) => format!("面对面:{day}"),
        Proof::None(why) => format!("无面对面:\"{}\"", unquoted(why)),
    };
    format!("/R{number} 确认 {proof}")
}

/// Without what would end the quotes of a key's value.
fn unquoted(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '"' | '“' | '”' | '\n')).collect()
}

fn confirmed(before: &Requirement, proof: Proof, dossier: &Dossier, cx: &Context) -> Outcome {
    let mut next = before.confirmed(cx.actor, proof, cx.now).heard(dossier, cx);
    next.clock = None;
    let about = Some(crate::dossier::Record::key(&next));
    let message = words::confirmed(&next, dossier, cx.rules);
    let message = with_newest(message, &next, dossier, &cx.rules.calendar);
    let ours = message.clone().button("开始", format!("/R{} 开始", next.number));
    let shared = next.shared && cx.place.kind != RoomKind::Customer;
    let reply = if cx.sees_internal(dossier) { ours.clone() } else { message.clone() };
    let mut outcome = Outcome::change(next, "确认").replying(reply);
    // A direct chat tells the team by itself.
    if cx.place.kind == RoomKind::Customer {
        outcome = outcome.saying(Say::Announce { hearing: Hearing::Internal, message: ours, about });
    }
    if shared {
        outcome = outcome.saying(Say::Announce { hearing: Hearing::Customer, message, about });
    }
    outcome
}

/// One of us has everything together: the signer is asked, where the signer is. From then on the
/// requirement is the customer's to see.
fn asked(before: &Requirement, signers: &[Person], line: &str, dossier: &Dossier, cx: &Context) -> Outcome {
    let project = dossier.project();
    let about = Some(crate::dossier::Record::key(before));
    let request = words::please_confirm(before, signers, dossier, cx).button("确认", line);
    let customers: Vec<&Person> = signers.iter().filter(|signer| project.is_customer(&signer.id)).collect();
    if customers.is_empty() {
        return Outcome { about, ..Outcome::reply(request) };
    }
    let mut next = before.clone().heard(dossier, cx);
    next.shared = true;
    let names: Vec<&str> = customers.iter().map(|signer| signer.name.as_str()).collect();
    let outcome = Outcome::change(next, "请签字人确认");
    if cx.place.kind == RoomKind::Customer {
        return outcome.replying(request);
    }
    let in_room = project.rooms_of(RoomKind::Customer).next().is_some();
    let whereto = if in_room { "客户群" } else { "私聊" };
    let outcome = outcome.replying(Message::text(format!(
        "{} 材料齐全，已在{whereto}请 {} 确认",
        words::name(before),
        names.join("、")
    )));
    if in_room {
        return outcome.saying(Say::Announce { hearing: Hearing::Customer, message: request, about });
    }
    customers.into_iter().fold(outcome, |outcome, person| {
        outcome.saying(Say::Direct { person: person.clone(), message: request.clone() })
    })
}
