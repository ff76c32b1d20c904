//! What a partition's worker shows of its gate and targets.

use crate::id::Provider;
use crate::metrics::{GateMetrics, IntGauge, WorkerMetrics};

/// A state of the gate, and why.
type Sign = (&'static str, &'static str);

/// The gauges of one partition.
#[derive(Debug)]
pub(super) struct Signs {
    metrics: GateMetrics,
    provider: Provider,
    partition: String,
    gate: Sign,
    closed_targets: IntGauge,
}

impl Signs {
    pub(super) fn new(metrics: &WorkerMetrics, provider: Provider, partition: u32) -> Self {
        let partition = partition.to_string();
        let labels = [provider.as_str(), &partition];
        let closed_targets = metrics.gate.closed_targets.with_label_values(&labels);
        closed_targets.set(0);
        Self {
            metrics: metrics.gate.clone(),
            provider,
            partition,
            gate: ("open", "none"),
            closed_targets,
        }
    }

    fn gauge(&self, (state, reason): Sign) -> IntGauge {
        let labels = [self.provider.as_str(), &self.partition, state, reason];
        self.metrics.state.with_label_values(&labels)
    }

    pub(super) fn show(&mut self, gate: Sign, closed_targets: usize) {
        if gate != self.gate {
            self.gauge(self.gate).set(0);
            self.gate = gate;
        }
        // Set even if nothing changed: an owner of before may clear it after this one has begun.
        self.gauge(self.gate).set(1);
        let closed = i64::try_from(closed_targets).unwrap_or(i64::MAX);
        self.closed_targets.set(closed);
    }
}

impl Drop for Signs {
    /// A partition that is let go shows nothing here: its next owner does.
    fn drop(&mut self) {
        self.gauge(self.gate).set(0);
        self.closed_targets.set(0);
    }
}
