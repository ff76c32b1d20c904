//! What every worker of one provider goes by.

use std::time::Duration;

use super::generation::Generation;
use super::limits::Limits;
use super::settings::WorkerSettings;
use crate::id::Provider;
use crate::person::Rules;
use crate::plan::Planner;

/// What every worker of one provider goes by.
#[derive(Debug)]
pub struct WorkerRules {
    /// Which provider.
    pub provider: Provider,
    /// How facts are read.
    pub people: Rules,
    /// How the provider is planned for.
    pub planner: Box<dyn Planner>,
    /// Which assignments that is.
    pub assignments: Generation,
    /// How many partitions share the provider, each with a worker of its own.
    pub partitions: u32,
    /// What the provider can take.
    pub limits: Limits,
    /// Batching and retries.
    pub settings: WorkerSettings,
}

impl WorkerRules {
    /// How long after its end a call without an answer may still take effect.
    pub(super) fn reassert_after(&self) -> Duration {
        let twice = self.limits.call_timeout.saturating_mul(2);
        self.settings.reassert_after.unwrap_or(twice)
    }
}
