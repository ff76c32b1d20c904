//! The port for operators: health and metrics over HTTP, and the probe that asks for it.
//!
//! In come GET requests, out go what `health` and `metrics` say. It must never be reached
//! from outside the cluster, and never ask a broker or a platform anything.

mod probe;
mod settings;

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{Data, ServiceConfig, get};
use actix_web::{App, HttpResponse, HttpServer};

use crate::health::{Health, Report};
use crate::metrics::Metrics;

pub use probe::{ProbeError, probe};
pub use settings::AdminSettings;

/// Whether every part is alive.
pub const LIVE: &str = "/health/live";
/// Whether every part can take work.
pub const READY: &str = "/health/ready";
/// What is counted.
pub const METRICS: &str = "/metrics";

/// The format of `/metrics`, as Prometheus names it.
pub const METRICS_FORMAT: &str = "text/plain; version=0.0.4";

/// How long an answer under way may take once the port closes.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Why the admin port could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("admin port {address} cannot be opened")]
pub struct AdminError {
    /// The configured address.
    address: SocketAddr,
    /// Why.
    #[source]
    source: std::io::Error,
}

/// Opens the admin port and returns its address, and the server to be run until `stopped`.
///
/// `stopped` should resolve only after the rest of the process has drained, so that
/// readiness can be seen to be false meanwhile.
///
/// # Errors
/// When the port cannot be opened.
pub fn open(
    settings: &AdminSettings,
    health: Health,
    metrics: Metrics,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> Result<(SocketAddr, Server), AdminError> {
    let refused = |source| AdminError {
        address: settings.listen,
        source,
    };
    let listener = TcpListener::bind(settings.listen).map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let server = HttpServer::new(move || {
        App::new()
            .wrap(DefaultHeaders::new().add((CACHE_CONTROL, HeaderValue::from_static("no-store"))))
            .app_data(Data::new(health.clone()))
            .app_data(Data::new(metrics.clone()))
            .configure(routes)
    })
    .workers(1)
    .disable_signals()
    .shutdown_signal(stopped)
    .shutdown_timeout(LAST_ANSWERS.as_secs())
    .listen(listener)
    .map_err(refused)?
    .run();
    Ok((address, server))
}

fn routes(config: &mut ServiceConfig) {
    config
        .route(LIVE, get().to(live))
        .route(READY, get().to(ready))
        .route(METRICS, get().to(render));
}

async fn live(health: Data<Health>) -> HttpResponse {
    answer(&health.live())
}

async fn ready(health: Data<Health>) -> HttpResponse {
    answer(&health.ready())
}

fn answer(report: &Report) -> HttpResponse {
    let status = if report.ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    HttpResponse::build(status).json(report)
}

async fn render(metrics: Data<Metrics>) -> HttpResponse {
    match metrics.render() {
        Ok(text) => HttpResponse::Ok().content_type(METRICS_FORMAT).body(text),
        Err(error) => {
            tracing::error!(error = %error, "Metrics cannot be written as text");
            HttpResponse::InternalServerError().finish()
        }
    }
}
