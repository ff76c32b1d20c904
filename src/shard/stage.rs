//! One stage of one process: its membership and the shards of the partitions it owns.

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::host::{BEAT, Host, SILENCE, StageError};
use super::run::{self, Ended};
use crate::log::{Log, Partition, Stage, Topic};

/// Owns partitions of a stage until `stopping`, a shard for each.
///
/// # Errors
/// When the log cannot be consumed, or a shard fails.
pub async fn run_stage<H: Host>(
    host: Arc<H>,
    log: Arc<dyn Log>,
    stage: Stage,
    stopping: CancellationToken,
) -> Result<(), StageError> {
    host.expect();
    let pulse = host.process().health.component(host.name(), SILENCE);
    pulse.set_waiting("joining");
    let mut member = log.join(stage).await?;
    pulse.set_ready();
    let mut beats = tokio::time::interval(BEAT);
    let mut shards: JoinSet<Result<Ended, StageError>> = JoinSet::new();
    let outcome = loop {
        tokio::select! {
            () = stopping.cancelled() => break Ok(()),
            _ = beats.tick() => pulse.beat(),
            Some(ended) = shards.join_next() => {
                if let Err(error) = ended.map_err(StageError::ShardPanicked).and_then(|r| r) {
                    break Err(error);
                }
            }
            partition = member.next() => match partition {
                Ok(Some(partition)) => {
                    let task = shard(Arc::clone(&host), partition, stage.source, stopping.clone());
                    let _handle = shards.spawn(task);
                }
                Ok(None) => break Err(StageError::MembershipEnded),
                Err(error) => break Err(error.into()),
            }
        }
    };
    let drained = async {
        let mut result = outcome;
        while let Some(ended) = shards.join_next().await {
            let ended = ended.map_err(StageError::ShardPanicked).and_then(|r| r);
            if let (Ok(()), Err(error)) = (&result, ended) {
                result = Err(error);
            }
        }
        result
    };
    let result = drained.await;
    member.leave().await;
    result
}

async fn shard<H: Host>(
    host: Arc<H>,
    partition: Box<dyn Partition>,
    source: Topic,
    stopping: CancellationToken,
) -> Result<Ended, StageError> {
    run::run(&host, partition, source, &stopping).await
}
