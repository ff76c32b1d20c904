//! What goes out to the platforms, in numbers.

use prometheus::{Error, HistogramVec, IntCounterVec, IntGaugeVec};

use super::described::{Described, Register};
use super::{GuardMetrics, PendingMetrics, SECONDS};

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
    /// Whether calls go, by provider, partition, state (`open`, `closed`, `probing`,
    /// `locks_only`) and reason: one for what is, zero for what was.
    pub gate: IntGaugeVec,
    /// People taken for already as planned, by provider.
    pub adopted: IntCounterVec,
    /// What is still to be done.
    pub pending: PendingMetrics,
    /// The brake on removals.
    pub guard: GuardMetrics,
    /// Targets that are closed, by provider and partition.
    pub closed_targets: IntGaugeVec,
}

/// Upper bounds of people in a call, up to the largest provider maximum (500).
const PEOPLE: &[f64] = &[1.0, 2.0, 5.0, 20.0, 50.0, 100.0, 250.0, 500.0];

impl WorkerMetrics {
    pub(super) fn new(r: &mut Register) -> Result<Self, Error> {
        Ok(Self {
            operations: operations(r)?,
            calls: calls(r)?,
            call_seconds: r.histogram(
                Described {
                    name: "provider_call_duration_seconds",
                    labels: &["provider"],
                    help: "Time of one call.",
                    more: "",
                },
                SECONDS,
            )?,
            batch_people: r.histogram(
                Described {
                    name: "batch_people",
                    labels: &["provider"],
                    help: "People in one call.",
                    more: "",
                },
                PEOPLE,
            )?,
            dead_letters: r.counter(Described {
                name: "dead_letters_total",
                labels: &["provider", "code"],
                help: "Operations given up, by failure code.",
                more: "Each is a [dead letter](#looking-into-the-topics).",
            })?,
            pending: PendingMetrics::new(r)?,
            waiting: r.gauge(Described {
                name: "waiting_people",
                labels: &["provider", "partition", "state"],
                help: "People, by what they wait for.",
                more: "By the book they are in; everybody is in exactly one: see below.",
            })?,
            gate: gate(r)?,
            closed_targets: r.gauge(Described {
                name: "closed_targets",
                labels: &["provider", "partition"],
                help: "Targets at which registrations wait.",
                more: "Programs that are closed as `target_unknown` or `target_refused`: they wait \
                       for us.",
            })?,
            guard: GuardMetrics::new(r)?,
            adopted: r.counter(Described {
                name: "adopted_people_total",
                labels: &["provider"],
                help: "People taken for already as planned.",
                more: "An import with `--adopt` brought them; nothing was called.",
            })?,
        })
    }

    /// Shows a provider before its first call: `outcomes` are those of an operation that is over,
    /// `failures` of one that failed or of a call, and `too_old` of one given up for its age.
    pub fn expect(&self, provider: &str, outcomes: &[&str], failures: &[&str], too_old: &str) {
        for outcome in outcomes.iter().chain(failures) {
            let labels = [provider, outcome];
            self.operations.with_label_values(&labels).inc_by(0);
        }
        for outcome in ["applied"].iter().chain(failures) {
            let labels = [provider, outcome];
            self.calls.with_label_values(&labels).inc_by(0);
        }
        for code in failures.iter().chain([&too_old]) {
            let labels = [provider, code];
            self.dead_letters.with_label_values(&labels).inc_by(0);
        }
        for counter in [&self.adopted, &self.guard.strangers] {
            counter.with_label_values(&[provider]).inc_by(0);
        }
        for histogram in [
            &self.call_seconds,
            &self.batch_people,
            &self.pending.attempts,
            &self.pending.removal_seconds,
        ] {
            let _at_zero = histogram.with_label_values(&[provider]);
        }
    }
}

fn operations(r: &mut Register) -> Result<IntCounterVec, Error> {
    r.counter(Described {
        name: "operations_total",
        labels: &["provider", "outcome"],
        help: "Operations settled, by outcome.",
        more: "One for each person in a call: `applied`, a failure code, or `removed_not_found`, \
               `account_missing`, `account_recognised` (see [platforms](#calls-a-platform-does-not-take)).",
    })
}

fn calls(r: &mut Register) -> Result<IntCounterVec, Error> {
    r.counter(Described {
        name: "provider_calls_total",
        labels: &["provider", "outcome"],
        help: "Calls to a provider, by outcome.",
        more: "As a whole: `applied` or a [failure code](#calls-a-platform-does-not-take).",
    })
}

fn gate(r: &mut Register) -> Result<IntGaugeVec, Error> {
    r.gauge(Described {
        name: "gate",
        labels: &["provider", "partition", "state", "reason"],
        help: "Whether calls go to a provider, and why not.",
        more: "1 for the state the platform's gate is in: see below.",
    })
}
