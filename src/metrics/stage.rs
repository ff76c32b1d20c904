//! What every stage has, in numbers.

use prometheus::{Error, HistogramVec, IntCounterVec, IntGaugeVec};

use super::SECONDS;
use super::described::{Described, Register};

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

impl StageMetrics {
    pub(super) fn new(r: &mut Register) -> Result<Self, Error> {
        Ok(Self {
            people: r.gauge(Described {
                name: "people",
                labels: &["stage", "partition"],
                help: "People in memory of a stage.",
                more: "",
            })?,
            stopped: r.gauge(Described {
                name: "stopped_partitions",
                labels: &["stage", "partition", "code"],
                help: "Partitions that do nothing until somebody acts.",
                more: "1 as long as one waits: [what to do](#a-partition-stops).",
            })?,
            commits: r.counter(Described {
                name: "commits_total",
                labels: &["stage", "outcome"],
                help: "Commits of a stage, by outcome.",
                more: "`committed`; `unconfirmed` is written again; `fenced` means somebody else \
                       has taken the partition over.",
            })?,
            commit_seconds: r.histogram(
                Described {
                    name: "commit_duration_seconds",
                    labels: &["stage"],
                    help: "Time of one commit.",
                    more: "",
                },
                SECONDS,
            )?,
        })
    }

    /// Shows a stage before its first commit.
    pub fn expect(&self, stage: &str, outcomes: &[&str]) {
        for outcome in outcomes {
            let labels = [stage, outcome];
            self.commits.with_label_values(&labels).inc_by(0);
        }
        let _at_zero = self.commit_seconds.with_label_values(&[stage]);
    }
}
