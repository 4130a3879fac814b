//! What can be seen of all projects at once, read only.

use jiff::Timestamp;
use serde::Serialize;

use super::Engine;
use crate::{calendar::Quarter, features, report::health::Health};

/// Something that is on the clock.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Upcoming {
    /// When it is due.
    pub at: Timestamp,
    /// The project's name, or the customer's whose file it lies in.
    pub project: String,
    /// The record, for instance `T1`.
    pub id: String,
    /// Its first line.
    pub title: String,
    /// What is due then, in words, for instance `首次响应`.
    pub what: String,
    /// Who has to act, by name.
    pub who: Vec<String>,
}

impl Engine {
    /// Every clock that runs, soonest first, at most `most`.
    pub async fn upcoming(&self, most: usize) -> Vec<Upcoming> {
        let mut upcoming = Vec::new();
        let all = self.directory(|directory| [directory.projects(), directory.files()].concat());
        for id in all {
            let dossier = self.take(id).await;
            let Some(project) = dossier.founded().filter(|project| !project.archived) else { continue };
            let customer = id.customer().and(project.customer.as_ref());
            let whose = customer.unwrap_or(&project.name);
            for (key, record) in dossier.records() {
                let clocks = record.open(&dossier).into_iter();
                upcoming.extend(clocks.filter_map(|open| {
                    Some(Upcoming {
                        at: open.due?,
                        project: whose.clone(),
                        id: if key.number == 0 { record.name().to_owned() } else { key.to_string() },
                        title: record.title(),
                        what: open.what,
                        who: open.who.into_iter().map(|person| person.name).collect(),
                    })
                }));
            }
        }
        upcoming.sort_by_key(|item| item.at);
        upcoming.truncate(most);
        upcoming
    }

    /// A customer's health report on a quarter, as a document for the team; `None` where there is none.
    pub async fn health(&self, customer: &str, quarter: Quarter) -> Option<Health> {
        let id = self.directory(|directory| directory.file_of(customer))?;
        let file = self.take(id).await.clone();
        let report = features::health::HealthReport::of(&file, quarter)?;
        let reader = features::health::Reader::Team;
        Some(features::health::sheet(report, &file, reader, self.clock.now(), &self.rules))
    }

    /// The table of commands, for a page that completes what is typed.
    pub fn commands(&self) -> serde_json::Value {
        crate::grammar::completion(features::OBJECTS, features::COMMANDS)
    }

    /// The bot's rules, for a page that shows times.
    pub fn rules(&self) -> &crate::dossier::Rules {
        &self.rules
    }
}
