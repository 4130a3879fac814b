//! How a process has the store: alone, or among others.

use anyhow::{Result, bail};
use deadpool_postgres::Pool;

use super::{held::Held, member::Member};

/// Alone, or among others.
pub(super) enum Presence {
    /// Nobody else has it.
    Alone(Box<Held>),
    /// One of several.
    Among(Member),
}

impl Presence {
    /// Under which name the database knows us at this moment.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Alone(held) => held.name.clone(),
            Self::Among(member) => member.us().name(),
        }
    }

    /// Finds a row while `$1` still has the store, and nobody of a newer generation serves.
    pub(super) fn fence(&self) -> &str {
        match self {
            Self::Alone(_) => "SELECT 1 FROM store_state WHERE name = 'holder' AND value = $1",
            Self::Among(member) => member.us().fence(),
        }
    }

    /// Sees to it that we have the store.
    ///
    /// # Errors
    /// The database cannot be reached, or others have it.
    pub(super) async fn ensure(&self, pool: &Pool) -> Result<()> {
        match self {
            Self::Alone(held) => held.ensure(pool).await,
            Self::Among(member) => member.us().ensure().await,
        }
    }

    /// The database no longer knows this name of ours. Among others, this waits until we have joined anew.
    ///
    /// # Errors
    /// Others have the store.
    pub(super) async fn lost(&self, name: &str) -> Result<()> {
        match self {
            Self::Alone(_) => bail!("another process took the store over; this one must be started anew"),
            Self::Among(member) => {
                member.us().is_out(name);
                member.us().ensure().await
            }
        }
    }
}
