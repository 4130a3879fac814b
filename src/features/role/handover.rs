//! `/角色 交接 李工 赵工`: what one person holds and owes goes to another.

use std::sync::Arc;

use serde_json::Value;

use super::words;
use crate::{
    chat::{Person, PersonId},
    dossier::{Call, Context, Dossier, Outcome, Ping, Project, Record, Refusal, Say},
    features,
    grammar::{Args, Command, Form, Rest, Spec, Token, Who},
    store::Key,
};

/// `/角色 交接 @李工 @赵工`.
pub struct HandOver {
    args: Args,
}

impl Command for HandOver {
    const SPEC: Spec = Spec::new(
        "角色",
        Form::Act("交接", "handover"),
        "/角色 交接 @李工 @赵工",
        "前一位的角色和没了结的事都交给后一位",
    )
    .rest(Rest::Read)
    .who(Who::TriangleOnceSet);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { args })
    }

    fn run(self, dossier: &Dossier, _cx: &Context) -> Result<Outcome, Refusal> {
        let (from, to) = read(&self.args, dossier)?;
        let project = dossier.project();
        let roles = project.roles_of(&from.id);
        let owned = owned(&from.id, dossier);
        if roles.is_empty() && owned.is_empty() {
            return Err(words::nothing_to_hand_over(&from));
        }
        if project.is_customer(&from.id) != project.is_customer(&to.id)
            && !project.roles_of(&to.id).is_empty()
        {
            return Err(words::other_side(&from, &to));
        }
        let mut outcome = Outcome { what: words::log(&from, &to), ..Outcome::default() };
        outcome
            .records
            .extend(owned.iter().filter_map(|key| passed_on(dossier.record(*key)?, &from.id, &to)));
        if !roles.is_empty() {
            outcome = outcome.and(reseated(project, &from, &to));
        }
        let reply = words::handed_over(&from, &to, &roles, &owned, dossier);
        if owned.is_empty() {
            return Ok(outcome.replying(reply));
        }
        let told =
            Ping::new(Call::only([to]), Project::KEY, "handover", words::taken_over(&from, &owned, dossier));
        Ok(outcome.replying(reply).saying(Say::Ping(told)))
    }
}

/// What is not done of what a person owns.
pub fn owned(person: &PersonId, dossier: &Dossier) -> Vec<Key> {
    let owns = |record: &Arc<dyn Record>| {
        !record.open(dossier).is_empty() && record.encode()["owner"]["id"] == person.0.as_str()
    };
    dossier.records().filter(|(_, record)| owns(record)).map(|(key, _)| key).collect()
}

/// The two people of a line, in their order: mentioned where the platform tells the places, or named.
fn read(args: &Args, dossier: &Dossier) -> Result<(Person, Person), Refusal> {
    let named = |word: &str| {
        let word = word.trim_start_matches('@');
        let mut known = dossier.people().filter(|person| person.name == word);
        match (known.next(), known.next()) {
            (Some(person), None) => Ok(person.clone()),
            (Some(_), Some(_)) => Err(words::two_of_that_name(word)),
            (None, _) => Err(words::nobody(word)),
        }
    };
    let mut people = Vec::new();
    for token in &args.tokens {
        match token {
            Token::Person(person) => people.push(person.clone()),
            Token::Word(word) => people.push(named(word)?),
        }
    }
    let Ok([from, to]) = <[Person; 2]>::try_from(people) else {
        return Err(words::how(args.people.len() == 2));
    };
    if from.id == to.id {
        return Err(words::how(false));
    }
    Ok((from, to))
}

/// The project with one in the other's seats.
fn reseated(project: &Project, from: &Person, to: &Person) -> Project {
    let mut next = project.clone();
    next.reseat(&from.id, to);
    next.guests.retain(|guest| guest.id != to.id);
    if !next.guests.iter().any(|guest| guest.id == from.id) {
        next.guests.push(from.clone());
    }
    next
}

/// The record with another owner, where `from` is it: what kinds call their owner is the same in all of them.
pub fn passed_on(record: &Arc<dyn Record>, from: &PersonId, to: &Person) -> Option<Arc<dyn Record>> {
    let mut value = record.encode();
    if value["owner"]["id"] != from.0.as_str() {
        return None;
    }
    value["owner"] = serde_json::to_value(to).unwrap_or(Value::Null);
    features::decode(record.key(), value.to_string().as_bytes()).ok()
}
