//! People with an account on more than one platform: what is heard from any of them counts for one person, and a
//! mention goes to the account that its room can reach.

use super::{Engine, REGISTRY, draft::Draft};
use crate::{
    chat::{Inbound, Person, PersonId, Span, Target, What},
    dossier::Waking,
    features::account,
    store::{CommitError, Outgoing, ProjectId},
};

impl Engine {
    /// The event with everybody as records know them.
    pub(super) fn canonical(&self, mut inbound: Inbound) -> Inbound {
        self.directory(|directory| {
            if !directory.has_accounts() {
                return;
            }
            let known = |person: &Person| directory.primary(&person.id).unwrap_or(person).clone();
            inbound.sender = known(&inbound.sender);
            match &mut inbound.what {
                What::Said { text, .. } => *text = text.with_people(known),
                What::Left { people } => people.iter_mut().for_each(|person| *person = known(person)),
                What::Came { people } => {
                    people.iter_mut().for_each(|newcomer| newcomer.person = known(&newcomer.person));
                }
                What::Pressed { .. }
                | What::Filled { .. }
                | What::Recalled { .. }
                | What::Joined
                | What::Gone
                | What::Renamed
                | What::MeetingEnded { .. }
                | What::Recorded { .. }
                | What::OverQuota => {}
            }
        });
        inbound
    }

    /// Somebody as records know them.
    pub(super) fn known(&self, person: &Person) -> Person {
        self.directory(|directory| directory.primary(&person.id).unwrap_or(person).clone())
    }

    /// Mentions in a room, and invites, by the account that the platform has of somebody.
    pub(super) fn localise(&self, outgoing: &mut [Outgoing]) {
        self.directory(|directory| {
            if !directory.has_accounts() {
                return;
            }
            for outgoing in outgoing {
                let platform = outgoing.to.platform().to_owned();
                for invite in &mut outgoing.message.invites {
                    for person in invite.people.iter_mut().chain([&mut invite.host]) {
                        if let Some(account) = directory.account_on(&person.id, &platform) {
                            person.id = account.id.clone();
                        }
                    }
                }
                let Target::Room(room) = &outgoing.to else { continue };
                let spans = outgoing.message.lines.iter_mut().flat_map(|line| &mut line.0);
                for span in spans {
                    if let Span::Person(person) = span
                        && let Some(account) = directory.account_on(&person.id, room.platform())
                    {
                        person.id = account.id.clone();
                    }
                }
            }
        });
    }

    /// Whether this person has an account on this platform.
    pub(super) fn is_on(&self, person: &PersonId, platform: &str) -> bool {
        person.platform() == platform
            || self.directory(|directory| directory.account_on(person, platform).is_some())
    }

    /// Lets every project that knows an account by itself know it as the person it is. Only under the founding lock,
    /// with no dossier taken; what is done already is left as it is, so it may break off anywhere.
    pub(super) async fn merge_accounts(&self) -> Result<(), CommitError> {
        self.caught_up().await?;
        for (alias, person) in self.directory(|directory| directory.aliases()) {
            let projects: Vec<ProjectId> = self.directory(|directory| directory.knowing(&alias));
            for id in projects {
                // Again where another process wrote it meanwhile.
                while let Err(error) = self.merge_in(id, &alias, &person).await {
                    if !matches!(error, CommitError::Stale(_)) {
                        return Err(error);
                    }
                }
            }
        }
        Ok(())
    }

    async fn merge_in(&self, id: ProjectId, alias: &PersonId, person: &Person) -> Result<(), CommitError> {
        let mut dossier = self.take(id).await;
        let Some(outcome) = account::merged(&dossier, alias, person) else { return Ok(()) };
        let mut draft = Draft::default();
        let now = self.clock.now();
        self.woken(&mut draft, &mut dossier, outcome, &Waking { now, due: now, rules: &self.rules });
        self.write(draft, &mut [&mut dossier]).await
    }

    /// The same at the start, for what a crash cut short.
    pub(super) async fn merge_accounts_left(&self) -> anyhow::Result<()> {
        let _founding = self.founding.lock().await;
        // So that what it knows of accounts is there.
        drop(self.take(REGISTRY).await);
        Ok(self.merge_accounts().await?)
    }
}
