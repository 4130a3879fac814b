//! A few words around what was searched for, where a find's line does not show it.

use crate::{dossier::Hit, grammar::narrow};

/// How much is shown before and behind the match.
const BEFORE: usize = 8;
const BEHIND: usize = 20;

/// The words around the first match in what this asker may read of a find; `None` where its title, id or owner
/// has all that was searched for, or nothing has it literally.
pub fn of(hit: &Hit, words: &str) -> Option<String> {
    let Hit::Record { key, record, card, internal, .. } = hit else { return None };
    let seen: Vec<Vec<char>> =
        [record.title(), key.to_string(), card.owner.name.clone()].iter().map(|text| plain(text)).collect();
    let texts = card.words.iter().chain(card.internal.iter().filter(|_| *internal));
    let texts: Vec<&String> = texts.collect();
    let hidden = words.split_whitespace().map(plain).filter(|word| {
        let shown = |text: &Vec<char>| find(text, word).is_some();
        !word.is_empty() && !seen.iter().any(shown)
    });
    let mut hidden: Vec<Vec<char>> = hidden.collect();
    hidden.sort_by_key(|word| std::cmp::Reverse(word.len()));
    hidden.iter().find_map(|word| texts.iter().find_map(|text| around(text, word)))
}

/// The text around the longest part of the word, of two characters at least where it has them, that stands in it.
fn around(text: &str, word: &[char]) -> Option<String> {
    let chars: Vec<char> = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let folded = plain(text);
    let shortest = word.len().min(2);
    let (at, length) = (shortest..=word.len())
        .rev()
        .find_map(|length| word.windows(length).find_map(|part| Some((find(&folded, part)?, length))))?;
    let (from, to) = (at.saturating_sub(BEFORE), (at + length + BEHIND).min(chars.len()));
    let inner: String = chars[from..to].iter().collect();
    let (begin, end) = (if from > 0 { "…" } else { "" }, if to < chars.len() { "…" } else { "" });
    Some(format!("{begin}{}{end}", inner.trim()))
}

fn find(text: &[char], part: &[char]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// A character each, so that places agree: narrow and in lower case.
fn plain(text: &str) -> Vec<char> {
    text.chars().map(|c| narrow(c).to_lowercase().next().unwrap_or(c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_words_stand_around_the_match() {
        let word = |text: &str| plain(text);
        let text = "客户说每到月底对账总对不平，财务每次都要花两天手工核对流水，想少背锅";
        assert_eq!(
            around(text, &word("财务")).unwrap(),
            "…底对账总对不平，财务每次都要花两天手工核对流水，想少背锅"
        );
        assert_eq!(around("第一行\n退款 ＡＰＩ", &word("api")).unwrap(), "第一行 退款 ＡＰＩ");
        assert_eq!(around(text, &word("手工核验")).unwrap(), "…务每次都要花两天手工核对流水，想少背锅");
        assert_eq!(around(text, &word("发票")), None);
        assert!(around(&"长".repeat(100), &word("长")).is_some_and(|text| text.ends_with('…')));
    }
}
