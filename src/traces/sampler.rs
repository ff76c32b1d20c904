//! Which traces are recorded: those whose beginning was, and of those that begin here a share.

use opentelemetry::trace::{Link, SpanKind, TraceContextExt, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

/// Goes by the parent; without one by the links, of which one recorded is enough; without
/// either by chance. A call is recorded if anything it follows from is.
#[derive(Debug, Clone)]
pub(super) struct ByLinks(Sampler);

impl ByLinks {
    /// Of what begins here, this share is recorded.
    pub(super) fn new(share: f64) -> Self {
        let chance = Sampler::TraceIdRatioBased(share);
        Self(Sampler::ParentBased(Box::new(chance)))
    }
}

impl ShouldSample for ByLinks {
    fn should_sample(
        &self,
        parent_context: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        span_kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let has_parent = parent_context.is_some_and(TraceContextExt::has_active_span);
        if has_parent || links.is_empty() {
            return self.0.should_sample(
                parent_context,
                trace_id,
                name,
                span_kind,
                attributes,
                links,
            );
        }
        let is_recorded = links.iter().any(|link| link.span_context.is_sampled());
        SamplingResult {
            decision: if is_recorded {
                SamplingDecision::RecordAndSample
            } else {
                SamplingDecision::Drop
            },
            attributes: Vec::new(),
            trace_state: TraceState::NONE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traces::{Parent, TraceContext};

    const RECORDED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const LEFT_OUT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

    fn is_recorded(share: f64, parent: Option<&str>, links: &[&str]) -> bool {
        let parent = parent.map(|parent| Parent::parse(Some(parent), None).unwrap().context());
        let links = links.iter().map(|link| TraceContext::parse(link).unwrap());
        let links: Vec<_> = links
            .map(|link| Link::with_context(link.remote()))
            .collect();
        let trace = TraceId::from(7);
        let kind = SpanKind::Client;
        let sampler = ByLinks::new(share);
        let result = sampler.should_sample(parent.as_ref(), trace, "call", &kind, &[], &links);
        result.decision == SamplingDecision::RecordAndSample
    }

    #[test]
    fn what_begins_here_is_recorded_by_chance_and_all_else_as_its_beginning_was() {
        assert!(is_recorded(1.0, None, &[]) && !is_recorded(0.0, None, &[]));
        assert!(is_recorded(0.0, Some(RECORDED), &[]));
        assert!(!is_recorded(1.0, Some(LEFT_OUT), &[]));
        assert!(is_recorded(0.0, None, &[LEFT_OUT, RECORDED]));
        assert!(!is_recorded(1.0, None, &[LEFT_OUT, LEFT_OUT]));
    }
}
