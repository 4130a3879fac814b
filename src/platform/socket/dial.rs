//! Opens a connection, and says where one may be opened.

use std::time::Duration;

use axum::http::HeaderMap;
use reqwest::Url;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async_tls_with_config,
    tungstenite::{Error, protocol::WebSocketConfig},
};

use crate::platform::http::is_loopback;

/// How long name, connection, encryption and upgrade may take together.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest message that is read, in bytes. Both platforms stay far below.
const MOST_BYTES: usize = 4 << 20;

/// An open connection.
pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why a connection could not be opened.
pub(super) enum Undialled {
    /// The other side refused the upgrade.
    Refused(u16, HeaderMap),
    /// There is no way to it, in words that do not tell the address.
    Broken(String),
}

/// Whether a platform at `base` may send us to `address`: encrypted, or to this machine; and a platform on this
/// machine, which is a rehearsal, sends nobody outside.
///
/// # Errors
/// What is wrong with it. The address is not told: its query is a secret.
pub fn may_dial(base: &str, address: &str) -> Result<Url, &'static str> {
    let url = Url::parse(address).map_err(|_| "it handed out no address")?;
    let local = is_loopback(&url);
    match url.scheme() {
        _ if !url.has_host() => Err("it handed out no address"),
        "ws" | "wss" if local => Ok(url),
        "wss" if Url::parse(base).is_ok_and(|base| is_loopback(&base)) => {
            Err("it is on this machine and handed out an address elsewhere")
        }
        "wss" => Ok(url),
        _ => Err("it handed out an address that is not encrypted"),
    }
}

/// Opens a connection; `url` passed [`may_dial`].
pub(super) async fn connect(url: &Url) -> Result<Socket, Undialled> {
    crate::platform::http::install_provider();
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or(443);
    let opening = async {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        let limits =
            WebSocketConfig::default().max_message_size(Some(MOST_BYTES)).max_frame_size(Some(MOST_BYTES));
        client_async_tls_with_config(url.as_str(), stream, Some(limits), None).await
    };
    match tokio::time::timeout(PATIENCE, opening).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(Error::Http(response))) => {
            let (head, _) = response.into_parts();
            Err(Undialled::Refused(head.status.as_u16(), head.headers))
        }
        Ok(Err(error)) => Err(Undialled::Broken(describe(&error))),
        Err(_) => Err(Undialled::Broken("it does not answer the call".into())),
    }
}

/// What went wrong, without the address.
pub(super) fn describe(error: &Error) -> String {
    match error {
        Error::Io(error) => error.to_string(),
        Error::Url(_) | Error::HttpFormat(_) => "it handed out no address".into(),
        Error::Http(response) => format!("status {}", response.status().as_u16()),
        Error::WriteBufferFull(_) => "what is to be said piles up".into(),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_dials_encrypted_addresses_and_this_machine() {
        let real = "https://open.feishu.cn";
        for (base, address, may) in [
            (real, "wss://msg-frontier.feishu.cn/ws/v2?device_id=1", true),
            (real, "ws://msg-frontier.feishu.cn/ws/v2", false),
            (real, "https://msg-frontier.feishu.cn/ws/v2", false),
            (real, "ws://127.0.0.1:4000/ws", true),
            (real, "", false),
            (real, "wss:", false),
            ("http://127.0.0.1:4000", "ws://127.0.0.1:4001/ws", true),
            ("http://[::1]:4000", "ws://localhost:4001/ws", true),
            ("http://127.0.0.1:4000", "wss://msg-frontier.feishu.cn/ws/v2", false),
            ("http://127.0.0.1:4000", "ws://127.0.0.1.example.com/ws", false),
        ] {
            assert_eq!(may_dial(base, address).is_ok(), may, "{base} {address}");
        }
    }
}
