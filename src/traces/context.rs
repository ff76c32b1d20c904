//! Which trace something belongs to, as W3C Trace Context writes it in headers.

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::propagation::TraceContextPropagator;

/// The header with the ids.
pub const TRACEPARENT: &str = "traceparent";
/// The header with what the tracing systems on the way add.
pub const TRACESTATE: &str = "tracestate";

/// A header as it is written: its name and its value.
pub type Header = (&'static str, String);

/// The longest `tracestate` that is passed on, in bytes: what the standard asks for at least.
pub const MOST_STATE: usize = 512;

/// The length of a `traceparent` of version 00.
const LENGTH: usize = 55;

/// Which span something came from: two ids and whether it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    trace: TraceId,
    span: SpanId,
    flags: TraceFlags,
}

impl TraceContext {
    /// Reads a `traceparent`; none: it is not one.
    pub fn parse(traceparent: &str) -> Option<Self> {
        Parent::parse(Some(traceparent), None).map(|parent| parent.ids())
    }

    /// The value of `traceparent`.
    pub fn traceparent(self) -> String {
        let headers = Parent(self.remote()).headers();
        let mut values = headers.into_iter().map(|(_, value)| value);
        values.next().unwrap_or_default()
    }

    pub(super) fn remote(self) -> SpanContext {
        SpanContext::new(self.trace, self.span, self.flags, true, TraceState::NONE)
    }
}

/// A span that others are part of: of this process, or of one that sent its context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent(SpanContext);

impl Parent {
    /// Reads both headers; none without a `traceparent` that is one. A `tracestate` that is
    /// none, or longer than [`MOST_STATE`], is left out.
    pub fn parse(traceparent: Option<&str>, tracestate: Option<&str>) -> Option<Self> {
        let headers = Headers {
            traceparent: traceparent?.trim(),
            tracestate: tracestate.filter(|state| state.len() <= MOST_STATE),
        };
        if !has_form(headers.traceparent) {
            return None;
        }
        let propagator = TraceContextPropagator::new();
        let context = propagator.extract_with_context(&Context::new(), &headers);
        let span = context.span().span_context().clone();
        span.is_valid().then_some(Self(span))
    }

    pub(super) const fn new(span: SpanContext) -> Self {
        Self(span)
    }

    pub(super) fn is_valid(&self) -> bool {
        self.0.is_valid()
    }

    /// The same without what others added.
    pub fn ids(&self) -> TraceContext {
        TraceContext {
            trace: self.0.trace_id(),
            span: self.0.span_id(),
            flags: self.0.trace_flags(),
        }
    }

    /// As headers: `traceparent`, and `tracestate` unless it is empty.
    pub fn headers(&self) -> Vec<Header> {
        let mut written = Written(Vec::with_capacity(2));
        TraceContextPropagator::new().inject_context(&self.context(), &mut written);
        written.0
    }

    pub(super) fn context(&self) -> Context {
        Context::new().with_remote_span_context(self.0.clone())
    }
}

/// Whether the fields are as long as the standard says: the library reads shorter ones as well.
fn has_form(traceparent: &str) -> bool {
    let Some((known, newer)) = traceparent.as_bytes().split_at_checked(LENGTH) else {
        return false;
    };
    let is_dash = |at: usize| matches!(at, 2 | 35 | 52);
    let is_right = |(at, byte): (usize, &u8)| {
        if is_dash(at) {
            *byte == b'-'
        } else {
            byte.is_ascii_hexdigit()
        }
    };
    known.iter().enumerate().all(is_right) && newer.first().is_none_or(|next| *next == b'-')
}

struct Headers<'a> {
    traceparent: &'a str,
    tracestate: Option<&'a str>,
}

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            TRACEPARENT => Some(self.traceparent),
            TRACESTATE => self.tracestate,
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT, TRACESTATE]
    }
}

struct Written(Vec<Header>);

impl Injector for Written {
    fn set(&mut self, key: &str, value: String) {
        let name = [TRACEPARENT, TRACESTATE]
            .into_iter()
            .find(|known| *known == key);
        if let Some(name) = name.filter(|_| !value.is_empty()) {
            self.0.push((name, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_was_sent_is_passed_on() {
        let parent = Parent::parse(Some(SENT), Some("acme=t61,other=00f0")).unwrap();
        let headers = [
            (TRACEPARENT, SENT.to_owned()),
            (TRACESTATE, "acme=t61,other=00f0".to_owned()),
        ];
        assert_eq!(parent.headers(), headers);
        assert_eq!(parent.ids().traceparent(), SENT);
        let alone = Parent::parse(Some(SENT), None).unwrap();
        assert_eq!(alone.headers(), headers[..1]);
    }

    #[test]
    fn a_newer_version_is_read_as_far_as_it_is_known() {
        let newer = format!("cc-{TRACE}-b7ad6b7169203331-03-what-is-new");
        assert_eq!(TraceContext::parse(&newer).unwrap().traceparent(), SENT);
    }

    #[test]
    fn a_header_that_is_none_is_no_parent_and_no_error() {
        for bad in [
            "",
            "00",
            "ünïcödé",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-001",
            "00-af7651916cd43dd8448eb211c80319c-b7ad6b71692033311-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(Parent::parse(Some(bad), None), None, "{bad}");
        }
        assert_eq!(Parent::parse(None, Some("acme=t61")), None);
    }

    #[test]
    fn a_state_that_is_none_or_too_long_is_left_out() {
        let long = format!("acme={}", "x".repeat(MOST_STATE));
        for bad in ["", "no member", long.as_str()] {
            let parent = Parent::parse(Some(SENT), Some(bad)).unwrap();
            assert_eq!(parent.headers().len(), 1, "{bad}");
        }
    }
}
