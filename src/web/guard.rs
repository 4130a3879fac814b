//! Who may call: this machine only, or the admin.
//!
//! "This machine" is more than a loopback peer. A page of another site in a browser on this machine is
//! a loopback peer too, and so is everybody behind a reverse proxy; so the request must be addressed to
//! a loopback host (no DNS rebinding), come from no other origin (no cross-site requests), and carry no
//! mark of a proxy: a header that one adds, or HTTP/1.0, which nginx speaks to what is behind it unless told
//! otherwise and nothing else speaks any more.

use std::net::{IpAddr, SocketAddr};

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    http::{HeaderMap, StatusCode, Uri, Version, header},
    middleware::{self, Next},
};
use subtle::ConstantTimeEq;

use super::answer::Problem;

/// Headers that a reverse proxy adds.
const PROXIED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/// The same routes for callers on this machine; everybody else gets 403.
pub fn local_only(routes: Router) -> Router {
    routes.layer(middleware::from_fn(async |request: Request, next: Next| {
        is_local(&request).map_err(Problem::forbidden)?;
        Ok::<_, Problem>(next.run(request).await)
    }))
}

/// The same routes for who has the token; without a token, for callers on this machine.
pub(super) fn admin_only(routes: Router, token: Option<String>) -> Router {
    routes.layer(middleware::from_fn(move |request: Request, next: Next| {
        let allowed = match &token {
            Some(token) if bears(request.headers(), token) => Ok(()),
            Some(_) => Err(Problem::new(StatusCode::UNAUTHORIZED, "the admin token is missing or wrong")),
            None => is_local(&request).map_err(Problem::forbidden),
        };
        async move {
            allowed?;
            Ok::<_, Problem>(next.run(request).await)
        }
    }))
}

fn bears(headers: &HeaderMap, token: &str) -> bool {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|value| value.split_once(' '));
    shown.is_some_and(|(scheme, shown)| {
        scheme.eq_ignore_ascii_case("bearer") && bool::from(shown.trim().as_bytes().ct_eq(token.as_bytes()))
    })
}

fn is_local(request: &Request) -> Result<(), &'static str> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    if !peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback()) {
        return Err("this answers on the bot's own machine only");
    }
    if request.version() < Version::HTTP_11 {
        return Err("this does not answer through a proxy, nor to HTTP/1.0");
    }
    is_local_request(request.uri(), request.headers())
}

fn is_local_request(uri: &Uri, headers: &HeaderMap) -> Result<(), &'static str> {
    if PROXIED.iter().any(|name| headers.contains_key(*name)) {
        return Err("this does not answer through a proxy");
    }
    let host = match headers.get(header::HOST) {
        Some(host) => host.to_str().ok().and_then(|host| host.parse::<Uri>().ok()),
        // Without this header it is no browser that calls.
        None => Some(uri.clone()),
    };
    if host.is_none_or(|host| host.host().is_some_and(|host| !is_loopback_name(host))) {
        return Err("this answers to a loopback address only, for instance 127.0.0.1 or localhost");
    }
    let same_site = headers.get_all(header::ORIGIN).iter().all(|origin| {
        let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
        origin.is_some_and(|origin| origin.scheme().is_some() && origin.host().is_some_and(is_loopback_name))
    });
    if !same_site || headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
        return Err("this does not answer to pages of other sites");
    }
    Ok(())
}

fn is_loopback_name(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(headers: &[(&'static str, &str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| {
            (header::HeaderName::from_static(name), value.parse().expect("a header value"))
        });
        is_local_request(&Uri::from_static("/api/clock"), &headers.collect()).is_ok()
    }

    #[test]
    fn this_machine_may_call_by_any_of_its_names() {
        for host in ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:8080", "127.8.8.8"] {
            assert!(allows(&[("host", host)]), "{host}");
        }
        assert!(allows(&[("host", "localhost:8080"), ("origin", "http://localhost:8080")]));
        assert!(allows(&[]));
    }

    #[test]
    fn other_sites_proxies_and_rebound_names_may_not() {
        for host in ["evil.example", "evil.example:8080", "localhost.evil.example", "10.0.0.1", ""] {
            assert!(!allows(&[("host", host)]), "{host}");
        }
        for origin in ["https://evil.example", "null", "http://localhost.evil.example"] {
            assert!(!allows(&[("host", "localhost"), ("origin", origin)]), "{origin}");
        }
        assert!(!allows(&[("host", "localhost"), ("x-forwarded-for", "10.0.0.1")]));
        assert!(!allows(&[("host", "localhost"), ("sec-fetch-site", "cross-site")]));
    }

    #[test]
    fn only_the_whole_token_opens() {
        let shows = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().expect("a header value"));
            bears(&headers, "s3cret")
        };
        assert!(shows("Bearer s3cret") && shows("bearer s3cret"));
        assert!(!shows("Bearer s3cre") && !shows("Bearer ") && !shows("s3cret") && !shows("Basic s3cret"));
    }
}
