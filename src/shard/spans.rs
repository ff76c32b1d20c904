//! The spans of a shard: a record that is taken, and the records that are written for it.

use super::host::Host;
use crate::log::{Arrived, CommitError, Headers, Record};
use crate::traces::{Kind, New, Parent, Span, TRACEPARENT, TRACESTATE, key};

/// The trace a record belongs to, by its headers.
fn parent(headers: &Headers) -> Option<Parent> {
    Parent::parse(headers.text(TRACEPARENT), headers.text(TRACESTATE))
}

/// Begins the span of a record that is about to be taken; what is made of it is part of that
/// span.
pub(super) fn taking(host: &impl Host, record: &mut Arrived) -> Span {
    let traces = &host.process().traces;
    if !traces.is_on() {
        return Span::none();
    }
    let above = parent(&record.headers);
    let position = record.position;
    let topic = position.topic;
    let name = format!("process {topic}");
    let mut span = traces.begin(|| New::of(Kind::Consumer, name, above.as_ref()));
    span.set(key::MESSAGING_OPERATION, "process");
    span.set(key::TOPIC, topic.to_string());
    span.set(key::PARTITION, position.partition.to_string());
    span.count(key::OFFSET, position.offset);
    span.set(key::STAGE, host.name());
    for (name, value) in span.headers() {
        record.headers.replace(name, value);
    }
    span
}

/// Begins a span for each record that belongs to a trace, and makes that span the one it came
/// from.
pub(super) fn writing(host: &impl Host, records: &mut [Record]) -> Vec<Span> {
    let traces = &host.process().traces;
    if !traces.is_on() {
        return Vec::new();
    }
    let spans = records.iter_mut().filter_map(|record| {
        let above = parent(&record.headers)?;
        let name = format!("send {}", record.topic);
        let mut span = traces.begin(|| New::of(Kind::Producer, name, Some(&above)));
        span.set(key::MESSAGING_OPERATION, "send");
        span.set(key::TOPIC, record.topic.to_string());
        record.belongs_to(span.headers());
        Some(span)
    });
    spans.collect()
}

/// Ends the spans of records, confirmed or not.
pub(super) fn written(spans: Vec<Span>, error: Option<&CommitError>) {
    let code = match error {
        None => return,
        Some(CommitError::Fenced) => "fenced",
        Some(CommitError::Unconfirmed(_)) => "log_unconfirmed",
    };
    for mut span in spans {
        span.fail(code);
    }
}
