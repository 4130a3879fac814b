//! `jiuding export`: read from the bot that serves, or from the store of one that does not; written here.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context, bail};
use clap::ValueEnum;
use jiuding::{
    clock::{Clock, SystemClock},
    config::Config,
    dossier::Dossier,
    features::{
        self,
        export::{Format, Scope},
    },
    report::table::xlsx,
    store::{Copies, DossierCopy, ProjectId, Store},
};
use serde::Deserialize;

use super::{admin::Admin, store};

#[derive(clap::Args)]
pub struct Args {
    /// What is written.
    #[arg(long)]
    format: Written,
    /// One project's records only, by its name.
    #[arg(long)]
    project: Option<String>,
    /// A file; for CSV a folder.
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Written {
    /// An Excel file with a sheet for each kind of record.
    Xlsx,
    /// A folder with a file for each kind of record.
    Csv,
    /// Everything, for `jiuding import`.
    Json,
    /// A text to read.
    Md,
}

impl From<Written> for Format {
    fn from(written: Written) -> Self {
        match written {
            Written::Xlsx => Self::Xlsx,
            Written::Csv => Self::Csv,
            Written::Json => Self::Json,
            Written::Md => Self::Md,
        }
    }
}

/// All of it: what is internal too, and every kind.
const EVERYTHING: Scope = Scope { internal: true, letter: None };
/// After how many records a line says how far it has come.
const STEP: usize = 1_000;

pub async fn run(config: Config, args: Args) -> anyhow::Result<ExitCode> {
    let calendar = config.rules()?.calendar;
    let zone = calendar.zone();
    let out = &args.out;
    let mut reading = Reading::begin(&config, args.project).await?;
    match Format::from(args.format) {
        Format::Json => {
            let part = Part::begin(out)?;
            let mut copies = Copies::begin(BufWriter::new(part.file()?))?;
            while let Some((copy, _)) = reading.next().await? {
                copies.add(&copy)?;
            }
            reading.ended()?;
            copies.end()?;
            part.end()?;
        }
        Format::Xlsx => write(
            out,
            &xlsx(&features::export::tables(&reading.rest().await?, EVERYTHING), zone, SystemClock.now())?,
        )?,
        Format::Md => {
            let dossiers = reading.rest().await?;
            let documents =
                dossiers.iter().map(|dossier| features::export::document(dossier, EVERYTHING, zone));
            write(out, documents.collect::<Vec<_>>().join("\n").as_bytes())?;
        }
        Format::Csv => {
            let tables = features::export::tables(&reading.rest().await?, EVERYTHING);
            fs::create_dir_all(out).with_context(|| format!("cannot make the folder {}", out.display()))?;
            for table in tables {
                write(&out.join(table.csv_name()), table.csv(zone).as_bytes())?;
            }
        }
    }
    println!("written to {}", out.display());
    Ok(ExitCode::SUCCESS)
}

/// Dossiers, one after the other.
struct Reading {
    source: Source,
    ids: std::vec::IntoIter<ProjectId>,
    /// The name of the only project that is wanted.
    only: Option<String>,
    names: Vec<String>,
    found: bool,
    records: usize,
    told: usize,
}

enum Source {
    Served(Admin),
    Stopped(Arc<dyn Store>),
}

/// What the admin interface says there is.
#[derive(Deserialize)]
struct There {
    projects: Vec<ProjectId>,
}

impl Reading {
    async fn begin(config: &Config, only: Option<String>) -> anyhow::Result<Self> {
        let admin = Admin::new(config)?;
        let (source, ids) = match admin.get::<There>("export").await? {
            Some(there) => (Source::Served(admin), there.projects),
            None => {
                let store = store::open(config).await?;
                let ids = store.projects().await?;
                (Source::Stopped(store), ids)
            }
        };
        Ok(Self { source, ids: ids.into_iter(), only, names: Vec::new(), found: false, records: 0, told: 0 })
    }

    /// The next dossier that is wanted, as it lies in the store and read.
    async fn next(&mut self) -> anyhow::Result<Option<(DossierCopy, Dossier)>> {
        while let Some(id) = self.ids.next() {
            let copy = match &self.source {
                Source::Served(admin) => {
                    let copy = admin.get(&format!("export/{}", id.0)).await?;
                    copy.context("the bot stopped while its records were read; try again")?
                }
                Source::Stopped(store) => DossierCopy::of(store.as_ref(), id).await?,
            };
            let dossier = features::dossier(id, copy.stored()).map_err(anyhow::Error::msg)?;
            let name = dossier.founded().map(|project| project.name.clone());
            if self.only.is_some() && self.only != name {
                self.names.extend(name);
                continue;
            }
            self.found = true;
            self.records += features::export::count(&dossier, EVERYTHING);
            if self.records / STEP > self.told {
                self.told = self.records / STEP;
                let left = self.ids.len();
                eprintln!("{} records read, {left} projects to come", self.records);
            }
            return Ok(Some((copy, dossier)));
        }
        Ok(None)
    }

    /// All that are wanted and were not read yet.
    async fn rest(mut self) -> anyhow::Result<Vec<Dossier>> {
        let mut dossiers = Vec::new();
        while let Some((_, dossier)) = self.next().await? {
            dossiers.push(dossier);
        }
        self.ended()?;
        Ok(dossiers)
    }

    /// Whether what was wanted was there.
    fn ended(&self) -> anyhow::Result<()> {
        match &self.only {
            Some(wanted) if !self.found => {
                bail!("there is no project {wanted:?}, expected one of {}", self.names.join(", "))
            }
            _ => Ok(()),
        }
    }
}

fn write(place: &Path, content: &[u8]) -> anyhow::Result<()> {
    let part = Part::begin(place)?;
    part.file()?.write_all(content)?;
    part.end()
}

/// A file that gets its name when it is whole, so that nobody takes half of one for an export.
struct Part {
    place: PathBuf,
    part: PathBuf,
    file: File,
}

impl Part {
    fn begin(place: &Path) -> anyhow::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt;

        let name = place.file_name().with_context(|| format!("{} is no file", place.display()))?;
        let mut part = name.to_owned();
        part.push(".part");
        let part = place.with_file_name(part);
        // What people said is not for everybody on this machine.
        let mut options = File::options();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&part);
        let file = file.with_context(|| format!("cannot write {}", place.display()))?;
        Ok(Self { place: place.to_owned(), part, file })
    }

    fn file(&self) -> anyhow::Result<File> {
        Ok(self.file.try_clone()?)
    }

    fn end(self) -> anyhow::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.part, &self.place).with_context(|| format!("cannot write {}", self.place.display()))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Once it has its name there is nothing here any more; what is half written is of no use.
        let _ = fs::remove_file(&self.part);
    }
}
