//! `jiuding demo`.

use std::process::ExitCode;

use jiuding::config::Config;

pub async fn run(_config: Config) -> anyhow::Result<ExitCode> {
    anyhow::bail!("demo is not built yet")
}
