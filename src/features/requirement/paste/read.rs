//! One row as the requirement it asks for, read as `/需求 …` would be.

use super::table::Row;
use crate::{
    chat::Typed,
    dossier::{Context, Dossier, Refusal},
    features::{
        line::{doubt, known},
        requirement::{Add, Requirement},
    },
    grammar::{self, Command, Erased, Object, Reader, erase},
};

/// The name under which rows are read: without a letter, so that `R1 …` is text there.
const OBJECTS: &[Object] =
    &[Object { name: "需求", english: "req", aliases: &[], letter: None, summary: "" }];

/// What they do: add, nothing else, so that `完成 …` is text there too.
const COMMANDS: &[Erased] = &[erase::<Add>()];

/// A row, as it was typed, and what it asks for, or why it cannot be read.
pub(super) struct Read {
    pub(super) said: String,
    pub(super) what: Result<Requirement, String>,
}

pub(super) fn row(row: &Row, dossier: &Dossier, cx: &Context) -> Read {
    let what = row.line.clone().and_then(|line| {
        requirement(&line, row, dossier, cx).map_err(|refusal| doubt(&refusal).replace('\n', " "))
    });
    Read { said: row.said.words(), what }
}

fn requirement(line: &Typed, row: &Row, dossier: &Dossier, cx: &Context) -> Result<Requirement, Refusal> {
    let known = known(line, dossier, cx);
    let reader = Reader {
        objects: OBJECTS,
        commands: COMMANDS,
        known: &known,
        sender: cx.actor,
        quoted: None,
        quote: None,
    };
    let mut args = grammar::parse(line, &reader)?.args;
    if row.prioritised && args.priority.is_none() {
        return Err(Refusal::new("看不懂这个优先级，可以写：紧急、高、中、低"));
    }
    args.said = row.said.words();
    Ok(Add::parse(args, cx)?.record(0, dossier, cx))
}
