//! Documents made from records: plain values in, text and files out. Nothing here knows a kind of record.

mod docx;
pub mod health;
mod markdown;
pub mod paper;
pub mod specification;
pub mod table;

/// What somebody typed as part of a file's name: short, without characters that file systems refuse, and without those
/// that show a name in another order than it has.
pub fn file_word(text: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain = |c: &char| !c.is_control() && !turns(*c) && !"/\\:*?\"<>|".contains(*c);
    let word: String = text.chars().filter(plain).take(40).collect();
    word.trim().to_owned()
}
