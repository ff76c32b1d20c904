//! What the next commit will write, until it is confirmed.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::log::{Cleanup, Record, Topic};

/// Records that wait for the next commit, and whether the source offset moved.
///
/// A commit that was not confirmed is written again in full, so nothing leaves the outbox
/// before its commit has succeeded.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    appended: Vec<Record>,
    newest: BTreeMap<(Topic, Bytes), Record>,
    has_moved: bool,
    /// The trace of the record that is being taken.
    trace: Vec<(&'static str, Bytes)>,
}

impl Outbox {
    /// Adds a record; of a compacted topic it replaces the one of the same key.
    pub(super) fn write(&mut self, mut record: Record) {
        if !self.trace.is_empty() && record.topic.is_traced() {
            record.belongs_to(self.trace.iter().cloned());
        }
        match (record.topic.cleanup(), &record.key) {
            (Cleanup::Compact, Some(key)) => {
                self.newest.insert((record.topic, key.clone()), record);
            }
            (Cleanup::Compact, None) | (Cleanup::Delete(_), _) => self.appended.push(record),
        }
    }

    /// From now on what is written belongs to this trace.
    pub(super) fn follow(&mut self, trace: Vec<(&'static str, Bytes)>) {
        self.trace = trace;
    }

    /// Notes that the source offset has moved.
    pub(super) const fn moves(&mut self) {
        self.has_moved = true;
    }

    /// Whether the source offset has moved since.
    pub(super) const fn has_moved(&self) -> bool {
        self.has_moved
    }

    /// Forgets that it has.
    pub(super) const fn stays(&mut self) {
        self.has_moved = false;
    }

    /// How much waits.
    pub(super) fn len(&self) -> usize {
        self.appended.len().saturating_add(self.newest.len())
    }

    /// Whether a commit would change anything.
    pub(super) fn is_empty(&self) -> bool {
        !self.has_moved && self.len() == 0
    }

    /// What the commit to try writes.
    pub(super) fn records(&self) -> Vec<Record> {
        let newest = self.newest.values();
        self.appended.iter().chain(newest).cloned().collect()
    }

    /// Forgets what is committed.
    pub(super) fn clear(&mut self) {
        self.appended.clear();
        self.newest.clear();
        self.has_moved = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Provider;

    #[test]
    fn of_a_compacted_topic_only_the_last_record_of_a_key_is_written() {
        let mut outbox = Outbox::default();
        let outcomes = Topic::Outcomes(Provider::STARTEXAM);
        for payload in ["1", "2"] {
            outbox.write(Record::new(Topic::People, "e-1", payload));
            outbox.write(Record::new(outcomes, "e-1", payload));
        }
        let records = outbox.records();
        let people: Vec<_> = records
            .iter()
            .filter(|record| record.topic == Topic::People)
            .map(|record| record.payload.as_deref())
            .collect();
        assert_eq!(people, [Some(b"2".as_slice())]);
        assert_eq!(records.len(), 3);
    }

    #[test]
    fn a_commit_stays_until_it_is_confirmed() {
        let mut outbox = Outbox::default();
        outbox.write(Record::new(Topic::People, "e-1", "1"));
        outbox.moves();
        assert_eq!(outbox.records().len(), 1);
        assert_eq!(outbox.records().len(), 1);
        outbox.clear();
        assert!(outbox.is_empty());
    }
}
