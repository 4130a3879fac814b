//! The admin interface of a bot that serves on this machine.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, bail};
use jiuding::config::{Config, Secret};
use reqwest::{Client, Method};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Asks the bot that serves with the same configuration.
pub struct Admin {
    client: Client,
    address: SocketAddr,
    token: Option<Secret>,
}

impl Admin {
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        // A large store takes a while to copy. A proxy has no business between two processes of one machine.
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(600)).build()?;
        Ok(Self {
            client,
            address: reachable(config.server.listen),
            token: config.server.admin_token.clone(),
        })
    }

    /// Reads. `None`: nobody serves.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<Option<T>> {
        self.ask(Method::GET, path, None).await
    }

    /// Has something done. `None`: nobody serves.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Option<Value>> {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Has something removed. `None`: nobody serves.
    pub async fn delete(&self, path: &str) -> anyhow::Result<Option<Value>> {
        self.ask(Method::DELETE, path, None).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Option<T>> {
        let address = self.address;
        let mut request = self.client.request(method, format!("http://{address}/api/admin/{path}"));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.reveal());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() => return Ok(None),
            Err(error) => return Err(error).context(format!("{address} does not answer")),
        };
        let status = answer.status();
        let body = answer.bytes().await.with_context(|| format!("{address} stopped answering"))?;
        if status.is_success() {
            let read = serde_json::from_slice(&body);
            return read.map(Some).context("the bot's answer cannot be read; is it another version?");
        }
        let told: Option<Value> = serde_json::from_slice(&body).ok();
        match told.as_ref().and_then(|told| told["error"].as_str()) {
            Some(error) => bail!("{error}"),
            None => bail!("{address} answered {status}; it does not look like jiuding"),
        }
    }
}

/// A server that listens everywhere is reached on loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
