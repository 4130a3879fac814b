//! Who is called when: the board to its vote, whoever owes the next step to that, the customer lead once the
//! time is over (RULES 3).
//!
//! Invariant: a customer's person is never mentioned in the internal room. They are called in their own
//! room where the change is theirs to see there, and alone otherwise.

use jiff::{SignedDuration, Timestamp};

use super::{ChangeRequest, Stage, board, board::Verdict, verdict, words};
use crate::{
    calendar::Span,
    chat::{Line, Message, Person},
    dossier::{
        Call, Dossier, Hearing, Outcome, Ping, Project, Record, Role, RoomKind, Rules, Say, Waking,
        ladder::{Climb, Ladder},
    },
};

/// A rung at which the board is reminded.
const REMIND: &str = "remind";
/// The rung at which the time is over, and the step of its pings.
const OVER: &str = "over";
/// The step of the vote, for everybody who waits for it.
pub const VOTE: &str = "vote";

/// The clock of a vote that begins at `from`.
pub fn start(from: Timestamp, rules: &Rules) -> Ladder {
    let calendar = &rules.calendar;
    let due = calendar.add(from, rules.change.assess_within);
    let ladder = Ladder::new(due);
    let reminders = rules.change.remind_after.iter().map(|after| calendar.add(from, *after));
    reminders
        .filter(|at| *at < due)
        .fold(ladder, |ladder, at| ladder.rung(at, REMIND))
        .rung(due, OVER)
        .repeating(elapsed(rules.change.repeat), None)
}

fn elapsed(span: Span) -> SignedDuration {
    match span {
        Span::Elapsed(time) => time,
        Span::WorkingDays(days) => SignedDuration::from_hours(24 * i64::from(days)),
    }
}

/// Whether an open change still owes this step: what a stage is called; the vote of one of some seats, as long
/// as no later reminder came (`vote:manager+technical/1`); the vote, as long as no later escalation came
/// (`over/<when the next one is due>`). What waits for the end of quiet hours is so said once.
pub fn owes(change: &ChangeRequest, step: &str) -> bool {
    let stage = change.stage();
    if let Some(next) = step.strip_prefix(OVER) {
        return stage == Stage::Vote && next == next_over(change);
    }
    let Some((VOTE, rest)) = step.split_once(':') else { return step == step_of(stage) };
    let Some((seats, reminders)) = rest.split_once('/') else { return false };
    let voted = |word: &str| change.votes.keys().any(|seat| seat.word() == word);
    stage == Stage::Vote
        && reminders == reminders_ahead(change).to_string()
        && seats.split('+').any(|seat| !voted(seat))
}

/// How many reminders are still to come.
fn reminders_ahead(change: &ChangeRequest) -> usize {
    let ahead = change.clock.as_ref().map(Ladder::ahead).unwrap_or_default();
    ahead.iter().filter(|rung| rung.name == REMIND).count()
}

/// When the escalation is next repeated, as a step's ending.
fn next_over(change: &ChangeRequest) -> String {
    let next = change.clock.as_ref().and_then(Ladder::next);
    next.map(|at| format!("/{at}")).unwrap_or_default()
}

fn step_of(stage: Stage) -> &'static str {
    match stage {
        Stage::Meeting => "meeting",
        Stage::Plan => "plan",
        Stage::Confirmation => "confirmation",
        Stage::Contract => "contract",
        Stage::Vote => VOTE,
    }
}

/// What happens when the clock is looked at.
pub fn wake(change: &ChangeRequest, dossier: &Dossier, cx: &Waking) -> Outcome {
    if !change.is_open() || change.stage() != Stage::Vote {
        return Outcome::default();
    }
    let climb = change.clock.as_ref().and_then(|clock| clock.climb(cx.now, &cx.rules.calendar));
    let Some(climb) = climb else { return Outcome::default() };
    let mut next = change.clone();
    next.clock = Some(climb.ladder.clone());
    if let Some(over) = climb.passed.iter().find(|rung| rung.name == OVER) {
        next.overdue = Some(over.at);
    }
    // Somebody who had not voted may have left the board since.
    if board::verdict(&change.votes, dossier.project()) == Verdict::Approved
        && let Some(outcome) = verdict::approved_by_itself(&next, dossier, cx)
    {
        return outcome;
    }
    if climb.rung == OVER { escalate(next, &climb, dossier, cx) } else { remind(next, &climb, dossier, cx) }
}

fn remind(next: ChangeRequest, climb: &Climb, dossier: &Dossier, cx: &Waking) -> Outcome {
    let project = dossier.project();
    let message = words::remind(&next, cx);
    let mut say = calls(&next, project, None, &message, climb.since);
    if board::filled(project).is_empty() {
        let call = project.call(&[Role::ProjectManager]);
        say.push(Say::Ping(Ping::of(climb, call, next.key(), VOTE, message)));
    }
    let mut outcome = Outcome::change(next, "提醒表决");
    outcome.say = say;
    outcome
}

fn escalate(next: ChangeRequest, climb: &Climb, dossier: &Dossier, cx: &Waking) -> Outcome {
    let project = dossier.project();
    let call = project.call(&[Role::CustomerLead]);
    let message = words::escalate(&next, climb, project, cx);
    let step = format!("{OVER}{}", next_over(&next));
    let say = Say::Ping(Ping::of(climb, call, next.key(), step, message));
    let what = if climb.repeat == 0 { "超时未表决" } else { "再次催表决" };
    Outcome::change(next, what).saying(say)
}

/// Pings of everybody in a seat without a vote, but `except`: ours in the internal room, the customer's
/// people alone. `since`: see [`Climb::since`].
fn calls(
    change: &ChangeRequest,
    project: &Project,
    except: Option<&Person>,
    message: &Message,
    since: Option<Timestamp>,
) -> Vec<Say> {
    let mut groups: Vec<(Vec<&str>, Vec<Person>)> = Vec::new();
    let mut alone: Vec<(&str, Vec<Person>)> = Vec::new();
    for seat in board::missing(&change.votes, project) {
        let holders = seat.holders(project).iter().filter(|person| except.is_none_or(|e| e.id != person.id));
        let (theirs, ours): (Vec<Person>, Vec<Person>) =
            holders.cloned().partition(|person| project.is_customer(&person.id));
        if !theirs.is_empty() {
            alone.push((seat.word(), theirs));
        }
        if ours.is_empty() {
            continue;
        }
        // Whoever sits in two seats is called once for both.
        let sits = |group: &(Vec<&str>, Vec<Person>)| {
            ours.iter().any(|person| group.1.iter().any(|known| known.id == person.id))
        };
        match groups.iter().position(sits) {
            Some(at) => {
                let (seats, people) = &mut groups[at];
                seats.push(seat.word());
                people.extend(
                    ours.into_iter()
                        .filter(|person| !people.iter().any(|known| known.id == person.id))
                        .collect::<Vec<_>>(),
                );
            }
            None => groups.push((vec![seat.word()], ours)),
        }
    }
    let reminders = reminders_ahead(change);
    let ping = |seats: &str, people: Vec<Person>| {
        let step = format!("{VOTE}:{seats}/{reminders}");
        Ping { since, ..Ping::new(Call::only(people), change.key(), step, message.clone()) }
    };
    let ours = groups.into_iter().map(|(seats, people)| Say::Ping(ping(&seats.join("+"), people)));
    let theirs = alone.into_iter().map(|(seat, people)| Say::PingAlone(ping(seat, people)));
    ours.chain(theirs).collect()
}

/// Calls the board to its vote, when that begins. `answered`: the room whose answer shows it already.
pub fn open_vote(
    change: &ChangeRequest,
    by: &Person,
    answered: RoomKind,
    dossier: &Dossier,
    (now, rules): (Timestamp, &Rules),
) -> Vec<Say> {
    let project = dossier.project();
    let message = words::please_vote(change, now, &rules.calendar);
    let mut say = calls(change, project, Some(by), &message, None);
    if !in_customer_room(change, project) {
        return say;
    }
    // Their room tells them: there is nothing to say to each alone.
    say.retain(|say| !matches!(say, Say::PingAlone(_)));
    if answered != RoomKind::Customer {
        let voters = board::BoardSeat::Customer.holders(project);
        let voters = voters.iter().filter(|_| !change.votes.contains_key(&board::BoardSeat::Customer));
        say.push(announce(change, Hearing::Customer, calling(&message, voters)));
    }
    say
}

/// Calls the customer representative to confirm a large change.
pub fn ask_customer(change: &ChangeRequest, dossier: &Dossier) -> Option<Say> {
    let project = dossier.project();
    let people = project.holders(Role::CustomerRepresentative);
    let message = words::please_confirm(change);
    if in_customer_room(change, project) {
        return Some(announce(change, Hearing::Customer, calling(&message, people)));
    }
    let step = step_of(Stage::Confirmation).to_owned();
    let call = Call::only(people.to_vec());
    (!people.is_empty()).then(|| Say::PingAlone(Ping::new(call, change.key(), step, message)))
}

/// Calls the project manager to the next step of a large change, unless whoever spoke is one.
pub fn call_manager(change: &ChangeRequest, stage: Stage, by: &Person, dossier: &Dossier) -> Option<Say> {
    let call = dossier.project().call(&[Role::ProjectManager]);
    let there = call.people.iter().any(|person| person.id == by.id);
    let message = words::next_step(change, stage, dossier.project());
    (!there).then(|| Say::Ping(Ping::new(call, change.key(), step_of(stage), message)))
}

/// Calls the project manager to the plans of the changes that waited for a meeting, now that it was held.
pub fn after_meeting(number: u32, dossier: &Dossier) -> Vec<Say> {
    let waited = |change: &&ChangeRequest| {
        change.is_open() && change.meeting == Some(number) && change.stage() == Stage::Plan
    };
    let ping = |change: &ChangeRequest| {
        let call = dossier.project().call(&[Role::ProjectManager]);
        let message = words::next_step(change, Stage::Plan, dossier.project());
        Say::Ping(Ping::new(call, change.key(), step_of(Stage::Plan), message))
    };
    dossier.all::<ChangeRequest>().filter(waited).map(ping).collect()
}

/// Whether the customer's room may hear of it, and there is one.
pub fn in_customer_room(change: &ChangeRequest, project: &Project) -> bool {
    change.shared && project.rooms_of(RoomKind::Customer).next().is_some()
}

/// Says something about a change in rooms.
pub fn announce(change: &ChangeRequest, hearing: Hearing, message: Message) -> Say {
    Say::Announce { hearing, message, about: Some(change.key()) }
}

/// The message with people mentioned in front.
pub fn calling<'a>(message: &Message, people: impl IntoIterator<Item = &'a Person>) -> Message {
    let mut message = message.clone();
    if let Some(first) = message.lines.first_mut() {
        let mut line = Line::default().people(people);
        line.0.append(&mut first.0);
        *first = line;
    }
    message
}
