//! The HTTP side: health, metrics, the clock's hand, the admin interface and the playground.
//!
//! Webhooks of the platforms come in as ready routers. Everything answers in JSON, errors too.

mod admin;
mod answer;
mod board;
mod clock;
mod guard;
mod health;
pub mod playground;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::DefaultBodyLimit, http::StatusCode, middleware};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{net::TcpListener, sync::Notify};

use crate::{
    engine::Engine,
    platform::{Platform, playground::Playground},
};

pub use guard::local_only;

use answer::Problem;

/// CONTRACT 3: larger bodies are refused.
const LARGEST_BODY: usize = 1024 * 1024;
/// Longer than any answer may take, and than any long poll: a request that hangs is given up.
const LONGEST_REQUEST: Duration = Duration::from_secs(60);
/// How long stopping waits for requests in hand: longer than a platform waits for its answer.
const GRACE: Duration = Duration::from_secs(4);

/// Everything that the routes speak to.
pub struct App {
    /// The bot.
    pub engine: Arc<Engine>,
    /// Whose readiness `/readyz` asks after.
    pub platforms: Vec<Arc<dyn Platform>>,
    /// The playground, where it is enabled.
    pub playground: Option<Arc<Playground>>,
    /// What `/metrics` prints.
    pub metrics: PrometheusHandle,
    /// Who has it may see metrics and use the admin interface; without one, whoever is on this machine.
    pub admin_token: Option<String>,
    /// The zone in which the playground's page shows times, for instance `Asia/Shanghai`.
    pub zone: String,
    /// The routes of the platforms' webhooks.
    pub extra: Vec<Router>,
}

/// All routes.
pub fn router(app: App) -> Router {
    let local = match app.playground {
        Some(playground) => {
            let receiver = Arc::clone(&app.engine);
            playground::chat_routes(Arc::clone(&playground), receiver)
                .merge(playground::state_routes(playground, Arc::clone(&app.engine), app.zone))
                .merge(playground::page_routes())
        }
        None => Router::new(),
    };
    let local = local_only(local.merge(clock::routes(Arc::clone(&app.engine))));
    let admin = admin::routes(Arc::clone(&app.engine))
        .merge(board::routes(Arc::clone(&app.engine)))
        .merge(health::metrics_routes(app.metrics));
    let routes = Router::new()
        .merge(health::routes(app.engine, app.platforms))
        .merge(local)
        .merge(guard::admin_only(admin, app.admin_token));
    finish(app.extra.into_iter().fold(routes, Router::merge))
}

/// Adds what holds for every route: the largest body, the longest time, and JSON where nothing is found.
pub fn finish(routes: Router) -> Router {
    routes
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "there is nothing here") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this path takes another method")
        })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn(async |request, next: middleware::Next| {
            tokio::time::timeout(LONGEST_REQUEST, next.run(request))
                .await
                .map_err(|_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "this took too long"))
        }))
}

/// Serves until `stop` is done, then finishes what was begun; a caller that never ends its request is
/// not waited for.
///
/// Routes learn from it where a caller sits; without that, whatever is for this machine only is refused.
///
/// # Errors
/// The listener failed.
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    let told = Arc::new(Notify::new());
    let stopping = Arc::clone(&told);
    let serving = axum::serve(listener, service).with_graceful_shutdown(async move {
        stop.await;
        stopping.notify_one();
    });
    let out_of_patience = async {
        told.notified().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving.into_future() => served,
        () = out_of_patience => Ok(()),
    }
}
