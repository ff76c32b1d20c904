//! From the HR system: webhooks and CloudEvents in, durable events out.
//!
//! In come signed webhooks at `POST /hooks/{source}` and CloudEvents at `POST /events`; out
//! go events to the log's topic of events, and authentic bodies that nobody can map to
//! quarantine. Each source has a verifier (`signature`) and an adapter (`adapter`), both
//! pure.
//!
//! It must never answer 2xx before the log holds what it answers for, look at a body before
//! its signature holds, or let an attribute pass that the configuration does not let in.

mod adapter;
mod body;
mod cloudevents;
mod ingress;
mod outcome;
mod parting;
mod refusal;
mod routes;
pub mod settings;
pub mod signature;
mod source;
mod spans;
pub mod surface;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::{App, HttpServer};
use tokio_util::sync::CancellationToken;

use self::ingress::Ingress;
use self::parting::Connections;
pub use self::settings::{AttributeNames, ReceiverSettings, SourceKind, SourceSettings};
use self::source::Source;
use crate::clock::Clock;
use crate::log::Log;
use crate::metrics::Metrics;
use crate::settings::Complaint;
use crate::traces::Traces;

/// Why the receiver cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ReceiverError {
    /// A source's settings contradict themselves.
    #[error("a source cannot be used: {0}")]
    Source(Complaint),
    /// The address cannot be listened to.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It stopped serving.
    #[error("the receiver stopped serving")]
    Serve(#[source] std::io::Error),
}

impl ReceiverError {
    /// The stable word for this failure.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Source(_) => "receiver_source",
            Self::Bind { .. } => "receiver_bind",
            Self::Serve(_) => "receiver_serve",
        }
    }
}

/// What a receiver works with.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// Where events go.
    pub log: Arc<dyn Log>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Where requests are counted.
    pub metrics: &'a Metrics,
    /// Where they are traced.
    pub traces: Traces,
}

/// The receiver, bound to its address.
pub struct Receiver {
    server: Server,
    address: SocketAddr,
    connections: Connections,
}

impl Receiver {
    /// Reads the secrets and binds the address; senders wait until `run`.
    ///
    /// # Errors
    /// When a source cannot be used or the address cannot be listened to.
    pub fn bind(
        settings: &ReceiverSettings,
        sources: &BTreeMap<String, SourceSettings>,
        surroundings: Surroundings<'_>,
    ) -> Result<Self, ReceiverError> {
        let sources = sources
            .iter()
            .map(|(name, settings)| {
                let source = Source::from_settings(name, settings)?;
                Ok((name.clone(), source))
            })
            .collect::<Result<_, Complaint>>()
            .map_err(ReceiverError::Source)?;
        let ingress = Arc::new(Ingress {
            sources,
            log: surroundings.log,
            clock: surroundings.clock,
            metrics: surroundings.metrics.receiver.clone(),
            traces: surroundings.traces,
            settings: settings.clone(),
        });
        ingress.expect_sources();
        let unbound = |source| ReceiverError::Bind {
            address: settings.listen,
            source,
        };
        let connections = Connections::default();
        let (counting, answering) = (connections.clone(), connections.clone());
        let app = move || {
            let answering = answering.clone();
            App::new()
                .configure(|config| routes::configure(config, &ingress))
                .wrap_fn(move |request, service| answering.served(request, service))
        };
        let server = HttpServer::new(app)
            .workers(settings.workers)
            .disable_signals()
            .on_connect(move |stream, extensions| counting.opened(stream, extensions))
            .keep_alive(settings.keep_alive)
            // Senders open connections ahead of need: one that has not been used yet may wait as
            // long as one that has, or its first request meets a 408 that was not meant for it.
            .client_request_timeout(settings.keep_alive)
            .shutdown_timeout(settings.drain.as_secs().max(1))
            .bind(settings.listen)
            .map_err(unbound)?;
        let bound = server.addrs().first().copied();
        Ok(Self {
            address: bound.unwrap_or(settings.listen),
            server: server.run(),
            connections,
        })
    }

    /// The address it is bound to, with the port that was taken for port 0.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stopping` is cancelled, then parts from its senders and lets requests
    /// under way finish.
    ///
    /// # Errors
    /// When it stops serving before it is asked to.
    pub async fn run(self, stopping: CancellationToken) -> Result<(), ReceiverError> {
        let handle = self.server.handle();
        let mut server = std::pin::pin!(self.server);
        tokio::select! {
            ended = &mut server => {
                let reason = ended.err().unwrap_or_else(|| std::io::Error::other("it was not asked to"));
                return Err(ReceiverError::Serve(reason));
            }
            () = stopping.cancelled() => {}
        }
        let stop = async {
            self.connections.part().await;
            handle.stop(true).await;
        };
        let (ended, ()) = tokio::join!(server, stop);
        ended.map_err(ReceiverError::Serve)
    }
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receiver")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
