//! `jiuding backup` and `jiuding restore`, and opening the store where the bot does not serve.

use std::{path::Path, process::ExitCode, sync::Arc};

use anyhow::{Context, ensure};
use jiuding::{
    clock::{Clock, SystemClock},
    config::Config,
    store::{
        Store,
        sled::{self, SledStore},
    },
};
use serde_json::json;

use super::admin::Admin;

pub async fn backup(config: &Config, file: &Path) -> anyhow::Result<ExitCode> {
    // The bot's folder may be another than ours.
    let file = std::path::absolute(file).with_context(|| format!("no file: {}", file.display()))?;
    if Admin::new(config)?.post("backup", &json!({ "file": file })).await?.is_none() {
        open(config)?.backup(&file).await?;
    }
    println!("written to {}", file.display());
    Ok(ExitCode::SUCCESS)
}

/// The store's own lock keeps a bot that serves safe from this, and says so.
pub async fn restore(config: &Config, file: &Path, force: bool) -> anyhow::Result<ExitCode> {
    let (file, folder, shown) = (file.to_owned(), config.store.path.clone(), config.store.path.display());
    let found = tokio::task::spawn_blocking(move || sled::restore(&file, &folder, force)).await??;
    println!("{} records of {} projects restored into {shown}", found.rows, found.projects);
    Ok(ExitCode::SUCCESS)
}

/// The store itself. Only one process can have it: the bot must not be serving.
pub fn open(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    let folder = &config.store.path;
    ensure!(
        folder.is_dir(),
        "no bot answers on {}, and there is no store in {}",
        config.server.listen,
        folder.display()
    );
    Ok(Arc::new(SledStore::open(folder, SystemClock.now())?))
}
