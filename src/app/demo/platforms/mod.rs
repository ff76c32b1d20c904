//! The demo's simulated platforms: how each is configured, and how people are there.

mod cirrus;
mod examtesting;
mod startexam;

use std::fmt::Debug;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;

use super::actual::State;
use super::history::Team;
use crate::clock::Clock;
use crate::simulator::shared::{Fault, Running, Stand};

/// One simulated platform that serves.
#[async_trait]
pub(super) trait Simulated: Debug + Send + Sync {
    /// What people call it.
    fn name(&self) -> &'static str;

    /// Where it listens.
    fn addr(&self) -> SocketAddr;

    /// Its section of the configuration.
    fn section(&self) -> String;

    /// What a team means there: its part of an assignment.
    fn assignment(&self, team: Team) -> String;

    /// How people are there at this moment, by their ids.
    fn look(&self) -> Box<dyn Fn(&str) -> State + '_>;

    /// Requests so far.
    fn calls(&self) -> usize;

    /// Requests about one person that overlapped.
    fn overlaps(&self) -> usize;

    /// Lets it fail as scripted.
    fn script(&self, faults: Vec<Fault>);

    /// Stops it.
    async fn stop(self: Box<Self>);
}

/// Starts every platform.
///
/// # Errors
/// When one cannot be started.
pub(super) fn start(clock: &Arc<dyn Clock>) -> anyhow::Result<Vec<Box<dyn Simulated>>> {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Ok(vec![
        startexam::start(anywhere, clock)?,
        cirrus::start(anywhere, clock)?,
        examtesting::start(anywhere, clock)?,
    ])
}

/// A platform by its simulator and what differs from the others.
#[derive(Debug)]
struct Platform<S: Stand> {
    name: &'static str,
    running: Running<S>,
    section: String,
    assignment: fn(Team) -> String,
    state_of: fn(&S::State, &str) -> State,
}

#[async_trait]
impl<S: Stand + Sync> Simulated for Platform<S>
where
    S::State: Debug + Send + Sync,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn addr(&self) -> SocketAddr {
        self.running.addr()
    }

    fn section(&self) -> String {
        self.section.clone()
    }

    fn assignment(&self, team: Team) -> String {
        (self.assignment)(team)
    }

    fn look(&self) -> Box<dyn Fn(&str) -> State + '_> {
        let state = self.running.simulator().state();
        Box::new(move |id| (self.state_of)(&state, id))
    }

    fn calls(&self) -> usize {
        self.running.simulator().journal(None).len()
    }

    fn overlaps(&self) -> usize {
        self.running.simulator().overlaps().len()
    }

    fn script(&self, faults: Vec<Fault>) {
        self.running.simulator().script(faults);
    }

    async fn stop(self: Box<Self>) {
        self.running.stop().await;
    }
}
