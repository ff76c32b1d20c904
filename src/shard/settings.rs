//! Settings of every stage's shards: `[shard]`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::format::FORMATS;
use crate::settings::Complaint;

/// How often a stage commits, and how long it may take to let go.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ShardSettings {
    /// Changes are committed at the latest this long after the first of them.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub commit_every: Duration,
    /// Changes are committed at once when there are this many.
    pub commit_records: usize,
    /// A call starts only while the last commit the log accepted is younger than this. A
    /// process that was frozen or cut off for longer calls nobody when it comes back.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub lease: Duration,
    /// On shutdown, or when a partition moves, calls in flight get this long to end. It must
    /// exceed every provider's call timeout.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub drain: Duration,
    /// The form in which state is written. A newer program reads what an older one wrote; an
    /// older one stops at what it does not know. So leave this as it is during an upgrade, and
    /// raise it only when nobody will go back.
    pub state_format: u32,
}

impl Default for ShardSettings {
    fn default() -> Self {
        Self {
            commit_every: Duration::from_millis(50),
            commit_records: 500,
            lease: Duration::from_secs(5),
            drain: Duration::from_secs(40),
            state_format: 1,
        }
    }
}

impl ShardSettings {
    /// What contradicts itself.
    pub fn complaints(&self, prefix: &str) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.commit_records == 0 {
            complaints.push(Complaint::new(
                format!("{prefix}.commit_records"),
                0,
                "must be at least 1",
            ));
        }
        if self.lease.is_zero() {
            complaints.push(Complaint::new(
                format!("{prefix}.lease"),
                "0s",
                "must be longer than nothing, or no call would ever start",
            ));
        }
        if self.commit_every > Duration::from_secs(5) {
            complaints.push(Complaint::new(
                format!("{prefix}.commit_every"),
                humantime::format_duration(self.commit_every),
                "must be at most 5s: what is not committed is done again after a crash",
            ));
        }
        if !FORMATS.contains(&self.state_format) {
            complaints.push(Complaint::new(
                format!("{prefix}.state_format"),
                self.state_format,
                format!(
                    "must be a form that this program writes: {} to {}",
                    FORMATS.start(),
                    FORMATS.end()
                ),
            ));
        }
        complaints
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_this_program_cannot_write_is_refused() {
        for (state_format, refused) in [(0, 1), (1, 0), (*FORMATS.end(), 0), (FORMATS.end() + 1, 1)]
        {
            let settings = ShardSettings {
                state_format,
                ..ShardSettings::default()
            };
            assert_eq!(
                settings.complaints("shard").len(),
                refused,
                "{state_format}"
            );
        }
        let default = ShardSettings::default().state_format;
        assert_eq!(
            default,
            *FORMATS.start(),
            "an upgrade raises nothing by itself"
        );
    }
}
