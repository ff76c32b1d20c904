//! The roster's process half: what its shards are given.

use std::convert::Infallible;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::core::Roster;
use crate::clock::Clock;
use crate::health::Health;
use crate::metrics::{Metrics, StageMetrics};
use crate::person::Rules;
use crate::shard::{Host, Process, ShardSettings};

/// Hosts the roster's shards.
#[derive(Debug)]
pub struct RosterHost {
    rules: Rules,
    settings: ShardSettings,
    clock: Arc<dyn Clock>,
    health: Health,
    metrics: Metrics,
}

impl RosterHost {
    /// A host for any number of partitions.
    pub fn new(rules: Rules, settings: ShardSettings, process: Process) -> Self {
        let Process {
            clock,
            health,
            metrics,
        } = process;
        Self {
            rules,
            settings,
            clock,
            health,
            metrics,
        }
    }
}

impl Host for RosterHost {
    type Core = Roster;

    fn name(&self) -> &'static str {
        "roster"
    }

    fn core(&self, _partition: u32) -> Roster {
        Roster::new(self.rules.clone(), self.metrics.roster.clone())
    }

    fn perform(&self, call: Infallible) -> BoxFuture<'static, Infallible> {
        match call {}
    }

    fn settings(&self) -> &ShardSettings {
        &self.settings
    }

    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    fn health(&self) -> &Health {
        &self.health
    }

    fn metrics(&self) -> &StageMetrics {
        &self.metrics.stage
    }
}
