//! What can be typed after `jiuding`. One file per command; each returns its exit code.

mod admin;
mod check;
mod dead_letters;
mod demo;
mod doctor;
mod export;
mod import;
mod migrate;
mod serve;
mod store;
mod when;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use jiff::{Timestamp, civil, tz::TimeZone};
use jiuding::config::{Config, LogFormat};

/// A chat-ops bot for Feishu and DingTalk project groups that keeps a department's promises on the clock.
#[derive(Parser)]
#[command(name = "jiuding", version)]
pub struct Line {
    /// The configuration [default: config/jiuding.toml, if it is there].
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How a log line looks; RUST_LOG says how much is logged.
    #[arg(long, global = true)]
    pub log_format: Option<LogFormat>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the bot until SIGTERM or SIGINT; what is done when no command is given.
    Serve(serve::Args),
    /// The playground with a sample project, in a throw-away store, on a clock moved from the page.
    Demo,
    /// Validates the configuration and prints what follows from it.
    Check,
    /// Tries each configured platform, the store and the disk.
    Doctor,
    /// Writes a consistent copy of everything, also while the bot serves.
    Backup {
        /// Where the copy goes.
        file: PathBuf,
    },
    /// Puts a copy back; the bot must be stopped.
    Restore {
        /// The copy.
        file: PathBuf,
        /// Replaces what the store holds.
        #[arg(long)]
        force: bool,
    },
    /// Writes records for people, also while the bot serves; json for `import`.
    Export(export::Args),
    /// Reads what `export --format json` wrote into an empty store; the bot must be stopped.
    Import {
        /// The export.
        file: PathBuf,
    },
    /// Moves everything into a store of the other kind; the bot must be stopped. Run again, it goes on.
    Migrate {
        /// postgres://… or sled:FOLDER
        #[arg(long, value_name = "URL")]
        to: String,
    },
    /// Says how a typed date or duration is read.
    When(when::Args),
    /// Messages that could not be delivered.
    #[command(arg_required_else_help = false)]
    DeadLetters {
        #[command(subcommand)]
        what: dead_letters::What,
    },
}

impl Line {
    /// Does what was typed.
    pub async fn run(self, config: Config) -> anyhow::Result<ExitCode> {
        match self.command.unwrap_or_else(|| Command::Serve(serve::Args::default())) {
            Command::Serve(args) => serve::run(config, args).await,
            Command::Demo => demo::run(config).await,
            Command::Check => check::run(&config),
            Command::Doctor => doctor::run(config).await,
            Command::Backup { file } => store::backup(&config, &file).await,
            Command::Restore { file, force } => store::restore(&config, &file, force).await,
            Command::Export(args) => export::run(config, args).await,
            Command::Import { file } => import::run(&config, &file).await,
            Command::Migrate { to } => migrate::run(config, to).await,
            Command::When(args) => when::run(&config, &args),
            Command::DeadLetters { what } => dead_letters::run(&config, what).await,
        }
    }
}

/// A moment as it is typed on the command line: RFC 3339, or local without a zone.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Moment {
    Instant(Timestamp),
    Local(civil::DateTime),
}

impl std::str::FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let instant = text.parse().map(Moment::Instant);
        instant.or_else(|_| text.parse().map(Moment::Local)).map_err(|_| {
            format!("no time: {text:?}, expected for instance 2026-11-23T09:00:00+08:00 or 2026-11-23T09:00")
        })
    }
}

impl Moment {
    /// The instant, in `zone` where none was typed.
    fn instant(self, zone: &TimeZone) -> Result<Timestamp, String> {
        match self {
            Moment::Instant(instant) => Ok(instant),
            Moment::Local(local) => {
                zone.to_timestamp(local).map_err(|_| format!("no time: {local} is out of range"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Line::command().debug_assert();
    }

    #[test]
    fn a_moment_without_a_zone_is_local() {
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        let nine = "2026-11-23T09:00:00+08:00".parse::<Timestamp>().unwrap();
        for text in
            ["2026-11-23T09:00:00+08:00", "2026-11-23T01:00:00Z", "2026-11-23T09:00", "2026-11-23 09:00:00"]
        {
            assert_eq!(text.parse::<Moment>().unwrap().instant(&shanghai), Ok(nine), "{text}");
        }
        assert!("nine".parse::<Moment>().is_err());
    }
}
