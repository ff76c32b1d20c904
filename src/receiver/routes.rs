//! The public paths: `POST /hooks/{source}` and `POST /events`.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderName};
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::ingress::{Ingress, NOBODY, Taken};
use super::refusal::{ALLOWED, Refusal};
use super::source::Kind;
use super::spans::Asked;

/// Where webhooks come in; each source has its name there.
pub const HOOKS: &str = "/hooks/{source}";
/// Where CloudEvents come in.
pub const EVENTS: &str = "/events";

/// Who asks whether it may send.
pub const REQUEST_ORIGIN: &str = "webhook-request-origin";
/// How often it would like to.
pub const REQUEST_RATE: &str = "webhook-request-rate";
/// Who may send.
pub const ALLOWED_ORIGIN: &str = "webhook-allowed-origin";
/// How often.
pub const ALLOWED_RATE: &str = "webhook-allowed-rate";

/// Adds the receiver's paths to an application.
pub(crate) fn configure(config: &mut ServiceConfig, ingress: &Arc<Ingress>) {
    config
        .app_data(Data::from(Arc::clone(ingress)))
        .service(
            web::resource(HOOKS)
                .route(web::post().to(webhook))
                .route(web::method(actix_web::http::Method::OPTIONS).to(handshake))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource(EVENTS)
                .route(web::post().to(cloudevents))
                .route(web::method(actix_web::http::Method::OPTIONS).to(handshake))
                .default_service(web::to(wrong_method)),
        )
        .default_service(web::to(unknown_path));
}

async fn webhook(ingress: Data<Ingress>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let mut asked = Asked::new(&ingress.traces, HOOKS, ingress.clock.as_ref());
    let name = request.match_info().get("source").unwrap_or_default();
    let takes_webhooks = |kind: &Kind| !matches!(kind, Kind::CloudEvents { .. });
    let source = ingress
        .sources
        .get(name)
        .filter(|source| takes_webhooks(&source.kind));
    let Some(source) = source else {
        let refused = Err(Refusal::UnknownSource);
        return answered(&ingress, NOBODY, asked, refused, StatusCode::OK);
    };
    let headers = request.headers();
    let taken = ingress.webhook(source, headers, payload, &mut asked).await;
    let source = source.id().as_str();
    answered(&ingress, source, asked, taken, StatusCode::OK)
}

async fn cloudevents(
    ingress: Data<Ingress>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let mut asked = Asked::new(&ingress.traces, EVENTS, ingress.clock.as_ref());
    let headers = request.headers();
    let (source, taken) = ingress.cloudevents(headers, payload, &mut asked).await;
    let name = source.map_or(NOBODY, |source| source.id().as_str());
    answered(&ingress, name, asked, taken, StatusCode::ACCEPTED)
}

/// Counts, logs and writes the answer.
fn answered(
    ingress: &Ingress,
    source: &str,
    asked: Asked<'_>,
    taken: Result<Taken, Refusal>,
    success: StatusCode,
) -> HttpResponse {
    let (outcome, status) = match &taken {
        Ok(taken) => (taken.outcome(), success),
        Err(refusal) => (refusal.outcome(), refusal.status()),
    };
    let metrics = &ingress.metrics;
    let labels = [source, outcome.as_str()];
    metrics.webhooks.with_label_values(&labels).inc();
    let took = ingress.clock.elapsed().saturating_sub(asked.started);
    let seconds = metrics.seconds.with_label_values(&[source]);
    seconds.observe(took.as_secs_f64());
    asked.end(source, outcome.as_str(), status, taken.as_ref().err());
    match taken {
        Ok(_) => HttpResponse::new(success),
        Err(refusal) => {
            log(source, &refusal);
            refusal.response(ingress.settings.retry_after)
        }
    }
}

/// Tells who must act: we do when the log does not take it, the source's owner when it is
/// not believed, the sender otherwise.
fn log(source: &str, refusal: &Refusal) {
    match refusal {
        Refusal::Unconfirmed(error) => tell_us(source, refusal, error),
        Refusal::Unanswered | Refusal::RecordTooLarge => tell_us(source, refusal, refusal),
        Refusal::BadSignature(_) | Refusal::NoCredentials | Refusal::WrongToken => {
            let code = refusal.code();
            tracing::warn!(source, failure.code = code, "Request refused: {refusal}");
        }
        Refusal::UnknownPath
        | Refusal::WrongMethod
        | Refusal::UnknownSource
        | Refusal::TooLarge { .. }
        | Refusal::SlowBody
        | Refusal::BrokenBody
        | Refusal::WrongMediaType
        | Refusal::BadCloudEventsHeader
        | Refusal::NotCloudEvents { .. }
        | Refusal::InvalidEvent { .. } => tell_sender(source, refusal),
    }
}

fn tell_us(source: &str, refusal: &Refusal, reason: &dyn std::fmt::Display) {
    let code = refusal.code();
    tracing::error!(source, failure.code = code, "Request not kept: {reason}");
}

fn tell_sender(source: &str, refusal: &Refusal) {
    let code = refusal.code();
    tracing::info!(source, failure.code = code, "Request refused: {refusal}");
}

/// The `CloudEvents` webhook handshake: whoever asks may send, since every delivery must be
/// signed anyway. Source: `CloudEvents` HTTP webhook 1.0, section 4.
async fn handshake(request: HttpRequest) -> HttpResponse {
    let asked = |name: &str| request.headers().contains_key(name);
    let mut answer = HttpResponse::Ok();
    answer.insert_header((ALLOW, ALLOWED));
    if asked(REQUEST_ORIGIN) {
        answer.insert_header((HeaderName::from_static(ALLOWED_ORIGIN), "*"));
        if asked(REQUEST_RATE) {
            answer.insert_header((HeaderName::from_static(ALLOWED_RATE), "*"));
        }
    }
    answer.finish()
}

async fn wrong_method(ingress: Data<Ingress>) -> HttpResponse {
    Refusal::WrongMethod.response(ingress.settings.retry_after)
}

async fn unknown_path(ingress: Data<Ingress>) -> HttpResponse {
    Refusal::UnknownPath.response(ingress.settings.retry_after)
}
