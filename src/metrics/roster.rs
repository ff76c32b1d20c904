//! What the roster makes of facts, in numbers.

use prometheus::{Error, IntCounterVec, IntGaugeVec};

use super::described::{Described, Register};

/// What the roster makes of facts.
#[derive(Debug, Clone)]
pub struct RosterMetrics {
    /// Records of other producers by what became of them (`taken`, `partly_taken`,
    /// `dead_lettered`).
    pub inbox_records: IntCounterVec,
    /// Facts by what became of them (`folded`, `superseded`, `dead_lettered`).
    pub facts: IntCounterVec,
    /// Facts said to have happened after they were received, by source.
    pub clock_ahead: IntCounterVec,
    /// Facts with a lower sequence than an earlier one, by source.
    pub sequences_fallen: IntCounterVec,
    /// Removals that left the person active, by source.
    pub removals_overruled: IntCounterVec,
    /// People seen active soon after their end, by partition.
    pub conflicts: IntGaugeVec,
}

impl RosterMetrics {
    pub(super) fn new(r: &mut Register) -> Result<Self, Error> {
        Ok(Self {
            inbox_records: r.counter(Described {
                name: "inbox_records_total",
                labels: &["outcome"],
                help: "Records of other producers, by what became of them.",
                more: "On `hris.inbox`: `taken`, `partly_taken` (some events of a batch are [dead \
                       letters](#records-of-other-producers)), `dead_lettered`.",
            })?,
            facts: r.counter(Described {
                name: "facts_total",
                labels: &["outcome"],
                help: "Facts, by what became of them.",
                more: "Events in the roster: `folded` (the record changed), `superseded` (older \
                       than what is known, or a duplicate), `dead_lettered`.",
            })?,
            clock_ahead: r.counter(Described {
                name: "clock_ahead_facts_total",
                labels: &["source"],
                help: "Facts said to have happened after they were received.",
                more: "A wrong clock or zone at the sender.",
            })?,
            sequences_fallen: r.counter(Described {
                name: "sequence_fell_facts_total",
                labels: &["source"],
                help: "Facts with a lower sequence than an earlier one.",
                more: "Of the same person: [`sequence_fell`](#facts-to-look-at).",
            })?,
            removals_overruled: r.counter(Described {
                name: "removals_overruled_total",
                labels: &["source"],
                help: "Removals that left the person active.",
                more: "Something newer, or another source, says so: \
                       [`removal_overruled`](#facts-to-look-at).",
            })?,
            conflicts: r.gauge(Described {
                name: "conflicting_people",
                labels: &["partition"],
                help: "People seen active soon after their end, who stay out.",
                more: "Less than `roster.revival_grace` after it: [who](#facts-to-look-at).",
            })?,
        })
    }

    /// Shows what becomes of records of other producers before the first.
    pub fn expect_records(&self, outcomes: &[&str]) {
        for outcome in outcomes {
            self.inbox_records.with_label_values(&[outcome]).inc_by(0);
        }
    }

    /// Shows what becomes of facts before the first, and what sources may do wrong.
    pub fn expect_facts(&self, outcomes: &[&str], sources: impl Iterator<Item: AsRef<str>>) {
        for outcome in outcomes {
            self.facts.with_label_values(&[outcome]).inc_by(0);
        }
        for source in sources {
            let source = source.as_ref();
            for counter in [
                &self.clock_ahead,
                &self.sequences_fallen,
                &self.removals_overruled,
            ] {
                counter.with_label_values(&[source]).inc_by(0);
            }
        }
    }
}
