//! The end of a change: what an approval does, and that everybody concerned hears of it in one message
//! (RULES 3).

use jiff::Timestamp;

use super::{
    ChangeRequest, Stage, State, board,
    board::Verdict,
    clock::{announce, calling, in_customer_room},
    replan, words,
};
use crate::{
    chat::{Message, Person},
    dossier::{Context, Dossier, Hearing, Outcome, Project, Record, Refusal, RoomKind, Rules, Say, Waking},
    features::{
        action::{self, ActionItem},
        requirement::{Requirement, links, with_newest},
    },
};

/// What the team and the customer hear of an end.
struct News {
    ours: Message,
    theirs: Message,
}

/// What a vote that was just given makes of a change.
///
/// # Errors
/// The requirement no longer holds.
pub fn counted(
    next: ChangeRequest,
    by: &Person,
    dossier: &Dossier,
    cx: &Context,
) -> Result<Outcome, Refusal> {
    match board::verdict(&next.votes, dossier.project()) {
        Verdict::Open => Ok(still_open(next, by, dossier, cx)),
        Verdict::Rejected => Ok(rejected(next, dossier, cx)),
        Verdict::Approved => approved(next, dossier, cx),
    }
}

fn still_open(next: ChangeRequest, by: &Person, dossier: &Dossier, cx: &Context) -> Outcome {
    let project = dossier.project();
    let message = words::voted(&next, by, project, cx);
    let tell = cx.place.kind == RoomKind::Customer;
    let mut outcome = Outcome::change(next.clone(), "同意").replying(message.clone());
    if tell {
        outcome =
            outcome.saying(announce(&next, Hearing::Internal, Message { buttons: Vec::new(), ..message }));
    }
    outcome
}

fn rejected(mut next: ChangeRequest, dossier: &Dossier, cx: &Context) -> Outcome {
    let Some(vote) = next.votes.values().find(|vote| !vote.agrees).cloned() else {
        return Outcome::default();
    };
    let why = vote.why.clone().unwrap_or_default();
    next.state = State::Rejected { by: vote.by, at: cx.now, why: why.clone() };
    next.clock = None;
    let news = News {
        ours: words::rejected(&next, Some(&why)),
        theirs: words::rejected(&next, next.customers_no()),
    };
    dropped(Outcome::change(next.clone(), "反对，变更否决").because(Some(why)), &next, news, dossier, cx)
}

/// The end of a change that came to nothing: its contract is not amended either.
fn dropped(
    outcome: Outcome,
    change: &ChangeRequest,
    mut news: News,
    dossier: &Dossier,
    cx: &Context,
) -> Outcome {
    let item = change.contract.and_then(|number| dossier.find::<ActionItem>(number));
    let Some(item) = item.filter(|item| item.state == action::State::Open) else {
        return conclude(outcome, change, news, dossier, Some(cx));
    };
    news.ours = news.ours.line(words::contract_ended(item));
    let cancelled = action::State::Cancelled { by: cx.actor.clone(), at: cx.now };
    let outcome = outcome.and(ActionItem { state: cancelled, ..item.clone() });
    conclude(outcome, change, news, dossier, Some(cx))
}

/// `/变更 C3 撤回`: told to everybody who was asked.
pub fn withdrawn(mut next: ChangeRequest, why: Option<String>, dossier: &Dossier, cx: &Context) -> Outcome {
    next.state = State::Withdrawn { at: cx.now, why: why.clone() };
    next.clock = None;
    let told = why.as_deref().filter(|_| !dossier.project().is_ours(&next.by.id));
    let news = News { ours: words::withdrawn(&next, why.as_deref()), theirs: words::withdrawn(&next, told) };
    dropped(Outcome::change(next.clone(), "撤回变更").because(why), &next, news, dossier, cx)
}

fn approved(next: ChangeRequest, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
    let number = next.requirement;
    let holds = dossier.find::<Requirement>(number).filter(|requirement| requirement.is_confirmed());
    let Some(requirement) = holds else {
        return Err(Refusal::new(format!(
            "R{number} 已不是确认的需求，C{} 不能通过。请提出人撤回：/变更 C{} 撤回",
            next.number, next.number
        )));
    };
    let (outcome, next, news) = amend(next, requirement, dossier, (cx.now, cx.rules));
    Ok(conclude(outcome, &next, news, dossier, Some(cx)))
}

/// The approval of a change whose last missing seat became empty; `None` where it cannot be.
pub fn approved_by_itself(change: &ChangeRequest, dossier: &Dossier, cx: &Waking) -> Option<Outcome> {
    if change.stage_in(dossier) != Stage::Vote {
        return None;
    }
    let holds = dossier.find::<Requirement>(change.requirement)?;
    let requirement = Some(holds).filter(|requirement| requirement.is_confirmed())?;
    let (outcome, next, news) = amend(change.clone(), requirement, dossier, (cx.now, cx.rules));
    Some(conclude(outcome, &next, news, dossier, None))
}

/// The approval: the requirement's new version, and why.
///
/// Invariant: nothing that still has a step to go comes here.
fn amend(
    mut next: ChangeRequest,
    requirement: &Requirement,
    dossier: &Dossier,
    (now, rules): (Timestamp, &Rules),
) -> (Outcome, ChangeRequest, News) {
    let text = match &next.description {
        Some(more) => format!("{}\n{more}", next.title),
        None => next.title.clone(),
    };
    let requirement = requirement.amended(next.key(), &text, now);
    next.state = State::Approved { at: now, version: requirement.version };
    next.clock = None;
    let project = dossier.project();
    let why = words::why_approved(&next);
    let applied = replan::applied(&next, dossier, now, rules);
    let mut message = words::approved(&next, &requirement);
    if let Some((_, plan)) = &applied {
        message = message.line(format!("节点已按计划改期 · 计划 v{}", plan.version()));
    }
    let message = with_newest(message, &requirement, dossier, &rules.calendar);
    // What hangs on a requirement is ours alone.
    let ours = match links::shaken(&requirement, dossier) {
        Some(suspect) => message.clone().line(format!("关联待复核：{suspect}")),
        None => message.clone(),
    };
    let news = News {
        ours: calling(&ours, concerned(&next, &requirement, project)),
        theirs: calling(&message, board::BoardSeat::Customer.holders(project)),
    };
    let mut outcome = Outcome::change(next.clone(), "变更通过").because(Some(why)).and(requirement);
    if let Some((milestones, plan)) = applied {
        outcome = milestones.into_iter().fold(outcome, Outcome::and).and(plan);
    }
    (outcome, next, news)
}

/// Those of ours whom an approval concerns: the board, the requirement's owner, the filer.
fn concerned<'a>(
    change: &'a ChangeRequest,
    requirement: &'a Requirement,
    project: &'a Project,
) -> Vec<&'a Person> {
    let board = board::filled(project).into_iter().flat_map(|seat| seat.holders(project));
    let mut people: Vec<&Person> = Vec::new();
    for person in board.chain(&requirement.owner).chain([&change.by]) {
        if !project.is_customer(&person.id) && !people.iter().any(|known| known.id == person.id) {
            people.push(person);
        }
    }
    people
}

/// Tells an end once in each room that may hear it. The answer is its room's copy.
fn conclude(
    mut outcome: Outcome,
    change: &ChangeRequest,
    news: News,
    dossier: &Dossier,
    said: Option<&Context>,
) -> Outcome {
    let project = dossier.project();
    let place = said.map(|cx| cx.place.kind);
    let alone = |kind: RoomKind| place == Some(kind) && project.rooms_of(kind).count() == 1;
    let News { ours, theirs } = news;
    let customers = board::BoardSeat::Customer.holders(project);
    let speaker = said.map(|cx| cx.actor);
    // In a direct chat the answer would be repeated to the team by its first line: it is said apart.
    if let (Some(RoomKind::Direct), Some(person)) = (place, speaker) {
        let message = if project.is_customer(&person.id) { &theirs } else { &ours };
        outcome = outcome.saying(direct(project, person, message));
    }
    match alone(RoomKind::Internal) {
        true => outcome.reply = Some(ours),
        false => outcome = outcome.saying(announce(change, Hearing::Internal, ours)),
    }
    if in_customer_room(change, project) {
        match alone(RoomKind::Customer) {
            true => outcome.reply = Some(theirs),
            false => outcome = outcome.saying(announce(change, Hearing::Customer, theirs)),
        }
        return outcome;
    }
    let told =
        |person: &&Person| place == Some(RoomKind::Direct) && speaker.is_some_and(|s| s.id == person.id);
    for person in customers.iter().filter(|person| project.is_customer(&person.id) && !told(person)) {
        outcome = outcome.saying(direct(project, person, &theirs));
    }
    outcome
}

/// The message to one person alone, with the project's name and without buttons and mentions.
fn direct(project: &Project, person: &Person, message: &Message) -> Say {
    let mut lines: Vec<crate::chat::Line> = message.lines.clone();
    if let Some(first) = lines.first_mut() {
        let words = first.0.iter().filter_map(|span| match span {
            crate::chat::Span::Text(text) | crate::chat::Span::Strong(text) => Some(text.as_str()),
            crate::chat::Span::Person(_) => None,
        });
        let words = words.collect::<String>();
        *first = crate::chat::Line::text(format!("【{}】{}", project.name, words.trim_start()));
    }
    let message = Message { lines, buttons: Vec::new(), ..message.clone() };
    Say::Direct { person: person.clone(), message }
}
