//! Every number the process shows, on a registry of its own.

mod described;
mod guard;
mod openmetrics;
mod pending;
mod process;
mod readiness;
mod receiver;
mod roster;
mod stage;
mod worker;

pub use prometheus::IntGauge;
use prometheus::process_collector::ProcessCollector;
use prometheus::{Encoder, Error, Registry, TextEncoder};

use self::described::{Described, Kind, Register};
use self::readiness::Readiness;

pub use self::guard::GuardMetrics;
pub use self::pending::PendingMetrics;
pub use self::process::ProcessMetrics;
pub use self::receiver::ReceiverMetrics;
pub use self::roster::RosterMetrics;
pub use self::stage::StageMetrics;
pub use self::worker::WorkerMetrics;

/// The metrics of one process. No global, so that tests run side by side.
///
/// Labels come from enums and configured names; never an id of a person.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    described: Vec<(Kind, Described)>,
    readiness: Readiness,
    /// The process as a whole.
    pub process: ProcessMetrics,
    /// What comes in.
    pub receiver: ReceiverMetrics,
    /// What every stage has.
    pub stage: StageMetrics,
    /// What the roster makes of facts.
    pub roster: RosterMetrics,
    /// What goes out to the platforms.
    pub worker: WorkerMetrics,
}

/// How metrics are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The text format of Prometheus, 0.0.4: what everybody reads.
    Text,
    /// `OpenMetrics` 1.0.
    OpenMetrics,
}

impl Format {
    /// What HTTP calls it.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// Upper bounds in seconds from one millisecond to half a minute.
const SECONDS: &[f64] = &[0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

impl Metrics {
    /// All metrics, registered under the prefix `hris_relay`, and the process's own.
    ///
    /// # Errors
    /// When two metrics share a name, which a test rules out.
    pub fn new() -> Result<Self, Error> {
        let mut register = Register::new();
        let r = &mut register;
        let receiver = ReceiverMetrics::new(r)?;
        let roster = RosterMetrics::new(r)?;
        let worker = WorkerMetrics::new(r)?;
        let stage = StageMetrics::new(r)?;
        let readiness = Readiness::new(r)?;
        let process = ProcessMetrics::new(r)?;
        let Register {
            registry,
            described,
        } = register;
        registry.register(Box::new(ProcessCollector::for_self()))?;
        Ok(Self {
            registry,
            described,
            readiness,
            process,
            receiver,
            stage,
            roster,
            worker,
        })
    }

    /// Has readiness asked for at each scrape: `ask` answers every component with whether it is
    /// ready.
    pub fn show_readiness(&self, ask: impl Fn() -> Vec<(String, bool)> + Send + 'static) {
        self.readiness.ask(Box::new(ask));
    }

    /// The classic text that `/metrics` answers.
    ///
    /// # Errors
    /// When a metric cannot be written as text.
    pub fn render(&self) -> Result<String, Error> {
        self.render_as(Format::Text)
    }

    /// What `/metrics` answers in a format.
    ///
    /// # Errors
    /// When a metric cannot be written as text.
    pub fn render_as(&self, format: Format) -> Result<String, Error> {
        let families = self.registry.gather();
        match format {
            Format::Text => {
                let mut buffer = Vec::new();
                TextEncoder::new().encode(&families, &mut buffer)?;
                Ok(String::from_utf8_lossy(&buffer).into_owned())
            }
            Format::OpenMetrics => Ok(openmetrics::encode(&families)),
        }
    }

    /// Every metric as a row of a table in Markdown: name, type, labels, meaning.
    pub fn reference(&self) -> String {
        described::reference(&self.described)
    }
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

    #[test]
    fn what_is_expected_is_shown_at_zero_and_what_was_counted_stays() {
        let metrics = Metrics::new().unwrap();
        let expect = || {
            metrics
                .worker
                .expect("acme", &["applied"], &["refused"], "expired");
        };
        expect();
        metrics
            .worker
            .dead_letters
            .with_label_values(&["acme", "refused"])
            .inc();
        expect();
        let text = metrics.render().unwrap();
        for line in [
            r#"hris_relay_operations_total{outcome="applied",provider="acme"} 0"#,
            r#"hris_relay_provider_calls_total{outcome="refused",provider="acme"} 0"#,
            r#"hris_relay_dead_letters_total{code="refused",provider="acme"} 1"#,
            r#"hris_relay_removal_duration_seconds_count{provider="acme"} 0"#,
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }

    #[test]
    fn readiness_is_that_of_the_moment_and_of_components_that_are_there() {
        use std::sync::atomic::{AtomicBool, Ordering};
        static IS_READY: AtomicBool = AtomicBool::new(true);

        let metrics = Metrics::new().unwrap();
        assert!(!metrics.render().unwrap().contains("hris_relay_ready"));
        metrics.show_readiness(|| {
            if IS_READY.load(Ordering::SeqCst) {
                vec![("a".to_owned(), true), ("b".to_owned(), true)]
            } else {
                vec![("a".to_owned(), false)]
            }
        });
        let text = metrics.render().unwrap();
        assert!(text.contains(
            "hris_relay_ready{component=\"a\"} 1\nhris_relay_ready{component=\"b\"} 1\n"
        ));
        IS_READY.store(false, Ordering::SeqCst);
        let text = metrics.render().unwrap();
        assert!(text.contains("hris_relay_ready{component=\"a\"} 0\n"));
        assert!(!text.contains("component=\"b\""), "{text}");
    }

    #[test]
    fn both_formats_say_the_same() {
        let metrics = Metrics::new().unwrap();
        metrics
            .worker
            .expect("acme", &["applied"], &["refused"], "expired");
        let count = |format, ending: &str| {
            let text = metrics.render_as(format).unwrap();
            text.lines().filter(|line| line.contains(ending)).count()
        };
        for ending in ["_bucket{", "_count{", "_sum{", "_total{"] {
            let classic = count(Format::Text, ending);
            assert!(classic > 0, "{ending}");
            assert_eq!(classic, count(Format::OpenMetrics, ending), "{ending}");
        }
    }
}
