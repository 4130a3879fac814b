//! Calls to Feishu's server.

use jiff::SignedDuration;
use reqwest::{Client, Method, RequestBuilder, Response, multipart::Form};
use serde_json::{Value, json};

use crate::{clock::SharedClock, platform::http};

use super::{
    Settings,
    fault::{Fault, Refused},
    token::{Fetched, Token},
};

/// Feishu's server, with the app's credentials.
pub struct Api {
    client: Client,
    base_url: String,
    app_id: String,
    app_secret: String,
    token: Token,
}

/// A call about to be made.
pub struct Call<'a> {
    /// `GET`, `POST` or `PATCH`.
    pub method: Method,
    /// The path after `/open-apis/`.
    pub path: &'a str,
    /// The query.
    pub query: &'a [(&'a str, &'a str)],
    /// The body, where there is one.
    pub body: Option<&'a Value>,
}

impl<'a> Call<'a> {
    /// A reading call.
    pub fn get(path: &'a str, query: &'a [(&'a str, &'a str)]) -> Self {
        Self { method: Method::GET, path, query, body: None }
    }

    /// A writing call.
    pub fn post(path: &'a str, query: &'a [(&'a str, &'a str)], body: &'a Value) -> Self {
        Self { method: Method::POST, path, query, body: Some(body) }
    }

    /// A changing call.
    pub fn patch(path: &'a str, body: &'a Value) -> Self {
        Self { method: Method::PATCH, path, query: &[], body: Some(body) }
    }
}

impl Api {
    /// Calls nobody yet.
    pub fn new(settings: &Settings, clock: SharedClock) -> Self {
        Self {
            client: http::client(),
            base_url: settings.base_url.trim_end_matches('/').to_owned(),
            app_id: settings.app_id.clone(),
            app_secret: settings.app_secret.clone(),
            token: Token::new(clock),
        }
    }

    /// Makes a call and returns the whole answer.
    pub async fn call(&self, call: Call<'_>) -> Result<Value, Fault> {
        let Call { method, path, query, body } = call;
        self.with_token(|| {
            let request = self.client.request(method.clone(), self.url(path)).query(query);
            match body {
                Some(body) => request.json(body),
                None => request,
            }
        })
        .await
    }

    /// Uploads a form, which is made anew for every try, and returns the whole answer.
    pub async fn upload(&self, path: &str, form: impl Fn() -> Form) -> Result<Value, Fault> {
        self.with_token(|| self.client.post(self.url(path)).multipart(form())).await
    }

    /// Makes a request under a token; one that Feishu calls invalid is replaced once.
    async fn with_token(&self, request: impl Fn() -> RequestBuilder) -> Result<Value, Fault> {
        let token = self.token().await?;
        match answer(request().bearer_auth(&token).send().await).await {
            Err(Fault::Refused(refused)) if refused.of_token() => {
                self.token.drop_refused(&token);
                let token = self.token().await?;
                answer(request().bearer_auth(&token).send().await).await
            }
            done => done,
        }
    }

    /// A valid token, fetched where needed.
    pub async fn token(&self) -> Result<String, Fault> {
        self.token.obtain(async || self.fetch_token().await).await
    }

    /// Asks where the long connection goes. The call takes the secret itself, and no token.
    pub async fn endpoint(&self) -> Result<Value, Fault> {
        let body = json!({ "AppID": self.app_id, "AppSecret": self.app_secret });
        let request = self.client.post(format!("{}/callback/ws/endpoint", self.base_url));
        answer(request.header("locale", "zh").json(&body).send().await).await
    }

    /// What time the server says it is, as HTTP writes it; empty where it does not say.
    pub async fn date(&self) -> Result<String, Fault> {
        let answer = self.client.get(format!("{}/", self.base_url)).send().await;
        let answer =
            answer.map_err(|error| Fault::Unsent(format!("cannot reach feishu: {}", error.without_url())))?;
        Ok(http::date(answer.headers()))
    }

    /// Posts to an address of our own what the console would post there.
    pub async fn echo(&self, url: &str, body: &Value) -> Result<Value, Fault> {
        let unsent = |error: reqwest::Error| Fault::Unsent(format!("{url}: {}", error.without_url()));
        let answer = self.client.post(url).json(body).send().await.map_err(unsent)?;
        Ok(answer.json().await.unwrap_or_default())
    }

    async fn fetch_token(&self) -> Result<Fetched, Fault> {
        let body = json!({ "app_id": self.app_id, "app_secret": self.app_secret });
        let url = self.url("auth/v3/tenant_access_token/internal");
        let sent = self.client.post(url).json(&body).send().await;
        // The message was not sent, whatever became of the token.
        let unsent = |fault: Fault| Fault::Unsent(format!("no access token: {}", fault.why()));
        let answer = answer(sent).await.map_err(unsent)?;
        let value = answer["tenant_access_token"].as_str().unwrap_or_default();
        let seconds = answer["expire"].as_i64().unwrap_or_default().clamp(0, 86_400);
        if value.is_empty() || seconds == 0 {
            return Err(Fault::Unsent("no access token: feishu's answer holds none".into()));
        }
        Ok(Fetched { value: value.to_owned(), life: SignedDuration::from_secs(seconds) })
    }

    fn url(&self, path: &str) -> String {
        format!("{}/open-apis/{path}", self.base_url)
    }
}

/// Reads an answer: an expired token was seen with status 200 as well, so the code in the body counts.
async fn answer(sent: reqwest::Result<Response>) -> Result<Value, Fault> {
    let response = sent.map_err(|error| {
        let error = error.without_url();
        match error.is_connect() || error.is_builder() {
            true => Fault::Unsent(format!("cannot reach feishu: {error}")),
            false => Fault::Unanswered(format!("no answer from feishu: {error}")),
        }
    })?;
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (reset, log_id) = (header("x-ogw-ratelimit-reset"), header("x-tt-logid").unwrap_or_default());
    let body = response.bytes().await;
    let answer = body.ok().and_then(|body| serde_json::from_slice::<Value>(&body).ok());
    let code = answer.as_ref().and_then(|answer| answer.get("code")).and_then(Value::as_i64);
    match (answer, code) {
        (Some(answer), Some(0)) if (200..300).contains(&status) => Ok(answer),
        (Some(answer), Some(code)) => {
            let message = answer["msg"].as_str().unwrap_or_default();
            Err(Fault::Refused(Refused::new(status, code, message, reset.as_deref(), &log_id)))
        }
        // A gateway on the way may say so without Feishu's code.
        _ if status == 429 => {
            Err(Fault::Refused(Refused::new(status, 99991400, "", reset.as_deref(), &log_id)))
        }
        // Not Feishu's word: a proxy, or half an answer.
        _ => Err(Fault::Unanswered(format!("no readable answer from feishu, status {status}"))),
    }
}
