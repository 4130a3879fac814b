//! `转需求`, said in answer to a message: that message becomes the record (RULES 2).

use super::{
    Erased, Parsed, Reader, read,
    scan::{Scan, bare, narrow},
};
use crate::{
    chat::{Author, Quote, Typed, is_mention},
    dossier::Refusal,
};

/// Whether a line turns the message that it quotes into a record. Such a line is for the bot without a slash.
pub fn converts(typed: &Typed, commands: &[Erased]) -> bool {
    let line = typed
        .text()
        .trim_start_matches(|c: char| is_mention(c) || narrow(c).is_whitespace() || narrow(c) == '/');
    let word: String =
        line.chars().take_while(|c| !narrow(*c).is_whitespace() && narrow(*c) != '!').collect();
    command(bare(&word), commands).is_some()
}

/// The command that makes the kind of record which this word asks for.
pub(super) fn command<'a>(word: &str, commands: &'a [Erased]) -> Option<&'a Erased> {
    let object = bare(word).strip_prefix('转')?;
    commands.iter().find(|command| command.spec.from_quote && command.spec.object == object)
}

/// Reads what stands behind the word as one would behind the object. The record's words are those of the quoted
/// message, in which nothing is read as priority, person or key: see [`Args::take_quoted_title`].
pub(super) fn parse<'a>(
    command: &'a Erased,
    scan: Scan,
    leading: Vec<crate::chat::Person>,
    rest: Option<&str>,
    reader: &Reader<'a>,
) -> Result<Parsed<'a>, Refusal> {
    let object = command.spec.object;
    let Some(Quote { message, words }) = reader.quote else {
        let how = format!("要转哪条消息？回复（引用）那条消息，写：转{object}");
        return Err(Refusal::new(how));
    };
    let unread = || Refusal::new(format!("看不到那条消息的文字，没有记录。请把原话写在后面：/{object} …"));
    let words = words.as_ref().filter(|words| !words.text.trim().is_empty() || words.by == Author::Bot);
    let words = words.ok_or_else(unread)?;
    if words.by == Author::Bot {
        return Err(Refusal::new("那条是我发的，没有记录。请回复同事或客户的那条消息"));
    }
    let mut args = read::collect(scan, rest, (None, leading), command.spec, reader)?;
    args.quote = Some((message.clone(), words.clone()));
    Ok(Parsed { command, args })
}
