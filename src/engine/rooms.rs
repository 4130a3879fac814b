//! What a platform tells of rooms and their people, without anybody asking.

use std::collections::BTreeSet;

use super::{Engine, draft::Draft, receive::Event};
use crate::{
    chat::{Person, What},
    dossier::{Dossier, Outcome},
    features::{self, project::events},
    store::{CommitError, ProjectId},
};

impl Engine {
    /// The bot came into a room: it greets, or goes on where it was before.
    pub(super) async fn joined(&self, event: &Event<'_>) -> Result<(), CommitError> {
        let room = event.room();
        let Some(home) = self.of_room(&room.id).await? else {
            return self.answer_only(event, features::greeting()).await;
        };
        let mut dossier = self.take(home).await;
        match events::back(&room.id, room.name.as_deref(), &dossier) {
            Some(outcome) => {
                let mut draft = self.draft(event);
                let message = self.settle(event, &mut draft, &mut dossier, outcome, None);
                self.reply(event, &mut draft, message, None);
                self.write(draft, &mut [&mut dossier]).await
            }
            None => self.answer_only(event, features::greeting()).await,
        }
    }

    /// Anything else that happens to a room; a room of no project is no matter of ours.
    pub(super) async fn happened(&self, event: &Event<'_>) -> Result<(), CommitError> {
        let room = event.room();
        if let What::Left { people } = &event.inbound.what
            && room.id.raw().is_empty()
        {
            return self.left_the_organisation(event, people).await;
        }
        let mut draft = self.draft(event);
        let Some(home) = self.of_room(&room.id).await? else {
            return self.write(draft, &mut []).await;
        };
        let mut dossier = self.take(home).await;
        let outcome = match &event.inbound.what {
            What::Gone => events::gone(&room.id, &dossier, event.written),
            What::Renamed => room.name.as_deref().and_then(|name| events::renamed(&room.id, name, &dossier)),
            What::Came { people } => events::came(&room.id, people, &dossier),
            What::Left { people } => events::left(Some(&room.id), people, &dossier),
            What::Said { .. }
            | What::Pressed { .. }
            | What::Filled { .. }
            | What::Recalled { .. }
            | What::Joined
            | What::MeetingEnded { .. }
            | What::Recorded { .. }
            | What::OverQuota => None,
        };
        self.told(event, &mut draft, &mut dossier, outcome);
        self.write(draft, &mut [&mut dossier]).await
    }

    /// Every project of theirs is told, all in one commit.
    async fn left_the_organisation(&self, event: &Event<'_>, people: &[Person]) -> Result<(), CommitError> {
        let _founding = self.founding.lock().await;
        self.caught_up().await?;
        let projects: BTreeSet<ProjectId> = self.directory(|directory| {
            people.iter().flat_map(|person| directory.of_person(&person.id)).collect()
        });
        let mut draft = self.draft(event);
        let mut dossiers = Vec::new();
        for id in projects {
            let mut dossier = self.take(id).await;
            let outcome = events::left(None, people, &dossier);
            self.told(event, &mut draft, &mut dossier, outcome);
            dossiers.push(dossier);
        }
        let mut dossiers: Vec<&mut Dossier> = dossiers.iter_mut().map(|dossier| &mut **dossier).collect();
        self.write(draft, &mut dossiers).await
    }

    fn told(&self, event: &Event<'_>, draft: &mut Draft, dossier: &mut Dossier, outcome: Option<Outcome>) {
        if let Some(outcome) = outcome {
            // Nobody asked, so the answer goes nowhere.
            let _ = self.settle(event, draft, dossier, outcome, None);
        }
    }
}
