//! What to say to a line that cannot be read: the nearest that can be, with a button that says it, and that
//! nothing was recorded.

use super::{
    Args, Form, Lines, Object, Reader, Rest, Spec, object_of, parse_id,
    scan::{self, Scan, bare, narrow},
    table,
};
use crate::{
    chat::{Person, Typed},
    dossier::Refusal,
    store::Key,
};

/// No word that was typed is lost: what a command would not read is refused. Marks are read only where records
/// are made, changed or filtered.
pub(super) fn refuse_leftovers(
    spec: &Spec,
    args: &Args,
    typed: &Typed,
    reader: &Reader,
) -> Result<(), Refusal> {
    let action = match spec.form {
        Form::Act(name, _) | Form::IdAct(name, _) => Some(name),
        Form::List | Form::Text | Form::Any | Form::Id | Form::AnyId => None,
    };
    let marks = args.marks();
    let unread = spec.rest == Rest::Refused;
    let left = match (args.remark().filter(|_| unread), marks.is_empty()) {
        (Some(rest), _) => rest,
        (None, false) if unread || action.is_some() && !spec.marked => marks,
        _ => return Ok(()),
    };
    let shown: String = left.chars().take(LONGEST_SHOWN).collect();
    let refusal = Refusal::new(format!("这里用不上「{shown}」，没有记录。写法：{}", spec.usage));
    if args.keys().next().is_some() {
        return Err(refusal);
    }
    let subject = args.id.map(|key| format!(" {key}")).unwrap_or_default();
    let gap = if spec.lines == Lines::Items && args.tokens.is_empty() { "\n" } else { " " };
    let words = args.remark().filter(|_| !unread).map(|rest| format!("{gap}{rest}")).unwrap_or_default();
    let action = action.unwrap_or(if spec.form == Form::List { "列表" } else { "" });
    let better = format!("/{}{subject} {action}", spec.object);
    let label = if action.is_empty() { spec.object } else { action };
    Err(with_line(refusal, label, &format!("{}{words}", better.trim_end()), typed, reader))
}

/// What looks like the text of a new record and is a slip: `T1响应` without its blank, an id of another
/// kind with an action behind it or nothing.
pub(super) fn refuse_slips(object: &Object, scan: &Scan, reader: &Reader) -> Result<(), Refusal> {
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

/// Several ids in one line: `/工单 T2 T3 关闭` would be a remark on the first of them.
pub(super) fn refuse_several(
    object: &Object,
    first: Key,
    scan: &Scan,
    reader: &Reader,
) -> Result<(), Refusal> {
    let mut behind = scan.clone();
    let mut keys = vec![first];
    loop {
        if matches!(behind.word().as_str(), "和" | "与" | "及" | "&" | "and") {
            behind.skip_word();
        }
        let Some(key) = behind.take_id(|key| key.letter == first.letter) else { break };
        keys.push(key);
    }
    let acts = behind.clone().take_action(object, reader.commands).is_some();
    if keys.len() == 1 || (behind.has_more() && !acts) {
        return Ok(());
    }
    let rest = scan.typed().words_of(&behind.rest());
    let lines = keys.into_iter().map(|key| format!("/{key} {rest}").trim_end().to_owned());
    let refusal = Refusal::new("一行只写一个编号，没有记录。请分开写，可以一次发多行：");
    Err(lines.fold(refusal, |refusal, line| refusal.line(line)))
}

/// The same where the ids stand in one word and in front: `/T2、T3 关闭`.
pub(super) fn refuse_several_at_head(scan: &Scan, reader: &Reader) -> Result<(), Refusal> {
    let mut behind = scan.clone();
    let Some(first) = behind.take_id(|key| object_of(key, reader.objects).is_some()) else { return Ok(()) };
    match object_of(first, reader.objects) {
        Some(object) => refuse_several(object, first, &behind, reader),
        None => Ok(()),
    }
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

/// What to say to a word that is no command: the nearest one, and that nothing was recorded.
pub(super) fn unknown(head: &str, scan: &Scan, reader: &Reader) -> Refusal {
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
    let mut said = nearest_few(head, reader.objects);
    if said.is_empty() {
        let mut named = reader.objects.iter().filter(|object| object.letter.is_some());
        said.extend(named.find(|object| head.chars().take(24).collect::<String>().contains(object.name)));
    }
    if said.is_empty() {
        return Refusal::new(format!("没有「{shown}」这个命令，没有记录。发 /帮助 看所有命令"))
            .button("帮助", "/帮助");
    }
    let names: Vec<String> = said.iter().map(|object| format!("/{}", object.name)).collect();
    let mut refusal =
        Refusal::new(format!("没有「{shown}」这个命令，没有记录。是不是 {}？", names.join("、")));
    let mut behind = scan.clone();
    behind.skip_word();
    // Words are for what can be told something; a report, say, reads none.
    let takes_words = |object: &Object| {
        let mut mine = reader.commands.iter().filter(|command| command.spec.object == object.name);
        mine.any(|command| command.spec.form == Form::Text)
    };
    for object in said.iter().filter(|object| behind.has_more() && takes_words(object)) {
        let better = said_behind(&behind, &format!("/{} ", object.name));
        refusal = with_line(refusal, &format!("按 /{} 处理", object.name), &better, scan.typed(), reader);
    }
    // With something to go on with, help is for the one likely command.
    let helped = if behind.has_more() { &said[..1] } else { &said[..] };
    helped.iter().fold(refusal, |refusal, object| {
        refusal.button(format!("帮助 {}", object.name), format!("/帮助 {}", object.name))
    })
}

/// The objects that a mistyped word may mean, the likeliest first: those whose name is as near as any, or
/// else, for a short word, those that share a character with it.
fn nearest_few<'a>(word: &str, objects: &'a [Object]) -> Vec<&'a Object> {
    const FEW: usize = 3;
    let records_first = |object: &&Object| object.letter.is_none();
    let Some(likeliest) = nearest(word, objects) else {
        let short = word.chars().count() <= 4;
        let shares = |name: &str| word.chars().any(|c| !c.is_ascii() && name.contains(c));
        let mut alike: Vec<&Object> = objects.iter().filter(|object| short && shares(object.name)).collect();
        alike.sort_by_key(records_first);
        alike.truncate(FEW);
        return alike;
    };
    let far = likeliest.names().filter_map(|name| distance(word, name)).min();
    let by_name = |object: &&Object| {
        [object.name, object.english].iter().filter_map(|name| distance(word, name)).min() == far
    };
    let mut near: Vec<&Object> =
        objects.iter().filter(|object| object.name != likeliest.name).filter(by_name).collect();
    near.sort_by_key(records_first);
    near.insert(0, likeliest);
    near.truncate(FEW);
    near
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
pub(super) fn distance(word: &str, name: &str) -> Option<usize> {
    let word: String = word.chars().take(24).map(narrow).collect::<String>().to_lowercase();
    let distance = strsim::damerau_levenshtein(&word, name);
    let length = name.chars().count().max(word.chars().count());
    (distance * 2 <= length).then_some(distance)
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
pub(super) fn said_behind(scan: &Scan, begin: &str) -> String {
    let description = scan.typed().text().split_once('\n').map(|(_, rest)| format!("\n{rest}"));
    format!("{begin}{}{}", scan.rest(), description.unwrap_or_default())
}

/// The same refusal with a button for the better line, where one can say it.
pub(super) fn with_line(
    refusal: Refusal,
    label: &str,
    better: &str,
    typed: &Typed,
    reader: &Reader,
) -> Refusal {
    match said_again(better, typed, reader) {
        Some(line) => refusal.button(label, line),
        None => refusal,
    }
}

/// How much is shown of what was not understood.
const LONGEST_SHOWN: usize = 40;

/// The longest line that a button carries; the platforms' buttons are short.
const LONGEST_LINE: usize = 200;

/// A line for a button, in which mentions have become typed names. `None` where those would not find the
/// same people, or where it would be too long.
pub(super) fn said_again(better: &str, typed: &Typed, reader: &Reader) -> Option<String> {
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
