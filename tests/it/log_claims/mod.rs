//! What every log promises, as claims on any log, and how the claims talk to one.

mod append;
mod commit;
mod own;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hris_relay::id::Provider;
use hris_relay::log::{
    Arrived, Commit, Delivery, Group, Log, Member, Partition, Position, Record, Stage, Topic,
};

use crate::support::logs::Place;

/// A claim, run in a place of its own.
pub type Claim = fn(Arc<dyn Place>) -> Pin<Box<dyn Future<Output = ()> + Send>>;

macro_rules! claims {
    ($($module:ident: $($claim:ident),* $(,)?);* $(;)?) => {
        /// Every claim with its name.
        pub fn all() -> Vec<(&'static str, Claim)> {
            vec![$($({
                let claim: Claim = |place| Box::pin($module::$claim(place));
                (stringify!($claim), claim)
            },)*)*]
        }
    };
}

claims! {
    append:
        what_was_appended_is_read_by_the_next_process,
        concurrent_appends_are_all_confirmed_at_positions_of_their_own,
        one_append_takes_records_of_many_topics,
        headers_and_missing_parts_survive_byte_for_byte,
        a_record_that_is_too_large_is_refused_and_the_largest_is_not,
        a_compacted_topic_takes_no_record_without_a_key,
        a_key_stays_in_its_partition,
        reading_goes_on_from_any_offset_and_is_empty_at_the_end,
        topics_that_exist_are_left_alone,
        a_closed_log_takes_nothing;
    commit:
        records_and_offset_are_committed_together,
        a_note_is_read_by_the_next_owner_beside_the_offset,
        a_partition_owns_the_keys_that_are_appended_to_it,
        an_owner_knows_where_its_source_ends,
        a_commit_without_an_offset_moves_none,
        a_refused_commit_writes_neither_records_nor_offset,
        a_committed_record_is_in_the_owners_partition,
        a_compacted_topic_restores_the_last_record_of_each_key,
        restoring_stops_before_the_offset_asked_for,
        an_empty_partition_restores_at_once;
    own:
        an_owner_reads_its_partition_in_order,
        an_owner_waits_and_is_woken_by_an_append,
        a_cancelled_wait_loses_no_record,
        an_owner_resumes_behind_its_commit_after_a_release,
        an_owner_resumes_behind_its_commit_after_an_unclean_end,
        a_replaced_owner_is_fenced_and_what_it_wrote_is_not_read,
        a_partition_is_handed_over_with_its_last_commit,
}

/// The stage of the claims.
pub const STAGE: Stage = Stage {
    group: Group::Roster,
    source: Topic::Events,
    handover: Duration::from_secs(10),
};
/// The compacted topic of the claims.
pub const STATE: Topic = Topic::People;
/// Another topic.
pub const OUTCOMES: Topic = Topic::Outcomes(Provider::STARTEXAM);
/// Every topic the claims use.
pub const TOPICS: [Topic; 3] = [STAGE.source, STATE, OUTCOMES];

/// Longer than anything healthy takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(40);

/// Waits no longer than the deadline.
pub async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, what).await.expect("in time")
}

/// An event whose payload is a number.
pub fn event(key: &str, number: usize) -> Record {
    Record::new(STAGE.source, key, number.to_string())
}

/// Appends one record.
pub async fn append(log: &dyn Log, record: Record) -> Position {
    in_time(log.append(vec![record])).await.unwrap()[0]
}

/// A membership with every partition of its source.
pub struct Joined {
    pub member: Box<dyn Member>,
    pub partitions: BTreeMap<u32, Box<dyn Partition>>,
}

impl Joined {
    /// Takes the partition out.
    pub fn take(&mut self, index: u32) -> Box<dyn Partition> {
        self.partitions.remove(&index).unwrap()
    }

    /// Ends cleanly.
    pub async fn leave(mut self) {
        while let Some((_, partition)) = self.partitions.pop_first() {
            in_time(partition.release()).await;
        }
        in_time(self.member.leave()).await;
    }
}

/// Joins alone and waits for every partition.
pub async fn join(log: &dyn Log) -> Joined {
    let member = in_time(log.join(STAGE)).await.unwrap();
    let count = log.partitions(STAGE.source).await.unwrap();
    let mut joined = Joined {
        member,
        partitions: BTreeMap::new(),
    };
    for _ in 0..count {
        let partition = in_time(joined.member.next()).await.unwrap().unwrap();
        joined.partitions.insert(partition.index(), partition);
    }
    joined
}

/// The next record.
pub async fn record(partition: &mut dyn Partition) -> Arrived {
    match in_time(partition.next()).await.unwrap() {
        Delivery::Record(record) => record,
        ended @ (Delivery::Revoked | Delivery::Lost) => panic!("a record, not {ended:?}"),
    }
}

/// Commits the offset behind a record, with more records.
pub async fn commit(partition: &mut dyn Partition, next: i64, records: Vec<Record>) {
    let commit = Commit {
        records,
        next_offset: Some(next),
        note: "a note".to_owned(),
    };
    in_time(partition.commit(commit)).await.unwrap();
}

/// What a restore hands on.
pub async fn restored(
    partition: &mut dyn Partition,
    topic: Topic,
    before: Option<i64>,
) -> Vec<Arrived> {
    let mut records = Vec::new();
    let mut keep = |record| records.push(record);
    in_time(partition.restore(topic, before, &mut keep))
        .await
        .unwrap();
    records
}

/// Everything that can be read of a topic.
pub async fn everything(log: &dyn Log, topic: Topic) -> Vec<Arrived> {
    let mut found = Vec::new();
    for partition in 0..log.partitions(topic).await.unwrap() {
        found.extend(
            in_time(log.read(topic, partition, 0, 10_000))
                .await
                .unwrap(),
        );
    }
    found
}

/// Waits until that many records of a topic can be read: what was committed becomes
/// readable a moment after the commit.
pub async fn readable(log: &dyn Log, topic: Topic, count: usize) -> Vec<Arrived> {
    in_time(async {
        loop {
            let found = everything(log, topic).await;
            if found.len() >= count {
                assert_eq!(found.len(), count, "no more than was committed");
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

/// The payload as a number.
pub fn number(record: &Arrived) -> usize {
    text(record.payload.as_ref()).parse().unwrap()
}

/// Bytes as text.
pub fn text(bytes: Option<&Bytes>) -> String {
    String::from_utf8(bytes.unwrap().to_vec()).unwrap()
}
