//! A line of text folded for reading: one narrow, lower-case, simplified character for each that was typed.

/// The folded characters, and where each began.
pub(super) struct Text {
    pub chars: Vec<char>,
    /// Byte offsets in the original; one more than characters.
    pub offsets: Vec<usize>,
}

impl Text {
    /// Folds at most the first `most` characters.
    pub fn head(text: &str, most: usize) -> Self {
        let end = text.char_indices().nth(most).map_or(text.len(), |(at, _)| at);
        Self::fold(text, 0, end)
    }

    /// Folds at most the last `most` characters.
    pub fn tail(text: &str, most: usize) -> Self {
        let begin = most.checked_sub(1).and_then(|back| text.char_indices().nth_back(back));
        Self::fold(text, begin.map_or(0, |(at, _)| at), text.len())
    }

    fn fold(text: &str, begin: usize, end: usize) -> Self {
        let (mut chars, mut offsets) = (Vec::new(), Vec::new());
        for (at, typed) in text[begin..end].char_indices() {
            chars.push(fold(typed));
            offsets.push(begin + at);
        }
        offsets.push(end);
        Self { chars, offsets }
    }
}

fn fold(typed: char) -> char {
    match typed {
        '\u{ff01}'..='\u{ff5e}' => {
            let narrow = char::from_u32(u32::from(typed) - 0xfee0).unwrap_or(typed);
            narrow.to_ascii_lowercase()
        }
        '\n' | '\r' => '\n',
        '–' | '—' | '‐' | '‑' | '−' | '﹣' | '─' => '-',
        '〜' | '∼' => '~',
        '∶' | '︰' => ':',
        '週' => '周',
        '後' => '后',
        '點' => '点',
        '個' => '个',
        '兩' | '俩' | '倆' => '两',
        '仨' => '三',
        '號' => '号',
        '時' => '时',
        '鐘' | '鍾' => '钟',
        '內' => '内',
        '禮' => '礼',
        '這' => '这',
        '淩' => '凌',
        '間' => '间',
        '裡' | '裏' => '里',
        c if c.is_whitespace() => ' ',
        c => c.to_ascii_lowercase(),
    }
}

/// The position behind `word` if it stands here.
pub(super) fn after(c: &[char], i: usize, word: &str) -> Option<usize> {
    let mut end = i;
    for wanted in word.chars() {
        if c.get(end) != Some(&wanted) {
            return None;
        }
        end += 1;
    }
    Some(end)
}

/// The position behind the first of `words` that stands here; longer words come first in the list.
pub(super) fn after_any(c: &[char], i: usize, words: &[&str]) -> Option<usize> {
    words.iter().find_map(|word| after(c, i, word))
}

/// The value that goes with the first word that stands here.
pub(super) fn look_up<T: Copy>(c: &[char], i: usize, table: &[(&str, T)]) -> Option<(T, usize)> {
    table.iter().find_map(|(word, value)| Some((*value, after(c, i, word)?)))
}

/// The position behind spaces.
pub(super) fn spaces(c: &[char], mut i: usize) -> usize {
    while c.get(i) == Some(&' ') {
        i += 1;
    }
    i
}

/// The run of Latin letters that begins here, unless it began before.
pub(super) fn latin(c: &[char], i: usize) -> Option<(String, usize)> {
    if i > 0 && c.get(i - 1).is_some_and(char::is_ascii_alphabetic) {
        return None;
    }
    let letters = c.iter().skip(i).take_while(|c| c.is_ascii_alphabetic()).take(16);
    let word: String = letters.collect();
    let end = i + word.len();
    (!word.is_empty()).then_some((word, end))
}
