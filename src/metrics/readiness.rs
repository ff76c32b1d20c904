//! Readiness as a metric, asked for at each scrape.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Error, IntGaugeVec};

use super::described::{Described, Kind, Register, opts};

/// Answers the name of each component with whether it is ready.
type Ask = Box<dyn Fn() -> Vec<(String, bool)> + Send>;

/// Which components are ready, by the word of whoever knows it.
#[derive(Clone)]
pub(super) struct Readiness {
    gauge: IntGaugeVec,
    ask: Arc<Mutex<Option<Ask>>>,
}

impl Readiness {
    pub(super) fn new(r: &mut Register) -> Result<Self, Error> {
        let it = Described {
            name: "ready",
            labels: &["component"],
            help: "Whether a component can take work: 1, else 0.",
            more: "What [`/health/ready`](#running-it) says, asked at each scrape: 0 while a \
                   component starts, joins its group or has no log, and for all of them while \
                   the process stops.",
        };
        let new = Self {
            gauge: IntGaugeVec::new(opts(it), it.labels)?,
            ask: Arc::default(),
        };
        r.add(Kind::Gauge, it, new)
    }

    /// Whom to ask.
    pub(super) fn ask(&self, ask: Ask) {
        *self.ask.lock().unwrap_or_else(PoisonError::into_inner) = Some(ask);
    }
}

impl Collector for Readiness {
    fn desc(&self) -> Vec<&Desc> {
        self.gauge.desc()
    }

    /// Only of components that are there: one that is gone has no series.
    fn collect(&self) -> Vec<MetricFamily> {
        // Held throughout, so that two scrapes do not clear each other's answer.
        let ask = self.ask.lock().unwrap_or_else(PoisonError::into_inner);
        self.gauge.reset();
        for (component, is_ready) in ask.iter().flat_map(|ask| ask()) {
            let labels = [component.as_str()];
            self.gauge.with_label_values(&labels).set(is_ready.into());
        }
        self.gauge.collect()
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readiness").finish_non_exhaustive()
    }
}
