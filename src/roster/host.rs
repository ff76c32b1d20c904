//! The roster's process half: what its shards are given.

use std::convert::Infallible;

use futures_util::future::BoxFuture;

use super::core::Roster;
use super::notices::Notices;
use crate::id::SourceId;
use crate::person::Rules;
use crate::shard::{Host, Process, ShardSettings};

/// Hosts the roster's shards.
#[derive(Debug)]
pub struct RosterHost {
    rules: Rules,
    settings: ShardSettings,
    process: Process,
}

impl RosterHost {
    /// A host for any number of partitions.
    pub fn new(rules: Rules, settings: ShardSettings, process: Process) -> Self {
        Self {
            rules,
            settings,
            process,
        }
    }
}

impl Host for RosterHost {
    type Core = Roster;

    fn name(&self) -> &'static str {
        "roster"
    }

    fn core(&self, partition: u32) -> Roster {
        let metrics = self.process.metrics.roster.clone();
        let sources = self.rules.sources.keys().map(SourceId::as_str);
        Notices::new(&metrics).expect(sources);
        Roster::new(self.rules.clone(), metrics)
            .of_partition(partition)
            .writing(self.settings.state_format)
    }

    fn perform(&self, call: Infallible) -> BoxFuture<'static, Infallible> {
        match call {}
    }

    fn settings(&self) -> &ShardSettings {
        &self.settings
    }

    fn process(&self) -> &Process {
        &self.process
    }
}
