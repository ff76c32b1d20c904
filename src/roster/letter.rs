//! Dead letters of the roster and its intake: the record as it came, with the reason.

use crate::log::record::LARGEST;
use crate::log::{Arrived, Headers, Record, Topic, header};

/// Why a record was given up.
#[derive(Debug, Clone)]
pub(super) struct Cause {
    /// The stable word.
    pub(super) code: &'static str,
    /// The same for people, without a value of the record.
    pub(super) reason: String,
}

/// A record that was given up, with its key, headers and bytes.
///
/// What would not fit the log with the reason beside it is left where it came from:
/// `origin-*` says where.
pub(super) fn dead_letter(to: Topic, record: &Arrived, cause: &Cause) -> Record {
    let kept = |headers: Headers, payload| Record {
        topic: to,
        key: record.key.clone(),
        headers: with_cause(headers, record, cause),
        payload,
    };
    let whole = kept(record.headers.clone(), record.payload.clone());
    if whole.size() <= LARGEST {
        whole
    } else {
        let mut bare = kept(Headers::default(), None);
        bare.key = bare.key.filter(|key| key.len() <= LONGEST_KEY);
        bare
    }
}

/// The longest key that a letter without its bytes keeps.
const LONGEST_KEY: usize = 64 << 10;

fn with_cause(headers: Headers, record: &Arrived, cause: &Cause) -> Headers {
    let position = record.position;
    headers
        .with(header::FAILURE_CODE, cause.code)
        .with(header::FAILURE_REASON, cause.reason.clone())
        .with(header::ORIGIN_TOPIC, position.topic.to_string())
        .with(header::ORIGIN_PARTITION, position.partition.to_string())
        .with(header::ORIGIN_OFFSET, position.offset.to_string())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;
    use crate::log::Position;

    #[test]
    fn a_record_as_large_as_kafka_takes_leaves_a_letter_that_fits() {
        let mut record = Arrived {
            position: Position {
                topic: Topic::Inbox,
                partition: 3,
                offset: 41,
            },
            appended_at: Timestamp::UNIX_EPOCH,
            key: Some(Bytes::from_static(b"key")),
            headers: Headers::default().with("ce_id", "1"),
            payload: Some(Bytes::from(vec![b' '; LARGEST - 100])),
        };
        let cause = Cause {
            code: "not_json",
            reason: "expected JSON".to_owned(),
        };
        let letter = dead_letter(Topic::InboxDeadLetters, &record, &cause);
        assert!(letter.size() <= LARGEST && letter.payload.is_none());
        assert_eq!(letter.headers.text(header::ORIGIN_OFFSET), Some("41"));
        assert_eq!(letter.key, record.key);
        record.payload = Some(Bytes::from_static(b"short"));
        let letter = dead_letter(Topic::InboxDeadLetters, &record, &cause);
        assert_eq!(letter.payload, record.payload);
        assert_eq!(letter.headers.text("ce_id"), Some("1"));
    }
}
