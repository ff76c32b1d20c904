//! The event log: append, own a partition, restore, commit atomically.
//!
//! In come bytes with a key and headers, out come the same bytes in the order of their
//! partition. It knows no event: what cannot be parsed can still be kept and redriven.
//! Two implementations, `sqlite` (one machine) and `kafka` (many), pass one conformance
//! suite (`tests/it/log_conformance.rs`).
//!
//! The seam's promises:
//! - `append` answers when the records are durable, not before.
//! - a `Commit` of records to any topics, the source offset and a note beside it is atomic.
//! - the commit of an owner that was replaced is refused and writes nothing.
//! - a partition is read in order, and only what was committed is read.
//! - a compacted topic keeps each key's last record.

pub mod kafka;
pub mod record;
pub mod sqlite;
mod sync;
pub mod topic;

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

pub use record::{Arrived, Headers, Position, Record, header};
pub use topic::{Cleanup, Group, Topic};

/// Why records were not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// No confirmation in time. Not confirmed is not "not written": a caller that tries
    /// again must expect a duplicate.
    #[error("the log did not confirm the records: {0}")]
    Unconfirmed(String),
    /// More is waiting to be written than the log may hold.
    #[error("the log's queue is full")]
    Full,
    /// A record is larger than the log takes.
    #[error("a record is larger than the log takes")]
    TooLarge,
    /// The log is closed or broken for good in this process.
    #[error("the log is closed: {0}")]
    Closed(String),
}

impl AppendError {
    /// The stable word for this failure.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unconfirmed(_) => "log_unconfirmed",
            Self::Full => "log_full",
            Self::TooLarge => "log_record_too_large",
            Self::Closed(_) => "log_closed",
        }
    }
}

/// Why a stage cannot own partitions or read.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// Another process holds the role (embedded log only).
    #[error("{role} is held by process {holder}; stop it first")]
    Held {
        /// The role.
        role: String,
        /// The process id of the holder.
        holder: String,
    },
    /// A topic is missing or is not what it must be.
    #[error("topic {topic} {reason}")]
    Topic {
        /// Its name.
        topic: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The log cannot be reached or read.
    #[error("the log cannot be read: {0}")]
    Unreadable(String),
}

/// Why a commit was not taken.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Somebody else owns the partition: forget everything about it.
    #[error("another owner has taken the partition")]
    Fenced,
    /// Not confirmed, and aborted as far as we know: what it said must be said again in
    /// full, by whoever owns the partition next.
    #[error("the log did not confirm the commit: {0}")]
    Unconfirmed(String),
}

/// What one commit writes: all of it or nothing.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// Records to any topics.
    pub records: Vec<Record>,
    /// The offset of the source topic to read next; none: unchanged.
    pub next_offset: Option<i64>,
    /// What the next owner reads beside the offset, at most [`LONGEST_NOTE`] bytes. Kept only
    /// together with an offset, this one or an earlier one.
    pub note: String,
}

/// The longest note beside an offset, in bytes: what a Kafka broker keeps as it comes
/// (`offset.metadata.max.bytes`).
pub const LONGEST_NOTE: usize = 4096;

/// A consumer of one topic that owns whole partitions of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// Its consumer group.
    pub group: Group,
    /// The topic it consumes.
    pub source: Topic,
    /// How long a partition that is taken away may finish its calls in flight.
    pub handover: Duration,
}

/// The event log.
#[async_trait]
pub trait Log: Debug + Send + Sync {
    /// Appends records, in order, and returns when all of them are durable.
    async fn append(&self, records: Vec<Record>) -> Result<Vec<Position>, AppendError>;

    /// Joins a stage's consumer group.
    async fn join(&self, stage: Stage) -> Result<Box<dyn Member>, ConsumeError>;

    /// How many partitions a topic has.
    async fn partitions(&self, topic: Topic) -> Result<u32, ConsumeError>;

    /// Reads committed records of a partition from an offset on, at most `most` of them;
    /// empty at the end. For operators and tests: it owns nothing and moves nothing.
    async fn read(
        &self,
        topic: Topic,
        partition: u32,
        from: i64,
        most: usize,
    ) -> Result<Vec<Arrived>, ConsumeError>;

    /// The source offset a stage has committed, if it has.
    async fn committed(
        &self,
        group: Group,
        source: Topic,
        partition: u32,
    ) -> Result<Option<i64>, ConsumeError>;

    /// What the owner of a partition has noted beside that offset. For operators: it is the
    /// owner's to take back.
    async fn noted(
        &self,
        group: Group,
        source: Topic,
        partition: u32,
    ) -> Result<Option<String>, ConsumeError>;

    /// Creates the topics that are missing and checks those that exist; says what it did,
    /// a line a topic.
    async fn create_topics(&self, topics: &[Topic]) -> Result<Vec<String>, ConsumeError>;

    /// Whether the log would take an append now.
    async fn is_ready(&self) -> bool;

    /// Waits until what was appended is confirmed, and lets go.
    async fn close(&self);

    /// What it is and where, for the start-up line: `sqlite /var/lib/hris-relay/relay.db`.
    fn describe(&self) -> String;
}

/// This process's membership in a consumer group.
#[async_trait]
pub trait Member: Send {
    /// Waits for the next partition this process owns; none once the membership has ended.
    ///
    /// Must be awaited all the time, since it keeps the membership alive. Cancel-safe.
    async fn next(&mut self) -> Result<Option<Box<dyn Partition>>, ConsumeError>;

    /// Leaves the group. Every partition must have been released before.
    async fn leave(self: Box<Self>);
}

/// What a partition's owner hears.
#[derive(Debug)]
pub enum Delivery {
    /// The next record of the source topic.
    Record(Arrived),
    /// The partition goes to somebody else: start nothing, commit what is known, release.
    Revoked,
    /// The partition is gone: forget it, commit nothing.
    Lost,
}

/// One partition that this process owns.
#[async_trait]
pub trait Partition: Send {
    /// Its number.
    fn index(&self) -> u32;

    /// The source offset that was committed for it; none on the first day.
    fn committed(&self) -> Option<i64>;

    /// The note that was committed beside that offset.
    fn note(&self) -> Option<&str>;

    /// Whether a key of a topic that the relay writes belongs to this partition.
    fn owns(&self, key: &[u8]) -> bool;

    /// The first offset the source topic may still have in this partition, and the one behind
    /// its last.
    async fn source_bounds(&mut self) -> Result<(i64, i64), ConsumeError>;

    /// Reads this partition of a topic, up to its end or to the offset `before`, handing
    /// each record on in order. Used before the first `next`.
    async fn restore(
        &mut self,
        topic: Topic,
        before: Option<i64>,
        each: &mut (dyn FnMut(Arrived) + Send),
    ) -> Result<(), ConsumeError>;

    /// Waits for the next record behind the committed offset, or for the end of the
    /// ownership. Cancel-safe.
    async fn next(&mut self) -> Result<Delivery, ConsumeError>;

    /// Commits records and the source offset together. What it wrote can be read a moment
    /// later, and by the partition's next owner in any case.
    async fn commit(&mut self, commit: Commit) -> Result<(), CommitError>;

    /// Lets go after the last commit. Dropping without it is an unclean end.
    async fn release(self: Box<Self>);
}
