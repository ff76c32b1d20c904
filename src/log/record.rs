//! Records: bytes and headers, at a position in a topic.

use bytes::Bytes;
use jiff::Timestamp;

use super::AppendError;
use super::topic::{Cleanup, Topic};

/// Header names the relay writes; lower case with dashes.
pub mod header {
    /// The CloudEvents id of the event in the record.
    pub const EVENT_ID: &str = "event-id";
    /// Why the record is a dead letter or in quarantine: a stable failure code.
    pub const FAILURE_CODE: &str = "failure-code";
    /// The same for people, without personal data.
    pub const FAILURE_REASON: &str = "failure-reason";
    /// How often the operation was tried.
    pub const ATTEMPT: &str = "attempt";
    /// The version of the facts an operation came from, as commands name it.
    pub const FACT_VERSION: &str = "fact-version";
    /// When it was tried first.
    pub const FIRST_SEEN: &str = "first-seen";
    /// Topic of the record this one was made from.
    pub const ORIGIN_TOPIC: &str = "origin-topic";
    /// Partition of the record this one was made from.
    pub const ORIGIN_PARTITION: &str = "origin-partition";
    /// Offset of the record this one was made from.
    pub const ORIGIN_OFFSET: &str = "origin-offset";
    /// When the relay received the payload, in UTC.
    pub const RECEIVED_TIME: &str = "received-time";
    /// Media type of the payload.
    pub const CONTENT_TYPE: &str = "content-type";
    /// The trace it belongs to (W3C Trace Context).
    pub const TRACEPARENT: &str = "traceparent";
    /// What the tracing systems on the way added to it.
    pub const TRACESTATE: &str = "tracestate";
}

/// The headers of a record, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, Bytes)>);

impl Headers {
    /// Adds a header behind the others.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Bytes>) -> Self {
        self.push(name, value);
        self
    }

    /// Adds a header behind the others.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<Bytes>) {
        self.0.push((name.into(), value.into()));
    }

    /// The value of the first header of that name.
    pub fn get(&self, name: &str) -> Option<&Bytes> {
        self.0
            .iter()
            .find(|(candidate, _)| candidate == name)
            .map(|(_, value)| value)
    }

    /// The same as text, if it is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)
            .and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The headers that say which trace it belongs to; none without a `traceparent`.
    pub fn trace(&self) -> Vec<(&'static str, Bytes)> {
        if self.get(header::TRACEPARENT).is_none() {
            return Vec::new();
        }
        [header::TRACEPARENT, header::TRACESTATE]
            .into_iter()
            .filter_map(|name| Some((name, self.get(name)?.clone())))
            .collect()
    }

    /// Puts a header behind the others, instead of any of that name.
    pub fn replace(&mut self, name: &str, value: impl Into<Bytes>) {
        self.0.retain(|(known, _)| known != name);
        self.push(name, value);
    }

    /// Every header, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A record to be written. No payload is a tombstone: a compacted topic forgets the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it goes.
    pub topic: Topic,
    /// What decides its partition; none: any partition.
    pub key: Option<Bytes>,
    /// Its headers.
    pub headers: Headers,
    /// Its bytes.
    pub payload: Option<Bytes>,
}

impl Record {
    /// A record with a key and a payload.
    pub fn new(topic: Topic, key: &str, payload: impl Into<Bytes>) -> Self {
        Self {
            topic,
            key: Some(Bytes::copy_from_slice(key.as_bytes())),
            headers: Headers::default(),
            payload: Some(payload.into()),
        }
    }

    /// The bytes of its key, headers and payload.
    pub fn size(&self) -> usize {
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| name.len().saturating_add(value.len()));
        [&self.key, &self.payload]
            .into_iter()
            .map(|part| part.as_ref().map_or(0, Bytes::len))
            .chain(headers)
            .fold(0, usize::saturating_add)
    }

    /// Notes which trace it belongs to, instead of any other, unless it would then be larger
    /// than the log takes: what is for observers must not keep a record out.
    pub fn belongs_to(
        &mut self,
        trace: impl IntoIterator<Item = (&'static str, impl Into<Bytes>)>,
    ) {
        let mut headers = self.headers.clone();
        headers.0.retain(|(name, _)| name != header::TRACESTATE);
        for (name, value) in trace {
            headers.replace(name, value);
        }
        let before = std::mem::replace(&mut self.headers, headers);
        if self.size() > LARGEST {
            self.headers = before;
        }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<Bytes>) -> Self {
        self.headers.push(name, value);
        self
    }
}

/// Where a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Its topic.
    pub topic: Topic,
    /// Its partition.
    pub partition: u32,
    /// Its offset, from 0.
    pub offset: i64,
}

/// A record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// Where it is.
    pub position: Position,
    /// When the log took it.
    pub appended_at: Timestamp,
    /// Its key.
    pub key: Option<Bytes>,
    /// Its headers.
    pub headers: Headers,
    /// Its bytes; none is a tombstone.
    pub payload: Option<Bytes>,
}

impl Arrived {
    /// The key as text, if it is text.
    pub fn key_text(&self) -> Option<&str> {
        self.key
            .as_deref()
            .and_then(|key| std::str::from_utf8(key).ok())
    }
}

/// The largest record, in bytes of key, headers and payload: what Kafka takes as it comes
/// (1,048,588 at the broker, 1,000,000 in its C client) less the record's own framing.
pub const LARGEST: usize = 999_000;

/// Says whether the log would take these records.
///
/// # Errors
/// `TooLarge`; or `Unconfirmed` for a record without a key for a compacted topic, which
/// could never be forgotten.
pub(super) fn check(records: &[Record]) -> Result<(), AppendError> {
    for record in records {
        if record.size() > LARGEST {
            return Err(AppendError::TooLarge);
        }
        if record.topic.cleanup() == Cleanup::Compact && record.key.is_none() {
            return Err(AppendError::Unconfirmed(format!(
                "{} takes no record without a key",
                record.topic
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_record_belongs_to_one_trace() {
        let mut record = Record::new(Topic::Events, "e-1", "{}")
            .with_header(header::TRACEPARENT, "another")
            .with_header(header::TRACESTATE, "acme=1")
            .with_header(header::EVENT_ID, "evt-9");
        record.belongs_to([(header::TRACEPARENT, TRACE)]);
        let headers: Vec<_> = record.headers.iter().collect();
        let event_id = (header::EVENT_ID, &Bytes::from("evt-9"));
        assert_eq!(headers, [event_id, (header::TRACEPARENT, &TRACE.into())]);
    }

    #[test]
    fn a_trace_keeps_no_record_out_of_the_log() {
        let mut record = Record::new(Topic::Events, "e-1", vec![b' '; LARGEST - 10]);
        record.belongs_to([(header::TRACEPARENT, TRACE)]);
        assert!(record.headers.is_empty());
        assert!(check(&[record]).is_ok());
    }
}
