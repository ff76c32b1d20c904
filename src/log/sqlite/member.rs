//! Owning the one partition of a topic in the embedded log.

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use super::owner::Lock;
use super::reader::Reader;
use super::watch::Seen;
use super::writer::{Owner, Refused, Work, Writer, Written};
use crate::log::{
    Arrived, Commit, CommitError, ConsumeError, Delivery, Member, Partition, Topic, record,
};

/// Records read together.
const TOGETHER: usize = 500;

/// The membership: whoever holds the lock.
#[derive(Debug)]
pub(super) struct SqliteMember {
    pub(super) first: Option<SqlitePartition>,
    pub(super) owner: Owner,
    pub(super) seen: watch::Receiver<Seen>,
    pub(super) _lock: Lock,
}

#[async_trait]
impl Member for SqliteMember {
    async fn next(&mut self) -> Result<Option<Box<dyn Partition>>, ConsumeError> {
        if let Some(partition) = self.first.take() {
            return Ok(Some(Box::new(partition)));
        }
        replaced(&mut self.seen, self.owner).await;
        Ok(None)
    }

    async fn leave(self: Box<Self>) {}
}

/// Returns when another owner has taken the group, or the log is gone.
async fn replaced(seen: &mut watch::Receiver<Seen>, owner: Owner) {
    let group = owner.group.to_string();
    drop(seen.wait_for(|seen| seen.epoch(&group) > owner.epoch).await);
}

/// The one partition.
#[derive(Debug)]
pub(super) struct SqlitePartition {
    pub(super) owner: Owner,
    /// The source topic's number.
    pub(super) topic: i64,
    pub(super) committed: Option<i64>,
    pub(super) note: Option<String>,
    /// The offset to read next.
    pub(super) next: i64,
    pub(super) read: VecDeque<Arrived>,
    pub(super) writer: Arc<Writer>,
    pub(super) reader: Arc<Reader>,
    pub(super) seen: watch::Receiver<Seen>,
}

#[async_trait]
impl Partition for SqlitePartition {
    fn index(&self) -> u32 {
        0
    }

    fn committed(&self) -> Option<i64> {
        self.committed
    }

    fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    fn owns(&self, _key: &[u8]) -> bool {
        true
    }

    async fn source_bounds(&mut self) -> Result<(i64, i64), ConsumeError> {
        // Retention never forgets what a group has not consumed.
        let end = self.reader.end(self.owner.source).await?;
        Ok((0, end))
    }

    async fn restore(
        &mut self,
        topic: Topic,
        before: Option<i64>,
        each: &mut (dyn FnMut(Arrived) + Send),
    ) -> Result<(), ConsumeError> {
        let end = self.reader.end(topic).await?;
        let end = before.map_or(end, |before| before.min(end));
        let mut from = 0;
        while from < end {
            let (records, next) = self.reader.records(topic, from, end, TOGETHER).await?;
            records.into_iter().for_each(&mut *each);
            from = next;
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Delivery, ConsumeError> {
        let group = self.owner.group.to_string();
        loop {
            let (is_replaced, end) = {
                let seen = self.seen.borrow_and_update();
                (seen.epoch(&group) > self.owner.epoch, seen.end(self.topic))
            };
            if is_replaced {
                return Ok(Delivery::Lost);
            }
            if let Some(record) = self.read.pop_front() {
                return Ok(Delivery::Record(record));
            }
            if self.next < end {
                let source = self.owner.source;
                let (records, next) = self
                    .reader
                    .records(source, self.next, end, TOGETHER)
                    .await?;
                self.next = next;
                self.read.extend(records);
            } else if self.seen.changed().await.is_err() {
                return Err(ConsumeError::Unreadable("the log is closed".to_owned()));
            }
        }
    }

    async fn commit(&mut self, commit: Commit) -> Result<(), CommitError> {
        record::check(&commit.records)
            .map_err(|error| CommitError::Unconfirmed(error.to_string()))?;
        match self.writer.write(Work::Commit(self.owner, commit)).await {
            Ok(Written::Fenced) => Err(CommitError::Fenced),
            Ok(_) => Ok(()),
            Err(Refused::Full) => Err(CommitError::Unconfirmed("the queue is full".to_owned())),
            Err(Refused::Closed) => Err(CommitError::Unconfirmed("the log is closed".to_owned())),
            Err(Refused::Failed(reason)) => Err(CommitError::Unconfirmed(reason)),
        }
    }

    async fn release(self: Box<Self>) {}
}
