//! How a text becomes terms, and a query or a title becomes words.
//!
//! A text is found by every pair of neighbouring Chinese characters in it and by every other word as a
//! whole: pairs need no dictionary to agree with itself, so a name or a new word is found like any other. The
//! dictionary of `icu_segmenter` cuts only what is asked: which pairs belong together, and which words a
//! title is about.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed, options::WordBreakInvariantOptions};

/// What a text is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Term(u64);

/// The bit of a term that is a word by its hash; characters take 21 bits each.
const HASHED: u64 = 1 << 63;

impl Term {
    /// Two neighbouring characters.
    fn pair(first: char, second: char) -> Self {
        Self(u64::from(u32::from(first)) << 32 | u64::from(u32::from(second)))
    }

    /// One character: the last of its run, or one that is asked for alone.
    fn single(c: char) -> Self {
        Self(u64::from(u32::from(c)) << 32)
    }

    fn whole(word: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        word.hash(&mut hasher);
        Self(hasher.finish() | HASHED)
    }

    /// The Chinese character that it begins with.
    pub(super) fn begins_with(self) -> Option<char> {
        if self.0 & HASHED == 0 { char::from_u32((self.0 >> 32) as u32) } else { None }
    }

    /// Whether it is one character; such a one is asked for wherever it stands.
    pub(super) fn is_single(self) -> bool {
        self.0 & HASHED == 0 && self.0 as u32 == 0
    }
}

/// A word of a query: whatever has all of its terms has the word.
pub(super) type Word = Vec<Term>;

/// Characters that a question may lose without changing what it is about.
const FILLERS: &str = "的了和与及或要把被对为等请让将可会就也都很在是有个从到给";

/// Words that many requirements have and that say nothing of their subject.
const COMMON: [&str; 43] = [
    "支持", "需要", "需求", "希望", "要求", "增加", "新增", "添加", "修改", "优化", "改进", "改造", "完善",
    "实现", "提供", "进行", "可以", "能够", "功能", "模块", "系统", "平台", "页面", "界面", "相关", "使用",
    "用户", "客户", "我们", "他们", "以及", "或者", "根据", "按照", "通过", "自动", "是否", "目前", "现在",
    "尽快", "问题", "情况", "项目",
];

/// How many characters of a text are indexed: a pasted log is found by its beginning.
const LONGEST_TEXT: usize = 10_000;
/// How many characters of a title are compared.
const LONGEST_TITLE: usize = 200;

/// Reads texts.
pub(super) struct Reader {
    normalizer: ComposingNormalizerBorrowed<'static>,
    segmenter: WordSegmenterBorrowed<'static>,
}

/// A piece of a text between two breaks.
enum Piece<'a> {
    /// Chinese characters: a word of the dictionary, or one character that is in none.
    Chinese(&'a str),
    /// A word of any other script, or a number.
    Other(&'a str),
    /// Blanks and punctuation.
    Gap,
}

/// A word as it is spelled.
struct Spelled {
    text: String,
    chinese: bool,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self {
            normalizer: ComposingNormalizerBorrowed::new_nfkc(),
            segmenter: WordSegmenter::new_dictionary(WordBreakInvariantOptions::default()),
        }
    }

    /// Everything that this text is found by; a term may come more than once. Of a very long text, what it
    /// begins with.
    pub(super) fn terms(&self, text: &str) -> Vec<Term> {
        let text = self.plain(beginning(text, LONGEST_TEXT));
        let mut terms = Vec::new();
        let mut run: Vec<char> = Vec::new();
        for piece in self.pieces(&text) {
            if let Piece::Chinese(word) = piece {
                run.extend(word.chars());
                continue;
            }
            terms.extend(pairs(&run));
            terms.extend(run.last().map(|last| Term::single(*last)));
            run.clear();
            if let Piece::Other(word) = piece {
                terms.extend(parts(word).map(Term::whole));
            }
        }
        terms
    }

    /// The words of a query.
    pub(super) fn words(&self, query: &str) -> Vec<Word> {
        let query = self.plain(query);
        let (fillers, words): (Vec<Spelled>, Vec<Spelled>) =
            self.spelled(&query).into_iter().partition(Spelled::is_filler);
        // Where nothing but fillers is asked for, they are what is meant.
        let meant = if words.is_empty() { fillers } else { words };
        meant.iter().map(Spelled::terms).collect()
    }

    /// What a title is about: the terms of its words but the common ones.
    pub(super) fn subjects(&self, title: &str) -> BTreeSet<Term> {
        let title = self.plain(beginning(title, LONGEST_TITLE));
        let words = self.spelled(&title).into_iter();
        let telling = words.filter(|word| word.text.chars().count() > 1 && !COMMON.contains(&&*word.text));
        telling.flat_map(|word| word.terms()).collect()
    }

    /// Narrow letters in lower case, composed.
    fn plain(&self, text: &str) -> String {
        self.normalizer.normalize(text).to_lowercase()
    }

    /// Words: the dictionary's, characters that are in none joined to a word of their own (names, new
    /// words), and what is not Chinese as it stands.
    fn spelled(&self, text: &str) -> Vec<Spelled> {
        let mut words: Vec<Spelled> = Vec::new();
        let mut strays = String::new();
        for piece in self.pieces(text) {
            if let Piece::Chinese(word) = piece
                && word.chars().count() == 1
                && !FILLERS.contains(word)
            {
                strays.push_str(word);
                continue;
            }
            if !strays.is_empty() {
                words.push(Spelled { text: std::mem::take(&mut strays), chinese: true });
            }
            match piece {
                Piece::Chinese(word) => words.push(Spelled { text: word.to_owned(), chinese: true }),
                Piece::Other(word) => words.push(Spelled { text: word.to_owned(), chinese: false }),
                Piece::Gap => {}
            }
        }
        words
    }

    /// The pieces of a text, with a gap at its end.
    fn pieces<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Piece<'a>> {
        let mut breaks = self.segmenter.segment_str(text).iter_with_word_type();
        let mut from = 0;
        let pieces = std::iter::from_fn(move || {
            loop {
                let (to, kind) = breaks.next()?;
                let piece = &text[from..to];
                from = to;
                let Some(first) = piece.chars().next() else { continue };
                return Some(match (is_chinese(first), kind.is_word_like()) {
                    (true, _) => Piece::Chinese(piece),
                    (false, true) => Piece::Other(piece),
                    (false, false) => Piece::Gap,
                });
            }
        });
        pieces.chain([Piece::Gap])
    }
}

impl Spelled {
    fn is_filler(&self) -> bool {
        self.text.chars().count() == 1 && FILLERS.contains(&self.text)
    }

    fn terms(&self) -> Word {
        if !self.chinese {
            return vec![Term::whole(&self.text)];
        }
        let chars: Vec<char> = self.text.chars().collect();
        match chars[..] {
            [alone] => vec![Term::single(alone)],
            _ => pairs(&chars).collect(),
        }
    }
}

fn beginning(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

fn pairs(run: &[char]) -> impl Iterator<Item = Term> {
    run.windows(2).map(|pair| Term::pair(pair[0], pair[1]))
}

/// A word that is not Chinese, and where it is made of several, each of them: `oauth2.0`, `oauth`, `2.0`.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let kind = |c: char| if c.is_numeric() || c == '.' { 1 } else { u8::from(c.is_alphabetic()) * 2 };
    let mut rest = word;
    let mut whole = Some(word);
    std::iter::from_fn(move || {
        if let Some(whole) = whole.take() {
            return Some(whole);
        }
        rest = rest.trim_start_matches(|c| kind(c) == 0);
        let first = kind(rest.chars().next()?);
        let (part, after) = rest.split_at(rest.find(|c| kind(c) != first).unwrap_or(rest.len()));
        rest = after;
        Some(part)
    })
}

/// Written without blanks between the words.
fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3005}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a text is found by a query: every word of it.
    fn finds(query: &str, text: &str) -> bool {
        let reader = Reader::new();
        let terms = reader.terms(text);
        let has = |term: &Term| match term.is_single() {
            true => terms.iter().any(|other| other.begins_with() == term.begins_with()),
            false => terms.contains(term),
        };
        let words = reader.words(query);
        !words.is_empty() && words.iter().flatten().all(has)
    }

    #[test]
    fn a_text_is_found_however_it_is_written() {
        for (query, text) in [
            ("退款", "支付模块支持退款"),
            ("支付退款", "退款走原支付渠道"),
            ("支付的退款", "退款走原支付渠道"),
            ("oauth", "ＯＡｕｔｈ２ 登录"),
            ("ＯＡＵＴＨ２", "oauth2登录"),
            ("2.1", "升级到 v2.1"),
            ("excel", "导出Excel表格"),
            ("「退款」，接口", "接口文档：退款。"),
            ("退款…", "退款"),
            ("小程序退款", "在小程序里退款"),
            ("张小丽", "找张小丽确认"),
            ("預售證", "查詢預售證"),
            ("iPhone 登录", "登录页在IPHONE上打不开"),
            ("Café", "cafe\u{301} 门店"),
            ("ｶﾀｶﾅ", "カタカナ"),
            ("100", "满100减20"),
        ] {
            assert!(finds(query, text), "{query} in {text}");
        }
    }

    #[test]
    fn one_character_is_found_wherever_it_stands() {
        for text in ["退款", "不予退款", "概不退", "退"] {
            assert!(finds("退", text), "{text}");
        }
        assert!(!finds("退", "付款"));
        assert!(finds("的", "客户的"), "a filler that is asked for alone is meant");
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for (query, text) in [
            ("退款", "付款后退货"),
            ("款退", "退款"),
            ("退款", "概不退。款项"),
            ("支付 火星", "支付"),
            ("art", "start"),
            ("，。", "，。"),
            ("", "退款"),
        ] {
            assert!(!finds(query, text), "{query} in {text}");
        }
    }

    #[test]
    fn a_title_is_about_what_is_not_said_in_every_requirement() {
        let reader = Reader::new();
        let same = |one, other| reader.subjects(one) == reader.subjects(other);
        assert!(same("支付模块支持退款", "希望支付可以退款"));
        assert!(!same("支付模块支持退款", "支付模块支持导出"));
        assert!(reader.subjects("系统需要优化").is_empty());
    }
}
