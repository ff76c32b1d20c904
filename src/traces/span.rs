//! A span while it lasts: what may be said of it, and when it ends.

use opentelemetry::trace::{Span as _, SpanKind, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::Span as SdkSpan;

use super::context::{Header, Parent};

/// What may be said of a span. Values are words of ours, names from the configuration and
/// numbers; never anything a sender or a platform said.
///
/// The names without `hris_relay` are OpenTelemetry's semantic conventions.
pub mod key {
    /// Of the whole process: what keeps its events, `kafka` or `sqlite`.
    pub const LOG: &str = "hris_relay.log";
    /// `POST`.
    pub const HTTP_METHOD: &str = "http.request.method";
    /// The path with its variable parts unnamed.
    pub const HTTP_ROUTE: &str = "http.route";
    /// How a request was answered.
    pub const HTTP_STATUS: &str = "http.response.status_code";
    /// Why it failed: a stable failure code.
    pub const ERROR: &str = "error.type";
    /// `send` or `process`.
    pub const MESSAGING_OPERATION: &str = "messaging.operation.type";
    /// A topic.
    pub const TOPIC: &str = "messaging.destination.name";
    /// A partition's number.
    pub const PARTITION: &str = "messaging.destination.partition.id";
    /// An offset.
    pub const OFFSET: &str = "messaging.kafka.offset";
    /// Records in one append.
    pub const RECORDS: &str = "messaging.batch.message_count";
    /// A stage: `intake`, `roster` or a provider.
    pub const STAGE: &str = "hris_relay.stage";
    /// A source, by its configured name.
    pub const SOURCE: &str = "hris_relay.source";
    /// What became of a request or a call: the word in the metric.
    pub const OUTCOME: &str = "hris_relay.outcome";
    /// A platform.
    pub const PROVIDER: &str = "hris_relay.provider";
    /// People in a call.
    pub const PEOPLE: &str = "hris_relay.call.people";
    /// People in a call for whom it failed, where the platform tells them apart.
    pub const PEOPLE_FAILED: &str = "hris_relay.call.people_failed";
    /// The highest attempt in a call, from 1.
    pub const ATTEMPT: &str = "hris_relay.call.attempt";
}

/// What kind of work a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A request that is answered.
    Server,
    /// A request that is made.
    Client,
    /// Records that are written.
    Producer,
    /// A record that is read.
    Consumer,
}

impl From<Kind> for SpanKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Server => Self::Server,
            Kind::Client => Self::Client,
            Kind::Producer => Self::Producer,
            Kind::Consumer => Self::Consumer,
        }
    }
}

/// A span, or none where there are no traces. It ends when it is dropped.
#[derive(Debug)]
pub struct Span(Option<SdkSpan>);

impl Span {
    /// No span.
    pub const fn none() -> Self {
        Self(None)
    }

    pub(super) const fn new(span: SdkSpan) -> Self {
        Self(Some(span))
    }

    /// Says something of it.
    pub fn set(&mut self, key: &'static str, value: impl Into<Value>) {
        if let Some(span) = &mut self.0 {
            span.set_attribute(KeyValue::new(key, value));
        }
    }

    /// Says a count or a number of it.
    pub fn count(&mut self, key: &'static str, number: impl TryInto<i64>) {
        self.set(key, number.try_into().unwrap_or(i64::MAX));
    }

    /// It failed, with a stable failure code.
    pub fn fail(&mut self, code: &'static str) {
        self.set(key::ERROR, code);
        if let Some(span) = &mut self.0 {
            span.set_status(Status::error(code));
        }
    }

    /// The headers by which others are part of it; none where there are no traces.
    pub fn headers(&self) -> Vec<Header> {
        self.parent().map(|own| own.headers()).unwrap_or_default()
    }

    /// What others are part of by it; none where there are no traces.
    pub fn parent(&self) -> Option<Parent> {
        let span = self.0.as_ref()?;
        Some(Parent::new(span.span_context().clone())).filter(Parent::is_valid)
    }
}
