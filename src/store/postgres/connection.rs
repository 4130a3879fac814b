//! The way to the database: its address, encryption, a pool of connections, and how its faults are told.

use std::{str::FromStr, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow};
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use futures_util::stream::{BoxStream, poll_fn};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;
use tokio_postgres::{
    AsyncMessage, Client, Config, Error, NoTls,
    config::{Host, SslMode},
    error::SqlState,
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What a connection tells beside answers. It must be read for the connection to work.
pub(super) type Messages = BoxStream<'static, Result<AsyncMessage, Error>>;

/// How many connections at most; each carries one commit at a time, and the database flushes them together.
const CONNECTIONS: usize = 16;
/// How long to wait for the database to answer at all.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait for a connection to be free, where there is much to write at once.
const BUSY: Duration = Duration::from_secs(30);
/// What every connection begins with: what is acknowledged is on disk, whatever the server's own default, and
/// nothing waits for ever.
const GREETING: &str = "SELECT set_config('synchronous_commit', 'on', false) \
     WHERE current_setting('synchronous_commit') = 'off'; \
     SET statement_timeout = '30s'; SET lock_timeout = '10s'; \
     SET idle_in_transaction_session_timeout = '60s'";

/// Reads an address, for instance `postgres://user:password@host/db`. With `sslmode=require` (or `verify-full`) the
/// connection is encrypted and the server's certificate checked; without it, it is neither.
pub(super) fn parse(url: &str) -> Result<Config> {
    // A client of PostgreSQL's own checks no certificate for `require`; this one always does.
    let url = url.replace("sslmode=verify-full", "sslmode=require");
    let url = url.replace("sslmode=verify-ca", "sslmode=require");
    // The cause is left out: it may quote the password.
    let parsed = Config::from_str(&url).ok().filter(|config| !config.get_hosts().is_empty());
    let mut config = parsed.context(
        "the address of the database cannot be read, expected for instance postgres://user@host/db",
    )?;
    if config.get_ssl_mode() != SslMode::Require {
        config.ssl_mode(SslMode::Disable);
    }
    if config.get_application_name().is_none() {
        config.application_name("jiuding");
    }
    config.connect_timeout(PATIENCE).tcp_user_timeout(2 * PATIENCE);
    config.keepalives_idle(3 * PATIENCE).keepalives_interval(PATIENCE).keepalives_retries(3);
    Ok(config)
}

/// What is weaker than it should be about this address.
pub(super) fn warning(config: &Config) -> Option<String> {
    let near = |host: &Host| match host {
        Host::Tcp(host) => {
            host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        }
        Host::Unix(_) => true,
    };
    let plain = config.get_ssl_mode() == SslMode::Disable && !config.get_hosts().iter().all(near);
    plain.then(|| {
        "the connection to the database is not encrypted; add ?sslmode=require to its address".to_owned()
    })
}

/// The address as it may be shown: without user and password. A second sentence says what is weak about it.
///
/// # Errors
/// It cannot be read.
pub fn describe(url: &str) -> Result<(String, Option<String>)> {
    let config = parse(url)?;
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(host) => host.clone(),
        Host::Unix(folder) => folder.display().to_string(),
    });
    let hosts: Vec<String> = hosts.collect();
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    Ok((format!("database {database} on {}", hosts.join(", ")), warning(&config)))
}

/// A pool of connections; none is made yet.
pub(super) fn pool(config: Config) -> Result<Pool> {
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = match config.get_ssl_mode() {
        SslMode::Require => Manager::from_config(config, MakeRustlsConnect::new(encryption()?), recycling),
        _ => Manager::from_config(config, NoTls, recycling),
    };
    let greet = Hook::async_fn(|client: &mut deadpool_postgres::ClientWrapper, _| {
        Box::pin(async move { client.batch_execute(GREETING).await.map_err(HookError::Backend) })
    });
    let pool = Pool::builder(manager).max_size(CONNECTIONS).runtime(Runtime::Tokio1).post_create(greet);
    let pool = pool.wait_timeout(Some(BUSY)).create_timeout(Some(PATIENCE));
    Ok(pool.recycle_timeout(Some(PATIENCE)).build()?)
}

/// A connection outside of the pool.
pub(super) async fn connect(config: &Config) -> Result<(Client, Messages)> {
    let far = || anyhow!("the database did not answer in time");
    match config.get_ssl_mode() {
        SslMode::Require => {
            let tls = MakeRustlsConnect::new(encryption()?);
            let (client, mut connection) =
                timeout(PATIENCE, config.connect(tls)).await.map_err(|_| far())?.told()?;
            Ok((client, Box::pin(poll_fn(move |cx| connection.poll_message(cx)))))
        }
        _ => {
            let (client, mut connection) =
                timeout(PATIENCE, config.connect(NoTls)).await.map_err(|_| far())?.told()?;
            Ok((client, Box::pin(poll_fn(move |cx| connection.poll_message(cx)))))
        }
    }
}

/// The certificates that this machine trusts, or those in `SSL_CERT_FILE`.
fn encryption() -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    anyhow::ensure!(!roots.is_empty(), "this machine trusts no certificates; name them in SSL_CERT_FILE");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// A connection of the pool.
pub(super) async fn take(pool: &Pool) -> Result<deadpool_postgres::Client> {
    use deadpool_postgres::PoolError;

    pool.get().await.map_err(|error| match error {
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
            fault(&error).context("the database cannot be reached")
        }
        PoolError::Timeout(_) => anyhow!("the database did not answer in time"),
        other => anyhow!("the database cannot be reached: {other}"),
    })
}

/// What went wrong, without the values that the server would quote: they are what people said.
pub(super) fn fault(error: &Error) -> anyhow::Error {
    if let Some(told) = error.as_db_error() {
        return anyhow!("{} ({})", told.message(), told.code().code());
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    anyhow!("{text}")
}

/// Whether this database does not have what it was asked for.
pub(super) fn knows_no(error: &Error) -> bool {
    let codes = [
        SqlState::UNDEFINED_FUNCTION,
        SqlState::FEATURE_NOT_SUPPORTED,
        SqlState::SYNTAX_ERROR,
        SqlState::CANT_CHANGE_RUNTIME_PARAM,
        SqlState::INVALID_PARAMETER_VALUE,
    ];
    error.code().is_some_and(|code| codes.contains(code))
}

/// Whether the same is worth trying again at once: others were in the way.
pub(super) fn is_worth_repeating(error: &Error) -> bool {
    let again = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
    error.code().is_some_and(|code| again.contains(code))
}

/// Turns the database's faults into ours.
pub(super) trait Told<T> {
    /// See [`fault`].
    fn told(self) -> Result<T>;
}

impl<T> Told<T> for Result<T, Error> {
    fn told(self) -> Result<T> {
        self.map_err(|error| fault(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_cannot_be_read_is_not_repeated() {
        for url in ["mysql://u:hush@h/db", "postgres://u:hush@h:x/db", "hush", "postgres:///?sslmode=hush"] {
            let why = format!("{:#}", parse(url).unwrap_err());
            assert!(!why.contains("hush") && why.contains("postgres://user@host/db"), "{why}");
        }
    }

    #[test]
    fn encryption_is_what_the_address_says() {
        let mode = |url: &str| parse(url).unwrap().get_ssl_mode();
        assert_eq!(mode("postgres://u@h/db"), SslMode::Disable);
        assert_eq!(mode("postgres://u@h/db?sslmode=require"), SslMode::Require);
        assert_eq!(mode("postgres://u@h/db?sslmode=verify-full"), SslMode::Require);
        let warns = |url: &str| warning(&parse(url).unwrap()).is_some();
        assert!(warns("postgres://u@db.example.com/db"));
        assert!(!warns("postgres://u@db.example.com/db?sslmode=require"));
        assert!(!warns("postgres://u@127.0.0.1/db"));
        assert!(!warns("postgres:///db?host=/run/postgresql&user=u"));
        let shown = describe("postgres://u:hush@db.example.com/records").unwrap().0;
        assert_eq!(shown, "database records on db.example.com");
    }
}
