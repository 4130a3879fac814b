//! The store as several processes have it at the same time.

use anyhow::Result;
use tokio::sync::{broadcast, watch};

use super::{PostgresStore, encoded::signed, leases, member::Us, presence::Presence};
use crate::{
    chat::Target,
    store::{Claimed, News, Outgoing, ProjectId, Shared},
};

impl PostgresStore {
    fn us(&self) -> Option<&Us> {
        match &self.presence {
            Presence::Alone(_) => None,
            Presence::Among(member) => Some(member.us()),
        }
    }
}

#[async_trait::async_trait]
impl Shared for PostgresStore {
    fn news(&self) -> broadcast::Receiver<News> {
        // Whoever has it alone hears nothing.
        self.us().map_or_else(|| broadcast::Sender::new(1).subscribe(), Us::news)
    }

    fn tell(&self, news: News) {
        if let Some(us) = self.us() {
            us.tell(news);
        }
    }

    fn members(&self) -> u32 {
        self.us().map_or(1, Us::members)
    }

    fn membership(&self) -> Option<u64> {
        self.us().map_or(Some(0), Us::membership)
    }

    fn aside(&self) -> watch::Receiver<bool> {
        // Whoever has it alone serves.
        self.us().map_or_else(|| watch::Sender::new(false).subscribe(), Us::aside)
    }

    async fn serve(&self) -> Result<()> {
        match &self.presence {
            Presence::Alone(_) => Ok(()),
            Presence::Among(member) => member.serve().await,
        }
    }

    async fn version_of(&self, project: ProjectId) -> Result<u64> {
        let rows =
            self.ask("SELECT version FROM dossiers WHERE project = $1", &[&i64::from(project.0)]).await?;
        Ok(rows.first().map_or(Ok(0), |row| row.get::<_, i64>(0).try_into())?)
    }

    async fn versions(&self) -> Result<Vec<(ProjectId, u64)>> {
        let rows = self.ask("SELECT project, version FROM dossiers ORDER BY project", &[]).await?;
        rows.iter()
            .map(|row| Ok((ProjectId(row.get::<_, i64>(0).try_into()?), row.get::<_, i64>(1).try_into()?)))
            .collect()
    }

    async fn claim_work(&self, work: Vec<String>) -> Result<Vec<String>> {
        leases::claim_work(self, work).await
    }

    async fn release_work(&self, work: Vec<String>) -> Result<()> {
        leases::release_work(self, work).await
    }

    async fn claim_lanes(&self, targets: Vec<Target>) -> Result<Vec<Claimed<Target>>> {
        leases::claim_lanes(self, targets).await
    }

    async fn release_lane(&self, target: &Target) -> Result<bool> {
        leases::release_lane(self, target).await
    }

    async fn lane(&self, target: &Target) -> Result<Vec<Outgoing>> {
        leases::lane(self, target).await
    }

    async fn lonely(&self, beside: Vec<Target>, most: usize) -> Result<Vec<Target>> {
        leases::lonely(self, beside, most).await
    }

    async fn still_ours(&self, targets: Vec<Target>) -> Result<Vec<(Target, usize)>> {
        leases::still_ours(self, targets).await
    }

    async fn count(&self, what: &str, more: u64) -> Result<u64> {
        let count = "INSERT INTO counts (name, number) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET number = counts.number + excluded.number RETURNING number";
        let rows = self.ask(count, &[&what, &signed(more)]).await?;
        Ok(rows.first().map_or(Ok(0), |row| row.get::<_, i64>(0).try_into())?)
    }

    async fn leave(&self) -> Result<()> {
        match &self.presence {
            Presence::Alone(_) => Ok(()),
            Presence::Among(member) => member.leave().await,
        }
    }
}
