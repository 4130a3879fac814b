//! `jiuding doctor`.

use std::process::ExitCode;

use jiuding::config::Config;

pub async fn run(_config: Config) -> anyhow::Result<ExitCode> {
    anyhow::bail!("doctor is not built yet; `jiuding check` validates the configuration without the network")
}
