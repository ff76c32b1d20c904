//! The log on a Kafka cluster: many machines, partitions handed from one to another.

mod append;
mod bytes;
mod client;
mod commit;
mod group;
mod hand;
mod member;
mod partitioner;
mod reading;
pub mod settings;
mod topics;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::JoinSet;

use self::append::Appender;
use self::client::Cluster;
use self::member::{KafkaMember, Parts};
use self::reading::Readers;
pub use self::settings::KafkaSettings;
pub use self::topics::properties;
use super::sync::locked;
use super::{
    AppendError, Arrived, ConsumeError, Group, Log, Member, Position, Record, Stage, Topic, record,
};
use crate::clock::Clock;

/// How long the cluster may take to say that it is there.
const READY: Duration = Duration::from_secs(2);

/// The event log on a Kafka cluster.
pub struct KafkaLog {
    cluster: Cluster,
    clock: Arc<dyn Clock>,
    appender: Arc<Appender>,
    readers: Arc<Readers>,
    /// Partition counts are fixed for life.
    partitions: Mutex<BTreeMap<Topic, u32>>,
}

impl fmt::Debug for KafkaLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

impl KafkaLog {
    /// Makes the clients; they connect by themselves, also later when the cluster is away.
    ///
    /// # Errors
    /// When the settings make no client.
    pub fn connect(settings: &KafkaSettings, clock: Arc<dyn Clock>) -> Result<Self, ConsumeError> {
        let cluster = Cluster::new(settings)?;
        let appender = Appender::start(&cluster).map_err(|error| client::unreadable(&error))?;
        Ok(Self {
            readers: Readers::new(&cluster, &clock, None),
            cluster,
            clock,
            appender,
            partitions: Mutex::default(),
        })
    }

    async fn count(&self, topic: Topic) -> Result<u32, ConsumeError> {
        let known = locked(&self.partitions).get(&topic).copied();
        if let Some(count) = known {
            return Ok(count);
        }
        let found = topics::partitions(&self.readers, &[topic]).await?;
        let Some(&count) = found.get(&topic) else {
            return Err(ConsumeError::Topic {
                topic: self.cluster.topic(topic),
                reason: "does not exist; create it with `hris-relay topics create`".to_owned(),
            });
        };
        locked(&self.partitions).insert(topic, count);
        Ok(count)
    }
}

#[async_trait]
impl Log for KafkaLog {
    async fn append(&self, records: Vec<Record>) -> Result<Vec<Position>, AppendError> {
        record::check(&records)?;
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let answer = self.appender.send(records)?;
        // Waiting for those in flight must not double the time.
        let patience = self.cluster.settings().append_timeout;
        match tokio::time::timeout(patience, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(AppendError::Unconfirmed("the producer ended".to_owned())),
            Err(_) => Err(AppendError::Unconfirmed("no answer in time".to_owned())),
        }
    }

    async fn join(&self, stage: Stage) -> Result<Box<dyn Member>, ConsumeError> {
        let checked = (stage.group, stage.source);
        let partitions = topics::check_stage(&self.cluster, &self.readers, checked).await?;
        let joined = group::join(&self.cluster, &self.clock, stage);
        let (membership, metadata) = joined.map_err(|error| client::unreadable(&error))?;
        Ok(Box::new(KafkaMember {
            membership,
            preparing: JoinSet::new(),
            parts: Parts {
                cluster: self.cluster.clone(),
                clock: Arc::clone(&self.clock),
                stage,
                metadata,
                partitions,
                readers: Readers::new(&self.cluster, &self.clock, Some(stage.group)),
            },
        }))
    }

    async fn partitions(&self, topic: Topic) -> Result<u32, ConsumeError> {
        self.count(topic).await
    }

    async fn read(
        &self,
        topic: Topic,
        partition: u32,
        from: i64,
        most: usize,
    ) -> Result<Vec<Arrived>, ConsumeError> {
        let count = self.count(topic).await?;
        if partition >= count {
            return Err(ConsumeError::Topic {
                topic: self.cluster.topic(topic),
                reason: format!("has {count} partitions, the first of them 0"),
            });
        }
        let mut found = Vec::new();
        let mut chunks = self.readers.read(topic, partition, from.max(0)..i64::MAX);
        while found.len() < most
            && let Some(chunk) = chunks.recv().await
        {
            found.extend(chunk?);
        }
        found.truncate(most);
        Ok(found)
    }

    async fn committed(
        &self,
        group: Group,
        source: Topic,
        partition: u32,
    ) -> Result<Option<i64>, ConsumeError> {
        let asked = (group, source, partition);
        let committed = self
            .readers
            .ask(move |_, cluster| member::committed(cluster, asked))
            .await?;
        Ok(committed.map(|(offset, _)| offset))
    }

    async fn noted(
        &self,
        group: Group,
        source: Topic,
        partition: u32,
    ) -> Result<Option<String>, ConsumeError> {
        let asked = (group, source, partition);
        let committed = self
            .readers
            .ask(move |_, cluster| member::committed(cluster, asked))
            .await?;
        Ok(committed.map(|(_, note)| note))
    }

    async fn create_topics(&self, topics: &[Topic]) -> Result<Vec<String>, ConsumeError> {
        topics::create(&self.cluster, &self.readers, topics).await
    }

    async fn is_ready(&self) -> bool {
        let appender = Arc::clone(&self.appender);
        let name = self.cluster.topic(Topic::Events);
        tokio::task::spawn_blocking(move || appender.answers(&name, READY))
            .await
            .unwrap_or(false)
    }

    async fn close(&self) {
        let patience = self.cluster.settings().append_timeout;
        self.appender.close(patience.saturating_mul(2)).await;
    }

    fn describe(&self) -> String {
        let settings = self.cluster.settings();
        match settings.prefix.as_str() {
            "" => format!("kafka {}", settings.brokers),
            prefix => format!("kafka {}, prefix {prefix}", settings.brokers),
        }
    }
}
