//! `jiuding migrate`: everything from one kind of store into the other.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::{Context, bail, ensure};
use jiff::Timestamp;
use jiuding::{
    clock::{Clock, SystemClock},
    config::{Config, StoreEngine},
    store::{
        Transfer, move_all,
        postgres::{self, PostgresStore},
        sled::SledStore,
    },
};

use super::store;

/// After how many moved pieces a line says how far it has come.
const STEP: u64 = 20_000;

/// Where to; the address may hold a password and is shown without it.
enum Goal {
    Folder(PathBuf),
    Database(String),
}

impl Goal {
    fn read(to: &str) -> anyhow::Result<Self> {
        if let Some(folder) = to.strip_prefix("sled:") {
            return Ok(Self::Folder(folder.into()));
        }
        let known = to.starts_with("postgres://") || to.starts_with("postgresql://");
        ensure!(known, "--to: expected postgres://user@host/db or sled:FOLDER");
        Ok(Self::Database(to.to_owned()))
    }

    fn shown(&self) -> anyhow::Result<String> {
        match self {
            Self::Folder(folder) => Ok(folder.display().to_string()),
            Self::Database(url) => Ok(postgres::describe(url)?.0),
        }
    }

    async fn open(&self, now: Timestamp) -> anyhow::Result<Arc<dyn Transfer>> {
        match self {
            Self::Folder(folder) => Ok(Arc::new(SledStore::open_unfinished(folder, now)?)),
            Self::Database(url) => Ok(Arc::new(PostgresStore::open_unfinished(url, now).await?)),
        }
    }
}

/// The stores' own locks keep a bot that serves safe from this, and say so.
pub async fn run(config: Config, to: String) -> anyhow::Result<ExitCode> {
    let (goal, now) = (Goal::read(&to)?, SystemClock.now());
    let from: Arc<dyn Transfer> = match (config.store.engine, &goal) {
        (StoreEngine::Sled, Goal::Database(_)) => {
            let folder = &config.store.path;
            ensure!(folder.is_dir(), "there is no store in {}", folder.display());
            Arc::new(SledStore::open(folder, now)?)
        }
        (StoreEngine::Postgres, Goal::Folder(_)) => {
            Arc::new(PostgresStore::open(store::url(&config), now).await?)
        }
        _ => bail!(
            "store.engine is what --to names already: a move goes from one kind of store into the other"
        ),
    };
    let (place, shown) = (store::place(&config)?, goal.shown()?);
    let to = goal.open(now).await?;
    let mut told = 0;
    let moved = move_all(from.as_ref(), to.as_ref(), |moved| {
        if moved / STEP > told {
            told = moved / STEP;
            eprintln!("{moved} moved");
        }
    });
    let tally = moved.await.with_context(|| format!("moving {place} into {shown}"))?;
    for (kind, (count, sum)) in &tally {
        println!("{kind}\t{count}\t{sum:032x}");
    }
    let next = match &goal {
        Goal::Folder(_) => "store.engine = \"sled\" and store.path",
        Goal::Database(_) => "store.engine = \"postgres\" and store.url",
    };
    println!("moved into {shown}, both are equal; now set {next}");
    Ok(ExitCode::SUCCESS)
}
