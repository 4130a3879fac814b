//! The connection of a member, on which it also hears what is new.

use anyhow::Result;
use futures_util::StreamExt;
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_postgres::{AsyncMessage, Client, Config};

use super::{
    connection::{Told, connect, knows_no},
    held,
};
use crate::store::News;

/// What one notification holds at most; the database takes no more than 8000 bytes.
const PROJECTS_TOLD: usize = 400;
const TARGETS_BYTES: usize = 3_000;

/// The connection of a member.
pub(super) struct Line {
    pub(super) client: Client,
    schema: i32,
    pub(super) channel: String,
    /// What was notified. An unbounded one, since a notification is a few bytes and is taken up at once.
    pub(super) heard: mpsc::UnboundedReceiver<String>,
    driver: JoinHandle<()>,
}

impl Line {
    pub(super) async fn open(config: &Config) -> Result<Self> {
        let (client, mut messages) = connect(config).await?;
        let (tell, heard) = mpsc::unbounded_channel();
        let driver = tokio::spawn(async move {
            while let Some(Ok(message)) = messages.next().await {
                if let AsyncMessage::Notification(told) = message
                    && tell.send(told.payload().to_owned()).is_err()
                {
                    break;
                }
            }
        });
        let mut line = Self { client, schema: 0, channel: String::new(), heard, driver };
        line.client.batch_execute("SET statement_timeout = '5s'").await.told()?;
        line.schema = held::schema_of(&line.client).await?;
        line.channel = format!("jiuding_{}", line.schema.unsigned_abs());
        Ok(line)
    }

    pub(super) async fn lock_shared(&self) -> Result<bool> {
        held::try_lock_shared(&self.client, self.schema).await
    }

    pub(super) async fn tell(&self, news: &News, by: &str) -> Result<()> {
        let mut news = news.clone();
        let bytes: usize = news.targets.iter().map(|target| format!("{target:?}").len()).sum();
        if bytes > TARGETS_BYTES || news.projects.len() > PROJECTS_TOLD {
            news = News::anything();
        }
        let payload = format!("{by} {}", serde_json::to_string(&news)?);
        // What is only told need not wait for the disk.
        let notify = "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)";
        match self.client.execute(notify, &[&self.channel, &payload]).await {
            // Then everybody looks by itself.
            Err(error) if knows_no(&error) => Ok(()),
            told => told.told().map(drop),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
