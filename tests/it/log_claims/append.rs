//! Claims about appending and reading.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use hris_relay::log::{Headers, Record};
use tokio::task::JoinSet;

use super::{OUTCOMES, STAGE, STATE, TOPICS, append, event, everything, in_time, number};
use crate::support::logs::Place;

pub async fn what_was_appended_is_read_by_the_next_process(place: Arc<dyn Place>) {
    let first = place.open().await;
    let position = append(&*first, event("e-17", 41)).await;
    in_time(first.close()).await;
    drop(first);
    let second = place.open().await;
    let records = everything(&*second, STAGE.source).await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].position, position);
    assert_eq!(number(&records[0]), 41);
    assert_eq!(records[0].key_text(), Some("e-17"));
    let next = append(&*second, event("e-17", 42)).await;
    assert!(next.offset > position.offset, "offsets go on");
}

pub async fn concurrent_appends_are_all_confirmed_at_positions_of_their_own(place: Arc<dyn Place>) {
    const WRITERS: usize = 64;
    const EACH: usize = 5;
    let log = place.open().await;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let log = Arc::clone(&log);
        writers.spawn(async move {
            let mut positions = Vec::new();
            for turn in 0..EACH {
                let record = event(&format!("e-{writer}"), writer * EACH + turn);
                positions.push(append(&*log, record).await);
            }
            assert!(positions.is_sorted_by_key(|position| position.offset));
            positions
        });
    }
    let positions: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    let distinct: BTreeSet<_> = positions
        .iter()
        .map(|position| (position.partition, position.offset))
        .collect();
    assert_eq!(distinct.len(), WRITERS * EACH);
    let read: BTreeSet<_> = everything(&*log, STAGE.source)
        .await
        .iter()
        .map(number)
        .collect();
    assert_eq!(read, (0..WRITERS * EACH).collect());
}

pub async fn one_append_takes_records_of_many_topics(place: Arc<dyn Place>) {
    let log = place.open().await;
    let records = vec![
        event("e-17", 1),
        Record::new(OUTCOMES, "e-17", "2"),
        event("e-17", 3),
    ];
    let positions = in_time(log.append(records)).await.unwrap();
    let topics: Vec<_> = positions.iter().map(|position| position.topic).collect();
    assert_eq!(topics, [STAGE.source, OUTCOMES, STAGE.source]);
    assert_eq!(positions[0].partition, positions[2].partition);
    assert!(positions[0].offset < positions[2].offset);
    assert_eq!(everything(&*log, OUTCOMES).await.len(), 1);
    assert_eq!(in_time(log.append(Vec::new())).await.unwrap(), []);
}

pub async fn headers_and_missing_parts_survive_byte_for_byte(place: Arc<dyn Place>) {
    let log = place.open().await;
    let bytes = Bytes::from_static(b"\x00\xff\xfe\n");
    let headers = Headers::default()
        .with("failure-code", bytes.clone())
        .with("attempt", Bytes::new())
        .with("failure-code", "again");
    let mut written = Vec::new();
    for key in [None, Some(Bytes::new()), Some(bytes.clone())] {
        for payload in [None, Some(Bytes::new()), Some(bytes.clone())] {
            written.push(Record {
                topic: STAGE.source,
                key: key.clone(),
                headers: headers.clone(),
                payload,
            });
        }
    }
    written.push(event("e-17", 5));
    for record in written {
        let position = append(&*log, record.clone()).await;
        let read = log
            .read(position.topic, position.partition, position.offset, 1)
            .await
            .unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].position, position);
        assert_eq!(read[0].key, record.key);
        assert_eq!(read[0].payload, record.payload);
        assert_eq!(read[0].headers, record.headers);
        let age = jiff::Timestamp::now()
            .duration_since(read[0].appended_at)
            .abs();
        assert!(age.as_secs() < 120, "the log says when it took it");
    }
}

pub async fn a_record_that_is_too_large_is_refused_and_the_largest_is_not(place: Arc<dyn Place>) {
    use hris_relay::log::record::LARGEST;
    let log = place.open().await;
    let sized = |payload: usize| Record::new(STAGE.source, "e-17", vec![b'x'; payload]);
    let refused = log
        .append(vec![event("e-17", 1), sized(LARGEST)])
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "log_record_too_large");
    assert_eq!(everything(&*log, STAGE.source).await, []);
    append(&*log, sized(LARGEST - 4)).await;
    assert_eq!(everything(&*log, STAGE.source).await.len(), 1);
}

pub async fn a_compacted_topic_takes_no_record_without_a_key(place: Arc<dyn Place>) {
    let log = place.open().await;
    let mut record = Record::new(STATE, "e-17", "1");
    record.key = None;
    let refused = in_time(log.append(vec![record])).await.unwrap_err();
    assert_eq!(refused.code(), "log_unconfirmed");
    assert_eq!(everything(&*log, STATE).await, []);
}

pub async fn a_key_stays_in_its_partition(place: Arc<dyn Place>) {
    let (first, second) = (place.open().await, place.open().await);
    for number in 0..20 {
        let key = format!("e-{number}");
        let position = append(&*first, event(&key, number)).await;
        let again = append(&*second, event(&key, number)).await;
        let elsewhere = append(&*first, Record::new(OUTCOMES, &key, "1")).await;
        assert_eq!(again.partition, position.partition);
        assert_eq!(
            elsewhere.partition, position.partition,
            "in every topic the same"
        );
    }
}

pub async fn reading_goes_on_from_any_offset_and_is_empty_at_the_end(place: Arc<dyn Place>) {
    let log = place.open().await;
    let mut last = append(&*log, event("e-17", 0)).await;
    let first = last;
    for number in 1..7 {
        last = append(&*log, event("e-17", number)).await;
    }
    let read = async |from, most| -> Vec<usize> {
        let records = in_time(log.read(first.topic, first.partition, from, most)).await;
        records.unwrap().iter().map(number).collect()
    };
    assert_eq!(read(first.offset, 3).await, [0, 1, 2]);
    assert_eq!(read(first.offset + 3, 100).await, [3, 4, 5, 6]);
    assert!(read(last.offset + 1, 100).await.is_empty());
    assert!(read(last.offset + 100, 100).await.is_empty());
}

pub async fn topics_that_exist_are_left_alone(place: Arc<dyn Place>) {
    let log = place.open().await;
    append(&*log, event("e-17", 1)).await;
    let said = in_time(log.create_topics(&TOPICS)).await.unwrap();
    assert_eq!(said.len(), TOPICS.len());
    assert!(
        said[0].contains("hris.events") && said[0].contains("exists"),
        "{said:?}"
    );
    assert_eq!(everything(&*log, STAGE.source).await.len(), 1);
    assert!(log.is_ready().await);
}

pub async fn a_closed_log_takes_nothing(place: Arc<dyn Place>) {
    let log = place.open().await;
    append(&*log, event("e-17", 1)).await;
    in_time(log.close()).await;
    in_time(log.close()).await;
    let refused = in_time(log.append(vec![event("e-17", 2)]))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "log_closed");
    assert!(!log.is_ready().await);
}
