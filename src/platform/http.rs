//! The HTTP client that the platforms call out with, and what else all calls share.

use std::{sync::Once, time::Duration};

use reqwest::{Client, Url, header::HeaderMap, redirect::Policy};

/// How long a connection may take to open.
const CONNECT: Duration = Duration::from_secs(2);
/// How long a call may take altogether.
const TOTAL: Duration = Duration::from_secs(10);

/// A client with time limits that follows no redirects: a token must never travel to another host.
///
/// # Panics
/// Only where the machine's trusted certificates cannot be read; without them no call can be made.
pub fn client() -> Client {
    install_provider();
    Client::builder()
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        .redirect(Policy::none())
        .user_agent(concat!("jiuding/", env!("CARGO_PKG_VERSION")))
        .build()
        .expect("the settings are fixed and good, and the system's certificates can be read")
}

/// Makes `ring` the provider of encryption for the whole process.
pub fn install_provider() {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Refused where one was installed before, and then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// Whether an address leads to this machine.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// The `Date` of an answer; empty where there is none.
pub fn date(headers: &HeaderMap) -> String {
    headers.get("date").and_then(|date| date.to_str().ok()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_client_can_be_made_more_than_once() {
        super::client();
        super::client();
    }
}
