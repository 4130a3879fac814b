//! Where a record's words come from: the line that makes it, or the message which that line turns into one.

use jiff::Timestamp;

use crate::{
    calendar::typed,
    chat::{Author, Message, MessageId, Person},
    dossier::{Context, Dossier, Kind, Record, Refusal},
    grammar::{Args, Object, behind_command},
};

/// The verbatim words of a record, with author, time and message (RULES 2).
#[derive(Clone)]
pub struct Origin {
    /// The words.
    pub said: String,
    /// Whose they are.
    pub by: Person,
    /// When they were said.
    pub at: Timestamp,
    /// In which message.
    pub message: Option<MessageId>,
    /// They were quoted by somebody.
    quoted: bool,
}

impl Origin {
    /// The quoted message, or else the line itself.
    pub fn of(args: &Args, cx: &Context) -> Self {
        let Some((message, words)) = &args.quote else {
            return Self {
                said: args.said.clone(),
                by: cx.actor.clone(),
                at: cx.now,
                message: cx.message.cloned(),
                quoted: false,
            };
        };
        let by = match &words.by {
            Author::Person(person) => person.clone(),
            Author::Bot | Author::Unknown => cx.actor.clone(),
        };
        Self {
            said: words.text.trim().to_owned(),
            by,
            at: words.at.map_or(cx.now, |at| at.min(cx.now)),
            message: Some(message.clone()),
            quoted: true,
        }
    }

    /// Refuses a message that became a record of this kind before: two people often see to the same one.
    ///
    /// # Errors
    /// Which record it is.
    pub fn is_new<K: Kind>(
        &self,
        dossier: &Dossier,
        message: fn(&K) -> Option<&MessageId>,
    ) -> Result<(), Refusal> {
        let made = dossier.all::<K>().find(|record| self.quoted && message(record) == self.message.as_ref());
        match made {
            Some(record) => {
                Err(Refusal::new(format!("这条消息已经转成 {} {}", record.key(), Kind::title(record))))
            }
            None => Ok(()),
        }
    }

    /// The answer, which says whose words were taken where they are not those of the asker.
    pub fn named_in(&self, reply: Message, cx: &Context) -> Message {
        if !self.quoted {
            return reply;
        }
        let at = typed::echo(self.at, cx.now, &cx.rules.calendar);
        match self.by.id == cx.actor.id {
            true => reply.line(format!("原话 {at}")),
            false => reply.line(format!("原话 {} {at}", self.by.name)),
        }
    }
}

/// The words as they were said, where the record's title does not hold them all.
pub fn verbatim(said: &str, title: &str, object: &Object) -> Option<String> {
    let words = behind_command(said, object);
    let held = title.split_whitespace().all(|piece| words.contains(piece)) && !words.contains('\n');
    (!held).then(|| format!("原话：{words}"))
}
