//! One line of a message that holds several: minutes, a pasted list.

use crate::{
    chat::{Person, Typed},
    dossier::{Context, Dossier, Refusal},
};

/// Whom a name in this line can mean.
pub fn known(line: &Typed, dossier: &Dossier, cx: &Context) -> Vec<Person> {
    let mut known: Vec<Person> = Vec::new();
    for person in dossier.people().chain(line.people()).chain([cx.actor]) {
        if !known.iter().any(|other| other.id == person.id) {
            known.push(person.clone());
        }
    }
    known
}

/// Why something was not read. What was recorded all the same is said by whoever asks.
pub fn doubt(refusal: &Refusal) -> String {
    let words = refusal.0.plain();
    words.replace("，没有记录。", "。").replace("。没有记录", "").replace("，没有记录", "")
}

/// The line without `- `, `1.`, `2、` or `(3)` in front, and whether it had that.
pub fn without_bullet(text: &str) -> (&str, bool) {
    if let Some(rest) = text.strip_prefix(['-', '•', '·', '*', '●', '–', '—']) {
        return (rest.trim_start(), true);
    }
    let inner = text.strip_prefix(['(', '（']).unwrap_or(text);
    let rest = inner.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = inner.len() - rest.len();
    match rest.strip_prefix(['.', '、', '．', ')', '）']) {
        // `1.2 版上线` is no list.
        Some(rest) if (1..=2).contains(&digits) && !rest.starts_with(|c: char| c.is_ascii_digit()) => {
            (rest.trim_start(), true)
        }
        _ => (text, false),
    }
}
