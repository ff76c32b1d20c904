//! A simulator that serves, from its start until it is stopped or dropped.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::shell;
use super::simulator::Simulator;
use super::stand::Stand;
use crate::clock::Clock;
use crate::settings::Complaint;

/// Why the simulator does not run.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// Its settings are wrong.
    #[error("the simulator's settings are wrong: {}", listed(.0))]
    Settings(Vec<Complaint>),
    /// The address cannot be listened on, or the server failed.
    #[error("the simulator cannot serve")]
    Serve(#[source] io::Error),
}

fn listed(complaints: &[Complaint]) -> String {
    let texts: Vec<_> = complaints.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// A simulator that serves; dropped, it stops at once.
#[derive(Debug)]
pub struct Running<S: Stand> {
    addr: SocketAddr,
    simulator: Arc<Simulator<S>>,
    handle: ServerHandle,
    serving: JoinSet<io::Result<()>>,
}

impl<S: Stand> Running<S> {
    /// Serves `stand` on `addr` (port 0: any free one) beside whatever else the runtime does.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn start(
        stand: S,
        addr: SocketAddr,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SimulatorError> {
        let simulator = Arc::new(Simulator::new(stand, clock));
        let listener = TcpListener::bind(addr).map_err(SimulatorError::Serve)?;
        let addr = listener.local_addr().map_err(SimulatorError::Serve)?;
        let server =
            shell::serve(listener, Arc::clone(&simulator)).map_err(SimulatorError::Serve)?;
        let handle = server.handle();
        let mut serving = JoinSet::new();
        serving.spawn(server);
        Ok(Self {
            addr,
            simulator,
            handle,
            serving,
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The account, to look at and to script.
    pub fn simulator(&self) -> &Simulator<S> {
        &self.simulator
    }

    /// Stops at once, without waiting for requests in flight.
    pub async fn stop(mut self) {
        self.handle.stop(false).await;
        while self.serving.join_next().await.is_some() {}
    }

    /// Serves until asked to stop: the `simulate` command.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn run(mut self, stopping: CancellationToken) -> Result<(), SimulatorError> {
        let ended = tokio::select! {
            () = stopping.cancelled() => None,
            ended = self.serving.join_next() => ended,
        };
        match ended {
            Some(Ok(Err(error))) => Err(SimulatorError::Serve(error)),
            Some(Err(panicked)) => Err(SimulatorError::Serve(io::Error::other(panicked))),
            Some(Ok(Ok(()))) | None => {
                self.stop().await;
                Ok(())
            }
        }
    }
}

impl<S: Stand> Drop for Running<S> {
    fn drop(&mut self) {
        // The command is sent here; the server, left to its runtime, obeys it.
        drop(self.handle.stop(false));
        self.serving.detach_all();
    }
}
