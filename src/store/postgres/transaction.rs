//! A transaction that leaves nothing half done behind, however it ends.

use anyhow::{Context, Result};
use deadpool_postgres::{Client, ClientWrapper, Object, Pool};

use super::connection::{Told, take};

/// A connection within a transaction. Dropped before its end, the connection goes with it, and the database takes back
/// what was done: so also where whoever asked stops waiting.
pub(super) struct Transaction(Option<Client>);

impl Transaction {
    /// A connection that is going to be in a transaction; whoever has it sends `BEGIN`.
    pub(super) async fn take(pool: &Pool) -> Result<Self> {
        Ok(Self(Some(take(pool).await?)))
    }

    /// A transaction that was begun, with more said of its kind where needed.
    pub(super) async fn begin(pool: &Pool, kind: &str) -> Result<Self> {
        let transaction = Self::take(pool).await?;
        transaction.client()?.batch_execute(&format!("BEGIN {kind}")).await.told()?;
        Ok(transaction)
    }

    pub(super) fn client(&self) -> Result<&ClientWrapper> {
        self.0.as_deref().context("the transaction has ended")
    }

    /// Ends it well. Only where every statement went well: otherwise the database takes all back without a word.
    pub(super) async fn commit(mut self) -> Result<()> {
        self.client()?.batch_execute("COMMIT").await.told()?;
        self.0 = None;
        Ok(())
    }

    /// Its end was sent by other means: the connection can be used again.
    pub(super) fn ended(mut self) {
        self.0 = None;
    }

    /// Takes everything back.
    pub(super) async fn roll_back(mut self) -> Result<()> {
        self.client()?.batch_execute("ROLLBACK").await.told()?;
        self.0 = None;
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Object::take(client));
        }
    }
}
