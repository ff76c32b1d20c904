//! What is still to be done, in numbers.

use prometheus::{Error, HistogramVec, IntGaugeVec};

use super::described::{Described, Register};

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
    pub(super) fn new(r: &mut Register) -> Result<Self, Error> {
        Ok(Self {
            people: r.gauge(Described {
                name: "pending_people",
                labels: &["provider", "partition"],
                help: "People with a call to be made.",
                more: "Nobody must mend anything for them: the books `pending` and \
                       `leaver_not_locked`. Scale workers on it: lag is always near zero.",
            })?,
            oldest: r.gauge(Described {
                name: "oldest_pending_seconds",
                labels: &["provider", "partition"],
                help: "How long the longest of them has waited.",
                more: "A removal since its receipt or date, anything else since it was first \
                       tried, or since this owner has known of it.",
            })?,
            attempts: r.histogram(
                Described {
                    name: "operation_attempts",
                    labels: &["provider"],
                    help: "Tries until an operation was in force.",
                    more: "",
                },
                ATTEMPTS,
            )?,
            removal_seconds: r.histogram(
                Described {
                    name: "removal_duration_seconds",
                    labels: &["provider"],
                    help: "From a removal's fact being received to its lock being confirmed.",
                    more: "Or from its date, if that is later.",
                },
                REMOVAL_SECONDS,
            )?,
        })
    }
}
