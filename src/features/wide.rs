//! Commands that read every project of whoever asks, and the files of their customers.

use super::{customer, overview, project};
use crate::{
    chat::Message,
    dossier::{Context, Dossier, Refusal},
};

/// What a command reads that looks at every project of the asker.
pub struct Wide<'a> {
    /// The asker's projects.
    pub projects: &'a [Dossier],
    /// The files of their customers.
    pub files: &'a [Dossier],
    /// The project of this room.
    pub here: Option<&'a Dossier>,
}

/// A command that reads every project of the asker: its object, and the words behind it.
///
/// # Errors
/// It does not apply here.
pub fn wide((object, text): (&str, &str), mine: &Wide, cx: &Context) -> Result<Message, Refusal> {
    if object == overview::MINE.name {
        return Ok(overview::mine(mine, cx));
    }
    if object == customer::OBJECT.name {
        return customer::told(text, mine, cx);
    }
    project::overview(mine.projects, mine.here, cx)
}
