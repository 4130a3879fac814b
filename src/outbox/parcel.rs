//! What is put into a parcel when it is sent: the parts still true, marked if late, made one.

use jiff::{SignedDuration, Timestamp};

use crate::{
    chat::{Line, Message, Span, Tone},
    platform::Parcel,
    store::{About, Outgoing},
};

/// From how much lateness on a ping says that it is made up (CONTRACT 6).
const LATE: SignedDuration = SignedDuration::from_mins(10);
/// How a made-up ping begins.
const MADE_UP: &str = "【补发】";
/// How many buttons a bundle has at most: more than one row of them nobody reads.
const MOST_BUTTONS: usize = 5;

/// The parcel of `head`, which speaks for `parts` (itself among them where it is still true).
pub fn parcel(head: &Outgoing, parts: &[&Outgoing], cx: Sending) -> Parcel {
    let several = parts.len() > 1;
    let messages = parts.iter().map(|part| match part.about {
        Some(about) if several => named(marked(part, cx), about),
        _ => marked(part, cx),
    });
    let messages = messages.collect();
    Parcel {
        id: format!("jd{}-{}", head.id, head.created.as_millisecond()),
        to: head.to.clone(),
        message: bundle(messages),
        reply_to: head.reply_to.clone(),
        maybe_repeated: cx.maybe_repeated,
        lives: matches!(parts, [only] if only.card.is_some()),
    }
}

/// The circumstances of one try.
#[derive(Debug, Clone, Copy)]
pub struct Sending {
    /// The bot's clock.
    pub now: Timestamp,
    /// When this process started, by the bot's clock.
    pub started: Timestamp,
    /// See [`Parcel::maybe_repeated`].
    pub maybe_repeated: bool,
}

/// The one record that all parts speak of; a quote of a bundle about several means none of them.
pub fn about(parts: &[&Outgoing]) -> Option<About> {
    let first = parts.first()?.about?;
    parts.iter().all(|part| part.about == Some(first)).then_some(first)
}

/// Lets a message whose words were said so often before differ from them, so that the platform says it too.
pub fn vary(message: &mut Message, said_before: u32) {
    let file = message.file.is_some();
    if let Some(headline) = message.lines.first_mut().filter(|_| said_before > 0 && !file) {
        headline.0.push(Span::Text(format!("（第{}次）", said_before + 1)));
    }
}

/// The message of `part`, marked where it was missed while the bot was down.
fn marked(part: &Outgoing, cx: Sending) -> Message {
    let mut message = part.message.clone();
    let Some(due) = part.due else { return message };
    if due < cx.started && cx.now.duration_since(due) > LATE {
        mark(&mut message);
    }
    message
}

/// With the record's id on each button: of several 响应 nobody knows whose. An id that nobody types tells nobody.
fn named(mut message: Message, about: About) -> Message {
    if !about.key.letter.is_ascii_alphabetic() {
        return message;
    }
    let id = about.key.to_string();
    for button in &mut message.buttons {
        if !button.label.contains(&id) {
            button.label = format!("{id} {}", button.label);
        }
    }
    message
}

fn mark(message: &mut Message) {
    if message.lines.is_empty() {
        message.lines.push(Line::default());
    }
    let headline = &mut message.lines[0].0;
    // Behind whom it calls, so that a call stays at the head.
    let calls = |span: &Span| match span {
        Span::Person(_) => true,
        Span::Text(text) | Span::Strong(text) => text.trim().is_empty(),
    };
    let words = headline.iter().position(|span| !calls(span)).unwrap_or(headline.len());
    match headline.get_mut(words) {
        Some(Span::Text(text) | Span::Strong(text)) => text.insert_str(0, MADE_UP),
        Some(Span::Person(_)) | None => headline.insert(words, Span::Text(MADE_UP.into())),
    }
}

/// One message that says what all of these say, as loud as the loudest.
fn bundle(mut messages: Vec<Message>) -> Message {
    if messages.len() == 1 {
        return messages.remove(0);
    }
    let mut all = Message::default();
    // A form is for one thing at a time.
    for message in messages.into_iter().map(Message::formless) {
        if !all.lines.is_empty() {
            all.lines.push(Line::default());
        }
        all.lines.extend(message.lines);
        all.buttons.extend(message.buttons);
        all.chart = all.chart.or(message.chart);
        all.tone = louder(all.tone, message.tone);
        all.urgent |= message.urgent;
        all.invites.extend(message.invites);
    }
    all.buttons.truncate(MOST_BUTTONS);
    all
}

fn louder(one: Tone, other: Tone) -> Tone {
    let loudness = |tone| match tone {
        Tone::Plain => 0,
        Tone::Good => 1,
        Tone::Warning => 2,
        Tone::Alarm => 3,
    };
    if loudness(other) > loudness(one) { other } else { one }
}
