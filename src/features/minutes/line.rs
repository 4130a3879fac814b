//! One line of minutes as a record: read like the command that would add it, but nothing in it refuses.

use crate::{
    chat::Typed,
    dossier::{Context, Dossier},
    features::{
        action,
        line::{doubt, known},
        risk::{self, Risk},
    },
    grammar::{self, Args, Command, Erased, Object, Reader, erase},
};

/// The names under which lines are read: without letters, so that `A1 …` is text there.
const OBJECTS: &[Object] = &[
    Object { name: "待办", english: "todo", aliases: &[], letter: None, summary: "" },
    Object { name: "风险", english: "risk", aliases: &[], letter: None, summary: "" },
];

/// What they do: add, nothing else, so that `完成 …` is text there too.
const COMMANDS: &[Erased] = &[erase::<action::Add>(), erase::<risk::Add>()];

/// What was read, and what could not be, in words for whoever wrote it.
pub(super) struct Read<T> {
    pub(super) what: T,
    pub(super) doubts: Vec<String>,
}

/// An action item; a date that cannot be read or has passed leaves it without.
pub(super) fn action(line: &Typed, dossier: &Dossier, cx: &Context) -> Read<action::Line> {
    let mut doubts = Vec::new();
    let Some(mut args) = args("待办", line, dossier, cx, &mut doubts) else {
        let title = line.words().trim().to_owned();
        return Read { what: action::Line { title, ..action::Line::default() }, doubts };
    };
    let due = args.deadline("截止", cx).unwrap_or_else(|refusal| {
        doubts.push(doubt(&refusal));
        None
    });
    if args.text.is_empty() {
        args.text = line.words().trim().to_owned();
    }
    Read { what: action::Line::of(args, due), doubts }
}

/// A risk; a key that cannot be read leaves its words in the title.
pub(super) fn risk(line: &Typed, number: u32, dossier: &Dossier, cx: &Context) -> Read<Risk> {
    let mut doubts = Vec::new();
    let mut args = args("风险", line, dossier, cx, &mut doubts).unwrap_or_default();
    if args.text.is_empty() {
        args.text = line.words().trim().to_owned();
    }
    let bare = Args::of_words(line.words());
    let add = risk::Add::parse(args, cx).or_else(|refusal| {
        doubts.push(doubt(&refusal));
        risk::Add::parse(bare, cx)
    });
    let add = add.expect("a risk of words alone is never refused");
    Read { what: add.record(number, dossier, cx), doubts }
}

fn args(name: &str, line: &Typed, dossier: &Dossier, cx: &Context, doubts: &mut Vec<String>) -> Option<Args> {
    let known = known(line, dossier, cx);
    let reader = Reader {
        objects: OBJECTS,
        commands: COMMANDS,
        known: &known,
        sender: cx.actor,
        quoted: None,
        quote: None,
    };
    let typed = placed(line, &format!("/{name} {}", line.text().trim()));
    let parsed = grammar::parse(&typed, &reader).or_else(|refusal| {
        doubts.push(doubt(&refusal));
        // A name that nobody knows: the words stay, the person is left open.
        grammar::parse(&placed(&typed, &typed.text().replace(['@', '＠'], "")), &reader)
    });
    let mut args = parsed.ok()?.args;
    args.said = line.words().trim().to_owned();
    Some(args)
}

/// A text with the mentions that stand in it, without those whose place nobody knows.
fn placed(typed: &Typed, text: &str) -> Typed {
    let mut line = Typed::default();
    for c in text.chars() {
        match typed.person(c) {
            Some(person) => line.push_mention(person.clone()),
            None => line.push_text(c.encode_utf8(&mut [0; 4])),
        }
    }
    line
}
