//! Appending: sent at once when nothing is in flight, gathered while something is.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};
use tokio::sync::{Notify, oneshot};

use super::bytes;
use super::client::{self, Cluster};
use crate::log::sync::locked;
use crate::log::{AppendError, Position, Record};

/// Bytes that may wait to be sent.
const WAITING_BYTES: usize = 64 << 20;
/// How often a producer that is broken for good is replaced before the process gives up.
const REPLACEMENTS: u32 = 5;
/// How often the delivery thread looks whether it must end.
const POLL: Duration = Duration::from_millis(100);

type Reply = oneshot::Sender<Result<Vec<Position>, AppendError>>;

/// The records of one `append`, and what became of them.
#[derive(Debug)]
struct Batch {
    records: Vec<Record>,
    outcome: Mutex<Outcome>,
}

#[derive(Debug)]
struct Outcome {
    positions: Vec<Option<Position>>,
    failure: Option<AppendError>,
    left: usize,
    reply: Option<Reply>,
}

impl Batch {
    /// Notes what became of one record; answers when it was the last.
    fn settle(&self, index: usize, delivered: Result<Position, AppendError>) {
        let mut outcome = locked(&self.outcome);
        outcome.left = outcome.left.saturating_sub(1);
        match delivered {
            Ok(position) => {
                if let Some(place) = outcome.positions.get_mut(index) {
                    *place = Some(position);
                }
            }
            Err(failure) => outcome.failure = outcome.failure.take().or(Some(failure)),
        }
        if outcome.left == 0
            && let Some(reply) = outcome.reply.take()
        {
            let answer = match outcome.failure.take() {
                Some(failure) => Err(failure),
                None => Ok(outcome.positions.drain(..).flatten().collect()),
            };
            // Whoever appended may have stopped waiting.
            drop(reply.send(answer));
        }
    }

    fn is_awaited(&self) -> bool {
        locked(&self.outcome)
            .reply
            .as_ref()
            .is_some_and(|reply| !reply.is_closed())
    }
}

/// One record on its way.
#[derive(Debug)]
struct Ticket {
    batch: Arc<Batch>,
    index: usize,
}

/// Hears of deliveries.
struct Deliveries {
    appender: Weak<Appender>,
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, log_message: &str) {
        client::speak(level, fac, log_message);
    }

    fn stats_raw(&self, _statistics: &[u8]) {}

    fn error(&self, error: KafkaError, reason: &str) {
        client::complain(&error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Ticket>;

    fn delivery(&self, delivery_result: &DeliveryResult<'_>, delivery_opaque: Box<Ticket>) {
        let Ticket { batch, index } = *delivery_opaque;
        let topic = batch.records.get(index).map(|record| record.topic);
        let delivered = match (delivery_result, topic) {
            (Ok(message), Some(topic)) => Ok(bytes::position(
                topic,
                message.partition(),
                message.offset(),
            )),
            (Ok(_), None) => Err(AppendError::Unconfirmed("no such record".to_owned())),
            (Err((error, _)), _) => Err(failed(error)),
        };
        batch.settle(index, delivered);
        if let Some(appender) = self.appender.upgrade() {
            appender.landed();
        }
    }
}

/// A producer and the flag that ends its thread.
struct Line {
    producer: BaseProducer<Deliveries>,
    is_ended: AtomicBool,
}

struct Desk {
    /// None once closed.
    line: Option<Arc<Line>>,
    waiting: VecDeque<Arc<Batch>>,
    waiting_bytes: usize,
    in_flight: usize,
    replacements: u32,
}

/// Sends appends.
pub(super) struct Appender {
    cluster: Cluster,
    desk: Mutex<Desk>,
    landed: Notify,
}

impl Appender {
    /// Starts the producer.
    pub(super) fn start(cluster: &Cluster) -> Result<Arc<Self>, KafkaError> {
        let appender = Arc::new(Self {
            cluster: cluster.clone(),
            desk: Mutex::new(Desk {
                line: None,
                waiting: VecDeque::new(),
                waiting_bytes: 0,
                in_flight: 0,
                replacements: 0,
            }),
            landed: Notify::new(),
        });
        locked(&appender.desk).line = Some(appender.line()?);
        Ok(appender)
    }

    fn line(self: &Arc<Self>) -> Result<Arc<Line>, KafkaError> {
        let deliveries = Deliveries {
            appender: Arc::downgrade(self),
        };
        let config = self.cluster.appender();
        let line = Arc::new(Line {
            producer: BaseProducer::from_config_and_context(&config, deliveries)?,
            is_ended: AtomicBool::new(false),
        });
        let polled = Arc::clone(&line);
        let run = move || {
            while !polled.is_ended.load(Ordering::Relaxed) {
                polled.producer.poll(POLL);
            }
        };
        std::thread::Builder::new()
            .name("log-deliveries".to_owned())
            .spawn(run)
            .map_err(|error| KafkaError::ClientCreation(error.to_string()))?;
        Ok(line)
    }

    /// Sends records, or has them wait for those in flight; the answer comes when all of
    /// them are confirmed.
    pub(super) fn send(
        self: &Arc<Self>,
        records: Vec<Record>,
    ) -> Result<oneshot::Receiver<Result<Vec<Position>, AppendError>>, AppendError> {
        let bytes = records
            .iter()
            .map(Record::size)
            .fold(0, usize::saturating_add);
        let (reply, answer) = oneshot::channel();
        let batch = Arc::new(Batch {
            outcome: Mutex::new(Outcome {
                positions: vec![None; records.len()],
                failure: None,
                left: records.len(),
                reply: Some(reply),
            }),
            records,
        });
        let mut desk = locked(&self.desk);
        self.mend(&mut desk)?;
        if desk.in_flight == 0 {
            self.dispatch(&mut desk, &batch);
        } else if desk.waiting_bytes.saturating_add(bytes) > WAITING_BYTES {
            return Err(AppendError::Full);
        } else {
            desk.waiting_bytes = desk.waiting_bytes.saturating_add(bytes);
            desk.waiting.push_back(batch);
        }
        Ok(answer)
    }

    /// One record has landed, or never will: when it was the last in flight, everything
    /// that waits goes together.
    fn landed(&self) {
        let mut desk = locked(&self.desk);
        desk.in_flight = desk.in_flight.saturating_sub(1);
        while desk.in_flight == 0
            && let Some(first) = desk.waiting.pop_front()
        {
            let rest = std::mem::take(&mut desk.waiting);
            desk.waiting_bytes = 0;
            for batch in std::iter::once(first).chain(rest) {
                // Whoever gave up waiting may have tried again already.
                if batch.is_awaited() {
                    self.dispatch(&mut desk, &batch);
                }
            }
        }
        if desk.in_flight == 0 {
            self.landed.notify_waiters();
        }
    }

    /// Replaces a producer that is broken for good.
    fn mend(self: &Arc<Self>, desk: &mut Desk) -> Result<(), AppendError> {
        let Some(line) = &desk.line else {
            return Err(AppendError::Closed("it was closed".to_owned()));
        };
        let Some((code, _)) = line.producer.client().fatal_error() else {
            return Ok(());
        };
        if desk.replacements >= REPLACEMENTS {
            return Err(AppendError::Closed(format!(
                "the producer keeps breaking: {code}"
            )));
        }
        tracing::error!(failure.code = "log_closed", %code, "The log's producer is replaced");
        line.is_ended.store(true, Ordering::Relaxed);
        let fresh = self
            .line()
            .map_err(|error| AppendError::Closed(error.to_string()))?;
        desk.line = Some(fresh);
        desk.replacements = desk.replacements.saturating_add(1);
        Ok(())
    }

    /// Whether the log is open and the cluster answers. Blocks.
    pub(super) fn answers(&self, topic: &str, patience: Duration) -> bool {
        let line = locked(&self.desk).line.clone();
        line.is_some_and(|line| {
            let client = line.producer.client();
            let metadata = client.fetch_metadata(Some(topic), patience);
            let is_there = |metadata: rdkafka::metadata::Metadata| {
                metadata
                    .topics()
                    .iter()
                    .all(|topic| topic.error().is_none())
            };
            client.fatal_error().is_none() && metadata.is_ok_and(is_there)
        })
    }

    /// Takes no more, waits for what is in flight or waiting, and lets go of the producer.
    pub(super) async fn close(&self, patience: Duration) {
        let line = locked(&self.desk).line.take();
        let Some(line) = line else { return };
        // What waits needs the producer once more.
        let emptied = async {
            loop {
                let landed = self.landed.notified();
                if self.flush_waiting(&line) {
                    break;
                }
                landed.await;
            }
        };
        if tokio::time::timeout(patience, emptied).await.is_err() {
            let in_flight = line.producer.in_flight_count();
            tracing::error!(
                in_flight,
                "The log was closed before all appends were confirmed"
            );
        }
        line.is_ended.store(true, Ordering::Relaxed);
    }

    fn flush_waiting(&self, line: &Arc<Line>) -> bool {
        let mut desk = locked(&self.desk);
        let waiting = std::mem::take(&mut desk.waiting);
        desk.line = Some(Arc::clone(line));
        for batch in waiting {
            self.dispatch(&mut desk, &batch);
        }
        desk.line = None;
        desk.in_flight == 0
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        if let Some(line) = locked(&self.desk).line.take() {
            line.is_ended.store(true, Ordering::Relaxed);
        }
    }
}

impl Appender {
    /// Hands a batch to the producer; never blocks.
    fn dispatch(&self, desk: &mut Desk, batch: &Arc<Batch>) {
        let Some(line) = desk.line.clone() else {
            for index in 0..batch.records.len() {
                batch.settle(index, Err(AppendError::Closed("it was closed".to_owned())));
            }
            return;
        };
        for (index, record) in batch.records.iter().enumerate() {
            let topic = self.cluster.topic(record.topic);
            let ticket = Box::new(Ticket {
                batch: Arc::clone(batch),
                index,
            });
            let mut sent = BaseRecord::with_opaque_to(&topic, ticket);
            sent.key = record.key.as_deref();
            sent.payload = record.payload.as_deref();
            sent.headers = bytes::headers(&record.headers);
            match line.producer.send(sent) {
                Ok(()) => desk.in_flight = desk.in_flight.saturating_add(1),
                Err((error, _)) => batch.settle(index, Err(failed(&error))),
            }
        }
    }
}

fn failed(error: &KafkaError) -> AppendError {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::QueueFull) => AppendError::Full,
        Some(RDKafkaErrorCode::MessageSizeTooLarge) => AppendError::TooLarge,
        _ => AppendError::Unconfirmed(error.to_string()),
    }
}
