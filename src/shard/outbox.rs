//! What the next commit will write, until it is confirmed.

use std::collections::HashMap;

use bytes::Bytes;

use crate::log::{Cleanup, Commit, Record, Topic};

/// Records and the source offset that wait for the next commit.
///
/// A commit that was not confirmed is written again in full, so nothing leaves the outbox
/// before its commit has succeeded.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    appended: Vec<Record>,
    newest: HashMap<(Topic, Bytes), Record>,
    next_offset: Option<i64>,
}

impl Outbox {
    /// Adds a record; of a compacted topic it replaces the one of the same key.
    pub(super) fn write(&mut self, record: Record) {
        match (record.topic.cleanup(), &record.key) {
            (Cleanup::Compact, Some(key)) => {
                self.newest.insert((record.topic, key.clone()), record);
            }
            (Cleanup::Compact, None) | (Cleanup::Delete(_), _) => self.appended.push(record),
        }
    }

    /// Notes that the source record at an offset is reflected in what was written.
    pub(super) fn reflects(&mut self, offset: i64) {
        self.next_offset = Some(offset.saturating_add(1));
    }

    /// How much waits.
    pub(super) fn len(&self) -> usize {
        self.appended.len().saturating_add(self.newest.len())
    }

    /// Whether a commit would change anything.
    pub(super) fn is_empty(&self) -> bool {
        self.next_offset.is_none() && self.len() == 0
    }

    /// The commit to try.
    pub(super) fn commit(&self) -> Commit {
        let newest = self.newest.values();
        Commit {
            records: self.appended.iter().chain(newest).cloned().collect(),
            next_offset: self.next_offset,
        }
    }

    /// Forgets what is committed.
    pub(super) fn clear(&mut self) {
        self.appended.clear();
        self.newest.clear();
        self.next_offset = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Provider;

    #[test]
    fn of_a_compacted_topic_only_the_last_record_of_a_key_is_written() {
        let mut outbox = Outbox::default();
        let outcomes = Topic::Outcomes(Provider::StartExam);
        for payload in ["1", "2"] {
            outbox.write(Record::new(Topic::People, "e-1", payload));
            outbox.write(Record::new(outcomes, "e-1", payload));
        }
        outbox.reflects(41);
        let commit = outbox.commit();
        assert_eq!(commit.next_offset, Some(42));
        let people: Vec<_> = commit
            .records
            .iter()
            .filter(|record| record.topic == Topic::People)
            .map(|record| record.payload.as_deref())
            .collect();
        assert_eq!(people, [Some(b"2".as_slice())]);
        assert_eq!(commit.records.len(), 3);
    }

    #[test]
    fn a_commit_stays_until_it_is_confirmed() {
        let mut outbox = Outbox::default();
        outbox.write(Record::new(Topic::People, "e-1", "1"));
        assert_eq!(outbox.commit().records.len(), 1);
        assert_eq!(outbox.commit().records.len(), 1);
        outbox.clear();
        assert!(outbox.is_empty());
    }
}
