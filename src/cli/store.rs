//! `jiuding backup` and `jiuding restore`, and opening the store where the bot does not serve.

use std::{path::Path, process::ExitCode, sync::Arc};

use anyhow::Context;
use jiuding::{config::Config, store::Store};
use serde_json::json;

use super::admin::Admin;

pub async fn backup(config: &Config, file: &Path) -> anyhow::Result<ExitCode> {
    let file = std::path::absolute(file).with_context(|| format!("no file: {}", file.display()))?;
    let rows = match Admin::new(config)?.post("backup", &json!({ "file": file })).await? {
        Some(answer) => answer["rows"].as_u64().context("the bot did not say how many rows it wrote")?,
        None => open(config).await?.backup(&file).await?,
    };
    println!("{rows} rows written to {}", file.display());
    Ok(ExitCode::SUCCESS)
}

pub async fn restore(config: &Config, file: &Path, force: bool) -> anyhow::Result<ExitCode> {
    if Admin::new(config)?.get("dead-letters").await.map_or(true, |answer| answer.is_some()) {
        anyhow::bail!("something answers on {}: stop the bot before restoring", config.server.listen);
    }
    tracing::debug!(file = %file.display(), force, "a restore was asked for");
    anyhow::bail!("restore is not built yet")
}

/// The store itself. Only one process can have it: the bot must not be serving.
pub async fn open(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    let listen = config.server.listen;
    anyhow::bail!("the bot does not answer on {listen}, and opening its store without it is not built yet")
}
