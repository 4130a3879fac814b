//! The command line: reads it, reads the configuration, and turns what comes of it into an exit code.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use jiuding::config::{Config, ConfigError, LogFormat};
use tracing_subscriber::EnvFilter;

/// Exit code of wrong usage and of a wrong configuration.
const WRONG: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let line = match cli::Line::try_parse() {
        Ok(line) => line,
        Err(error) if error.use_stderr() => {
            eprintln!("jiuding: {}", what_is_wrong(&error));
            return ExitCode::from(WRONG);
        }
        Err(help) => help.exit(),
    };
    match run(line).await {
        Ok(code) => code,
        Err(error) => {
            // One line, whatever the causes say.
            eprintln!("jiuding: {}", format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" "));
            if error.is::<ConfigError>() { ExitCode::from(WRONG) } else { ExitCode::FAILURE }
        }
    }
}

async fn run(line: cli::Line) -> anyhow::Result<ExitCode> {
    let config = Config::load(line.config.as_deref())?;
    start_log(line.log_format.unwrap_or(config.log.format));
    // Fails only if a provider is there already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    line.run(config).await
}

/// A usage error without the usage: scripts are promised one line.
fn what_is_wrong(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let said = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let wrong: Vec<&str> = said
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .collect();
    format!("{}; see jiuding --help", wrong.join(" ").trim_start_matches("error: "))
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
