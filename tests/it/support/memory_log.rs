//! A log in memory that appends, reads, and fails when told to.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use hris_relay::log::{
    AppendError, Arrived, Commit, CommitError, ConsumeError, Delivery, Group, Log, Member,
    Partition, Position, Record, Stage, Topic,
};
use jiff::Timestamp;

/// What the next appends do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// They are durable at once.
    Takes,
    /// They are not confirmed.
    Unconfirmed,
    /// Too much waits to be written.
    Full,
    /// It was closed.
    Closed,
    /// The record is larger than it takes.
    TooLarge,
    /// They never answer.
    Hangs,
}

#[derive(Debug)]
pub(crate) struct MemoryLog {
    records: Mutex<Vec<Record>>,
    mood: Mutex<Mood>,
    asked: AtomicUsize,
}

impl MemoryLog {
    pub(crate) fn new() -> Self {
        Self {
            records: Mutex::new(Vec::new()),
            mood: Mutex::new(Mood::Takes),
            asked: AtomicUsize::new(0),
        }
    }

    pub(crate) fn feels(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// How many appends it was asked for.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// The records of a topic, in order.
    pub(crate) fn of(&self, topic: Topic) -> Vec<Record> {
        let records = self.records.lock().unwrap();
        records
            .iter()
            .filter(|r| r.topic == topic)
            .cloned()
            .collect()
    }
}

fn only_appends() -> ConsumeError {
    ConsumeError::Unreadable("this log only appends and reads".to_owned())
}

#[async_trait]
impl Log for MemoryLog {
    async fn append(&self, records: Vec<Record>) -> Result<Vec<Position>, AppendError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Takes => {}
            Mood::Unconfirmed => return Err(AppendError::Unconfirmed("no broker".to_owned())),
            Mood::Full => return Err(AppendError::Full),
            Mood::Closed => return Err(AppendError::Closed("on purpose".to_owned())),
            Mood::TooLarge => return Err(AppendError::TooLarge),
            Mood::Hangs => std::future::pending::<()>().await,
        }
        let mut held = self.records.lock().unwrap();
        let append = |record: Record| {
            let topic = record.topic;
            let offset = held.iter().filter(|r| r.topic == topic).count();
            held.push(record);
            Position {
                topic,
                partition: 3,
                offset: i64::try_from(offset).unwrap(),
            }
        };
        Ok(records.into_iter().map(append).collect())
    }

    /// While it hangs, one partition whose restore never ends.
    async fn join(&self, _stage: Stage) -> Result<Box<dyn Member>, ConsumeError> {
        if *self.mood.lock().unwrap() == Mood::Hangs {
            Ok(Box::new(Hanging {
                partition: Some(Endless),
            }))
        } else {
            Err(only_appends())
        }
    }

    async fn partitions(&self, _topic: Topic) -> Result<u32, ConsumeError> {
        Ok(1)
    }

    async fn read(
        &self,
        topic: Topic,
        _partition: u32,
        from: i64,
        most: usize,
    ) -> Result<Vec<Arrived>, ConsumeError> {
        let skipped = usize::try_from(from).unwrap();
        let arrived = |(offset, record): (usize, Record)| Arrived {
            position: Position {
                topic,
                partition: 3,
                offset: i64::try_from(offset).unwrap(),
            },
            appended_at: Timestamp::UNIX_EPOCH,
            key: record.key,
            headers: record.headers,
            payload: record.payload,
        };
        let records = self.of(topic).into_iter().enumerate();
        Ok(records.skip(skipped).take(most).map(arrived).collect())
    }

    async fn committed(
        &self,
        _group: Group,
        _source: Topic,
        _partition: u32,
    ) -> Result<Option<i64>, ConsumeError> {
        Ok(None)
    }

    async fn noted(
        &self,
        _group: Group,
        _source: Topic,
        _partition: u32,
    ) -> Result<Option<String>, ConsumeError> {
        Ok(None)
    }

    async fn create_topics(&self, _topics: &[Topic]) -> Result<Vec<String>, ConsumeError> {
        Ok(Vec::new())
    }

    async fn is_ready(&self) -> bool {
        *self.mood.lock().unwrap() == Mood::Takes
    }

    async fn close(&self) {}

    fn describe(&self) -> String {
        "memory".to_owned()
    }
}

struct Hanging {
    partition: Option<Endless>,
}

#[async_trait]
impl Member for Hanging {
    async fn next(&mut self) -> Result<Option<Box<dyn Partition>>, ConsumeError> {
        match self.partition.take() {
            Some(partition) => Ok(Some(Box::new(partition))),
            None => std::future::pending().await,
        }
    }

    async fn leave(self: Box<Self>) {}
}

/// A partition that is being restored for ever.
struct Endless;

#[async_trait]
impl Partition for Endless {
    fn index(&self) -> u32 {
        3
    }

    fn committed(&self) -> Option<i64> {
        None
    }

    fn note(&self) -> Option<&str> {
        None
    }

    fn owns(&self, _key: &[u8]) -> bool {
        true
    }

    async fn source_bounds(&mut self) -> Result<(i64, i64), ConsumeError> {
        std::future::pending().await
    }

    async fn restore(
        &mut self,
        _topic: Topic,
        _before: Option<i64>,
        _each: &mut (dyn FnMut(Arrived) + Send),
    ) -> Result<(), ConsumeError> {
        std::future::pending().await
    }

    async fn next(&mut self) -> Result<Delivery, ConsumeError> {
        std::future::pending().await
    }

    async fn commit(&mut self, _commit: Commit) -> Result<(), CommitError> {
        std::future::pending().await
    }

    async fn release(self: Box<Self>) {}
}
