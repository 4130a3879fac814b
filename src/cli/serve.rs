//! `jiuding serve`.

use std::process::ExitCode;

use jiuding::config::Config;

use super::Moment;

#[derive(clap::Args, Default)]
pub struct Args {
    /// Starts on a clock that moves only when told (POST /api/clock); platforms must be on loopback.
    #[arg(long, value_name = "TIME")]
    simulated_clock: Option<Moment>,
}

pub async fn run(config: Config, args: Args) -> anyhow::Result<ExitCode> {
    if let Some(moment) = args.simulated_clock {
        config.allow_simulated_clock()?;
        let zone = config.rules()?.calendar.zone().clone();
        let _start = moment.instant(&zone).map_err(anyhow::Error::msg)?;
    }
    anyhow::bail!("serve is not built yet")
}
