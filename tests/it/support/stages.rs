//! Roster and one provider's worker in the test's own process.

use std::sync::Arc;
use std::time::Duration;

use hris_relay::health::Health;
use hris_relay::log::{Group, Log, Stage, Topic};
use hris_relay::metrics::Metrics;
use hris_relay::person::Rules;
use hris_relay::provider::Platform;
use hris_relay::roster::RosterHost;
use hris_relay::shard::{Process, ShardSettings, StageError, run_stage};
use hris_relay::traces::Traces;
use hris_relay::worker::{WorkerHost, WorkerRules};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::logs::system_clock;

/// What the stages of a test's process share.
pub(crate) fn process() -> Process {
    let clock = system_clock();
    Process {
        health: Health::new(Arc::clone(&clock)),
        clock,
        metrics: Metrics::new().unwrap(),
        traces: Traces::off(),
        owner: "test".to_owned(),
    }
}

/// The two stages in one process, until dropped or stopped.
pub(crate) struct Stages {
    running: JoinSet<Result<(), StageError>>,
    stopping: CancellationToken,
}

impl Stages {
    pub(crate) fn start(
        log: &Arc<dyn Log>,
        rules: Rules,
        worker_rules: WorkerRules,
        platform: Arc<dyn Platform>,
    ) -> Self {
        let provider = worker_rules.provider;
        let process = process();
        let shard = ShardSettings::default();
        let stopping = CancellationToken::new();
        let mut running = JoinSet::new();
        let roster = Arc::new(RosterHost::new(rules, shard.clone(), process.clone()));
        let worker = Arc::new(WorkerHost::new(worker_rules, platform, shard, process));
        running.spawn(run_stage(
            roster,
            Arc::clone(log),
            stage(Group::Roster, Topic::Events),
            stopping.clone(),
        ));
        running.spawn(run_stage(
            worker,
            Arc::clone(log),
            stage(Group::Worker(provider), Topic::People),
            stopping.clone(),
        ));
        Self { running, stopping }
    }

    pub(crate) async fn stop(mut self) {
        self.stopping.cancel();
        while let Some(ended) = self.running.join_next().await {
            ended.unwrap().unwrap();
        }
    }
}

const fn stage(group: Group, source: Topic) -> Stage {
    Stage {
        group,
        source,
        handover: Duration::from_secs(10),
    }
}
