//! The command line: reads it, reads the configuration, and turns what comes of it into an exit code.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use jiuding::config::{Config, ConfigError, LogFormat};
use tracing_subscriber::EnvFilter;

/// Exit code of a wrong configuration; clap uses the same for wrong usage.
const WRONG_CONFIGURATION: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => code,
        Err(error) => {
            // One line, whatever the causes say.
            eprintln!("jiuding: {}", format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" "));
            if error.is::<ConfigError>() { ExitCode::from(WRONG_CONFIGURATION) } else { ExitCode::FAILURE }
        }
    }
}

async fn run() -> anyhow::Result<ExitCode> {
    let line = cli::Line::parse();
    let config = Config::load(line.config.as_deref())?;
    start_log(line.log_format.unwrap_or(config.log.format));
    // Fails only if a provider is there already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    line.run(config).await
}

/// Standard output belongs to answers, so the log goes to standard error.
fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}
