//! What is still to be done, in numbers.

use prometheus::{Error, HistogramVec, IntGaugeVec, Registry};

use super::{gauge, histogram};

/// What is still to be done at the platforms.
#[derive(Debug, Clone)]
pub struct PendingMetrics {
    /// People with a call to be made, by provider and partition.
    pub people: IntGaugeVec,
    /// Seconds the longest of them has waited, by provider and partition.
    pub oldest: IntGaugeVec,
    /// Tries until an operation was in force, by provider.
    pub attempts: HistogramVec,
    /// Seconds from a removal's fact being received to its lock being confirmed.
    pub removal_seconds: HistogramVec,
}

/// Upper bounds of removal latency: the promise is seconds, the alert is at 5 minutes.
const REMOVAL_SECONDS: &[f64] = &[0.1, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 3600.0];
/// Upper bounds of tries: the first, a few, hours of backoff, days of hourly tries.
const ATTEMPTS: &[f64] = &[1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 200.0];

impl PendingMetrics {
    pub(super) fn new(r: &Registry) -> Result<Self, Error> {
        Ok(Self {
            people: gauge(
                r,
                ("pending_people", "People with a call to be made."),
                &["provider", "partition"],
            )?,
            oldest: gauge(
                r,
                (
                    "oldest_pending_seconds",
                    "How long the longest of them has waited.",
                ),
                &["provider", "partition"],
            )?,
            attempts: histogram(
                r,
                (
                    "operation_attempts",
                    "Tries until an operation was in force.",
                ),
                &["provider"],
                ATTEMPTS,
            )?,
            removal_seconds: histogram(
                r,
                (
                    "removal_duration_seconds",
                    "From a removal's fact being received to its lock being confirmed.",
                ),
                &["provider"],
                REMOVAL_SECONDS,
            )?,
        })
    }
}
