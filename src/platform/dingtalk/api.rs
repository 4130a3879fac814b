//! Calls to the platform: the access token, and one way to post JSON.

use std::{sync::PoisonError, time::Duration};

use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, multipart::Form};
use serde_json::{Value, json};
use tokio::{sync::Mutex, time::Instant};

use super::{
    Settings,
    answer::{self, Refusal},
    usage::{Meter, Use},
};
use crate::{clock::SharedClock, platform::Undelivered};

/// The platform's header for the token.
const TOKEN_HEADER: &str = "x-acs-dingtalk-access-token";
/// How long before its end a token is renewed.
const EARLY: SignedDuration = SignedDuration::from_mins(5);
/// The wait after a refused token; the platform slows down who asks too often.
const AFTER_NO_TOKEN: Duration = Duration::from_secs(30);

/// The client of one app.
pub(super) struct Api {
    http: reqwest::Client,
    base: String,
    oapi: String,
    client_id: String,
    client_secret: String,
    clock: SharedClock,
    /// Held while a token is fetched, so that there is one refresh in flight and all others wait for it.
    token: Mutex<Option<Token>>,
    pub meter: Meter,
    /// A shorter time limit than the client's own.
    pub patience: Option<Duration>,
    /// Until when this address is shut out: who goes on calling stays so. Held for a look or an entry.
    shut_out: std::sync::Mutex<Option<Instant>>,
}

struct Token {
    text: String,
    good_until: Timestamp,
}

/// A call of the new API about to be made.
pub(super) struct Call<'a> {
    pub method: Method,
    /// From the host on, with its `/`.
    pub path: &'a str,
    pub query: &'a [(&'a str, &'a str)],
    /// What makes a second call the same as the first, where the call has such a thing.
    pub once: Option<&'a str>,
    pub body: Option<&'a Value>,
}

/// The raw answer of the platform.
pub(super) struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Api {
    pub fn new(settings: &Settings, clock: SharedClock) -> Self {
        Self {
            http: crate::platform::http::client(),
            base: settings.base_url.trim_end_matches('/').to_owned(),
            oapi: settings.oapi_base_url.trim_end_matches('/').to_owned(),
            client_id: settings.client_id.clone(),
            client_secret: settings.client_secret.clone(),
            clock,
            token: Mutex::new(None),
            meter: Meter::default(),
            patience: None,
            shut_out: std::sync::Mutex::default(),
        }
    }

    /// A metered call of the new API that posts; a stale token is renewed once.
    pub async fn call(&self, path: &str, body: &Value) -> Result<Answer, Refusal> {
        self.request(Call { method: Method::POST, path, query: &[], once: None, body: Some(body) }).await
    }

    /// A metered call of the new API; a stale token is renewed once.
    pub async fn request(&self, call: Call<'_>) -> Result<Answer, Refusal> {
        let Call { method, path, query, once, body } = call;
        let url = format!("{}{path}", self.base);
        self.with_token(|token| {
            self.meter.count(Use::Api, self.clock.now());
            let mut request =
                self.http.request(method.clone(), &url).header(TOKEN_HEADER, token).query(query);
            if let Some(once) = once {
                request = request.header("x-client-token", once);
            }
            match body {
                Some(body) => request.json(body),
                None => request,
            }
        })
        .await
    }

    /// A call of the old API, which takes the token in its address.
    pub async fn call_old(&self, path: &str, body: &Value) -> Result<Answer, Refusal> {
        let url = format!("{}{path}", self.oapi);
        self.with_token(|token| self.http.post(&url).query(&[("access_token", token)]).json(body)).await
    }

    /// A metered call of the old API with a form that is made anew for every try.
    pub async fn upload(
        &self,
        path: &str,
        kind: &str,
        form: impl Fn() -> Form + Sync,
    ) -> Result<Answer, Refusal> {
        let url = format!("{}{path}", self.oapi);
        self.with_token(|token| {
            self.meter.count(Use::Api, self.clock.now());
            self.http.post(&url).query(&[("access_token", token), ("type", kind)]).multipart(form())
        })
        .await
    }

    /// Posts to an address that carries its own secret. No token goes there.
    pub async fn post_webhook(&self, url: reqwest::Url, body: &Value) -> Result<Answer, Refusal> {
        Ok(self.send(self.http.post(url).json(body)).await?)
    }

    /// Posts to an address of our own what the platform would post there.
    pub async fn knock(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Answer, Undelivered> {
        let request =
            headers.iter().fold(self.http.post(url), |request, (name, value)| request.header(*name, *value));
        self.send(request.json(body)).await
    }

    /// Asks where the long connection goes. The call takes the secret itself, and no token; without the header the
    /// answer is XML.
    pub async fn open_stream(&self, body: &Value) -> Result<Answer, Undelivered> {
        let url = format!("{}/v1.0/gateway/connections/open", self.base);
        self.send(self.http.post(url).header("accept", "application/json").json(body)).await
    }

    /// What time the server says it is, as HTTP writes it; empty where it does not say.
    pub async fn date(&self) -> Result<String, Undelivered> {
        let answer = self.http.get(format!("{}/", self.base)).send().await.map_err(undelivered)?;
        Ok(crate::platform::http::date(answer.headers()))
    }

    async fn with_token(&self, request: impl Fn(&str) -> reqwest::RequestBuilder) -> Result<Answer, Refusal> {
        let token = self.token(None).await?;
        let answer = self.send(request(&token)).await?;
        if answer::read(answer.status, &answer.body) != Err(Refusal::StaleToken) {
            return Ok(answer);
        }
        let token = self.token(Some(&token)).await?;
        Ok(self.send(request(&token)).await?)
    }

    /// A token that is good for a while yet, and is not `stale`.
    pub async fn token(&self, stale: Option<&str>) -> Result<String, Undelivered> {
        let mut slot = self.token.lock().await;
        if stale.is_some() && slot.as_ref().map(|token| token.text.as_str()) == stale {
            tracing::warn!("dingtalk calls an access token invalid before its time, another one is fetched");
        }
        if let Some(token) = &*slot
            && token.good_until > self.clock.now()
            && stale != Some(&token.text)
        {
            return Ok(token.text.clone());
        }
        *slot = None;
        let token = self.fetch_token().await?;
        let text = token.text.clone();
        *slot = Some(token);
        Ok(text)
    }

    async fn fetch_token(&self) -> Result<Token, Undelivered> {
        metrics::counter!("jiuding_dingtalk_token_requests_total").increment(1);
        let asked = self.clock.now();
        let request = self.http.post(format!("{}/v1.0/oauth2/accessToken", self.base));
        let body = json!({"appKey": self.client_id, "appSecret": self.client_secret});
        let answer = self.send(request.json(&body)).await.map_err(no_token)?;
        let answer = answer::read(answer.status, &answer.body)
            .map_err(|refusal| no_token(refusal.into_undelivered()))?;
        let text = answer["accessToken"].as_str().filter(|token| !token.is_empty());
        let life = answer["expireIn"].as_i64().filter(|seconds| (1..=86_400 * 30).contains(seconds));
        let (Some(text), Some(life)) = (text, life) else {
            let why = "an answer without a token".to_owned();
            return Err(no_token(Undelivered::Unknown { why }));
        };
        let life = SignedDuration::from_secs(life);
        // A life shorter than the margin is used up to its half.
        let life = if life > EARLY + EARLY { life - EARLY } else { life / 2 };
        Ok(Token { text: text.to_owned(), good_until: asked + life })
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, Undelivered> {
        if let Some(after) = self.shut_out(None) {
            let why = "DingTalk shut this address out for a while".into();
            return Err(Undelivered::TooFast { after, why });
        }
        let request = match self.patience {
            Some(patience) => request.timeout(patience),
            None => request,
        };
        let response = request.send().await.map_err(undelivered)?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(undelivered)?.to_vec();
        if let Some(pause) = answer::shuts_out(&body) {
            self.shut_out(Some(pause));
        }
        Ok(Answer { status, body })
    }

    /// For how long nobody may be called yet; a `pause` begins now.
    fn shut_out(&self, pause: Option<Duration>) -> Option<Duration> {
        let mut until = self.shut_out.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pause) = pause {
            *until = Some(Instant::now() + pause);
        }
        until.map(|until| until.duration_since(Instant::now())).filter(|left| !left.is_zero())
    }
}

impl From<Undelivered> for Refusal {
    fn from(undelivered: Undelivered) -> Self {
        Refusal::Undelivered(undelivered)
    }
}

/// Without a token nothing was sent, so it can be tried again whatever happened to the request for it.
fn no_token(undelivered: Undelivered) -> Undelivered {
    let why = format!("no access token from DingTalk: {}", undelivered.why());
    match undelivered {
        Undelivered::TooFast { after, .. } => Undelivered::TooFast { after, why },
        Undelivered::Later { after: Some(after), .. } => Undelivered::Later { after: Some(after), why },
        Undelivered::Later { after: None, .. } | Undelivered::Never { .. } | Undelivered::Unknown { .. } => {
            Undelivered::Later { after: Some(AFTER_NO_TOKEN), why }
        }
    }
}

/// Sorts a failed call. The error itself is not told: it may name an address that is a secret.
fn undelivered(error: reqwest::Error) -> Undelivered {
    if error.is_connect() {
        Undelivered::Later { after: None, why: "DingTalk could not be reached".into() }
    } else if error.is_builder() {
        Undelivered::Never { why: "a DingTalk address in the configuration is not a URL".into() }
    } else if error.is_timeout() {
        Undelivered::Unknown { why: "DingTalk did not answer in time".into() }
    } else {
        Undelivered::Unknown { why: "the connection to DingTalk broke before its answer".into() }
    }
}
