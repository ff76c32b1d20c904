//! The process as a whole, in numbers.

use prometheus::{Error, IntGauge};

use super::described::{Described, Register};

/// The process as a whole.
#[derive(Debug, Clone)]
pub struct ProcessMetrics {
    /// Whether the log answered when it was last asked: 1, else 0.
    pub log_reachable: IntGauge,
}

impl ProcessMetrics {
    pub(super) fn new(r: &mut Register) -> Result<Self, Error> {
        let build = r.gauge(Described {
            name: "build_info",
            labels: &["version"],
            help: "Always 1; the label says which version runs.",
            more: "",
        })?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let log_reachable = r.gauge(Described {
            name: "log_reachable",
            labels: &[],
            help: "Whether the log would take an event: 1, else 0.",
            more: "Every process asks every 5 seconds, whatever its roles, so one that has \
                   nothing to write notices too.",
        })?;
        Ok(Self {
            log_reachable: log_reachable.with_label_values::<&str>(&[]),
        })
    }
}
