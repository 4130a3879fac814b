//! How people answer a survey: four numbers in order, or an indicator by its name, and a comment behind.

use super::{Indicator, words};
use crate::{dossier::Refusal, grammar::narrow};

/// What an answer says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    /// Each indicator once, in the order said.
    pub(super) scores: Vec<(Indicator, u8)>,
    /// What stands behind them.
    pub(super) comment: Option<String>,
}

/// A word where a score is expected.
enum Word {
    /// No number.
    Other,
    /// A score.
    Score(u8),
    /// Four of them without anything between.
    Four([u8; 4]),
    /// A number that is no score.
    Bad,
}

/// Reads `4 5 3 4 备注`, `四，五，三，四`, `４５３４`, `沟通效率 4`, `响应速度:4 沟通效率:3`.
///
/// # Errors
/// A number is no score, or there are not four.
pub(super) fn read(text: &str) -> Result<Said, Refusal> {
    let mut rest = text.trim_start_matches(parts);
    if Indicator::at_start(rest).is_some() {
        return named(rest);
    }
    let mut scores = Vec::new();
    while scores.len() < Indicator::ALL.len() {
        let (word, behind) = word(rest);
        match read_word(word) {
            Word::Score(score) => scores.push(score),
            Word::Four(four) if scores.is_empty() => scores.extend(four),
            Word::Four(_) | Word::Bad => return Err(words::no_score(word)),
            Word::Other => return Err(words::four_expected(scores.len())),
        }
        rest = behind.trim_start_matches(parts);
    }
    if !matches!(read_word(word(rest).0), Word::Other) {
        return Err(words::too_many());
    }
    Ok(Said { scores: Indicator::ALL.into_iter().zip(scores).collect(), comment: comment(rest) })
}

fn named(text: &str) -> Result<Said, Refusal> {
    let mut rest = text;
    let mut scores: Vec<(Indicator, u8)> = Vec::new();
    while let Some((indicator, behind)) = Indicator::at_start(rest) {
        let (word, behind) = word(behind.trim_start_matches(parts));
        match read_word(word) {
            Word::Score(score) => {
                scores.retain(|(known, _)| *known != indicator);
                scores.push((indicator, score));
            }
            Word::Four(_) | Word::Bad => return Err(words::no_score(word)),
            // 「沟通效率还可以再高」 is a comment behind the scores.
            Word::Other if !scores.is_empty() => break,
            Word::Other => return Err(words::score_expected(indicator)),
        }
        rest = behind.trim_start_matches(parts);
    }
    Ok(Said { scores, comment: comment(rest) })
}

fn comment(rest: &str) -> Option<String> {
    let rest = rest.trim();
    (!rest.is_empty()).then(|| rest.to_owned())
}

/// What stands between scores.
fn parts(c: char) -> bool {
    c.is_whitespace() || ",，、;；/|:：=＝".contains(c)
}

fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find(parts).unwrap_or(text.len()))
}

fn read_word(word: &str) -> Word {
    let plain: String = word.trim_end_matches(['分', '。', '.']).chars().map(narrow).map(digit).collect();
    if plain.is_empty() || !plain.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-') {
        return Word::Other;
    }
    let scores: Option<Vec<u8>> = plain
        .chars()
        .map(|c| {
            c.to_digit(10).and_then(|score| u8::try_from(score).ok()).filter(|score| (1..=5).contains(score))
        })
        .collect();
    match scores.as_deref() {
        Some([score]) => Word::Score(*score),
        Some(&[a, b, c, d]) => Word::Four([a, b, c, d]),
        _ => Word::Bad,
    }
}

fn digit(c: char) -> char {
    const CHINESE: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    let found = CHINESE.iter().zip('0'..='9').find(|(chinese, _)| **chinese == c);
    match (found, c) {
        (Some((_, digit)), _) => digit,
        (None, '两') => '2',
        (None, '点') => '.',
        (None, c) => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        match read(text) {
            Ok(said) => {
                let scores: Vec<String> = said.scores.iter().map(|(_, score)| score.to_string()).collect();
                [scores.join(""), said.comment.unwrap_or_default()].join("|")
            }
            Err(Refusal(message)) => format!("✗ {}", message.plain()),
        }
    }

    #[test]
    fn four_scores_are_read_however_they_are_written() {
        for (text, read) in [
            ("4 5 3 4", "4534|"),
            ("4 5 3 4 很好，谢谢", "4534|很好，谢谢"),
            ("４，５，３，４", "4534|"),
            ("4、5、3、4。", "4534|"),
            ("四 五 三 四", "4534|"),
            ("四五三四 不错", "4534|不错"),
            ("4534", "4534|"),
            ("4分 5分 3分 4分", "4534|"),
            ("4 5 3 4 2次会都准时", "4534|2次会都准时"),
            ("沟通效率 3", "3|"),
            ("响应速度:4 沟通效率：3 再快一点", "43|再快一点"),
        ] {
            assert_eq!(told(text), read, "{text}");
        }
    }

    #[test]
    fn what_is_no_score_is_refused_with_the_line_to_send() {
        for (text, why) in [
            ("4 5 3", "只看到 3 个"),
            ("4 5 3 很好", "只看到 3 个"),
            ("0 5 3 4", "「0」不是"),
            ("4 6 3 4", "「6」不是"),
            ("4 5 3.5 4", "「3.5」不是"),
            ("4 5 三点五 4", "「三点五」不是"),
            ("10 5 3 4", "「10」不是"),
            ("-4 5 3 4", "「-4」不是"),
            ("4 5 3 4 5", "超过 4 个"),
            ("很好", "没有看到分数"),
            ("沟通效率 很好", "「沟通效率」打几分"),
            ("沟通效率 7", "「7」不是"),
        ] {
            let told = told(text);
            assert!(
                told.starts_with('✗') && told.contains(why) && told.contains("/满意度 "),
                "{text}: {told}"
            );
        }
    }
}
