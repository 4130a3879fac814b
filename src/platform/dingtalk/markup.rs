//! Text that stays text in DingTalk's markdown.
//!
//! There is no escape syntax in the documentation, so what could become a link, an image, a heading or
//! a mention is written with its full-width twin. Web addresses stay whole and can be pressed, as they
//! could where they were typed; every other scheme is broken: `dtmd://` would make whoever presses it
//! say something.

/// Appends `text`, which holds no line break, so that nothing of it is markup. `at_start` says that a
/// line begins here.
pub(super) fn push_plain(out: &mut String, text: &str, at_start: bool) {
    let mut rest = text;
    if at_start {
        rest = rest.trim_start();
        rest = push_line_start(out, rest);
    }
    while let Some(c) = rest.chars().next() {
        if let Some(length) = address(rest) {
            push_address(out, &rest[..length]);
            rest = &rest[length..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            ':' if rest.starts_with("//") => out.push('：'),
            '[' | ']' | '(' | ')' | '<' | '>' | '*' | '_' | '#' | '!' | '`' | '~' | '|' | '\\' | '&'
            | '@' => {
                out.push(wide(c));
            }
            c if is_invisible(c) => {}
            c => out.push(c),
        }
    }
}

/// Writes what would open a list, a rule or an underlined heading; returns the rest.
fn push_line_start<'t>(out: &mut String, text: &'t str) -> &'t str {
    let Some(first) = text.chars().next() else { return text };
    if matches!(first, '-' | '+' | '=') {
        let run = text.len() - text.trim_start_matches(first).len();
        let rest = &text[run..];
        if run > 1 || rest.is_empty() || rest.starts_with(char::is_whitespace) {
            out.extend(std::iter::repeat_n(wide(first), run));
            return rest;
        }
    }
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if let Some(rest) = text[digits..].strip_prefix('.')
        && digits > 0
        && (rest.is_empty() || rest.starts_with(char::is_whitespace))
    {
        out.push_str(&text[..digits]);
        out.push('．');
        return rest;
    }
    text
}

/// The length of the web address that `text` begins with.
fn address(text: &str) -> Option<usize> {
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))?;
    let inside = |c: char| c.is_ascii_alphanumeric() || "-._~/?#=&%+:;,$!*'@".contains(c);
    let end = text.find(|c| !inside(c)).unwrap_or(text.len());
    // Punctuation at its end belongs to the sentence.
    let end = text[..end].trim_end_matches(['.', ',', ';', ':', '!', '*', '~', '\'', '_', '?']).len();
    (end > scheme.len()).then_some(end)
}

/// An address in which characters of markup are percent-encoded, so that it still leads to the same place.
fn push_address(out: &mut String, address: &str) {
    for c in address.chars() {
        match c {
            '_' | '*' | '~' | '!' | '@' | ';' | '\'' => out.push_str(&format!("%{:02X}", c as u32)),
            c => out.push(c),
        }
    }
}

/// The full-width twin of a printable ASCII character.
fn wide(c: char) -> char {
    char::from_u32(c as u32 + 0xFEE0).unwrap_or(c)
}

/// Controls, and marks that turn the direction of writing: they could make a line read as another.
fn is_invisible(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200B}' | '\u{FEFF}')
}

/// A button's link that says `line` for whoever presses it; a space is `%20`, never `+`.
pub(super) fn saying(line: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    /// What `encodeURIComponent` leaves, less the characters of markup.
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    format!("dtmd://dingtalkclient/sendMessage?content={}", utf8_percent_encode(line, KEPT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        let mut out = String::new();
        push_plain(&mut out, text, true);
        out
    }

    #[test]
    fn typed_markup_stays_text() {
        assert_eq!(
            plain("[确认](dtmd://dingtalkclient/sendMessage?content=x)"),
            "［确认］（dtmd：//dingtalkclient/sendMessage?content=x）"
        );
        assert_eq!(plain("![图](http://a.example/x)"), "！［图］（http://a.example/x）");
        assert_eq!(plain("# 大 **粗** `码` <font>"), "＃ 大 ＊＊粗＊＊ ｀码｀ ＜font＞");
        assert_eq!(plain("@manager4421 &lt;"), "＠manager4421 ＆lt;");
    }

    #[test]
    fn a_line_does_not_become_a_list_or_a_rule() {
        assert_eq!(plain("- 一"), "－ 一");
        assert_eq!(plain("  1. 一"), "1． 一");
        assert_eq!(plain("---"), "－－－");
        assert_eq!(plain("=="), "＝＝");
        assert_eq!(plain("1.5 天"), "1.5 天");
        assert_eq!(plain("-5 度"), "-5 度");
    }

    #[test]
    fn web_addresses_lead_where_they_led() {
        assert_eq!(plain("见 https://a.example/x_y?b=1&c=2。"), "见 https://a.example/x%5Fy?b=1&c=2。");
        assert_eq!(plain("HTTP://a.example/!"), "HTTP://a.example/！");
        assert_eq!(plain("https://"), "https：//");
        assert_eq!(plain("dingtalk://dingtalkclient/page/link"), "dingtalk：//dingtalkclient/page/link");
    }
}
