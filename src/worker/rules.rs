//! What every worker of one provider goes by.

use super::gate::Limits;
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
    /// How many partitions share the provider, each with a worker of its own.
    pub partitions: u32,
    /// What the provider can take.
    pub limits: Limits,
    /// Batching and retries.
    pub settings: WorkerSettings,
}
