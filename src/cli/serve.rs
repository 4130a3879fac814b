//! `jiuding serve`: the bot, until it is told to stop.

use std::{process::ExitCode, sync::Arc};

use anyhow::Context;
use jiff::Timestamp;
use jiuding::{
    bot::Bot,
    clock::{SharedClock, SimulatedClock, SystemClock},
    config::{Config, ConfigError},
    store::Store,
};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

use super::{Moment, store};

#[derive(clap::Args, Default)]
pub struct Args {
    /// Starts on a clock that moves only when told (POST /api/clock); platforms must be on loopback.
    #[arg(long, value_name = "TIME")]
    simulated_clock: Option<Moment>,
}

pub async fn run(config: Config, args: Args) -> anyhow::Result<ExitCode> {
    let clock: SharedClock = match args.simulated_clock {
        Some(moment) => {
            config.allow_simulated_clock()?;
            let zone = config.rules()?.calendar.zone().clone();
            let start = moment.instant(&zone).map_err(anyhow::Error::msg)?;
            Arc::new(SimulatedClock::new(start))
        }
        None => Arc::new(SystemClock),
    };
    let store = match clock.hand() {
        // Time that one process moves is no other's.
        Some(_) => {
            let store = store::open_alone(&config, clock.now()).await?;
            not_before_the_store(store.as_ref(), clock.now()).await?;
            store
        }
        None => store::open_or_make(&config, clock.now()).await?,
    };
    until_stopped(&config, store, clock, async |bot: &Bot| {
        if config.opens_playground() {
            println!("jiuding: http://{}/", bot.address);
        }
        Ok(())
    })
    .await
}

/// A simulated clock does not go back behind what the store has: wakes and promises would be told of twice.
async fn not_before_the_store(store: &dyn Store, start: Timestamp) -> anyhow::Result<()> {
    let mut last = None;
    for project in store.projects().await? {
        last = last.max(store.log(project, None, 1).await?.first().map(|entry| entry.at));
    }
    match last.filter(|last| start < *last) {
        Some(last) => Err(ConfigError(format!(
            "--simulated-clock {start} is earlier than what the store holds already, which reaches to {last}: start \
             then or later, or with another store.path"
        ))
        .into()),
        None => Ok(()),
    }
}

/// Runs the bot until SIGTERM or SIGINT; `ready` is done once it listens.
pub async fn until_stopped(
    config: &Config,
    store: Arc<dyn Store>,
    clock: SharedClock,
    ready: impl AsyncFnOnce(&Bot) -> anyhow::Result<()>,
) -> anyhow::Result<ExitCode> {
    let metrics = PrometheusBuilder::new().install_recorder().context("metrics")?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let bot = Bot::start(config, store, clock, metrics).await?;
    ready(&bot).await?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    info!("stopping");
    bot.stop().await?;
    Ok(ExitCode::SUCCESS)
}
