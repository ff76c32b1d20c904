//! Claims about commits and restoring.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hris_relay::log::record::LARGEST;
use hris_relay::log::{Commit, CommitError, LONGEST_NOTE, Record};

use super::{
    OUTCOMES, STAGE, STATE, append, commit, event, everything, in_time, join, number, readable,
    record, restored, text,
};
use crate::support::logs::Place;

pub async fn records_and_offset_are_committed_together(place: Arc<dyn Place>) {
    let log = place.open().await;
    let position = append(&*log, event("e-17", 1)).await;
    let mut joined = join(&*log).await;
    let mut partition = joined.take(position.partition);
    assert_eq!(partition.committed(), None);
    let group = (STAGE.group, STAGE.source, position.partition);
    assert_eq!(
        log.committed(group.0, group.1, group.2).await.unwrap(),
        None
    );
    assert_eq!(record(&mut *partition).await.position, position);
    let records = vec![
        Record::new(STATE, "e-17", "1"),
        Record::new(OUTCOMES, "e-17", "2"),
    ];
    commit(&mut *partition, position.offset + 1, records).await;
    let other = place.open().await;
    let committed = other.committed(group.0, group.1, group.2).await.unwrap();
    assert_eq!(committed, Some(position.offset + 1));
    readable(&*other, STATE, 1).await;
    readable(&*other, OUTCOMES, 1).await;
    in_time(partition.release()).await;
    joined.leave().await;
}

pub async fn a_commit_without_an_offset_moves_none(place: Arc<dyn Place>) {
    let log = place.open().await;
    let mut joined = join(&*log).await;
    let mut partition = joined.take(0);
    let said = Commit {
        records: vec![Record::new(OUTCOMES, "e-17", "1")],
        next_offset: None,
        note: "a note".to_owned(),
    };
    in_time(partition.commit(said)).await.unwrap();
    in_time(partition.commit(Commit::default())).await.unwrap();
    assert_eq!(
        log.committed(STAGE.group, STAGE.source, 0).await.unwrap(),
        None
    );
    readable(&*log, OUTCOMES, 1).await;
    in_time(partition.release()).await;
    joined.leave().await;
}

pub async fn a_refused_commit_writes_neither_records_nor_offset(place: Arc<dyn Place>) {
    let log = place.open().await;
    let position = append(&*log, event("e-17", 1)).await;
    let mut joined = join(&*log).await;
    let mut partition = joined.take(position.partition);
    let said = Commit {
        records: vec![
            Record::new(STATE, "e-17", "1"),
            Record::new(STATE, "e-17", vec![0; LARGEST]),
        ],
        next_offset: Some(position.offset + 1),
        note: "a note".to_owned(),
    };
    let refused = in_time(partition.commit(said)).await.unwrap_err();
    assert!(matches!(refused, CommitError::Unconfirmed(_)), "{refused}");
    let group = (STAGE.group, STAGE.source, position.partition);
    assert_eq!(
        log.committed(group.0, group.1, group.2).await.unwrap(),
        None
    );
    assert_eq!(everything(&*log, STATE).await, []);
    let records = vec![Record::new(STATE, "e-17", "2")];
    commit(&mut *partition, position.offset + 1, records).await;
    let taken = readable(&*log, STATE, 1).await;
    assert_eq!(number(&taken[0]), 2, "the next one is taken");
    in_time(partition.release()).await;
    joined.leave().await;
}

pub async fn a_committed_record_is_in_the_owners_partition(place: Arc<dyn Place>) {
    let log = place.open().await;
    let mut joined = join(&*log).await;
    let mut expected = BTreeMap::new();
    for number in 0..12 {
        let key = format!("e-{number}");
        let position = append(&*log, event(&key, number)).await;
        let partition = joined.partitions.get_mut(&position.partition).unwrap();
        let records = vec![Record::new(STATE, &key, number.to_string())];
        commit(&mut **partition, position.offset + 1, records).await;
        expected.insert(key, position.partition);
    }
    joined.leave().await;
    // The next owner finds it all.
    let mut joined = join(&*log).await;
    let mut found = BTreeMap::new();
    for (index, partition) in &mut joined.partitions {
        for record in restored(&mut **partition, STATE, None).await {
            found.insert(text(record.key.as_ref()), *index);
        }
    }
    assert_eq!(found, expected);
    joined.leave().await;
}

pub async fn a_compacted_topic_restores_the_last_record_of_each_key(place: Arc<dyn Place>) {
    let log = place.open().await;
    let mut joined = join(&*log).await;
    let mut partition = joined.take(0);
    let mut forget = Record::new(STATE, "b", "");
    forget.payload = None;
    for records in [
        vec![Record::new(STATE, "a", "1"), Record::new(STATE, "b", "2")],
        vec![Record::new(STATE, "a", "3"), forget],
        vec![Record::new(STATE, "c", "4")],
    ] {
        let next_offset = None;
        in_time(partition.commit(Commit {
            records,
            next_offset,
            note: "a note".to_owned(),
        }))
        .await
        .unwrap();
    }
    in_time(partition.release()).await;
    joined.leave().await;
    let mut joined = join(&*log).await;
    let mut partition = joined.take(0);
    let mut last = BTreeMap::new();
    let records = restored(&mut *partition, STATE, None).await;
    assert!(records.is_sorted_by_key(|record| record.position.offset));
    for record in records {
        assert_eq!(record.position.partition, 0);
        let key = text(record.key.as_ref());
        match &record.payload {
            Some(_) => drop(last.insert(key, number(&record))),
            None => drop(last.remove(&key)),
        }
    }
    assert_eq!(
        last,
        BTreeMap::from([("a".to_owned(), 3), ("c".to_owned(), 4)])
    );
    in_time(partition.release()).await;
    joined.leave().await;
}

pub async fn restoring_stops_before_the_offset_asked_for(place: Arc<dyn Place>) {
    let log = place.open().await;
    let mut last = append(&*log, event("e-17", 0)).await;
    let first = last;
    for number in 1..6 {
        last = append(&*log, event("e-17", number)).await;
    }
    let mut joined = join(&*log).await;
    let mut partition = joined.take(first.partition);
    for (before, expected) in [
        (Some(first.offset), vec![]),
        (Some(first.offset + 4), vec![0, 1, 2, 3]),
        (Some(last.offset + 100), vec![0, 1, 2, 3, 4, 5]),
        (None, vec![0, 1, 2, 3, 4, 5]),
    ] {
        let records = restored(&mut *partition, STAGE.source, before).await;
        let numbers: Vec<_> = records.iter().map(number).collect();
        assert_eq!(numbers, expected, "{before:?}");
    }
    in_time(partition.release()).await;
    joined.leave().await;
}

pub async fn an_empty_partition_restores_at_once(place: Arc<dyn Place>) {
    let log = place.open().await;
    let mut joined = join(&*log).await;
    let mut partition = joined.take(0);
    let started = Instant::now();
    assert_eq!(restored(&mut *partition, STATE, None).await, []);
    assert_eq!(restored(&mut *partition, STATE, Some(10)).await, []);
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
    in_time(partition.release()).await;
    joined.leave().await;
}

pub async fn a_note_is_read_by_the_next_owner_beside_the_offset(place: Arc<dyn Place>) {
    let log = place.open().await;
    let position = append(&*log, event("e-17", 1)).await;
    let mut joined = join(&*log).await;
    let mut partition = joined.take(position.partition);
    assert_eq!(partition.note(), None);
    let longest = "n".repeat(LONGEST_NOTE);
    for (next_offset, note) in [
        (Some(position.offset + 1), "the first"),
        (None, longest.as_str()),
    ] {
        let said = Commit {
            records: Vec::new(),
            next_offset,
            note: note.to_owned(),
        };
        in_time(partition.commit(said)).await.unwrap();
    }
    in_time(partition.release()).await;
    joined.leave().await;
    let (group, source) = (STAGE.group, STAGE.source);
    let noted = log.noted(group, source, position.partition).await.unwrap();
    assert_eq!(noted.as_ref(), Some(&longest));
    let mut joined = join(&*log).await;
    let partition = joined.take(position.partition);
    assert_eq!(partition.note(), Some(longest.as_str()));
    assert_eq!(partition.committed(), Some(position.offset + 1));
    in_time(partition.release()).await;
    joined.leave().await;
}

pub async fn a_partition_owns_the_keys_that_are_appended_to_it(place: Arc<dyn Place>) {
    let log = place.open().await;
    let joined = join(&*log).await;
    for number in 0..20 {
        let key = format!("e-{number}");
        let position = append(&*log, event(&key, number)).await;
        let owners = joined
            .partitions
            .values()
            .filter(|p| p.owns(key.as_bytes()));
        let owners: Vec<u32> = owners.map(|partition| partition.index()).collect();
        assert_eq!(owners, [position.partition]);
    }
    joined.leave().await;
}

pub async fn an_owner_knows_where_its_source_ends(place: Arc<dyn Place>) {
    let log = place.open().await;
    let position = append(&*log, event("e-17", 1)).await;
    let mut joined = join(&*log).await;
    let mut partition = joined.take(position.partition);
    let (start, end) = in_time(partition.source_bounds()).await.unwrap();
    assert_eq!((start, end), (0, position.offset + 1));
    in_time(partition.release()).await;
    joined.leave().await;
}
