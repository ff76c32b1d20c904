//! The brake on removals, in numbers.

use prometheus::{Error, IntCounterVec, IntGaugeVec, Registry};

use super::{counter, gauge};

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
    pub(super) fn new(r: &Registry) -> Result<Self, Error> {
        Ok(Self {
            budget: gauge(
                r,
                (
                    "removal_budget_people",
                    "People who may be removed in an hour.",
                ),
                &["provider", "partition"],
            )?,
            left: gauge(
                r,
                (
                    "removal_budget_left_people",
                    "How many more people may be removed within the hour.",
                ),
                &["provider", "partition", "budget"],
            )?,
            beyond: gauge(
                r,
                (
                    "removals_ahead_beyond_budget_people",
                    "Removals due within a day that will be held.",
                ),
                &["provider", "partition"],
            )?,
            strangers: counter(
                r,
                (
                    "removals_not_found_total",
                    "Removals of people whom the provider did not know.",
                ),
                &["provider"],
            )?,
        })
    }
}
