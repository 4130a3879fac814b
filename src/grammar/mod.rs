//! Text to command: what people type, read against the one table of commands.
//!
//! Reading has two steps. [`hear`] decides whether a message is for the bot and cuts it into command
//! lines; [`parse`] reads one line against the table and gives the command with its [`Args`]. Both are
//! pure. What cannot be read is answered with the nearest thing that can.

mod args;
mod compose;
mod convert;
mod help;
mod person;
mod read;
mod scan;
mod slip;
mod table;

pub use args::{Args, Priority, Token, Value};
pub use compose::compose;
pub use convert::converts;
pub use help::{completion, help};
pub use scan::{narrow, parse_id};
pub use slip::nearest;
pub use table::{
    Command, Erased, Form, KeySpec, Lines, Object, On, Rest, Run, Seeks, Spec, Takes, Who, erase,
};

use crate::{
    chat::{Person, Quote, Typed},
    dossier::Refusal,
    store::Key,
};
use scan::{Scan, bare, is_blank};
use slip::{distance, refuse_leftovers, refuse_slips, said_again, said_behind, unknown, with_line};

/// What a message is to the bot.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// Not for the bot.
    Nothing,
    /// The bot was called without a word.
    Called,
    /// One command: its first line and the lines after it.
    One(Typed),
    /// Several commands, a line each.
    Batch(Vec<Typed>),
}

/// Everything that reading a line depends on.
pub struct Reader<'a> {
    /// What can be said.
    pub objects: &'a [Object],
    /// What each of it does.
    pub commands: &'a [Erased],
    /// Whom a typed name can mean.
    pub known: &'a [Person],
    /// Whom `@我` means.
    pub sender: &'a Person,
    /// The record that the quoted message speaks of.
    pub quoted: Option<Key>,
    /// The quoted message itself.
    pub quote: Option<&'a Quote>,
}

/// A line that was read.
pub struct Parsed<'a> {
    /// What it does.
    pub command: &'a Erased,
    /// With what.
    pub args: Args,
}

/// Whether a message is for the bot, and its command lines (CONTRACT 4).
pub fn hear(text: &Typed, addressed: bool, direct: bool, objects: &[Object]) -> Heard {
    let trimmed = text.text().trim_matches(is_blank);
    let slashed = |line: &str| line.starts_with(['/', '／']) || reads_as_slash(line, objects);
    if trimmed.is_empty() {
        return if addressed { Heard::Called } else { Heard::Nothing };
    }
    if !(addressed || direct || slashed(trimmed)) {
        return Heard::Nothing;
    }
    if trimmed.trim_start_matches(['/', '／']).trim_matches(is_blank).is_empty() {
        return Heard::Called;
    }
    let lines: Vec<&str> =
        trimmed.lines().map(|line| line.trim_matches(is_blank)).filter(|line| !line.is_empty()).collect();
    if lines.len() > 1 && lines.iter().all(|line| slashed(line)) {
        // Whose line somebody mentioned at an unknown place belongs to is known only of one alone.
        let alone = text.people().len() + text.unplaced().len() <= 1;
        let text = if alone { text.clone() } else { text.without_unplaced() };
        return Heard::Batch(lines.into_iter().map(|line| text.with_text(line)).collect());
    }
    Heard::One(text.with_text(trimmed))
}

/// A leading `、` or `\` stands for `/` when a command word follows: an input method's slip.
fn reads_as_slash(text: &str, objects: &[Object]) -> bool {
    let Some(rest) = text.strip_prefix(['、', '\\', '＼']) else { return false };
    // No command word is longer; what stands before its end is all that is looked at.
    let word: String =
        rest.trim_start().chars().take(24).map(narrow).take_while(|c| !c.is_whitespace()).collect();
    let word = word.split([':', '!', '@']).next().unwrap_or_default();
    objects.iter().any(|object| object.is_called(bare(word)))
        || parse_id(bare(word)).is_some_and(|key| object_of(key, objects).is_some())
}

/// Reads one command. Lines after the first are its description.
///
/// # Errors
/// The nearest thing that can be read, or what is missing.
pub fn parse<'a>(typed: &Typed, reader: &Reader<'a>) -> Result<Parsed<'a>, Refusal> {
    let (first, rest) = match typed.text().split_once('\n') {
        Some((first, rest)) => (first, Some(rest)),
        None => (typed.text(), None),
    };
    let mut scan = Scan::new(first, typed);
    let leading = person::take_leading(&mut scan, reader)?;
    scan.skip_slash();
    let head = scan.word();
    if let Some(command) = convert::command(&head, reader.commands) {
        scan.skip_word();
        return convert::parse(command, scan, leading, rest, reader);
    }
    let (object, mut id) = match find_object(&head, reader) {
        Some(found) => {
            scan.skip_word();
            found
        }
        None => {
            slip::refuse_several_at_head(&scan, reader)?;
            let apart = scan.clone().take_id(|_| true).and_then(|key| object_of(key, reader.objects));
            let Some(object) = apart.filter(|_| head.len() == 1) else {
                return headless(&head, &scan, leading, rest, reader);
            };
            (object, scan.take_id(|_| true))
        }
    };
    let has = |form| reader.commands.iter().any(|c| c.spec.object == object.name && c.spec.form == form);
    let any = has(Form::AnyId);
    let fits = |key: Key| match any {
        true => object_of(key, reader.objects).is_some(),
        false => object.letter == Some(key.letter),
    };
    if id.is_none() {
        id = scan.take_id(fits);
    }
    // What means something alone does not mean what is quoted.
    if any && !has(Form::Any) {
        id = id.or(reader.quoted);
    }
    if let Some(first) = id {
        slip::refuse_several(object, first, &scan, reader)?;
    }
    let action = scan.take_action(object, reader.commands);
    if id.is_none() {
        match action {
            Some(_) => id = scan.take_id(fits).or_else(|| reader.quoted.filter(|key| fits(*key))),
            None => refuse_slips(object, &scan, reader)?,
        }
    }
    let has_more = scan.has_more() || rest.is_some_and(|rest| !rest.trim().is_empty());
    let command = choose(object, id, action, has_more, &scan, reader)?;
    let args = read::collect(scan, rest, (id, leading), command.spec, reader)?;
    refuse_leftovers(command.spec, &args, typed, reader)?;
    Ok(Parsed { command, args })
}

/// The object that the first word names, with the id where it names a record.
fn find_object<'a>(head: &str, reader: &Reader<'a>) -> Option<(&'a Object, Option<Key>)> {
    let called = |word| reader.objects.iter().find(|object| object.is_called(word));
    if let Some(object) = called(head).or_else(|| called(bare(head))) {
        return Some((object, None));
    }
    let key = parse_id(bare(head))?;
    Some((object_of(key, reader.objects)?, Some(key)))
}

/// The object whose ids have this letter.
fn object_of(key: Key, objects: &[Object]) -> Option<&Object> {
    objects.iter().find(|object| object.letter == Some(key.letter))
}

/// The command for what stands behind the object.
fn choose<'a>(
    object: &Object,
    id: Option<Key>,
    action: Option<&str>,
    has_more: bool,
    scan: &Scan,
    reader: &Reader<'a>,
) -> Result<&'a Erased, Refusal> {
    let mine = || reader.commands.iter().filter(|command| command.spec.object == object.name);
    let found = mine().find(|command| match (&command.spec.form, action, id) {
        (Form::Act(name, _), Some(action), None) => *name == action,
        (Form::IdAct(name, _), Some(action), Some(_)) => *name == action,
        (Form::List, Some("列表"), None) => true,
        (Form::List, None, None) => !has_more,
        (Form::Text, None, None) => has_more,
        (Form::Id, None, Some(_)) => true,
        (Form::Any, None, None) | (Form::AnyId, None, _) => true,
        _ => false,
    });
    if let Some(command) = found {
        return Ok(command);
    }
    let name = object.name;
    if let (Some(action), Some(letter)) = (action, object.letter)
        && id.is_none()
        && mine().any(|command| matches!(command.spec.form, Form::IdAct(name, _) if name == action))
    {
        return Err(Refusal::new(format!("缺少编号：/{name} {letter}1 {action}。要看编号，发 /{name} 列表")));
    }
    let word = scan.word();
    let near = mine().filter_map(|command| match command.spec.form {
        Form::Act(name, english) | Form::IdAct(name, english) => {
            Some((distance(&word, name).into_iter().chain(distance(&word, english)).min()?, name))
        }
        _ => None,
    });
    if let Some((_, action)) = near.min_by_key(|(distance, _)| *distance) {
        let mut behind = scan.clone();
        behind.skip_word();
        let subject = id.map(|key| format!("{key} ")).unwrap_or_default();
        let better = said_behind(&behind, &format!("/{name} {subject}{action} "));
        let refusal =
            Refusal::new(format!("/{name} 没有「{word}」，没有记录。是不是 /{name} {subject}{action}？"));
        return Err(with_line(refusal, action, &better, scan.typed(), reader));
    }
    Err(Refusal::new(format!("/{name} 不能这样用，没有记录。用法见 /帮助 {name}"))
        .button(format!("帮助 {name}"), format!("/帮助 {name}")))
}

/// A line whose first word is no object: an action on the quoted record, or something to be guessed.
fn headless<'a>(
    head: &str,
    scan: &Scan,
    leading: Vec<Person>,
    rest: Option<&str>,
    reader: &Reader<'a>,
) -> Result<Parsed<'a>, Refusal> {
    if let Some(quoted) = reader.quoted
        && let Some(object) = object_of(quoted, reader.objects)
        && table::action_of(object, reader.commands, bare(head)).is_some()
    {
        let text = format!("/{} {quoted} {}", object.name, scan.rest());
        let text = rest.into_iter().fold(text, |text, rest| text + "\n" + rest);
        let mut parsed = parse(&scan.typed().with_text(&text), reader)?;
        parsed.args.said = scan.typed().words();
        leading.into_iter().for_each(|person| parsed.args.mention(person));
        return Ok(parsed);
    }
    Err(unknown(head, scan, reader))
}

/// What a line of this object says behind its command word, as it was typed; all of it where it begins with
/// none.
pub fn behind_command<'a>(said: &'a str, object: &Object) -> &'a str {
    let mut typed = said.trim_matches(is_blank);
    // People in front of the command, and the bot called by name.
    while let Some((_, behind)) = typed.strip_prefix(['@', '＠']).and_then(|named| named.split_once(is_blank))
    {
        typed = behind.trim_start_matches(is_blank);
    }
    let slashed = typed.trim_start_matches(|c: char| "/／、\\＼".contains(c) || is_blank(c));
    let end = slashed.find(|c: char| is_blank(c) || ":：,，!！@＠".contains(c)).unwrap_or(slashed.len());
    let (word, words) = slashed.split_at(end);
    if !object.is_called(word) {
        return said.trim_matches(is_blank);
    }
    words.trim_start_matches(|c: char| is_blank(c) || ":：,，".contains(c))
}

/// Whether a value is words and not a number, narrow or full-width.
pub fn is_worded(text: &str) -> bool {
    !text.trim().chars().map(narrow).all(|c| c.is_ascii_digit() || c == '.' || c == '-')
}
