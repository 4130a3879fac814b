//! `jiuding serve`: the bot, until it is told to stop.

use std::{process::ExitCode, sync::Arc};

use anyhow::Context;
use jiuding::{
    bot::Bot,
    clock::{SharedClock, SimulatedClock, SystemClock},
    config::Config,
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
    let store = store::open_or_make(&config, clock.now()).await?;
    until_stopped(&config, store, clock, async |bot: &Bot| {
        if config.opens_playground() {
            println!("jiuding: http://{}/", bot.address);
        }
        Ok(())
    })
    .await
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
