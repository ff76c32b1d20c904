//! The port for operators: health, metrics and contracts over HTTP, and the probe that asks for it.
//!
//! In come GET requests, out go what `health` and `metrics` say, and documents. It must never be
//! reached from outside the cluster, and never ask a broker or a platform anything.

mod accept;
mod probe;
mod settings;

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, ContentType, HeaderValue, VARY};
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, FromRequest, Handler, HttpRequest, HttpResponse, HttpServer, Resource};

use bytes::Bytes;

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
/// What can be asked over HTTP.
pub const OPENAPI: &str = "/openapi.json";
/// What the topics hold.
pub const ASYNCAPI: &str = "/asyncapi.json";

/// How long an answer under way may take once the port closes.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// What the port shows.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Whether the parts of the process are well.
    pub health: Health,
    /// What is counted.
    pub metrics: Metrics,
    /// The contracts of this installation.
    pub contracts: Contracts,
}

/// The contracts of an installation, as JSON.
#[derive(Debug, Clone, Default)]
pub struct Contracts {
    /// What can be asked over HTTP.
    pub openapi: Bytes,
    /// What the topics hold.
    pub asyncapi: Bytes,
}

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
    shown: Shown,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> Result<(SocketAddr, Server), AdminError> {
    let refused = |source| AdminError {
        address: settings.listen,
        source,
    };
    let asked = shown.health.clone();
    shown.metrics.show_readiness(move || {
        let components = asked.ready().components.into_iter();
        components.map(|(name, it)| (name, it.ok)).collect()
    });
    let listener = TcpListener::bind(settings.listen).map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let server = HttpServer::new(move || {
        App::new()
            .wrap(DefaultHeaders::new().add((CACHE_CONTROL, HeaderValue::from_static("no-store"))))
            .app_data(Data::new(shown.clone()))
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
        .service(read_only(METRICS, render))
        .service(read_only(OPENAPI, openapi))
        .service(read_only(ASYNCAPI, asyncapi));
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

async fn live(shown: Data<Shown>) -> HttpResponse {
    answer(&shown.health.live())
}

async fn ready(shown: Data<Shown>) -> HttpResponse {
    answer(&shown.health.ready())
}

async fn openapi(shown: Data<Shown>) -> HttpResponse {
    document(&shown.contracts.openapi)
}

async fn asyncapi(shown: Data<Shown>) -> HttpResponse {
    document(&shown.contracts.asyncapi)
}

fn document(json: &Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(json.clone())
}

fn answer(report: &Report) -> HttpResponse {
    let status = if report.ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    HttpResponse::build(status).json(report)
}

async fn render(request: HttpRequest, shown: Data<Shown>) -> HttpResponse {
    let format = accept::format(request.headers());
    match shown.metrics.render_as(format) {
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
