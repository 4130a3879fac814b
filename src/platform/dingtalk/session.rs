//! Which reply addresses the bot posts to.
//!
//! A `sessionWebhook` comes in a body that the platform's signature does not cover, so it could name any
//! address of our own network. It is taken only when it is exactly what the platform hands out.

use reqwest::Url;

use crate::platform::http::is_loopback;

/// The platform's own host for old calls and webhooks.
const HOST: &str = "oapi.dingtalk.com";
/// The only path of reply addresses.
const PATH: &str = "/robot/sendBySession";

/// The allow-list of reply addresses.
pub struct ReplyHosts {
    oapi: Option<Url>,
    further: Option<String>,
}

impl ReplyHosts {
    /// The platform's host, the origin of `oapi_base_url`, and `further`, a host name of a dedicated
    /// tenant. A loopback origin takes the place of the platform's host: a rehearsal calls nobody outside.
    pub fn new(oapi_base_url: &str, further: Option<&str>) -> Self {
        Self { oapi: Url::parse(oapi_base_url).ok(), further: further.map(str::to_ascii_lowercase) }
    }

    /// The address in its normal form where the bot may post to it.
    pub fn admit(&self, url: &str) -> Option<Url> {
        let url = Url::parse(url).ok()?;
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        (plain && url.path() == PATH && self.knows(&url)).then_some(url)
    }

    fn knows(&self, url: &Url) -> bool {
        if self.oapi.as_ref().is_some_and(|oapi| oapi.origin() == url.origin()) {
            return true;
        }
        let host = url.host_str().unwrap_or_default();
        let ours = (host == HOST && !self.rehearses()) || self.further.as_deref() == Some(host);
        ours && url.scheme() == "https" && url.port().is_none()
    }

    fn rehearses(&self) -> bool {
        self.oapi.as_ref().is_some_and(is_loopback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str = "/robot/sendBySession?session=a";

    #[test]
    fn a_rehearsal_posts_to_its_own_origin_only() {
        let hosts = ReplyHosts::new("http://127.0.0.1:4000", None);
        assert!(hosts.admit(&format!("http://127.0.0.1:4000{QUERY}")).is_some());
        assert!(hosts.admit(&format!("http://127.0.0.1:4001{QUERY}")).is_none());
        assert!(hosts.admit(&format!("https://oapi.dingtalk.com{QUERY}")).is_none());
    }

    #[test]
    fn one_further_host_may_be_named() {
        let hosts = ReplyHosts::new("https://oapi.dingtalk.com", Some("Oapi.Tenant.example"));
        assert!(hosts.admit(&format!("https://oapi.tenant.example{QUERY}")).is_some());
        assert!(hosts.admit(&format!("http://oapi.tenant.example{QUERY}")).is_none());
        assert!(hosts.admit(&format!("https://a.oapi.tenant.example{QUERY}")).is_none());
    }
}
