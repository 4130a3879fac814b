//! The database that tests use, each in a schema of its own.

use tokio_postgres::NoTls;

/// Names the database; whoever it names may make schemas there.
const URL: &str = "TEST_POSTGRES_URL";

/// The address of the database itself.
pub fn url() -> String {
    std::env::var(URL).unwrap_or_else(|_| {
        panic!(
            "{URL} is not set: `tests/run` starts a PostgreSQL of its own and passes the tests with it; or set it to \
             the address of one in which schemas may be made, for instance postgres:///postgres?host=/run/postgresql"
        )
    })
}

/// A connection to the database itself.
pub async fn connect() -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(&url(), NoTls).await.unwrap();
    tokio::spawn(async move {
        let _ = connection.await;
    });
    client
}

/// A schema for one store, empty.
pub struct Schema {
    pub name: String,
    /// The address with which tables are made and found there.
    pub url: String,
}

impl Schema {
    pub async fn new() -> Self {
        let mut name = [0; 8];
        getrandom::fill(&mut name).unwrap();
        let name = name.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let name = format!("test_{name}");
        connect().await.batch_execute(&format!("CREATE SCHEMA {name}")).await.unwrap();
        let url = url();
        let sign = if url.contains('?') { '&' } else { '?' };
        Self { url: format!("{url}{sign}options=-csearch_path%3D{name}"), name }
    }

    /// Takes it out again. Where a test fails it stays, to be looked at.
    pub async fn drop(self) {
        let client = connect().await;
        client.batch_execute(&format!("DROP SCHEMA {} CASCADE", self.name)).await.unwrap();
    }
}
