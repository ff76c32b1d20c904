//! Claims about owning partitions.

use std::sync::Arc;
use std::time::Duration;

use hris_relay::log::{Commit, CommitError, ConsumeError, Delivery, Log, Partition, Record};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    Joined, STAGE, STATE, append, commit, event, everything, in_time, join, number, readable,
    record,
};
use crate::support::logs::Place;

pub async fn an_owner_reads_its_partition_in_order(place: Arc<dyn Place>) {
    let log = place.open().await;
    let mut last = append(&*log, event("e-17", 0)).await;
    for number in 1..100 {
        last = append(&*log, event("e-17", number)).await;
    }
    let mut joined = join(&*log).await;
    let mut partition = joined.take(last.partition);
    for expected in 0..100 {
        let record = record(&mut *partition).await;
        assert_eq!(number(&record), expected);
        assert_eq!(record.position.topic, STAGE.source);
    }
    in_time(partition.release()).await;
    joined.leave().await;
}

pub async fn an_owner_waits_and_is_woken_by_an_append(place: Arc<dyn Place>) {
    let (log, other) = (place.open().await, place.open().await);
    let mut joined = join(&*log).await;
    let position = append(&*log, event("e-17", 1)).await;
    let mut partition = joined.take(position.partition);
    assert_eq!(number(&record(&mut *partition).await), 1);
    for (writer, expected) in [(&log, 2), (&other, 3)] {
        let (woken, _) = tokio::join!(record(&mut *partition), async {
            tokio::task::yield_now().await;
            append(&**writer, event("e-17", expected)).await
        });
        assert_eq!(number(&woken), expected, "whichever process wrote it");
    }
    in_time(partition.release()).await;
    joined.leave().await;
}

pub async fn a_cancelled_wait_loses_no_record(place: Arc<dyn Place>) {
    let log = place.open().await;
    let mut joined = join(&*log).await;
    let position = append(&*log, event("e-17", 0)).await;
    let mut partition = joined.take(position.partition);
    for number in 1..30 {
        append(&*log, event("e-17", number)).await;
    }
    let mut numbers = Vec::new();
    let mut patience = Duration::ZERO;
    while numbers.len() < 30 {
        // Grows, so that waits are cut off at different moments and the last ones are not.
        patience += Duration::from_micros(100);
        if let Ok(delivery) = tokio::time::timeout(patience, partition.next()).await {
            match delivery.unwrap() {
                Delivery::Record(record) => numbers.push(number(&record)),
                ended @ (Delivery::Revoked | Delivery::Lost) => panic!("{ended:?}"),
            }
        }
    }
    assert_eq!(numbers, (0..30).collect::<Vec<_>>());
    in_time(partition.release()).await;
    joined.leave().await;
}

/// Ten events of one key, of which an owner has read six and committed three.
async fn half_way(log: &dyn Log) -> (Joined, Box<dyn Partition>, i64) {
    let mut positions = Vec::new();
    for number in 0..10 {
        positions.push(append(log, event("e-17", number)).await);
    }
    let mut joined = join(log).await;
    let mut partition = joined.take(positions[0].partition);
    for _ in 0..6 {
        record(&mut *partition).await;
    }
    let next = positions[3].offset;
    commit(&mut *partition, next, vec![Record::new(STATE, "e-17", "3")]).await;
    (joined, partition, next)
}

async fn resumes(log: &dyn Log, index: u32, next: i64) {
    let mut joined = join(log).await;
    let mut partition = joined.take(index);
    assert_eq!(partition.committed(), Some(next));
    let resumed = record(&mut *partition).await;
    assert_eq!(resumed.position.offset, next);
    assert_eq!(number(&resumed), 3);
    in_time(partition.release()).await;
    joined.leave().await;
}

pub async fn an_owner_resumes_behind_its_commit_after_a_release(place: Arc<dyn Place>) {
    let log = place.open().await;
    let (joined, partition, next) = half_way(&*log).await;
    let index = partition.index();
    in_time(partition.release()).await;
    joined.leave().await;
    resumes(&*log, index, next).await;
}

pub async fn an_owner_resumes_behind_its_commit_after_an_unclean_end(place: Arc<dyn Place>) {
    let log = place.open().await;
    let (joined, partition, next) = half_way(&*log).await;
    let index = partition.index();
    drop(partition);
    drop(joined);
    drop(log);
    resumes(&*place.open().await, index, next).await;
}

pub async fn a_replaced_owner_is_fenced_and_what_it_wrote_is_not_read(place: Arc<dyn Place>) {
    let (first, second) = (place.open().await, place.open().await);
    let (joined, mut replaced, next) = half_way(&*first).await;
    // The membership ends, the owner does not know yet.
    drop(joined);
    let mut joined = join(&*second).await;
    let mut partition = joined.take(replaced.index());
    assert_eq!(partition.committed(), Some(next));
    let before = readable(&*second, STATE, 1).await;
    let late = Commit {
        records: vec![Record::new(STATE, "e-17", "666")],
        next_offset: Some(next + 2),
        note: "a note".to_owned(),
    };
    let refused = in_time(replaced.commit(late)).await.unwrap_err();
    assert!(matches!(refused, CommitError::Fenced), "{refused}");
    assert_eq!(everything(&*second, STATE).await, before);
    let index = partition.index();
    let committed = second
        .committed(STAGE.group, STAGE.source, index)
        .await
        .unwrap();
    assert_eq!(committed, Some(next));
    commit(
        &mut *partition,
        next + 1,
        vec![Record::new(STATE, "e-18", "4")],
    )
    .await;
    let states = readable(&*second, STATE, before.len() + 1).await;
    assert_eq!(number(states.last().unwrap()), 4, "the new owner commits");
    drop(replaced);
    in_time(partition.release()).await;
    joined.leave().await;
}

/// Reads until the partition is taken away or the owner must stop, then commits what it
/// read, and lets go. Answers the partition and the offset it committed.
async fn owns(mut partition: Box<dyn Partition>, stop: CancellationToken) -> (u32, i64) {
    let mut next = partition.committed().unwrap_or(0);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            delivery = partition.next() => match delivery.unwrap() {
                Delivery::Record(record) => next = record.position.offset + 1,
                Delivery::Revoked => break,
                Delivery::Lost => panic!("a partition that is revoked is not lost"),
            },
        }
    }
    commit(&mut *partition, next, Vec::new()).await;
    let index = partition.index();
    in_time(partition.release()).await;
    (index, next)
}

pub async fn a_partition_is_handed_over_with_its_last_commit(place: Arc<dyn Place>) {
    let (first, second) = (place.open().await, place.open().await);
    for number in 0..20 {
        append(&*first, event(&format!("e-{number}"), number)).await;
    }
    let Joined { member, partitions } = join(&*first).await;
    let count = partitions.len();
    let stop = CancellationToken::new();
    let mut owners = JoinSet::new();
    for partition in partitions.into_values() {
        owners.spawn(owns(partition, stop.clone()));
    }
    let mut taken = Vec::new();
    let mut given = Vec::new();
    let mut heir = match in_time(second.join(STAGE)).await {
        Err(ConsumeError::Held { holder, .. }) => {
            // One machine has one owner: the first must leave before.
            assert_eq!(holder, std::process::id().to_string());
            None
        }
        joined => Some(joined.unwrap()),
    };
    if let Some(heir) = &mut heir {
        taken.push(in_time(heir.next()).await.unwrap().unwrap());
        given.push(in_time(owners.join_next()).await.unwrap().unwrap());
    }
    stop.cancel();
    given.extend(in_time(owners.join_all()).await);
    in_time(member.leave()).await;
    let mut heir = match heir {
        Some(heir) => heir,
        None => in_time(second.join(STAGE)).await.unwrap(),
    };
    while taken.len() < count {
        taken.push(in_time(heir.next()).await.unwrap().unwrap());
    }
    for partition in taken {
        let (_, next) = given
            .iter()
            .find(|(index, _)| *index == partition.index())
            .unwrap();
        assert_eq!(partition.committed(), Some(*next));
        in_time(partition.release()).await;
    }
    in_time(heir.leave()).await;
}
