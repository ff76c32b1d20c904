//! One suite that every log must pass: the claims of `log_claims` on each log there is.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::log_claims;
use crate::support::container;
use crate::support::kafka::{OnKafka, cluster};
use crate::support::logs::{Harness, Sqlite};
use crate::support::said::say;

/// Claims that run side by side: a real broker on two cores bears no more.
const TOGETHER: usize = 4;

/// Runs every claim, each in a place of its own, and fails with the names of those broken.
pub async fn keeps_every_claim(harness: Arc<dyn Harness>) {
    let free = Arc::new(Semaphore::new(TOGETHER));
    let mut running = JoinSet::new();
    let claims = log_claims::all();
    for &(name, claim) in &claims {
        let (harness, free) = (Arc::clone(&harness), Arc::clone(&free));
        running.spawn(async move {
            let _permit = free.acquire_owned().await;
            let claimed = async move { claim(harness.place().await).await };
            (name, tokio::spawn(claimed).await.is_ok())
        });
    }
    let outcomes = running.join_all().await;
    let broken: Vec<&str> = outcomes
        .iter()
        .filter_map(|(name, is_kept)| (!is_kept).then_some(*name))
        .collect();
    let log = harness.name();
    let kept = claims.len() - broken.len();
    say(&format!(
        "log conformance: {kept} of {} claims kept on {log}",
        claims.len()
    ));
    assert!(broken.is_empty(), "{log} broke: {broken:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_every_claim_of_the_log() {
    keeps_every_claim(Arc::new(Sqlite)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_keeps_every_claim_of_the_log() {
    let Some(kafka) = cluster() else { return };
    let (brokers, name) = (kafka.brokers.clone(), kafka.name.clone());
    keeps_every_claim(Arc::new(OnKafka { brokers, name })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_in_a_container_keeps_every_claim_of_the_log() {
    let Some(container) = container::start().await else {
        return;
    };
    let (brokers, name) = (container.brokers.clone(), container.name.clone());
    keeps_every_claim(Arc::new(OnKafka { brokers, name })).await;
}
