//! The simulator's HTTP side: requests to the account, faults on the wire, `/_sim/`.
//!
//! | request | does |
//! |---|---|
//! | `GET /_sim/state` | answers the [`Account`](super::Account): employees and programs |
//! | `GET /_sim/journal[?person=ID]` | answers `requests` ([`Entry`](super::Entry)), `overlaps` ([`Overlap`](super::Overlap)) and `is_serial` |
//! | `GET /_sim/counters` | answers the [`Counters`](super::Counters) |
//! | `POST /_sim/faults` | replaces the script: a list of [`Fault`] |
//! | `POST /_sim/programs` | creates or changes a [`ProgramSettings`] |
//! | `POST /_sim/reset` | forgets employees, requests and faults |

use std::any::Any;
use std::io;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::dev::{Extensions, Server};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use actix_web::web::{self, Bytes, Data, Json, Payload, Query};
use actix_web::{App, HttpRequest, HttpResponse, HttpResponseBuilder, HttpServer};
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpStream;

use super::faults::{Action, Fault, Subject};
use super::gate::Head;
use super::journal::Connection;
use super::settings::ProgramSettings;
use super::simulator::{Answer, Handling, Simulator};
use crate::provider::startexam::wire::JSON;

/// Longer than a client keeps an idle connection (`provider::http`), so that only the client
/// closes one and no call is lost on the way.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// A slow body comes in this many pieces.
const PIECES: usize = 10;

/// The server over a listening socket. It handles no signals, and must be polled to run.
pub(super) fn serve(listener: TcpListener, simulator: Arc<Simulator>) -> io::Result<Server> {
    let simulator = Data::from(simulator);
    let app = move || {
        App::new()
            .app_data(Data::clone(&simulator))
            .app_data(web::JsonConfig::default().limit(simulator.body_limit()))
            .service(
                web::scope("/_sim")
                    .route("/state", web::get().to(state))
                    .route("/journal", web::get().to(journal))
                    .route("/counters", web::get().to(counters))
                    .route("/faults", web::post().to(faults))
                    .route("/programs", web::post().to(programs))
                    .route("/reset", web::post().to(reset)),
            )
            .default_service(web::to(call))
    };
    let server = HttpServer::new(app)
        .workers(2)
        .disable_signals()
        .keep_alive(KEEP_ALIVE)
        .on_connect(keep_handle)
        .listen(listener)?;
    Ok(server.run())
}

fn keep_handle(io: &dyn Any, extensions: &mut Extensions) {
    let stream = io.downcast_ref::<TcpStream>();
    let handle = stream.and_then(|stream| stream.as_fd().try_clone_to_owned().ok());
    if let Some(handle) = handle {
        extensions.insert(Connection::new(handle.into()));
    }
}

/// One call of a client.
async fn call(request: HttpRequest, payload: Payload, simulator: Data<Simulator>) -> HttpResponse {
    let simulator = simulator.into_inner();
    let connection = request.conn_data::<Connection>();
    let body = match payload.to_bytes_limited(simulator.body_limit()).await {
        Ok(Ok(body)) => Some(body),
        Ok(Err(_)) => return HttpResponse::BadRequest().finish(),
        Err(_) => None,
    };
    let subject = Subject::of(request.path(), body.as_deref().unwrap_or_default());
    let (mut handling, fault) =
        simulator.begin(request.method().as_str(), &subject, connection.cloned());
    match &fault {
        Some(Action::DropBefore) => return dropped(connection),
        Some(Action::Status {
            status,
            message,
            retry_after,
        }) => {
            handling.answered(*status);
            return scripted(
                &simulator,
                *status,
                message.as_deref(),
                retry_after.as_deref(),
            );
        }
        Some(Action::Delay { lasting }) => tokio::time::sleep(*lasting).await,
        Some(Action::DropAfterCommit | Action::GarbageBody | Action::Slow { .. }) | None => {}
    }
    let answer = match body {
        Some(body) => simulator.answer(head(&request, body.len()), &body),
        None => Answer::new(413, "The request is too large"),
    };
    match fault {
        Some(Action::DropAfterCommit) => dropped(connection),
        Some(Action::GarbageBody) => {
            handling.answered(200);
            builder(&simulator, 200).body("<html>It works!</html>")
        }
        Some(Action::Slow { lasting }) => {
            handling.answered(answer.status);
            slowly(
                builder(&simulator, answer.status),
                answer,
                lasting,
                handling,
            )
        }
        Some(Action::DropBefore | Action::Status { .. } | Action::Delay { .. }) | None => {
            handling.answered(answer.status);
            builder(&simulator, answer.status).body(answer.body)
        }
    }
}

/// Closes the connection; what is answered then reaches nobody.
fn dropped(connection: Option<&Connection>) -> HttpResponse {
    if let Some(connection) = connection {
        connection.sever();
    }
    HttpResponse::InternalServerError().finish()
}

fn head(request: &HttpRequest, length: usize) -> Head<'_> {
    let text = |name: &str| request.headers().get(name)?.to_str().ok();
    Head {
        method: request.method().as_str(),
        path: request.path(),
        date: text("date"),
        content_length: text("content-length"),
        content_type: text("content-type"),
        authorization: text("authorization"),
        length,
    }
}

/// An answer with the account's own clock in its `Date`.
fn builder(simulator: &Simulator, status: u16) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut builder = HttpResponse::build(status);
    builder.insert_header((CONTENT_TYPE, JSON));
    builder.insert_header((DATE, httpdate::fmt_http_date(simulator.now())));
    builder
}

fn scripted(
    simulator: &Simulator,
    status: u16,
    message: Option<&str>,
    retry_after: Option<&str>,
) -> HttpResponse {
    let mut builder = builder(simulator, status);
    if let Some(wait) = retry_after {
        builder.insert_header((RETRY_AFTER, wait));
    }
    match message {
        Some(message) => builder.body(Answer::new(status, message).body),
        None => builder.finish(),
    }
}

/// Sends the body piece by piece; the request is handled until the last piece is ready.
fn slowly(
    mut builder: HttpResponseBuilder,
    answer: Answer,
    lasting: Duration,
    handling: Handling,
) -> HttpResponse {
    let length = answer.body.len();
    let piece = length.div_ceil(PIECES).max(1);
    let pause = lasting / u32::try_from(length.div_ceil(piece).max(1)).unwrap_or(u32::MAX);
    let rest = (Bytes::from(answer.body), Some(handling));
    let pieces = stream::unfold(rest, move |(mut rest, handling)| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let next = rest.split_to(piece.min(rest.len()));
        let handling = handling.filter(|_| !rest.is_empty());
        Some((Ok::<_, io::Error>(next), (rest, handling)))
    });
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    builder.body(SizedStream::new(length, Box::pin(pieces)))
}

async fn state(simulator: Data<Simulator>) -> HttpResponse {
    HttpResponse::Ok().json(simulator.account())
}

/// Whose requests are asked for.
#[derive(Debug, Deserialize)]
struct About {
    person: Option<String>,
}

async fn journal(simulator: Data<Simulator>, about: Query<About>) -> HttpResponse {
    let overlaps = simulator.overlaps();
    HttpResponse::Ok().json(json!({
        "requests": simulator.journal(about.person.as_deref()),
        "is_serial": overlaps.is_empty(),
        "overlaps": overlaps,
    }))
}

async fn counters(simulator: Data<Simulator>) -> HttpResponse {
    HttpResponse::Ok().json(simulator.counters())
}

async fn faults(simulator: Data<Simulator>, script: Json<Vec<Fault>>) -> HttpResponse {
    simulator.script(script.into_inner());
    HttpResponse::NoContent().finish()
}

async fn programs(simulator: Data<Simulator>, program: Json<ProgramSettings>) -> HttpResponse {
    simulator.put_program(&program);
    HttpResponse::NoContent().finish()
}

async fn reset(simulator: Data<Simulator>) -> HttpResponse {
    simulator.reset();
    HttpResponse::NoContent().finish()
}
