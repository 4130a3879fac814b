//! The page itself: a few small files compiled in, without a build step, nothing from elsewhere.

use axum::{
    Router,
    http::{HeaderName, header},
    response::IntoResponse,
    routing::get,
};

/// The page's scripts; `app.js` is where it begins.
const SCRIPTS: [(&str, &str); 10] = [
    ("/playground/app.js", include_str!("app.js")),
    ("/playground/cast.js", include_str!("cast.js")),
    ("/playground/chart.js", include_str!("chart.js")),
    ("/playground/clock.js", include_str!("clock.js")),
    ("/playground/complete.js", include_str!("complete.js")),
    ("/playground/composer.js", include_str!("composer.js")),
    ("/playground/dom.js", include_str!("dom.js")),
    ("/playground/form.js", include_str!("form.js")),
    ("/playground/log.js", include_str!("log.js")),
    ("/playground/time.js", include_str!("time.js")),
];

/// `GET /` and what it loads.
pub fn routes() -> Router {
    let page = Router::new()
        .route("/", get(|| file("text/html; charset=utf-8", include_str!("index.html"))))
        .route("/playground/style.css", get(|| file("text/css; charset=utf-8", include_str!("style.css"))));
    SCRIPTS.into_iter().fold(page, |page, (path, script)| {
        page.route(path, get(move || file("text/javascript; charset=utf-8", script)))
    })
}

/// The page may load and call its own server, and be framed by nobody.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

async fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    const HEADERS: [(HeaderName, &str); 4] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // It belongs to the program that serves it, which may be another one tomorrow.
        (header::CACHE_CONTROL, "no-cache"),
    ];
    ([(header::CONTENT_TYPE, kind)], HEADERS, text)
}
