//! `/需求 批量` with a line each or a table, then `/需求 批量 确认` or `取消`.

use super::{Paste, Requirement, State, read, table, words};
use crate::{
    chat::Typed,
    dossier::{Context, Dossier, Kind, Outcome, Record, Refusal},
    features::requirement::clock::analyse_ladder,
    grammar::{Args, Command, Form, Lines, Rest, Spec},
};

/// Reads a pasted list, or decides about one.
pub enum Batch {
    /// Shows what would be recorded.
    Preview(Vec<Typed>),
    /// Records all of it.
    Confirm(Option<u32>),
    /// Lets it go.
    Cancel(Option<u32>),
}

impl Command for Batch {
    const SPEC: Spec = Spec {
        lines: Lines::Items,
        ..Spec::new(
            "需求",
            Form::Act("批量", "batch"),
            "/需求 批量",
            "一次记多条：下面一行一条，或粘贴带表头的表格；先给预览，确认后一起记下",
        )
        .rest(Rest::Read)
    };

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let lines: Vec<Typed> =
            args.lines.iter().filter(|line| !line.text().trim().is_empty()).cloned().collect();
        let first = args.rest.lines().next().unwrap_or_default();
        let (word, number) = first.split_once(' ').unwrap_or((first, ""));
        let number = if number.is_empty() { Some(None) } else { number.trim().parse().ok().map(Some) };
        match (word.to_lowercase().as_str(), number) {
            ("确认" | "confirm", Some(number)) if lines.is_empty() => Ok(Self::Confirm(number)),
            ("取消" | "cancel", Some(number)) if lines.is_empty() => Ok(Self::Cancel(number)),
            _ if !args.tokens.is_empty() => Err(words::beside(first)),
            _ if lines.is_empty() => Err(words::how()),
            _ => match args.people.iter().find(|person| !lines[0].unplaced().contains(person)) {
                // In front of the command; of which line it speaks nobody knows.
                Some(person) => Err(words::beside(&format!("@{}", person.name))),
                None => Ok(Self::Preview(lines)),
            },
        }
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        match self {
            Self::Preview(lines) => preview(&lines, dossier, cx),
            Self::Confirm(number) => confirm(number, dossier, cx),
            Self::Cancel(number) => {
                let (paste, _) = Paste::meant(number, dossier, cx)?;
                let next = Paste { state: State::Cancelled, ..paste.clone() };
                let outcome = Outcome::change(next, "取消需求清单").replying(words::cancelled());
                Ok(Outcome { about: None, ..outcome })
            }
        }
    }
}

fn preview(lines: &[Typed], dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
    let rows = table::rows(lines)?;
    let most = cx.rules.requirement.paste_most;
    if rows.len() > most {
        return Err(words::too_many(rows.len(), most));
    }
    let unplaced = lines.first().is_some_and(|line| !line.unplaced().is_empty());
    let read: Vec<read::Read> = rows.iter().map(|row| read::row(row, dossier, cx)).collect();
    let good: Vec<Requirement> = read.iter().filter_map(|read| read.what.as_ref().ok()).cloned().collect();
    if good.is_empty() {
        return Err(words::nothing_good(&read));
    }
    let mut outcome = Outcome::default();
    let number = outcome.next_number::<Paste>(dossier);
    outcome.reply = Some(words::preview(number, &read, unplaced, cx));
    outcome.what = "粘贴需求清单".into();
    let of_mine = |paste: &&Paste| paste.by.id == cx.actor.id && paste.room == cx.place.room;
    outcome.removed = dossier.all::<Paste>().filter(of_mine).map(|paste| paste.key()).collect();
    Ok(outcome.and(Paste {
        number,
        by: cx.actor.clone(),
        room: cx.place.room.clone(),
        at: cx.now,
        state: State::Waiting { lines: good },
    }))
}

fn confirm(number: Option<u32>, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
    let (paste, lines) = Paste::meant(number, dossier, cx)?;
    let late: Vec<&Requirement> =
        lines.iter().filter(|line| line.due.is_some_and(|due| due <= cx.now)).collect();
    if !late.is_empty() {
        return Err(words::late(&late, cx));
    }
    let mut outcome = Outcome::default();
    let mut made: Vec<Requirement> = Vec::new();
    for line in lines {
        let number = outcome.next_number::<Requirement>(dossier);
        let clock = Some(analyse_ladder(cx.now, cx.rules));
        let requirement = Requirement { number, clock, ..line.clone() };
        outcome = outcome.and(requirement.clone());
        made.push(requirement);
    }
    let numbers = made.iter().map(Kind::number).collect();
    outcome.reply = Some(words::recorded(&made));
    outcome.what = "批量提出需求".into();
    Ok(outcome.and(Paste { state: State::Recorded { numbers }, ..paste.clone() }))
}
