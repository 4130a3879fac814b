//! Dossiers taken elsewhere, while the bot serves.

use super::Engine;
use crate::store::{DossierCopy, ProjectId};

impl Engine {
    /// All dossiers that there are; 0 is the registry.
    ///
    /// # Errors
    /// The store failed.
    pub async fn dossiers(&self) -> anyhow::Result<Vec<ProjectId>> {
        self.store.projects().await
    }

    /// A dossier with its log, both of one moment; `None` where there is none.
    ///
    /// # Errors
    /// The store failed.
    pub async fn copy(&self, id: ProjectId) -> anyhow::Result<Option<DossierCopy>> {
        if self.cell(id).is_none() {
            // Another process may have made it just now.
            self.catch_up().await?;
        }
        let Some(cell) = self.cell(id) else { return Ok(None) };
        let _still = cell.lock().await;
        DossierCopy::of(self.store.as_ref(), id).await.map(Some)
    }
}
