//! What a store adds that several processes have at the same time: who is there, whose is what, and what is new.
//!
//! Nothing of it is needed for records to be right: commits are guarded by the versions of their dossiers, and what is
//! written once is marked. Leases keep two processes from doing the same work, and a room's messages in one hand.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::{broadcast, watch};

use super::{Outgoing, ProjectId};
use crate::chat::Target;

/// The generation of this program: raised with every change after which records, messages or marks hold what the
/// version before would lose or could not read. Of the processes that have a store together only those of the newest
/// generation that serves write, so that an upgrade goes from one to the next without a pause and without a loss. Where no
/// newer one is left the older ones go on: what they change loses what they do not know of.
pub const GENERATION: i32 = 2;

/// What another process did. It is told soon after, and may be lost: whoever listens also looks by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// Dossiers that were written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub projects: Vec<ProjectId>,
    /// Targets for which messages were written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// The earliest wake that was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake: Option<Timestamp>,
    /// Anything may have happened: look at everything.
    #[serde(default)]
    pub anything: bool,
}

impl News {
    /// Nobody knows what is new.
    pub fn anything() -> Self {
        Self { anything: true, ..Self::default() }
    }

    /// Adds what else is new.
    pub fn add(&mut self, other: Self) {
        self.projects.extend(other.projects);
        self.projects.sort_unstable();
        self.projects.dedup();
        self.targets.extend(other.targets);
        self.targets.sort_unstable();
        self.targets.dedup();
        self.wake = self.wake.into_iter().chain(other.wake).min();
        self.anything |= other.anything;
    }

    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// A lease that is ours now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed<T> {
    /// On what.
    pub what: T,
    /// Another process had it and is gone: what it began may be done.
    pub left_behind: bool,
}

/// A store that several processes have at the same time.
#[async_trait::async_trait]
pub trait Shared: Send + Sync {
    /// What other processes did, from now on.
    fn news(&self) -> broadcast::Receiver<News>;

    /// Tells the other processes.
    fn tell(&self, news: News);

    /// How many processes there are; at least one.
    fn members(&self) -> u32;

    /// While surely no other process takes this one for dead: the number of its membership, which changes when it was
    /// taken for dead and has come back. `None` when that is not sure; nothing must be sent then.
    fn membership(&self) -> Option<u64>;

    /// Whether a newer generation of the program serves ([`GENERATION`]): this process writes and says nothing then, until
    /// that one is gone.
    fn aside(&self) -> watch::Receiver<bool>;

    /// This process is ready to serve: those of an older generation stand aside from now on.
    async fn serve(&self) -> anyhow::Result<()>;

    /// The version of one dossier, 0 where there is none.
    async fn version_of(&self, project: ProjectId) -> anyhow::Result<u64>;

    /// The version of every dossier.
    async fn versions(&self) -> anyhow::Result<Vec<(ProjectId, u64)>>;

    /// Takes what nobody has of this work; gives what is ours now.
    async fn claim_work(&self, work: Vec<String>) -> anyhow::Result<Vec<String>>;

    /// Lets go of work.
    async fn release_work(&self, work: Vec<String>) -> anyhow::Result<()>;

    /// Takes the lanes of these targets that nobody has; gives those that are ours now.
    async fn claim_lanes(&self, targets: Vec<Target>) -> anyhow::Result<Vec<Claimed<Target>>>;

    /// Lets go of a lane; false where messages wait in it, and it is still ours.
    async fn release_lane(&self, target: &Target) -> anyhow::Result<bool>;

    /// The messages of a lane on their way out, in order of id.
    async fn lane(&self, target: &Target) -> anyhow::Result<Vec<Outgoing>>;

    /// At most so many targets beside these with messages on their way out and nobody to say them.
    async fn lonely(&self, beside: Vec<Target>, most: usize) -> anyhow::Result<Vec<Target>>;

    /// Which of these lanes are ours, and how many messages wait in each.
    async fn still_ours(&self, targets: Vec<Target>) -> anyhow::Result<Vec<(Target, usize)>>;

    /// Adds to a number that all count together; gives what they counted.
    async fn count(&self, what: &str, more: u64) -> anyhow::Result<u64>;

    /// Leaves: what is ours is anybody's from now on.
    async fn leave(&self) -> anyhow::Result<()>;
}
