//! Settings of the workers: `[worker]`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::flood::FloodSettings;
use super::guard::GuardSettings;
use crate::settings::Complaint;

/// How a worker batches and retries.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct WorkerSettings {
    /// A call that is not full waits this long for more people.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub linger: Duration,
    /// The shortest wait before an operation is tried again; it doubles with every attempt.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub retry_shortest: Duration,
    /// Waits double up to this one; from then on the operation is tried hourly.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub retry_longest: Duration,
    /// An operation that keeps failing is dead-lettered as `expired` after this long.
    /// Removals never are.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub retry_for: Duration,
    /// How often a provider that rejects our credentials or whose operations are given up in
    /// numbers, or a program that does not work, is tried again.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub probe_every: Duration,
    /// An unregistration of somebody who stays active waits until nothing was said of them for
    /// this long: senders flap, and platforms delete attempts. Locks never wait.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub calm: Duration,
    /// A call whose answer never came may still take effect: what it was about is asserted
    /// once more after this long. Not set: twice the provider's `call_timeout`.
    #[serde(with = "crate::settings::optional_duration")]
    #[schemars(with = "Option<String>")]
    pub reassert_after: Option<Duration>,
    /// What a removal means for people whom the relay neither created nor adopted at the
    /// provider: their accounts may be older than the relay.
    pub removals_of_unknown: RemovalsOfUnknown,
    /// When so many operations are given up that the set-up must be wrong, and calls stop.
    pub flood: FloodSettings,
    /// How many people may be removed in an hour before an operator decides.
    pub guard: GuardSettings,
}

/// What a removal means for people whom the relay neither created nor adopted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RemovalsOfUnknown {
    /// They are locked out like everybody else.
    #[default]
    Assert,
    /// Nothing: whoever made their account looks after it.
    Skip,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            linger: Duration::from_millis(50),
            retry_shortest: Duration::from_secs(1),
            retry_longest: Duration::from_mins(15),
            retry_for: Duration::from_hours(8 * 24),
            probe_every: Duration::from_mins(2),
            calm: Duration::from_secs(5),
            reassert_after: None,
            removals_of_unknown: RemovalsOfUnknown::default(),
            flood: FloodSettings::default(),
            guard: GuardSettings::default(),
        }
    }
}

impl WorkerSettings {
    /// What contradicts itself.
    pub fn complaints(&self, prefix: &str) -> Vec<Complaint> {
        let shown = humantime::format_duration;
        let mut complaints = Vec::new();
        if self.retry_shortest.is_zero() {
            complaints.push(Complaint::new(
                format!("{prefix}.retry_shortest"),
                shown(self.retry_shortest),
                "must be longer than nothing: a failing provider would be called without pause",
            ));
        }
        for (key, value, longer) in [
            ("retry_longest", self.retry_longest, self.retry_shortest),
            ("retry_for", self.retry_for, self.retry_longest),
        ] {
            if value < longer {
                complaints.push(Complaint::new(
                    format!("{prefix}.{key}"),
                    shown(value),
                    format!("must be at least {}", shown(longer)),
                ));
            }
        }
        complaints.extend(self.flood.complaints(&format!("{prefix}.flood")));
        complaints.extend(self.guard.complaints(&format!("{prefix}.guard")));
        complaints
    }
}
