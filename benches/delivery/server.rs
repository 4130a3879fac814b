//! A program under load: started in a fresh folder, asked for its figures, killed when dropped.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, ensure};
use tempfile::TempDir;

use crate::fake_feishu::FakeFeishu;

/// Which program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Bare,
    Commit,
    Bot,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Bare => "bare",
            Kind::Commit => "commit",
            Kind::Bot => "bot",
        }
    }
}

/// A running program.
pub struct Server {
    pub address: SocketAddr,
    pub folder: TempDir,
    child: Child,
    http: reqwest::Client,
}

impl Server {
    /// Starts it in a folder of its own; the bot with this Feishu, or with the playground alone.
    pub async fn start(kind: Kind, feishu: Option<&FakeFeishu>) -> anyhow::Result<Self> {
        let folder = TempDir::new()?;
        let mut command = match kind {
            Kind::Bot => {
                std::fs::write(
                    folder.path().join("bot.toml"),
                    feishu.map(FakeFeishu::toml).unwrap_or_default(),
                )?;
                bot(folder.path())
            }
            Kind::Bare | Kind::Commit => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg(kind.name()).arg(folder.path().join("data"));
                command
            }
        };
        Self::spawn(&mut command, folder)
    }

    /// The bot in a folder that has a store already.
    pub fn on(folder: TempDir) -> anyhow::Result<Self> {
        Self::spawn(&mut bot(folder.path()), folder)
    }

    /// Stops it in good order and starts it again.
    pub async fn restarted(self) -> anyhow::Result<Self> {
        Self::on(self.stopped()?)
    }

    /// Stops it in good order; its folder stays.
    pub fn stopped(mut self) -> anyhow::Result<TempDir> {
        Command::new("kill").arg(self.child.id().to_string()).status()?;
        self.child.wait()?;
        Ok(std::mem::replace(&mut self.folder, TempDir::new()?))
    }

    fn spawn(command: &mut Command, folder: TempDir) -> anyhow::Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("it is piped")?).read_line(&mut line)?;
        let address = line.trim().strip_prefix("jiuding: http://").and_then(|at| at.strip_suffix('/'));
        let address = address.with_context(|| format!("it did not start, it said {line:?}"))?.parse()?;
        Ok(Self { address, folder, child, http: jiuding::platform::http::client() })
    }

    /// What it counted so far.
    pub async fn figures(&self) -> Figures {
        let text = self.get("/metrics").await.unwrap_or_default();
        let figure = |name: &str| {
            let lines = text.lines().filter(|line| line.split([' ', '{']).next() == Some(name));
            lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
        };
        Figures {
            flushes: figure("jiuding_store_flushes_total"),
            writes: figure("jiuding_store_writes_total"),
        }
    }

    /// Resident memory in megabytes.
    pub fn memory(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")).context("no VmRSS")?;
        Ok(kilobytes.trim().parse::<u64>()? / 1024)
    }

    /// Waits until the bot has nothing left to say.
    pub async fn all_said(&self) -> anyhow::Result<()> {
        let counts = async || -> anyhow::Result<usize> {
            let rooms = self.get("/metrics").await?;
            let line = rooms.lines().find(|line| line.starts_with("jiuding_outbox_accepted_total"));
            Ok(line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0))
        };
        let mut last = 0;
        loop {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            let now = counts().await?;
            if now == last {
                return Ok(());
            }
            last = now;
        }
    }

    /// The body of a page.
    pub async fn get(&self, path: &str) -> anyhow::Result<String> {
        let response = self.http.get(format!("http://{}{path}", self.address)).send().await?;
        ensure!(response.status().is_success(), "{path}: {}", response.status());
        Ok(response.text().await?)
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: &serde_json::Value) -> anyhow::Result<()> {
        let response = self.http.post(format!("http://{}{path}", self.address)).json(body).send().await?;
        ensure!(response.status().is_success(), "{path}: {}", response.status());
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have stopped already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn bot(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jiuding"));
    command.args(["serve", "--config", "bot.toml"]).current_dir(folder).env("RUST_LOG", "error");
    command.env("JIUDING_SERVER__LISTEN", "127.0.0.1:0").env("JIUDING_STORE__PATH", folder.join("data"));
    command
}

/// What a program counted.
#[derive(Debug, Default)]
pub struct Figures {
    flushes: f64,
    writes: f64,
}

impl Figures {
    /// What a run of so many deliveries cost.
    pub fn since(&self, before: &Self, deliveries: usize) -> String {
        let (flushes, writes) = (self.flushes - before.flushes, self.writes - before.writes);
        if flushes == 0.0 {
            return String::new();
        }
        format!(
            "{:.3} flushes and {:.2} writes a delivery, {:.0} writes a flush",
            flushes / deliveries as f64,
            writes / deliveries as f64,
            writes / flushes
        )
    }
}
