//! What a line reads beside the dossier that it decides on: other projects, and what a search finds.

use super::{Engine, lines::Held, receive::Event};
use crate::{
    chat::Message,
    dossier::{Dossier, Found, Place, Refusal},
    features,
    grammar::{Args, Spec},
    search::Asker,
    store::ProjectId,
};

/// Copies of a customer's projects.
pub(super) struct Served {
    /// The customer's file.
    file: ProjectId,
    projects: Vec<Dossier>,
}

impl Held {
    /// The projects of the customer whose file is held, the home as the lines before this one left it.
    pub(super) fn read_projects(&self) -> Result<Vec<Dossier>, Refusal> {
        let file = self.file.as_ref().map(|file| file.id);
        let Some(served) = self.served.as_ref().filter(|served| Some(served.file) == file) else {
            // Lines before this one gave the project another customer.
            return Err(Refusal::new("项目的客户刚改过，这一条请单独再发一次"));
        };
        let now = |project: &Dossier| match self.home.as_deref() {
            Some(home) if home.id == project.id => home.clone(),
            _ => project.clone(),
        };
        Ok(served.projects.iter().map(now).collect())
    }
}

impl Engine {
    /// Copies of the projects of the customer that a line means. Only under the founding lock, and before the file is
    /// taken: other lines hold one of these projects and wait for the file.
    pub(super) async fn served(&self, event: &Event<'_>, held: &Held) -> Option<Served> {
        let file = self.file_meant(event, held)?;
        Some(Served { file, projects: self.copies(file, held.home.as_deref()).await })
    }

    /// Copies of the projects of a customer, taken one after the other; of the one that is held, as it is in hand.
    pub(super) async fn copies(&self, file: ProjectId, here: Option<&Dossier>) -> Vec<Dossier> {
        let mut projects = Vec::new();
        for id in self.directory(|directory| directory.projects_of(file)) {
            match here.filter(|here| here.id == id) {
                Some(here) => projects.push(here.clone()),
                None => projects.push(self.take(id).await.clone()),
            }
        }
        projects
    }

    /// What a line wants looked up, as far as whoever asks may see it here.
    pub(super) fn found_for(
        &self,
        event: &Event<'_>,
        spec: &Spec,
        args: &Args,
        place: &Place,
        home: Option<&Dossier>,
    ) -> Found {
        let Some(ask) = spec.seeks.and_then(|seeks| seeks(args)) else { return Found::NOTHING };
        let asker = Asker {
            person: &event.inbound.sender.id,
            admin: event.admin,
            place: place.kind,
            home: home.map(|home| home.id),
        };
        let index = self.index.read().expect("no panic while it is held");
        index.look_up(&ask, &asker, &self.rules.search)
    }

    /// A command that reads every project of the asker, and their customers' files.
    #[allow(
        clippy::too_many_arguments,
        reason = "all of it is the event's own, taken apart by the borrow checker"
    )]
    pub(super) async fn wide(
        &self,
        event: &Event<'_>,
        (command, text): (&crate::grammar::Erased, &str),
        mine: &[ProjectId],
        here: Option<&Dossier>,
        registry: &Dossier,
        place: Place,
    ) -> Result<Message, Refusal> {
        let mut projects = Vec::new();
        for id in mine {
            match here.filter(|here| here.id == *id) {
                Some(here) => projects.push(here.clone()),
                None => projects.push(self.take(*id).await.clone()),
            }
        }
        let mut files = Vec::new();
        for id in self.directory(|directory| directory.files_of(mine)) {
            files.push(self.take(id).await.clone());
        }
        let cx = self.context(event, registry, place, &[]);
        let wide = features::Wide { projects: &projects, files: &files, here };
        features::wide((command.spec.object, text), &wide, &cx)
    }
}
