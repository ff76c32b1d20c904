//! What the operators' guide promises of forgetting is how topics are made.

use std::collections::BTreeMap;
use std::time::Duration;

use hris_relay::id::Provider;
use hris_relay::log::{Cleanup, Log, Topic};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;

use crate::support::kafka::{cluster, open, settings};

/// The configuration of a topic in the cluster.
async fn configured(brokers: &str, topic: &str) -> BTreeMap<String, String> {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .create()
        .unwrap();
    let asked = [ResourceSpecifier::Topic(topic)];
    let mut described = admin
        .describe_configs(&asked, &AdminOptions::new())
        .await
        .unwrap();
    let entries = described.remove(0).unwrap().entries;
    entries
        .into_iter()
        .filter_map(|entry| Some((entry.name, entry.value?)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_topic_forgets_within_a_day_of_when_it_may() {
    const DAY: u128 = Duration::from_hours(24).as_millis();
    let Some(kafka) = cluster() else { return };
    let settings = settings(&kafka.brokers);
    let topics = Topic::all(Provider::ALL);
    open(&settings).create_topics(&topics).await.unwrap();
    for topic in topics {
        let name = format!("{}{topic}", settings.prefix);
        let held = configured(&kafka.brokers, &name).await;
        let millis = |key: &str| held[key].parse::<u128>().unwrap();
        assert_eq!(millis("segment.ms"), DAY, "{topic}");
        match topic.cleanup() {
            Cleanup::Compact => {
                assert_eq!(held["cleanup.policy"], "compact", "{topic}");
                assert_eq!(millis("max.compaction.lag.ms"), DAY, "{topic}");
            }
            Cleanup::Delete(keep) => {
                assert_eq!(held["cleanup.policy"], "delete", "{topic}");
                assert_eq!(millis("retention.ms"), keep.as_millis(), "{topic}");
            }
        }
    }
}
