//! Text to command: what people type, read against the one table of commands.
//!
//! Reading has two steps. [`hear`] decides whether a message is for the bot and cuts it into command
//! lines; [`parse`] reads one line against the table and gives the command with its [`Args`]. Both are
//! pure. What cannot be read is answered with the nearest thing that can.

mod args;
mod help;
mod scan;
mod table;

pub use args::{Args, Priority, Token, Value};
pub use help::{completion, help};
pub use scan::{narrow, parse_id};
pub use table::{Command, Erased, Form, KeySpec, Object, On, Run, Spec, Takes, Who, erase};

use crate::{
    chat::{Person, Typed},
    dossier::Refusal,
    store::Key,
};
use scan::Scan;

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
    let trimmed = text.text().trim();
    let typed = text.with_text(trimmed);
    let slashed = |line: &str| line.trim_start().starts_with(['/', '／']);
    if trimmed.is_empty() {
        return if addressed { Heard::Called } else { Heard::Nothing };
    }
    if !(addressed || direct || slashed(trimmed) || reads_as_slash(trimmed, objects)) {
        return Heard::Nothing;
    }
    let lines: Vec<&str> = trimmed.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.len() > 1 && lines.iter().all(|line| slashed(line)) {
        return Heard::Batch(lines.into_iter().map(|line| text.with_text(line.trim())).collect());
    }
    Heard::One(typed)
}

/// A leading `、` or `\` stands for `/` when a command word follows: an input method's slip.
fn reads_as_slash(text: &str, objects: &[Object]) -> bool {
    let Some(rest) = text.strip_prefix(['、', '\\']) else { return false };
    let word: String = rest.chars().map(narrow).take_while(|c| !c.is_whitespace()).collect();
    objects.iter().any(|object| object.is_called(&word))
        || parse_id(&word).is_some_and(|key| objects.iter().any(|object| object.letter == Some(key.letter)))
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
    scan.skip_slash();
    let head = scan.head_word();
    let Some((object, mut id)) = find_object(&head, reader) else {
        return headless(&head, typed, reader);
    };
    scan.advance_past_head();
    let any = reader.commands.iter().any(|c| c.spec.object == object.name && c.spec.form == Form::AnyId);
    let fits = |key: Key| match any {
        true => reader.objects.iter().any(|object| object.letter == Some(key.letter)),
        false => object.letter == Some(key.letter),
    };
    if id.is_none() {
        id = scan.take_id(fits);
    }
    if any {
        id = id.or(reader.quoted);
    }
    let action = scan.take_action(object, reader.commands);
    if id.is_none() && action.is_some() {
        id = scan.take_id(fits).or_else(|| reader.quoted.filter(|key| fits(*key)));
    }
    let has_more = scan.has_more() || rest.is_some_and(|rest| !rest.trim().is_empty());
    let command = choose(object, id, action.as_deref(), has_more, reader)?;
    let args = args::collect(scan, rest, id, command.spec, typed, reader)?;
    Ok(Parsed { command, args })
}

/// The object that the first word names, with the id where it names a record.
fn find_object<'a>(head: &str, reader: &Reader<'a>) -> Option<(&'a Object, Option<Key>)> {
    if let Some(object) = reader.objects.iter().find(|object| object.is_called(head)) {
        return Some((object, None));
    }
    if let Some(key) = parse_id(head) {
        let object = reader.objects.iter().find(|object| object.letter == Some(key.letter))?;
        return Some((object, Some(key)));
    }
    None
}

/// The command for what stands behind the object.
fn choose<'a>(
    object: &Object,
    id: Option<Key>,
    action: Option<&str>,
    has_more: bool,
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
    Err(Refusal::new(format!("/{name} 不能这样用。用法见 /帮助 {name}"))
        .button(format!("帮助 {name}"), format!("/帮助 {name}")))
}

/// A line whose first word is no object: an action on the quoted record, or something to be guessed.
fn headless<'a>(head: &str, typed: &Typed, reader: &Reader<'a>) -> Result<Parsed<'a>, Refusal> {
    if let Some(quoted) = reader.quoted
        && let Some(object) = reader.objects.iter().find(|object| object.letter == Some(quoted.letter))
        && table::action_of(object, reader.commands, head).is_some()
    {
        let text = typed.text().trim_start().trim_start_matches(['/', '／']);
        return parse(&typed.with_text(&format!("/{} {quoted} {text}", object.name)), reader);
    }
    Err(unknown(head, typed, reader))
}

/// What to say to a word that is no command: the nearest one, and that nothing was recorded.
fn unknown(head: &str, typed: &Typed, reader: &Reader) -> Refusal {
    let shown: String = typed.words_of(head).chars().take(20).collect();
    // `/工单登录页打不开`: the blank is missing.
    if let Some(object) = reader.objects.iter().find(|object| head.starts_with(object.name)) {
        let rest = typed.words();
        let rest = rest.trim_start_matches(['/', '／']).trim_start();
        let better =
            format!("/{} {}", object.name, rest.strip_prefix(object.name).unwrap_or(rest).trim_start());
        let better: String = better.lines().next().unwrap_or_default().chars().take(120).collect();
        return Refusal::new(format!("没有「{shown}」这个命令，没有记录。命令后面请空一格：{better}"))
            .button(format!("按 /{} 处理", object.name), better);
    }
    match nearest(head, reader.objects) {
        Some(object) => Refusal::new(format!("没有「{shown}」这个命令，没有记录。是不是 /{}？", object.name))
            .button(format!("帮助 {}", object.name), format!("/帮助 {}", object.name)),
        None => Refusal::new(format!("没有「{shown}」这个命令，没有记录。发 /帮助 看所有命令"))
            .button("帮助", "/帮助"),
    }
}

/// Whether a value is words and not a number, narrow or full-width.
pub fn is_worded(text: &str) -> bool {
    !text.trim().chars().map(narrow).all(|c| c.is_ascii_digit() || c == '.' || c == '-')
}

/// The object whose name is nearest to a word, if any is near.
pub fn nearest<'a>(word: &str, objects: &'a [Object]) -> Option<&'a Object> {
    let word: String = word.chars().take(24).map(narrow).collect::<String>().to_lowercase();
    let near = |name: &str| {
        let distance = strsim::damerau_levenshtein(&word, name);
        let length = name.chars().count().max(word.chars().count());
        (distance * 2 <= length).then_some(distance)
    };
    objects
        .iter()
        .filter_map(|object| {
            let best = object.names().filter_map(near).min()?;
            Some((best, object))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, object)| object)
}
