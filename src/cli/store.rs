//! `jiuding backup` and `jiuding restore`, and opening the store that is configured.

use std::{path::Path, process::ExitCode, sync::Arc};

use anyhow::{Context, ensure};
use jiff::Timestamp;
use jiuding::{
    clock::{Clock, SystemClock},
    config::{Config, Secret, StoreEngine},
    store::{
        GENERATION, Store,
        postgres::{self, PostgresStore},
        sled::{self, SledStore},
    },
};
use serde_json::json;
use tracing::warn;

use super::admin::Admin;

pub async fn backup(config: &Config, file: &Path) -> anyhow::Result<ExitCode> {
    // The bot's folder may be another than ours.
    let file = std::path::absolute(file).with_context(|| format!("no file: {}", file.display()))?;
    if Admin::new(config)?.post("backup", &json!({ "file": file })).await?.is_none() {
        open(config).await?.backup(&file).await?;
    }
    println!("written to {}", file.display());
    Ok(ExitCode::SUCCESS)
}

/// The store's own lock keeps a bot that serves safe from this, and says so.
pub async fn restore(config: &Config, file: &Path, force: bool) -> anyhow::Result<ExitCode> {
    let found = match config.store.engine {
        StoreEngine::Sled => {
            let (file, folder) = (file.to_owned(), config.store.path.clone());
            tokio::task::spawn_blocking(move || sled::restore(&file, &folder, force)).await??
        }
        StoreEngine::Postgres => postgres::restore(file, url(config), force, SystemClock.now()).await?,
    };
    println!("{} records of {} projects restored into {}", found.rows, found.projects, place(config)?);
    Ok(ExitCode::SUCCESS)
}

/// The store where the bot does not serve here. In a folder, only one process can have it.
pub async fn open(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    let folder = &config.store.path;
    ensure!(
        config.store.engine == StoreEngine::Postgres || folder.is_dir(),
        "no bot answers on {}, and there is no store in {}",
        config.server.listen,
        folder.display()
    );
    open_or_make(config, SystemClock.now()).await
}

/// The store, made where there is none. What is weaker about it than it should be is logged.
pub async fn open_or_make(config: &Config, now: Timestamp) -> anyhow::Result<Arc<dyn Store>> {
    match config.store.engine {
        StoreEngine::Sled => {
            let folder = config.store.path.clone();
            let store = tokio::task::spawn_blocking(move || SledStore::open(&folder, now)).await??;
            Ok(Arc::new(store))
        }
        StoreEngine::Postgres => {
            let store = PostgresStore::join(url(config), config.store.takeover, GENERATION, now).await?;
            store.warnings().iter().for_each(|warning| warn!("{warning}"));
            Ok(Arc::new(store))
        }
    }
}

/// The same for this process alone, also in a database.
pub async fn open_alone(config: &Config, now: Timestamp) -> anyhow::Result<Arc<dyn Store>> {
    match config.store.engine {
        StoreEngine::Sled => open_or_make(config, now).await,
        StoreEngine::Postgres => Ok(Arc::new(PostgresStore::open(url(config), now).await?)),
    }
}

/// Where the store is, as it may be shown.
pub fn place(config: &Config) -> anyhow::Result<String> {
    match config.store.engine {
        StoreEngine::Sled => Ok(config.store.path.display().to_string()),
        StoreEngine::Postgres => Ok(postgres::describe(url(config))?.0),
    }
}

/// The address of the database; the configuration was checked for it.
pub fn url(config: &Config) -> &str {
    config.store.url.as_ref().map_or("", Secret::reveal)
}
