//! Places on a Kafka cluster: a prefix each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hris_relay::log::Log;
use hris_relay::log::kafka::{KafkaLog, KafkaSettings};

pub use super::broker::{cluster, free_port};
use super::logs::{Harness, Place, system_clock};
use crate::log_claims::{STAGE, TOPICS};

/// Partitions of the tests' topics.
pub const PARTITIONS: u32 = 3;

/// Settings for a part of the cluster that nobody else uses.
pub fn settings(brokers: &str) -> KafkaSettings {
    static PLACES: AtomicU32 = AtomicU32::new(0);
    let place = PLACES.fetch_add(1, Ordering::Relaxed);
    KafkaSettings {
        brokers: brokers.to_owned(),
        prefix: format!("test-{}-{place}.", std::process::id()),
        partitions: PARTITIONS,
        replication: 1,
        append_timeout: Duration::from_secs(20),
        session_timeout: Duration::from_secs(6),
        ..KafkaSettings::default()
    }
}

/// Opens a log.
pub fn open(settings: &KafkaSettings) -> Arc<KafkaLog> {
    Arc::new(KafkaLog::connect(settings, system_clock()).unwrap())
}

/// The topics of the claims, created.
pub async fn prepared(brokers: &str) -> KafkaSettings {
    let settings = settings(brokers);
    let mut topics = TOPICS.to_vec();
    for topic in STAGE.group.topics() {
        if !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    open(&settings).create_topics(&topics).await.unwrap();
    settings
}

/// A cluster; a place is a prefix.
#[derive(Debug)]
pub struct OnKafka {
    pub brokers: String,
    pub name: String,
}

#[derive(Debug)]
struct Prefix(KafkaSettings);

#[async_trait]
impl Harness for OnKafka {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn place(&self) -> Arc<dyn Place> {
        Arc::new(Prefix(prepared(&self.brokers).await))
    }
}

#[async_trait]
impl Place for Prefix {
    async fn open(&self) -> Arc<dyn Log> {
        open(&self.0)
    }
}
