//! Text to command: what people type, read against the one table of commands.
//!
//! Reading has two steps. [`hear`] decides whether a message is for the bot and cuts it into command
//! lines; [`parse`] reads one line against the table and gives the command with its [`Args`]. Both are
//! pure. What cannot be read is answered with the nearest thing that can.

mod args;
mod help;
mod person;
mod read;
mod scan;
mod table;

pub use args::{Args, Priority, Token, Value};
pub use help::{completion, help};
pub use scan::{narrow, parse_id};
pub use table::{Command, Erased, Form, KeySpec, Lines, Object, On, Run, Seeks, Spec, Takes, Who, erase};

use crate::{
    chat::{Person, Typed},
    dossier::Refusal,
    store::Key,
};
use scan::{Scan, bare, is_blank};

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
    let Some((object, mut id)) = find_object(&head, reader) else {
        return headless(&head, &scan, leading, rest, reader);
    };
    scan.skip_word();
    let any = reader.commands.iter().any(|c| c.spec.object == object.name && c.spec.form == Form::AnyId);
    let fits = |key: Key| match any {
        true => object_of(key, reader.objects).is_some(),
        false => object.letter == Some(key.letter),
    };
    if id.is_none() {
        id = scan.take_id(fits);
    }
    if any {
        id = id.or(reader.quoted);
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
    Ok(Parsed { command, args })
}

/// What looks like the text of a new record and is a slip: `T1响应` without its blank, an id of another
/// kind with an action behind it or nothing.
fn refuse_slips(object: &Object, scan: &Scan, reader: &Reader) -> Result<(), Refusal> {
    let word = scan.word();
    if object.letter.is_none() {
        return Ok(());
    }
    let mut behind = scan.clone();
    behind.skip_word();
    if let Some((key, action)) = glued(&word, object, reader) {
        let better = said_behind(&behind, &format!("/{} {key} {action} ", object.name));
        return Err(missing_blank(&word, &better, scan, reader));
    }
    let Some(key) = parse_id(bare(&word)) else { return Ok(()) };
    let Some(other) = object_of(key, reader.objects) else { return Ok(()) };
    if begins_with_another(object, key, reader) {
        return Ok(());
    }
    let next = behind.word();
    let is_action = |object| table::action_of(object, reader.commands, bare(&next)).is_some();
    if behind.has_more() && !is_action(object) && !is_action(other) {
        return Ok(());
    }
    let better = said_behind(&behind, &format!("/{key} "));
    let shown = better.lines().next().unwrap_or_default().trim_end();
    let refusal =
        Refusal::new(format!("{key} 是{}，没有记录。是不是 {}？", other.name, scan.typed().words_of(shown)));
    Err(with_line(refusal, &key.to_string(), &better, scan.typed(), reader))
}

/// Whether a new record of this object begins with an id of that kind, as the table shows it:
/// `/变更 R12 …`.
fn begins_with_another(object: &Object, key: Key, reader: &Reader) -> bool {
    reader.commands.iter().filter(|c| c.spec.object == object.name && c.spec.form == Form::Text).any(|c| {
        let second = c.spec.usage.split_whitespace().nth(1).and_then(parse_id);
        second.is_some_and(|shown| shown.letter == key.letter)
    })
}

/// An id and an exact action of its object written in one, in either order.
fn glued(word: &str, object: &Object, reader: &Reader) -> Option<(Key, String)> {
    let fits = |key: &Key| object.letter == Some(key.letter);
    let is_action =
        |word: &str| !word.is_empty() && table::action_of(object, reader.commands, bare(word)).is_some();
    if let Some((key, action)) = scan::leading_id(word).filter(|(key, _)| fits(key)) {
        return is_action(action).then(|| (key, bare(action).to_owned()));
    }
    let at = word.find(|c: char| c == '#' || c.is_ascii_alphabetic())?;
    let (action, id) = word.split_at(at);
    let key = parse_id(bare(id)).filter(fits)?;
    is_action(action).then(|| (key, action.to_owned()))
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

/// What to say to a word that is no command: the nearest one, and that nothing was recorded.
fn unknown(head: &str, scan: &Scan, reader: &Reader) -> Refusal {
    let shown: String = head.chars().take(20).collect();
    if shown.is_empty() {
        return Refusal::new("没有看到命令，没有记录。发 /帮助 看所有命令").button("帮助", "/帮助");
    }
    // `/工单登录页打不开`, `/R12开始`: the blank is missing.
    let begins = |object: &&Object| object.names().any(|name| !name.is_ascii() && head.starts_with(name));
    if let Some(object) = reader.objects.iter().find(begins) {
        let name = object.names().find(|name| head.starts_with(name)).unwrap_or(object.name);
        let mut behind = scan.clone();
        behind.skip(name.chars().count());
        behind.end_piece();
        let better = said_behind(&behind, &format!("/{} ", object.name));
        return missing_blank(&shown, &better, scan, reader);
    }
    let of_id = scan::leading_id(head).and_then(|(key, _)| object_of(key, reader.objects));
    if let Some((key, action)) = of_id.and_then(|object| glued(head, object, reader)) {
        let mut behind = scan.clone();
        behind.skip_word();
        let better = said_behind(&behind, &format!("/{key} {action} "));
        return missing_blank(&shown, &better, scan, reader);
    }
    let said = nearest(head, reader.objects).or_else(|| {
        let mut named = reader.objects.iter().filter(|object| object.letter.is_some());
        named.find(|object| head.chars().take(24).collect::<String>().contains(object.name))
    });
    let Some(object) = said else {
        return Refusal::new(format!("没有「{shown}」这个命令，没有记录。发 /帮助 看所有命令"))
            .button("帮助", "/帮助");
    };
    let refusal = Refusal::new(format!("没有「{shown}」这个命令，没有记录。是不是 /{}？", object.name));
    let mut behind = scan.clone();
    behind.skip_word();
    let better = said_behind(&behind, &format!("/{} ", object.name));
    let refusal = match behind.has_more() {
        true => with_line(refusal, &format!("按 /{} 处理", object.name), &better, scan.typed(), reader),
        false => refusal,
    };
    refusal.button(format!("帮助 {}", object.name), format!("/帮助 {}", object.name))
}

fn missing_blank(shown: &str, better: &str, scan: &Scan, reader: &Reader) -> Refusal {
    let shown: String = shown.chars().take(20).collect();
    let first: String =
        scan.typed().words_of(better).lines().next().unwrap_or_default().chars().take(120).collect();
    let refusal =
        Refusal::new(format!("没有「{shown}」这个命令，没有记录。命令后面请空一格：{}", first.trim_end()));
    let label: Vec<&str> = first.split_whitespace().take(1).collect();
    with_line(refusal, &format!("按 {} 处理", label.concat()), better, scan.typed(), reader)
}

/// `begin` and what is left of the message here, with its description.
fn said_behind(scan: &Scan, begin: &str) -> String {
    let description = scan.typed().text().split_once('\n').map(|(_, rest)| format!("\n{rest}"));
    format!("{begin}{}{}", scan.rest(), description.unwrap_or_default())
}

/// The same refusal with a button for the better line, where one can say it.
fn with_line(refusal: Refusal, label: &str, better: &str, typed: &Typed, reader: &Reader) -> Refusal {
    match said_again(better, typed, reader) {
        Some(line) => refusal.button(label, line),
        None => refusal,
    }
}

/// The longest line that a button carries; the platforms' buttons are short.
const LONGEST_LINE: usize = 200;

/// A line for a button, in which mentions have become typed names. `None` where those would not find the
/// same people, or where it would be too long.
fn said_again(better: &str, typed: &Typed, reader: &Reader) -> Option<String> {
    let known = |person: &Person| reader.known.iter().filter(|known| known.name == person.name).count() == 1;
    if !typed.people().iter().chain(typed.unplaced()).all(known) {
        return None;
    }
    let (first, description) = better.split_once('\n').unwrap_or((better, ""));
    let mut line = spaced_words(first.trim_end(), typed);
    for person in typed.unplaced() {
        line.push_str(&format!(" @{}", person.name));
    }
    if !description.is_empty() {
        line.push('\n');
        line.push_str(&typed.words_of(description));
    }
    (line.chars().count() <= LONGEST_LINE).then_some(line)
}

/// The words with a blank behind each mention, which a mention does not need and a typed name does.
fn spaced_words(piece: &str, typed: &Typed) -> String {
    let mut words = String::new();
    for c in piece.chars() {
        words.push_str(&typed.words_of(c.encode_utf8(&mut [0; 4])));
        if typed.person(c).is_some() {
            words.push(' ');
        }
    }
    words.trim_end().to_owned()
}

/// Whether a value is words and not a number, narrow or full-width.
pub fn is_worded(text: &str) -> bool {
    !text.trim().chars().map(narrow).all(|c| c.is_ascii_digit() || c == '.' || c == '-')
}

/// The object whose name is nearest to a word, if any is near.
pub fn nearest<'a>(word: &str, objects: &'a [Object]) -> Option<&'a Object> {
    let nearness = |object: &'a Object| {
        let best = object.names().filter_map(|name| distance(word, name)).min()?;
        Some((best, object))
    };
    // Of two that are as near, the one that records something is likelier.
    let nearest =
        objects.iter().filter_map(nearness).min_by_key(|(far, object)| (*far, object.letter.is_none()));
    nearest.map(|(_, object)| object)
}

/// How far a word is from a name; `None` where most of it differs.
fn distance(word: &str, name: &str) -> Option<usize> {
    let word: String = word.chars().take(24).map(narrow).collect::<String>().to_lowercase();
    let distance = strsim::damerau_levenshtein(&word, name);
    let length = name.chars().count().max(word.chars().count());
    (distance * 2 <= length).then_some(distance)
}
