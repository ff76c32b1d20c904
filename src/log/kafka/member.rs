//! Owning partitions in the cluster.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::task::JoinSet;

use super::bytes;
use super::client::{self, Cluster, Words};
use super::commit::Committer;
use super::group::{Membership, Metadata, Seat};
use super::hand::Grip;
use super::partitioner;
use super::reading::Readers;
use crate::clock::Clock;
use crate::log::{
    Arrived, Commit, CommitError, ConsumeError, Delivery, Member, Partition, Stage, Topic, record,
};

/// How long the committed offset of a partition may take to be told: the coordinator waits
/// for transactions that move it.
const COMMITTED: Duration = Duration::from_secs(30);
/// How long closing the consumer may take while the cluster answers.
const CLOSING: Duration = Duration::from_secs(15);

/// This process's membership.
#[derive(Debug)]
pub(super) struct KafkaMember {
    pub(super) membership: Membership,
    pub(super) preparing: JoinSet<Result<Option<KafkaPartition>, KafkaError>>,
    pub(super) parts: Parts,
}

/// What a partition is made of.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) cluster: Cluster,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stage: Stage,
    pub(super) metadata: Metadata,
    /// Of each topic of the stage.
    pub(super) partitions: u32,
    pub(super) readers: Arc<Readers>,
}

#[async_trait]
impl Member for KafkaMember {
    async fn next(&mut self) -> Result<Option<Box<dyn Partition>>, ConsumeError> {
        loop {
            tokio::select! {
                seat = self.membership.seats.recv() => match seat {
                    Some(seat) => {
                        let (seat, parts) = (seat?, self.parts.clone());
                        if seat.grip.hand.give() {
                            // Side by side: each takes over with a few round trips.
                            self.preparing.spawn_blocking(move || parts.take(seat));
                        }
                    }
                    None => return Ok(None),
                },
                Some(prepared) = self.preparing.join_next() => {
                    let prepared = prepared.map_err(|_| {
                        ConsumeError::Unreadable("taking over was cut off".to_owned())
                    })?;
                    if let Some(partition) = prepared.map_err(|error| client::unreadable(&error))? {
                        return Ok(Some(Box::new(partition)));
                    }
                }
            }
        }
    }

    async fn leave(self: Box<Self>) {
        let KafkaMember {
            membership,
            mut preparing,
            parts,
        } = *self;
        // What is being taken over will never be given out.
        preparing.detach_all();
        let patience = CLOSING.max(parts.stage.handover);
        membership.leave(patience).await;
    }
}

impl Parts {
    /// Makes an assigned partition ready for its owner: fences the owner before, then asks
    /// what it has committed, so that nothing can be committed in between. None: it was
    /// taken away again.
    fn take(self, Seat { partition, grip }: Seat) -> Result<Option<KafkaPartition>, KafkaError> {
        let transactor = Committer::new(&self, partition, Arc::clone(&grip.hand));
        let answered = transactor.take_over().and_then(|()| {
            let (group, source) = (self.stage.group, self.stage.source);
            committed(&self.cluster, (group, source, partition))
        });
        if grip.hand.ended().is_some() {
            return Ok(None);
        }
        let (committed, note) = answered?.unzip();
        Ok(Some(KafkaPartition {
            index: partition,
            partitions: self.partitions,
            committed,
            note,
            next_offset: committed,
            from: committed.unwrap_or(0),
            source: self.stage.source,
            is_clean: true,
            is_released: false,
            grip,
            committer: Some(Arc::new(transactor)),
            readers: self.readers,
        }))
    }
}

/// The committed offset of a group, and the note beside it. Blocks.
pub(super) fn committed(
    cluster: &Cluster,
    (group, source, partition): (crate::log::Group, Topic, u32),
) -> Result<Option<(i64, String)>, KafkaError> {
    let config = cluster.reader(Some(group));
    let consumer: BaseConsumer<Words> = BaseConsumer::from_config_and_context(&config, Words)?;
    let mut asked = TopicPartitionList::new();
    asked.add_partition(&cluster.topic(source), bytes::number(partition));
    let answered = consumer.committed_offsets(asked, COMMITTED)?;
    for element in answered.elements() {
        element.error()?;
        if let Offset::Offset(offset) = element.offset() {
            return Ok(Some((offset, element.metadata().to_owned())));
        }
    }
    Ok(None)
}

/// A partition in this process's hands.
pub(super) struct KafkaPartition {
    index: u32,
    partitions: u32,
    committed: Option<i64>,
    note: Option<String>,
    /// What the last commit said, to be said again by one that leaves it out: the group
    /// only checks the membership of who commits an offset.
    next_offset: Option<i64>,
    /// The first offset to hand out.
    from: i64,
    source: Topic,
    /// Whether its last commit, if there was one, was confirmed.
    is_clean: bool,
    is_released: bool,
    grip: Grip,
    /// Only gone while this is dropped.
    committer: Option<Arc<Committer>>,
    readers: Arc<Readers>,
}

#[async_trait]
impl Partition for KafkaPartition {
    fn index(&self) -> u32 {
        self.index
    }

    fn committed(&self) -> Option<i64> {
        self.committed
    }

    fn note(&self) -> Option<&str> {
        // Whoever resets a group's offsets by hand leaves an empty one.
        self.note.as_deref().filter(|note| !note.is_empty())
    }

    fn owns(&self, key: &[u8]) -> bool {
        partitioner::partition(key, self.partitions) == self.index
    }

    async fn source_bounds(&mut self) -> Result<(i64, i64), ConsumeError> {
        self.readers.bounds(self.source, self.index).await
    }

    async fn restore(
        &mut self,
        topic: Topic,
        before: Option<i64>,
        each: &mut (dyn FnMut(Arrived) + Send),
    ) -> Result<(), ConsumeError> {
        let offsets = 0..before.unwrap_or(i64::MAX);
        let mut chunks = self.readers.read(topic, self.index, offsets);
        while let Some(chunk) = chunks.recv().await {
            chunk?.into_iter().for_each(&mut *each);
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Delivery, ConsumeError> {
        Ok(self.grip.hand.next(self.from).await)
    }

    async fn commit(&mut self, commit: Commit) -> Result<(), CommitError> {
        self.is_clean = false;
        record::check(&commit.records)
            .map_err(|error| CommitError::Unconfirmed(error.to_string()))?;
        let offset = commit.next_offset.or(self.next_offset);
        let Some(committer) = self.committer.clone() else {
            return Err(CommitError::Fenced);
        };
        let committing = tokio::task::spawn_blocking(move || {
            committer.commit(
                &commit.records,
                offset.map(|offset| (offset, &*commit.note)),
            )
        });
        committing
            .await
            .unwrap_or_else(|_| Err(CommitError::Unconfirmed("it was cut off".to_owned())))?;
        self.next_offset = offset;
        self.is_clean = true;
        Ok(())
    }

    async fn release(mut self: Box<Self>) {
        self.is_released = true;
    }
}

impl Drop for KafkaPartition {
    fn drop(&mut self) {
        if !(self.is_released && self.is_clean) {
            self.grip.hand.abandon();
        }
        client::dispose(self.committer.take());
    }
}
