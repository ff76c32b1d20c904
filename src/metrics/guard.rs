//! The brake on removals, in numbers.

use prometheus::{Error, IntCounterVec, IntGaugeVec};

use super::described::{Described, Register};

/// The brake on removals.
#[derive(Debug, Clone)]
pub struct GuardMetrics {
    /// People who may be removed in an hour, by provider and partition.
    pub budget: IntGaugeVec,
    /// How many of them are left, by provider, partition and budget (`removals`, `leaves`).
    pub left: IntGaugeVec,
    /// Removals due within a day that will be held, by provider and partition.
    pub beyond: IntGaugeVec,
    /// Removals of people whom the provider did not know.
    pub strangers: IntCounterVec,
}

impl GuardMetrics {
    pub(super) fn new(r: &mut Register) -> Result<Self, Error> {
        Ok(Self {
            budget: r.gauge(Described {
                name: "removal_budget_people",
                labels: &["provider", "partition"],
                help: "People who may be removed in an hour.",
                more: "The [guard](#the-guard)'s budget.",
            })?,
            left: r.gauge(Described {
                name: "removal_budget_left_people",
                labels: &["provider", "partition", "budget"],
                help: "How many more people may be removed within the hour.",
                more: "Of the budget `removals`, or of `leaves` for unregistrations of people who \
                       stay active.",
            })?,
            beyond: r.gauge(Described {
                name: "removals_ahead_beyond_budget_people",
                labels: &["provider", "partition"],
                help: "Removals due within a day that will be held.",
                more: "",
            })?,
            strangers: r.counter(Described {
                name: "removals_not_found_total",
                labels: &["provider"],
                help: "Removals of people whom the provider did not know.",
                more: "[`ids_unknown`](#calls-a-platform-does-not-take) if they are many.",
            })?,
        })
    }
}
