//! A database that can be killed, and processes of the bot on it that can be killed, paused and cut off.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use crate::end_to_end::database::Wire;

/// How long something may take to start on a loaded machine.
const STARTING: Duration = Duration::from_secs(30);

/// A PostgreSQL of our own.
pub struct Database {
    folder: TempDir,
    server: Child,
}

impl Database {
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("jiuding-cluster-").tempdir_in("/tmp").unwrap();
        if is_root() {
            let owned = Command::new("chown").arg("postgres:").arg(folder.path()).status().unwrap();
            assert!(owned.success());
        }
        let made = program("initdb", folder.path())
            .arg("-D")
            .arg(folder.path().join("data"))
            .args(["-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C"])
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success());
        let server = serve(folder.path());
        let database = Self { folder, server };
        database.answers().await;
        database
    }

    pub fn url(&self) -> String {
        format!("postgres:///postgres?host={}&user=tests", self.folder.path().display())
    }

    pub async fn connect(&self) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&self.url(), tokio_postgres::NoTls).await?;
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(client)
    }

    async fn answers(&self) {
        within(STARTING, "the database answers", async || self.connect().await.is_ok()).await;
    }

    /// As a crash of it, and started again.
    pub async fn crash(&mut self) {
        signal(self.server.id(), "QUIT");
        self.server.wait().unwrap();
        self.server = serve(self.folder.path());
        self.answers().await;
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        signal(self.server.id(), "QUIT");
        let _ = self.server.wait();
    }
}

fn serve(folder: &Path) -> Child {
    program("postgres", folder)
        .arg("-D")
        .arg(folder.join("data"))
        .arg("-k")
        .arg(folder)
        .args(["-c", "listen_addresses=", "-c", "max_connections=100"])
        .stdout(Stdio::null())
        .stderr(File::create(folder.join("log")).map_or(Stdio::null(), Stdio::from))
        .spawn()
        .unwrap()
}

/// One of PostgreSQL's programs, which refuse to run as root.
fn program(name: &str, folder: &Path) -> Command {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|folders| folders.filter_map(|folder| Some(folder.ok()?.path().join("bin"))).collect())
        .unwrap_or_default();
    versions.sort();
    let path = versions.pop().map_or_else(|| PathBuf::from(name), |bin| bin.join(name));
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--reset-env"]).arg(path);
        command
    } else {
        Command::new(path)
    };
    command.current_dir(folder);
    command
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|of| std::os::unix::fs::MetadataExt::uid(&of) == 0)
}

fn signal(process: u32, name: &str) {
    let _ = Command::new("kill").arg(format!("-{name}")).arg(process.to_string()).status();
}

/// One process of the bot, with a wire of its own to the database.
pub struct Process {
    pub url: String,
    pub wire: Wire,
    folder: PathBuf,
    program: PathBuf,
    child: Child,
}

impl Process {
    /// Starts one in a new folder; `config` is its configuration but for where it listens and where the database is.
    pub async fn start(database: &Database, folder: &Path, config: &str, program: &Path) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = listener.local_addr().unwrap();
        drop(listener);
        let wire = Wire::to(database.url()).await;
        std::fs::create_dir(folder).unwrap();
        let text = format!(
            "[server]\nlisten = \"{listen}\"\n[store]\nengine = \"postgres\"\ntakeover = \"{}s\"\n\
             url = \"postgres://tests@{}/postgres\"\n{config}",
            super::TAKEOVER.as_secs(),
            wire.address
        );
        std::fs::write(folder.join("jiuding.toml"), text).unwrap();
        let (folder, program) = (folder.to_owned(), program.to_owned());
        let child = run(&folder, &program);
        let process = Self { url: format!("http://{listen}"), wire, folder, program, child };
        process.answers().await;
        process
    }

    pub async fn answers(&self) {
        let http = jiuding::platform::http::client();
        let healthy = format!("{}/healthz", self.url);
        let what = format!("{} answers; it logged:\n{}", self.url, self.log());
        within(STARTING, &what, async || http.get(&healthy).send().await.is_ok()).await;
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn start_again(&mut self) {
        self.child = run(&self.folder, &self.program);
    }

    /// Ends it as an administrator does, and starts another program in its place.
    pub fn replace(&mut self, program: &Path) {
        signal(self.child.id(), "TERM");
        assert!(self.child.wait().unwrap().success());
        self.program = program.to_owned();
        self.start_again();
    }

    /// Waits until it has ended by itself; whether it failed.
    pub fn fails(&mut self) -> bool {
        !self.child.wait().unwrap().success()
    }

    pub fn pause(&self) {
        signal(self.child.id(), "STOP");
    }

    pub fn go_on(&self) {
        signal(self.child.id(), "CONT");
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(folder: &Path, program: &Path) -> Child {
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    Command::new(program)
        .args(["serve", "--config", "jiuding.toml"])
        .current_dir(folder)
        .env("RUST_LOG", "info")
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Waits until something is so.
pub async fn within(limit: Duration, what: &str, mut so: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(limit, async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(waited.await.is_ok(), "not within {limit:?}: {what}");
}
