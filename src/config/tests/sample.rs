//! Settings made up to hold every shape a stage may use.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::Consistent;
use crate::secret::Secret;
use crate::settings::Complaint;

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Sample {
    /// Where things are kept.
    pub(super) data_dir: String,
    /// One stage.
    pub(super) worker: WorkerSample,
    /// Who may send, by name.
    pub(super) sources: BTreeMap<String, SourceSample>,
    /// Which group means what; the first match decides.
    pub(super) assignments: Vec<AssignmentSample>,
    /// Passed on as they are.
    pub(super) properties: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct WorkerSample {
    /// How many at once.
    pub(super) batch: usize,
    /// The share of failures
    /// that is too many.
    pub(super) share: f64,
    /// How long a call may take.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub(super) call_timeout: Duration,
    /// What signs a call.
    pub(super) secret: Option<Secret>,
    /// How careful to be.
    pub(super) mode: Mode,
    /// Whether to begin.
    pub(super) enabled: bool,
}

impl Default for WorkerSample {
    fn default() -> Self {
        Self {
            batch: 500,
            share: 0.2,
            call_timeout: Duration::from_secs(5),
            secret: None,
            mode: Mode::Assert,
            enabled: true,
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    /// Do it all the same.
    Assert,
    /// Leave it.
    Skip,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum SourceSample {
    /// Signs with a shared secret.
    Signed(SignedSample),
    /// Sends what it likes.
    Open {
        /// The field that names the person.
        subject: String,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct SignedSample {
    /// Any of them may have signed.
    pub(super) secrets: Vec<Secret>,
    /// How old a signature may be.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub(super) tolerance: Duration,
}

impl Default for SignedSample {
    fn default() -> Self {
        Self {
            secrets: Vec::new(),
            tolerance: Duration::from_mins(5),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(super) struct AssignmentSample {
    /// As HR names it.
    pub(super) group: String,
    /// What it means.
    #[serde(default)]
    pub(super) programs: Vec<String>,
}

impl Consistent for Sample {
    fn complaints(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.worker.batch > 500 {
            complaints.push(Complaint::new(
                "worker.batch",
                self.worker.batch,
                "must not exceed 500",
            ));
        }
        if self.sources.is_empty() {
            complaints.push(Complaint::missing("sources", "at least one is needed"));
        }
        complaints
    }
}
