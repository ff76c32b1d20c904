//! Records to and from what the Kafka client carries.

use bytes::Bytes;
use jiff::Timestamp;
use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Header, Headers as _, OwnedHeaders};

use crate::log::{Arrived, Headers, Position, Topic};

/// Headers as the client carries them; none, if there are none.
pub(super) fn headers(headers: &Headers) -> Option<OwnedHeaders> {
    (!headers.is_empty()).then(|| {
        headers
            .iter()
            .fold(OwnedHeaders::new(), |all, (key, value)| {
                all.insert(Header {
                    key,
                    value: Some(value.as_ref()),
                })
            })
    })
}

/// A record as it was read; a copy, since what is read pins the client's memory.
pub(super) fn arrived(topic: Topic, message: &BorrowedMessage<'_>) -> Arrived {
    let headers = message.headers().map_or_else(Headers::default, |headers| {
        headers.iter().fold(Headers::default(), |all, header| {
            let value = header.value.map_or_else(Bytes::new, Bytes::copy_from_slice);
            all.with(header.key, value)
        })
    });
    let appended_at = message.timestamp().to_millis().unwrap_or_default();
    Arrived {
        position: position(topic, message.partition(), message.offset()),
        appended_at: Timestamp::from_millisecond(appended_at).unwrap_or_default(),
        key: message.key().map(Bytes::copy_from_slice),
        headers,
        payload: message.payload().map(Bytes::copy_from_slice),
    }
}

/// A position; the client never hands out a negative partition.
pub(super) fn position(topic: Topic, partition: i32, offset: i64) -> Position {
    Position {
        topic,
        partition: u32::try_from(partition).unwrap_or_default(),
        offset,
    }
}

/// A partition's number as the client wants it; topics have a thousand at most.
pub(super) fn number(partition: u32) -> i32 {
    i32::try_from(partition).unwrap_or(i32::MAX)
}

/// The bytes of what one record holds in memory, roughly.
pub(super) fn weight(record: &Arrived) -> usize {
    let parts = [&record.key, &record.payload];
    parts
        .iter()
        .map(|part| part.as_ref().map_or(0, Bytes::len))
        .fold(200, usize::saturating_add)
}
