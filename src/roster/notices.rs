//! What the roster counts and says about facts; never whom they are about.

use crate::event::Event;
use crate::log::{Arrived, Topic};
use crate::metrics::RosterMetrics;
use crate::person::Folded;

const FOLDED: &str = "folded";
const SUPERSEDED: &str = "superseded";
const DEAD_LETTERED: &str = "dead_lettered";

/// Counts what becomes of facts, and says what somebody should look at.
#[derive(Debug)]
pub(super) struct Notices<'a> {
    metrics: &'a RosterMetrics,
}

impl<'a> Notices<'a> {
    pub(super) const fn new(metrics: &'a RosterMetrics) -> Self {
        Self { metrics }
    }

    /// Shows what becomes of facts before there is one.
    pub(super) fn expect(&self, sources: impl Iterator<Item: AsRef<str>>) {
        let outcomes = [FOLDED, SUPERSEDED, DEAD_LETTERED];
        self.metrics.expect_facts(&outcomes, sources);
    }

    fn count(&self, outcome: &str) {
        self.metrics.facts.with_label_values(&[outcome]).inc();
    }

    pub(super) fn dead_lettered(&self, record: &Arrived, code: &'static str) {
        self.count(DEAD_LETTERED);
        let position = record.position;
        tracing::error!(
            record.topic = %position.topic,
            record.partition = position.partition,
            record.offset = position.offset,
            failure.code = code,
            "Event cannot be folded; it is in {}",
            Topic::EventsDeadLetters
        );
    }

    pub(super) fn folded(&self, event: &Event, folded: Folded) {
        self.count(if folded.changed { FOLDED } else { SUPERSEDED });
        if folded.clock_ahead {
            self.ahead(event);
        }
        if folded.sequence_fell {
            self.fallen(event);
        }
    }

    fn ahead(&self, event: &Event) {
        let source = event.source.as_str();
        self.metrics.clock_ahead.with_label_values(&[source]).inc();
        tracing::warn!(
            event.source = source,
            event.id = event.id.as_str(),
            "Fact is dated after it was received; it counts from its receipt"
        );
    }

    fn fallen(&self, event: &Event) {
        let source = event.source.as_str();
        let fallen = &self.metrics.sequences_fallen;
        fallen.with_label_values(&[source]).inc();
        tracing::error!(
            event.source = source,
            event.id = event.id.as_str(),
            failure.code = "sequence_fell",
            "Fact has a lower sequence than an earlier one, so it counts as older"
        );
    }

    pub(super) fn overruled(&self, event: &Event) {
        let source = event.source.as_str();
        let overruled = &self.metrics.removals_overruled;
        overruled.with_label_values(&[source]).inc();
        tracing::warn!(
            event.source = source,
            event.id = event.id.as_str(),
            event.kind = event.fact.event_type(),
            failure.code = "removal_overruled",
            "Removal leaves the person active: newer facts or other sources outweigh it"
        );
    }

    pub(super) fn in_conflict(event: &Event) {
        tracing::warn!(
            event.source = event.source.as_str(),
            event.id = event.id.as_str(),
            "Person was seen active soon after their end; they stay out"
        );
    }
}
