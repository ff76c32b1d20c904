//! A log in memory: topics, compaction, atomic commits with a note, fencing. One partition.

use std::collections::BTreeMap;

use hris_relay::log::{Arrived, Cleanup, Commit, Group, Position, Record, Topic};
use hris_relay::mutation::{Mutation, is_on};
use jiff::Timestamp;

/// What a stage has committed.
#[derive(Debug, Default)]
pub(crate) struct Committed {
    pub(crate) offset: Option<i64>,
    pub(crate) note: Option<String>,
    /// Raised by every takeover; a commit of an earlier one is refused.
    epoch: u64,
}

/// The topics, and what the stages have committed.
#[derive(Debug, Default)]
pub(crate) struct Log {
    topics: BTreeMap<Topic, Kept>,
    groups: BTreeMap<String, Committed>,
}

/// A topic's records; compaction leaves gaps between their offsets.
#[derive(Debug, Default)]
struct Kept {
    records: Vec<Arrived>,
    end: i64,
}

impl Log {
    pub(crate) fn append(&mut self, record: Record, now: Timestamp) {
        let topic = self.topics.entry(record.topic).or_default();
        let position = Position {
            topic: record.topic,
            partition: 0,
            offset: topic.end,
        };
        topic.end += 1;
        topic.records.push(Arrived {
            position,
            appended_at: now,
            key: record.key,
            headers: record.headers,
            payload: record.payload,
        });
    }

    /// The first record of a topic at an offset or behind it.
    pub(crate) fn next(&self, topic: Topic, from: i64) -> Option<&Arrived> {
        let kept = self.topics.get(&topic)?;
        let index = kept
            .records
            .partition_point(|record| record.position.offset < from);
        kept.records.get(index)
    }

    /// Records of a topic in an interval of offsets.
    pub(crate) fn read(
        &self,
        topic: Topic,
        from: i64,
        before: i64,
    ) -> impl Iterator<Item = &Arrived> {
        let records = self
            .topics
            .get(&topic)
            .map_or(&[][..], |kept| &kept.records);
        let inside = move |record: &&Arrived| (from..before).contains(&record.position.offset);
        records.iter().filter(inside)
    }

    pub(crate) fn end(&self, topic: Topic) -> i64 {
        self.topics.get(&topic).map_or(0, |kept| kept.end)
    }

    /// The last record of a key.
    pub(crate) fn last(&self, topic: Topic, key: &str) -> Option<&Arrived> {
        let records = &self.topics.get(&topic)?.records;
        records
            .iter()
            .rev()
            .find(|record| record.key.as_deref() == Some(key.as_bytes()))
    }

    /// Forgets, of compacted topics, what a later record of the same key replaces.
    pub(crate) fn compact(&mut self) {
        for (topic, kept) in &mut self.topics {
            if topic.cleanup() != Cleanup::Compact {
                continue;
            }
            let mut newest = BTreeMap::new();
            for record in &kept.records {
                newest.insert(record.key.clone(), record.position.offset);
            }
            kept.records
                .retain(|record| newest[&record.key] == record.position.offset);
        }
    }

    pub(crate) fn committed(&mut self, group: Group) -> &mut Committed {
        self.groups.entry(group.to_string()).or_default()
    }

    /// A new owner of a stage: whoever owned it before is fenced from now on.
    pub(crate) fn take_over(&mut self, group: Group) -> u64 {
        let committed = self.committed(group);
        committed.epoch += 1;
        committed.epoch
    }

    /// All of it or nothing; says whether the owner is still the owner.
    pub(crate) fn commit(
        &mut self,
        group: Group,
        epoch: u64,
        commit: &Commit,
        now: Timestamp,
    ) -> bool {
        let committed = self.committed(group);
        if committed.epoch != epoch && !is_on(Mutation::FencingIgnored) {
            return false;
        }
        if let Some(next) = commit.next_offset {
            committed.offset = Some(next);
        }
        // A note is kept only together with an offset.
        if committed.offset.is_some() {
            committed.note = Some(commit.note.clone());
        }
        for record in &commit.records {
            self.append(record.clone(), now);
        }
        true
    }
}
