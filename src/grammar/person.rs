//! People in a line: mentioned, or named with `@` as the project knows them.

use super::{Reader, said_again, scan::Scan};
use crate::{chat::Person, dossier::Refusal};

/// The bot, where somebody types its name by hand in front of a command.
const BOT: &str = "@鼎鼎";
/// Calls to a whole room; nobody's name.
const EVERYBODY: [&str; 3] = ["所有人", "全体成员", "全员"];
/// How many people are offered for a name that nobody has.
const OFFERED: usize = 3;
/// The longest name that is asked about.
const LONGEST: usize = 24;

/// Takes the people in front of the command.
pub(super) fn take_leading(scan: &mut Scan, reader: &Reader) -> Result<Vec<Person>, Refusal> {
    let mut people = Vec::new();
    loop {
        if scan.is_at(BOT) {
            scan.skip(BOT.chars().count());
        } else if let Some(person) = take(scan, reader)? {
            people.push(person);
        } else {
            return Ok(people);
        }
        scan.end_piece();
    }
}

/// Takes whoever is mentioned or named here.
///
/// # Errors
/// A name that nobody has, or several.
pub(super) fn take(scan: &mut Scan, reader: &Reader) -> Result<Option<Person>, Refusal> {
    if let Some(person) = scan.take_mention() {
        return Ok(Some(person));
    }
    let Some((person, length)) = named_at(scan, reader)? else { return Ok(None) };
    scan.skip(length);
    Ok(Some(person))
}

/// Whether somebody is mentioned or named here.
pub(super) fn is_at(scan: &Scan, reader: &Reader) -> Result<bool, Refusal> {
    Ok(scan.at_mention() || named_at(scan, reader)?.is_some())
}

/// Whom the typed `@name` here means, and how many characters it takes. `@所有人` and addresses (`a@b.c`)
/// are text; `@李工跟进` is the longest known name with which it begins.
fn named_at(scan: &Scan, reader: &Reader) -> Result<Option<(Person, usize)>, Refusal> {
    if scan.peek() != Some('@') {
        return Ok(None);
    }
    let begins_word = scan.at_boundary();
    // `a@b.c` and `https://x.y/@z`; neither goes on in Chinese.
    let address = !begins_word
        && scan.before().is_some_and(|c| c.is_ascii() && !"([<:".contains(c))
        && scan.peek_at(1).is_some_and(|c| c.is_ascii());
    if address {
        return Ok(None);
    }
    let longest = reader
        .known
        .iter()
        .map(|person| person.name.as_str())
        .filter(|name| !name.is_empty() && stands_at(scan, name))
        .max_by_key(|name| name.chars().count());
    if let Some(name) = longest {
        return Ok(Some((unambiguous(name, reader)?, 1 + name.chars().count())));
    }
    if scan.peek_at(1) == Some('我') && scan.peek_at(2) != Some('们') {
        return Ok(Some((reader.sender.clone(), 2)));
    }
    let name: String = (1..=LONGEST)
        .map_while(|ahead| scan.peek_at(ahead))
        .take_while(|c| {
            !c.is_whitespace()
                && !"@/,;:，。；：、!？?()（）[]【】\"“”".contains(*c)
                && !crate::chat::is_mention(*c)
        })
        .collect();
    let everybody = name.eq_ignore_ascii_case("all") || EVERYBODY.iter().any(|word| name.starts_with(word));
    if !begins_word || name.is_empty() || everybody {
        return Ok(None);
    }
    Err(unknown(&name, scan, reader))
}

/// Whether this name stands behind the `@` here and does not go on: `@Tommy` is not Tom.
fn stands_at(scan: &Scan, name: &str) -> bool {
    let mut length = 1;
    for c in name.chars() {
        if !scan.peek_at(length).is_some_and(|other| other.eq_ignore_ascii_case(&super::narrow(c))) {
            return false;
        }
        length += 1;
    }
    let goes_on = scan.peek_at(length).is_some_and(|c| c.is_ascii_alphanumeric());
    !(goes_on && name.ends_with(|c: char| c.is_ascii_alphanumeric()))
}

/// Whom a name behind a key means.
pub(super) fn find(name: &str, scan: &Scan, reader: &Reader) -> Result<Person, Refusal> {
    let name = name.trim().trim_start_matches(['@', '＠']);
    if name == "我" {
        return Ok(reader.sender.clone());
    }
    match reader.known.iter().find(|person| is_same(&person.name, name)) {
        Some(person) => unambiguous(&person.name, reader),
        None => Err(unknown(name, scan, reader)),
    }
}

/// The name with which the words behind a key begin: the longest one known that ends there with a word, or else the
/// first word, with those behind it that belong to a name in Latin letters.
pub(super) fn begins<'a>(words: &'a str, reader: &Reader) -> &'a str {
    let first = words.find(ends_name).unwrap_or(words.len());
    // No name is longer: what stands behind is not looked at, however long it is.
    let near = words.char_indices().take(LONGEST + 1);
    let mut ends: Vec<usize> = near.filter(|(_, c)| ends_name(*c)).map(|(at, _)| at).collect();
    if words.char_indices().nth(LONGEST).is_none() {
        ends.push(words.len());
    }
    if ends.is_empty() {
        return &words[..first];
    }
    let bare = |end: &usize| words[..*end].trim_start_matches(['@', '＠']);
    let known = |end: &&usize| reader.known.iter().any(|person| is_same(&person.name, bare(end)));
    if let Some(end) = ends.iter().rev().find(known) {
        return &words[..*end];
    }
    let latin = |piece: &str| !piece.is_empty() && piece.chars().all(|c| c.is_ascii_alphabetic() || c == '.');
    let mut end = ends[0];
    let mut behind = ends[1..].iter().filter(|_| latin(&words[..ends[0]]));
    while let Some(next) = behind.next().filter(|next| latin(words[end..**next].trim())) {
        end = *next;
    }
    &words[..end]
}

fn ends_name(c: char) -> bool {
    c.is_whitespace() || ",，;；。".contains(c)
}

/// The same refusal with a button for somebody who is in no chat and is kept by name.
pub(super) fn or_by_name(refusal: Refusal, name: &str, scan: &Scan, reader: &Reader) -> Refusal {
    let said = scan.typed().words().replacen(name, &format!("\"{name}\""), 1);
    match said_again(&said, scan.typed(), reader) {
        Some(line) => refusal.button(format!("就写 {name}（不在群里）"), line),
        None => refusal,
    }
}

/// Whether two names differ at most in letter case and width.
fn is_same(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.chars().map(super::narrow).collect::<String>().to_lowercase();
    plain(one) == plain(other)
}

fn unambiguous(name: &str, reader: &Reader) -> Result<Person, Refusal> {
    let same: Vec<&Person> = reader.known.iter().filter(|person| person.name == name).collect();
    match same.as_slice() {
        [one] => Ok((*one).clone()),
        _ => Err(Refusal::new(format!(
            "项目里有 {} 位「{name}」，没有记录。请用平台的 @ 选中要找的那一位",
            same.len()
        ))),
    }
}

/// What to say to a name that nobody has: whose is near, each with the line that names them.
fn unknown(name: &str, scan: &Scan, reader: &Reader) -> Refusal {
    let name: String = name.chars().take(LONGEST).collect();
    let mut near: Vec<&str> = Vec::new();
    for known in reader.known.iter().map(|person| person.name.as_str()) {
        let longer = known.chars().count().max(name.chars().count());
        let is_near = longer <= 2 * LONGEST && strsim::damerau_levenshtein(known, &name) * 2 <= longer;
        if is_near && !near.contains(&known) {
            near.push(known);
        }
    }
    let refusal = if near.is_empty() {
        let typed = scan.typed();
        let elsewhere = |person: &&Person| {
            person.id != reader.sender.id
                && !typed.people().iter().chain(typed.unplaced()).any(|other| other.id == person.id)
                && !typed.text().contains(&format!("@{}", person.name))
        };
        near.extend(reader.known.iter().filter(elsewhere).map(|person| person.name.as_str()));
        Refusal::new(format!(
            "项目里还没有叫「{name}」的人，没有记录。是下面哪位就点谁；都不是，请用平台的 @ 选人，或让对方先在群里说句话"
        ))
    } else {
        let names: Vec<String> = near.iter().take(OFFERED).map(|name| format!("@{name}")).collect();
        Refusal::new(format!("项目里没有叫「{name}」的人，没有记录。是不是 {}？", names.join("、")))
    };
    // Two of one name cannot be told apart by a button.
    near.retain(|name| reader.known.iter().filter(|person| person.name == *name).count() == 1);
    near.truncate(OFFERED);
    if near.is_empty() {
        return Refusal::new(format!(
            "项目里还没有叫「{name}」的人，没有记录。请用平台的 @ 选人，或让对方先在群里说句话"
        ));
    }
    let said = scan.typed().words();
    near.iter().fold(refusal, |refusal, known| {
        let better = match said.split_once(&format!("@{name}")) {
            Some((before, behind)) if behind.is_empty() || behind.starts_with(char::is_whitespace) => {
                format!("{before}@{known}{behind}")
            }
            Some((before, behind)) => format!("{before}@{known} {behind}"),
            None => said.replacen(&name, known, 1),
        };
        match said_again(&better, scan.typed(), reader) {
            Some(line) => refusal.button(format!("@{known}"), line),
            None => refusal,
        }
    })
}
