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
