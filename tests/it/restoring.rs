//! A stage that has not restored its state yet.

use std::sync::Arc;
use std::time::Duration;

use hris_relay::log::{Group, Stage, Topic};
use hris_relay::person::Rules;
use hris_relay::roster::RosterHost;
use hris_relay::shard::{ShardSettings, run_stage};
use tokio_util::sync::CancellationToken;

use crate::support::memory_log::{MemoryLog, Mood};
use crate::support::stages::process;

#[tokio::test]
async fn a_stage_that_is_asked_to_stop_while_it_restores_stops_at_once() {
    let process = process();
    let log = Arc::new(MemoryLog::new());
    log.feels(Mood::Hangs);
    let host = RosterHost::new(Rules::default(), ShardSettings::default(), process.clone());
    let stage = Stage {
        group: Group::Roster,
        source: Topic::Events,
        handover: Duration::from_secs(10),
    };
    let stopping = CancellationToken::new();
    let running = run_stage(Arc::new(host), log, stage, stopping.clone());
    let mut running = std::pin::pin!(running);
    let restores = async {
        while !process.health.ready().components.contains_key("roster/3") {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        ended = &mut running => panic!("it ended by itself: {ended:?}"),
        () = restores => {}
    }
    stopping.cancel();
    // The limit only keeps a failing test from hanging.
    let ended = tokio::time::timeout(Duration::from_secs(20), running).await;
    ended.expect("it goes on restoring").unwrap();
}
