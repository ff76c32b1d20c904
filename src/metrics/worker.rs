//! The numbers of the workers: what goes out to the platforms.

use prometheus::{Error, HistogramVec, IntCounterVec, IntGaugeVec, Registry};

use super::{SECONDS, counter, gauge, histogram};

/// What goes out to the platforms.
#[derive(Debug, Clone)]
pub struct WorkerMetrics {
    /// Operations settled, by provider and outcome (`applied` or a failure code).
    pub operations: IntCounterVec,
    /// Calls, by provider and outcome (`applied` or a failure code).
    pub calls: IntCounterVec,
    /// Seconds of one call, by provider.
    pub call_seconds: HistogramVec,
    /// People in one call, by provider.
    pub batch_people: HistogramVec,
    /// Dead letters, by provider and failure code.
    pub dead_letters: IntCounterVec,
    /// People by provider, partition and the book they are in (`applied`, `scheduled`,
    /// `pending`, `leaver_not_locked`, `lock_refused`, `held`, `rejected`, `dead`, `unmapped`,
    /// `undecodable`).
    pub waiting: IntGaugeVec,
    /// People taken for already as planned, by provider.
    pub adopted: IntCounterVec,
    /// The brake on removals.
    pub guard: GuardMetrics,
    /// What stops calls.
    pub gate: GateMetrics,
    /// Seconds from a removal's fact being received to its lock being confirmed.
    pub removal_seconds: HistogramVec,
}

/// What stops calls to a platform, or about a target.
#[derive(Debug, Clone)]
pub struct GateMetrics {
    /// Whether calls go, by provider, partition, state (`open`, `closed`, `probing`,
    /// `locks_only`) and reason: one for what is, zero for what was.
    pub state: IntGaugeVec,
    /// Targets that are closed, by provider and partition.
    pub closed_targets: IntGaugeVec,
}

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

/// Upper bounds of removal latency: the promise is seconds, the alert is at 5 minutes.
const REMOVAL_SECONDS: &[f64] = &[0.1, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 3600.0];
/// Upper bounds of people in a call, up to the largest provider maximum (500).
const PEOPLE: &[f64] = &[1.0, 2.0, 5.0, 20.0, 50.0, 100.0, 250.0, 500.0];

impl WorkerMetrics {
    pub(super) fn new(r: &Registry) -> Result<Self, Error> {
        Ok(Self {
            operations: counter(
                r,
                ("operations_total", "Operations settled, by outcome."),
                &["provider", "outcome"],
            )?,
            calls: counter(
                r,
                ("provider_calls_total", "Calls to a provider, by outcome."),
                &["provider", "outcome"],
            )?,
            call_seconds: histogram(
                r,
                ("provider_call_duration_seconds", "Time of one call."),
                &["provider"],
                SECONDS,
            )?,
            batch_people: histogram(
                r,
                ("batch_people", "People in one call."),
                &["provider"],
                PEOPLE,
            )?,
            dead_letters: counter(
                r,
                ("dead_letters_total", "Dead letters, by failure code."),
                &["provider", "code"],
            )?,
            waiting: gauge(
                r,
                ("waiting_people", "People, by what they wait for."),
                &["provider", "partition", "state"],
            )?,
            adopted: counter(
                r,
                (
                    "adopted_people_total",
                    "People taken for already as planned.",
                ),
                &["provider"],
            )?,
            guard: GuardMetrics::new(r)?,
            gate: GateMetrics::new(r)?,
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

impl GateMetrics {
    fn new(r: &Registry) -> Result<Self, Error> {
        Ok(Self {
            state: gauge(
                r,
                ("gate", "Whether calls go to a provider, and why not."),
                &["provider", "partition", "state", "reason"],
            )?,
            closed_targets: gauge(
                r,
                ("closed_targets", "Targets at which registrations wait."),
                &["provider", "partition"],
            )?,
        })
    }
}

impl GuardMetrics {
    fn new(r: &Registry) -> Result<Self, Error> {
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
