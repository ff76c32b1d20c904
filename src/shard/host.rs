//! What a stage brings to its shards, and what can end them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::{Core, ShardSettings, Stop};
use crate::clock::Clock;
use crate::health::Health;
use crate::log::{CommitError, ConsumeError};
use crate::metrics::{IntGauge, Metrics};
use crate::traces::Traces;

/// How often a stage and its shards give a sign of life.
pub(super) const BEAT: Duration = Duration::from_secs(5);
/// Silent for longer, a stage or a shard is wedged. A commit may take as long as the log's
/// own timeouts, of which the longest is a minute.
pub(super) const SILENCE: Duration = Duration::from_mins(2);

const COMMITTED: &str = "committed";
const FENCED: &str = "fenced";
const UNCONFIRMED: &str = "unconfirmed";

/// Why a stage ended otherwise than by draining.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The log cannot be consumed.
    #[error(transparent)]
    Log(#[from] ConsumeError),
    /// A call panicked.
    #[error("a call panicked")]
    CallPanicked(#[source] tokio::task::JoinError),
    /// A shard panicked.
    #[error("a shard panicked")]
    ShardPanicked(#[source] tokio::task::JoinError),
    /// The last commit was not confirmed before the drain was over: the next owner does it
    /// again.
    #[error("the last commit was not confirmed before the drain was over")]
    DrainUncommitted,
    /// The membership ended by itself.
    #[error("the log ended the membership")]
    MembershipEnded,
}

/// What every stage of a process shares.
#[derive(Debug, Clone)]
pub struct Process {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Where stages give signs of life.
    pub health: Health,
    /// Every number the process shows.
    pub metrics: Metrics,
    /// Its traces.
    pub traces: Traces,
    /// Its name in the notes beside the offsets it commits.
    pub owner: String,
}

/// Counts a partition that has stopped, as long as it lives.
#[derive(Debug)]
pub(super) struct Standing(IntGauge);

impl Standing {
    pub(super) fn new(host: &impl Host, partition: u32, stop: &Stop) -> Self {
        let labels = [host.name(), &partition.to_string(), stop.code()];
        let metrics = &host.process().metrics.stage;
        let stopped = metrics.stopped.with_label_values(&labels);
        stopped.set(1);
        Self(stopped)
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        self.0.set(0);
    }
}

/// What a stage brings to its shards: cores, the way to make their calls, settings.
pub trait Host: Send + Sync + 'static {
    /// The deciding half of its shards.
    type Core: Core;

    /// Its name in logs and metrics.
    fn name(&self) -> &'static str;

    /// A fresh core for a partition.
    fn core(&self, partition: u32) -> Self::Core;

    /// Makes a call.
    fn perform(
        &self,
        call: <Self::Core as Core>::Call,
    ) -> BoxFuture<'static, <Self::Core as Core>::Answer>;

    /// Its settings.
    fn settings(&self) -> &ShardSettings;

    /// What it shares with the other stages of its process.
    fn process(&self) -> &Process;

    /// Shows what it will count before there is any of it.
    fn expect(&self) {
        let stage = &self.process().metrics.stage;
        stage.expect(self.name(), &[COMMITTED, FENCED, UNCONFIRMED]);
    }

    /// Counts a commit.
    fn count_commit(&self, error: Option<&CommitError>, took: Duration) {
        let outcome = match error {
            None => COMMITTED,
            Some(CommitError::Fenced) => FENCED,
            Some(CommitError::Unconfirmed(_)) => UNCONFIRMED,
        };
        let metrics = &self.process().metrics.stage;
        let labels = [self.name(), outcome];
        metrics.commits.with_label_values(&labels).inc();
        let seconds = metrics.commit_seconds.with_label_values(&[self.name()]);
        seconds.observe(took.as_secs_f64());
    }

    /// Notes how many people a partition has.
    fn count_people(&self, partition: u32, people: usize) {
        let labels = [self.name(), &partition.to_string()];
        let gauge = self
            .process()
            .metrics
            .stage
            .people
            .with_label_values(&labels);
        gauge.set(i64::try_from(people).unwrap_or(i64::MAX));
    }
}
