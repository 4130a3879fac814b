//! `jiuding export`.

use std::{path::PathBuf, process::ExitCode};

use clap::ValueEnum;
use jiuding::config::Config;

#[derive(clap::Args)]
pub struct Args {
    /// What is written.
    #[arg(long)]
    format: Format,
    /// One project's records only.
    #[arg(long)]
    project: Option<String>,
    /// A file; for CSV a folder.
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Xlsx,
    Csv,
    Json,
    Md,
}

pub async fn run(_config: Config, args: Args) -> anyhow::Result<ExitCode> {
    let Args { format, project, out } = args;
    tracing::debug!(?format, ?project, ?out, "an export was asked for");
    anyhow::bail!("export is not built yet")
}
