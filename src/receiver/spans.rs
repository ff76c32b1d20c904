//! The span of a request, and of the records it leaves in the log.

use std::time::{Duration, SystemTime};

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;

use super::refusal::Refusal;
use crate::clock::Clock;
use crate::log::{Position, Record};
use crate::traces::{Kind, New, Parent, Span, TRACEPARENT, TRACESTATE, Traces, key};

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    traces: &'a Traces,
    route: &'static str,
    /// When it came, by [`Clock::elapsed`].
    pub(super) started: Duration,
    began: Option<SystemTime>,
    span: Option<Span>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(traces: &'a Traces, route: &'static str, clock: &dyn Clock) -> Self {
        Self {
            traces,
            route,
            started: clock.elapsed(),
            began: traces.is_on().then(|| SystemTime::from(clock.now())),
            span: None,
        }
    }

    /// Begins the span of a request whose sender is known: only then is what it says of its
    /// trace believed, since it decides what is recorded.
    pub(super) fn believe(&mut self, headers: &HeaderMap) {
        if self.traces.is_on() {
            let only = |name| {
                let mut values = headers.get_all(name);
                let value = values.next().filter(|_| values.next().is_none())?;
                value.to_str().ok()
            };
            let parent = Parent::parse(only(TRACEPARENT), only(TRACESTATE));
            self.span = Some(self.begin(parent.as_ref()));
        }
    }

    fn begin(&self, parent: Option<&Parent>) -> Span {
        let name = format!("POST {}", self.route);
        let mut span = self.traces.begin(|| New {
            began: self.began,
            ..New::of(Kind::Server, name, parent)
        });
        span.set(key::HTTP_METHOD, "POST");
        span.set(key::HTTP_ROUTE, self.route);
        span
    }

    /// Begins the span of an append, and makes it the one that the records come from.
    pub(super) fn append(&self, records: &mut [Record]) -> Span {
        let (Some(above), Some(first)) = (&self.span, records.first()) else {
            return Span::none();
        };
        let topic = first.topic.to_string();
        let above = above.parent();
        let name = format!("send {topic}");
        let mut span = self
            .traces
            .begin(|| New::of(Kind::Producer, name, above.as_ref()));
        span.set(key::MESSAGING_OPERATION, "send");
        span.set(key::TOPIC, topic);
        span.count(key::RECORDS, records.len());
        let headers = span.headers();
        for record in records {
            record.belongs_to(headers.clone());
        }
        span
    }

    /// Ends the span; of a request that was not believed it begins a trace of its own.
    pub(super) fn end(
        self,
        source: &str,
        outcome: &'static str,
        status: StatusCode,
        refusal: Option<&Refusal>,
    ) {
        if !self.traces.is_on() {
            return;
        }
        let begun = self.span;
        let mut span = match begun {
            Some(span) => span,
            None => Self { span: None, ..self }.begin(None),
        };
        span.set(key::SOURCE, source.to_owned());
        span.set(key::OUTCOME, outcome);
        span.count(key::HTTP_STATUS, status.as_u16());
        match refusal.map(Refusal::code) {
            Some(code) if status.is_server_error() => span.fail(code),
            Some(code) => span.set(key::ERROR, code),
            None => {}
        }
    }
}

/// Ends the span of an append.
pub(super) fn appended(mut span: Span, appended: &Result<Vec<Position>, Refusal>) {
    match appended {
        Ok(positions) => {
            if let [at] = positions.as_slice() {
                span.set(key::PARTITION, at.partition.to_string());
                span.count(key::OFFSET, at.offset);
            }
        }
        Err(refusal) => span.fail(refusal.code()),
    }
}
