//! Every number the process shows, on a registry of its own.

mod guard;
mod pending;

pub use guard::GuardMetrics;
pub use pending::PendingMetrics;
pub use prometheus::IntGauge;
use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Encoder, Error, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

/// The metrics of one process. No global, so that tests run side by side.
///
/// Labels come from enums and configured names; never an id of a person.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    /// What comes in.
    pub receiver: ReceiverMetrics,
    /// What every stage has.
    pub stage: StageMetrics,
    /// What the roster makes of facts.
    pub roster: RosterMetrics,
    /// What goes out to the platforms.
    pub worker: WorkerMetrics,
}

/// What comes in.
#[derive(Debug, Clone)]
pub struct ReceiverMetrics {
    /// Requests by source and outcome (`accepted`, `no_fact`, `quarantined`, `bad_signature`, ...).
    pub webhooks: IntCounterVec,
    /// Seconds from the request to its answer, by source.
    pub seconds: HistogramVec,
    /// Events that the log holds, by source and type.
    pub events: IntCounterVec,
}

/// What every stage has.
#[derive(Debug, Clone)]
pub struct StageMetrics {
    /// People in memory, by stage and partition.
    pub people: IntGaugeVec,
    /// Partitions that wait for somebody to act, by stage, partition and code.
    pub stopped: IntGaugeVec,
    /// Commits, by stage and outcome (`committed`, `fenced`, `unconfirmed`).
    pub commits: IntCounterVec,
    /// Seconds of one commit, by stage.
    pub commit_seconds: HistogramVec,
}

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

/// Upper bounds in seconds from one millisecond to half a minute.
const SECONDS: &[f64] = &[0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];
/// Upper bounds of people in a call, up to the largest provider maximum (500).
const PEOPLE: &[f64] = &[1.0, 2.0, 5.0, 20.0, 50.0, 100.0, 250.0, 500.0];

impl Metrics {
    /// All metrics, registered under the prefix `hris_relay`, and the process's own.
    ///
    /// # Errors
    /// When two metrics share a name, which a test rules out.
    pub fn new() -> Result<Self, Error> {
        let registry = Registry::new();
        registry.register(Box::new(ProcessCollector::for_self()))?;
        Ok(Self {
            receiver: ReceiverMetrics::new(&registry)?,
            stage: StageMetrics::new(&registry)?,
            roster: RosterMetrics::new(&registry)?,
            worker: WorkerMetrics::new(&registry)?,
            registry,
        })
    }

    /// The text that `/metrics` answers.
    ///
    /// # Errors
    /// When a metric cannot be written as text.
    pub fn render(&self) -> Result<String, Error> {
        let mut buffer = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut buffer)?;
        Ok(String::from_utf8_lossy(&buffer).into_owned())
    }
}

impl ReceiverMetrics {
    fn new(r: &Registry) -> Result<Self, Error> {
        Ok(Self {
            webhooks: counter(
                r,
                ("webhooks_total", "Requests of senders, by outcome."),
                &["source", "outcome"],
            )?,
            seconds: histogram(
                r,
                ("webhook_duration_seconds", "Time to answer a sender."),
                &["source"],
                SECONDS,
            )?,
            events: counter(
                r,
                ("events_total", "Events the log holds."),
                &["source", "type"],
            )?,
        })
    }
}

impl StageMetrics {
    fn new(r: &Registry) -> Result<Self, Error> {
        Ok(Self {
            people: gauge(
                r,
                ("people", "People in memory of a stage."),
                &["stage", "partition"],
            )?,
            stopped: gauge(
                r,
                (
                    "stopped_partitions",
                    "Partitions that do nothing until somebody acts.",
                ),
                &["stage", "partition", "code"],
            )?,
            commits: counter(
                r,
                ("commits_total", "Commits of a stage, by outcome."),
                &["stage", "outcome"],
            )?,
            commit_seconds: histogram(
                r,
                ("commit_duration_seconds", "Time of one commit."),
                &["stage"],
                SECONDS,
            )?,
        })
    }
}

impl RosterMetrics {
    fn new(r: &Registry) -> Result<Self, Error> {
        Ok(Self {
            inbox_records: counter(
                r,
                (
                    "inbox_records_total",
                    "Records of other producers, by what became of them.",
                ),
                &["outcome"],
            )?,
            facts: counter(
                r,
                ("facts_total", "Facts, by what became of them."),
                &["outcome"],
            )?,
            clock_ahead: counter(
                r,
                (
                    "clock_ahead_facts_total",
                    "Facts said to have happened after they were received.",
                ),
                &["source"],
            )?,
            sequences_fallen: counter(
                r,
                (
                    "sequence_fell_facts_total",
                    "Facts with a lower sequence than an earlier one.",
                ),
                &["source"],
            )?,
            removals_overruled: counter(
                r,
                (
                    "removals_overruled_total",
                    "Removals that left the person active.",
                ),
                &["source"],
            )?,
            conflicts: gauge(
                r,
                (
                    "conflicting_people",
                    "People seen active soon after their end, who stay out.",
                ),
                &["partition"],
            )?,
        })
    }
}

impl WorkerMetrics {
    fn new(r: &Registry) -> Result<Self, Error> {
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
            gate: gate(r)?,
            adopted: counter(
                r,
                (
                    "adopted_people_total",
                    "People taken for already as planned.",
                ),
                &["provider"],
            )?,
            pending: PendingMetrics::new(r)?,
            guard: GuardMetrics::new(r)?,
            closed_targets: closed_targets(r)?,
        })
    }
}

fn gate(r: &Registry) -> Result<IntGaugeVec, Error> {
    gauge(
        r,
        ("gate", "Whether calls go to a provider, and why not."),
        &["provider", "partition", "state", "reason"],
    )
}

fn closed_targets(r: &Registry) -> Result<IntGaugeVec, Error> {
    gauge(
        r,
        ("closed_targets", "Targets at which registrations wait."),
        &["provider", "partition"],
    )
}

type Named = (&'static str, &'static str);

fn opts((name, help): Named) -> Opts {
    Opts::new(name, help).namespace("hris_relay")
}

fn registered<C: Collector + Clone + 'static>(registry: &Registry, new: C) -> Result<C, Error> {
    registry.register(Box::new(new.clone()))?;
    Ok(new)
}

fn counter(registry: &Registry, named: Named, labels: &[&str]) -> Result<IntCounterVec, Error> {
    registered(registry, IntCounterVec::new(opts(named), labels)?)
}

fn gauge(registry: &Registry, named: Named, labels: &[&str]) -> Result<IntGaugeVec, Error> {
    registered(registry, IntGaugeVec::new(opts(named), labels)?)
}

fn histogram(
    registry: &Registry,
    named: Named,
    labels: &[&str],
    buckets: &[f64],
) -> Result<HistogramVec, Error> {
    let opts = HistogramOpts::from(opts(named)).buckets(buckets.to_vec());
    registered(registry, HistogramVec::new(opts, labels)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_registers_under_the_prefix() {
        let metrics = Metrics::new().unwrap();
        let labels = ["acme", "accepted"];
        metrics.receiver.webhooks.with_label_values(&labels).inc();
        let text = metrics.render().unwrap();
        assert!(text.contains("hris_relay_webhooks_total{outcome=\"accepted\",source=\"acme\"} 1"));
    }
}
