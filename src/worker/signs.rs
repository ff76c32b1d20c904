//! What a partition's worker shows of its gate and targets.

use crate::id::Provider;
use crate::metrics::{IntGauge, WorkerMetrics};

/// The gauges of one partition.
#[derive(Debug)]
pub(super) struct Signs {
    closed_targets: IntGauge,
}

impl Signs {
    pub(super) fn new(metrics: &WorkerMetrics, provider: Provider, partition: u32) -> Self {
        let labels = [provider.as_str(), &partition.to_string()];
        let closed_targets = metrics.closed_targets.with_label_values(&labels);
        closed_targets.set(0);
        Self { closed_targets }
    }

    pub(super) fn show(&self, closed_targets: usize) {
        let closed = i64::try_from(closed_targets).unwrap_or(i64::MAX);
        self.closed_targets.set(closed);
    }
}

impl Drop for Signs {
    /// A partition that is let go shows nothing here: its next owner does.
    fn drop(&mut self) {
        self.closed_targets.set(0);
    }
}
