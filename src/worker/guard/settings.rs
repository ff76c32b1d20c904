//! Settings of the brake on removals: `[worker.guard]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::settings::Complaint;

/// How many people an hour may be removed from a provider before an operator decides.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GuardSettings {
    /// Whether removals beyond the hour's budget are held until an operator releases or
    /// rejects them. Switched off, a wrong export of the HR system locks out whomever it
    /// forgot.
    pub enabled: bool,
    /// The hour's budget as a share of the people active at the provider, rounded up. Of it
    /// each partition has an equal part, rounded up. Unregistrations that leave people
    /// active have a second budget of the same size.
    pub share: f64,
    /// The budget is never smaller than this many people.
    pub least: usize,
    /// With at most this many people the guard holds nobody.
    pub armed_above: usize,
}

impl Default for GuardSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            share: 0.02,
            least: 10,
            armed_above: 100,
        }
    }
}

impl GuardSettings {
    /// What contradicts itself.
    pub fn complaints(&self, prefix: &str) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(0.0..=1.0).contains(&self.share) {
            complaints.push(Complaint::new(
                format!("{prefix}.share"),
                self.share,
                "must be between 0 and 1: it is a share of the people active at the provider",
            ));
        }
        complaints
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_that_is_none_is_refused() {
        for (share, complaints) in [(0.0, 0), (0.02, 0), (1.0, 0), (2.0, 1), (-0.1, 1)] {
            let settings = GuardSettings {
                share,
                ..GuardSettings::default()
            };
            assert_eq!(settings.complaints("worker.guard").len(), complaints);
        }
    }
}
