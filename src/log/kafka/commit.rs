//! The atomic commit of one owned partition: a transaction under the partition's own id.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::bytes;
use super::client::{self, Cluster, TRANSACTION};
use super::group::Metadata;
use super::hand::{End, Hand};
use super::member::Parts;
use crate::clock::Clock;
use crate::log::sync::locked;
use crate::log::{Cleanup, CommitError, Record, Stage};

/// How long taking over a partition's transactions may take: the broker has to end those
/// of the owner before, and on a fresh cluster to make a topic for them.
const TAKING_OVER: Duration = Duration::from_mins(1);
/// One try of taking over.
const TRY: Duration = Duration::from_secs(15);
/// How long a commit waits for a rebalance that has begun to give the group its new
/// generation.
const SETTLING: Duration = Duration::from_secs(5);

/// Between two looks for deliveries, which take a few milliseconds.
const PAUSE: Duration = Duration::from_micros(250);

/// Keeps the first delivery that failed.
#[derive(Default)]
struct Failures(Mutex<Option<KafkaError>>);

impl ClientContext for Failures {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, log_message: &str) {
        client::speak(level, fac, log_message);
    }

    fn stats_raw(&self, _statistics: &[u8]) {}

    fn error(&self, error: KafkaError, reason: &str) {
        client::complain(&error, reason);
    }
}

impl ProducerContext for Failures {
    type DeliveryOpaque = ();

    fn delivery(&self, delivery_result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = delivery_result {
            locked(&self.0).get_or_insert_with(|| error.clone());
        }
    }
}

type Transactions = BaseProducer<Failures>;

/// Commits for one owned partition. Everything here blocks.
pub(super) struct Committer {
    cluster: Cluster,
    clock: Arc<dyn Clock>,
    stage: Stage,
    partition: u32,
    hand: Arc<Hand>,
    metadata: Metadata,
    /// None while a new one must be made: the one before cannot be used again.
    transactions: Mutex<Option<Transactions>>,
}

/// What a failed step means.
enum Failed {
    Fenced,
    /// The group is between two generations.
    Settling(KafkaError),
    Other(KafkaError),
}

impl Committer {
    /// A committer that has yet to take over.
    pub(super) fn new(parts: &Parts, partition: u32, hand: Arc<Hand>) -> Self {
        Self {
            cluster: parts.cluster.clone(),
            clock: Arc::clone(&parts.clock),
            stage: parts.stage,
            partition,
            hand,
            metadata: Metadata::clone(&parts.metadata),
            transactions: Mutex::new(None),
        }
    }

    /// Takes over: ends what the owner before left open, and fences it.
    pub(super) fn take_over(&self) -> Result<(), KafkaError> {
        let fresh = self.fresh()?;
        *locked(&self.transactions) = Some(fresh);
        Ok(())
    }

    fn fresh(&self) -> Result<Transactions, KafkaError> {
        let config = self
            .cluster
            .committer(self.stage.group, self.stage.source, self.partition);
        let producer = Transactions::from_config_and_context(&config, Failures::default())?;
        let started = self.clock.elapsed();
        loop {
            match producer.init_transactions(TRY) {
                Ok(()) => return Ok(producer),
                Err(KafkaError::Transaction(error))
                    if error.is_retriable()
                        && self.clock.elapsed().saturating_sub(started) < TAKING_OVER
                        && self.hand.ended().is_none() =>
                {
                    producer.poll(Duration::ZERO);
                    tracing::warn!(%error, "Taking over a partition takes long");
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes records and the offset with its note, all or nothing. `offset`: none commits none.
    ///
    /// Once refused, always refused: taking over again would fence the new owner.
    pub(super) fn commit(
        &self,
        records: &[Record],
        offset: Option<(i64, &str)>,
    ) -> Result<(), CommitError> {
        let committed = self.commit_once(records, offset);
        if matches!(committed, Err(CommitError::Fenced)) {
            self.hand.end(End::Lost);
        }
        committed
    }

    fn commit_once(
        &self,
        records: &[Record],
        offset: Option<(i64, &str)>,
    ) -> Result<(), CommitError> {
        let mut transactions = locked(&self.transactions);
        let started = self.clock.elapsed();
        loop {
            if self.hand.ended() == Some(End::Lost) {
                return Err(CommitError::Fenced);
            }
            let producer = match transactions.take() {
                Some(producer) => producer,
                None => self.fresh().map_err(|error| self.refused(&error))?,
            };
            match self.attempt(&producer, records, offset) {
                Ok(()) => {
                    *transactions = Some(producer);
                    return Ok(());
                }
                Err(failed) => {
                    // A producer that cannot abort is dropped, and with it what it left open
                    // is ended by the next one.
                    let is_fenced = matches!(failed, Failed::Fenced);
                    match producer.abort_transaction(TRANSACTION) {
                        Ok(()) if !is_fenced => *transactions = Some(producer),
                        Ok(()) => {}
                        Err(error) if is_refusal(&error) => return Err(CommitError::Fenced),
                        Err(error) => tracing::warn!(%error, "A transaction was not aborted"),
                    }
                    match failed {
                        Failed::Fenced => return Err(CommitError::Fenced),
                        Failed::Settling(_)
                            if self.clock.elapsed().saturating_sub(started) < SETTLING =>
                        {
                            std::thread::park_timeout(Duration::from_millis(50));
                        }
                        Failed::Settling(error) | Failed::Other(error) => {
                            return Err(CommitError::Unconfirmed(error.to_string()));
                        }
                    }
                }
            }
        }
    }

    fn refused(&self, error: &KafkaError) -> CommitError {
        if is_refusal(error) || self.hand.ended() == Some(End::Lost) {
            CommitError::Fenced
        } else {
            CommitError::Unconfirmed(error.to_string())
        }
    }

    fn attempt(
        &self,
        producer: &Transactions,
        records: &[Record],
        offset: Option<(i64, &str)>,
    ) -> Result<(), Failed> {
        producer.begin_transaction().map_err(Failed::of)?;
        *locked(&producer.context().0) = None;
        for record in records {
            self.send(producer, record).map_err(Failed::of)?;
        }
        self.flush(producer)?;
        if let Some(offset) = offset {
            self.send_offset(producer, offset)?;
        }
        producer.commit_transaction(TRANSACTION).map_err(Failed::of)
    }

    fn send(&self, producer: &Transactions, record: &Record) -> Result<(), KafkaError> {
        let topic = self.cluster.topic(record.topic);
        let mut sent = BaseRecord::to(&topic);
        sent.key = record.key.as_deref();
        sent.payload = record.payload.as_deref();
        sent.headers = bytes::headers(&record.headers);
        // State lies beside its source, where a restore looks for it.
        if record.topic.cleanup() == Cleanup::Compact {
            sent.partition = Some(bytes::number(self.partition));
        }
        producer.send(sent).map_err(|(error, _)| error)
    }

    /// The client's own flush sleeps in steps of 100 ms: a transaction would take 200. A
    /// poll that waits burns a processor for the rest of its last millisecond, which the
    /// broker may need: so it does not wait, and this does.
    fn flush(&self, producer: &Transactions) -> Result<(), Failed> {
        let started = self.clock.elapsed();
        loop {
            producer.poll(Duration::ZERO);
            if producer.in_flight_count() == 0 {
                break;
            }
            if self.clock.elapsed().saturating_sub(started) > TRANSACTION {
                let code = RDKafkaErrorCode::MessageTimedOut;
                return Err(Failed::Other(KafkaError::MessageProduction(code)));
            }
            std::thread::park_timeout(PAUSE);
        }
        let failure = locked(&producer.context().0).take();
        failure.map_or(Ok(()), |error| Err(Failed::of(error)))
    }

    fn send_offset(
        &self,
        producer: &Transactions,
        (offset, note): (i64, &str),
    ) -> Result<(), Failed> {
        let mut offsets = TopicPartitionList::new();
        let topic = self.cluster.topic(self.stage.source);
        let mut element = offsets.add_partition(&topic, bytes::number(self.partition));
        element
            .set_offset(Offset::Offset(offset))
            .map_err(Failed::of)?;
        element.set_metadata(note);
        // Asked for at each commit, since a rebalance that leaves the partition here gives
        // the group a new generation all the same.
        let metadata = self
            .metadata
            .upgrade()
            .and_then(|consumer| consumer.group_metadata());
        // No consumer, no membership.
        let Some(metadata) = metadata else {
            return Err(Failed::Fenced);
        };
        if self.hand.ended() == Some(End::Lost) {
            return Err(Failed::Fenced);
        }
        producer
            .send_offsets_to_transaction(&offsets, &metadata, TRANSACTION)
            .map_err(Failed::of)
    }
}

impl Failed {
    fn of(error: KafkaError) -> Self {
        let code = error.rdkafka_error_code();
        if is_refusal(&error) {
            Self::Fenced
        } else if matches!(
            code,
            Some(RDKafkaErrorCode::IllegalGeneration | RDKafkaErrorCode::RebalanceInProgress)
        ) {
            Self::Settling(error)
        } else {
            Self::Other(error)
        }
    }
}

/// Whether somebody else owns the partition.
fn is_refusal(error: &KafkaError) -> bool {
    let code = error.rdkafka_error_code();
    matches!(
        code,
        Some(
            RDKafkaErrorCode::Fenced
                | RDKafkaErrorCode::ProducerFenced
                | RDKafkaErrorCode::InvalidProducerEpoch
                | RDKafkaErrorCode::TransactionCoordinatorFenced
                | RDKafkaErrorCode::UnknownMemberId
                | RDKafkaErrorCode::FencedInstanceId
                | RDKafkaErrorCode::FencedMemberEpoch
        )
    )
}
