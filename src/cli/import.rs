//! `jiuding import`: what `jiuding export --format json` wrote, into an empty store.

use std::{fs::File, io::BufReader, path::Path, process::ExitCode};

use anyhow::{Context, ensure};
use jiuding::{
    clock::{Clock, SystemClock},
    config::Config,
    features::{self, export::Scope},
    store::{ProjectId, read_copies},
};

use super::store;

/// The store's own lock keeps a bot that serves safe from this, and says so.
pub async fn run(config: &Config, file: &Path) -> anyhow::Result<ExitCode> {
    let shown = file.display();
    let from = File::open(file).with_context(|| format!("cannot read {shown}"))?;
    let copies = read_copies(BufReader::new(from)).with_context(|| format!("{shown} cannot be imported"))?;
    // Before anything is touched: what cannot be read now could not be read later either.
    let mut records = 0;
    for copy in &copies {
        let dossier = features::dossier(copy.id, copy.stored()).map_err(anyhow::Error::msg);
        let dossier =
            dossier.with_context(|| format!("{shown} cannot be imported: project {}", copy.id.0))?;
        records += features::export::count(&dossier, Scope { internal: true, letter: None });
    }
    let (store, place) = (store::open_or_make(config, SystemClock.now()).await?, store::place(config)?);
    ensure!(
        store.projects().await?.is_empty(),
        "the store in {place} is not empty; an import needs one that is"
    );
    let projects =
        copies.iter().filter(|copy| copy.id != ProjectId::REGISTRY && copy.id.customer().is_none());
    let projects = projects.count();
    store.adopt(copies).await?;
    println!("{records} records of {projects} projects imported into {place}");
    Ok(ExitCode::SUCCESS)
}
