//! Reading whole topics, as operators do: owning nothing and moving nothing.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::log::{Arrived, ConsumeError, Log, Topic};

/// Records read at once.
const TOGETHER: usize = 2000;

/// Hands on every record of a topic from these offsets on, a partition after the other;
/// answers the offsets to go on from.
///
/// # Errors
/// When the log cannot be read.
pub async fn each_record(
    log: &dyn Log,
    topic: Topic,
    mut from: Offsets,
    each: &mut (dyn FnMut(Arrived) + Send),
) -> Result<Offsets, ConsumeError> {
    for partition in 0..log.partitions(topic).await? {
        each_record_of(log, topic, partition, &mut from, each).await?;
    }
    Ok(from)
}

/// The same of one partition.
///
/// # Errors
/// When the log cannot be read.
pub async fn each_record_of(
    log: &dyn Log,
    topic: Topic,
    partition: u32,
    from: &mut Offsets,
    each: &mut (dyn FnMut(Arrived) + Send),
) -> Result<(), ConsumeError> {
    let next = from.0.entry(partition).or_default();
    loop {
        let records = log.read(topic, partition, *next, TOGETHER).await?;
        let Some(last) = records.last() else {
            return Ok(());
        };
        *next = last.position.offset.saturating_add(1);
        records.into_iter().for_each(&mut *each);
    }
}

/// The offset to read next, by partition; none read yet: from the beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offsets(BTreeMap<u32, i64>);

/// The last record of every key of a compacted topic.
///
/// # Errors
/// When the log cannot be read.
pub async fn latest(log: &dyn Log, topic: Topic) -> Result<BTreeMap<String, Bytes>, ConsumeError> {
    let mut latest = BTreeMap::new();
    let mut keep = |record: Arrived| {
        let Some(key) = record.key_text().map(str::to_owned) else {
            return;
        };
        match record.payload {
            Some(payload) => latest.insert(key, payload),
            None => latest.remove(&key),
        };
    };
    each_record(log, topic, Offsets::default(), &mut keep).await?;
    Ok(latest)
}

/// Whether a topic holds anything.
///
/// # Errors
/// When the log cannot be read.
pub async fn holds_any(log: &dyn Log, topic: Topic) -> Result<bool, ConsumeError> {
    for partition in 0..log.partitions(topic).await? {
        if !log.read(topic, partition, 0, 1).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The last record of one key of a compacted topic.
///
/// # Errors
/// When the log cannot be read.
pub async fn find(log: &dyn Log, topic: Topic, key: &str) -> Result<Option<Bytes>, ConsumeError> {
    let mut found = None;
    let mut look = |record: Arrived| {
        if record.key.as_deref() == Some(key.as_bytes()) {
            found = record.payload;
        }
    };
    each_record(log, topic, Offsets::default(), &mut look).await?;
    Ok(found)
}
