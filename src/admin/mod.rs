//! The port for operators: health and metrics over HTTP, and the probe that asks for it.
//!
//! In come GET requests, out go what `health` and `metrics` say. It must never be reached
//! from outside the cluster, and never ask a broker or a platform anything.

mod accept;
mod probe;
mod settings;

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, HeaderValue, VARY};
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, FromRequest, Handler, HttpRequest, HttpResponse, HttpServer, Resource};

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
    let asked = health.clone();
    metrics.show_readiness(move || {
        let components = asked.ready().components.into_iter();
        components.map(|(name, it)| (name, it.ok)).collect()
    });
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
        .service(read_only(LIVE, live))
        .service(read_only(READY, ready))
        .service(read_only(METRICS, render));
}

/// A path that answers GET and HEAD, and nothing else.
fn read_only<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args, Output = HttpResponse>,
    Args: FromRequest + 'static,
{
    let refused = || async {
        let allowed = (ALLOW, HeaderValue::from_static("GET, HEAD"));
        HttpResponse::MethodNotAllowed()
            .insert_header(allowed)
            .finish()
    };
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(refused))
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

async fn render(request: HttpRequest, metrics: Data<Metrics>) -> HttpResponse {
    let format = accept::format(request.headers());
    match metrics.render_as(format) {
        Ok(text) => HttpResponse::Ok()
            .content_type(format.content_type())
            .insert_header((VARY, HeaderValue::from_static("accept")))
            .body(text),
        Err(error) => {
            tracing::error!(error = %error, "Metrics cannot be written as text");
            HttpResponse::InternalServerError().finish()
        }
    }
}
