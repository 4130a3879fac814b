//! The better line that a refusal offers on a button.

use super::{Reader, scan::Scan};
use crate::{
    chat::{Person, Typed},
    dossier::Refusal,
};

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
