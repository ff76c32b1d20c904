//! The simulators' HTTP side: requests to the account, faults on the wire, `/_sim/`.
//!
//! | request | does |
//! |---|---|
//! | `GET /_sim/state` | answers everything the account holds ([`Stand::State`]) |
//! | `GET /_sim/journal[?person=ID]` | answers `requests` ([`Entry`](super::Entry)), `overlaps` ([`Overlap`](super::Overlap)) and `is_serial` |
//! | `GET /_sim/counters` | answers the [`Counters`] and the platform's own ([`Stand::Tally`]) |
//! | `POST /_sim/faults` | replaces the script: a list of [`Fault`] |
//! | `POST /_sim/reset` | forgets people, requests and faults |
//! | `POST /_sim/<kind>` | creates or changes something the account has ([`Stand::put`]) |

use std::any::Any;
use std::io;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use actix_web::body::SizedStream;
use actix_web::dev::{Extensions, Server};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use actix_web::web::{self, Bytes, Data, Json, Payload, Query};
use actix_web::{App, HttpRequest, HttpResponse, HttpResponseBuilder, HttpServer};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpStream;

use super::faults::{Action, Fault};
use super::journal::{Connection, Counters};
use super::simulator::{Handling, Simulator};
use super::stand::{Answer, Request, Stand};

/// Longer than a client keeps an idle connection (`provider::http`), so that only the client
/// closes one and no call is lost on the way.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// A slow body comes in this many pieces.
const PIECES: usize = 10;

/// Everybody of a request.
const ALL: usize = usize::MAX;

/// The server over a listening socket. It handles no signals, and must be polled to run.
pub(super) fn serve<S: Stand>(
    listener: TcpListener,
    simulator: Arc<Simulator<S>>,
) -> io::Result<Server> {
    let limit = simulator.stand().body_limit();
    let simulator = Data::from(simulator);
    let app = move || {
        App::new()
            .app_data(Data::clone(&simulator))
            .app_data(web::PayloadConfig::new(limit))
            .app_data(web::JsonConfig::default().limit(limit))
            .service(
                web::scope("/_sim")
                    .route("/state", web::get().to(state::<S>))
                    .route("/journal", web::get().to(journal::<S>))
                    .route("/counters", web::get().to(counters::<S>))
                    .route("/faults", web::post().to(faults::<S>))
                    .route("/reset", web::post().to(reset::<S>))
                    .route("/{kind}", web::post().to(put::<S>)),
            )
            .default_service(web::to(call::<S>))
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
async fn call<S: Stand>(
    request: HttpRequest,
    payload: Payload,
    simulator: Data<Simulator<S>>,
) -> HttpResponse {
    let simulator = simulator.into_inner();
    let connection = request.conn_data::<Connection>();
    let limit = simulator.stand().body_limit();
    let body = match payload.to_bytes_limited(limit).await {
        Ok(Ok(body)) => Some(body),
        Ok(Err(_)) => return HttpResponse::BadRequest().finish(),
        Err(_) => None,
    };
    let headers = headers(&request);
    let asked = Request {
        method: request.method().as_str(),
        path: request.path(),
        query: request.query_string(),
        headers: &headers,
        body: body.as_deref().unwrap_or_default(),
    };
    let (mut handling, fault) = simulator.begin(&asked, connection.cloned());
    if let Some(Action::Delay { lasting }) = &fault {
        tokio::time::sleep(*lasting).await;
    }
    let act = |people| match &body {
        Some(_) => simulator.answer(&asked, people),
        None => refusal(&simulator, 413, Some("The request is too large")),
    };
    let Some(answer) = answered(&simulator, fault.as_ref(), act) else {
        return dropped(connection);
    };
    handling.answered(answer.status);
    let mut builder = builder(&simulator, &answer);
    if let Some(Action::Status {
        retry_after: Some(wait),
        ..
    }) = &fault
    {
        builder.insert_header((RETRY_AFTER, wait.as_str()));
    }
    if let Some(Action::Slow { lasting }) = fault {
        return slowly(builder, answer, lasting, handling);
    }
    builder.body(answer.body)
}

/// What a request is answered under this fault; `act` does it for so many of its people.
/// None: the connection is closed instead.
fn answered<S: Stand>(
    simulator: &Simulator<S>,
    fault: Option<&Action>,
    act: impl Fn(usize) -> Answer,
) -> Option<Answer> {
    match fault {
        Some(Action::DropBefore) => None,
        Some(Action::DropAfterCommit) => {
            act(ALL);
            None
        }
        Some(Action::Status {
            status, message, ..
        }) => Some(refusal(simulator, *status, message.as_deref())),
        Some(Action::Partial {
            people,
            status,
            message,
        }) => {
            act(*people);
            status.map(|status| refusal(simulator, status, message.as_deref()))
        }
        Some(Action::GarbageBody) => Some(Answer {
            status: 200,
            body: b"<html>It works!</html>".to_vec(),
            ..act(ALL)
        }),
        Some(Action::Delay { .. } | Action::Slow { .. }) | None => Some(act(ALL)),
    }
}

/// Closes the connection; what is answered then reaches nobody.
fn dropped(connection: Option<&Connection>) -> HttpResponse {
    if let Some(connection) = connection {
        connection.sever();
    }
    HttpResponse::InternalServerError().finish()
}

/// The headers that are text; their names are in lower case.
fn headers(request: &HttpRequest) -> Vec<(&str, &str)> {
    let headers = request.headers().iter();
    headers
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect()
}

fn refusal<S: Stand>(simulator: &Simulator<S>, status: u16, message: Option<&str>) -> Answer {
    simulator.stand().refusal(status, message)
}

/// The head of an answer, with the account's own clock in its `Date`.
fn builder<S: Stand>(simulator: &Simulator<S>, answer: &Answer) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let now = SystemTime::from(simulator.now()).max(SystemTime::UNIX_EPOCH);
    let mut builder = HttpResponse::build(status);
    builder.insert_header((CONTENT_TYPE, answer.content_type));
    builder.insert_header((DATE, httpdate::fmt_http_date(now)));
    builder
}

/// Sends the body piece by piece; the request is handled until the last piece is ready.
fn slowly<S: Stand>(
    mut builder: HttpResponseBuilder,
    answer: Answer,
    lasting: Duration,
    handling: Handling<S>,
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

async fn state<S: Stand>(simulator: Data<Simulator<S>>) -> HttpResponse {
    HttpResponse::Ok().json(simulator.state())
}

/// Whose requests are asked for.
#[derive(Debug, Deserialize)]
struct About {
    person: Option<String>,
}

async fn journal<S: Stand>(simulator: Data<Simulator<S>>, about: Query<About>) -> HttpResponse {
    let overlaps = simulator.overlaps();
    HttpResponse::Ok().json(json!({
        "requests": simulator.journal(about.person.as_deref()),
        "is_serial": overlaps.is_empty(),
        "overlaps": overlaps,
    }))
}

/// The numbers of every simulator and the platform's own, side by side.
#[derive(Debug, Serialize)]
struct Numbers<T> {
    #[serde(flatten)]
    counters: Counters,
    #[serde(flatten)]
    tally: T,
}

async fn counters<S: Stand>(simulator: Data<Simulator<S>>) -> HttpResponse {
    HttpResponse::Ok().json(Numbers {
        counters: simulator.counters(),
        tally: simulator.tally(),
    })
}

async fn faults<S: Stand>(simulator: Data<Simulator<S>>, script: Json<Vec<Fault>>) -> HttpResponse {
    simulator.script(script.into_inner());
    HttpResponse::NoContent().finish()
}

async fn put<S: Stand>(
    simulator: Data<Simulator<S>>,
    kind: web::Path<String>,
    body: Bytes,
) -> HttpResponse {
    match simulator.stand().put(&kind, &body) {
        Some(Ok(())) => HttpResponse::NoContent().finish(),
        Some(Err(wrong)) => HttpResponse::BadRequest().body(wrong),
        None => HttpResponse::NotFound().finish(),
    }
}

async fn reset<S: Stand>(simulator: Data<Simulator<S>>) -> HttpResponse {
    simulator.reset();
    HttpResponse::NoContent().finish()
}
