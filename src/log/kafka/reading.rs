//! Reading a partition without owning it: restores, operators, tests.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rdkafka::Message;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::sync::mpsc;

use super::bytes;
use super::client::{self, ASK, Cluster, Words};
use crate::clock::Clock;
use crate::log::sync::locked;
use crate::log::{Arrived, ConsumeError, Group, Topic};

/// Records handed on together.
const TOGETHER: usize = 500;
/// Bytes handed on together.
const BYTES_TOGETHER: usize = 1 << 20;
/// Chunks that may wait for whoever takes them.
const CHUNKS: usize = 4;
/// Nothing read for this long means that the cluster is away.
const PATIENCE: Duration = Duration::from_secs(30);
/// Consumers kept for the next reading: a new one needs connections first.
const KEPT: usize = 4;

impl ConsumerContext for Words {}

/// Reads partitions with consumers that it keeps.
#[derive(Debug)]
pub(super) struct Readers {
    cluster: Cluster,
    clock: Arc<dyn Clock>,
    /// The group whose rights are used.
    group: Option<Group>,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle(Vec<BaseConsumer<Words>>);

impl std::fmt::Debug for Idle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} consumers", self.0.len())
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        client::dispose(std::mem::take(&mut locked(&self.idle).0));
    }
}

impl Readers {
    pub(super) fn new(
        cluster: &Cluster,
        clock: &Arc<dyn Clock>,
        group: Option<Group>,
    ) -> Arc<Self> {
        Arc::new(Self {
            cluster: cluster.clone(),
            clock: Arc::clone(clock),
            group,
            idle: Mutex::default(),
        })
    }

    /// Reads committed records with offsets in `offsets`, up to the end as it is now;
    /// they arrive in chunks, an error is the last.
    pub(super) fn read(
        self: &Arc<Self>,
        topic: Topic,
        partition: u32,
        offsets: Range<i64>,
    ) -> mpsc::Receiver<Result<Vec<Arrived>, ConsumeError>> {
        let (chunks, taken) = mpsc::channel(CHUNKS);
        let this = Arc::clone(self);
        let run = move || {
            let read =
                this.with(|consumer| this.walk(consumer, (topic, partition), offsets, &chunks));
            if let Err(error) = read {
                // Whoever reads may have gone.
                drop(chunks.blocking_send(Err(client::unreadable(&error))));
            }
        };
        // The channel closes when it ends, however it ends.
        drop(tokio::task::spawn_blocking(run));
        taken
    }

    /// The first offset of a partition and the one behind its last committed record.
    pub(super) async fn bounds(
        self: &Arc<Self>,
        topic: Topic,
        partition: u32,
    ) -> Result<(i64, i64), ConsumeError> {
        let number = bytes::number(partition);
        self.ask(move |consumer, cluster| {
            consumer.fetch_watermarks(&cluster.topic(topic), number, ASK)
        })
        .await
    }

    /// Asks a consumer something on a blocking thread.
    pub(super) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        ask: impl FnOnce(&BaseConsumer<Words>, &Cluster) -> Result<T, KafkaError> + Send + 'static,
    ) -> Result<T, ConsumeError> {
        let this = Arc::clone(self);
        let asked =
            tokio::task::spawn_blocking(move || this.with(|consumer| ask(consumer, &this.cluster)));
        match asked.await {
            Ok(answer) => answer.map_err(|error| client::unreadable(&error)),
            Err(_) => Err(ConsumeError::Unreadable(
                "the reading was cut off".to_owned(),
            )),
        }
    }

    fn with<T>(
        &self,
        read: impl FnOnce(&BaseConsumer<Words>) -> Result<T, KafkaError>,
    ) -> Result<T, KafkaError> {
        let idle = locked(&self.idle).0.pop();
        let consumer = match idle {
            Some(consumer) => consumer,
            None => BaseConsumer::from_config_and_context(&self.cluster.reader(self.group), Words)?,
        };
        let result = read(&consumer)?;
        let mut idle = locked(&self.idle);
        if idle.0.len() < KEPT {
            idle.0.push(consumer);
        }
        Ok(result)
    }

    fn walk(
        &self,
        consumer: &BaseConsumer<Words>,
        (topic, partition): (Topic, u32),
        offsets: Range<i64>,
        chunks: &mpsc::Sender<Result<Vec<Arrived>, ConsumeError>>,
    ) -> Result<(), KafkaError> {
        let name = self.cluster.topic(topic);
        let number = bytes::number(partition);
        // Read-committed, so `high` is the end of what is committed.
        let (low, high) = consumer.fetch_watermarks(&name, number, ASK)?;
        let (from, end) = (offsets.start.max(low), offsets.end.min(high));
        if from >= end {
            return Ok(());
        }
        let mut assigned = TopicPartitionList::new();
        assigned.add_partition_offset(&name, number, Offset::Offset(from))?;
        consumer.assign(&assigned)?;
        let walked = self.take(consumer, topic, end, chunks);
        consumer.unassign()?;
        walked
    }

    fn take(
        &self,
        consumer: &BaseConsumer<Words>,
        topic: Topic,
        end: i64,
        chunks: &mpsc::Sender<Result<Vec<Arrived>, ConsumeError>>,
    ) -> Result<(), KafkaError> {
        let mut chunk = Vec::new();
        let mut bytes: usize = 0;
        let mut heard_at = self.clock.elapsed();
        loop {
            let polled = consumer.poll(Duration::from_millis(100));
            let now = self.clock.elapsed();
            let is_last = match polled {
                Some(Ok(message)) => {
                    heard_at = now;
                    let (offset, next) = (message.offset(), message.offset().saturating_add(1));
                    if offset < end {
                        let record = bytes::arrived(topic, &message);
                        bytes = bytes.saturating_add(bytes::weight(&record));
                        chunk.push(record);
                    }
                    next >= end
                }
                // Behind the last record may stand only what marks transactions.
                Some(Err(KafkaError::PartitionEOF(_))) => true,
                Some(Err(error @ KafkaError::MessageConsumptionFatal(_))) => return Err(error),
                // Others are news of what the client mends by itself.
                Some(Err(_)) | None if now.saturating_sub(heard_at) < PATIENCE => false,
                Some(Err(error)) => return Err(error),
                None => return Err(KafkaError::NoMessageReceived),
            };
            if is_last || chunk.len() >= TOGETHER || bytes >= BYTES_TOGETHER {
                let is_gone = chunks
                    .blocking_send(Ok(std::mem::take(&mut chunk)))
                    .is_err();
                bytes = 0;
                // The wait for whoever takes the chunks is not the cluster's.
                heard_at = self.clock.elapsed();
                if is_last || is_gone {
                    return Ok(());
                }
            }
        }
    }
}
