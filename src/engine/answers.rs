//! What answers to command lines look like: several in one message, and marked in front.

use crate::{
    chat::{Message, Span, Typed, short},
    platform::Toast,
};

/// The answers of several lines as one message.
pub(super) fn batched(answers: Vec<(bool, Typed, Message)>) -> Option<Message> {
    let mut all = Message::default();
    for (done, line, answer) in answers {
        let mut lines = answer.lines.into_iter();
        let mut first = lines.next().unwrap_or_default();
        let mark = if done { "✓ ".to_owned() } else { format!("✗ {}：", shortened(&line.words())) };
        first.0.insert(0, Span::Text(mark));
        all.lines.push(first);
        all.lines.extend(lines);
    }
    (!all.lines.is_empty()).then_some(all)
}

fn shortened(text: &str) -> String {
    const LENGTH: usize = 24;
    let mut short: String = text.chars().take(LENGTH).collect();
    if text.chars().count() > LENGTH {
        short.push('…');
    }
    short
}

pub(super) fn prefix(message: &mut Message, words: &str) {
    if let Some(line) = message.lines.first_mut() {
        line.0.insert(0, Span::Text(words.to_owned()));
    }
}

/// An answer in a word.
pub(super) fn toast(done: bool, answer: &Message) -> Option<Toast> {
    let first = answer.lines.first()?.plain();
    Some(Toast { done, words: short(first.trim()) })
}
