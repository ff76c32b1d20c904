//! The intake's process half: what its shards are given.

use std::convert::Infallible;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::core::{Admissions, Intake};
use crate::shard::{Host, Process, ShardSettings};

/// Hosts the intake's shards.
#[derive(Debug)]
pub struct IntakeHost {
    admissions: Admissions,
    settings: ShardSettings,
    process: Process,
}

impl IntakeHost {
    /// A host for any number of partitions.
    pub fn new(admissions: Admissions, settings: ShardSettings, process: Process) -> Self {
        Self {
            admissions,
            settings,
            process,
        }
    }
}

impl Host for IntakeHost {
    type Core = Intake;

    fn name(&self) -> &'static str {
        "intake"
    }

    fn core(&self, _partition: u32) -> Intake {
        Intake::new(Arc::clone(&self.admissions), self.process.metrics.clone())
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
