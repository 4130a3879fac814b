//! `jiuding dead-letters`.

use std::process::ExitCode;

use anyhow::bail;
use clap::Subcommand;
use jiff::Timestamp;
use jiuding::{
    chat::{Line, Target},
    config::Config,
    store::DeadLetter,
};
use serde::Deserialize;
use serde_json::json;

use super::{admin::Admin, store};

#[derive(Subcommand)]
pub enum What {
    /// Shows them, oldest first: id, when given up, to whom, the headline, why.
    List,
    /// Sends one again.
    Retry {
        /// Its id, as `list` shows it.
        id: u64,
    },
    /// Forgets one.
    Drop {
        /// Its id, as `list` shows it.
        id: u64,
    },
}

pub async fn run(config: &Config, what: What) -> anyhow::Result<ExitCode> {
    let admin = Admin::new(config)?;
    match what {
        What::List => {
            for letter in list(config, &admin).await? {
                println!("{letter}");
            }
        }
        What::Retry { id } => {
            if admin.post(&format!("dead-letters/{id}/retry"), &json!({})).await?.is_some() {
                println!("{id} is on its way again");
            } else if store::open(config).await?.revive(id).await?.is_some() {
                println!("{id} goes on its way when the bot serves again");
            } else {
                bail!("there is no dead letter {id}");
            }
        }
        What::Drop { id } => {
            let served = admin.delete(&format!("dead-letters/{id}")).await?.is_some();
            if !served && !store::open(config).await?.forget(id).await? {
                bail!("there is no dead letter {id}");
            }
            println!("{id} is forgotten");
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(config: &Config, admin: &Admin) -> anyhow::Result<Vec<Shown>> {
    if let Some(There { dead_letters }) = admin.get("dead-letters").await? {
        return Ok(dead_letters);
    }
    Ok(store::open(config).await?.dead_letters().await?.into_iter().map(Shown::from).collect())
}

/// What the admin interface says there is.
#[derive(Deserialize)]
struct There {
    dead_letters: Vec<Shown>,
}

/// A dead letter as the admin interface shows it.
#[derive(Deserialize)]
struct Shown {
    id: u64,
    to: Target,
    headline: Option<String>,
    died: Timestamp,
    why: String,
}

impl From<DeadLetter> for Shown {
    fn from(letter: DeadLetter) -> Self {
        let headline = letter.outgoing.message.lines.first().map(Line::plain);
        Self { id: letter.outgoing.id, to: letter.outgoing.to, headline, died: letter.at, why: letter.why }
    }
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let to = match &self.to {
            Target::Room(room) => &room.0,
            Target::Person(person) => &person.0,
        };
        let headline = self.headline.as_deref().unwrap_or_default();
        write!(f, "{}\t{}\t{to}\t{}\t{}", self.id, self.died, one_line(headline), one_line(&self.why))
    }
}

/// What people typed must not pass for another line, or for something a terminal obeys.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
