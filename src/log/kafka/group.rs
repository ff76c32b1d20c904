//! The poll thread: keeps the membership alive, hands records out, and partitions over.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::{ClientContext, Message};
use tokio::sync::{mpsc, oneshot};

use super::bytes;
use super::client::{self, Cluster};
use super::hand::{End, Grip, Held, grip};
use crate::clock::Clock;
use crate::log::sync::locked;
use crate::log::{ConsumeError, Stage};

/// How long one poll waits; shorter while a partition is paused, since only this thread
/// can resume it.
const POLL: Duration = Duration::from_millis(100);
const POLL_PAUSED: Duration = Duration::from_millis(10);

const STAYING: u8 = 0;
const LEAVING: u8 = 1;
const GONE: u8 = 2;

/// A partition that was assigned, for `Member::next`.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) partition: u32,
    pub(super) grip: Grip,
}

/// What the poll thread and the rebalance hooks share: the same thread calls both.
pub(super) struct Desk {
    stage: Stage,
    clock: Arc<dyn Clock>,
    /// Invariant: never locked while waiting for an owner.
    held: Mutex<BTreeMap<i32, Held>>,
    seats: mpsc::UnboundedSender<Result<Seat, ConsumeError>>,
    leaving: Arc<AtomicU8>,
}

/// The consumer of a group.
pub(super) type GroupConsumer = BaseConsumer<Desk>;

impl ClientContext for Desk {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, log_message: &str) {
        client::speak(level, fac, log_message);
    }

    fn stats_raw(&self, _statistics: &[u8]) {}

    fn error(&self, error: KafkaError, reason: &str) {
        client::complain(&error, reason);
    }
}

impl ConsumerContext for Desk {
    fn pre_rebalance(&self, base_consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(partitions) = rebalance {
            self.revoke(partitions, base_consumer.assignment_lost());
        }
    }

    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(partitions) => self.assign(partitions),
            Rebalance::Revoke(_) => {}
            Rebalance::Error(error) => tracing::warn!(%error, "A rebalance failed"),
        }
    }
}

impl Desk {
    fn assign(&self, partitions: &TopicPartitionList) {
        for element in partitions.elements() {
            let Ok(partition) = u32::try_from(element.partition()) else {
                continue;
            };
            tracing::info!(
                record.topic = element.topic(),
                record.partition = partition,
                "Partition assigned"
            );
            let (held, grip) = grip();
            locked(&self.held).insert(element.partition(), held);
            // A member that is gone needs no seat.
            drop(self.seats.send(Ok(Seat { partition, grip })));
        }
    }

    /// Tells the owners, and waits for them to commit what they know, so that the next
    /// owner begins behind it.
    fn revoke(&self, partitions: &TopicPartitionList, is_lost: bool) {
        let taken: Vec<Held> = {
            let mut held = locked(&self.held);
            let elements = partitions.elements();
            elements
                .iter()
                .filter_map(|it| held.remove(&it.partition()))
                .collect()
        };
        let is_gone = self.leaving.load(Ordering::Acquire) == GONE;
        let end = if is_lost || is_gone {
            End::Lost
        } else {
            End::Revoked
        };
        for held in &taken {
            held.hand.end(end);
        }
        if taken.is_empty() || end == End::Lost {
            return;
        }
        self.await_release(&taken);
    }

    fn await_release(&self, taken: &[Held]) {
        let started = self.clock.elapsed();
        for held in taken {
            let waited = self.clock.elapsed().saturating_sub(started);
            if !held.await_release(self.stage.handover.saturating_sub(waited)) {
                held.hand.end(End::Lost);
            }
        }
        let waited = self.clock.elapsed().saturating_sub(started);
        let duration_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        let lost = taken
            .iter()
            .filter(|held| held.hand.ended() == Some(End::Lost))
            .count();
        tracing::info!(
            duration_ms,
            count = taken.len(),
            lost,
            "Partitions handed over"
        );
    }
}

/// A running membership, from outside its thread.
#[derive(Debug)]
pub(super) struct Membership {
    pub(super) seats: mpsc::UnboundedReceiver<Result<Seat, ConsumeError>>,
    leaving: Arc<AtomicU8>,
    ended: Option<oneshot::Receiver<()>>,
}

impl Membership {
    /// Leaves cleanly and waits until the consumer is closed, which takes up to the session
    /// timeout when the cluster is away.
    pub(super) async fn leave(mut self, patience: Duration) {
        self.leaving.store(LEAVING, Ordering::Release);
        if let Some(ended) = self.ended.take()
            && tokio::time::timeout(patience, ended).await.is_err()
        {
            tracing::warn!("The consumer was not closed in time");
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        // After `leave` this only cuts a wait short that nobody awaits.
        self.leaving.store(GONE, Ordering::Release);
    }
}

/// The consumer as owners see it, for the group's metadata.
pub(super) type Metadata = Weak<GroupConsumer>;

/// Joins a group on a thread of its own.
pub(super) fn join(
    cluster: &Cluster,
    clock: &Arc<dyn Clock>,
    stage: Stage,
) -> Result<(Membership, Metadata), KafkaError> {
    let (seats, given) = mpsc::unbounded_channel();
    let leaving = Arc::new(AtomicU8::new(STAYING));
    let (end, ended) = oneshot::channel::<()>();
    let desk = Desk {
        stage,
        clock: Arc::clone(clock),
        held: Mutex::default(),
        seats,
        leaving: Arc::clone(&leaving),
    };
    let consumer = GroupConsumer::from_config_and_context(&cluster.member(stage.group), desk)?;
    let topic = cluster.topic(stage.source);
    consumer.subscribe(&[&topic])?;
    let consumer = Arc::new(consumer);
    let metadata = Arc::downgrade(&consumer);
    let run = move || {
        poll(&consumer, &topic);
        close(consumer);
        drop(end);
    };
    std::thread::Builder::new()
        .name("log-poll".to_owned())
        .spawn(run)
        .map_err(|error| KafkaError::ClientCreation(error.to_string()))?;
    let membership = Membership {
        seats: given,
        leaving,
        ended: Some(ended),
    };
    Ok((membership, metadata))
}

/// Polls until the membership is left or broken for good.
fn poll(consumer: &GroupConsumer, topic: &str) {
    let desk = consumer.context();
    let mut paused: BTreeMap<i32, Weak<super::hand::Hand>> = BTreeMap::new();
    while desk.leaving.load(Ordering::Acquire) == STAYING {
        let patience = if paused.is_empty() { POLL } else { POLL_PAUSED };
        match consumer.poll(patience) {
            None => {}
            Some(Ok(message)) => {
                if let Some(held) = locked(&desk.held).get(&message.partition()) {
                    held.hand.push(bytes::arrived(desk.stage.source, &message));
                }
            }
            Some(Err(error @ KafkaError::MessageConsumptionFatal(_))) => {
                drop(desk.seats.send(Err(client::unreadable(&error))));
                return;
            }
            Some(Err(error)) if is_for_good(&error) => {
                drop(desk.seats.send(Err(client::unreadable(&error))));
                return;
            }
            // Others are news of what the client mends by itself.
            Some(Err(error)) => tracing::warn!(%error, "The consumer reports trouble"),
        }
        balance(consumer, topic, &mut paused);
        if locked(&desk.held).values().any(Held::is_abandoned) {
            rejoin(consumer, topic);
        }
    }
}

fn is_for_good(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::GroupAuthorizationFailed
                | RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::UnknownTopicOrPartition
        )
    )
}

/// Pauses partitions whose owner has enough, resumes those whose owner will want more. Acts
/// on changes only: resuming what is not paused could replay records.
fn balance(
    consumer: &GroupConsumer,
    topic: &str,
    paused: &mut BTreeMap<i32, Weak<super::hand::Hand>>,
) {
    let mut pause = TopicPartitionList::new();
    let mut resume = TopicPartitionList::new();
    {
        let held = locked(&consumer.context().held);
        // A partition that was assigned anew is not paused.
        paused.retain(|partition, hand| {
            held.get(partition)
                .is_some_and(|held| hand.as_ptr() == Arc::as_ptr(&held.hand))
        });
        for (&partition, held) in &*held {
            match paused.entry(partition) {
                Entry::Occupied(entry) if held.hand.has_room() => {
                    resume.add_partition(topic, partition);
                    entry.remove();
                }
                Entry::Vacant(entry) if held.hand.is_full() => {
                    pause.add_partition(topic, partition);
                    entry.insert(Arc::downgrade(&held.hand));
                }
                Entry::Occupied(_) | Entry::Vacant(_) => {}
            }
        }
    }
    let acted = [
        (pause.count() > 0).then(|| consumer.pause(&pause)),
        (resume.count() > 0).then(|| consumer.resume(&resume)),
    ];
    for error in acted.into_iter().flatten().filter_map(Result::err) {
        tracing::warn!(%error, "A partition was not paused or resumed");
    }
}

/// An owner could not go on although the partition is still this process's. The group's
/// position is behind what that owner heard, and a live member's must not be moved: so all
/// partitions are given back and taken again.
fn rejoin(consumer: &GroupConsumer, topic: &str) {
    tracing::warn!("A partition was abandoned; the group is joined again");
    consumer.unsubscribe();
    // Until the partitions are given back; the hooks run inside.
    while !locked(&consumer.context().held).is_empty()
        && consumer.context().leaving.load(Ordering::Acquire) == STAYING
    {
        drop(consumer.poll(POLL_PAUSED));
    }
    if let Err(error) = consumer.subscribe(&[topic]) {
        drop(
            consumer
                .context()
                .seats
                .send(Err(client::unreadable(&error))),
        );
    }
}

/// Closes the consumer on this thread, however long it takes. Whoever still owns a
/// partition afterwards does not.
fn close(mut consumer: Arc<GroupConsumer>) {
    let desk = Arc::clone(consumer.context());
    // An owner may be asking it for the group's metadata at this moment.
    loop {
        match Arc::try_unwrap(consumer) {
            Ok(consumer) => break drop(consumer),
            Err(shared) => {
                consumer = shared;
                std::thread::park_timeout(Duration::from_millis(1));
            }
        }
    }
    for held in locked(&desk.held).values() {
        held.hand.end(End::Lost);
    }
}
