//! The topics in the cluster: made as they must be, or refused with what to do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::FromClientConfig;
use rdkafka::consumer::Consumer;
use rdkafka::error::RDKafkaErrorCode;

use super::client::{self, ASK, Cluster};
use super::reading::Readers;
use crate::log::{Cleanup, ConsumeError, Group, Topic};

/// How long a topic may go on with one segment.
const DAY: Duration = Duration::from_hours(24);
/// How long the cluster may take to make topics.
const MAKING: Duration = Duration::from_secs(30);

/// Partitions of each topic that exists.
pub(super) async fn partitions(
    readers: &Arc<Readers>,
    topics: &[Topic],
) -> Result<BTreeMap<Topic, u32>, ConsumeError> {
    let topics = topics.to_vec();
    readers
        .ask(move |consumer, cluster| {
            let mut found = BTreeMap::new();
            for topic in topics {
                let name = cluster.topic(topic);
                let metadata = consumer.fetch_metadata(Some(&name), ASK)?;
                let there = metadata
                    .topics()
                    .iter()
                    .find(|there| there.name() == name && there.error().is_none());
                if let Some(there) = there.filter(|there| !there.partitions().is_empty()) {
                    let count = u32::try_from(there.partitions().len()).unwrap_or(u32::MAX);
                    found.insert(topic, count);
                }
            }
            Ok(found)
        })
        .await
}

/// Refuses to begin a stage whose topics are missing or unequal; answers how many partitions
/// each has.
pub(super) async fn check_stage(
    cluster: &Cluster,
    readers: &Arc<Readers>,
    (group, source): (Group, Topic),
) -> Result<u32, ConsumeError> {
    let mut topics = group.topics();
    topics.push(source);
    let found = partitions(readers, &topics).await?;
    let wrong = |topic: Topic, reason: String| ConsumeError::Topic {
        topic: cluster.topic(topic),
        reason,
    };
    let mut expected = None;
    for topic in topics {
        let Some(&count) = found.get(&topic) else {
            let reason = "does not exist; create it with `hris-relay topics create`";
            return Err(wrong(topic, reason.to_owned()));
        };
        let (first, all) = *expected.get_or_insert((topic, count));
        if count != all {
            let reason = format!(
                "has {count} partitions, but {} has {all}; a person must be in the same \
                 partition everywhere: create it anew with {all}",
                cluster.topic(first)
            );
            return Err(wrong(topic, reason));
        }
    }
    let admin = Admin::new(cluster)?;
    let compacted = group
        .topics()
        .into_iter()
        .filter(|topic| topic.cleanup() == Cleanup::Compact);
    for topic in compacted {
        check_compaction(cluster, &admin, topic).await?;
    }
    Ok(expected.map_or(1, |(_, count)| count))
}

/// Creates what is missing and checks what exists.
pub(super) async fn create(
    cluster: &Cluster,
    readers: &Arc<Readers>,
    topics: &[Topic],
) -> Result<Vec<String>, ConsumeError> {
    let found = partitions(readers, topics).await?;
    let admin = Admin::new(cluster)?;
    let wanted = cluster.settings().partitions;
    let mut said = Vec::new();
    for &topic in topics {
        let name = cluster.topic(topic);
        match found.get(&topic) {
            Some(count) if *count != wanted => {
                return Err(ConsumeError::Topic {
                    topic: name,
                    reason: format!(
                        "has {count} partitions, but kafka.partitions is {wanted}; the number \
                         is fixed for life: set kafka.partitions = {count}, or delete the topic"
                    ),
                });
            }
            Some(count) => {
                if topic.cleanup() == Cleanup::Compact {
                    check_compaction(cluster, &admin, topic).await?;
                }
                said.push(format!("{name}: exists, {count} partitions"));
            }
            None => {
                make(cluster, &admin, topic).await?;
                said.push(format!("{name}: created, {wanted} partitions"));
            }
        }
    }
    await_leaders(readers, topics).await?;
    Ok(said)
}

/// A topic is told of before its partitions can be written.
async fn await_leaders(readers: &Arc<Readers>, topics: &[Topic]) -> Result<(), ConsumeError> {
    const TRIES: u32 = 50;
    for _ in 0..TRIES {
        if partitions(readers, topics).await?.len() == topics.len() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let reason = "the created topics did not appear in time; run it again";
    Err(ConsumeError::Unreadable(reason.to_owned()))
}

/// How a topic is set up, by Kafka's own names; with so many copies of it.
pub fn properties(topic: Topic, replication: u32) -> Vec<(&'static str, String)> {
    // The segment that is written to neither expires nor is compacted; with the cluster's
    // default of a week, so much later the topic would forget.
    let day = DAY.as_millis().to_string();
    let (policy, forgets) = match topic.cleanup() {
        Cleanup::Compact => ("compact", ("max.compaction.lag.ms", day.clone())),
        Cleanup::Delete(keep) => ("delete", ("retention.ms", keep.as_millis().to_string())),
    };
    vec![
        ("cleanup.policy", policy.to_owned()),
        forgets,
        ("segment.ms", day),
        ("min.insync.replicas", replication.min(2).to_string()),
        // The time a record was taken, whatever the sender's clock says.
        ("message.timestamp.type", "LogAppendTime".to_owned()),
    ]
}

async fn make(cluster: &Cluster, admin: &Admin, topic: Topic) -> Result<(), ConsumeError> {
    let name = cluster.topic(topic);
    let settings = cluster.settings();
    let signed = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let replication = TopicReplication::Fixed(signed(settings.replication));
    let properties = properties(topic, settings.replication);
    let mut new = NewTopic::new(&name, signed(settings.partitions), replication);
    for (property, value) in &properties {
        new = new.set(property, value);
    }
    let wrong = |reason: String| ConsumeError::Topic {
        topic: name.clone(),
        reason,
    };
    let made = admin
        .client()?
        .create_topics([&new], &options())
        .await
        .map_err(|error| client::unreadable(&error))?;
    for outcome in made {
        match outcome {
            // Another process was faster.
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((_, code)) => return Err(wrong(format!("could not be created: {code}"))),
        }
    }
    Ok(())
}

async fn check_compaction(
    cluster: &Cluster,
    admin: &Admin,
    topic: Topic,
) -> Result<(), ConsumeError> {
    let name = cluster.topic(topic);
    let asked = [ResourceSpecifier::Topic(&name)];
    let described = admin
        .client()?
        .describe_configs(&asked, &options())
        .await
        .map_err(|error| client::unreadable(&error))?;
    for resource in described {
        let resource = match resource {
            Ok(resource) => resource,
            Err(code) => {
                // The right to describe a topic is often not given.
                tracing::warn!(record.topic = name, %code, "Whether the topic is compacted is unknown");
                continue;
            }
        };
        let policy = resource
            .get("cleanup.policy")
            .and_then(|entry| entry.value.clone());
        if policy.as_deref().is_some_and(|policy| policy != "compact") {
            return Err(ConsumeError::Topic {
                topic: name,
                reason: "holds state but is not compacted, so state would be forgotten; set its \
                         cleanup.policy to compact"
                    .to_owned(),
            });
        }
    }
    Ok(())
}

/// An admin client that is dropped where it may block.
struct Admin(Option<AdminClient<DefaultClientContext>>);

impl Drop for Admin {
    fn drop(&mut self) {
        client::dispose(self.0.take());
    }
}

impl Admin {
    fn new(cluster: &Cluster) -> Result<Self, ConsumeError> {
        let made = AdminClient::from_config(&cluster.client());
        made.map(|client| Self(Some(client)))
            .map_err(|error| client::unreadable(&error))
    }

    fn client(&self) -> Result<&AdminClient<DefaultClientContext>, ConsumeError> {
        let gone = || ConsumeError::Unreadable("the admin client is gone".to_owned());
        self.0.as_ref().ok_or_else(gone)
    }
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(MAKING))
        .operation_timeout(Some(MAKING))
}
