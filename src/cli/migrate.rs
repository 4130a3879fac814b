//! `jiuding migrate`.

use std::process::ExitCode;

use jiuding::config::Config;

/// The address holds a password: it is not shown.
pub async fn run(_config: Config, _to: String) -> anyhow::Result<ExitCode> {
    anyhow::bail!("migrate is not built yet")
}
